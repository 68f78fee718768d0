"""Environments that take turns."""

import numpy as np
import pytest

from banditlab.analysis.loading import load
from banditlab.errors import UserError
from banditlab.runs import reading, runner
from banditlab.runs.identity import Keys
from banditlab.runs.pair import check, play_replications, prepare

T = 400


def grid(environment, policy="uniform", game="bandit", **settings):
    settings = {"name": "turns", "game": game, "horizon": T, "replications": 2, **settings}
    table = {"record": {"points": T, "spacing": "linear"}, "environment": [environment], "policy": [{"kind": policy}]}
    return reading.parse({**settings, **table}, "grid.toml")


def curves(environment, policy="uniform", game="bandit", compiled=False):
    one = grid(environment, policy, game)
    [cell] = one.cells
    done = play_replications(prepare(cell, one.settings, compiled=compiled), cell, one.settings, range(2))
    return [np.diff(curve.values[:, 0], prepend=0.0) for curve in done]


BERNOULLI = {"kind": "bernoulli", "means": [0.1, 0.9]}


@pytest.mark.parametrize(
    ("switch", "second"),
    [
        ({"every": 100}, [(100, 200), (300, 400)]),
        ({"at": [30]}, [(30, 400)]),
        ({"at": [30, 50, 399]}, [(30, 50), (399, 400)]),
        ({"at": [1000]}, []),
    ],
    ids=str,
)
def test_the_one_whose_turn_it_is_is_scored(switch, second):
    """The first arm is the worse one, then the better one: by 0.8, then by 0.3."""
    turns = {**BERNOULLI, "switch": {**switch, "then": [{"means": [0.5, 0.2]}]}}
    fixed = {"kind": "fixed", "arm": 0}
    one = reading.parse(
        {"game": "bandit", "horizon": T, "record": {"points": T, "spacing": "linear"}, "environment": [turns],
         "policy": [fixed]}, "grid.toml",
    )  # fmt: skip
    [cell] = one.cells
    [curve] = play_replications(prepare(cell, one.settings, compiled=False), cell, one.settings, [0])
    expected = np.full(T, 0.8)
    for start, end in second:
        expected[start:end] = 0.0
    assert np.diff(curve.values[:, 0], prepend=0.0) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("game", "environment"),
    [
        ("bandit", {"kind": "linear", "arms": 4, "dim": 3, "switch": {"every": 70, "then": [{}, {"noise": 2.0}]}}),
        ("bandit", {"kind": "linear", "arms": 4, "dim": 3,
                    "switch": {"every": 70, "then": [{"kind": "logistic", "arms": 4, "dim": 3}]}}),
        ("bandit", {"kind": "piecewise", "arms": 4, "period": 30, "switch": {"at": [100], "then": [{}]}}),
        ("dueling", {"kind": "bradley-terry", "arms": 5,
                     "switch": {"every": 90, "then": [{"kind": "cyclic", "arms": 5}, {}]}}),
        ("dueling", {"kind": "linear", "arms": 4, "contexts": "static", "switch": {"every": 9, "then": [{}]}}),
    ],
    ids=str,
)  # fmt: skip
def test_the_oracle_follows(game, environment):
    """Its regret is 0 in every turn, and that of uniform play is not."""
    for steps in curves(environment, "oracle", game):
        assert (steps == 0).all()
    for steps in curves(environment, "uniform", game):
        assert (steps >= 0).all()
        assert steps.sum() > 0


def test_the_first_one_is_as_without_turns():
    """Until the first switch the curves are those of the environment alone; afterwards they are not."""
    alone = curves({"kind": "bernoulli", "arms": 5, "prior": "beta(1,1)"})
    turns = curves(
        {"kind": "bernoulli", "arms": 5, "prior": "beta(1,1)", "switch": {"at": [150], "then": [{}]}},
    )
    for one, other in zip(alone, turns, strict=True):
        assert one[:150] == pytest.approx(other[:150], abs=1e-12)
        assert not np.allclose(one[150:], other[150:])


@pytest.mark.compiled
def test_compiled_and_plain_agree_to_the_bit():
    turns = {
        "kind": "linear", "arms": 4, "dim": 3, "wrapper": [{"kind": "missing"}],
        "switch": {"every": 70, "then": [{}, {"kind": "logistic", "arms": 4, "dim": 3}]},
    }  # fmt: skip
    plain, compiled = (curves(turns, "linucb", compiled=compiled) for compiled in (False, True))
    assert np.array(plain).tobytes() == np.array(compiled).tobytes()


