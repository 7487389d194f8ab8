"""How a script builds a Boltzmann machine, its chains and what it learns from; the texts beside the choice."""

from aeviz.models import Boltzmann, Dbm, Dbn, MultimodalDbm, Rbm, ReplicatedSoftmax
from aeviz.models.machines import EnergyModel
from aeviz.recipe import Recipe
from aeviz.script.machines import belief, connected, contrast, deep, restricted
from aeviz.script.network import Network

KNOWN = (Boltzmann, Rbm, ReplicatedSoftmax, Dbn, Dbm, MultimodalDbm)


def network_of(recipe: Recipe, model: EnergyModel) -> Network:
    """The network of a machine, which is one of `KNOWN`."""
    shape = recipe.data.shape()
    match model:
        case Dbm():
            return deep.network(recipe, model, shape)
        case Dbn():
            return belief.network(recipe, model, shape)
        case Rbm() if model.phase == "tempered":
            return contrast.tempered(model, shape)
        case Rbm():
            return restricted.network(model, shape)
        case ReplicatedSoftmax():
            return contrast.counting(model, shape)
        case Boltzmann():
            return connected.network(model, shape)
    raise AssertionError(model)
