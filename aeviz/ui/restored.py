"""Noise, Curves and Walk of the Denoise page: the same corrupted examples, as one or several models restore them."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal

import numpy as np
import streamlit as st

from aeviz.data.pairings import Clean, Pairing
from aeviz.runs.opened import OpenRun
from aeviz.ui import tables
from aeviz.ui.beside import names
from aeviz.ui.components import reel
from aeviz.ui.form import literal
from aeviz.ui.frame import chart, theme
from aeviz.views import figures, film, images, iteration, metrics, mosaic, probes, restoration, sampling
from aeviz.views.look import INKS, PALETTE

SHOWN = 12  # images
SHOWN_POINTS = 150
FRAMES_A_SECOND = 7  # of a walk that is downloaded
FORMATS = {"MSE": ".4f", "PSNR": ".1f", "SSIM": ".3f"}
UNITS = {"PSNR": " dB"}

Scores = restoration.Scores


Key = tuple[str | int | float, ...]
"""What a result depends on: with an equal key it is not computed again."""


@st.cache_data(max_entries=64, show_spinner=False)
def scores(key: Key, _pairing: Pairing, _opened: OpenRun, _x: np.ndarray) -> tuple[Scores, Scores]:
    """Of the corrupted and of the restored examples, against the clean ones. key: run, step, data, pairing, seed."""
    found = restoration.restore(_opened.model, _pairing, _x[: restoration.MEASURED], int(key[-1]))
    return restoration.scores(found.clean, found.corrupted), restoration.scores(found.clean, found.restored)


@st.cache_data(max_entries=64, show_spinner="Measuring …")
def curve(key: Key, _pairing: Pairing, _at: np.ndarray, _opened: OpenRun | None, _x: np.ndarray) -> restoration.Curve:
    """The scores of one model, or of the corrupted input itself, over the strengths. key: as for `scores`."""
    model = None if _opened is None else _opened.model
    return restoration.curve(model, _pairing, _at, _x[: restoration.CURVED], int(key[-1]))


@st.cache_data(max_entries=32, show_spinner="Walking …")
def walked(key: Key, steps: int, _opened: OpenRun, _fed: np.ndarray) -> iteration.Walk:
    """The corrupted examples followed by one model. key: as for `scores`."""
    return iteration.walk(_opened.model, _fed, steps)


def say_how_trained(trained: Pairing, chosen: Pairing) -> None:
    """What this model has seen of corruption."""
    if isinstance(trained, Clean):
        st.info(
            "This model was trained without corruption. It was never asked to remove any; what it removes, its narrow "
            "code removes. Train one with a corruption to compare.",
            icon=":material/info:",
        )
    elif trained != chosen:
        st.caption(
            f"Trained with: {literal(trained.title.lower())}, strength {trained.to_json().get('strength', 0):g}."
        )
    else:
        st.caption("This is the corruption that the model was trained with; the noise itself is new.")


def shown(opened: OpenRun) -> np.ndarray:
    """The examples that are drawn: one of each class in turn, or the first points."""
    test = opened.dataset.test
    if len(opened.dataset.shape) != 3:
        return test.x[: min(SHOWN_POINTS, len(test))]
    chosen: np.ndarray = test.x[probes.one_of_each(test.labels, SHOWN, len(test))]
    return chosen


# Noise


def show_noise(found: Sequence[OpenRun], pairing: Pairing, seed: int) -> None:
    """The examples clean, corrupted and restored by each model, and how near each comes."""
    opened, x = found[0], shown(found[0])
    restored = [restoration.restore(each.model, pairing, x, seed) for each in found]
    titles = ["Restored"] if len(found) == 1 else [f"Restored by {name}" for name in names(found)]
    _pictures(restored, titles, opened.dataset.test.x)
    data, test = str(opened.run.recipe.data), opened.dataset.test.x
    measured = [scores((each.run.id, each.step, data, str(pairing), seed), pairing, each, test) for each in found]
    if len(found) == 1:
        _tell(*measured[0])
    else:
        _tell_all(names(found), measured[0][0], [after for _, after in measured])
    shape = opened.dataset.shape
    side = metrics.window(*shape[1:]) if len(shape) == 3 else 0
    st.caption(
        f"Over the first {restoration.MEASURED} test examples, or all where there are fewer; values run from 0 to 1 "
        "and the input is measured as it is fed, not cut to that range. PSNR = 10 log₁₀(1 / MSE)."
        + (f" SSIM slides a window of {side} × {side} pixels over the image." if side else "")
    )


def _pictures(found: Sequence[restoration.Restoration], titles: Sequence[str], data: np.ndarray) -> None:
    """The same examples clean, corrupted, and once for each model."""
    first = found[0]
    rows = [("Clean", first.clean), ("Corrupted: this is fed in", first.corrupted)]
    rows += [(title, each.restored) for title, each in zip(titles, found, strict=True)]
    if first.clean.ndim == 4:
        with st.container(gap="xxsmall"):
            for name, row in rows:
                st.caption(literal(name))
                st.image(mosaic.picture(row, SHOWN, gap=6), width="stretch", alt=name)
        return
    seen, inks = sampling.in_sight(data), INKS[theme()]
    colours = (inks.quiet, PALETTE[1], inks.accent, *PALETTE[2:])
    layers = [figures.Layer(name, seen(x), colour, 0.85) for (name, x), colour in zip(rows, colours, strict=False)]
    ways = list(np.stack([seen(first.corrupted), seen(first.restored)], axis=1))
    chart(figures.layers(layers, theme(), lines=ways, line="corrupted to restored", height=520), key="denoise.points")


def _values(found: Scores) -> dict[str, float | None]:
    return {"MSE": found.mse, "PSNR": found.psnr, "SSIM": found.ssim}


def _tell(before: Scores, after: Scores) -> None:
    """MSE, PSNR and SSIM of the restored examples, with those of the corrupted ones beside them."""
    told = zip(_values(before).items(), _values(after).values(), strict=True)
    for column, ((name, old), new) in zip(st.columns(3), told, strict=True):
        if old is None or new is None:
            continue
        digits, unit = FORMATS[name], UNITS.get(name, "")
        colours: Literal["normal", "inverse"] = "inverse" if name == "MSE" else "normal"
        change = f"{new - old:+{digits}}{unit} from " if math.isfinite(new - old) else "from "
        delta = f"{change}{_number(name, old)} corrupted"
        column.metric(f"{name}, restored", _number(name, new), delta, colours, border=True)


def _tell_all(runs: Sequence[str], before: Scores, after: Sequence[Scores]) -> None:
    """The same as a table, the corrupted input in its first column and the best marked."""
    rows: dict[str, list[str]] = {}
    best: dict[str, list[int]] = {}
    for name, old in _values(before).items():
        values = [value for value in [old, *(_values(each)[name] for each in after)] if value is not None]
        if len(values) == len(after) + 1:
            rows[name] = [_number(name, value) for value in values]
            top = (min if name == "MSE" else max)(values)
            best[name] = [place for place, value in enumerate(values) if value == top]
    colours = [INKS[theme()].quiet, *PALETTE]
    tables.side_by_side(
        ["corrupted input", *runs], colours[: len(runs) + 1], {"Against the clean examples": rows}, best
    )


def _number(name: str, value: float) -> str:
    return ("∞" if math.isinf(value) else f"{value:{FORMATS[name]}}") + UNITS.get(name, "")


# Curves


def show_curves(found: Sequence[OpenRun], pairing: Pairing, seed: int) -> None:
    """PSNR, SSIM and MSE over the strength: of the corrupted input, and of what each model makes of it."""
    opened, trained = found[0], found[0].run.recipe.pairing
    strength = float(pairing.to_json()["strength"])
    at, test = restoration.strengths(pairing, strength), opened.dataset.test.x
    key = (str(opened.run.recipe.data), pairing.kind(), float(at[-1]), seed)
    own = curve(("", 0, *key), pairing, at, None, test)
    all_curves = [own, *(curve((each.run.id, each.step, *key), pairing, at, each, test) for each in found)]
    series = {"corrupted input": INKS[theme()].quiet}
    series |= dict(zip(names(found) if len(found) > 1 else ["restored"], PALETTE, strict=False))
    panels = {"PSNR in dB": [each.psnr for each in all_curves], "MSE": [each.mse for each in all_curves]}
    if own.ssim is not None:
        panels["SSIM"] = [each.ssim for each in all_curves if each.ssim is not None]
    same = trained.kind() == pairing.kind()
    own_strength = float(trained.to_json()["strength"]) if same else None
    figure = figures.against_strength(at, series, panels, theme(), chosen=strength, trained=own_strength)
    chart(figure, key="denoise.curve")
    st.caption(
        f"Over the first {restoration.CURVED} test examples, the same draws of noise at every strength and for every "
        "model. The line stands at the chosen strength"
        + ("; the dashed one at that of the training." if same else ".")
        + " Where a model's curve is better than the input's, it takes away more noise than it blurs."
    )


# Walk


def show_walk(found: Sequence[OpenRun], pairing: Pairing, seed: int) -> None:
    """Restoration applied again and again to the same corrupted examples."""
    opened = found[0]
    steps = st.slider("Steps", 5, 100, 30, key="denoise.steps", bind="query-params")
    fed = restoration.corrupted(pairing, shown(opened), seed)
    data, strength = str(opened.run.recipe.data), float(pairing.to_json()["strength"])
    walks = [walked((each.run.id, each.step, data, str(pairing), seed), steps, each, fed) for each in found]
    changes = np.stack([np.sqrt(np.square(each.changes).mean(1)) for each in walks])
    if fed.ndim == 4:
        frames = np.stack([_bytes(each.examples) for each in walks], axis=1)
        reel(names(found), changes, key="denoise.reel", frames=frames)
        _downloads(frames, f"{pairing.title}, strength {strength:g}, {steps} steps. " + "; ".join(names(found)))
    else:
        _paths(dict(zip(names(found), walks, strict=True)), opened.dataset.test.x)
        reel(names(found), changes, key="denoise.reel")
    st.caption(
        "Each step feeds the model what it gave back before: x, r(x), r(r(x)), … A denoising model walks up the "
        "density of the data and settles where its examples lie; a plain one may drift to a few pictures that it "
        "gives back unchanged. The curve: √ of the mean squared change of a step, over all numbers shown."
    )


def _downloads(frames: np.ndarray, caption: str) -> None:
    """The walk as a moving picture, made when it is asked for."""
    with st.container(horizontal=True, gap="small"):
        for ending, make, kind in (("gif", film.gif, "image/gif"), ("mp4", film.mp4, "video/mp4")):
            name = f"aeviz-walk.{ending}"
            made = partial(_film, frames, caption, make)
            st.download_button(
                ending.upper(), made, name, kind, icon=":material/download:", on_click="ignore", key=f"denoise.{name}"
            )


def _film(frames: np.ndarray, caption: str, make: Callable[[np.ndarray, float], bytes]) -> bytes:
    return make(film.captioned(mosaic.sheets(frames), caption), FRAMES_A_SECOND)


def _bytes(walk: np.ndarray) -> np.ndarray:
    steps, count = walk.shape[:2]
    made = images.as_bytes(walk.reshape(-1, *walk.shape[2:]))
    return made.reshape(steps, count, *made.shape[1:])


def _paths(walks: Mapping[str, iteration.Walk], data: np.ndarray) -> None:
    """The walks of points, as lines among the examples, and where each model's end."""
    seen = sampling.in_sight(data)
    (first, *_) = walks.values()
    layers = [
        figures.Layer("held-out data", seen(data[:1000]), INKS[theme()].quiet, 0.4, 4),
        figures.Layer("corrupted", seen(first.examples[0]), INKS[theme()].text, 0.5, 4),
    ]
    for (name, walk), colour in zip(walks.items(), PALETTE, strict=False):
        layers.append(figures.Layer(f"{name}, last step", seen(walk.examples[-1]), colour, 0.95, 6))
    ways = [seen(walk.examples[:, each]) for walk in walks.values() for each in range(walk.examples.shape[1])]
    chart(figures.layers(layers, theme(), lines=ways, line="walk", height=520), key="denoise.paths")
