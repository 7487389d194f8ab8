"""Presets fit together, name their source, and build what the papers built."""

import json

import pytest

from aeviz.__main__ import main
from aeviz.errors import SettingError
from aeviz.presets import PRESETS, Preset, preset
from aeviz.recipe import read_recipe


@pytest.mark.parametrize("each", PRESETS, ids=lambda each: each.name)
def test_a_preset_fits_together_and_says_where_it_is_from(each: Preset) -> None:
    assert each.recipe.check() is each.recipe
    assert any(str(year) in each.source for year in range(1986, 2026))
    assert each.deviations
    assert read_recipe(json.dumps(each.recipe.to_json())) == each.recipe
    assert preset(each.name) is each


def test_names_are_unique_and_an_unknown_one_is_refused_with_the_likely_one() -> None:
    assert len({each.name for each in PRESETS}) == len(PRESETS)
    with pytest.raises(SettingError, match=r"'hinton-3'.*Did you mean hinton-"):
        preset("hinton-3")


def test_the_deep_autoencoder_has_the_layers_of_the_paper() -> None:
    recipe = preset("hinton-30").recipe
    model = recipe.build((1, 28, 28))
    widths = [tuple(value.shape) for name, value in model.named_parameters() if name.endswith("weight")]
    inward = [(1000, 784), (500, 1000), (250, 500), (30, 250)]
    assert widths == inward + [shape[::-1] for shape in reversed(inward)]
    assert preset("hinton-faces").recipe.data.shape() == (1, 25, 25)


def test_the_command_line_lists_presets(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["presets", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in listed] == [each.name for each in PRESETS]
    assert main(["presets"]) == 0
    assert "Hinton & Salakhutdinov" in capsys.readouterr().out
