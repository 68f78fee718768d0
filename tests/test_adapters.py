"""Learners of other libraries play as policies: the right calls, in the right order, and the same numbers anywhere."""

import numpy as np
import pytest
from sklearn.linear_model import SGDRegressor

import banditlab
from banditlab import adapters, registry
from banditlab.errors import UserError
from banditlab.runs import reading, runner
from banditlab.runs.identity import Keys
from banditlab.runs.pair import play_replications, prepare

SHARED = {"kind": "classification", "data": "digits"}
PLAIN = {"kind": "bernoulli", "means": [0.1, 0.5, 0.9]}
OWN = {"kind": "linear", "arms": 3, "dim": 2}


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    registry.kinds("policy")
    monkeypatch.setattr(registry, "_kinds", dict(registry._kinds))


def grid(policies, environment, **settings):
    settings = {"game": "bandit", "horizon": 200, "replications": 2, **settings}
    return reading.from_python(environment, policies, **settings)


def rewards(policy, environment=PLAIN, **settings):
    """Final regret of each replication."""
    one = grid(policy, environment, **settings)
    [cell] = one.cells
    done = play_replications(prepare(cell, one.settings), cell, one.settings, range(one.settings.replications))
    assert not any(hasattr(curve, "message") for curve in done), done
    return [curve.values[-1, 0] for curve in done]


class Greedy:
    """Has the methods of one's own form."""

    def __init__(self, arms, dim, seed):
        self.plays, self.sums = np.zeros(arms), np.zeros(arms)

    def choose(self, t, features, rng):
        return int(np.argmax(self.sums / np.maximum(self.plays, 1))) if self.plays.all() else int(self.plays.argmin())

    def learn(self, t, features, arm, reward):
        self.plays[arm] += 1
        self.sums[arm] += reward


def test_a_learner_of_ones_own_plays_as_the_built_in_one():
    """Follow the leader, arms in order first, is the built-in `greedy`."""
    own = rewards(adapters.adapt("my-greedy", Greedy))
    built_in = rewards("greedy")
    assert own == built_in


class Told:
    """Keeps what it is told, in coba's form; `answer` is what it predicts."""

    def __init__(self, answer):
        self.answer, self.calls = answer, []

    def predict(self, context, actions):
        self.calls.append((context, actions))
        return self.answer(actions)

    def learn(self, context, action, reward, probability, **more):
        self.calls.append((context, action, probability, more))


@pytest.mark.parametrize(
    ("answer", "action", "probability", "more"),
    [
        (lambda actions: [0.0, 1.0, 0.0], 1, 1.0, {}),
        (lambda actions: {"pmf": [0.0, 1.0, 0.0]}, 1, 1.0, {}),
        (lambda actions: actions[2], 2, 1.0, {}),
        (lambda actions: {"action": actions[2]}, 2, 1.0, {}),
        (lambda actions: (actions[2], 0.25), 2, 0.25, {}),
        (lambda actions: {"action_prob": (actions[2], 0.25)}, 2, 0.25, {}),
        (lambda actions: (actions[2], 0.25, {"key": 7}), 2, 0.25, {"key": 7}),
        (lambda actions: ([0.0, 1.0, 0.0], {"key": 7}), 1, 1.0, {"key": 7}),
    ],
)
@pytest.mark.parametrize("environment", [PLAIN, OWN])
def test_all_forms_of_predictions(environment, answer, action, probability, more):
    learner = Told(answer)
    rewards(adapters.adapt("told", lambda arms, dim, seed: learner), environment, replications=1, horizon=1)
    (context, actions), learnt = learner.calls[-2:]
    assert learnt == (None, actions[action], probability, more)
    assert context is None
    assert len(actions) == 3
    assert all(isinstance(one, int) or len(one) == 2 for one in actions)


def test_a_shared_context_is_the_context():
    learner = Told(lambda actions: actions[0])
    rewards(adapters.adapt("told", lambda arms, dim, seed: learner), SHARED, replications=1, horizon=1)
    context, actions = learner.calls[-2]
    assert len(context) == 64
    assert actions == list(range(10))


