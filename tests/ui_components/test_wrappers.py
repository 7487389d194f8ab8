"""What the Python wrappers make of the state that the components report."""

import pytest
from streamlit.testing.v1 import AppTest

from aeviz.ui.components import Pick


def live() -> None:
    import streamlit as st

    from aeviz.ui.components import live_run

    st.session_state["answer"] = live_run("one", key="live")


def picking() -> None:
    import streamlit as st

    from aeviz.ui.components import scatter

    st.session_state["answer"] = scatter("/one", key="codes")


def answer(script, key, state):
    app = AppTest.from_function(script)
    if state is not None:
        app.session_state[key] = state
    app.run()
    assert not app.exception
    return app.session_state["answer"]


@pytest.mark.parametrize(
    ("report", "status"),
    [(None, None), ({"run": "one", "status": "paused"}, "paused"), ({"run": "another", "status": "finished"}, None)],
)
def test_a_status_is_that_of_the_run_in_view(report, status):
    assert answer(live, "live", report and {"status": report}) == status


@pytest.mark.parametrize(
    ("scene", "index", "expected"),
    [("/one", 4, 4), ("/one", None, None), ("/another", 4, None)],
)
def test_a_pick_names_a_point_of_its_own_scene_only(scene, index, expected):
    picked = {"x": 1, "y": -2.5, "index": index, "count": 3, "scene": scene}
    assert answer(picking, "codes", {"picked": picked}) == Pick(x=1.0, y=-2.5, index=expected, count=3)


def test_nothing_is_picked_at_first():
    assert answer(picking, "codes", None) is None
