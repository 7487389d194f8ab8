"""Geometry: fields, tangents, spectra, subspaces, and whether a model merely copies; one section at a time."""

import streamlit as st

from aeviz.ui.frame import guarded, heading
from aeviz.ui.geometry import field, identity, principal, spectrum, tangent

SECTIONS = {each.TITLE: each for each in (field, tangent, spectrum, principal, identity)}

heading("Geometry", "How a model bends the space of the data: what it pulls on, what it goes flat to, what it copies.")
chosen = st.segmented_control(
    "Section", list(SECTIONS), default=field.TITLE, required=True, key="geometry.show", bind="query-params",
    label_visibility="collapsed",
)  # fmt: skip
section = SECTIONS[chosen or field.TITLE]
st.caption(section.TEACHING)
with guarded():
    section.show()
