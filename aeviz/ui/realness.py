"""How real samples are: each beside its nearest training examples, in pixels and in codes."""

import numpy as np
import streamlit as st

from aeviz.runs.opened import OpenRun
from aeviz.ui import gallery
from aeviz.ui.explorer import pictured
from aeviz.ui.frame import chart, theme
from aeviz.views import figures, probes, realism

SHOWN = 10
MEASURED = 100  # samples behind the histograms
ABREAST = 5


@st.cache_data(max_entries=4, show_spinner="Encoding the training examples …")
def training_codes(run: str, step: int, _opened: OpenRun) -> np.ndarray:
    """The codes of the first training examples."""
    train, rows = _opened.dataset.train, slice(realism.KNOWN)
    return probes.codes(_opened.model, train.x[rows], train.some_labels(rows))


@st.cache_data(max_entries=16, show_spinner="Looking for the nearest training examples …")
def usual(key: tuple[str | int, ...], _known: np.ndarray, _held_out: np.ndarray) -> np.ndarray:
    """How far held-out examples are from the nearest training example. key: what both depend on."""
    return realism.nearest(_known, _held_out).distances


@st.cache_data(max_entries=16, show_spinner="Looking for the nearest training examples …")
def nearest(key: tuple[str | int, ...], samples: np.ndarray, _known: np.ndarray) -> realism.Nearest:
    """The nearest training example of each sample. key: what these depend on."""
    return realism.nearest(_known, samples)


def show(opened: OpenRun, z: np.ndarray, decoded: np.ndarray) -> None:
    """Samples, their nearest training examples in both spaces, and the distances against those of held-out examples."""
    train, held_out = opened.dataset.train.x[: realism.KNOWN], slice(realism.HELD_OUT)
    test, codes = opened.dataset.test.x[held_out], opened.codes[held_out]
    known_codes = training_codes(opened.run.id, opened.step, opened)
    pixels = "pixels" if len(opened.dataset.shape) == 3 else "the data"
    data, weights = (pixels, str(opened.run.recipe.data)), ("codes", opened.run.id, opened.step)
    places = [(data, train, test, decoded[:MEASURED]), (weights, known_codes, codes, z[:MEASURED])]
    spaces = {
        str(key[0]): (nearest(key, samples, known), usual(key, known, real)) for key, known, real, samples in places
    }
    st.html(gallery.STYLE)
    for start in range(0, min(SHOWN, len(z)), ABREAST):
        part = slice(start, min(start + ABREAST, SHOWN, len(z)))
        made = pictured(opened, decoded[part])
        gallery.row([(each, f"sample {place + 1}") for place, each in enumerate(made, start)], least=128)
        for space, (found, real) in spaces.items():
            st.caption(f"Nearest training example in {space}")
            shares = realism.farther_than(found.distances[part], real)
            words = [
                f"{_class(opened, int(row))}farther than {share:.0%}"
                for row, share in zip(found.rows[part], shares, strict=True)
            ]
            near = pictured(opened, train[found.rows[part]])
            gallery.row(list(zip(near, words, strict=True)), least=128)
    panels = {space: (real, found.distances) for space, (found, real) in spaces.items()}
    st.caption(f"Distances to the nearest training example, of {len(z[:MEASURED])} samples and of {len(test)} examples")
    chart(figures.distances(panels, theme()), key="sample.distances")
    st.caption(
        f"Nearest among the first {len(train):,} training examples. “Farther than 30 %”: 30 % of {len(test)} held-out "
        "examples are nearer to their own nearest training example than this sample is to its. Near 0 % it repeats "
        "what was learned; at 100 % it is like no example."
    )


def _class(opened: OpenRun, row: int) -> str:
    """The class of a training example, to stand before other words."""
    labels, classes = opened.dataset.train.labels, opened.dataset.classes
    return "" if labels is None or not classes else f"{classes[int(labels[row])]} · "
