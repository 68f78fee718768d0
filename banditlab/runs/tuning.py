"""Tuning: candidates of a policy are played on seeds of their own, and the one with the best mean is evaluated.

The trials are a grid like any other, played and kept in the folder `tuning` of the results: each policy with a search
space, in each environment and for each horizon, as each of its candidates (`searches`). Its root seed is a function of
the grid's, so that no instance, noise, context or coin is that of the evaluation; all candidates meet the same ones.
Instances are fresh in each replication, also where the evaluation has a fixed one. What is given by numbers or by a
file is the same on both sides, but for its noise and order.

The candidate with the best mean of a metric at the last round is chosen, the first of equal ones; one of which a
replication failed is not. What was chosen is then a policy with these parameters, and its work is found again as if
they had been written in the grid.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from banditlab import seeding
from banditlab.errors import UserError, nearest
from banditlab.games.game import Metric, names_in, shown
from banditlab.runs.grid import Cell, Grid, Player, Record, Settings
from banditlab.runs.identity import Keys
from banditlab.runs.store import finals, read_curves, read_failures

FOLDER = "tuning"  #: of the trials, in that of the results


def decisive(cell: Cell, settings: Settings, source: str) -> Metric:
    """Return the metric by which the candidates of a cell's policy are judged.

    Raises
    ------
    UserError
        The cell does not keep the metric that the grid asks for, or neither less nor more of it is better.
    """
    asked = settings.tune.metric or settings.metric
    name = shown(asked, cell.metrics)[0]
    if settings.tune.metric and name not in names_in(asked):
        raise UserError(f"{source}: tune.metric: {cell.title} keeps no {asked!r}{nearest(asked, cell.metrics)}")
    metrics = [*cell.game_metrics, *(entry.metric for entry in cell.user_metrics)]
    found = next(metric for metric in metrics if metric.name == name)
    if found.better is None:
        raise UserError(f"{source}: tune.metric: neither less nor more {name!r} is better: name another metric")
    return found


def trials(grid: Grid) -> Grid:
    """Return the grid of the candidates of all policies that are to be tuned."""
    tune, settings = grid.settings.tune, grid.settings
    worlds = {id(cell.world): cell.world for cell in grid.cells}
    worlds = {place: replace(world, fixed=False) if world.fixed else world for place, world in worlds.items()}
    players: dict[int, list[Player]] = {}
    cells = []
    for cell in (cell for cell in grid.cells if cell.player.candidates):
        tried = players.setdefault(id(cell.player), [*_tried(cell.player)])
        cells += [Cell(worlds[id(cell.world)], player, cell.horizon) for player in tried]
    settings = replace(
        settings,
        name=f"{settings.name}-{FOLDER}",
        replications=tune.replications,
        seed=int(seeding.key(settings.seed, FOLDER)),
        record=Record(points=2),
        trace=(),
        metric=tune.metric or settings.metric,
        question=None,
        tune=None,
    )
    return replace(grid, settings=settings, cells=tuple(cells), claims=(), figures=())


def _tried(player: Player) -> Iterator[Player]:
    for values, instance in zip(player.tuned.candidates, player.candidates, strict=True):
        yield Player(player.tuned.label(player.label, values), player.kind, instance)


def choose(grid: Grid, folder: Path, portable: bool) -> Grid:
    """Return the grid with what was chosen, for each cell of which all trials were played.

    Parameters
    ----------
    grid : Grid
    folder : Path
        Of the trials.
    portable : bool
        Whether they were played so.
    """
    means = _means(trials(grid), folder, portable)
    cells = []
    for cell in grid.cells:
        player, own = cell.player, list(itertools.islice(means, len(cell.player.candidates)))
        if own and None not in own:
            sign = -1 if decisive(cell, grid.settings, grid.source).better == "higher" else 1
            best = min(range(len(own)), key=lambda i: sign * own[i] if own[i] < np.inf else np.inf)
            player = replace(player, instance=player.candidates[best], candidates=())
        cells.append(replace(cell, player=player))
    return replace(grid, cells=tuple(cells))


def _means(played: Grid, folder: Path, portable: bool) -> Iterator[float | None]:
    """Yield what decides about each cell: inf where a replication failed, None where one was not played yet."""
    key = Keys(played.settings, portable).of
    keys = [key(cell) for cell in played.cells]
    metrics = {key: cell.metrics for key, cell in zip(keys, played.cells, strict=True)}
    ends = finals(read_curves(folder), metrics, played.settings.metric)
    failed = {(row["key"], row["replication"]) for row in read_failures(folder)}
    wanted = range(played.settings.replications)
    for key in keys:
        values = [ends[key].get(r, np.inf if (key, r) in failed else None) for r in wanted]
        yield None if None in values else float(np.mean(values))
