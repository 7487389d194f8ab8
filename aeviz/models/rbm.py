"""A layer of a stack seen as a restricted Boltzmann machine: the same weights, used in both directions."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from aeviz.models.autoencoder import Autoencoder, ModelSpec
from aeviz.models.dense import DenseDecoder, DenseEncoder, Mlp, TiedDecoder

Visible = Float[Tensor, "n d"]
Hidden = Float[Tensor, "n k"]


class Rbm(nn.Module):
    """p(v, h) ∝ exp(−E(v, h)) over Bernoulli visible units v and hidden units h, all of one kind.

    Bernoulli hidden units: E = −bᵀv − cᵀh − hᵀWv. Gaussian ones of unit variance: E = ½‖h‖² − bᵀv − cᵀh − hᵀWv.

    W: k × d, b: d, c: k. Source: Hinton, Neural Computation 14 (2002); Gaussian hidden units: Hinton & Salakhutdinov,
    Science 313 (2006), supplement.
    """

    def __init__(self, weight: nn.Parameter, visible: nn.Parameter, hidden: nn.Parameter, gaussian: bool) -> None:
        super().__init__()
        self.weight = weight
        self.visible = visible
        self.hidden = hidden
        self.gaussian = gaussian

    def free_energy(self, v: Visible) -> Float[Tensor, " n"]:
        """F(v) with exp(−F(v)) = Σₕ exp(−E(v, h)), in nats.

        Bernoulli: −bᵀv − Σⱼ log(1 + exp(cⱼ + Wⱼv)). Gaussian: −bᵀv − ½‖c + Wv‖², the constant −(k/2) log 2π left out.
        """
        driven = self.inputs(v)
        gain = driven.square().sum(1) / 2 if self.gaussian else functional.softplus(driven).sum(1)
        return -(v @ self.visible) - gain

    def inputs(self, v: Visible) -> Hidden:
        """c + Wv: what each hidden unit is told; the mean of a Gaussian one, the logit of a Bernoulli one."""
        return functional.linear(v, self.weight, self.hidden)

    def draw_hidden(self, v: Visible, generator: torch.Generator) -> Hidden:
        """h ~ p(h | v)."""
        driven = self.inputs(v)
        if self.gaussian:
            return driven + torch.empty_like(driven).normal_(generator=generator)
        return torch.bernoulli(torch.sigmoid(driven), generator=generator)

    def visible_mean(self, h: Hidden) -> Visible:
        """E[v | h] = σ(b + Wᵀh)."""
        return torch.sigmoid(functional.linear(h, self.weight.T, self.visible))

    def draw_visible(self, h: Hidden, generator: torch.Generator) -> Visible:
        """v ~ p(v | h)."""
        return torch.bernoulli(self.visible_mean(h), generator=generator)


def machine_of(layer: Autoencoder) -> Rbm:
    """The machine that shares the weights of a shallow autoencoder: W and c are the encoder's, b the decoder's."""
    encoder, decoder = layer.encoder, layer.decoder
    assert isinstance(encoder, DenseEncoder)
    assert isinstance(decoder, DenseDecoder | TiedDecoder)
    (inward,) = encoder.layers
    bias = decoder.biases[0] if isinstance(decoder, TiedDecoder) else decoder.layers[0].bias
    assert isinstance(inward, nn.Linear)
    assert isinstance(bias, nn.Parameter)
    assert isinstance(inward.weight, nn.Parameter)
    assert isinstance(inward.bias, nn.Parameter)
    return Rbm(inward.weight, bias, inward.bias, gaussian=encoder.code_activation == "linear")


def mirrored(layer: Autoencoder) -> list[nn.Parameter]:
    """The decoder's own copy of the weights, which has to follow the machine's; none where the weights are tied."""
    decoder = layer.decoder
    return [each.weight for each in decoder.layers] if isinstance(decoder, DenseDecoder) else []  # type: ignore[misc]


def obstacles(model: ModelSpec) -> list[str]:
    """Why the layers of a model cannot be machines of this kind, each with a remedy; empty when they can."""
    if not isinstance(model, Mlp):
        return []  # it is no stack, which has a refusal of its own
    found = []
    if model.activation != "sigmoid":
        found.append(
            f"Layers that are Boltzmann machines need sigmoid units, and those of Mlp are {model.activation}: set its "
            "activation to sigmoid, or choose plain layers."
        )
    if model.code_activation not in ("linear", "sigmoid"):
        found.append(
            f"A code of {model.code_activation} units is no layer of a Boltzmann machine: set its code_activation to "
            "linear (Gaussian units) or sigmoid."
        )
    if model.likelihood != "bernoulli":
        found.append(
            "Boltzmann machines here have Bernoulli visible units, and the likelihood is gaussian: set it to "
            "bernoulli, or choose plain layers."
        )
    return found
