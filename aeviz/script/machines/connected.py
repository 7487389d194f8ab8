"""The general machine, whose units are all connected."""

import math

from aeviz.models import Boltzmann
from aeviz.models.connected import COOLING, FIELD_SWEEPS, MOST_LISTED
from aeviz.script.machines import graph
from aeviz.script.network import Network

CONSTANTS = """VISIBLE, HIDDEN = {visible}, {hidden}  # units
STEPS = {steps}  # Gibbs sweeps behind each update
COOLING = {cooling}"""
CONNECTED = '''def between(W):
    """Connections within a layer: symmetric, and of no unit with itself."""
    both = (W + W.T) / 2
    return both - torch.diag_embed(both.diagonal())


def told_hidden(v):
    return functional.linear(v, W, c)


def told_visible(h):
    return functional.linear(h, W.T, b)


def seen(x):
    """Examples as states of the visible units."""
    return x.flatten(1)


def drawn(s, outside, own, draws, temperature):
    """Unit after unit of a layer given all the others (Geman & Geman 1984)."""
    s, chances = s.clone(), torch.empty_like(s).uniform_(generator=draws)
    for unit in range(s.shape[1]):
        told = outside[:, unit] + s @ own[:, unit]
        s[:, unit] = (chances[:, unit] < torch.sigmoid(told / temperature)).float()
    return s


def swept(v, h, draws, temperature=1.0, held=False):
    with torch.no_grad():
        h = drawn(h, told_hidden(v), between(among_hidden), draws, temperature)
        return v if held else drawn(v, told_visible(h), between(among_visible), draws, temperature), h


def annealed(v, h, draws, held=False):
    """From hot to cold, so that deep valleys are found (Ackley, Hinton, Sejnowski 1985, §3)."""
    for temperature in COOLING:
        v, h = swept(v, h, draws, temperature, held)
    return v, h


def resting(n, draws):
    """States of units that nobody tells anything."""
    return tuple(coins(torch.full((n, size), 0.5), draws) for size in (VISIBLE, HIDDEN))


def data_phase(v, draws):
    """Hidden states drawn for examples by annealing."""
    return annealed(v, resting(len(v), draws)[1], draws, held=True)


def settled(outside, own):
    """What a layer is told at the mean field m = ½(m + σ(told))."""
    mean = torch.sigmoid(outside)
    for _ in range({fields}):
        mean = (mean + torch.sigmoid(outside + mean @ own)) / 2
    return outside + mean @ own


def energy(v, h):
    within = ((v @ between(among_visible)) * v).sum(1) / 2 + ((h @ between(among_hidden)) * h).sum(1) / 2
    return -(v @ b) - h @ c - within - (functional.linear(v, W) * h).sum(1)


def decoded(h, draws):
    return settled(told_visible(h), between(among_visible))'''
SETTLED_CODE = '''def encoded(x, draws):
    """The mean field of the hidden units."""
    return torch.sigmoid(settled(told_hidden(seen(x)), between(among_hidden)))'''
LISTED_CODE = '''def listed(size):
    """All states of so many units."""
    return (torch.arange(2**size)[:, None] >> torch.arange(size - 1, -1, -1) & 1).float()


def hidden_logits(v):
    """−E(v, h) for every state h but for what v alone pays, and those states."""
    states = listed(HIDDEN)
    return told_hidden(v) @ states.T + ((states @ between(among_hidden)) * states).sum(1) / 2, states


def encoded(x, draws):
    """E[h | x], summed over all states."""
    logits, states = hidden_logits(seen(x))
    return torch.softmax(logits, 1) @ states


def free_energy(v):
    """−log Σ exp(−E(v, h)), summed over all states."""
    own = ((v @ between(among_visible)) * v).sum(1) / 2
    return -(v @ b) - own - torch.logsumexp(hidden_logits(v)[0], 1)'''
PERSISTENT = '''particles = torch.zeros({particles}, VISIBLE + HIDDEN)


def dreamed(v, draws, learning):
    """Chains that go on from update to update (Tieleman, ICML 2008)."""
    states = particles
    if not states.any():
        states = {beginning}
    state = states.clone().split([VISIBLE, HIDDEN], 1)
    if learning:
        for _ in range(STEPS):
            state = swept(*state, draws)
        particles.copy_(torch.cat(state, 1))
    return state'''
AT_DATA = "torch.cat(data_phase(v, draws), 1)[torch.arange(len(particles)) % len(v)]"
AT_NOISE = "torch.cat(resting(len(particles), draws), 1)"
ANNEALED = '''def dreamed(v, draws, learning):
    """From nothing, cooling."""
    return annealed(*resting(len(v), draws), draws)'''
LOSS = '''def contrast(target, draws, learning):
    """What the data pay less what the machine dreams of pays (Ackley, Hinton, Sejnowski 1985, §4)."""
    v = seen(target)
    data = {data}
    return {result}'''
WEIGHTS = """among_visible = drawn_weights("machine.weights.visible-visible", VISIBLE, VISIBLE)
W = drawn_weights("machine.weights.visible-hidden", HIDDEN, VISIBLE)
among_hidden = drawn_weights("machine.weights.hidden-hidden", HIDDEN, HIDDEN)
b, c = nn.Parameter(torch.zeros(VISIBLE)), nn.Parameter(torch.zeros(HIDDEN)){rates}"""
PARAMETERS = """weights = [among_visible, W, among_hidden]
parameters = [*weights, b, c]"""


def network(model: Boltzmann, shape: tuple[int, ...]) -> Network:
    """The network of a general machine."""
    listed = model.code <= MOST_LISTED
    dream = {
        "persistent": PERSISTENT.format(
            particles=model.particles, beginning=AT_NOISE if model.origin == "noise" else AT_DATA
        ),
        "annealed": ANNEALED.format(),
    }
    loss = LOSS.format(
        data="free_energy(v).mean()" if listed else "energy(*data_phase(v, draws)).mean()",
        result="data + torch.logsumexp(-free_energy(listed(VISIBLE)), 0)"
        if model.phase == "exact"
        else "data - energy(*dreamed(v, draws, learning)).mean()",
    )
    rates = graph.RATES_SAID + graph.RESTING.format(
        bias="b", resting=graph.resting("seen(train).mean(0)", gaussian=False)
    )
    return Network(
        CONSTANTS.format(visible=math.prod(shape), hidden=model.code, steps=model.steps, cooling=COOLING),
        graph.functions(
            graph.COINS,
            graph.DRAWN_WEIGHTS.format(gain=""),
            CONNECTED.format(fields=FIELD_SWEEPS),
            LISTED_CODE.format() if listed else SETTLED_CODE.format(),
            dream.get(model.phase, ""),
            loss,
        ),
        WEIGHTS.format(rates=rates if model.rates else ""),
        PARAMETERS,
        mean="torch.sigmoid(logits)",
        loss="contrast(target, draws, learning)",
        learning=True,
        encoding="[*weights, c]",
        buffers=graph.buffers(model),
    )
