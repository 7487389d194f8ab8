"""How a script builds a Boltzmann machine, its chains and what it learns from."""

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise

from aeviz.data.pairings import Clean
from aeviz.learning import Classifier, Greedy
from aeviz.models import Boltzmann, Dbm, Dbn, MultimodalDbm, Rbm, ReplicatedSoftmax
from aeviz.models.connected import COOLING, FIELD_SWEEPS, MOST_LISTED
from aeviz.models.deep import DOWNWARD_SWEEPS
from aeviz.models.machines import EnergyModel
from aeviz.models.multimodal import RENEWED
from aeviz.models.units import RAREST
from aeviz.recipe import Recipe
from aeviz.script import machine_texts as texts
from aeviz.script.corruption import emphasised
from aeviz.script.network import Network

KNOWN = (Boltzmann, Rbm, ReplicatedSoftmax, Dbn, Dbm, MultimodalDbm)


def network_of(recipe: Recipe, model: EnergyModel) -> Network:
    """The network of a machine, which is one of `KNOWN`."""
    shape = recipe.data.shape()
    match model:
        case Dbm():
            return _deep(recipe, model, shape)
        case Dbn():
            return _belief(recipe, model, shape)
        case Rbm() if model.phase == "tempered":
            return _tempered(model, shape)
        case Rbm():
            return _restricted(model, shape)
        case ReplicatedSoftmax():
            return _counting(model, shape)
        case Boltzmann():
            return _connected(model, shape)
    raise AssertionError(model)


def _deep(recipe: Recipe, model: Dbm, shape: tuple[int, ...]) -> Network:
    tagged = isinstance(model, MultimodalDbm)
    names = ["visible", *(f"hidden {number}" for number in range(1, len(model.hidden) + 2))]
    path = [*names[:-1], "joint"] if tagged else names
    sizes = dict(zip(path, (math.prod(shape), *model.hidden, model.code), strict=True))
    sizes |= {"tags": len(recipe.data.tag_names())} if tagged else {}
    scaled = model.likelihood == "gaussian" and model.deviation != 1
    as_fed = isinstance(recipe.pairing, Clean) and not any(term.needs_input_gradient for term in recipe.terms)
    settles = isinstance(recipe.training, Classifier) and model.sweeps > 1
    weight = model.prediction if isinstance(model, MultimodalDbm) else 0.0
    layers = texts.DEEP.format(
        downward=DOWNWARD_SWEEPS if model.hidden else 1,
        placed=" * DEVIATION" if scaled else "",
        told=", tags" if tagged else "",
        handed=", tags" if tagged and model.phase == "persistent" else "",
        given='PATH[0]: seen(target), "tags": tags' if tagged else "PATH[0]: seen(target)",
        fields=texts.SETTLED if as_fed and len(model.hidden) < 2 and not tagged else "SWEEPS",
        prediction=texts.PREDICTION.format(weight=weight) if weight else "",
    )
    return Network(
        texts.MACHINE_CONSTANTS.format(
            sizes=sizes,
            kinds=dict.fromkeys(sizes, "bernoulli") | {"visible": model.likelihood},
            path=path,
            aside=("tags",) if tagged else (),
            steps=model.steps,
            deviation=texts.DEVIATION.format(deviation=model.deviation) if scaled else "",
        )
        + texts.DEEP_CONSTANTS.format(sweeps=model.sweeps),
        _functions(
            texts.COINS,
            texts.GRAPH.format(),
            texts.SEEN.format(seen=" / DEVIATION" if scaled else ""),
            texts.MISSED.format() if weight else "",
            _chains(model),
            texts.FOR_CLASSES.format() if settles else "",
            layers,
        ),
        texts.MACHINE_WEIGHTS.format(
            kind="Machine",
            gain="",
            edges=list(pairwise(sizes)),
            rates=_rates(model, tagged=tagged),
        ),
        texts.MACHINE_PARAMETERS,
        encoding=texts.ENCODING,
        for_classes="encoded_for_classes" if settles else "encoded",
        told="tags" if tagged else "",
        drawn="code = z",
        loss=f"energies(target{', tags' if tagged else ''}, z, draws, learning)",
        learning=True,
        buffers=_buffers(model),
        layer=_layer(
            recipe,
            texts.LAYER_OF.format(doubled=model.doubled, joined=texts.JOINED if tagged else ""),
            told=", tags" if tagged else "",
            known=' | ({"tags": tags} if number == len(PATH) - 1 else {})' if tagged else "",
        ),
        layer_parameters=texts.LAYER_PARAMETERS,
    )  # fmt: skip


