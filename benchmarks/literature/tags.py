"""Tags from images by a multimodal machine, beside logistic regression on the same pixels, measured in the same run."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from aeviz.data import Source, TaggedShapes
from aeviz.data.dataset import Dataset, Split
from aeviz.models.multimodal import MultimodalMachine
from aeviz.presets import preset
from aeviz.recipe import Recipe
from aeviz.views import modalities
from benchmarks.children import say
from benchmarks.literature.rows import Row
from benchmarks.literature.training import trained
from benchmarks.table import Settings

SOURCE = "logistic regression on the same pixels, measured with it"
PENALTIES = (0.001, 0.01, 0.1, 1.0)  # C of scikit-learn, the inverse strength
DRAWN, SWEEPS = 200, 50
TINY = TaggedShapes(images=200, size=16)


def shapes(settings: Settings) -> Iterator[Row]:
    """Tagged shapes: tags of held-out images, and images for their tags."""
    yield _row("tagged-shapes", "tags of tagged shapes", settings, goal=0.95)


def emoji(settings: Settings) -> Iterator[Row]:
    """Tagged emoji: few examples of each of 170 words."""
    also = ", and rate, decay, epochs and weight of telling tags of the machine,"
    yield _row("tagged-emoji", "tags of emoji", settings, also=also)


def _row(name: str, what: str, settings: Settings, goal: float | None = None, also: str = "") -> Row:
    """also: what of the machine was chosen as the penalty of the regression was."""
    recipe = preset(name).recipe
    if settings.quick:
        recipe = _hurried(recipe, TINY)
    run = trained(recipe, what)
    model, data = run.experiment.model, run.experiment.dataset
    assert isinstance(model, MultimodalMachine) and data.test.tags is not None
    ours = precision(data.test.tags, modalities.chances(model, data.test.x))
    took = run.watch.read()
    say("logistic regression …")
    return Row(
        f"{what}: mean average precision", SOURCE, regression(data), ours, digits=3, took=took, goal=goal,
        more_is_better=True, differs=f"There: no published figure. {len(data.train):,} images to train on, "
        f"{len(data.test):,} held out, {len(data.tag_names)} tags; the penalty of the regression{also} chosen on a "
        "fifth of the training images.",
        detail=_beside(model, data),
    )  # fmt: skip


def _hurried(recipe: Recipe, data: Source) -> Recipe:
    small = {"hidden": [20], "code": 20}
    training = {"layer_epochs": 1}
    json = recipe.to_json()
    return Recipe.from_json(
        json | {"data": data.to_json(), "epochs": 1, "model": json["model"] | small}
        | {"training": json["training"] | training}
    )  # fmt: skip


def precision(truth: Float[np.ndarray, "n t"], told: Float[np.ndarray, "n t"]) -> float:
    """The mean over all tags that any image has of their average precisions."""
    return float(np.nanmean(modalities.average_precisions(truth, told)))


def regression(data: Dataset) -> float:
    """The mean average precision of logistic regressions on the pixels, one for each tag, on the test images."""
    cut = len(data.train) - len(data.train) // 5
    first, rest = data.train.taken(slice(cut)), data.train.taken(slice(cut, None))
    assert rest.tags is not None and data.test.tags is not None
    judged = [precision(rest.tags, _regressed(first, rest, penalty)) for penalty in PENALTIES]
    best = PENALTIES[int(np.argmax(judged))]
    return precision(data.test.tags, _regressed(data.train, data.test, best))


def _regressed(train: Split, test: Split, penalty: float) -> Float[np.ndarray, "n t"]:
    from sklearn.linear_model import LogisticRegression

    assert train.tags is not None
    seen, asked = (part.x.reshape(len(part), -1) for part in (train, test))
    told = np.zeros((len(test), train.tags.shape[1]), np.float32)
    for at, tag in enumerate(train.tags.T):
        if 0 < tag.sum() < len(tag):
            told[:, at] = LogisticRegression(C=penalty, max_iter=100).fit(seen, tag).decision_function(asked)
    return told


def _beside(model: MultimodalMachine, data: Dataset) -> str:
    """What else the machine can do, in words."""
    test, train = data.test, data.train
    assert test.tags is not None and train.tags is not None
    codes = modalities.joint_codes(model, test.x)
    by_tags = modalities.nearest(modalities.joint_codes(model, tags=test.tags), codes)
    found = modalities.retrieval_precision(by_tags, test.tags, test.tags)
    say("drawing images for tags …")
    asked = test.tags[:DRAWN]
    drawn = np.concatenate([modalities.formed(model, tags, [SWEEPS], chains=1, seed=0)[0] for tags in asked])
    flat, known = drawn.reshape(len(drawn), -1), train.x.reshape(len(train), -1)
    near = [int(np.square(known - image).sum(1).argmin()) for image in flat]
    right = float((train.tags[near] * asked).sum() / asked.sum())
    chance = float(np.mean([(train.tags @ tags).mean() for tags in asked]) / asked.sum(1).mean())
    return (
        f"Images with exactly the tags asked for, found by the joint code of the tags: mean average precision "
        f"{found:.3f}. Images drawn for the tags of {len(asked)} test images by {SWEEPS} sweeps from noise: the "
        f"training image nearest to each has {right:.0%} of the tags asked for; one at random has {chance:.0%}."
    )
