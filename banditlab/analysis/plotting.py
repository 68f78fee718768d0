"""Figures: a metric against rounds, or against a parameter of the grid."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter

from banditlab.analysis import spread, statistics
from banditlab.analysis.cells import CellResult, metric_of
from banditlab.analysis.lower_bounds import bounds_of
from banditlab.analysis.panels import (
    ASIDE,
    Chosen,
    Drawing,
    Headers,
    Looks,
    Panels,
    choose,
    compose,
    count_of,
    label_sparsely,
    left_out_without,
    looks_of,
    metrics_in,
    panels_by,
    panels_over_rounds,
    quick_look,
)
from banditlab.analysis.presets import SCREEN, Sheet
from banditlab.analysis.results import Result
from banditlab.analysis.slopes import Slope, draw_slopes, read_slopes
from banditlab.analysis.swept import Scene, in_order, positions, swept, value_of, without, written
from banditlab.errors import UserError, nearest
from banditlab.registry import REFERENCE_PLAYERS

SCALES = ("linear", "log-x", "log-log")
BOUNDS = (":", (0, (1, 4)), (0, (4, 2, 1, 2)))  #: line styles of lower bounds
BANDS = {
    "student": "Student",
    "bootstrap": "bootstrap-t",
    "simultaneous": "simultaneous",
    "quantile": "quantile",
    "replications": "replications",
}
HORIZON = ("horizon", "T")  #: names of the horizon where a parameter is wanted
MOST = 100  #: replications of which each is drawn


def draw(
    result: Result,
    metric: str | None = None,
    *,
    versus: str = "t",
    scale: str | None = None,
    band: str = "student",
    confidence: float = 0.95,
    rows: str | None = None,
    columns: str | None = None,
    slopes: str = "",
    sheet: Sheet = SCREEN,
) -> Drawing:
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
        median, quartiles, and 5 % and 95 % quantiles; or "replications", which draws each of the first hundred thinly,
        and the mean of all.
    confidence : float
        Of the band of a mean.
    rows, columns : str, optional
        What differs between rows and columns of panels: a parameter that the grid sweeps, "horizon", "environment" or
        "metric".
    slopes : str
        Reference slopes over rounds or horizons, such as "log T, sqrt T, T^2/3".
    sheet : Sheet

    Raises
    ------
    UserError
        Nothing to draw; an unknown metric, parameter, scale, band or slope; several environments in one panel.
    """
    for value, known, what in ((scale or "linear", SCALES, "scale"), (band, tuple(BANDS), "band")):
        if value not in known:
            raise UserError(f"{what}: no {value!r}{nearest(value, known)}")
    chosen, guides = choose(result, metric), read_slopes(slopes) if slopes else []
    caption = _caption(result, chosen, metric, versus, band, confidence)
    check_swept([cell for cell, _ in chosen], versus, rows, columns)
    if guides and versus not in ("t", *HORIZON):
        raise UserError(f"slopes: are over rounds or horizons, not over {versus!r}")
    headers, notes = None, []
    if rows or columns:
        chosen, panels, headers = _split(chosen, rows, columns, versus)
    elif versus == "t":
        panels = panels_over_rounds(chosen)
    else:
        panels = _panels_over_parameter(chosen, versus)
        notes = left_out_without(versus, chosen, [member for members in panels.values() for member in members])
    looks, count = looks_of(chosen), metrics_in(chosen)

    def fill(axis: Axes, title: str, members: Chosen) -> None:
        if versus == "t":
            _draw_curves(axis, members, looks, band, confidence)
        else:
            _draw_finals(axis, members, looks, versus, band, confidence)
        _label(axis, members, versus, scale or _suited(members, versus), narrow=bool(sheet.column))
        if versus == "t":
            _draw_bounds(axis, members)
        if guides:
            _draw_guides(axis, members, versus, guides)
        if sheet.labels == "direct" and versus == "t":
            axis.set_xlim(right=members[0][0].horizon)  # so that names stand at the ends of the curves

    columns = count if count > 1 else 3
    return compose(panels, fill, caption, sheet=sheet, columns=columns, headers=headers, notes=notes)


def check_swept(cells: Sequence[Scene], versus: str = "t", rows: str | None = None, columns: str | None = None) -> None:
    """Refuse what these cells do not differ in.

    Raises
    ------
    UserError
        One of the three is nothing that the grid sweeps.
    """
    names = swept(cells)
    if versus != "t" and not _differs(versus, cells):
        raise UserError(f"versus: this grid does not sweep {versus!r}{nearest(versus, ['t', *names])}")
    for key, name in (("rows", rows), ("columns", columns)):
        if name and name not in WHOLE and not _differs(name, cells):
            raise UserError(f"{key}: this grid does not sweep {name!r}{nearest(name, [*WHOLE, *names])}")
    if rows and rows == columns:
        raise UserError(f"columns: {columns!r} makes the rows")


