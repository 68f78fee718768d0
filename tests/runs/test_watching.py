"""Rounds that are watched are those of the run; the table says them in 80 columns."""

import re
import sys

import numpy as np
import pytest

import banditlab
from banditlab import cli
from banditlab.analysis.cells import metric_of
from banditlab.checks.pairs import REFERENCES
from banditlab.runs import runner
from banditlab.runs.watching import watch

BOTH = ["actions", "rewards"]
COUNTING = {"kind": "bandit/gaussian", "means": [0.0, 1.0, 2.0]}


def watched(grid, rounds, replication=1):
    [cell] = grid.cells
    return list(watch(cell, grid.settings, replication, rounds, cell.metrics[0]))


PAIRS = [(game, f"{game}/uniform") for game in REFERENCES] + [("combinatorial", {"kind": "c-etc", "m": 7})]


@pytest.mark.parametrize(("game", "policy"), PAIRS)
def test_they_are_the_rounds_of_the_run(game, policy, make_grid, tmp_path):
    kind, parameters = REFERENCES[game][0]
    every = {"points": 60, "spacing": "linear"}
    world = {"kind": f"{game}/{kind}", **parameters}
    grid = make_grid(world, policy, horizon=60, replications=2, trace=BOTH, record=every)
    runner.run(grid, tmp_path / "r", jobs=1)
    result = banditlab.load(tmp_path / "r")
    [cell], table = result.cells, result.trace(replication=1)
    curve = cell.curves[cell.metrics[0]][1]
    seen = watched(grid, range(40, 60))
    assert [one.round for one in seen] == [*range(40, 60)]
    if policy == PAIRS[-1][1]:
        table, seen = table[table["round"] >= 42], seen[2 + 6 :: 7]  # the last round of each block
    else:
        table = table[table["round"] >= 40]
        wanted = np.diff(curve[39:]) if metric_of(game, cell.metrics[0]).cumulative else curve[40:]
        assert [one.added for one in seen] == pytest.approx(wanted.tolist(), abs=1e-9)
    for name in [*seen[0].played, *seen[0].answered]:
        rows = [None if value is None else np.ravel(value).tolist() for value in table[name][: len(seen)]]
        found = [(one.played | one.answered)[name] for one in seen]
        if isinstance(found[0], dict):
            found = [
                [part.get(place, np.nan) for place in range(len(row))] for part, row in zip(found, rows, strict=True)
            ]
        assert repr(rows) == repr([None if value is None else np.ravel(value).tolist() for value in found])


def test_scores_and_what_is_learnt(make_grid):
    seen = watched(make_grid(COUNTING, "ucb1", horizon=100), range(2, 30))
    assert seen[0].scores == ("", {})  # the first three rounds play each arm once
    sums = np.zeros(3)
    for one in seen[1:]:
        name, values = one.scores
        assert (name, set(values)) == ("index", {0, 1, 2})
        assert max(values, key=values.get) == one.played["arm"]
        assert set(one.learnt["plays"]) == {(one.played["arm"],)}
        [(place, total)] = one.learnt["sums"].items()
        assert sums[place] in (0, pytest.approx(total - one.answered["reward"]))
        sums[place] = total
        assert [call["reward"] for call in one.heard] == [one.answered["reward"]]
    assert np.count_nonzero(sums) >= 2


def test_features_of_what_was_played_are_shown(make_grid):
    for policy, count in (("bandit/uniform", 1), ("dueling/uniform", 2)):
        game = policy.partition("/")[0]
        seen = watched(make_grid({"kind": f"{game}/linear", "arms": 4, "dim": 3}, policy), range(5))
        assert all(len(one.shown) == count and one.shown[0].shape == (3,) for one in seen)
        assert len({one.shown[0].tobytes() for one in seen}) == 5


def test_what_is_heard_late(make_grid):
    late = {**COUNTING, "wrapper": [{"kind": "delayed", "rounds": 3}]}
    seen = watched(make_grid(late, "bandit/uniform"), range(10))
    assert [len(one.heard) for one in seen] == [0, 0, 0, 1, 1, 1, 1, 1, 1, 1]
    assert [one.heard[0]["reward"] for one in seen[3:]] == [one.answered["reward"] for one in seen[:-3]]


def test_it_ends_where_the_policy_stops(make_grid):
    sure = {"kind": "bandit/gaussian", "means": [0.0, 9.0], "std": 0.01}
    assert 2 <= len(watched(make_grid(sure, "lucb", horizon=1000), range(1000))) < 1000


def test_a_debugger_is_left_alone(make_grid):
    before = sys.gettrace()
    watched(make_grid(COUNTING, "ucb1"), range(4))
    assert sys.gettrace() is before


GRID = """
horizon = 200
[[environment]]
kind = "bandit/gaussian"
means = [0.0, 1.0, 2.0]
[[environment]]
kind = "bandit/linear"
arms = 3
dim = 12
[[policy]]
kind = "ucb1"
[[policy]]
kind = "bandit/uniform"
label = "even"
"""


@pytest.fixture
def grid_file(tmp_path):
    (tmp_path / "g.toml").write_text(GRID)
    return str(tmp_path / "g.toml")


def test_the_table_is_80_columns_wide(grid_file, capsys):
    at = ["--policy", "ucb1", "--environment", "linear", "--replication", "3", "--rounds", "10:13"]
    assert cli.main(["trace", grid_file, *at]) == 0
    said = capsys.readouterr().out
    assert all(len(line.rstrip()) <= 80 for line in said.splitlines())
    assert said.startswith("ucb1 in linear, replication 3\nround  ")
    for word in ("shown", "index by arm", "arm", "reward", "+ regret", "learnt", "\n   10 ", "\n   12 ", "plays["):
        assert word in said
    assert "\n   13 " not in said


def test_nothing_that_was_seen_of_a_set_is_left_out(tmp_path, capsys):
    (tmp_path / "grid.toml").write_text(
        'horizon = 40\n[[environment]]\nkind = "top-k"\nitems = 12\nk = 5\n[[policy]]\nkind = "combinatorial/uniform"\n'
    )
    assert cli.main(["trace", str(tmp_path / "grid.toml"), "--rounds", "30:33"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("   3")]
    assert len(lines) == 3
    for line in lines:
        items = re.search(r"  ((?:\d+ ){4}\d+)  ", line)[1].split()
        seen = dict(re.findall(r"(\d+): ([01])", line))
        assert sorted(seen) == sorted(items)
        assert f"  {sum(map(int, seen.values()))}  " in line


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ([], "--policy: say which: ucb1, even"),
        (["--policy", "ucb"], "--policy ucb: no policy 'ucb'; did you mean 'ucb1'?"),
        (["--policy", "ucb1"], "--environment: say which: gaussian, linear"),
        *(
            (
                ["--policy", "ucb1", "--environment", "linear", "--rounds", given],
                f"--rounds {given}: should be the first",
            )
            for given in ("5", "3:1", "1:x", "1:2:3", ":4", "0:0")
        ),
        (
            ["--policy", "ucb1", "--environment", "linear", "--rounds", "200:210"],
            "--rounds 200:210: the rounds are 0 .. 199",
        ),
        (["--policy", "ucb1", "--environment", "linear", "--metric", "regrets"], "did you mean 'regret'?"),
    ],
)
def test_mistakes(given, line, grid_file, capsys):
    assert cli.main(["trace", grid_file, *given]) == 2
    assert line in capsys.readouterr().err
