"""The texts of a network: its layers, and what generative models and machines draw and pay; for `str.format`."""

DRAWN = """z, log_variance = z.chunk(2, dim=1)
    code = z + (log_variance / 2).exp() * torch.empty_like(z).normal_(generator=draws)"""
KL = "((z.square() + log_variance.exp() - 1 - log_variance).sum(1) / 2).mean()"
DISCREPANCY = '''def kernel(a, b):
    """C / (C + ‖a − b‖²) of every pair, C = 2k (Tolstikhin et al., arXiv:1711.01558, §4)."""
    squared = a.square().sum(1)[:, None] + b.square().sum(1) - 2 * a @ b.T
    return {scale} / ({scale} + squared.clamp(min=0))


def discrepancy(z, draws):
    """MMD² of codes and draws from N(0, I), without bias (Gretton et al., JMLR 13, 2012, eq. 3)."""
    z = z[:{most}]
    drawn = torch.empty(max(len(z), {fewest}), z.shape[1]).normal_(generator=draws)
    if len(z) < 2:
        return 0 * z.sum()
    first, second = ((kernel(each, each).sum() - len(each)) / (len(each) * (len(each) - 1)) for each in (z, drawn))
    return first + second - 2 * kernel(z, drawn).mean()


'''
DECOMPOSED = '''def decomposed(mean, log_variance, draws, of):
    """α·I(x; z) + β·total correlation + γ·KL of each unit, by stratified sampling (Chen et al., arXiv:1802.04942).

    of: how many examples the data set has that these come from.
    """
    mean, log_variance = mean[:{most}], log_variance[:{most}]
    z = mean + (log_variance / 2).exp() * torch.empty_like(mean).normal_(generator=draws)
    away = (z[:, None] - mean).square() * (-log_variance).exp()
    each = -(away + log_variance + math.log(2 * math.pi)) / 2  # log q of every draw given every example, unit by unit
    n, of = len(z), max(of, len(z))
    others = math.log((of - 1) / (of * (n - 1))) if n > 1 else 0.0
    shares = torch.full((n, n), others, dtype=torch.float64).fill_diagonal_(-math.log(of)).to(z)
    own = each.diagonal().sum(0)
    joint = (shares + each.sum(2)).logsumexp(1)
    product = (shares[..., None] + each).logsumexp(1).sum(1)
    prior = -(z.square() + math.log(2 * math.pi)).sum(1) / 2
    return {alpha!r} * (own - joint).mean() + {beta!r} * (joint - product).mean() + {gamma!r} * (product - prior).mean()


'''
DISCRIMINATOR = """
JUDGE, JUDGES = {widths}, {activations}  # the discriminator's widths, and what is behind each of its layers"""
HELD = '''@contextlib.contextmanager
def held(layers):
    """What is computed meanwhile teaches these layers nothing."""
    layers.requires_grad_(False)
    yield
    layers.requires_grad_(True)


{score}


def judged(real, fake):
    """−log D(real) − log(1 − D(fake)), D = σ(score) (Goodfellow et al., arXiv:1406.2661, eq. 1)."""
    scores = score(torch.cat([real, fake.detach()]))
    return functional.softplus(-scores[: len(real)]).mean() + functional.softplus(scores[len(real) :]).mean()


def fooling(fake):
    """−log D(fake), which teaches who made the fakes (the same, §3)."""
    with held(discriminator):
        return functional.softplus(-score(fake)).mean()


'''
DENSE_SCORE = """def score(x):
    return through(discriminator, JUDGES, x.flatten(1), None)[:, 0]"""
CONVOLUTIONS_SCORE = """def score(x):
    *convolutions, last = discriminator
    for convolution in convolutions:
        x = functional.leaky_relu(convolution(x))
    return last(x.flatten(1))[:, 0]"""
