"""Paths between two codes: along the data, and geodesics of the decoder; how long each is when it is decoded.

Straight and spherical paths are in `probes`. Lengths are in the space of the data, ‖·‖ over all pixels, of E[x | z]
before it is cut to [0, 1].
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra, minimum_spanning_tree
from scipy.spatial.distance import cdist
from torch import Tensor

from aeviz.models.autoencoder import Autoencoder, Code
from aeviz.views.geometry import check_smooth

NEIGHBOURS = 10  # of each code in the graph
BETWEEN = 8  # places between two corners of a path that its length is measured at
SEGMENTS = 24  # of a geodesic
ROUND = 8  # steps of the optimizer between two looks at where it stands
MOST_ROUNDS = 40
IDLE = 1e-4  # share of the energy that a round has to save, else the path has come to rest
STILL = 1e-3  # a path whose slope, relative to that of the first path, is below this has come to rest

Path = Float[np.ndarray, "_ k"]
"""Corners, one a row; a function may give back another number of them."""


@dataclass(frozen=True)
class Graph:
    """The k-NN graph of some codes, joined where it falls apart by the shortest edges that do.

    codes: m × k. edges: m × m, the distance where there is an edge. neighbours: to how many a code is tied.
    """

    codes: Float[np.ndarray, "m k"]
    edges: csr_array
    neighbours: int

    def path(self, start: Float[np.ndarray, " k"], end: Float[np.ndarray, " k"]) -> Path:
        """The shortest path from one code to another whose corners are codes of the graph; both ends included.

        An end that is no code of the graph is tied to its nearest ones. Source: Dijkstra, Numerische Mathematik 1
        (1959); the graph is that of Isomap: Tenenbaum, de Silva, Langford, Science 290 (2000).
        """
        ends = np.stack([start, end]).astype(np.float64)
        distances = cdist(ends, self.codes)
        first, last = (self._tied(each) for each in distances)
        ways, before = dijkstra(self.edges, directed=False, indices=last, return_predecessors=True)
        totals = distances[0, first] + np.atleast_2d(ways)[:, first] + distances[1, last][:, None]
        way, begun = np.unravel_index(int(totals.argmin()), totals.shape)
        corners, at = [], int(first[begun])
        while at >= 0:  # from code to code towards the end; beyond the last there is none
            corners.append(at)
            at = int(before[way, at])
        joined = np.concatenate([ends[:1], self.codes[corners], ends[1:]])
        moved = np.linalg.norm(np.diff(joined, axis=0), axis=1) > 0
        path = joined[np.concatenate([[True], moved])]
        return (path if len(path) > 1 else ends).astype(np.float32)

    def _tied(self, distances: Float[np.ndarray, " m"]) -> Int[np.ndarray, " c"]:
        """The codes that an end at these distances is tied to."""
        count = 1 if distances.min() < 1e-12 else self.neighbours
        return np.argsort(distances, kind="stable")[:count]


def graph(codes: Float[np.ndarray, "m k"], neighbours: int = NEIGHBOURS) -> Graph:
    """The graph that ties every code to its nearest ones."""
    codes = codes.astype(np.float64)
    distances = np.maximum(cdist(codes, codes), 1e-12)  # codes that are the same are tied, too: 0 would be no edge
    np.fill_diagonal(distances, np.inf)
    count = min(neighbours, len(codes) - 1)
    nearest = np.argpartition(distances, count - 1, axis=1)[:, :count] if count > 0 else np.zeros((len(codes), 0), int)
    rows = np.repeat(np.arange(len(codes)), nearest.shape[1])
    columns = nearest.ravel()
    edges = csr_array((distances[rows, columns], (rows, columns)), shape=distances.shape)
    edges = edges.maximum(edges.T)
    if connected_components(edges, directed=False)[0] > 1:
        np.fill_diagonal(distances, 0)
        edges = edges.maximum(csr_array(minimum_spanning_tree(distances)))
    return Graph(codes, csr_array(edges), neighbours)


def evenly(path: Path, steps: int) -> Path:
    """`steps` places along a path of corners, at equal distances along it in code space, both ends included."""
    walked = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path.astype(np.float64), axis=0), axis=1))])
    at = np.linspace(0, walked[-1], steps)
    return np.stack([np.interp(at, walked, path[:, unit]) for unit in range(path.shape[1])], 1).astype(np.float32)


def between(path: Path, parts: int = BETWEEN) -> Path:
    """The path with every segment cut into `parts` equal ones."""
    at = np.arange(len(path))
    fine = np.linspace(0, len(path) - 1, (len(path) - 1) * parts + 1)
    return np.stack([np.interp(fine, at, path[:, unit]) for unit in range(path.shape[1])], 1).astype(np.float32)


def length(model: Autoencoder, path: Path, parts: int = BETWEEN) -> float:
    """How long the path is in the space of the data: Σ ‖f(zᵢ₊₁) − f(zᵢ)‖ over a fine division of its segments."""
    return float(_steps(model, _tensor(model, between(path, parts))).norm(dim=1).sum())


@dataclass(frozen=True)
class Geodesic:
    """A path on its way to the shortest.

    codes: its corners. length: of the decoded path, fine. start: the length that it began with. rounds: how often
    the optimizer was at work on it. slope: the norm of the energy's gradient, relative to that of the first path.
    uneven: the longest step of the decoded path over the shortest, 1 on a geodesic. settled: whether it has come to
    rest.
    """

    codes: Path
    length: float
    start: float
    rounds: int
    slope: float
    uneven: float
    settled: bool


def geodesic(model: Autoencoder, path: Path, segments: int = SEGMENTS) -> Iterator[Geodesic]:
    """From a path to the shortest one under the decoder's metric that can be reached from it, round by round.

    The energy of the decoded path, E = N/2 Σᵢ ‖f(zᵢ₊₁) − f(zᵢ)‖², is lowered with both ends held. Its minimum is a
    shortest path that is walked at one speed, ∫ ½ ‖ḟ‖² dt ≥ ½ L²; and no derivative of f is needed but its own. By
    L-BFGS in the sines of the path, the m-th scaled by 1/m: where the metric is constant the energy is then round.

    Source: Shao, Kumar, Fletcher, arXiv:1711.08014, algorithm 1 (their energy, eq. 3); L-BFGS: Nocedal, Mathematics of
    Computation 35 (1980).

    Raises:
        SettingError: the decoder jumps and has no derivative.
    """
    check_smooth(model)
    first = length(model, path)
    start = _tensor(model, evenly_decoded(model, path, segments + 1))
    t = torch.arange(1, segments, device=start.device) / segments
    orders = torch.arange(1, segments, device=start.device)
    sines = (torch.pi * t[:, None] * orders).sin() / orders
    bends = torch.zeros(segments - 1, start.shape[1], device=start.device, requires_grad=True)
    optimizer = torch.optim.LBFGS([bends], max_iter=ROUND, history_size=20, line_search_fn="strong_wolfe")

    def path_of() -> Tensor:
        return torch.cat([start[:1], start[1:-1] + sines @ bends, start[-1:]])

    def energy() -> Tensor:
        return segments * _steps(model, path_of()).square().sum() / 2

    def lowered() -> Tensor:
        optimizer.zero_grad()
        value = energy()
        value.backward()
        return value

    with torch.enable_grad():
        scale, last = 0.0, float("inf")
        for rounds in range(MOST_ROUNDS + 1):
            if rounds:
                optimizer.step(lowered)
            value = lowered()
            slope = float(bends.grad.norm()) if bends.grad is not None else 0.0
            scale = scale or max(slope, 1e-6 * float(value.detach()), 1e-30)
            found = path_of().detach()
            walked = _steps(model, found).norm(dim=1)
            codes = found.cpu().numpy()
            settled = slope <= STILL * scale or float(value.detach()) > (1 - IDLE) * last
            last = float(value.detach())
            yield Geodesic(
                codes,
                length(model, codes),
                first,
                rounds,
                slope / scale,
                float(walked.max() / walked.min().clamp(min=1e-12)),
                settled,
            )
            if settled:
                break


def evenly_decoded(model: Autoencoder, path: Path, steps: int) -> Path:
    """`steps` places along a path at equal distances along the decoded path, both ends included."""
    fine = between(path)
    walked = _steps(model, _tensor(model, fine)).norm(dim=1).cpu().numpy().astype(np.float64)
    along = np.concatenate([[0], np.cumsum(np.maximum(walked, 1e-9 * max(walked.sum(), 1e-9)))])
    at = np.linspace(0, along[-1], steps)
    return np.stack([np.interp(at, along, fine[:, unit]) for unit in range(fine.shape[1])], 1).astype(np.float32)


def bilinear(corners: Float[np.ndarray, "4 k"], side: int) -> Float[np.ndarray, "n k"]:
    """side² codes between four corners, row by row: (1 − u)(1 − v) A + u(1 − v) B + (1 − u) v C + u v D.

    A is the top left corner, B the top right, C the bottom left, D the bottom right.
    """
    u, v = np.meshgrid(np.linspace(0, 1, side), np.linspace(0, 1, side))
    weights = np.stack([(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v], -1).reshape(-1, 4)
    return np.asarray(weights @ corners, np.float32)


def attribute(
    codes: Float[np.ndarray, "m k"], labels: Int[np.ndarray, " m"], plus: int, minus: int
) -> Float[np.ndarray, " k"]:
    """The mean code of class `plus` less that of class `minus`: a direction that turns the one into the other.

    Source: Larsen, Sønderby, Larochelle, Winther, arXiv:1512.09300, §4.2.
    """
    return np.asarray(codes[labels == plus].mean(0) - codes[labels == minus].mean(0), np.float32)


def _tensor(model: Autoencoder, path: Path) -> Tensor:
    return torch.tensor(path, dtype=torch.float32, device=next(model.parameters()).device)


def _steps(model: Autoencoder, z: Float[Tensor, "n k"]) -> Float[Tensor, "m d"]:
    """f(zᵢ₊₁) − f(zᵢ) along a path, flattened."""
    return model.mean(model.decode(Code(z))).flatten(1).diff(dim=0)
