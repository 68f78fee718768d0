"""Perfect matchings of m with m: each row i gets a column of its own.

Item i m + j is the pair (i, j). A matching has m items.

H. W. Kuhn. The Hungarian method for the assignment problem. Naval Research Logistics Quarterly 2, 1955. R. Jonker,
A. Volgenant. A shortest augmenting path algorithm for dense and sparse linear assignment problems. Computing 38, 1987.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.sampling import draw_index
from banditlab.types import Counts, Flags, Vector


@kernel
def is_matching(matchings, items):
    """Return whether pairs, in any order, are a perfect matching."""
    pairs, rows, columns = matchings.pairs, matchings.rows, matchings.reached
    if items.shape[0] != pairs:
        return False
    for i in range(pairs):
        rows[i] = columns[i] = False
    for item in items:
        row, column = item // pairs, item % pairs
        if not 0 <= item < pairs * pairs or rows[row] or columns[column]:
            return False
        rows[row] = columns[column] = True
    return True


@kernel
def draw_matching(matchings, rng, items):
    """Write a matching into `items`, by its rows, and return its size: each one with the same probability."""
    pairs = matchings.pairs
    for row in range(pairs):
        items[row] = row
    for row in range(pairs):
        other = row + draw_index(rng, pairs - row)
        items[row], items[other] = items[other], items[row]
    for row in range(pairs):
        items[row] += row * pairs
    return pairs


@kernel(inline=False, counted=False)
def best_matching(matchings, weights, items):
    """Write the matching of the largest sum of weights (m m,) into `items`, by its rows, and return its size.

    Rows are matched one after the other, in O(m^3) in all. Of equally good matchings it is the one to which this leads
    if the nearest column comes first, the lowest among equals.
    """
    pairs, row_of = matchings.pairs, matchings.row_of
    for i in range(pairs):
        matchings.offers[i] = matchings.prices[i] = 0.0
        row_of[i] = -1
    matchings.prices[pairs] = 0.0
    for row in range(pairs):
        _match(matchings, weights, row)
    for column in range(pairs):
        items[row_of[column]] = row_of[column] * pairs + column
    return pairs


@kernel(inline=False, counted=False)
def _match(matchings, weights, row):
    """Match one row more, by the shortest path on which matched pairs are exchanged.

    Offers and prices are the dual variables: weights (i, j) <= offers_i + prices_j, with equality for matched pairs.
    The new row sits at a column of its own, the last one, from where the path starts.
    """
    pairs, row_of, offers, prices = matchings.pairs, matchings.row_of, matchings.offers, matchings.prices
    gaps, before, reached = matchings.gaps, matchings.before, matchings.reached
    row_of[pairs] = row
    for j in range(pairs):
        gaps[j], before[j], reached[j] = math.inf, pairs, False
    reached[pairs] = False
    column = pairs
    while row_of[column] >= 0:
        reached[column] = True
        i, nearest = row_of[column], -1
        for j in range(pairs):
            if not reached[j]:
                gap = offers[i] + prices[j] - weights[i * pairs + j]
                if gap < gaps[j]:
                    gaps[j], before[j] = gap, column
                if nearest < 0 or gaps[j] < gaps[nearest]:
                    nearest = j
        step = gaps[nearest]
        for j in range(pairs + 1):
            if reached[j]:
                offers[row_of[j]] -= step
                prices[j] += step
            elif j < pairs:
                gaps[j] -= step
        column = nearest
    while column != pairs:
        row_of[column] = row_of[before[column]]
        column = before[column]


class Matchings(NamedTuple):
    """The perfect matchings of m with m. All but m is scratch."""

    pairs: int  #: m
    offers: Vector  #: (m,) of the rows
    prices: Vector  #: (m + 1,) of the columns
    gaps: Vector  #: (m,) from what is reached to each column
    before: Counts  #: (m,) the column before each one on the path
    row_of: Counts  #: (m + 1,) the row that is matched to each column; -1 for none
    rows: Flags  #: (m,)
    reached: Flags  #: (m + 1,) columns

    @property
    def items(self) -> int:
        """The number of items, m^2."""
        return self.pairs**2

    @property
    def size(self) -> int:
        """The number of items of a matching."""
        return self.pairs

    gives = frozenset({"oracle"})
    verbs = {"draw_set": draw_matching, "maximise": best_matching}

    def sets(self) -> Iterator[tuple[int, ...]]:
        """Yield all matchings, each by its rows, in the order of their columns."""
        for columns in itertools.permutations(range(self.pairs)):
            yield tuple(row * self.pairs + column for row, column in enumerate(columns))


def perfect_matchings(pairs: int) -> Matchings:
    """Return the perfect matchings of m with m.

    Raises
    ------
    ValueError
        m is less than 2.
    """
    if pairs < 2:
        raise ValueError(f"pairs: at least 2, got {pairs}")
    offers, prices, gaps = np.zeros(pairs), np.zeros(pairs + 1), np.zeros(pairs)
    before, row_of = np.zeros(pairs, int), np.zeros(pairs + 1, int)
    return Matchings(pairs, offers, prices, gaps, before, row_of, np.zeros(pairs, bool), np.zeros(pairs + 1, bool))
