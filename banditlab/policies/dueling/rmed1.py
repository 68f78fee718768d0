"""Relative minimum empirical divergence: RMED1 (Komiyama et al. 2015, Algorithms 1 and 2).

J. Komiyama, J. Honda, H. Kashima, H. Nakagawa. Regret lower bound and optimal algorithm in dueling bandit problem.
COLT 2015.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.divergence import bernoulli_kl
from banditlab.numerics.duels import Duels, count_duel, start_duels
from banditlab.registry import policy
from banditlab.types import Flags, Matrix, NonNegative, Vector


@policy("rmed1", game="dueling", growth={"average-preference": "log T"}, cite=("komiyama2015regret",))
@dataclass(frozen=True)
class RMED1:
    """Each arm that may still be the best, in turn, against the likeliest best arm where that one beats it.

    First each pair duels once, (0, 1), (0, 2), ... . With O_i the other arms j that i does not seem to beat,
    mu_ij <= 1/2, and d the Kullback-Leibler divergence, arm i is the best with a likelihood of exp(-I_i),

        I_i = sum over j in O_i of n_ij d(mu_ij, 1/2),       i* = argmin_i I_i.

    A list is gone through, from its lowest index on. Its arm l plays i* where i* is in O_l or O_l is empty (so that i*
    plays itself), otherwise argmin_{j != l} mu_lj. After each duel the next list gains every arm j with
    I_j - I_{i*} <= ln t + f(K) that is not still to come in the present one; f(K) = weight * K^1.01. The lowest index
    among equals. Features are ignored.

    Where the paper leaves open whether I is that before or after the duel of round t when the next list is made, it is
    that after, and t = 1, 2, ... the round of the duel, as in the authors' own code.
    """

    weight: NonNegative = 0.3  #: of f(K); the paper's experiments have 0.3

    class State(NamedTuple):
        duels: Duels
        terms: Matrix  #: (K, K) n_ij d(mu_ij, 1/2) where mu_ij <= 1/2, else 0
        divergences: Vector  #: (K,) I
        present: Flags  #: (K,) arms that are still to come in the present list
        following: Flags  #: (K,) arms of the next list
        slack: float  #: f(K)

    def start(self, problem, rng) -> State:
        arms = problem.arms
        return self.State(
            start_duels(arms), np.zeros((arms, arms)), np.zeros(arms), np.ones(arms, bool), np.zeros(arms, bool),
            self.weight * arms**1.01,
        )  # fmt: skip

    @staticmethod
    def choose(state, t, features, rng):
        arms = state.divergences.shape[0]
        if t < arms * (arms - 1) // 2:
            return _pair(arms, t)
        first = 0
        while not state.present[first]:
            first += 1
        return first, _opponent(state, first)

    @staticmethod
    def learn(state, t, features, first, second, won):
        arms = state.divergences.shape[0]
        count_duel(state.duels, first, second, won)
        _diverge(state, first, second)
        _diverge(state, second, first)
        if t >= arms * (arms - 1) // 2:
            state.present[first] = False
            _list(state, t)


def _pair(arms, place):
    """Return the pair at a place of (0, 1), (0, 2), ..., (1, 2), ..."""
    first = 0
    while place >= arms - 1 - first:
        place -= arms - 1 - first
        first += 1
    return first, first + 1 + place


def _leader(state):
    leader = 0
    for k in range(state.divergences.shape[0]):
        if state.divergences[k] < state.divergences[leader]:
            leader = k
    return leader


def _opponent(state, first):
    means, leader = state.duels.means, _leader(state)
    least, toughest = math.inf, first
    for k in range(means.shape[0]):
        if k != first and means[first, k] < least:
            least, toughest = means[first, k], k
    if least > 0.5 or (leader != first and means[first, leader] <= 0.5):
        return leader
    return toughest


def _diverge(state, arm, other):
    """Update the divergence of an arm after a duel with another."""
    mean, total = state.duels.means[arm, other], state.duels.wins[arm, other] + state.duels.wins[other, arm]
    state.terms[arm, other] = total * bernoulli_kl(mean, 0.5) if mean <= 0.5 else 0.0
    divergence = 0.0
    for k in range(state.terms.shape[0]):
        divergence += state.terms[arm, k]
    state.divergences[arm] = divergence


def _list(state, t):
    """Add to the next list; where the present one is through, go on to it."""
    arms = state.divergences.shape[0]
    limit = state.divergences[_leader(state)] + math.log(t + 1) + state.slack
    through = True
    for k in range(arms):
        if state.present[k]:
            through = False
        elif state.divergences[k] <= limit:
            state.following[k] = True
    if through:
        for k in range(arms):
            state.present[k] = state.following[k]
            state.following[k] = False
