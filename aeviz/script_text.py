"""The texts that `aeviz.script` puts a script together from, each with places for `str.format`."""

JACOBIAN = '''
def squared_jacobian(z, x):
    """‖∂z/∂x‖²_F, the mean over the batch (Rifai et al., ICML 2011)."""
    rows = [torch.autograd.grad(unit.sum(), x, create_graph=True)[0] for unit in z.unbind(1)]
    return sum(row.square().sum() for row in rows) / len(z)

'''

DIGITS = """from sklearn.datasets import load_digits

images = torch.from_numpy((load_digits().images / 16).astype(np.float32))[:, None]
train, test = images[:-360], images[-360:]"""
ARRAYS = """with np.load("{name}") as data:  # the file that came with this script
    train, test = torch.from_numpy(data["train"]), torch.from_numpy(data["test"])"""
SCHEDULED = """
        for group in optimizer.param_groups:
            group["lr"] = RATE * ({factor})"""
DIVERGENCE = '''
def divergence(z):
    """Σ KL(ρ ‖ mean of a unit), ρ = {rho!r} (Ng, CS294A lecture notes)."""
    active = z.mean(0).clamp(1e-6, 1 - 1e-6)
    return ({rho!r} * ({rho!r} / active).log() + {other!r} * ({other!r} / (1 - active)).log()).sum()

'''

DRAWN = """z, log_variance = z.chunk(2, dim=1)
    code = z + (log_variance / 2).exp() * torch.empty_like(z).normal_(generator=draws)"""
KL = "((z.square() + log_variance.exp() - 1 - log_variance).sum(1) / 2).mean()"
UNTIED = """decoder = layers("decoder", BACK, DECODER)
parameters = [*encoder.parameters(), *decoder.parameters()]
weights = [layer.weight for layer in (*encoder, *decoder)]


def decoded(code):
    return through(decoder, DECODER, code)"""
TIED = '''biases = [nn.Parameter(torch.zeros(width)) for width in BACK[1:]]
parameters = [*encoder.parameters(), *biases]
weights = [layer.weight for layer in encoder]


def decoded(code):
    """Back through the transposed weights."""
    for layer, bias, activation in zip(reversed(encoder), biases, DECODER, strict=True):
        code = ACTIVATIONS[activation](functional.linear(code, layer.weight.T, bias))
    return code'''
SCRIPT = '''"""{name}

Trains this recipe in plain PyTorch; needs {needs}{beside}.

{recipe}
"""

import hashlib
{math}
import numpy as np
import torch
from torch import nn
from torch.nn import functional

SEED, EPOCHS, BATCH, RATE = {seed}, {epochs}, {batch}, {rate!r}
THERE, BACK = {there}, {back}  # widths
ENCODER, DECODER = {inward}, {outward}  # the activation behind each layer
ACTIVATIONS = {{
{functions}
}}
GAINS = {gains}  # He et al., ICCV 2015; 1 for the others


def generator(seed, *purpose):
    """A generator of its own for each purpose: nothing depends on what else was drawn."""
    text = "/".join(str(part) for part in (seed, *purpose))
    derived = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") & (2**63 - 1)
    return torch.Generator().manual_seed(derived)


def layers(name, widths, activations):
    """Linear layers with Glorot's uniform weights and biases of 0."""
    drawn_from = generator(SEED, "weights").initial_seed()
    made = nn.ModuleList()
    for number, (before, after, activation) in enumerate(zip(widths, widths[1:], activations, strict=False)):
        layer = nn.Linear(before, after)
        draws = generator(drawn_from, "parameter", f"{{name}}.layers.{{number}}.weight")
        nn.init.xavier_uniform_(layer.weight, gain=GAINS.get(activation, 1.0), generator=draws)
        nn.init.zeros_(layer.bias)
        made.append(layer)
    return made


def through(stack, activations, h):
    for layer, activation in zip(stack, activations, strict=True):
        h = ACTIVATIONS[activation](layer(h))
    return h


def one_a_pixel(x, noise):
    """A number in [0, 1) for each pixel, the same for all of its channels."""
    shape = (len(x), 1, *x.shape[2:]) if x.dim() == 4 else x.shape
    return torch.empty(shape).uniform_(generator=noise)


def salted(x, u, share):
    return torch.where(u < share, (u >= share / 2).float().expand_as(x), x)


def corrupted(x, noise):
    return {corrupted}

{penalties_defined}
def losses(target, noise, draws, progress):
    """The loss in nats per example, and the squared error per number."""
    x = corrupted(target, noise)
    x = {grad}
    z = through(encoder, ENCODER, x.flatten(1))
    {drawn}
    logits = decoded(code).reshape(target.shape)
    loss = {reconstruction}{penalties}
    return loss, ({mean} - target).square().mean()


torch.set_num_threads(1)
{data}
encoder = layers("encoder", THERE, ENCODER)
{decoder}


optimizer = {optimizer}
steps = -(-len(train) // BATCH)
for epoch in range(1, EPOCHS + 1):
    order = torch.randperm(len(train), generator=generator(SEED, "training", "order", epoch))
    noise = generator(SEED, "training", "pairing", epoch)
    draws = generator(SEED, "training", "draws", epoch)
    for at, rows in enumerate(order.split(BATCH)):
        progress = ((epoch - 1) * steps + at) / (EPOCHS * steps)
        optimizer.zero_grad()
        loss, _ = losses(train[rows], noise, draws, progress)
        loss.backward(){scheduled}
        optimizer.step()

noise = generator(SEED, "training", "pairing of evaluation")
draws = generator(SEED, "training", "draws of evaluation")
total = np.zeros(2)
for rows in test.split({chunk}):
    total += len(rows) * np.array([value.item() for value in losses(rows, noise, draws, 1.0)])
print("test loss {{:.6f}}, squared error {{:.8f}}".format(*total / len(test)))
'''
