"""A wall as one HTML file that opens without a server: the stored frames are in it, and so is what draws them."""

import base64
import html
import json
from collections.abc import Sequence

from aeviz.runs.store import Run, Store
from aeviz.ui.components.sources import SHARED, javascript, styles
from aeviz.ui.components.wall import PICTURES, STYLES
from aeviz.views import comparison
from aeviz.views.look import INKS, Theme
from aeviz.views.look import RUNS as COLOURS

MOST_FRAMES = 30  # of each run: enough to see it learn, few enough to be sent by mail
VIEWS = (("codes", "Codes"), ("reconstructions", "Reconstructions"), ("samples", "Samples"))


def page(kept: Store, runs: Sequence[Run], rows: Sequence[Sequence[str]], examples: bytes | None) -> bytes:
    """The file. rows: the table below the wall, its first row the heads. examples: what the codes are codes of.

    Raises:
        OSError: a file of a run has gone meanwhile.
    """
    captions = comparison.captions([run.recipe for run in runs])
    tiles = [
        {"id": run.id, "title": caption, "colour": colour}
        for run, caption, colour in zip(runs, captions, COLOURS, strict=False)
    ]
    data = {
        "runs": tiles,
        "base": "",
        "examples": f"data:application/octet-stream;base64,{_coded(examples)}" if examples else None,
    }
    code = javascript(*SHARED, "stored_feed", *PICTURES, "wall_page").replace("export default function", "function")
    text = _PAGE.format(
        title=html.escape(" · ".join(captions)),
        light=_theme("light"),
        dark=_theme("dark"),
        styles=styles(*STYLES),
        table="".join(_row(row, "td" if number else "th") for number, row in enumerate(rows)),
        recipes=_embedded([run.recipe.to_json() for run in runs]),
        stored=_embedded({run.id: _stored(kept, run) for run in runs}),
        data=_embedded(data),
        views=json.dumps(VIEWS),
        code=code.replace("</script", "<\\/script"),
    )
    return text.encode()


def _row(cells: Sequence[str], tag: str) -> str:
    return f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)}</tr>"


def _stored(kept: Store, run: Run) -> dict[str, object]:
    rows, _ = kept.history(run.id)
    epochs = {row["step"]: row["epoch"] for row in rows}
    known = [step for step in kept.frames(run.id) if step in epochs] or kept.frames(run.id)
    steps = comparison.thinned(known, MOST_FRAMES)
    scene = kept.path(run.id) / "scene.safetensors"
    return {
        "state": {"status": run.status, "message": run.message, "epoch": run.epoch, "epochs": run.recipe.length()},
        "rows": rows,
        "frames": [{"step": step, "epoch": epochs.get(step, run.epoch)} for step in steps],
        "scene": _coded(scene.read_bytes()) if scene.exists() else "",
        "files": {str(step): _coded(kept.frame_path(run.id, step).read_bytes()) for step in steps},
    }


def _coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _embedded(value: object) -> str:
    """JSON that may stand within a script element."""
    return json.dumps(value).replace("<", "\\u003c")


def _theme(name: Theme) -> str:
    inks = INKS[name]
    return (
        f"--st-text-color: {inks.text}; --st-background-color: {inks.paper}; --st-primary-color: {inks.accent}; "
        f"--st-secondary-background-color: {inks.grid}; --st-font: system-ui, sans-serif;"
    )


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; {light} }}
@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}
body {{ margin: 0 auto; max-width: 1280px; padding: 20px; background: var(--st-background-color);
  color: var(--st-text-color); font: 14px/1.5 var(--st-font); }}
#table {{ overflow-x: auto; margin-top: 24px; }}
table {{ border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }}
th, td {{ padding: 4px 16px 4px 0; text-align: left; white-space: nowrap; border-bottom: 1px solid #8884; }}
#views {{ margin-bottom: 12px; }}
{styles}
</style>
</head>
<body>
<div id="views" class="live"></div>
<div id="wall"></div>
<div id="table"><table>{table}</table></div>
<script type="application/json" id="recipes">{recipes}</script>
<script type="application/json" id="stored">{stored}</script>
<script type="application/json" id="data">{data}</script>
<script type="module">
const STORED = JSON.parse(document.getElementById("stored").textContent);
{code}
openWallPage(JSON.parse(document.getElementById("data").textContent), {views});
</script>
</body>
</html>
"""
