"""A certificate for a policy: measured, not promised.

It is played on a small reference environment of its game, against uniform play, against the slow transcription of its
paper, over many rounds for the growth of its regret, with relabelled arms, and for the contracts of every policy.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import threadpoolctl

from banditlab import registry
from banditlab.analysis import statistics
from banditlab.checks.contracts import contracts
from banditlab.checks.findings import Finding
from banditlab.checks.pairs import cell_of, finals, pair_of, play, reference_for, settings_of
from banditlab.checks.replay import follow, run
from banditlab.checks.transcriptions import NONE, Transcription, transcription_of
from banditlab.registry import ORDERS, Kind
from banditlab.runs.grid import Cell
from banditlab.runs.pair import check, measure_rate
from banditlab.validation import build

#: Players that are no algorithms: they are not asked to learn.
REFERENCE_PLAYERS = frozenset({"uniform", "fixed", "oracle", "greedy"})
#: By how much less regret than uniform play a policy must have to be told from it, as a share of uniform play's.
MARGIN = 0.05
CONFIDENCE = 0.999  #: of each statistical check: a whole table of them should raise no false alarm
SEED = 2026


@dataclass(frozen=True)
class Size:
    """How much is played."""

    horizon: int  #: rounds against uniform play and for growth; more where they are too few to tell
    longest: int  #: most rounds
    replications: int
    cases: int | None  #: of the transcription; None for all
    transcribed: int | None  #: rounds of each case; None for as many as it says


FULL = Size(horizon=10_000, longest=1_000_000, replications=100, cases=None, transcribed=None)
FAST = Size(horizon=1_000, longest=100_000, replications=50, cases=1, transcribed=100)


@dataclass(frozen=True)
class Verification:
    """What was measured of a policy.

    Attributes
    ----------
    name : str
        game/kind.
    environment : str
        What it was played in.
    findings : list of Finding
    rate : float
        Rounds per second there, on one core; nan where it could not be played.
    """

    name: str
    environment: str
    findings: list[Finding]
    rate: float

    @property
    def holds(self) -> bool:
        """Whether no check failed."""
        return all(finding.verdict != "fails" for finding in self.findings)

    def said(self, check: str) -> Finding:
        """Return the finding of a check; one that says nothing where it was not made."""
        return next((finding for finding in self.findings if finding.check == check), Finding(check, "none", "-"))


def verify(
    policy: str | Kind,
    parameters: Mapping[str, Any] | None = None,
    *,
    transcription: Transcription = NONE,
    environment: Any = None,
    size: Size = FULL,
) -> Verification:
    """Measure a registered policy.

    Parameters
    ----------
    policy : str or Kind
        A kind, or game/kind.
    parameters : mapping, optional
        Of the policy.
    transcription : Transcription, optional
        The slow transcription of its paper, and the cases to compare.
    environment : instance of a registered class, optional
        By default the reference environment of its game.
    size : Size
        How much is played: FULL, or FAST for a test-suite.

    Raises
    ------
    UserError
        No such policy or parameter; no environment gives what it needs.
    """
    kind = policy if isinstance(policy, Kind) else registry.find("policy", policy)
    instance = build(kind, parameters or {}, f"policy {kind.name!r}")
    environment = environment or reference_for(kind)
    cell = cell_of(environment, instance, size.horizon)
    check(cell, settings_of(SEED))
    findings = list(contracts(dataclasses.replace(cell, horizon=min(200, size.horizon))))
    rate = math.nan
    if findings[0].verdict == "holds":
        rate = measure_rate(pair_of(cell), cell, settings_of(SEED))
        learning, cell = _learning(cell, size)
        findings += [*learning, *_relabelled(cell, size), *_errors(cell, size)]
    findings += _transcribed(kind, transcription, size)
    return Verification(kind.title, repr(environment), findings, rate)


def verify_all(
    kinds: Sequence[Kind], parameters: Mapping[str, Any], *, folder: str | Path, size: Size = FULL, jobs: int = -1
) -> Iterator[Verification]:
    """Measure policies, each in a process of its own, and yield them in order; `folder` holds their transcriptions.

    Raises
    ------
    UserError
        As of `verify`.
    """
    names = [kind.title for kind in kinds]
    if len(kinds) == 1 or jobs == 1:
        yield from (_verify_one(name, parameters, folder, size) for name in names)
        return
    calls = (joblib.delayed(_verify_there)(tuple(registry.plugins), name, parameters, folder, size) for name in names)
    yield from joblib.Parallel(jobs, return_as="generator")(calls)


def _verify_one(name: str, parameters: Mapping[str, Any], folder: str | Path, size: Size) -> Verification:
    transcription = transcription_of(registry.find("policy", name), folder)
    return verify(name, parameters, transcription=transcription, size=size)


def _verify_there(files: tuple[str, ...], *arguments: Any) -> Verification:
    for file in files:
        if file not in registry.plugins:
            registry.load_plugin(file)
    with threadpoolctl.threadpool_limits(1):
        return _verify_one(*arguments)


def _learning(cell: Cell, size: Size) -> tuple[list[Finding], Cell]:
    """Compare with uniform play, and measure growth: over ten times the rounds while they are too few to tell."""
    while True:
        findings = [_against_uniform(cell, size), _growth(cell, size)]
        told = all(finding.verdict != "fails" for finding in findings)
        longer = dataclasses.replace(cell, horizon=10 * cell.horizon)
        if told or longer.horizon > size.longest:
            return findings, cell
        cell = longer


def _against_uniform(cell: Cell, size: Size) -> Finding:
    uniform = registry.find("policy", "uniform", cell.game).cls()
    base = finals(play(cell_of(cell.world.instance, uniform, cell.horizon), size.replications, SEED))
    own = finals(play(cell, size.replications, SEED))
    found = statistics.interval(own - base, CONFIDENCE)
    ratio = f"{own.mean() / base.mean():.2f} of uniform play's {cell.metrics[0]} after {cell.horizon:,} rounds"
    if cell.player.kind.name in REFERENCE_PLAYERS:
        return Finding("uniform play", "none", f"{ratio} (a reference player)")
    if found.high < -MARGIN * base.mean():
        return Finding("uniform play", "holds", ratio)
    if found.low > MARGIN * base.mean():
        return Finding("uniform play", "fails", f"worse than uniform play: {ratio}")
    return Finding("uniform play", "fails", f"indistinguishable from uniform play: {ratio}")


def _growth(cell: Cell, size: Size) -> Finding:
    """Compare the growth exponent with the order that the paper proves: it fails where linear growth is nearer."""
    orders = [(name, order) for name, order in cell.player.kind.growth.items() if name in cell.metrics]
    if not orders:
        said = "the policy states no order" if not cell.player.kind.growth else "for no metric of this environment"
        return Finding("growth", "none", said)
    name, order = orders[0]
    tuned = "horizon" in check(cell, settings_of(SEED)).told
    found = _exponent(cell, size, cell.metrics.index(name), tuned)
    over = f"{'over horizons' if tuned else 'over rounds'} up to {cell.horizon:,}"
    if math.isnan(found.exponent):
        return Finding("growth", "none", f"no {name} to speak of {over}")
    text = f"{found.exponent:.2f} [{found.low:.2f}, {found.high:.2f}] {over} for {order} ({name})"
    if order == "T" or found.low <= (ORDERS[order] + 1) / 2:
        return Finding("growth", "holds", text)
    return Finding("growth", "fails", f"{text}: nearer to linear growth")


def _exponent(cell: Cell, size: Size, column: int, tuned: bool) -> statistics.Growth:
    """Fit over the last decade of rounds; over separate horizons for a policy that was told its own."""
    if not tuned:
        curves = play(cell, size.replications, SEED)
        values = np.stack([curve.values[:, column] for curve in curves])
        return statistics.growth(curves[0].rounds, values, None, CONFIDENCE)
    horizons = [max(2, cell.horizon // 16), max(3, cell.horizon // 4), cell.horizon]
    cells = [dataclasses.replace(cell, horizon=horizon) for horizon in horizons]
    values = np.stack([finals(play(one, size.replications, SEED), column) for one in cells], axis=1)
    return statistics.growth(horizons, values, (horizons[0], horizons[-1]), CONFIDENCE)


def _relabelled(cell: Cell, size: Size) -> Iterator[Finding]:
    """Play with the arms in reverse order: the law of the regret must not change."""
    world = cell.world.instance
    names = [name for name in ("means", "utilities") if isinstance(getattr(world, name, None), list)]
    if not names or cell.player.kind.name in REFERENCE_PLAYERS:
        yield Finding("arm labels", "none", "the environment has no labels that could be exchanged")
        return
    reverse = dataclasses.replace(world, **{names[0]: getattr(world, names[0])[::-1]})
    horizon, runs = cell.horizon, 2 * size.replications
    one, other = (
        finals(play(cell_of(place, cell.player.instance, horizon), runs, seed))
        for place, seed in ((world, SEED), (reverse, SEED + 1))
    )
    difference, error = other.mean() - one.mean(), math.sqrt((one.var(ddof=1) + other.var(ddof=1)) / runs)
    uniform = registry.find("policy", "uniform", cell.game).cls()
    scale = finals(play(cell_of(world, uniform, horizon), size.replications, SEED)).mean()
    text = f"{cell.metrics[0]} {one.mean():.3g} and, with the arms in reverse order, {other.mean():.3g}"
    moved = abs(difference) > 4 * error and abs(difference) > MARGIN * scale
    yield Finding("arm labels", "fails" if moved else "holds", text)


def _errors(cell: Cell, size: Size) -> Iterator[Finding]:
    """Count how often a policy that stops by itself recommends a wrong arm, against the delta that it was given."""
    delta = getattr(cell.player.instance, "delta", None)
    if not {"error-rate", "sample-complexity"} <= set(cell.metrics) or not isinstance(delta, float):
        return
    from scipy.stats import binomtest

    runs = 2 * size.replications
    curves = play(cell, runs, SEED)
    stopped = finals(curves, cell.metrics.index("sample-complexity")) < cell.horizon
    ended, wrong = int(stopped.sum()), int(finals(curves, cell.metrics.index("error-rate"))[stopped].sum())
    text = f"{wrong} of {ended} recommendations wrong (delta = {delta:g}); {runs - ended} unfinished"
    if not ended:
        yield Finding("errors", "none", text)
        return
    p = binomtest(wrong, ended, delta, alternative="greater").pvalue
    yield Finding("errors", "fails" if p < 1 - CONFIDENCE else "holds", text)


def _transcribed(kind: Kind, transcription: Transcription, size: Size) -> Iterator[Finding]:
    if transcription.cls is None:
        yield Finding("transcription", "none", "none found")
        return
    decisions = 0
    for environment, horizon, parameters in transcription.cases[: size.cases]:
        policy = kind.cls(**parameters)
        done = run(environment, policy, min(horizon, size.transcribed or horizon), SEED)
        mismatches, _ = follow(done, transcription.cls, policy, SEED)
        if mismatches:
            t, said, did = mismatches[0]
            where = f"round {t} of {environment!r}" + (f" with {parameters}" if parameters else "")
            text = f"differs from the paper: {did} for {said} in {where}"
            yield Finding("transcription", "fails", text)
            return
        decisions += len(done.actions)
    yield Finding("transcription", "holds", f"{decisions:,} decisions agree")
