"""Every model goes on from a checkpoint as if it had never stopped, with all that it remembers besides its weights."""

import numpy as np
import pytest

from aeviz.data import Digits, TaggedShapes
from aeviz.learning.events import BEGINNING, Measured, Place
from aeviz.models import MODELS, ModelSpec
from aeviz.recipe import Recipe
from aeviz.runs.experiment import Experiment


def learned(experiment: Experiment, start: Place = BEGINNING, until: int = 3) -> Measured:
    """What the experiment measures after so many epochs."""
    for event in experiment.events(start):
        if isinstance(event, Measured) and event.epoch == until:
            return event
    raise AssertionError("it ended before")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_run_that_is_taken_up_again_ends_with_the_same_weights(model: type[ModelSpec]) -> None:
    data = TaggedShapes(images=200, size=16) if model().needs_tags() else Digits()
    recipe = Recipe(data=data, model=model(), epochs=3, batch_size=min(500, data.sizes()[0]))
    straight, broken, resumed = (Experiment.prepare(recipe) for _ in range(3))
    learned(straight)
    at = learned(broken, until=2)
    resumed.restore(broken.checkpoint())
    learned(resumed, Place(step=at.step, epoch=2, done=2))
    first, second = straight.weights(), resumed.weights()
    assert first.keys() == second.keys()
    assert all(np.array_equal(first[name], second[name]) for name in first)
