"""MR-LPF: rounds of the most uncertain pairs, after each of which arms are dropped (Kayal et al. 2025).

A. Kayal, S. Vakili, L. Toni, D. Shiu, A. Bernacchia. Bayesian optimization from human feedback: near-optimal regret
bounds. ICML 2025 (arXiv 2505.23673).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.gaussian_process import learn_difference, variance_of_difference
from banditlab.numerics.kernel_duels import Belief, beta, forget, spread
from banditlab.numerics.kernel_logistic import count_duel, maximise
from banditlab.numerics.links import LOGISTIC, probability
from banditlab.policies.kernelised import Kernelised
from banditlab.registry import policy
from banditlab.types import Counts, Matrix


@policy(
    "mr-lpf", game="dueling", needs=("domain",), told=("domain", "horizon", "length_scale"), cite=("kayal2025bayesian",)
)
@dataclass(frozen=True)
class MRLPF(Kernelised):
    """The pair of largest sigma_ij among the arms that are left, whatever the answers; arms drop out at ends of rounds.

    Round r = 1, 2, ... has N_r = ceil(sqrt(T N_{r-1})) duels, N_0 = 1. At its end the estimate f and the deviations
    sigma of its own duels, and of no earlier ones, decide: arm i is dropped if s(f_i - f_j) + beta sigma_ij < 1/2 for
    some j that was left until then, s being the logistic function. The last round is cut off at T. A single arm that
    is left plays itself. The first pair among equals, by i and then j > i. Nobody can be dropped while beta sigma_ij is
    above 1/2 for all pairs: with many arms that tell little of each other, that may be so until T.

    That rounds forget, and which arms are compared, is as in the published code. It also has: sigma = 0 before the
    first duel of a round, so that an arm meets itself there (here, the prior's sigma); log loss averaged over duels;
    and rho^2 = 0.05 apart from the estimate's lambda = 0.05 (here rho^2 = lambda kappa, as for all policies of this
    family, which is larger by default and drops arms later); and its estimate penalises lambda / 2 |alpha|^2, the
    weights of the duels, and not |f|_k^2. Preset "code" of this family has such a penalty, but with it drops arms by
    beta sigma^2, where that code has beta sigma. Its option to add duels of every arm with itself is left out, since
    they teach nothing.

    The paper proves regret of order sqrt(gain T), up to logarithms, for a width of its own that could not be read. No
    order is stated here, for that reason.
    """

    class State(NamedTuple):
        belief: Belief
        gram: Matrix  #: (N, N) covariance matrix of the arms
        clock: Counts  #: (2,) duels of the current round in all, and so far
        horizon: float

    def start(self, problem, rng) -> State:
        clock = np.array([_round_length(problem.horizon, 1), 0])
        belief = self.belief(problem)
        return self.State(belief, belief.process.covariance.copy(), clock, float(problem.horizon))

    @staticmethod
    def choose(state, t, features, rng):
        return _widest_pair(state.belief)

    @staticmethod
    def learn(state, t, features, first, second, won):
        clock = state.clock
        if first != second:
            count_duel(state.belief.model, first, second, won)
            learn_difference(state.belief.process, first, second)
        clock[1] += 1
        if clock[1] == clock[0]:
            maximise(state.belief.model)
            _rule_out(state.belief)
            forget(state.belief, state.gram)
            clock[0] = _round_length(state.horizon, clock[0])
            clock[1] = 0


def _widest_pair(belief):
    """Return the two different plausible arms whose difference has the largest variance, i < j.

    The first among equals; a single plausible arm is its own pair.
    """
    plausible = belief.plausible
    best, first, second = -1.0, 0, 0
    for i in range(plausible.shape[0]):
        if not plausible[i]:
            continue
        if best < 0.0:
            first = second = i
        for j in range(i + 1, plausible.shape[0]):
            if plausible[j]:
                variance = variance_of_difference(belief.process, i, j)
                if variance > best:
                    best, first, second = variance, i, j
    return first, second


def _rule_out(belief):
    """Let no plausible arm stay so whose upper bound is below 1/2 against another plausible one."""
    f, plausible, factor = belief.model.utilities, belief.plausible, beta(belief)
    for i in range(f.shape[0]):
        belief.scores[i] = 0.5
        for j in range(f.shape[0]):
            if i != j and plausible[i] and plausible[j]:
                upper = probability(LOGISTIC, f[i] - f[j]) + spread(belief, factor, i, j)
                belief.scores[i] = min(belief.scores[i], upper)
    for i in range(f.shape[0]):
        plausible[i] = plausible[i] and belief.scores[i] >= 0.5


def _round_length(horizon, previous):
    return int(math.ceil(math.sqrt(horizon * previous)))
