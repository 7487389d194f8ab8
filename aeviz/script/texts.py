"""The texts of the script around its network: the whole, its data, its corruption; each for `str.format`."""

DIGITS = """images = torch.from_numpy((load_digits().images / 16).astype(np.float32))[:, None]
train, test = images[:-360], images[-360:]"""
DIGITS_LABELS = """
classes = torch.from_numpy(load_digits().target)
train_classes, test_classes = classes[:-360], classes[-360:]"""
ARRAYS = """with np.load("{name}") as data:  # the file that came with this script
    train, test = torch.from_numpy(data["train"]), torch.from_numpy(data["test"])"""
ARRAYS_TOLD = """
    train_{told}, test_{told} = torch.from_numpy(data["train_{told}"]), torch.from_numpy(data["test_{told}"])"""
DROPPED = '''def dropped(h, draws):
    """Inverted dropout (Srivastava et al., JMLR 2014); h itself without draws."""
    if draws is None:
        return h
    return h * torch.empty_like(h).bernoulli_(1 - {share!r}, generator=draws) / (1 - {share!r})


'''
ONE_A_PIXEL = '''
def one_a_pixel(x, noise):
    """A number in [0, 1) for each pixel, the same for all of its channels."""
    shape = (len(x), 1, *x.shape[2:]) if x.dim() == 4 else x.shape
    return torch.empty(shape).uniform_(generator=noise)

'''
STRUCK = """struck = {struck}
    return {fed}"""
SALTED = """u = one_a_pixel(x, noise)
    struck = u < {share!r}
    return {fed}"""
OCCLUDED = '''
def occluded(x, noise):
    """What a rectangle covers, whose place is drawn for each example (Pathak et al., CVPR 2016)."""
    sizes = x.shape[2:] if x.dim() == 4 else x.shape[1:]
    struck = torch.ones(len(x), *[1] * (x.dim() - 1), dtype=torch.bool)
    for axis, (size, missing) in enumerate(zip(sizes, {missing}, strict=True)):
        start = (torch.empty(len(x), 1).uniform_(generator=noise) * (size - missing + 1)).floor()
        along = (torch.arange(size) >= start) & (torch.arange(size) < start + missing)
        shape = [size if other == axis else 1 for other in range(len(sizes))]
        struck = struck & along.view(len(x), *[1] * (x.dim() - 1 - len(sizes)), *shape)
    return struck

'''
COARSE = '''
def averages(x, size, noise):
    """The matrix that averages each block of a side and spreads the mean over it; where blocks begin is drawn."""
    blocks = ({left!r} * torch.arange(size) + torch.empty(len(x), 1).uniform_(generator=noise)).floor()
    same = (blocks[:, :, None] == blocks[:, None, :]).float()
    return same / same.sum(2, keepdim=True)


def coarse(x, noise):
    if x.dim() != 4:
        return torch.einsum("nij,nj->ni", averages(x, x.shape[1], noise), x)
    rows, columns = (averages(x, size, noise) for size in x.shape[2:])
    return rows[:, None] @ x @ columns[:, None].mT

'''
SCRIPT = '''"""{name}

Trains this recipe in plain PyTorch; needs {needs}{beside}.

{recipe}
"""

{contextlib}import hashlib
{math}
import numpy as np
import torch
{imports}from torch import nn
from torch.nn import functional

SEED, EPOCHS, BATCH, RATE = {seed}, {epochs}, {batch}, {rate!r}
{constants}


def generator(seed, *purpose):
    """A generator of its own for each purpose: nothing depends on what else was drawn."""
    text = "/".join(str(part) for part in (seed, *purpose))
    derived = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") & (2**63 - 1)
    return torch.Generator().manual_seed(derived)


{dropped}{layers}


{corruption}def corrupted(x, noise):
    {corrupted}

{penalties_defined}
def losses(target{told}, noise, draws, progress{learning}):
    """The loss in nats per example, and the squared error per number."""
    {fed}{grad}
    {kept}{joined}{coded}
    {drawn}
    logits = {decoded}(code, {places}{passed}).reshape(target.shape)
    mean = {mean}
    loss = {loss}{penalties}
    return loss, (mean - target).square().mean(){more}


torch.set_num_threads(1)
{data}
{encoder}
{decoder}


{training}
print("test loss {{:.8f}}, squared error {{:.8f}}{said}".format(*tested({last}len(test))))
'''
