"""Python's search for garbage while a very wide grid is planned: many small objects at once, and none is garbage."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

SELDOM = 1_000_000  #: new objects until it searches; few enough that what compilers leave behind stays small


@contextlib.contextmanager
def seldom() -> Iterator[None]:
    """Let it search seldom: it would go through all that was planned so far again and again."""
    before = gc.get_threshold()
    gc.set_threshold(SELDOM, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
