"""What environments of the knapsack game share: rewards and costs by a table, budgets, and the linear program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.games.knapsack import ALPHA, FIRST, LOWEST, RATIO, REGRET, REWARD, SINGLE, metrics_of, outside
from banditlab.numerics.hashing import uniform
from banditlab.numerics.mixtures import best_mixture
from banditlab.types import AtLeastOne, Matrix, Tensor, Vector

MOST = 2 * 2**30  #: bytes that a table may take


class State(NamedTuple):
    """Budgets, and the rewards and costs of all rounds."""

    table: Tensor  #: (S, A, 1 + m) rewards and costs, a row for a round, or for several, or for all
    sampled: bool  #: whether each round takes a row at random; else they follow each other, for equal times
    drawn: bool  #: whether rewards and costs are drawn from {0, 1} and {0, +-1}, with the entries as means
    horizon: int  #: T
    budgets: Vector  #: (m,) what is left
    rewards: Vector  #: (A,) of the round
    costs: Matrix  #: (A, m) of the round
    mix: Vector  #: (A,) the best mixture
    benchmark: float  #: its reward per round
    alpha: float  #: nu / (1 + beta)
    void: float  #: beta
    budget: float  #: B
    noise: np.uint64


@dataclass(frozen=True)
class Budgeted:
    """The benchmark is the linear program at the means over the rounds.

    They are the true means where rounds are drawn alike, and policies can be told them there; else they are those of
    the whole sequence, in hindsight. Under full feedback policies that can use it see rewards and costs of all actions;
    the others see those of the action played, as under bandit feedback. What is drawn in a round is a function of the
    round and of the replication's noise; all else belongs to the instance.
    """

    # A class has a method `draw(rng, horizon)`, which returns a table (S, A, 1 + m), void action first. Its rows are
    # the rounds, or phases of equal length, to within a round, in their order; or, where the class is `sampled`, the
    # situations of which each round meets one, all with the same probability. Where it is `drawn` the entries are
    # means, from which rewards of 0 or 1 and costs of 0 or +-1 are drawn; else they are what is paid. The void action
    # pays what the table says in any case.

    budget: AtLeastOne = 500.0  #: B, of each resource at the start
    feedback: Literal["full", "bandit"] = "full"  #: what may be seen of a round

    sampled = False
    drawn = False

    def gives(self) -> frozenset[str]:
        words = {"full-feedback"} if self.feedback == "full" else set()
        return frozenset(words | ({"monotone-costs"} if self.monotone() else set()))

    def metrics(self) -> tuple[str, ...]:
        return metrics_of(self.count_resources())

    def start(self, rng, noise, horizon) -> State:
        table = self.draw(rng, horizon)
        means = table.mean(axis=0) if self.sampled else mean_row(table, horizon)
        rho, resources = self.budget / horizon, table.shape[2] - 1
        void = float(0.0 - table[:, 0, 1:].max())
        best = best_mixture(means[:, 0], means[:, 1:], np.full(resources, rho))
        return State(
            table, self.sampled, self.drawn, horizon, np.full(resources, float(self.budget)), np.zeros(len(means)),
            np.zeros((len(means), resources)), best.weights, best.value, (rho + void) / (1.0 + void), void, self.budget,
            noise,
        )  # fmt: skip

    def facts(self, state) -> dict[str, Any]:
        known = {"budget": state.budget, "void": state.void, "mix": state.mix}
        alike = state.sampled or len(state.table) == 1
        return known | ({"means": state.table.mean(axis=0)} if alike else {})

    @staticmethod
    def observe(env, t, rng):
        return env.budgets

    @staticmethod
    def pull(env, t, arm):
        row = env.table[_row(env, t), arm]
        m = env.costs.shape[1]
        drawn = env.drawn and arm > 0
        for i in range(m):
            env.costs[arm, i] = _draw(env, t, arm * (1 + m) + 1 + i, row[1 + i]) if drawn else row[1 + i]
        return _draw(env, t, arm * (1 + m), row[0]) if drawn else row[0]

    @staticmethod
    def score(env, t, arm, reward, totals):
        totals[REGRET] += env.benchmark - reward
        totals[ALPHA] += env.alpha * env.benchmark - reward
        totals[REWARD] += reward
        totals[RATIO] = totals[REWARD] / (env.benchmark * (t + 1)) if env.benchmark > 0.0 else 1.0
        lowest = env.budgets[0]
        for i in range(env.budgets.shape[0]):
            lowest = min(lowest, env.budgets[i])
            if i < SINGLE:
                totals[FIRST + i] = env.budgets[i]
        totals[LOWEST] = lowest


def mean_row(table: np.ndarray, horizon: int) -> np.ndarray:
    """Return the mean over all rounds of rows (S, ...) that follow each other for equal times."""
    ends = -(-np.arange(len(table) + 1) * horizon // len(table))
    return np.tensordot(np.diff(ends) / horizon, table, 1)


@kernel
def _row(env, t):
    """Return which row of the table holds in round t."""
    rows = env.table.shape[0]
    if env.sampled:
        return int(uniform(env.noise, 0, t) * rows)  # no action is drawn in place 0, that of the void one
    return t * rows // env.horizon


@kernel
def _draw(env, t, place, mean):
    """Return the sign of the mean with its absolute value as probability, else 0."""
    if uniform(env.noise, place, t) >= abs(mean):
        return 0.0
    return 1.0 if mean > 0.0 else -1.0


def check_table(table: np.ndarray) -> None:
    """Check rewards and costs (S, A, 1 + m).

    Raises
    ------
    ValueError
        No row, fewer than two actions, or no resource; rewards outside [0, 1]; costs outside [-1, 1]; a void action
        that consumes.
    """
    if table.ndim != 3 or table.shape[0] < 1 or table.shape[1] < 2 or table.shape[2] < 2:
        raise ValueError(f"at least 2 actions, the void one first, and 1 resource; got shape {table.shape}")
    if wrong := outside(table[..., 0], table[..., 1:]):
        row, action = np.argwhere(~wrong.inside)[0][:2]
        found = np.ravel(wrong.values[row, action][~wrong.inside[row, action]])[0]
        raise ValueError(f"{wrong.what}: in {wrong.allowed}, got {found:g} for action {action}{_of_row(table, row)}")
    if table[:, 0, 1:].max() > 0:
        row, resource = np.argwhere(table[:, 0, 1:] > 0)[0]
        worst = table[row, 0, 1 + resource]
        raise ValueError(
            f"costs: those of the void action, the first, are at most 0; got {worst:g} of resource "
            f"{resource + 1}{_of_row(table, row)}"
        )


def _of_row(table: np.ndarray, row: int) -> str:
    return f" in row {row}" if len(table) > 1 else ""


def check_room(rows: int, actions: int, resources: int) -> None:
    """Check that a table of so many rows can be held.

    Raises
    ------
    ValueError
        It takes more than 2 GiB.
    """
    needed = 8 * rows * actions * (1 + resources)
    if needed > MOST:
        raise ValueError(
            f"a table of {rows:,} rows, {actions:,} actions and {resources} resources takes {needed / 2**30:.1f} GiB, "
            f"more than {MOST // 2**30} GiB"
        )


def check_law(name: str, law: list[float]) -> None:
    """Check the two parameters of a beta law, which a parameter of that name gives.

    Raises
    ------
    ValueError
        Another number of them.
    """
    if len(law) != 2:
        raise ValueError(f"{name}: the two parameters of a beta law, as [1.0, 1.0]; got {list(law)}")
