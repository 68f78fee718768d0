"""What environments of the convex game share: expected losses curvature / 2 ||x||^2 + <b_t, x>, and noise in b_t.

A loss curvature / 2 ||x - c_t||^2 is one of them but for a constant, with b_t = -curvature c_t. Where values are seen,
the constant counts: it is that of the loss that is drawn, before noise.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from banditlab.environments.feedback import (
    Probes,
    domain_facts,
    estimate,
    largest,
    make_probes,
    noise_facts,
    place,
    write_direction,
)
from banditlab.fuse import kernel
from banditlab.games.convex import ADAPTIVE, DYNAMIC, PATH, REALISED, STATIC
from banditlab.numerics import domains
from banditlab.numerics.domains import Domain
from banditlab.numerics.linear import dot, square_distance
from banditlab.types import Counts, Matrix, Vector

LEVELS = 62  #: of dyadic intervals
NOISE, PROBE, HINT = range(3)  #: what is random in a round: d numbers each


class Losses(NamedTuple):
    """The losses of all rounds."""

    table: np.ndarray  #: (S, d) slopes b of expected losses
    order: np.ndarray  #: (T,) which of them holds in each round
    curvature: float = 0.0
    sigma: float = 0.0  #: norm of the noise that is added to the slope
    drawn: np.ndarray | None = None  #: (N, d) slopes before this noise; by default those of the expected losses
    picks: np.ndarray | None = None  #: (T,) which of them each round has
    variance: float = 0.0  #: of these given what came before, its mean over the rounds


class State(NamedTuple):
    """The losses of all rounds, their best points, and what was paid."""

    centre: Vector  #: (d,)
    hint: Vector  #: (d,) shown before the round
    point: Vector  #: (d,) chosen in the round
    gradients: Matrix  #: (4, d) revealed in the round, and given to the policy
    probes: Probes
    domain: Domain
    table: Matrix  #: (S, d) slopes of the expected losses
    order: Counts  #: (T,) which of them holds in each round
    drawn: Matrix  #: (N, d) slopes of the losses that are drawn, before noise
    picks: Counts  #: (T,) which of them each round has
    constants: Vector  #: (N,) their values at 0, by which the least value of a curved one is 0
    slope: Vector  #: (d,) of the round's loss
    curvature: float
    sigma: float  #: norm of the noise
    batch: int  #: rows of data behind a gradient, where a class draws them; else 0
    variance: float  #: mean over the rounds of the variance of the slopes that are drawn, before noise
    miss: float  #: distance of hints from the expected gradients
    optimum: Vector  #: (d,) the point of the least sum of expected losses over all T rounds
    realised: Vector  #: (d,) that of the least sum of losses as they were drawn
    minimisers: Matrix  #: (S, d) of each expected loss
    sums: Matrix  #: (LEVELS, d) sum of slopes over the last interval of each level
    paid: Vector  #: (LEVELS,) sum of expected losses over it
    scratch: Matrix  #: (2, d)
    noise: np.uint64


class Quadratics:
    """Noise is uniform on a sphere, and a function of the round alone: that of a second gradient is the same."""

    # A class has parameters `domain`, `radius`, `dim`, and a method `draw(rng, coins, horizon)`, which returns
    # `Losses`:
    # what all replications of an instance share comes from `rng`, and the rest from `coins`. It may have those of
    # `feedback.Setting`, and `miss`, with which hints are shown.

    feedback, delta, miss = "gradient", None, None

    def start(self, rng, noise, horizon) -> State:
        losses = self.draw(rng, np.random.default_rng(int(noise)), horizon)
        drawn = losses.table if losses.drawn is None else losses.drawn
        picks = losses.order if losses.picks is None else losses.picks
        domain = domains.make_domain(self.domain, self.radius, self.dim)
        dim, curvature, probes = self.dim, losses.curvature, make_probes(self.feedback, self.delta, domain)
        minimisers, scratch, sums = np.zeros_like(losses.table), np.zeros((2, dim)), np.zeros((LEVELS, dim))
        optimum, realised = np.zeros((2, dim))
        domains.minimise(domain, curvature * horizon, sum_of(losses.table, losses.order), optimum)
        total = sum_of(drawn, picks)
        add_noises(noise, losses.sigma, horizon, scratch[0], total)
        domains.minimise(domain, curvature * horizon, total, realised)
        minimise_each(domain, curvature, losses.table, minimisers)
        return State(
            domains.centre(domain), np.zeros(dim), np.zeros(dim), np.zeros((4, dim)), probes, domain, losses.table,
            losses.order, drawn, picks, constants_of(drawn, curvature), np.zeros(dim), curvature, losses.sigma, 0,
            losses.variance, self.miss or 0.0, optimum, realised, minimisers, sums, np.zeros(LEVELS), scratch, noise,
        )  # fmt: skip

    def facts(self, state) -> dict[str, Any]:
        reach = float(domains.farthest(state.domain, np.zeros((1, self.dim)))[0])
        steep = float(steepest(state, state.drawn).max())
        highest = 0.5 * steep**2 / state.curvature if state.curvature else reach * steep
        bound = largest(state.probes, steep + state.sigma, highest + reach * state.sigma)
        curvature = state.probes.keep * state.curvature
        return {
            **domain_facts(self, state), "gradient_bound": bound, "smoothness": curvature, "curvature": curvature,
            "exp_concavity": curvature / bound**2, "variation": variation(state),
            **noise_facts(state, math.sqrt(state.variance + state.sigma**2)),
        }  # fmt: skip

    @staticmethod
    def contains(env, point):
        return domains.contains(env.domain, point)

    @staticmethod
    def foretell(env, t, hint):
        write_direction(env.noise, HINT * hint.shape[0], t, env.miss, hint)
        slope = env.table[env.order[t]]
        for i in range(hint.shape[0]):
            hint[i] += slope[i] + env.curvature * env.centre[i]

    @staticmethod
    def reveal(env, t, point, gradient):
        draw_slope(env, t)
        place(env.probes, env.noise, PROBE * point.shape[0], t, point)
        if env.probes.values:
            offset, played = env.constants[env.picks[t]], env.probes.played
            one = offset + value(env.curvature, env.slope, played[0])
            other = offset + value(env.curvature, env.slope, played[1]) if env.probes.count == 2 else 0.0
            estimate(env.probes, one, other, gradient)
        else:
            for i in range(point.shape[0]):
                gradient[i] = env.slope[i] + env.curvature * point[i]

    @staticmethod
    def score(env, t, point, totals):
        score_expected(env, t, totals)
        for k in range(env.probes.count):
            paid = excess(env.curvature, env.slope, env.probes.played[k], env.realised)
            totals[REALISED] += paid / env.probes.count


def sum_of(table: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return the sum of the rows (S, d) of all rounds, (d,)."""
    return np.bincount(order, minlength=len(table)) @ table


