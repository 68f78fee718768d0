"""Figures of the final metric over two swept parameters, as colours."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure

from banditlab.analysis.cells import CellResult, metric_of
from banditlab.analysis.panels import (
    Chosen,
    Drawing,
    choose,
    compose,
    count_of,
    left_out_without,
    panels_by,
    quick_look,
)
from banditlab.analysis.plotting import HORIZON, check_swept
from banditlab.analysis.presets import SCREEN, Sheet
from banditlab.analysis.results import Result
from banditlab.analysis.swept import in_order, value_of, without, written
from banditlab.errors import UserError

COLOURS = "cividis_r"  #: as light and dark to everybody, and in grey
WIDE = 30  #: from so many times the smallest mean on, colours are logarithmic
MOST = 8  #: columns of which each cell is written in


def parameters_of(versus: str | None) -> tuple[str, str]:
    """Return the two names in "a,b".

    Raises
    ------
    UserError
        There are not two.
    """
    names = [name.strip() for name in (versus or "").split(",")]
    if len(names) != 2 or not all(names) or names[0] == names[1]:
        raise UserError(f"versus: a heat map takes two swept parameters, such as gap,arms; got {versus or 'none'}")
    return names[0], names[1]


def draw_heatmap(
    result: Result, metric: str | None = None, *, versus: str | None = None, sheet: Sheet = SCREEN
) -> Drawing:
    """Draw the mean at the last round as a colour over two swept parameters, a panel a policy.

    Panels of one metric have the same colours for the same values. A policy or environment without one of the
    parameters is left out, and named below.

    Parameters
    ----------
    result : Result
    metric : str, optional
        By default the grid's, or each game's first.
    versus : str
        The two parameters, with a comma between: across, and up.
    sheet : Sheet

    Raises
    ------
    UserError
        An unknown metric; no two parameters that the grid sweeps; several means at one place.
    """
    names, found = parameters_of(versus), choose(result, metric)
    for name in names:
        check_swept([cell for cell, _ in found], name)
    chosen = [(cell, kept) for cell, kept in found if None not in (value_of(cell, name) for name in names)]
    if not chosen:
        raise UserError(f"versus: no cell of this grid has both {names[0]!r} and {names[1]!r}")
    across, up = (in_order(value_of(cell, name) for cell, _ in chosen) for name in names)
    several = len({_rest(cell.environment, names) for cell, _ in chosen}) > 1
    horizons = len({cell.horizon for cell, _ in chosen}) > 1 and not set(names) & set(HORIZON)

    def title(cell: CellResult) -> str:
        place = f" in {_rest(cell.environment, names)}" if several else ""
        return _rest(cell.policy, names) + place + (f", T = {cell.horizon:,}" if horizons else "")

    panels = panels_by(chosen, title)
    tables = {panel: _means(members, names, across, up) for panel, members in panels.items()}
    norms = _norms([(members[0], tables[panel]) for panel, members in panels.items()])
    meshes: dict[tuple[str, str], tuple[Any, list[Axes]]] = {}

    def fill(axis: Axes, panel: str, members: Chosen) -> None:
        key = members[0][0].game, members[0][1]
        mesh = axis.pcolormesh(tables[panel], cmap=COLOURS, norm=norms[key], edgecolors="white", linewidth=0.5)
        _write_means(axis, tables[panel], mesh, small=bool(sheet.column))
        axis.set_xticks(np.arange(len(across)) + 0.5, [written(value) for value in across])
        axis.set_yticks(np.arange(len(up)) + 0.5, [written(value) for value in up])
        axis.tick_params(length=0)
        axis.grid(visible=False)
        axis.set_facecolor("0.93")  # where nothing was played
        axis.set_xlabel(names[0])
        axis.set_ylabel(names[1])
        meshes.setdefault(key, (mesh, []))[1].append(axis)

    def add_scales(figure: Figure, axes: list[Axes]) -> None:
        for (game, name), (mesh, shown) in meshes.items():
            bar = figure.colorbar(
                mesh,
                ax=shown,
                label=f"{metric_of(game, name).label} at {'$T$' if sheet.column else 'the last round'}",
                pad=0.02,
            )
            bar.outline.set_visible(False)

    caption = [f"{quick_look(result)}Mean of {count_of(chosen)} at the last round.", *result.cautions(metric)]
    notes = left_out_without(" or no ".join(names), found, chosen)
    return compose(panels, fill, caption, sheet=sheet, finish=add_scales, notes=notes)


def _rest(label: str, names: tuple[str, str]) -> str:
    return without(without(label, names[0]), names[1])


def _means(members: Chosen, names: tuple[str, str], across: list[Any], up: list[Any]) -> np.ndarray:
    """Return the table of means (up, across), nan where nothing was played."""
    table = np.full((len(up), len(across)), np.nan)
    for cell, name in members:
        place = up.index(value_of(cell, names[1])), across.index(value_of(cell, names[0]))
        if not np.isnan(table[place]):
            raise UserError(f"versus: {cell.policy} in {cell.environment} has several means at one place of the map")
        table[place] = cell.final(name).mean()
    return table


def _norms(shown: list[tuple[tuple[CellResult, str], np.ndarray]]) -> dict[tuple[str, str], Normalize]:
    found: dict[tuple[str, str], list[np.ndarray]] = {}
    for (cell, name), table in shown:
        found.setdefault((cell.game, name), []).append(table[np.isfinite(table)])
    norms = {}
    for key, tables in found.items():
        values = np.concatenate(tables)
        low, high = values.min(), values.max()
        norms[key] = LogNorm(low, high) if low > 0 and high > WIDE * low else Normalize(low, high)
    return norms


def _write_means(axis: Axes, table: np.ndarray, mesh: Any, *, small: bool) -> None:
    if table.shape[1] > (MOST // 2 if small else MOST):
        return
    for (row, column), value in np.ndenumerate(table):
        if np.isfinite(value):
            dark = np.dot(mesh.cmap(mesh.norm(value))[:3], (0.2126, 0.7152, 0.0722)) < 0.45
            text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
            size = plt.rcParams["xtick.labelsize"]
            look = {"ha": "center", "va": "center", "fontsize": size, "color": "white" if dark else "black"}
            axis.text(column + 0.5, row + 0.5, text, **look)
