"""A stack of layers as a drawing, and the stages in which it is trained."""

import html
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

STYLE = """<style>
.ae-stages { display: flex; flex-wrap: wrap; gap: 0.4rem; }
.ae-stages span { padding: 0.2rem 0.7rem; border-radius: 7px; font-size: 0.85rem;
  border: 1px solid color-mix(in srgb, currentColor 22%, transparent); }
.ae-stages span.over::before { content: "✓ "; color: var(--st-primary-color, #3f6fd9); }
.ae-stages span.current { font-weight: 600; border-color: var(--st-primary-color, #3f6fd9);
  background: color-mix(in srgb, var(--st-primary-color, #3f6fd9) 16%, transparent); }
.ae-stages span.ahead { border-style: dashed; opacity: 0.7; }
.ae-stages small { opacity: 0.7; margin-left: 0.4rem; }
.ae-stack { max-width: 60rem; padding: 0.4rem 1.4rem 0; }
.ae-stack div { display: flex; align-items: center; }
.ae-stack i { flex: 0 0 8px; border-radius: 2px; background: color-mix(in srgb, currentColor 70%, transparent); }
.ae-stack i.code { background: var(--st-primary-color, #3f6fd9); }
.ae-stack b { flex: 1 1 0; height: 120px; background: color-mix(in srgb, currentColor 10%, transparent); }
.ae-stack b.learns { background: color-mix(in srgb, var(--st-primary-color, #3f6fd9) 55%, transparent); }
.ae-stack .names { height: 1.1rem; justify-content: space-between; font-size: 0.75rem; }
.ae-stack .names span { flex: 0 0 8px; min-width: 0; display: flex; justify-content: center; white-space: nowrap; }
.ae-stack .names span.learns { color: var(--st-primary-color, #3f6fd9); font-weight: 600; }
</style>"""

TALL = 120


@dataclass(frozen=True)
class Progress:
    """Where a training in stages stands: number of the stage that is being trained, as many as there are at its end."""

    stages: Sequence[dict[str, Any]]
    current: int

    def learning(self, depth: int) -> set[int]:
        """Which of the 2·depth weight matrices, counted from the input, learn now; 2·depth stands for a head."""
        if self.current >= len(self.stages):
            return set()
        name = str(self.stages[self.current]["name"])
        if number := re.fullmatch(r"layer (\d+)", name):
            layer = int(number[1])
            return {layer - 1, 2 * depth - layer}
        return {*range(depth), 2 * depth} if name == "classifier" else set(range(2 * depth))


def strip(progress: Progress) -> str:
    """The stages in their order as HTML: which are over, which is being trained."""
    chips = []
    for number, stage in enumerate(progress.stages):
        state = "over" if number < progress.current else "current" if number == progress.current else "ahead"
        words = f"{html.escape(str(stage['name']))}<small>{int(stage['epochs']):,} epochs</small>"
        chips.append(f'<span class="{state}">{words}</span>')
    return f'<div class="ae-stages">{"".join(chips)}</div>'


def drawing(widths: Sequence[int], learns: set[int], classes: int = 0) -> str:
    """The layers from input to code and back as HTML; the heights follow the logarithm of the widths.

    widths: of input, hidden layers and code. learns: the matrices that are marked. classes: of a head on the code.
    """
    both = [*widths, *reversed(widths[:-1])]
    code = len(widths) - 1
    most = math.log(max(both) + 1)
    heights = [max(0.1, math.log(width + 1) / most) for width in both]
    parts = []
    for place, height in enumerate(heights):
        parts.append(f'<i class="{"code" if place == code else ""}" style="height: {TALL * height:.0f}px"></i>')
        if place + 1 < len(heights):
            before, after = (50 * (1 - each) for each in (height, heights[place + 1]))
            corners = f"0 {before:.0f}%, 100% {after:.0f}%, 100% {100 - after:.0f}%, 0 {100 - before:.0f}%"
            marked = "learns" if place in learns else ""
            parts.append(f'<b class="{marked}" style="clip-path: polygon({corners})"></b>')
    head = f'<span class="{"learns" if 2 * code in learns else ""}">→ {classes} classes</span>' if classes else ""
    named = {0: "input", code: "code", len(both) - 1: "output"}
    rows = [
        "".join(f"<span>{width:,}</span>" for width in both),
        "".join(f"<span>{named.get(place, '')}</span>" for place in range(len(both))),
        "".join(head if place == code and head else "<span></span>" for place in range(len(both))),
    ]
    words = "The stack, from input to code and back: " + ", ".join(map(str, both))
    names = "".join(f'<div class="names">{row}</div>' for row in (rows if classes else rows[:2]))
    return f'<div class="ae-stack" role="img" aria-label="{words}"><div>{"".join(parts)}</div>{names}</div>'
