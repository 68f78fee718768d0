"""Track-and-Stop: play in the proportions that tell the best arm fastest (Garivier and Kaufmann 2016).

A. Garivier, E. Kaufmann. Optimal best arm identification with fixed confidence. COLT 2016 (Sections 3 to 5).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.exploration import Evidence, optimal_weights, see, start_evidence
from banditlab.numerics.indices import first_largest
from banditlab.registry import policy
from banditlab.types import AtLeastOne, Counts, Fraction, Positive, Vector


@policy("track-and-stop", game="bandit", needs=("prompt-feedback",), told=("noise",), cite=("garivier2016optimal",))
@dataclass(frozen=True)
class TrackAndStop:
    """Each arm once; then the arm whose plays N are furthest behind the optimal proportions w*(means).

    After t plays "D" takes the arm of fewest plays where one has fewer than sqrt(t) - K/2, and otherwise

        argmax_a t w*_a(means) - N_a;

    "C" takes argmax_a (sum over s = 0 .. t of w^{eps_s}_a(means after s plays)) - N_a, where w^eps is the point nearest
    to w* (in the largest difference) of the simplex with all shares >= eps, and eps_s = 1 / (2 sqrt(K^2 + s)).

    It stops when Z > threshold, Z being the least over the other arms of the log-likelihood ratio of the arm of the
    largest mean being better (Chernoff's stopping rule). It recommends that arm. The lowest index among equals.

    Settled here, the paper being silent: the first K plays; the shares before them, 1 / K in the sum of "C"; and those
    where several means are the largest and w* does not exist, equal for these. There may be many nearest points for
    "C"; it is max(eps, w* - shift) with the shift at which the shares sum to 1. Code after the authors' own forces
    exploration at equality too, takes a random arm where several means are the largest, and lets "C" explore like "D",
    without the projection.

    `refresh` > 1 computes w* only when the plays have grown by that factor; 1 is the paper's rule.
    """

    delta: Fraction = 0.1  #: allowed probability of error
    law: Literal["bernoulli", "gaussian"] = "bernoulli"  #: of the rewards; Bernoulli for any in [0, 1]
    std: Positive | None = None  #: of Gaussian rewards, in reward units; None: as told
    tracking: Literal["D", "C"] = "D"  #: of the proportions of the round, or of their sum
    threshold: Literal["experiments", "theorem"] = "experiments"  #: ln((1 + ln t) / delta), or one with a proof
    refresh: AtLeastOne = 1.0  #: growth of the number of plays between two computations of w*

    class State(NamedTuple):
        evidence: Evidence
        weights: Vector  #: (K,) w* or its projection
        tracked: Vector  #: (K,) sum of the projections
        due: Counts  #: (1,) plays at which w* is computed next
        summed: bool  #: whether the tracking is "C"
        refresh: float

    def needs(self) -> tuple[str, ...]:
        return ("bounded-rewards",) if self.law == "bernoulli" else ()

    def start(self, problem, rng) -> State:
        arms = problem.arms
        std = 1.0 if self.law == "bernoulli" else problem.noise if self.std is None else self.std
        return self.State(
            start_evidence(arms, self.law, std, self.delta, self.threshold), np.zeros(arms), np.ones(arms),
            np.zeros(1, int), self.tracking == "C", self.refresh,
        )  # fmt: skip

    @staticmethod
    def choose(state, t, features, rng):
        arms = state.weights.shape[0]
        if t < arms:
            return t
        if not state.summed:
            rare = _rarest(state.evidence.plays)
            if state.evidence.plays[rare] < math.sqrt(t) - arms / 2.0:
                return rare
        if t >= state.due[0]:
            optimal_weights(state.evidence.law, state.evidence.variance, state.evidence.means, state.weights)
            state.due[0] = int(math.ceil(min(state.refresh * t, 2.0**62)))
            if state.due[0] == t:
                state.due[0] = t + 1
            if state.summed:
                _project(state.weights, 0.5 / math.sqrt(arms * arms + t))
        return _furthest(state, t)

    @staticmethod
    def learn(state, t, features, arm, reward):
        see(state.evidence, arm, reward)
        if state.summed and t >= state.tracked.shape[0]:
            for k in range(state.tracked.shape[0]):
                state.tracked[k] += state.weights[k]

    @staticmethod
    def recommend(state, t):
        return first_largest(state.evidence.means)

    @staticmethod
    def stop(state, t):
        return state.evidence.stopped[0]


def _rarest(plays):
    rare = 0
    for k in range(1, plays.shape[0]):
        if plays[k] < plays[rare]:
            rare = k
    return rare


def _furthest(state, t):
    """Return the arm that is furthest behind its share."""
    most, arm = -math.inf, 0
    for k in range(state.weights.shape[0]):
        share = state.tracked[k] + state.weights[k] if state.summed else t * state.weights[k]
        if share - state.evidence.plays[k] > most:
            most, arm = share - state.evidence.plays[k], k
    return arm


def _project(weights, least):
    """Replace weights (K,) by max(least, weights - shift), which sum to 1."""
    shift, arms, free = 0.0, weights.shape[0], -1
    while True:
        total, above = 0.0, 0
        for k in range(arms):
            if weights[k] - shift > least:
                total += weights[k]
                above += 1
        if above == free:
            break
        free = above
        shift = (total - 1.0 + (arms - above) * least) / above
    for k in range(arms):
        weights[k] = max(least, weights[k] - shift)
