"""Synthetic functions of contextual bandits: rewards are no linear function of the arms' features.

The functions are those of the experiments of S. Salgia, S. Vakili, Q. Zhao. Provably and practically efficient neural
contextual bandits. ICML 2023 (arXiv 2206.00099), and of D. Zhou, L. Li, Q. Gu. Neural contextual bandits with UCB-based
exploration. ICML 2020 (arXiv 1911.04462).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from banditlab.environments.contexts import draw_sphere, unit_rows
from banditlab.fuse import kernel
from banditlab.games.bandit import score
from banditlab.numerics.hashing import normal
from banditlab.numerics.indices import first_largest
from banditlab.numerics.linear import dot
from banditlab.registry import environment
from banditlab.types import Arms, Count, Counts, Matrix, NonNegative, Vector

FUNCTIONS = ("h1", "h2", "h3", "cosine", "square", "quadratic-form")
H1, H2, H3, COSINE, SQUARE, QUADRATIC_FORM = range(len(FUNCTIONS))


@environment("synthetic", game="bandit", gives=("features", "arm-features"), metrics=("regret", "realised-regret"))
@dataclass(frozen=True)
class Synthetic:
    """Rewards h(x) + noise, with features x of each arm drawn anew in each round, uniform on the unit sphere of R^d.

    Of the first paper: "h1" is 4 (a'x)^2, "h2" is 4 sin^2(a'x), and "h3" is |A x|, with entries of A from N(0, 1/4). Of
    the second: "cosine" is cos(3 a'x), "square" is 10 (a'x)^2, and "quadratic-form" is x'A'A x, with entries of A from
    N(0, 1). The direction a is uniform on the unit sphere; a and A are drawn with the instance.

    The functions of the first paper, their constants and laws are those of its published code, which does not number
    them. The published code of the second has real data only: its functions and the law of A could not be checked.

    Noise is a function of the round and the arm. The defaults are those of the first paper; the second one has
    dim = 20 and noise = 1.
    """

    function: Literal["h1", "h2", "h3", "cosine", "square", "quadratic-form"] = "h1"  #: h
    arms: Arms = 4  #: K
    dim: Count = 10  #: d
    noise: NonNegative = 0.1  #: standard deviation of the Gaussian noise

    class State(NamedTuple):
        features: Matrix  #: (K, d)
        function: int  #: place of h in FUNCTIONS
        direction: Vector  #: (d,) a
        matrix: Matrix  #: (d, d) A
        means: Vector  #: (K,) of the round
        best: Counts  #: (1,) the best arm of the round
        std: float
        noise: np.uint64

    def cite(self) -> tuple[str, ...]:
        """Return the paper of the function."""
        return ("salgia2023provably",) if self.function in ("h1", "h2", "h3") else ("zhou2020neural",)

    def start(self, rng, noise, horizon) -> State:
        features, means, best = np.zeros((self.arms, self.dim)), np.zeros(self.arms), np.zeros(1, int)
        function = FUNCTIONS.index(self.function)
        direction = unit_rows(rng, 1, self.dim)[0]
        matrix = (0.5 if function == H3 else 1.0) * rng.standard_normal((self.dim, self.dim))
        return self.State(features, function, direction, matrix, means, best, self.noise, noise)

    def facts(self, state) -> dict[str, Any]:
        return {"best": state.best, "noise": self.noise}

    @staticmethod
    def observe(env, t, rng):
        draw_sphere(env.features, rng)
        for k in range(env.means.shape[0]):
            env.means[k] = evaluate(env.function, env.features[k], env.direction, env.matrix)
        env.best[0] = first_largest(env.means)
        return env.features

    @staticmethod
    def pull(env, t, features, arm):
        return env.means[arm] + env.std * normal(env.noise, arm, t)

    @staticmethod
    def regret(env, t, features, arm, reward, totals):
        best = env.means[env.best[0]]
        score(totals, best - env.means[arm], best - reward)


@kernel
def evaluate(function, x, direction, matrix):
    """Return h(x) for x (d,), where h is the function of that place in FUNCTIONS."""
    if function in (H3, QUADRATIC_FORM):
        form = square_norm(matrix, x)
        return math.sqrt(form) if function == H3 else form
    z = dot(direction, x)
    if function == H1:
        return 4.0 * z * z
    if function == H2:
        return 4.0 * math.sin(z) * math.sin(z)
    if function == COSINE:
        return math.cos(3.0 * z)
    return 10.0 * z * z


@kernel
def square_norm(matrix, x):
    """Return x'A'A x for A (n, d) and x (d,)."""
    total = 0.0
    for i in range(matrix.shape[0]):
        entry = dot(matrix[i], x)
        total += entry * entry
    return total
