"""One replication played to its end, with the states that it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from banditlab.games import games
from banditlab.pages import page
from banditlab.pictures import plot_policy, sketch_environment
from banditlab.pictures.truth import truth_in
from banditlab.runs.grid import Cell, Settings
from banditlab.runs.pair import begin, prepare

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, repr=False)
class Played:
    """A replication that was played.

    Attributes
    ----------
    cell : Cell
    settings : Settings
    replication : int
    state, world : NamedTuple
        States of the policy and of the environment, after the last round.
    totals : dict of str to float
        The metrics after the last round, by name.
    """

    cell: Cell
    settings: Settings
    replication: int
    state: Any
    world: Any
    totals: dict[str, float]

    def __repr__(self) -> str:
        found = ", ".join(f"{name} {value:.4g}" for name, value in self.totals.items())
        return f"<{self.cell.title}, replication {self.replication} after {self.cell.horizon:,} rounds: {found}>"

    def _repr_html_(self) -> str:
        about = f", replication {self.replication} after {self.cell.horizon:,} rounds"
        return page(self.cell.title, about, ["metric", "value"], self.totals.items())

    def plot(self) -> Figure:
        """Draw what the policy believes after the last round, beside what is true, where that can be compared.

        Raises
        ------
        UserError
            The policy has no picture.
        """
        cell, world = self.cell, self.cell.world
        fresh = begin(cell, self.settings, self.replication)
        seen = world.kind, world.instance, fresh.env, cell.horizon, fresh.contexts
        shown = [] if world.then else sketch_environment(*seen)
        truth = truth_in(shown, self.world, cell.horizon) if shown else None
        points = self.world.features if "domain" in world.gives else None
        return plot_policy(cell.player.instance, self.state, cell.horizon, points=points, truth=truth)


def play_through(cell: Cell, settings: Settings, replication: int) -> Played:
    """Play a replication of a cell here, compiled, to its end."""
    pair, start = prepare(cell, settings), begin(cell, settings, replication)
    names = [one.name for one in (*games()[cell.game].metrics, *(entry.metric for entry in cell.user_metrics))]
    totals = np.zeros(len(names))
    points, curves = np.array([cell.horizon]), np.zeros((1, len(totals)))
    streams = start.contexts, start.coins
    pair.function(start.env, start.policy, start.channel, 0, cell.horizon, *streams, totals, points, curves)
    found = {name: float(value) for name, value in zip(names, curves[0], strict=True) if name in cell.metrics}
    return Played(cell, settings, replication, start.policy, start.env, found)
