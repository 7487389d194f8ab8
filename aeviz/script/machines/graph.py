"""What the scripts of machines share: a machine over a graph of layers, its chains, its weights."""

from aeviz.models.machines import Chains, EnergyModel
from aeviz.models.units import RAREST

COINS = '''def coins(chances, draws):
    """1 with these chances, else 0."""
    return torch.empty_like(chances).uniform_(generator=draws).lt_(chances)'''
DEVIATION = """
DEVIATION = {deviation!r}  # of a pixel"""
SEEN = '''def seen(x):
    """Examples as states of the visible units."""
    return x.flatten(1){seen}'''
GRAPH = '''class Machine:
    """p(s) ∝ exp(−E(s)), E = Σ (own − b·s) over layers − Σ s_upper·W s_lower over edges (Ackley et al. 1985, eq. 1).

    kinds: of the units of each layer; W: of each edge (lower, upper), upper × lower; b: of each layer.
    """

    def __init__(self, kinds, W, b):
        self.kinds, self.W, self.b = kinds, W, b
        self.groups = []  # of layers that do not see each other, and are drawn at once
        for layer in kinds:
            seen = self.around(layer)
            group = next((each for each in self.groups if not seen & set(each)), None)
            if group is None:
                self.groups.append(group := [])
            group.append(layer)

    def around(self, layer):
        return {{a if b == layer else b for a, b in self.W if layer in (a, b)}}

    def told(self, layer, state):
        """b + Σ W s over the neighbours that have a state: what the units of a layer are told."""
        told = None
        for (lower, upper), W in self.W.items():
            if layer == upper and lower in state:
                s, weight = state[lower], W
            elif layer == lower and upper in state:
                s, weight = state[upper], W.T
            else:
                continue
            told = functional.linear(s, weight, self.b[layer]) if told is None else functional.linear(s, weight) + told
        return told

    def mean(self, layer, state):
        """E[s | its neighbours]."""
        told, kind = self.told(layer, state), self.kinds[layer]
        return {{"bernoulli": torch.sigmoid, "gaussian": lambda t: t, "softmax": lambda t: t.softmax(1)}}[kind](told)

    def drawn(self, layer, state, draws, temperature=1.0):
        """s ~ p(s | its neighbours)."""
        return self.draw(layer, self.told(layer, state), draws, temperature)

    def draw(self, layer, told, draws, temperature=1.0):
        """States of units that are told this."""
        if self.kinds[layer] == "gaussian":
            return told + math.sqrt(temperature) * torch.empty_like(told).normal_(generator=draws)
        told = told if temperature == 1 else told / temperature
        if self.kinds[layer] == "softmax":
            chosen = torch.multinomial(told.softmax(1), 1, generator=draws)
            return torch.zeros_like(told).scatter_(1, chosen, 1)
        return coins(torch.sigmoid(told), draws)

    def swept(self, state, count, draws, held=(), temperature=1.0):
        """Gibbs sampling: each group given all the rest, that of the visible layer last (Geman & Geman 1984)."""
        state, (first, *others) = dict(state), self.groups
        with torch.no_grad():
            for _ in range(count):
                for group in (*others, first):
                    for layer in group:
                        if layer not in held:
                            state[layer] = self.drawn(layer, state, draws, temperature)
        return state

    def fields(self, given, count, start=None):
        """Mean fields after so many sweeps; they come up from the given layers, one after the other."""
        state, start = dict(given), start or {{}}
        reached = set(given)
        while more := [each for each in self.kinds if each not in reached and self.around(each) & reached]:
            for layer in more:
                state[layer] = start[layer] if layer in start else self.mean(layer, state)
            reached |= set(more)
        for _ in range(count):
            for group in self.groups[::-1]:
                for layer in group:
                    if layer not in given:
                        state[layer] = self.mean(layer, state)
        return state

    def own(self, layer, s):
        return s.square().sum(1) / 2 if self.kinds[layer] == "gaussian" else 0

    def energy(self, state):
        """E(s) of each row."""
        total = 0
        for layer in self.kinds:
            total = total + self.own(layer, state[layer]) - state[layer] @ self.b[layer]
        for (lower, upper), W in self.W.items():
            total = total - (functional.linear(state[lower], W) * state[upper]).sum(1)
        return total

    def free_energy(self, state):
        """−log Σ exp(−E) over the layers of Bernoulli units that have no state, none of which sees another."""
        total = 0
        for layer, s in state.items():
            total = total + self.own(layer, s) - s @ self.b[layer]
        for layer in self.kinds:
            if layer not in state:
                total = total - functional.softplus(self.told(layer, state)).sum(1)
        return total'''
PARTICLES = '''LADDER = {ladder}  # the temperatures of the chains
particles = torch.zeros(len(LADDER), {particles}, sum(SIZES.values()))


def apart(joined):
    return dict(zip(SIZES, joined.split([*SIZES.values()], 1), strict=True))


def joined(state):
    return torch.cat([state[layer] for layer in SIZES], 1)


def begun(start, draws):
    """The chains as they stand; where they have been nowhere, {beginning}."""
    if particles.any():
        return particles
    states = joined({origin})
    return states[torch.arange(particles.shape[1]) % len(states)].expand(particles.shape)'''
