"""What the tests of runs share: a registry of their own, and a small grid."""

import pytest

from banditlab import registry
from banditlab.runs.reading import from_python


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    """Kinds, metrics and plug-ins that a test adds end with it."""
    registry.kinds("policy")
    for table in ("_kinds", "_metrics"):
        monkeypatch.setattr(registry, table, dict(getattr(registry, table)))
    monkeypatch.setattr(registry, "plugins", list(registry.plugins))


WORLDS = [{"kind": "bernoulli", "arms": 5, "gap": 0.3}, {"kind": "gaussian", "arms": 3, "gap": 0.5}]
POLICIES = ["bandit/uniform", "greedy", {"kind": "bandit/fixed", "arm": 2}]


@pytest.fixture
def make_grid():
    """Return a function that makes a small grid, with changes."""

    def make(worlds=WORLDS, policies=POLICIES, **settings):
        settings = {"horizon": 150, "replications": 6, "seed": 4, "name": "small"} | settings
        return from_python(worlds, policies, **settings)

    return make


PLUGIN = '''
"""Policies for tests."""
import time
from dataclasses import dataclass
from typing import NamedTuple
import numpy as np
from banditlab.registry import policy
from banditlab.types import Counts

@policy("slow", game="bandit")
@dataclass(frozen=True)
class Slow:
    """Sleeps, so that it cannot be compiled."""
    pause: float = 0.002

    def start(self, problem, rng):
        return {"pause": self.pause, "plays": [0] * problem.arms}

    @staticmethod
    def choose(state, t, features, rng):
        time.sleep(state["pause"])
        return int(rng.random() * len(state["plays"]))

    @staticmethod
    def learn(state, t, features, arm, reward):
        state["plays"][arm] += 1

@policy("strays", game="bandit")
@dataclass(frozen=True)
class Strays:
    """Leaves the arms in some replications."""

    class State(NamedTuple):
        arm: int

    def start(self, problem, rng):
        return self.State(problem.arms if rng.random() < 0.5 else 0)

    @staticmethod
    def choose(state, t, features, rng):
        return state.arm if t > 50 else 0

    @staticmethod
    def learn(state, t, features, arm, reward):
        pass
'''


@pytest.fixture
def plugin(tmp_path):
    """Return a plug-in file with the policies `slow` and `strays`."""
    file = tmp_path / "plugin.py"
    file.write_text(PLUGIN)
    return file