def _differs(name: str, cells: Sequence[Scene]) -> bool:
    return len({value_of(cell, name) for cell in cells} - {None}) > 1


#: What rows and columns can be of beside parameters: how a cell with its metric says which it belongs to.
WHOLE: dict[str, Callable[[CellResult, str], Any]] = {
    "environment": lambda cell, metric: cell.environment,
    "metric": lambda cell, metric: metric_of(cell.game, metric).label,
}


def _split(chosen: Chosen, rows: str | None, columns: str | None, versus: str) -> tuple[Chosen, Panels, Headers]:
    """Return cells that are labelled without what makes rows and columns, their panels, and the headers of these.

    A policy without a parameter that makes rows or columns is in each of them.
    """
    values = {name: in_order(_place(cell, metric, name) for cell, metric in chosen) for name in (rows, columns) if name}
    down, across = values.get(rows, [None]), values.get(columns, [None])
    relabelled = [(_relabelled(cell, rows, columns), cell, metric) for cell, metric in chosen]
    panels: Panels = {}
    for row, column in itertools.product(down, across):
        panels[f"{row}, {column}"] = members = [
            (shown, metric)
            for shown, cell, metric in relabelled
            if all(
                _place(cell, metric, name) in (wanted, None)
                for name, wanted in ((rows, row), (columns, column))
                if name
            )
        ]
        scenes = {
            (shown.game, without(shown.environment, versus), metric, 0 if versus in HORIZON else shown.horizon)
            for shown, metric in members
        }
        if len(scenes) > 1:
            names = ", ".join(sorted({f"{place} at T = {horizon:,}: {name}" for _, place, name, horizon in scenes}))
            raise UserError(f"{'rows' if rows else 'columns'}: leaves several environments in one panel ({names})")
    headers = Headers(*([_header(name, value) for value in found] for name, found in ((rows, down), (columns, across))))
    return [(shown, metric) for shown, _, metric in relabelled], panels, headers


def _place(cell: CellResult, metric: str, name: str) -> Any:
    return WHOLE[name](cell, metric) if name in WHOLE else value_of(cell, name)


def _relabelled(cell: CellResult, *names: str | None) -> CellResult:
    labels = {"environment": cell.environment, "policy": cell.policy}
    for name in filter(None, names):
        labels = {role: without(label, name) for role, label in labels.items()}
    return replace(cell, **labels)


def _header(name: str | None, value: Any) -> str:
    if name in (None, "metric"):  # an axis is labelled by its metric
        return ""
    if name in WHOLE:
        return str(value)
    return f"{'T' if name in HORIZON else name} = {written(value)}"


def _suited(members: Chosen, versus: str) -> str:
    return "log-x" if versus == "t" and metric_of(members[0][0].game, members[0][1]).early else "linear"


def _panels_over_parameter(chosen: Chosen, versus: str) -> Panels:
    several = len({cell.horizon for cell, _ in chosen}) > 1 and versus not in HORIZON

    def title(cell: CellResult) -> str:
        place = without(cell.environment, versus)
        return f"{place}, T = {cell.horizon:,}" if several else place

    panels = panels_by(chosen, title)
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
        if band == "replications":
            curves = cell.curves[name][:MOST]
            alpha = min(0.5, max(0.08, 5 / len(curves)))
            axis.plot(cell.x, curves.T, color=look["color"], alpha=alpha, linewidth=0.4, gid=ASIDE, zorder=1.2)
        for low, high in ranges:
            axis.fill_between(cell.x, low, high, color=look["color"], alpha=0.18, linewidth=0)


def _band(curves: np.ndarray, band: str, confidence: float) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    """Return the line of curves (R, P) and what is shaded about it, from the outside in."""
    if band == "quantile":
        found = spread.quantiles(curves)
        return found.median, [(found.low, found.high), (found.lower, found.upper)]
    if band == "replications":
        return curves.mean(axis=0), []
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
    places, lines = positions(members, versus), {}
    for cell, name in members:
        at = places.get(value_of(cell, versus))
        lines.setdefault(without(cell.policy, versus), []).append((at, cell.final(name), cell.policy))
    for label, entries in lines.items():
        look = looks[members[0][0].game, entries[0][2]]
        if entries[0][0] is None:  # a policy without that parameter: a level line to compare with
            axis.axhline(_final(entries[0][1], band, confidence)[0], label=label, **{**look, "marker": None})
            continue
        entries.sort(key=lambda entry: entry[0])
        if len({at for at, _, _ in entries}) < len(entries):
            raise UserError(
                f"versus: {label} has several means at one value of {versus!r}: other parameters differ too"
            )
        x = [at for at, _, _ in entries]
        middle, low, high = np.array([_final(values, band, confidence) for _, values, _ in entries]).T
        edges = np.nan_to_num(np.maximum([middle - low, high - middle], 0))
        axis.errorbar(x, middle, edges, label=label, markersize=3.5, capsize=2, **look)
        if band == "replications":
            for at, values, _ in entries:
                some = values[:MOST]
                dots = {"color": look["color"], "alpha": 0.35, "markersize": 2, "gid": ASIDE, "zorder": 1.2}
                axis.plot(np.full(len(some), at), some, ".", **dots)


