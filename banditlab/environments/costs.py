"""Compiled rounds of arms whose expected costs are a table: who is best in the round, and who over all rounds so far.

A cost is a loss, or a reward with its sign turned: what is least is best.
"""

from __future__ import annotations

import math

from banditlab.fuse import kernel


@kernel
def enter(row, means, best):
    """Copy a row (K,) of the table into the costs of the round, and write the first least of them into best (1,)."""
    least = 0
    for k in range(means.shape[0]):
        means[k] = row[k]
        if means[k] < means[least]:
            least = k
    best[0] = least


@kernel
def exceed_fixed(means, arm, sums, paid):
    """Add a round to the costs of each arm (K,) and to those paid (1,); return what was paid beyond the least arm's."""
    paid[0] += means[arm]
    fixed = math.inf
    for k in range(sums.shape[0]):
        sums[k] += means[k]
        fixed = min(fixed, sums[k])
    return paid[0] - fixed
