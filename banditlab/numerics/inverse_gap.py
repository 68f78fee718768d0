"""Inverse gap weighting: distributions over arms from predicted losses, for reductions of bandits to regression.

Both kernels want losses. Predicted rewards r go in as -r, or as 1 - r where `reweighted_inverse_gaps` must know how far
a loss is from 0.
"""

from __future__ import annotations

from banditlab.fuse import kernel


@kernel
def inverse_gaps(losses, gamma, weights):
    """Write the distribution (K,) of SquareCB (Foster and Rakhlin 2020, with mu = K); return the leader b.

    p_a = 1 / (K + gamma (losses_a - losses_b)) for all arms but the one of least loss b, which has the rest; the lowest
    index among equals. Only differences of losses (K,) count. gamma >= 0: 0 is uniform, infinity greedy among unequals.
    """
    arms, leader = losses.shape[0], _least(losses)
    for k in range(arms):
        gap = losses[k] - losses[leader]
        weights[k] = 1.0 / (arms + gamma * gap) if gap > 0.0 else 1.0 / arms
    _leave_rest(weights, leader)
    return leader


@kernel
def reweighted_inverse_gaps(losses, gamma, weights):
    """Write the distribution (K,) of FastCB (Foster and Krishnamurthy 2021); return the leader b.

    p_a = losses_b / (K losses_b + gamma (losses_a - losses_b)) for all arms but the one of least loss b, which has the
    rest; the lowest index among equals. Losses (K,) are at least 0, and only their ratios count. Where the least is 0,
    arms of larger loss have probability 0, and its equals 1 / K: the limits.
    """
    arms, leader = losses.shape[0], _least(losses)
    least = losses[leader]
    for k in range(arms):
        gap = losses[k] - least
        weights[k] = least / (arms * least + gamma * gap) if gap > 0.0 else 1.0 / arms
    _leave_rest(weights, leader)
    return leader


@kernel
def _least(losses):
    leader = 0
    for k in range(1, losses.shape[0]):
        if losses[k] < losses[leader]:
            leader = k
    return leader


@kernel
def _leave_rest(weights, leader):
    """Give the leader what the others leave; each of them has at most 1 / K."""
    weights[leader] = 0.0
    others = 0.0
    for k in range(weights.shape[0]):
        others += weights[k]
    weights[leader] = 1.0 - others
