"""Maximum-variance pairs: the pair whose difference is least known, over all contexts (after Saha; Das et al.).

A. Saha. Optimal algorithms for stochastic contextual preference bandits. NeurIPS 2021.
N. Das, S. Chakraborty, A. Pacchiano, S. R. Chowdhury. Active preference optimization for sample efficient RLHF. 2024
(arXiv 2402.10500).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.gaussian_process import Process, learn_difference, start_process, variance_of_difference
from banditlab.numerics.kernel_duels import kappa
from banditlab.numerics.kernel_logistic import Logistic, learn_duel, start_logistic
from banditlab.numerics.pair_selection import TIE, find_best_arms
from banditlab.numerics.ties import draw_best
from banditlab.policies.pair_selection import Estimate
from banditlab.registry import policy
from banditlab.types import Counts, Positive, Vector


@policy(
    "max-variance",
    game="active-dueling",
    needs=("domain",),
    told=("domain", "length_scale"),
    cite=("saha2021optimal", "das2024active"),
)
@dataclass(frozen=True)
class MaxVariance(Estimate):
    """The context x and the pair with the largest posterior variance of f(x, a) - f(x, a'), whatever the answers were.

    The variance is that of a Gaussian process with noise rho^2 = lambda kappa, as in kernelised dueling bandits; those
    within 1e-8 of the largest tie, and one is drawn. It recommends argmax_a f(x, a) for the logistic estimate f, the
    lowest index among those within 1e-8 of it.

    This is the principle of both papers, with a kernel and on all contexts at once: the first one has the variance of
    a linear utility among arms that may still be best, the second weighs duels by the curvature at its estimate. Both
    could not be read, and neither algorithm is transcribed here.
    """

    norm: Positive = 1.0  #: B, bound on the RKHS norm of the utility: kappa = 2 + exp(2 B) + exp(-2 B)

    class State(NamedTuple):
        model: Logistic
        process: Process
        pairs: Counts  #: (K (K-1) / 2, 2) of different arms
        scores: Vector  #: (C K (K-1) / 2,) scratch
        recommended: Counts  #: (C,)

    def start(self, problem, rng) -> State:
        gram = self.gram(problem)
        model = start_logistic(gram, ridge=self.ridge)
        process = start_process(gram, self.ridge * kappa(2.0 * self.norm))
        pairs = np.column_stack(np.triu_indices(problem.arms, 1))
        scores, recommended = np.zeros(problem.contexts * len(pairs)), np.zeros(problem.contexts, int)
        return self.State(model, process, pairs, scores, recommended)

    @staticmethod
    def choose(state, t, features, rng):
        pairs, arms = state.pairs, features.shape[1]
        for n in range(state.scores.shape[0]):
            start, pair = n // pairs.shape[0] * arms, n % pairs.shape[0]
            state.scores[n] = variance_of_difference(state.process, start + pairs[pair, 0], start + pairs[pair, 1])
        best = draw_best(state.scores, TIE, rng)
        pair = best % pairs.shape[0]
        return best // pairs.shape[0], pairs[pair, 0], pairs[pair, 1]

    @staticmethod
    def learn(state, t, features, context, first, second, won):
        start = context * features.shape[1]
        if first != second:
            learn_duel(state.model, start + first, start + second, won)
            learn_difference(state.process, start + first, start + second)

    @staticmethod
    def recommend(state, t):
        find_best_arms(state.model.utilities, state.recommended)
        return state.recommended
