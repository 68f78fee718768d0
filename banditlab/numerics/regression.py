"""Online regression with a linear model, squared or logarithmic loss: a step of Newton's method for each outcome."""

from __future__ import annotations

import math

from banditlab.fuse import kernel
from banditlab.numerics.linear import dot, norm, sherman_morrison
from banditlab.numerics.links import LOGISTIC, probability


@kernel
def forecast(inverse, theta, x):
    """Forecast of Vovk (2001) and of Azoury and Warmuth (2001): ridge regression that has seen x, with outcome 0.

    x'(V + x x')^-1 b = x'theta / (1 + x'V^-1 x), for theta = V^-1 b and V^-1 (d, d).
    """
    width = norm(inverse, x)
    return dot(theta, x) / (1.0 + width * width)


@kernel
def learn_linear(inverse, theta, scratch, x, outcome):
    """Add an outcome to the ridge regression theta (d,) with V^-1 (d, d), in place."""
    _step(inverse, theta, scratch, x, outcome - dot(theta, x), 1.0)


@kernel
def learn_logistic(inverse, theta, scratch, x, outcome):
    """Add an outcome in [0, 1] to a logistic regression theta (d,): a step of online Newton, in place.

    V grows by p (1 - p) x x', the curvature of the logarithmic loss at p = sigmoid(x'theta), and theta moves by
    (outcome - p) V^-1 x.
    """
    p = probability(LOGISTIC, dot(theta, x))
    _step(inverse, theta, scratch, x, outcome - p, p * (1.0 - p))


@kernel
def _step(inverse, theta, scratch, x, error, weight):
    step = error / (1.0 + sherman_morrison(inverse, x, scratch, weight))
    for i in range(x.shape[0]):
        theta[i] += step * scratch[i]


def regression_regret(dim: int, rounds: int) -> float:
    """Return d ln(1 + T / d), to which the regret of online regression with d parameters is proportional."""
    return dim * math.log1p(rounds / dim)