def _final(values: np.ndarray, band: str, confidence: float) -> tuple[float, float, float]:
    """Return the middle of final values (R,), and the ends of the bar about it."""
    if band == "quantile":
        found = spread.quantiles(values[:, None])
        return float(found.median[0]), float(found.low[0]), float(found.high[0])
    if band == "replications":
        return float(values.mean()), math.nan, math.nan
    mean = statistics.interval(values, confidence)
    return mean.mean, mean.low, mean.high


def _draw_guides(axis: Axes, members: Chosen, versus: str, guides: Sequence[Slope]) -> None:
    """Draw reference slopes over the last decade of rounds, from the policy in the middle on; over all horizons."""
    serious = [(cell, name) for cell, name in members if cell.kinds["policy"] not in REFERENCE_PLAYERS] or members
    horizons = [cell.horizon for cell, _ in members]
    first, last = max(2, min(horizons) if versus != "t" else max(horizons) / 10), max(horizons)
    if versus == "t":
        levels = [np.interp(first, cell.x, cell.curves[name].mean(axis=0)) for cell, name in serious]
    else:
        levels = [cell.final(name).mean() for cell, name in serious if cell.horizon == min(horizons)]
    draw_slopes(axis, guides, first, last, float(np.median(levels)))


def _label(axis: Axes, members: Chosen, versus: str, scale: str, *, narrow: bool) -> None:
    cell, name = members[0]
    axis.set_xlabel("Round t" if versus == "t" else "Horizon T" if versus in HORIZON else versus)
    axis.set_ylabel(
        metric_of(cell.game, name).label + ("" if versus == "t" else " at $T$" if narrow else " at the last round")
    )
    if scale in ("log-x", "log-log"):
        axis.set_xscale("log")
    if scale == "log-log":
        axis.set_yscale("log", nonpositive="clip")  # a band that reaches 0 goes down to the edge
        axis.set_ylim(bottom=_least(members, over_rounds=versus == "t"))
        label_sparsely(axis.yaxis, *axis.get_ylim(), most=100)
    elif all(cell.curves[kept].min() >= 0 for cell, kept in members):
        axis.set_ylim(bottom=0)
    if versus == "t" and scale == "linear":
        axis.set_xlim(left=0)
        axis.locator_params(axis="x", nbins=4 if narrow else 5)  # more would touch where rounds have six digits
    elif versus != "t":
        places = positions(members, versus)
        axis.set_xticks(list(places.values()), [written(value) for value in places])
        axis.xaxis.set_minor_formatter(NullFormatter())
    if narrow and scale != "log-log":
        axis.locator_params(axis="y", nbins=5)


def _least(members: Chosen, *, over_rounds: bool) -> float:
    """Return a bottom for a logarithmic axis: half of the least positive mean."""
    means = np.concatenate([cell.curves[name].mean(axis=0)[0 if over_rounds else -1 :] for cell, name in members])
    return 0.5 * float(means[means > 0].min()) if (means > 0).any() else 0.1


def _caption(
    result: Result, chosen: Chosen, metric: str | None, versus: str, band: str, confidence: float
) -> list[str]:
    count = count_of(chosen)
    if band == "quantile":
        shaded = "quartiles and 5 % and 95 % quantiles, shaded" if versus == "t" else "5 % and 95 % quantiles"
        return [f"{quick_look(result)}Median of {count} with their {shaded}."]
    if band == "replications":
        most = max(len(cell.replications) for cell, _ in chosen)
        thin = f"each of the first {MOST}" if most > MOST else "each of them"
        return [f"{quick_look(result)}Mean of {count}, and {thin}{', thinly' if versus == 't' else ''}."]
    few = min(len(cell.replications) for cell, _ in chosen) < statistics.FEWEST
    interval = "Student intervals" if few else "bootstrap-t intervals"
    what = f"{BANDS[band]} bands" if versus == "t" else interval
    return [f"{quick_look(result)}Mean of {count} with {confidence:.0%} {what}.", *result.cautions(metric)]
