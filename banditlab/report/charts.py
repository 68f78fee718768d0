"""The figures of a report as plain data, which the page's script draws."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_hex

from banditlab.analysis import statistics
from banditlab.analysis.cells import CellResult, metric_of
from banditlab.analysis.lower_bounds import bounds_of
from banditlab.analysis.panels import Chosen, Looks, looks_of, panels_by, panels_over_rounds
from banditlab.analysis.swept import positions, swept, value_of, without

MOST_PANELS = 24  #: of a figure
MOST_POINTS = 200  #: of a curve
WIDE = 20  #: ratio of the ends of a swept parameter from which its axis is logarithmic
ASIDE = {"color": "0.45", "linestyle": ":", "linewidth": 1.2}  #: look of a lower bound


def figures(chosen: Chosen) -> list[dict[str, Any]]:
    """Return a figure a game and metric over the rounds, and one for each parameter that the grid sweeps.

    Parameters
    ----------
    chosen : list of (CellResult, str)
        Cells with finished replications, each with a metric.

    Returns
    -------
    list of dict
        title, note, signed (whether values can be negative), log (whether each axis begins as a logarithmic one),
        legend (a list of label, colour, dash, width, aside) and panels (title, xlabel, ylabel, x, ticks, series; a
        series has the index of its entry in the legend, and mean, low and high at each x, None where there is none).
    """
    looks, found = looks_of(chosen), []
    for members in _by_game_and_metric(chosen):
        found.append(_over_rounds(members, looks))
        found += [_over_parameter(members, looks, name) for name in _swept_by_label(members)]
    return found


def _by_game_and_metric(chosen: Chosen) -> Iterable[Chosen]:
    groups: dict[tuple[str, str], Chosen] = {}
    for cell, name in chosen:
        groups.setdefault((cell.game, name), []).append((cell, name))
    return groups.values()


def _swept_by_label(members: Chosen) -> list[str]:
    """Return the parameters of which a sweep left its mark on labels, and the horizon where there are several."""
    labels = {label for cell, _ in members for label in (cell.environment, cell.policy)}
    names = swept(cell for cell, _ in members)
    return sorted(name for name in names if name == "horizon" or any(without(one, name) != one for one in labels))


def _over_rounds(members: Chosen, looks: Looks) -> dict[str, Any]:
    metric = metric_of(members[0][0].game, members[0][1])
    legend = _Legend()
    panels = [
        {"title": title, "xlabel": "Round t", "ylabel": metric.label, **_curves(group, looks, legend)}
        for title, group in _first(panels_over_rounds(members))
    ]
    note = "Mean with pointwise 95 % Student bands"
    return _figure(members, metric.label, panels, legend, (metric.early, False), note)


def _over_parameter(members: Chosen, looks: Looks, versus: str) -> dict[str, Any]:
    metric = metric_of(members[0][0].game, members[0][1])
    several = len({cell.horizon for cell, _ in members}) > 1 and versus != "horizon"

    def title(cell: CellResult) -> str:
        place = without(cell.environment, versus)
        return f"{place}, T = {cell.horizon:,}" if several else place

    legend, groups = _Legend(), panels_by(members, title)
    groups = {key: group for key, group in groups.items() if len(positions(group, versus)) > 1}
    panels = [
        {"title": key, "xlabel": versus, "ylabel": metric.label, **_finals(group, looks, versus, legend)}
        for key, group in _first(groups)
    ]
    places = list(positions(members, versus).values())
    wide = min(places) > 0 and max(places) / min(places) >= WIDE and not any(panel["ticks"] for panel in panels)
    positive = wide and all(cell.final(name).mean() > 0 for cell, name in members)
    note = "Mean at the last round with 95 % intervals, bootstrap-t where there are enough replications"
    return _figure(members, f"{metric.label} against {versus}", panels, legend, (wide, positive), note, len(groups))


def _figure(
    members: Chosen,
    title: str,
    panels: list[dict[str, Any]],
    legend: _Legend,
    log: tuple[bool, bool],
    note: str,
    count: int | None = None,
) -> dict[str, Any]:
    count = len(panels_over_rounds(members)) if count is None else count
    cut = f"; the first {MOST_PANELS} of {count} panels, the tables have all" if count > MOST_PANELS else ""
    game = members[0][0].game
    signed = any((cell.curves[name] < 0).any() for cell, name in members)
    return {
        "title": title, "game": game, "note": f"{note}{cut}.", "signed": signed, "log": log,
        "legend": legend.entries, "panels": panels,
    }  # fmt: skip


def _first(groups: dict[str, Chosen]) -> list[tuple[str, Chosen]]:
    return list(groups.items())[:MOST_PANELS]


class _Legend:
    """The labels of a figure, each with its look, in the order in which they are met."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []

    def index(self, label: str, look: dict[str, Any], aside: bool = False) -> int:
        """Return the place of a label, which is added where it is new."""
        for i, entry in enumerate(self.entries):
            if (entry["label"], entry["aside"]) == (label, aside):
                return i
        dash = _dash(look["linestyle"], look["linewidth"])
        drawn = {"colour": to_hex(look["color"]), "dash": dash, "width": look["linewidth"]}
        self.entries.append({"label": label, "aside": aside, **drawn})
        return len(self.entries) - 1


