"""What policies under semi-bandit feedback count: plays and means of the parts."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.sampling import beta
from banditlab.types import Counts, Vector


class Parts(NamedTuple):
    """What was seen of each part."""

    seen: Counts  #: (m,) times
    sums: Vector  #: (m,) of values
    means: Vector  #: (m,)
    weights: Vector  #: (m,) indices, or what was drawn, of the round


def start_parts(parts: int) -> Parts:
    """Return the state before the first round."""
    return Parts(np.zeros(parts, int), np.zeros(parts), np.zeros(parts), np.zeros(parts))


@kernel(counted=False)
def count_parts(state, parts, values):
    """Add the values (s,) of the parts (s,) that were seen."""
    for place in range(parts.shape[0]):
        part = parts[place]
        state.seen[part] += 1
        state.sums[part] += values[place]
        state.means[part] = state.sums[part] / state.seen[part]


@kernel(counted=False)
def ask_unseen(state, t):
    """In the first m rounds, while a part has not been seen, weigh such parts 1 and others 0; return whether it is so.

    Parts that no set shows for sure, such as edges, may be unseen for longer.
    """
    if t >= state.seen.shape[0]:
        return False
    unseen = False
    for part in range(state.seen.shape[0]):
        unseen |= state.seen[part] == 0
    if unseen:
        for part in range(state.seen.shape[0]):
            state.weights[part] = 1.0 if state.seen[part] == 0 else 0.0
    return unseen


@kernel(counted=False)
def raise_means(state, scale, most):
    """Set each weight to min(most, mean + sqrt(scale / n)), n the times the part was seen, and for n = 0 to `most`."""
    for part in range(state.seen.shape[0]):
        count = state.seen[part]
        state.weights[part] = min(most, state.means[part] + math.sqrt(scale / count)) if count > 0 else most


@kernel
def draw_betas(state, rng):
    """Draw each weight from Beta(1 + s, 1 + n - s), where s is the sum of the values, in the order of the parts."""
    for part in range(state.seen.shape[0]):
        won = state.sums[part]
        state.weights[part] = beta(rng, 1.0 + won, 1.0 + state.seen[part] - won)
