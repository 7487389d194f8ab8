"""The texts of Boltzmann machines: their graph, their chains, what they learn from; for `str.format`."""

COINS = '''def coins(chances, draws):
    """1 with these chances, else 0."""
    return torch.empty_like(chances).uniform_(generator=draws).lt_(chances)'''
RESTRICTED = """VISIBLE, HIDDEN = {visible}, {hidden}  # units
STEPS = {steps}  # Gibbs sweeps behind each update{deviation}"""
DEVIATION = """
DEVIATION = {deviation!r}  # of a pixel"""
RESTRICTED_LAYERS = '''def told_hidden(v):
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
    """Chains that begin at the data and go on from update to update (Tieleman, ICML 2008)."""
    with torch.no_grad():
        v = particles
        if not v.any():
            v = seen(target)[torch.arange(len(particles)) % len(target)]
            coins(torch.sigmoid(told_hidden(seen(target))), draws)  # hidden states that the first sweep draws anew
        if learning:
            v = particles.copy_(swept(v, STEPS, draws))
        return v'''
PSEUDO_LIKELIHOOD = '''def pseudo_likelihood(v, draws):
    """d · log p(vᵢ | all other pixels) for a pixel i drawn for each example, the mean (Besag 1975)."""
    places = torch.randint(v.shape[1], (len(v), 1), generator=draws)
    turned = v.scatter(1, places, 1 - v.gather(1, places))
    return v.shape[1] * functional.logsigmoid(free_energy(turned) - free_energy(v)).mean()'''
RESTRICTED_WEIGHTS = """W = nn.Parameter(torch.empty(HIDDEN, VISIBLE))
draws = generator(generator(SEED, "weights").initial_seed(), "parameter", "machine.weights.visible-hidden")
nn.init.xavier_uniform_(W, generator=draws)
b, c = nn.Parameter(torch.zeros(VISIBLE)), nn.Parameter(torch.zeros(HIDDEN)){rates}"""
RESTRICTED_PARAMETERS = """parameters, weights = [W, b, c], [W]"""


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
        told, kind = self.told(layer, state), self.kinds[layer]
        told = told if temperature == 1 or kind == "gaussian" else told / temperature
        if kind == "gaussian":
            return told + math.sqrt(temperature) * torch.empty_like(told).normal_(generator=draws)
        if kind == "softmax":
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


def begun(start):
    """The chains as they stand; where they have been nowhere, at the states that `start` gives."""
    if particles.any():
        return particles
    states = joined(start())
    return states[torch.arange(particles.shape[1]) % len(states)].expand(particles.shape)'''
CHAINS = '''def dreamed(start, draws, learning):
    """Chains that begin at the data and go on from update to update (Tieleman, ICML 2008)."""
    with torch.no_grad():
        states = [apart(chain.clone()) for chain in begun(start)]
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
MACHINE_CONSTANTS = """SIZES = {sizes}  # units of each layer
KINDS = {kinds}
PATH, ASIDE = {path}, {aside}  # from the examples to the code, and what else there is
STEPS = {steps}  # Gibbs sweeps behind each update{deviation}"""
DEEP_CONSTANTS = """
SWEEPS = {sweeps}  # of the mean field"""
SEEN = '''def seen(x):
    """Examples as states of the visible units."""
    return x.flatten(1){seen}'''
FOR_CLASSES = '''def encoded_for_classes(x, draws):
    """The same, differentiated through the last sweep alone (Salakhutdinov & Hinton, AISTATS 2009, §3.3)."""
    given = {{PATH[0]: seen(x)}}
    with torch.no_grad():
        settled = machine.fields(given, SWEEPS - 1)
    return machine.fields(given, 1, settled)[PATH[-1]]'''
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
SETTLED = "1, {PATH[-1]: top.detach()}"
MACHINE_WEIGHTS = """def drawn_weights(name, upper, lower):
    weight = nn.Parameter(torch.empty(upper, lower))
    draws = generator(generator(SEED, "weights").initial_seed(), "parameter", name)
    nn.init.xavier_uniform_(weight, {gain}generator=draws)
    return weight


machine = {kind}(
    KINDS,
    {{(a, b): drawn_weights(f"machine.weights.{{a}}-{{b}}", SIZES[b], SIZES[a]) for a, b in {edges}}},
    {{layer: nn.Parameter(torch.zeros(size)) for layer, size in SIZES.items()}},
){rates}"""
RATES_SAID = """
# Units that nobody else tells anything are on as often as in the data (Hinton, UTML TR 2010-003, §8.1)."""
RESTING = """
{bias}.data = {resting}"""
MACHINE_PARAMETERS = """weights = [*machine.W.values()]
parameters = [*weights, *machine.b.values()]"""
LAYER_OF = '''def layer_of(number):
    """Layer `number` and the one below as a machine of the same weights, and which of its layers are upper ones.

    A layer that will hear from both sides hears twice from the one that is there (Salakhutdinov & Hinton 2009, §3.1).
    """
    below, above = PATH[number - 1 : number + 1]
    lowers, uppers = {{below: below}}, {{above: above}}
    if {doubled} and len(PATH) > 2:
        if number < len(PATH) - 1:
            lowers[f"{{below}} copy"] = below
        if number > 1:
            uppers[f"{{above}} copy"] = above
    W = {{(a, b): machine.W[below, above] for a in lowers for b in uppers}}
    of = lowers | uppers{joined}
    return Machine({{a: KINDS[of[a]] for a in of}}, W, {{a: machine.b[of[a]] for a in of}}), [*uppers]'''
