"""Sword++: optimistic descent with many steps at once, mixed by optimistic Hedge, for dynamic regret.

P. Zhao, Y.-J. Zhang, L. Zhang, Z.-H. Zhou. Adaptivity and non-stationarity: problem-dependent dynamic regret for online
convex optimization. JMLR 25, 2024, arXiv 2112.14368; for random losses as in S. Chen, W.-W. Tu, P. Zhao, L. Zhang.
Optimistic online mirror descent for bridging stochastic and adversarial online convex optimization. ICML 2023, arXiv
2302.04552: dynamic regret to points of the path length P is of the order of P + sqrt(1 + P) (sqrt sigma^2 + sqrt
Sigma^2). Steps and rates are from memory, since their text could not be read; the authors' package PyNOL has the same
losses, hints and caps, but other steps and rates below them. The cap D sqrt(T) / G is ours: 1 / L caps nothing where
losses are linear, and where squared changes of gradients sum to G^2 at least, no path is so long that a longer step
were better.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.domains import Domain, centre, diameter, step
from banditlab.numerics.exponential import exponential_shares
from banditlab.numerics.linear import dot, square_distance
from banditlab.policies.domain_facts import domain_of, positive
from banditlab.registry import policy
from banditlab.types import Matrix, Positive, Vector


@policy(
    "sword",
    game="convex",
    told=("form", "radius", "gradient_bound", "smoothness", "horizon"),
    growth={"static-regret": "sqrt T"},
    cite=("zhao2024adaptivity", "chen2023optimistic"),
)
@dataclass(frozen=True)
class Sword:
    """Plays the mean of N points x_i, each of optimistic descent with a step of its own, weighted by optimistic Hedge.

    Point i is P[y_i - eta_i M_t], and y_i becomes P[y_i - eta_i g_t]: all take the gradient g_t at the point played,
    and the hint M_t is the last one. Its loss is <g_t, x_i> + 2 L ||x_i - last x_i||^2, with M_t in place of g_t in the
    hint of Hedge. The steps begin with D / (G sqrt(8 T)) and double up to min(1 / (8 L), D sqrt(T) / G), its end, for
    the diameter D, the smoothness L and the bound G on gradients; the rate of Hedge is min(1 / (8 D^2 L), sqrt(ln N /
    (D^2 sum_{s<t} ||g_s - M_s||^2))). Where L = 0 there is no second term in the losses, and the caps by L are none.
    """

    scale: Positive = 1.0  #: of all steps

    class State(NamedTuple):
        domain: Domain
        point: Vector  #: (d,)
        points: Matrix  #: (N, d) x_i
        bases: Matrix  #: (N, d) y_i
        steps: Vector  #: (N,) eta_i
        moves: Vector  #: (N,) 2 L ||x_i - last x_i||^2
        losses: Vector  #: (N,) sums
        expected: Vector  #: (N,) sums and hints
        weights: Vector  #: (N,)
        guess: Vector  #: (d,) M
        errors: Vector  #: (1,) D^2 sum of ||g_s - M_s||^2
        square: float  #: D^2
        smoothness: float  #: L
        fastest: float  #: rate of Hedge

    def start(self, problem, rng) -> State:
        domain, dim = domain_of(problem), problem.dim
        size, bound, horizon = diameter(domain), positive(problem, "gradient_bound"), problem.horizon
        smoothness = positive(problem, "smoothness", zero=True)
        steps = self.scale * steps_between(
            size / (bound * math.sqrt(8.0 * horizon)),
            min(0.125 / smoothness if smoothness > 0.0 else math.inf, size * math.sqrt(horizon) / bound),
        )
        count = len(steps)
        points = np.tile(centre(domain), (count, 1))
        moves, losses, expected, weights = np.zeros((4, count))
        fastest = 0.125 / (size**2 * smoothness) if smoothness > 0.0 else math.inf
        return self.State(
            domain, np.zeros(dim), points, points.copy(), steps, moves, losses, expected, weights, np.zeros(dim),
            np.zeros(1), size**2, smoothness, fastest,
        )  # fmt: skip

    @staticmethod
    def choose(state, t, rng):
        for k in range(state.weights.shape[0]):
            state.expected[k] = state.losses[k] + dot(state.guess, state.points[k]) + state.moves[k]
        exponential_shares(state.expected, rate_of(state), 1.0, state.weights)
        for i in range(state.point.shape[0]):
            state.point[i] = 0.0
            for k in range(state.weights.shape[0]):
                state.point[i] += state.weights[k] * state.points[k, i]
        return state.point

    @staticmethod
    def learn(state, t, point, gradient):
        for k in range(state.weights.shape[0]):
            state.losses[k] += dot(gradient, state.points[k]) + state.moves[k]
            descend(state, k, gradient)
        state.errors[0] += state.square * square_distance(gradient, state.guess)
        for i in range(gradient.shape[0]):
            state.guess[i] = gradient[i]


def steps_between(least: float, most: float) -> np.ndarray:
    """Return the least step and its doubles, up to the first that reaches the most, which stands for it."""
    count = max(0, math.ceil(math.log2(most / least))) + 1
    return np.minimum(least * 2.0 ** np.arange(count), most)


@kernel
def rate_of(state):
    """Return the rate of Hedge; 0 before the first gradient that is not 0, when all losses are 0."""
    if state.errors[0] == 0.0:
        return 0.0
    return min(state.fastest, math.sqrt(math.log(state.weights.shape[0]) / state.errors[0]))


@kernel
def descend(state, k, gradient):
    """Correct point k by the gradient of the round, and go on by it as the hint of the next one."""
    base, point, last = state.bases[k], state.points[k], state.point  # the point played is not needed any more
    for i in range(gradient.shape[0]):
        last[i] = point[i]
    step(state.domain, base, state.steps[k], gradient)
    for i in range(gradient.shape[0]):
        point[i] = base[i]
    step(state.domain, point, state.steps[k], gradient)
    state.moves[k] = 2.0 * state.smoothness * square_distance(point, last)
