"""Two results folders side by side: which cells changed, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from banditlab.analysis.cells import CellResult
from banditlab.analysis.loading import load
from banditlab.runs import provenance
from banditlab.runs.cell_table import read_cells
from banditlab.runs.store import read_grid


class Difference(NamedTuple):
    """What became of a cell.

    Attributes
    ----------
    title : str
        Policy, environment and horizon.
    verdict : str
        "same", "changed", "first only" or "second only"; "wrong" where the same work has other numbers.
    reasons : list of str
        Why the numbers may differ; of the same work, how many replications each folder has.
    metric : str
        That the means are of.
    means : tuple of float
        At the last round, in each folder; nan where there is none.
    """

    title: str
    verdict: str
    reasons: list[str]
    metric: str
    means: tuple[float, float]


class _Side(NamedTuple):
    grid: dict[str, Any]
    rows: dict[tuple, dict[str, Any]]  #: of `cells.parquet`
    cells: dict[tuple, CellResult]
    run: Mapping[str, Any]  #: what the last run noted


def differences(first: str | Path, second: str | Path) -> list[Difference]:
    """Compare two results folders, cell by cell: those of one environment, policy (by labels) and horizon.

    Raises
    ------
    UserError
        One of them is no results folder, or damaged.
    """
    one, other = _side(first), _side(second)
    return [_compare(place, one, other) for place in dict.fromkeys([*one.rows, *other.rows])]


def _side(folder: str | Path) -> _Side:
    result, runs = load(folder), provenance.read(folder)
    rows = {(row["policy"], row["environment"], row["horizon"]): row for row in read_cells(Path(folder)).to_pylist()}
    cells = {(cell.policy, cell.environment, cell.horizon): cell for cell in [*result.cells, *result.missing]}
    return _Side(read_grid(folder), rows, cells, runs[-1] if runs else {})


def _compare(place: tuple, one: _Side, other: _Side) -> Difference:
    policy, environment, horizon = place
    title = f"{policy} in {environment}, T = {horizon:,}"
    found = [side.cells.get(place) for side in (one, other)]
    metric = next(cell.metrics[0] for cell in found if cell is not None)
    means = tuple(_mean(cell, metric) for cell in found)
    if place not in one.rows or place not in other.rows:
        return Difference(title, "second only" if place not in one.rows else "first only", [], metric, means)
    if one.rows[place]["key"] != other.rows[place]["key"]:
        return Difference(title, "changed", list(_reasons(place, one, other)), metric, means)
    equal = _equal(*found)
    numbers = [len(cell.replications) for cell in found]
    more = [f"{numbers[0]} and {numbers[1]} replications"] if numbers[0] != numbers[1] else []
    return Difference(title, "same" if equal else "wrong", more, metric, means)


def _mean(cell: CellResult | None, metric: str) -> float:
    has = cell is not None and len(cell.replications) and metric in cell.curves
    return float(cell.final(metric).mean()) if has else float("nan")


def _equal(one: CellResult, other: CellResult) -> bool:
    """Return whether the replications that both have are the same numbers."""
    _, i, j = np.intersect1d(one.replications, other.replications, return_indices=True)
    return all(
        one.curves[name][i].tobytes() == other.curves[name][j].tobytes()
        for name in one.curves.keys() & other.curves.keys()
    )


def _reasons(place: tuple, one: _Side, other: _Side) -> Iterator[str]:
    """Yield what differs of all that determines a cell's numbers; the code where nothing else does."""
    before, after = (json.loads(side.rows[place]["about"]) for side in (one, other))
    found = [*_changed(before, after)]
    found += [
        f"{key}: {_short(one.grid.get(key))} -> {_short(other.grid.get(key))}"
        for key in ("seed", "record", "portable")
        if one.grid.get(key) != other.grid.get(key)
    ]
    kept = [list(side.rows[place]["metrics"]) for side in (one, other)]
    if kept[0] != kept[1]:
        found.append(f"metrics: {', '.join(kept[0])} -> {', '.join(kept[1])}")
    if not one.grid.get("portable") and one.run.get("cpu") != other.run.get("cpu"):
        found.append(f"processor: {one.run.get('cpu')} -> {other.run.get('cpu')}")
    yield from found or [f"code of the pair{_commits(one.run, other.run)}, or a file that a parameter names"]


def _changed(before: Any, after: Any, place: str = "") -> Iterator[str]:
    """Yield the parameters that differ, with both values."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            if key not in ("label", "tuned"):
                name = place if key == "parameters" else f"{place}.{key}".lstrip(".")
                yield from _changed(before.get(key), after.get(key), name)
    elif before != after:
        yield f"{place}: {_short(before)} -> {_short(after)}"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _commits(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return what the folders' last runs noted of the code, where it differs."""
    said = [_code(run) for run in (before, after)]
    return f" ({said[0]} -> {said[1]})" if said[0] != said[1] else ""


def _code(run: Mapping[str, Any]) -> str:
    versions, git = run.get("versions"), run.get("git")
    version = versions.get(provenance.US) if isinstance(versions, dict) else None
    state = git.get("banditlab") if isinstance(git, dict) else None
    commit = str(state.get("commit"))[:10] + ("+" if state.get("dirty") else "") if isinstance(state, dict) else ""
    return " ".join(filter(None, (version, commit))) or "unknown"
