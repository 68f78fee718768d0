"""What environments of the convex game share whose loss is a function of one number <a_t, x>, for a row a_t a round."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from banditlab.environments.feedback import Probes, domain_facts, estimate, largest, make_probes, noise_facts, place
from banditlab.environments.hindsight import best_shares, minimum
from banditlab.fuse import kernel
from banditlab.games.convex import DYNAMIC, STATIC
from banditlab.numerics import domains
from banditlab.numerics.domains import Domain
from banditlab.numerics.linear import dot
from banditlab.types import Counts, Matrix, Vector

LOSSES = ("squared", "logistic", "log")
SQUARED, LOGISTIC, LOG = range(3)
CURVATURES = (1.0, 0.25)  #: largest second derivatives of the first two in <a, x>


class State(NamedTuple):
    """The rows of all rounds, and the best points."""

    hint: Vector  #: (d,) none are shown
    point: Vector  #: (d,) chosen in the round
    gradients: Matrix  #: (4, d) revealed in the round, and given to the policy
    probes: Probes
    domain: Domain
    loss: int  #: of `LOSSES`
    rows: Matrix  #: (n, d) a
    targets: Vector  #: (n,) y; of logistic losses -1 or 1, of log losses 1
    order: Counts  #: (T,) which row each round has
    ends: Matrix  #: (n, 2) the least and the largest <a, x> on the domain
    best: Vector  #: (n,) the <a, x> of the least loss there
    optimum: Vector  #: (d,) of the least sum of losses over all T rounds
    noise: np.uint64


class LinearForms:
    """Losses are not random: F_t is f_t."""

    # A class has parameters `domain`, `radius`, `dim`, `loss`, and a method `draw(rng, coins, horizon)`, which returns
    # rows (n, d), targets (n,) and the order (T,): what all replications of an instance share comes from `rng`, and the
    # rest from `coins`. It may have those of `feedback.Setting`.

    feedback, delta = "gradient", None

    def start(self, rng, noise, horizon) -> State:
        rows, targets, order = self.draw(rng, np.random.default_rng(int(noise)), horizon)
        loss, dim = LOSSES.index(self.loss), rows.shape[1]
        domain = domains.make_domain(self.domain, self.radius, dim)
        ends = np.zeros((len(rows), 2))
        find_ends(domain, rows, np.zeros((2, dim)), ends)
        best = np.clip(targets if loss == SQUARED else targets * math.inf, ends[:, 0], ends[:, 1])
        shares = np.bincount(order, minlength=len(rows)) / horizon
        optimum = best_point(domain, loss, rows, targets, shares)
        return State(
            np.zeros(dim), np.zeros(dim), np.zeros((4, dim)), make_probes(self.feedback, self.delta, domain), domain,
            loss, rows, targets, order, ends, best, optimum, noise,
        )  # fmt: skip

    def facts(self, state) -> dict[str, Any]:
        sizes, ends = np.linalg.norm(state.rows, axis=1), state.ends
        steepest, value = extremes(state.loss, ends, state.targets, sizes)
        return {
            **domain_facts(self, state), **noise_facts(state, 0.0), "curvature": 0.0,
            "gradient_bound": largest(state.probes, steepest, value),
            "smoothness": state.probes.keep * steepness(state.loss, sizes, ends),
            "exp_concavity": exp_concavity(state.loss, ends, state.targets),
        }  # fmt: skip

    @staticmethod
    def contains(env, point):
        return domains.contains(env.domain, point)

    @staticmethod
    def reveal(env, t, point, gradient):
        row, target = env.rows[env.order[t]], env.targets[env.order[t]]
        place(env.probes, env.noise, 0, t, point)
        if env.probes.values:
            one = value_of(env.loss, dot(row, env.probes.played[0]), target)
            other = value_of(env.loss, dot(row, env.probes.played[1]), target) if env.probes.count == 2 else 0.0
            estimate(env.probes, one, other, gradient)
        else:
            slope = slope_of(env.loss, dot(row, point), target)
            for i in range(gradient.shape[0]):
                gradient[i] = slope * row[i]

    @staticmethod
    def score(env, t, point, totals):
        row, target, best = env.rows[env.order[t]], env.targets[env.order[t]], env.best[env.order[t]]
        for k in range(env.probes.count):
            paid = value_of(env.loss, dot(row, env.probes.played[k]), target)
            totals[STATIC] += (paid - value_of(env.loss, dot(row, env.optimum), target)) / env.probes.count
            totals[DYNAMIC] += max(0.0, paid - value_of(env.loss, best, target)) / env.probes.count


@kernel
def find_ends(domain, rows, scratch, ends):
    """Write the least and the largest <a, x> on the domain (n, 2), for rows a (n, d); scratch (2, d)."""
    corner, away = scratch[0], scratch[1]
    for n in range(rows.shape[0]):
        domains.minimise(domain, 0.0, rows[n], corner)
        ends[n, 0] = dot(rows[n], corner)
        for i in range(away.shape[0]):
            away[i] = -rows[n, i]
        domains.minimise(domain, 0.0, away, corner)
        ends[n, 1] = dot(rows[n], corner)


@kernel
def value_of(loss, z, target):
    """Return the loss at <a, x> = z."""
    if loss == SQUARED:
        return 0.5 * (z - target) ** 2
    if loss == LOGISTIC:
        return max(0.0, -target * z) + math.log1p(math.exp(-abs(z)))
    return -math.log(z)


@kernel
def slope_of(loss, z, target):
    """Return its derivative in z."""
    if loss == SQUARED:
        return z - target
    if loss == LOGISTIC:
        small = math.exp(-abs(z))
        return -target * (small if target * z > 0.0 else 1.0) / (1.0 + small)
    return -1.0 / z


@kernel
def extremes(loss, ends, targets, sizes):
    """Return the largest norm of a gradient and the largest |value| on the domain, for rows of norm `sizes` (n,)."""
    steepest, highest = 0.0, 0.0
    for n in range(ends.shape[0]):
        for k in range(2):  # both are convex in <a, x>, or monotone, and so largest at an end
            steepest = max(steepest, sizes[n] * abs(slope_of(loss, ends[n, k], targets[n])))
            highest = max(highest, abs(value_of(loss, ends[n, k], targets[n])))
    return steepest, highest


@kernel
def mean_value(loss, rows, targets, shares, x):
    """Return the mean of the losses at x (d,), of which each row has a share (n,)."""
    total = 0.0
    for n in range(rows.shape[0]):
        total += shares[n] * value_of(loss, dot(rows[n], x), targets[n])
    return total


@kernel
def mean_gradient(loss, rows, targets, shares, x):
    """Return its gradient (d,)."""
    total = np.zeros(x.shape[0])
    for n in range(rows.shape[0]):
        slope = shares[n] * slope_of(loss, dot(rows[n], x), targets[n])
        for i in range(x.shape[0]):
            total[i] += slope * rows[n, i]
    return total


def steepness(loss: int, sizes: np.ndarray, ends: np.ndarray) -> float:
    """Return the largest second derivative along a direction, of all losses on the domain, for rows of norm `sizes`."""
    return float(((sizes / ends[:, 0]) ** 2 if loss == LOG else CURVATURES[loss] * sizes**2).max())


def exp_concavity(loss: int, ends: np.ndarray, targets: np.ndarray) -> float:
    """Return the largest alpha for which exp(-alpha f) is concave in <a, x> on the domain, of all losses.

    It is the least f'' / f'^2: one over the largest square of a residual, exp(-|<a, x>|) at the largest, or 1.
    """
    if loss == SQUARED:
        return 1.0 / float(((ends - targets[:, None]) ** 2).max())
    return math.exp(-float(np.abs(ends).max())) if loss == LOGISTIC else 1.0


def best_point(domain: Domain, loss: int, rows: np.ndarray, targets: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return the point of the domain of the least mean of losses, of which each row has a share (n,).

    Log losses are on the simplex x >= 0, sum x = 1.
    """
    if loss == LOG:
        return best_shares(rows, shares)
    return minimum(
        domain,
        lambda x: mean_value(loss, rows, targets, shares, x),
        lambda x: mean_gradient(loss, rows, targets, shares, x),
        CURVATURES[loss] * float(np.linalg.eigvalsh((rows.T * shares) @ rows)[-1]),
    )
