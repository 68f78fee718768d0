"""Facts of the convex game, checked: in a user's own loop they may be anything."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from banditlab.numerics.domains import Domain, make_domain


def positive(problem: Any, fact: str, *, zero: bool = False) -> float:
    """Return a fact that is a number above 0, or at least 0.

    Raises
    ------
    ValueError
        It is none.
    """
    value = getattr(problem, fact)
    try:
        if 0.0 < value < math.inf or (zero and value == 0.0):
            return float(value)
    except TypeError:
        pass
    raise ValueError(f"{fact}: a number {'of at least' if zero else 'above'} 0, got {value!r}")


def domain_of(problem: Any) -> Domain:
    """Return the domain that a policy is told.

    Raises
    ------
    ValueError
        As of `domains.make_domain`.
    """
    return make_domain(problem.form, positive(problem, "radius"), problem.dim)


def block_of(problem: Any) -> Domain:
    """Return the domain that a policy is told, where it can play on one block alone.

    Raises
    ------
    ValueError
        It is a product of several.
    """
    domain = domain_of(problem)
    if len(domain.forms) > 1:
        raise ValueError(
            f"form: one ball, box or simplex, since steps are in the norm of a matrix; got {problem.form!r}"
        )
    return domain


def simplex_of(problem: Any) -> float:
    """Return the sum of the coordinates of a simplex that a policy is told.

    Raises
    ------
    ValueError
        The domain is no simplex, or one point.
    """
    if not (isinstance(problem.form, str) and problem.form == "simplex"):
        raise ValueError(f"form: should be 'simplex', got {problem.form!r}")
    return float(domain_of(problem).radii[0])


def schedule_of(problem: Any) -> np.ndarray:
    """Return the learning rates of the rounds (T,) that a policy is told.

    Raises
    ------
    ValueError
        They are no finite numbers of at least 0.
    """
    rates = problem.rates
    try:
        found = np.array(rates, float)
    except (TypeError, ValueError):
        found = np.zeros(0)
    if found.ndim != 1 or not len(found) or not (np.isfinite(found) & (found >= 0.0)).all():
        raise ValueError(f"rates: one or more finite numbers of at least 0, got {rates!r}")
    return found
