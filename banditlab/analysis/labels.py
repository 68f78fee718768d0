"""The names of curves, at the ends of their lines."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

GUIDE = "guide"  #: marks lines that always have their name at their end, and none in a legend
GAP = 1.25  #: from one name to the next, in heights of a letter


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> np.ndarray:
    """Return places that lie at least `gap` apart, in the order of those wanted, and as near to them as can be.

    Nearest in the sum of squares, by pooling neighbours. They lie in [low, high], or stand out on both sides alike
    where there is no room for all.
    """
    order = np.argsort(wanted, kind="stable")
    steps = gap * np.arange(len(order))
    low = min(low, (low + high - steps[-1]) / 2)
    pools: list[tuple[float, int]] = []
    for value in np.asarray(wanted, float)[order] - steps:
        pools.append((value, 1))
        while len(pools) > 1 and pools[-2][0] >= pools[-1][0]:
            (a, m), (b, n) = pools[-2:]
            pools[-2:] = [((a * m + b * n) / (m + n), m + n)]
    level = np.concatenate([np.full(count, value) for value, count in pools])
    places = np.empty(len(order))
    places[order] = np.clip(level, low, max(low, high - steps[-1])) + steps
    return places


def label_ends(figure: Figure, axes: Sequence[Axes], direct: Sequence[Axes]) -> None:
    """Write the names of lines that end in view beside their ends: those of guides, in some panels those of all."""
    named = {axis: [line for line in _lines(axis, axis in direct) if _in_view(axis, line)] for axis in axes}
    if not any(named.values()):
        return
    texts = {axis: [_write(axis, line) for line in lines] for axis, lines in named.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a lack of room is told at the end
        figure.draw_without_rendering()  # places are known once there is room for the names
    for axis, lines in named.items():
        if lines:
            _move(figure, axis, lines, texts[axis])


def unnamed(axis: Axes) -> list[Line2D]:
    """Return the lines that have a name and end out of view, so that it cannot stand beside them."""
    return [line for line in _lines(axis, True) if line.get_gid() != GUIDE and not _in_view(axis, line)]


def _lines(axis: Axes, direct: bool) -> list[Line2D]:
    guides = [line for line in axis.get_lines() if line.get_gid() == GUIDE]
    handles, names = axis.get_legend_handles_labels() if direct else ([], [])
    for handle, name in zip(handles, names, strict=True):
        line = line_of(handle)
        line.set_label(name)
        guides.append(line)
    return guides


def line_of(handle: Any) -> Line2D:
    """Return the line of an entry of a legend, which may be one with error bars."""
    return handle if isinstance(handle, Line2D) else handle.lines[0]


def _end(axis: Axes, line: Line2D) -> tuple[float, float]:
    """Return where a line ends, in pixels."""
    return tuple(line.get_transform().transform((line.get_xdata()[-1], line.get_ydata()[-1])))


def _in_view(axis: Axes, line: Line2D) -> bool:
    box, (_, y) = axis.bbox, _end(axis, line)
    return bool(np.isfinite(y) and box.y0 - 1 <= y <= box.y1 + 1)


def _write(axis: Axes, line: Line2D):
    end = axis.transAxes.inverted().transform(_end(axis, line))
    return axis.annotate(
        line.get_label().lstrip("_"),
        end,
        xycoords="axes fraction",
        xytext=(8, 0),
        textcoords="offset points",
        va="center",
        fontsize="small" if line.get_gid() == GUIDE else None,
        color="0.35" if line.get_gid() == GUIDE else "0.1",
        annotation_clip=False,
        arrowprops={
            "arrowstyle": "-",
            "color": line.get_color(),
            "linewidth": 0.8,
            "relpos": (0, 0.5),
            "patchA": None,  # else it is cut where it leaves the name's box, which a steep one does above or below
            "shrinkA": 2,
            "shrinkB": 1,
        },
    )


def _move(figure: Figure, axis: Axes, lines: Sequence[Line2D], texts: Sequence) -> None:
    """Move names apart, and side by side to the right of the panel."""
    points = 72 / figure.dpi
    ends = np.array([_end(axis, line) for line in lines])
    tall = max(text.get_window_extent().height for text in texts)
    tall = max(tall, texts[0].get_fontsize() / points)
    places = spread(ends[:, 1], GAP * tall, axis.bbox.y0 + tall / 2, axis.bbox.y1 - tall / 2)
    for text, (x, y), place in zip(texts, ends, places, strict=True):
        text.xy = axis.transAxes.inverted().transform((x, y))
        text.set_position(((axis.bbox.x1 - x) * points + 8, (place - y) * points))
