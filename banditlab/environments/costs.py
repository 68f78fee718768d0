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
def enter_stretch(env, t, means):
    """Enter the stretch that begins in round t, where one does, of an environment with `table`, `starts` and `stretch`.

    means : float64 (K,), the costs of the round, a field of the environment's
    """
    at = env.stretch[0]
    if at < env.starts.shape[0] and t == env.starts[at]:
        enter(env.table[at], means, env.best)
        env.stretch[0] = at + 1


@kernel
def exceed_fixed(means, arm, sums, paid):
    """Add a round to the costs of each arm (K,) and to those paid (1,); return what was paid beyond the least arm's."""
    paid[0] += means[arm]
    fixed = math.inf
    for k in range(sums.shape[0]):
        sums[k] += means[k]
        fixed = min(fixed, sums[k])
    return paid[0] - fixed