AGAINST = '''def opposed(z, draws):
    """Codes that pass for draws from N(0, I), and who tells them apart (Makhzani et al., arXiv:1511.05644)."""
    prior = torch.empty(len(z), z.shape[1]).normal_(generator=draws)
    return {weight!r} * fooling(z) + judged(prior, z)


'''
GENERATE = '''def opposed(real, draws, learning):
    """The generator, and who tells what it makes from examples (Goodfellow et al., arXiv:1406.2661)."""
    z = torch.empty(len(real), {code}).normal_(generator=draws)
    logits = decoded(z, draws if learning else None).reshape(real.shape)
    fakes = {mean}
    return fooling(fakes) + judged(real, fakes){penalty}


def rebuilt(code, draws):
    """What the generator makes of the encoder's codes, which teaches the encoder alone."""
    with held({generator}):
        return decoded(code, draws)


'''
SQUARED_GRADIENT = '''def squared_gradient(real):
    """E‖∂score/∂x‖² (Mescheder et al., arXiv:1801.04406, eq. 9)."""
    x = real.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(score(x).sum(), x, create_graph=True)
    return gradient.flatten(1).square().sum(1).mean()


'''
DISCRIMINATOR_LAYERS = """discriminator = layers("discriminator.body", JUDGE, JUDGES)"""
CONVOLUTIONS_DISCRIMINATOR_LAYERS = """discriminator = nn.ModuleList(
    begun(
        nn.Conv2d(before, after, 4, stride=2, padding=1), f"discriminator.body.convolutions.{number}", "leaky_relu"
    )
    for number, (before, after) in enumerate(zip(CHANNELS, CHANNELS[1:], strict=False))
)
discriminator.append(begun(nn.Linear(FLAT, 1), "discriminator.body.dense", "linear"))
for layer in decoder:
    layer.weight.data.mul_(2)  # a quarter of the kernel meets each pixel, and Glorot's formula counts all of it"""
DISCRIMINATOR_PARAMETERS = """
parameters += discriminator.parameters()
weights += [layer.weight for layer in discriminator]"""
ONE_HOT = '''def one_hot(classes, draws):
    """Zeros with a one at the class; zeros alone where it is not told, which is drawn with draws."""
    if draws is not None:
        told = torch.empty(classes.shape).bernoulli_(1 - {untold!r}, generator=draws)
        classes = torch.where(told > 0, classes, -1)
    return (classes[:, None] == torch.arange({classes})).float()


'''
JOINED = """y = one_hot(classes, kept)
    joined = torch.cat([x.flatten(1), y], dim=1)
    """
JOINED_CODE = """
    code = torch.cat([code, y], dim=1)"""
QUANTIZED = '''def quantized(z):
    """Each part of each code replaced by the nearest vector of the book (van den Oord et al., arXiv:1711.00937)."""
    with torch.no_grad():
        parts = z.unflatten(1, (-1, {dimension}))
        entries = (book.square().sum(1) - 2 * parts @ book.T).argmin(2)
    return book[entries].flatten(1)


'''
STRAIGHT = "code = z + (quantized(z) - z).detach()  # the gradient comes back as if nothing had happened"
BOOK = """book = nn.Parameter(torch.empty({book}, {dimension}))
nn.init.xavier_uniform_(book, generator=generator(generator(SEED, "weights").initial_seed(), "parameter", "book"))
parameters.append(book)"""
DENSE = """THERE, BACK = {there}, {back}  # widths
ENCODER, DECODER = {inward}, {outward}  # the activation behind each layer"""
CONVOLUTIONS = """CODE = {code}  # what the encoder gives, what the decoder takes
CHANNELS = {channels}  # of the image and of each convolution
HIDDEN, LAST = {hidden!r}, {last!r}  # the activation behind convolutions, behind the dense layer to the code
SMALLEST = {smallest}  # what the last convolution gives
ODD = {odd}  # rows and columns that halving left over, from the code up"""
ACTIVATIONS = """
ACTIVATIONS = {{
{functions}
}}
GAINS = {gains}  # He et al., ICCV 2015; 1 for the others"""
BEGUN = '''def begun(layer, name, activation):
    """The layer with Glorot's uniform weights and biases of 0."""
    drawn_from = generator(SEED, "weights").initial_seed()
    draws = generator(drawn_from, "parameter", f"{name}.weight")
    nn.init.xavier_uniform_(layer.weight, gain=GAINS.get(activation, 1.0), generator=draws)
    nn.init.zeros_(layer.bias)
    return layer


'''
DENSE_LAYERS = """def layers(name, widths, activations):
    sizes = zip(widths, widths[1:], activations, strict=False)
    return nn.ModuleList(
        begun(nn.Linear(before, after), f"{{name}}.layers.{{number}}", activation)
        for number, (before, after, activation) in enumerate(sizes)
    )


def through(stack, activations, h, draws):
    for layer, activation in zip(stack, activations, strict=True):
        h = ACTIVATIONS[activation](layer(h)){follow}
    return h


def encoded(x, draws):
    return through(encoder, ENCODER, x.flatten(1), draws)"""
