"""Traces: every round of a replication, what was played and what the environment answered, in Parquet.

A replication has a file of its own, `trace/KEY/REPLICATION.parquet`, which the worker that plays it writes as it goes:
compiled code leaves each round in an array behind the running totals, and when that is full it becomes a row group. So
a worker holds at most `ROUNDS` rounds, and at most `NUMBERS` numbers or one round, however long the replication is.
Where groups end depends on nothing but these: a trace has the same bytes whatever slices and workers it was played in.
The file gets its name when the replication is finished; what a killed run leaves has another one, and is removed by the
next run. Pages carry checksums, which are verified on reading.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from banditlab import fuse
from banditlab.errors import Damaged, UserError, nearest
from banditlab.games.game import Column, Columns, Game
from banditlab.runs import files

T = TypeVar("T")
ROUNDS = 100_000  #: rows of a group at most
NUMBERS = 1 << 20  #: of all rows of a group at most, 8 MB, if that is more than one row
FILES = 10_000  #: traces of a grid at most
PARTS = Columns._fields  #: what can be traced


# --- keeping rounds ---------------------------------------------------------------------------------------------------


def before(env, policy, round, last, totals) -> None:
    """Stand for the users' metrics."""


def log(env, round, row) -> None:
    """Stand for the game's function that writes a round."""


METRICS = 0
HEAD = 2  #: between the totals and the rows: how many rows there are, and how many numbers each has


def keep(env, policy, round, last, totals):
    """Write a round behind those that were written before it, after the users' metrics."""
    before(env, policy, round, last, totals)
    count, width = int(totals[METRICS]), int(totals[METRICS + 1])
    place = METRICS + HEAD + count * width
    row = totals[place : place + width]
    for i in range(width):
        row[i] = math.nan
    log(env, round, row)
    if count > 0 and row[0] == totals[place - width]:
        for i in range(width):
            totals[place - width + i] = row[i]
    else:
        totals[METRICS] = count + 1


def keeping(game: Game, metrics: Callable | None, width: int) -> Callable:
    """Return what stands for `measure`: the users' metrics, if any, then `keep`, behind so many totals."""
    return fuse.bind(keep, {"before": metrics or before, "log": game.logs, "METRICS": width})


class Totals:
    """The running totals of a replication, of so many metrics."""

    room: float = math.inf  #: rounds that may be played before `turn` is called

    def __init__(self, metrics: int):
        self.array = fuse.apart(np.zeros(metrics))

    def turn(self) -> None:
        """Make room."""

    def finish(self) -> None:
        """Keep what was written."""

    def close(self) -> None:
        """Forget what was not finished."""


