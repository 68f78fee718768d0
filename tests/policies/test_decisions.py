"""Every built-in policy decides as its twin in `tests/reference`, round by round, on the same random numbers.

The twin of a policy stands in `tests/reference/GAME/` under the policy's own file name, as a class of the policy's own
name, beside the CASES in which the two are compared: (environment, horizon, parameters).
"""

import numba
import pytest

from banditlab import registry
from banditlab.checks import replay
from banditlab.checks.transcriptions import transcription_of

SEEDS = (0,) if numba.config.DISABLE_JIT else (0, 1, 2)  # one run shows every line, and three are slow uncompiled
KINDS = [kind for kind in registry.kinds("policy") if kind.cls.__module__.startswith("banditlab.")]
TWINS = {kind: transcription_of(kind, "tests/reference") for kind in KINDS}


def title(case):
    kind, environment, _, settings = case
    return " ".join([kind.title, repr(environment), *(f"{k}={v}" for k, v in settings.items())])


@pytest.mark.parametrize("case", [(kind, *case) for kind in KINDS for case in TWINS[kind].cases], ids=title)
def test_decides_as_its_twin(case):
    kind, environment, horizon, settings = case
    policy = kind.cls(**settings)
    for seed in SEEDS:
        done = replay.run(environment, policy, horizon, seed)
        mismatches, _ = replay.follow(done, TWINS[kind].cls, policy, seed)
        assert not mismatches, f"seed {seed}: (t, twin, policy) = {mismatches[0]}"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.title)
def test_has_a_twin(kind):
    assert TWINS[kind].cases
