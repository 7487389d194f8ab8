"""What the explorer is measured against: two sliders, a rerun, torch, and the image. `streamlit run` with the run's
store and id in AEVIZ_STORE and SLIDER_RUN."""

import os

import numpy as np
import streamlit as st

from aeviz.runs.opened import open_run
from aeviz.runs.store import Store
from aeviz.views import images, probes

opened = open_run(Store(os.environ["AEVIZ_STORE"]), os.environ["SLIDER_RUN"])
z = opened.codes.mean(0)
for axis in range(2):
    low, high = float(opened.codes[:, axis].min()), float(opened.codes[:, axis].max()) + 1e-3
    z[axis] = st.slider(f"z{axis + 1}", low, high, (low + high) / 2, (high - low) / 100)
made = images.as_bytes(probes.decoded(opened.model, z[None].astype(np.float32)))[0]
st.html(f'<img id="decoded" width="140" src="{images.data_url(images.png(made))}">')
