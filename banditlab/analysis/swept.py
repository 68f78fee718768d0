"""Parameters that a grid sweeps: which those are, their value in a cell, and where a value stands on an axis."""

from __future__ import annotations

from typing import Any

from banditlab.analysis.cells import CellResult
from banditlab.analysis.panels import Chosen


def value_of(cell: CellResult, name: str) -> Any:
    """Return the horizon, or a parameter of either side that is a number or a word; None where a cell has none."""
    if name in ("horizon", "T"):
        return cell.horizon
    bare = name.rpartition(".")[2]
    for role in ("environment", "policy"):
        if name in (bare, f"{role}.{bare}") and bare in cell.parameters[role]:
            value = cell.parameters[role][bare]
            return value if isinstance(value, int | float | str) else None
    return None


def swept(chosen: Chosen) -> set[str]:
    """Return the names that have several values among cells, swept or not."""
    names = {name for cell, _ in chosen for role in cell.parameters for name in cell.parameters[role]} | {"horizon"}
    return {name for name in names if len({value_of(cell, name) for cell, _ in chosen} - {None}) > 1}


def without(label: str, name: str) -> str:
    """Return a label without the part of it that a sweep over this parameter added."""
    head, opening, tail = label.partition(" (")
    parts = [part for part in tail.rstrip(")").split(", ") if part and not part.startswith(f"{name}=")]
    return f"{head}{opening}{', '.join(parts)})" if opening and parts else head


def positions(members: Chosen, versus: str) -> dict[Any, float]:
    """Return where each value of a swept parameter stands on the axis: numbers at themselves, words side by side."""
    found = (value_of(cell, versus) for cell, _ in members)
    values = list(dict.fromkeys(value for value in found if value is not None))
    words = any(isinstance(value, str) for value in values)
    return {value: float(i) if words else value for i, value in enumerate(values)}