DENSE_FOLLOW = """
        if layer is not stack[-1]:
            h = dropped(h, draws)"""
DENSE_ENCODER = """encoder = layers("encoder", THERE, ENCODER)"""
UNTIED = """decoder = layers("decoder", BACK, DECODER)
parameters = [*encoder.parameters(), *decoder.parameters()]
weights = [layer.weight for layer in (*encoder, *decoder)]


def decoded(code, draws):
    return through(decoder, DECODER, code, draws)"""
TIED = '''biases = [nn.Parameter(torch.zeros(width)) for width in BACK[1:]]
parameters = [*encoder.parameters(), *biases]
weights = [layer.weight for layer in encoder]


def decoded(code, draws):
    """Back through the transposed weights."""
    for layer, bias, activation in zip(reversed(encoder), biases, DECODER, strict=True):
        code = ACTIVATIONS[activation](functional.linear(code, layer.weight.T, bias)){follow}
    return code'''
TIED_FOLLOW = """
        if layer is not encoder[0]:
            code = dropped(code, draws)"""
CONVOLUTIONS_THERE = """def hidden(h, draws):
    return {hidden_units}


def encoded(x, draws):
    for convolution in encoder:
        x = hidden(convolution(x), draws)
    return ACTIVATIONS[LAST](inner(x.flatten(1)))"""
CONVOLUTIONS_ENCODER = """FLAT = SMALLEST[0] * SMALLEST[1] * SMALLEST[2]
encoder = nn.ModuleList(
    begun(nn.Conv2d(before, after, 4, stride=2, padding=1), f"encoder.convolutions.{number}", HIDDEN)
    for number, (before, after) in enumerate(zip(CHANNELS, CHANNELS[1:], strict=False))
)
inner = begun(nn.Linear(FLAT, CODE[0]), "encoder.dense", LAST)"""
CONVOLUTIONS_UNTIED = """outer = begun(nn.Linear(CODE[1], FLAT), "decoder.dense", HIDDEN)
decoder = nn.ModuleList()
for number, (before, after, odd) in enumerate(zip(CHANNELS[:0:-1], CHANNELS[-2::-1], ODD, strict=True)):
    layer = nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, output_padding=odd)
    behind = "linear" if number == len(ODD) - 1 else HIDDEN
    decoder.append(begun(layer, f"decoder.convolutions.{number}", behind))
parameters = [each for part in (encoder, inner, outer, decoder) for each in part.parameters()]
weights = [layer.weight for layer in (*encoder, inner, outer, *decoder)]


def decoded(code, draws):
    h = outer(code).reshape(-1, *SMALLEST)
    for convolution in decoder:
        h = convolution(hidden(h, draws))
    return h"""
