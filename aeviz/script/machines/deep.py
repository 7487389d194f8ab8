"""Deep Boltzmann machines, with tags or without."""

import math
from itertools import pairwise

from aeviz.data.pairings import Clean
from aeviz.learning import Classifier
from aeviz.models import Dbm, MultimodalDbm
from aeviz.models.deep import DOWNWARD_SWEEPS
from aeviz.models.multimodal import RENEWED
from aeviz.recipe import Recipe
from aeviz.script.machines import graph, layers
from aeviz.script.network import Network

DEEP_CONSTANTS = """
SWEEPS, DOUBLED = {sweeps}, {doubled}  # of the mean field; whether layers that learn alone hear twice from a side"""
DEEP = '''def encoded(x, draws):
    return machine.fields({{PATH[0]: seen(x)}}, SWEEPS)[PATH[-1]]


def decoded(z, draws):
    """What the visible units are told by the mean field with the top layer clamped to the code."""
    return machine.told(PATH[0], machine.fields({{PATH[-1]: z}}, {downward})){placed}


def energies(target{told}, top, draws, learning):
    """E(v, μ) less E of the chains, μ the mean field (Salakhutdinov & Hinton, AISTATS 2009, algorithm 1)."""
    with torch.no_grad():
        given = {{{given}}}
        data = machine.fields(given, {fields})

        def start():
            return {{layer: s if layer in given else coins(s, draws) for layer, s in data.items()}}

        dream = dreamed(start{handed}, draws, learning)
    return machine.energy(data).mean() - machine.energy(dream).mean(){prediction}'''
FOR_CLASSES = '''def encoded_for_classes(x, draws):
    """The same, differentiated through the last sweep alone (Salakhutdinov & Hinton, AISTATS 2009, §3.3)."""
    given = {{PATH[0]: seen(x)}}
    with torch.no_grad():
        settled = machine.fields(given, SWEEPS - 1)
    return machine.fields(given, 1, settled)[PATH[-1]]'''
SETTLED = "1, {PATH[-1]: top.detach()}"
LAYER_OF = '''def layer_of(number):
    """Layer `number` and the one below as a machine of the same weights, and which of its layers are upper ones.

    A layer that will hear from both sides hears twice from the one that is there (Salakhutdinov & Hinton 2009, §3.1).
    """
    below, above = PATH[number - 1 : number + 1]
    lowers, uppers = {{below: below}}, {{above: above}}
    if DOUBLED and len(PATH) > 2:
        if number < len(PATH) - 1:
            lowers[f"{{below}} copy"] = below
        if number > 1:
            uppers[f"{{above}} copy"] = above
    W = {{(a, b): machine.W[below, above] for a in lowers for b in uppers}}
    of = lowers | uppers{joined}
    return Machine({{a: KINDS[of[a]] for a in of}}, W, {{a: machine.b[of[a]] for a in of}}), [*uppers]'''
JOINED = """
    if number == len(PATH) - 1:
        W[above, "tags"], of["tags"] = machine.W[above, "tags"], "tags\""""
BEGUN_AT_DATA = """        if not particles.any():
            particles.copy_(begun(start, draws))
"""
TAGGED_CHAINS = '''def dreamed(start, tags, draws, learning):
    """Chains with the tags of an example each; some begin anew every time (Du & Mordatch, NeurIPS 2019, §3.2)."""
    count = particles.shape[1]
    with torch.no_grad():
        if not learning:
            return apart(begun(start, draws)[0])
{kept}        renewed = {renewed} if particles.any() else count
        fresh = resting(renewed, draws) | {{"tags": tags[torch.arange(renewed) % len(tags)]}}
        particles[0, torch.randperm(count, generator=draws)[:renewed]] = joined(fresh)
        state = machine.swept(apart(particles[0]), STEPS, draws, held=("tags",))
        particles[0] = joined(state)
        return state | {{PATH[0]: machine.mean(PATH[0], state)}}  # pixels are means'''
