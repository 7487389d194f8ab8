"""The text of the components' JavaScript and CSS: Streamlit takes inline text, so small modules are joined here."""

from pathlib import Path

FOLDER = Path(__file__).parent

# In the order in which they are joined. Each is about one subject and names nothing outside these lists.
PURE = ("safetensors", "numbers", "palette", "tape_images", "tape")
"""Modules that never touch the page; tests run them by themselves."""
SHARED = (*PURE, "theme", "elements", "surface", "markers", "gestures", "axes", "plane", "legend")


def javascript(*names: str) -> str:
    """The modules of these names, joined into one; the last may hold the default export that Streamlit mounts."""
    return "\n".join((FOLDER / "javascript" / f"{name}.js").read_text(encoding="utf-8") for name in names)


def styles(*names: str) -> str:
    """The style sheets of these names, joined into one."""
    return "\n".join((FOLDER / "styles" / f"{name}.css").read_text(encoding="utf-8") for name in names)
