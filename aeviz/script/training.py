"""How a script trains: in what stages, with which optimizer, and until when."""

from collections.abc import Sequence
from functools import partial
from textwrap import indent

from aeviz.errors import RecipeError
from aeviz.learning import Classifier, EndToEnd, Greedy, Procedure
from aeviz.learning.optimizers import SGD, Adam, AdamW
from aeviz.learning.procedures import LAYERS as LAYER_KINDS
from aeviz.learning.procedures import Layers
from aeviz.learning.train import EVALUATED
from aeviz.models import Mlp
from aeviz.recipe import Recipe
from aeviz.script import training_texts
from aeviz.script.corruption import emphasised
from aeviz.script.network import Network
from aeviz.script.terms import gates

_FACTORS = {
    "cosine": "(1 + math.cos(math.pi * progress)) / 2",
    "steps": "1.0 if progress < 0.5 else 0.1 if progress < 0.75 else 0.01",
    "warmup": "min(1.0, (progress + 0.001) / 0.05)",
}


def training(recipe: Recipe, network: Network, before: str, mean: str, **given: object) -> str:
    """From the data and the network to the trained network, and the function that tests it.

    before: what has to be done before each epoch. mean: E[x | z]. given: `told`, how many numbers a
    test gives; `chunk`, how many examples are tested at once; `tested`, `trained`, `judged`, further arguments of the
    losses.
    """
    procedure, rate = recipe.training, "RATE"
    stage, epochs, learned, layers = '"training"', "EPOCHS", "parameters", ""
    staged = isinstance(procedure, EndToEnd) and bool(procedure.frozen)
    if staged:
        stage, epochs, learned = "stage", "epochs", "learned"
    if isinstance(procedure, Greedy):
        stage, layers = '"fine-tuning"', f"{_layers(recipe, network, procedure.layers, procedure.layer_epochs)}\n\n\n"
        rate = "RATE" if procedure.tuning_share == 1 else f"{procedure.tuning_share!r} * RATE"
    if isinstance(procedure, Classifier):
        stage, epochs = '"autoencoder"', str(procedure.pretraining_epochs)
    seen = f"{'stage, ' if staged else ''}min(len(test), {EVALUATED})"
    buffers = [*network.buffers, *(["silent"] if gates(recipe.terms) else [])]
    changing = f"[*parameters, {', '.join(buffers)}]" if buffers else "parameters"
    stops = {"begin": "", "stop": "", "judge": "", "end": ""}
    if patience := patience_of(recipe):
        whose = 'stage == "training"' if staged and len(procedure.lengths(recipe.model, recipe.epochs)) > 1 else ""
        stops = {
            "begin": training_texts.BEGIN.format(seen=seen, changing=changing),
            "stop": training_texts.STOP.format(patience=patience, whose=f"{whose} and " if whose else ""),
            "judge": training_texts.JUDGE.format(seen=seen, changing=changing),
            "end": training_texts.END.format(changing=changing, whose=f" if {whose} else ()" if whose else ""),
        }
    loop = training_texts.LOOP.format(
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
        loop = training_texts.STAGES.format(
            layers=f"[{network.stack}[number - 1] for number in {procedure.frozen}]",
            stages=list(zip(("frozen", "training"), lengths, strict=False)),
            loop=indent(loop, "    "),
        )
    loop = f"steps = -(-len(train) // BATCH)\n{loop}"
    if isinstance(procedure, Classifier):
        return _classifier(recipe, procedure, loop, network, mean)
    tested = training_texts.TESTED.format(parameter="stage, " if staged else "", stage=stage, **given)
    return f"{layers}{tested}\n\n\n{loop}"


def _classifier(recipe: Recipe, procedure: Classifier, end_to_end: str, network: Network, mean: str) -> str:
    """Pretraining and then the classifier; end_to_end: the loop that trains the autoencoder at once; mean: E[x | z]."""
    model, frozen = recipe.model, procedure.features == "frozen"
    before = ""
    if procedure.pretraining == "end to end":
        before = f"{end_to_end}\n\n\n"
    elif layers := next((each for each in LAYER_KINDS if each == procedure.pretraining), None):
        before = f"{_layers(recipe, network, layers, procedure.pretraining_epochs)}\n\n\n"
    labelled = f'balanced(train_classes, {procedure.labelled}, generator(SEED, "labelled"))'
    learned = "[*head.parameters()]"
    if not frozen and network.encoding:
        learned = f"[*{network.encoding}, *head.parameters()]"
    elif not frozen:
        learned = f"[each for layer in (*{network.stack}, head) for each in layer.parameters()]"
    encoded = f"{network.for_classes}(x, draws)"
    coded = f"z, places = {encoded}" if network.places else f"z = {network.code.format(encoded=encoded)}"
    if gate := gates(recipe.terms):
        coded += f"\n        z = largest(z, {gate.active})"
    return before + training_texts.CLASSIFIER.format(
        encoder_learns="False" if frozen else "torch.is_grad_enabled()",
        coded=coded,
        settled=network.settled,
        decoded=network.decoded,
        places=", places" if network.places else "",
        mean=mean,
        code=model.code,
        classes=len(recipe.data.classes()),
        chosen=labelled if procedure.labelled else "torch.arange(len(train))",
        optimizer=optimizer(recipe, learned, "RATE"),
        scheduled=_scheduled(recipe, "RATE"),
    )


def _scheduled(recipe: Recipe, rate: str) -> str:
    schedule = recipe.optimizer.schedule
    return training_texts.SCHEDULED.format(rate=rate, factor=_FACTORS[schedule]) if schedule in _FACTORS else ""


def _layers(recipe: Recipe, network: Network, kind: Layers, epochs: int) -> str:
    """How the layers are trained one by one, each for so many epochs."""
    model = recipe.model
    loop = partial(
        training_texts.LAYERS.format,
        depth=model.depth(),
        optimizer=optimizer(recipe, "learned", "RATE"),
        epochs=epochs,
        scheduled=indent(_scheduled(recipe, "RATE"), "    "),
    )
    if network.layer:
        trained = f", train_{network.told}[rows]" if network.told else ""
        return (
            f"{network.layer}\n\n\n{loop(learned=network.layer_parameters, trained=trained, ends=network.layer_ends)}"
        )
    assert isinstance(model, Mlp)
    bias, back = "decoder[-number].bias", "decoder[-number](z)"
    if model.tied:
        bias, back = "biases[-number]", "functional.linear(z, encoder[number - 1].weight.T, biases[-number])"
    if kind == "rbm":
        layer = training_texts.MACHINE.format(bias=bias)
    else:
        emphasis = kind == "denoising" and emphasised(recipe.pairing)
        fed = "x, emphasis = corrupted(below, noise)" if emphasis else "x = corrupted(below, noise)"
        bernoulli = model.activation == "sigmoid"
        given = "logits" if bernoulli or model.activation == "linear" else f"ACTIVATIONS[{model.activation!r}](logits)"
        layer = training_texts.LAYER.format(
            fed=fed if kind == "denoising" else "x = below",
            back=back,
            first=reconstruction(model.likelihood, "logits", "below", emphasis=emphasis),
            others=reconstruction("bernoulli" if bernoulli else "gaussian", given, "below", emphasis=emphasis),
        )
    whole = "*decoder[-number].parameters()" if kind != "rbm" and not model.tied else bias
    ends = training_texts.UNROLLED if kind == "rbm" and not model.tied else ""
    return f"{layer}\n\n\n{loop(learned=f'[*encoder[number - 1].parameters(), {whole}]', trained='', ends=ends)}"


def reconstruction(likelihood: str, logits: str, target: str, *, emphasis: bool) -> str:
    """−log p(target | z) of an example in nats; emphasis: each number times `emphasis`."""
    loss, half = ("binary_cross_entropy_with_logits", "") if likelihood == "bernoulli" else ("mse_loss", " / 2")
    if emphasis:
        each = f'functional.{loss}({logits}, {target}, reduction="none")'
        return f"({each} * emphasis).sum(){half} / len({target})"
    return f'functional.{loss}({logits}, {target}, reduction="sum"){half} / len({target})'


def patience_of(recipe: Recipe) -> int:
    """How many epochs without a lower test loss end the training; 0: it never ends early."""
    return recipe.training.patience if isinstance(recipe.training, EndToEnd) else 0


def said(procedure: Procedure) -> Sequence[str]:
    """The names of what is told beside loss and squared error, in place of what the model tells."""
    return ("wrong classes",) if isinstance(procedure, Classifier) else ()


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
