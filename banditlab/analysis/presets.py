"""The sheet that a figure is drawn on: a screen, or the column of a venue.

Widths are those that the venues' LaTeX styles give to `columnwidth` and `textwidth`, in inches. Text is set in STIX,
which goes with Times and comes with Matplotlib, so that a figure is the same on every machine.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt

STYLE = Path(__file__).with_name("paper.mplstyle")


class Preset(NamedTuple):
    """A column of a venue."""

    width: float  #: inches
    size: float = 8.0  #: of titles and labels, in points; ticks and legends are one smaller


PRESETS = {
    "icml": Preset(3.25),
    "icml-wide": Preset(6.75),
    "aistats": Preset(3.25),
    "aistats-wide": Preset(6.75),
    "uai": Preset(3.25),
    "uai-wide": Preset(6.75),
    "aaai": Preset(3.3125),
    "aaai-wide": Preset(7.0),
    "ieee": Preset(252 / 72.27),
    "ieee-wide": Preset(516 / 72.27),
    "acm": Preset(241.147 / 72.27),
    "acm-wide": Preset(506.295 / 72.27),
    "neurips": Preset(5.5),
    "iclr": Preset(5.5),
    "tmlr": Preset(6.5),
    "jmlr": Preset(6.0, 9.0),
}


@dataclass(frozen=True)
class Sheet:
    """How panels are set: their size and text, their axes, and how curves are named."""

    preset: str | None = None  #: a key of PRESETS; None for a screen
    labels: str = "legend"  #: or "direct" at the ends of lines, or "none"
    share: str = "none"  #: whether panels have one range of "x", of "y", or of "both"
    title: str | None = None

    @property
    def column(self) -> Preset | None:
        """The column that it is for, if any."""
        return PRESETS[self.preset] if self.preset else None

    @contextlib.contextmanager
    def style(self) -> Iterator[None]:
        """Draw in its style."""
        with plt.style.context(["default", STYLE, _paper(self.column) if self.column else {}]):
            yield

    def size(self, rows: int, columns: int) -> tuple[float, float]:
        """Return width and height, in inches, of so many panels without a legend."""
        if not self.column:
            return max(4.6, 3.4 * columns), 2.9 * rows
        width = self.column.width
        return width, rows * min(2.4, (0.5 if columns == 1 else 0.62) * width / columns + 0.2) + 0.3

    def columns(self, count: int, most: int) -> int:
        """Return how many panels stand side by side: at most `most`, and on paper such that each can be read."""
        return min(count, most, max(1, int(self.column.width / 1.6)) if self.column else most)

    def letters(self, columns: int) -> int:
        """Return about how many letters fit above a panel."""
        return int(self.column.width / columns * LETTERS) if self.column else 34

    def letters_beside(self, count: int, columns: int) -> int:
        """Return about how many letters fit beside one of so many panels."""
        rows = -(-count // columns)
        return int((self.size(rows, columns)[1] / rows - 0.3) * LETTERS) if self.column else 34


THIN = 0.75  #: share of their width that lines have on paper
LETTERS = 15  #: that fit into an inch on paper
SCREEN = Sheet()


def _paper(column: Preset) -> dict[str, object]:
    small = column.size - 1
    return {
        "font.family": ["STIXGeneral"],
        "mathtext.fontset": "stix",
        "font.size": column.size,
        "axes.titlesize": column.size,
        "axes.labelsize": column.size,
        "figure.titlesize": column.size,
        "legend.fontsize": small,
        "xtick.labelsize": small,
        "ytick.labelsize": small,
        "axes.linewidth": 0.6,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "xtick.major.size": 2.5,
        "ytick.major.size": 2.5,
        "grid.linewidth": 0.4,
        "axes.labelpad": 2.0,
        "axes.titlepad": 4.0,
        "axes.formatter.limits": (-3, 5),
        "axes.formatter.use_mathtext": True,
        "legend.borderaxespad": 0.2,
        "legend.columnspacing": 1.0,
        "legend.handletextpad": 0.4,
        "legend.handlelength": 2.2,
        "legend.labelspacing": 0.3,
        "figure.constrained_layout.w_pad": 0.02,
        "figure.constrained_layout.h_pad": 0.02,
        "savefig.dpi": 600,
    }
