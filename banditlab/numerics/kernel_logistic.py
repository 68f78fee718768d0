"""Kernelised logistic regression from duels on a finite domain: utilities of N arms from who beat whom.

The estimate minimises sum_s log(1 + exp(-(f_i - f_j))) + f' C^-1 f / 2 over all duels s so far, in which i beat j.
The penalty is either that of the RKHS norm, ridge / 2 |f|_k^2, for which C = K / ridge with the kernel's matrix K; or
penalty |alpha|^2 on the weights of the representation f = sum_s alpha_s (k(., i_s) - k(., j_s)), for which C grows with
each duel by the square of its term over 2 penalty: C = K G K / (2 penalty), with G the Laplacian of the numbers of
duels.

It is written f = C a, so that C need not have an inverse. Newton's method keeps Q = (C^-1 + H)^-1 for the Hessian H of
the likelihood. Each duel changes H by a matrix of rank one, and so do the pairs whose curvature has left a tenth of
what Q holds. Between such changes the steps contract by about a tenth, at O(N^2) each: no system is ever solved.

An arm whose utility is known to be 0 turns yes-or-no observations of single arms into duels against it: see
`with_origin`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.linear import dot, multiply, subtract_square
from banditlab.numerics.links import LOGISTIC, curvature, probability
from banditlab.types import Counts, Matrix, Vector

LAG = 0.1  #: by which share a pair's curvature may differ from what the posterior holds
EXACT = 1e-18  #: squared distance to the optimum, in units of the posterior, at which it is reached
CLOSE = 1e-12  #: below which it is reached, too, where steps no longer halve it: rounding allows no more
#: Change of a margin up to which a step surely descends: curvatures change by less than exp(1/2).
REACH = 0.5


class Logistic(NamedTuple):
    """Duels so far, the estimate, and what Newton's method works with."""

    gram: Matrix  #: (N, N) K where C grows; (0, 0) where it stays
    prior: Matrix  #: (N, N) C
    posterior: Matrix  #: (N, N) Q, the posterior covariance by Laplace's method, to within `LAG`
    weights: Matrix  #: (N, N) of H, above the diagonal
    wins: Matrix  #: (N, N) how often the arm of the row beat that of the column
    pairs: Counts  #: (N (N-1) / 2, 2) the pairs that met, in the order of their first duels
    met: Counts  #: (1,) number of pairs that met
    dual: Vector  #: (N,) a
    utilities: Vector  #: (N,) f = C a
    growth: float  #: of C with each duel, 1 / (2 penalty); 0 where it stays
    residual: Vector  #: (N,) scratch
    step: Vector  #: (N,) scratch


