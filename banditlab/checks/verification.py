"""A certificate for a policy: measured, not promised.

It is played on a small reference environment of its game, against uniform play, against the slow transcription of its
paper, over many rounds for the growth of its regret, with relabelled arms, and for the contracts of every policy.
"""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import threadpoolctl

from banditlab import registry
from banditlab.checks.contracts import contracts
from banditlab.checks.findings import Finding
from banditlab.checks.measures import FULL, SEED, Size, measures
from banditlab.checks.pairs import cell_of, pair_of, reference_for, settings_of
from banditlab.checks.replay import follow, run
from banditlab.checks.transcriptions import NONE, Transcription, transcription_of
from banditlab.errors import UserError
from banditlab.registry import Kind
from banditlab.runs.grid import Cell
from banditlab.runs.pair import check, measure_rate
from banditlab.validation import build
from banditlab.validation import parameters as parameters_of


@dataclass(frozen=True)
class Verification:
    """What was measured of a policy.

    Attributes
    ----------
    name : str
        game/kind.
    environment : str
        What it was played in; empty where there is none.
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
        No such policy or parameter; no environment gives what it needs; it cannot be started there.
    """
    kind = policy if isinstance(policy, Kind) else registry.find("policy", policy)
    instance = build(kind, parameters or {}, f"policy {kind.name!r}")
    environment = environment or reference_for(instance)
    cell = cell_of(environment, instance, size.horizon)
    check(cell, settings_of(SEED))
    rate, findings = _played(cell, size, by_default=not parameters)
    findings += _transcribed(kind, transcription, size, by_default=not parameters)
    return Verification(kind.title, _brief(environment), findings, rate)


def verify_all(
    kinds: Sequence[Kind], parameters: Mapping[str, Any], *, folder: str | Path, size: Size = FULL, jobs: int = 1
) -> Iterator[Verification]:
    """Measure policies, each in a process of its own, and yield them in order; `folder` holds their transcriptions.

    Raises
    ------
    UserError
        As of `verify`, for one policy; of several, one that cannot be measured does not keep the others from it.
    """
    if len(kinds) == 1:
        yield verify(kinds[0], parameters, transcription=transcription_of(kinds[0], folder), size=size)
        return
    names, files = [kind.title for kind in kinds], tuple(registry.plugins)
    calls = (joblib.delayed(_verify_there)(files, name, folder, size) for name in names)
    with warnings.catch_warnings():
        # each compiled loop stays in memory, for which joblib now and then replaces a worker
        warnings.filterwarnings("ignore", "A worker stopped", UserWarning)
        yield from joblib.Parallel(jobs, return_as="generator")(calls)


def _verify_there(files: tuple[str, ...], name: str, folder: str | Path, size: Size) -> Verification:
    for file in files:
        if file not in registry.plugins:
            registry.load_plugin(file)
    kind = registry.find("policy", name)
    try:
        with threadpoolctl.threadpool_limits(1):
            return verify(kind, transcription=transcription_of(kind, folder), size=size)
    except UserError as error:
        return Verification(name, "", [Finding("plays", "fails", str(error))], math.nan)


def _played(cell: Cell, size: Size, *, by_default: bool) -> tuple[float, list[Finding]]:
    """Return rounds per second, and what playing shows; a policy that raises on the way fails."""
    rate, findings = math.nan, []
    try:
        findings += contracts(dataclasses.replace(cell, horizon=min(200, size.horizon)))
        if findings[0].verdict == "holds":
            rate = measure_rate(pair_of(cell), cell, settings_of(SEED))
            findings += measures(cell, size, by_default=by_default)
    except Exception as error:  # of a user's own policy
        findings.append(Finding("plays on", "fails", _said(error)))
    return rate, findings


def _brief(environment: Any) -> str:
    """Return an environment with the parameters that it was given."""
    given = [f"{name}={value!r}" for name, value in parameters_of(environment).items() if value is not None]
    return f"{type(environment).__name__}({', '.join(given)})"


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"


def _transcribed(kind: Kind, transcription: Transcription, size: Size, *, by_default: bool) -> Iterator[Finding]:
    if transcription.cls is None:
        yield Finding("transcription", "none", f"none, no {transcription.file}" if transcription.file else "none given")
        return
    decisions, others = 0, "" if by_default else ", with the parameters of its cases"
    for environment, horizon, parameters in transcription.cases[: size.cases]:
        place = _brief(environment) + (f" with {parameters}" if parameters else "")
        try:
            policy = kind.cls(**parameters)
            done = run(environment, policy, min(horizon, size.transcribed or horizon), SEED)
            mismatches, _ = follow(done, transcription.cls, policy, SEED)
        except Exception as error:  # of the transcription, or of the policy in its cases
            yield Finding("transcription", "fails", f"{_said(error)} in {place}")
            return
        for t, said, did in mismatches:
            yield Finding(
                "transcription", "fails", f"the policy says {did}, its transcription {said}, in round {t} of {place}"
            )
            return
        decisions += len(done.actions)
    yield Finding("transcription", "holds", f"{decisions:,} decisions agree{others}")