PREDICTION = """ + {weight!r} * missed(top, tags)"""
MISSED = '''def missed(top, tags):
    """−log P(tags | the joint means of the image alone)."""
    told = machine.told("tags", {{PATH[-1]: top}})
    return functional.binary_cross_entropy_with_logits(told, tags, reduction="sum") / len(tags)'''


def network(recipe: Recipe, model: Dbm, shape: tuple[int, ...]) -> Network:
    """The network of a deep Boltzmann machine."""
    tagged = isinstance(model, MultimodalDbm)
    names = ["visible", *(f"hidden {number}" for number in range(1, len(model.hidden) + 2))]
    path = [*names[:-1], "joint"] if tagged else names
    sizes = dict(zip(path, (math.prod(shape), *model.hidden, model.code), strict=True))
    sizes |= {"tags": len(recipe.data.tag_names())} if tagged else {}
    scaled = model.likelihood == "gaussian" and model.deviation != 1
    as_fed = isinstance(recipe.pairing, Clean) and not any(term.needs_input_gradient for term in recipe.terms)
    settles = isinstance(recipe.training, Classifier) and model.sweeps > 1
    weight = model.prediction if isinstance(model, MultimodalDbm) else 0.0
    dream = graph.dreaming(model.chains())
    if tagged and model.phase == "persistent":
        renewed = max(1, round(RENEWED * model.particles))
        noise = model.origin == "noise"
        text = TAGGED_CHAINS.format(renewed=renewed, kept="" if noise else BEGUN_AT_DATA)
        resting = "" if noise else graph.RESTING_STATES.format()
        dream = graph.functions(resting, graph.particles(model.chains()), text)
    learning = DEEP.format(
        downward=DOWNWARD_SWEEPS if model.hidden else 1,
        placed=" * DEVIATION" if scaled else "",
        told=", tags" if tagged else "",
        handed=", tags" if tagged and model.phase == "persistent" else "",
        given='PATH[0]: seen(target), "tags": tags' if tagged else "PATH[0]: seen(target)",
        fields=SETTLED if as_fed and len(model.hidden) < 2 and not tagged else "SWEEPS",
        prediction=PREDICTION.format(weight=weight) if weight else "",
    )
    return Network(
        graph.CONSTANTS.format(
            sizes=sizes,
            kinds=dict.fromkeys(sizes, "bernoulli") | {"visible": model.likelihood},
            edges=list(pairwise(sizes)),
            path=path,
            aside=("tags",) if tagged else (),
            steps=model.steps,
            deviation=graph.DEVIATION.format(deviation=model.deviation) if scaled else "",
        )
        + DEEP_CONSTANTS.format(sweeps=model.sweeps, doubled=model.doubled),
        graph.functions(
            graph.COINS,
            graph.DRAWN_WEIGHTS.format(gain=""),
            graph.GRAPH.format(),
            graph.SEEN.format(seen=" / DEVIATION" if scaled else ""),
            MISSED.format() if weight else "",
            dream,
            FOR_CLASSES.format() if settles else "",
            learning,
        ),
        graph.WEIGHTS.format(
            kind="Machine",
            rates=graph.rates(model, tagged=tagged),
        ),
        graph.PARAMETERS,
        encoding=graph.ENCODING,
        for_classes="encoded_for_classes" if settles else "encoded",
        told="tags" if tagged else "",
        loss=f"energies(target{', tags' if tagged else ''}, z, draws, learning)",
        learning=True,
        buffers=graph.buffers(model),
        layer=layers.layer(
            recipe,
            LAYER_OF.format(joined=JOINED if tagged else ""),
            told=", tags" if tagged else "",
            known=' | ({"tags": tags} if number == len(PATH) - 1 else {})' if tagged else "",
        ),
        layer_parameters=layers.LAYER_PARAMETERS,
    )  # fmt: skip
