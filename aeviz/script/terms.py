"""How a script computes the terms of a recipe's loss: for each its expression, and the functions that it calls."""

from collections.abc import Sequence
from dataclasses import dataclass

from aeviz.errors import RecipeError
from aeviz.learning import (
    CodeL2,
    Contractive,
    ContractiveHigherOrder,
    SparseKl,
    SparseL1,
    Term,
    TopK,
    WeightDecay,
)
from aeviz.learning.contraction import MOST_EXACT
from aeviz.models import Linear, Mlp, ModelSpec, Rbm

KNOWN: tuple[type[Term], ...] = (SparseL1, CodeL2, WeightDecay, Contractive, ContractiveHigherOrder, SparseKl, TopK)

DIVERGENCE = '''
def divergence(active):
    """Σ KL(ρ ‖ mean of a unit), ρ = {rho!r} (Ng, CS294A lecture notes)."""
    active = active.clamp(1e-6, 1 - 1e-6)
    return ({rho!r} * ({rho!r} / active).log() + {other!r} * ({other!r} / (1 - active)).log()).sum()

'''
RUNNING = '''
activity = {{"sum": 0, "weight": 0}}


def remembered(own, learning):
    """A mean in which older batches fade; the gradient is that of the batch's own (Nair & Hinton, NIPS 2009)."""
    if not learning:
        return own
    fixed = own.detach()
    activity["sum"] = activity["sum"] * {decay!r} + (1 - {decay!r}) * fixed
    activity["weight"] = activity["weight"] * {decay!r} + (1 - {decay!r})
    return activity["sum"] / activity["weight"] + (own - fixed)

'''
EPOCH = '''
activity = {}


def remembered(own, learning):
    """The mean over the training set as it was before the epoch, with the gradient of the batch's own."""
    return activity["mean"] + (own - own.detach()) if learning else own

'''
EPOCH_BEGINS = """
    noise = generator(SEED, {{stage}}, "pairing of evaluation")
    with torch.no_grad():
        codes = [{code} for x in train.split({chunk})]
    activity["mean"] = sum(z.sum(0) for z in codes) / len(train)"""
ROWS = '''
def jacobian_rows(z, x):
    """∂z/∂x, code unit first: each example has its own gradient, since none sees another."""
    return torch.stack([torch.autograd.grad(unit.sum(), x, create_graph=True)[0] for unit in z.unbind(1)])

'''
SQUARED_JACOBIAN = '''
def squared_jacobian(z, x):
    """‖∂z/∂x‖²_F, the mean over the batch (Rifai et al., ICML 2011)."""
    return jacobian_rows(z, x).square().sum() / len(z)

'''
DIRECTIONS = '''
def directions(z, draws):
    """{probes} random directions v for each example, v uniform in {{−1, 1}}ᵏ."""
    return torch.empty({probes}, *z.shape).bernoulli_(0.5, generator=draws) * 2 - 1


def jacobian_rows(z, x, directions):
    """vᵀ∂z/∂x for each direction v."""
    return torch.stack([torch.autograd.grad(z, x, v, create_graph=True)[0] for v in directions])

'''
ESTIMATED_JACOBIAN = '''
def squared_jacobian(z, x, draws):
    """‖∂z/∂x‖²_F estimated by E‖vᵀ∂z/∂x‖², the mean over the batch (Hutchinson 1990)."""
    return jacobian_rows(z, x, directions(z, draws)).square().sum() / ({probes} * len(z))

'''
BENDING = '''
def contraction_and_bending(z, x{told}, kept, draws):
    """‖J(x)‖² + γ·E‖J(x) − J(x + ε)‖², the mean over the batch (Rifai et al., ECML PKDD 2011)."""
    {directions}here, bending = jacobian_rows(z, x{given}), 0
    for _ in range({samples}):
        near = (x + {sigma!r} * torch.empty_like(x).normal_(generator=draws)).detach().requires_grad_(True)
        bending = bending + (here - jacobian_rows({code}, near{given})).square().sum() / {samples}
    return (here.square().sum() + {gamma!r} * bending) / ({count} * len(z))

'''
LARGEST = '''
silent = torch.zeros({code}, dtype=torch.int64)  # examples since each unit was last active


def largest(z, count):
    """The largest entries of each code, the others 0 (Makhzani & Frey, arXiv:1312.5663)."""
    values, places = z.topk(count, dim=1)
    return torch.zeros_like(z).scatter(1, places, values)


def revived(whole, z, error, learning{places}):
    """What the dead units fail to explain of the error (Gao et al., arXiv:2406.04093, appendix A.2)."""
    if learning:
        silent.add_(len(z))
        silent[(z != 0).any(0)] = 0
    dead = silent >= {patience}
    if not dead.any():
        return torch.zeros(())
    among = largest(whole.masked_fill(~dead, -torch.inf), min({revived}, int(dead.sum())))
    added, nothing = (decoded(code, {given}None).reshape(error.shape) for code in (among, torch.zeros_like(among)))
    return (error - (added - nothing)).square().sum() / (2 * len(error))

'''


