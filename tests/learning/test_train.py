"""Training as a generator: what it tells, in what order, and how it ends."""

import math
from dataclasses import FrozenInstanceError, replace

import pytest
import torch

from aeviz.data.pairings import Batch, Clean, GaussianNoise
from aeviz.learning import SGD, Adam, Contractive, SparseL1
from aeviz.learning.events import Event, Finished, Measured, Place, StageStarted, Stepped
from aeviz.learning.learners import Backpropagation, Diverged, Losses
from aeviz.learning.train import Examples, Stage, train
from aeviz.models import Mlp, ModelSpec, Vae
from aeviz.seeds import generator

X = torch.rand(23, 5, generator=generator(0))
HELD_OUT = torch.rand(9, 5, generator=generator(1))


def stage(spec: ModelSpec | None = None, optimizer: Adam | SGD | None = None, epochs: int = 3) -> Stage:
    """Twenty-three points in batches of ten: the last batch is smaller."""
    model = (spec or Mlp(hidden=(6,), dropout=0.2)).build((5,), generator(2))
    learner = Backpropagation(model, (SparseL1(),), optimizer or Adam(schedule="cosine"))
    return Stage("s", learner, Examples(X, torch.arange(23)), Examples(HELD_OUT), GaussianNoise(), epochs, 10, seed=4)


def told(events: list[Event]) -> list[tuple[object, ...]]:
    """Kind, step and epoch of each event."""
    return [(type(event).__name__, getattr(event, "step", None), getattr(event, "epoch", None)) for event in events]


def test_events_come_in_their_order_and_count_from_one() -> None:
    expected = [("StageStarted", None, None), ("Measured", 0, 0)]
    for epoch in (1, 2, 3):
        expected += [("Stepped", 3 * (epoch - 1) + each, epoch) for each in (1, 2, 3)]  # type: ignore[misc]
        expected += [("Measured", 3 * epoch, epoch)]  # type: ignore[list-item]
    events = list(train([stage()]))
    assert told(events) == [*expected, ("Finished", 9, 3)]
    assert events[0] == StageStarted(0, "s", epochs=3, steps=3)
    assert events[-1] == Finished("finished", 9, 3)
    with pytest.raises(FrozenInstanceError):
        events[0].stage = "other"  # type: ignore[union-attr,misc]


def test_every_epoch_sees_each_example_once_in_an_order_of_its_own() -> None:
    at_work = stage()
    orders = []
    for epoch in (1, 2):
        labels = [batch.labels for batch in at_work.batches(epoch)]
        assert [len(each) for each in labels if each is not None] == [10, 10, 3]
        orders.append(torch.cat([each for each in labels if each is not None]))
        assert torch.equal(orders[-1].sort().values, torch.arange(23))
        again = [batch.inputs for batch in at_work.batches(epoch)]
        assert all(torch.equal(one, batch.inputs) for one, batch in zip(again, at_work.batches(epoch), strict=True))
    assert not torch.equal(*orders)


def test_what_is_measured_is_the_mean_over_examples_and_not_over_batches() -> None:
    events = list(train([stage()]))
    steps = [event for event in events if isinstance(event, Stepped)][:3]
    measured = [event for event in events if isinstance(event, Measured)][1]
    weighted = sum(size * event.losses["loss"] for size, event in zip((10, 10, 3), steps, strict=True)) / 23
    assert measured.train["loss"] == pytest.approx(weighted, rel=1e-6)
    assert {"loss", "reconstruction", "SparseL1", "mse"} <= measured.test.keys()
    assert measured.row() == {
        "epoch": 1,
        "step": 3,
        "stage": 0,
        "train": dict(measured.train),
        "test": dict(measured.test),
    }


def test_evaluation_is_the_same_in_chunks_and_can_stop_early(monkeypatch: pytest.MonkeyPatch) -> None:
    at_work = replace(stage(), pairing=Clean())  # noise is drawn chunk by chunk
    at_once = at_work.evaluate(at_work.train)
    monkeypatch.setattr(at_work.learner, "chunk", 4)
    in_chunks = at_work.evaluate(at_work.train)
    assert in_chunks == pytest.approx(at_once, rel=1e-5)
    assert at_work.evaluate(at_work.train, 8) == at_work.evaluate(Examples(X[:8]))


