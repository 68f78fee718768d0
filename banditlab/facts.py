"""Facts that users tell a policy in loops of their own: which numbers they can be, and of which shape."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from banditlab.errors import nearest
from banditlab.problem import PLAIN

Shape = Callable[[Mapping[str, int]], tuple[int, ...] | None]  #: by the lengths of a game's axes; None for any


class Numbers(NamedTuple):
    """What a fact is that consists of finite numbers."""

    range: str  #: in words
    holds: Callable[[np.ndarray], Any]  #: which numbers are in the range
    shape: Shape = lambda axes: ()
    indexes: str = ""  #: an axis, where they are different indices of it


def _one(axes: Mapping[str, int]) -> tuple[int, ...] | None:
    """One number; policies of the black-box game check themselves how many functions a fact is of."""
    return None if "constraints" in axes else ()


def _some_items(axes: Mapping[str, int]) -> None:
    """As many as there are, in a game of items."""
    axes["items"]


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
    "best_set": Numbers(", whole, different", lambda x: (x >= 0) & (x % 1 == 0), _some_items, "items"),
    "optimum": Numbers("", np.isfinite, lambda axes: (axes["dim"],)),
}
#: Single numbers of the convex game; `banditlab.policies.domain_facts` says which they can be.
SINGLE = frozenset({"radius", "gradient_bound", "smoothness", "curvature", "exp_concavity"})


def check_names(facts: Collection[str], told: Iterable[Collection[str]]) -> None:
    """Check that each fact is one that a policy may ask for, if only another one.

    Raises
    ------
    ValueError
        No policy may.
    """
    known = {*FACTS, *PLAIN}.union(*told)
    for name in facts:
        if name not in known:
            raise ValueError(f"told: no policy asks for {name!r}{nearest(str(name), known)}")


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
        if not _are(facts[name], wanted, shape) or (wanted.indexes and not _differ(facts[name], axes[wanted.indexes])):
            what = "a finite number" if shape == () else f"finite numbers{f' of shape {shape}' if shape else ''}"
            below = f", in 0 .. {axes[wanted.indexes] - 1}" if wanted.indexes else ""
            raise ValueError(f"{name}: should be {what}{wanted.range}{below}, got {_short(facts[name])}")
    for name in sorted(facts.keys() & SINGLE & set(told)):
        if isinstance(facts[name], list | tuple | np.ndarray):
            raise ValueError(f"{name}: a number, got {_short(facts[name])}")


def _are(value: Any, wanted: Numbers, shape: tuple[int, ...] | None) -> bool:
    try:
        found = np.array(value)
    except ValueError:  # lists of different lengths
        return False
    if found.dtype.kind not in "iuf" or shape not in (None, found.shape):
        return False
    return bool(np.isfinite(found).all() and wanted.holds(found).all())


def _differ(value: Any, size: int) -> bool:
    """Return whether numbers are different indices of an axis of that length."""
    found = np.array(value)
    return found.ndim == 1 and len(np.unique(found)) == len(found) and bool((found < size).all())


def _short(value: Any) -> str:
    return " ".join(reprlib.repr(value).split())
