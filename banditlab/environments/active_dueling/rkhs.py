"""Utilities drawn from a Gaussian process on a grid of contexts and actions, compared by duels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from banditlab.environments.context_preferences import ContextPreferences, Grid, State, make_state
from banditlab.numerics.links import chances
from banditlab.registry import environment
from banditlab.types import Positive


@environment("rkhs", game="active-dueling", gives=("features", "domain"))
@dataclass(frozen=True)
class Rkhs(Grid, ContextPreferences):
    """In context x, arm a beats arm b with probability F(u(x, a) - u(x, b)), for one random utility u.

    u is drawn as a smooth function on the grid, with mean 0 over the actions of each context, and multiplied so that
    the largest |u| is `scale`. A finite domain makes it a member of the kernel's RKHS. Features are the coordinates
    (context, action).

    The contexts are alike ("homogeneous"), matter little but for the last ones ("heterogeneous"), or have nothing to do
    with each other ("independent").
    """

    scale: Positive = 3.0  #: largest |u|
    link: Literal["logistic", "probit", "exponential"] = "logistic"  #: F

    def start(self, rng, noise, horizon) -> State:
        utilities = self.utilities(rng)
        matrices = chances(self.link, utilities[:, :, None] - utilities[:, None])
        return make_state(self.points(), matrices, noise, utilities)

    def utilities(self, rng):
        """Return the utilities (C, K) that a generator draws."""
        values = self.draw(rng)
        return values * (self.scale / abs(values).max())

    def facts(self, state) -> dict[str, Any]:
        return {**super().facts(state), "link": self.link, "length_scale": self.length_scale}
