"""Online linear and logistic regression: a row of data a round, the loss of predicting its label.

V. Vovk. Competitive on-line statistics. International Statistical Review 69(2), 2001; E. Hazan, A. Agarwal, S. Kale.
Logarithmic regret algorithms for online convex optimization. Machine Learning 69, 2007, for exp-concavity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from banditlab.arrays import is_columns, named, numbers, read_arrays
from banditlab.environments.datasets import normalised
from banditlab.environments.feedback import Setting
from banditlab.environments.instances import exclusive, fill
from banditlab.environments.linear_forms import LinearForms
from banditlab.errors import UserError
from banditlab.numerics import domains
from banditlab.numerics.links import chances
from banditlab.registry import environment
from banditlab.types import NonNegative

FLAT = 700.0  #: |<a, x>| above which exp(-|<a, x>|) is hardly a number


@environment(
    "regression",
    game="convex",
    metrics=("static-regret", "dynamic-regret"),
    cite=("vovk2001competitive", "hazan2007logarithmic"),
)
@dataclass(frozen=True)
class Regression(Setting, LinearForms):
    """Losses are 1/2 (<a_t, x> - y_t)^2, or log(1 + exp(-y_t <a_t, x>)) for labels of -1 and 1.

    They are exp-concave on a bounded domain, with an alpha of logistic losses that is least exp(-|<a, x>|): where the
    largest norm of a row times that of a point is above 700, rounding makes it 0, and they do not count as such: take a
    smaller radius. The best point is that of least loss on all rounds, by a convex solver.

    Rows are drawn at random, of norm 1 in random directions, for a point theta that is uniform on the domain: y is <a,
    theta> and normal noise, or 1 with probability 1 / (1 + exp(-<a, theta>)). Or they stand in a file: a CSV with a
    header, in which all columns but that of the labels are numbers of the row, or an NPZ with an array `features` (n,
    d). Each pass through the file takes its rows in their order, or in a new random one. Labels of logistic losses are
    0 and 1, or -1 and 1.
    """

    loss: Literal["squared", "logistic"] = "squared"
    noise: NonNegative | None = None  #: standard deviation of labels of squared losses that are drawn; 0.1
    data: str | None = None  #: in place of what is drawn, a path ending in .csv or .npz
    target: str = "y"  #: column or array with the labels
    order: Literal["file", "shuffled"] = "shuffled"  #: of the rows of a file
    normalise: Literal["rows", "columns", "none"] = "rows"  #: each row of a file to norm 1, or columns to mean 0, std 1

    def __post_init__(self):
        exclusive(self, "data", ("noise", "dim"))
        if self.noise is not None and self.loss == "logistic":
            raise ValueError("noise: only of squared losses; of logistic ones labels are drawn")
        if self.data is not None:
            fill(self, dim=self._read()[0].shape[1])
        elif self.loss == "squared":
            fill(self, noise=0.1)
        self.settle()

    def gives(self) -> frozenset[str]:
        flat = self.loss == "logistic" and self._largest() > FLAT
        return self.given() | ({"exp-concave"} if self.feedback == "gradient" and not flat else set())

    def _largest(self) -> float:
        """Return a bound on |<a, x>|."""
        domain = domains.make_domain(self.domain, self.radius, self.dim)
        size = 1.0 if self.data is None else float(np.linalg.norm(self._read()[0], axis=1).max())
        return size * float(domains.farthest(domain, np.zeros((1, self.dim)))[0])

    def notes(self, horizon: int) -> list[str]:
        """Return what a user should know of a run of that many rounds: that rows come again, where they do."""
        count = horizon if self.data is None else len(self._read()[0])
        return [f"{count:,} rows for {horizon:,} rounds: they come again"] if count < horizon else []

    def draw(self, rng: np.random.Generator, coins: np.random.Generator, horizon: int):
        if self.data is None:
            return *self._draw_rows(rng, coins, horizon), np.arange(horizon)
        rows, labels = self._read()
        count = len(rows)
        passes = [
            coins.permutation(count) if self.order == "shuffled" else np.arange(count) for _ in range(0, horizon, count)
        ]
        return rows, labels, np.concatenate(passes)[:horizon]

    def _draw_rows(self, rng, coins, horizon) -> tuple[np.ndarray, np.ndarray]:
        theta = np.zeros(self.dim)
        domains.draw_point(domains.make_domain(self.domain, self.radius, self.dim), rng, theta)
        rows = normalised(coins.standard_normal((horizon, self.dim)), "rows")
        if self.loss == "squared":
            return rows, rows @ theta + self.noise * coins.standard_normal(horizon)
        return rows, np.where(coins.random(horizon) < chances("logistic", rows @ theta), 1.0, -1.0)

    def _read(self) -> tuple[np.ndarray, np.ndarray]:
        rows, labels = read_rows(self.data, self.target)
        rows = normalised(rows, self.normalise)
        if not rows.any():
            raise UserError(
                f"{self.data}: all features are 0, with normalise {self.normalise!r}: all points have the same loss"
            )
        return rows, labels if self.loss == "squared" else signs(self.data, self.target, labels)


def read_rows(path: str, target: str) -> tuple[np.ndarray, np.ndarray]:
    """Read rows (n, d) and labels (n,).

    Raises
    ------
    UserError
        With the file's name: it cannot be read, lacks an array or a column, or holds other than finite numbers; shapes
        do not match.
    """
    arrays = dict(read_arrays(path))
    labels = numbers(path, target, named(path, arrays, target))
    if is_columns(path):
        del arrays[target]
        columns = [numbers(path, name, column) for name, column in arrays.items()]
        rows = np.column_stack(columns) if columns else np.zeros((len(labels), 0))
    else:
        rows = numbers(path, "features", named(path, arrays, "features"))
    if rows.ndim != 2 or not rows.size or labels.shape != rows.shape[:1]:
        raise UserError(
            f"{path}: features {rows.shape} and labels {labels.shape} do not match; allowed: (n, d) and (n,)"
        )
    return rows, labels


def signs(path: str, target: str, labels: np.ndarray) -> np.ndarray:
    """Return labels that are 0 and 1, or -1 and 1, as -1 and 1.

    Raises
    ------
    UserError
        They are not.
    """
    found = set(np.unique(labels).tolist())
    if not (found <= {0.0, 1.0} or found <= {-1.0, 1.0}):
        few = ", ".join(f"{label:g}" for label in sorted(found)[:4])
        raise UserError(f"{path}: {target!r}: labels of logistic losses are 0 and 1, or -1 and 1; got {few}")
    return np.where(labels > 0.0, 1.0, -1.0)
