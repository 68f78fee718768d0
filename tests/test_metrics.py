"""Metrics and probes of a user's own, compiled into the loop."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

import banditlab
from banditlab import registry
from banditlab.errors import UserError

ARMS = {"kind": "bernoulli", "means": [0.2, 0.5, 0.9]}
LINEAR = {"kind": "bandit/linear", "arms": 4, "dim": 3}


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    registry.kinds("policy")
    for table in ("_kinds", "_metrics"):
        monkeypatch.setattr(registry, table, dict(getattr(registry, table)))


def run(world, policies, compiled=True, **settings):
    settings = {"horizon": 80, "replications": 3, "jobs": 1, "progress": False} | settings
    return banditlab.run(world, policies, compiled=compiled, **settings)


def gap_again(env, policy, round):
    return env.means[env.best[0]] - env.means[round.arm]


def length_of_theta(env, policy, round):
    total = 0.0
    for i in range(policy.theta.shape[0]):
        total += policy.theta[i] * policy.theta[i]
    return math.sqrt(total)


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(("world", "policy"), [(ARMS, "ucb1"), (LINEAR, "linucb")])
def test_a_copy_of_regret_equals_regret(world, policy, compiled):
    banditlab.metric(game="bandit", cumulative=True, signed=False)(gap_again)
    [cell] = run(world, policy, compiled).cells
    assert cell.metrics[-1] == "gap-again"
    assert cell.curves["gap-again"].tobytes() == cell.curves["regret"].tobytes()


@pytest.mark.parametrize("compiled", [True, False])
def test_a_probe_reads_the_state_of_the_policy(compiled):
    """Before the first learning, theta is zero; the same as an agent's own state would say it."""
    banditlab.metric(game="bandit")(length_of_theta)
    [cell] = run(LINEAR, "linucb", compiled, record={"points": 80, "spacing": "linear"}).cells
    lengths = cell.curves["length-of-theta"]
    assert (lengths > 0).all()
    assert (np.diff(lengths) != 0).any()
    assert not (np.diff(lengths, axis=1) > 0).all()  # read off, not added up


def test_several_metrics_keep_their_columns():
    banditlab.metric(game="bandit", name="one", cumulative=True)(lambda env, policy, round: 1.0)
    banditlab.metric(game="bandit", name="three")(lambda env, policy, round: 3.0)
    banditlab.metric(game="bandit", name="arm")(lambda env, policy, round: float(round.arm))
    [cell] = run(ARMS, {"kind": "bandit/fixed", "arm": 2}).cells
    assert cell.metrics == ("regret", "realised-regret", "arm", "one", "three")
    assert (cell.curves["one"] == cell.x).all()
    assert (cell.curves["three"] == 3).all()
    assert (cell.curves["arm"] == 2).all()


def test_a_metric_of_the_dueling_game_sees_the_pair():
    @banditlab.metric(game="dueling", cumulative=True)
    def first_index(env, policy, round):
        return float(round.first - 10 * round.second)

    [cell] = run(
        {"kind": "dueling/linear", "arms": 4, "dim": 2}, {"kind": "dueling/fixed", "first": 2, "second": 1}
    ).cells
    assert (cell.curves["first-index"] == -8 * cell.x).all()


def test_a_metric_changes_no_other_number():
    before = run(ARMS, "thompson-beta").cells[0].curves["regret"]
    banditlab.metric(game="bandit", cumulative=True)(gap_again)
    assert run(ARMS, "thompson-beta").cells[0].curves["regret"].tobytes() == before.tobytes()


def test_a_cell_that_runs_again_replaces_its_metric():
    """The same name once more, as in a notebook; what it calls counts as well."""
    found = []
    for value in (1.0, 2.0):

        def constant(env, policy, round, value=value):
            return value

        scope = {"value": value}
        exec("def constant(env, policy, round):\n    return value\n", scope)
        banditlab.metric(game="bandit")(scope["constant"])
        found.append(run(ARMS, "ucb1").cells[0].curves["constant"])
    assert (found[0] == 1).all()
    assert (found[1] == 2).all()


def test_finished_work_of_another_metric_is_not_taken_for_it(tmp_path):
    """In one folder: a function that the metric calls was defined anew in another cell."""
    scope = {}
    exec("def size():\n    return 1.0\ndef probe(env, policy, round):\n    return size()\n", scope)
    banditlab.metric(game="bandit")(scope["probe"])
    assert (run(ARMS, "ucb1", out=tmp_path / "r").cells[0].curves["probe"] == 1).all()
    exec("def size():\n    return 2.0\n", scope)
    assert (run(ARMS, "ucb1", out=tmp_path / "r").cells[0].curves["probe"] == 2).all()


def test_a_metric_has_the_label_that_it_is_given():
    from banditlab.analysis.cells import metric_of

    banditlab.metric(game="bandit", label="Share of best arms")(gap_again)
    assert metric_of("bandit", "gap-again").label == "Share of best arms"
    assert metric_of("bandit", "regret").label == "Regret"


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (
            lambda: banditlab.metric(game="bandit")(lambda env, policy: 0.0),
            r"should have the form <lambda>\(env, policy, round\)",
        ),
        (lambda: banditlab.metric(game="bandit", name="regret")(gap_again), "the game 'bandit' has one of that name"),
        (lambda: banditlab.metric(game="chess")(gap_again), "no game 'chess'"),
    ],
)
def test_a_metric_that_cannot_be_is_refused(make, line):
    with pytest.raises(TypeError, match=line):
        make()


def test_a_metric_that_raises_is_told(capsys):
    banditlab.metric(game="bandit", name="wrong")(lambda env, policy, round: policy.nothing)
    result = run(ARMS, "ucb1")
    assert result.cells == []
    [line] = result.failures
    assert line.startswith("ucb1 in bernoulli, 3 replications (0, 1, 2): ") and "nothing" in line
    assert line in capsys.readouterr().out


def test_rounds_are_what_the_game_says():
    from banditlab.games import bandit, dueling

    assert bandit.Round._fields == ("t", "features", "arm", "reward")
    assert dueling.Round._fields == ("t", "features", "first", "second", "won")
    assert gap_again(SimpleNamespace(means=[1.0, 3.0], best=[1]), None, SimpleNamespace(arm=0)) == 2.0


def test_a_metric_that_is_not_there_is_refused():
    result = run(ARMS, "ucb1")
    with pytest.raises(UserError, match=r"no metric 'regert'; did you mean 'regret'\?"):
        result.summary("regert")
