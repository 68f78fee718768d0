"""Reading a results folder."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from banditlab.analysis import baselines
from banditlab.analysis.cells import CellResult
from banditlab.analysis.results import Result
from banditlab.errors import UserError, nearest
from banditlab.runs import precision
from banditlab.runs.cell_table import read_cells
from banditlab.runs.searches import Tuned
from banditlab.runs.store import read_curves, read_failures, read_grid
from banditlab.runs.tuning import FOLDER
from banditlab.validation import validate


def load(folder: str | Path) -> Result:
    """Read a results folder, or a baseline: a file of `banditlab baseline`, or the name of one that is shipped.

    A folder of that name comes before a shipped baseline; `banditlab list baselines` lists these.

    Raises
    ------
    UserError
        It is none of these, or damaged.

    Examples
    --------
    >>> import banditlab
    >>> baseline = banditlab.load("colstim-figure")
    >>> baseline.labels("policy")
    ['CoLSTIM', 'MaxInP', 'Double Thompson', 'uniform']
    >>> banditlab.load("colstim-figures")
    Traceback (most recent call last):
        ...
    banditlab.errors.UserError: colstim-figures: no results folder, and no baseline; did you mean 'colstim-figure'?
    """
    place = Path(folder)
    if place.suffix == ".parquet":
        return baselines.read(place)
    if not place.exists() and place.name == str(folder):
        if (known := baselines.names()) and place.name in known:
            return baselines.read(baselines.FOLDER / f"{place.name}.parquet")
        if near := nearest(place.name, known):
            raise UserError(f"{folder}: no results folder, and no baseline{near}")
    grid = read_grid(place)
    curves, failed = _by_key(read_curves(place)), defaultdict(set)
    for row in read_failures(place):
        failed[row["key"]].add(row["replication"])
    cells = [
        _cell(row, curves.get(row["key"], {}), grid.get("seed"), frozenset(failed[row["key"]]))
        for row in read_cells(place).to_pylist()
    ]
    wanted = precision.read(grid.get("replications", 0), f"{place / 'grid.json'}: replications")
    return Result(
        grid["name"],
        bool(grid.get("quick")),
        cells,
        place,
        grid.get("claims", ()),
        wanted,
        grid.get("metric"),
        grid.get("figures", ()),
        load(place / FOLDER) if grid.get("tune") and (place / FOLDER / "grid.json").exists() else None,
    )


Rows = dict[str, list[tuple[int, Any, Any]]]


def _by_key(table: Any) -> dict[str, Rows]:
    """Group the rows of `curves.parquet` by key and metric, replications in order."""
    groups: dict[str, Rows] = {}
    frame = table.to_pandas().sort_values(["key", "metric", "replication"])
    for row in frame.itertuples(index=False):
        groups.setdefault(row.key, {}).setdefault(row.metric, []).append((row.replication, row.x, row.value))
    return groups


def _cell(row: Mapping[str, Any], rows: Rows, seed: int | None, failed: frozenset[int]) -> CellResult:
    about = json.loads(row["about"])
    first = next(iter(rows.values()), [])
    return CellResult(
        row["environment"],
        row["policy"],
        row["game"],
        {role: about[role]["kind"] for role in ("environment", "policy")},
        {"environment": _parameters(about["environment"]), "policy": about["policy"]["parameters"]},
        row["horizon"],
        row["told"],
        tuple(name for name in row["metrics"] if name in rows or not rows),
        np.array([replication for replication, _, _ in first]),
        np.asarray(first[0][1] if first else [], int),
        {name: np.stack([value for _, _, value in group]) for name, group in rows.items()},
        seed,
        about["environment"]["instance"] == "fixed",
        failed,
        not about["environment"].keys() & {"wrappers", "switch"},
        row["key"],
        validate(Tuned, about["policy"]["tuned"], f"{row['policy']}: tuned") if "tuned" in about["policy"] else None,
    )


def _parameters(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of an environment, and of its wrappers behind their kinds."""
    found = dict(about["parameters"])
    for wrapper in about.get("wrappers", []):
        found |= {f"{wrapper['kind']}.{name}": value for name, value in wrapper["parameters"].items()}
    return found
