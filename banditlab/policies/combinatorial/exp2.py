"""EXP2: exponential weights over all sets, which learn from the reward of the set alone (ComBand).

N. Cesa-Bianchi, G. Lugosi. Combinatorial bandits. J. Comput. Syst. Sci. 78, 2012. Its text could not be read: gamma and
eta were derived anew, and give the bound that is published.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.exponential import Exponential, exponential_weights, start_exponential
from banditlab.numerics.linear import cholesky, solve
from banditlab.numerics.sampling import draw_index, draw_weighted
from banditlab.numerics.set_table import SetTable, as_table, sum_of, table_of, write_set
from banditlab.registry import policy
from banditlab.types import Counts, Matrix, Vector


@policy(
    "exp2",
    game="combinatorial",
    needs=("sums", "prompt-feedback"),
    told=("family", "horizon"),
    growth={"regret": "sqrt T"},
    cite=("cesabianchi2012combinatorial",),
)
@dataclass(frozen=True)
class EXP2:
    """A set with the probability p = (1 - gamma) q + gamma / N: N sets, q proportional to exp(-eta L), L their losses.

    The loss of a set v in {0, 1}^n is l'v in [0, 1], with l_i = (1 - value) / m where all sets have m items. It is
    estimated for all sets u as u'P^+ v times the loss of the set v that was played, P the mean of vv' under p. With
    lambda the least positive eigenvalue of the mean of vv' over all sets, and h = lambda / m, it has eta = gamma h and
    gamma = sqrt(ln N / (h T (2 + h n))), at most 1. Regret at most 2 m sqrt((2 / h + n) T ln N), also to the best set
    of an adversary.

    All sets are listed, of which there must be at most 5000. The estimate does not depend on the coordinates in which
    the span of the sets is written, so that it is taken on r items that determine all others, r the rank of the sets:
    there P is positive definite. It has no structure that would help, since all p change in each round: a round takes
    O(N m^2 + r^3).
    """

    class State(NamedTuple):
        table: SetTable
        coordinates: SetTable  #: the same sets, as the places of the items that determine the others
        learner: Exponential  #: of the N sets
        played: Counts  #: (1,) the last set
        moments: Matrix  #: (r, r) P, then its Cholesky factor
        estimate: Vector  #: (r,) of l
        gamma: float
        eta: float
        size: int  #: m

    def start(self, problem, rng) -> State:
        table, size = table_of(problem.family), problem.family.size
        if not (table.sizes == size).all():
            raise ValueError("family: all sets should have as many items; here they have not")
        count, n = len(table.sizes), problem.items
        indicators = np.zeros((count, n))
        np.put_along_axis(indicators, table.sets, 1.0, axis=1)
        kept = independent_columns(indicators)
        rank = len(kept)
        least = np.linalg.eigvalsh(indicators.T @ indicators / count)[n - rank]
        ratio = least / size  # lambda / B^2
        gamma = min(1.0, math.sqrt(math.log(count) / (ratio * problem.horizon * (2.0 + ratio * n))))
        coordinates = as_table([np.flatnonzero(row) for row in indicators[:, kept]])
        return self.State(
            table, coordinates, start_exponential(count), np.zeros(1, int), np.zeros((rank, rank)), np.zeros(rank),
            gamma, gamma * ratio, size,
        )  # fmt: skip

    @staticmethod
    def choose(state, t, items, rng):
        learner, count = state.learner, state.table.sizes.shape[0]
        learner.total[0] = exponential_weights(learner.losses, state.eta, learner.weights)
        if rng.random() < state.gamma:
            state.played[0] = draw_index(rng, count)
        else:
            state.played[0] = draw_weighted(rng, learner.weights, learner.total[0])
        return write_set(state.table, state.played[0], items)

    @staticmethod
    def learn(state, t, items, reward, parts, values):
        add_moments(state)
        cholesky(state.moments, state.moments)
        estimate_losses(state, 1.0 - reward / state.size)


def independent_columns(table: np.ndarray) -> list[int]:
    """Return the first columns of a table (N, n) that are linearly independent, as many as its rank."""
    kept, basis = [], np.zeros((0, len(table)))
    for column, values in enumerate(table.T):
        rest = values - basis.T @ (basis @ values)
        rest -= basis.T @ (basis @ rest)  # once more, for what rounding left
        length = np.linalg.norm(rest)
        if length > 1e-9 * np.linalg.norm(values):
            kept.append(column)
            basis = np.vstack([basis, rest / length])
    return kept


@kernel
def add_moments(state):
    """Write the lower triangle of P."""
    sets, sizes = state.coordinates
    moments, count = state.moments, sizes.shape[0]
    moments[:] = 0.0
    for place in range(count):
        chance = (1.0 - state.gamma) * state.learner.weights[place] / state.learner.total[0] + state.gamma / count
        for i in range(sizes[place]):
            row = moments[sets[place, i]]
            for j in range(i + 1):
                row[sets[place, j]] += chance


@kernel
def estimate_losses(state, loss):
    """Add the estimates of a round to the losses of the sets, by the Cholesky factor of P."""
    table, estimate, losses = state.coordinates, state.estimate, state.learner.losses
    estimate[:] = 0.0
    for i in range(table.sizes[state.played[0]]):
        estimate[table.sets[state.played[0], i]] = loss
    solve(state.moments, estimate, estimate)
    for place in range(losses.shape[0]):
        losses[place] += sum_of(table, place, estimate)
