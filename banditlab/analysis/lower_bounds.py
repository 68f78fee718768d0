"""The lower bounds of an environment, averaged over the instances that the replications of a cell had."""

from __future__ import annotations

import functools
import json

import numpy as np

from banditlab import registry
from banditlab.analysis.cells import CellResult
from banditlab.bounds import Bound, confident
from banditlab.errors import UserError
from banditlab.runs.pair import start_environment
from banditlab.validation import build


def bounds_of(cell: CellResult, metric: str) -> tuple[Bound, ...]:
    """Return the lower bounds on a metric that are known for a cell, at its recorded rounds.

    Each is the mean over the instances of all replications; one that not all of them have is left out. There is none
    where the environment's kind is not loaded, or cannot be started, where it has wrappers or takes turns, or where the
    seed of the results is unknown.
    """
    if cell.seed is None or not len(cell.replications) or not cell.alone:
        return ()
    instances = (0,) if cell.fixed else tuple(cell.replications.tolist())
    parameters = json.dumps(cell.parameters["environment"])
    try:
        kind = registry.find("environment", cell.kinds["environment"], cell.game)
        found = _bounds(kind, parameters, cell.seed, instances, cell.horizon, tuple(cell.x.tolist()))
    except UserError:
        return ()
    return tuple(_of_policy(bound, cell) for bound in found if bound.metric == metric and _speaks_of(bound, cell))


def _speaks_of(bound: Bound, cell: CellResult) -> bool:
    """Tell whether a bound speaks of the policy of a cell.

    One on rounds does of policies that are given their error; one on regret does of those that play for ever.
    """
    if bound.metric == "sample-complexity":
        return "delta" in cell.parameters["policy"]
    return "sample-complexity" not in cell.metrics


def _of_policy(bound: Bound, cell: CellResult) -> Bound:
    if bound.metric != "sample-complexity":
        return bound
    delta = cell.parameters["policy"]["delta"]
    return bound._replace(name=f"{bound.name} (delta = {delta:g})", values=confident(delta) * bound.values)


@functools.lru_cache(maxsize=1024)
def _bounds(
    kind: registry.Kind, parameters: str, seed: int, instances: tuple[int, ...], horizon: int, rounds: tuple[int, ...]
) -> tuple[Bound, ...]:
    method = getattr(kind.cls, "bounds", None)
    if not callable(method):  # none, or a parameter of that name
        return ()
    environment, x = build(kind, json.loads(parameters), kind.name), np.array(rounds)
    found = [
        {
            bound[:2]: bound
            for bound in method(environment, start_environment(kind, environment, seed, i, i, horizon), x)
        }
        for i in instances
    ]
    common = [name for name in found[0] if all(name in bounds for bounds in found)]
    return tuple(_mean([bounds[name] for bounds in found]) for name in common)


def _mean(bounds: list[Bound]) -> Bound:
    return bounds[0]._replace(values=np.mean([bound.values for bound in bounds], axis=0))
