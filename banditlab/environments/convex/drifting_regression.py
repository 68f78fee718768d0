"""Linear regression whose truth walks at random, with the schedule of learning rates that is optimal there.

M. Fahrbach, A. Javanmard, V. Mirrokni, P. Worah. Learning rate schedules in the presence of distribution shift. ICML
2023, arXiv 2303.15634. Its text could not be read: there the schedule comes from a stochastic differential equation;
here it is exact for these rounds. With m_t = E ||x_t - theta_t||^2, a step eta makes of it m (1 - 2 eta + a eta^2) + b
eta^2 + gamma_t^2, for a = (B + d + 1) / B and b = d s^2 / B. The least value, at eta = m / (a m + b), grows with m, so
that the best step of each round is best for all later ones too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from banditlab.environments.feedback import place
from banditlab.environments.instances import fill
from banditlab.environments.quadratics import Losses, Quadratics, State, score_expected
from banditlab.numerics import domains
from banditlab.numerics.hashing import normal
from banditlab.numerics.linear import dot
from banditlab.registry import environment
from banditlab.types import Count, Index, NonNegative, Positive

DEVIATIONS = 3.0  #: of a gradient, after which its norm is told to be bounded


@environment(
    "drifting-regression",
    game="convex",
    gives=("ball", "strongly-convex", "best-point", "rates"),
    metrics=("static-regret", "dynamic-regret", "adaptive-regret", "path-length"),
    cite=("fahrbach2023learning",),
)
@dataclass(frozen=True)
class DriftingRegression(Quadratics):
    """Expected losses are 1/2 ||x - theta_t||^2 on a ball; gradients are means over `batch` rows of data.

    Of each row a, which is standard normal, and its label y = <a, theta_t> + noise the gradient is a (<a, x> - y).
    theta_0 has the norm `start` and a random direction, and after each round theta moves by `drift` in a random
    direction, by `burst` after the rounds from `burst_from` on, for `burst_rounds` of them.

    `ogd` with steps "optimal" plays the schedule of learning rates that makes the expected dynamic regret least, of all
    schedules that do not look at the gradients; it relies on a ball so large that neither theta nor the points meet its
    surface. Gradients have no bound: as one, policies are told the largest expected gradient and three standard
    deviations.
    """

    dim: Count = 10  #: d
    batch: Count = 4  #: B
    noise: NonNegative = 1.0  #: standard deviation s of labels
    start_norm: NonNegative = 2.0  #: norm of theta_0
    drift: NonNegative = 0.05  #: gamma
    burst: NonNegative | None = None  #: gamma of some rounds; none by default
    burst_from: Index | None = None  #: the first of these, counted from 0; 200
    burst_rounds: Count | None = None  #: how many they are; 20
    radius: Positive = 20.0  #: of the ball

    domain = "ball"

    def __post_init__(self):
        if self.burst is not None:
            fill(self, burst_from=200, burst_rounds=20)
        for name in ("burst_from", "burst_rounds"):
            if self.burst is None and getattr(self, name) is not None:
                raise ValueError(f"{name}: only with a burst")
        if self.start_norm >= self.radius:
            raise ValueError(f"start_norm: below the radius {self.radius:g}, got {self.start_norm:g}")

    def start(self, rng, noise, horizon) -> State:
        return super().start(rng, noise, horizon)._replace(sigma=self.noise, batch=self.batch)

    def draw(self, rng: np.random.Generator, coins: np.random.Generator, horizon: int) -> Losses:
        directions = rng.standard_normal((horizon, self.dim))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        lengths = np.concatenate([[self.start_norm], self.moves(horizon)[:-1]])
        return Losses(-np.cumsum(lengths[:, None] * directions, axis=0), np.arange(horizon), 1.0)

    def facts(self, state) -> dict[str, Any]:
        farthest = float(domains.farthest(state.domain, -state.table).max())
        sigma = float(np.sqrt(((self.dim + 1) * farthest**2 + self.dim * self.noise**2) / self.batch))
        bound = farthest + DEVIATIONS * sigma
        known = super().facts(state) | {"gradient_bound": bound, "sigma": sigma, "rates": self.rates(len(state.order))}
        del known["exp_concavity"]  # gradients have no bound
        return known

    def notes(self, horizon: int) -> list[str]:
        """Return what a user should know of a run of that many rounds: a burst that never comes, theta far away."""
        lengths = np.sqrt(self.start_norm**2 + np.cumsum(self.moves(horizon) ** 2))
        notes, outside = [], np.flatnonzero(lengths[:-1] >= self.radius)
        if self.burst is not None and self.burst_from >= horizon - 1:
            notes.append(f"burst_from {self.burst_from:,} for {horizon:,} rounds: no burst comes")
        if outside.size:
            notes.append(
                f"after {outside[0] + 1:,} rounds theta is as far away as the surface of the ball, in the root mean "
                "square: take a larger radius"
            )
        return notes

    def moves(self, horizon: int) -> np.ndarray:
        """Return by how much theta moves after each round, (T,)."""
        moves = np.full(horizon, self.drift)
        if self.burst is not None:
            moves[self.burst_from : self.burst_from + self.burst_rounds] = self.burst
        return moves

    def rates(self, horizon: int) -> np.ndarray:
        """Return the optimal learning rates (T,)."""
        scale, offset = (self.batch + self.dim + 1) / self.batch, self.dim * self.noise**2 / self.batch
        rates, error = np.zeros(horizon), self.start_norm**2
        for t, move in enumerate(self.moves(horizon)):
            rates[t] = error / (scale * error + offset) if error > 0.0 else 0.0
            error = error * (1.0 - rates[t]) + move**2  # what the formula above is at this rate
        return rates

    @staticmethod
    def reveal(env, t, point, gradient):
        place(env.probes, env.noise, 0, t, point)
        row, slope, dim = env.scratch[0], env.table[env.order[t]], point.shape[0]
        for i in range(dim):
            gradient[i] = 0.0
        for b in range(env.batch):
            first = b * (dim + 1)
            for i in range(dim):
                row[i] = normal(env.noise, first + i, t)
            residual = dot(row, point) + dot(row, slope) - env.sigma * normal(env.noise, first + dim, t)
            for i in range(dim):
                gradient[i] += residual * row[i] / env.batch

    @staticmethod
    def score(env, t, point, totals):
        score_expected(env, t, totals)
