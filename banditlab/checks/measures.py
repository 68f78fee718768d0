"""What is measured of a policy in one environment, and decided by statistics."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from banditlab import registry
from banditlab.analysis import statistics
from banditlab.checks.findings import Finding
from banditlab.checks.pairs import cell_of, finals, place_of, play, settings_of
from banditlab.registry import ORDERS, REFERENCE_PLAYERS
from banditlab.runs.grid import Cell
from banditlab.runs.pair import Curve, check

#: By how much less regret than uniform play a policy must have to be told from it, and how much the order of the arms
#: may change it, as shares of uniform play's.
MARGIN = 0.05
CONFIDENCE = 0.999  #: of each decision: a whole table of them should raise no false alarm
SEED = 2026


@dataclass(frozen=True)
class Size:
    """How much is played."""

    horizon: int  #: rounds against uniform play and for growth; more where they are too few to tell
    longest: int  #: most rounds
    replications: int
    cases: int | None  #: of the transcription; None for all
    transcribed: int | None  #: rounds of each case; None for as many as it says


FULL = Size(horizon=10_000, longest=100_000, replications=100, cases=None, transcribed=None)
FAST = Size(horizon=1_000, longest=100_000, replications=50, cases=1, transcribed=100)


class Played:
    """The curves that the measures of a policy share, each replication played once."""

    def __init__(self) -> None:
        self._curves: dict[tuple, list[Curve]] = {}

    def __call__(self, cell: Cell, replications: int, seed: int = SEED) -> list[Curve]:
        """Return the first replications of a cell."""
        done = self._curves.setdefault((place_of(cell), seed), [])
        if len(done) < replications:
            done += play(cell, range(len(done), replications), seed)
        return done[:replications]


def measures(cell: Cell, size: Size, *, by_default: bool) -> Iterator[Finding]:
    """Yield the findings on learning, growth, labels and errors.

    by_default : whether the policy has its default parameters, for which its paper's order is declared
    """
    played = Played()
    while True:
        against, growth = _against_uniform(cell, size, played), _growth(cell, size, played, by_default)
        longer = dataclasses.replace(cell, horizon=10 * cell.horizon)
        told = "fails" not in (against.verdict, growth.verdict)
        if told or longer.horizon > size.longest:  # otherwise these may be too few rounds to tell
            break
        cell = longer
    yield against
    yield growth
    yield _relabelled(cell, size, played)
    yield from _errors(cell, size, played)


def _uniform(cell: Cell, horizon: int) -> Cell:
    return cell_of(cell.world.instance, registry.find("policy", "uniform", cell.game).cls(), horizon)


# --- against uniform play -----------------------------------------------------------------------------------------


def _against_uniform(cell: Cell, size: Size, played: Played) -> Finding:
    if "sample-complexity" in cell.metrics:  # who stops has little regret, whatever it learned
        return _recommending(cell, size, played)
    base = finals(played(_uniform(cell, cell.horizon), size.replications))
    own = finals(played(cell, size.replications))
    if base.mean() == 0:
        return Finding("uniform play", "none", f"uniform play has no {cell.metrics[0]} here")
    found = statistics.interval((own - base) / base.mean(), CONFIDENCE)
    low, high = 1 + found.low, 1 + found.high
    text = f"{own.mean() / base.mean():.2f} of uniform play's {cell.metrics[0]} after {cell.horizon:,} rounds"
    if cell.player.kind.name in REFERENCE_PLAYERS:
        return Finding("uniform play", "none", f"{text} (a reference player)")
    if high < 1 - MARGIN:
        return Finding("uniform play", "holds", text)
    if low > 1 + MARGIN:
        return Finding("uniform play", "fails", f"worse than uniform play: {text}")
    telling = "indistinguishable" if high - low < 4 * MARGIN else "not yet to be told"
    return Finding("uniform play", "fails", f"{telling} from uniform play: {text} [{low:.2f}, {high:.2f}]")


def _recommending(cell: Cell, size: Size, played: Played) -> Finding:
    """Compare recommendations with those of uniform play of as many rounds."""
    from scipy.stats import fisher_exact

    if "error-rate" not in cell.metrics:
        return Finding("uniform play", "none", "it stops, and recommends no arm")
    runs = 2 * size.replications
    curves = played(cell, runs)
    rounds = math.ceil(finals(curves, cell.metrics.index("sample-complexity")).mean())
    other = _uniform(cell, max(1, rounds))
    wrong = int(finals(curves, cell.metrics.index("error-rate")).sum())
    base = int(finals(played(other, runs), other.metrics.index("error-rate")).sum())
    text = f"{wrong} of {runs} recommendations wrong after {rounds:,} rounds, of uniform play {base}"
    table = [[wrong, runs - wrong], [base, runs - base]]
    if fisher_exact(table, alternative="greater").pvalue < 1 - CONFIDENCE:
        return Finding("uniform play", "fails", f"worse than uniform play: {text}")
    if fisher_exact(table, alternative="less").pvalue < 1 - CONFIDENCE:
        return Finding("uniform play", "holds", text)
    return Finding("uniform play", "none", f"{text}: too alike to tell")


# --- growth -------------------------------------------------------------------------------------------------------


def _growth(cell: Cell, size: Size, played: Played, by_default: bool) -> Finding:
    """Compare the growth exponent with the order that the paper proves: it fails where linear growth is nearer."""
    kind = cell.player.kind
    orders = [(name, order) for name, order in kind.growth.items() if name in cell.metrics]
    if not orders or not by_default:
        stated = "it is stated for other parameters" if orders else "it is stated for no metric that is kept here"
        return Finding("growth", "none", stated if kind.growth else "the policy states no order")
    name, order = orders[0]
    tuned = "horizon" in check(cell, settings_of(SEED)).told
    found = _exponent(cell, size, played, cell.metrics.index(name), tuned)
    over = f"{'over horizons' if tuned else 'over rounds'} up to {cell.horizon:,}"
    if math.isnan(found.exponent):
        return Finding("growth", "none", f"no {name} to speak of {over}")
    text = f"{found.exponent:.2f} [{found.low:.2f}, {found.high:.2f}] {over} for {order} ({name})"
    if found.low > (ORDERS[order] + 1) / 2:
        return Finding("growth", "fails", f"{text}: nearer to linear growth")
    if found.high >= 1:
        return Finding("growth", "none", f"{text}: too uncertain to tell")
    return Finding("growth", "holds", text)


def _exponent(cell: Cell, size: Size, played: Played, column: int, tuned: bool) -> statistics.Growth:
    """Fit over the last decade of rounds; over separate horizons for a policy that was told its own."""
    if not tuned:
        curves = played(cell, size.replications)
        values = np.stack([curve.values[:, column] for curve in curves])
        return statistics.growth(curves[0].rounds, values, None, CONFIDENCE)
    horizons = [max(2, cell.horizon // 16), max(3, cell.horizon // 4), cell.horizon]
    cells = [dataclasses.replace(cell, horizon=horizon) for horizon in horizons]
    values = np.stack([finals(played(one, size.replications), column) for one in cells], axis=1)
    return statistics.growth(horizons, values, (horizons[0], horizons[-1]), CONFIDENCE)


# --- labels, and recommendations ----------------------------------------------------------------------------------


def _relabelled(cell: Cell, size: Size, played: Played) -> Finding:
    """Play with the arms in reverse order: the law of the regret must not change."""
    world = cell.world.instance
    names = [name for name in ("means", "utilities") if isinstance(getattr(world, name, None), list)]
    if cell.player.kind.name in REFERENCE_PLAYERS:
        return Finding("arm labels", "none", "a reference player")
    if not names:
        return Finding("arm labels", "none", "the environment has no labels that could be exchanged")
    reverse = dataclasses.replace(world, **{names[0]: getattr(world, names[0])[::-1]})
    runs = 2 * size.replications
    one = finals(played(cell, runs))
    other = finals(played(cell_of(reverse, cell.player.instance, cell.horizon), runs, SEED + 1))
    difference, error = other.mean() - one.mean(), math.sqrt((one.var(ddof=1) + other.var(ddof=1)) / runs)
    scale = finals(played(_uniform(cell, cell.horizon), size.replications)).mean()
    moved = abs(difference) > 4 * error and abs(difference) > MARGIN * scale
    text = f"{cell.metrics[0]} {one.mean():.3g} and, with the arms in reverse order, {other.mean():.3g}"
    return Finding("arm labels", "fails" if moved else "holds", text)


def _errors(cell: Cell, size: Size, played: Played) -> Iterator[Finding]:
    """Count how often a policy that stops by itself recommends a wrong arm, against the delta that it was given."""
    from scipy.stats import binomtest

    delta = getattr(cell.player.instance, "delta", None)
    if not {"error-rate", "sample-complexity"} <= set(cell.metrics) or not isinstance(delta, float):
        return
    runs = 2 * size.replications
    curves = played(cell, runs)
    stopped = finals(curves, cell.metrics.index("sample-complexity")) < cell.horizon
    ended, wrong = int(stopped.sum()), int(finals(curves, cell.metrics.index("error-rate"))[stopped].sum())
    text = f"{wrong} of {ended} wrong (delta = {delta:g})" + (f", {runs - ended} unfinished" if ended < runs else "")
    if not ended:
        yield Finding("errors", "none", text)
        return
    p = binomtest(wrong, ended, delta, alternative="greater").pvalue
    yield Finding("errors", "fails" if p < 1 - CONFIDENCE else "holds", text)
