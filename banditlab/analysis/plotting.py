"""Figures: a metric against rounds, or against a parameter of the grid."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from banditlab.analysis import spread, statistics
from banditlab.analysis.cells import metric_of
from banditlab.analysis.lower_bounds import bounds_of
from banditlab.analysis.panels import (
    ASIDE,
    Chosen,
    Looks,
    Panels,
    choose,
    compose,
    count_of,
    looks_of,
    metrics_in,
    panels_by,
    panels_over_rounds,
    quick_look,
)
from banditlab.analysis.results import Result
from banditlab.analysis.swept import positions, swept, value_of, without
from banditlab.errors import UserError, nearest

SCALES = ("linear", "log-x", "log-log")
BOUNDS = (":", (0, (1, 4)), (0, (4, 2, 1, 2)))  #: line styles of lower bounds
BANDS = {
    "student": "Student",
    "bootstrap": "bootstrap-t",
    "simultaneous": "simultaneous",
    "quantile": "quantile",
}


def draw(
    result: Result,
    metric: str | None = None,
    *,
    versus: str = "t",
    scale: str | None = None,
    band: str = "student",
    confidence: float = 0.95,
) -> Figure:
    """Draw a panel an environment, with a curve a policy and a dotted line for each lower bound that is known.

    Parameters
    ----------
    result : Result
    metric : str, optional
        By default the grid's, or each game's first. Several, with commas between, stand side by side.
    versus : str
        "t" for rounds, or the name of a parameter that the grid sweeps, or "horizon".
    scale : str, optional
        "linear", "log-x" or "log-log". By default "linear", but "log-x" over the rounds for a recommendation, which
        improves most in the first ones.
    band : str
        Of the mean: "student", "bootstrap" or "simultaneous". Of the replications: "quantile", which draws their
        median, quartiles, and 5 % and 95 % quantiles.
    confidence : float
        Of the band of a mean.

    Raises
    ------
    UserError
        Nothing to draw; an unknown metric, parameter, scale or band.
    """
    for value, known, what in ((scale or "linear", SCALES, "scale"), (band, tuple(BANDS), "band")):
        if value not in known:
            raise UserError(f"{what}: no {value!r}{nearest(value, known)}")
    chosen = choose(result, metric)
    looks, count = looks_of(chosen), metrics_in(chosen)

    def fill(axis: Axes, title: str, members: Chosen) -> None:
        if versus == "t":
            _draw_curves(axis, members, looks, band, confidence)
        else:
            _draw_finals(axis, members, looks, versus, band, confidence)
        _label(axis, members, versus, scale or _suited(members, versus))
        if versus == "t":
            _draw_bounds(axis, members)

    panels = panels_over_rounds(chosen) if versus == "t" else _panels_over_parameter(chosen, versus)
    caption = _caption(result, chosen, metric, versus, band, confidence)
    return compose(panels, fill, caption, columns=count if count > 1 else 3)


def _suited(members: Chosen, versus: str) -> str:
    return "log-x" if versus == "t" and metric_of(members[0][0].game, members[0][1]).early else "linear"


def _panels_over_parameter(chosen: Chosen, versus: str) -> Panels:
    values = {value_of(cell, versus) for cell, _ in chosen}
    if len(values - {None}) < 2:
        known = ["t", *sorted(swept(chosen))]
        raise UserError(f"versus: this grid does not sweep {versus!r}{nearest(versus, known)}")
    panels = panels_by(chosen, lambda cell: without(cell.environment, versus))
    return {
        title: group for title, group in panels.items() if any(value_of(cell, versus) is not None for cell, _ in group)
    }


def _draw_curves(axis: Axes, members: Chosen, looks: Looks, band: str, confidence: float) -> None:
    for i, (cell, name) in enumerate(members):
        look = dict(looks[cell.game, cell.policy])
        every = max(1, len(cell.x) // 8)
        start = (i * every) // max(1, len(members))
        middle, ranges = _band(cell.curves[name], band, confidence)
        axis.plot(cell.x, middle, label=cell.policy, markevery=(start, every), markersize=3, **look)
        for low, high in ranges:
            axis.fill_between(cell.x, low, high, color=look["color"], alpha=0.18, linewidth=0)


def _band(curves: np.ndarray, band: str, confidence: float) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    """Return the line of curves (R, P) and what is shaded about it, from the outside in."""
    if band == "quantile":
        found = spread.quantiles(curves)
        return found.median, [(found.low, found.high), (found.lower, found.upper)]
    mean = statistics.band(curves, band, confidence)
    return mean.mean, [(mean.low, mean.high)]


def _draw_bounds(axis: Axes, members: Chosen) -> None:
    """Draw each lower bound once; the axes stay those of the curves, which a bound may lie far above."""
    drawn, limits = set(), axis.get_ylim()
    for cell, name in members:
        for bound in bounds_of(cell, name):
            if bound.name not in drawn:
                label = f"{bound.name} (asymptotic)" if bound.asymptotic else bound.name
                look = {"linestyle": BOUNDS[len(drawn) % len(BOUNDS)], "color": "0.25", "linewidth": 0.9, "gid": ASIDE}
                axis.plot(cell.x, bound.values, label=label, **look)
                drawn.add(bound.name)
    axis.set_ylim(limits)


def _draw_finals(axis: Axes, members: Chosen, looks: Looks, versus: str, band: str, confidence: float) -> None:
    lines: dict[str, list[tuple[float | None, tuple[float, float, float], str]]] = {}
    places = positions(members, versus)
    for cell, name in members:
        entry = (places.get(value_of(cell, versus)), _final(cell.final(name), band, confidence), cell.policy)
        lines.setdefault(without(cell.policy, versus), []).append(entry)
    for label, entries in lines.items():
        look = looks[members[0][0].game, entries[0][2]]
        if entries[0][0] is None:  # a policy without that parameter: a level line to compare with
            axis.axhline(entries[0][1][0], label=label, **{**look, "marker": None})
            continue
        entries.sort(key=lambda entry: entry[0])
        x = [value for value, _, _ in entries]
        middle = [found[0] for _, found, _ in entries]
        edges = np.array([[middle - low, high - middle] for _, (middle, low, high), _ in entries]).T
        axis.errorbar(x, middle, np.nan_to_num(np.maximum(edges, 0)), label=label, markersize=3.5, capsize=2, **look)


def _final(values: np.ndarray, band: str, confidence: float) -> tuple[float, float, float]:
    """Return the middle of final values (R,), and the ends of the bar about it."""
    if band == "quantile":
        found = spread.quantiles(values[:, None])
        return float(found.median[0]), float(found.low[0]), float(found.high[0])
    mean = statistics.interval(values, confidence)
    return mean.mean, mean.low, mean.high


def _label(axis: Axes, members: Chosen, versus: str, scale: str) -> None:
    cell, name = members[0]
    axis.set_xlabel("Round t" if versus == "t" else versus)
    axis.set_ylabel(metric_of(cell.game, name).label + ("" if versus == "t" else " at the last round"))
    if scale in ("log-x", "log-log"):
        axis.set_xscale("log")
    if scale == "log-log":
        axis.set_yscale("log", nonpositive="clip")  # a band that reaches 0 goes down to the edge
        axis.set_ylim(bottom=_least(members))
    elif all(cell.curves[kept].min() >= 0 for cell, kept in members):
        axis.set_ylim(bottom=0)
    if versus == "t" and scale == "linear":
        axis.set_xlim(left=0)
        axis.locator_params(axis="x", nbins=5)  # more would touch where rounds have six digits
    elif versus != "t":
        places = positions(members, versus)
        texts = [value if isinstance(value, str) else f"{value:g}" for value in places]
        axis.set_xticks(list(places.values()), texts)
        axis.xaxis.set_minor_formatter(NullFormatter())


def _least(members: Chosen) -> float:
    """Return a bottom for a logarithmic axis: half of the least positive mean."""
    means = np.concatenate([cell.curves[name].mean(axis=0) for cell, name in members])
    return 0.5 * float(means[means > 0].min()) if (means > 0).any() else 0.1


def _caption(
    result: Result, chosen: Chosen, metric: str | None, versus: str, band: str, confidence: float
) -> list[str]:
    count = count_of(chosen)
    if band == "quantile":
        shaded = "quartiles and 5 % and 95 % quantiles, shaded" if versus == "t" else "5 % and 95 % quantiles"
        return [f"{quick_look(result)}Median of {count} with their {shaded}."]
    few = min(len(cell.replications) for cell, _ in chosen) < statistics.FEWEST
    interval = "Student intervals" if few else "bootstrap-t intervals"
    what = f"{BANDS[band]} bands" if versus == "t" else interval
    return [f"{quick_look(result)}Mean of {count} with {confidence:.0%} {what}.", *result.cautions(metric)]
