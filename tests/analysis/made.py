"""Results without a run: cells whose curves are known."""

import numpy as np

from banditlab.analysis.cells import CellResult
from banditlab.analysis.results import Result

ROUNDS = np.array([1, 10, 100, 1000])


def cell(policy, curves, environment="w", *, kind="ucb1", world=None, own=None, horizon=1000, metric="regret", first=0):
    """A cell of the game `bandit`: curves (R, 4) at ROUNDS, or final values (R,) that were paid evenly."""
    curves = np.asarray(curves, float)
    curves = np.outer(curves, ROUNDS / ROUNDS[-1]) if curves.ndim == 1 else curves
    settings = {"environment": world or {}, "policy": own or {}}
    kinds, numbers = {"environment": "bernoulli", "policy": kind}, first + np.arange(len(curves))
    rounds = ROUNDS * horizon // 1000
    told, metrics = "", (metric,)
    return CellResult(
        environment, policy, "bandit", kinds, settings, horizon, told, metrics, numbers, rounds, {metric: curves}
    )


def result(*cells):
    """The results of these cells."""
    return Result("made", False, list(cells))


def swept(gaps=(0.1, 0.2), arms=(5, 10), policies=("a", "b"), replications=6):
    """A sweep over gaps and numbers of arms; policy number i pays (1 + i) * gap * arms on average."""
    rng = np.random.default_rng(1)
    return result(
        *(
            cell(
                policy,
                (1 + i) * gap * count * rng.uniform(0.9, 1.1, replications),
                f"bernoulli (gap={gap}, arms={count})",
                world={"gap": gap, "arms": count},
            )
            for gap in gaps
            for count in arms
            for i, policy in enumerate(policies)
        )
    )
