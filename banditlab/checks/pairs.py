"""A pair of environment and policy as a cell of a grid, for checks: made, and played without files."""

from __future__ import annotations

from typing import Any

import numpy as np

from banditlab import registry
from banditlab.errors import UserError
from banditlab.runs.grid import Cell, Player, Record, Settings, World
from banditlab.runs.pair import Curve, Failure, Pair, play_replications, prepare

#: Small environments of each game, from which a policy takes the first that gives what it needs.
REFERENCES: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "bandit": [
        ("bernoulli", {"means": [0.3, 0.5, 0.4, 0.9, 0.2]}),
        ("linear", {"arms": 5, "dim": 4}),
        ("logistic", {"arms": 5, "dim": 4, "signal": 4.0}),
        ("kernelized", {"function": "branin", "points": 4}),
    ],
    "dueling": [
        ("bradley-terry", {"utilities": [0.8, 0.0, 2.4, 1.2, 0.4]}),
        ("linear", {"arms": 5, "dim": 4, "signal": 4.0}),
        ("kernelized", {"function": "branin", "points": 4}),
    ],
    "active-dueling": [
        ("log-linear", {"contexts": 4, "actions": 6, "dim": 3}),
    ],
    "blackbox": [
        ("gp-sample", {"points": 21, "bounds": [-4.0, 4.0], "length_scale": 2.0, "margin": 0.5, "noise": 0.1}),
    ],
    "knapsack": [
        ("bernoulli", {"budget": 50.0}),
        ("bernoulli", {"rewards": [0.0, 0.9, 0.6, 0.5], "costs": [[0.0], [0.9], [0.2], [0.5]], "budget": 200.0}),
    ],
    "combinatorial": [
        ("coverage", {"items": 6, "universe": 20, "density": 0.3, "k": 2}),
        ("top-k", {"means": [0.3, 0.8, 0.4, 0.9, 0.2, 0.5], "k": 2}),
        ("coverage", {"items": 6, "universe": 20, "density": 0.3, "budget": 1.2}),
        ("linear-items", {"items": 6, "dim": 3, "k": 2}),
        ("cascade", {"items": 6, "k": 2}),
        ("cut", {"edges": [[0, 1, 1.0], [0, 2, 1.0], [0, 3, 1.0]]}),
    ],
    "convex": [
        ("sea", {"dim": 4}),
        ("sea", {"dim": 4, "losses": "quadratic"}),
        ("sea", {"dim": 4, "domain": "simplex"}),
        ("sea", {"dim": 4, "domain": "box"}),
        ("sea", {"dim": 4, "miss": 0.2}),
        ("portfolio", {}),
        ("drifting-regression", {"dim": 4}),
    ],
}
RECORD = Record(points=60)


def reference_for(policy: Any) -> Any:
    """Return the reference environment of a policy, an instance of a registered class.

    Raises
    ------
    UserError
        None of its game gives what it needs.
    """
    kind = registry.kind_of(policy)
    wanted = Player(kind.name, kind, policy).needs
    for name, parameters in REFERENCES.get(kind.game, []):
        world = registry.find("environment", name, kind.game)
        instance = world.cls(**parameters)
        if wanted <= World(world.name, world, instance).gives:
            return instance
    needs = ", ".join(sorted(wanted)) or "nothing"
    raise UserError(f"{kind.title}: no reference environment gives what it needs ({needs}): pass an environment")


def cell_of(environment: Any, policy: Any, horizon: int) -> Cell:
    """Return the cell of two instances of registered classes."""
    world, player = registry.kind_of(environment), registry.kind_of(policy)
    return Cell(World(world.name, world, environment), Player(player.name, player, policy), horizon)


def settings_of(seed: int, record: Record = RECORD) -> Settings:
    """Return the settings of a grid that is played for a check."""
    return Settings(seed=seed, record=record)


def place_of(cell: Cell) -> tuple:
    """Return what tells a cell from others: kinds, parameters and horizon; parameters as text, since some are lists."""
    world, player = cell.world, cell.player
    return world.kind, repr(world.instance), player.kind, repr(player.instance), cell.horizon


_pairs: dict[tuple, Pair] = {}  #: the last few loops that were made ready


def pair_of(cell: Cell, compiled: bool = True) -> Pair:
    """Return the loop of a cell, compiled where it can be."""
    place = place_of(cell), compiled
    if place not in _pairs:
        if len(_pairs) == 8:
            del _pairs[next(iter(_pairs))]
        _pairs[place] = prepare(cell, settings_of(0), compiled=compiled)
    return _pairs[place]


def play(cell: Cell, replications: int | range, seed: int = 0, compiled: bool = True) -> list[Curve]:
    """Play replications and return their curves.

    Raises
    ------
    AssertionError
        One of them failed: it raised, or left the finite numbers.
    """
    chosen = range(replications) if isinstance(replications, int) else replications
    done = play_replications(pair_of(cell, compiled), cell, settings_of(seed), chosen)
    for result in done:
        if isinstance(result, Failure):
            raise AssertionError(f"{cell.title}: replication {result.replication}: {result.message}")
    return done


def finals(curves: list[Curve], metric: int = 0) -> np.ndarray:
    """Return a metric of each replication at the last round, (R,)."""
    return np.array([curve.values[-1, metric] for curve in curves])
