"""Optimistic online mirror descent: a step by a guess of the next gradient, corrected once it is seen.

S. Chen, W.-W. Tu, P. Zhao, L. Zhang. Optimistic online mirror descent for bridging stochastic and adversarial online
convex optimization. ICML 2023, arXiv 2302.04552 (whose later versions are by Y.-J. Zhang too). The steps for convex
losses are as S. Wang, A. Barik, P. Zhao, V. Y. F. Tan (Parameter-free algorithms for the stochastically extended
adversarial model. 2025, arXiv 2510.04685) restate them; delta = 10 D^2 L^2, the steps 2 / (lambda t) under strong
convexity, and the matrix for exp-concave losses are from memory: the paper's own text could not be read. For these,
whatever the gradients and beta, sum <g_t, x_t - u> is at most 1/2 ||u - y_1||^2 + beta / 4 sum <g_t, u - y_{t+1}>^2 +
1/2 sum ||g_t - M_t||^2, in the norms of A_1 and of each A_t^-1. The hint "middle" is that of C.-K. Chiang, T. Yang,
C.-J. Lee, M. Mahdavi, C.-J. Lu, R. Jin, S. Zhu. Online optimization with gradual variations. COLT 2012.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.domains import Domain, centre, diameter, step
from banditlab.numerics.linear import add_outer, square_distance
from banditlab.numerics.newton_steps import Room, make_room, newton_step
from banditlab.policies.domain_facts import block_of, domain_of, positive
from banditlab.registry import policy
from banditlab.types import Count, Matrix, Positive, Vector

CURVATURES = ("convex", "strongly-convex", "exp-concave")
CONVEX, STRONGLY_CONVEX, EXP_CONCAVE = range(3)


@policy(
    "optimistic-omd",
    game="convex",
    told=("form", "radius", "gradient_bound", "smoothness", "curvature", "exp_concavity"),
    growth={"static-regret": "sqrt T"},
    cite=("chen2023optimistic", "wang2025parameter", "chiang2012online"),
)
@dataclass(frozen=True)
class OptimisticOMD:
    """Plays x_t = P[y_t - eta_t M_t], then sets y_{t+1} = P[y_t - eta_t g_t], for the projection P and the hint M_t.

    With curvature "convex" eta_t = D / sqrt(10 D^2 L^2 + 4 G^2 + sum_{s<t} ||g_s - M_s||^2), for the diameter D, the
    smoothness L and the bound G on gradients; with "strongly-convex" it is 2 / (lambda t). With "exp-concave" it is the
    inverse of A_t = (1 + beta G^2 / 2) I + beta / 2 sum_{s<t} g_s g_s', for beta = 1/2 min(1 / (4 G D), alpha) and
    losses of the exp-concavity alpha, and P is in the norm of A_t. Each is multiplied by `scale`. The hint is 0, the
    last gradient g_{t-1}, the mean of the last few, the gradient of the last loss at y_t ("middle"), which is a second
    one of that round, or what the environment shows ("external"). Begins in the middle of the domain, with the hint 0.
    """

    curvature: Literal["convex", "strongly-convex", "exp-concave"] = "convex"  #: what the steps rely on
    hint: Literal["zero", "last", "mean", "middle", "external"] = "last"  #: the guess of the next gradient
    window: Count | None = None  #: of the hint "mean", the number of gradients; 5
    scale: Positive = 1.0  #: of all steps

    class State(NamedTuple):
        domain: Domain
        point: Vector  #: (d,) x_t
        base: Vector  #: (d,) y_t
        guess: Vector  #: (d,) M_t
        recent: Matrix  #: (k, d) the last gradients, whose mean is the hint; none where it is another
        errors: Vector  #: (1,) sum of ||g_s - M_s||^2
        matrix: Matrix  #: (d, d) A_t
        room: Room  #: for steps by A_t
        curvature: int  #: of `CURVATURES`
        middle: bool  #: whether the hint is a second gradient
        external: bool  #: whether it is shown
        offset: float  #: delta + 4 G^2
        beta: float
        step: float  #: scale; times D, or 2 / lambda

    def __post_init__(self):
        if self.window is not None and self.hint != "mean":
            raise ValueError(f"window: only of the hint 'mean', here it is {self.hint!r}")

    def needs(self) -> frozenset[str]:
        curved = set() if self.curvature == "convex" else {self.curvature}
        return frozenset(curved | ({"hints"} if self.hint == "external" else set()))

    def start(self, problem, rng) -> State:
        dim, curvature = problem.dim, CURVATURES.index(self.curvature)
        domain = block_of(problem) if curvature == EXP_CONCAVE else domain_of(problem)
        step, offset, beta, matrix = 1.0, 0.0, 0.0, np.zeros((0, 0))
        if curvature == STRONGLY_CONVEX:
            step = 2.0 / positive(problem, "curvature")
        elif curvature == EXP_CONCAVE:
            bound = positive(problem, "gradient_bound")
            beta = 0.5 * min(0.25 / (bound * diameter(domain)), positive(problem, "exp_concavity"))
            matrix = (1.0 + 0.5 * beta * bound**2) * np.eye(dim)
        else:
            step = diameter(domain)
            smoothness, bound = positive(problem, "smoothness", zero=True), positive(problem, "gradient_bound")
            offset = 10.0 * (step * smoothness) ** 2 + 4.0 * bound**2
        recent = {"last": 1, "mean": self.window or 5}.get(self.hint, 0)
        return self.State(
            domain, np.zeros(dim), centre(domain), np.zeros(dim), np.zeros((recent, dim)), np.zeros(1), matrix,
            make_room(len(matrix)), curvature, self.hint == "middle", self.hint == "external", offset, beta,
            self.scale * step,
        )  # fmt: skip

    @staticmethod
    def takes_hint(state):
        return state.external

    @staticmethod
    def foresee(state, t, hint):
        for i in range(hint.shape[0]):
            state.guess[i] = hint[i]

    @staticmethod
    def choose(state, t, rng):
        for i in range(state.point.shape[0]):
            state.point[i] = state.base[i]
        move(state, t, state.point, state.guess)
        return state.point

    @staticmethod
    def learn(state, t, point, gradient):
        move(state, t, state.base, gradient)
        if state.curvature == EXP_CONCAVE:
            add_outer(state.matrix, gradient, 0.5 * state.beta)
        state.errors[0] += square_distance(gradient, state.guess)
        guess_by_recent(state, t, gradient)

    @staticmethod
    def looks_twice(state):
        return state.middle

    @staticmethod
    def second(state, t, point):
        return state.base

    @staticmethod
    def learn_second(state, t, gradient):
        for i in range(gradient.shape[0]):
            state.guess[i] = gradient[i]


@kernel
def move(state, t, x, direction):
    """Make the step of round t, which is the same for both of its points."""
    if state.curvature == EXP_CONCAVE:
        newton_step(state.domain, x, state.step, direction, state.matrix, state.room)
    else:
        step(state.domain, x, step_of(state, t), direction)


@kernel
def step_of(state, t):
    """Return eta_t."""
    if state.curvature == STRONGLY_CONVEX:
        return state.step / (t + 1.0)
    return state.step / math.sqrt(state.offset + state.errors[0])


@kernel
def guess_by_recent(state, t, gradient):
    """Keep the gradient of round t in place of the oldest, and let their mean be the hint; 0 where none are kept."""
    kept = state.recent.shape[0]
    for i in range(gradient.shape[0]):
        state.guess[i] = 0.0
        if kept > 0:
            state.recent[t % kept, i] = gradient[i]
        seen = min(t + 1, kept)
        for j in range(seen):
            state.guess[i] += state.recent[j, i] / seen