def _belief(recipe: Recipe, model: Dbn, shape: tuple[int, ...]) -> Network:
    widths = (math.prod(shape), *model.hidden)
    sizes = {"below": widths[-1]} | ({"labels": len(recipe.data.classes())} if model.labels else {})
    sizes |= {"top": model.code}
    kinds = dict.fromkeys(sizes, "bernoulli") | ({"labels": "softmax"} if model.labels else {})
    told = ", classes" if model.labels else ""
    labels = texts.LABELS.format() if model.labels else ""
    rates = texts.RATES_SAID + texts.RESTING.format(
        bias="directed[0].lower" if model.hidden else 'machine.b["below"]',
        resting=_resting("seen(train).mean(0)", gaussian=False),
    )
    return Network(
        texts.BELIEF_CONSTANTS.format(
            widths=widths, sizes=sizes, kinds=kinds, aside=("labels",) if model.labels else (), steps=model.steps
        ),
        _functions(
            texts.COINS,
            texts.GRAPH.format(),
            texts.SEEN.format(seen=""),
            texts.ONE_HOT.format() if model.labels else "",
            _chains(model),
            texts.BELIEF.format(told=told, labels=labels),
        ),
        texts.MACHINE_WEIGHTS.format(
            kind="Machine",
            gain="",
            edges=[(name, "top") for name in sizes if name != "top"],
            rates=texts.BELIEF_WEIGHTS.format() + (rates if model.rates else ""),
        ),
        texts.BELIEF_PARAMETERS,
        encoding=texts.BELIEF_ENCODING,
        told=told[2:],
        loss=f"up_and_down(target{told}, draws, learning)",
        learning=True,
        buffers=_buffers(model),
        layer=_layer(
            recipe,
            texts.BELIEF_LAYER_OF.format(),
            told=told,
            known=f" | ({labels[3:]} if number > len(directed) else {{}})" if labels else "",
        ),
        layer_parameters=texts.LAYER_PARAMETERS,
        layer_ends=texts.FOLLOWED,
    )


def _tempered(model: Rbm, shape: tuple[int, ...]) -> Network:
    scaled = model.likelihood == "gaussian" and model.deviation != 1
    constants, weights = _two_layers(model, shape, texts.DEVIATION.format(deviation=model.deviation) if scaled else "")
    contrast = texts.CONTRAST.format(
        placed=" * DEVIATION" if scaled else "", logits="", per="", dream=texts.FROM_CHAINS, result=texts.DIFFERENCE
    )
    turns = model.likelihood == "bernoulli"
    return Network(
        constants,
        _functions(
            texts.COINS,
            texts.GRAPH.format(),
            texts.SEEN.format(seen=" / DEVIATION" if scaled else ""),
            _chains(model),
            texts.PSEUDO_LIKELIHOOD if turns else "",
            contrast,
        ),
        weights(kind="Machine", gain="", rates=_rates(model)),
        texts.MACHINE_PARAMETERS,
        encoding=texts.ENCODING,
        drawn="code = coins(z.detach(), draws)",
        loss="contrast(target, draws, learning)",
        said={"pseudo-likelihood": "pseudo_likelihood(seen(target), draws)"} if turns else {},
        learning=True,
        buffers=_buffers(model),
    )


