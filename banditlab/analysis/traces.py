"""Reading traces: what was played and answered in every round, of the replications that are asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import pandas as pd

from banditlab.analysis.cells import CellResult
from banditlab.errors import UserError
from banditlab.runs import trace


def read_traces(
    folder: Path,
    cells: Iterable[CellResult],
    replications: Collection[int] | None,
    columns: Sequence[str] | None,
    rounds: tuple[int, int] | None,
) -> pd.DataFrame:
    """Return the traces of some cells; arguments and errors as of `Result.trace`."""
    tables = [
        _labelled(trace.read(file, columns, rounds).to_pandas(), cell)
        for cell in cells
        for file in _files(folder, cell, replications)
    ]
    if not tables:
        raise UserError(f'{folder}: no traces: write trace = ["actions", "rewards"] at the top of the grid, and run it')
    return pd.concat(tables, ignore_index=True)


def _files(folder: Path, cell: CellResult, wanted: Collection[int] | None) -> list[Path]:
    there = {trace.number(file): file for file in trace.stored(folder, cell.key)}
    lacking = sorted(set(wanted or ()) - there.keys())
    if lacking:
        raise UserError(f"{folder}: no trace of replication {lacking[0]} of {cell.policy} in {cell.environment}")
    return [file for replication, file in there.items() if wanted is None or replication in wanted]


def _labelled(table: pd.DataFrame, cell: CellResult) -> pd.DataFrame:
    labels = {"environment": cell.environment, "policy": cell.policy, "horizon": cell.horizon}
    return pd.concat([pd.DataFrame(labels, index=table.index), table.drop(columns="key")], axis=1)
