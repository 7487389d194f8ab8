"""A wall: a few runs of one sweep that are trained in lockstep, so that all can be seen at the same epoch.

Same data, same order of batches, and the same initial weights where names and shapes agree follow from the recipes
(`aeviz.seeds`, `ModelSpec.build`); that no run is far ahead of another is the workers' part (`worker.furthest`).
"""

from aeviz.errors import SettingError
from aeviz.recipe import Recipe
from aeviz.runs.store import Run, Store
from aeviz.runs.sweeping import remember, swept
from aeviz.sweep import Sweep

MOST_TILES = 12


def recipes(sweep: Sweep) -> list[Recipe]:
    """The recipes of a wall, each once, in the order of the sweep.

    Raises:
        SettingError: a recipe cannot be, the recipes are not known before, or they are fewer than two or too many.
    """
    if sweep.search.learns:
        raise SettingError(f"{sweep.search.kind()} proposes its points one after the other: a wall takes Grid.")
    found = {recipe.id(): recipe for point in sweep.check().search.known(sweep.over) for recipe in sweep.recipes(point)}
    if len(found) < 2:
        raise SettingError("A wall compares at least two models: give at least two different values.")
    if len(found) > MOST_TILES:
        raise SettingError(f"A wall has at most {MOST_TILES} models, and these are {len(found)}: take fewer values.")
    return list(found.values())


def begin(store: Store, sweep: Sweep) -> list[Run]:
    """Queue what the store does not hold yet of a wall, as one group; all its runs in the order of the sweep.

    Raises:
        SettingError: the sweep makes no wall (`recipes`). Nothing has been queued then.
        StoreError: the store cannot be written.
    """
    wanted = recipes(sweep)
    remember(store, sweep)
    return [store.with_recipe(each) or store.run(store.add(each, wall=sweep.id())) for each in wanted]


def runs(store: Store, sweep: Sweep) -> list[Run]:
    """The runs of a sweep that the store holds, at most as many as a wall shows, in the order of the sweep."""
    found = {run.id: run for trial in swept(store, sweep).trials for run in trial.runs}
    return list(found.values())[:MOST_TILES]
