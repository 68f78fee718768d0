"""What tuned policies were tried as, what it cost, and what a reader should know of it."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from banditlab.analysis import statistics
from banditlab.analysis.cells import CellResult
from banditlab.analysis.statistics import Array
from banditlab.registry import REFERENCE_PLAYERS
from banditlab.runs import provenance
from banditlab.runs.sweeps import in_words

if TYPE_CHECKING:
    from banditlab.analysis.results import Result

MOST = 10  #: cells that have a line


class Trial(NamedTuple):
    """A candidate of the policy of a cell."""

    cell: CellResult  #: that the policy was tuned for
    number: int  #: of the candidate, from 0
    values: dict[str, Any]  #: of the parameters that were searched
    metric: str
    finals: Array  #: (n,), of the replications that finished
    cpu: float  #: seconds, nan where no run noted them

    @property
    def is_chosen(self) -> bool:
        """Whether the policy was evaluated with these values."""
        return self.values == self.cell.searched

    @property
    def rounds(self) -> int:
        """Rounds that were played for it."""
        return len(self.finals) * self.cell.horizon


def trials_of(result: Result) -> list[Trial]:
    """Return the candidates of all tuned policies, as far as their trials are there."""
    if result.trials is None:
        return []
    cells = [*result.trials.cells, *result.trials.missing]
    played = {(one.environment, one.policy, one.horizon): one for one in cells}
    cpu, found = _cpu(result.trials.folder), []
    for cell in tuned(result):
        for number, values in enumerate(cell.tuned.candidates):
            trial = played.get((cell.environment, cell.tuned.label(cell.policy, values), cell.horizon))
            if trial is not None:
                metric = result.trials.default_metric(trial)
                wanted = trial.replications < cell.tuned.replications
                finals = trial.final(metric)[wanted] if len(wanted) else np.empty(0)
                chosen = dict(zip(cell.tuned.names, values, strict=True))
                found.append(Trial(cell, number, chosen, metric, finals, cpu.get(trial.key, math.nan)))
    return found


def table(result: Result) -> pd.DataFrame:
    """Return a row a trial; see `Result.tuning`."""
    rows = []
    for trial in trials_of(result):
        found = statistics.interval(trial.finals) if len(trial.finals) else None
        rows.append(
            {
                "environment": trial.cell.environment,
                "policy": trial.cell.policy,
                "horizon": trial.cell.horizon,
                "candidate": trial.number,
                "values": json.dumps(trial.values),
                "metric": trial.metric,
                **{name: getattr(found, name, math.nan) for name in ("mean", "low", "high")},
                "n": len(trial.finals),
                "chosen": trial.is_chosen,
                "rounds": trial.rounds,
                "cpu": trial.cpu,
            }
        )
    return pd.DataFrame(rows)


def tuned(result: Result) -> list[CellResult]:
    """Return the cells whose policy was tuned."""
    return [cell for cell in [*result.cells, *result.missing] if cell.tuned]


def lines(result: Result) -> list[str]:
    """Return what goes with every table of tuned policies: how they were tuned, what it cost, and what to mind."""
    cells = tuned(result)
    if not cells:
        return []
    trials, others = trials_of(result), [cell for cell in result.cells if not cell.tuned]
    found = [f"tuned: {_said(policy, cells, trials)}" for policy in dict.fromkeys(cell.policy for cell in cells)]
    left = [cell for cell in others if cell.parameters["policy"] and cell.kinds["policy"] not in REFERENCE_PLAYERS]
    if left:
        names = ", ".join(dict.fromkeys(cell.policy for cell in left))
        found.append(f"note: not tuned, though they have parameters: {names}")
    edges = [line for cell in cells for line in _edges(cell)]
    return found + [f"note: {line}" for line in [*edges[:MOST], *[*_unfinished(trials)][:MOST]]]


def _said(policy: str, cells: list[CellResult], trials: list[Trial]) -> str:
    """Return how a policy was tuned, and what it cost."""
    own, mine = [cell for cell in cells if cell.policy == policy], [one for one in trials if one.cell.policy == policy]
    sizes = sorted({len(cell.tuned.candidates) for cell in own})
    number = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    seconds = sum(one.cpu for one in mine)
    names, n = ", ".join(own[0].tuned.names), own[0].tuned.replications
    each = "environment and horizon" if len({cell.horizon for cell in own}) > 1 else "environment"
    text = f"{policy}: {names} by {number} candidates x {n} replications in each {each}, on other seeds"
    if mine:
        text += f"; {sum(one.rounds for one in mine):,} rounds in all"
    return text + (f", {seconds:,.3g} s of CPU" if mine and not math.isnan(seconds) else "")


def _edges(cell: CellResult) -> Iterator[str]:
    """Yield a line for each value that is the least or the greatest of those that were tried."""
    for place, (name, value) in enumerate(cell.searched.items()):
        tried = {values[place] for values in cell.tuned.candidates if type(values[place]) in (int, float)}
        if len(tried) > 2 and value in (min(tried), max(tried)):
            end = "least" if value == min(tried) else "greatest"
            where = f"{cell.policy} in {cell.environment}, T = {cell.horizon:,}"
            found = f"{where}: {in_words({name: value})} is the {end} that was tried"
            yield f"{found}: a wider space may have a better one"


def _unfinished(trials: list[Trial]) -> Iterator[str]:
    """Yield a line for each cell some of whose candidates have not finished all of their replications."""
    groups: dict[tuple[str, str, int], list[Trial]] = {}
    for one in trials:
        groups.setdefault((one.cell.policy, one.cell.environment, one.cell.horizon), []).append(one)
    for (policy, environment, _), group in groups.items():
        lost = sum(len(one.finals) < one.cell.tuned.replications for one in group)
        rest = "; the first was taken" if lost == len(group) else ", and could not be chosen"
        if lost:
            yield f"{policy} in {environment}: {lost} of {len(group)} candidates did not finish{rest}"


def _cpu(folder: Path | None) -> dict[str, float]:
    """Return the seconds of CPU time that all runs of a folder noted, by key."""
    found: dict[str, float] = defaultdict(float)
    for run in provenance.read(folder) if folder else ():
        timings = run.get("timings")
        for key, timing in timings.items() if isinstance(timings, dict) else ():
            if isinstance(timing, dict) and isinstance(timing.get("cpu"), float | int):  # it may be a note of others'
                found[key] += timing["cpu"]
    return found
