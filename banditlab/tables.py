"""Tables for the terminal, 80 columns wide, and for papers."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from banditlab.analysis import tuning
from banditlab.analysis.cells import metric_of
from banditlab.analysis.results import Result
from banditlab.runs.grid import Cell
from banditlab.runs.precision import Precision
from banditlab.runs.status import CellStatus, Status
from banditlab.runs.sweeps import in_words
from banditlab.runs.watching import Watched

if TYPE_CHECKING:
    from banditlab.analysis.differences import Difference
    from banditlab.doctor import Finding


def console() -> Console:
    """Return the console for standard output; 80 columns where it is no terminal."""
    plain = Console(highlight=False, markup=False)
    return plain if plain.is_terminal else Console(width=80, highlight=False, markup=False)


TEXTS = ("told", "tuned")  #: columns


class Listing(NamedTuple):
    """A table as text."""

    title: str
    columns: list[str]  #: numbers, but for the first one and those of TEXTS
    rows: list[list[str]]


def _print(listing: Listing) -> None:
    shown = Table(box=None, pad_edge=False)
    for i, column in enumerate(listing.columns):
        shown.add_column(column, justify="left" if i == 0 or column in TEXTS else "right")
    for row in listing.rows:
        shown.add_row(*row)
    console().print(listing.title, style="bold")
    console().print(shown, "")


def print_summary(result: Result, metric: str | None = None, *, growth: bool = False) -> None:
    """Print a table an environment: final metric with its interval, replications, what the policy was told."""
    listings, notes = summarised(result, metric, growth=growth)
    for listing in listings:
        _print(listing)
    for line in notes:
        console().print(line)


def summarised(result: Result, metric: str | None = None, *, growth: bool = False) -> tuple[list[Listing], list[str]]:
    """Return what `print_summary` prints: a table an environment, and lines that go with all of them."""
    table = result.summary(metric)
    games = {cell.environment: cell.game for cell in result.cells}
    slopes = {
        (row.environment, row.policy, row.metric): row
        for row in (result.growth(metric).itertuples() if growth else ())
        if metric_of(games[row.environment], row.metric).cumulative
    }
    listings = []
    for (environment, x, name), rows in table.groupby(["environment", "x", "metric"], sort=False):
        title = f"{environment}: {metric_of(games[environment], name).label.lower()} after {x:,} rounds"
        bounded = bool(rows["over_bound"].notna().any())
        searched = bool(rows["candidates"].any())
        grown = any((environment, policy, name) in slopes for policy in rows["policy"])
        columns = ["policy", "mean", "95 % interval", "n", *["/bound"] * bounded, *["growth"] * grown, "told"]
        columns += ["tuned"] * searched
        listing = Listing(title, columns, [])
        for row in rows.itertuples():
            more = [number(row.over_bound)] if bounded else []
            more += [_slope(slopes.get((environment, row.policy, name)))] if grown else []
            span = _span(row.low, row.high) + (" !" if row.skewed else "")
            entries = [row.policy, number(row.mean), span, str(row.n), *more, row.told or "-"]
            listing.rows.append(entries + [_values(row.tuned, row.candidates)] * searched)
        listings.append(listing)
    return listings, _notes(result, table, metric, slopes)


def _notes(result: Result, table: pd.DataFrame, metric: str | None, slopes: dict[Any, Any]) -> list[str]:
    lines = []
    if slopes:
        lines.append("growth: b of t^b over the last decade of rounds; over the horizons of the grid, if 3 or more")
        if any(math.isnan(row.exponent) and row.over == "horizons" for row in slopes.values()):
            lines.append("        (a policy told T needs sweep = { horizon = [...] }: each run is tuned to its own T)")
    if len(table) and table["over_bound"].notna().any():
        bounds = result.bounds(metric)
        known = dict.fromkeys(zip(bounds["bound"], bounds["asymptotic"], strict=True))
        names = [f"{name} (asymptotic)" if asymptotic else name for name, asymptotic in known]
        lines.append(f"/bound: the mean over the lower bound: {', '.join(names)}")
    lines += tuning.lines(result)
    lines += [f"note: imprecise: {line}" for line in result.imprecise()[:10]]
    lines += [f"note: {line}" for line in result.cautions(metric)]
    lines += [f"note: unfinished: {line}" for line in result.unfinished()[:10]]
    return [*lines, "note: a quick look: a tenth of the horizon, few replications"] if result.quick else lines


def print_tuning(result: Result) -> None:
    """Print what tuned policies were tried as, a table a policy and environment."""
    for listing in tried(result):
        _print(listing)
    for line in tuning.lines(result):
        console().print(line)


def tried(result: Result) -> Iterator[Listing]:
    """Yield the tables that `print_tuning` prints."""
    table = result.tuning()
    several = table["horizon"].nunique() > 1 if len(table) else False
    for (environment, policy, horizon), rows in (
        table.groupby(["environment", "policy", "horizon"], sort=False) if len(table) else ()
    ):
        title = f"{policy} in {environment}{f', T = {horizon:,}' if several else ''}: candidates"
        listing = Listing(title, ["values", rows["metric"].iloc[0], "95 % interval", "n", "rounds", ""], [])
        for row in rows.itertuples():
            numbers = number(row.mean), _span(row.low, row.high), str(row.n), f"{row.rounds:,}"
            listing.rows.append([in_words(json.loads(row.values)), *numbers, "chosen" if row.chosen else ""])
        yield listing


def _values(tuned: str, candidates: int) -> str:
    return f"{in_words(json.loads(tuned))} of {candidates}" if candidates else "no"


def print_comparison(table: pd.DataFrame) -> None:
    """Print paired differences, a row an environment and pair."""
    for listing in compared(table):
        _print(listing)


def compared(table: pd.DataFrame) -> Iterator[Listing]:
    """Yield what `print_comparison` prints, of a table of `Result.compare`."""
    for (environment, x, name), rows in table.groupby(["environment", "x", "metric"], sort=False):
        title = f"{environment}: {name} after {x:,} rounds, paired differences"
        listing = Listing(title, ["a - b", "mean", "95 % interval", "p (Holm)", "a < b, %", "corr.", "n"], [])
        for row in rows.itertuples():
            share = f"{100 * row.wins:.0f} ({100 * row.wins_low:.0f}-{100 * row.wins_high:.0f})"
            correlation = "-" if math.isnan(row.correlation) else f"{row.correlation:.2f}"
            cells = (number(row.difference), _span(row.low, row.high), _p(row.p_holm), share, correlation)
            listing.rows.append([f"{row.a} - {row.b}", *cells, str(row.n)])
        yield listing


def print_ranks(table: pd.DataFrame) -> None:
    """Print policies over all environments of each game, best first."""
    for (game, name), rows in table.groupby(["game", "metric"], sort=False):
        first = rows.iloc[0]
        title = f"{game}: {name} over {first.environments} environments, at least {first.n} replications each"
        listing = Listing(title, ["policy", "score", "95 %", "rank", "95 %", "beats next, %"], [])
        for row in rows.itertuples():
            share = f"{100 * row.better:.0f} ({100 * row.better_low:.0f}-{100 * row.better_high:.0f})"
            beats = "-" if math.isnan(row.better) else share
            spans = f"{number(row.score_low)}-{number(row.score_high)}", f"{row.rank_low:.2f}-{row.rank_high:.2f}"
            listing.rows.append([row.policy, number(row.score), spans[0], f"{row.rank:.2f}", spans[1], beats])
        _print(listing)
        console().print(f"score: interquartile mean, relative to {first.level}; less is better")
    console().print("rank: mean over environments and replications")
    console().print("beats next: how often a run has less than one of the policy below it")
    console().print("95 %: stratified bootstrap of replications, within environments")


def number(value: float) -> str:
    """Write a number with three digits, or without decimals from a thousand on; "-" for nan."""
    if math.isnan(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _span(low: float, high: float) -> str:
    return "-" if math.isnan(low) else f"{number(low)} .. {number(high)}"


def _slope(row: Any) -> str:
    if row is None or math.isnan(row.exponent):
        return "-"
    return f"{row.exponent:.2f} ({row.low:.2f} .. {row.high:.2f})"


def _p(value: float) -> str:
    return f"{value:.2g}" if value >= 0.001 else "< 0.001"


VERDICT_TEXTS = {
    "changed": "changed",
    "first only": "only in the first folder",
    "second only": "only in the second folder",
    "wrong": "OTHER NUMBERS OF THE SAME WORK",
}


def print_differences(found: list[Difference]) -> None:
    """Print each cell that differs between two folders, why, and its means; then how many are the same."""
    for one in found:
        if one.verdict == "same" and not one.reasons:
            continue
        means = [number(mean) for mean in one.means]
        console().print(f"{one.title}: {VERDICT_TEXTS.get(one.verdict, 'same numbers')}", style="bold", soft_wrap=True)
        for reason in one.reasons:
            console().print(f"    {reason}", soft_wrap=True)
        if one.verdict in ("changed", "wrong"):
            console().print(f"    mean {one.metric} at the last round: {means[0]} -> {means[1]}")
    same = sum(one.verdict == "same" for one in found)
    console().print(
        f"{same:,} of {len(found):,} cells have the same numbers in the replications that both folders have"
    )


def print_findings(found: Iterable[Finding]) -> bool:
    """Print what the doctor finds, as it finds it; return whether anything fails."""
    failed = False
    for one in found:
        console().print(f"{one.verdict:<5}  {one.what:<10}  ", end="")
        console().print(textwrap.fill(one.text, 60).replace("\n", "\n" + " " * 19), soft_wrap=True)
        failed = failed or one.verdict == "fails"
    return failed


FEW = 3  #: numbers of a list, and scores, that a table shows


def print_watched(cell: Cell, replication: int, rounds: range, seen: Iterable[Watched], metric: str) -> None:
    """Print rounds of a replication, a row each; columns without any entry are left out."""
    found = list(seen)
    sums = metric_of(cell.game, metric).cumulative
    names = sorted({one.scores[0] for one in found} - {""})
    heads = ["round", "shown", *(f"{name} by arm" for name in names)]
    rows = [
        {
            "round": str(one.round),
            "shown": "; ".join(map(_brief, one.shown)),
            **{f"{name} by arm": _ranked(one) for name in names if one.scores[0] == name},
            **{name: _whole(value) for name, value in (one.played | one.answered).items()},
            "heard": _heard(one) if cell.world.channel else "",
            f"{'+ ' * sums}{metric}": _brief(one.added),
            "learnt": _learnt(one),
        }
        for one in found
    ]
    columns = list(dict.fromkeys([*heads, *(key for row in rows for key in row)]))
    shown = Table(box=None, pad_edge=False)
    kept = [key for key in columns if any(row.get(key) for row in rows)]
    for key in kept:
        shown.add_column(
            key, overflow="fold", justify="left" if key in ("shown", "heard", "learnt", *heads[2:]) else "right"
        )
    for row in rows:
        shown.add_row(*(row.get(key, "") for key in kept))
    console().print(f"{cell.title}, replication {replication}", style="bold")
    console().print(shown)
    if len(found) < len(rounds):
        console().print(f"the policy stopped before round {rounds.start + len(found)}")


def _whole(value: Any) -> str:
    """Write what was played or answered: of sets and of what was seen of their parts, nothing is left out."""
    if isinstance(value, dict):
        return ", ".join(f"{place}: {_brief(number)}" for place, number in value.items())
    if isinstance(value, list) and all(type(number) is int for number in value):
        return " ".join(map(str, value))
    return _brief(value)


def _brief(value: Any) -> str:
    if isinstance(value, list | np.ndarray):
        more = " ..." if len(value) > FEW else ""
        return " ".join(map(_brief, value[:FEW])) + more
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return "-" if value is None or value != value else f"{value:.3g}"  # noqa: PLR0124 (nan)


def _heard(one: Watched) -> str:
    return "; ".join(", ".join(map(_brief, call.values())) for call in one.heard) or "-"


def _ranked(one: Watched) -> str:
    """Write the scores from the one that was played on: from the largest, or from the least."""
    _, values = one.scores
    largest = max(values.values()) in [values.get(arm) for arm in one.played.values() if type(arm) is int]
    order = sorted(values, key=values.get, reverse=largest)
    return ", ".join(f"{arm}: {values[arm]:.4g}" for arm in order[:FEW]) + (", ..." if len(order) > FEW else "")


def _learnt(one: Watched) -> str:
    texts = []
    for name, places in one.learnt.items():
        if len(places) > FEW:
            texts.append(f"{name} ({len(places)} numbers)")
        texts += [
            f"{name}{list(place) if place else ''} {_brief(value)}"
            for place, value in places.items()
            if len(places) <= FEW
        ]
    return ", ".join(texts[: 2 * FEW]) + (", ..." if len(texts) > 2 * FEW else "")


MOST = 40  #: cells of which each has a line
VERDICTS = {"open": "open", "reached": "reached", "at-most": "not reached", "failed": "none finished"}


def print_status(found: Status) -> None:
    """Print how far a results folder is: a line for each cell that is not done, and what is wrong with it."""
    open_ = [one for one in found.cells if one.done < one.wanted]
    precise = isinstance(found.replications, Precision)
    shown = Table(box=None, pad_edge=False)
    shown.add_column("cell", overflow="fold")
    for column in ("rounds", "done", "missing", "failed", *["precision"] * precise):
        shown.add_column(column, justify="right")
    for one in found.cells if len(found.cells) <= MOST else open_[:MOST]:
        numbers = f"{one.cell.horizon:,}", f"{one.done:,}", f"{one.missing:,}", f"{len(one.failed):,}"
        shown.add_row(one.cell.title, *numbers, *[VERDICTS.get(one.stand.verdict)] * precise)
    console().print(shown, "")
    done, wanted = sum(one.done for one in found.cells), sum(one.wanted for one in found.cells)
    running = "; a run is under way" if found.running else ""
    more = any(one.wanted < one.most for one in open_)
    console().print(
        f"{found.name}: {done:,} of {'at least ' * more}{wanted:,} replications of {len(found.cells):,} cells are done"
        f"{running}"
    )
    if precise:
        reached, n = sum(one.stand.verdict == "reached" for one in found.cells), found.replications.at_most
        width = found.replications.relative_half_width
        console().print(f"{reached:,} have a relative half width of at most {width:g}; at most {n:,} replications each")
    if len(open_) > MOST < len(found.cells):
        console().print(f"{len(open_) - MOST:,} more cells are not done")
    for line in _state(found, open_):
        console().print(line)


def _state(found: Status, open_: list[CellStatus]) -> Iterator[str]:
    for one in open_[:MOST]:
        for message in dict.fromkeys(one.failed.values()):
            of = sorted(number for number, said in one.failed.items() if said == message)
            yield f'failed: {one.cell.title}: {message}; see it by --only "{one.cell.title}:{of[0]}"'
    for damage in found.damages:
        yield f"damaged: {damage}"
    for title, number in found.stale.items():
        yield f"stale: {number:,} replications of {title}: of other parameters, or of earlier code"
    known = [one for one in open_ if one.seconds is not None]
    if known:
        least = sum((one.wanted - one.done) * one.seconds for one in known)
        most = sum((one.most - one.done) * one.seconds for one in known)
        yield f"the rest of {len(known)} cells: {between(duration(least), duration(most))} on one core"
    if len(known) < len(open_):
        yield f"{len(open_) - len(known)} cells were never finished once: run --dry-run measures them"


def between(low: str, high: str) -> str:
    """Write a range, or what both of its ends are."""
    return low if low == high else f"{low} to {high}"


def duration(seconds: float) -> str:
    """Write a time in the unit that suits it."""
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s" if seconds >= 0.1 else "under 0.1 s"
