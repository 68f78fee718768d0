"""Arms by a table: any means, rewards or losses for each round, from a file or written in the grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from banditlab.arrays import table
from banditlab.environments.costs import enter, exceed_fixed
from banditlab.errors import UserError
from banditlab.games.bandit import STATIC, score
from banditlab.numerics.hashing import uniform
from banditlab.registry import environment
from banditlab.types import Count, Counts, Matrix, Probability, Vector


@environment("table", game="bandit", gives=("bounded-rewards",), metrics=("regret", "realised-regret", "static-regret"))
@dataclass(frozen=True)
class Table:
    """What each arm pays in each round stands in a table: rounds as rows, arms as columns, all entries in [0, 1].

    `means` is a path, or the rows themselves. The entries are rewards, or with `entries = "losses"` losses: the reward
    is then 1 - loss. With law "exact" an entry is what the arm pays; with law "bernoulli" it is the probability with
    which it pays 1, else 0. The noise is a function of the round and the arm.

    Each row holds for `period` rounds, and one row alone for all. A table that ends before the last round is refused,
    or begins again (`cycle`).

    The metric `regret` is to the best arm of each round, `static-regret` to the best fixed arm of the rounds so far,
    both on the entries.
    """

    means: str | list[Probability] | list[list[Probability]]  #: (S, K) or (K,), or the path of such a CSV, NPZ or NPY
    entries: Literal["rewards", "losses"] = "rewards"  #: what the table holds
    law: Literal["exact", "bernoulli"] = "exact"  #: of a reward, given its entry
    period: Count = 1  #: rounds that a row holds for
    cycle: bool = False  #: begin again after the last row

    class State(NamedTuple):
        features: Matrix  #: (K, 0)
        table: Matrix  #: (S, K) expected costs: losses, or rewards with their sign turned
        period: int
        origin: float  #: reward = origin - cost
        drawn: bool  #: whether rewards are drawn as 0 or 1, or are their expectations
        means: Vector  #: (K,) expected costs of the round
        sums: Vector  #: (K,) expected costs of each arm so far
        paid: Vector  #: (1,) expected costs of the arms played so far
        best: Counts  #: (1,) the best arm of the round
        noise: np.uint64

    def __post_init__(self):
        if not isinstance(self.means, str):
            self._rows()

    def start(self, rng, noise, horizon) -> State:
        rows = _read(self.means, self.entries) if isinstance(self.means, str) else self._rows()
        if len(rows) > 1 and not self.cycle and len(rows) * self.period < horizon:
            raise UserError(
                f"means: {len(rows)} rows of {self.period} rounds each are fewer than the horizon {horizon}; "
                "with cycle = true they begin again"
            )
        losses, arms = self.entries == "losses", rows.shape[1]
        return self.State(
            np.zeros((arms, 0)), rows if losses else -rows, self.period, float(losses), self.law == "bernoulli",
            np.zeros(arms), np.zeros(arms), np.zeros(1), np.zeros(1, int), noise,
        )  # fmt: skip

    def _rows(self) -> np.ndarray:
        """Return the rows that are written in the grid."""
        nested = self.means if any(isinstance(row, list) for row in self.means) else [self.means]
        lengths = {len(row) for row in nested}
        if len(lengths) > 1 or min(lengths, default=0) < 2:
            raise ValueError("means: rows of one length, with at least 2 arms")
        return np.array(nested, float)

    def facts(self, state) -> dict[str, Any]:
        return {"best": state.best, "noise": 0.5}

    @staticmethod
    def observe(env, t, rng):
        if t % env.period == 0:
            enter(env.table[t // env.period % env.table.shape[0]], env.means, env.best)
        return env.features

    @staticmethod
    def pull(env, t, features, arm):
        mean, coin, drawn = env.origin - env.means[arm], uniform(env.noise, arm, t), env.drawn
        if drawn:
            return 1.0 if coin < mean else 0.0
        return mean

    @staticmethod
    def regret(env, t, features, arm, reward, totals):
        cost, least = env.means[arm], env.means[env.best[0]]
        score(totals, cost - least, env.origin - least - reward)
        totals[STATIC] = exceed_fixed(env.means, arm, env.sums, env.paid)


def _read(path: str, entries: str) -> np.ndarray:
    rows = np.atleast_2d(table(path, entries))
    if rows.ndim != 2 or rows.shape[1] < 2:
        raise UserError(f"{path}: a table of {entries} has rounds as rows and at least 2 arms as columns")
    if not len(rows):
        raise UserError(f"{path}: no rows of {entries}")
    if rows.min() < 0 or rows.max() > 1:
        raise UserError(f"{path}: {entries} lie in [0, 1], got {rows.min():g} .. {rows.max():g}")
    return rows
