"""Parameters that differ between cells: their values, and labels without what a sweep added to them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Protocol

ROLES = ("environment", "policy")
#: Part of a label that a sweep added, such as "delayed (rounds=10, keep=1)": what stands before it, and what in it.
#: A value may have a pair of brackets of its own, as in "bernoulli (prior=beta(1,1))".
ADDED = re.compile(r"(?P<head>\S*) \((?P<parts>[\w.]+=(?:[^()]|\([^()]*\))*)\)")


class Scene(Protocol):
    """A cell of a grid, or of its results."""

    environment: str
    policy: str
    horizon: int
    parameters: dict[str, dict[str, Any]]


def value_of(cell: Scene, name: str) -> Any:
    """Return the value of a parameter in a cell; None where it has no such parameter, or one that is a list.

    Parameters
    ----------
    cell : Scene
    name : str
        "gap", "environment.gap", "delayed.rounds" of a wrapper, or "horizon".
    """
    if name in ("horizon", "T"):
        return cell.horizon
    for role in ROLES:
        bare = name.removeprefix(f"{role}.")
        if bare in cell.parameters[role]:
            value = cell.parameters[role][bare]
            return value if isinstance(value, int | float | str) else None
    return None


def swept(cells: Iterable[Scene]) -> set[str]:
    """Return the names of the parameters that have several values in these cells."""
    cells = list(cells)
    names = {name for cell in cells for role in ROLES for name in cell.parameters[role]} | {"horizon"}
    return {name for name in names if len({value_of(cell, name) for cell in cells} - {None}) > 1}


def without(label: str, name: str) -> str:
    """Return a label without the part of it that a sweep over this parameter added."""
    for role in ROLES:
        name = name.removeprefix(f"{role}.")
    wrapper, _, bare = name.rpartition(".")

    def rest(found: re.Match) -> str:
        if wrapper and found["head"] != wrapper:
            return found[0]
        parts = [part for part in re.split(r", (?=[\w.]+=)", found["parts"]) if not part.startswith(f"{bare}=")]
        return f"{found['head']} ({', '.join(parts)})" if parts else found["head"]

    return ADDED.sub(rest, label)


def in_order(values: Iterable[Any]) -> list[Any]:
    """Return the distinct values, without None: numbers from the smallest on, words as they come."""
    found = list(dict.fromkeys(value for value in values if value is not None))
    return found if any(isinstance(value, str) for value in found) else sorted(found)


def positions(members: Iterable[tuple[Scene, str]], versus: str) -> dict[Any, float]:
    """Return where each value of a swept parameter stands on the axis: numbers at themselves, words side by side."""
    values = in_order(value_of(cell, versus) for cell, _ in members)
    words = any(isinstance(value, str) for value in values)
    return {value: float(i) if words else value for i, value in enumerate(values)}


def written(value: Any) -> str:
    """Return a value as on an axis."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else f"{value:,}" if isinstance(value, int) else f"{value:g}"
