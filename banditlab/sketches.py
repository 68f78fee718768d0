"""What a picture shows, as plain data: a class says what there is to see by a method `sketch`, `pictures` draws it.

An environment has `sketch(self, state, horizon)`, given its state before the first round; a policy has `sketch(self,
state, t)`, given a copy of its state after t rounds, or t = None where they are not known. Each returns one of these,
or a list of them, which stand side by side. An environment without the method is drawn as its game says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

#: The label of arms' true means, which are drawn beside what a policy takes them for.
MEAN = "mean reward"


class Values(NamedTuple):
    """A number for each arm or item."""

    values: np.ndarray  #: (K,)
    label: str
    best: Sequence[int] = ()  #: those that are marked
    what: str = "arm"
    mark: str = "best"  #: what those are


class Lines(NamedTuple):
    """Numbers that change, each a line."""

    x: np.ndarray  #: (P,) increasing
    values: np.ndarray  #: (P, L)
    label: str
    what: str = "arm"  #: what each line is of
    stepped: bool = True  #: whether a value holds until the next one


class Table(NamedTuple):
    """A number for each row and column."""

    values: np.ndarray  #: (R, C)
    label: str
    rows: str
    columns: str
    best: Sequence[tuple[int, int]] = ()  #: cells that are marked
    ends: tuple[float, float] | None = None  #: of both axes, where rows and columns are points of an interval


class Field(NamedTuple):
    """A number for each point of a domain."""

    points: np.ndarray  #: (N, d)
    values: np.ndarray  #: (N,)
    label: str
    best: Sequence[int] = ()  #: points that are marked
    barred: np.ndarray | None = None  #: (N,) flags of points that are not allowed
    mark: str = "best"  #: what marked points are


class Net(NamedTuple):
    """A number for each edge of a graph."""

    ends: np.ndarray  #: (E, 2) the nodes of each edge
    values: np.ndarray  #: (E,)
    label: str
    edges: Sequence[int] = ()  #: edges that are marked
    nodes: Sequence[int] = ()  #: nodes that are marked
    places: np.ndarray | None = None  #: (V, 2) where nodes stand; by default they are laid out
    directed: bool = False


class Intervals(NamedTuple):
    """What a policy takes the mean of each arm for, and how sure it is."""

    means: np.ndarray  #: (K,) NaN without data
    lows: np.ndarray  #: (K,) may be infinite
    highs: np.ndarray  #: (K,) may be infinite
    label: str  #: what the intervals are
    what: str = "arm"
    plays: np.ndarray | None = None  #: (K,)


class Ellipsoids(NamedTuple):
    """Where a policy takes weights to lie: all theta with (theta - centre)' shape^-1 (theta - centre) <= 1."""

    centres: np.ndarray  #: (B, d), one for all arms or one an arm
    shapes: np.ndarray  #: (B, d, d)
    label: str


class Preferences(NamedTuple):
    """How likely a policy takes each arm to beat each other one."""

    chances: np.ndarray  #: (K, K) of the arm of the row against that of the column
    lows: np.ndarray  #: (K, K) lower confidence bounds


Sketch = Values | Lines | Table | Field | Net | Intervals | Ellipsoids | Preferences


def around(means: np.ndarray, widths: np.ndarray, label: str, plays: np.ndarray | None = None) -> Intervals:
    """Return intervals with these arms' means (K,) in their middle, and half as wide as `widths` (K,) twice.

    An arm of infinite width has no data: its mean is NaN, and is not drawn.
    """
    return Intervals(np.where(np.isfinite(widths), means, np.nan), means - widths, means + widths, label, plays=plays)


def ellipsoids(centres: np.ndarray, inverses: np.ndarray, width: float, label: str) -> Ellipsoids:
    """Return |theta - centre|_V <= width of matrices V, given their inverses (d, d) or (B, d, d)."""
    shapes = width**2 * inverses
    return Ellipsoids(centres.reshape(-1, centres.shape[-1]).copy(), shapes.reshape(-1, *shapes.shape[-2:]), label)
