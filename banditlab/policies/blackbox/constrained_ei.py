"""Constrained expected improvement: how much better a point may be, times how probably it is feasible.

M. Schonlau, W. J. Welch, D. R. Jones. Global versus local search in constrained optimization of computer models. IMS
Lecture Notes 34, 1998.
J. R. Gardner, M. J. Kusner, Z. Xu, K. Q. Weinberger, J. P. Cunningham. Bayesian optimization with inequality
constraints. ICML 2014.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.links import PROBIT, loss, probability, slope
from banditlab.numerics.processes import Processes, learn_values
from banditlab.policies.surrogates import TOLD, Surrogate, first_observations
from banditlab.registry import policy
from banditlab.types import Vector

_LOG_ROOT_TAU = 0.5 * math.log(2.0 * math.pi)


@policy(
    "constrained-ei",
    game="blackbox",
    needs=("domain", "feasible-point"),
    told=TOLD,
    cite=("schonlau1998global", "gardner2014bayesian"),
)
@dataclass(frozen=True)
class ConstrainedEI(Surrogate):
    """The point of the largest E[f* - f(x)]^+ prod_i P(g_i(x) <= 0); without an f* yet, of the largest product alone.

    f* is the least observed value of the objective where all constraints were observed to hold, the observation before
    the first round included. The product is computed as a sum of logarithms, so that no point is lost to rounding once
    all improvements are improbable. Points that are equal: the lowest index.

    The code that the authors of CONFIG compare with takes variances for standard deviations in the probabilities, and
    lets f* be the value of an infeasible point. Neither is repeated here.
    """

    class State(NamedTuple):
        processes: Processes
        incumbent: Vector  #: (1,) f*; inf before there is one

    def start(self, problem, rng) -> State:
        state = self.State(self.processes(problem, self.priors(problem)), np.array([math.inf]))
        for _, values in first_observations(problem):
            _take(state.incumbent, values)
        return state

    @staticmethod
    def choose(state, t, rng):
        best, most = 0, -math.inf
        for k in range(state.processes.means.shape[1]):
            score = _log_score(state.processes, state.incumbent[0], k)
            if score > most:
                best, most = k, score
        return best

    @staticmethod
    def learn(state, t, point, values):
        _take(state.incumbent, values)
        learn_values(state.processes, point, values)


@kernel
def _take(incumbent, values):
    """Take an observation of a feasible point for the incumbent, where it is better."""
    for i in range(1, values.shape[0]):
        if values[i] > 0.0:
            return
    incumbent[0] = min(incumbent[0], values[0])


@kernel
def _log_score(processes, incumbent, k):
    total = 0.0
    if incumbent < math.inf:
        total = log_improvement(incumbent - processes.means[0, k], _deviation(processes, 0, k))
    for f in range(1, processes.means.shape[0]):
        total += log_chance(-processes.means[f, k], _deviation(processes, f, k))
    return total


@kernel
def _deviation(processes, f, k):
    return math.sqrt(max(0.0, processes.variances[processes.group[f], k]))


@kernel
def log_improvement(mean, deviation):
    """Return ln E[X]^+ for X normal: of z = mean / deviation, ln(deviation (z Phi(z) + phi(z)))."""
    if deviation == 0.0:
        return math.log(mean) if mean > 0.0 else -math.inf
    z = mean / deviation
    if z > -1.0:
        return math.log(deviation * (z * probability(PROBIT, z) + math.exp(-0.5 * z * z - _LOG_ROOT_TAU)))
    if z > -30.0:
        rest = math.log1p(z / slope(PROBIT, z))
    else:  # where 1 + z Phi(z) / phi(z) is lost to rounding: the first terms of its series in 1 / z^2
        rest = math.log1p(-3.0 / (z * z)) - 2.0 * math.log(-z)
    return math.log(deviation) - 0.5 * z * z - _LOG_ROOT_TAU + rest


@kernel
def log_chance(mean, deviation):
    """Return ln P(X >= 0) for X normal."""
    if deviation == 0.0:
        return 0.0 if mean >= 0.0 else -math.inf
    return -loss(PROBIT, mean / deviation)
