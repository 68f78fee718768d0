"""IDS: information-directed sampling, regret against information, for duels on a kernel (Kirschner and Krause 2021).

J. Kirschner, A. Krause. Bias-robust Bayesian optimization via dueling bandits. ICML 2021. For binary outcomes as in the
comparison of B. Pasztor, P. Kassraie, A. Krause. Bandits with preference feedback: a Stackelberg game perspective.
NeurIPS 2024.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from banditlab.numerics import kernel_duels
from banditlab.numerics.gaussian_process import variance_of_difference
from banditlab.numerics.kernel_duels import TIE, Belief, bound, find_plausible
from banditlab.numerics.links import LOGISTIC, probability
from banditlab.numerics.ties import draw_best
from banditlab.policies.kernelised import Kernelised, preferences_of
from banditlab.registry import policy
from banditlab.sketches import Preferences

LEAST = -1e300  #: score of the duel that tells nothing, below that of any that tells something


@policy(
    "ids",
    game="dueling",
    needs=("domain",),
    told=("domain", "length_scale"),
    cite=("kirschner2021bias", "pasztor2024bandits"),
)
@dataclass(frozen=True)
class IDS(Kernelised):
    """The best arm, against itself or the arm whose duel is worth its regret in information.

    The arms that count are those that may beat every other one. Among them g has the highest estimated utility, and
    a = max_k UCB_kg - 1/2 bounds by how much it falls short of the best, in probability. Arm j falls short by a + b_j,
    with b_j estimated: s(f_g - f_j) - 1/2 >= 0. The duel (g, j) tells I_j = log(1 + sigma_gj^2 / rho^2), and (g, g)
    nothing. To play (g, j) with probability p and (g, g) else has the ratio of squared regret to information

        ((1 - p) a + p (a + b_j))^2 / (p I_j) = (a + p b_j)^2 / (p I_j),

    which is least at p = min(1, a / b_j), with a value of 4 a b_j / I_j or, where b_j <= a, (a + b_j)^2 / I_j. The
    least ratio decides on j; those within 1e-4 of it tie, and one is drawn, as of utilities for g. Where no duel tells
    anything, or g alone counts, g plays itself.

    Published code of the comparison multiplies by the information in place of dividing, and measures gaps from 0 in
    place of an even chance: both are put right here. It also looks for p on a grid, and ranks arms by their probability
    to beat arm 0; here p is exact, and the utilities themselves are ranked. That gaps are of probabilities, and that
    only arms that count are opponents, is from the comparison. The texts of both papers could not be read: this is from
    public code.
    """

    class State(NamedTuple):
        belief: Belief

    def start(self, problem, rng) -> State:
        return self.State(self.belief(problem))

    def sketch(self, state, t) -> Preferences:
        return preferences_of(state.belief)

    @staticmethod
    def choose(state, t, features, rng):
        leader, rival, share = _weigh(state.belief, rng)
        return leader, rival if rng.random() < share else leader

    @staticmethod
    def learn(state, t, features, first, second, won):
        kernel_duels.learn(state.belief, first, second, won)


def _weigh(belief, rng):
    """Return the leader, its rival, and the probability with which they should meet."""
    scores, plausible, f, lower = belief.scores, belief.plausible, belief.model.utilities, belief.lower
    bound(belief)
    find_plausible(belief)
    for k in range(scores.shape[0]):
        scores[k] = f[k] if plausible[k] else -math.inf
    leader, short = draw_best(scores, TIE, rng), 0.0
    for k in range(scores.shape[0]):
        if plausible[k]:
            short = max(short, 0.5 - lower[leader, k])
    for j in range(scores.shape[0]):
        scores[j] = -math.inf
        if plausible[j]:
            told = math.log1p(variance_of_difference(belief.process, leader, j) / belief.process.noise)
            scores[j] = -_ratio(short, _behind(f, leader, j), told)
    scores[leader] = LEAST
    rival = draw_best(scores, TIE, rng)
    return leader, rival, _share(short, _behind(f, leader, rival))


def _behind(f, leader, arm):
    """Return by how much the leader is the better arm, in probability; one that ties with it is not above it."""
    return max(0.0, probability(LOGISTIC, f[leader] - f[arm]) - 0.5)


def _share(short, behind):
    """Return the p in [0, 1] for which (short + p behind)^2 / p is least; 1 where both are 0."""
    return 1.0 if behind <= short else short / behind


def _ratio(short, behind, told):
    """Return that least value over the information; inf without information or where the least is at p = 0."""
    share = _share(short, behind)
    if share * told <= 0.0:
        return math.inf
    return (short + share * behind) ** 2 / (share * told)
