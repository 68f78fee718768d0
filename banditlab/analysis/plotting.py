"""Figures: a metric against rounds, or against a parameter of the grid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from banditlab.analysis import statistics
from banditlab.analysis.results import CellResult, Result, metric_label
from banditlab.errors import UserError, nearest

STYLE = Path(__file__).with_name("paper.mplstyle")
#: Reference players are drawn faintly: they say what is easy, not what is compared.
REFERENCES = frozenset({"oracle", "uniform", "fixed", "greedy"})
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1, 1, 1)))
MARKERS = "osD^vP*Xhd"
FORMATS = ("pdf", "svg", "png")
BANDS = {"student": "Student", "bootstrap": "bootstrap-t", "simultaneous": "simultaneous"}


def draw(
    result: Result,
    metric: str | None = None,
    *,
    versus: str = "t",
    scale: str = "linear",
    band: str = "student",
    confidence: float = 0.95,
) -> Figure:
    """Draw a panel an environment, with a curve a policy.

    Parameters
    ----------
    result : Result
    metric : str, optional
        By default each game's first.
    versus : str
        "t" for rounds, or the name of a parameter that the grid sweeps, or "horizon".
    scale : str
        "linear", "log-x" or "log-log".
    band : str
        "student", "bootstrap" or "simultaneous".
    confidence : float
        Of the band.

    Raises
    ------
    UserError
        Nothing to draw; an unknown metric, parameter, scale or band.
    """
    for value, known, what in ((scale, ("linear", "log-x", "log-log"), "scale"), (band, tuple(BANDS), "band")):
        if value not in known:
            raise UserError(f"{what}: no {value!r}{nearest(value, known)}")
    chosen = list(result.where(metric))
    if not chosen:
        raise UserError(f"{result.name}: no finished replication to draw")
    looks = _looks(chosen)
    plt.draw_if_interactive()  # a notebook's backend sets itself up at first use, and would do so inside the style
    with plt.style.context(["default", STYLE]):
        panels = _panels_over_rounds(chosen) if versus == "t" else _panels_over_parameter(chosen, versus)
        figure, axes = _canvas(len(panels))
        for axis, (title, members) in zip(axes, panels.items(), strict=True):
            if versus == "t":
                _draw_curves(axis, members, looks, band, confidence)
            else:
                _draw_finals(axis, members, looks, versus, confidence)
            _label(axis, title, members, versus, scale)
        _add_legends(figure, list(axes))
        figure.text(0.01, -0.01, _caption(result, chosen, versus, band, confidence), fontsize=7, color="0.35", va="top")
    plt.close(figure)  # the caller's alone: a notebook shows it once, and pyplot does not keep it
    return figure


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure as PDF, SVG or PNG; the same figure gives the same bytes.

    Raises
    ------
    UserError
        Another ending, or a place that cannot be written.
    """
    kind = Path(path).suffix.lstrip(".")
    if kind not in FORMATS:
        raise UserError(f"{path}: a figure's file ends in {', '.join('.' + name for name in FORMATS)}")
    undated = {"pdf": {"CreationDate": None}, "svg": {"Date": None}, "png": None}[kind]
    try:
        with plt.style.context(["default", STYLE]):
            figure.savefig(path, metadata=undated, bbox_inches="tight")
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from error


Chosen = list[tuple[CellResult, str]]


def _looks(chosen: Chosen) -> dict[tuple[str, str], dict[str, Any]]:
    """Give each policy of a game a colour, a line style and a marker; faint ones to the reference players."""
    colours = mpl.rc_params_from_file(STYLE, use_default_template=False)["axes.prop_cycle"].by_key()["color"]
    styles: dict[tuple[str, bool], Iterator[Any]] = {}
    looks: dict[tuple[str, str], dict[str, Any]] = {}
    for cell, _ in chosen:
        if (cell.game, cell.policy) not in looks:
            reference = cell.kinds["policy"] in REFERENCES
            fresh = _faint() if reference else zip(cycle(colours), cycle(DASHES), cycle(MARKERS), strict=False)
            colour, dash, marker = next(styles.setdefault((cell.game, reference), fresh))
            width = 1.0 if reference else 1.5
            looks[cell.game, cell.policy] = {"color": colour, "linestyle": dash, "marker": marker, "linewidth": width}
    return looks


def _faint() -> Iterator[tuple[str, Any, str]]:
    return zip(cycle(("0.55", "0.72")), cycle(DASHES[1:4]), cycle("+x."), strict=False)


def _panels_over_rounds(chosen: Chosen) -> dict[str, Chosen]:
    several = len({cell.horizon for cell, _ in chosen}) > 1
    panels: dict[str, Chosen] = {}
    for cell, name in chosen:
        title = f"{cell.environment}, T = {cell.horizon:,}" if several else cell.environment
        panels.setdefault(title, []).append((cell, name))
    return panels


def _panels_over_parameter(chosen: Chosen, versus: str) -> dict[str, Chosen]:
    values = {_value(cell, versus) for cell, _ in chosen}
    if len(values - {None}) < 2:
        swept = sorted(_swept(chosen))
        raise UserError(f"versus: this grid does not sweep {versus!r}{nearest(versus, ['t', *swept])}")
    panels: dict[str, Chosen] = {}
    for cell, name in chosen:
        panels.setdefault(_without(cell.environment, versus), []).append((cell, name))
    return {
        title: group for title, group in panels.items() if any(_value(cell, versus) is not None for cell, _ in group)
    }


