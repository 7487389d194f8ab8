"""The layers of any model, overheard: what each computes for an example, what it looks for and what it draws.

No model is asked for its layers. A pass through it is listened to, and every linear map with weights (dense,
convolution, transposed convolution, tied or not) is a layer, together with the activation that follows it. So a model
that is added later has layers, too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from aeviz.errors import SettingError
from aeviz.models.autoencoder import Autoencoder, Code
from aeviz.models.gan import GenerativeAdversarial
from aeviz.models.layers import FUNCTIONS

Part = Literal["encoder", "code", "decoder", "discriminator"]
Kind = Literal["dense", "convolution", "transposed convolution", "code"]
CHUNK = 250  # examples that pass at once: every layer's activations of them are held

_MAPS: dict[Any, Kind] = {
    functional.linear: "dense",
    functional.conv2d: "convolution",
    functional.conv_transpose2d: "transposed convolution",
}
_ACTIVATIONS = {function: name for name, function in FUNCTIONS.items() if name != "linear"} | {torch.softmax: "softmax"}
_SCALES = (Tensor.mul, Tensor.__mul__, torch.mul)
_RESHAPES = (Tensor.reshape, Tensor.flatten, Tensor.view, Tensor.unflatten)
_POOLS = (functional.max_pool2d, functional.max_pool2d_with_indices)


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer of a model. number: from 1 within its part, in the order of computation; 1 for the code.

    shape: of one example's activations: units, or channels × height × width. A unit of the latter is a channel.
    weight: as it is applied: units × inputs, out × in × h × w, or in × out × h × w where transposed; None for the code.
    """

    part: Part
    number: int
    kind: Kind
    activation: str
    shape: tuple[int, ...]
    weight: Tensor | None = None

    @property
    def units(self) -> int:
        """How many units, or channels, it has."""
        return self.shape[0]

    @property
    def name(self) -> str:
        """What it is called: encoder 1, code, decoder 2."""
        return self.part if self.part == "code" else f"{self.part} {self.number}"

    @property
    def maps(self) -> bool:
        """Whether its units are maps, one value a place."""
        return len(self.shape) == 3


@dataclass
class _Heard:
    """One linear map of a pass. raw: before the activation, as the map gave it; out: behind it, maps as maps."""

    kind: Kind
    weight: Tensor
    raw: Tensor
    out: Tensor
    activation: str = "linear"


