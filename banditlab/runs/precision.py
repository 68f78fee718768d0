"""Precision in place of a number of replications: a cell is played until the interval of its mean is narrow enough.

A cell is looked at after fixed numbers n of replications, from `at_least` to `at_most`, each a fifth above the one
before. It stops at the first n at which half the width of Student's interval is at most a share g of the end of the
interval that is nearer to 0: that is, at most g / (1 + g) of the mean. Then wherever the interval holds the true mean,
the mean that is shown is off by at most g of the true one.

Whether a cell goes on depends on its own replications 0 .. n - 1 alone, so that what is played is a function of the
grid, whatever the number of workers, and whether a run was stopped on the way.

Sources: Law, Simulation Modeling and Analysis, 5th ed. 2015, Section 9.4.1 (the rule, with g / (1 + g)); Chow and
Robbins, Annals of Mathematical Statistics 36, 1965 (coverage tends to the nominal one as a fixed width goes to 0);
Nadas, Annals of Mathematical Statistics 40, 1969 (the same for a width relative to the mean); Glynn and Whitt, Annals
of Applied Probability 2, 1992. For the coverage at widths above 0, see `docs/grid.md`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from annotated_types import Ge, Le
from numpy.typing import ArrayLike
from pydantic import Discriminator, Tag

from banditlab.types import Count, Fraction
from banditlab.validation import validate

Number = Annotated[Count, Le(10**6)]


@dataclass(frozen=True)
class Precision:
    """How precisely the mean of a cell is to be known.

    Raises
    ------
    ValueError
        `at_most` is below `at_least`.
    """

    relative_half_width: Fraction  #: half the interval's width, as a share of its end nearer to 0
    at_least: Annotated[Number, Ge(10)] = 30  #: replications; few may look alike by chance, and stop too early
    at_most: Number = 5000  #: replications
    confidence: Fraction = 0.95  #: of the interval

    def __post_init__(self) -> None:
        if self.at_most < self.at_least:
            raise ValueError(f"at_most should be at least at_least, which is {self.at_least}, got {self.at_most}")

    def looks(self) -> Iterator[int]:
        """Yield the numbers of replications after which a cell is looked at."""
        n = self.at_least
        while n < self.at_most:
            yield n
            n += n // 5
        yield self.at_most

    def is_reached(self, values: ArrayLike) -> bool:
        """Tell whether the mean of values (n,) is known as precisely; not with fewer than `at_least`."""
        return np.size(values) >= self.at_least and self.of(values) <= self.relative_half_width

    def of(self, values: ArrayLike) -> float:
        """Return the relative half width that values (n,) have, n at least 2; inf where their interval holds 0."""
        half, mean = half_width(values, self.confidence), abs(float(np.mean(values)))
        if half == 0:
            return 0.0
        return half / (mean - half) if mean > half else math.inf


Replications = Annotated[
    Annotated[Number, Tag("number")] | Annotated[Precision, Tag("precision")],
    Discriminator(lambda given: "precision" if isinstance(given, Precision) else "number"),
]


def read(given: Any, place: str) -> Any:
    """Return the precision that a table stands for, and anything else as it is.

    Raises
    ------
    UserError
        One line for each mistake in the table.
    """
    return validate(Precision, given, place) if isinstance(given, Mapping) else given


def half_width(values: ArrayLike, confidence: float) -> float:
    """Return half the width of Student's interval for the mean of values (n,), n at least 2; 0 where all are equal."""
    from scipy.special import stdtrit

    sample = np.asarray(values, dtype=float)
    n = len(sample)
    away = sample - sample[0]  # first, so that equal values have exactly no spread
    return float(stdtrit(n - 1, (1 + confidence) / 2) * away.std(ddof=1) / math.sqrt(n))


class Stand(NamedTuple):
    """How many replications of a cell are wanted, as far as can be told, and whether that is all."""

    n: int  #: replications 0 .. n - 1
    #: "open" while one of them is neither finished nor failed; of a precision then "reached", "at-most" (not reached by
    #: so many) or "failed" (none of the first finished); of a number "done"
    verdict: Literal["open", "done", "reached", "at-most", "failed"]


def stand(wanted: int | Precision, values: Mapping[int, float], failed: Collection[int] = ()) -> Stand:
    """Return how far a cell is to be played.

    Parameters
    ----------
    wanted : int or Precision
    values : mapping of int to float
        What is to be known precisely, of each replication that finished.
    failed : collection of int
        Replications that failed. They count among the n at which a cell is looked at, and not for the mean.
    """
    for n in (wanted,) if isinstance(wanted, int) else wanted.looks():
        if any(r not in values and r not in failed for r in range(n)):
            return Stand(n, "open")
        if isinstance(wanted, int):
            return Stand(n, "done")
        known = [values[r] for r in range(n) if r in values]
        if not known:
            return Stand(n, "failed")
        if wanted.is_reached(known):
            return Stand(n, "reached")
    return Stand(wanted.at_most, "at-most")


class Outlook(NamedTuple):
    """How many replications of a cell there will be, as far as can be told from those that there are."""

    kept: int  #: that are there, of those that are wanted so far
    least: int  #: in the end
    most: int  #: in the end


def outlook(wanted: int | Precision, values: Mapping[int, float]) -> Outlook:
    """Return how many replications of a cell there will be; arguments as of `stand`."""
    so_far = stand(wanted, values)
    kept = sum(replication < so_far.n for replication in values)
    return Outlook(kept, so_far.n, most(wanted) if so_far.verdict == "open" else so_far.n)


def least(wanted: int | Precision) -> int:
    """Return the number of replications to begin with."""
    return wanted if isinstance(wanted, int) else wanted.at_least


def most(wanted: int | Precision) -> int:
    """Return the largest number of replications that may be wanted."""
    return wanted if isinstance(wanted, int) else wanted.at_most


def in_words(wanted: int | Precision) -> str:
    """Return "20", or "30 to 5,000"."""
    return f"{wanted}" if isinstance(wanted, int) else f"{wanted.at_least:,} to {wanted.at_most:,}"
