"""The table of cells in a results folder: what each key stands for, and what its policy was told."""

from __future__ import annotations

import itertools
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from banditlab.errors import Damaged, UserError
from banditlab.problem import PLAIN
from banditlab.runs import curves, files
from banditlab.runs.grid import Cell

NAME = "cells.parquet"

KEY = re.compile("[0-9a-f]{32}")  #: of a cell; also the name of a folder

CELLS = pa.schema(
    [
        ("key", pa.string()),
        ("game", pa.string()),
        ("environment", pa.string()),
        ("policy", pa.string()),
        ("horizon", pa.int64()),
        ("told", pa.string()),
        ("metrics", pa.list_(pa.string())),
        ("about", pa.string()),
        ("checksum", pa.uint32()),
    ]
)


def rows(cells: Iterable[tuple[str, Cell, frozenset[str]]]) -> Iterator[tuple]:
    """Yield the rows of `CELLS`; what many cells share is written out once."""
    texts: dict[int, str] = {}
    facts: dict[frozenset[str], str] = {}
    for key, cell, told in cells:
        for side in (cell.world, cell.player):
            if id(side) not in texts:
                texts[id(side)] = json.dumps(side.about)
        if told not in facts:
            facts[told] = ", ".join(sorted(told - PLAIN - {"best"}))
        about = f'{{"environment": {texts[id(cell.world)]}, "policy": {texts[id(cell.player)]}}}'
        labels = cell.game, cell.environment, cell.policy
        row = [key, *labels, cell.horizon, facts[told], [*cell.metrics], about]
        yield *row, _row_checksum(row)


def _row_checksum(row: list) -> int:
    return zlib.crc32(repr(row).encode())


def write(table: Iterable[tuple], folder: Path) -> None:
    """Write rows of `CELLS` as the table of a results folder."""
    files.write_whole(folder / NAME, lambda file: _write(iter(table), file))


def _write(rows: Iterator[tuple], file: Path) -> None:
    with pq.ParquetWriter(file, CELLS, compression="zstd") as writer:
        while some := [*itertools.islice(rows, 4096)]:
            columns = zip(zip(*some, strict=True), CELLS.types, strict=True)
            writer.write_table(pa.table([pa.array(column, type) for column, type in columns], CELLS))


def read_cells(folder: str | Path) -> pa.Table:
    """Return the table of cells of a results folder.

    Raises
    ------
    UserError
        It is missing or damaged.
    """
    file = Path(folder) / NAME
    try:
        curves.lacking(pq.read_schema(file), CELLS)
        table = curves.settled(pq.read_table(file, columns=CELLS.names), CELLS)
    except FileNotFoundError:
        raise UserError(f"{file}: missing") from None
    except curves.TROUBLES as error:
        raise Damaged(f"{file}: damaged: {str(error).splitlines()[0]}") from error
    for batch in table.to_batches():
        for key, *more, checksum in zip(*batch.to_pydict().values(), strict=True):
            if checksum != _row_checksum([key, *more]) or not KEY.fullmatch(key):
                raise Damaged(f"{file}: damaged: a row says something else than was written: run the grid again")
    return table
