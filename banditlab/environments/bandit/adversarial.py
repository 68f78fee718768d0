"""Adversarial arms: losses fixed in advance, from a switching best arm or from a table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from banditlab.environments.instances import exclusive, fill, table
from banditlab.errors import UserError
from banditlab.games.bandit import STATIC, score
from banditlab.numerics.hashing import uniform
from banditlab.registry import environment
from banditlab.types import Arms, Count, Counts, Matrix, Probability, Vector


@environment("adversarial", game="bandit", gives=("bounded-rewards",))
@dataclass(frozen=True)
class Adversarial:
    """Losses in [0, 1] chosen before the first round; the reward is 1 - loss.

    Without `losses`, the best arm changes at random every `period` rounds: its loss is 1 with probability
    `level - gap`, the others' with probability `level`. With `losses`, a file of T rows and K columns holds the losses
    themselves.

    The metric `regret` is to the best arm of each round, `static-regret` to the best fixed arm of the rounds so far,
    both on the expected losses.
    """

    arms: Arms | None = None  #: K; 10 without a table
    period: Count | None = None  #: rounds between switches; 1000 without a table
    level: Probability | None = None  #: expected loss of all arms but the best; 0.5 without a table
    gap: Probability | None = None  #: by which the best arm's is lower; 0.1 without a table
    losses: str | None = None  #: path of a table (T, K) in CSV, NPZ or NPY

    class State(NamedTuple):
        features: Matrix  #: (K, 0)
        table: Matrix  #: (S, K) expected losses, a row a stretch
        period: int  #: rounds in a stretch
        drawn: bool  #: whether losses are drawn as 0 or 1, or are their expectations
        means: Vector  #: (K,) expected losses of the stretch
        sums: Vector  #: (K,) expected losses of each arm so far
        paid: Vector  #: (1,) expected losses of the arms played so far
        best: Counts  #: (1,) the best arm of the round
        noise: np.uint64

    def __post_init__(self):
        exclusive(self, "losses", ("arms", "period", "level", "gap"))
        if self.losses is not None:
            return
        fill(self, arms=10, period=1000, level=0.5, gap=0.1)
        if self.gap > self.level:
            raise ValueError(f"gap: at most level = {self.level}, since losses lie in [0, 1]; got {self.gap}")

    def start(self, rng, noise, horizon) -> State:
        drawn = self.losses is None
        table, period = (self._switching(rng, horizon), self.period) if drawn else (_read(self.losses, horizon), 1)
        arms = table.shape[1]
        features, means, sums = np.zeros((arms, 0)), np.zeros(arms), np.zeros(arms)
        return self.State(features, table, period, drawn, means, sums, np.zeros(1), np.zeros(1, int), noise)

    def _switching(self, rng, horizon) -> np.ndarray:
        stretches = -(-horizon // self.period)
        means = np.full((stretches, self.arms), self.level)
        means[np.arange(stretches), rng.integers(self.arms, size=stretches)] -= self.gap
        return means

    def facts(self, state) -> dict[str, Any]:
        return {"best": state.best}

    @staticmethod
    def observe(env, t, rng):
        if t % env.period == 0:
            best = 0
            for k in range(env.means.shape[0]):
                env.means[k] = env.table[t // env.period, k]
                if env.means[k] < env.means[best]:
                    best = k
            env.best[0] = best
        return env.features

    @staticmethod
    def pull(env, t, features, arm):
        loss, coin, drawn = env.means[arm], uniform(env.noise, arm, t), env.drawn
        if drawn:
            loss = 1.0 if coin < loss else 0.0
        return 1.0 - loss

    @staticmethod
    def regret(env, t, features, arm, reward, totals):
        loss, least = env.means[arm], env.means[env.best[0]]
        score(totals, loss - least, 1.0 - least - reward)
        env.paid[0] += loss
        fixed = math.inf
        for k in range(env.sums.shape[0]):
            env.sums[k] += env.means[k]
            fixed = min(fixed, env.sums[k])
        totals[STATIC] = env.paid[0] - fixed


def _read(path: str, horizon: int) -> np.ndarray:
    means = table(path, "losses")
    if means.ndim != 2 or means.shape[1] < 2:
        raise UserError(f"{path}: a table of losses has rounds as rows and at least 2 arms as columns")
    if len(means) < horizon:
        raise UserError(f"{path}: {len(means)} rows of losses, fewer than the horizon {horizon}")
    if means.min() < 0 or means.max() > 1:
        raise UserError(f"{path}: losses lie in [0, 1], got {means.min():g} .. {means.max():g}")
    return means[:horizon]
