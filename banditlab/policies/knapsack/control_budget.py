"""ControlBudget: known means; budgets are kept close to thresholds that fall with the logarithm of the rounds left.

R. Kumar, R. Kleinberg. Non-monotonic resource utilization in the bandits with knapsacks problem. NeurIPS 2022
(arXiv 2209.12013). Published code: github.com/raunakkmr/
non-monotonic-resource-utilization-in-the-bandits-with-knapsacks-problem-code, from which nothing is copied.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.mixtures import best_mixture
from banditlab.numerics.sampling import draw_weighted
from banditlab.registry import policy
from banditlab.types import Flags, Matrix, NonNegative, Vector

ZERO = 1e-8  #: what counts as zero in a solution of the linear program, as in the published code
LARGEST = 2.0  #: by more than this no drift in [-1, 1] can differ from -rho, rho <= 1


@policy("control-budget", game="knapsack", told=("means", "budget", "horizon"), cite=("kumar2022nonmonotonic",))
@dataclass(frozen=True)
class ControlBudget:
    """Mixes the actions of the best mixture so that a budget above its threshold falls, and one below rises.

    The drift of a resource is -cost. The best mixture x*, of max f'x with drifts of at least -rho = -B / T, has the
    support S and binding resources J, |S| = |J| + 1; D has a row of ones, and a row of the drifts of S for each of J.
    In a round with T - t rounds left, p solves D p = (1, -rho + gamma s), with s = 1 for the resources whose budget is
    below the threshold c ln(T - t), and -1 for the others.

    gamma "largest" is that of the paper (Algorithm 2): the largest with p >= 0 and, for each resource outside J below
    its threshold, a drift of at least gamma / 2. With one resource p is then one action, the one of larger drift
    below the threshold and the other above: the paper's Algorithm 1. gamma "published" is that of the published code,
    which has Algorithm 1 for one resource, and for several gamma* = sigma (least of the probabilities of S and the
    slacks outside J) / (4 m), with sigma the least singular value of D. The paper has the drifts outside J in place of
    the slacks, B / T more, and assumes that they are positive; in no round is the largest less than that (Lemma 3.9).

    c "theory" is 6 / delta^2 with one resource, delta the least size of a drift, and 6 / gamma*^2 with several, for the
    gamma* of the code (Theorems 3.1, 3.2). With few rounds such a threshold lies above all budgets, which are then
    hoarded: slowly at gamma*, and at great loss with "largest".

    Regret is constant in T where the void action's drifts are positive, x* is unique, its drifts outside J are
    positive, and none of its drifts and probabilities are 0. Drifts of 0 are left out of delta here. Where more than
    |S| - 1 resources bind, those with the highest prices are steered.
    """

    c: NonNegative | Literal["theory"] = "theory"  #: of the thresholds c ln(T - t)
    gamma: Literal["published", "largest"] = "published"  #: how fast budgets are steered to their thresholds

    class State(NamedTuple):
        mix: Vector  #: (A,) x*
        moves: Matrix  #: (m, A) what p gains by a unit of drift of a resource; rows of 0 for those that are not steered
        slack: Flags  #: (m,) resources outside J
        drifts: Matrix  #: (m, A)
        weights: Vector  #: (A,) p
        change: Vector  #: (A,) what p gains by a unit of gamma
        c: float
        gamma: float  #: 0: the largest
        horizon: int

    def start(self, problem, rng) -> State:
        means, horizon = problem.means, problem.horizon
        best = steering(means, problem.budget / horizon)
        c = theory_c(means, best) if self.c == "theory" else self.c
        return self.State(
            best.mix, best.moves, best.slack, -means[:, 1:].T.copy(), np.zeros(len(means)), np.zeros(len(means)), c,
            0.0 if self.gamma == "largest" or problem.resources == 1 else best.gamma, horizon,
        )  # fmt: skip

    @staticmethod
    def choose(state, t, budgets, rng):
        mix, change, weights = state.mix, state.change, state.weights
        threshold = state.c * math.log(max(1, state.horizon - t))
        for k in range(mix.shape[0]):
            change[k] = 0.0
            for i in range(budgets.shape[0]):
                change[k] += state.moves[i, k] if budgets[i] < threshold else -state.moves[i, k]
        gamma = _largest(state, budgets, threshold) if state.gamma == 0.0 else state.gamma
        total = 0.0
        for k in range(mix.shape[0]):
            weights[k] = max(0.0, mix[k] + gamma * change[k])
            total += weights[k]
        return draw_weighted(rng, weights, total)

    @staticmethod
    def learn(state, t, arm, reward, costs):
        pass


@kernel
def _largest(state, budgets, threshold):
    gamma = LARGEST
    for k in range(state.mix.shape[0]):
        if state.change[k] < 0.0:
            gamma = min(gamma, state.mix[k] / -state.change[k])
    for i in range(budgets.shape[0]):
        if state.slack[i] and budgets[i] < threshold:
            drift, gain = 0.0, 0.0
            for k in range(state.mix.shape[0]):
                drift += state.mix[k] * state.drifts[i, k]
                gain += state.change[k] * state.drifts[i, k]
            if gain < 0.5:
                gamma = min(gamma, max(0.0, drift) / (0.5 - gain))
    return gamma


class Steering(NamedTuple):
    """The best mixture, and how it is changed for other drifts."""

    mix: np.ndarray  #: (A,)
    moves: np.ndarray  #: (m, A), as in the state of ControlBudget
    slack: np.ndarray  #: (m,)
    gamma: float  #: gamma* of Lemma 3.9


def steering(means: np.ndarray, rho: float) -> Steering:
    """Solve the linear program of means (A, 1 + m) and budgets rho per round, and invert its matrix D."""
    drifts = -means[:, 1:].T
    resources, actions = drifts.shape
    best = best_mixture(means[:, 0], means[:, 1:], np.full(resources, rho))
    support, slack = np.flatnonzero(best.weights > ZERO), rho + drifts @ best.weights
    rows, steered = [np.ones(len(support))], []
    for i in np.argsort(-best.prices, kind="stable"):
        more = [*rows, drifts[i, support]]
        if abs(slack[i]) <= ZERO and np.linalg.matrix_rank(more) == len(more):
            rows, steered = more, [*steered, i]
    moves = np.zeros((resources, actions))
    moves[np.ix_(steered, support)] = np.linalg.inv(rows)[:, 1:].T
    mix = np.zeros(actions)
    mix[support] = best.weights[support]
    least = min(mix[support].min(), slack[slack > ZERO].min(initial=np.inf))
    sigma = np.linalg.svd(rows, compute_uv=False)[-1]
    return Steering(mix, moves, slack > ZERO, float(sigma * least / (4 * resources)))


def theory_c(means: np.ndarray, best: Steering) -> float:
    """Return the factor of the thresholds in Theorems 3.1 and 3.2; 0 where no action has a drift."""
    if means.shape[1] > 2:
        return 6.0 / best.gamma**2
    sizes = np.abs(means[:, 1])
    return 6.0 / sizes[sizes > 0].min() ** 2 if sizes.any() else 0.0
