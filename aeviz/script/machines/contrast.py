"""Two layers over the graph: tempered chains, and counts of words."""

import math
from dataclasses import replace

from aeviz.models import Rbm, ReplicatedSoftmax
from aeviz.models.machines import EnergyModel
from aeviz.models.units import RAREST
from aeviz.script.machines import graph, restricted
from aeviz.script.network import Network

CONTRAST = '''def encoded(x, draws):
    return machine.mean("hidden", {{"visible": seen(x)}})


def decoded(h, draws):
    return machine.told("visible", {{"hidden": h}}){placed}


def free_energy(v):
    return machine.free_energy({{"visible": v}})


def contrast(target, {logits}draws, learning):
    """F of the examples less F of where the chains are{per}."""
    v = seen(target)

    def start():
        return {{"visible": v, "hidden": coins(machine.mean("hidden", {{"visible": v}}), draws)}}

    {dream}
    return {result}'''
FROM_CHAINS = """dream = dreamed(start, draws, learning)["visible"]"""
DIFFERENCE = "free_energy(v).mean() - free_energy(dream).mean()"
COUNTED = """
MOST, LENGTH = {most}, {length}  # occurrences of a word whose pixel is 1; words of a document that is dreamed"""
COUNTING = '''class Counting(Machine):
    """Visible units are counts of words; hidden biases count once a word (Salakhutdinov & Hinton, NIPS 2009, eq. 3)."""

    def told(self, layer, state):
        if layer == "visible":
            return super().told(layer, state)
        n = state["visible"]
        return functional.linear(n, self.W["visible", "hidden"]) + n.sum(1, keepdim=True) * self.b["hidden"]

    def draw(self, layer, told, draws, temperature=1.0):
        if layer == "hidden":
            return super().draw(layer, told, draws, temperature)
        return documents(told, torch.full((len(told),), float(LENGTH)), draws, temperature)

    def energy(self, state):
        n, h = state["visible"], state["hidden"]
        pairs = (functional.linear(n, self.W["visible", "hidden"]) * h).sum(1)
        return -(n @ self.b["visible"]) - (h @ self.b["hidden"]) * n.sum(1) - pairs


def documents(told, lengths, draws, temperature=1.0):
    """A document of each length, its words drawn from one softmax."""
    words, longest = torch.zeros_like(told), int(lengths.max())
    if longest:
        drawn = torch.multinomial((told / temperature).softmax(1), longest, replacement=True, generator=draws)
        words.scatter_add_(1, drawn, (torch.arange(longest) < lengths[:, None]).float())
    return words


def seen(x):
    """Examples as counts of words."""
    return x.flatten(1).clamp(min=0) * MOST'''
DOCUMENTS = """with torch.no_grad():
        lengths = v.sum(1).round()
        dream = documents(logits.flatten(1), lengths, draws)
        for _ in range(STEPS - 1):
            h = coins(machine.mean("hidden", {"visible": dream}), draws)
            dream = documents(machine.told("visible", {"hidden": h}), lengths, draws)"""
EACH_WORD = " / v.sum(1).mean().clamp(min=1)"


def tempered(model: Rbm, shape: tuple[int, ...]) -> Network:
    """The network of a restricted machine whose chains are tempered."""
    scaled = model.likelihood == "gaussian" and model.deviation != 1
    contrast = CONTRAST.format(
        placed=" * DEVIATION" if scaled else "", logits="", per="", dream=FROM_CHAINS, result=DIFFERENCE
    )
    turns = model.likelihood == "bernoulli"
    network = _over_a_graph(
        model,
        shape,
        graph.DEVIATION.format(deviation=model.deviation) if scaled else "",
        graph.SEEN.format(seen=" / DEVIATION" if scaled else ""),
        graph.dreaming(model.chains()),
        restricted.PSEUDO_LIKELIHOOD if turns else "",
        contrast,
    )
    said = {"pseudo-likelihood": "pseudo_likelihood(seen(target), draws)"} if turns else {}
    return replace(
        network,
        encoder=graph.WEIGHTS.format(kind="Machine", rates=graph.rates(model)),
        loss="contrast(target, draws, learning)",
        said=said,
    )


def counting(model: ReplicatedSoftmax, shape: tuple[int, ...]) -> Network:
    """The network of a machine whose visible units count words."""
    size, contrastive = math.prod(shape), model.phase == "contrastive"
    contrast = CONTRAST.format(
        placed="",
        logits="logits, " if contrastive else "",
        per=", a word",
        dream=DOCUMENTS if contrastive else FROM_CHAINS,
        result=f"({DIFFERENCE}){EACH_WORD}",
    )
    mean = f"(seen(train).mean(0) / seen(train).mean(0).sum()).clamp({RAREST / size!r}).log()"
    rates = graph.RATES_SAID + graph.RESTING.format(bias='machine.b["visible"]', resting=mean)
    network = _over_a_graph(
        model,
        shape,
        COUNTED.format(most=model.most, length=model.length or size),
        COUNTING.format(),
        "" if contrastive else graph.dreaming(model.chains()),
        contrast,
        gain="gain=1 / MOST, ",
    )
    return replace(
        network,
        encoder=graph.WEIGHTS.format(kind="Counting", rates=rates if model.rates else ""),
        loss=f"contrast(target, {'logits.detach(), ' if contrastive else ''}draws, learning)",
        mean="(logits.flatten(1).softmax(1) * (LENGTH / MOST)).reshape(target.shape)",
    )


def _over_a_graph(
    model: EnergyModel, shape: tuple[int, ...], constants: str, *functions: str, gain: str = ""
) -> Network:
    """What both share; constants and functions: further ones; gain: an argument of the initial weights."""
    sizes = {"visible": math.prod(shape), "hidden": model.code}
    kinds = dict.fromkeys(sizes, "bernoulli") | {"visible": model.likelihood}
    numbers = graph.CONSTANTS.format(
        sizes=sizes, kinds=kinds, edges=[tuple(sizes)], path=list(sizes), aside=(), steps=model.steps,
        deviation=constants,
    )  # fmt: skip
    return Network(
        numbers,
        graph.functions(graph.COINS, graph.DRAWN_WEIGHTS.format(gain=gain), graph.GRAPH.format(), *functions),
        "",
        graph.PARAMETERS,
        encoding=graph.ENCODING,
        drawn="code = coins(z.detach(), draws)",
        learning=True,
        buffers=graph.buffers(model),
    )