@pytest.mark.parametrize(("answer", "action"), [((0, 1.0), 0), ((1, 1.0), 1), ([0.0, 1.0], 1), ([1.0, 0.0], 0)])
def test_two_numbers_are_an_action_with_its_probability_or_a_law_of_two(answer, action):
    learner = Told(lambda actions: answer)
    two = {"kind": "bernoulli", "means": [0.1, 0.9]}
    rewards(adapters.adapt("told", lambda arms, dim, seed: learner), two, replications=1, horizon=1)
    assert learner.calls[-1][1:3] == (action, 1.0)


def test_a_law_is_drawn_from():
    """1000 draws of 0.2, 0.3, 0.5: each share within 5 standard errors."""
    learner = Told(lambda actions: [0.2, 0.3, 0.5])
    rewards(adapters.adapt("told", lambda arms, dim, seed: learner), replications=1, horizon=1000)
    arms = np.array([call[1] for call in learner.calls if len(call) == 4][-1000:])
    shares = np.bincount(arms, minlength=3) / 1000
    assert np.abs(shares - [0.2, 0.3, 0.5]).max() < 5 * 0.5 / np.sqrt(1000)


def test_coba_learns():
    learners = pytest.importorskip("coba.learners")
    policy = adapters.adapt("coba-epsilon", lambda arms, dim, seed: learners.BanditEpsilonLearner(0.1, seed))
    assert np.mean(rewards(policy)) < 0.5 * np.mean(rewards("uniform"))


def test_mabwiser_learns():
    mab = pytest.importorskip("mabwiser.mab")
    make = lambda arms, dim, seed: mab.MAB(list(range(arms)), mab.LearningPolicy.UCB1(0.5), seed=seed)  # noqa: E731
    assert np.mean(rewards(adapters.adapt("mab-ucb", make))) < 0.5 * np.mean(rewards("uniform"))


def test_river_learns():
    bandit = pytest.importorskip("river.bandit")
    make = lambda arms, dim, seed: bandit.EpsilonGreedy(epsilon=0.1, seed=seed)  # noqa: E731
    assert np.mean(rewards(adapters.adapt("river-epsilon", make))) < 0.5 * np.mean(rewards("uniform"))


@pytest.mark.parametrize("environment", [PLAIN, OWN])
def test_a_regression_learns(environment):
    make = lambda arms, dim, seed: SGDRegressor(random_state=seed, eta0=0.05, learning_rate="constant")  # noqa: E731
    found = np.mean(rewards(adapters.adapt("sgd", make), environment, horizon=400))
    assert found < 0.6 * np.mean(rewards("uniform", environment, horizon=400))


def test_results_say_that_it_ran_in_python_and_processes_give_the_same(tmp_path):
    one = grid([adapters.adapt("my-greedy", Greedy), "greedy"], PLAIN, replications=4)
    report = runner.run(one, tmp_path / "one", jobs=1)
    assert report.plain["my-greedy"] == "in plain Python (a learner in Python)"
    runner.run(one, tmp_path / "two", jobs=2)
    assert (tmp_path / "one" / "curves.parquet").read_bytes() == (tmp_path / "two" / "curves.parquet").read_bytes()


def test_another_learner_is_other_work():
    def key(make):
        one = grid(adapters.adapt("mine", make), PLAIN)
        return Keys(one.settings, False).of(one.cells[0])

    def first(arms, dim, seed):
        return Told(lambda actions: actions[0])

    def second(arms, dim, seed):
        return Told(lambda actions: actions[1])

    assert key(first) != key(second)
    assert key(first) == key(first)


@pytest.mark.parametrize(
    ("learner", "environment", "message"),
    [
        (object, PLAIN, "mine: what it makes should have choose and learn, .* object has none"),
        (
            lambda: type("Pull", (), {"pull": print, "update": print})(),
            OWN,
            "a learner of river takes one context a round",
        ),
    ],
)
def test_what_cannot_play_has_a_line(learner, environment, message):
    policy = adapters.adapt("mine", lambda arms, dim, seed: learner())
    with pytest.raises(UserError, match=message):
        prepared = grid(policy, environment)
        runner.survey(prepared)


def test_it_is_public():
    assert banditlab.adapt is adapters.adapt
