"""Maximum likelihood from duels in a linear model of utilities: the estimator that contextual dueling policies share.

The estimate minimises sum_s w_s loss(link, +-z_s'theta) + ridge/2 |theta|^2 over all duels so far, where z_s is the
contrast of features x_i - x_j and w_s the weight of the duel, 1 unless a policy gives another. Newton's method runs
on a geometric schedule of rounds (`refit`); in the rounds between, one step of online Newton follows each duel. With
refit = 1 it runs after every duel.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.linear import add_outer, cholesky, dot, invert, norm, row_dot, sherman_morrison, solve
from banditlab.numerics.links import EXPONENTIAL, LINKS, curvature, loss, slope
from banditlab.types import Counts, Matrix, Vector

_LN_2 = math.log(2.0)


class Estimator(NamedTuple):
    """Duels so far, the estimate, and what Newton's method works with."""

    contrasts: Matrix  #: (T, d) z of each duel, turned so that its first arm won
    weights: Vector  #: (T,) w of each duel
    theta: Vector  #: (d,)
    inverse: Matrix  #: (d, d) inverse Hessian at the last Newton step, with the duels since
    clock: Counts  #: (2,) duels so far, duels at which Newton's method runs next
    ridge: float
    refit: float
    link: int
    gradient: Vector  #: (d,) scratch
    step: Vector  #: (d,) scratch
    trial: Vector  #: (d,) scratch
    hessian: Matrix  #: (d, d) scratch


def start_estimator(dim: int, rounds: int, link: str, ridge: float, refit: float) -> Estimator:
    """Return an estimator without duels.

    Parameters
    ----------
    dim : int
        d.
    rounds : int
        Duels that it has room for.
    link : str
        One of `links.LINKS`.
    ridge : float
        lambda > 0.
    refit : float
        Factor >= 1 between the numbers of duels at which Newton's method runs.
    """
    vector = [np.zeros(dim) for _ in range(4)]
    return Estimator(
        np.zeros((rounds, dim)), np.zeros(rounds), vector[0], np.eye(dim) / ridge, np.array([0, 1]), float(ridge),
        float(refit), LINKS.index(link), *vector[1:], np.zeros((dim, dim)),
    )  # fmt: skip


@kernel
def learn_duel(estimator, first, second, won, weight=1.0):
    """Add a duel of two feature vectors (d,) with its weight >= 0, and update the estimate.

    A duel of an arm with itself teaches nothing, and leaves the estimate as it is to the bit.
    """
    count = estimator.clock[0]
    z = estimator.contrasts[count]
    sign = 1.0 if won else -1.0
    moved = 0.0
    for i in range(z.shape[0]):
        z[i] = sign * (first[i] - second[i])
        moved += abs(z[i])
    if moved == 0.0:
        return
    estimator.weights[count] = weight
    count += 1
    estimator.clock[0] = count
    if count >= estimator.clock[1]:
        fit(estimator)
        estimator.clock[1] = max(count + 1, int(math.ceil(min(estimator.refit * count, 2.0**62))))
    else:
        _step_online(estimator, z, weight)


@kernel
def _step_online(estimator, z, weight):
    margin = dot(z, estimator.theta)
    sherman_morrison(estimator.inverse, z, estimator.step, weight * curvature(estimator.link, margin))
    push = weight * slope(estimator.link, margin)
    for i in range(z.shape[0]):
        estimator.theta[i] += push * dot(estimator.inverse[i], z)


@kernel
def objective(estimator, theta):
    """Regularised negative log-likelihood of all duels so far at theta (d,)."""
    total = 0.5 * estimator.ridge * dot(theta, theta)
    for s in range(estimator.clock[0]):
        total += estimator.weights[s] * loss(estimator.link, dot(estimator.contrasts[s], theta))
    return total


@kernel
def fit(estimator):
    """Run damped Newton steps from the current estimate to the optimum; leave the inverse Hessian there."""
    theta, gradient, step, trial, hessian = (
        estimator.theta, estimator.gradient, estimator.step, estimator.trial, estimator.hessian,
    )  # fmt: skip
    dim, count = theta.shape[0], estimator.clock[0]
    value = objective(estimator, theta)
    if not value <= _objective_at_zero(estimator):
        # an upset after a long series can throw the online steps so far off that Newton's method does not come back
        value = _objective_at_zero(estimator)
        for i in range(dim):
            theta[i] = 0.0
    # the exponential link has expected curvatures, with which convergence is linear only
    tolerance = 1e-20 if estimator.link == EXPONENTIAL else 1e-16
    for _ in range(100):
        _differentiate(estimator)
        cholesky(hessian, hessian)
        solve(hessian, gradient, step)
        decrement = dot(gradient, step)
        if decrement < tolerance * (1.0 + count):
            for i in range(dim):  # the last step is at hand, and squares what is left of the error
                theta[i] -= step[i]
            break
        scale, improved = 1.0, False
        while not improved and scale > 1e-9:
            for i in range(dim):
                trial[i] = theta[i] - scale * step[i]
            new = objective(estimator, trial)
            # relative slack: at thousands of duels the sum's own rounding would otherwise stop every step
            improved = new <= value + 1e-12 * abs(value)
            scale *= 0.5
        if not improved:
            break
        value = new
        for i in range(dim):
            theta[i] = trial[i]
    invert(hessian, estimator.inverse)


@kernel
def _objective_at_zero(estimator):
    """Return the objective where every duel is a fair coin."""
    total = 0.0
    for s in range(estimator.clock[0]):
        total += estimator.weights[s]
    return total * _LN_2


