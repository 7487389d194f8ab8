"""Deep belief networks, with labels at the top or without."""

import math

from aeviz.models import Dbn
from aeviz.recipe import Recipe
from aeviz.script.machines import graph, layers
from aeviz.script.network import Network

LABELS = """ | {{"labels": one_hot(classes)}}"""
ONE_HOT = '''def one_hot(classes):
    """Zeros with a one at the class."""
    return (classes[:, None] == torch.arange(SIZES["labels"])).float()'''
CONSTANTS = """WIDTHS = {widths}  # of the directed layers, from the pixels up
SIZES = {sizes}  # units of each layer of the machine at the top
KINDS, ASIDE = {kinds}, {aside}
EDGES = {edges}  # (lower, upper)
STEPS = {steps}  # Gibbs sweeps behind each update"""
BELIEF = '''class Directed:
    """p(s | h) = σ(lower + Gᵀh), recognised by q(h | s) = σ(upper + Rs)."""

    def __init__(self, number, lower, upper):
        self.G = drawn_weights(f"layers.{{number}}.generative", upper, lower)
        self.R = drawn_weights(f"layers.{{number}}.recognition", upper, lower)
        self.lower, self.upper = nn.Parameter(torch.zeros(lower)), nn.Parameter(torch.zeros(upper))

    def up(self, s):
        return functional.linear(s, self.R, self.upper)

    def down(self, h):
        return functional.linear(h, self.G.T, self.lower)


def encoded(x, draws):
    below = seen(x)
    for layer in directed:
        below = torch.sigmoid(layer.up(below))
    return machine.mean("top", {{"below": below}})


def decoded(z, draws):
    told = machine.told("below", {{"top": z}})
    for layer in reversed(directed):
        told = layer.down(torch.sigmoid(told))
    return told


def surprise(told, states):
    """−log p(states), the mean over the batch."""
    return functional.binary_cross_entropy_with_logits(told, states, reduction="sum") / len(states)


def up_and_down(target{told}, draws, learning):
    """Layers learn to draw what was recognised, and to recognise what was dreamed (Hinton, Osindero, Teh 2006, §5)."""
    with torch.no_grad():
        awake = [seen(target)]
        for layer in directed:
            awake.append(coins(torch.sigmoid(layer.up(awake[-1])), draws))
        known = {{"below": awake[-1]}}{labels}
        dream = dreamed(lambda: known | {{"top": coins(machine.mean("top", known), draws)}}, draws, learning)
        asleep, h = [], dream["below"]
        for number, layer in reversed([*enumerate(directed)]):
            under = torch.sigmoid(layer.down(h))
            under = coins(under, draws) if number else under  # pixels are means
            asleep.append((layer, under, h))
            h = under
    loss = machine.free_energy(known).mean() - machine.free_energy({{name: dream[name] for name in known}}).mean()
    for layer, under, h in zip(directed, awake, awake[1:], strict=False):
        loss = loss + surprise(layer.down(h), under)
    for layer, under, h in asleep:
        loss = loss + surprise(layer.up(under), h)
    return loss'''
WEIGHTS = """
directed = [Directed(number, *pair) for number, pair in enumerate(zip(WIDTHS, WIDTHS[1:], strict=False))]"""
PARAMETERS = """weights = [*(each for layer in directed for each in (layer.R, layer.G)), *machine.W.values()]
parameters = [*weights, *machine.b.values(), *(each for layer in directed for each in (layer.lower, layer.upper))]"""
ENCODING = """[
    *(each for layer in directed for each in (layer.R, layer.upper)), machine.W["below", "top"], machine.b["top"]
]"""
LAYER_OF = '''def layer_of(number):
    """Layer `number` and the one below as a machine of the generative weights, and which of its layers are upper."""
    if number > len(directed):
        return machine, ["top"]
    layer = directed[number - 1]
    kinds = {{"below": "bernoulli", "above": "bernoulli"}}
    return Machine(kinds, {{("below", "above"): layer.G}}, {{"below": layer.lower, "above": layer.upper}}), ["above"]'''
FOLLOWED = """
    if number <= len(directed):
        directed[number - 1].R.data.copy_(directed[number - 1].G)"""


def network(recipe: Recipe, model: Dbn, shape: tuple[int, ...]) -> Network:
    """The network of a deep belief network."""
    widths = (math.prod(shape), *model.hidden)
    sizes = {"below": widths[-1]} | ({"labels": len(recipe.data.classes())} if model.labels else {})
    sizes |= {"top": model.code}
    kinds = dict.fromkeys(sizes, "bernoulli") | ({"labels": "softmax"} if model.labels else {})
    told = ", classes" if model.labels else ""
    labels = LABELS.format() if model.labels else ""
    rates = graph.RATES_SAID + graph.RESTING.format(
        bias="directed[0].lower" if model.hidden else 'machine.b["below"]',
        resting=graph.resting("seen(train).mean(0)", gaussian=False),
    )
    return Network(
        CONSTANTS.format(
            widths=widths,
            sizes=sizes,
            kinds=kinds,
            aside=("labels",) if model.labels else (),
            edges=[(name, "top") for name in sizes if name != "top"],
            steps=model.steps,
        ),
        graph.functions(
            graph.COINS,
            graph.DRAWN_WEIGHTS.format(gain=""),
            graph.GRAPH.format(),
            graph.SEEN.format(seen=""),
            ONE_HOT.format() if model.labels else "",
            graph.dreaming(model.chains()),
            BELIEF.format(told=told, labels=labels),
        ),
        graph.WEIGHTS.format(
            kind="Machine",
            rates=WEIGHTS.format() + (rates if model.rates else ""),
        ),
        PARAMETERS,
        encoding=ENCODING,
        told=told[2:],
        loss=f"up_and_down(target{told}, draws, learning)",
        learning=True,
        buffers=graph.buffers(model),
        layer=layers.layer(
            recipe,
            LAYER_OF.format(),
            told=told,
            known=f" | ({labels[3:]} if number > len(directed) else {{}})" if labels else "",
        ),
        layer_parameters=layers.LAYER_PARAMETERS,
        layer_ends=FOLLOWED,
    )
