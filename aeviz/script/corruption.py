"""How a script corrupts what it feeds: the functions that it needs for it, and what `corrupted` does."""

from aeviz.data.pairings import (
    Clean,
    GaussianNoise,
    MaskingNoise,
    Occlusion,
    Pairing,
    SaltAndPepper,
    Striking,
    SuperResolution,
)
from aeviz.recipe import Recipe
from aeviz.script import texts

KNOWN = (Clean, GaussianNoise, MaskingNoise, SaltAndPepper, Occlusion, SuperResolution)


def functions(recipe: Recipe) -> str:
    """The functions that the corruption needs."""
    text = ""
    match recipe.pairing:
        case MaskingNoise() | SaltAndPepper():
            text = texts.ONE_A_PIXEL
        case Occlusion() as occlusion:
            missing = occlusion.missing(recipe.data.shape())
            text = texts.OCCLUDED.format(missing=missing)
        case SuperResolution(strength=strength):
            text = texts.COARSE.format(left=1 - strength)
    return f"{text.strip()}\n\n\n" if text else ""


def emphasised(pairing: Pairing) -> bool:
    """Whether what was corrupted counts more in the reconstruction, or less, than the rest."""
    return isinstance(pairing, Striking) and not pairing.alpha == pairing.beta == 1


def body(recipe: Recipe) -> str:
    """What `corrupted` does and gives: the corrupted x, with emphasis how much each number counts, too."""
    pairing, given = recipe.pairing, ""
    if isinstance(pairing, Striking) and emphasised(pairing):
        given = f", torch.where(struck, {pairing.alpha!r}, {pairing.beta!r}).expand_as(x)"
    zero = f"torch.where(struck, torch.zeros_like(x), x){given}"
    match pairing:
        case GaussianNoise(strength=strength):
            return f"return x + {strength!r} * torch.empty_like(x).normal_(generator=noise)"
        case MaskingNoise(strength=strength):
            return texts.STRUCK.format(struck=f"one_a_pixel(x, noise) < {strength!r}", fed=zero)
        case SaltAndPepper(strength=strength):
            salted = f"torch.where(struck, (u >= {strength / 2!r}).float().expand_as(x), x){given}"
            return texts.SALTED.format(share=strength, fed=salted)
        case Occlusion():
            return texts.STRUCK.format(struck="occluded(x, noise)", fed=zero)
        case SuperResolution():
            return "return coarse(x, noise)"
    return "return x.clone()"