LAYER = '''def given(part, uppers, x):
    """The lower layers of a part in the state that stands for x, but for what is told beside it."""
    return {{name: x for name in part.kinds if name not in (*uppers, *ASIDE)}}


def layer_loss(number, target{told}, noise, draws):
    """Layer `number` learns what the layers under it make of the examples, by contrastive divergence."""
    below = seen(target)
    with torch.no_grad():
        for under in range(1, number):
            part, uppers = layer_of(under)
            below = part.mean(uppers[0], given(part, uppers, below))
        {fed}
        part, uppers = layer_of(number)
        h = coins(part.mean(uppers[0], given(part, uppers, x)), draws)
        known = given(part, uppers, below){known}
        if len(known) > 1:
            state = known | {{name: coins(part.mean(name, known), draws) for name in uppers}}
            state = part.swept(state, STEPS, draws)
        else:
            state = part.swept(dict.fromkeys(uppers, h), 1, draws, held=uppers)
            state = part.swept(state, STEPS - 1, draws)
    return part.free_energy(known).mean() - part.free_energy({{name: state[name] for name in known}}).mean()'''
LAYER_PARAMETERS = "[*dict.fromkeys([*layer_of(number)[0].W.values(), *layer_of(number)[0].b.values()])]"
LABELS = """ | {{"labels": one_hot(classes)}}"""
ONE_HOT = '''def one_hot(classes):
    """Zeros with a one at the class."""
    return (classes[:, None] == torch.arange(SIZES["labels"])).float()'''
BELIEF_CONSTANTS = """WIDTHS = {widths}  # of the directed layers, from the pixels up
SIZES = {sizes}  # units of each layer of the machine at the top
KINDS, ASIDE = {kinds}, {aside}
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
BELIEF_WEIGHTS = """
directed = [Directed(number, *pair) for number, pair in enumerate(zip(WIDTHS, WIDTHS[1:], strict=False))]"""
BELIEF_PARAMETERS = """weights = [*(each for layer in directed for each in (layer.R, layer.G)), *machine.W.values()]
parameters = [*weights, *machine.b.values(), *(each for layer in directed for each in (layer.lower, layer.upper))]"""
BELIEF_LAYER_OF = '''def layer_of(number):
    """Layer `number` and the one below as a machine of the generative weights, and which of its layers are upper."""
    if number > len(directed):
        return machine, ["top"]
    layer = directed[number - 1]
    kinds = {{"below": "bernoulli", "above": "bernoulli"}}
    return Machine(kinds, {{("below", "above"): layer.G}}, {{"below": layer.lower, "above": layer.upper}}), ["above"]'''
FOLLOWED = """
    if number <= len(directed):
        directed[number - 1].R.data.copy_(directed[number - 1].G)"""
JOINED = """
    if number == len(PATH) - 1:
        W[above, "tags"], of["tags"] = machine.W[above, "tags"], "tags\""""
RESTING_STATES = '''def resting(n, draws):
    """States of units that nobody tells anything."""
    return {{
        layer: torch.empty(n, size).normal_(generator=draws)
        if KINDS[layer] == "gaussian"
        else coins(torch.full((n, size), 0.5), draws)
        for layer, size in SIZES.items()
    }}'''
TAGGED_CHAINS = '''def dreamed(start, tags, draws, learning):
    """Chains with the tags of an example each; some begin anew every time (Du & Mordatch, NeurIPS 2019, §3.2)."""
    count = particles.shape[1]
    with torch.no_grad():
        if not learning:
            return apart(begun(start)[0])
        renewed = {renewed} if particles.any() else count
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

    def drawn(self, layer, state, draws, temperature=1.0):
        if layer == "hidden":
            return super().drawn(layer, state, draws, temperature)
        told = self.told(layer, state)
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
CONNECTED_CONSTANTS = """VISIBLE, HIDDEN = {visible}, {hidden}  # units
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
CONNECTED_PERSISTENT = '''particles = torch.zeros({particles}, VISIBLE + HIDDEN)


def dreamed(v, draws, learning):
    """Chains that begin at the data and go on from update to update (Tieleman, ICML 2008)."""
    states = particles
    if not states.any():
        states = torch.cat(data_phase(v, draws), 1)[torch.arange(len(particles)) % len(v)]
    state = states.clone().split([VISIBLE, HIDDEN], 1)
    if learning:
        for _ in range(STEPS):
            state = swept(*state, draws)
        particles.copy_(torch.cat(state, 1))
    return state'''
CONNECTED_ANNEALED = '''def dreamed(v, draws, learning):
    """From nothing, cooling."""
    return annealed(*resting(len(v), draws), draws)'''
CONNECTED_LOSS = '''def contrast(target, draws, learning):
    """What the data pay less what the machine dreams of pays (Ackley, Hinton, Sejnowski 1985, §4)."""
    v = seen(target)
    data = {data}
    return {result}'''
CONNECTED_WEIGHTS = """def drawn_weights(name, upper, lower):
    weight = nn.Parameter(torch.empty(upper, lower))
    draws = generator(generator(SEED, "weights").initial_seed(), "parameter", f"machine.weights.{{name}}")
    nn.init.xavier_uniform_(weight, generator=draws)
    return weight


among_visible = drawn_weights("visible-visible", VISIBLE, VISIBLE)
W = drawn_weights("visible-hidden", HIDDEN, VISIBLE)
among_hidden = drawn_weights("hidden-hidden", HIDDEN, HIDDEN)
b, c = nn.Parameter(torch.zeros(VISIBLE)), nn.Parameter(torch.zeros(HIDDEN)){rates}"""
CONNECTED_PARAMETERS = """weights = [among_visible, W, among_hidden]
parameters = [*weights, b, c]"""
ENCODING = "[each for each in parameters if each is not machine.b[PATH[0]]]"
BELIEF_ENCODING = """[
    *(each for layer in directed for each in (layer.R, layer.upper)), machine.W["below", "top"], machine.b["top"]
]"""
