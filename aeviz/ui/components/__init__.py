"""Canvas components: plain JavaScript that paints arrays which it fetches itself, without reruns of the page.

They follow Streamlit's theme, work by pointer, touch and keyboard, and read the one format of docs/ARCHITECTURE.md.
"""

from aeviz.ui.components.drawing import Answer, Drawn, drawing, last_drawn
from aeviz.ui.components.live import live_run
from aeviz.ui.components.reel import reel
from aeviz.ui.components.scatter import Pick, scatter
from aeviz.ui.components.wall import Tile, wall

__all__ = ["Answer", "Drawn", "Pick", "Tile", "drawing", "last_drawn", "live_run", "reel", "scatter", "wall"]
