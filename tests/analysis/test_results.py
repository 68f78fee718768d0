"""Results in Python: tables, comparisons, growth; the same from a folder."""

import numpy as np
import pandas as pd
import pytest

import banditlab
from banditlab.analysis.cells import CellResult, paired
from banditlab.analysis.results import Result
from banditlab.errors import UserError
from tests.analysis.made import cell

WORLDS = [{"kind": "bernoulli", "arms": 4, "gap": 0.3, "label": "easy"}, {"kind": "bernoulli", "arms": 4, "gap": 0.1}]
POLICIES = ["bandit/uniform", {"kind": "greedy", "label": "<leader>"}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("home") / "r"


@pytest.fixture(scope="module")
def result(folder):
    return banditlab.run(
        WORLDS, POLICIES, horizon=200, replications=8, seed=2, name="two", out=folder, jobs=1, progress=False
    )


def test_the_frame_is_tidy(result):
    frame = result.frame
    assert list(frame.columns[:7]) == ["environment", "policy", "horizon", "metric", "replication", "x", "value"]
    assert not frame.duplicated(["environment", "policy", "metric", "replication", "x"]).any()
    points = len(result.cells[0].x)
    assert len(frame) == sum(len(cell.metrics) for cell in result.cells) * 8 * points
    final = frame[(frame["x"] == 200) & (frame["metric"] == "regret")]
    means = final.groupby(["environment", "policy"])["value"].mean()
    for row in result.summary().itertuples():
        assert means[row.environment, row.policy] == pytest.approx(row.mean)
    assert set(frame["environment.gap"]) == {0.1, 0.3}


def test_regret_of_uniform_play_is_what_it_must_be(result):
    """Three arms of four miss by the gap."""
    table = result.summary().set_index(["environment", "policy"])
    assert table.loc[("easy", "uniform"), "mean"] == pytest.approx(200 * 0.3 * 0.75, rel=0.1)
    assert table.loc[("bernoulli", "uniform"), "n"] == 8


def test_summary_of_all_metrics_and_of_one(result):
    assert list(result.summary()["metric"].unique()) == ["regret"]
    assert list(result.summary("all")["metric"].unique()) == result.metrics()
    assert {"regret", "realised-regret"} <= set(result.metrics())
    narrow, wide = (result.summary(confidence=c) for c in (0.5, 0.99))
    assert (narrow["high"] - narrow["low"] < wide["high"] - wide["low"]).all()


def test_a_folder_holds_the_same_result(result, folder):
    loaded = banditlab.load(folder)
    pd.testing.assert_frame_equal(loaded.frame, result.frame)
    assert (loaded.name, loaded.quick, loaded.folder) == ("two", False, folder)
    assert {(cell.seed, cell.fixed) for cell in loaded.cells} == {(2, False)}


def test_a_run_without_a_folder_leaves_nothing(result, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    other = banditlab.run(WORLDS, POLICIES, horizon=200, replications=8, seed=2, jobs=1, progress=False)
    pd.testing.assert_frame_equal(other.frame, result.frame)
    assert other.folder is None
    assert not list(tmp_path.iterdir())


def test_the_notebook_shows_a_table(result):
    page = result._repr_html_()
    assert "<b>two</b>" in page
    assert "&lt;leader&gt;" in page
    assert page.count("<tr") == 1 + 4
    assert "<results of two: 4 cells>" in repr(result)


def made(finals, environment="w", policy="p"):
    """A cell of these final regrets."""
    curves = {"regret": np.asarray(finals, float)[:, None]}
    kinds, settings = {"environment": "bernoulli", "policy": "ucb1"}, {"environment": {}, "policy": {}}
    numbers, x = np.arange(len(finals)), np.array([5])
    return CellResult(environment, policy, "bandit", kinds, settings, 5, "", ("regret",), numbers, x, curves)


def test_intervals_to_be_read_with_care_are_named():
    even, odd = np.r_[np.zeros(20), np.ones(20)], np.r_[np.zeros(39), 1.0]
    assert Result("r", False, [made(even)]).cautions() == []
    skewed = Result("r", False, [made(even), made(odd, policy="q"), made(-odd, "v")])
    assert skewed.cautions() == ["q in w and 1 more: heavy skew; a 95 % interval may cover less than 93 %"]
    assert list(skewed.summary()["skewed"]) == [False, True, True]
    few = Result("r", False, [made(even), made(even[15:25])])
    assert few.cautions() == ["10 replications; intervals of fewer than 30 are rough where regret is skewed"]
    for result in (skewed, few):
        assert repr(result).endswith(f"\nnote: {result.cautions()[0]}")
        assert f"<p>{result.cautions()[0]}</p>" in result._repr_html_()


def test_results_without_a_seed_have_no_bounds():
    result = Result("r", False, [made([1.0, 2.0])])
    assert result.bounds().empty
    assert np.isnan(result.records()[0]["over_bound"])


def test_comparisons_are_paired(result):
    table = result.compare("uniform", "<leader>")
    assert list(table["environment"]) == ["easy", "bernoulli"]
    finals = {(cell.environment, cell.policy): cell.final("regret") for cell in result.cells}
    for row in table.itertuples():
        difference = finals[row.environment, "uniform"] - finals[row.environment, "<leader>"]
        assert row.difference == pytest.approx(difference.mean())
        assert row.n == 8
        assert row.p <= row.p_holm <= 1
        assert row.wins == np.mean(difference < 0)
        assert 0 <= row.wins_low <= row.wins <= row.wins_high <= 1
    flipped = result.compare("<leader>", "uniform")
    np.testing.assert_allclose(flipped["difference"], -table["difference"])
    np.testing.assert_allclose(flipped["wins"], 1 - table["wins"])


def test_every_pair_is_compared_without_labels(result):
    assert len(result.compare()) == 2
    early = result.compare(at=1)
    assert set(early["x"]) == {1}


def test_what_cannot_be_compared_is_said(result):
    with pytest.raises(UserError, match=r"no policy 'unifrom'; did you mean 'uniform'\?"):
        result.compare("unifrom", "<leader>")
    alone = banditlab.run(WORLDS[0], POLICIES[0], horizon=5, replications=2, jobs=1, progress=False)
    with pytest.raises(UserError, match="two policies were never run in one environment"):
        alone.compare()


def test_a_metric_that_is_kept_elsewhere_alone_is_no_reason_to_say_they_never_met():
    cells = [cell(policy, [1.0, 2.0]) for policy in "ab"]
    cells += [cell(policy, [1.0, 2.0], "elsewhere", metric="weak") for policy in "cd"]
    several = Result("r", False, cells)
    with pytest.raises(UserError) as error:
        several.compare("a", "b", "weak")
    assert error.value.lines == ("r: 'a' and 'b' keep no metric 'weak' where they met (there are: regret)",)
    with pytest.raises(UserError, match="r: 'a' and 'c' were never run in one environment"):
        several.compare("a", "c", "weak")
    with pytest.raises(UserError, match=r"r: two policies keep no metric 'x' where they met \(there are: regret\)"):
        Result("r", False, [*cells[:2], cell("b", [1.0], "w2"), cell("c", [1.0], metric="x")]).compare(metric="x")


def test_growth_of_uniform_play_is_linear(result):
    rows = result.growth().set_index(["environment", "policy"])
    assert rows.loc[("easy", "uniform"), "exponent"] == pytest.approx(1.0, abs=0.1)
    assert rows.loc[("easy", "uniform"), "over"] == "rounds"


def test_growth_of_a_policy_that_is_told_the_horizon_is_over_horizons():
    settings = {"replications": 3, "jobs": 1, "progress": False}
    world = {"kind": "dueling/linear", "arms": 3, "dim": 2}
    once = banditlab.run(world, "colstim", horizon=40, **settings)
    [row] = once.growth().itertuples()
    assert row.over == "horizons"
    assert np.isnan(row.exponent)
    assert once.cells[0].is_told_horizon
    assert once.cells[0].told == "horizon, link"


def test_arguments_that_are_wrong_are_refused_before_anything_runs(tmp_path):
    for arguments, line in (
        ({"horizon": 0}, r"run\(\): horizon: should be greater than or equal to 1, got 0"),
        ({"replications": True}, r"run\(\): replications: should be a valid integer, got True"),
        ({"seed": -1}, r"run\(\): seed: should be greater than or equal to 0, got -1"),
        ({"jobs": 0}, "jobs: a number of workers, or -1 for all cores; got 0"),
        ({"game": "duel"}, r"run\(\): game: no game 'duel'; did you mean 'dueling'\?"),
    ):
        with pytest.raises(UserError, match=line):
            banditlab.run(WORLDS, POLICIES, out=tmp_path / "r", progress=False, **arguments)
    assert not (tmp_path / "r").exists()


def test_an_empty_result_can_be_looked_at():
    empty = Result("none", False, [])
    assert "<b>none</b>" in empty._repr_html_()
    assert "0 cells" in repr(empty)
    assert empty.frame.empty
    assert empty.summary().empty
    assert empty.records() == []


def test_pairs_are_matched_by_replication_and_not_by_place():
    def made(replications):
        numbers = np.array(replications)
        curves = {"regret": 10.0 * numbers[:, None]}
        settings = {"environment": {}, "policy": {}}
        kinds = {"environment": "bernoulli", "policy": "ucb1"}
        return CellResult("w", "p", "bandit", kinds, settings, 5, "", ("regret",), numbers, np.array([5]), curves)

    one, other = paired(made([0, 1, 3]), made([1, 2, 3]), "regret")
    assert one.tolist() == other.tolist() == [10.0, 30.0]
    with pytest.raises(UserError, match="no replication in common"):
        paired(made([0]), made([1]), "regret")
