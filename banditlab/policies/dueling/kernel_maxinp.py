"""Kernelised MaxInP: the most informative pair among the plausible winners (Saha 2021, Algorithm 2).

A. Saha. Optimal algorithms for stochastic contextual preference bandits. NeurIPS 2021. On a kernel as in the comparison
of B. Pasztor, P. Kassraie, A. Krause. Bandits with preference feedback: a Stackelberg game perspective. NeurIPS 2024.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from banditlab.fuse import kernel
from banditlab.numerics import kernel_duels
from banditlab.numerics.gaussian_process import variance_of_difference
from banditlab.numerics.kernel_duels import TIE, Belief, bound, find_plausible
from banditlab.numerics.sampling import draw_index
from banditlab.policies.kernelised import Kernelised, preferences_of
from banditlab.registry import policy
from banditlab.sketches import Preferences


@policy(
    "kernel-maxinp",
    game="dueling",
    needs=("domain",),
    told=("domain", "length_scale"),
    cite=("saha2021optimal", "pasztor2024bandits"),
)
@dataclass(frozen=True)
class KernelMaxInP(Kernelised):
    """The pair of largest sigma_ij^2 among the arms that may still be best.

    With UCB_ij the upper bound on the probability that i beats j, an arm i may be best if UCB_ij > 1/2 for every other
    j. One such arm plays itself; where there is none, all are taken. Pairs within 1e-4 of the largest variance tie, and
    one is drawn.

    Deviation from Saha's algorithm: no rounds of random pairs come first, since the estimate is defined without data,
    and a constant width is the default.
    """

    class State(NamedTuple):
        belief: Belief

    def start(self, problem, rng) -> State:
        return self.State(self.belief(problem))

    def sketch(self, state, t) -> Preferences:
        return preferences_of(state.belief)

    @staticmethod
    def choose(state, t, features, rng):
        belief = state.belief
        bound(belief)
        find_plausible(belief)
        return _draw_widest(belief.process, belief.plausible, rng)

    @staticmethod
    def learn(state, t, features, first, second, won):
        kernel_duels.learn(state.belief, first, second, won)


@kernel
def _draw_widest(process, active, rng):
    """Draw one of the pairs i < j of active arms whose variance is within `TIE` of the largest; an only one twice."""
    largest, only = 0.0, 0
    for i in range(active.shape[0]):
        if active[i]:
            only = i
            for j in range(i + 1, active.shape[0]):
                if active[j]:
                    largest = max(largest, variance_of_difference(process, i, j))
    count = 0
    for i in range(active.shape[0]):
        for j in range(i + 1, active.shape[0]):
            count += active[i] and active[j] and variance_of_difference(process, i, j) >= largest - TIE
    place = draw_index(rng, max(1, count))
    for i in range(active.shape[0]):
        for j in range(i + 1, active.shape[0]):
            if active[i] and active[j] and variance_of_difference(process, i, j) >= largest - TIE:
                if place == 0:
                    return i, j
                place -= 1
    return only, only
