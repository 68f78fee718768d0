"""What policies of active dueling on a utility share: the estimate, the schedule of batches, selection by margins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from banditlab.numerics.kernel_logistic import Logistic, start_logistic
from banditlab.numerics.pair_selection import (
    Pool,
    Selection,
    decreasing_sizes,
    find_best_arms,
    learn_label,
    start_pool,
)
from banditlab.policies.kernelised import Kernel
from banditlab.types import Arms, Count, Positive


@dataclass(frozen=True)
class Estimate(Kernel):
    """Parameters of the kernelised logistic estimate of a utility on contexts and arms."""

    ridge: Positive = 0.25  #: lambda of the penalty lambda / 2 |f|_k^2

    def model(self, problem: Any) -> Logistic:
        """Return the estimate without data, of C K points by context and arm."""
        return start_logistic(self.gram(problem), ridge=self.ridge)


@dataclass(frozen=True)
class Batches:
    """Parameters of labels that come in batches, each chosen from a pool of pool * batch contexts.

    The rounds of the game are the labels.
    """

    batch: Count = 32  #: labels between two selections, on average
    pool: Count = 3  #: contexts that are drawn for each of these labels, with replacement

    def start_pool(self, problem: Any, schedule: str = "uniform") -> Pool:
        """Return the pool before the first batch."""
        if schedule == "uniform":
            return start_pool(self.pool * self.batch, np.array([self.batch]))
        sizes = decreasing_sizes(problem.horizon, -(-problem.horizon // self.batch))
        return start_pool(self.pool * self.batch, sizes)


@dataclass(frozen=True)
class Margins(Batches, Estimate):
    """Parameters of the selection by margins, its state, and all of its verbs but the choice."""

    candidates: Arms = 5  #: arms that are drawn in each context of the pool; all K where there are fewer
    schedule: Literal["decreasing", "uniform"] = "decreasing"  #: of the T labels over the batches

    def __post_init__(self):
        super().__post_init__()
        if self.schedule == "decreasing" and self.pool < 2:
            raise ValueError(
                "pool: at least 2 with schedule 'decreasing', whose first batches are up to twice as large"
            )

    def start(self, problem, rng) -> Selection:
        candidates = min(self.candidates, problem.arms)
        return Selection(
            self.model(problem), self.start_pool(problem, self.schedule), np.arange(problem.arms),
            np.zeros(candidates * (candidates - 1) // 2), np.zeros(problem.contexts, int), candidates,
        )  # fmt: skip

    @staticmethod
    def learn(state, t, features, context, first, second, won):
        learn_label(state, context, first, second, won)

    @staticmethod
    def recommend(state, t):
        find_best_arms(state.model.utilities, state.recommended)
        return state.recommended
