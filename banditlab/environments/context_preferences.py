"""What environments of the active dueling game share: fixed preferences in each context, and functions on a grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from banditlab.environments.domains import check_size, check_spread
from banditlab.environments.outcomes import meet
from banditlab.numerics.hashing import bits
from banditlab.numerics.kernels import cholesky, gram
from banditlab.types import Arms, Count, Counts, Matrix, Positive

APART = 40.0  #: length scales between unrelated contexts: their covariance is 0 to the bit


class State(NamedTuple):
    """Fixed preferences in each context, and how far arms are below the best; 0 where a metric is not kept."""

    features: Matrix  #: (C, K, d)
    matrices: Matrix  #: (C, K, K) probability that the arm of the row beats the arm of the column
    utility: Matrix  #: (C, K) gaps in utility
    borda: Matrix  #: (C, K) gaps in Borda value
    duels: Counts  #: (C, K, K) how often each pair met, above the diagonal
    best: Counts  #: (C,) the arm of the highest utility; without utilities, of the highest Borda value
    noise: NDArray[np.uint64]  #: (C,) a key for each context


class ContextPreferences:
    """Base of environments with one preference matrix for each context: their state, facts and verbs.

    The n-th duel of a pair in a context has one outcome for all policies, whatever was played before; exchanging the
    arms exchanges it; an arm against itself is a fair coin.
    """

    State = State

    def facts(self, state) -> dict[str, Any]:
        return {"best": state.best, "domain": state.features}

    @staticmethod
    def observe(env, t, rng):
        return env.features

    @staticmethod
    def duel(env, t, features, context, first, second):
        chance = env.matrices[context, min(first, second), max(first, second)]
        return meet(env.noise[context], env.duels[context], first, second, chance)

    @staticmethod
    def chance(env, t, features, context, first, second):
        chance = env.matrices[context, min(first, second), max(first, second)]
        return 0.5 if first == second else chance if first < second else 1.0 - chance

    @staticmethod
    def shortfall(env, context, arm):
        return env.utility[context, arm], env.borda[context, arm]


@dataclass(frozen=True)
class Grid:
    """Parameters of a smooth random function on a grid of contexts and actions."""

    contexts: Count = 20  #: C
    actions: Arms = 20  #: K
    structure: Literal["homogeneous", "heterogeneous", "independent"] = "homogeneous"  #: alike, uneven, or unrelated
    length_scale: Positive = 0.2  #: of both coordinates, which lie in [0, 1]

    def __post_init__(self):
        check_size(self.contexts * self.actions, "contexts * actions")
        check_spread(_covariance(np.array([0.0, 1.0]), self.length_scale), self.length_scale)

    def points(self) -> np.ndarray:
        """Return the points (C, K, 2) of the grid: the coordinates of the context and of the action.

        Each goes from 0 to 1; but unrelated contexts are 40 length scales apart, so that the squared exponential
        kernel on these points is the one that the function was drawn from.
        """
        if self.structure == "independent":
            contexts = APART * self.length_scale * np.arange(self.contexts)
        else:
            contexts = np.linspace(0.0, 1.0, self.contexts)
        return np.stack(np.meshgrid(contexts, np.linspace(0.0, 1.0, self.actions), indexing="ij"), axis=2)

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return values (C, K) drawn from a Gaussian process, of mean 0 over the actions of each context.

        The covariance is a product of squared exponential kernels of contexts and actions. "independent" has the
        identity for contexts, and "heterogeneous" multiplies the values of a context x by
        0.05 + 0.95 / (1 + exp((0.7 - x) / 0.05)).
        """
        x, a = np.linspace(0.0, 1.0, self.contexts), np.linspace(0.0, 1.0, self.actions)
        between = np.eye(self.contexts) if self.structure == "independent" else _covariance(x, self.length_scale)
        noise = rng.standard_normal((self.contexts, self.actions))
        values = cholesky(between) @ noise @ cholesky(_covariance(a, self.length_scale)).T
        values -= values.mean(axis=1, keepdims=True)
        if self.structure == "heterogeneous":
            values *= (0.05 + 0.95 / (1.0 + np.exp((0.7 - x) / 0.05)))[:, None]
        return values


def _covariance(points: np.ndarray, length_scale: float) -> np.ndarray:
    return gram(points[:, None], "rbf", 1.0, length_scale)


def make_state(
    features: np.ndarray, matrices: np.ndarray, noise: np.uint64, utilities: np.ndarray | None = None
) -> State:
    """Return the state of an environment with features (C, K, d) and preference matrices (C, K, K).

    With utilities (C, K), in whose order the arms of a context beat each other, these say which arms are best.
    """
    values = borda_values(matrices)
    best = np.argmax(values if utilities is None else utilities, axis=1)
    utility = np.zeros_like(values) if utilities is None else _gaps(utilities)
    keys = np.array([bits(noise, context, 0) for context in range(len(matrices))], np.uint64)
    return State(features, matrices, utility, _gaps(values), np.zeros(matrices.shape, int), best, keys)


def borda_values(matrices: np.ndarray) -> np.ndarray:
    """Return the mean probability (C, K) to beat an arm drawn uniformly from all, itself among them.

    Its mean over the arms of a context is 1/2.
    """
    return matrices.mean(axis=2)


def _gaps(values: np.ndarray) -> np.ndarray:
    return values.max(axis=1, keepdims=True) - values