def _value(cell: CellResult, name: str) -> Any:
    if name in ("horizon", "T"):
        return cell.horizon
    bare = name.rpartition(".")[2]
    for role in ("environment", "policy"):
        if name in (bare, f"{role}.{bare}") and bare in cell.parameters[role]:
            value = cell.parameters[role][bare]
            return value if isinstance(value, int | float | str) else None
    return None


def _swept(chosen: Chosen) -> set[str]:
    names = {name for cell, _ in chosen for role in cell.parameters for name in cell.parameters[role]} | {"horizon"}
    return {name for name in names if len({_value(cell, name) for cell, _ in chosen} - {None}) > 1}


def _without(label: str, name: str) -> str:
    """Return a label without the part of it that a sweep over this parameter added."""
    head, opening, tail = label.partition(" (")
    parts = [part for part in tail.rstrip(")").split(", ") if part and not part.startswith(f"{name}=")]
    return f"{head}{opening}{', '.join(parts)})" if opening and parts else head


def _canvas(count: int) -> tuple[Figure, Iterable[Axes]]:
    columns = min(count, 3)
    rows = -(-count // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(max(4.6, 3.4 * columns), 2.9 * rows), squeeze=False)
    for spare in axes.flat[count:]:
        spare.set_visible(False)
    return figure, axes.flat[:count]


def _draw_curves(axis: Axes, members: Chosen, looks: dict, band: str, confidence: float) -> None:
    for i, (cell, name) in enumerate(members):
        found = statistics.band(cell.curves[name], band, confidence)
        look = dict(looks[cell.game, cell.policy])
        every = max(1, len(cell.x) // 8)
        start = (i * every) // max(1, len(members))
        axis.plot(cell.x, found.mean, label=cell.policy, markevery=(start, every), markersize=3, **look)
        axis.fill_between(cell.x, found.low, found.high, color=look["color"], alpha=0.18, linewidth=0)


def _draw_finals(axis: Axes, members: Chosen, looks: dict, versus: str, confidence: float) -> None:
    lines: dict[str, list[tuple[float | None, statistics.Interval, str]]] = {}
    places = _positions(members, versus)
    for cell, name in members:
        entry = (places.get(_value(cell, versus)), statistics.interval(cell.final(name), confidence), cell.policy)
        lines.setdefault(_without(cell.policy, versus), []).append(entry)
    for label, entries in lines.items():
        look = looks[members[0][0].game, entries[0][2]]
        if entries[0][0] is None:  # a policy without that parameter: a level line to compare with
            axis.axhline(entries[0][1].mean, label=label, **{**look, "marker": None})
            continue
        entries.sort(key=lambda entry: entry[0])
        x = [value for value, _, _ in entries]
        mean = np.array([found.mean for _, found, _ in entries])
        edges = np.array([[found.mean - found.low, found.high - found.mean] for _, found, _ in entries]).T
        axis.errorbar(x, mean, np.nan_to_num(np.maximum(edges, 0)), label=label, markersize=3.5, capsize=2, **look)


def _label(axis: Axes, title: str, members: Chosen, versus: str, scale: str) -> None:
    cell, name = members[0]
    axis.set_title(title)
    axis.set_xlabel("Round t" if versus == "t" else versus)
    axis.set_ylabel(metric_label(cell.game, name) + ("" if versus == "t" else " at the last round"))
    if scale in ("log-x", "log-log"):
        axis.set_xscale("log")
    if scale == "log-log":
        axis.set_yscale("log", nonpositive="mask")
    elif all(cell.curves[kept].min() >= 0 for cell, kept in members):
        axis.set_ylim(bottom=0)
    if versus == "t" and scale == "linear":
        axis.set_xlim(left=0)
    elif versus != "t":
        places = _positions(members, versus)
        texts = [value if isinstance(value, str) else f"{value:g}" for value in places]
        axis.set_xticks(list(places.values()), texts)
        axis.xaxis.set_minor_formatter(NullFormatter())


def _add_legends(figure: Figure, axes: list[Axes]) -> None:
    """Add one legend beside panels that show the same policies, or one to each panel."""
    handles, labels = axes[0].get_legend_handles_labels()
    shared = all(axis.get_legend_handles_labels()[1] == labels for axis in axes)
    if shared and (len(axes) > 1 or len(labels) > 4):
        figure.legend(handles, labels, loc="outside right upper")
        return
    for axis in axes:
        axis.legend(loc="best")


def _positions(members: Chosen, versus: str) -> dict[Any, float]:
    """Return where each value of a swept parameter stands on the axis: numbers at themselves, words side by side."""
    values = list(dict.fromkeys(value for value in (_value(cell, versus) for cell, _ in members) if value is not None))
    words = any(isinstance(value, str) for value in values)
    return {value: float(i) if words else value for i, value in enumerate(values)}


def _caption(result: Result, chosen: Chosen, versus: str, band: str, confidence: float) -> str:
    runs = sorted({len(cell.replications) for cell, _ in chosen})
    count = f"{runs[0]}" if len(runs) == 1 else f"{runs[0]} to {runs[-1]}"
    what = f"{BANDS[band]} bands" if versus == "t" else "bootstrap-t intervals"
    quick = "Quick look (a tenth of the horizon, few replications). " if result.quick else ""
    return f"{quick}Mean of {count} replications with {confidence:.0%} {what}."
