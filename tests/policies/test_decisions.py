"""Every built-in policy decides as its twin in `tests/reference`, round by round, on the same random numbers.

The twin of a policy stands in `tests/reference/GAME/` under the policy's own file name, as a class of the policy's own
name, beside the CASES in which the two are compared: (environment, horizon, parameters).
"""

import numba
import pytest

from banditlab import fuse, registry
from banditlab.checks import replay
from banditlab.checks.transcriptions import transcription_of

SEEDS = (0,) if numba.config.DISABLE_JIT else (0, 1, 2)  # one shows every line, and three are slow uncompiled
KINDS = [kind for kind in registry.kinds("policy") if kind.cls.__module__.startswith("banditlab.")]
TWINS = {kind: transcription_of(kind, "tests/reference") for kind in KINDS}


def title(case):
    kind, number = case
    environment, _, settings = TWINS[kind].cases[number]
    return " ".join([kind.title, repr(environment), *(f"{k}={v}" for k, v in settings.items())])


def loop_of(kind, number):
    """What a case's compiled loop is made for."""
    environment, horizon, settings = TWINS[kind].cases[number]
    pair = replay.start(environment, kind.cls(**settings), horizon)
    return pair.verbs, fuse.layout((pair.env, pair.state))


@pytest.mark.parametrize("case", [(kind, i) for kind in KINDS for i in range(len(TWINS[kind].cases))], ids=title)
def test_decides_as_its_twin(case):
    """In one compiled loop, that of the first case; cases that need another play in plain Python, since it would take
    longer to compile than all of them to play. The first case is played on all seeds, the others on one of them."""
    kind, number = case
    environment, horizon, settings = TWINS[kind].cases[number]
    policy, compiled = kind.cls(**settings), loop_of(kind, number) == loop_of(kind, 0)
    for seed in SEEDS if number == 0 else SEEDS[number % len(SEEDS) :][:1]:
        done = replay.run(environment, policy, horizon, seed, compiled=compiled)
        mismatches, _ = replay.follow(done, TWINS[kind].cls, policy, seed)
        assert not mismatches, f"seed {seed}: (t, twin, policy) = {mismatches[0]}"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.title)
def test_has_a_twin(kind):
    assert TWINS[kind].cases
