"""The linear autoencoder finds what principal component analysis finds (Baldi & Hornik 1989)."""

import numpy as np
import pytest
import torch
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA

from aeviz.data.pairings import Batch, Clean
from aeviz.learning import Adam
from aeviz.learning.events import Finished, Measured
from aeviz.learning.learners import Backpropagation
from aeviz.learning.train import Examples, Stage, train
from aeviz.models import Linear
from aeviz.models.autoencoder import Code
from aeviz.seeds import generator

DEVIATIONS = (2.0, 1.5, 1.2, 0.4, 0.4, 0.3, 0.3, 0.3)
k = 3


@pytest.fixture(scope="module")
def cloud() -> np.ndarray:
    """A Gaussian cloud in eight dimensions whose first three axes are much longer than the rest, off the origin."""
    random = np.random.default_rng(7)
    rotation, _ = np.linalg.qr(random.normal(size=(8, 8)))
    return (0.5 + (random.normal(size=(400, 8)) * DEVIATIONS) @ rotation.T).astype(np.float32)


@pytest.mark.parametrize("tied", [False, True], ids=["free", "tied"])
def test_the_linear_autoencoder_spans_the_principal_subspace_and_reaches_its_error(
    cloud: np.ndarray, tied: bool
) -> None:
    x = torch.from_numpy(cloud)
    model = Linear(code=k, tied=tied).build((8,), generator(0, "weights"))
    learner = Backpropagation(model, (), Adam(learning_rate=0.03, schedule="cosine"))
    stage = Stage("training", learner, Examples(x), Examples(x), Clean(), epochs=300, batch_size=200, seed=0)
    *_, last, finished = [event for event in train([stage]) if isinstance(event, Measured | Finished)]
    assert isinstance(last, Measured)
    assert isinstance(finished, Finished)

    pca = PCA(k).fit(cloud)
    with torch.no_grad():
        origin = model.decode(Code(torch.zeros(1, k)))
        decoder = (model.decode(Code(torch.eye(k))) - origin).numpy()
    assert np.degrees(subspace_angles(decoder.T, pca.components_.T)).max() < 1
    best = ((cloud - pca.inverse_transform(pca.transform(cloud))) ** 2).sum(1).mean() / 2
    assert best * (1 - 1e-4) <= last.test["reconstruction"] <= best * 1.01
    if tied:  # W Wᵀ = I at the minimum: the projection onto the subspace
        np.testing.assert_allclose(decoder @ decoder.T, np.eye(k), atol=0.03)


def test_no_linear_code_of_that_size_does_better_than_principal_components(cloud: np.ndarray) -> None:
    """Eckart & Young: whatever subspace the code spans, even the best decoder for it leaves at least PCA's error."""
    x = torch.from_numpy(cloud).double()
    centred = cloud.astype(np.float64) - cloud.mean(0, dtype=np.float64)
    best = (np.linalg.svd(centred, compute_uv=False)[k:] ** 2).sum() / len(cloud) / 2
    components = PCA(k).fit(cloud).components_.astype(np.float64)
    random, errors = np.random.default_rng(1), []
    for distance in (0.0, 1e-3, 0.03, 0.3, 3.0):  # the principal directions, and directions ever further from them
        for _ in range(5):
            directions = components + distance * random.normal(size=components.shape)
            codes = centred @ directions.T
            outward, *_ = np.linalg.lstsq(codes, centred, rcond=None)  # the best decoder for these codes
            model = Linear(code=k).build((8,), generator(0, "weights")).double()
            with torch.no_grad():
                (W, b), (V, c) = model.encoder.parameters(), model.decoder.parameters()
                W.copy_(torch.from_numpy(directions))
                b.copy_(-W @ x.mean(0))
                V.copy_(torch.from_numpy(outward.T))
                c.copy_(x.mean(0))
            losses = Backpropagation(model, (), Adam()).evaluate(Batch(x, x), generator(0))
            errors.append(losses["loss"])
        assert min(errors[-5:]) >= best * (1 - 1e-6)
    assert errors[0] == pytest.approx(best, rel=1e-5), "the bound is reached"
    assert np.mean(errors[5:10]) < best * 1.001, "and nearly so close by"
    assert max(errors) > 1.5 * best, "and clearly missed far away"
