"""Random streams as a function of what they are for.

A stream depends on the root seed and on names (game, kind, replication), never on order, labels or parameters: a cell's
numbers stay the same when the grid around it changes, and variants of a policy share their coins.
"""

from __future__ import annotations

import hashlib

import numpy as np


def stream(root: int, *axes: str | int) -> np.random.Generator:
    """Return the generator (PCG64) of the stream with these names."""
    return np.random.Generator(np.random.PCG64(_sequence(root, axes)))


def key(root: int, *axes: str | int) -> np.uint64:
    """Return the 64-bit key of a counter-based stream with these names."""
    return _sequence(root, axes).generate_state(1, np.uint64)[0]


def _sequence(root: int, axes: tuple[str | int, ...]) -> np.random.SeedSequence:
    digest = hashlib.sha256("\x1f".join(map(str, axes)).encode()).digest()
    return np.random.SeedSequence(root, spawn_key=tuple(np.frombuffer(digest[:16], "<u4").tolist()))
