"""Rounds take no memory: how often compiled code allocates in a run does not depend on how long it is."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROUNDS = (1, 2, 20, 60)  #: of the runs that are compared, one after the other
SMALL = {"hidden": (6,)}

#: title: (environment in `tests.reference.worlds`, policy, parameters); a pair is compiled once for all parameters
CASES = {
    "neusquarecb": ("LINEAR", "neusquarecb", SMALL),
    "neusquarecb, expected": ("LINEAR", "neusquarecb", {**SMALL, "perturbation": "expected"}),
    "neusquarecb, off": ("LINEAR", "neusquarecb", {**SMALL, "perturbation": "off", "encoding": "disjoint"}),
    "neusquarecb, replay": ("LINEAR", "neusquarecb", {**SMALL, "replay": 3, "bias": True, "activation": "tanh"}),
    "neusquarecb, redraw": ("LINEAR", "neusquarecb", {"hidden": (5, 4), "redraw": "round", "radius": 0.1}),
    "neufastcb": ("LOGISTIC", "neufastcb", {**SMALL, "replay": 2}),
    "neuralucb": ("LINEAR", "neuralucb", {**SMALL, "steps": 20}),
    "neuralts": ("LINEAR", "neuralts", {**SMALL, "steps": 20}),
    "neural-epsilon": ("LINEAR", "neural-epsilon", {**SMALL, "steps": 20}),
    "neuralgcb": ("LINEAR", "neuralgcb", {**SMALL, "epochs": 5, "batch": "fixed"}),
    "neuralgcb, dual": ("LINEAR", "neuralgcb", {**SMALL, "epochs": 5, "covariance": "dual"}),
    "kernel-ucb": ("LINEAR", "kernel-ucb", {}),
    "ee-net": ("LINEAR", "ee-net", {**SMALL, "steps": 20}),
    "neufastcb, expected": ("LOGISTIC", "neufastcb", {"hidden": (), "perturbation": "expected", "radius": 0.1}),
}


def counts_of(case):
    """Return how often each of the runs allocates; the loop is that of `replay.run`, so that both are compiled once."""
    from banditlab import fuse, registry
    from banditlab.checks import replay
    from tests.reference import worlds

    world, name, parameters = case
    policy = registry.find("policy", name).cls(**parameters)
    pair = replay.start(getattr(worlds, world), policy, sum(ROUNDS))
    verbs, row = replay.keeping(pair)
    loop, reason = fuse.prepare(pair.game.rounds, verbs, pair.arguments(0, 0, row))
    assert not reason, reason
    return counts(lambda start, end: loop(*pair.arguments(start, end, row)))


def counts(play):
    from numba.core.runtime import rtsys

    found, start = [], 0
    for rounds in ROUNDS:
        before = rtsys.get_allocation_stats()
        play(start, start + rounds)
        after = rtsys.get_allocation_stats()
        found.append([after.alloc - before.alloc, after.mi_alloc - before.mi_alloc])
        start += rounds
    return found


def wasteful():
    """The counts of a loop that allocates in each round."""
    import numba
    import numpy as np

    @numba.njit
    def loop(start, end):
        last = np.zeros(1)
        for t in range(start, end):
            last = np.full(t + 2, last[0])
        return last

    loop(0, 0)
    return counts(loop)


@pytest.fixture(scope="module")
def measured():
    """Counts by case, from a process in which Numba keeps them."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "NUMBA_NRT_STATS": "1"}
    command = [sys.executable, "-m", "tests.test_allocations"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.compiled
@pytest.mark.parametrize("case", CASES)
def test_no_allocation_in_rounds(measured, case):
    assert all(found == measured[case][0] for found in measured[case]), measured[case]


@pytest.mark.compiled
def test_allocations_are_seen(measured):
    found = [allocations for allocations, _ in measured["wasteful"]]
    assert [n - found[0] for n in found] == [n - ROUNDS[0] for n in ROUNDS]


if __name__ == "__main__":
    print(json.dumps({title: counts_of(case) for title, case in CASES.items()} | {"wasteful": wasteful()}))
