"""How the layers of a machine learn one by one."""

from aeviz.learning import Classifier, Greedy
from aeviz.recipe import Recipe
from aeviz.script.corruption import emphasised
from aeviz.script.machines import graph

LAYER = '''def given(part, uppers, x):
    """The lower layers of a part in the state that stands for x, but for what is told beside it."""
    return {{name: x for name in part.kinds if name not in (*uppers, *ASIDE)}}


def layer_loss(number, target{told}, noise, draws):
    """Layer `number` learns what the layers under it make of the examples, by contrastive divergence."""
    below = seen(target)
    with torch.no_grad():
        for under in range(1, number):
            part, uppers = layer_of(under)
            below = part.mean(uppers[0], given(part, uppers, below))
        {fed}
        part, uppers = layer_of(number)
        h = coins(part.mean(uppers[0], given(part, uppers, x)), draws)
        known = given(part, uppers, below){known}
        if len(known) > 1:
            state = known | {{name: coins(part.mean(name, known), draws) for name in uppers}}
            state = part.swept(state, STEPS, draws)
        else:
            state = part.swept(dict.fromkeys(uppers, h), 1, draws, held=uppers)
            state = part.swept(state, STEPS - 1, draws)
    return part.free_energy(known).mean() - part.free_energy({{name: state[name] for name in known}}).mean()'''
LAYER_PARAMETERS = "[*dict.fromkeys([*layer_of(number)[0].W.values(), *layer_of(number)[0].b.values()])]"


def layer(recipe: Recipe, layer_of: str, *, told: str = "", known: str = "") -> str:
    """How a layer learns alone; layer_of: the function that gives it as a machine; empty where layers do not.

    told, known: what is given beside an example, as layers.
    """
    procedure = recipe.training
    if not isinstance(procedure, Greedy | Classifier):
        return ""
    fed = "x = below"
    if (procedure.layers if isinstance(procedure, Greedy) else procedure.pretraining) == "denoising":
        fed = "x = corrupted(target if number == 1 else below, noise)"
        fed += "[0]" if emphasised(recipe.pairing) else ""
        fed += "\n        x = seen(x) if number == 1 else x"
    return graph.functions(layer_of, LAYER.format(told=told, fed=fed, known=known))
