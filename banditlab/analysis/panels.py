"""What all figures share: panels, the looks of policies, legends, captions, and saving."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import textwrap
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib import cbook
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_pgf import LatexError
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.mathtext import MathTextParser
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from banditlab.analysis.cells import CellResult, metric_of
from banditlab.analysis.labels import label_ends, line_of, unnamed
from banditlab.analysis.presets import SCREEN, STYLE, THIN, Sheet
from banditlab.analysis.results import Result
from banditlab.errors import UserError
from banditlab.registry import REFERENCE_PLAYERS

DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1, 1, 1)))
MARKERS = "osD^vP*Xhd<"  # one fewer than colours, so that a second turn has other pairs
MOST_NAMES = 8  #: in a note
FORMATS = ("pdf", "svg", "png", "pgf")
TEX = ("pdflatex", "lualatex", "xelatex")  #: of which PGF takes one

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


class Drawing(Figure):
    """A figure that knows its sheet, and what it leaves out, and is saved in the style of the sheet."""

    def __init__(self, *arguments: Any, sheet: Sheet, **options: Any):
        super().__init__(*arguments, **options)
        self.sheet = sheet
        self.notes: tuple[str, ...] = ()  #: on what is left out

    def savefig(self, file: Any, *, settings: Mapping[str, Any] = MappingProxyType({}), **options: Any) -> None:
        """Write it, by default as its sheet wants it: with its fonts, and on paper in exactly its width.

        Beside the options of Matplotlib it takes settings of `matplotlib.rcParams`.
        """
        on_screen = {"bbox_inches": "tight"}  # what is written below the panels lies outside
        with self.sheet.style(), mpl.rc_context(settings):
            super().savefig(file, **({} if self.sheet.column else on_screen) | options)


def _lay_out(figure: Drawing) -> None:
    """Place everything on paper; ticks are made when they are drawn first, in the style of that moment."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "constrained_layout not applied", UserWarning)
        try:
            figure.draw_without_rendering()
        except UserWarning:
            inches = f"{figure.sheet.column.width:.2f} inches"
            raise UserError(
                f"preset: its {inches} leave no room for the panels beside what is written: take a wider one, fewer "
                "panels, shorter labels, or no names of curves"
            ) from None


def check_formulas(texts: Iterable[str]) -> None:
    """Refuse a text that Matplotlib takes for a formula, and cannot set.

    Raises
    ------
    UserError
        It names the text.
    """
    for text in texts:
        if cbook.is_math_text(text):
            try:
                MathTextParser("path").parse(text)
            except ValueError as error:
                reason = str(error).strip().splitlines()[-1].partition(": ")[2].partition(", found")[0]
                raise UserError(f"label {text!r}: no formula that a figure can have: {reason}") from None


class Headers(NamedTuple):
    """The names of rows and columns of panels."""

    rows: Sequence[str]
    columns: Sequence[str]


