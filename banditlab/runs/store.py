"""The results folder: finished work in Parquet, found again by its key.

=================  ==========================================================================================
`grid.json`        the resolved grid
`cells.parquet`    a row a cell: key, labels, kinds, parameters
`curves.parquet`   a row a replication and metric: key, replication, metric, the rounds, the values
`segments/`        finished work of a run under way, in the form of `curves.parquet`
`provenance/`      hosts, versions, timings; never read back
=================  ==========================================================================================

A file is written under a temporary name, synced and renamed: what has its name is whole.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from banditlab.errors import UserError
from banditlab.problem import PLAIN
from banditlab.runs.grid import Cell, Grid, describe
from banditlab.runs.pair import Curve

CURVES = pa.schema(
    [
        ("key", pa.string()),
        ("replication", pa.int32()),
        ("metric", pa.string()),
        ("x", pa.large_list(pa.int64())),
        ("value", pa.large_list(pa.float64())),
    ]
)


class Store:
    """The results folder of a grid.

    Parameters
    ----------
    folder : path
    name : str
        Name of the grid, which must be the folder's where there is one already.
    games : set of str
        Games of the grid, one of which must be the folder's.

    Raises
    ------
    UserError
        The folder holds another grid, or something else.
    """

    def __init__(self, folder: str | Path, name: str, games: set[str]):
        self.folder = Path(folder)
        self._segments = self.folder / "segments"
        self._pending: list[dict[str, Any]] = []
        if (self.folder / "grid.json").exists():
            self._check_grid(name, games)
        elif self.folder.is_dir() and any(_is_foreign(entry.name) for entry in self.folder.iterdir()):
            raise UserError(f"{folder}: holds files that are no results: choose another --out")

    def open(self) -> None:
        """Make the folder, and see that it can be written.

        Raises
        ------
        UserError
            It cannot.
        """
        try:
            self._segments.mkdir(parents=True, exist_ok=True)
            (self.folder / "provenance").mkdir(exist_ok=True)
            probe = self.folder / f".{uuid.uuid4().hex}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise UserError(f"{self.folder}: cannot be written ({error.strerror}): choose another --out") from error

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other runs out of the folder.

        Raises
        ------
        UserError
            Another run writes to it.
        """
        with (self.folder / ".lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                line = f"{self.folder}: another run writes to it: wait for it, or choose another --out"
                raise UserError(line) from None
            yield

    def _check_grid(self, name: str, games: set[str]) -> None:
        stored = read_grid(self.folder)
        held = {cell["game"] for cell in stored["cells"]}
        found, wanted = f"grid {stored['name']!r}", repr(name)
        if stored["name"] == name and not held & games:
            found, wanted = f"game {', '.join(sorted(held))}", ", ".join(sorted(games))
        elif stored["name"] == name:
            return
        raise UserError(f"{self.folder}: holds the results of the {found}, not of {wanted}: choose another --out")

    def finished(self) -> set[tuple[str, int]]:
        """Return (key, replication) of all finished work."""
        return read_finished(self.folder)

    def add(self, key: str, cell: Cell, curves: Iterable[Curve]) -> None:
        """Take finished replications, to be written by `flush`."""
        rows = [
            (key, curve.replication, metric, curve.rounds, curve.values[:, m])
            for curve in curves
            for m, metric in enumerate(cell.metrics)
        ]
        # in one step, so that Ctrl-C cannot leave half of a replication
        self._pending += [dict(zip(CURVES.names, row, strict=True)) for row in rows]

    def flush(self) -> None:
        """Write what was added as one segment."""
        if self._pending:
            table = pa.Table.from_pylist(self._pending, CURVES)
            _write(table, self._segments / f"{uuid.uuid4().hex}.parquet")
            self._pending = []

    def describe(self, grid: Grid, cells: Sequence[tuple[str, Cell, frozenset[str]]]) -> None:
        """Write the resolved grid and the table of cells, each with its key and the facts that the policy used."""
        _rename(
            self.folder / "grid.json",
            lambda file: file.write_text(json.dumps(grid.resolved(), indent=1) + "\n"),
        )
        _write(pa.Table.from_pylist([_cell_row(*cell) for cell in cells]), self.folder / "cells.parquet")

    def compact(self) -> None:
        """Merge all segments into `curves.parquet`, sorted by key, replication and metric."""
        self.flush()
        segments = sorted(self._segments.glob("*.parquet"))
        if segments or not (self.folder / "curves.parquet").exists():
            order = [(name, "ascending") for name in ("key", "replication", "metric")]
            _write(read_curves(self.folder).sort_by(order), self.folder / "curves.parquet")
        for segment in segments:
            segment.unlink(missing_ok=True)


def _is_foreign(name: str) -> bool:
    return name not in OURS and not name.startswith(".")  # what begins with a dot is a file that was never finished


OURS = {"segments", "provenance", "curves.parquet", "cells.parquet", "check"}


def read_curves(folder: Path, *, keys_only: bool = False) -> pa.Table:
    """Return the finished work in a folder, each replication and metric once; or no more than its keys.

    Raises
    ------
    UserError
        A file is damaged.
    """
    files = [folder / "curves.parquet", *sorted((folder / "segments").glob("*.parquet"))]
    wanted = ["key", "replication", "metric"] if keys_only else CURVES.names
    tables = [_read(file, wanted) for file in files if file.exists()]
    table = pa.concat_tables(tables) if tables else CURVES.empty_table()
    if len(tables) > 1:
        # work that was stored twice: a run was ended between writing the merged file and removing its segments
        rows = zip(*(table[name].to_pylist() for name in ("key", "replication", "metric")), strict=True)
        first = {row: i for i, row in reversed(list(enumerate(rows)))}
        table = table.take(sorted(first.values()))
    return table


def read_finished(folder: Path) -> set[tuple[str, int]]:
    """Return (key, replication) of all finished work in a folder; raises as `read_curves`."""
    table = read_curves(folder, keys_only=True)
    return set(zip(table["key"].to_pylist(), table["replication"].to_pylist(), strict=True))


def read_grid(folder: str | Path) -> dict[str, Any]:
    """Return the resolved grid of a results folder.

    Raises
    ------
    UserError
        There is none, or it is damaged.
    """
    file = Path(folder) / "grid.json"
    if not file.is_file():
        raise UserError(f"{folder}: no results folder (it has no grid.json)")
    try:
        grid = json.loads(file.read_text(encoding="utf-8"))
        grid["name"], [cell["game"] for cell in grid["cells"]]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{file}: damaged: {error}") from error
    return grid


def read_cells(folder: str | Path) -> pa.Table:
    """Return the table of cells of a results folder.

    Raises
    ------
    UserError
        It is missing or damaged.
    """
    return _read(Path(folder) / "cells.parquet", CELLS)


CELLS = ["key", "game", "environment", "policy", "horizon", "told", "metrics", "about"]


def _cell_row(key: str, cell: Cell, told: frozenset[str]) -> dict[str, Any]:
    about = describe(cell)
    return {
        "key": key,
        "game": about["game"],
        "environment": about["environment"]["label"],
        "policy": about["policy"]["label"],
        "horizon": about["horizon"],
        "told": ", ".join(sorted(told - PLAIN - {"best"})),
        "metrics": list(cell.metrics),
        "about": json.dumps(about),
    }


def _read(file: Path, columns: list[str]) -> pa.Table:
    try:
        return pq.read_table(file, columns=columns).select(columns)
    except FileNotFoundError:
        raise UserError(f"{file}: missing") from None
    except (OSError, KeyError, pa.ArrowException) as error:
        raise UserError(f"{file}: damaged ({str(error).splitlines()[0]}): delete it and run again") from error


def _write(table: pa.Table, path: Path) -> None:
    _rename(path, lambda file: pq.write_table(table, file, compression="zstd"))


def _rename(path: Path, write: Any) -> None:
    """Write under a temporary name in the same folder, sync, and rename."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
