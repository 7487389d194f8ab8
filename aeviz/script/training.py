"""How a script trains: in what stages, with which optimizer, and until when."""

from textwrap import indent

from aeviz.errors import RecipeError
from aeviz.learning import EndToEnd, Greedy, Procedure
from aeviz.learning.optimizers import SGD, Adam, AdamW
from aeviz.learning.train import EVALUATED
from aeviz.models import Mlp
from aeviz.recipe import Recipe
from aeviz.script.corruption import emphasised

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
            group["lr"] = {rate} * ({factor})"""
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

LAYERS = '''def layer_loss(number, target, noise):
    """Layer `number` and its mirror image as an autoencoder of the layer below, which stays fixed."""
    below = target
    if number > 1:
        with torch.no_grad():
            below = through(encoder[: number - 1], ENCODER[: number - 1], target.flatten(1), None)
    {fed}
    z = ACTIVATIONS[ENCODER[number - 1]](encoder[number - 1](x.flatten(1)))
    logits = {back}.reshape(below.shape)
    if number == 1:
        return {first}
    return {others}


for number in range(1, {depth} + 1):
    stage, steps = f"layer {{number}}", -(-len(train) // BATCH)
    optimizer = {optimizer}
    for epoch in range(1, {epochs} + 1):
        order = torch.randperm(len(train), generator=generator(SEED, stage, "order", epoch))
        noise = generator(SEED, stage, "pairing", epoch)
        for at, rows in enumerate(order.split(BATCH)):
            progress = ((epoch - 1) * steps + at) / ({epochs} * steps)
            optimizer.zero_grad()
            layer_loss(number, train[rows], noise).backward(){scheduled}
            optimizer.step()'''


def training(recipe: Recipe, encoder: str, before: str, **given: object) -> str:
    """From the data and the network to the trained network, and the function that tests it.

    encoder: the list of its layers. before: what has to be done before each epoch. given: `told`, how many numbers a
    test gives; `chunk`, how many examples are tested at once; `tested`, `trained`, `judged`, further arguments of the
    losses.
    """
    procedure, rate = recipe.training, "RATE"
    stage, epochs, learned, layers = '"training"', "EPOCHS", "parameters", ""
    staged = isinstance(procedure, EndToEnd) and bool(procedure.frozen)
    if staged:
        stage, epochs, learned = "stage", "epochs", "learned"
    if isinstance(procedure, Greedy):
        stage, layers = '"fine-tuning"', f"{_layers(recipe, procedure)}\n\n\n"
        rate = "RATE" if procedure.tuning_share == 1 else f"{procedure.tuning_share!r} * RATE"
    seen = f"{'stage, ' if staged else ''}min(len(test), {EVALUATED})"
    stops = {"begin": "", "stop": "", "judge": "", "end": ""}
    if patience := patience_of(recipe):
        stops = {
            "begin": BEGIN.format(seen=seen),
            "stop": STOP.format(patience=patience),
            "judge": JUDGE.format(seen=seen),
            "end": END,
        }
    loop = LOOP.format(
        optimizer=optimizer(recipe, learned, rate),
        epochs=epochs,
        stage=stage,
        before=before.format(stage=stage),
        scheduled=_scheduled(recipe, rate),
        **stops,
        **given,
    )
    if staged:
        assert isinstance(procedure, EndToEnd)
        lengths = procedure.lengths(recipe.model, recipe.epochs)
        loop = STAGES.format(
            layers=f"[{encoder}[number - 1] for number in {procedure.frozen}]",
            stages=list(zip(("frozen", "training"), lengths, strict=False)),
            loop=indent(loop, "    "),
        )
    tested = TESTED.format(parameter="stage, " if staged else "", stage=stage, **given)
    return f"{layers}{tested}\n\n\nsteps = -(-len(train) // BATCH)\n{loop}"


def _scheduled(recipe: Recipe, rate: str) -> str:
    schedule = recipe.optimizer.schedule
    return SCHEDULED.format(rate=rate, factor=_FACTORS[schedule]) if schedule in _FACTORS else ""


def _layers(recipe: Recipe, procedure: Greedy) -> str:
    """How the layers are trained one by one."""
    model = recipe.model
    assert isinstance(model, Mlp)
    emphasis = procedure.layers == "denoising" and emphasised(recipe.pairing)
    fed = "x, emphasis = corrupted(below, noise)" if emphasis else "x = corrupted(below, noise)"
    bias, back = "*decoder[-number].parameters()", "decoder[-number](z)"
    if model.tied:
        bias, back = "biases[-number]", "functional.linear(z, encoder[number - 1].weight.T, biases[-number])"
    bernoulli = model.activation == "sigmoid"
    given = "logits" if bernoulli or model.activation == "linear" else f"ACTIVATIONS[{model.activation!r}](logits)"
    return LAYERS.format(
        fed=fed if procedure.layers == "denoising" else "x = below",
        back=back,
        first=reconstruction(model.likelihood, "logits", "below", emphasis=emphasis),
        others=reconstruction("bernoulli" if bernoulli else "gaussian", given, "below", emphasis=emphasis),
        depth=model.depth(),
        optimizer=optimizer(recipe, f"[*encoder[number - 1].parameters(), {bias}]", "RATE"),
        epochs=procedure.layer_epochs,
        scheduled=indent(_scheduled(recipe, "RATE"), "    "),
    )


def reconstruction(likelihood: str, logits: str, target: str, *, emphasis: bool) -> str:
    """−log p(target | z) of an example in nats; emphasis: each number times `emphasis`."""
    loss, half = ("binary_cross_entropy_with_logits", "") if likelihood == "bernoulli" else ("mse_loss", " / 2")
    if emphasis:
        each = f'functional.{loss}({logits}, {target}, reduction="none")'
        return f"({each} * emphasis).sum(){half} / len({target})"
    return f'functional.{loss}({logits}, {target}, reduction="sum"){half} / len({target})'


def refusals(recipe: Recipe) -> list[str]:
    """Why a script cannot train a recipe, each with what it can."""
    found, procedure = [], recipe.training
    if isinstance(procedure, Greedy):
        if procedure.layers == "rbm" or not isinstance(recipe.model, Mlp):
            found.append("The script trains the layers of Mlp alone, plain or denoising: choose one of these.")
    elif not isinstance(procedure, EndToEnd):
        found.append(f"The script trains EndToEnd or Greedy, and not by {procedure.kind()}: choose one of these.")
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


def optimizer(recipe: Recipe, parameters: str, rate: str) -> str:
    """The optimizer over these parameters at this rate."""
    match recipe.optimizer:
        case AdamW(decay=decay):
            return f"torch.optim.AdamW({parameters}, lr={rate}, weight_decay={decay!r}, fused=True)"
        case Adam(beta1=beta):
            return f"torch.optim.Adam({parameters}, lr={rate}, betas=({beta!r}, 0.999), fused=True)"
        case SGD(momentum=momentum):
            return f"torch.optim.SGD({parameters}, lr={rate}, momentum={momentum!r}, fused=True)"
    raise RecipeError(f"The script has no optimizer {recipe.optimizer.kind()}.")