class Tape(Totals):
    """The running totals, and behind them the rounds that were not written yet; these go to a file.

    Parameters
    ----------
    metrics : int
    writer : Writer
    """

    def __init__(self, metrics: int, writer: Writer):
        width = width_of(writer.columns)
        self._writer, self._most = writer, max(1, min(ROUNDS, NUMBERS // width))
        # the last round may go on, where it is several of one set: it is written once another one follows
        self.array = np.zeros(metrics + HEAD + (self._most + 1) * width)
        self._head, rows = np.split(self.array[metrics:], [HEAD])
        self._head[1], self._rows = width, rows.reshape(-1, width)

    @property
    def room(self) -> int:
        return self._most + 1 - int(self._head[0])

    def turn(self) -> None:
        if self._head[0] > self._most:
            self._writer.write(self._rows[: self._most])
            self._rows[0], self._head[0] = self._rows[self._most], 1

    def finish(self) -> None:
        if self._head[0]:
            self._writer.write(self._rows[: int(self._head[0])])
        self._writer.finish()

    def close(self) -> None:
        self._writer.close()


# --- writing ----------------------------------------------------------------------------------------------------------


class Writer:
    """Writes the trace of a replication.

    Parameters
    ----------
    path : path, optional
        Of the trace, `folder_of` and `name_of`; None throws away what is written.
    columns : Columns
        What the game writes of a round.
    wanted : collection of str
        Which of `PARTS` are to be kept.
    """

    def __init__(self, path: Path | None, columns: Columns, wanted: Collection[str]):
        self.columns = [*columns.actions, *columns.rewards]
        self._kept = [c for part in PARTS if part in wanted for c in getattr(columns, part) if c.size != 0]
        self._path, self._written = path, path and files.temporary(path)
        self._place = (path.parent.name, number(path)) if path else ("", 0)
        fields = [("key", KEY), ("replication", pa.int32()), ("round", pa.int64())]
        fields += [(column.name, _type(column)) for column in self._kept]
        schema = pa.schema(fields, {"trace": " ".join(part for part in PARTS if part in wanted)})
        try:
            if path:
                path.parent.mkdir(parents=True, exist_ok=True)
            place = self._written or pa.MockOutputStream()
            self._file = pq.ParquetWriter(place, schema, **FORMAT, use_dictionary=_repeated(schema))
        except OSError as error:
            raise files.cannot_write(path, error) from error

    def write(self, rows: np.ndarray) -> None:
        """Write rows (n, width) as one group."""
        schema, n = self._file.schema, len(rows)
        key, replication = self._place
        arrays = {
            "key": pa.DictionaryArray.from_arrays(np.zeros(n, np.int32), [key]),
            "replication": pa.array(np.full(n, replication, np.int32)),
            "round": pa.array(rows[:, 0].astype(np.int64)),
        }
        arrays |= {column.name: array for column, array in decode(self.columns, rows) if column in self._kept}
        try:
            self._file.write_table(pa.table([arrays[name] for name in schema.names], schema=schema), row_group_size=n)
        except OSError as error:
            raise files.cannot_write(self._path, error) from error

    def finish(self) -> None:
        """Give the file its name."""
        try:
            self._file.close()
            files.settle(self._written, self._path)
        except OSError as error:
            raise files.cannot_write(self._path, error) from error

    def close(self) -> None:
        """Remove the file where it was not finished."""
        try:
            self._file.close()
        except OSError:
            pass  # the disk is full, and the file goes anyway
        finally:
            if self._written:
                self._written.unlink(missing_ok=True)


KEY = pa.dictionary(pa.int32(), pa.string())
FORMAT = {"compression": "zstd", "write_page_checksum": True, "column_encoding": {"round": "DELTA_BINARY_PACKED"}}


def _repeated(schema: pa.Schema) -> list[str]:
    """Return the columns whose numbers come again; a table of them makes these smaller, and others slow to write."""
    lists = {field.name for field in schema if pa.types.is_list(field.type)}
    names = [name for name, kind in zip(schema.names, schema.types, strict=True) if not _is_float(kind)]
    return [f"{name}.list.element" if name in lists else name for name in names if name != "round"]


def _is_float(kind: pa.DataType) -> bool:
    return pa.types.is_floating(kind.value_type if pa.types.is_list(kind) else kind)


def width_of(columns: Sequence[Column]) -> int:
    """Return how many numbers a round takes."""
    return 1 + sum(map(_size, columns))


def _size(column: Column) -> int:
    return 1 if column.size is None else column.size


def _type(column: Column) -> pa.DataType:
    plain = {int: pa.int64(), float: pa.float64(), bool: pa.bool_()}[column.kind]
    return plain if column.size is None else pa.list_(plain)


def decode(columns: Sequence[Column], rows: np.ndarray) -> Iterator[tuple[Column, pa.Array]]:
    """Yield each column with what rows (n, width) hold of it, behind the number of the round."""
    start = 1
    for column in columns:
        yield column, _array(column, rows[:, start : start + _size(column)])
        start += _size(column)


def _array(column: Column, numbers: np.ndarray) -> pa.Array:
    """Return a column of numbers (n, size), where a list in which nothing was written is missing."""
    if column.size is None:
        return pa.array(numbers[:, 0].astype(column.kind))
    written = ~np.isnan(numbers).all(1)
    held = numbers >= 0 if column.kind is int else np.repeat(written[:, None], column.size, 1)
    ends = np.concatenate([[0], np.cumsum(held.sum(1))]).astype(np.int32)
    return pa.ListArray.from_arrays(
        pa.array(ends), pa.array(numbers[held].astype(column.kind)), mask=pa.array(~written)
    )


# --- the folder -------------------------------------------------------------------------------------------------------


def folder_of(folder: Path, key: str) -> Path:
    """Return the folder for the traces of a cell in a results folder."""
    return folder / "trace" / key


def name_of(replication: int) -> str:
    """Return the name of the trace of a replication."""
    return f"{replication}.parquet"


def stored(folder: Path, key: str = "*") -> Iterator[Path]:
    """Yield the files of all traces in a results folder, or those of a key, by key and replication."""
    for place in sorted((folder / "trace").glob(key)):
        yield from sorted((file for file in place.glob("[0-9]*.parquet") if file.stem.isdecimal()), key=number)


def number(file: Path) -> int:
    """Return the replication that a file is the trace of."""
    return int(file.stem)


def _leftovers(folder: Path) -> Iterator[Path]:
    yield from (folder / "trace").glob("*/.*.parquet.*")


def _looked_at(folder: Path) -> Iterator[tuple[Path, set[str], str]]:
    """Yield each file with what is traced in it, and what is wrong with it.

    Files are looked at by their ends alone, since they may be large; what they hold is verified when it is read.
    """
    for file in stored(folder):
        try:
            yield file, set(pq.read_schema(file).metadata[b"trace"].decode().split()), ""
        except (OSError, ValueError, TypeError, KeyError, pa.ArrowException) as error:
            yield file, set(), f"damaged: {str(error).splitlines()[0]}"


def found(folder: Path, wanted: Collection[str]) -> set[tuple[str, int]]:
    """Return (key, replication) of the traces in a results folder that have these parts."""
    return {(file.parent.name, number(file)) for file, parts, _ in _looked_at(folder) if parts.issuperset(wanted)}


def traced(folder: Path, values: dict[str, dict[int, T]], wanted: Collection[str]) -> dict[str, dict[int, T]]:
    """Return of values by key and replication those that have the wanted traces; all where nothing is wanted."""
    if not wanted:
        return values
    there = found(folder, wanted)
    return {key: {r: value for r, value in of.items() if (key, r) in there} for key, of in values.items()}


def clean(folder: Path) -> Iterator[tuple[Path, str]]:
    """Remove what killed runs have left, and yield each file that is damaged, and how."""
    for file in _leftovers(folder):
        file.unlink(missing_ok=True)
    yield from ((file, damage) for file, _, damage in _looked_at(folder) if damage)


def gather(folders: Sequence[Path], out: Path) -> None:
    """Copy the traces of other results folders into one."""
    for folder in folders:
        for file in stored(folder):
            path = folder_of(out, file.parent.name) / file.name
            written = files.temporary(path)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, written)
                files.settle(written, path)
            except OSError as error:
                raise files.cannot_write(path, error) from error
            finally:
                written.unlink(missing_ok=True)


def read(file: Path, columns: Sequence[str] | None = None, rounds: tuple[int, int] | None = None) -> pa.Table:
    """Return the trace of a replication.

    Parameters
    ----------
    file : path
    columns : sequence of str, optional
        Which to read beside "key", "replication" and "round"; by default all.
    rounds : (int, int), optional
        The first and the one after the last; groups of rows without any of them are not read.

    Raises
    ------
    UserError
        It has no such column.
    Damaged
        It is.
    """
    within = [("round", ">=", rounds[0]), ("round", "<", rounds[1])] if rounds else None
    try:
        known = pq.read_schema(file).names
        for name in columns or ():
            if name not in known:
                raise UserError(f"{file}: no column {name!r}{nearest(name, known[3:])}")
        columns = None if columns is None else [*known[:3], *columns]
        # as one file: else columns would be made of the folders' names
        with pa.OSFile(str(file)) as source:
            return pq.read_table(source, columns=columns, filters=within, page_checksum_verification=True)
    except UserError:
        raise
    except (OSError, ValueError, pa.ArrowException) as error:
        line = str(error).splitlines()[0]
        raise Damaged(f"{file}: damaged: {line}: delete it and run the grid again, which plays it again") from error


def within(rounds: Sequence[int], horizon: int, place: str, example: str) -> range:
    """Return the rounds that are asked for, as far as there are so many.

    Parameters
    ----------
    rounds : (int, int)
        The first and the one after the last, counted from 0; as a user gave it.
    horizon : int
    place, example : str
        For messages.

    Raises
    ------
    UserError
        It is no such pair, or no round lies there.
    """
    if not (_are_two_whole(rounds) and 0 <= rounds[0] < rounds[1]):
        raise UserError(f"{place}: should be the first round, from 0, and the one after the last, such as {example}")
    found = range(int(rounds[0]), min(int(rounds[1]), horizon))
    if not found:
        raise UserError(f"{place}: the rounds are 0 .. {horizon - 1}")
    return found


def _are_two_whole(numbers: Sequence[int]) -> bool:
    whole = isinstance(numbers, list | tuple) and all(isinstance(number, int | np.integer) for number in numbers)
    return whole and len(numbers) == 2


def check(replications: int, cells: int, backend: str | None) -> None:
    """See that the traces of a grid with so many cells can be written.

    Raises
    ------
    UserError
        They would be too many files, or workers may not see the folder.
    """
    wanted = cells * replications
    if wanted > FILES:
        raise UserError(
            f"trace: {cells:,} cells x {replications:,} replications are {wanted:,} files, and {FILES:,} are "
            "the most: trace a grid of fewer cells or replications"
        )
    if backend == "dask":
        raise UserError("trace: workers write traces, and those of --backend dask may not see the folder: use --shard")
