"""What index policies of the bandit game share."""

from __future__ import annotations

from banditlab.fuse import kernel


@kernel
def first_largest(values):
    """Index of the largest of values (n,), the lowest among equals."""
    leader = 0
    for k in range(1, values.shape[0]):
        if values[k] > values[leader]:
            leader = k
    return leader


@kernel
def leader_or_any(epsilon, size, leads):
    """Probability of an index, that of the leader or another, if one of all is drawn with probability epsilon."""
    return epsilon / size + (1.0 - epsilon if leads else 0.0)


@kernel
def add_reward(plays, sums, means, arm, reward):
    """Add a reward to the plays, sum and mean of an arm, all (K,); return its plays.

    Sums and not steps from mean to mean: arms with the same rewards in another order then have the same mean.
    """
    count = plays[arm] + 1
    plays[arm] = count
    sums[arm] += reward
    means[arm] = sums[arm] / count
    return count
