"""The restricted machine, told without a graph: a student's first machine should be short."""

import math

from aeviz.models import Rbm
from aeviz.script.machines import graph
from aeviz.script.network import Network

RESTRICTED = """VISIBLE, HIDDEN = {visible}, {hidden}  # units
STEPS = {steps}  # Gibbs sweeps behind each update{deviation}"""
LAYERS = '''def told_hidden(v):
    return functional.linear(v, W, c)


def told_visible(h):
    return functional.linear(h, W.T, b)


def seen(x):
    """Examples as states of the visible units."""
    return x.flatten(1){seen}


def visible(told, draws):
    """v ~ p(v | h)."""
    return {visible}


def free_energy(v):
    """F(v) = {energy}, so that p(v) ∝ exp(−F(v))."""
    return {own}-(v @ b) - functional.softplus(told_hidden(v)).sum(1)


def swept(v, count, draws):
    """After so many sweeps h ~ p(h | v), v ~ p(v | h)."""
    for _ in range(count):
        v = visible(told_visible(coins(torch.sigmoid(told_hidden(v)), draws)), draws)
    return v


def encoded(x, draws):
    return torch.sigmoid(told_hidden(seen(x)))


def decoded(h, draws):
    return told_visible(h){placed}'''
TOSSED = "coins(torch.sigmoid(told), draws)"
CONTRASTIVE = '''def dreamed(target, logits, draws, learning):
    """Sweeps from the data themselves (Hinton, Neural Computation 14, 2002); the first half of one is done."""
    with torch.no_grad():
        return swept(visible(logits.flatten(1){unplaced}, draws), STEPS - 1, draws)'''
PERSISTENT = '''particles = torch.zeros({particles}, VISIBLE)


def dreamed(target, logits, draws, learning):
    """Chains that go on from update to update (Tieleman, ICML 2008)."""
    with torch.no_grad():
        v = particles
        if not v.any():
            {beginning}
        if learning:
            v = particles.copy_(swept(v, STEPS, draws))
        return v'''
AT_DATA = """v = seen(target)[torch.arange(len(particles)) % len(target)]
            coins(torch.sigmoid(told_hidden(seen(target))), draws)  # hidden states that the first sweep draws anew"""
AT_NOISE = """v = {noise}
            coins(torch.full((len(v), HIDDEN), 0.5), draws)  # hidden states that the first sweep draws anew"""
PSEUDO_LIKELIHOOD = '''def pseudo_likelihood(v, draws):
    """d · log p(vᵢ | all other pixels) for a pixel i drawn for each example, the mean (Besag 1975)."""
    places = torch.randint(v.shape[1], (len(v), 1), generator=draws)
    turned = v.scatter(1, places, 1 - v.gather(1, places))
    return v.shape[1] * functional.logsigmoid(free_energy(turned) - free_energy(v)).mean()'''
WEIGHTS = """W = nn.Parameter(torch.empty(HIDDEN, VISIBLE))
draws = generator(generator(SEED, "weights").initial_seed(), "parameter", "machine.weights.visible-hidden")
nn.init.xavier_uniform_(W, generator=draws)
b, c = nn.Parameter(torch.zeros(VISIBLE)), nn.Parameter(torch.zeros(HIDDEN)){rates}"""
PARAMETERS = """parameters, weights = [W, b, c], [W]"""


def network(model: Rbm, shape: tuple[int, ...]) -> Network:
    """The network of a restricted machine whose chains are contrastive or persistent."""
    gaussian, persistent = model.likelihood == "gaussian", model.phase == "persistent"
    scaled = gaussian and model.deviation != 1
    layers = LAYERS.format(
        seen=" / DEVIATION" if scaled else "",
        visible="told + torch.empty_like(told).normal_(generator=draws)" if gaussian else TOSSED,
        energy=("½v² " if gaussian else "") + "−b·v − Σ log(1 + exp(c + Wv))",
        own="v.square().sum(1) / 2 " if gaussian else "",
        placed=" * DEVIATION" if scaled else "",
    )
    dream = CONTRASTIVE.format(unplaced=" / DEVIATION" if scaled else "")
    if persistent:
        noise = "torch.empty_like(v).normal_(generator=draws)" if gaussian else "coins(torch.full_like(v, 0.5), draws)"
        beginning = AT_NOISE.format(noise=noise) if model.origin == "noise" else AT_DATA
        dream = PERSISTENT.format(particles=model.particles, beginning=beginning)
    resting = graph.resting("seen(train).mean(0)", gaussian=gaussian)
    rates = graph.RATES_SAID + graph.RESTING.format(bias="b", resting=resting)
    return Network(
        RESTRICTED.format(
            visible=math.prod(shape),
            hidden=model.code,
            steps=model.steps,
            deviation=graph.DEVIATION.format(deviation=model.deviation) if scaled else "",
        ),
        graph.functions(graph.COINS, layers, dream, "" if gaussian else PSEUDO_LIKELIHOOD),
        WEIGHTS.format(rates=rates if model.rates else ""),
        PARAMETERS,
        drawn="code = coins(z.detach(), draws)",
        buffers=graph.buffers(model),
        loss="free_energy(seen(target)).mean() - free_energy(dreamed(target, logits, draws, learning)).mean()",
        said={} if gaussian else {"pseudo-likelihood": "pseudo_likelihood(seen(target), draws)"},
        encoding="[W, c]",
        learning=True,
    )
