"""AE-DPO's choice of duels, for an ensemble of log-linear policies (after Mehta et al. 2023).

V. Mehta, V. Das, O. Neopane, Y. Dai, I. Bogunovic, J. Schneider, W. Neiswanger. Sample efficient reinforcement learning
from human feedback via active exploration. 2023 (arXiv 2312.00267).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.log_linear import Ensemble, doubt, draw_masks, learn_win, mean_rewards, start_ensemble
from banditlab.numerics.pair_selection import Pool, count_label, find_best_arms, is_labelled, keep_best, next_pair
from banditlab.numerics.sampling import draw_index, draw_pair
from banditlab.policies.pair_selection import Batches
from banditlab.registry import policy
from banditlab.types import Arms, Counts, Fraction, Matrix, NonNegative, Positive, Vector


@policy(
    "ae-dpo",
    game="active-dueling",
    needs=("features", "domain", "prompt-feedback"),
    told=("domain",),
    cite=("mehta2023sample",),
)
@dataclass(frozen=True)
class AEDPO(Batches):
    """Labels the pairs of contexts in which the members of an ensemble disagree on how likely the better arm is.

    Member j is the policy pi_j(a|x) ~ exp(theta_j'phi(x, a)). With the mean m(x, a) and the standard deviation
    s(x, a) of log pi_j(a|x) over the members, and a uniform reference policy, which falls out, a pair scores

        max_{a in pair} [m(x, a) + width s(x, a)] - max_{a in pair} [m(x, a) - width s(x, a)].

    At the start of a batch, pool * batch contexts are drawn uniformly with replacement, a pair of different arms
    uniformly in each; the `batch` of the highest scores are labelled one a round, the highest first. Scores within
    1e-8 tie, and one is drawn: so the first batch is uniform. With each label, once, each member takes a step of
    gradient descent on the loss of direct preference optimisation (DPO),
    -log s(gamma [log pi(winner|x) - log pi(loser|x)]). It recommends argmax_a m(x, a), the lowest index where the
    mean implicit rewards are within 1e-8.

    The paper's members are one language model under several dropout masks. Here an ensemble stands for dropout: each
    member has weights of its own, which start at 0, and sees each duel with features dropped out, drawn anew for each
    member and label from the policy's stream; scores and recommendations drop nothing. With masks "labels" a member
    sees a duel whole or not at all, which with dropout 1/2 is the double-or-nothing bootstrap.

    From public code, which is for language models: the score, 2 as width, gamma, 5 masks, and a pool three times the
    batch. It has RMSprop with a warm-up; here are plain steps of a constant rate, so that the members do not converge.
    The paper's text could not be read, and its bound is for another algorithm.
    """

    ensemble: Arms = 5  #: m, number of members
    dropout: Fraction = 0.1  #: probability that a member does not see a feature, or a label
    masks: Literal["features", "labels"] = "features"  #: what is dropped out
    width: NonNegative = 2.0  #: standard deviations from the mean to a bound
    gamma: Positive = 0.1  #: of the implicit reward gamma (log pi - log ref): beta of DPO
    rate: Positive = 0.5  #: of a step of gamma theta; gamma^2 times that of theta

    class State(NamedTuple):
        model: Ensemble
        pool: Pool
        points: Matrix  #: (C K, d) phi by context and arm
        rewards: Vector  #: (C K,) scratch
        recommended: Counts  #: (C,)
        width: float

    def start(self, problem, rng) -> State:
        model = start_ensemble(
            self.ensemble, problem.dim, self.gamma, self.rate, self.dropout, whole=self.masks == "labels"
        )
        points = problem.domain.reshape(-1, problem.dim)
        recommended = np.zeros(problem.contexts, int)
        return self.State(model, self.start_pool(problem), points, np.zeros(len(points)), recommended, self.width)

    @staticmethod
    def choose(state, t, features, rng):
        if is_labelled(state.pool):
            _select(state, features, rng)
        draw_masks(state.model, rng)
        return next_pair(state.pool)

    @staticmethod
    def learn(state, t, features, context, first, second, won):
        arms = features[context]
        if won:
            learn_win(state.model, arms[first], arms[second])
        else:
            learn_win(state.model, arms[second], arms[first])
        count_label(state.pool)

    @staticmethod
    def recommend(state, t):
        mean_rewards(state.model, state.points, state.rewards)
        find_best_arms(state.rewards, state.recommended)
        return state.recommended


def _select(state, features, rng):
    """Draw a pool of contexts with a pair each, and begin a batch with those of the highest scores."""
    pool = state.pool
    for n in range(pool.scores.shape[0]):
        context = draw_index(rng, features.shape[0])
        first, second = draw_pair(rng, features.shape[1])
        pool.pairs[n, 0] = context
        pool.pairs[n, 1] = first
        pool.pairs[n, 2] = second
        pool.scores[n] = doubt(state.model, features[context], first, second, state.width)
    keep_best(pool, rng)
