"""A preference matrix: fixed probabilities that one arm beats another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from banditlab.environments.instances import table
from banditlab.environments.outcomes import meet
from banditlab.games.dueling import score_preference
from banditlab.registry import environment
from banditlab.types import Counts, Probability
from banditlab.types import Matrix as Square


@environment("matrix", game="dueling", metrics=("average-preference", "strong-preference", "weak-preference"))
@dataclass(frozen=True)
class Matrix:
    """Arm i beats arm j with probability matrix[i][j], where matrix[i][j] + matrix[j][i] = 1.

    The regret is to the Condorcet winner, which beats every other arm with probability above 1/2; there must be one.
    There are no utilities, so only the metrics by preference exist.
    """

    matrix: list[list[Probability]] | str  #: (K, K), row by row, or the path of a CSV, NPZ or NPY file

    class State(NamedTuple):
        features: Square  #: (K, 0)
        matrix: Square  #: (K, K)
        duels: Counts  #: (K, K) how often each pair met, above the diagonal
        best: Counts  #: (1,) the Condorcet winner
        noise: np.uint64

    def __post_init__(self):
        if not isinstance(self.matrix, str):
            check(np.array(self.matrix, float) if len({len(row) for row in self.matrix}) == 1 else np.zeros((0, 0)))

    def start(self, rng, noise, horizon) -> State:
        values = table(self.matrix, "matrix") if isinstance(self.matrix, str) else np.array(self.matrix, float)
        arms, best = len(values), check(values)
        return self.State(np.zeros((arms, 0)), values, np.zeros((arms, arms), int), np.array([best]), noise)

    def facts(self, state) -> dict[str, Any]:
        return {"best": state.best}

    @staticmethod
    def observe(env, t, rng):
        return env.features

    @staticmethod
    def duel(env, t, features, first, second):
        return meet(env.noise, env.duels, first, second, env.matrix[min(first, second), max(first, second)])

    @staticmethod
    def regret(env, t, features, first, second, totals):
        row = env.matrix[env.best[0]]
        score_preference(totals, row[first] - 0.5, row[second] - 0.5)


def check(matrix: np.ndarray) -> int:
    """Return the Condorcet winner of a preference matrix (K, K).

    Raises
    ------
    ValueError
        Not square, not within [0, 1], P + P' not 1, or no Condorcet winner.
    """
    if matrix.ndim != 2 or len(matrix) < 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError("matrix: should be square, with at least 2 rows, each as long as there are rows")
    if matrix.min() < 0 or matrix.max() > 1:
        raise ValueError(f"matrix: probabilities lie in [0, 1], got {matrix.min():g} .. {matrix.max():g}")
    off = np.abs(matrix + matrix.T - 1)
    if off.max() > 1e-9:
        i, j = np.unravel_index(off.argmax(), off.shape)
        raise ValueError(f"matrix: [{i}][{j}] + [{j}][{i}] should be 1, got {matrix[i, j] + matrix[j, i]:g}")
    winners = np.flatnonzero((matrix > 0.5).sum(1) == len(matrix) - 1)
    if len(winners) == 0:
        raise ValueError("matrix: no arm beats every other one, and the regret is to such a Condorcet winner")
    return int(winners[0])
