"""Links of preferences: F(x) is the probability that the arm whose utility is higher by x wins.

Each link is the distribution function of a difference of two independent noises, which `noise` draws:

=========== ============================= =================== ===============
link        F(x)                          noise of a utility  F'(0)
=========== ============================= =================== ===============
logistic    1 / (1 + exp(-x))             Gumbel(0, 1)        1/4
probit      Phi(x)                        Normal(0, 1/2)      1 / sqrt(2 pi)
exponential 1 - exp(-x) / 2 for x >= 0    Exponential(1)      1/2
=========== ============================= =================== ===============
"""

from __future__ import annotations

import math

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.hashing import exponential, gumbel, normal

LOGISTIC, PROBIT, EXPONENTIAL = range(3)
LINKS = ("logistic", "probit", "exponential")

_ROOT_HALF = math.sqrt(0.5)
_ROOT_TAU = math.sqrt(2.0 * math.pi)


@kernel
def probability(link, x):
    """F(x) of a link given by its index in `LINKS`; F(x) + F(-x) = 1."""
    if link == LOGISTIC:
        if x >= 0.0:
            return 1.0 / (1.0 + math.exp(-x))
        small = math.exp(x)
        return small / (1.0 + small)
    if link == PROBIT:
        return 0.5 * math.erfc(-x * _ROOT_HALF)
    if x >= 0.0:
        return 1.0 - 0.5 * math.exp(-x)
    return 0.5 * math.exp(x)


def chances(link: str, margins: np.ndarray) -> np.ndarray:
    """Return F of margins, an array of any shape, for a link given by its name."""
    found = np.array(margins, float, order="C")
    _replace(LINKS.index(link), found.ravel())
    return found


@kernel
def _replace(link, margins):
    for n in range(margins.shape[0]):
        margins[n] = probability(link, margins[n])


@kernel
def noise(link, key, what, count):
    """Noise of a utility, such that F is the law of a difference; arguments as of `hashing.bits`."""
    if link == LOGISTIC:
        return gumbel(key, what, count)
    if link == PROBIT:
        return _ROOT_HALF * normal(key, what, count)
    return exponential(key, what, count)


@kernel
def perturbation(link, rng):
    """Draw what `noise` draws, from a policy's own stream."""
    if link == LOGISTIC:
        return -math.log(rng.standard_exponential())
    if link == PROBIT:
        return _ROOT_HALF * rng.standard_normal()
    return rng.standard_exponential()


@kernel
def loss(link, x):
    """Negative log-likelihood -ln F(x) of a win with margin x."""
    if link == LOGISTIC:
        return math.log1p(math.exp(-abs(x))) + max(0.0, -x)
    if link == PROBIT:
        if x > -35.0:
            return -math.log(0.5 * math.erfc(-x * _ROOT_HALF))
        return 0.5 * x * x + math.log(-x * _ROOT_TAU)
    if x >= 0.0:
        return -math.log1p(-0.5 * math.exp(-x))
    return math.log(2.0) - x


@kernel
def slope(link, x):
    """F'(x) / F(x), the negative derivative of `loss`."""
    if link == LOGISTIC:
        return probability(LOGISTIC, -x)
    if link == PROBIT:
        if x > -35.0:
            return math.exp(-0.5 * x * x) / (_ROOT_TAU * 0.5 * math.erfc(-x * _ROOT_HALF))
        return -x
    if x >= 0.0:
        small = 0.5 * math.exp(-x)
        return small / (1.0 - small)
    return 1.0


@kernel
def curvature(link, x):
    """Weight of a duel with margin x in the Hessian: observed for logistic and probit, expected for exponential.

    The exponential link's own second derivative vanishes for losses, where Newton's method would not be defined.
    """
    if link == LOGISTIC:
        return probability(LOGISTIC, x) * probability(LOGISTIC, -x)
    if link == PROBIT:
        m = slope(PROBIT, x)
        return max(m * (m + x), 0.0)
    small = 0.5 * math.exp(-abs(x))
    return small / (1.0 - small)
