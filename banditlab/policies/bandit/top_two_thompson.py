"""Top-two Thompson sampling: TTTS (Russo 2016, Section 4), with the stopping rule of Shang et al. 2020.

D. Russo. Simple Bayesian algorithms for best-arm identification. COLT 2016; Operations Research 68, 2020.
X. Shang, R. de Heide, P. Menard, E. Kaufmann, M. Valko. Fixed-confidence guarantees for Bayesian best-arm
identification. AISTATS 2020.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.exploration import BERNOULLI, Evidence, cost, see, start_evidence
from banditlab.numerics.indices import first_largest
from banditlab.numerics.sampling import beta
from banditlab.registry import policy
from banditlab.types import Count, Fraction, Positive, Vector


@policy("top-two-thompson", game="bandit", told=("noise",), cite=("russo2016simple", "shang2020fixed"))
@dataclass(frozen=True)
class TopTwoThompson:
    """The best arm of a posterior draw with probability `share`, otherwise that of the first further draw with another.

    The posterior of a mean is Beta(1 + sum, 1 + N - sum) of the arm's N rewards for law "bernoulli", which are taken as
    they are where they lie between 0 and 1; it is N(mean, std^2 / N) for "gaussian", from a flat prior, where each arm
    is played once first. The number of further draws grows like 1 / (posterior probability that another arm is best):
    after `draws` of them without one, the other arm is that of T3C (Shang et al.), which needs none: the arm of the
    least cost W(I, .), the generalised log-likelihood ratio of the best arm I of the first draw being better.

    It stops when the least W of the arm of the largest mean exceeds the threshold, and recommends that arm. The lowest
    index among equals.
    """

    delta: Fraction = 0.1  #: allowed probability of error
    law: Literal["bernoulli", "gaussian"] = "bernoulli"  #: of the rewards; Bernoulli for any in [0, 1]
    std: Positive | None = None  #: of Gaussian rewards, in reward units; None: as told
    share: Fraction = 0.5  #: beta, of the plays that the best arm gets
    draws: Count = 10_000  #: most further draws in a round
    threshold: Literal["experiments", "theorem"] = "experiments"  #: ln((1 + ln t) / delta), or one with a proof

    class State(NamedTuple):
        evidence: Evidence
        widths: Vector  #: (K,) std / sqrt(N) of the Gaussian posterior
        std: float
        share: float
        draws: int

    def needs(self) -> tuple[str, ...]:
        return ("bounded-rewards",) if self.law == "bernoulli" else ()

    def start(self, problem, rng) -> State:
        std = 1.0 if self.law == "bernoulli" else problem.noise if self.std is None else self.std
        return self.State(
            start_evidence(problem.arms, self.law, std, self.delta, self.threshold), np.zeros(problem.arms),
            std, self.share, self.draws,
        )  # fmt: skip

    @staticmethod
    def choose(state, t, features, rng):
        if state.evidence.law != BERNOULLI and t < state.widths.shape[0]:
            return t
        best = _draw(state, rng)
        if state.widths.shape[0] == 1 or rng.random() < state.share:
            return best
        for _ in range(state.draws):
            other = _draw(state, rng)
            if other != best:
                return other
        return _challenger(state.evidence, best)

    @staticmethod
    def learn(state, t, features, arm, reward):
        see(state.evidence, arm, reward)
        state.widths[arm] = state.std / math.sqrt(state.evidence.plays[arm])

    @staticmethod
    def recommend(state, t):
        return first_largest(state.evidence.means)

    @staticmethod
    def stop(state, t):
        return state.evidence.stopped[0]


def _draw(state, rng):
    """Return the best arm of a draw from the posterior."""
    evidence = state.evidence
    best, arm = -math.inf, 0
    for k in range(state.widths.shape[0]):
        if evidence.law == BERNOULLI:
            won = evidence.sums[k]
            value = beta(rng, 1.0 + won, 1.0 + (evidence.plays[k] - won))
        else:
            value = evidence.means[k] + state.widths[k] * rng.standard_normal()
        if value > best:
            best, arm = value, k
    return arm


def _challenger(evidence, best):
    """Return the arm of the least cost against the best."""
    least, arm = math.inf, -1
    for k in range(evidence.means.shape[0]):
        if k != best:
            price = cost(evidence, best, k)
            if arm < 0 or price < least:
                least, arm = price, k
    return arm
