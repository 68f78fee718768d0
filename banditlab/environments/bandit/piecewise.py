"""Piecewise stationary Bernoulli arms: means that stay for a stretch of rounds, and then change at once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from banditlab.environments.costs import enter_stretch, exceed_fixed
from banditlab.environments.instances import exclusive, fill
from banditlab.games.bandit import STATIC, score
from banditlab.numerics.hashing import uniform
from banditlab.registry import environment
from banditlab.sketches import MEAN, Lines
from banditlab.types import Arms, Count, Counts, Matrix, Probability, Vector


@environment(
    "piecewise",
    game="bandit",
    gives=("bounded-rewards",),
    metrics=("regret", "realised-regret", "static-regret"),
)
@dataclass(frozen=True)
class Piecewise:
    """Bernoulli arms whose means change at some rounds: the reward is 1 with the arm's mean of the stretch, else 0.

    The stretches are written one by one, a row of `means` each, and `changes` are the rounds, counted from 0, in which
    the next one begins. Or there are `arms` whose means are drawn in each replication, uniform on [0, 1] and anew for
    every stretch, which lasts `period` rounds, or T / segments rounds but for rounding.

    The metric `regret` is to the best arm of each round, `static-regret` to the best fixed arm of the rounds so far,
    both on the means. The noise is a function of the arm and the round.
    """

    means: list[list[Probability]] | None = None  #: (S, K), in [0, 1], a row a stretch
    changes: list[Count] | None = None  #: (S - 1,) the first round of each stretch but the first, increasing
    arms: Arms | None = None  #: K, for means that are drawn
    period: Count | None = None  #: rounds of a stretch; 1000 where neither it nor segments is given
    segments: Count | None = None  #: S, stretches of equal length

    class State(NamedTuple):
        features: Matrix  #: (K, 0)
        table: Matrix  #: (S, K) costs, a row a stretch: means with their sign turned
        starts: Counts  #: (S,) the first round of each stretch
        stretch: Counts  #: (1,) how many stretches have begun
        costs: Vector  #: (K,) of the stretch
        sums: Vector  #: (K,) costs of each arm so far
        paid: Vector  #: (1,) costs of the arms played so far
        best: Counts  #: (1,) the best arm of the round
        noise: np.uint64

    def __post_init__(self):
        if (self.means is None) == (self.arms is None):
            raise ValueError("give either means = [[...], ...] with changes, or arms = K with period or segments")
        exclusive(self, "means", ("period", "segments"))
        if self.means is None:
            exclusive(self, "arms", ("changes",))
            exclusive(self, "segments", ("period",))
            if self.segments is None:
                fill(self, period=1000)
        else:
            _check(self.means, self.changes or [])

    def start(self, rng, noise, horizon) -> State:
        means, starts = self._given() if self.means is not None else self._drawn(rng, horizon)
        arms = means.shape[1]
        features, costs, sums = np.zeros((arms, 0)), np.zeros(arms), np.zeros(arms)
        stretch, best = np.zeros(1, int), np.zeros(1, int)
        return self.State(features, -means, starts, stretch, costs, sums, np.zeros(1), best, noise)

    def _given(self) -> tuple[np.ndarray, np.ndarray]:
        return np.array(self.means, float), np.array([0, *(self.changes or [])])

    def _drawn(self, rng, horizon) -> tuple[np.ndarray, np.ndarray]:
        if self.segments is not None and self.segments > horizon:
            raise ValueError(f"segments: at most the horizon {horizon}, got {self.segments}")
        period, segments = self.period, self.segments
        starts = np.arange(0, horizon, period) if period else np.arange(segments) * horizon // segments
        return rng.random((len(starts), self.arms)), starts

    def facts(self, state) -> dict[str, Any]:
        return {"best": state.best, "noise": 0.5}

    def sketch(self, state, horizon) -> Lines:
        means = -np.vstack([state.table, state.table[-1:]])
        return Lines(np.append(state.starts, max(horizon, state.starts[-1] + 1)), means, MEAN)

    @staticmethod
    def observe(env, t, rng):
        enter_stretch(env, t, env.costs)
        return env.features

    @staticmethod
    def pull(env, t, features, arm):
        return 1.0 if uniform(env.noise, arm, t) < -env.costs[arm] else 0.0

    @staticmethod
    def regret(env, t, features, arm, reward, totals):
        best = -env.costs[env.best[0]]
        score(totals, best + env.costs[arm], best - reward)
        totals[STATIC] = exceed_fixed(env.costs, arm, env.sums, env.paid)


def _check(means: list[list[float]], changes: list[int]) -> None:
    if not means or len(means[0]) < 2 or any(len(row) != len(means[0]) for row in means):
        raise ValueError("means: rows of one length, at least 2 arms")
    if len(changes) != len(means) - 1:
        raise ValueError(f"changes: one fewer than the {len(means)} rows of means, got {len(changes)}")
    if any(later <= earlier for earlier, later in pairwise(changes)):
        raise ValueError(f"changes: increasing rounds, got {changes}")
