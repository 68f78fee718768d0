"""What a kernelised dueling policy knows of N arms: utilities, widths, and confidence bounds on who beats whom.

The estimate of the utilities is that of `kernel_logistic`; the width of a pair is that of a Gaussian process with the
dueling kernel k(x, z) + k(x', z') - k(x, z') - k(x', z) and noise rho^2 = ridge kappa. With p_ij the estimated
probability that i beats j, and sigma_ij the posterior deviation of f_i - f_j, arm i beats j with probability of at
least p_ij - beta sigma_ij (or beta sigma_ij^2, as published code has it).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics import gaussian_process, kernel_logistic
from banditlab.numerics.gaussian_process import Process, variance_of_difference
from banditlab.numerics.kernel_logistic import Logistic
from banditlab.numerics.links import LOGISTIC, probability
from banditlab.numerics.widths import Width, beta_of
from banditlab.types import Flags, Matrix, Vector

TIE = 1e-4  #: difference below which two bounds count as equal, as in the published code of MaxMinLCB


class Belief(NamedTuple):
    """The state of a kernelised dueling policy."""

    model: Logistic
    process: Process
    width: Width
    lower: Matrix  #: (N, N) lower bounds on the probability that the arm of the row beats that of the column
    stale: Flags  #: (1,) whether something was learned since the bounds were written
    plausible: Flags  #: (N,) arms that may beat every other one
    scores: Vector  #: (N,) scratch


def start_belief(model: Logistic, process: Process, width: Width) -> Belief:
    """Return a belief of a model and a process of the same N arms."""
    arms = len(process.mean)
    return Belief(
        model, process, width, np.full((arms, arms), 0.5), np.ones(1, bool), np.ones(arms, bool), np.zeros(arms)
    )


def kappa(norm: float) -> float:
    """Return sup 1 / s'(a) = 2 + exp(a) + exp(-a) over |a| <= norm, for the logistic function s."""
    return 2.0 + math.exp(norm) + math.exp(-norm)


def theoretical_width(norm: float, ridge: float, kappa: float, delta: float) -> Width:
    """Return beta_t = 4 L B + 2 L sqrt((2 kappa / ridge) (gain + ln 1/delta)), L = 1/4 (MaxMinLCB, Corollary 5)."""
    return Width(norm, 0.5 * math.sqrt(2.0 * kappa / ridge), math.log(1.0 / delta))


@kernel
def learn(belief, first, second, won):
    """Learn from a duel; one of an arm with itself teaches nothing, and leaves everything as it is to the bit."""
    if first != second:
        kernel_logistic.learn_duel(belief.model, first, second, won)
        gaussian_process.learn_difference(belief.process, first, second)
        belief.stale[0] = True


@kernel
def forget(belief, gram):
    """Bring estimate and widths back to where there were no duels; `gram` (N, N) is the matrix they started from.

    The flags of plausible arms stay.
    """
    model, process = belief.model, belief.process
    for i in range(gram.shape[0]):
        model.dual[i] = model.utilities[i] = 0.0
        for j in range(gram.shape[0]):
            if model.growth > 0.0:
                model.prior[i, j] = 0.0
            model.posterior[i, j] = model.prior[i, j]
            model.weights[i, j] = model.wins[i, j] = 0.0
            process.covariance[i, j] = gram[i, j]
    model.met[0] = 0
    process.gain[0] = 0.0
    belief.stale[0] = True


@kernel
def beta(belief):
    """Return the factor of the width."""
    return beta_of(belief.width, belief.process.gain[0])


@kernel
def spread(belief, factor, first, second):
    """Return the width of a pair, for the factor `beta`."""
    variance = variance_of_difference(belief.process, first, second)
    return factor * (variance if belief.width.squared else math.sqrt(variance))


@kernel
def bound(belief):
    """Write the lower bounds of all pairs. The upper bound of (i, j) is 1 - lower[j, i]; an arm ties with itself."""
    if not belief.stale[0]:
        return
    belief.stale[0] = False
    lower, f, factor = belief.lower, belief.model.utilities, beta(belief)
    for i in range(lower.shape[0]):
        lower[i, i] = 0.5
        for j in range(i):
            mean, width = probability(LOGISTIC, f[i] - f[j]), spread(belief, factor, i, j)
            lower[i, j] = mean - width
            lower[j, i] = 1.0 - mean - width


@kernel
def find_plausible(belief):
    """Flag the arms i with an upper bound above 1/2 against every other j, that is lower[j, i] < 1/2; return how many.

    Where there is none, all are flagged.
    """
    lower, plausible = belief.lower, belief.plausible
    count = 0
    for i in range(lower.shape[0]):
        plausible[i] = True
        for j in range(lower.shape[0]):
            if j != i and lower[j, i] >= 0.5:
                plausible[i] = False
        count += plausible[i]
    if count == 0:
        for i in range(lower.shape[0]):
            plausible[i] = True
        count = lower.shape[0]
    return count