def _counting(model: ReplicatedSoftmax, shape: tuple[int, ...]) -> Network:
    size, contrastive = math.prod(shape), model.phase == "contrastive"
    constants, weights = _two_layers(model, shape, texts.COUNTED.format(most=model.most, length=model.length or size))
    contrast = texts.CONTRAST.format(
        placed="",
        logits="logits, " if contrastive else "",
        per=", a word",
        dream=texts.DOCUMENTS if contrastive else texts.FROM_CHAINS,
        result=f"({texts.DIFFERENCE}){texts.EACH_WORD}",
    )
    mean = f"(seen(train).mean(0) / seen(train).mean(0).sum()).clamp({RAREST / size!r}).log()"
    rates = texts.RATES_SAID + texts.RESTING.format(bias='machine.b["visible"]', resting=mean)
    return Network(
        constants,
        _functions(
            texts.COINS,
            texts.GRAPH.format(),
            texts.COUNTING.format(),
            "" if contrastive else _chains(model),
            contrast,
        ),
        weights(kind="Counting", gain="gain=1 / MOST, ", rates=rates if model.rates else ""),
        texts.MACHINE_PARAMETERS,
        encoding=texts.ENCODING,
        drawn="code = coins(z.detach(), draws)",
        loss=f"contrast(target, {'logits.detach(), ' if contrastive else ''}draws, learning)",
        mean="(logits.flatten(1).softmax(1) * (LENGTH / MOST)).reshape(target.shape)",
        learning=True,
        buffers=_buffers(model),
    )


def _connected(model: Boltzmann, shape: tuple[int, ...]) -> Network:
    listed = model.code <= MOST_LISTED
    dream = {
        "persistent": texts.CONNECTED_PERSISTENT.format(particles=model.particles),
        "annealed": texts.CONNECTED_ANNEALED.format(),
    }
    loss = texts.CONNECTED_LOSS.format(
        data="free_energy(v).mean()" if listed else "energy(*data_phase(v, draws)).mean()",
        result="data + torch.logsumexp(-free_energy(listed(VISIBLE)), 0)"
        if model.phase == "exact"
        else "data - energy(*dreamed(v, draws, learning)).mean()",
    )
    rates = texts.RATES_SAID + texts.RESTING.format(bias="b", resting=_resting("seen(train).mean(0)", gaussian=False))
    return Network(
        texts.CONNECTED_CONSTANTS.format(
            visible=math.prod(shape), hidden=model.code, steps=model.steps, cooling=COOLING
        ),
        _functions(
            texts.COINS,
            texts.CONNECTED.format(fields=FIELD_SWEEPS),
            texts.LISTED_CODE.format() if listed else texts.SETTLED_CODE.format(),
            dream.get(model.phase, ""),
            loss,
        ),
        texts.CONNECTED_WEIGHTS.format(rates=rates if model.rates else ""),
        texts.CONNECTED_PARAMETERS,
        drawn="code = z",
        mean="torch.sigmoid(logits)",
        loss="contrast(target, draws, learning)",
        learning=True,
        encoding="[*weights, c]",
        buffers=_buffers(model),
    )


def _two_layers(model: EnergyModel, shape: tuple[int, ...], more: str) -> tuple[str, Callable[..., str]]:
    """Constants and weights of a restricted machine as a graph."""
    sizes = {"visible": math.prod(shape), "hidden": model.code}
    kinds = dict.fromkeys(sizes, "bernoulli") | {"visible": model.likelihood}
    constants = texts.MACHINE_CONSTANTS.format(
        sizes=sizes, kinds=kinds, path=list(sizes), aside=(), steps=model.steps, deviation=more
    )
    return constants, partial(texts.MACHINE_WEIGHTS.format, edges=[tuple(sizes)])


def _layer(recipe: Recipe, layer_of: str, *, told: str = "", known: str = "") -> str:
    """How a layer learns alone; layer_of: the function that gives it as a machine; empty where layers do not.

    told, known: what is given beside an example, as layers.
    """
    procedure = recipe.training
    if not isinstance(procedure, Greedy | Classifier):
        return ""
    fed = "x = below"
    if (procedure.layers if isinstance(procedure, Greedy) else procedure.pretraining) == "denoising":
        fed = "x = corrupted(target if number == 1 else below, noise)"
        fed += "[0]" if emphasised(recipe.pairing) else ""
        fed += "\n        x = seen(x) if number == 1 else x"
    return _functions(layer_of, texts.LAYER.format(told=told, fed=fed, known=known))


