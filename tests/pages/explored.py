"""Runs for the pages on codes: one of every kind that these pages meet, trained in moments."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from streamlit.testing.v1 import AppTest

from aeviz.data import Digits, Photos, Shapes, Toys
from aeviz.learning import SGD
from aeviz.models import Aae, ConditionalVae, Conv, ConvUnpool, Dbm, Gan, Linear, Mlp, Rbm, Vae, VqVae, Wae
from aeviz.recipe import Recipe
from aeviz.runs.local import carry_out
from aeviz.runs.store import Store
from tests.patience import SECONDS

MAIN = Path(__file__).resolve().parents[2] / "pages" / "main.py"
SMALL = (16,)
RECIPES: Mapping[str, Recipe] = {
    "code of 1": Recipe(data=Digits(), model=Mlp(code=1, hidden=SMALL), epochs=1),
    "code of 2": Recipe(data=Digits(), model=Mlp(code=2, hidden=SMALL), epochs=1),
    "code of 8": Recipe(data=Digits(), model=Vae(code=8, hidden=SMALL), epochs=1),
    "code of 64": Recipe(data=Digits(), model=Linear(code=64), epochs=1),
    "positive code": Recipe(data=Digits(), model=Mlp(code=2, hidden=SMALL, code_activation="relu"), epochs=1),
    "factors": Recipe(data=Shapes(images=200), model=Conv(code=3, channels=(4,)), epochs=1, batch_size=64),
    "unpooling": Recipe(data=Digits(), model=ConvUnpool(code=3, channels=(4,)), epochs=1),
    "colour": Recipe(data=Photos(size=8, colour=True, patches=200), model=Mlp(code=2, hidden=SMALL), epochs=1),
    "points": Recipe(data=Toys(points=100), model=Mlp(code=1, hidden=SMALL), epochs=1, batch_size=32),
    "no classes": Recipe(
        data=Toys(figure="swiss roll", points=100), model=Mlp(code=2, hidden=SMALL), epochs=1, batch_size=32
    ),
    "conditional": Recipe(data=Digits(), model=ConditionalVae(code=2, hidden=SMALL), epochs=1),
    "quantized": Recipe(data=Digits(), model=VqVae(code=4, hidden=SMALL), epochs=1),
    "wasserstein": Recipe(data=Digits(), model=Wae(code=2, hidden=SMALL), epochs=1),
    "adversarial": Recipe(data=Digits(), model=Aae(hidden=SMALL), epochs=1),
    "generator": Recipe(data=Digits(), model=Gan(code=4, hidden=SMALL), epochs=1),
    "generated points": Recipe(data=Toys(points=100), model=Gan(code=2, hidden=SMALL), epochs=1, batch_size=32),
    "machine": Recipe(data=Digits(), model=Rbm(code=9, phase="persistent", particles=20), epochs=1),
    "deep machine": Recipe(data=Digits(), model=Dbm(hidden=(12,), code=2, particles=20), epochs=1),
    "machine of points": Recipe(
        data=Toys(points=100), model=Rbm(code=3, likelihood="gaussian"), epochs=1, batch_size=32
    ),
    "diverged": Recipe(data=Digits(), model=Linear(code=2), optimizer=SGD(learning_rate=10), epochs=1),
}


@cache
def trained(folder: Path) -> dict[str, str]:
    """A store with a run of each recipe, made once a session; name → id."""
    store = Store(folder)
    return {name: carry_out(store, recipe).id for name, recipe in RECIPES.items()}


def page(name: str, **query: str) -> AppTest:
    """One page of the app with these query parameters (`__` for a dot), run once. It has raised nothing."""
    at = AppTest.from_file(str(MAIN), default_timeout=SECONDS)
    at.switch_page(f"{name}.py")
    for key, value in query.items():
        at.query_params[key.replace("__", ".")] = value
    return ran(at)


def ran(at: AppTest) -> AppTest:
    """The page after one more run, which has raised nothing."""
    at.run()
    assert not at.exception, [each.message for each in at.exception]
    return at


def words(at: AppTest) -> str:
    """All that the page's own HTML and captions say, without tags and pictures."""
    bodies = [each.proto.body for each in at.get("html")] + [each.value.replace("\\", "") for each in at.caption]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", re.sub(r"<style>.*?</style>", "", " ".join(bodies), flags=re.S)))


def pictures(at: AppTest) -> list[str]:
    """The description of each picture on the page."""
    return re.findall(
        r'<img src="data:image/png;base64,[^"]+" alt="([^"]*)"', " ".join(each.proto.body for each in at.get("html"))
    )


def click(at: AppTest, key: str, place: tuple[float, float], index: int | None = None, count: int = 1) -> AppTest:
    """The page after a click on its scatter."""
    at.session_state[key] = {"picked": {"x": place[0], "y": place[1], "index": index, "count": count, "scene": "any"}}
    return ran(at)


def address(at: AppTest, name: str) -> str:
    """What the page's address holds under a name, or nothing."""
    value = at.query_params.get(name, "")
    return value if isinstance(value, str) else value[0]