def start_logistic(gram: np.ndarray, *, ridge: float | None = None, penalty: float | None = None) -> Logistic:
    """Return an estimate without duels.

    Parameters
    ----------
    gram : ndarray (N, N)
        K, positive semidefinite.
    ridge, penalty : float
        One of the two, > 0: ridge of at least 1e-5 of the spread of the covariances (of the variance, for a kernel that
        decays to 0), penalty of at least 1e-6 of its square.

    Raises
    ------
    ValueError
        Ridge or penalty are smaller: rounding would spoil the estimate.
    """
    arms, spread = len(gram), float(gram.max() - gram.min())
    if ridge is not None and ridge < 1e-5 * spread:
        raise ValueError(f"ridge: at least 1e-5 of the kernel's spread, which is {spread:g}; got {ridge:g}")
    if penalty is not None and penalty < 1e-6 * spread**2:
        raise ValueError(f"penalty: at least 1e-6 of the square of the kernel's spread {spread:g}, got {penalty:g}")
    prior = np.zeros((arms, arms)) if ridge is None else gram / ridge
    kept, growth = (gram, 0.5 / penalty) if ridge is None else (np.zeros((0, 0)), 0.0)
    return Logistic(
        kept, prior, prior.copy(), np.zeros((arms, arms)), np.zeros((arms, arms)),
        np.zeros((arms * (arms - 1) // 2, 2), int), np.zeros(1, int), np.zeros(arms), np.zeros(arms), growth,
        np.zeros(arms), np.zeros(arms),
    )  # fmt: skip


def with_origin(gram: np.ndarray) -> np.ndarray:
    """Return the covariance matrix (N + 1, N + 1) of the N arms and a last one whose utility is known to be 0."""
    return np.pad(gram, (0, 1))


@kernel
def learn_duel(model, first, second, won):
    """Add a duel and find the new estimate. An arm against itself teaches nothing."""
    if first != second:
        count_duel(model, first, second, won)
        maximise(model)


@kernel
def count_duel(model, first, second, won):
    """Add a duel of two different arms, and leave the estimate as it is."""
    low, high = min(first, second), max(first, second)
    if times_met(model, low, high) == 0.0:
        model.pairs[model.met[0], 0] = low
        model.pairs[model.met[0], 1] = high
        model.met[0] += 1
    if won:
        model.wins[first, second] += 1.0
    else:
        model.wins[second, first] += 1.0
    if model.growth > 0.0:
        _grow(model, low, high)


@kernel
def maximise(model):
    """Run Newton's method from the current estimate to the optimum.

    Raises
    ------
    ArithmeticError
        It does not get there.
    """
    f, dual, residual, step = model.utilities, model.dual, model.residual, model.step
    before = math.inf
    for _ in range(1000):
        _differentiate(model)
        multiply(model.posterior, residual, step)
        decrement = dot(residual, step)  # squared distance to the optimum in units of the posterior
        # the step of the dual that belongs to that of f = C a: C^-1 Q r = r - H Q r
        for k in range(f.shape[0]):
            step[k] = -step[k]
        _weigh(model, step, residual)
        scale = _search(model)
        for k in range(f.shape[0]):
            dual[k] -= scale * residual[k]
        multiply(model.prior, dual, f)
        if abs(decrement) <= EXACT or (abs(decrement) <= CLOSE and abs(decrement) >= 0.5 * before):
            break
        before = abs(decrement)
    _differentiate(model)
    furthest, scale = 0.0, 1.0
    for k in range(f.shape[0]):
        furthest, scale = max(furthest, abs(residual[k])), max(scale, abs(dual[k]))
    if not furthest <= 1e-6 * scale:  # the decrement is as good as Q, and this does not need it
        raise ArithmeticError("the kernel logistic estimate did not converge")


@kernel
def _search(model):
    """Return how much of the step to take: all, or as much as surely descends, doubled while it still does."""
    step = model.step
    least, largest = step[0], step[0]
    for k in range(step.shape[0]):
        least, largest = min(least, step[k]), max(largest, step[k])
    scale = min(1.0, REACH / max(largest - least, 1e-300))
    while scale < 1.0 and _slope(model, min(1.0, 2.0 * scale)) <= 0.0:
        scale = min(1.0, 2.0 * scale)
    return scale


@kernel
def _slope(model, scale):
    """Return the derivative of the objective along the step, after that much of it."""
    f, step = model.utilities, model.step
    slope = 0.0
    for k in range(f.shape[0]):
        slope += step[k] * (model.dual[k] - scale * model.residual[k])
    for p in range(model.met[0]):
        low, high = model.pairs[p, 0], model.pairs[p, 1]
        way = step[low] - step[high]
        slope += way * _push(model, low, high, f[low] - f[high] + scale * way)
    return slope


@kernel
def times_met(model, low, high):
    """Return how many duels two arms have had."""
    return model.wins[low, high] + model.wins[high, low]


@kernel
def _push(model, low, high, margin):
    """Return the derivative of a pair's loss by its margin."""
    return times_met(model, low, high) * probability(LOGISTIC, margin) - model.wins[low, high]


@kernel
def _curvature(model, low, high, margin):
    """Return the second derivative of a pair's loss by its margin."""
    return times_met(model, low, high) * curvature(LOGISTIC, margin)


@kernel
def _differentiate(model):
    """Write the gradient, as of f = C a by C^-1, into `residual`, and bring curvatures up to date."""
    f, residual = model.utilities, model.residual
    for k in range(f.shape[0]):
        residual[k] = model.dual[k]
    for p in range(model.met[0]):
        low, high = model.pairs[p, 0], model.pairs[p, 1]
        margin = f[low] - f[high]
        push = _push(model, low, high, margin)
        residual[low] += push
        residual[high] -= push
        weight, held = _curvature(model, low, high, margin), model.weights[low, high]
        if abs(weight - held) > LAG * max(weight, held):
            _reweigh(model, low, high, weight)


@kernel
def refresh(model):
    """Bring all curvatures up to date, so that `posterior` is Laplace's at the estimate."""
    f = model.utilities
    for p in range(model.met[0]):
        low, high = model.pairs[p, 0], model.pairs[p, 1]
        _reweigh(model, low, high, _curvature(model, low, high, f[low] - f[high]))


@kernel
def _reweigh(model, low, high, weight):
    """Give a pair its weight in H, and update Q."""
    column, one, other = model.step, model.posterior[low], model.posterior[high]
    for k in range(column.shape[0]):
        column[k] = one[k] - other[k]
    change = weight - model.weights[low, high]
    subtract_square(model.posterior, column, change / (1.0 + change * (column[low] - column[high])))
    model.weights[low, high] = weight


@kernel
def _grow(model, low, high):
    """Let C grow by a duel, and update Q: by the square of M v, where M = (I + C H)^-1 = I - Q H."""
    v, pushed, one, other = model.step, model.residual, model.gram[low], model.gram[high]
    for k in range(v.shape[0]):
        v[k] = one[k] - other[k]
        pushed[k] = 0.0
    subtract_square(model.prior, v, -model.growth)
    multiply(model.prior, model.dual, model.utilities)
    _weigh(model, v, pushed)
    for k in range(v.shape[0]):
        v[k] -= dot(model.posterior[k], pushed)
    for k in range(v.shape[0]):
        pushed[k] = 0.0
    _weigh(model, v, pushed)
    gain = model.growth * (dot(one, pushed) - dot(other, pushed))
    subtract_square(model.posterior, v, -model.growth / (1.0 + gain))


@kernel
def _weigh(model, x, out):
    """Add H x to `out` (N,)."""
    for p in range(model.met[0]):
        low, high = model.pairs[p, 0], model.pairs[p, 1]
        push = model.weights[low, high] * (x[low] - x[high])
        out[low] += push
        out[high] -= push
