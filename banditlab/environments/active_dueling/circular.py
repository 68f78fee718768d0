"""Preferences that go round in circles, with no utility behind them, and a Borda winner in each context."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from banditlab.environments.context_preferences import ContextPreferences, Grid, State, make_state
from banditlab.games.active_dueling import BORDA_METRICS
from banditlab.registry import environment
from banditlab.types import Positive


@environment("circular", game="active-dueling", gives=("features", "domain"), metrics=BORDA_METRICS)
@dataclass(frozen=True)
class Circular(Grid, ContextPreferences):
    """In context x, arm i beats arm j with probability 1/2 + f(x, i) - f(x, j) + cycle sin(2 pi (i - j) / K).

    f is drawn as a smooth function on the grid, with mean 0 over the actions of each context, and multiplied so that
    its values differ by `gap` in the context where they differ most. Features are the coordinates (context, action).
    The contexts are alike ("homogeneous"), matter little but for the last ones ("heterogeneous"), or have nothing to do
    with each other ("independent").

    The sines of an arm against all K add up to 0: its Borda value is 1/2 + f(x, i), smooth in both coordinates, and
    its maximum is unique with probability 1. Yet every arm, the Borda winner too, loses to the one about a quarter of
    the circle ahead of it. So no utility explains the duels, and the best arm of one that is fitted depends on which
    pairs were compared: from all pairs equally often, maximum likelihood has the Borda winner; from neighbours, it has
    the last arm, where the circle is steeper than f.
    """

    gap: Positive = 0.2  #: between the largest and the smallest Borda value of a context; gap + cycle <= 1/2
    cycle: Positive = 0.3  #: of the circle; so large that no arm beats all others

    def __post_init__(self):
        super().__post_init__()
        if self.gap + self.cycle > 0.5:
            raise ValueError(f"gap + cycle: at most 1/2, got {self.gap + self.cycle:g}")
        if self.actions < 3:
            raise ValueError(f"actions: at least 3 make a circle, got {self.actions}")
        steepest = np.sin(2.0 * math.pi * np.arange(self.actions) / self.actions).max()
        if self.gap >= self.cycle * steepest:
            raise ValueError(
                f"gap: below {self.cycle * steepest:g}, the most that the circle of {self.actions} actions gives one "
                f"over another, got {self.gap:g}"
            )

    def start(self, rng, noise, horizon) -> State:
        borda = self.draw(rng)
        borda *= self.gap / np.ptp(borda, axis=1).max()
        turns = np.arange(self.actions) / self.actions
        circle = self.cycle * np.sin(2.0 * math.pi * (turns[:, None] - turns))
        return make_state(self.points(), 0.5 + borda[:, :, None] - borda[:, None] + circle, noise)

    def facts(self, state) -> dict[str, Any]:
        return {**super().facts(state), "length_scale": self.length_scale}
