"""Finished work in Parquet: rows in the order of their places, read, merged and written some at a time.

However many rows there are, a group of each file is in memory. Each row carries a checksum of all that it says.
"""

from __future__ import annotations

import heapq
import itertools
import operator
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CURVES = pa.schema(
    [
        ("key", pa.string()),
        ("replication", pa.int32()),
        ("metric", pa.string()),
        ("x", pa.large_list(pa.int64())),
        ("value", pa.large_list(pa.float64())),
        ("checksum", pa.uint32()),
    ]
)
PLACE = ("key", "replication", "metric")  #: what a row is of, and the order of rows
GROUP = 2**17  #: numbers in a group of rows, where a row counts as ROW more than its points
ROW = 32

place = operator.itemgetter(0, 1, 2)  #: of a row


class Row(NamedTuple):
    """A metric of a replication."""

    key: str
    replication: int
    metric: str
    x: np.ndarray  #: int64 (P,), the record points
    value: np.ndarray  #: float64 (P,)
    checksum: int


def row(key: str, replication: int, metric: str, rounds: np.ndarray, values: np.ndarray) -> Row:
    """Return a row with its checksum."""
    values = np.ascontiguousarray(values)
    return Row(key, replication, metric, rounds, values, _checksum(key, replication, metric, rounds, values))


def _checksum(key: str, replication: int, metric: str, rounds: np.ndarray, values: np.ndarray) -> int:
    return zlib.crc32(values, zlib.crc32(rounds, zlib.crc32(f"{key} {replication} {metric} {len(rounds)}".encode())))


class File:
    """A file of rows.

    Iterating over it yields the rows that are whole, in their order; `damage` says what was found so far.

    Raises
    ------
    FileNotFoundError
        On opening; any other trouble is damage.
    """

    def __init__(self, path: Path):
        self.path = path
        self._lost = 0
        try:
            self._file = pq.ParquetFile(path)
            lacking(self._file.schema_arrow, CURVES)
            self._trouble, self._groups = "", self._file.num_row_groups
        except FileNotFoundError:
            raise
        except TROUBLES as error:
            self._trouble, self._groups = f"damaged: {str(error).splitlines()[0]}", 0

    @property
    def damage(self) -> str:
        """What is wrong with the file; empty if nothing is."""
        if self._lost:
            return f"{self._lost} of its {self._file.metadata.num_rows} rows are damaged"
        return self._trouble

    def __iter__(self) -> Iterator[Row]:
        self._lost, last = 0, None
        for group in range(self._groups):
            try:
                found = [*rows_of(settled(self._file.read_row_group(group, use_threads=False), CURVES))]
            except TROUBLES:
                self._lost += self._file.metadata.row_group(group).num_rows
                continue
            for one in found:
                if one.checksum == _checksum(*one[:5]) and (last is None or last < place(one)):
                    yield one
                    last = place(one)
                else:
                    self._lost += 1

    def places(self) -> Iterator[tuple[str, int, str]]:
        """Yield the places of the rows, of a file that is known to be whole."""
        for group in range(self._groups):
            table = self._file.read_row_group(group, columns=list(PLACE), use_threads=False)
            yield from zip(*(table[name].to_pylist() for name in PLACE), strict=True)


TROUBLES = OSError, KeyError, ValueError, pa.ArrowException


def lacking(found: pa.Schema, wanted: pa.Schema) -> None:
    """Raise ValueError unless all columns are there."""
    if lost := sorted(set(wanted.names) - set(found.names)):
        raise ValueError(f"it lacks {', '.join(lost)}, as of an earlier version or of something else")


def settled(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the columns of a table as they should be; raise ValueError where they cannot, or an entry is missing."""
    table = table.select(schema.names).cast(schema)
    table.validate(full=True)
    if any(column.null_count for column in table.columns):
        raise ValueError("an entry is missing")
    return table


def rows_of(table: pa.Table) -> Iterator[Row]:
    """Yield the rows of a table; lists as arrays, without a copy."""
    for batch in table.to_batches():
        plain = [batch[name].to_pylist() for name in (*PLACE, "checksum")]
        lists = []
        for name in ("x", "value"):
            ends, numbers = batch[name].offsets.to_numpy(), batch[name].values.to_numpy()
            lists.append([numbers[start:end] for start, end in itertools.pairwise(ends)])
        yield from map(Row, *plain[:3], *lists, plain[3])


def merged(files: Iterable[Iterable[tuple]]) -> Iterator[tuple]:
    """Yield the rows, or the places, of files in order, and of each place one.

    Work is stored twice where a run was ended between writing a merged file and removing what it was merged from.
    """
    last = None
    for one in heapq.merge(*files, key=place):
        if place(one) != last:
            yield one
        last = place(one)


def groups(rows: Iterable[Row]) -> Iterator[pa.Table]:
    """Yield tables of so many rows as should be in memory."""
    group, numbers = [], 0
    for one in rows:
        group.append(one)
        numbers += len(one.x) + ROW
        if numbers >= GROUP:
            yield _table(group)
            group, numbers = [], 0
    if group:
        yield _table(group)


def _table(group: list[Row]) -> pa.Table:
    *plain, rounds, values, checksums = zip(*group, strict=True)
    ends = np.cumsum([0, *map(len, rounds)])
    lists = [pa.LargeListArray.from_arrays(ends, np.concatenate(one)) for one in (rounds, values)]
    return pa.table([*map(list, plain), *lists, list(checksums)], CURVES)


def write(rows: Iterable[Row], file: Path) -> None:
    """Write rows that are in order; the same rows give the same bytes."""
    with pq.ParquetWriter(file, CURVES, compression="zstd") as writer:
        for table in groups(rows):
            writer.write_table(table)
