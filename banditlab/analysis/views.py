"""Figures of the final metric as a distribution: its survival function, and how soon means are in the right order."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from banditlab.analysis import hindsight, spread
from banditlab.analysis.cells import metric_of, paired
from banditlab.analysis.panels import (
    Chosen,
    Drawing,
    Looks,
    choose,
    compose,
    count_of,
    label_sparsely,
    looks_of,
    panels_over_rounds,
    quick_look,
)
from banditlab.analysis.presets import SCREEN, Sheet
from banditlab.analysis.results import Result
from banditlab.errors import UserError
from banditlab.registry import REFERENCE_PLAYERS


def draw_survival(result: Result, metric: str | None = None, *, sheet: Sheet = SCREEN) -> Drawing:
    """Draw the share of replications whose metric at the last round exceeds x, against x.

    Axes are logarithmic, so that a heavy tail is a straight line; x is linear for a metric that can be negative.

    Parameters
    ----------
    result : Result
    metric : str, optional
        By default each game's first.
    sheet : Sheet

    Raises
    ------
    UserError
        Nothing to draw; an unknown metric.
    """
    chosen = choose(result, metric)
    looks = looks_of(chosen)
    caption = f"{quick_look(result)}Share of {count_of(chosen)} that exceed x at the last round."
    panels = panels_over_rounds(chosen)
    return compose(panels, lambda axis, _, members: _draw_tails(axis, members, looks), [caption], sheet=sheet)


def _draw_tails(axis: Axes, members: Chosen, looks: Looks) -> None:
    cell, name = members[0]
    metric = metric_of(cell.game, name)
    every = np.concatenate([cell.final(kept) for cell, kept in members])
    logarithmic = not metric.signed and every.max() > 0
    # what lies at zero has no place on a logarithmic axis: it lies beyond the left end
    left = every[every > 0].min() / 1.3 if logarithmic else every.min()
    for cell, kept in members:
        values, shares = spread.survival(np.maximum(cell.final(kept), left))
        x, y = np.concatenate([[left], values]), np.concatenate([[1.0], shares])
        look = {**looks[cell.game, cell.policy], "marker": None}
        if values[-1] > left:
            axis.plot(x, np.maximum(y, 1e-9), drawstyle="steps-post", label=cell.policy, **look)
    if not axis.lines:
        _say(axis, f"every {metric.label.lower()} is 0")
    axis.set_xscale("log" if logarithmic else "linear")
    if logarithmic:
        label_sparsely(axis.xaxis, left, every.max())
    axis.set_yscale("log")
    axis.set_ylim(0.5 / max(len(cell.replications) for cell, _ in members), 1.5)
    axis.set_xlabel(f"{metric.label} x at the last round")
    axis.set_ylabel("Share above x")


def _say(axis: Axes, text: str) -> None:
    axis.text(0.5, 0.5, text, transform=axis.transAxes, ha="center", color="0.35")


def draw_wrong_order(result: Result, metric: str | None = None, *, sheet: Sheet = SCREEN) -> Drawing:
    """Draw how often the means over n replications put a policy below the one with the lowest mean, against n.

    Each policy of an environment is held against the best of them, over the replications that both have. Reference
    players are left out where at least two other policies are there.

    Parameters
    ----------
    result : Result
    metric : str, optional
        By default each game's first.
    sheet : Sheet

    Raises
    ------
    UserError
        No environment with two policies; an unknown metric.
    """
    chosen = choose(result, metric)
    looks = looks_of(chosen)
    panels = {title: _contenders(members) for title, members in panels_over_rounds(chosen).items()}
    panels = {title: members for title, members in panels.items() if len(members) > 1}
    if not panels:
        raise UserError(f"{result.name}: an order takes two policies in one environment")
    caption = f"{quick_look(result)}Chance that means of n are in another order than those of all {count_of(chosen)}."
    fewer = sum(map(len, panels.values())) < len(chosen)
    notes = ["reference players are left out, and panels of one policy"] if fewer else []
    return compose(
        panels, lambda axis, _, members: _draw_orders(axis, members, looks), [caption], sheet=sheet, notes=notes
    )


def _contenders(members: Chosen) -> Chosen:
    serious = [(cell, name) for cell, name in members if cell.kinds["policy"] not in REFERENCE_PLAYERS]
    return serious if len(serious) > 1 else members


def _draw_orders(axis: Axes, members: Chosen, looks: Looks) -> None:
    best, _ = min(members, key=lambda member: member[0].final(member[1]).mean())
    for other, name in members:
        if other is best:
            continue
        low, high = paired(best, other, name)
        sizes = np.unique(np.geomspace(1, len(low), 40).round().astype(int))
        chances = hindsight.wrong_order(low, high, sizes)
        if np.isfinite(chances).all():
            look = {**looks[other.game, other.policy], "marker": None}
            axis.plot(sizes, chances, label=f"{other.policy} below {best.policy}", **look)
    if not axis.lines:
        _say(axis, "all means are equal")
    axis.set_xscale("log")
    axis.set_ylim(0, max(0.1, axis.get_ylim()[1]))
    axis.set_xlabel("Replications n")
    axis.set_ylabel("Chance of the wrong order")
