"""Logged data of a bandit: rows of (context, action, reward, probability), from a file."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

import numpy as np

from banditlab.arrays import is_columns, last_change, named, numbers, read_arrays
from banditlab.errors import UserError
from banditlab.types import Counts, Tensor, Vector

NUMBER = r"(0|[1-9][0-9]{0,5})"
SHARED, OWN = re.compile(f"x_{NUMBER}"), re.compile(f"x_{NUMBER}_{NUMBER}")


class Log(NamedTuple):
    """Logged rounds, n of them; the arrays are shared, and not to be changed."""

    contexts: Tensor  #: (n, K, d), or (n, 1, d) where all arms have the same features
    actions: Counts  #: (n,) in 0 .. K-1
    rewards: Vector  #: (n,)
    chances: Vector  #: (n,) in (0, 1], with which the logging policy chose its action
    arms: int  #: K

    @property
    def has_arm_features(self) -> bool:
        """Whether arms have features of their own."""
        return self.contexts.shape[1] > 1


def read_log(path: str, arms: int | None = None) -> Log:
    """Read a log.

    A table (CSV, Parquet) has columns `action`, `reward`, `probability`, and numbered ones for the context: `x_I` where
    all arms see the same, `x_K_I` for number I of arm K where each has its own, both from 0. An NPZ file has arrays of
    the same three names (n,), and `features` (n, d) or (n, K, d). Other columns are left alone, but for `arms`, the
    number of arms in each row.

    Parameters
    ----------
    path : str
    arms : int, optional
        K; by default what the column `arms` or the features say, or else the largest action + 1.

    Raises
    ------
    UserError
        A column is missing, or something in one is not what it should be: the file, the row, what was found and what is
        allowed.
    """
    return _read_log(path, arms, last_change(path))


@functools.lru_cache(maxsize=4)
def _read_log(path: str, arms: int | None, changed: int) -> Log:
    arrays = read_arrays(path)
    actions, rewards, chances = (_column(path, arrays, name) for name in ("action", "reward", "probability"))
    if not len(actions):
        raise UserError(f"{path}: holds no rows")
    contexts = _from_columns(path, arrays) if is_columns(path) else _from_array(path, arrays)
    if len(contexts) != len(actions):
        raise UserError(f"{path}: {len(contexts)} rows of features and {len(actions)} of actions")
    _refuse(path, "probability", chances, (chances <= 0) | (chances > 1), "lie in (0, 1]")
    arms = arms or _arms(path, arrays, contexts, actions)
    if contexts.shape[1] not in (1, arms):
        raise UserError(f"{path}: features of {contexts.shape[1]} arms, and there are {arms}")
    strange = (actions < 0) | (actions >= arms) | (actions % 1 != 0)
    _refuse(path, "action", actions, strange, f"be a whole number in 0 .. {arms - 1}")
    return Log(contexts, actions.astype(np.int64), rewards, chances, arms)


def _column(path: str, arrays: dict[str, np.ndarray], name: str) -> np.ndarray:
    found = numbers(path, name, named(path, arrays, name))
    if found.ndim != 1:
        raise UserError(f"{path}: array {name!r}: should have the shape (n,), got {found.shape}")
    return found


def _refuse(path: str, name: str, values: np.ndarray, wrong: np.ndarray, allowed: str) -> None:
    if wrong.any():
        row = int(wrong.argmax())
        raise UserError(f"{path}: column {name!r}: should {allowed}, got {values[row]:g} at row {row}")


def _arms(path: str, arrays: dict[str, np.ndarray], contexts: np.ndarray, actions: np.ndarray) -> int:
    if "arms" in arrays:
        column = numbers(path, "arms", np.atleast_1d(arrays["arms"]))
        _refuse(path, "arms", column, (column != column[0]) | (column < 1) | (column % 1 != 0), "be one number of arms")
        return int(column[0])
    return contexts.shape[1] if contexts.shape[1] > 1 else max(int(actions.max()) + 1, 1)


def _from_columns(path: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Return contexts (n, K, d) or (n, 1, d) of numbered columns."""
    shared = {(0, int(match[1])): name for name in arrays if (match := SHARED.fullmatch(name))}
    own = {(int(match[1]), int(match[2])): name for name in arrays if (match := OWN.fullmatch(name))}
    if shared and own:
        raise UserError(f"{path}: columns {min(shared.values())!r} and {min(own.values())!r}: features are either "
                        "of all arms, x_I, or of each, x_K_I")  # fmt: skip
    at = shared or own
    arms, dim = (1 + max((place[axis] for place in at), default=-1 + (axis == 0)) for axis in (0, 1))
    if len(at) < arms * dim:
        k, i = next((k, i) for k in range(arms) for i in range(dim) if (k, i) not in at)
        raise UserError(f"{path}: no column {f'x_{k}_{i}' if own else f'x_{i}'!r} among those of the features")
    rows = len(arrays["action"])
    contexts = np.empty((rows, arms, dim))
    for (k, i), name in at.items():
        contexts[:, k, i] = numbers(path, name, arrays[name])
    return contexts


def _from_array(path: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Return contexts (n, K, d) or (n, 1, d) of the array `features`; without it, (n, 1, 0)."""
    if "features" not in arrays:
        return np.zeros((len(arrays["action"]), 1, 0))
    found = numbers(path, "features", arrays["features"])
    if found.ndim not in (2, 3):
        raise UserError(f"{path}: array 'features': should have the shape (n, d) or (n, K, d), got {found.shape}")
    return found if found.ndim == 3 else found[:, None, :]