def _dash(style: Any, width: float) -> str:
    """Return a line style of Matplotlib as SVG writes it."""
    names = {"--": "dashed", "-.": "dashdot", ":": "dotted"}
    if style in names:
        pattern = mpl.rcParamsDefault[f"lines.{names[style]}_pattern"]
    else:
        pattern = () if style == "-" else style[1]
    return " ".join(f"{width * length:.3g}" for length in pattern)


def _curves(members: Chosen, looks: Looks, legend: _Legend) -> dict[str, Any]:
    kept = _thinned(len(members[0][0].x))
    series = []
    for cell, name in members:
        band = statistics.band(cell.curves[name][:, kept], "student", 0.95)
        entry = legend.index(cell.policy, looks[cell.game, cell.policy])
        series.append(_series(entry, band.mean, band.low, band.high))
    bounds = {bound.name: bound for cell, name in members for bound in bounds_of(cell, name)}
    for bound in bounds.values():
        label = f"{bound.name} (asymptotic)" if bound.asymptotic else bound.name
        series.append({"entry": legend.index(label, ASIDE, aside=True), "mean": _numbers(bound.values[kept])})
    return {"x": members[0][0].x[kept].tolist(), "ticks": None, "series": series}


def _thinned(points: int) -> np.ndarray:
    """Return the indices of the record points that are drawn: all, or every so many, with both ends."""
    return np.unique(np.linspace(0, points - 1, min(points, MOST_POINTS)).round().astype(int))


def _finals(members: Chosen, looks: Looks, versus: str, legend: _Legend) -> dict[str, Any]:
    places = positions(members, versus)
    order = sorted(places.values())
    lines: dict[int, dict[float | None, statistics.Interval]] = {}
    for cell, name in members:
        entry = legend.index(without(cell.policy, versus), looks[cell.game, cell.policy])
        place = places.get(value_of(cell, versus))
        lines.setdefault(entry, {})[place] = statistics.interval(cell.final(name))
    ticks = [[place, f"{value}"] for value, place in places.items()]
    words = any(isinstance(value, str) for value in places)
    return {"x": order, "ticks": ticks if words else None, "series": [*_lines(lines, order)]}


def _lines(lines: dict[int, dict[float | None, statistics.Interval]], order: Sequence[float]) -> Iterator[dict]:
    for entry, found in lines.items():
        level = found.get(None)  # a policy without that parameter: a level line to compare with
        at = [level or found.get(place) for place in order]
        columns = ([getattr(one, key) if one else math.nan for one in at] for key in ("mean", "low", "high"))
        yield _series(entry, *columns) | {"points": level is None}


def _series(entry: int, *columns: Iterable[float]) -> dict[str, Any]:
    names: tuple[str, ...] = ("mean", "low", "high")
    return {"entry": entry, **{name: _numbers(column) for name, column in zip(names, columns, strict=True)}}


def _numbers(values: Iterable[float]) -> list[float | None]:
    """Return numbers to five digits, None for one that is none."""
    return [float(f"{value:.5g}") if math.isfinite(value) else None for value in map(float, values)]
