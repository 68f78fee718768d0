"""The point of a convex domain that was best in hindsight: the minimum of a smooth convex function."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from banditlab.numerics import domains
from banditlab.numerics.domains import BALL, SIMPLEX, Domain

PRECISION = 1e-9  #: by which the value may be above the minimum
STEPS = 100_000  #: of the last refinement


def minimum(
    domain: Domain,
    value: Callable[[np.ndarray], float],
    gradient: Callable[[np.ndarray], np.ndarray],
    smoothness: float,
) -> np.ndarray:
    """Return the minimiser over the domain (d,) of a convex function, with a value to within `PRECISION`.

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
        if slope @ (x - corner) <= PRECISION:
            return x
        x = base.copy()
        domains.step(domain, x, 1.0 / smoothness, gradient(base))
        if (base - x) @ (x - last) > 0.0:
            momentum = 1.0
        after = 0.5 * (1.0 + math.sqrt(1.0 + 4.0 * momentum**2))
        base, last, momentum = x + (momentum - 1.0) / after * (x - last), x.copy(), after
    raise ValueError(
        f"the best point in hindsight could not be found to {PRECISION:g}: let the columns have similar sizes"
    )


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
