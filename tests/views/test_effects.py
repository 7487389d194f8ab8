"""What a regularizer did, in words."""

from aeviz.data.pairings import GaussianNoise
from aeviz.learning import Contractive, SparseL1
from aeviz.models import Mlp
from aeviz.recipe import Recipe
from aeviz.views.comparison import captions
from aeviz.views.effects import effect, plain

PLAIN, SPARSE, NOISY = Recipe(), Recipe(terms=(SparseL1(),)), Recipe(pairing=GaussianNoise())


def test_the_plain_run_has_neither_weight_nor_corruption() -> None:
    assert plain([SPARSE, NOISY, PLAIN]) == 2
    assert plain([SPARSE, Recipe(terms=(Contractive(weight=0),))]) == 1
    assert plain([SPARSE, NOISY]) is None


def test_an_effect_is_told_in_counts_and_ratios() -> None:
    own = {"active_units": 1.0, "jacobian_norm": 0.5, "test_mse": 0.03}
    other = {"active_units": 2.0, "jacobian_norm": 2.0, "test_mse": 0.02}
    assert effect(own, other, (2, 2), "plain") == (
        "1 of 2 units are active (plain: 2 of 2); the mean ‖J‖ of the encoder is 0.25 times that of plain; "
        "the squared error is 1.50 times that of plain."
    )
    assert effect({"test_mse": 1e-4}, {"test_mse": 1.0}, (2, 2), "plain").startswith(
        "the squared error is 0.0001 times"
    )
    assert "nothing" in effect({}, {"jacobian_norm": 0.0}, (2, 2), "plain")


def test_a_caption_is_what_is_a_runs_own() -> None:
    assert captions([PLAIN, SPARSE, NOISY]) == [
        "plain",
        "Sparse, L1 (0.1)",
        f"Gaussian noise ({GaussianNoise().strength:g})",
    ]
    assert captions([Recipe(model=Mlp(code=k)) for k in (2, 8)]) == ["Code size k 2", "Code size k 8"]
    assert captions([Recipe(seed=seed) for seed in (0, 1)]) == ["seed 0", "seed 1"]
    twice = [Recipe(model=Mlp(code=k), seed=seed) for k in (2, 8) for seed in (0, 1)]
    assert captions(twice)[1] == "Code size k 2 · seed 1"
    assert captions([PLAIN, PLAIN]) == [PLAIN.name()] * 2