def constants_of(table: np.ndarray, curvature: float) -> np.ndarray:
    """Return ||b||^2 / (2 curvature) for slopes b (S, d), (S,): the values at 0 of the losses as squared distances."""
    return 0.5 * (table**2).sum(axis=1) / curvature if curvature else np.zeros(len(table))


def steepest(state: State, table: np.ndarray) -> np.ndarray:
    """Return the largest norm over the domain of the gradient of each loss with a slope in a table (S, d), (S,)."""
    if state.curvature == 0.0:
        return np.sqrt((table**2).sum(axis=1))
    return state.curvature * domains.farthest(state.domain, -table / state.curvature)


def variation(state: State) -> float:
    """Return the sum over rounds of the largest squared change of the expected gradient; of the first round, from 0."""
    steps = np.diff(state.table[state.order], axis=0)
    return float(steepest(state, state.table[state.order[:1]])[0] ** 2 + (steps**2).sum())


@kernel
def draw_slope(env, t):
    """Write the slope of the round's loss."""
    write_direction(env.noise, NOISE, t, env.sigma, env.slope)
    drawn = env.drawn[env.picks[t]]
    for i in range(drawn.shape[0]):
        env.slope[i] += drawn[i]


@kernel
def add_noises(key, sigma, horizon, scratch, total):
    """Add the noise of all rounds to `total` (d,)."""
    for t in range(horizon if sigma > 0.0 else 0):
        write_direction(key, NOISE, t, sigma, scratch)
        for i in range(total.shape[0]):
            total[i] += scratch[i]


@kernel
def minimise_each(domain, curvature, table, minimisers):
    """Write the minimisers (S, d) of the losses with the slopes of a table (S, d)."""
    for s in range(table.shape[0]):
        domains.minimise(domain, curvature, table[s], minimisers[s])


@kernel
def score_expected(env, t, totals):
    """Add to the metrics that are by expected losses, of the points that were played."""
    slope, least, share = env.table[env.order[t]], env.minimisers[env.order[t]], 1.0 / env.probes.count
    paid = 0.0
    for k in range(env.probes.count):
        x = env.probes.played[k]
        paid += share * value(env.curvature, slope, x)
        totals[STATIC] += share * excess(env.curvature, slope, x, env.optimum)
        totals[DYNAMIC] += share * max(0.0, excess(env.curvature, slope, x, least))
    totals[ADAPTIVE] = max(totals[ADAPTIVE], _worst_interval(env, t, paid, slope))
    if t > 0:
        totals[PATH] += math.sqrt(square_distance(least, env.minimisers[env.order[t - 1]]))


@kernel
def value(curvature, slope, x):
    """Return curvature / 2 ||x||^2 + <slope, x>."""
    return 0.5 * curvature * dot(x, x) + dot(slope, x)


@kernel
def excess(curvature, slope, x, u):
    """Return F(x) - F(u) for F = curvature / 2 ||x||^2 + <slope, x>: exactly 0 where the points are the same."""
    total = 0.0
    for i in range(x.shape[0]):
        total += (x[i] - u[i]) * (slope[i] + 0.5 * curvature * (x[i] + u[i]))
    return total


@kernel
def _worst_interval(env, t, paid, slope):
    """Return the largest static regret over the dyadic intervals that end with round t, each to its own best point.

    `paid` is the expected loss of round t. The interval of level j + 1 consists of the last two of level j: the sums of
    the earlier one were kept.
    """
    total, best = env.scratch[0], env.scratch[1]
    for i in range(total.shape[0]):
        total[i] = slope[i]
    worst, level, length = 0.0, 0, 1
    while True:
        domains.minimise(env.domain, env.curvature * length, total, best)
        worst = max(worst, paid - value(env.curvature * length, total, best))
        if t & length == 0:
            break
        paid += env.paid[level]
        for i in range(total.shape[0]):
            total[i] += env.sums[level, i]
        level, length = level + 1, 2 * length
    env.paid[level] = paid
    for i in range(total.shape[0]):
        env.sums[level, i] = total[i]
    return worst
