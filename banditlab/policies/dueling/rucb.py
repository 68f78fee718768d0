"""Relative upper confidence bound: RUCB (Zoghi et al. 2014, Algorithm 1).

M. Zoghi, S. Whiteson, R. Munos, M. de Rijke. Relative upper confidence bound for the K-armed dueling bandit problem.
ICML 2014.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.duels import Duels, bound_scale, count_duel, draw_place, start_duels, toughest
from banditlab.registry import policy
from banditlab.types import Counts, Positive, Vector

NOBODY = -1


@policy("rucb", game="dueling", growth={"average-preference": "log T"}, cite=("zoghi2014relative",))
@dataclass(frozen=True)
class RUCB:
    """A champion that may beat every other arm, against the arm that most plausibly beats it.

    With u_ij = w_ij / n_ij + sqrt(alpha ln t / n_ij), x / 0 := 1 and u_ii = 1/2, the candidates are the arms c with
    u_cj >= 1/2 for every j. The last arm that was the only candidate is the hypothesised best arm, for as long as it
    stays a candidate. The champion is

    - any arm, where there is no candidate;
    - the candidate, where there is one;
    - the hypothesised best arm with probability 1/2, else any other candidate;
    - any candidate, where no arm is hypothesised to be the best.

    The challenger is argmax_j u_jc, ties at random; it is the champion itself where every other bound is below 1/2.
    Features are ignored. The paper's bound for alpha > 1/2 holds with high probability; that on the expected regret is,
    as far as could be settled without its text, for alpha > 1.

    An arm is a candidate just where max_j (w_ji - w_ij) / (2 sqrt(n_ij)) <= sqrt(alpha ln t). The left side changes
    only with the arm's own duels, so that a round takes K steps and not K^2.
    """

    alpha: Positive = 0.51  #: of the confidence bounds; the paper's experiments have 0.51

    class State(NamedTuple):
        duels: Duels
        deficits: Vector  #: (K,) max_j (w_ji - w_ij) / (2 sqrt(n_ij)), at least 0
        best: Counts  #: (1,) the hypothesised best arm; -1 for none
        alpha: float

    def start(self, problem, rng) -> State:
        return self.State(start_duels(problem.arms), np.zeros(problem.arms), np.array([NOBODY]), self.alpha)

    @staticmethod
    def choose(state, t, features, rng):
        scale = bound_scale(state.alpha, t + 1)
        first = _champion(state, scale, rng)
        return first, toughest(state.duels, scale, first, rng)

    @staticmethod
    def learn(state, t, features, first, second, won):
        count_duel(state.duels, first, second, won)
        _lag(state, first)
        _lag(state, second)


def _champion(state, scale, rng):
    # one way through, on which every call is made: see `count_duel`
    arms, candidates, last = state.deficits.shape[0], 0, NOBODY
    for k in range(arms):
        if state.deficits[k] <= scale:
            candidates += 1
            last = k
    best = state.best[0]
    if candidates < 2 or (best != NOBODY and state.deficits[best] > scale):
        best = last if candidates < 2 else NOBODY
    known = best != NOBODY
    others = candidates - known if candidates > 0 else arms
    coin = draw_place(rng, 2 if known and others > 0 else 1)
    leaves = coin == 1 or not known
    champion, place = best, draw_place(rng, others if leaves else 1)
    for k in range(arms if leaves else 0):
        if k != best and (state.deficits[k] <= scale or candidates == 0):
            if place == 0:
                champion = k
            place -= 1
    state.best[0] = best
    return champion


def _lag(state, arm):
    """Update how far an arm lags behind the opponent against which it does worst."""
    wins, roots = state.duels.wins, state.duels.roots
    most = 0.0
    for k in range(state.deficits.shape[0]):
        most = max(most, (wins[k, arm] - wins[arm, k]) * (0.5 * roots[arm, k]))
    state.deficits[arm] = most
