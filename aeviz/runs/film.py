"""The film of a training, from the frames that a run has kept: `film.mp4` and `film.gif` in the run's folder.

`python -m aeviz.runs.film --store DIR --run ID` makes both, tells its progress in `film.json`, and ends with its
standard input.
"""

import argparse
import contextlib
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aeviz.errors import AevizError, StoreError
from aeviz.recipe import Recipe
from aeviz.runs.files import write
from aeviz.runs.store import Run, Store

if TYPE_CHECKING:  # the page that offers a film must open fast; what draws it is loaded when it is drawn
    from aeviz.views.film import Frames
    from aeviz.views.training_film import Frame

FILE = "film.json"
FPS = 8
REST = 2 * FPS  # how often the last frame is shown


@dataclass(frozen=True)
class Progress:
    """How far a film is. step: of the last frame in it; done of total frames are drawn; message: why it failed."""

    step: int
    done: int
    total: int
    made: bool = False
    message: str = ""


def writers() -> "dict[str, Callable[[Frames, float], bytes]]":
    """Ending of a file → what writes a film that way."""
    from aeviz.views import film

    return {"mp4": film.mp4, "gif": film.gif}


def settings(recipe: Recipe) -> str:
    """All choices of a recipe in words, a line for each part."""
    told = recipe.to_json()
    lines = []
    for slot, value in told.items():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                rest = ", ".join(
                    f"{name.replace('_', ' ')} {_word(each)}" for name, each in part.items() if name != "kind"
                )
                lines.append(f"{slot}: {part.get('kind', '')}" + (f" ({rest})" if rest else ""))
    plain = [f"{name.replace('_', ' ')} {value}" for name, value in told.items() if not isinstance(value, dict | list)]
    return "\n".join([*lines, ", ".join(plain)])


def _word(value: Any) -> str:
    if isinstance(value, list):
        return "-".join(map(str, value)) or "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def drawn(store: Store, run: Run) -> Iterator[tuple[int, "Frame", int]]:
    """Step, picture and number of all frames, for each frame that the run has kept, in order.

    Raises:
        StoreError: the run has no frames yet.
    """
    from aeviz.views import pen, training_film

    steps = store.frames(run.id)
    if not steps:
        raise StoreError(f"{run.name} has no frames yet, so there is nothing to film. Wait for its first epoch.")
    scene, about = store.read(run.id, "scene")
    stages = json.loads(about.get("stages", "[]"))
    rows, _ = store.history(run.id)
    kept = [store.read(run.id, f"frames/{step:08d}") for step in steps]
    script = training_film.Script(
        run.name,
        np.array(
            [[row["epoch"], row["train"].get("loss"), row["test"].get("loss")] for row in rows], np.float64
        ).reshape(-1, 3),
        pen.box_of([arrays["points"] for arrays, _ in kept]),
        scene.get("labels"),
        json.loads(about.get("classes", "[]")),
        scene["inputs"],
        scene["targets"],
    )
    for step, (arrays, metadata) in zip(steps, kept, strict=True):
        stage = stages[int(metadata.get("stage", 0))]["name"] if len(stages) > 1 else ""
        axes = json.loads(metadata.get("axes", "[]"))
        yield step, training_film.drawn(script, arrays, int(metadata["epoch"]), stage, axes), len(steps)


def filmed(store: Store, run: Run, told: Callable[[Progress], None] = lambda progress: None) -> "Frames":
    """The film with its settings under it, the last frame standing for two seconds; `told` hears of every frame."""
    from aeviz.views import film

    frames = []
    for step, frame, total in drawn(store, run):
        frames.append(frame)
        told(Progress(step, len(frames), total))
    last = [frames[-1]] * REST
    return film.captioned(np.stack([*frames, *last]), settings(run.recipe), 13)


def make(store: Store, run_id: str) -> None:
    """Make both films of a run and put them into its folder; what it tells on the way stands in `film.json`."""
    run, folder = store.run(run_id), store.path(run_id)

    def told(progress: Progress) -> None:
        write(folder / FILE, json.dumps(asdict(progress)).encode(), durable=False)

    problems, step = [], 0
    try:
        frames = filmed(store, run, told)
        step = read(store, run_id).step  # type: ignore[union-attr]
        for ending, writer in writers().items():
            try:
                write(folder / f"film.{ending}", writer(frames, FPS), durable=False)
            except AevizError as error:
                problems.append(str(error))
    except AevizError as error:
        problems.append(str(error))
    told(Progress(step, 1, 1, not problems, " ".join(problems)))


def read(store: Store, run_id: str) -> Progress | None:
    """How far the film of a run is; None where none was asked for."""
    try:
        return Progress(**json.loads((store.path(run_id) / FILE).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def save(store: Store, run_id: str, path: Path, told: Callable[[Progress], None]) -> None:
    """Write the film of a run to a path, as its ending says: .mp4 or .gif.

    Raises:
        StoreError: the run is not there, has no frames, or the ending is another.
    """
    writer = writers().get(path.suffix.lower().removeprefix("."))
    if writer is None:
        raise StoreError(f"{path.name} ends in {path.suffix or 'nothing'}: films are written as .mp4 or .gif.")
    data = writer(filmed(store, store.run(run_id), told), FPS)
    try:
        write(path, data, durable=False)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}. Name another with --out.") from None


def main() -> None:
    """Make the films of one run, unless standard input closes before."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--run", required=True)
    chosen = parser.parse_args()
    with contextlib.suppress(OSError, AttributeError):
        os.nice(10)

    def wait_for_the_end() -> None:
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    make(Store(chosen.store), chosen.run)


if __name__ == "__main__":
    main()