CONVOLUTIONS_TIED = '''biases = [nn.Parameter(torch.zeros(width)) for width in (FLAT, *CHANNELS[-2::-1])]
parameters = [*encoder.parameters(), *inner.parameters(), *biases]
weights = [layer.weight for layer in (*encoder, inner)]


def decoded(code, draws):
    """Back through the transposed weights."""
    h = functional.linear(code, inner.weight.T, biases[0]).reshape(-1, *SMALLEST)
    for convolution, bias, odd in zip(reversed(encoder), biases[1:], ODD, strict=True):
        h = functional.conv_transpose2d(hidden(h, draws), convolution.weight, bias, 2, 1, odd)
    return h'''
POOLING = """CODE = {code}  # what the encoder gives, what the decoder takes
CHANNELS = {channels}  # of the image and of each convolution
HIDDEN, LAST = {hidden!r}, {last!r}  # the activation behind convolutions, behind the dense layer to the code
SMALLEST = {smallest}  # what the last pooling gives
SIZES = {sizes}  # of the image, from the code up"""
POOLING_THERE = """def hidden(h, draws):
    return {hidden_units}


def unpooled(h, size{places}):
    {unpooled}


def encoded(x, draws):{begin}
    for convolution in encoder:
        {pooled}{follow}
    return ACTIVATIONS[LAST](inner(x.flatten(1))){given}"""
UNPOOLED_PLACES = """return functional.max_unpool2d(h, places, (2, 2), output_size=size)"""
UNPOOLED_REPEAT = """h = functional.interpolate(h, scale_factor=2, mode="nearest")
    return functional.pad(h, (0, size[1] - h.shape[3], 0, size[0] - h.shape[2]), mode="replicate")"""
POOLED_PLACES = """x, at = functional.max_pool2d(ACTIVATIONS[HIDDEN](convolution(x)), 2, return_indices=True)
        places.append(at)"""
POOLED = """x = functional.max_pool2d(ACTIVATIONS[HIDDEN](convolution(x)), 2)"""
POOLING_ENCODER = """FLAT = SMALLEST[0] * SMALLEST[1] * SMALLEST[2]
encoder = nn.ModuleList(
    begun(nn.Conv2d(before, after, 3, padding=1), f"encoder.convolutions.{number}", HIDDEN)
    for number, (before, after) in enumerate(zip(CHANNELS, CHANNELS[1:], strict=False))
)
inner = begun(nn.Linear(FLAT, CODE[0]), "encoder.dense", LAST)"""
POOLING_UNTIED = """outer = begun(nn.Linear(CODE[1], FLAT), "decoder.dense", HIDDEN)
decoder = nn.ModuleList()
for number, (before, after) in enumerate(zip(CHANNELS[:0:-1], CHANNELS[-2::-1], strict=True)):
    behind = "linear" if number == len(SIZES) - 1 else HIDDEN
    decoder.append(begun(nn.Conv2d(before, after, 3, padding=1), f"decoder.convolutions.{number}", behind))
parameters = [each for part in (encoder, inner, outer, decoder) for each in part.parameters()]
weights = [layer.weight for layer in (*encoder, inner, outer, *decoder)]


def decoded(code, {taken}draws):
    h = outer(code).reshape(-1, *SMALLEST)
    for depth, convolution in enumerate(decoder):
        h = convolution(unpooled(hidden(h, draws), SIZES[depth]{handed}))
    return h"""
POOLING_TIED = '''biases = [nn.Parameter(torch.zeros(width)) for width in (FLAT, *CHANNELS[-2::-1])]
parameters = [*encoder.parameters(), *inner.parameters(), *biases]
weights = [layer.weight for layer in (*encoder, inner)]


def decoded(code, {taken}draws):
    """Back through the transposed weights."""
    h = functional.linear(code, inner.weight.T, biases[0]).reshape(-1, *SMALLEST)
    for depth, convolution in enumerate(reversed(encoder)):
        h = unpooled(hidden(h, draws), SIZES[depth]{handed})
        h = functional.conv_transpose2d(h, convolution.weight, biases[depth + 1], 1, 1)
    return h'''