@kernel
def _differentiate(estimator):
    """Write gradient and Hessian of the objective at the current estimate."""
    theta, gradient, hessian = estimator.theta, estimator.gradient, estimator.hessian
    for i in range(theta.shape[0]):
        gradient[i] = estimator.ridge * theta[i]
        for j in range(theta.shape[0]):
            hessian[i, j] = estimator.ridge if i == j else 0.0
    for s in range(estimator.clock[0]):
        z = estimator.contrasts[s]
        margin = dot(z, theta)
        push = estimator.weights[s] * slope(estimator.link, margin)
        for i in range(theta.shape[0]):
            gradient[i] -= push * z[i]
        add_outer(hessian, z, estimator.weights[s] * curvature(estimator.link, margin))


# --- draws from the posterior -------------------------------------------------------------------------------------


class Draw(NamedTuple):
    """A parameter drawn from the Laplace approximation of the posterior, and what the drawing works with."""

    theta: Vector  #: (d,)
    factor: Matrix  #: (d, d) lower Cholesky factor of the inverse Hessian of the round
    normals: Vector  #: (d,) scratch


def start_draw(dim: int) -> Draw:
    """Return a parameter that is still to be drawn."""
    return Draw(np.zeros(dim), np.zeros((dim, dim)), np.zeros(dim))


@kernel
def factorise(draw, estimator):
    """Get ready to draw from the posterior of the round."""
    cholesky(estimator.inverse, draw.factor)


@kernel
def draw_theta(draw, estimator, spread, rng):
    """Draw theta from N(estimate, spread^2 H^-1), with H the Hessian at the estimate that was factorised."""
    for i in range(draw.normals.shape[0]):
        draw.normals[i] = rng.standard_normal()
    for i in range(draw.normals.shape[0]):
        draw.theta[i] = estimator.theta[i] + spread * row_dot(draw.factor[i], draw.normals, i + 1)


# --- the design: widths of contrasts ------------------------------------------------------------------------------


class Design(NamedTuple):
    """The design matrix M = M_0 + sum w z z' of the duels so far.

    Its inverse is kept from the end of the exploration on. Without an exploration it is that from the start, where
    M_0 has one.
    """

    matrix: Matrix  #: (d, d) M, until it is inverted
    inverse: Matrix  #: (d, d) M^-1
    contrast: Vector  #: (d,) scratch
    scratch: Vector  #: (d,)


def start_design(dim: int, ridge: float) -> Design:
    """Return the design M_0 = ridge I, for ridge >= 0."""
    inverse = np.eye(dim) / ridge if ridge > 0.0 else np.zeros((dim, dim))
    return Design(ridge * np.eye(dim), inverse, np.zeros(dim), np.zeros(dim))


@kernel
def learn_contrast(design, first, second, exploring, weight=1.0):
    """Add the contrast of two feature vectors (d,), with its weight, to M while exploring, else to M^-1."""
    z = design.contrast
    moved = 0.0
    for i in range(z.shape[0]):
        z[i] = first[i] - second[i]
        moved += abs(z[i])
    if moved == 0.0:
        return
    if exploring:
        add_outer(design.matrix, z, weight)
    else:
        sherman_morrison(design.inverse, z, design.scratch, weight)


@kernel
def contrast_norm(design, first, second):
    """Return sqrt(z' M^-1 z) for the contrast z of two feature vectors (d,), after the exploration."""
    for i in range(design.contrast.shape[0]):
        design.contrast[i] = first[i] - second[i]
    return norm(design.inverse, design.contrast)


@kernel
def close_exploration(design):
    """Invert M; where the contrasts do not span the space, with 1e-6 tr(M)/d added to its diagonal.

    Where there was no contrast at all, M counts as the identity.
    """
    matrix, inverse = design.matrix, design.inverse
    dim = matrix.shape[0]
    mean = 0.0
    for i in range(dim):
        mean += matrix[i, i] / dim
    # the factor stands in `inverse` for a moment, the inverse in `matrix`
    sound = cholesky(matrix, inverse)
    for i in range(dim):
        sound = sound and inverse[i, i] * inverse[i, i] > 1e-10 * mean
    if not sound:
        for i in range(dim):
            matrix[i, i] += 1e-6 * mean if mean > 0.0 else 1.0
        cholesky(matrix, inverse)
    invert(inverse, matrix)
    for i in range(dim):
        for j in range(dim):
            inverse[i, j] = matrix[i, j]


# --- both, as a policy holds them ---------------------------------------------------------------------------------


class Model(NamedTuple):
    """What a contextual dueling policy knows after its duels: an estimate, and widths of contrasts."""

    estimator: Estimator
    design: Design
    exploration: int  #: rounds of random pairs, after which M is inverted


def start_model(
    dim: int, rounds: int, link: str, *, ridge: float, refit: float, design: float, exploration: int
) -> Model:
    """Return a model without duels; arguments as of `start_estimator` and `start_design`."""
    return Model(start_estimator(dim, rounds, link, ridge, refit), start_design(dim, design), exploration)


@kernel
def explored(model, t):
    """Tell whether the exploration is over in round t, and close it in the first round after it."""
    if t == model.exploration:
        close_exploration(model.design)
    return t >= model.exploration


@kernel
def learn_pair(model, t, first, second, won, weight=1.0):
    """Learn from the duel of two feature vectors (d,) in round t, with its weight in the estimate and in the design."""
    learn_duel(model.estimator, first, second, won, weight)
    learn_contrast(model.design, first, second, t < model.exploration, weight)
