"""Reference slopes: lines that grow as a paper says that regret does."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from banditlab.analysis.labels import GUIDE
from banditlab.errors import UserError

FACTOR = re.compile(
    r"sqrt\(?T\)?|log\^(?P<power>\d)\(?T\)?|log\(?T\)?|T\^\(?(?P<top>-?\d+(?:\.\d+)?)(?:/(?P<bottom>[1-9]\d*))?\)?|T",
    re.IGNORECASE,
)


class Slope(NamedTuple):
    """A shape T^a log^b T."""

    text: str  #: as mathematics, for Matplotlib
    power: float  #: of T
    logarithms: int  #: power of log T

    def at(self, rounds: np.ndarray) -> np.ndarray:
        """Return it at these numbers of rounds (n,), each above 1."""
        return rounds**self.power * np.log(rounds) ** self.logarithms


def read_slopes(text: str) -> list[Slope]:
    """Return the slopes that are written with commas between, such as "log T, sqrt T, T^2/3, sqrt T log T".

    Raises
    ------
    UserError
        One is something else than a product of T, T^a, sqrt T, log T and log^2 T.
    """
    return [_read(part) for part in text.split(",")]


def _read(written: str) -> Slope:
    power, logarithms, texts, rest = 0.0, 0, [], written.replace(" ", "").replace("*", "")
    while rest:
        found = FACTOR.match(rest)
        if not found:
            break
        rest, factor = rest[found.end() :], found[0].lower()
        if factor.startswith("sqrt"):
            power, shown = power + 0.5, r"\sqrt{T}"
        elif factor.startswith("log"):
            number = int(found["power"] or 1)
            logarithms, shown = logarithms + number, rf"\log^{number} T" if number > 1 else r"\log T"
        elif found["top"]:
            top, bottom = found["top"], found["bottom"]
            power, shown = power + float(top) / int(bottom or 1), f"T^{{{top}/{bottom}}}" if bottom else f"T^{{{top}}}"
        else:
            power, shown = power + 1.0, "T"
        texts.append(shown)
    if rest or not texts:
        allowed = "T, T^2/3, sqrt T, log T, log^2 T and their products"
        raise UserError(f"slopes: no {written.strip()!r} (there are: {allowed})")
    return Slope(f"${r' '.join(texts)}$", power, logarithms)


def draw_slopes(axis: Axes, slopes: Sequence[Slope], first: float, last: float, level: float) -> None:
    """Draw slopes that meet at `level` in round `first`, and go on to round `last`.

    Where one of them would leave the panel at its top, all start lower: on linear axes they fit into the panel, on
    logarithmic ones they stay parallel to what they are compared with. Their height says nothing, their shape does.
    """
    rounds = np.geomspace(first, last, 100)
    shapes = [slope.at(rounds) / slope.at(rounds[:1]) for slope in slopes]
    limits = axis.get_xlim(), axis.get_ylim()
    start = min(level, limits[1][1] / max(shape.max() for shape in shapes))
    if not (start > 0 and math.isfinite(start)):
        return
    for slope, shape in zip(slopes, shapes, strict=True):
        axis.plot(rounds, start * shape, color="0.45", linewidth=0.8, gid=GUIDE, label=f"_{slope.text}", zorder=1.5)
    axis.set_xlim(limits[0])
    axis.set_ylim(limits[1])