def compose(
    panels: Panels,
    draw: Callable[[Axes, str, Chosen], None],
    caption: list[str],
    *,
    sheet: Sheet = SCREEN,
    columns: int = 3,
    headers: Headers | None = None,
    finish: Callable[[Figure, list[Axes]], None] | None = None,
    notes: Sequence[str] = (),
) -> Drawing:
    """Return a figure with a panel each, the names of curves, and on a screen lines below.

    Parameters
    ----------
    panels : dict
        By title; with headers row by row, and without members where nothing is to be drawn.
    draw : function of (axis, title, members)
    caption : list of str
        The lines below; a paper has a caption of its own.
    sheet : Sheet
    columns : int
        The most panels that stand side by side.
    headers : Headers, optional
        Names of rows and columns, in place of titles.
    finish : function of (figure, axes), optional
        Called before curves are named.
    notes : sequence of str
        On what is left out, such as "left out, as they have no gap: easy"; lines below the caption, and the figure's.

    Raises
    ------
    UserError
        A label is no valid formula; on paper there is no room for the panels.
    """
    policies = {cell.policy for members in panels.values() for cell, _ in members}
    check_formulas([*panels, *policies, sheet.title or "", *(headers.rows if headers else ())])
    plt.draw_if_interactive()  # a notebook's backend sets itself up at first use, and would do so inside the style
    with sheet.style():
        columns = len(headers.columns) if headers else sheet.columns(len(panels), columns)
        figure, spots = _canvas(len(panels), columns, sheet)
        figure.notes = tuple(notes)
        for axis, (title, members) in zip(spots, panels.items(), strict=True):
            axis.set_visible(bool(members))
            if members:
                draw(axis, title, members)
                for line in axis.get_lines() if sheet.column else ():
                    line.set_linewidth(THIN * line.get_linewidth())
                axis.set_ylabel(textwrap.fill(axis.get_ylabel(), sheet.letters_beside(len(panels), columns)))
                if not headers and not (sheet.column and len(panels) == 1):
                    axis.set_title(textwrap.fill(_shortened(title, axis), sheet.letters(columns)))
        axes = [axis for axis in spots if axis.get_visible()]
        share_axes(axes, sheet.share)
        if headers or sheet.column:
            _keep_outer_labels(spots, columns, sheet.share if headers else "none")
        if headers:
            _add_headers(spots, headers)
        if finish:
            finish(figure, axes)
        rows = [spots[start : start + columns] for start in range(0, len(spots), columns)]
        title = textwrap.fill(sheet.title or "", columns * sheet.letters(columns))
        _write_names(figure, [[axis for axis in row if axis.get_visible()] for row in rows], sheet, title)
        if sheet.column:
            _lay_out(figure)
        else:
            lines = [*caption, *(f"{note[0].upper()}{note[1:]}." for note in notes)]
            figure.text(0.01, -0.01, "\n".join(lines), fontsize=7, color="0.35", va="top")
    return figure


def share_axes(axes: Sequence[Axes], share: str) -> None:
    """Give the panels one range of "x", "y" or "both", where the axes are of the same thing."""
    for letter in {"none": "", "x": "x", "y": "y", "both": "xy"}[share]:
        groups: dict[tuple[str, str], list[Axes]] = {}
        for axis in axes:
            key = getattr(axis, f"get_{letter}label")(), getattr(axis, f"get_{letter}scale")()
            groups.setdefault(key, []).append(axis)
        for group in groups.values():
            ends = [getattr(axis, f"get_{letter}lim")() for axis in group]
            for axis in group:
                getattr(axis, f"set_{letter}lim")(min(low for low, _ in ends), max(high for _, high in ends))


def _add_headers(spots: Sequence[Axes], headers: Headers) -> None:
    """Write the names of columns above their first panels, those of rows before the labels of their first panels."""
    wide = len(headers.columns)
    for column, name in enumerate(headers.columns):
        first = next(axis for axis in spots[column::wide] if axis.get_visible())
        first.set_title(name)
    for row, name in enumerate(headers.rows):
        first = next(axis for axis in spots[row * wide : (row + 1) * wide] if axis.get_visible())
        first.set_ylabel(f"{name}\n{first.get_ylabel()}".strip())


def _keep_outer_labels(spots: Sequence[Axes], columns: int, share: str) -> None:
    """Leave out what the panel to the left, or below, says too."""
    for place, axis in enumerate(spots):
        left = spots[place - 1] if place % columns else None
        below = spots[place + columns] if place + columns < len(spots) else None
        if left and left.get_visible() and left.get_ylabel() == axis.get_ylabel():
            axis.yaxis.label.set_visible(False)
            axis.tick_params(labelleft=share not in ("y", "both"))
        if below and below.get_visible() and below.get_xlabel() == axis.get_xlabel():
            axis.xaxis.label.set_visible(False)
            axis.tick_params(labelbottom=share not in ("x", "both"))


def label_sparsely(axis: Axis, low: float, high: float, most: float = 30) -> None:
    """Label 1, 2 and 5 times powers of ten on a logarithmic axis; the powers alone if its ends are far apart."""
    few = high <= most * low
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,)))
    if few or high < 1e5:
        axis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axis.set_minor_formatter(NullFormatter())


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
    chosen = result.drawn(metric)
    if not chosen:
        raise UserError(f"{result.name}: no finished replication to draw")
    return chosen


