"""How a script builds a Boltzmann machine, its chains and what it learns from."""

import math
from itertools import pairwise

from aeviz.data.pairings import Clean
from aeviz.learning import Greedy
from aeviz.models import Dbm, Rbm
from aeviz.models.deep import DOWNWARD_SWEEPS
from aeviz.models.machines import EnergyModel
from aeviz.models.units import RAREST
from aeviz.recipe import Recipe
from aeviz.script import machine_texts as texts
from aeviz.script.corruption import emphasised
from aeviz.script.network import Network

KNOWN = (Rbm, Dbm)


def network_of(recipe: Recipe, model: EnergyModel) -> Network:
    """The network of a machine, which is one of `KNOWN`."""
    shape = recipe.data.shape()
    match model:
        case Dbm():
            return _deep(recipe, model, shape)
        case Rbm():
            return _restricted(model, shape)
    raise AssertionError(model)


def _deep(recipe: Recipe, model: Dbm, shape: tuple[int, ...]) -> Network:
    widths = {"visible": math.prod(shape)}
    widths |= {f"hidden {number}": width for number, width in enumerate((*model.hidden, model.code), 1)}
    depth = len(widths) - 1
    kinds = dict.fromkeys(widths, "bernoulli") | {"visible": model.likelihood}
    scaled = model.likelihood == "gaussian" and model.deviation != 1
    as_fed = isinstance(recipe.pairing, Clean) and not any(term.needs_input_gradient for term in recipe.terms)
    path = list(widths)
    layers = texts.DEEP.format(
        downward=DOWNWARD_SWEEPS if depth > 1 else 1,
        placed=" * DEVIATION" if scaled else "",
        told="",
        given="PATH[0]: seen(target)",
        fields=texts.SETTLED if as_fed and depth <= 2 else "SWEEPS",
    )
    return Network(
        texts.MACHINE_CONSTANTS.format(
            sizes=widths,
            kinds=kinds,
            path=path,
            aside=(),
            steps=model.steps,
            deviation=texts.DEVIATION.format(deviation=model.deviation) if scaled else "",
        )
        + texts.DEEP_CONSTANTS.format(sweeps=model.sweeps),
        f"{texts.COINS}{texts.GRAPH.format()}{texts.MACHINE_SEEN.format(seen=' / DEVIATION' if scaled else '')}"
        f"{_chains(model)}\n\n\n{layers}",
        texts.MACHINE_WEIGHTS.format(
            edges=list(pairwise(path)),
            rates=_rates(model, "visible", "seen(train).mean(0)") if model.rates else "",
        ),
        texts.MACHINE_PARAMETERS,
        drawn="code = z",
        loss="energies(target, {bare}, draws, learning)",
        learning=True,
        buffers=() if model.phase == "contrastive" else ("particles",),
        layer=_layer(recipe, texts.LAYER_OF.format(doubled=model.doubled, joined="")),
        layer_parameters=texts.LAYER_PARAMETERS,
    )


def _layer(recipe: Recipe, layer_of: str, *, told: str = "", known: str = "") -> str:
    """How a layer learns alone; layer_of: the function that gives it as a machine; empty where layers do not.

    told, known: what is given beside an example, as layers.
    """
    if not isinstance(recipe.training, Greedy):
        return ""
    fed = "x = below"
    if recipe.training.layers == "denoising":
        fed = "x = corrupted(target if number == 1 else below, noise)"
        fed += "[0]" if emphasised(recipe.pairing) else ""
        fed += "\n        x = seen(x) if number == 1 else x"
    return texts.LAYER.format(layer_of=layer_of, told=told, fed=fed, known=known)


def _chains(model: EnergyModel) -> str:
    """How the states of the model phase come about."""
    chains = model.chains()
    if chains.phase == "contrastive":
        return texts.FROM_DATA.format()
    tempered = chains.phase == "tempered"
    moved = texts.TEMPERED if tempered else texts.ONE_CHAIN
    text = texts.CHAINS.format(ladder=chains.ladder(), particles=chains.particles, moved=moved)
    return (texts.TEMPERING.format() if tempered else "") + text


def _rates(model: EnergyModel, layer: str, mean: str) -> str:
    """The biases of a layer with which it rests at this mean."""
    return texts.MACHINE_RATES.format(layer=layer, resting=_resting(mean, model.likelihood == "gaussian"))


def _resting(mean: str, gaussian: bool) -> str:
    return mean if gaussian else f"torch.logit({mean}.clamp({RAREST}, 1 - {RAREST}))"


def _restricted(model: Rbm, shape: tuple[int, ...]) -> Network:
    gaussian, persistent = model.likelihood == "gaussian", model.phase == "persistent"
    scaled = gaussian and model.deviation != 1
    layers = texts.RESTRICTED_LAYERS.format(
        coins=texts.COINS,
        seen=" / DEVIATION" if scaled else "",
        visible="told + torch.empty_like(told).normal_(generator=draws)" if gaussian else texts.TOSSED,
        energy=("½v² " if gaussian else "") + "−b·v − Σ log(1 + exp(c + Wv))",
        own="v.square().sum(1) / 2 " if gaussian else "",
        dream=(
            texts.PERSISTENT.format(particles=model.particles)
            if persistent
            else texts.CONTRASTIVE.format(unplaced=" / DEVIATION" if scaled else "")
        ),
        beside="" if gaussian else texts.PSEUDO_LIKELIHOOD,
        placed=" * DEVIATION" if scaled else "",
    )
    resting = _resting("seen(train).mean(0)", gaussian)
    return Network(
        texts.RESTRICTED.format(
            visible=math.prod(shape),
            hidden=model.code,
            steps=model.steps,
            deviation=texts.DEVIATION.format(deviation=model.deviation) if scaled else "",
        ),
        layers,
        texts.RESTRICTED_WEIGHTS.format(rates=texts.RATES.format(resting=resting) if model.rates else ""),
        texts.RESTRICTED_PARAMETERS,
        drawn="code = coins(z.detach(), draws)",
        buffers=("particles",) if persistent else (),
        loss="free_energy(seen(target)).mean() - free_energy(dreamed(target, logits, draws, learning)).mean()",
        said={} if gaussian else {"pseudo-likelihood": "pseudo_likelihood(seen(target), draws)"},
        learning=True,
    )
