"""What fewer replications would have shown, from the many that one has.

The many stand for the distribution that they come from: smaller samples are drawn from them with replacement, and the
mean of all is the truth. All randomness has a fixed seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from banditlab.analysis import statistics
from banditlab.analysis.statistics import Array

SEED = 20_250_102
#: Numbers drawn at once.
BLOCK = 2_000_000
#: Samples whose intervals are computed at once: each of them takes a column in every resample.
COLUMNS = 500


def coverage(
    finals: ArrayLike, n: int, method: str = "bootstrap", confidence: float = 0.95, samples: int = 2_000
) -> float:
    """Share of samples of n replications whose interval holds the mean of all.

    Parameters
    ----------
    finals : (N,)
        A value a replication, such as final regret, of many more than n replications.
    n : int
    method : {"student", "bootstrap"}
        As of `statistics.band`.
    confidence : float
        Nominal coverage of the interval.
    samples : int
        The share has a standard error of about sqrt(0.05 / samples).
    """
    finals = np.asarray(finals, dtype=float)
    truth, rng, held = finals.mean(), np.random.default_rng(SEED), 0
    for start in range(0, samples, COLUMNS):
        sample = rng.choice(finals, (n, min(COLUMNS, samples - start)))
        found = statistics.band(sample, method, confidence)
        slack = 1e-12 * abs(truth)  # a constant sample has an interval of one point
        held += np.count_nonzero((found.low <= truth + slack) & (truth - slack <= found.high))
    return held / samples


def wrong_order(a: ArrayLike, b: ArrayLike, sizes: Sequence[int], samples: int = 4_000) -> Array:
    """Chance that the means over n paired replications order a and b otherwise than the means over all.

    Parameters
    ----------
    a, b : (N,)
        Matched by position.
    sizes : sequence of int
        The n to answer for, increasing.
    samples : int
        A chance p has a standard error of sqrt(p (1 - p) / samples).

    Returns
    -------
    ndarray (len(sizes),)
        Equal means count half; nan where the means over all are equal.
    """
    difference = np.asarray(a, dtype=float) - np.asarray(b, dtype=float)
    rounding = 1e-9 * np.abs(difference).max()
    if abs(difference.sum()) <= rounding:
        return np.full(len(sizes), np.nan)
    wrong = np.zeros(len(sizes))
    for sums in _sums(np.sign(difference.sum()) * difference, np.asarray(sizes), samples):
        wrong += (sums < -rounding).sum(axis=0) + (np.abs(sums) <= rounding).sum(axis=0) / 2
    return wrong / samples


class Kept(NamedTuple):
    """Which of the replications of a policy are averaged, once their outcomes are known."""

    keep: int  #: the lowest
    of: int  #: that were played
    highest: bool = False  #: the highest ones instead

    def means(self, values: Array, samples: int, rng: np.random.Generator) -> Array:
        """Return the means (samples,) of what is kept of values (N,) that are drawn with replacement."""
        found = []
        step = max(1, BLOCK // self.of)
        for start in range(0, samples, step):
            drawn = rng.choice(values, (min(step, samples - start), self.of))
            if self.keep < self.of:
                drawn = (
                    np.sort(drawn, axis=1)[:, -self.keep :] if self.highest else np.sort(drawn, axis=1)[:, : self.keep]
                )
            found.append(drawn.mean(axis=1))
        return np.concatenate(found)


def wrong_order_of_kept(a: ArrayLike, b: ArrayLike, kept_a: Kept, kept_b: Kept, samples: int = 4_000) -> float:
    """Chance that means over kept replications order a and b otherwise than the means over all.

    Replications of a and b have seeds of their own, as in most papers; with `Kept(n, n)` nothing is left out.

    Parameters
    ----------
    a : (N,)
    b : (M,)
    kept_a, kept_b : Kept
    samples : int
        A chance p has a standard error of sqrt(p (1 - p) / samples).

    Returns
    -------
    float
        Equal means count half; nan where the means over all are equal.
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    rounding = 1e-9 * max(np.abs(a).max(), np.abs(b).max())
    truth = b.mean() - a.mean()
    if abs(truth) <= rounding:
        return float("nan")
    rng = np.random.default_rng(SEED)
    found = np.sign(truth) * (kept_b.means(b, samples, rng) - kept_a.means(a, samples, rng))
    return float(np.mean(found < -rounding) + np.mean(np.abs(found) <= rounding) / 2)


def _sums(values: Array, sizes: np.ndarray, samples: int) -> Iterator[Array]:
    """Yield sums (S, len(sizes)) of the first n of random sequences of values, `samples` sequences in all."""
    rng, longest = np.random.default_rng(SEED), int(sizes.max())
    step = max(1, BLOCK // longest)
    for start in range(0, samples, step):
        drawn = rng.choice(values, (min(step, samples - start), longest))
        yield drawn.cumsum(axis=1)[:, sizes - 1]