def left_out(why: str, names: Iterable[str]) -> list[str]:
    """Return a note that names what is left out, for `compose`; none where there is nothing."""
    names = list(dict.fromkeys(names))
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return [f"left out, as {why}: {', '.join(names[:MOST_NAMES])}{more}"] if names else []


def left_out_without(parameters: str, before: Chosen, after: Chosen) -> list[str]:
    """Return a note that names the environments and policies of which no cell is drawn, as they lack parameters."""
    roles = "environment", "policy"
    drawn = {(role, getattr(cell, role)) for cell, _ in after for role in roles}
    gone = [getattr(cell, role) for role in roles for cell, _ in before if (role, getattr(cell, role)) not in drawn]
    return left_out(f"they have no {parameters}", gone)


def count_of(chosen: Chosen) -> str:
    """Return "20 replications", or "12 to 20 replications"."""
    runs = sorted({len(cell.replications) for cell, _ in chosen})
    return f"{runs[0]}{'' if len(runs) == 1 else f' to {runs[-1]}'} replications"


def quick_look(result: Result) -> str:
    """Return what the caption of a quick look begins with."""
    return "Quick look (a tenth of the horizon, few replications). " if result.quick else ""


def _canvas(count: int, columns: int, sheet: Sheet) -> tuple[Drawing, list[Axes]]:
    rows = -(-count // columns)
    size = sheet.size(rows, columns)
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, FigureClass=Drawing, sheet=sheet)
    plt.close(figure)  # the caller's alone: a notebook shows it once, and pyplot does not keep it
    for spare in axes.flat[count:]:
        spare.set_visible(False)
    return figure, list(axes.flat[:count])


#: Marks the lines that are no policy's, such as lower bounds.
ASIDE = "aside"


def _write_names(figure: Figure, rows: list[list[Axes]], sheet: Sheet, title: str) -> None:
    """Write the names of curves, and the title."""
    axes = [axis for row in rows for axis in row]
    direct = [axis for row in rows for axis in _to_name(row)] if sheet.labels == "direct" else []
    width, above = figure.get_size_inches()[0], None
    if sheet.labels == "legend":
        entries = [list(zip(*axis.get_legend_handles_labels(), strict=True)) for axis in axes]
        above = _add_legends(figure, axes, entries, above=bool(sheet.column))
    elif direct:
        lines = [unnamed(axis) if axis in direct else [] for axis in axes]
        entries = [[(line, line.get_label()) for line in some] for some in lines]
        above = _add_legends(figure, axes, entries, above=True)
    if title:
        _add_title(figure, title, width, above)
    label_ends(figure, axes, direct)  # last, since it takes the room that is left


def _add_title(figure: Figure, title: str, width: float, above: Legend | None) -> None:
    """Write the title over panels that are so wide; as that of a legend above them, which would be in its place."""
    if above:
        before = above.get_window_extent().height
        above.set_title(title, {"size": plt.rcParams["figure.titlesize"]})
        above.get_title().set_multialignment("center")
        _heighten(figure, above.get_window_extent().height - before)
    else:
        figure.suptitle(title, x=width / figure.get_size_inches()[0] / 2)


def _to_name(row: list[Axes]) -> list[Axes]:
    """Return the panels of a row whose curves are named: the last one, where all have the same curves."""
    names = [axis.get_legend_handles_labels()[1] for axis in row]
    return row[-1:] if all(one == names[0] for one in names) else row


Entries = list[tuple[Any, str]]  #: of a legend: lines or the like, with their names


