"""The same training job in other libraries, where they are installed."""

import importlib.util
import json
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from aeviz.recipe import Recipe
from benchmarks.children import marks_of, say, told
from benchmarks.rivals import OURS, RIVALS, Rival
from benchmarks.table import Row, Settings, Speed, Unavailable, compared, speed
from benchmarks.training import images

GOAL = 1.0
HOW = "pip install -r benchmarks/requirements.txt, best in an environment of its own"


def peers(settings: Settings) -> Iterator[Row]:
    """The same training in Pythae, Keras, skorch and Lightning, where they can be imported."""
    data = images()
    examples = data.sizes()[0]
    rounds, epochs = settings.pick(3, 1), settings.pick(8, 3)
    for rival in RIVALS:
        recipe = Recipe(data=data, model=rival.model, epochs=epochs)
        figure = f"the same job, {rival.model.kind()} on {data.kind()}"
        if missing := [name for name in rival.imports if importlib.util.find_spec(name) is None]:
            yield Row(figure, rival.name, goal=GOAL, detail=f"{' and '.join(missing)} cannot be imported here: {HOW}.")
            continue
        ours, theirs = list[Speed](), list[Speed]()
        try:
            for turn in range(1, rounds + 1):
                say(f"peers: {rival.name}, round {turn} of {rounds}, {epochs} epochs on either side …")
                for side, speeds in ((OURS, ours), (rival, theirs)):
                    # The first epoch is left out: some compile in it.
                    marks = marks_of(trained(side, recipe))
                    speeds.append(speed(marks, examples, epochs, low=1 / epochs, high=1))
        except Unavailable as error:
            yield Row(figure, rival.name, goal=GOAL, detail=str(error))
            continue
        yield compared(figure, named(rival), ours, theirs, GOAL)


def trained(rival: Rival, recipe: Recipe) -> dict[str, object]:
    """What one library says after training the recipe in a process of its own."""
    words = (rival.name, "--recipe", json.dumps(recipe.to_json()))
    return dict(told("benchmarks.rivals", *words, **rival.environment))


def named(rival: Rival) -> str:
    """The library with its version."""
    try:
        return f"{rival.name} {version(rival.imports[0])}"
    except PackageNotFoundError:
        return rival.name
