"""Figures draw what they are given, in either theme, without torch and with no WebGL in the plane."""

import subprocess
import sys

import numpy as np
import plotly.graph_objects as go
import pytest

from aeviz.views import figures, look

POINTS = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
LABELS = np.arange(60) % 3


def checked(figure: go.Figure) -> go.Figure:
    assert figure.layout.height and figure.layout.template.layout.font.color
    assert not [trace for trace in figure.data if trace.type == "scattergl"]
    figure.to_json()
    return figure


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_codes_have_a_colour_and_a_name_a_class(theme):
    figure = checked(figures.codes(POINTS, theme, labels=LABELS, classes=("a", "b", "c")))
    assert [trace.name for trace in figure.data] == ["a", "b", "c"]
    assert [trace.marker.color for trace in figure.data] == [look.colour_of(label) for label in range(3)]
    assert sum(len(trace.x) for trace in figure.data) == 60


@pytest.mark.parametrize("labels", [None, LABELS])
def test_codes_without_classes_are_one_set(labels):
    figure = checked(figures.codes(POINTS, "light", labels=labels))
    assert len(figure.data) == 1 and not figure.layout.showlegend


def test_many_classes_differ_in_shape_and_have_no_legend():
    names = tuple(str(each) for each in range(26))
    figure = checked(figures.codes(POINTS, "dark", labels=np.arange(60) % 26, classes=names))
    assert figure.data[0].marker.symbol != figure.data[10].marker.symbol and not figure.layout.showlegend


def test_the_box_lies_where_it_is_said():
    figure = figures.codes(POINTS, "light")
    figures.mark_box(figure, (-1, -2), (3, 4), "light")
    shape = figure.layout.shapes[0]
    assert (shape.x0, shape.y0, shape.x1, shape.y1) == (-1, -2, 3, 4)


def test_a_line_of_codes_is_a_density_with_its_stretch():
    figure = figures.code_line(POINTS[:, 0], "dark")
    figures.mark_box(figure, (-1, 0), (1, 0), "dark", line=True)
    figures.undistorted(figure)
    checked(figure)
    assert figure.data[0].histnorm == "probability density" and figure.layout.yaxis.scaleanchor is None
    assert (figure.layout.shapes[0].x0, figure.layout.shapes[0].x1) == (-1, 1)


def test_draws_and_outlines_are_named_once():
    figure = figures.codes(POINTS, "light")
    figures.mark_outlines(figure, [POINTS[:5], POINTS[5:9]], "two standard deviations", "light")
    figures.mark_draws(figure, POINTS, "drawn", "light")
    figures.undistorted(figure)
    checked(figure)
    assert [trace.showlegend for trace in figure.data[1:3]] == [True, False]
    assert figure.layout.yaxis.scaleanchor == "x"


@pytest.mark.parametrize("labels", [None, LABELS])
def test_generated_examples_lie_over_the_real_ones(labels):
    figure = checked(
        figures.real_and_generated(POINTS, POINTS[:20], "dark", labels=labels, classes=("a", "b", "c"), axes=("p", "q"))
    )
    assert [trace.name for trace in figure.data] == (["real"] if labels is None else ["a", "b", "c"]) + ["generated"]
    assert len(figure.data[-1].x) == 20 and "open" in figure.data[-1].marker.symbol
    assert all(trace.marker.opacity < figure.data[-1].marker.opacity for trace in figure.data[:-1])


def test_shares_stand_side_by_side_for_each_class():
    figure = checked(figures.shares(("a", "7"), np.array([0.5, 0.5]), np.array([1.0, 0.0]), "light"))
    assert [(trace.name, list(trace.x), list(trace.y)) for trace in figure.data] == [
        ("data", ["a", "7"], [0.5, 0.5]),
        ("generated", ["a", "7"], [1.0, 0.0]),
    ]
    assert figure.layout.xaxis.type == "category", "names of classes are no numbers"


@pytest.mark.parametrize(("d", "kind"), [(2, "scatter"), (3, "scatter3d")])
def test_layers_lie_over_their_lines(d, kind):
    points = np.random.default_rng(0).random((9, d))
    drawn = [figures.Layer("data", points, "#888888"), figures.Layer("decoded", points, "#3f6fd9")]
    figure = checked(figures.layers(drawn, "light", lines=[points[:3], points[3:6]], line="grid"))
    assert [trace.name for trace in figure.data] == ["grid", "data", "decoded"]
    assert {trace.type for trace in figure.data} == {kind}
    assert np.isnan(figure.data[0].x[3]) and len(figure.data[0].x) == 8


def test_a_panel_for_each_measure_over_the_strength():
    at = np.linspace(0.1, 1, 4)
    figure = checked(
        figures.against_strength(
            at,
            {"input": "#111", "a run": "#222", "another": "#333"},
            {"PSNR": (at, at, at), "MSE": (at, at, at)},
            "light",
            chosen=0.3,
            trained=0.2,
        )
    )
    assert len(figure.data) == 6 and len(figure.layout.shapes) == 4
    assert [each.line.dash for each in figure.data[:3]] == ["dot", "solid", "solid"]


def test_figures_need_no_torch():
    code = "import sys, aeviz.views.figures; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
