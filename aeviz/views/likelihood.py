"""The log-likelihood of held-out examples under a variational model, by importance sampling."""

import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from aeviz.errors import SettingError
from aeviz.models.autoencoder import Autoencoder, Code, Posterior
from aeviz.views.probes import Labels

ROWS = 2000  # codes decoded at once

LOG_TWO_PI = math.log(2 * math.pi)


def log_likelihood(
    model: Autoencoder,
    x: Float[np.ndarray, "n ..."],
    draws: int,
    generator: torch.Generator,
    labels: Labels = None,
) -> Float[np.ndarray, " n"]:
    """A lower bound on log p(x) of each example in nats: log 1/K Σᵢ p(x, zᵢ)/q(zᵢ | x), zᵢ ~ q(z | x), K = `draws`.

    On average it is the evidence lower bound for K = 1, never falls with K, and tends to log p(x). For a model that is
    told the class it bounds log p(x | y). The constant −(d/2)·log 2π of a Gaussian likelihood, which the losses leave
    out, is in here, so that densities of different models compare.

    Source: Burda, Grosse, Salakhutdinov, Importance Weighted Autoencoders, arXiv:1509.00519, eq. 8; as an estimate of
    the test log-likelihood: §5, with K = 5000.

    Raises:
        SettingError: the model is not variational, or its likelihood is Bernoulli and the pixels are not 0 and 1.
    """
    if model.likelihood == "bernoulli" and not np.isin(x, (0, 1)).all():
        raise SettingError(
            "A Bernoulli likelihood is one of zeros and ones, and these pixels are grey: choose data whose pixels are "
            "binary (MNIST with pixels drawn), or a model with a Gaussian likelihood."
        )
    device = next(model.parameters()).device
    found = []
    with torch.no_grad():
        for start in range(0, len(x), ROWS):
            rows = slice(start, start + ROWS)
            part = torch.tensor(x[rows], dtype=torch.float32, device=device)
            told = None if labels is None else torch.tensor(labels[rows], device=device)
            code = model.encode(part, labels=told)
            if code.posterior is None:
                raise SettingError(
                    "The likelihood of an example is only bounded for variational models: choose a VAE, or compare "
                    "reconstructions."
                )
            total = torch.full((len(part),), -math.inf, dtype=torch.float64, device=device)
            done = 0
            while done < draws:
                times = min(draws - done, max(1, ROWS // len(part)))
                total = torch.logaddexp(total, log_weights(model, code, part, times, generator).logsumexp(1))
                done += times
            found.append((total - math.log(draws)).cpu().numpy())
    return np.concatenate(found) if found else np.zeros(0)


def log_weights(
    model: Autoencoder, code: Code, x: Tensor, times: int, generator: torch.Generator
) -> Float[Tensor, "n times"]:
    """log p(x, z) − log q(z | x) of so many draws z ~ q(z | x) for each example, in double precision."""

    def repeated(each: Tensor) -> Tensor:
        return each.repeat_interleave(times, 0)

    assert code.posterior is not None
    posterior = Posterior(repeated(code.posterior.mean), repeated(code.posterior.log_variance))
    many = Code(
        posterior.mean,
        tuple(repeated(each) for each in code.switches),
        posterior,
        None if code.labels is None else repeated(code.labels),
    )
    drawn = model.sample(many, generator)
    z, mean, log_variance = (each.double() for each in (drawn.z, posterior.mean, posterior.log_variance))
    # The constants of the two normal densities are the same and leave the difference.
    prior = -z.square().sum(1) / 2
    own = -((z - mean).square() / log_variance.exp() + log_variance).sum(1) / 2
    given = -model.negative_log_likelihood(model.decode(drawn), repeated(x)).double()
    if model.likelihood == "gaussian":
        given = given - x[0].numel() * LOG_TWO_PI / 2
    return (given + prior - own).unflatten(0, (len(x), times))
