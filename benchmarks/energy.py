"""How fast a restricted Boltzmann machine learns: an epoch of CD-1 beside scikit-learn and beside its bare products."""

import time
from collections.abc import Callable, Iterator
from statistics import median

from benchmarks.children import behave_like_a_worker, say
from benchmarks.table import Row, Settings

BATCH = 100
WIDTHS = (256, 1024)
PEER, BOUND = 1.5, 0.5


def energy(settings: Settings) -> Iterator[Row]:
    """CD-1 at 784 – 256 and 784 – 1024 against scikit-learn's BernoulliRBM and against its own matrix products."""
    # In turns in one process with one thread, in processor time. scikit-learn's machine keeps persistent chains, which
    # costs the same five products: up, down, up, and the two correlations.
    import torch
    from sklearn.neural_network import BernoulliRBM

    from aeviz.learning import SGD
    from aeviz.models import Rbm
    from aeviz.recipe import Recipe
    from aeviz.runs.experiment import Experiment
    from aeviz.seeds import generator
    from benchmarks.training import images

    behave_like_a_worker()
    for width in WIDTHS:
        recipe = Recipe(data=images(), model=Rbm(code=width), optimizer=SGD(learning_rate=0.05), batch_size=BATCH)
        experiment = Experiment.prepare(recipe)
        stage, x = experiment.stage, experiment.dataset.train.x
        pixels = x.reshape(len(x), -1)
        v, h, w = torch.rand(BATCH, pixels.shape[1]), torch.rand(BATCH, width), torch.rand(width, pixels.shape[1])

        def ours(stage=stage) -> None:  # type: ignore[no-untyped-def]
            draws = generator(0, "benchmark")
            for batch in stage.batches(0):
                stage.learner.step(batch, draws, 0.0)

        def theirs(pixels=pixels, width=width) -> None:  # type: ignore[no-untyped-def]
            BernoulliRBM(width, learning_rate=0.05, batch_size=BATCH, n_iter=1, random_state=0).fit(pixels)

        def products(v=v, h=h, w=w, steps=stage.steps) -> None:  # type: ignore[no-untyped-def]
            for _ in range(steps):
                v @ w.T, h @ w, v @ w.T, h.T @ v, h.T @ v

        sides: dict[str, Callable[[], None]] = {"ours": ours, "theirs": theirs, "products": products}
        took: dict[str, list[float]] = {name: [] for name in sides}
        rounds = settings.pick(7, 1)
        for turn in range(rounds + 1):
            say(f"energy: {width} hidden units, round {turn} of {rounds} …")
            for name, side in sides.items():
                began = time.process_time()
                side()
                if turn:  # the first one is for warming up
                    took[name].append(time.process_time() - began)
        epochs = ", ".join(f"{name} {1000 * median(each):.0f} ms" for name, each in took.items())
        for peer, name, goal in (
            ("scikit-learn's BernoulliRBM", "theirs", PEER),
            ("its bare products", "products", BOUND),
        ):
            ratios = [other / own for own, other in zip(took["ours"], took[name], strict=True)]
            yield Row(
                f"an epoch of CD-1, 784 – {width}", peer, median(ratios), "×", goal,
                detail=f"{epochs}; rounds {', '.join(f'{each:.2f}' for each in ratios)}",
            )  # fmt: skip
