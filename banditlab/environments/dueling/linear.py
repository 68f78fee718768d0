"""CoLST: contextual linear stochastic transitivity (Bengs, Saha, Huellermeier 2022).

V. Bengs, A. Saha, E. Huellermeier. Stochastic contextual dueling bandits under linear stochastic transitivity models.
ICML 2022 (arXiv 2202.04593).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from banditlab.arrays import table
from banditlab.environments.contexts import draw_ball, draw_gauss, draw_hypercube, draw_sphere, rank, unit_rows
from banditlab.environments.instances import exclusive, fill
from banditlab.environments.outcomes import meet
from banditlab.errors import UserError
from banditlab.games.dueling import PREFERENCE_METRICS, UTILITY_METRICS, score_preference, score_utility
from banditlab.numerics.hashing import uniform
from banditlab.numerics.links import LINKS, noise, probability
from banditlab.registry import environment
from banditlab.types import Arms, Count, Counts, Matrix, Positive, Real, Vector

Contexts = Literal[
    "sphere", "ball", "gauss", "hypercube", "static", "one-hot", "array", "static-hypercube", "all-signs"
]
CONTEXTS = get_args(Contexts)
SPHERE, BALL, GAUSS, HYPERCUBE, _, _, ARRAY, _, _ = range(9)
CORNERS = ("static-hypercube", "all-signs")


def corners(numbers: np.ndarray, dim: int) -> np.ndarray:
    """Return vectors of signs (K, d) by their numbers (K,): the i-th sign is plus where bit i is set."""
    return 2.0 * (numbers[:, None] >> np.arange(dim) & 1) - 1.0


@environment(
    "linear",
    game="dueling",
    gives=("features",),
    metrics=(*UTILITY_METRICS, *PREFERENCE_METRICS),
    cite=("bengs2022stochastic",),
)
@dataclass(frozen=True)
class Linear:
    """Arm i beats arm j with probability F((x_i - x_j)'theta), for one unknown theta of norm `signal`.

    Contexts are drawn in each round, K rows of R^d: uniform on the unit sphere or in the unit ball, standard normal,
    or random signs / sqrt(d); or they stay as they are: `static` (the sphere, once), `static-hypercube` (signs /
    sqrt(d), once, all arms different), `all-signs` (the 2^d vectors of signs, of norm sqrt(d)), `one-hot` (dim =
    arms), and `array` (from the file `features`, of shape (K, d), or (T, K, d) for one a round).

    Where contexts change, the winner is the arm of larger utility plus noise, with one noise for each arm and round;
    where they stay, the n-th duel of a pair has one outcome for all policies. Either way exchanging the arms exchanges
    the outcome, and an arm against itself is a fair coin.
    """

    arms: Arms | None = None  #: K; 10 unless contexts come from a file or are all signs
    dim: Count | None = None  #: d; 10 unless contexts come from a file or are one-hot
    link: Literal["logistic", "probit", "exponential"] = "logistic"  #: F
    contexts: Contexts = "sphere"
    signal: Positive | None = None  #: norm of theta, where theta is drawn; 1
    direction: Literal["sphere", "cube"] | None = (
        None  #: of theta: uniform; or that of a uniform point of [0, 1]^d; sphere
    )
    theta: list[Real] | None = None  #: (d,) in place of a draw
    features: str | None = None  #: path of the contexts, NPZ or NPY

    class State(NamedTuple):
        features: Matrix  #: (K, d) of the round
        given: Matrix  #: (S, K, d) contexts from a file, S = 0 without
        theta: Vector  #: (d,)
        utilities: Vector  #: (K,) of the round
        best: Counts  #: (1,) the best arm of the round
        duels: Counts  #: (K, K) how often each pair met, where contexts stay; (0, 0) where they change
        contexts: int
        link: int
        noise: np.uint64

    def __post_init__(self):
        if (self.contexts == "array") != (self.features is not None):
            raise ValueError('contexts = "array" and features = "FILE" go together')
        exclusive(self, "theta", ("signal", "direction"))
        exclusive(self, "features", ("arms", "dim"))
        if self.theta is None:
            fill(self, signal=1.0, direction="sphere")
        if self.contexts == "all-signs":
            fill(self, dim=5)
            fill(self, arms=2**self.dim)
        if self.features is None:
            fill(self, arms=10)
            fill(self, dim=self.arms if self.contexts == "one-hot" else 10)
        if self.contexts == "all-signs" and self.arms != 2**self.dim:
            raise ValueError(f'contexts = "all-signs" has arms = 2^dim, got dim = {self.dim}, arms = {self.arms}')
        if self.contexts == "static-hypercube" and self.arms > 2**self.dim:
            raise ValueError(
                f'contexts = "static-hypercube" has at most 2^dim arms, got dim = {self.dim}, arms = {self.arms}'
            )
        if self.contexts in CORNERS and self.dim > 60:
            raise ValueError(f'contexts = "{self.contexts}" needs dim <= 60, got {self.dim}')
        if self.contexts == "one-hot" and self.arms != self.dim:
            raise ValueError(f'contexts = "one-hot" needs dim = arms, got dim = {self.dim}, arms = {self.arms}')

    def start(self, rng, noise, horizon) -> State:
        given = self._given(horizon)
        arms, dim = given.shape[1:]
        if self.theta is None:
            theta = rng.standard_normal(dim) if self.direction == "sphere" else rng.random(dim)
            theta *= self.signal / np.linalg.norm(theta)
        elif len(self.theta) == dim:
            theta = np.array(self.theta, float)
        else:
            raise ValueError(f"theta: of length dim = {dim}, got {len(self.theta)}")
        met = arms if self.contexts in ("static", "one-hot", *CORNERS) or len(given) == 1 else 0
        features = np.eye(arms, dim)
        if self.contexts == "static":
            features = unit_rows(rng, arms, dim)
        elif self.contexts == "static-hypercube":
            features = corners(rng.choice(2**dim, arms, replace=False), dim) / np.sqrt(dim)
        elif self.contexts == "all-signs":
            features = corners(np.arange(arms), dim)
        code, link = CONTEXTS.index(self.contexts), LINKS.index(self.link)
        return self.State(
            features, given, theta, np.zeros(arms), np.zeros(1, int), np.zeros((met, met), int), code, link, noise
        )

    def _given(self, horizon) -> np.ndarray:
        if self.features is None:
            return np.zeros((0, self.arms, self.dim))
        given = table(self.features, "features")
        given = given[None] if given.ndim == 2 else given
        if given.ndim != 3:
            raise UserError(f"{self.features}: contexts have shape (K, d) or (T, K, d), got {given.shape}")
        if 1 < len(given) < horizon:
            raise UserError(f"{self.features}: contexts of {len(given)} rounds, fewer than the horizon {horizon}")
        return given

    def facts(self, state) -> dict[str, Any]:
        return {"best": state.best, "link": self.link, "signal": float(np.linalg.norm(state.theta))}

    @staticmethod
    def observe(env, t, rng):
        features = env.features
        if env.contexts == SPHERE:
            draw_sphere(features, rng)
        elif env.contexts == BALL:
            draw_ball(features, rng)
        elif env.contexts == GAUSS:
            draw_gauss(features, rng)
        elif env.contexts == HYPERCUBE:
            draw_hypercube(features, rng)
        elif env.contexts == ARRAY and (t == 0 or env.given.shape[0] > 1):
            for k in range(features.shape[0]):
                for i in range(features.shape[1]):
                    features[k, i] = env.given[t % env.given.shape[0], k, i]
        elif t > 0:
            return features
        rank(features, env.theta, env.utilities, env.best)
        return features

    @staticmethod
    def duel(env, t, features, first, second):
        if env.duels.shape[0] > 0:
            low, high = min(first, second), max(first, second)
            chance = probability(env.link, env.utilities[low] - env.utilities[high])
            return meet(env.noise, env.duels, first, second, chance)
        if first == second:
            return uniform(env.noise, features.shape[0], t) < 0.5
        one = env.utilities[first] + noise(env.link, env.noise, first, t)
        other = env.utilities[second] + noise(env.link, env.noise, second, t)
        return one > other

    @staticmethod
    def chance(env, t, features, first, second):
        return probability(env.link, env.utilities[first] - env.utilities[second])

    @staticmethod
    def regret(env, t, features, first, second, totals):
        top = env.utilities[env.best[0]]
        one, other = top - env.utilities[first], top - env.utilities[second]
        score_utility(totals, one, other)
        score_preference(totals, probability(env.link, one) - 0.5, probability(env.link, other) - 0.5)
