"""Real data as a contextual bandit: guess the class of a row, see whether the guess was right."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from banditlab.arrays import last_change, numbers, read_arrays
from banditlab.errors import UserError
from banditlab.games.bandit import score
from banditlab.registry import environment
from banditlab.types import Counts, Matrix


@environment(
    "classification",
    game="bandit",
    gives=("features", "bounded-rewards"),
    metrics=("regret", "realised-regret"),
)
@dataclass(frozen=True)
class Classification:
    """A data set of rows and classes as a contextual bandit; the reward is 1 for the right class, else 0.

    Each class is an arm, and all arms see the row of the round. Rows are scaled to norm 1, shuffled in each
    replication, and shuffled again after each pass through the data.

    `data` is "digits" (scikit-learn's 1797 images of 8 x 8, needs the extra `data`), or the path of a CSV file with a
    header or an NPZ file (then with an array `features` (n, d)); `target` names the column or array of the classes.
    """

    data: str = "digits"  #: "digits", or a path ending in .csv or .npz
    target: str = "label"  #: column or array with the classes, integers or words

    class State(NamedTuple):
        rows: Matrix  #: (n, d), of norm 1
        classes: Counts  #: (n,) in 0 .. K-1
        order: Counts  #: (n,) the shuffled order of the pass
        features: Matrix  #: (K, d), all rows equal
        best: Counts  #: (1,) the right class of the round

    def start(self, rng, noise, horizon) -> State:
        rows, classes = load(self.data, self.target)
        arms = int(classes.max()) + 1
        order = rng.permutation(len(rows))
        features = np.zeros((arms, rows.shape[1]))
        return self.State(rows, classes, order, features, np.zeros(1, int))

    def facts(self, state) -> dict[str, Any]:
        return {"best": state.best}

    @staticmethod
    def observe(env, t, rng):
        size = env.rows.shape[0]
        at = t % size
        if at == 0 and t > 0:
            for i in range(size - 1, 0, -1):
                j = int(rng.random() * (i + 1))
                env.order[i], env.order[j] = env.order[j], env.order[i]
        row = env.order[at]
        for k in range(env.features.shape[0]):
            for i in range(env.features.shape[1]):
                env.features[k, i] = env.rows[row, i]
        env.best[0] = env.classes[row]
        return env.features

    @staticmethod
    def pull(env, t, features, arm):
        return 1.0 if arm == env.best[0] else 0.0

    @staticmethod
    def regret(env, t, features, arm, reward, totals):
        score(totals, 1.0 - reward, 1.0 - reward)


def load(data: str, target: str) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of norm 1, float64 (n, d), and classes 0 .. K-1, int64 (n,).

    Raises
    ------
    UserError
        The data is missing or not numeric, or labels and rows do not match.
    """
    return _load(data, target, 0 if data == "digits" else last_change(data))


@functools.lru_cache(maxsize=8)
def _load(data: str, target: str, changed: int) -> tuple[np.ndarray, np.ndarray]:
    rows, labels = _digits() if data == "digits" else _read(data, target)
    names, classes = np.unique(labels, return_inverse=True)
    if len(names) < 2:
        raise UserError(f"{data}: {target!r} should hold at least 2 classes, got {len(names)}")
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0), classes.astype(np.int64)


def _digits() -> tuple[np.ndarray, np.ndarray]:
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise UserError('data = "digits" needs scikit-learn: pip install "banditlab-sim[data]"') from None
    return load_digits(return_X_y=True)


def _read(path: str, target: str) -> tuple[np.ndarray, np.ndarray]:
    if not path.endswith((".csv", ".npz")):
        raise UserError(f"data: 'digits', or a path that ends in .csv or .npz; got {path!r}")
    arrays = read_arrays(path)
    if target not in arrays:
        raise UserError(f"{path}: no column or array {target!r}; there are {', '.join(map(repr, arrays))}")
    labels = arrays[target]
    missing = np.flatnonzero(labels != labels)  # NaN is the one value that differs from itself
    if len(missing):
        raise UserError(f"{path}: {target!r} has no class at row {missing[0]}")
    if labels.dtype.kind == "f" and not (labels == np.rint(labels)).all():
        raise UserError(f"{path}: {target!r} should hold classes (integers or words), got fractions")
    if path.endswith(".csv"):
        rows = np.column_stack([numbers(path, name, array) for name, array in arrays.items() if name != target])
        labels = labels if labels.dtype.kind in "if" else labels.astype(str)
    elif "features" in arrays:
        rows = numbers(path, "features", arrays["features"])
    else:
        raise UserError(f"{path}: no array 'features'; there are {', '.join(map(repr, arrays))}")
    if rows.ndim != 2 or labels.ndim != 1 or len(rows) != len(labels):
        raise UserError(
            f"{path}: features {rows.shape} and labels {labels.shape} do not match; allowed: (n, d) and (n,)"
        )
    return rows, labels
