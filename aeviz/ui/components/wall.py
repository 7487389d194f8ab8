"""A wall: up to twelve runs beside each other at the same epoch, with marks that all of them share."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from streamlit.components.v2 import component

from aeviz.ui.components.sources import SHARED, javascript, styles

PICTURES = (
    "live_header",
    "glide",
    "live_images",
    "live_cloud",
    "live_samples",
    "live_scrubber",
    "scatter_selection",
    "wall_time",
    "wall_computed",
    "wall_panels",
    "wall_tile",
    "wall_curves",
    "wall",
)
VIEWS = ("codes", "reconstructions", "samples")
"""What the stored frames hold; any other view is computed by the server."""

STYLES = ("shared", "live", "selection", "wall")

_wall = component("aeviz.wall", css=styles(*STYLES), js=javascript(*SHARED, "live_feed", *PICTURES))


@dataclass(frozen=True)
class Tile:
    """A run of the wall: its id, what stands above it, and its colour everywhere on the page."""

    id: str
    title: str
    colour: str


def wall(
    tiles: Sequence[Tile],
    *,
    key: str,
    view: str = "codes",
    computed: Mapping[str, str] | None = None,
    examples: str | None = None,
    curve: tuple[str, str, bool] = ("loss", "nats per example", False),
    base: str = "/aeviz/runs",
) -> bool:
    """Draw the runs; whether the picture has reported that all of them have ended. The page reruns when they have.

    view: what all tiles show. computed: run → the address of a safetensors file for a view that the frames do not
    hold: `pictures` U8 [n, c, h, w] with the metadata `columns` and `gap`, or `heights` F32 [b], bars from `low` to
    `high` below `top`, the axes named `across` and `up`; `words` stand above either. examples: the address of
    `pictures` U8 [m, c, h, w], the held-out examples whose codes the frames hold. curve: which term of the loss is
    drawn over the epochs, its unit, and whether on a logarithmic scale.
    """
    data = {
        "runs": [asdict(each) for each in tiles],
        "base": base,
        "view": view,
        "computed": dict(computed or {}),
        "examples": examples,
        "curve": dict(zip(("measure", "unit", "log"), curve, strict=True)),
    }
    result = _wall(data=data, key=key, on_ended_change=_nothing)
    return bool(tiles) and result.get("ended") == ",".join(each.id for each in tiles)


def _nothing() -> None:
    """A callback has to be there for its state to be there; the page reads the state itself."""
