"""The server: `streamlit run app.py`. Pages are routed by pages/main.py; workers start and stop with the server."""

import streamlit as st

from aeviz.ui.server import lifespan, routes

app = st.App("pages/main.py", lifespan=lifespan, routes=routes())
