"""Ratings: what is learnt of a number is the nearest step of a scale, as where people give stars."""

from dataclasses import dataclass
from typing import NamedTuple

import banditlab


@banditlab.wrapper("on-a-scale")
@dataclass(frozen=True)
class OnAScale:
    """Numbers are rounded to the nearest multiple of `step`."""

    step: float = 0.5  #: in the units of the outcome

    class State(NamedTuple):
        step: float

    def start(self, shelf, noise, horizon):
        if self.step <= 0:
            raise ValueError(f"step: greater than 0, got {self.step}")
        return self.State(self.step)

    @staticmethod
    def number(own, t, which, place, value):
        return own.step * round(value / own.step)