@dataclass(frozen=True)
class Words:
    """How a script tells a term. value: its penalty, of what `losses` has computed; functions: what that calls.

    before: what has to be done before each epoch. learning: whether it has to know that it is being learned from;
    differentiable: whether it differentiates by x.
    """

    value: str
    functions: Sequence[str] = ()
    before: str = ""
    learning: bool = False
    differentiable: bool = False


@dataclass(frozen=True)
class Around:
    """What a term has to know of the rest of the script.

    code: how it writes the code of {x} with {draws}; fed: how it writes x as it is fed; places: whether its decoder is
    told where maxima were; chunk: how many examples it looks at once without learning; told: what else the code comes
    from, as an argument.
    """

    code: str
    fed: str
    places: bool
    chunk: int
    told: str = ""


def gates(terms: Sequence[Term]) -> TopK | None:
    """The term that decides which units of the code stay, if there is one."""
    return next((term for term in terms if isinstance(term, TopK)), None)


def exact(model: ModelSpec, terms: Sequence[Term]) -> bool:
    """Whether all rows of the Jacobian are computed; else they are estimated, as `Contractive` says."""
    one_layer = type(model) in (Mlp, Linear, Rbm) and not getattr(model, "hidden", ()) and not gates(terms)
    return model.code <= MOST_EXACT or one_layer


def words(term: Term, model: ModelSpec, terms: Sequence[Term], around: Around) -> Words:
    """How a script tells this term of these.

    Raises:
        RecipeError: it is none of `KNOWN`.
    """
    places = ", places" if around.places else ""
    match term:
        case SparseL1():
            return Words("z.abs().sum(1).mean()")
        case CodeL2():
            return Words("z.square().sum(1).mean() / 2")
        case WeightDecay():
            return Words("torch.stack([weight.square().sum() for weight in weights]).sum() / 2")
        case SparseKl():
            return _divergence(term, around)
        case TopK():
            text = LARGEST.format(
                code=model.code, patience=term.patience, revived=term.revived, places=places, given=places[2:] + ", "
                if places else "",
            )  # fmt: skip
            return Words(f"revived(whole, z, target - mean.detach(), learning{places})", (text,), learning=True)
        case ContractiveHigherOrder() | Contractive():
            return _contraction(term, exact(model, terms), around)
    raise RecipeError(f"The script cannot compute {term.kind()}.")


def _divergence(term: SparseKl, around: Around) -> Words:
    text = DIVERGENCE.format(rho=term.rho, other=1 - term.rho)
    if term.average == "batch":
        return Words("divergence(z.mean(0))", (text,))
    memory, before = RUNNING.format(decay=term.decay), ""
    if term.average == "epoch":
        code = around.code.format(x=around.fed, draws="None")
        memory, before = EPOCH, EPOCH_BEGINS.format(code=code, chunk=around.chunk)
    return Words("divergence(remembered(z.mean(0), learning))", (text, memory), before, learning=True)


def _contraction(term: Contractive, exact_: bool, around: Around) -> Words:
    rows = ROWS if exact_ else DIRECTIONS.format(probes=term.probes)
    if isinstance(term, ContractiveHigherOrder):
        text = BENDING.format(
            told=around.told,
            directions="" if exact_ else "given = directions(z, draws)\n    ",
            given="" if exact_ else ", given",
            samples=term.samples,
            sigma=term.sigma,
            gamma=term.gamma,
            code=around.code.format(x="near", draws="kept"),
            count=1 if exact_ else term.probes,
        )
        return Words(
            f"contraction_and_bending(z, x{around.told}, kept, draws)", (rows, text), learning=True, differentiable=True
        )
    if exact_:
        return Words("squared_jacobian(z, x)", (rows, SQUARED_JACOBIAN), differentiable=True)
    text = ESTIMATED_JACOBIAN.format(probes=term.probes)
    return Words("squared_jacobian(z, x, draws)", (rows, text), differentiable=True)
