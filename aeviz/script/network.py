"""The texts of a network, of which a script is made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Network:
    """The texts that tell a model.

    constants, layers: numbers and functions at the top. encoder, decoder: made once the data are there. code: how z is
    written in terms of what `encoded` gives, {encoded}; for_classes: the function that a classifier learns through in
    its place. drawn: how the code that is decoded comes from z, and settled: how it does without a draw; decoded: the
    function that decodes it. joined: what is done before x is encoded with what is told beside it; told: what that is,
    "classes" or "tags". keeps: whether it has to know that it is being learned from, for its draws. mean: E[x | z]
    where it is not the likelihood's. loss: the model's own where it is not its reconstruction; penalties: what is added
    to it. said: names of figures that are told beside the loss, each with how it is computed. places: whether the
    decoder is told where maxima were. learning: whether the loss has to know that it is being learned from.

    stack: the list of the encoder's layers; encoding: the list of the parameters that the code depends on, where they
    are others than those layers'. buffers: names of tensors beside the parameters that change while it learns. layer:
    how a layer learns alone, layer_parameters: what of it learns, and layer_ends: what follows then, where the layers
    are machines themselves.
    """

    constants: str
    layers: str
    encoder: str
    decoder: str
    code: str = "{encoded}"
    for_classes: str = "encoded"
    drawn: str = "code = z"
    settled: str = "code = z"
    decoded: str = "decoded"
    mean: str = ""
    loss: str = ""
    penalties: Sequence[str] = ()
    joined: str = ""
    told: str = ""
    keeps: bool = False
    said: Mapping[str, str] = field(default_factory=dict)
    places: bool = False
    learning: bool = False
    stack: str = "encoder"
    encoding: str = ""
    buffers: Sequence[str] = ()
    layer: str = ""
    layer_parameters: str = ""
    layer_ends: str = ""
