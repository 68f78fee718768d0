"""The results folder: finished work in Parquet, found again by its key.

=================  ==========================================================================================
`grid.json`        the resolved grid
`cells.parquet`    a row a cell: key, labels, kinds, parameters
`curves.parquet`   a row a replication and metric: key, replication, metric, the rounds, the values, a checksum
`segments/`        finished work of a run under way, in the form of `curves.parquet`
`failures.json`    replications that failed, and why
`tuning/`          a results folder of its own, of what policies were tried as: see `tuning`
`trace/`           every round of a replication, where the grid asks for it: see `trace`
`damaged/`         files that could not be read, or not wholly, when a run found them
`provenance/`      hosts, versions, timings; never read back
=================  ==========================================================================================

A file is written under a temporary name, synced and renamed: what has its name is whole. Each row of curves carries a
checksum of all that it says; one that does not agree counts as never played.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import json
import re
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from banditlab.errors import Damaged, UserError
from banditlab.games.game import shown
from banditlab.runs import cell_table, curves, files, trace
from banditlab.runs.grid import Cell, Grid
from banditlab.runs.pair import Curve, Failure

FAN = 16  #: segments that are merged into one while a run goes on


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
        self._pending: list[curves.Row] = []
        try:
            there = (self.folder / "grid.json").exists()
        except OSError as error:
            raise UserError(f"{self.folder}: cannot be read ({error.strerror}): choose another --out") from error
        if there:
            with contextlib.suppress(Damaged):  # `repair` sets it aside
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
        held = {world["game"] for world in stored["environments"]}
        found, wanted = f"grid {stored['name']!r}", repr(name)
        if stored["name"] == name and not held & games:
            found, wanted = f"game {', '.join(sorted(held))}", ", ".join(sorted(games))
        elif stored["name"] == name:
            return
        raise UserError(f"{self.folder}: holds the results of the {found}, not of {wanted}: choose another --out")

    def repair(self) -> list[str]:
        """Set damaged files aside, and keep the rows of them that are whole; return a line for each file."""
        found = [line for file in _opened(self.folder) if (line := self._repair_curves(file))]
        found += [self._repair_trace(file, damage) for file, damage in trace.clean(self.folder)]
        try:
            read_grid(self.folder)
        except Damaged as error:
            self._set_aside(self.folder / "grid.json")
            found.append(f"{error}; it is written anew")
        except UserError:
            pass  # there is none yet
        return found

    def _repair_curves(self, file: curves.File) -> str:
        whole = sum(1 for _ in file)
        if not (damage := file.damage):
            return ""
        if whole:
            self._write_rows(file, self._new_segment())
        self._set_aside(file.path)
        return f"{file.path}: {damage}; what was lost is played again"

    def _repair_trace(self, file: Path, damage: str) -> str:
        self._set_aside(file)
        return f"{file}: {damage}; what was lost is played again"

    def _set_aside(self, file: Path) -> None:
        place = self.folder / "damaged"
        place.mkdir(exist_ok=True)
        file.replace(place / f"{uuid.uuid4().hex[:8]}-{file.name}")

    def clear(self) -> None:
        """Remove all finished work."""
        for file in (*(one.path for one in _opened(self.folder)), *trace.stored(self.folder)):
            file.unlink()

    def finished(self, widths: Mapping[str, int], traced: Collection[str] = ()) -> set[tuple[str, int]]:
        """Return (key, replication) of finished work, of rows that were looked at before.

        Parameters
        ----------
        widths : dict of str to int
            The number of metrics of each key in question.
        traced : collection of str
            What there must be a trace of.
        """
        own = {key: key for key in widths}  # one string a cell, and not one a replication
        places = curves.merged(file.places() for file in _opened(self.folder))
        found = ((place, sum(1 for _ in metrics)) for place, metrics in itertools.groupby(places, lambda row: row[:2]))
        whole = {(own[key], replication) for (key, replication), n in found if widths.get(key) == n}
        return whole & trace.found(self.folder, traced) if traced else whole

    def note_failures(self, failures: Iterable[tuple[str, Failure]]) -> None:
        """Write which replications failed, each with the key of its cell."""
        self.write_failures(
            [{"key": key, "replication": one.replication, "message": one.message} for key, one in failures]
        )

    def write_failures(self, rows: list[dict[str, Any]]) -> None:
        """Write rows of `read_failures`, in order."""
        rows = sorted(rows, key=lambda row: (row["key"], row["replication"]))
        text = json.dumps(rows, indent=1) + "\n"
        files.write_whole(self.folder / "failures.json", lambda file: file.write_text(text))

    def add(self, key: str, cell: Cell, played: Iterable[Curve]) -> None:
        """Take finished replications, to be written by `flush`."""
        rows = [
            curves.row(key, curve.replication, metric, curve.rounds, curve.values[:, m])
            for curve in played
            for m, metric in enumerate(cell.metrics)
        ]
        # in one step, so that Ctrl-C cannot leave half of a replication
        self._pending += rows

    def flush(self) -> None:
        """Write what was added as one segment."""
        if self._pending:
            self._write_rows(sorted(self._pending, key=curves.place), self._new_segment())
            self._pending = []
            self._thin()

    def _thin(self) -> None:
        """Merge segments of a level into one of the next, once there are many: a run may last for a week."""
        level = 0
        while len(segments := sorted(self._segments.glob(f"{level}-*.parquet"))) >= FAN:
            level += 1
            self._merge(segments, self._new_segment(level))
            _remove(segments)

    def _merge(self, parts: Iterable[Path], file: Path) -> None:
        self._write_rows(_sound([curves.File(part) for part in parts]), file)

    def _write_rows(self, rows: Iterable[curves.Row], file: Path) -> None:
        files.write_whole(file, lambda temporary: curves.write(rows, temporary))

    def _new_segment(self, level: int = 0) -> Path:
        return self._segments / f"{level}-{uuid.uuid4().hex}.parquet"

    def describe(self, grid: Grid, portable: bool, cells: Iterable[tuple[str, Cell, frozenset[str]]]) -> None:
        """Write the resolved grid and the table of cells, each with its key and the facts that the policy used."""
        settled = grid.resolved() | {"portable": portable}
        _write_grid(settled, self.folder)
        cell_table.write(cell_table.rows(cells), self.folder)

    def adopt(self, grid: dict[str, Any], cells: pa.Table, folders: Iterable[Path]) -> None:
        """Take the resolved grid, the cells and the curves of other folders."""
        _write_grid(grid, self.folder)
        cell_table.write(zip(*cells.to_pydict().values(), strict=True), self.folder)
        for folder in folders:
            self._write_rows(_sound(_opened(folder)), self._new_segment())
        self.compact()

    def compact(self) -> None:
        """Merge all segments into `curves.parquet`, sorted by key, replication and metric."""
        self.flush()
        merged, segments = self.folder / "curves.parquet", sorted(self._segments.glob("*.parquet"))
        if segments or not merged.exists():
            self._merge([merged, *segments] if merged.exists() else segments, merged)
        _remove(segments)


def _remove(segments: Iterable[Path]) -> None:
    for file in segments:
        file.unlink(missing_ok=True)


def _is_foreign(name: str) -> bool:
    ours = name in OURS or SHARD.fullmatch(name)
    return not ours and not name.startswith(".")  # what begins with a dot is a file that was never finished


SHARD = re.compile(r"shard-\d+-of-\d+")  #: a folder of part of the work, beside the whole one's files


OURS = {
    "segments",
    "provenance",
    "damaged",
    "trace",
    "curves.parquet",
    "cells.parquet",
    "failures.json",
    "check",
    "tuning",
}


def _opened(folder: Path) -> list[curves.File]:
    """Return the files that hold finished work."""
    while True:
        parts = [*sorted((folder / "segments").glob("*.parquet")), folder / "curves.parquet"]  # into which they go
        try:
            return [curves.File(part) for part in parts if part.exists()]
        except FileNotFoundError:
            continue  # a run that goes on has merged it into another one


def _sound(parts: Sequence[curves.File]) -> Iterator[curves.Row]:
    """Yield the rows of files, each once, in order; raise Damaged at the end, if a file is."""
    yield from curves.merged(parts)
    for part in parts:
        if part.damage:
            raise Damaged(f"{part.path}: {part.damage}: run the grid again, which plays what was lost")


def read_curves(folder: Path, damages: list[str] | None = None) -> pa.Table:
    """Return the finished work in a folder, each replication and metric once.

    Parameters
    ----------
    folder : path
    damages : list of str, optional
        Takes a line for each damaged file; then the rows that are whole are returned.

    Raises
    ------
    Damaged
        A file is, or a row of it, and nobody takes the line.
    """
    parts = _opened(folder)
    rows = _sound(parts) if damages is None else curves.merged(parts)
    table = pa.concat_tables([curves.CURVES.empty_table(), *curves.groups(rows)])
    if damages is not None:
        damages += [f"{part.path}: {part.damage}" for part in parts if part.damage]
    return table


def finals(
    table: pa.Table, metrics: Mapping[str, Sequence[str]], asked: str | None = None
) -> dict[str, dict[int, float]]:
    """Return by key and replication what finished work ends with.

    Parameters
    ----------
    table : pa.Table
        As of `read_curves`.
    metrics : dict of str to sequence of str
        The metrics of each key in question, all of which a finished replication has.
    asked : str, optional
        The grid's `metric`; the value returned is that of the first one shown.
    """
    shown_first = {key: shown(asked, names)[0] for key, names in metrics.items()}
    rows, last = Counter(), {key: {} for key in metrics}
    for key, replication, metric, _, values, _ in curves.rows_of(table):
        if key in metrics:
            rows[key, replication] += 1
            if metric == shown_first[key]:
                last[key][replication] = float(values[-1])
    return {
        key: {r: value for r, value in found.items() if rows[key, r] == len(metrics[key])}
        for key, found in last.items()
    }


def read_failures(folder: Path) -> list[dict[str, Any]]:
    """Return which replications failed when the grid was last run: key, replication, message.

    Raises
    ------
    Damaged
        It cannot be read.
    """
    file = folder / "failures.json"
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
        return [
            {"key": str(r["key"]), "replication": int(r["replication"]), "message": str(r["message"])} for r in rows
        ]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(f"{file}: damaged: {error}") from error


def read_grid(folder: str | Path) -> dict[str, Any]:
    """Return the resolved grid of a results folder.

    Raises
    ------
    UserError
        There is none, or it is damaged.
    """
    file = Path(folder) / "grid.json"
    if not file.is_file():
        if any(SHARD.fullmatch(part.name) for part in Path(folder).glob("shard-*")):
            raise UserError(f"{folder}: holds shards: banditlab merge {folder}/shard-* -o {folder}")
        raise UserError(f"{folder}: no results folder (it has no grid.json)")
    try:
        grid = json.loads(file.read_text(encoding="utf-8"))
        grid["name"], [world["game"] for world in grid["environments"]]
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged(f"{file}: damaged: {error}") from error
    return grid


def _write_grid(grid: dict[str, Any], folder: Path) -> None:
    head = json.dumps({key: value for key, value in grid.items() if key != "cells"}, indent=1)
    text = f'{head[:-2]},\n "cells": {json.dumps(grid["cells"])}\n}}\n'  # in one line: there may be many
    files.write_whole(folder / "grid.json", lambda file: file.write_text(text))
