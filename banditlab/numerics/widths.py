"""Factors of the widths of confidence bounds, which may grow with what has been learned."""

from __future__ import annotations

import math
from typing import NamedTuple

from banditlab.fuse import kernel


class Width(NamedTuple):
    """The factor beta of a width: base + slope sqrt(gain + shift), for the information gain so far."""

    base: float
    slope: float = 0.0
    shift: float = 0.0
    squared: bool = False  #: whether it multiplies sigma^2, and not sigma


@kernel
def beta_of(width, gain):
    """Return beta."""
    return width.base + width.slope * math.sqrt(gain + width.shift)
