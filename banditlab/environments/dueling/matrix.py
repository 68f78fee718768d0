"""A preference matrix: fixed probabilities that one arm beats another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from banditlab.arrays import table
from banditlab.environments.preferences import METRICS, Preferences, State, check_matrix, kept_metrics, make_state
from banditlab.environments.published import PUBLISHED, SOURCES, published_matrix
from banditlab.errors import nearest
from banditlab.registry import environment
from banditlab.types import Real


@environment("matrix", game="dueling", metrics=METRICS)
@dataclass(frozen=True)
class Matrix(Preferences):
    """Arm i beats arm j with probability matrix[i][j], where matrix[i][j] + matrix[j][i] = 1.

    It is written row by row, read from a file (a CSV file begins with a line of names, one an arm), or one of those
    that papers have published: "arxiv-6" (Yue and Joachims 2011), "mslr-5" (Wu and Liu 2016),
    "cyclic-4" and "arithmetic-8" (Komiyama et al. 2015). Their values, with sources, stand in
    `banditlab.environments.published`. Arms keep the order that they are written in.

    The metrics by preference are to the Condorcet winner, which beats every other arm with probability above 1/2. They
    are kept where there is one; "copeland" and "borda" always are. There are no utilities, and no metrics by utility.
    """

    matrix: list[list[Real]] | str  #: (K, K) row by row; or the path of a CSV, NPZ or NPY file; or a published name

    def __post_init__(self):
        if not isinstance(self.matrix, str):
            self._values()
        elif not Path(self.matrix).suffix and self.matrix not in PUBLISHED:
            raise ValueError(
                f"matrix: {self.matrix!r} is no path that ends in .csv, .npz or .npy, and no published matrix"
                f"{nearest(self.matrix, PUBLISHED)}"
            )

    def cite(self) -> tuple[str, ...]:
        """Return what is cited for a published matrix."""
        return SOURCES.get(self.matrix, ()) if isinstance(self.matrix, str) else ()

    def start(self, rng, noise, horizon) -> State:
        return make_state(self._values(), noise)

    def metrics(self) -> tuple[str, ...]:
        return kept_metrics(self._values())

    def _values(self) -> np.ndarray:
        if isinstance(self.matrix, str) and self.matrix in PUBLISHED:
            return published_matrix(self.matrix)
        if isinstance(self.matrix, str):
            values, place = table(self.matrix, "matrix"), self.matrix
            if place.endswith(".csv"):
                place += " below its line of names"
        else:
            lengths = {len(row) for row in self.matrix}
            if lengths != {len(self.matrix)}:
                text = " or ".join(map(str, sorted(lengths))) or "no"
                raise ValueError(f"matrix: should be square, got {len(self.matrix)} rows of {text} numbers")
            values, place = np.array(self.matrix, float), "matrix"
        check_matrix(values, place)
        return values