def _add_legends(figure: Figure, axes: list[Axes], found: list[Entries], *, above: bool) -> Legend | None:
    """Add one legend to panels that show the same policies, or one to each panel; return one above all of them."""
    policies = [{label for handle, label in entries if _is_policy(handle)} for entries in found if entries]
    merged = {label: handle for entries in found for handle, label in entries}
    alike = all(labels == policies[0] for labels in policies)
    if merged and above and _is_one_look_each(found):
        return _add_legend_above(figure, merged)
    if merged and alike and (len(axes) > 1 or len(merged) > 4):
        longest = max(map(len, merged))
        width, height = figure.get_size_inches()
        figure.set_size_inches(width + 0.5 + 0.06 * longest, height)  # beside the panels, and not at their cost
        figure.legend(merged.values(), merged.keys(), loc="outside right upper")
        return None
    for axis, entries in zip(axes, found, strict=True):
        if entries:
            axis.legend(*zip(*entries, strict=True), loc="best")
    return None


def _is_one_look_each(entries: list[Entries]) -> bool:
    looks: dict[str, tuple[Any, ...]] = {}
    for handle, label in itertools.chain(*entries):
        line = line_of(handle)
        look = line.get_color(), line.get_linestyle(), line.get_marker()
        if looks.setdefault(label, look) != look:
            return False
    return True


def _add_legend_above(figure: Figure, entries: dict[str, Any]) -> Legend:
    """Add a legend in as many columns as fit, and make the figure higher by its height."""
    for columns in range(len(entries), 0, -1):
        legend = figure.legend(entries.values(), entries.keys(), loc="outside upper center", ncols=columns)
        box = legend.get_window_extent()
        if box.width <= figure.bbox.width or columns == 1:
            break
        legend.remove()
    _heighten(figure, box.height)
    return legend


def _heighten(figure: Figure, pixels: float) -> None:
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + pixels / figure.dpi)


def _is_policy(handle: Any) -> bool:
    return not (hasattr(handle, "get_gid") and handle.get_gid() == ASIDE)


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure as PDF, SVG, PNG or PGF; the same figure gives the same bytes.

    Raises
    ------
    UserError
        Another ending, PGF without LaTeX, or a place that cannot be written.
    """
    check_file(path)
    kind = Path(path).suffix.lstrip(".")
    undated = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}
    settings = {"pgf.texsystem": _latex(), "pgf.rcfonts": False} if kind == "pgf" else {}
    try:
        with _for_latex(figure) if kind == "pgf" else contextlib.nullcontext():
            figure.savefig(path, settings=settings, **({"metadata": undated[kind]} if kind in undated else {}))
        if kind == "pgf":  # its numbers are set by a command that Matplotlib leaves to the document
            file = Path(path)
            file.write_text(r"\providecommand{\mathdefault}[1]{#1}%" + "\n" + file.read_text())
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from error
    except LatexError as error:
        raise UserError(f"{path}: LaTeX cannot set its text: {str(error).splitlines()[0]}") from error


@contextlib.contextmanager
def _for_latex(figure: Figure) -> Iterator[None]:
    """Leave the font to the document, and write the signs of LaTeX that stand in names as themselves."""
    before = {text: (text.get_text(), text.get_fontfamily()) for text in figure.findobj(Text)}
    for text, (written, _) in before.items():
        text.set_fontfamily("serif")
        text.set_text(written if "$" in written else tex(written))
    try:
        yield
    finally:
        for text, (written, family) in before.items():
            text.set_fontfamily(family)
            text.set_text(written)


def tex(text: str) -> str:
    """Return a text such that LaTeX sets its signs as they are."""
    return text.translate({ord(sign): f"\\{sign}" for sign in "&%$#_{}"} | TEX_WORDS)


TEX_WORDS = {ord("\\"): r"\textbackslash{}", ord("~"): r"\textasciitilde{}", ord("^"): r"\textasciicircum{}"}


def check_file(path: str | Path) -> None:
    """Refuse the name of a file that no figure can be written to; raises as `save`."""
    kind = Path(path).suffix.lstrip(".")
    if kind not in FORMATS:
        raise UserError(f"{path}: a figure's file ends in {', '.join('.' + name for name in FORMATS)}")
    if kind == "pgf" and not _latex():
        raise UserError(
            f"{path}: PGF takes a LaTeX to measure text, and there is no {', '.join(TEX)} here; write a .pdf"
        )


def _latex() -> str | None:
    return next((name for name in TEX if shutil.which(name)), None)
