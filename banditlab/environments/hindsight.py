"""The point of a convex domain that was best in hindsight: the minimum of a smooth convex function."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from banditlab.numerics import domains
from banditlab.numerics.domains import BALL, SIMPLEX, Domain

PRECISION = 1e-9  #: by which the value may be above the minimum; or its share of what is at stake
ROUNDING = 1e-14  #: share of the terms of a gradient that rounding hides
STEPS = 100_000  #: of a refinement
SHORT, SHRINK = 0.1, 0.1  #: relative step after which the barrier of `best_shares` falls, and to which share of it


def minimum(
    domain: Domain,
    value: Callable[[np.ndarray], float],
    gradient: Callable[[np.ndarray], np.ndarray],
    smoothness: float,
) -> np.ndarray:
    """Return the minimiser over the domain (d,) of a convex function of at least 0, with a value as near as `_slack`.

    SLSQP of SciPy comes near, and accelerated projected gradient descent (A. Beck, M. Teboulle. A fast iterative
    shrinkage-thresholding algorithm for linear inverse problems. SIAM J. Imaging Sciences 2009) refines that until the
    bound max over u of <gradient, x - u>, which no convex function exceeds its minimum by, is small enough. It starts
    anew where a step goes up.

    Parameters
    ----------
    domain : Domain
    value, gradient : function
        Of a point (d,).
    smoothness : float
        A bound on how much the gradient changes, per distance.

    Raises
    ------
    ValueError
        It could not be found: the function is too flat in some directions for its steepness in others.
    """
    x = _near(domain, value, gradient)
    last, base, momentum, corner = x.copy(), x.copy(), 1.0, np.zeros_like(x)
    for _ in range(STEPS):
        slope = gradient(x)
        domains.minimise(domain, 0.0, slope, corner)
        if slope @ (x - corner) <= _slack(domains.diameter(domain), slope, value(x), smoothness):
            return x
        x = base.copy()
        domains.step(domain, x, 1.0 / smoothness, gradient(base))
        if (base - x) @ (x - last) > 0.0:
            momentum = 1.0
        after = 0.5 * (1.0 + math.sqrt(1.0 + 4.0 * momentum**2))
        base, last, momentum = x + (momentum - 1.0) / after * (x - last), x.copy(), after
    raise ValueError(
        f"radius: the best point in hindsight could not be found to {PRECISION:g} where it is {domain.radii.max():g}: "
        "take a smaller one, or let the columns have similar sizes"
    )


def _slack(diameter: float, slope: np.ndarray, value: float, smoothness: float) -> float:
    """Return by how much a value may be above the minimum, from the gradient (d,) and the value there.

    It is `PRECISION` times the most by which the linear part changes over the domain, if that is above 1; but not less
    than what rounding hides of the bound, since a gradient is a mean of terms as large as smoothness * diameter and
    sqrt(2 smoothness value), whose sum may be near to 0.
    """
    terms = smoothness * diameter + math.sqrt(2.0 * smoothness * value)
    return max(PRECISION * max(1.0, float(np.linalg.norm(slope)) * diameter), ROUNDING * terms * diameter)


def best_shares(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the x >= 0, sum x = 1, (d,) of the least -sum_n w_n log <r_n, x>, with a value to within `PRECISION`.

    Newton's method for rows r (n, d) > 0 and weights w (n,) of sum 1, where sum x stands for the constraint, and -mu
    log x_i is added for each i: at the minimum the sum is 1 + mu d, and the value, of x scaled to the sum 1, at most
    log(1 + mu d) above the least one; mu falls whenever the steps are short (S. Boyd, L. Vandenberghe. Convex
    optimization. 2004, Chapter 11). Steps are relative to x, so that sizes of rows and of shares do not matter: of no
    logarithm does the argument change by a larger factor than some x_i, and so 1 / (1 + max |step|) of a step always
    goes down.

    Raises
    ------
    ValueError
        It could not be found.
    """
    rows, dim = rows / rows.max(axis=1, keepdims=True), rows.shape[1]
    x, mu = np.full(dim, 1.0 / dim), 1.0
    for _ in range(STEPS):
        parts = rows * x / (rows @ x)[:, None]  # (n, d), with the sum 1 in each row
        held = weights @ parts
        if x.sum() * (held / x).max() <= 1.0 + PRECISION:  # log of it is a bound on the excess
            return x / x.sum()
        step = np.linalg.solve((parts.T * weights) @ parts + mu * np.eye(dim), held - x + mu)
        longest = np.abs(step).max()
        x *= 1.0 + step / (1.0 + longest)
        if longest < SHORT:
            mu = max(SHRINK * mu, 0.1 * PRECISION / dim)
    raise ValueError(f"volatility, data: the best portfolio in hindsight could not be found to {PRECISION:g}")


def _near(domain: Domain, value: Callable, gradient: Callable) -> np.ndarray:
    from scipy.optimize import minimize

    found = minimize(
        value, domains.centre(domain), jac=gradient, method="SLSQP", constraints=constraints(domain),
        options={"ftol": 1e-15, "maxiter": 500},
    )  # fmt: skip
    x = np.where(np.isfinite(found.x), found.x, domains.centre(domain))
    domains.project(domain, x)
    return x


def constraints(domain: Domain) -> list[dict[str, Any]]:
    """Return what holds of the points of a domain, as SciPy takes it: functions that are at least 0, or 0."""
    found, eye = [], np.eye(len(domain.scratch))
    for form, radius, start, end in zip(domain.forms, domain.radii, domain.ends[:-1], domain.ends[1:], strict=True):
        rows = eye[start:end]
        if form == BALL:
            found.append(_ball(rows, radius))
            continue
        lower, upper = (0.0, radius) if form == SIMPLEX else (-radius, radius)
        found += [_linear("ineq", rows, -lower), _linear("ineq", -rows, upper)]
        if form == SIMPLEX:
            found.append(_linear("eq", rows.sum(axis=0, keepdims=True), -radius))
    return found


def _ball(rows: np.ndarray, radius: float) -> dict[str, Any]:
    return {
        "type": "ineq",
        "fun": lambda x: radius**2 - ((rows @ x) ** 2).sum(),
        "jac": lambda x: -2.0 * (rows @ x) @ rows,
    }


def _linear(kind: str, rows: np.ndarray, offset: float) -> dict[str, Any]:
    return {"type": kind, "fun": lambda x: rows @ x + offset, "jac": lambda x: rows}
