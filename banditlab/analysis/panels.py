"""What all figures share: panels, the looks of policies, legends, captions, and saving."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from banditlab.analysis.cells import CellResult, metric_of
from banditlab.analysis.results import Result
from banditlab.errors import UserError
from banditlab.registry import REFERENCE_PLAYERS

STYLE = Path(__file__).with_name("paper.mplstyle")
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1, 1, 1)))
MARKERS = "osD^vP*Xhd<"  # one fewer than colours, so that a second turn has other pairs
FORMATS = ("pdf", "svg", "png")

Chosen = list[tuple[CellResult, str]]  #: cells, each with the metric to draw
Panels = dict[str, Chosen]  #: by their titles
Looks = dict[tuple[str, str], dict[str, Any]]  #: line styles by game and policy


def looks_of(chosen: Chosen) -> Looks:
    """Give each policy of a game a colour, a line style and a marker; faint ones to the reference players."""
    colours = mpl.rc_params_from_file(STYLE, use_default_template=False)["axes.prop_cycle"].by_key()["color"]
    styles: dict[tuple[str, bool], Iterator[Any]] = {}
    looks: Looks = {}
    for cell, _ in chosen:
        if (cell.game, cell.policy) not in looks:
            reference = cell.kinds["policy"] in REFERENCE_PLAYERS
            fresh = _faint() if reference else zip(cycle(colours), cycle(DASHES), cycle(MARKERS), strict=False)
            colour, dash, marker = next(styles.setdefault((cell.game, reference), fresh))
            width = 1.0 if reference else 1.5
            looks[cell.game, cell.policy] = {"color": colour, "linestyle": dash, "marker": marker, "linewidth": width}
    return looks


def _faint() -> Iterator[tuple[str, Any, str]]:
    return zip(cycle(("0.55", "0.72")), cycle(DASHES[1:4]), cycle("+x."), strict=False)


def panels_over_rounds(chosen: Chosen) -> Panels:
    """Return a panel an environment, horizon and metric."""
    several = len({cell.horizon for cell, _ in chosen}) > 1

    def title(cell: CellResult) -> str:
        return f"{cell.environment}, T = {cell.horizon:,}" if several else cell.environment

    return panels_by(chosen, title)


def panels_by(chosen: Chosen, title: Callable[[CellResult], str]) -> Panels:
    """Return a panel a title and, where there are several, metric; those of one title follow each other."""
    several = metrics_in(chosen) > 1
    panels: Panels = {}
    for cell, name in chosen:
        panel = f"{title(cell)}: {metric_of(cell.game, name).label}" if several else title(cell)
        panels.setdefault(panel, []).append((cell, name))
    return panels


def metrics_in(chosen: Chosen) -> int:
    """Return the most metrics that are drawn of a game."""
    names: dict[str, set[str]] = {}
    for cell, name in chosen:
        names.setdefault(cell.game, set()).add(name)
    return max(map(len, names.values()))


def compose(
    panels: Panels, draw: Callable[[Axes, str, Chosen], None], caption: list[str], *, columns: int = 3
) -> Figure:
    """Return a figure with a panel each, drawn by `draw(axis, title, members)`, a legend, and lines below."""
    plt.draw_if_interactive()  # a notebook's backend sets itself up at first use, and would do so inside the style
    with plt.style.context(["default", STYLE]):
        figure, axes = _canvas(len(panels), columns)
        for axis, (title, members) in zip(axes, panels.items(), strict=True):
            draw(axis, title, members)
            axis.set_title(textwrap.fill(_shortened(title, axis), 34))
        _add_legends(figure, list(axes))
        figure.text(0.01, -0.01, "\n".join(caption), fontsize=7, color="0.35", va="top")
    plt.close(figure)  # the caller's alone: a notebook shows it once, and pyplot does not keep it
    return figure


def _shortened(title: str, axis: Axes) -> str:
    """Return a panel's title without the metric where an axis is labelled by it."""
    place, _, metric = title.rpartition(": ")
    named = any(f"{label} ".startswith(f"{metric} ") for label in (axis.get_xlabel(), axis.get_ylabel()))
    return place if place and named else title


def choose(result: Result, metric: str | None) -> Chosen:
    """Return the cells that keep a metric, or several; by default those of the grid.

    Raises
    ------
    UserError
        There is none.
    """
    if metric is None:
        chosen = [(cell, name) for cell in result.cells for name in result.default_metrics(cell)]
    else:
        chosen = list(result.where(metric))
    if not chosen:
        raise UserError(f"{result.name}: no finished replication to draw")
    return chosen


def count_of(chosen: Chosen) -> str:
    """Return "20 replications", or "12 to 20 replications"."""
    runs = sorted({len(cell.replications) for cell, _ in chosen})
    return f"{runs[0]}{'' if len(runs) == 1 else f' to {runs[-1]}'} replications"


def quick_look(result: Result) -> str:
    """Return what the caption of a quick look begins with."""
    return "Quick look (a tenth of the horizon, few replications). " if result.quick else ""


def _canvas(count: int, columns: int) -> tuple[Figure, Iterable[Axes]]:
    columns = min(count, columns)
    rows = -(-count // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(max(4.6, 3.4 * columns), 2.9 * rows), squeeze=False)
    for spare in axes.flat[count:]:
        spare.set_visible(False)
    return figure, axes.flat[:count]


#: Marks the lines that are no policy's, such as lower bounds.
ASIDE = "aside"


def _add_legends(figure: Figure, axes: list[Axes]) -> None:
    """Add one legend beside panels that show the same policies, or one to each panel."""
    found = [list(zip(*axis.get_legend_handles_labels(), strict=True)) for axis in axes]
    policies = [{label for handle, label in entries if _is_policy(handle)} for entries in found]
    merged = {label: handle for entries in found for handle, label in entries}
    if merged and all(labels == policies[0] for labels in policies) and (len(axes) > 1 or len(merged) > 4):
        longest = max(map(len, merged))
        width, height = figure.get_size_inches()
        figure.set_size_inches(width + 0.5 + 0.06 * longest, height)  # beside the panels, and not at their cost
        figure.legend(merged.values(), merged.keys(), loc="outside right upper")
        return
    for axis, entries in zip(axes, found, strict=True):
        if entries:
            axis.legend(loc="best")


def _is_policy(handle: Any) -> bool:
    return not (hasattr(handle, "get_gid") and handle.get_gid() == ASIDE)


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
