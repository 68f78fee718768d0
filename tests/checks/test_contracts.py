"""The contracts hold for everything that is built in, and what breaks one is told."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import banditlab
from banditlab import registry
from banditlab.checks import FAST, check_environment, check_policy, verify
from banditlab.errors import UserError
from banditlab.games.bandit import score
from banditlab.numerics.hashing import normal
from banditlab.types import Counts, Matrix, Vector
from tests.small import SMALL

DATA = Path(__file__).parents[1] / "data"
#: Parameters of environments that have no instance by default.
PARAMETERS = {
    "bandit/bernoulli": {"arms": 3},
    "bandit/gaussian": {"arms": 3},
    "bandit/student-t": {"arms": 3},
    "bandit/table": {"means": str(DATA / "losses.csv"), "entries": "losses"},
    "bandit/classification": {"data": str(DATA / "classes.csv")},
    "bandit/replay": {"log": str(DATA / "log.csv")},
    "dueling/matrix": {"matrix": [[0.5, 0.6, 0.7], [0.4, 0.5, 0.8], [0.3, 0.2, 0.5]]},
    "bandit/piecewise": {"arms": 3, "period": 50},
    "dueling/bradley-terry": {"arms": 4},
    "dueling/cyclic": {"arms": 4, "champion": 0.6},
    "dueling/pairs": {"data": str(DATA / "duels.csv")},
    "blackbox/table": {"path": str(DATA / "simulation.csv")},
    "knapsack/table": {"path": str(DATA / "knapsack.csv")},
}
#: Fewer replications of policies that take long, or take long to be told from uniform play.
SIZES = {
    "bandit/neuralgcb": replace(FAST, replications=20),
    "dueling/stad": replace(FAST, horizon=10_000, replications=10),
}


def built_in(role):
    return [kind for kind in registry.kinds(role) if kind.cls.__module__.startswith("banditlab.")]


def name_of(kind):
    return kind.title


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    registry.kinds("policy")
    monkeypatch.setattr(registry, "_kinds", dict(registry._kinds))


@pytest.mark.parametrize("kind", built_in("environment"), ids=name_of)
def test_built_in_environments_keep_the_contracts(kind):
    check_environment(kind.cls(**PARAMETERS.get(name_of(kind), {})))


@pytest.mark.compiled
@pytest.mark.parametrize("kind", built_in("policy"), ids=name_of)
def test_built_in_policies_hold(kind):
    """Without their transcriptions, against which test_decisions holds every one of their cases."""
    done = verify(kind, SMALL.get(kind.title), size=SIZES.get(kind.title, FAST))
    assert done.holds, [finding for finding in done.findings if finding.verdict == "fails"]
    assert done.said("plain = compiled").verdict == ("none" if hasattr(kind.cls, "plain") else "holds")


def test_the_checks_are_public():
    assert banditlab.checks.check_policy is check_policy


# --- what breaks a contract ---------------------------------------------------------------------------------------


class State(NamedTuple):
    features: Matrix
    means: Vector
    plays: Counts
    best: Counts
    noise: np.uint64


class Arms:
    """Two arms of normal rewards; what a fault changes is overridden."""

    def start(self, rng, noise, horizon):
        return State(np.zeros((2, 0)), np.array([0.2, 0.6]), np.zeros(2, int), np.array([1]), noise)

    def facts(self, state):
        return {"best": state.best}

    @staticmethod
    def observe(env, t, rng):
        return env.features

    @staticmethod
    def pull(env, t, features, arm):
        env.plays[arm] += 1
        return env.means[arm] + normal(env.noise, arm, env.plays[arm])

    @staticmethod
    def regret(env, t, features, arm, reward, totals):
        score(totals, env.means[1] - env.means[arm], env.means[1] - reward)


def register(cls):
    return banditlab.environment("mine", game="bandit", metrics=("regret",))(dataclass(frozen=True)(cls))()


def test_an_environment_that_keeps_the_contracts_passes():
    class Mine(Arms):
        pass

    check_environment(register(Mine))


def test_a_regret_of_realised_rewards_is_told():
    """A regret of noise can fall, and the oracle's is not 0."""

    class Mine(Arms):
        @staticmethod
        def regret(env, t, features, arm, reward, totals):
            score(totals, env.means[1] - reward, env.means[1] - reward)

    with pytest.raises(AssertionError) as error:
        check_environment(register(Mine))
    lines = str(error.value).splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("mine: regret never falls: regret cannot be negative; it falls by ")
    assert lines[1].startswith("mine: oracle: regret of the oracle is 0, found ")


def test_noise_in_the_order_of_play_is_told():
    """Common random numbers: what an arm earns must not depend on what was played before."""

    class Mine(Arms):
        @staticmethod
        def pull(env, t, features, arm):
            env.plays[arm] += 1
            return env.means[arm] + normal(env.noise, arm, env.plays[0] * env.plays[1])

    with pytest.raises(AssertionError, match="mine: common random numbers: "):
        check_environment(register(Mine))


def test_contexts_that_follow_the_play_are_told():
    class Mine(Arms):
        def start(self, rng, noise, horizon):
            return super().start(rng, noise, horizon)._replace(features=np.zeros((2, 1)))

        @staticmethod
        def observe(env, t, rng):
            env.features[0, 0] = env.plays[0]
            return env.features

    with pytest.raises(AssertionError, match="mine: contexts: features do not depend on what was played"):
        check_environment(register(Mine))


class PolicyState(NamedTuple):
    counts: Vector
    arms: int


class Play:
    """Uniform play by a hash of the round; what a fault changes is overridden."""

    def start(self, problem, rng):
        return PolicyState(np.zeros(1), problem.arms)

    @staticmethod
    def choose(state, t, features, rng):
        return int(rng.random() * state.arms)

    @staticmethod
    def learn(state, t, features, arm, reward):
        pass


def test_a_policy_that_keeps_the_contracts_passes():
    @banditlab.policy("mine", game="bandit")
    @dataclass(frozen=True)
    class Mine(Play):
        pass

    check_policy(Mine())


MEMORY = np.zeros(1000)


def test_a_policy_that_remembers_other_replications_is_told():
    @banditlab.policy("mine", game="bandit")
    @dataclass(frozen=True)
    class Mine(Play):
        def start(self, problem, rng):
            return PolicyState(MEMORY, problem.arms)

        @staticmethod
        def choose(state, t, features, rng):
            return int(math.sqrt(state.counts[0])) % state.arms

        @staticmethod
        def learn(state, t, features, arm, reward):
            state.counts[0] += 1.0

    with pytest.raises(AssertionError) as error:
        check_policy(Mine())
    assert "mine: same seed: the same seed twice differ in replication 0, by round " in str(error.value)
    assert "mine: replications apart: " in str(error.value)


def test_a_policy_that_needs_what_nothing_gives_is_told():
    @banditlab.policy("mine", game="bandit", needs=("weather",))
    @dataclass(frozen=True)
    class Mine(Play):
        pass

    with pytest.raises(UserError, match=r"bandit/mine: no reference environment gives what it needs \(weather\)"):
        check_policy(Mine())
