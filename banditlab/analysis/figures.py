"""Figures as a user asks for them: the options of `banditlab plot`, and the tables `[[figure]]` of a grid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, NamedTuple

from banditlab.analysis import across, heatmap, plotting, profiles, views
from banditlab.analysis.cells import metric_of
from banditlab.analysis.panels import Drawing, check_file
from banditlab.analysis.presets import PRESETS, Sheet
from banditlab.analysis.results import Result
from banditlab.analysis.slopes import read_slopes
from banditlab.errors import UserError, nearest
from banditlab.games.game import names_in, shown
from banditlab.types import Fraction
from banditlab.validation import validate


class View(NamedTuple):
    """A way to look at results."""

    draw: Any  #: function of (result, metric, sheet and options)
    file: str  #: that it is left in where no other is named
    takes: tuple[str, ...] = ()  #: its own options


VIEWS = {
    "curves": View(
        plotting.draw,
        "figure.png",
        ("versus", "scale", "band", "confidence", "rows", "columns", "share", "slopes", "labels"),
    ),
    "survival": View(views.draw_survival, "survival.png"),
    "wrong-order": View(views.draw_wrong_order, "wrong-order.png"),
    "heatmap": View(heatmap.draw_heatmap, "heatmap.png", ("versus",)),
    "profile": View(profiles.draw_profile, "profile.png", ("confidence",)),
}
#: What some options can be.
CHOICES: dict[str, tuple[str, ...]] = {
    "view": tuple(VIEWS),
    "scale": plotting.SCALES,
    "band": tuple(plotting.BANDS),
    "labels": ("legend", "direct", "none"),
    "share": ("none", "x", "y", "both"),
    "preset": tuple(PRESETS),
}


@dataclass(frozen=True)
class Options:
    """What a figure shows, and how; what is None is as suits its view.

    Raises
    ------
    UserError
        A value that an option cannot have; an option that is of another view.
    """

    metric: str | None = None
    view: str = "curves"
    versus: str | None = None
    scale: str | None = None
    band: str | None = None
    confidence: Fraction | None = None
    rows: str | None = None
    columns: str | None = None
    share: str | None = None
    slopes: str | None = None
    labels: str | None = None
    preset: str | None = None
    title: str | None = None

    def __post_init__(self):
        for key, known in CHOICES.items():
            value = getattr(self, key)
            if value is not None and value not in known:
                raise UserError(f"{key}: no {value!r}{nearest(value, known)}")
        takes = VIEWS[self.view].takes
        for key in sorted({key for view in VIEWS.values() for key in view.takes} - set(takes)):
            if getattr(self, key) is not None:
                fit = " or ".join(name for name, view in VIEWS.items() if key in view.takes)
                raise UserError(f"{key}: goes with the view {fit}, not with {self.view}")
        if self.confidence is not None and not 0 < self.confidence < 1:
            raise UserError(f"confidence: should lie between 0 and 1, got {self.confidence:g}")
        if self.view == "heatmap":
            heatmap.parameters_of(self.versus)
        if self.slopes:
            read_slopes(self.slopes)

    @property
    def sheet(self) -> Sheet:
        """How its panels are set; small multiples share their axes unless told otherwise."""
        multiples = bool(self.rows or self.columns)
        share = self.share or ("both" if multiples else "none")
        return Sheet(self.preset, self.labels or "legend", share, self.title)


@dataclass(frozen=True)
class Planned(Options):
    """A table `[[figure]]`: options, and the file that the figure is written to."""

    file: str = ""

    def __post_init__(self):
        super().__post_init__()
        if not self.file or Path(self.file).name != self.file:
            raise UserError(
                f'file: should be the name of a file in the results folder, such as "fig1.pdf", got {self.file!r}'
            )
        check_file(self.file)


def draw(result: Result, options: Options) -> Drawing:
    """Draw a figure; raises UserError as the function of its view, see VIEWS."""
    view = VIEWS[options.view]
    own = [key for key in view.takes if key not in ("labels", "share")]
    chosen = {key: getattr(options, key) for key in own if getattr(options, key) is not None}
    sheet = options.sheet
    if result.quick and sheet.preset:  # where no caption says so
        sheet = replace(sheet, title=" - ".join(filter(None, ["Quick look", sheet.title])))
    return view.draw(result, options.metric, sheet=sheet, **chosen)


def draw_planned(result: Result, folder: Path) -> Iterator[tuple[Drawing, Path]]:
    """Draw the figures of the tables `[[figure]]` of a result's grid; yield each with the file to save it as."""
    for one in read(result.figures, [*result.cells, *result.missing], result.metric, str(folder / "grid.json")):
        yield draw(result, one), folder / one.file


def read(tables: Sequence[Mapping[str, Any]], cells: Sequence[Any], metric: str | None, source: str) -> list[Planned]:
    """Return the figures that a grid plans.

    Parameters
    ----------
    tables : sequence of mapping
        The tables `[[figure]]`.
    cells : sequence
        The cells of the grid.
    metric : str or None
        Of the grid.
    source : str
        Name of the file, for messages.

    Raises
    ------
    UserError
        One line for each mistake: unknown keys and values, what the grid does not keep or sweep, a file named twice.
    """
    lines: list[str] = []
    planned: list[Planned] = []
    for i, table in enumerate(tables):
        place = f"{source}: figure[{i}]"
        try:
            one = validate(Planned, table, place)
            _check(one, cells, metric, place)
            if one.file in (other.file for other in planned):
                raise UserError(f"{place}: file: {one.file!r} is that of another figure")
            planned.append(one)
        except UserError as error:
            lines += error.lines
    if lines:
        raise UserError(*lines)
    return planned


def _check(planned: Planned, cells: Sequence[Any], metric: str | None, place: str) -> None:
    kept = {name for cell in cells for name in cell.metrics}
    for name in names_in(planned.metric):
        if name not in kept:
            raise UserError(f"{place}: metric: no metric {name!r}{nearest(name, kept)}")
    meant = [cell for cell in cells if not planned.metric or set(names_in(planned.metric)) & set(cell.metrics)]
    try:
        if planned.view == "curves":
            plotting.check_swept(meant, planned.versus or "t", planned.rows, planned.columns)
        elif planned.view == "heatmap":
            for name in heatmap.parameters_of(planned.versus):
                plotting.check_swept(meant, name)
        elif planned.view == "profile":
            for cell in meant:
                for name in names_in(planned.metric) or shown(metric, cell.metrics):
                    across.check_metric(metric_of(cell.game, name))
    except UserError as error:
        raise UserError(f"{place}: {error}") from None


#: The options, in the order of `banditlab plot --help`.
KEYS = tuple(field.name for field in fields(Options))
