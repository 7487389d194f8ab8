"""The router: which pages there are, and the frame around them."""

from pathlib import Path

import streamlit as st

import aeviz.ui

ICON = str(Path(aeviz.ui.__file__).with_name("icon.svg"))

st.set_page_config(page_title="aeviz", page_icon=ICON, layout="wide")
st.html("<style>.stMainBlockContainer { padding-top: 4.2rem; padding-bottom: 2rem; max-width: 1500px }</style>")

st.navigation(
    [
        st.Page("train.py", title="Train", icon=":material/play_arrow:", default=True),
        st.Page("pretrain.py", title="Pretrain", icon=":material/stacks:"),
        st.Page("energy.py", title="Energy", icon=":material/bolt:"),
        st.Page("latent.py", title="Latent", icon=":material/scatter_plot:"),
        st.Page("interpolate.py", title="Interpolate", icon=":material/timeline:"),
        st.Page("sample.py", title="Sample", icon=":material/grid_view:"),
        st.Page("generate.py", title="Generate", icon=":material/auto_awesome:"),
        st.Page("denoise.py", title="Denoise", icon=":material/blur_on:"),
        st.Page("anomaly.py", title="Anomaly", icon=":material/search_insights:"),
        st.Page("geometry.py", title="Geometry", icon=":material/architecture:"),
        st.Page("filters.py", title="Filters", icon=":material/filter_center_focus:"),
        st.Page("compare.py", title="Compare", icon=":material/compare:"),
    ],
    position="top",
).run()
