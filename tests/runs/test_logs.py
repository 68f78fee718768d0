"""Logged data: what the file holds, for any size of its pages, and what is refused."""

import numpy as np
import pandas as pd
import pytest

import banditlab
from banditlab import cli
from banditlab.errors import UserError
from banditlab.runs import logs

LINEAR = {"kind": "linear", "arms": 3, "dim": 2}


def log(environment, path, policy="uniform", horizon=50, **options):
    return pd.read_parquet(banditlab.log(environment, policy, path, horizon=horizon, **options))


def test_features_of_arms_have_columns_of_their_own(tmp_path):
    rows = log(LINEAR, tmp_path / "a.parquet")
    features = [f"x_{k}_{i}" for k in range(3) for i in range(2)]
    assert list(rows) == ["round", *features, "arms", "action", "reward", "probability"]
    assert rows["round"].tolist() == list(range(1, 51))
    assert set(rows.arms) == {3}
    assert set(rows.action) == {0, 1, 2}
    np.testing.assert_allclose(rows.probability, 1 / 3)
    contexts = rows[features].to_numpy().reshape(50, 3, 2)
    played = contexts[np.arange(50), rows.action]
    theta, *_ = np.linalg.lstsq(played, rows.reward, rcond=None)
    assert np.corrcoef(played @ theta, rows.reward)[0, 1] > 0.9  # signal 1, noise 0.1


def test_features_of_all_arms_stand_once(tmp_path):
    bernoulli = log({"kind": "bernoulli", "means": [0.5, 0.9]}, tmp_path / "a.parquet")
    assert list(bernoulli) == ["round", "arms", "action", "reward", "probability"]
    digits = log({"kind": "classification", "data": "digits"}, tmp_path / "b.parquet")
    assert list(digits)[1:65] == [f"x_{i}" for i in range(64)]
    np.testing.assert_allclose(np.linalg.norm(digits.iloc[:, 1:65], axis=1), 1)


@pytest.mark.parametrize("policy", ["uniform", {"kind": "exp3", "label": "E"}])
def test_pages_of_any_size_give_the_same_file(tmp_path, monkeypatch, policy):
    environment = {"kind": "bernoulli", "means": [0.5, 0.9, 0.1]}
    whole = log(environment, tmp_path / "a.parquet", policy)
    monkeypatch.setattr(logs, "NUMBERS", 20)  # 7 rows
    pd.testing.assert_frame_equal(log(environment, tmp_path / "b.parquet", policy), whole)
    table = banditlab.log(environment, policy, tmp_path / "c.csv", horizon=50)
    pd.testing.assert_frame_equal(pd.read_csv(table), whole, check_dtype=False)
    other = log(environment, tmp_path / "d.parquet", policy, replication=1)
    assert not other.equals(whole)


def test_a_log_is_of_what_happened_not_of_what_was_heard(tmp_path):
    plain = log({"kind": "bernoulli", "means": [0.0, 1.0]}, tmp_path / "a.parquet")
    wrapped = {"kind": "bernoulli", "means": [0.0, 1.0], "wrapper": [{"kind": "missing", "rate": 1.0}]}
    assert log(wrapped, tmp_path / "b.parquet").equals(plain)
    lost = log(wrapped, tmp_path / "c.parquet", {"kind": "epsilon-greedy", "epsilon": 0.5})
    assert set(lost[lost.action == 0].probability) == {0.75}  # nothing is learnt: arm 0 leads throughout
    assert (lost.reward == lost.action).all()


def test_probabilities_are_of_the_past_alone(tmp_path):
    """Those of epsilon-greedy, from the rows before: the leader has 1 - epsilon more than the others."""
    rows = log({"kind": "bernoulli", "means": [0.5, 0.6, 0.4]}, tmp_path / "a.parquet", "epsilon-greedy", horizon=200)
    for t, row in rows.iterrows():
        means = rows[:t].groupby("action").reward.mean().reindex(range(3), fill_value=np.inf)
        np.testing.assert_allclose(row.probability, 0.1 / 3 + 0.9 * (row.action == means.to_numpy().argmax()))


REFUSED = [
    (
        {},
        "ucb1",
        "a.csv",
        r"ucb1 in bernoulli: ucb1 does not say with which probability it chose; these do: epsilon-gr",
    ),
    ({}, "uniform", "a.txt", r"a.txt: a log ends in .parquet or .csv"),
    ({}, "uniform", "no/a.csv", r"there is no folder"),
    ({}, ["uniform", "exp3"], "a.csv", r"one environment and one policy are needed, got 2 cells"),
    ({"sweep": {"gap": [0.1, 0.2]}}, "uniform", "a.csv", r"got 2 cells"),
]


@pytest.mark.parametrize(("more", "policy", "file", "line"), REFUSED, ids=lambda value: str(value)[:20])
def test_what_cannot_be_logged_is_refused(more, policy, file, line, tmp_path):
    with pytest.raises(UserError, match=line) as error:
        banditlab.log({"kind": "bernoulli", "arms": 2} | more, policy, tmp_path / file, horizon=5)
    assert len(error.value.lines) == 1
    assert not list(tmp_path.iterdir())


def test_a_replay_is_not_logged(tmp_path):
    first = banditlab.log({"kind": "bernoulli", "means": [0.5, 0.9]}, "uniform", tmp_path / "a.parquet", horizon=20)
    with pytest.raises(UserError, match="replay does not know the outcomes of all its rounds"):
        banditlab.log({"kind": "replay", "log": first}, "uniform", tmp_path / "b.parquet", horizon=20)


GRID = """
horizon = 30
[[environment]]
kind = "bandit/bernoulli"
sweep = { gap = [0.1, 0.2] }
arms = 3
[[policy]]
kind = "exp3"
[[policy]]
kind = "uniform"
"""


def test_the_command_writes_the_cell_that_it_names(tmp_path, capsys):
    grid, out = tmp_path / "g.toml", tmp_path / "log.csv"
    grid.write_text(GRID)
    line = ["log", str(grid), "-o", str(out), "--policy", "exp3"]
    assert cli.main([*line, "--environment", "bernoulli (gap=0.2)", "--replication", "3"]) == 0
    assert "exp3 in bernoulli (gap=0.2), replication 3: 30 rounds" in capsys.readouterr().out
    assert len(pd.read_csv(out)) == 30
    assert cli.main(line) == 2
    assert "--environment: say which: bernoulli (gap=0.1), bernoulli (gap=0.2)" in capsys.readouterr().err
    assert cli.main(["log", str(grid), "-o", str(out), "--policy", "exp"]) == 2
    assert "--policy exp: no policy 'exp'; did you mean 'exp3'?" in capsys.readouterr().err
