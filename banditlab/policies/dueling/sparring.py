"""Sparring, kernelised: two bandit algorithms, each of which picks one of the two arms (Ailon et al. 2014).

N. Ailon, Z. Karnin, T. Joachims. Reducing dueling bandits to cardinal bandits. ICML 2014. On a kernel as in the
published code of B. Pasztor, P. Kassraie, A. Krause. Bandits with preference feedback: a Stackelberg game perspective.
NeurIPS 2024.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from banditlab.numerics.kernel_arms import draw_optimist, learn_answer
from banditlab.numerics.kernel_duels import Belief
from banditlab.policies.kernelised import Kernelised
from banditlab.registry import policy


@policy(
    "sparring",
    game="dueling",
    needs=("domain",),
    told=("domain", "length_scale"),
    cite=("ailon2014reducing", "pasztor2024bandits"),
)
@dataclass(frozen=True)
class Sparring(Kernelised):
    """Two optimists that know nothing of each other, left and right.

    Each has a logistic estimate of its own, from yes-or-no answers of single arms, and picks argmax_k s(f_k) + w_k,
    with f its utilities and w_k the width of f_k; indices within 1e-4 of the largest tie, and one is drawn. After the
    duel (i, j) with outcome y the left one learns y of i, and the right one 1 - y of j. kappa is that of single arms,
    sup 1 / s'(a) over |a| <= B.

    A duel of an arm with itself is learned from as any other: a learner cannot tell, and its reward for such an arm is
    that of a fair coin. The published code of Pasztor et al. leaves such duels out. Two learners that once agree on an
    arm without ties then stay with it for ever, be it good or bad: on Ackley that gave about half of the runs linear
    regret.

    To each learner the other is an environment that changes, for which its widths hold no guarantee. The texts of both
    papers could not be read.
    """

    class State(NamedTuple):
        left: Belief  #: of the N arms, and of a last one whose utility is 0
        right: Belief

    def start(self, problem, rng) -> State:
        return self.State(self.belief(problem, single=True), self.belief(problem, single=True))

    @staticmethod
    def choose(state, t, features, rng):
        first = draw_optimist(state.left, rng)
        return first, draw_optimist(state.right, rng)

    @staticmethod
    def learn(state, t, features, first, second, won):
        learn_answer(state.left, first, won)
        learn_answer(state.right, second, not won)