@pytest.mark.parametrize("spec", [Mlp(hidden=(6,), dropout=0.3), Vae(hidden=(6,))], ids=["dropout", "variational"])
@pytest.mark.parametrize("optimizer", [Adam(schedule="cosine"), SGD(schedule="steps")], ids=str)
def test_training_that_is_taken_up_at_an_epoch_goes_on_as_if_it_had_never_stopped(
    spec: ModelSpec, optimizer: Adam | SGD
) -> None:
    whole = list(train([stage(spec, optimizer)]))
    first, second = stage(spec, optimizer), stage(spec, optimizer)
    for event in train([first]):
        if isinstance(event, Measured) and event.epoch == 1:
            break
    second.learner.model.load_state_dict(first.learner.model.state_dict())
    second.learner.restore(first.learner.state())
    rest = list(train([second], Place(stage=0, done=1, epoch=1, step=3)))
    taken_up = whole.index(next(event for event in whole if isinstance(event, Stepped) and event.step == 4))
    assert rest[1:] == whole[taken_up:]


def test_every_step_of_a_run_has_noise_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    at_work = stage()
    states: list[bytes] = []
    step = at_work.learner.step

    def spied(batch: Batch, draws: torch.Generator, progress: float) -> Losses:
        states.append(bytes(draws.get_state().tolist()))
        return step(batch, draws, progress)

    monkeypatch.setattr(at_work.learner, "step", spied)
    for _ in train([at_work]):
        pass
    assert len(states) == 9
    assert len(set(states)) == 9, "dropout would drop the same units twice"


def test_evaluations_between_steps_change_nothing() -> None:
    plain, looked_at = stage(), stage()
    undisturbed = [event for event in train([plain]) if isinstance(event, Stepped)]
    disturbed = []
    for event in train([looked_at]):
        looked_at.evaluate(looked_at.test)
        if isinstance(event, Stepped):
            disturbed.append(event)
    assert undisturbed == disturbed


def test_closing_the_generator_stops_training() -> None:
    at_work = stage()
    events = train([at_work])
    while not isinstance(next(events), Stepped):
        pass
    weights = {name: value.clone() for name, value in at_work.learner.model.state_dict().items()}
    events.close()  # type: ignore[attr-defined]
    assert list(events) == []
    assert all(torch.equal(weights[name], value) for name, value in at_work.learner.model.state_dict().items())


# Divergence


def test_a_loss_that_is_not_finite_names_its_term_and_leaves_the_model_alone() -> None:
    model = Mlp(hidden=(6,)).build((5,), generator(2))
    learner = Backpropagation(model, (Contractive(),), Adam())
    x = X.clone()
    x[3, 2] = math.inf
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(Diverged, match="is not finite") as caught:
        learner.step(Batch(x, X), generator(0), 0.0)
    assert caught.value.term in ("reconstruction", "Contractive")
    assert all(torch.equal(weights[name], value) for name, value in model.state_dict().items())
    assert learner.state() == {}


@pytest.mark.parametrize("batch_size", [1, 10, 23])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_divergence_ends_in_words_and_no_row_is_ever_not_a_number(batch_size: int, momentum: float) -> None:
    spec = Mlp(hidden=(6,), likelihood="gaussian", activation="softplus")
    model = spec.build((5,), generator(2))
    learner = Backpropagation(model, (), SGD(learning_rate=10, momentum=momentum))
    diverging = Stage("s", learner, Examples(100 * X), Examples(HELD_OUT), GaussianNoise(), 50, batch_size, seed=0)
    events = list(train([diverging]))
    end = events[-1]
    assert isinstance(end, Finished)
    assert end.outcome == "diverged"
    assert f"at step {end.step}: reconstruction is not finite" in end.message
    assert "Divide the learning rate by 10" in end.message
    for event in events:
        if isinstance(event, Measured):
            assert event.diverged() is None
            assert all(map(math.isfinite, (*event.train.values(), *event.test.values())))
        if isinstance(event, Stepped):
            assert all(map(math.isfinite, event.losses.values()))


def test_a_measurement_blames_a_term_before_the_total() -> None:
    fine = {"loss": 1.0, "reconstruction": 1.0}
    assert Measured(1, 1, fine, fine).diverged() is None
    assert Measured(1, 1, fine, {"loss": math.nan, "reconstruction": 1.0, "KL": math.inf}).diverged() == "KL"
    assert Measured(1, 1, {"loss": math.inf, "reconstruction": 1.0}, fine).diverged() == "loss"


# Seeds


def test_a_generator_belongs_to_its_seed_and_purpose_alone() -> None:
    def drawn(*purpose: object) -> list[float]:
        return torch.rand(4, generator=generator(*purpose)).tolist()  # type: ignore[arg-type]

    state = torch.random.get_rng_state()
    assert drawn(1, "order", 2) == drawn(1, "order", 2)
    purposes = [(1, "order", 2), (1, "order", 3), (2, "order", 2), (1, "noise", 2), (1,), (12, "order"), (1, "2order")]
    assert len({tuple(drawn(*purpose)) for purpose in purposes}) == len(purposes)
    assert torch.equal(state, torch.random.get_rng_state())
