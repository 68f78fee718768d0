"""What each user gets of a set of items: the best of them."""

from __future__ import annotations

from typing import NamedTuple

from banditlab.fuse import kernel
from banditlab.types import Matrix


class Serving(NamedTuple):
    """What an item is worth to a user."""

    worth: Matrix  #: (U, n) in [0, 1]


@kernel
def mean_best(serving, items):
    """Return the worth of a set's best item to a user, 0 of no item, as a mean over the users."""
    users, total = serving.worth.shape[0], 0.0
    for user in range(users):
        best = 0.0
        for item in items:
            best = max(best, serving.worth[user, item])
        total += best
    return total / users
