"""SCB: scalable Copeland bandits (Zoghi, Karnin, Whiteson, de Rijke 2015, Algorithms 2, 3 and, in the appendix, 4).

M. Zoghi, Z. Karnin, S. Whiteson, M. de Rijke. Copeland dueling bandits. NeurIPS 2015 (arXiv 1506.00312).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.divergence import bernoulli_kl, bernoulli_lower, bernoulli_upper
from banditlab.numerics.flags import next_set
from banditlab.numerics.sampling import draw_index
from banditlab.registry import policy
from banditlab.types import Counts, Flags, Vector

BUDGET, USED, ARM, OPPONENT, PASSES, WINNER = range(6)
LONGEST = 2**62  #: duels of a phase, in place of 2^64 and more


@policy("scb", game="dueling", needs=("prompt-feedback",), growth={"copeland": "log T"}, cite=("zoghi2015copeland",))
@dataclass(frozen=True)
class SCB:
    """Search for a Copeland winner anew within 2^(2^r) duels, r = 1, 2, ...; what is left of them it plays itself.

    In phase r, with T = 2^(2^r) and delta = ln(T) / T (Algorithm 3): the reward of arm i is whether it beats another
    arm j drawn at random, found out by duels of i and j (Algorithm 2). S starts as all arms; in a pass each arm of S
    has one reward, by index. After pass t >= 2 its score lies in {q: t d(mean, q) <= ln(4 t K / delta) + 2 ln ln t}
    with d the Bernoulli divergence, and an arm leaves S whose interval is below another's (Algorithm 4). A search that
    needs more than T duels ends without a result.

    What could not be verified in the paper's text, or what it leaves open, and how it is settled:

    - "sufficiently many" duels of i and j, for an error of at most delta / K^2: until n d(w_ij / n, 1/2) exceeds
      ln(4 n K^2 / delta) + 2 ln ln n, n >= 2; it is Algorithm 4's interval, for one arm of that delta;
    - a pair that is decided stays so for the phase, in either order: such rewards take no duel;
    - the search for an exact winner (epsilon = 0) ends with one arm in S, or when all pairs of all arms in S are
      decided: then the arm of S that won most of them, the lowest index among equals. By Algorithm 4's own test,
      (1 - max lower) / (1 - max upper) <= 1 + epsilon, it would never end;
    - nothing is carried over from a phase to the next.
    """

    class State(NamedTuple):
        wins: Counts  #: (K, K) of i over j in the phase
        decided: Counts  #: (K, K) 1: i beats j, -1: j beats i, 0: open; -1 on the diagonal
        rewards: Counts  #: (K,) sums
        active: Flags  #: (K,) S
        course: Counts  #: (6,) T, duels so far, arm, its opponent (-1: to be drawn), passes, winner (-1: none yet)
        delta: Vector  #: (1,)

    def start(self, problem, rng) -> State:
        arms = problem.arms
        square, line = np.zeros((arms, arms), int), np.zeros(arms, int)
        return self.State(square, square.copy(), line, np.ones(arms, bool), np.zeros(6, int), np.zeros(1))

    @staticmethod
    def choose(state, t, features, rng):
        course = state.course
        if course[USED] == course[BUDGET]:
            _begin(state)
        if course[WINNER] < 0 and course[OPPONENT] < 0:
            _search(state, rng)
        if course[WINNER] >= 0:
            return course[WINNER], course[WINNER]
        return course[ARM], course[OPPONENT]

    @staticmethod
    def learn(state, t, features, first, second, won):
        state.course[USED] += 1
        if state.course[WINNER] < 0:
            winner, loser = (first, second) if won else (second, first)
            state.wins[winner, loser] += 1
            if _is_decided(state, first, second):
                sign = 1 if state.wins[first, second] > state.wins[second, first] else -1
                state.decided[first, second], state.decided[second, first] = sign, -sign
                _reward(state)


def _begin(state):
    """Start the next phase, of the square of the last one's duels."""
    course, arms = state.course, state.active.shape[0]
    budget = course[BUDGET]
    budget = 4 if budget == 0 else LONGEST if budget >= 2**31 else budget * budget
    state.delta[0] = math.log(budget) / budget
    course[BUDGET] = budget
    course[USED] = course[ARM] = course[PASSES] = 0
    course[OPPONENT] = course[WINNER] = -1
    for i in range(arms):
        state.rewards[i] = 0
        state.active[i] = True
        for j in range(arms):
            state.wins[i, j] = 0
            state.decided[i, j] = -1 if i == j else 0


def _search(state, rng):
    """Draw opponents until one is met of which the outcome is open, or until the search is over."""
    course, arms = state.course, state.active.shape[0]
    while not _is_over(state):
        i = course[ARM]
        j = draw_index(rng, arms - 1)
        j += j >= i
        course[OPPONENT] = j
        if state.decided[i, j] == 0:
            return
        _reward(state)


def _is_over(state):
    """Tell whether a winner is known, and note it."""
    arms, left, most, winner = state.active.shape[0], 0, -1, -1
    open_pairs = False
    for i in range(arms):
        if state.active[i]:
            left += 1
            won = 0
            for j in range(arms):
                won += state.decided[i, j] > 0
                open_pairs = open_pairs or state.decided[i, j] == 0
            if won > most:
                most, winner = won, i
    if left > 1 and open_pairs:
        return False
    state.course[WINNER] = winner
    return True


def _is_decided(state, i, j):
    n = state.wins[i, j] + state.wins[j, i]
    if n < 2:
        return False
    arms = state.active.shape[0]
    threshold = math.log(4.0 * n * arms * arms / state.delta[0]) + 2.0 * math.log(math.log(n))
    return n * bernoulli_kl(state.wins[i, j] / n, 0.5) > threshold


def _reward(state):
    """Give the arm its reward, and go on to the next one; after the last one, to the next pass."""
    course, arms = state.course, state.active.shape[0]
    if state.decided[course[ARM], course[OPPONENT]] > 0:
        state.rewards[course[ARM]] += 1
    course[OPPONENT] = -1
    course[ARM] = next_set(state.active, course[ARM] + 1)
    if course[ARM] == arms:
        course[PASSES] += 1
        if course[PASSES] >= 2:
            _eliminate(state)
        course[ARM] = next_set(state.active, 0)


def _eliminate(state):
    """Take arms out of S whose scores are surely below the best one."""
    arms, passes = state.active.shape[0], state.course[PASSES]
    most = 0
    for k in range(arms):
        if state.active[k]:
            most = max(most, state.rewards[k])
    level = (math.log(4.0 * passes * arms / state.delta[0]) + 2.0 * math.log(math.log(passes))) / passes
    floor = bernoulli_lower(most / passes, level)
    for k in range(arms):
        if state.active[k] and bernoulli_upper(state.rewards[k] / passes, level) < floor:
            state.active[k] = False
