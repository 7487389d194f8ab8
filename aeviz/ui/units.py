"""What Filters shows of the layers and units of a run: pictures and numbers, computed once for each moment."""

import math

import numpy as np
import streamlit as st

from aeviz.errors import StoreError
from aeviz.runs.opened import MOST_CODES, OpenRun
from aeviz.seeds import generator
from aeviz.ui.frame import theme
from aeviz.views import excitation, filters, images, layers, metrics, mosaic
from aeviz.views.layers import Layer
from aeviz.views.look import Theme

MOST_UNITS = 100  # whose weights are drawn
MOST_MAPS = 32  # of one layer, for one example
STRIP = 64  # dense units in a row
TILE = 100  # pixels of a picture on the page at most
SMOOTH = 0.05


def layers_of(opened: OpenRun) -> list[Layer]:
    """The layers of the run's model."""
    return layers.layers(opened.model, opened.dataset.shape)


def described(layer: Layer) -> str:
    """A layer in one line: its name, its size, its kind and its activation."""
    size = " × ".join(map(str, layer.shape))
    if layer.part == "code":
        return f"code · {size}"
    return f"{layer.name} · {size} · {layer.kind}" + ("" if layer.activation == "linear" else f", {layer.activation}")


def weights(opened: OpenRun, layer: Layer, *, each: bool) -> None:
    """The weights of a layer's units as pictures, with what they are."""
    found = _weights(opened.run.id, opened.step, layer.name, opened, layer)
    if found is None:
        st.caption(
            "The units of this layer are the pixels themselves: what draws them is shown for the layer before."
            if layer.part == "decoder"
            else "This layer reads codes and not examples, so its weights are no pictures."
        )
        return
    coloured = filters.signed(found, theme(), each=each)
    _mosaic(coloured, f"weights of {layer.name}", math.ceil(math.sqrt(1.6 * len(coloured))))
    seen = "The first 100 units" if layer.units > len(found) else f"All {len(found)} units"
    st.caption(f"{seen}, the first at the top left. {_meaning(opened, layer)} Orange: positive; blue: negative.")


def _meaning(opened: OpenRun, layer: Layer) -> str:
    middle = " Of a map the unit in the middle." if layer.maps else ""
    if layer.part in {"code", "decoder"}:
        return f"What the decoder draws for the unit alone, the activations after it left out.{middle}"
    if layer.number > 1:
        return (
            "The weights of this layer projected to the pixels: multiplied with those of the layers below, whose "
            f"activations are left out.{middle}"
        )
    told = " What it is told besides, the class, is left out." if hasattr(opened.model, "classes") else ""
    return ("The kernels, one for each channel." if layer.maps else "The weights from the pixels to the unit.") + told


@st.cache_data(max_entries=64, show_spinner=False)
def _weights(run: str, step: int, name: str, _opened: OpenRun, _layer: Layer) -> np.ndarray | None:
    drawn = layers.pictures(_opened.model, _opened.dataset.shape, _layer, MOST_UNITS)
    if drawn is None:
        return None
    found = drawn.numpy()
    return filters.cropped(found) if found.ndim == 4 else found.reshape(len(found), 1, 1, -1)


def answers(opened: OpenRun) -> dict[str, np.ndarray]:
    """Name of a layer → how much each unit answers to each of the first 2,000 held-out examples.

    Raises:
        StoreError: an answer is not finite.
    """
    found = _answers(opened.run.id, opened.step, opened)
    if not all(np.isfinite(each).all() for each in found.values()):
        raise StoreError(
            "The activations of this run are not finite: its training went astray. Choose another run or moment."
        )
    return found


@st.cache_data(max_entries=12, show_spinner=False)
def _answers(run: str, step: int, _opened: OpenRun) -> dict[str, np.ndarray]:
    rows = slice(MOST_CODES)
    return layers.responses(_opened.model, _opened.dataset.test.x[rows], _opened.dataset.test.some_labels(rows))


@st.cache_data(max_entries=64, show_spinner=False)
def preferred(
    run: str, step: int, name: str, unit: int, *, bound: excitation.Bound, seed: int, _opened: OpenRun, _layer: Layer
) -> tuple[np.ndarray, float, float]:
    """The input that excites the unit most, what the unit then is, and the norm that the input is held to."""
    x = _opened.dataset.test.x[:MOST_CODES]
    norm = float(np.linalg.norm(x.reshape(len(x), -1), axis=1).mean())
    made, value = excitation.preferred(
        _opened.model,
        _opened.dataset.shape,
        _layer,
        unit,
        generator(seed, "preferred input", _layer.name, unit),
        bound=bound,
        norm=max(norm, 1e-6),
        smooth=SMOOTH,
    )
    return made, value, norm


def activity(opened: OpenRun, index: int) -> None:
    """The activations of every layer for one held-out example: maps as maps, other units as a strip."""
    rows = slice(index, index + 1)
    test = opened.dataset.test
    found = layers.activations(opened.model, test.x[rows], test.some_labels(rows))
    for layer in layers_of(opened):
        values = found[layer.name][0]
        st.caption(described(layer))
        if layer.maps:
            _mosaic(filters.signed(values[:MOST_MAPS, None], theme(), each=False), f"activations of {layer.name}", 16)
        else:
            _strip(values, layer.name, theme())


def _strip(values: np.ndarray, name: str, chosen: Theme) -> None:
    drawn = filters.signed(values.reshape(1, 1, 1, -1), chosen)[0]
    cells = drawn.transpose(2, 1, 0)[..., None].astype(np.float32) / 255  # a picture of one pixel for each unit
    columns = min(STRIP, len(cells))
    picture = mosaic.picture(cells.reshape(-1, 3, 1, 1), columns, gap=1, wanted=16 * columns)
    st.image(picture, width=16 * columns if columns < STRIP else "stretch", alt=f"activations of {name}")


def _mosaic(coloured: images.Pictures, name: str, columns: int) -> None:
    columns = min(len(coloured), columns, mosaic.most_columns(coloured.shape[3]))
    picture = mosaic.picture(coloured.astype(np.float32) / 255, columns, gap=8)
    st.image(picture, width="stretch" if columns * TILE > 500 else columns * TILE, alt=name)


def sparsity(opened: OpenRun, found: dict[str, np.ndarray]) -> list[dict[str, object]]:
    """A row for each layer: how many units answer, and how sparsely."""
    rows = []
    for layer in layers_of(opened):
        values = found[layer.name]
        dead = metrics.dead_units(values)
        rows.append(
            {
                "layer": layer.name,
                "units": layer.units,
                "dead": f"{dead.mean():.0%}",
                "lifetime sparsity": _number(metrics.lifetime_sparsity(values)),
                "population sparsity": _number(metrics.population_sparsity(values)),
                "mean |answer|": _number(metrics.mean_absolute_code(values)),
            }
        )
    return rows


def _number(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}"