RESTING_STATES = '''def resting(n, draws):
    """States of units that nobody tells anything."""
    return {{layer: machine.draw(layer, torch.zeros(n, size), draws) for layer, size in SIZES.items()}}'''
CHAINS = '''def dreamed(start, draws, learning):
    """Chains that go on from update to update (Tieleman, ICML 2008)."""
    with torch.no_grad():
        states = [apart(chain.clone()) for chain in begun(start, draws)]
        if learning:
            for _ in range(STEPS):
                states = {moved}
            particles.copy_(torch.stack([joined(state) for state in states]))
        return states[0]'''
ONE_CHAIN = "[machine.swept(states[0], 1, draws)]"
TEMPERED = "tempered(states, draws)"
TEMPERING = '''def tempered(states, draws):
    """A sweep at each temperature, then neighbours change places or not (Desjardins et al., AISTATS 2010, eq. 5)."""
    states = [machine.swept(state, 1, draws, temperature=each) for state, each in zip(states, LADDER, strict=True)]
    for first in (0, 1):
        for i in range(first, len(states) - 1, 2):
            colder, hotter = states[i], states[i + 1]
            gain = (1 / LADDER[i] - 1 / LADDER[i + 1]) * (machine.energy(colder) - machine.energy(hotter))
            swap = (torch.empty_like(gain).uniform_(generator=draws).log() < gain)[:, None]
            states[i] = {{layer: torch.where(swap, hotter[layer], s) for layer, s in colder.items()}}
            states[i + 1] = {{layer: torch.where(swap, colder[layer], s) for layer, s in hotter.items()}}
    return states'''
FROM_DATA = '''def dreamed(start, draws, learning):
    """Sweeps from the data themselves (Hinton, Neural Computation 14, 2002)."""
    return machine.swept(start(), STEPS, draws)'''
CONSTANTS = """SIZES = {sizes}  # units of each layer
KINDS = {kinds}
EDGES = {edges}  # (lower, upper)
PATH, ASIDE = {path}, {aside}  # from the examples to the code, and what else there is
STEPS = {steps}  # Gibbs sweeps behind each update{deviation}"""
DRAWN_WEIGHTS = """def drawn_weights(name, upper, lower):
    weight = nn.Parameter(torch.empty(upper, lower))
    draws = generator(generator(SEED, "weights").initial_seed(), "parameter", name)
    nn.init.xavier_uniform_(weight, {gain}generator=draws)
    return weight"""
WEIGHTS = """machine = {kind}(
    KINDS,
    {{(a, b): drawn_weights(f"machine.weights.{{a}}-{{b}}", SIZES[b], SIZES[a]) for a, b in EDGES}},
    {{layer: nn.Parameter(torch.zeros(size)) for layer, size in SIZES.items()}},
){rates}"""
RATES_SAID = """
# Units that nobody else tells anything are on as often as in the data (Hinton, UTML TR 2010-003, §8.1)."""
RESTING = """
{bias}.data = {resting}"""
PARAMETERS = """weights = [*machine.W.values()]
parameters = [*weights, *machine.b.values()]"""
ENCODING = "[each for each in parameters if each is not machine.b[PATH[0]]]"


def functions(*parts: str) -> str:
    """Definitions in their order, two empty lines between them."""
    return "\n\n\n".join(filter(None, parts))


def buffers(model: EnergyModel) -> tuple[str, ...]:
    """What changes beside the parameters: its chains, where they go on."""
    return ("particles",) if model.phase in ("persistent", "tempered") else ()


def particles(chains: Chains) -> str:
    """The chains that go on from update to update."""
    noise = chains.origin == "noise"
    text = PARTICLES.format(
        ladder=chains.ladder(),
        particles=chains.particles,
        beginning="at noise" if noise else "at the states that `start` gives",
        origin="resting(particles.shape[1], draws)" if noise else "start()",
    )
    return functions(RESTING_STATES.format(), text) if noise else text


def dreaming(chains: Chains) -> str:
    """How the states of the model phase come about."""
    if chains.phase == "contrastive":
        return FROM_DATA.format()
    tempered = chains.phase == "tempered"
    moving = CHAINS.format(moved=TEMPERED if tempered else ONE_CHAIN)
    return functions(particles(chains), TEMPERING.format() if tempered else "", moving)


def rates(model: EnergyModel, *, tagged: bool = False) -> str:
    """The biases of what is given to a machine with which it rests at its means."""
    if not model.rates:
        return ""
    means = {"visible": resting("seen(train).mean(0)", gaussian=model.likelihood == "gaussian")}
    means |= {"tags": resting("train_tags.mean(0)", gaussian=False)} if tagged else {}
    lines = (RESTING.format(bias=f'machine.b["{layer}"]', resting=mean) for layer, mean in means.items())
    return RATES_SAID + "".join(lines)


def resting(mean: str, *, gaussian: bool) -> str:
    """The biases with which units that nobody else tells anything have this mean."""
    return mean if gaussian else f"torch.logit({mean}.clamp({RAREST}, 1 - {RAREST}))"
