"""Every built-in policy decides as its twin in `tests/reference`, round by round, on the same random numbers.

The twin of a policy stands in `tests/reference/GAME/` under the policy's own file name, as a class of the policy's own
name, beside the CASES in which the two are compared: (environment, horizon, parameters).
"""

import importlib

import pytest

from banditlab import registry
from tests.reference import replay

SEEDS = (0, 1, 2)
KINDS = [kind for kind in registry.kinds("policy") if kind.cls.__module__.startswith("banditlab.")]


def reference(kind):
    """The module of a policy's twin."""
    return importlib.import_module(f"tests.reference.{kind.game}.{kind.cls.__module__.rpartition('.')[2]}")


def title(case):
    kind, environment, _, settings = case
    return " ".join([f"{kind.game}/{kind.name}", repr(environment), *(f"{k}={v}" for k, v in settings.items())])


@pytest.mark.parametrize("case", [(kind, *case) for kind in KINDS for case in reference(kind).CASES], ids=title)
def test_decides_as_its_twin(case):
    kind, environment, horizon, settings = case
    policy, twin = kind.cls(**settings), getattr(reference(kind), kind.cls.__name__)
    for seed in SEEDS:
        done = replay.run(environment, policy, horizon, seed)
        mismatches, ties = replay.follow(done, twin, policy, seed)
        assert not mismatches, f"seed {seed}: (t, twin, policy) = {mismatches[0]}, and {len(mismatches) - 1} more"
        assert ties <= horizon / 20  # the tolerance is for rare rounding; where equals are common, the twin decides