def _functions(*parts: str) -> str:
    """Definitions in their order, two empty lines between them."""
    return "\n\n\n".join(filter(None, parts))


def _buffers(model: EnergyModel) -> tuple[str, ...]:
    return ("particles",) if model.phase in ("persistent", "tempered") else ()


def _chains(model: EnergyModel) -> str:
    """How the states of the model phase come about."""
    chains = model.chains()
    if chains.phase == "contrastive":
        return texts.FROM_DATA.format()
    text = texts.PARTICLES.format(ladder=chains.ladder(), particles=chains.particles)
    if isinstance(model, MultimodalDbm):
        renewed = max(1, round(RENEWED * chains.particles))
        return _functions(texts.RESTING_STATES.format(), text, texts.TAGGED_CHAINS.format(renewed=renewed))
    tempered = chains.phase == "tempered"
    moving = texts.CHAINS.format(moved=texts.TEMPERED if tempered else texts.ONE_CHAIN)
    return _functions(text, texts.TEMPERING.format() if tempered else "", moving)


def _rates(model: EnergyModel, *, tagged: bool = False) -> str:
    """The biases of what is given to a machine with which it rests at its means."""
    if not model.rates:
        return ""
    means = {"visible": _resting("seen(train).mean(0)", gaussian=model.likelihood == "gaussian")}
    means |= {"tags": _resting("train_tags.mean(0)", gaussian=False)} if tagged else {}
    lines = (texts.RESTING.format(bias=f'machine.b["{layer}"]', resting=mean) for layer, mean in means.items())
    return texts.RATES_SAID + "".join(lines)


def _resting(mean: str, *, gaussian: bool) -> str:
    return mean if gaussian else f"torch.logit({mean}.clamp({RAREST}, 1 - {RAREST}))"


def _restricted(model: Rbm, shape: tuple[int, ...]) -> Network:
    gaussian, persistent = model.likelihood == "gaussian", model.phase == "persistent"
    scaled = gaussian and model.deviation != 1
    layers = texts.RESTRICTED_LAYERS.format(
        seen=" / DEVIATION" if scaled else "",
        visible="told + torch.empty_like(told).normal_(generator=draws)" if gaussian else texts.TOSSED,
        energy=("½v² " if gaussian else "") + "−b·v − Σ log(1 + exp(c + Wv))",
        own="v.square().sum(1) / 2 " if gaussian else "",
        placed=" * DEVIATION" if scaled else "",
    )
    dream = texts.CONTRASTIVE.format(unplaced=" / DEVIATION" if scaled else "")
    if persistent:
        dream = texts.PERSISTENT.format(particles=model.particles)
    resting = _resting("seen(train).mean(0)", gaussian=gaussian)
    rates = texts.RATES_SAID + texts.RESTING.format(bias="b", resting=resting)
    return Network(
        texts.RESTRICTED.format(
            visible=math.prod(shape),
            hidden=model.code,
            steps=model.steps,
            deviation=texts.DEVIATION.format(deviation=model.deviation) if scaled else "",
        ),
        _functions(texts.COINS, layers, dream, "" if gaussian else texts.PSEUDO_LIKELIHOOD),
        texts.RESTRICTED_WEIGHTS.format(rates=rates if model.rates else ""),
        texts.RESTRICTED_PARAMETERS,
        drawn="code = coins(z.detach(), draws)",
        buffers=_buffers(model),
        loss="free_energy(seen(target)).mean() - free_energy(dreamed(target, logits, draws, learning)).mean()",
        said={} if gaussian else {"pseudo-likelihood": "pseudo_likelihood(seen(target), draws)"},
        encoding="[W, c]",
        learning=True,
    )
