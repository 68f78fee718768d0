"""Results for a paper in LaTeX: a table with the best marked by a test, and macros for the numbers in the text."""

from __future__ import annotations

import itertools
import math
import re
import textwrap
from collections.abc import Iterator

import numpy as np

from banditlab.analysis import statistics, tuning
from banditlab.analysis.cells import CellResult, metric_of, paired
from banditlab.analysis.panels import tex
from banditlab.analysis.results import Result
from banditlab.errors import UserError
from banditlab.registry import REFERENCE_PLAYERS
from banditlab.tables import number

LEVEL = 0.05
DAGGER = r"$^\dagger$"  #: behind the name of a tuned policy
Column = tuple[str, int, str]  #: environment, horizon, metric


def table_of(result: Result, metric: str | None = None) -> str:
    """Return a booktabs table: policies as rows, environments as columns, those that may be best in bold.

    Parameters
    ----------
    result : Result
    metric : str, optional
        By default the grid's, or each game's first; of several, each has columns of its own.

    Raises
    ------
    UserError
        An unknown metric.
    """
    columns: dict[Column, list[CellResult]] = {}
    for cell, name in result.where(metric):
        columns.setdefault((cell.environment, cell.horizon, name), []).append(cell)
    best = {column: may_be_best(cells, column[2]) for column, cells in columns.items()}
    sizes = sorted({len(cell.replications) for cells in columns.values() for cell in cells})
    runs = str(sizes[0]) if len(sizes) == 1 else "(n)"
    rows, tuned = [], {cell.policy for cells in columns.values() for cell in cells if cell.tuned}
    for policy in result.labels("policy"):
        entries = [tex(policy) + DAGGER * (policy in tuned)]
        for column, cells in columns.items():
            found = [cell for cell in cells if cell.policy == policy]
            entries.append(
                _entry(found[0], column[2], bold=policy in best[column], counted=len(sizes) > 1) if found else "--"
            )
        if any(entry != "--" for entry in entries[1:]):
            rows.append(" & ".join(entries) + r" \\")
    metrics = dict.fromkeys(metric_of(cells[0].game, name).label for (_, _, name), cells in columns.items())
    lines = [
        f"% {', '.join(metrics)} at the last round: mean and 95 % bootstrap-t interval over {runs} replications.",
        *_said_of_marks(best),
        *(f"% {line}" for line in _said_of_tuning(result)),
        r"\begin{tabular}{l" + "r" * len(columns) + "}",
        r"\toprule",
        _head(columns),
        r"\midrule",
        *rows,
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines)


def _head(columns: dict[Column, list[CellResult]]) -> str:
    several = [len(set(values)) > 1 for values in zip(*columns, strict=True)]
    heads = []
    for (environment, horizon, name), cells in columns.items():
        parts = [environment, f"T = {horizon:,}", metric_of(cells[0].game, name).label]
        heads.append(tex(", ".join(part for part, kept in zip(parts, [True, *several[1:]], strict=True) if kept)))
    return " & ".join(["Policy", *heads]) + r" \\"


def _said_of_marks(best: dict[Column, set[str]]) -> list[str]:
    if not any(best.values()):
        return ["% Nothing is bold: a test takes two policies, and a metric of which less, or more, is better."]
    return [
        f"% Bold: not significantly worse than the best mean of the column, at level {LEVEL:g}: paired sign-flip",
        "% permutation tests of all pairs of the column, corrected by Holm's method. Reference players (oracle,",
        "% uniform, fixed, greedy, static-mix) are neither tested nor bold.",
    ]


def _said_of_tuning(result: Result) -> Iterator[str]:
    lines = tuning.lines(result)
    if lines:
        yield "The dagger marks tuned policies; the others have the parameters of the grid, or their defaults."
    for line in lines:
        yield from textwrap.wrap(line, 110)


def _entry(cell: CellResult, metric: str, *, bold: bool, counted: bool) -> str:
    found = statistics.interval(cell.final(metric))
    mean = rf"\textbf{{{_tex_number(found.mean)}}}" if bold else _tex_number(found.mean)
    span = "" if math.isnan(found.low) else f" [{_tex_number(found.low)}, {_tex_number(found.high)}]"
    return f"{mean}{span}" + (f" ({found.n})" if counted else "")


