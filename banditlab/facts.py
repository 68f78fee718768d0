"""Facts that users tell a policy in loops of their own: which numbers they can be, and of which shape."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import numpy as np

Shape = Callable[[Mapping[str, int]], tuple[int, ...] | None]  #: by the lengths of a game's axes; None for any


class Numbers(NamedTuple):
    """What a fact is that consists of finite numbers."""

    range: str  #: in words
    holds: Callable[[np.ndarray], Any]  #: which numbers are in the range
    shape: Shape = lambda axes: ()


def _one(axes: Mapping[str, int]) -> tuple[int, ...] | None:
    """One number; policies of the black-box game check themselves how many functions a fact is of."""
    return None if "constraints" in axes else ()


ROUNDS = Numbers(", whole and at least 1", lambda x: (x >= 1) & (x % 1 == 0))
POSITIVE = Numbers(" above 0", lambda x: x > 0, _one)

#: By name. In a game without the axes of its shape, a fact of that name is another one.
FACTS = {
    "horizon": ROUNDS,
    "rounds": ROUNDS,
    "best": Numbers(", whole and at least 0", lambda x: (x >= 0) & (x % 1 == 0), lambda a: (a.get("contexts", 1),)),
    "noise": Numbers(" of at least 0", lambda x: x >= 0, _one),
    "signal": POSITIVE,
    "length_scale": POSITIVE,
    "variances": POSITIVE,
    "length_scales": POSITIVE,
    "budget": Numbers(" of at least 1", lambda x: x >= 1),
    "void": Numbers(" in [0, 1]", lambda x: (x >= 0) & (x <= 1)),
    "mix": Numbers(" in [0, 1]", lambda x: (x >= 0) & (x <= 1), lambda axes: (axes["arms"],)),
    "means": Numbers("", np.isfinite, lambda axes: (axes["arms"], 1 + axes["resources"])),
    "reward_bound": Numbers(" above 0", lambda x: x > 0),
    "best_set": Numbers(", whole and at least 0", lambda x: (x >= 0) & (x % 1 == 0), lambda axes: None),
    "optimum": Numbers("", np.isfinite, lambda axes: (axes["dim"],)),
}


def check_facts(facts: Mapping[str, Any], told: Collection[str], axes: Mapping[str, int]) -> None:
    """Check the facts that a policy may ask for, in a game whose axes are so long.

    Raises
    ------
    ValueError
        One is not of finite numbers, or they are out of range, or too many or too few.
    """
    for name in sorted(facts.keys() & FACTS.keys() & set(told)):
        wanted = FACTS[name]
        try:
            shape = wanted.shape(axes)
        except KeyError:
            continue
        if not _are(facts[name], wanted, shape):
            what = "a finite number" if shape == () else f"finite numbers{f' of shape {shape}' if shape else ''}"
            found = " ".join(reprlib.repr(facts[name]).split())
            raise ValueError(f"{name}: should be {what}{wanted.range}, got {found}")


def _are(value: Any, wanted: Numbers, shape: tuple[int, ...] | None) -> bool:
    try:
        found = np.array(value)
    except ValueError:  # lists of different lengths
        return False
    if found.dtype.kind not in "iuf" or shape not in (None, found.shape):
        return False
    return bool(np.isfinite(found).all() and wanted.holds(found).all())
