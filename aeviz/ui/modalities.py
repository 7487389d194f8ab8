"""Images and tags on the Energy page: the one from the other, and retrieval by either or both."""

import numpy as np
import streamlit as st
from jaxtyping import Float

from aeviz.models.multimodal import MultimodalMachine
from aeviz.runs.opened import OpenRun
from aeviz.ui import gallery
from aeviz.ui.frame import begin, chart, theme
from aeviz.views import figures, images, modalities

SWEEPS = (1, 10, 50, 100, 150, 200, 250)
CHAINS = 12
FOUND = 12  # examples that answer a query
MOST_LISTED = 15  # tags of an image, the likeliest first
MOST_PILLS = 40  # tags to press; more are chosen from a list
JUDGED = 2000


def machine_of(opened: OpenRun) -> MultimodalMachine:
    """The machine of a run that the page has let in."""
    assert isinstance(opened.model, MultimodalMachine)
    return opened.model


def show_tags(opened: OpenRun) -> None:
    """The tags of an image, images for tags, and what lies nearest to either or both."""
    at = _tags_of_an_image(opened)
    st.subheader("Images for tags", anchor=False)
    chosen = _choice(opened, at)
    if chosen:
        _images_for(opened, chosen)
    st.subheader("Query", anchor=False)
    _query(opened, at, chosen)


# Tags of an image


def _tags_of_an_image(opened: OpenRun) -> int:
    """Shows what the machine says of a held-out image; its number."""
    test, names = opened.dataset.test, opened.dataset.tag_names
    assert test.tags is not None
    told = _chances(opened.run.id, opened.step, opened)
    st.subheader("Tags of an image", anchor=False)
    left, right = st.columns([2, 3], gap="large")
    with left:
        begin("energy.image", 0, opened.run.id, stays=True)
        if not 0 <= st.session_state.get("energy.image", 0) < len(told):
            st.session_state["energy.image"] = 0
        at = int(st.number_input("Held-out image", 0, len(told) - 1, key="energy.image", bind="query-params"))
        own = [name for name, has in zip(names, test.tags[at], strict=True) if has]
        gallery.large(images.as_bytes(test.x[at : at + 1])[0], f"held-out image {at}", f"Tagged: {_listed(own)}.")
    with right:
        order = np.argsort(-told[at], kind="stable")[:MOST_LISTED]
        listed = [f"✓ {names[tag]}" if test.tags[at, tag] else names[tag] for tag in order]
        chart(figures.usage(listed, told[at, order], theme(), axis="P(tag | image)"), key="energy.told")
        more = f" The likeliest {MOST_LISTED} of {len(names)}." if len(names) > MOST_LISTED else ""
        st.caption(f"From the image alone; ✓: it has the tag.{more}")
    precisions = modalities.average_precisions(test.tags[: len(told)], told)
    known = np.isfinite(precisions)
    share = float(test.tags[: len(told)][:, known].mean())
    st.caption(
        f"Mean average precision over {int(known.sum())} tags and {len(told):,} held-out images: "
        f"{float(precisions[known].mean()):.3f}; images in random order have about {share:.3f}. Hardest: "
        f"{_hardest(names, precisions)}."
    )
    return at


@st.cache_data(max_entries=16, show_spinner=False)
def _chances(run: str, step: int, _opened: OpenRun) -> Float[np.ndarray, "n t"]:
    return modalities.chances(machine_of(_opened), _opened.dataset.test.x[:JUDGED])


def _hardest(names: tuple[str, ...], precisions: Float[np.ndarray, " t"]) -> str:
    order = [at for at in np.argsort(precisions) if np.isfinite(precisions[at])][:3]
    return ", ".join(f"{names[at]} {precisions[at]:.2f}" for at in order)


def _listed(tags: list[str]) -> str:
    return ", ".join(tags) or "nothing"


# Images for tags


def _choice(opened: OpenRun, at: int) -> list[str]:
    """The tags that are asked for; at first those of the image above."""
    names, tags = opened.dataset.tag_names, opened.dataset.test.tags
    assert tags is not None
    own = [name for name, has in zip(names, tags[at], strict=True) if has]
    begin("energy.tags", own, f"{opened.run.id} {at}", stays=True)
    if "energy.tags" in st.session_state:  # else it stands in the address alone, which the widget reads by itself
        st.session_state["energy.tags"] = [name for name in st.session_state["energy.tags"] if name in names]
    if len(names) <= MOST_PILLS:
        chosen = st.pills("Tags", names, selection_mode="multi", key="energy.tags", bind="query-params")
    else:
        chosen = st.multiselect("Tags", names, key="energy.tags", bind="query-params")
    if not chosen:
        st.caption("Choose tags: images are drawn that have them.")
    return list(chosen)


def _images_for(opened: OpenRun, chosen: list[str]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        others = st.segmented_control(
            "Other tags", ["off", "free"], default="off", required=True, key="energy.others", bind="query-params",
            help="Off: the image has no other tag. Free: the machine draws them like everything else.",
        )  # fmt: skip
        seed = st.number_input("Seed", 0, 10_000, 0, key="energy.tags seed", bind="query-params", width=110)
    rest = 0.0 if others == "off" else np.nan
    wanted = np.array([1.0 if name in chosen else rest for name in opened.dataset.tag_names], np.float32)
    frames = _formed(opened.run.id, opened.step, tuple(wanted.tolist()), int(seed), opened)
    for sweeps, frame in zip(SWEEPS, frames, strict=True):
        gallery.filmstrip(f"Sweep {sweeps}", "", images.as_bytes(frame))
    st.caption(
        f"P(image | {_listed(chosen)}): {CHAINS} chains that begin as noise, with the tags held. A sweep draws the "
        "layers in turn; shown are the pixels' means."
    )


@st.cache_data(max_entries=32, show_spinner="Drawing images …")
def _formed(
    run: str, step: int, wanted: tuple[float, ...], seed: int, _opened: OpenRun
) -> Float[np.ndarray, "s chains ..."]:
    return modalities.formed(machine_of(_opened), np.array(wanted, np.float32), SWEEPS, chains=CHAINS, seed=seed)


# Query


def _query(opened: OpenRun, at: int, chosen: list[str]) -> None:
    """What lies nearest to the image, to the tags, or to both, by the joint code."""
    test, names = opened.dataset.test, opened.dataset.tag_names
    assert test.tags is not None
    by = st.segmented_control(
        "By", ["image", "tags", "both"], default="image", required=True, key="energy.by", bind="query-params"
    )
    if by != "image" and not chosen:
        st.caption("Choose tags above to ask by them.")
        return
    asked = np.array([[name in chosen for name in names]], np.float32)
    x = None if by == "tags" else test.x[at : at + 1]
    query = modalities.joint_codes(machine_of(opened), x, None if by == "image" else asked)
    order = modalities.nearest(query, _codes(opened.run.id, opened.step, opened))[0]
    found = order[order != at][:FOUND] if x is not None else order[:FOUND]
    gallery.filmstrip("Nearest", "held-out images by their joint code, nearest first", images.as_bytes(test.x[found]))
    wanted = asked[0] if by != "image" else test.tags[at]
    whole = int((test.tags[found][:, wanted > 0] > 0).all(1).sum())
    what = "that were asked for" if by != "image" else "of the image"
    st.caption(f"{whole} of these {len(found)} have all tags {what}. Their codes are of the images alone.")


@st.cache_data(max_entries=16, show_spinner=False)
def _codes(run: str, step: int, _opened: OpenRun) -> Float[np.ndarray, "n k"]:
    return modalities.joint_codes(machine_of(_opened), _opened.dataset.test.x[:JUDGED])
