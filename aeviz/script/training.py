"""How a script trains: in what stages, with which optimizer, and until when."""

from textwrap import indent

from aeviz.errors import RecipeError
from aeviz.learning import EndToEnd, Procedure
from aeviz.learning.optimizers import SGD, Adam, AdamW
from aeviz.learning.train import EVALUATED
from aeviz.recipe import Recipe

_FACTORS = {
    "cosine": "(1 + math.cos(math.pi * progress)) / 2",
    "steps": "1.0 if progress < 0.5 else 0.1 if progress < 0.75 else 0.01",
    "warmup": "min(1.0, (progress + 0.001) / 0.05)",
}

TESTED = '''def tested({parameter}count):
    """The mean losses over so many test examples, always with the same noise."""
    noise, draws = (generator(SEED, {stage}, f"{{purpose}} of evaluation") for purpose in ("pairing", "draws"))
    total = np.zeros({told})
    for rows in torch.arange(count).split({chunk}):
        found = losses(test[rows]{tested}, noise, draws, 1.0{judged})
        total += len(rows) * np.array([value.item() for value in found])
    return total / count'''
LOOP = """optimizer = {optimizer}
{begin}for epoch in range(1, {epochs} + 1):{stop}{before}
    order = torch.randperm(len(train), generator=generator(SEED, {stage}, "order", epoch))
    noise = generator(SEED, {stage}, "pairing", epoch)
    draws = generator(SEED, {stage}, "draws", epoch)
    for at, rows in enumerate(order.split(BATCH)):
        progress = ((epoch - 1) * steps + at) / ({epochs} * steps)
        optimizer.zero_grad()
        loss, *_ = losses(train[rows]{trained}, noise, draws, progress)
        loss.backward(){scheduled}
        optimizer.step(){judge}{end}"""
SCHEDULED = """
        for group in optimizer.param_groups:
            group["lr"] = RATE * ({factor})"""
BEGIN = """best, best_epoch = tested({seen})[0], 0
kept = [each.detach().clone() for each in parameters]
"""
STOP = """
    if epoch - 1 - best_epoch >= {patience}:  # epochs in which the test loss has not fallen
        break"""
JUDGE = """
    if (loss := tested({seen})[0]) < best:
        best, best_epoch, kept = loss, epoch, [each.detach().clone() for each in parameters]"""
END = """
for parameter, value in zip(parameters, kept, strict=True):
    parameter.data.copy_(value)"""
STAGES = """fixed = {{id(each) for layer in {layers} for each in layer.parameters()}}
STAGES = {stages}
for stage, epochs in STAGES:
    learned = [each for each in parameters if stage == "training" or id(each) not in fixed]
{loop}"""


def training(recipe: Recipe, encoder: str, before: str, **given: object) -> str:
    """From the data and the network to the trained network, and the function that tests it.

    encoder: the list of its layers. before: what has to be done before each epoch. given: `told`, how many numbers a
    test gives; `chunk`, how many examples are tested at once; `tested`, `trained`, `judged`, further arguments of the
    losses.
    """
    procedure, schedule = recipe.training, recipe.optimizer.schedule
    assert isinstance(procedure, EndToEnd)
    staged = bool(procedure.frozen)
    stage, epochs = ("stage", "epochs") if staged else ('"training"', "EPOCHS")
    seen = f"{'stage, ' if staged else ''}min(len(test), {EVALUATED})"
    stops = {"begin": "", "stop": "", "judge": "", "end": ""}
    if procedure.patience:
        stops = {
            "begin": BEGIN.format(seen=seen),
            "stop": STOP.format(patience=procedure.patience),
            "judge": JUDGE.format(seen=seen),
            "end": END,
        }
    loop = LOOP.format(
        optimizer=optimizer(recipe, "learned" if staged else "parameters"),
        epochs=epochs,
        stage=stage,
        before=before.format(stage=stage),
        scheduled=SCHEDULED.format(factor=_FACTORS[schedule]) if schedule in _FACTORS else "",
        **stops,
        **given,
    )
    if staged:
        lengths = procedure.lengths(recipe.model, recipe.epochs)
        loop = STAGES.format(
            layers=f"[{encoder}[number - 1] for number in {procedure.frozen}]",
            stages=list(zip(("frozen", "training"), lengths, strict=False)),
            loop=indent(loop, "    "),
        )
    tested = TESTED.format(parameter="stage, " if staged else "", stage=stage, **given)
    return f"{tested}\n\n\nsteps = -(-len(train) // BATCH)\n{loop}"


def refusals(recipe: Recipe) -> list[str]:
    """Why a script cannot train a recipe, each with what it can."""
    found, procedure = [], recipe.training
    if not isinstance(procedure, EndToEnd):
        found.append(f"The script trains EndToEnd, not by {procedure.kind()}: choose that.")
    elif procedure.patience and procedure.frozen and procedure.frozen_epochs:
        found.append("The script stops early in one stage alone: set patience or frozen_epochs of EndToEnd to 0.")
    return found


def patience_of(recipe: Recipe) -> int:
    """How many epochs without a lower test loss end the training; 0: it never ends early."""
    return recipe.training.patience if isinstance(recipe.training, EndToEnd) else 0


def last_stage(procedure: Procedure, epochs: int) -> str:
    """The argument that `tested` takes of the last stage; nothing where there is only one."""
    if not isinstance(procedure, EndToEnd) or not procedure.frozen:
        return ""
    return '"training", ' if 0 < procedure.frozen_epochs < epochs else '"frozen", '


def optimizer(recipe: Recipe, parameters: str) -> str:
    """The optimizer over what that name stands for."""
    match recipe.optimizer:
        case AdamW(decay=decay):
            return f"torch.optim.AdamW({parameters}, lr=RATE, weight_decay={decay!r}, fused=True)"
        case Adam(beta1=beta):
            return f"torch.optim.Adam({parameters}, lr=RATE, betas=({beta!r}, 0.999), fused=True)"
        case SGD(momentum=momentum):
            return f"torch.optim.SGD({parameters}, lr=RATE, momentum={momentum!r}, fused=True)"
    raise RecipeError(f"The script has no optimizer {recipe.optimizer.kind()}.")
