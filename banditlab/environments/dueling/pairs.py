"""Recorded duels as a preference matrix: how often one item was preferred to another."""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.arrays import last_change
from banditlab.environments.preferences import METRICS, Preferences, State, kept_metrics, make_state
from banditlab.errors import UserError, nearest
from banditlab.registry import environment
from banditlab.types import NonNegative


@environment("pairs", game="dueling", metrics=METRICS)
@dataclass(frozen=True)
class Pairs(Preferences):
    """Item i beats item j with the probability that it did in a table of duels: (w_ij + s) / (w_ij + w_ji + 2 s).

    Here w_ij is the number of duels that i won against j, and s is `smoothing`: 1 is Laplace's rule of succession.

    The table is a CSV file with the columns `winner` and `loser`, which hold names, and, where a row stands for several
    duels, `count`. Other columns are not read. The arms are the items in the order of `items`, or else of their first
    appearance in the file. Each item must have met another one. A pair that never met is even where `smoothing` is
    above 0, and refused otherwise. Whatever cannot be read is refused, with its row; no row is left out.

    The metrics by preference are kept where there is a Condorcet winner; "copeland" and "borda" always are.
    """

    data: str  #: path of a CSV file
    items: list[str] | None = None  #: (K,) their names; no other may stand in the file
    smoothing: NonNegative = 0.0  #: s, duels added to either side of each pair

    def __post_init__(self):
        if not self.data.endswith(".csv"):
            raise ValueError(f"data: a path that ends in .csv, got {self.data!r}")
        if self.items is not None and (len(self.items) < 2 or len(set(self.items)) < len(self.items)):
            raise ValueError(f"items: at least 2 names, each once, got {self.items}")

    def start(self, rng, noise, horizon) -> State:
        return make_state(self._values(), noise)

    def metrics(self) -> tuple[str, ...]:
        return kept_metrics(self._values())

    def _values(self) -> np.ndarray:
        items, wins = load(self.data, self.items)
        wins = wins + self.smoothing * (1 - np.eye(len(items)))
        duels = wins + wins.T + np.eye(len(items))
        missing = np.argwhere(np.triu(duels == 0))
        if len(missing):
            i, j = missing[0]
            more = f", nor did {len(missing) - 1} other pairs" if len(missing) > 1 else ""
            raise UserError(
                f"{self.data}: {items[i]!r} and {items[j]!r} never met{more}; with smoothing > 0 such a pair is even"
            )
        above = np.triu(wins / duels, 1)
        return above + np.tril(1.0 - above.T, -1) + 0.5 * np.eye(len(items))


def load(path: str, items: list[str] | None = None) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the names of the items, and how often each of them (row) won against each other one (column), (K, K).

    Raises
    ------
    UserError
        The file cannot be read, a column is missing, a row makes no sense, or an item met no other.
    """
    return _load(path, None if items is None else tuple(items), last_change(path))


@functools.lru_cache(maxsize=32)
def _load(path: str, items: tuple[str, ...] | None, changed: int) -> tuple[tuple[str, ...], np.ndarray]:
    results = list(_results(path))
    if not results:
        raise UserError(f"{path}: holds no duels")
    found = dict.fromkeys(name for result in results for name in (result.winner, result.loser))
    names = tuple(found) if items is None else items
    places = {name: i for i, name in enumerate(names)}
    wins = np.zeros((len(names), len(names)))
    for result in results:
        for name in (result.winner, result.loser):
            if name not in places:
                raise UserError(f"{path}: row {result.row}: {name!r} is none of the items{nearest(name, names)}")
        wins[places[result.winner], places[result.loser]] += result.count
    for name, met in zip(names, (wins + wins.T).any(1), strict=True):
        if not met:
            raise UserError(f"{path}: the item {name!r} never met another one")
    return names, wins


class _Result(NamedTuple):
    row: int  #: as in the file, where the header is row 1
    winner: str
    loser: str
    count: int


def _results(path: str) -> Iterator[_Result]:
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = [[field.strip() for field in row] for row in csv.reader(file, strict=True)]
    except (OSError, UnicodeError, csv.Error) as error:
        raise UserError(f"{path}: cannot be read as CSV: {error}") from error
    header = rows[0] if rows else []
    for column in ("winner", "loser"):
        if column not in header:
            raise UserError(f"{path}: no column {column!r} (there are: {', '.join(header) or 'none'})")
    for column in ("winner", "loser", "count"):
        if header.count(column) > 1:
            raise UserError(f"{path}: more than one column {column!r}")
    for row, fields in enumerate(rows[1:], 2):
        if len(fields) != len(header):
            raise UserError(
                f"{path}: row {row}: should have {len(header)} fields, as the header has, got {len(fields)}"
            )
        yield _result(path, row, dict(zip(header, fields, strict=True)))


def _result(path: str, row: int, fields: dict[str, str]) -> _Result:
    winner, loser, count = fields["winner"], fields["loser"], fields.get("count", "1")
    for column in ("winner", "loser"):
        if not fields[column]:
            raise UserError(f"{path}: row {row}: {column} should be the name of an item, is empty")
    if winner == loser:
        raise UserError(f"{path}: row {row}: winner and loser should be two items, got {winner!r} twice")
    if not (count.isascii() and count.isdecimal()):
        raise UserError(f"{path}: row {row}: count should be a whole number >= 0, got {count!r}")
    return _Result(row, winner, loser, int(count))