def _tex_number(value: float) -> str:
    text = number(value).replace(",", "{,}")
    power = re.fullmatch(r"(.*)e([+-]\d+)", text)
    if power:
        return rf"\ensuremath{{{power[1]} \cdot 10^{{{int(power[2])}}}}}"
    return rf"\ensuremath{{{text}}}" if text.startswith("-") else text


def may_be_best(cells: list[CellResult], metric: str) -> set[str]:
    """Return the labels of the policies that are not significantly worse than that with the best mean.

    Each pair of policies is held to a paired sign-flip permutation test, two-sided; p-values are corrected by Holm's
    method for all pairs, not only for those with the best: which one is best was seen on the same replications.
    Reference players are left out. Empty where there are no two policies, or where neither less nor more is better.

    Parameters
    ----------
    cells : list of CellResult
        Of one environment and horizon.
    metric : str

    Raises
    ------
    UserError
        Two policies have no replication in common.
    """
    better = metric_of(cells[0].game, metric).better
    serious = [cell for cell in cells if cell.kinds["policy"] not in REFERENCE_PLAYERS]
    if better is None or len(serious) < 2:
        return set()
    pick = min if better == "lower" else max
    best = pick(serious, key=lambda cell: cell.final(metric).mean())
    pairs = list(itertools.combinations(serious, 2))
    found = statistics.holm([statistics.flip_p(np.subtract(*paired(a, b, metric))) for a, b in pairs])
    worse = {
        (a if b is best else b).policy for (a, b), p in zip(pairs, found, strict=True) if p <= LEVEL and best in (a, b)
    }
    return {cell.policy for cell in serious} - worse


DIGITS = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


def macros(result: Result, metric: str | None = None) -> str:
    r"""Return a LaTeX file that defines a macro for each number of the summary.

    `\regretColstim` is the mean, with `Low` and `High` the ends of its 95 % bootstrap-t interval, with `N` the number
    of replications. The environment follows where there are several, and the horizon.

    Parameters
    ----------
    result : Result
    metric : str, optional
        By default the grid's, or each game's first; "all" for all of them.

    Raises
    ------
    UserError
        An unknown metric; two numbers of one name, or a label without a letter or digit.
    """
    chosen = list(result.where(metric))
    places = len({cell.environment for cell, _ in chosen}) > 1
    horizons = len({cell.horizon for cell, _ in chosen}) > 1
    lines = [
        f"% The numbers of {result.name}, as of `banditlab summary --macros`: written, not to be edited.",
        "% NAME is a mean at the last round, NAMELow and NAMEHigh are the ends of its 95 % bootstrap-t interval,",
        "% NAMEN is the number of replications.",
    ]
    of: dict[str, str] = {}
    for cell, name in chosen:
        parts = [name, cell.policy, *[cell.environment] * places, *[f"T {cell.horizon}"] * horizons]
        words = [_letters(part) for part in parts]
        macro, title = words[0][0].lower() + "".join(words)[1:], ", ".join(parts)
        for end, text in _numbers(cell, name):
            if of.setdefault(macro + end, title) != title:
                raise UserError(f"macros: \\{macro}{end} is of ({of[macro + end]}) and of ({title}): give one a label")
            lines.append(rf"\newcommand{{\{macro}{end}}}{{{text}}}")
    return "\n".join(lines) + "\n"


def _numbers(cell: CellResult, metric: str) -> Iterator[tuple[str, str]]:
    found = statistics.interval(cell.final(metric))
    yield "", _tex_number(found.mean)
    if not math.isnan(found.low):
        yield "Low", _tex_number(found.low)
        yield "High", _tex_number(found.high)
    yield "N", f"{found.n:,}".replace(",", "{,}")


def _letters(text: str) -> str:
    """Return a text in letters alone: words begin with a capital, digits are spelt, as in UcbOne."""
    spelt = re.sub(r"(?<=\d)\.(?=\d)", " Point ", text)
    spelt = re.sub(r"(?<![A-Za-z0-9])-(?=\d)|(?<=\de)-(?=\d)", " Minus ", spelt)
    spelt = re.sub(r"\d", lambda found: f" {DIGITS[int(found[0])]} ", spelt)
    words = re.findall(r"[A-Za-z]+", spelt)
    if not words:
        raise UserError(f"macros: {text!r} has no letter for the name of a macro: give it a label")
    return "".join(word[0].upper() + word[1:] for word in words)
