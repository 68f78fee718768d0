"""What fewer replications would have shown, from the many that one has.

The many stand for the distribution that they come from: smaller samples are drawn from them with replacement, and the
mean of all is the truth. All randomness has a fixed seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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


def _sums(values: Array, sizes: np.ndarray, samples: int) -> Iterator[Array]:
    """Yield sums (S, len(sizes)) of the first n of random sequences of values, `samples` sequences in all."""
    rng, longest = np.random.default_rng(SEED), int(sizes.max())
    step = max(1, BLOCK // longest)
    for start in range(0, samples, step):
        drawn = rng.choice(values, (min(step, samples - start), longest))
        yield drawn.cumsum(axis=1)[:, sizes - 1]
