"""Interpolate's ways and the Geometry page in Chromium."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.downloading import downloaded

pytestmark = pytest.mark.browser


def test_ways_are_drawn_chosen_animated_and_downloaded(visit, trained):
    page = visit(f"/interpolate?run={trained['variational']}&interpolate.animate=true")
    expect(page.get_by_test_id("scatter")).to_have_attribute("data-state", "ready")
    for way in ("Straight", "Along the data", "Geodesic", "Pixels"):
        expect(page.get_by_role("img", name=f"{way}, 1 of 9")).to_be_visible()
    expect(page.get_by_text(re.compile(r"at first; (at rest|not yet at rest) after \d+ rounds"))).to_be_visible()
    expect(page.get_by_role("img", name="The ways, walked there and back")).to_be_visible()
    page.get_by_role("button", name="Spherical").click()
    expect(page.get_by_role("img", name="Spherical, 1 of 9")).to_have_count(0)
    # What the last run of the page drew stays until this one ends.
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    for name, start in (("GIF", b"GIF8"), ("MP4", b"ftyp")):
        download = downloaded(page.get_by_role("button", name=name, exact=True))
        with open(download.path(), "rb") as file:
            assert start in file.read(12)
    page.get_by_role("radio", name="Four corners").click()
    expect(page.get_by_test_id("stImage").locator("img")).to_be_visible()
    page.get_by_role("radio", name="Attribute").click()
    expect(page.get_by_role("img", name="A, decoded")).to_be_visible()
    expect(page).to_have_url(re.compile("interpolate.go=Attribute"))


def test_each_section_of_geometry_is_drawn_when_it_is_chosen(visit, trained):
    page = visit(f"/geometry?run={trained['denoising']}")
    expect(page.get_by_text("Cosine with σ²∇log p")).to_be_visible()
    expect(page.get_by_test_id("stPlotlyChart")).to_be_visible()
    page.get_by_role("radio", name="Tangents").click()
    expect(page.get_by_role("img", name=re.compile("^singular vector 1"))).to_be_visible()
    expect(page.get_by_text("Principal angle 1")).to_be_visible()
    page.get_by_role("radio", name="Spectrum").click()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    page.get_by_role("radio", name="Identity").click()
    expect(page.get_by_role("img", name=re.compile("^Uniform noise, 1 of")).first).to_be_visible()
    page.get_by_role("radio", name="PCA").click()
    link = page.get_by_role("link", name="Train a linear one")
    expect(link).to_be_visible()
    link.click()
    expect(page).to_have_url(re.compile("model=Linear"))
    expect(page.locator("h1")).to_have_text("Train")
