"""A model as a tape: the operations that it carries out on one input, for the browser to play back on others.

What is recorded is what torch executed, operation by operation, so a new model needs no second description. All that
does not depend on the input (transposed weights, norms of a codebook) is computed here, once.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from aeviz.errors import AevizError
from aeviz.models.autoencoder import Autoencoder, Code

OPERATIONS = frozenset(
    {
        "_softmax", "_unsafe_view", "add", "addmm", "alias", "argmin", "bmm", "cat", "clamp", "clone",
        "constant_pad_nd", "convolution", "detach", "div", "elu", "embedding", "exp", "expand", "gelu", "hardtanh",
        "index", "index_select", "leaky_relu", "max_pool2d_with_indices", "max_unpool2d", "mm", "mul", "neg",
        "permute", "pow", "relu", "replication_pad2d", "reshape", "rsub", "scatter", "select", "sigmoid", "silu",
        "slice", "softplus", "split", "sqrt", "squeeze", "sub", "sum", "t", "tanh", "topk", "transpose",
        "unsqueeze", "upsample_nearest2d", "view", "zeros_like",
    }
)  # fmt: skip
"""What the player in the page (components/javascript/tape.js) can carry out: names of ATen without their overloads."""


class TapeError(AevizError):
    """A model does something that the page cannot repeat."""


class _Recorder(TorchDispatchMode):
    """Writes down every operation whose result depends on the input."""

    def __init__(self, given: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.steps: list[dict[str, Any]] = []
        self.constants: dict[str, np.ndarray] = {}
        self.names = {id(given): "input"}
        self.kept: list[object] = [given]  # an id belongs to a tensor only while it lives

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if not any(id(each) in self.names for each in _tensors((args, kwargs))):
            return result
        name = func.__name__.split(".")[0]
        if name not in OPERATIONS:
            raise TapeError(f"The page cannot repeat {func.__name__}.")
        given = [self._written(each) for each in args]
        # Defaults that were left out stay out: the player knows them.
        step = {"op": name, "args": given, "kwargs": self._written(dict(kwargs or {}))}
        self.steps.append(step | {"out": self._made(result, f"v{len(self.steps)}")})
        return result

    def _made(self, result: Any, name: str) -> str | list[str]:
        """The name of a result, or the names of several; from here on they are known by them."""
        if not isinstance(result, Tensor):
            return [str(self._made(each, f"{name}.{place}")) for place, each in enumerate(result)]
        self.names[id(result)] = name
        self.kept.append(result)
        return name

    def _written(self, value: Any) -> Any:
        """An argument as JSON; tensors by name."""
        if isinstance(value, Tensor):
            return {"tensor": self._named(value)}
        if isinstance(value, list | tuple):
            return [self._written(each) for each in value]
        if isinstance(value, dict):
            return {key: self._written(each) for key, each in value.items() if _is_plain(each)}
        return value if value is None or isinstance(value, bool | int | float | str) else str(value)

    def _named(self, tensor: Tensor) -> str:
        if id(tensor) not in self.names:
            name = f"c{len(self.constants)}"
            self.constants[name] = tensor.detach().cpu().contiguous().numpy().astype(np.float32)
            self.names[id(tensor)] = name
            self.kept.append(tensor)
        return self.names[id(tensor)]


def record(model: Autoencoder) -> tuple[dict[str, np.ndarray], Mapping[str, str]]:
    """E[x | z] as arrays and metadata of a safetensors file: the constants, and `tape` (JSON) that uses them.

    `tape` is {"code": k, "input": shape of what is given, "shape": the example's, "steps": [{"op", "args", "kwargs",
    "out"}, …], "result": name}; an operation with several results has a list of names in "out".

    Raises:
        TapeError: the decoder uses an operation that the page does not know.
    """
    return _recorded(model, (model.code,), lambda z: model.mean(model.decode(Code(z))), "decoder")


def record_reconstruction(
    model: Autoencoder, shape: tuple[int, ...]
) -> tuple[dict[str, np.ndarray], Mapping[str, str]]:
    """E[x | encode(x)] of examples of `shape` in the same form: what the model gives back of what it is fed.

    A model that is told a class is told none.

    Raises:
        TapeError: the model uses an operation that the page does not know.
    """
    return _recorded(model, shape, model.reconstruct, "model")


def _recorded(
    model: Autoencoder, shape: tuple[int, ...], function: Callable[[Tensor], Tensor], name: str
) -> tuple[dict[str, np.ndarray], Mapping[str, str]]:
    given = torch.zeros(1, *shape, device=next(model.parameters()).device)
    with torch.no_grad(), _Recorder(given) as recorder:
        shown = function(given)
    if id(shown) not in recorder.names:
        raise TapeError(f"What this {name} gives does not depend on what it is given.")
    tape = {
        "code": model.code,
        "input": list(shape),
        "shape": list(shown.shape[1:]),
        "steps": recorder.steps,
        "result": recorder.names[id(shown)],
    }
    return recorder.constants, {"tape": json.dumps(tape)}


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Mapping):
        value = list(value.values())
    return [tensor for each in value for tensor in _tensors(each)] if isinstance(value, list | tuple) else []


def _is_plain(value: Any) -> bool:
    return isinstance(value, bool | int | float | str | list | tuple | Tensor)
