"""Sketches as figures: a panel each, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from matplotlib.ticker import MaxNLocator

from banditlab.analysis.panels import Drawing
from banditlab.analysis.presets import SCREEN
from banditlab.errors import UserError
from banditlab.pictures.truth import beside
from banditlab.sketches import Ellipsoids, Field, Intervals, Lines, Net, Preferences, Sketch, Table, Values

COLOURS = "cividis"  #: as light and dark to everybody, and in grey
PLAIN, MARKED, TRUE = "#3f90da", "#bd1f01", "0.15"  #: of what is shown, of what is best, and of what is true
MOST = 12  #: lines that are told apart
PANELS = 3  #: ellipsoids whose weights are drawn, a panel each
CROWD = 40  #: arms from which on they are no longer drawn one by one


def draw(sketches: Sequence[Sketch], title: str, *, points: np.ndarray | None = None, truth: Any = None) -> Figure:
    """Return a figure of sketches.

    Parameters
    ----------
    sketches : sequence
    title : str
    points : array (K, d), optional
        Where the arms are points of a domain.
    truth : Truth, array or int, optional
        Beside intervals the true means (K,); beside ellipsoids the true weights (d,); beside preferences the index of
        the best arm.
    """
    shown = [part for sketch in sketches for part in _parts(sketch, points, beside(sketch, truth))]
    plt.draw_if_interactive()  # a notebook's backend sets itself up at first use, and would do so inside the style
    with SCREEN.style():
        figure, spots = plt.subplots(
            1, len(shown), figsize=SCREEN.size(1, len(shown)), squeeze=False, FigureClass=Drawing, sheet=SCREEN
        )
        for axes, (part, known) in zip(spots[0], shown, strict=True):
            DRAWN[type(part)](axes, part, known)
        figure.suptitle(title, fontsize=plt.rcParams["axes.titlesize"])
    plt.close(figure)  # the caller shows it, and once
    return figure


def _parts(sketch: Sketch, points: np.ndarray | None, truth: Any) -> list[tuple[Sketch, Any]]:
    """Return what is drawn of a sketch, a panel each, with what is true there."""
    if type(sketch) not in (*DRAWN, Preferences):
        names = ", ".join(kind.__name__ for kind in (*DRAWN, Preferences))
        raise UserError(f"sketch: one of {names} of banditlab.sketches; got {type(sketch).__name__}")
    if isinstance(sketch, Preferences):
        return _preferences(sketch, points, truth)
    if isinstance(sketch, Intervals) and points is not None and points.shape[1] in (1, 2):
        return _intervals_on(sketch, points, truth)
    if isinstance(sketch, Ellipsoids) and sketch.centres.shape[1] != 2:
        return [(flat, truth) for flat in _coordinates(sketch)]
    return [(sketch, truth)]


def _preferences(sketch: Preferences, points: np.ndarray | None, truth: Any) -> list[tuple[Sketch, Any]]:
    """Return all pairs of arms; in a plane, every point against the one that seems best."""
    estimated, dim = "chance of the row to win, estimated", 0 if points is None else points.shape[1]
    if dim == 2:
        leader = int((sketch.chances >= 0.5).sum(axis=1).argmax())
        chances, uppers = sketch.chances[:, leader], 1.0 - sketch.lows[leader]
        shown = (chances, "chance to beat what seems best"), (uppers, "upper bound of that chance")
        return [(Field(points, values, label, [leader], mark="seems best"), truth) for values, label in shown]
    order, ends = np.arange(len(sketch.chances)), None
    if dim == 1:
        order = np.argsort(points[:, 0])
        ends = float(points.min()), float(points.max())
    marks = [] if truth is None else [2 * (int(np.flatnonzero(order == truth)[0]),)]
    names = ("x", "against x") if dim == 1 else ("arm", "against arm")
    tables = (sketch.chances, estimated), (sketch.lows, "its lower confidence bound")
    return [(Table(values[np.ix_(order, order)], label, *names, marks, ends), None) for values, label in tables]


def _intervals_on(sketch: Intervals, points: np.ndarray, truth: Any) -> list[tuple[Sketch, Any]]:
    if points.shape[1] == 1:
        return [(sketch._replace(what=points[:, 0]), truth)]
    known = None if truth is None else int(np.argmax(truth))
    heard = np.isfinite(sketch.means)
    best = [int(np.nanargmax(sketch.means))] if heard.any() else []
    widths = np.where(heard, (sketch.highs - sketch.lows) / 2, np.nan)
    return [
        (Field(points, sketch.means, "mean", best, mark="seems best"), known),
        (Field(points, widths, "half width", best, mark="seems best"), known),
    ]


def _coordinates(sketch: Ellipsoids) -> list[Sketch]:
    """Return intervals of each weight, where they are not two: the shadows of the ellipsoid on the axes."""
    arms = len(sketch.centres)
    names = [f"weight of arm {b}" for b in range(min(arms, PANELS))] if arms > 1 else ["weight"]
    names[-1] += f" (of {arms}, {PANELS} are drawn)" if arms > PANELS else ""
    return [
        Intervals(centre, centre - widths, centre + widths, sketch.label, name)
        for name, centre, shape in zip(names, sketch.centres, sketch.shapes, strict=False)
        for widths in [np.sqrt(np.diagonal(shape))]
    ]


# --- a function for each kind of sketch ----------------------------------------------------------------------------


def _draw_values(axes: Axes, sketch: Values, truth: Any) -> None:
    places, best = np.arange(len(sketch.values)), np.isin(np.arange(len(sketch.values)), sketch.best)
    small = {"markersize": 5 if len(places) <= CROWD else 2}
    axes.vlines(places, min(0.0, sketch.values.min()), sketch.values, color="0.8", linewidth=1.0)
    axes.plot(places[~best], sketch.values[~best], "o", color=PLAIN, **small)
    axes.plot(places[best], sketch.values[best], "D", color=MARKED, label=sketch.mark, **small)
    axes.set_xlabel(sketch.what)
    axes.set_ylabel(sketch.label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="x", visible=False)
    if best.any():
        _name(axes)


def _draw_lines(axes: Axes, sketch: Lines, truth: Any) -> None:
    lines = sketch.values.shape[1]
    if lines > MOST:
        shown = Table(sketch.values.T, sketch.label, sketch.what, "round")
        _draw_table(axes, shown, truth, ends=(float(sketch.x[0]), float(sketch.x[-1])))
        return
    for k in range(lines):
        style = {"drawstyle": "steps-post"} if sketch.stepped else {}
        axes.plot(sketch.x, sketch.values[:, k], label=f"{k}", linestyle=("-", "--", "-.", ":")[k % 4], **style)
    axes.set_xlabel("round")
    axes.set_ylabel(sketch.label)
    if lines > 1:
        axes.legend(title=sketch.what, ncols=1 + (lines - 1) // 6)


def _draw_table(axes: Axes, sketch: Table, truth: Any, ends: tuple[float, float] | None = None) -> None:
    rows, columns = sketch.values.shape
    across = sketch.ends or ends or (-0.5, columns - 0.5)
    along = sketch.ends or (-0.5, rows - 0.5)
    extent = (*across, *along[::-1])
    diverging = sketch.label.startswith(("chance", "its lower"))
    look = {"cmap": "RdBu_r", "vmin": 0.0, "vmax": 1.0} if diverging else {"cmap": COLOURS}
    image = axes.imshow(sketch.values, aspect="auto", interpolation="nearest", extent=extent, **look)
    for row, column in sketch.best:
        sides = (column, columns, across), (row, rows, along)
        place = [low + (i + 0.5) / count * (high - low) for i, count, (low, high) in sides]
        axes.plot(*place, "D", color=MARKED, markersize=5, markeredgecolor="white")
    axes.set_xlabel(sketch.columns)
    axes.set_ylabel(sketch.rows)
    axes.grid(visible=False)
    for axis in () if sketch.ends else (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True))
    axes.figure.colorbar(image, ax=axes, label=sketch.label)


def _draw_field(axes: Axes, sketch: Field, truth: Any) -> None:
    points, values, dim = sketch.points, sketch.values, sketch.points.shape[1]
    if dim == 2:
        _draw_plane(axes, sketch, truth)
        return
    order = np.argsort(points[:, 0]) if dim == 1 else np.argsort(-values)
    x = points[order, 0] if dim == 1 else np.arange(len(values))
    if sketch.barred is not None:
        low, high = values.min(), values.max()
        axes.fill_between(x, low, high, where=sketch.barred[order], color="0.88", linewidth=0, label="not allowed")
    axes.plot(x, values[order], color=PLAIN, marker="o" if len(x) <= CROWD else "", markersize=3)
    for point in sketch.best:
        place = int(np.flatnonzero(order == point)[0])
        axes.plot(x[place], values[point], "D", color=MARKED, label=sketch.mark)
    axes.set_xlabel("x" if dim == 1 else "point, from the largest")
    axes.set_ylabel(sketch.label)
    if axes.get_legend_handles_labels()[0]:
        _name(axes)


def _draw_plane(axes: Axes, sketch: Field, truth: Any) -> None:
    points, values = sketch.points, sketch.values
    x, y = np.unique(points[:, 0]), np.unique(points[:, 1])
    if len(x) * len(y) == len(points):
        place = np.searchsorted(y, points[:, 1]), np.searchsorted(x, points[:, 0])
        grid, barred = np.full((len(y), len(x)), np.nan), np.zeros((len(y), len(x)))
        grid[place] = values
        image = axes.pcolormesh(x, y, grid, cmap=COLOURS, shading="nearest", rasterized=True)
        if sketch.barred is not None:
            barred[place] = sketch.barred
            axes.contourf(x, y, barred, levels=[0.5, 1.5], colors="none", hatches=["////"])
            axes.contour(x, y, barred, levels=[0.5], colors="white", linewidths=1.0)
    else:
        image = axes.scatter(*points.T, c=values, cmap=COLOURS, s=18)
    _mark(axes, points, sketch.best, "D", MARKED, sketch.mark)
    if truth is not None:
        _mark(axes, points, [int(truth)], "*", TRUE, "truly best")
    axes.set_xlabel("$x_1$")
    axes.set_ylabel("$x_2$")
    axes.grid(visible=False)
    axes.figure.colorbar(image, ax=axes, label=sketch.label)


def _mark(axes: Axes, points: np.ndarray, marked: Sequence[int], marker: str, colour: str, label: str) -> None:
    if len(marked):
        look = {"color": colour, "markeredgecolor": "white", "markersize": 11 if marker == "*" else 7}
        axes.plot(*points[np.array(marked)].T, marker, label=label, clip_on=False, **look)
        _name(axes)


def _name(axes: Axes, title: str | None = None) -> None:
    """Put the legend above the panel, where it hides nothing."""
    place = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "borderaxespad": 0.2}
    axes.legend(title=title, ncols=3, columnspacing=1.0, handlelength=1.4, **place)


def _draw_net(axes: Axes, sketch: Net, truth: Any) -> None:
    import networkx

    nodes = int(sketch.ends.max()) + 1
    graph = networkx.Graph()
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from(sketch.ends.tolist())
    places = sketch.places
    if places is None:
        laid = networkx.spring_layout(graph, seed=0)
        places = np.array([laid[node] for node in range(nodes)])
    segments = places[sketch.ends]
    marked = np.isin(np.arange(len(sketch.ends)), sketch.edges)
    axes.add_collection(LineCollection(segments[marked], colors=MARKED, linewidths=6.0, alpha=0.35))
    lines = LineCollection(segments, cmap=COLOURS + "_r", linewidths=2.0)
    lines.set_array(sketch.values)
    axes.add_collection(lines)
    for i in np.flatnonzero([sketch.directed] * len(segments)):
        (x0, y0), (x1, y1) = segments[i]
        arrow = {"arrowstyle": "->", "color": "0.4", "linewidth": 0.7, "shrinkB": 5}
        axes.annotate("", (x1, y1), (0.5 * (x0 + x1), 0.5 * (y0 + y1)), arrowprops=arrow)
    best = np.isin(np.arange(nodes), sketch.nodes)
    axes.plot(*places[~best].T, "o", color="0.3", markersize=5)
    axes.plot(*places[best].T, "D", color=MARKED, markersize=7)
    for node in range(nodes if nodes <= CROWD else 0):
        axes.annotate(f"{node}", places[node], xytext=(4, 4), textcoords="offset points", fontsize=7)
    axes.autoscale_view()
    axes.margins(0.08)
    axes.set_axis_off()
    axes.figure.colorbar(lines, ax=axes, label=sketch.label)


def _draw_intervals(axes: Axes, sketch: Intervals, truth: Any) -> None:
    """Draw intervals; those without an end reach to the border."""
    domain = not isinstance(sketch.what, str)
    x = sketch.what if domain else np.arange(len(sketch.means))
    ends = np.concatenate([one[np.isfinite(one)] for one in (sketch.lows, sketch.highs, sketch.means)])
    low, high = (ends.min(), ends.max()) if len(ends) else (-1.0, 1.0)
    margin = 0.08 * (high - low or 1.0)
    lows, highs = np.maximum(sketch.lows, low - margin), np.minimum(sketch.highs, high + margin)
    if domain or len(x) > CROWD:
        order = np.argsort(x)
        axes.fill_between(x[order], lows[order], highs[order], color=PLAIN, alpha=0.25, linewidth=0, label=sketch.label)
        axes.plot(x[order], sketch.means[order], color=PLAIN, label="mean")
        if truth is not None:
            axes.plot(x[order], np.asarray(truth)[order], "--", color=TRUE, label="truth")
    else:
        axes.vlines(x, lows, highs, color=PLAIN, linewidth=5, alpha=0.4, label=sketch.label)
        known = np.isfinite(sketch.means)
        axes.plot(x[known], sketch.means[known], "o", color=PLAIN, label="mean")
        if truth is not None:
            axes.plot(x, truth, "_", color=TRUE, markersize=14, markeredgewidth=1.6, label="truth")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(axis="x", visible=False)
        for k, count in enumerate(() if sketch.plays is None or len(x) > MOST else sketch.plays):
            place = {"xytext": (0, 2), "textcoords": "offset points", "ha": "center", "fontsize": 7, "color": "0.35"}
            axes.annotate(f"{count:,.4g}" if count % 1 else f"{int(count):,}", (k, highs[k]), **place)
    axes.set_ylim(low - margin, high + 1.6 * margin)
    axes.set_xlabel("x" if domain else sketch.what)
    _name(axes)


def _draw_ellipsoids(axes: Axes, sketch: Ellipsoids, truth: Any) -> None:
    palette = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    for b, (centre, shape) in enumerate(zip(sketch.centres, sketch.shapes, strict=True)):
        colour = palette[b % len(palette)]
        squares, turned = np.linalg.eigh(shape)
        angle = np.degrees(np.arctan2(turned[1, 1], turned[0, 1]))
        width, height = 2.0 * np.sqrt(np.maximum(squares[::-1], 0.0))
        name = sketch.label if len(sketch.centres) == 1 else f"{b}"
        axes.add_patch(Ellipse(centre, width, height, angle=angle, facecolor=colour, alpha=0.25, label=name))
        axes.plot(*centre, "o", color=colour, label="estimate" if len(sketch.centres) == 1 else None)
    if truth is not None and np.shape(truth) == (2,):
        axes.plot(*truth, "*", color=TRUE, markersize=11, label="truth")
    axes.autoscale_view()
    axes.margins(0.1)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xlabel("$\\theta_1$")
    axes.set_ylabel("$\\theta_2$")
    title = None if len(sketch.centres) == 1 else f"arm: {sketch.label}"
    _name(axes, title)


DRAWN = {
    Values: _draw_values,
    Lines: _draw_lines,
    Table: _draw_table,
    Field: _draw_field,
    Net: _draw_net,
    Intervals: _draw_intervals,
    Ellipsoids: _draw_ellipsoids,
}
