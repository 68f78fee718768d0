"""Adversarial arms: losses fixed in advance, by a best arm that switches or by a level that jumps ever more rarely."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from banditlab import bounds
from banditlab.environments.costs import enter_stretch, exceed_fixed
from banditlab.environments.instances import exclusive, fill
from banditlab.games.bandit import STATIC, score
from banditlab.numerics.hashing import uniform
from banditlab.registry import environment
from banditlab.types import Arms, AtLeastOne, Count, Counts, Matrix, Probability, Vector


@environment(
    "adversarial",
    game="bandit",
    gives=("bounded-rewards",),
    metrics=("regret", "realised-regret", "static-regret"),
)
@dataclass(frozen=True)
class Adversarial:
    """Losses 0 or 1 with expectations chosen before the first round; the reward is 1 - loss.

    The best arm changes at random every `period` rounds: its loss is 1 with probability `level - gap`, the others' with
    probability `level`. The environment `table` takes losses one by one.

    With `growth` it is the stochastically constrained adversary of Zimmert and Seldin (2021, Section 6): one arm, at a
    random place, is the best throughout, and the expected losses of it and the others jump between (0, gap) and
    (1 - gap, 1), first after one round, and the n-th time after growth^(n-1) rounds.

    The metric `regret` is to the best arm of each round, `static-regret` to the best fixed arm of the rounds so far,
    both on the expected losses.
    """

    arms: Arms = 10  #: K
    period: Count | None = None  #: rounds between switches; 1000 without growth
    level: Probability | None = None  #: expected loss of all arms but the best; 0.5 without growth
    gap: Probability = 0.1  #: by which the best arm's is lower
    growth: AtLeastOne | None = None  #: above 1; of the time between two jumps: the paper has 1.6

    class State(NamedTuple):
        features: Matrix  #: (K, 0)
        table: Matrix  #: (S, K) expected losses, a row a stretch
        starts: Counts  #: (S,) the first round of each stretch
        stretch: Counts  #: (1,) how many stretches have begun
        means: Vector  #: (K,) expected losses of the stretch
        sums: Vector  #: (K,) expected losses of each arm so far
        paid: Vector  #: (1,) expected losses of the arms played so far
        best: Counts  #: (1,) the best arm of the round
        noise: np.uint64

    def __post_init__(self):
        exclusive(self, "growth", ("period", "level"))
        if self.growth is None:
            fill(self, period=1000, level=0.5)
            if self.gap > self.level:
                raise ValueError(f"gap: at most level = {self.level}, since losses lie in [0, 1]; got {self.gap}")
        elif self.growth == 1.0:
            raise ValueError("growth: above 1")

    def cite(self) -> tuple[str, ...]:
        """Return what is cited for the adversary with growth."""
        return () if self.growth is None else ("zimmert2021tsallis",)

    def start(self, rng, noise, horizon) -> State:
        if self.growth is None:
            starts = np.arange(0, horizon, self.period)
            table = np.full((len(starts), self.arms), self.level)
            table[np.arange(len(starts)), rng.integers(self.arms, size=len(starts))] -= self.gap
        else:
            starts = _jumps(self.growth, horizon)
            table = np.empty((len(starts), self.arms))
            table[::2], table[1::2] = self.gap, 1.0
            table[:, rng.integers(self.arms)] -= self.gap
        features, means, sums = np.zeros((self.arms, 0)), np.zeros(self.arms), np.zeros(self.arms)
        stretch = np.zeros(1, int)
        return self.State(features, table, starts, stretch, means, sums, np.zeros(1), np.zeros(1, int), noise)

    def facts(self, state) -> dict[str, Any]:
        return {"best": state.best, "noise": 0.5}

    def bounds(self, state, rounds) -> list[bounds.Bound]:
        return [bounds.minimax(self.arms, rounds)]

    @staticmethod
    def observe(env, t, rng):
        enter_stretch(env, t, env.means)
        return env.features

    @staticmethod
    def pull(env, t, features, arm):
        loss = 1.0 if uniform(env.noise, arm, t) < env.means[arm] else 0.0
        return 1.0 - loss

    @staticmethod
    def regret(env, t, features, arm, reward, totals):
        loss, least = env.means[arm], env.means[env.best[0]]
        score(totals, loss - least, 1.0 - least - reward)
        totals[STATIC] = exceed_fixed(env.means, arm, env.sums, env.paid)


def _jumps(growth: float, horizon: int) -> np.ndarray:
    """Return the first rounds of the stretches: 0, and growth^n in whole rounds, each later than the one before."""
    starts, end = [0], 1.0
    while starts[-1] < horizon:
        starts.append(max(starts[-1] + 1, math.floor(end)))
        end *= growth
    return np.array(starts[:-1])
