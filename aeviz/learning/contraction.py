"""Contractive terms: how fast the code moves with the input, exactly for codes up to 64 and by an estimate beyond.

All of them need rows vᵀJ of the Jacobian J = ∂h/∂x, one backward pass each; v = e₁ … e_k give J itself. An encoder of
one dense layer needs one pass for all of its rows, however many there are, and is always exact.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.graph import GradientEdge

from aeviz.learning.term import Term
from aeviz.models.autoencoder import Pass
from aeviz.spec import knob

MOST_EXACT = 64  # code units; beyond, as many backward passes would cost more than they tell
ENTRY_BY_ENTRY = frozenset(
    f"{name}Backward0" for name in ("Elu", "Gelu", "LeakyRelu", "Relu", "Sigmoid", "Silu", "Softplus", "Tanh")
)  # what autograd calls the activations


@dataclass(frozen=True)
class Rows:
    """Rows of the Jacobian of each example, as they are or one layer short of the input.

    values: m × n × d, or m × n × h behind a first linear layer a = W x + b, where J = values · W. metric: W Wᵀ then,
    so that ‖vᵀJ‖² = values · W Wᵀ · valuesᵀ needs no product as wide as the input; of W Wᵀ only the diagonal where
    no two of the h belong to one row, and the rows of all code units stand in one array.
    """

    values: Float[Tensor, "m n ..."]
    metric: Float[Tensor, "h h"] | Float[Tensor, " h"] | None = None

    def __sub__(self, other: "Rows") -> "Rows":
        """The rows of the difference of two Jacobians of one encoder."""
        return Rows(self.values - other.values, self.metric)

    def squares(self) -> Float[Tensor, ""]:
        """The sum of ‖vᵀJ‖² over all rows and examples."""
        if self.metric is None:
            return self.values.square().sum()
        flat = self.values.flatten(0, 1)
        if self.metric.dim() == 1:
            return (flat.square() @ self.metric).sum()
        return ((flat @ self.metric) * flat).sum()


RowsAt = Callable[[Tensor, Tensor], Rows]
"""z and the x that it was computed from → rows of the Jacobian there."""


@dataclass(frozen=True)
class Contractive(Term):
    """‖J(x)‖²_F = Σⱼᵢ (∂hⱼ/∂xᵢ)², averaged over the batch: the code changes little when the input does.

    h is the code (a variational model's mean), x the input as fed. Exact for codes up to 64, by one backward pass for
    each code unit, and in closed form for one dense layer: h = s(Wx + b) has Σⱼ s′ⱼ² Σᵢ Wⱼᵢ², s′ⱼ = hⱼ(1 − hⱼ) for
    sigmoid units. Larger codes of other encoders take Hutchinson's estimate E‖vᵀJ‖² = ‖J‖²_F, v uniform in {−1, 1}ᵏ: a
    mean over `probes` draws for each example, without bias, of variance 2 Σᵢ≠ⱼ (JJᵀ)ᵢⱼ² / probes.

    J: n × k × d. Source: Rifai, Vincent, Muller, Glorot, Bengio, ICML 2011, where the sigmoid case is given too;
    estimate: Hutchinson, Communications in Statistics 19 (1990).
    """

    title: ClassVar[str] = "Contractive"
    needs_input_gradient: ClassVar[bool] = True
    probes: int = knob(
        4, "Random directions",
        "For codes beyond 64, whose Jacobian is estimated. Smaller codes, and encoders of one dense layer, are exact.",
        low=1, high=64, advanced=True,
    )  # fmt: skip

    def penalty(self, forward: Pass) -> Tensor:
        z, x = forward.code.z, forward.batch.inputs
        rows_at, count = self.taken(forward)
        return rows_at(z, x).squares() / (count * len(z))

    def rows(self, code: int) -> int:
        return code if code <= MOST_EXACT else self.probes

    def taken(self, forward: Pass) -> tuple[RowsAt, int]:
        """How rows of J are taken, the same ones at every place, and how many times ‖J‖²_F their squares add up to."""
        if one_layer(forward.code.z, forward.batch.inputs):
            return partial(slopes, create_graph=forward.learning), 1
        directions, count = self.directions(forward)
        return partial(pulled_back, directions=directions, create_graph=forward.learning), count

    def directions(self, forward: Pass) -> tuple[Float[Tensor, "m n k"], int]:
        """The v of the rows vᵀJ, and by how much their squares add up to more than ‖J‖²_F."""
        z = forward.code.z
        if z.shape[1] <= MOST_EXACT:
            return unit_vectors(z), 1
        signs = torch.empty(self.probes, *z.shape, dtype=z.dtype, device=z.device)
        return signs.bernoulli_(0.5, generator=forward.draws()) * 2 - 1, self.probes


@dataclass(frozen=True)
class ContractiveHigherOrder(Contractive):
    """‖J(x)‖²_F + γ·E_ε‖J(x) − J(x + ε)‖²_F, ε ~ N(0, σ²I), averaged over the batch: the code bends little, too.

    J = ∂h/∂x. For small σ the second part is γσ² times the squared norm of all second derivatives of h. Rectifiers
    have none between their kinks; smooth activations suit it better. The paper weighs both parts apart; here λ
    multiplies both. Exact in J for codes up to 64 and estimated beyond, as Contractive. With dropout, x and x + ε
    have masks of their own.

    J: n × k × d. Source: Rifai, Mesnil, Vincent, Muller, Bengio, Dauphin, Glorot, Higher order contractive
    auto-encoder, ECML PKDD 2011, §3 (CAE+H).
    """

    title: ClassVar[str] = "Contractive, higher order"
    gamma: float = knob(
        1.0, "Weight γ of the bending", "How much a change of the Jacobian counts beside its size.", low=0, high=1000
    )
    sigma: float = knob(
        0.1, "Reach σ", "Deviation of the noise to where the Jacobian is compared; pixels run from 0 to 1.",
        low=0.001, high=2,
    )  # fmt: skip
    samples: int = knob(
        1, "Places compared", "Draws of the noise for each example and step.", low=1, high=16, advanced=True
    )

    def penalty(self, forward: Pass) -> Tensor:
        z, x = forward.code.z, forward.batch.inputs
        rows_at, count = self.taken(forward)
        here = rows_at(z, x)
        bending = torch.zeros((), dtype=z.dtype, device=z.device)
        for _ in range(self.samples):
            noise = torch.empty_like(x).normal_(generator=forward.draws())
            near = (x + self.sigma * noise).detach().requires_grad_(True)
            bending = bending + (here - rows_at(forward.encode(near).z, near)).squares() / self.samples
        return (here.squares() + self.gamma * bending) / (count * len(z))

    def rows(self, code: int) -> int:
        return 2 * super().rows(code)  # of x and of x + ε


def jacobian(
    z: Float[Tensor, "n k"], x: Float[Tensor, "n ..."], *, create_graph: bool = False
) -> Float[Tensor, "k n ..."]:
    """∂zⱼ/∂x of each example, code unit first; z must have been computed from this very x.

    The examples of a batch do not mix in any of our encoders, so the gradient of Σₙ zₙⱼ holds every example's own.
    """
    return _pulled(z, x, unit_vectors(z), create_graph=create_graph)


def pulled_back(
    z: Float[Tensor, "n k"], x: Float[Tensor, "n ..."], directions: Float[Tensor, "m n k"], *, create_graph: bool
) -> Rows:
    """vᵀ∂z/∂x of each example for m directions v, stopped behind a first linear layer where that is less work."""
    if found := _first_linear(z, x):
        edge, weight = found
        h, d = weight.shape
        m, n = directions.shape[:2]
        if h * (d + m * n) < d * m * n:  # multiplications: W Wᵀ and its use, against the way through W
            return Rows(_pulled(z, edge, directions, create_graph=create_graph), weight @ weight.T)
    return Rows(_pulled(z, x, directions, create_graph=create_graph))


def one_layer(z: Float[Tensor, "n k"], x: Float[Tensor, "n ..."]) -> bool:
    """Whether z = s(W x + b), entry by entry, as z's own graph tells."""
    found = _first_linear(z, x)
    node: Any = z.grad_fn
    while found and node is not found[0].node:
        if node.name() not in ENTRY_BY_ENTRY:
            return False
        ((node, _),) = node.next_functions
    return found is not None


def slopes(z: Float[Tensor, "n k"], x: Float[Tensor, "n ..."], *, create_graph: bool) -> Rows:
    """All rows of diag(s′(a)) W, the Jacobian of z = s(a), a = W x + b: s′(a), and the squared norms of W's rows.

    ‖J‖²_F = Σⱼ s′(aⱼ)² Σᵢ Wⱼᵢ². Source: Rifai et al., ICML 2011, there for sigmoid units.
    """
    found = _first_linear(z, x)
    assert found is not None
    edge, weight = found
    (slope,) = torch.autograd.grad(z, edge, torch.ones_like(z), retain_graph=True, create_graph=create_graph)
    return Rows(slope[None], weight.square().sum(1))


def unit_vectors(z: Float[Tensor, "n k"]) -> Float[Tensor, "k n k"]:
    """e₁ … e_k, each for every example."""
    return torch.eye(z.shape[1], dtype=z.dtype, device=z.device)[:, None].expand(-1, z.shape[0], -1)


def _pulled(z: Tensor, at: Tensor | GradientEdge, directions: Tensor, *, create_graph: bool) -> Tensor:
    # One after the other: torch's batched gradients take four times as long through convolutions.
    return torch.stack(
        [torch.autograd.grad(z, at, each, retain_graph=True, create_graph=create_graph)[0] for each in directions]
    )


def _first_linear(z: Tensor, x: Tensor) -> tuple[GradientEdge, Tensor] | None:
    """Where a = W x + b comes out, and W, when z depends on x through that one layer alone; found in z's own graph.

    So it holds for every encoder that begins with a dense layer, and never for one that only seems to.
    """
    users: dict[Any, list[Any]] = {}
    for node in _nodes(z.grad_fn):
        for below, _ in node.next_functions:
            if below is not None:
                users.setdefault(below, []).append(node)
    place = next((node for node in users if getattr(node, "variable", None) is x), None)
    while place is not None and len(users[place]) == 1:
        (place,) = users[place]
        if place.name() == "AddmmBackward0":
            _, _, (turned, _) = place.next_functions
            weight = turned and turned.name() == "TBackward0" and getattr(turned.next_functions[0][0], "variable", None)
            return (GradientEdge(place, 0), weight) if isinstance(weight, Tensor) else None
        if place.name() not in ("ViewBackward0", "ReshapeAliasBackward0") or place not in users:
            return None
    return None


def _nodes(root: Any) -> Iterator[Any]:
    """Every operation of the graph behind `root`, once."""
    seen, waiting = {root}, [root]
    while waiting:
        node = waiting.pop()
        yield node
        for below, _ in node.next_functions:
            if below is not None and below not in seen:
                seen.add(below)
                waiting.append(below)
