"""Compiled outcomes of duels between fixed arms, on noise that all policies share."""

from __future__ import annotations

from banditlab.fuse import kernel
from banditlab.numerics.hashing import uniform


@kernel
def meet(noise, duels, first, second, chance):
    """Tell whether the first arm wins the next meeting of two fixed arms.

    The n-th meeting of a pair has one outcome whatever happened before, and which arm is named first does not matter;
    an arm against itself is a fair coin of its own.

    noise : uint64, key of the stream
    duels : int64 (K, K), how often each pair met, above the diagonal; counted up
    chance : probability that the arm of the lower index wins
    """
    low, high = min(first, second), max(first, second)
    count = duels[low, high]
    duels[low, high] = count + 1
    threshold = 0.5 if low == high else chance
    low_won = uniform(noise, low * duels.shape[0] + high, count) < threshold
    return low_won == (first <= second)
