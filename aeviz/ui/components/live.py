"""A run's picture: its loss, codes, reconstructions and samples, live and at any stored moment."""

from collections.abc import Mapping, Sequence
from typing import Literal

from streamlit.components.v2 import component

from aeviz.ui.components.sources import SHARED, javascript, styles

PARTS = (
    "live_feed",
    "live_header",
    "live_loss",
    "glide",
    "live_latent",
    "live_images",
    "live_cloud",
    "live_samples",
    "live_scrubber",
    "live",
)

_live = component("aeviz.live", css=styles("shared", "live"), js=javascript(*SHARED, *PARTS))


def live_run(
    run: str,
    *,
    key: str,
    base: str = "/aeviz/runs",
    lead: Literal["codes", "samples"] = "codes",
    quiet: Sequence[str] = (),
) -> str | None:
    """Draw the run and return the status that its picture last reported; None before the first report.

    lead: what stands beside the loss; with samples, codes and reconstructions are left out. quiet: terms of the loss
    that are not drawn at first.

    The page reruns only when the status changes. The component's state `status` is `{"run": …, "status": …}`, so that
    what was reported of another run is never taken for this one's.
    """
    result = _live(
        data={"run": run, "base": base, "lead": lead, "quiet": list(quiet)}, key=key, on_status_change=_nothing
    )
    report = result.get("status")
    if isinstance(report, Mapping) and report.get("run") == run:
        return str(report["status"])
    return None


def _nothing() -> None:
    """A callback has to be there for its state to be there; the page reads the state itself."""