def test_only_facts_and_metrics_of_all_parts_are_there():
    same, other = (
        grid({"kind": "linear", "arms": 4, "dim": 3, "noise": 1.0, "switch": {"every": 70, "then": [part]}})
        for part in ({}, {"noise": 2.0})
    )
    assert same.cells[0].metrics == ("regret", "realised-regret")
    told = [check(one.cells[0], one.settings) and one.cells[0].world for one in (same, other)]
    assert all(world.gives == {"features", "arm-features", "prompt-feedback"} for world in told)
    asking = grid({"kind": "linear", "arms": 4, "dim": 3, "switch": {"every": 9, "then": [{"noise": 2.0}]}}, "lints")
    with pytest.raises(UserError, match="must be told the noise, which this environment does not know"):
        check(asking.cells[0], asking.settings)


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({**BERNOULLI, "switch": {"every": 9}}, r"environment\[0\].switch: should be a table such as"),
        ({**BERNOULLI, "switch": {"then": [{}]}}, "switch: give either every = ROUNDS or at ="),
        ({**BERNOULLI, "switch": {"at": [5, 5], "then": [{}]}}, "at: rounds, each later than the one before"),
        ({**BERNOULLI, "switch": {"every": 0, "then": [{}]}}, "switch.every: should be greater than or equal to 1"),
        ({**BERNOULLI, "switch": {"every": 9, "then": [{"mean": 1}]}}, r"switch.then\[0\].mean: unknown key"),
        ({**BERNOULLI, "switch": {"every": 9, "then": [{"kind": "linea"}]}}, r"switch.then\[0\].kind: no environment"),
        ({**BERNOULLI, "switch": {"evry": 9, "then": [{}]}}, "switch.evry: unknown key; did you mean 'every'"),
    ],
    ids=str,
)
def test_mistakes_have_a_line(environment, message):
    with pytest.raises(UserError, match=message):
        grid(environment)


def test_parts_have_as_many_arms():
    one = grid({**BERNOULLI, "switch": {"every": 9, "then": [{"means": [0.1, 0.2, 0.3]}]}})
    with pytest.raises(UserError, match=r"switch.then\[0\]: 3 arms, and the first environment has 2 arms"):
        check(one.cells[0], one.settings)


def test_games_that_keep_more_than_verbs_are_refused():
    with pytest.raises(UserError, match="those of bandit and dueling can take turns, and blackbox/sinus is of"):
        grid({"kind": "sinus", "switch": {"every": 9, "then": [{}]}}, game="blackbox")


def test_a_folder_holds_them_and_wrappers_and_knows_them_again(tmp_path):
    turns = {**BERNOULLI, "switch": {"every": 9, "then": [{"means": [0.2, 0.3]}]},
             "wrapper": [{"kind": "delayed", "rounds": 3}]}  # fmt: skip
    one = grid(turns, "ucb1")
    runner.run(one, tmp_path / "out", jobs=1, compiled=False)
    again = reading.stored(tmp_path / "out")
    assert again.resolved()["environments"] == one.resolved()["environments"]
    report = runner.run(again, tmp_path / "out", jobs=1, compiled=False)
    assert (report.done, report.found) == (0, 2)
    [cell] = load(tmp_path / "out").cells
    assert cell.parameters["environment"]["delayed.rounds"] == 3
    assert not cell.alone


def test_turns_and_wrappers_determine_the_key():
    others = [
        BERNOULLI,
        {**BERNOULLI, "switch": {"every": 9, "then": [{}]}},
        {**BERNOULLI, "switch": {"every": 10, "then": [{}]}},
        {**BERNOULLI, "switch": {"every": 9, "then": [{"means": [0.1, 0.8]}]}},
        {**BERNOULLI, "wrapper": [{"kind": "missing"}]},
        {**BERNOULLI, "wrapper": [{"kind": "missing", "rate": 0.2}]},
        {**BERNOULLI, "wrapper": [{"kind": "missing"}, {"kind": "delayed"}]},
        {**BERNOULLI, "wrapper": [{"kind": "delayed"}, {"kind": "missing"}]},
    ]
    grids = [grid(environment, "ucb1") for environment in others]
    assert len({Keys(one.settings, False).of(one.cells[0]) for one in grids}) == len(others)
