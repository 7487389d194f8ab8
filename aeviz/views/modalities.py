"""Images and tags by a machine that joins them: the tags of images, images for tags, and retrieval by either or both.

Arrays are numpy, float32; examples n × the data's shape, tags n × t of 0 and 1. Everything random is drawn from a seed.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int

from aeviz.errors import SettingError
from aeviz.models.gibbs import gibbs, noise
from aeviz.models.multimodal import TAGS, MultimodalMachine
from aeviz.seeds import generator

Array = Float[np.ndarray, "..."]
Tags = Float[np.ndarray, "n t"]
CHUNK = 1000


def joins(model: object) -> bool:
    """Whether a model has images and tags under one layer."""
    return isinstance(model, MultimodalMachine)


def chances(model: MultimodalMachine, x: Array) -> Tags:
    """P(tag | image) of every tag for each image, by the mean field with the tags free."""
    with torch.no_grad():
        parts = [model.joint(part)[TAGS] for part in torch.tensor(x, dtype=torch.float32).split(CHUNK)]
    found: Tags = torch.cat(parts).numpy()
    return found


def average_precisions(truth: Tags, told: Tags) -> Float[np.ndarray, " t"]:
    """Of each tag the average precision of the images in the order of its chances; NaN for a tag that none has.

    Σₖ (Rₖ − Rₖ₋₁) Pₖ over the images from the likeliest on, Pₖ the precision and Rₖ the recall of the first k; expected
    of an order by chance: about the share of images that have the tag. Source: scikit-learn, average_precision_score.
    """
    from sklearn.metrics import average_precision_score

    return np.array(
        [
            average_precision_score(truth[:, at], told[:, at]) if truth[:, at].any() else math.nan
            for at in range(truth.shape[1])
        ],
        np.float32,
    )


def formed(
    model: MultimodalMachine, wanted: Float[np.ndarray, " t"], sweeps: Sequence[int], *, chains: int, seed: int
) -> Float[np.ndarray, "s chains ..."]:
    """Images after so many sweeps of Gibbs sampling from noise with tags held: their pixels' means.

    wanted: 1 for a tag that is held on, 0 for one that is held off, NaN for one that is drawn like everything else.
    sweeps: in rising order.

    Raises:
        SettingError: there is not one entry for each tag.
    """
    machine, draws = model.machine, generator(seed, "formed")
    if len(wanted) != machine.units[TAGS].size:
        raise SettingError(f"{len(wanted)} tags are given; this machine has {machine.units[TAGS].size}. Give them all.")
    held = {TAGS: torch.tensor(wanted, dtype=torch.float32).expand(chains, -1)}
    state, done, shown = noise(machine, chains, draws), 0, []
    for each in sweeps:
        state = gibbs(machine, state, each - done, draws, pinned=held)
        done = each
        shown.append(model.shown(state).numpy())
    found: Float[np.ndarray, "s chains ..."] = np.stack(shown).astype(np.float32)
    return found


def joint_codes(model: MultimodalMachine, x: Array | None = None, tags: Tags | None = None) -> Float[np.ndarray, "n k"]:
    """The joint layer's means given images, tags or both, what is missing filled in.

    Raises:
        ValueError: nothing is given.
    """
    count = len(x) if x is not None else len(tags) if tags is not None else 0
    parts = []
    with torch.no_grad():
        for start in range(0, max(1, count), CHUNK):
            given = [None if each is None else torch.tensor(each[start : start + CHUNK]).float() for each in (x, tags)]
            parts.append(model.joint(*given)[model.path[-1]])
    found: Float[np.ndarray, "n k"] = torch.cat(parts).numpy()
    return found


def nearest(query: Float[np.ndarray, "q k"], codes: Float[np.ndarray, "n k"]) -> Int[np.ndarray, "q n"]:
    """The rows of `codes` from the nearest on, by the angle between codes about their mean."""
    centre = codes.mean(0)

    def directed(z: Float[np.ndarray, "m k"]) -> Float[np.ndarray, "m k"]:
        away = z - centre
        return np.asarray(away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9))

    return np.argsort(-directed(query) @ directed(codes).T, axis=1, kind="stable")


def retrieval_precision(order: Int[np.ndarray, "q n"], asked: Float[np.ndarray, "q t"], tags: Tags) -> float:
    """Mean average precision of orders in which images with exactly the tags that were asked for count as right.

    Questions that no image answers are left out; NaN where none is left.
    """
    right = (asked[:, None] == tags[None]).all(2)
    found = []
    for row, hits in zip(order, right, strict=True):
        places = np.flatnonzero(hits[row])
        if len(places):
            found.append(((np.arange(len(places)) + 1) / (places + 1)).mean())
    return float(np.mean(found)) if found else math.nan
