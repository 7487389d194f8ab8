"""One declaration for every choice: what a spec refuses, and in which words."""

from dataclasses import FrozenInstanceError, dataclass
from typing import ClassVar, Literal

import pytest

from aeviz.errors import SettingError
from aeviz.spec import Spec, knob, read


@dataclass(frozen=True)
class Lamp(Spec):
    """A lamp: every type of knob."""

    title: ClassVar[str] = "Lamp"
    watts: int = knob(40, "Power", "In watts.", low=1, high=100)
    glow: float = knob(0.5, "Glow", "From dark to bright.", low=0, high=1)
    lit: bool = knob(True, "Lit", "Whether it shines.")
    colour: Literal["warm", "cold"] = knob("warm", "Colour", "Of the light.", choices=("warm", "cold"))
    label: str = knob("", "Label", "Written below.")
    arms: tuple[int, ...] = knob((3, 2), "Arms", "Joints of each arm.", low=1, high=9, most=3)

    def problems(self) -> list[str]:
        return ["Lamp: a cold lamp cannot glow fully."] if self.colour == "cold" and self.glow == 1 else []


@dataclass(frozen=True)
class Candle(Spec):
    """A candle."""

    title: ClassVar[str] = "Candle"


@dataclass(frozen=True)
class Vague(Spec):
    """A knob of two types."""

    either: int | str = knob(1, "Either", "One or the other.")


def problem(**settings: object) -> str:
    """The one sentence with which the lamp refuses."""
    with pytest.raises(SettingError) as caught:
        Lamp(**settings)  # type: ignore[arg-type]
    (sentence,) = caught.value.problems
    return sentence


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"watts": 0}, "Lamp.watts = 0: must lie in [1, 100]."),
        ({"watts": 2.5}, "Lamp.watts = 2.5: must be a whole number."),
        ({"watts": True}, "Lamp.watts = True: must be a whole number."),
        ({"watts": "forty"}, "Lamp.watts = 'forty': must be a whole number."),
        ({"watts": float("inf")}, "Lamp.watts = inf: must be a whole number."),
        ({"glow": -0.25}, "Lamp.glow = -0.25: must lie in [0, 1]."),
        ({"glow": float("nan")}, "Lamp.glow = nan: must be a number."),
        ({"glow": None}, "Lamp.glow = None: must be a number."),
        ({"lit": "yes"}, "Lamp.lit = 'yes': must be true or false."),
        ({"colour": "green"}, "Lamp.colour = 'green': must be one of warm, cold."),
        ({"label": 7}, "Lamp.label = 7: must be text."),
        ({"arms": (1, 2, 3, 4)}, "Lamp.arms = (1, 2, 3, 4): must have at most 3 entries."),
        ({"arms": (1, 10)}, "Lamp.arms = (1, 10): must lie in [1, 9]."),
        ({"arms": "12"}, "Lamp.arms = '12': must be a row of whole numbers, such as [256, 64]."),
        ({"colour": "cold", "glow": 1}, "Lamp: a cold lamp cannot glow fully."),
    ],
    ids=str,
)
def test_a_refusal_names_the_field_the_value_and_the_rule(settings: dict[str, object], sentence: str) -> None:
    assert problem(**settings) == sentence


def test_every_wrong_field_is_named_at_once() -> None:
    with pytest.raises(SettingError) as caught:
        Lamp(watts=0, glow=2, lit=3)  # type: ignore[arg-type]
    assert len(caught.value.problems) == 3
    assert str(caught.value) == " ".join(caught.value.problems)


def test_long_values_are_shown_short() -> None:
    assert len(problem(colour="x" * 10_000)) < 150
    assert len(problem(watts=10**500)) < 150


def test_values_take_the_declared_type() -> None:
    lamp = Lamp(watts=3.0, glow=1, arms=[1.0, 2])  # type: ignore[arg-type]
    assert [type(each) for each in (lamp.watts, lamp.glow, *lamp.arms)] == [int, float, int, int]
    assert lamp == Lamp(watts=3, glow=1.0, arms=(1, 2))


def test_a_spec_is_frozen_and_can_be_a_key() -> None:
    with pytest.raises(FrozenInstanceError):
        Lamp().watts = 3  # type: ignore[misc]
    assert {Lamp(): 1}[Lamp(watts=40)] == 1


def test_json_names_the_kind_and_every_field_and_gives_the_spec_back() -> None:
    lamp = Lamp(arms=(), colour="cold")
    assert lamp.to_json() == {
        "kind": "Lamp", "watts": 40, "glow": 0.5, "lit": True, "colour": "cold", "label": "", "arms": [],
    }  # fmt: skip
    assert Lamp.from_json(lamp.to_json()) == lamp
    assert Lamp.from_json({"watts": 7}) == Lamp(watts=7)


def test_an_unknown_setting_is_refused_with_the_likely_one_and_all_there_are() -> None:
    with pytest.raises(SettingError) as caught:
        Lamp.from_json({"wats": 3, "zzz": 1})
    assert caught.value.problems == (
        "Lamp has no setting 'wats'. Did you mean watts? There are: watts, glow, lit, colour, label, arms.",
        "Lamp has no setting 'zzz'. There are: watts, glow, lit, colour, label, arms.",
    )
    with pytest.raises(SettingError, match=r"Candle has no setting 'watts'\. There are: none\."):
        Candle.from_json({"watts": 3})


@pytest.mark.parametrize(
    ("json", "words"),
    [
        ([], r"The light is \[\]: write it as {\"kind\": \"Lamp\", …}."),
        (None, "The light is None"),
        ({"watts": 3}, "write it as"),
        ({"kind": "Lam"}, r"There is no light 'Lam'. Did you mean Lamp\? There are: Lamp, Candle."),
        ({"kind": ["Lamp"]}, "There is no light"),
        ({"kind": {}}, "There is no light"),
        ({"kind": None}, "There is no light"),
        ("torch", "There is no light 'torch'"),
    ],
    ids=str,
)
def test_a_variant_that_cannot_be_read_is_refused_in_words(json: object, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        read((Lamp, Candle), json, "light")


def test_a_variant_is_read_from_its_name_or_its_fields() -> None:
    assert read((Lamp, Candle), "Candle", "light") == Candle()
    assert read((Lamp, Candle), {"kind": "Lamp", "watts": 2}, "light") == Lamp(watts=2)


def test_options_say_what_a_page_needs() -> None:
    options = Lamp.options()
    assert (options["kind"], options["title"], options["doc"]) == ("Lamp", "Lamp", "A lamp: every type of knob.")
    ranges = {each["name"]: (each["type"], each["range"], each["default"]) for each in options["knobs"]}
    assert ranges == {
        "watts": ("int", [1, 100], 40),
        "glow": ("float", [0, 1], 0.5),
        "lit": ("bool", [False, True], True),
        "colour": ("str", ["warm", "cold"], "warm"),
        "label": ("str", [None, None], ""),
        "arms": ("widths", [1, 9], [3, 2]),
    }


def test_a_knob_of_two_types_is_a_mistake_of_its_author() -> None:
    with pytest.raises(TypeError, match=r"Vague\.either: a knob has one plain type"):
        Vague()
