"""Policies that say with which probability they chose: that is the law of choices, and saying it changes nothing."""

import copy

import numba
import numpy as np
import pandas as pd
import pytest

import banditlab
from banditlab import registry
from banditlab.checks import replay
from banditlab.checks.pairs import cell_of, reference_for, settings_of
from banditlab.games.bandit import probability
from banditlab.runs.logs import write_log
from banditlab.runs.pair import play_one

KINDS = [kind for kind in registry.kinds("policy", "bandit") if probability in kind.options]
OPTIONS = [
    ("uniform", {}),
    ("epsilon-greedy", {"epsilon": 0.3}),
    ("epsilon-greedy", {"schedule": "decaying", "d": 0.5, "c": 0.5}),
    ("exp3", {}),
    ("exp3-ix", {}),
    ("exp3-ix", {"tuning": "horizon"}),
    ("tsallis-inf", {"estimator": "iw"}),
    ("tsallis-inf", {}),
    ("squarecb", {"gamma": 20.0}),
    ("fastcb", {"gamma": 20.0}),
    ("neusquarecb", {"hidden": [4]}),
    ("neufastcb", {"hidden": [4]}),
    ("neural-epsilon", {"epsilon": 0.3, "hidden": [4], "steps": 5}),
]
DRAWS = 200 if numba.config.DISABLE_JIT else 2000
each = pytest.mark.parametrize(("name", "settings"), OPTIONS, ids=lambda value: str(value))


def policy_of(name, settings):
    return registry.find("policy", name, "bandit").cls(**settings)


def test_each_policy_with_probabilities_is_tried():
    assert {kind.name for kind in KINDS} == {name for name, _ in OPTIONS}


@each
def test_probabilities_are_the_frequencies_of_choices(name, settings):
    """After 30 rounds, of 2000 choices from the same state; |z| < 5 for each of 5 arms, false alarm 3e-6 a case."""
    policy = policy_of(name, settings)
    done = replay.run(reference_for(policy), policy, 30)
    features, rng, t = done.features[-1], np.random.default_rng(1), 30
    choices = [policy.choose(copy.deepcopy(done.state), t, features, rng) for _ in range(DRAWS)]
    state = copy.deepcopy(done.state)
    policy.choose(state, t, features, rng)
    chances = np.array([policy.probability(state, t, features, arm) for arm in range(len(features))])
    np.testing.assert_allclose(chances.sum(), 1.0, atol=1e-9)
    if name != "uniform":
        assert np.ptp(chances) > 0.01  # else nothing is seen here
    counts = np.bincount(choices, minlength=len(chances))
    assert (np.abs(counts - DRAWS * chances) <= 5 * np.sqrt(DRAWS * chances * (1 - chances)) + 1e-6).all()


@each
def test_logging_changes_no_choice(name, settings, tmp_path, monkeypatch):
    """The log has the rewards of a run, and probabilities of what was chosen."""
    monkeypatch.setattr(registry, "_metrics", {})
    policy = policy_of(name, settings)
    cell, settings = cell_of(reference_for(policy), policy, 40), settings_of(0)

    @banditlab.metric(game="bandit", cumulative=True)
    def earned(env, policy, round):
        return round.reward * (1 + round.arm)

    curve = play_one(cell, settings, 2)
    assert write_log(cell, settings, tmp_path / "log.parquet", 2) == 40
    rows = pd.read_parquet(tmp_path / "log.parquet")
    np.testing.assert_allclose(
        (rows.reward * (1 + rows.action)).cumsum().to_numpy()[curve.rounds - 1], curve.values[:, -1]
    )
    assert rows.probability.between(0, 1, inclusive="right").all()
