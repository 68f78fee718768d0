"""What environments of duels between fixed arms share: all but where their preference matrix comes from."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from banditlab import bounds
from banditlab.environments.outcomes import meet
from banditlab.errors import UserError
from banditlab.games.dueling import (
    PREFERENCE_METRICS,
    TOURNAMENT_METRICS,
    score_preference,
    score_tournament,
    score_utility,
)
from banditlab.types import Counts, Matrix, Vector

#: Of a matrix with a Condorcet winner; without one, only the latter two.
METRICS = (*PREFERENCE_METRICS, *TOURNAMENT_METRICS)


class State(NamedTuple):
    """Fixed preferences, and what they cost; gaps are to the best arm, and 0 where their metric is not kept."""

    features: Matrix  #: (K, 0)
    matrix: Matrix  #: (K, K) probability that the arm of the row beats the arm of the column
    utility: Vector  #: (K,) gaps in utility; (0,) where there are no utilities
    preference: Vector  #: (K,) gaps in preference
    copeland: Vector  #: (K,) gaps in Copeland score
    borda: Vector  #: (K,) gaps in Borda score
    duels: Counts  #: (K, K) how often each pair met, above the diagonal
    best: Counts  #: (1,) the Condorcet winner, or else the first arm of the highest Copeland score
    noise: np.uint64


class Preferences:
    """Base of environments with one preference matrix: their state, facts, bound and verbs.

    The n-th duel of a pair has one outcome for all policies, whatever was played before; an arm against itself is a
    fair coin.
    """

    State = State

    def facts(self, state) -> dict[str, Any]:
        return {"best": state.best}

    def bounds(self, state, rounds) -> list[bounds.Bound]:
        structured = state.features.shape[1] > 0  # policies that know the structure can stay below the bound
        return [bounds.condorcet(state.matrix, rounds)] if has_condorcet_winner(state.matrix) and not structured else []

    @staticmethod
    def observe(env, t, rng):
        return env.features

    @staticmethod
    def duel(env, t, features, first, second):
        return meet(env.noise, env.duels, first, second, env.matrix[min(first, second), max(first, second)])

    @staticmethod
    def chance(env, t, features, first, second):
        low, high = min(first, second), max(first, second)
        chance = env.matrix[low, high]
        return 0.5 if first == second else chance if first < second else 1.0 - chance

    @staticmethod
    def regret(env, t, features, first, second, totals):
        if env.utility.shape[0] > 0:
            score_utility(totals, env.utility[first], env.utility[second])
        score_preference(totals, env.preference[first], env.preference[second])
        score_tournament(totals, env.copeland, env.borda, first, second)


def make_state(matrix: np.ndarray, noise: np.uint64, utilities: np.ndarray | None = None) -> State:
    """Return the state of an environment with a checked preference matrix (K, K).

    With utilities (K,), in whose order the arms beat each other, the best arm is the one of the highest utility.
    """
    arms, (copeland, borda) = len(matrix), scores(matrix)
    best = int(np.argmax(copeland if utilities is None else utilities))
    utility = np.zeros(0) if utilities is None else utilities[best] - utilities
    kept = utilities is not None or has_condorcet_winner(matrix)
    preference = matrix[best] - 0.5 if kept else np.zeros(arms)
    gaps = utility, preference, copeland.max() - copeland, borda.max() - borda
    return State(np.zeros((arms, 0)), matrix, *gaps, np.zeros((arms, arms), int), np.array([best]), noise)


def scores(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the Copeland score of each arm, the share of the others that it beats, and its Borda score.

    The latter is the mean probability to beat another arm. To beat is to win with probability above 1/2: a pair of
    even arms counts for neither.
    """
    others = len(matrix) - 1
    return (matrix > 0.5).sum(1) / others, (matrix.sum(1) - 0.5) / others


def has_condorcet_winner(matrix: np.ndarray) -> bool:
    """Tell whether an arm beats every other one."""
    return bool(((matrix > 0.5).sum(1) == len(matrix) - 1).any())


def kept_metrics(matrix: np.ndarray) -> tuple[str, ...]:
    """Return the metrics that a preference matrix has: those to a Condorcet winner only where there is one."""
    return METRICS if has_condorcet_winner(matrix) else TOURNAMENT_METRICS


def check_matrix(matrix: np.ndarray, place: str) -> None:
    """Check that a matrix (K, K) holds preferences; `place` is where it stands, for messages.

    Raises
    ------
    UserError
        Not square, not within [0, 1], or P + P' not 1.
    """
    if matrix.ndim != 2 or len(matrix) < 2 or matrix.shape[0] != matrix.shape[1]:
        found = f"{matrix.shape[0]} rows of {matrix.shape[1]}" if matrix.ndim == 2 else f"shape {matrix.shape}"
        raise UserError(f"{place}: should be square, with at least 2 rows, got {found}")
    if not (matrix.min() >= 0 and matrix.max() <= 1):
        raise UserError(f"{place}: probabilities lie in [0, 1], got {matrix.min():g} .. {matrix.max():g}")
    off = np.abs(matrix + matrix.T - 1)
    if off.max() > 1e-9:
        i, j = np.unravel_index(off.argmax(), off.shape)
        raise UserError(f"{place}: [{i}][{j}] + [{j}][{i}] should be 1, got {matrix[i, j] + matrix[j, i]:g}")
