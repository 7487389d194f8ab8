"""The script of a recipe, run by itself, comes to the numbers of the run; what it has no words for is refused."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from aeviz.data import Bars, TaggedShapes, Topics, Toys
from aeviz.data.cache import loaded
from aeviz.data.pairings import PAIRINGS, GaussianNoise, MaskingNoise, Occlusion, SaltAndPepper, SuperResolution
from aeviz.errors import RecipeError
from aeviz.learning import (
    PROCEDURES,
    SGD,
    TERMS,
    Adam,
    AdamW,
    Classifier,
    CodeL2,
    Contractive,
    ContractiveHigherOrder,
    EndToEnd,
    Greedy,
    SparseKl,
    SparseL1,
    TopK,
    WeightDecay,
)
from aeviz.models import (
    MODELS,
    Aae,
    Boltzmann,
    ConditionalVae,
    Conv,
    ConvGan,
    ConvTcVae,
    ConvUnpool,
    ConvVae,
    ConvVqVae,
    ConvWae,
    Dbm,
    Dbn,
    Gan,
    Linear,
    Mlp,
    ModelSpec,
    MultimodalDbm,
    Rbm,
    ReplicatedSoftmax,
    TcVae,
    Vae,
    VqVae,
    Wae,
)
from aeviz.recipe import Recipe
from aeviz.runs.local import carry_out
from aeviz.runs.store import Store
from aeviz.script.writing import arrays, file_of, notebook, refusals, script
from tests.contract.drawn import named, neighbours
from tests.patience import SECONDS

RECIPES = {
    "plain": Recipe(model=Mlp(hidden=(16,), code=3), epochs=3, batch_size=100, seed=5),
    "sparse and tanh": Recipe(
        model=Mlp(hidden=(16, 8), code=4, activation="tanh", code_activation="relu", likelihood="gaussian"),
        terms=(SparseL1(weight=0.3), WeightDecay()),
        pairing=GaussianNoise(),
        optimizer=SGD(learning_rate=0.01),
        epochs=2,
    ),
    "contractive": Recipe(
        model=Mlp(hidden=(), code=6, code_activation="sigmoid"),
        terms=(Contractive(weight=0.5), CodeL2()),
        pairing=MaskingNoise(),
        optimizer=AdamW(),
        epochs=2,
    ),
    "variational": Recipe(
        data=Bars(), model=Vae(hidden=(9,), code=3, beta=2), optimizer=Adam(schedule="cosine"), epochs=3
    ),
    "capacity": Recipe(
        model=Vae(hidden=(12, 9), code=3, beta=20, capacity=5, activation="elu"), terms=(WeightDecay(weight=0.01),),
        optimizer=Adam(schedule="steps"), epochs=3, seed=2,
    ),
    "linear, tied": Recipe(data=Toys(points=200), model=Linear(code=1, tied=True), batch_size=50, epochs=3),
    "tied, sparse, salted, in colour": Recipe(
        data=TaggedShapes(images=150, size=16),
        model=Mlp(hidden=(20,), code=5, tied=True, code_activation="sigmoid"),
        terms=(SparseKl(rho=0.2), WeightDecay(weight=0.01)), pairing=SaltAndPepper(strength=0.3),
        optimizer=SGD(schedule="warmup"), epochs=2, batch_size=40,
    ),
    "masked, in colour": Recipe(
        data=TaggedShapes(images=150, size=16), model=Mlp(hidden=(20,), code=5), pairing=MaskingNoise(), epochs=2,
        batch_size=40,
    ),
    "convolutional": Recipe(
        data=TaggedShapes(images=150, size=18), model=Conv(channels=(4, 6), code=3, activation="silu"),
        terms=(WeightDecay(weight=0.01), SparseL1()), epochs=2, batch_size=40,
    ),
    "convolutional, tied, with dropout": Recipe(
        model=Conv(channels=(4, 6), code=5, tied=True, dropout=0.3, code_activation="sigmoid"),
        terms=(SparseKl(), WeightDecay(weight=0.01)), pairing=Occlusion(), epochs=2,
    ),
    "convolutional, variational": Recipe(
        model=ConvVae(channels=(4,), code=2, beta=2, dropout=0.1), pairing=SuperResolution(), epochs=2,
    ),
    "contractive, convolutional": Recipe(
        model=Conv(channels=(4,), code=3), terms=(Contractive(weight=0.5),), epochs=2,
    ),
    "unpooling to places": Recipe(
        data=TaggedShapes(images=150, size=18), model=ConvUnpool(channels=(4, 6), code=3, dropout=0.2),
        terms=(WeightDecay(weight=0.01),), epochs=2, batch_size=40,
    ),
    "unpooling by repeating": Recipe(
        data=TaggedShapes(images=150, size=18), model=ConvUnpool(channels=(4, 6), code=3, unpooling="repeat"),
        terms=(WeightDecay(weight=0.01),), epochs=2, batch_size=40,
    ),
    "unpooling, tied": Recipe(
        data=TaggedShapes(images=150, size=18), model=ConvUnpool(channels=(4, 6), code=3, tied=True), epochs=2,
        batch_size=40,
    ),
    "unpooling by repeating, tied, with dropout": Recipe(
        model=ConvUnpool(channels=(4, 6), code=5, unpooling="repeat", tied=True, dropout=0.3), epochs=2,
    ),
    "emphasis, masked": Recipe(model=Mlp(hidden=(16,), code=3), pairing=MaskingNoise(alpha=3, beta=0.5), epochs=2),
    "emphasis, occluded, squared error": Recipe(
        model=Mlp(hidden=(16,), code=3, likelihood="gaussian"), pairing=Occlusion(alpha=2), epochs=2
    ),
    "emphasis, salted, in colour, KL over the set": Recipe(
        data=TaggedShapes(images=150, size=16), model=Mlp(hidden=(20,), code=5, code_activation="sigmoid"),
        terms=(SparseKl(average="epoch"),), pairing=SaltAndPepper(beta=0), epochs=3, batch_size=40,
    ),
    "KL over a running mean, dropout": Recipe(
        model=Mlp(hidden=(16,), code=6, code_activation="sigmoid", dropout=0.2),
        terms=(SparseKl(average="running", decay=0.8), WeightDecay(weight=0.001)), epochs=2,
    ),
    "top k": Recipe(
        model=Mlp(hidden=(16,), code=24, dropout=0.1),
        terms=(TopK(active=3, patience=300, revived=4, weight=0.5), SparseL1(weight=0.1)), epochs=3,
    ),
    "top k, unpooling": Recipe(
        model=ConvUnpool(channels=(4,), code=24), terms=(TopK(active=2, patience=200, weight=0.5),), epochs=2,
    ),
    "top k, contractive": Recipe(
        model=Mlp(hidden=(), code=70), terms=(TopK(active=4, patience=300), Contractive(weight=0.01)), epochs=2,
    ),
    "contractive, estimated": Recipe(
        model=Mlp(hidden=(16,), code=70), terms=(Contractive(weight=0.1, probes=3),), epochs=2
    ),
    "contractive, one wide layer": Recipe(
        model=Mlp(hidden=(), code=70, code_activation="sigmoid"), terms=(Contractive(weight=0.1),), epochs=1,
    ),
    "higher order": Recipe(
        model=Mlp(hidden=(16,), code=6, activation="tanh", code_activation="sigmoid", dropout=0.1),
        terms=(ContractiveHigherOrder(weight=0.5, samples=2, gamma=3),), pairing=GaussianNoise(), epochs=2,
    ),
    "higher order, estimated, variational": Recipe(
        model=Vae(hidden=(16,), code=70, activation="tanh"),
        terms=(ContractiveHigherOrder(weight=0.1),), epochs=2,
    ),
    "higher order, unpooling": Recipe(
        data=TaggedShapes(images=100, size=16), model=ConvUnpool(channels=(4,), code=4, activation="tanh"),
        terms=(ContractiveHigherOrder(weight=0.1),), epochs=2, batch_size=20,
    ),
    "total correlation": Recipe(model=TcVae(hidden=(16,), code=3, alpha=2, gamma=0.5), epochs=2),
    "total correlation, convolutional": Recipe(
        model=ConvTcVae(channels=(4,), code=2, dropout=0.1), terms=(WeightDecay(weight=0.01),), epochs=2,
        batch_size=300,
    ),
    "wasserstein": Recipe(model=Wae(hidden=(16,), code=3), pairing=MaskingNoise(), epochs=2),
    "wasserstein, convolutional": Recipe(model=ConvWae(channels=(4,), code=2, weight=10), epochs=2, batch_size=300),
    "quantized": Recipe(model=VqVae(hidden=(16,), code=6, book=8), terms=(WeightDecay(weight=0.01),), epochs=2),
    "quantized, convolutional": Recipe(model=ConvVqVae(channels=(4,), code=6, dimension=3), epochs=2),
    "adversarial codes": Recipe(model=Aae(hidden=(16,), code=3, weight=2, dropout=0.1), epochs=2),
    "adversarial codes, no hidden layers": Recipe(
        model=Aae(hidden=(), code=3), terms=(WeightDecay(weight=0.01), SparseL1(weight=0.1)), epochs=2,
    ),
    "generator and discriminator": Recipe(
        model=Gan(hidden=(16,), code=3), terms=(CodeL2(weight=0.1),), optimizer=Adam(beta1=0.5), epochs=2,
    ),
    "generator and discriminator, without penalty": Recipe(
        data=Toys(points=200), model=Gan(hidden=(16, 8), code=2, penalty=0, likelihood="gaussian", dropout=0.1),
        optimizer=SGD(learning_rate=0.01, schedule="cosine"), epochs=2, batch_size=50,
    ),
    "generator and discriminator, convolutional": Recipe(
        data=TaggedShapes(images=150, size=18), model=ConvGan(channels=(4, 6), code=3, activation="silu"),
        terms=(WeightDecay(weight=0.01),), epochs=2, batch_size=40,
    ),
    "told the class": Recipe(
        model=ConditionalVae(hidden=(16,), code=3, untold=0.3, dropout=0.1), pairing=MaskingNoise(),
        terms=(Contractive(weight=0.1),), epochs=2,
    ),
    "told the class, of points": Recipe(
        data=Toys(points=200), model=ConditionalVae(hidden=(9,), code=2, beta=2), epochs=2, batch_size=50,
    ),
    "frozen for a while": Recipe(
        model=Mlp(hidden=(16, 8), code=3), training=EndToEnd(frozen=(1, 3), frozen_epochs=2),
        optimizer=Adam(schedule="cosine"), pairing=GaussianNoise(), epochs=5,
    ),
    "frozen, convolutional, KL over the set": Recipe(
        model=Conv(channels=(4, 6), code=3, code_activation="sigmoid"), terms=(SparseKl(average="epoch"),),
        training=EndToEnd(frozen=(2,)), epochs=3,
    ),
    "stopped early": Recipe(
        model=Mlp(hidden=(64,), code=8), training=EndToEnd(patience=2), optimizer=Adam(learning_rate=0.03), epochs=40,
    ),
    "frozen and stopped early": Recipe(
        model=Mlp(hidden=(64,), code=8), training=EndToEnd(patience=1, frozen=(2,)),
        optimizer=Adam(learning_rate=0.03), epochs=40,
    ),
    "layer by layer": Recipe(
        model=Mlp(hidden=(16, 8), code=3), terms=(SparseL1(weight=0.1),), training=Greedy(layer_epochs=2), epochs=2,
    ),
    "layer by layer, denoising, sigmoid": Recipe(
        data=TaggedShapes(images=150, size=16), model=Mlp(hidden=(16, 8), code=3, activation="sigmoid", dropout=0.1),
        pairing=MaskingNoise(alpha=2), optimizer=Adam(learning_rate=0.01, schedule="cosine"), epochs=2, batch_size=40,
        training=Greedy(layers="denoising", layer_epochs=3, tuning_share=0.3),
    ),
    "layer by layer, tied, squared error": Recipe(
        data=Toys(points=200), model=Mlp(hidden=(9, 6), code=2, activation="tanh", tied=True, likelihood="gaussian"),
        pairing=GaussianNoise(), training=Greedy(layers="denoising", layer_epochs=2), epochs=2, batch_size=50,
    ),
    "layer by layer, machines": Recipe(
        model=Mlp(hidden=(16, 8), code=3, activation="sigmoid"), training=Greedy(layers="rbm", layer_epochs=2),
        optimizer=Adam(learning_rate=0.01, schedule="steps"), epochs=2,
    ),
    "layer by layer, machines, tied": Recipe(
        model=Mlp(hidden=(16,), code=6, activation="sigmoid", code_activation="sigmoid", tied=True),
        training=Greedy(layers="rbm", layer_epochs=2), optimizer=Adam(learning_rate=0.01), epochs=2,
    ),
    "classifier": Recipe(
        model=Mlp(hidden=(16,), code=6, dropout=0.1), pairing=MaskingNoise(), terms=(SparseL1(weight=0.1),),
        training=Classifier(pretraining_epochs=2), optimizer=Adam(schedule="cosine"), epochs=2,
    ),
    "classifier, frozen layers, few labels": Recipe(
        data=Toys(points=300), model=Mlp(hidden=(9,), code=2), epochs=3, batch_size=20,
        training=Classifier(pretraining="plain", pretraining_epochs=2, features="frozen", labelled=40),
    ),
    "classifier, of machines": Recipe(
        model=Mlp(hidden=(16,), code=6, activation="sigmoid", code_activation="sigmoid"), epochs=2,
        training=Classifier(pretraining="rbm", pretraining_epochs=2, labelled=100),
        optimizer=Adam(learning_rate=0.01),
    ),
    "classifier from scratch, convolutional": Recipe(
        model=Conv(channels=(4, 6), code=5), training=Classifier(pretraining="none"), epochs=2,
    ),
    "restricted machine": Recipe(model=Rbm(code=20), terms=(WeightDecay(weight=0.01),), epochs=3),
    "restricted machine, three sweeps, sparse": Recipe(
        model=Rbm(code=20, steps=3, rates=True), terms=(SparseKl(rho=0.2, average="running"),),
        optimizer=SGD(learning_rate=0.05, momentum=0.5, schedule="cosine"), epochs=3,
    ),
    "restricted machine, persistent": Recipe(
        data=TaggedShapes(images=1500, size=16), model=Rbm(code=20, phase="persistent", steps=2, particles=150),
        terms=(SparseL1(weight=0.1),), pairing=MaskingNoise(), epochs=2,
    ),
    "restricted machine, Gaussian": Recipe(
        data=Toys(points=200), model=Rbm(code=12, likelihood="gaussian", rates=True), epochs=3, batch_size=50,
    ),
    "restricted machine, Gaussian, persistent, σ of 1": Recipe(
        data=Toys(points=200), model=Rbm(code=12, likelihood="gaussian", deviation=1, phase="persistent"), epochs=3,
        batch_size=50,
    ),
    "deep machine": Recipe(model=Dbm(hidden=(16,), code=8), terms=(WeightDecay(weight=0.01),), epochs=3),
    "deep machine, three layers, contrastive, masked": Recipe(
        model=Dbm(hidden=(16, 12), code=8, phase="contrastive", rates=True, sweeps=4), pairing=MaskingNoise(),
        terms=(SparseL1(weight=0.1),), optimizer=SGD(learning_rate=0.05, schedule="cosine"), epochs=2,
    ),
    "deep machine of one layer, Gaussian, tempered": Recipe(
        data=Toys(points=200), model=Dbm(hidden=(), code=8, phase="tempered", temperatures=3, likelihood="gaussian"),
        epochs=2, batch_size=50,
    ),
    "deep machine, stopped early": Recipe(
        data=Bars(), model=Dbm(hidden=(8,), code=4, particles=20), training=EndToEnd(patience=1),
        optimizer=SGD(learning_rate=0.3), epochs=20,
    ),
    "deep machine, layer by layer": Recipe(
        model=Dbm(hidden=(16, 12), code=8, steps=2), training=Greedy(layer_epochs=2, tuning_share=0.3),
        optimizer=SGD(learning_rate=0.05, momentum=0.5), epochs=2,
    ),
    "deep machine, layer by layer, not doubled, denoising, Gaussian": Recipe(
        data=Toys(points=200), model=Dbm(hidden=(12,), code=8, steps=1, likelihood="gaussian", doubled=False),
        pairing=GaussianNoise(), training=Greedy(layers="denoising", layer_epochs=2), epochs=2, batch_size=50,
    ),
    "deep machine, layer by layer, denoising": Recipe(
        model=Dbm(hidden=(12,), code=8), pairing=MaskingNoise(alpha=2), epochs=1,
        training=Greedy(layers="denoising", layer_epochs=2), optimizer=Adam(learning_rate=0.01),
    ),
    "belief network": Recipe(model=Dbn(hidden=(16, 12), code=8), terms=(WeightDecay(weight=0.01),), epochs=2),
    "belief network, persistent, labels, layer by layer": Recipe(
        model=Dbn(hidden=(16, 12), code=8, labels=True, phase="persistent", steps=2, rates=True),
        training=Greedy(layer_epochs=2), optimizer=SGD(learning_rate=0.05), epochs=2,
    ),
    "belief network of one layer, tempered, labels": Recipe(
        model=Dbn(hidden=(), code=8, labels=True, phase="tempered", temperatures=3, rates=True),
        pairing=MaskingNoise(), epochs=2,
    ),
    "multimodal machine": Recipe(
        data=TaggedShapes(images=150, size=16), model=MultimodalDbm(hidden=(16,), code=8, steps=2, particles=60),
        terms=(WeightDecay(weight=0.01),), epochs=2, batch_size=40,
    ),
    "multimodal machine, layer by layer": Recipe(
        data=TaggedShapes(images=150, size=16), model=MultimodalDbm(hidden=(16,), code=8, rates=False, prediction=0),
        training=Greedy(layer_epochs=2), optimizer=SGD(learning_rate=0.05), pairing=MaskingNoise(), epochs=2,
        batch_size=40,
    ),
    "multimodal machine of one layer, contrastive": Recipe(
        data=TaggedShapes(images=150, size=16),
        model=MultimodalDbm(hidden=(), code=8, phase="contrastive", likelihood="gaussian"), epochs=2, batch_size=40,
    ),
    "restricted machine, tempered": Recipe(
        model=Rbm(code=12, phase="tempered", temperatures=4, rates=True), terms=(SparseL1(weight=0.1),), epochs=2,
    ),
    "restricted machine, tempered, Gaussian, stopped early": Recipe(
        data=Toys(points=200), model=Rbm(code=12, phase="tempered", likelihood="gaussian"), epochs=20, batch_size=50,
        training=EndToEnd(patience=2),
    ),
    "restricted machine, persistent, stopped early": Recipe(
        model=Rbm(code=20, phase="persistent"), training=EndToEnd(patience=1), optimizer=SGD(learning_rate=0.3),
        epochs=20,
    ),
    "words": Recipe(
        data=Topics(), model=ReplicatedSoftmax(code=6, steps=3), terms=(WeightDecay(weight=0.1),), epochs=2
    ),
    "words, persistent, rates": Recipe(
        data=Topics(), model=ReplicatedSoftmax(code=6, phase="persistent", rates=True, length=30),
        terms=(WeightDecay(weight=0.01),), epochs=2,
    ),
    "words, tempered": Recipe(
        data=Topics(), model=ReplicatedSoftmax(code=6, phase="tempered", temperatures=3), epochs=2
    ),
    "top k, stopped early": Recipe(
        model=Mlp(hidden=(16,), code=24), terms=(TopK(active=3, patience=300, revived=4),), epochs=30,
        training=EndToEnd(patience=1), optimizer=Adam(learning_rate=0.03),
    ),
    "contractive, deep machine": Recipe(
        model=Dbm(hidden=(16,), code=4, sweeps=3), terms=(Contractive(weight=0.1),), epochs=1
    ),
    "general machine": Recipe(data=Bars(side=3), model=Boltzmann(code=4, rates=True), epochs=2, batch_size=50),
    "general machine, exact": Recipe(
        data=Bars(side=3), model=Boltzmann(code=4, phase="exact"), terms=(WeightDecay(weight=0.01),), epochs=3,
        batch_size=20,
    ),
    "general machine, annealed, too many units to list": Recipe(
        data=Bars(side=3), model=Boltzmann(code=13, phase="annealed"), epochs=1, batch_size=100,
    ),
    "general machine, too many units to list, persistent, stopped early": Recipe(
        data=Bars(side=3), model=Boltzmann(code=14, likelihood="gaussian"), epochs=2, batch_size=100,
        training=EndToEnd(patience=1),
    ),
    "classifier, of means": Recipe(
        model=Vae(hidden=(16,), code=4), training=Classifier(pretraining_epochs=2, labelled=200), epochs=2,
    ),
    "classifier, of places": Recipe(
        model=ConvUnpool(channels=(4,), code=6, dropout=0.1), training=Classifier(pretraining_epochs=1), epochs=1,
    ),
    "classifier, quantized": Recipe(
        model=VqVae(hidden=(16,), code=6, book=8), training=Classifier(pretraining_epochs=2), epochs=2,
    ),
    "classifier, top k": Recipe(
        model=Mlp(hidden=(16,), code=24), terms=(TopK(active=3),), training=Classifier(pretraining_epochs=2), epochs=2,
    ),
    "classifier, adversarial": Recipe(
        model=Gan(hidden=(16,), code=4), training=Classifier(pretraining_epochs=2), epochs=2,
    ),
    "classifier, adversarial codes, frozen": Recipe(
        model=Aae(hidden=(16,), code=4), training=Classifier(pretraining_epochs=2, features="frozen"), epochs=2,
    ),
    "classifier, restricted machine": Recipe(
        model=Rbm(code=20), training=Classifier(pretraining_epochs=2), optimizer=Adam(learning_rate=0.01), epochs=2,
    ),
    "classifier, words": Recipe(
        data=Topics(), model=ReplicatedSoftmax(code=6), training=Classifier(pretraining_epochs=2), epochs=2,
    ),
    "classifier, deep machine": Recipe(
        model=Dbm(hidden=(16,), code=8, steps=1), epochs=2, optimizer=Adam(learning_rate=0.01),
        training=Classifier(pretraining="plain", pretraining_epochs=2),
    ),
    "classifier, deep machine of one sweep": Recipe(
        model=Dbm(hidden=(16,), code=8, sweeps=1), training=Classifier(pretraining_epochs=2), epochs=2,
    ),
    "classifier, belief network": Recipe(
        model=Dbn(hidden=(16,), code=8), pairing=MaskingNoise(), epochs=2,
        training=Classifier(pretraining="denoising", pretraining_epochs=2),
    ),
    "classifier, multimodal machine": Recipe(
        data=TaggedShapes(images=150, size=16), model=MultimodalDbm(hidden=(16,), code=8), epochs=2, batch_size=40,
        training=Classifier(pretraining_epochs=1),
    ),
    "classifier, general machine": Recipe(
        data=Bars(side=3), model=Boltzmann(code=4), training=Classifier(pretraining_epochs=2), epochs=2, batch_size=20,
    ),
    "higher order, told the class": Recipe(
        model=ConditionalVae(hidden=(9,), code=3, untold=0.3, activation="tanh", dropout=0.1),
        terms=(ContractiveHigherOrder(weight=0.1),), epochs=1,
    ),
    "frozen for a while, then stopped early": Recipe(
        model=Mlp(hidden=(64,), code=8), training=EndToEnd(patience=1, frozen=(2,), frozen_epochs=3),
        optimizer=Adam(learning_rate=0.03), epochs=40,
    ),
    "chains from noise": Recipe(model=Rbm(code=20, phase="persistent", origin="noise"), epochs=2),
    "chains from noise, Gaussian": Recipe(
        data=Toys(points=200), model=Rbm(code=12, likelihood="gaussian", phase="persistent", origin="noise"), epochs=2,
        batch_size=50,
    ),
    "chains from noise, deep machine": Recipe(model=Dbm(hidden=(16,), code=8, origin="noise"), epochs=2),
    "chains from noise, belief network, tempered": Recipe(
        model=Dbn(hidden=(16,), code=8, labels=True, phase="tempered", origin="noise"), epochs=1
    ),
    "chains from noise, general machine": Recipe(
        data=Bars(side=3), model=Boltzmann(code=4, origin="noise"), epochs=1, batch_size=50
    ),
    "chains from data, multimodal machine": Recipe(
        data=TaggedShapes(images=150, size=16), model=MultimodalDbm(hidden=(16,), code=8, origin="data"), epochs=2,
        batch_size=40,
    ),
    "chains from noise, words": Recipe(
        data=Topics(), model=ReplicatedSoftmax(code=6, phase="persistent", origin="noise"), epochs=2,
        terms=(WeightDecay(weight=0.1),),
    ),
    "dropout": Recipe(model=Mlp(hidden=(16, 8), code=3, dropout=0.4, activation="gelu"), epochs=3),
    "dropout, tied": Recipe(
        model=Mlp(hidden=(16, 8), code=3, dropout=0.2, tied=True), pairing=SuperResolution(strength=0.7), epochs=3
    ),
    "dropout, variational, occluded points": Recipe(
        data=Toys(figure="swiss roll", points=200), model=Vae(hidden=(9,), code=2, dropout=0.2),
        pairing=Occlusion(), epochs=3, batch_size=50,
    ),
}  # fmt: skip

EACH = """
import contextlib, importlib.util, io, json, runpy, sys, traceback
assert importlib.util.find_spec("aeviz") is None
said = []
for number in range(int(sys.argv[1])):
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        try:
            runpy.run_path(f"{number}.py", run_name="__main__")
        except Exception:
            print(traceback.format_exc())
    said.append(printed.getvalue())
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What the script of each recipe prints, or how it failed; all in one process, which nothing of aeviz is near."""
    folder = tmp_path_factory.mktemp("scripts")
    for number, recipe in enumerate(RECIPES.values()):
        (folder / f"{number}.py").write_text(script(recipe), encoding="utf-8")
        if file := file_of(recipe):
            (folder / file).write_bytes(arrays(loaded(recipe.data)))
    # -P and another folder: this package is out of reach.
    command = [sys.executable, "-P", "-c", EACH, str(len(RECIPES))]
    told = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=5 * SECONDS, check=False)
    assert told.returncode == 0, told.stderr
    return dict(zip(RECIPES, json.loads(told.stdout), strict=True))


@pytest.mark.parametrize("name", RECIPES)
def test_a_script_trains_the_same_model_to_the_same_numbers(
    name: str, scripts: Mapping[str, str], store: Store
) -> None:
    recipe = RECIPES[name]
    assert "aeviz" not in script(recipe)
    found = re.search(r"test loss ([-0-9.]+), squared error ([0-9.]+)", scripts[name])
    assert found, scripts[name]
    test = carry_out(store, recipe).summary["test"]
    assert float(found[1]) == pytest.approx(test["loss"], rel=1e-4)
    assert float(found[2]) == pytest.approx(test["mse"], rel=1e-4)
    if told := re.search(r"pseudo-likelihood ([-0-9.]+)", scripts[name]):
        assert float(told[1]) == pytest.approx(test["pseudo_likelihood"], rel=1e-4)
    if told := re.search(r"wrong classes ([0-9.]+)", scripts[name]):
        assert float(told[1]) == pytest.approx(test["error"], abs=1e-6)
    # Far nearer than another seed comes.
    assert abs(float(found[1]) - test["loss"]) < 1e-3 < abs(test["loss"])


def test_a_notebook_runs_cell_by_cell_to_the_numbers_of_the_script(tmp_path: Path) -> None:
    recipe = RECIPES["contractive"]
    made = json.loads(notebook(recipe))
    assert (made["nbformat"], made["nbformat_minor"]) == (4, 5)
    first, *code = made["cells"]
    assert first["cell_type"] == "markdown" and '"Contractive"' in "".join(first["source"])
    assert len({cell["id"] for cell in made["cells"]}) == len(made["cells"]) > 4
    assert all(cell["cell_type"] == "code" and cell["outputs"] == [] for cell in code)
    # As a kernel does it: each cell compiled by itself, all in one namespace.
    cells = json.dumps(["".join(cell["source"]) for cell in code])
    (tmp_path / "cells.json").write_text(cells, encoding="utf-8")
    (tmp_path / "script.py").write_text(script(recipe), encoding="utf-8")
    kernel = (
        "import json\nname = {}\nfor cell in json.load(open('cells.json')): exec(compile(cell, 'cell', 'exec'), name)"
    )
    told = [
        subprocess.run(
            [sys.executable, "-P", *words], cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=True
        )
        for words in (["-c", kernel], ["script.py"])
    ]
    assert told[0].stdout == told[1].stdout
    assert "test loss" in told[0].stdout


class Untold(Mlp):
    """A model that no script knows."""


class Unheard(SparseL1):
    """A term that no script knows."""


class Unseen(MaskingNoise):
    """A corruption that no script knows."""


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        (Recipe(model=Untold(hidden=(8,))), "cannot build this Untold"),
        (Recipe(terms=(Unheard(),)), "cannot compute Unheard"),
        (Recipe(pairing=Unseen()), "knows the corruptions"),
    ],
)
def test_what_a_script_has_no_words_for_is_named(recipe: Recipe, said: str) -> None:
    assert any(said in each for each in refusals(recipe))
    with pytest.raises(RecipeError, match=said):
        script(recipe)


@pytest.mark.parametrize("model", MODELS, ids=named)
def test_whatever_is_not_refused_has_a_script_that_can_be_read(model: type[ModelSpec]) -> None:
    specs = [each for each in neighbours(model()) if isinstance(each, ModelSpec)]
    recipes = [
        *(Recipe(model=spec, terms=(term(),) if term else ()) for spec in specs for term in (None, *TERMS)),
        *(Recipe(model=specs[0], pairing=pairing()) for pairing in PAIRINGS),
        *(Recipe(model=spec, training=procedure()) for spec in specs for procedure in PROCEDURES),
    ]
    written = [recipe for recipe in recipes if not recipe.misfits() and not refusals(recipe)]
    for recipe in written:
        compile(script(recipe), recipe.name(), "exec")
    assert len(written) == sum(not recipe.misfits() for recipe in recipes)  # there is one of everything


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return Store(tmp_path / "store")
