"""Double Thompson sampling with a kernel: each arm is the best for a draw of its own of the utilities.

It has no paper of its own. The idea of two draws is that of H. Wu, X. Liu. Double Thompson sampling for dueling
bandits. NeurIPS 2016; the estimate and the covariance are those of B. Pasztor, P. Kassraie, A. Krause. Bandits with
preference feedback: a Stackelberg game perspective. NeurIPS 2024 (arXiv 2406.16745), whose published code names a
`doubleTS` of another rule. J. Lazzaro, D. Buffelli, D. Shiu, S. Vakili. A finite time analysis of Thompson sampling for
Bayesian optimization with preferential feedback. AISTATS 2026 (arXiv 2604.25025) has a pairing of two draws as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from banditlab.numerics import kernel_duels
from banditlab.numerics.indices import first_largest
from banditlab.numerics.kernel_duels import Belief, beta
from banditlab.numerics.kernel_sampling import Sampler, draw_deviation, start_sampler
from banditlab.policies.kernelised import Kernelised
from banditlab.registry import policy


@policy(
    "kernel-double-thompson",
    game="dueling",
    needs=("domain",),
    told=("domain", "length_scale"),
    cite=("wu2016double", "pasztor2024bandits", "lazzaro2026finite"),
)
@dataclass(frozen=True)
class KernelDoubleThompson(Kernelised):
    """i = argmax (f + beta g_1) and j = argmax (f + beta g_2), for two independent draws g_1, g_2 from N(0, S).

    f is the estimate of the utilities, and S the posterior covariance of the Gaussian process with the dueling kernel
    and noise rho^2, so that f_i - f_j is drawn with the deviation beta sigma_ij: the width that its relatives give the
    probability that i beats j, here taken in utility. (The logistic function is at most 1/4 steep; in probability it is
    a quarter of theirs or less.) The covariance of Laplace's method, from which `lin-double-thompson` draws, is no
    larger than S / ridge while the estimated margins of all duels are at most 2 norm: width 1 / sqrt(ridge) would
    stand for it, and explores more. The two arms may be one, which then teaches nothing; the next round draws anew. The
    lowest index among equals.

    `preset` chooses the estimate only: a draw has deviation beta sigma for "code" too.

    The published `doubleTS` is not followed. Its first arm is the place of the larger of two random words, arm 0 or 1;
    its scores deviate uniformly and independently, by variances averaged over opponents; and the second arm is drawn
    until it differs from the first. Wu and Liu's elimination by confidence bounds is left out: for utilities, the arm
    that most likely beats the first in a draw is the best of the draw, whoever the first is.

    No order of growth is stated. The full text of the paper of 2026 could not be read: whether its pairing is this one
    is not known.
    """

    class State(NamedTuple):
        belief: Belief
        sampler: Sampler

    def start(self, problem, rng) -> State:
        belief = self.belief(problem)
        return self.State(belief, start_sampler(belief.process.covariance))  # still the prior's

    @staticmethod
    def choose(state, t, features, rng):
        first = _draw_winner(state, rng)
        return first, _draw_winner(state, rng)

    @staticmethod
    def learn(state, t, features, first, second, won):
        kernel_duels.learn(state.belief, first, second, won)


def _draw_winner(state, rng):
    """Return the best arm for a draw of the utilities."""
    belief, sampler, scores = state.belief, state.sampler, state.belief.scores
    draw_deviation(sampler, belief.process, belief.model, rng)
    factor = beta(belief)
    for k in range(scores.shape[0]):
        scores[k] = belief.model.utilities[k] + factor * sampler.draw[k]
    return first_largest(scores)