@dataclass
class _Listener(TorchFunctionMode):
    """Hears the layers of what is called within it.

    linear: leave out all activations and biases, and take the mean in place of the largest of a pool, which makes the
    whole pass linear in its input. given: at the map of that number, counted from 0, what it is fed in place of its
    input ("in"), or what it gives ("out").
    """

    linear: bool = False
    given: Mapping[tuple[int, str], Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()
        self.heard: list[_Heard] = []
        self._of: dict[int, _Heard] = {}  # id of a tensor → the layer whose output it is, reshaped or not
        self._held: list[Tensor] = []  # an id belongs to a tensor only while it lives

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in _MAPS:
            return self._map(func, args, kwargs)
        if func in _ACTIVATIONS:
            return self._activate(func, args, kwargs)
        if self.linear and func in _POOLS:
            _, places = functional.max_pool2d_with_indices(*args, **kwargs | {"return_indices": True})
            return functional.avg_pool2d(args[0], 2), places
        result = func(*args, **kwargs)
        if func in _SCALES and id(args[0]) in self._of and isinstance(args[1], float):  # chances made into counts
            self._follow(result, self._of[id(args[0])]).out = result
        if func in _RESHAPES and id(args[0]) in self._of:
            heard = self._follow(result, self._of[id(args[0])])
            if result.dim() == 4:  # a row of numbers that is made into maps
                heard.out = result
        return result

    def _map(self, func: Any, args: Any, kwargs: Any) -> Tensor:
        number, (x, weight, *rest) = len(self.heard), args
        x = self.given.get((number, "in"), x)
        if self.linear:
            rest = [None, *rest[1:]]  # the bias
        raw = self.given.get((number, "out"))
        raw = func(x, weight, *rest, **kwargs) if raw is None else raw
        heard = _Heard(_MAPS[func], weight, raw, raw)
        self.heard.append(heard)
        self._follow(raw, heard)
        return raw

    def _activate(self, func: Any, args: Any, kwargs: Any) -> Tensor:
        result: Tensor = args[0] if self.linear else func(*args, **kwargs)
        if id(args[0]) in self._of:
            heard = self._follow(result, self._of[id(args[0])])
            heard.activation = _ACTIVATIONS[func]
            heard.out = result
        return result

    def _follow(self, tensor: Tensor, heard: _Heard) -> _Heard:
        self._of[id(tensor)] = heard
        self._held.append(tensor)
        return heard


@dataclass(frozen=True)
class _Passed:
    """One pass through all parts of a model: the maps of each, and the code between encoder and decoder."""

    code: Tensor
    parts: Mapping[Part, Sequence[_Heard]]

    def each(self) -> Iterator[tuple[Layer, Tensor, Tensor]]:
        """Every layer with its values before and behind the activation."""
        for part, maps in self.parts.items():
            for place, heard in enumerate(maps):
                shape = tuple(heard.out.shape[1:])
                yield Layer(part, place + 1, heard.kind, heard.activation, shape, heard.weight), heard.raw, heard.out
            if part == "encoder":
                yield Layer("code", 1, "code", "linear", tuple(self.code.shape[1:])), self.code, self.code


def _passed(model: Autoencoder, x: Tensor, labels: Tensor | None) -> _Passed:
    with _Listener() as encoder:
        code = model.encode(x, labels=labels)
    with _Listener() as decoder:
        model.mean(model.decode(code))
    parts: dict[Part, Sequence[_Heard]] = {"encoder": encoder.heard, "decoder": decoder.heard}
    judge = getattr(model, "discriminator", None)
    if judge is not None:
        with _Listener() as discriminator:
            judge(x if isinstance(model, GenerativeAdversarial) else code.z)
        parts["discriminator"] = discriminator.heard
    return _Passed(code.z, parts)


def layers(model: Autoencoder, shape: tuple[int, ...]) -> list[Layer]:
    """Every layer of a model of examples of that shape, in the order of computation: encoder, code, decoder and, where
    it has one, its discriminator.

    Raises:
        SettingError: the model's layers hear each other to and fro.
    """
    if model.loops:
        raise SettingError(
            "The layers of this machine hear each other, and have no order from input to output: its units are on the "
            "page Energy. Choose that page, or another run."
        )
    with torch.no_grad():
        passed = _passed(model, torch.zeros(1, *shape, device=_device(model)), None)
    return [layer for layer, _, _ in passed.each()]


def activations(
    model: Autoencoder, x: Float[np.ndarray, "n ..."], labels: Int[np.ndarray, " n"] | None = None
) -> dict[str, Float[np.ndarray, "n ..."]]:
    """Name of a layer → its activations for each example, n × units or n × channels × height × width."""
    return _of_examples(model, x, labels, lambda out: out)


def responses(
    model: Autoencoder, x: Float[np.ndarray, "n ..."], labels: Int[np.ndarray, " n"] | None = None
) -> dict[str, Float[np.ndarray, "n units"]]:
    """Name of a layer → how much each unit answers to each example, n × units; of a map its largest value."""
    return _of_examples(model, x, labels, lambda out: out.flatten(2).amax(2) if out.dim() == 4 else out)


def _of_examples(model: Autoencoder, x: Any, labels: Any, kept: Any) -> dict[str, Any]:
    device, found = _device(model), dict[str, list[np.ndarray]]()
    for start in range(0, len(x), CHUNK):
        rows = slice(start, start + CHUNK)
        told = None if labels is None else torch.tensor(labels[rows], device=device)
        with torch.no_grad():
            passed = _passed(model, torch.tensor(x[rows], dtype=torch.float32, device=device), told)
            for layer, _, out in passed.each():
                found.setdefault(layer.name, []).append(kept(out).cpu().numpy())
    return {name: np.concatenate(parts) for name, parts in found.items()}


def pictures(
    model: Autoencoder, shape: tuple[int, ...], layer: Layer, most: int = 100
) -> Float[Tensor, "n ..."] | None:
    """The weights of a layer as examples: inward for what reads examples, outward for what draws them.

    None for a decoder's last layer, whose units are the pixels themselves, and for what judges codes.
    """
    if layer.part == "encoder" or (layer.part == "discriminator" and isinstance(model, GenerativeAdversarial)):
        return inward(model, shape, layer, most)
    if layer.part == "discriminator" or layer.name == last(layers(model, shape)).name:
        return None
    return outward(model, layer, most)


def last(found: Sequence[Layer]) -> Layer:
    """The decoder's last layer."""
    return [each for each in found if each.part == "decoder"][-1]


def inward(model: Autoencoder, shape: tuple[int, ...], layer: Layer, most: int = 100) -> Float[Tensor, "n ..."]:
    """What the first `most` units of an encoder's or discriminator's layer look for, each of the data's shape.

    The gradient of the unit before its activation with respect to the input, all activations below left out and a
    largest value of a pool replaced by the mean: the product of the weights from the pixels to the unit, which for the
    first layer are its own weights. Of a map the unit in the middle is taken. Not for a discriminator of codes.

    Source: Erhan, Bengio, Courville, Vincent, TR 1341 (2009), linear combination of previous layers' filters.
    """
    count = min(most, layer.units)
    x = torch.zeros(count, *shape, device=_device(model), requires_grad=True)
    with torch.enable_grad(), _Listener(linear=True) as listener:
        model.encode(x) if layer.part == "encoder" else model.discriminator(x)  # type: ignore[operator]
        raw = _one_each(listener.heard[layer.number - 1].raw, layer)
        (gradient,) = torch.autograd.grad(raw.sum(), x)
    return gradient


def outward(model: Autoencoder, layer: Layer, most: int = 100) -> Float[Tensor, "n ..."]:
    """What the decoder draws for each of the first `most` units of the code or of a decoder's layer, alone and at 1.

    The product of the weights from the unit to the logits of the pixels, all activations above left out. Of a map the
    unit in the middle is taken. What a decoder is told besides the code is left out.
    """
    count, device = min(most, layer.units), _device(model)
    bare = Code(torch.zeros(count, model.code, device=device))
    with torch.no_grad():
        with _Listener(linear=True) as listener:
            model.decode(bare)
        at = 0 if layer.part == "code" else layer.number - 1
        heard = listener.heard[at]
        if layer.part == "code":
            width = heard.weight.shape[1]
            given = {(0, "in"): torch.eye(width, device=device)[:count]}
        else:
            alone = torch.zeros_like(heard.raw)
            _one_each(alone, layer).fill_(1)
            given = {(at, "out"): alone}
        with _Listener(linear=True, given=given):
            drawn: Tensor = model.decode(bare)
    return drawn


def excited(model: Autoencoder, x: Float[Tensor, "n ..."], layer: Layer, unit: int) -> Float[Tensor, " n"]:
    """The unit before its activation, for each input; of a map its middle. It can be differentiated."""
    for each, raw, _ in _passed(model, x, None).each():
        if (each.part, each.number) == (layer.part, layer.number):
            values = raw.reshape(len(x), *layer.shape)[:, unit]
            return values[(slice(None), *_middle(layer))] if layer.maps else values
    raise ValueError(f"the model has no layer {layer.name}")


def _one_each(raw: Tensor, layer: Layer) -> Tensor:
    """A view of entry j of row j of a layer's values, for every row; of a map its middle."""
    rows = torch.arange(len(raw), device=raw.device)
    places = raw.reshape(len(raw), *layer.shape)
    if layer.maps:
        row, column = _middle(layer)
        places = places[:, :, row, column]
    return places.diagonal() if len(rows) == places.shape[1] else places[:, : len(rows)].diagonal()


def _middle(layer: Layer) -> tuple[int, int]:
    return layer.shape[1] // 2, layer.shape[2] // 2


def _device(model: Autoencoder) -> torch.device:
    return next(model.parameters()).device
