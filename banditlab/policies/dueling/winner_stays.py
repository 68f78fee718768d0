"""Winner Stays, for weak regret and for strong regret: WS-W and WS-S (Chen and Frazier 2017, Algorithms 1 and 2).

B. Chen, P. I. Frazier. Dueling bandits with weak regret. ICML 2017 (arXiv 1706.04304).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.sampling import draw_index
from banditlab.registry import policy
from banditlab.types import AtLeastOne, Counts

FIRST, SECOND, ROUND, WINNER, LEFT = range(5)
LONGEST = 2.0**62  #: duels of a block, so that its length fits into an integer


@policy(
    "winner-stays",
    game="dueling",
    needs=("prompt-feedback",),
    growth={"weak-preference": "1"},
    cite=("chen2017dueling",),
)
@dataclass(frozen=True)
class WinnerStays:
    """The two arms of the largest C(i) = duels won - duels lost; who played last plays on where values are equal.

    Version "weak" (WS-W): i has the largest C, j the largest of the others. Among equals, the first arm of the last
    duel if it is one of them, else its second arm, else one at random. The course of play falls into rounds
    l = 1, 2, ... of K - 1 pairings each: the winner of a pairing meets an arm that has not yet played in the round, the
    loser waits for the next round. At the end of round l the winner Z(l) has C = (K - 1) l and every other arm -l.

    Version "strong" (WS-S): after each round l of WS-W, the pair (Z(l), Z(l)) for floor(beta^l) duels, which teach
    nothing. The bound O(log T) of its strong regret needs beta < p / (1 - p), where p > 1/2 is the least probability
    with which a better arm beats a worse one; the bound O(1) of the weak regret is for WS-W.

    What could not be verified in the paper's text: the value of beta in its experiments. The default doubles blocks.
    """

    version: Literal["weak", "strong"] = "weak"  #: the regret that it is made for
    beta: AtLeastOne = 2.0  #: > 1; growth of the blocks in which the strong version plays its winner

    class State(NamedTuple):
        scores: Counts  #: (K,) C, wins - losses
        course: Counts  #: (5,) last pair (-1 before the first), round l, its winner, duels left of the winner's block
        blocks: bool  #: whether the winner of a round plays itself
        beta: float

    def __post_init__(self):
        if self.beta == 1.0:
            raise ValueError("beta should be larger than 1, got 1")

    def start(self, problem, rng) -> State:
        scores, course = np.zeros(problem.arms, int), np.array([-1, -1, 1, 0, 0])
        return self.State(scores, course, self.version == "strong", self.beta)

    @staticmethod
    def choose(state, t, features, rng):
        course = state.course
        if course[LEFT] > 0:
            return course[WINNER], course[WINNER]
        first = _highest(state.scores, course, -1, rng)
        second = _highest(state.scores, course, first, rng)
        course[FIRST], course[SECOND] = first, second
        return first, second

    @staticmethod
    def learn(state, t, features, first, second, won):
        course = state.course
        if course[LEFT] > 0:
            course[LEFT] -= 1
            return
        winner, loser = (first, second) if won else (second, first)
        state.scores[winner] += 1
        state.scores[loser] -= 1
        level = course[ROUND]
        if state.scores[winner] == (state.scores.shape[0] - 1) * level:
            if state.blocks:
                course[WINNER] = winner
                course[LEFT] = math.floor(min(LONGEST, math.pow(state.beta, level)))
            course[ROUND] = level + 1


def _highest(scores, course, taken, rng):
    """Return the arm of highest score but the one taken; among equals the last first, the last second, or any."""
    top, ties = 0, 0
    for k in range(scores.shape[0]):
        if k != taken:
            if ties == 0 or scores[k] > top:
                top, ties = scores[k], 1
            elif scores[k] == top:
                ties += 1
    for last in (course[FIRST], course[SECOND]):
        if last >= 0 and last != taken and scores[last] == top:
            return last
    place = draw_index(rng, ties)
    for k in range(scores.shape[0]):
        if k != taken and scores[k] == top:
            if place == 0:
                return k
            place -= 1
    return taken
