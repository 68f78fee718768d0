"""Rewards and costs by a table from a file: of every round, or of one for all."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

import numpy as np

from banditlab.arrays import is_columns, last_change, numbers, read_arrays
from banditlab.environments.budgeted import Budgeted, check_table
from banditlab.errors import UserError
from banditlab.registry import environment


@environment("table", game="knapsack")
@dataclass(frozen=True, kw_only=True)
class Table(Budgeted):
    """What each action pays and takes stands in a file, void action first; the void action may take nothing.

    An NPZ file holds `rewards` (A,) in [0, 1] and `costs` (A, m) in [-1, 1] of all rounds, or (T, A) and (T, A, m),
    with at least as many rounds as are played. A CSV file holds those of all rounds, a row an action: a column
    `reward`, and one of any name for the costs of each resource.

    With law "exact" entries are what is paid. With law "bernoulli" they are means: of rewards of 0 or 1, and of costs
    of 0 or +1, or of 0 or -1 where the mean is negative; what the void action pays stays exact.

    The benchmark is that of the entries: where they differ from round to round, of their means over all rounds that
    are played.
    """

    path: str  #: of an NPZ or CSV file
    law: Literal["exact", "bernoulli"] = "exact"  #: of rewards and costs, given their entries

    @property
    def drawn(self) -> bool:
        """Whether entries are means."""
        return self.law == "bernoulli"

    def count_resources(self) -> int:
        """Return m."""
        return load(self.path).shape[2] - 1

    def monotone(self) -> bool:
        """Return whether no cost is negative."""
        return bool(load(self.path)[..., 1:].min() >= 0.0)

    def draw(self, rng: np.random.Generator, horizon: int) -> np.ndarray:
        table = load(self.path)
        if 1 < len(table) < horizon:
            raise UserError(f"{self.path}: {len(table)} rounds are fewer than the horizon {horizon}")
        return table[:horizon]


def load(path: str) -> np.ndarray:
    """Read rewards and costs (S, A, 1 + m), once while the file is not changed; as `read_table`."""
    return _load(path, last_change(path))


@functools.lru_cache(maxsize=8)
def _load(path: str, changed: int) -> np.ndarray:
    return read_table(path)


def read_table(path: str) -> np.ndarray:
    """Read rewards and costs (S, A, 1 + m), S = 1 where they are the same in all rounds.

    Raises
    ------
    UserError
        With the file's name: it cannot be read, lacks an array, or holds what no table may; arrays of other shapes.
    """
    rewards, costs = _read(path)
    if rewards.ndim not in (1, 2) or costs.ndim != rewards.ndim + 1 or costs.shape[:-1] != rewards.shape:
        raise UserError(
            f"{path}: rewards (A,) and costs (A, m), or (T, A) and (T, A, m); got {rewards.shape} and {costs.shape}"
        )
    table = np.concatenate([rewards[..., None], costs], axis=-1)
    table = table if table.ndim == 3 else table[None]
    try:
        check_table(table)
    except ValueError as error:
        raise UserError(f"{path}: {error}") from error
    return table


def _read(path: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the rewards and costs of a file."""
    arrays = read_arrays(path)
    if is_columns(path):
        if "reward" not in arrays or len(arrays) < 2:
            raise UserError(f"{path}: a column 'reward' and one for each resource are needed, got {', '.join(arrays)}")
        columns = {name: numbers(path, name, column) for name, column in arrays.items()}
        rewards = columns.pop("reward")
        return rewards, np.column_stack(list(columns.values()))
    if not {"rewards", "costs"} <= arrays.keys():
        raise UserError(f"{path}: arrays 'rewards' and 'costs' are needed, got {', '.join(arrays)}")
    return numbers(path, "rewards", arrays["rewards"]), numbers(path, "costs", arrays["costs"])
