"""Scores, ranks and chances over many environments: against their definitions, written out."""

import itertools

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, rankdata, trim_mean

from banditlab import cli
from banditlab.analysis.across import contests
from banditlab.errors import UserError
from banditlab.tables import print_ranks
from tests.analysis.made import cell, result

PLACES = ("u", "v", "w")


@pytest.fixture(scope="module")
def finals():
    """Regrets of three policies in three environments of very different sizes, 8 replications each."""
    rng = np.random.default_rng(3)
    sizes = dict(zip(PLACES, (1.0, 50.0, 4000.0), strict=True))
    means = {"good": 0.2, "fair": 0.3, "uniform": 1.0}
    return {
        (place, policy): size * mean * rng.gamma(5, 0.2, 8)
        for place, size in sizes.items()
        for policy, mean in means.items()
    }


@pytest.fixture(scope="module")
def contest(finals):
    cells = [
        cell(p, values, place, kind="uniform" if p == "uniform" else "ucb1") for (place, p), values in finals.items()
    ]
    [found] = contests(result(*cells))
    return found


def scores(finals, policy):
    return np.concatenate([finals[place, policy] / finals[place, "uniform"].mean() for place in PLACES])


def test_a_score_is_relative_to_uniform_play(contest, finals):
    assert (contest.policies, contest.places, contest.level) == (("good", "fair", "uniform"), PLACES, "uniform play")
    for i, policy in enumerate(contest.policies):
        assert np.concatenate([table[i] for table in contest.scores]) == pytest.approx(scores(finals, policy))
    uniform = [table[2].mean() for table in contest.scores]
    assert uniform == pytest.approx([1, 1, 1])


def test_without_uniform_play_it_is_relative_to_the_worst_policy(finals):
    cells = [cell(p, values, place) for (place, p), values in finals.items() if p != "uniform"]
    [found] = contests(result(*cells))
    assert found.level == "the worst policy"
    assert found.levels == pytest.approx([max(finals[place, p].mean() for p in ("good", "fair")) for place in PLACES])


def test_the_interquartile_mean_leaves_out_a_quarter_on_both_sides(contest, finals):
    for policy, found in zip(contest.policies, contest.interquartile_means(), strict=True):
        assert found.value == pytest.approx(trim_mean(scores(finals, policy), 0.25))
        assert found.low < found.value < found.high
    narrow, wide = (contest.interquartile_means(level)[0] for level in (0.5, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high


def test_an_environment_counts_once_whatever_its_number_of_replications():
    """A quarter of the weight is cut off on both sides: half of each of these two environments."""
    cells = [cell(p, np.full(n, mean), place) for place, n, mean in (("u", 2, 1.0), ("v", 40, 3.0)) for p in "ab"]
    cells[3].curves["regret"] *= 2  # of b in v
    [found] = contests(result(*cells))
    assert found.interquartile_means()[0].value == pytest.approx((1.0 + 0.5) / 2)
    assert found.ranks()[0].value == pytest.approx((1.5 + 1.0) / 2)


def test_the_profile_is_the_share_of_runs(contest, finals):
    at = np.linspace(0, 3, 31)
    for i, policy in enumerate(contest.policies):
        share, low, high = contest.profile(i, at)
        assert share == pytest.approx([(scores(finals, policy) <= x).mean() for x in at])
        assert (np.diff(share) >= 0).all() and (low <= share + 1e-12).all() and (share <= high + 1e-12).all()


def test_ranks_are_of_policies_in_the_same_environment_and_replication(contest, finals):
    wanted = np.mean(
        [rankdata([finals[place, p][r] for p in contest.policies]) for place in PLACES for r in range(8)], axis=0
    )
    assert [one.value for one in contest.ranks()] == pytest.approx(list(wanted))
    assert sum(wanted) == pytest.approx(6)


def test_the_chance_of_improvement_is_that_of_mann_and_whitney(contest, finals):
    for a, b in itertools.permutations(range(3), 2):
        names = contest.policies[a], contest.policies[b]
        found = contest.improvement(a, b)
        each = [mannwhitneyu(finals[place, names[1]], finals[place, names[0]]).statistic / 64 for place in PLACES]
        assert found.value == pytest.approx(np.mean(each))
        assert found.value + contest.improvement(b, a).value == pytest.approx(1)
        assert 0 <= found.low <= found.value <= found.high <= 1


def test_ties_count_half():
    [found] = contests(result(*(cell(p, [1.0, 1.0, 2.0]) for p in "ab")))
    assert found.improvement(0, 1) == pytest.approx((0.5, 0.5, 0.5), abs=0.5)
    assert found.improvement(0, 1).value == pytest.approx(0.5)
    assert [one.value for one in found.ranks()] == [1.5, 1.5]


def test_intervals_cover_the_chance_of_improvement():
    """Exponential regrets of means 1 and 2 on independent numbers: the chance is 2/3, in each of four environments."""
    rng, hits = np.random.default_rng(5), 0
    for _ in range(200):
        cells = [cell(p, rng.exponential(m, 20), place) for place in "stuv" for p, m in (("a", 1), ("b", 2))]
        [found] = contests(result(*cells))
        one = found.improvement(0, 1)
        hits += one.low <= 2 / 3 <= one.high
    assert 0.89 <= hits / 200 <= 0.985  # 0.95, give or take 3.9 standard errors below; percentiles are a little narrow


def test_only_replications_that_all_have_and_policies_that_were_played_everywhere():
    cells = [
        cell("a", [1.0, 2.0, 3.0], "u"),
        cell("b", [9.0, 8.0, 7.0], "u", first=1),
        cell("c", [1.0, 2.0, 3.0], "u"),
        cell("a", [1.0, 1.0], "v"),
        cell("b", [2.0, 2.0], "v"),
    ]
    [found] = contests(result(*cells))
    assert (found.policies, found.left_out) == (("a", "b"), ("c",))
    assert found.finals[0].tolist() == [[2.0, 3.0], [9.0, 8.0]]


@pytest.mark.parametrize(
    ("cells", "line"),
    [
        ([cell("a", [1.0, 2.0])], "scores take two policies that were played in the same environments"),
        ([cell(p, [1.0, 2.0], metric="static-regret") for p in "ab"], "'static-regret' can be negative"),
        ([cell(p, [1.0, 2.0], metric="mine") for p in "ab"], "'mine' is not one of which less is better"),
        ([cell(p, [0.0, 0.0]) for p in "ab"], "'regret' is 0 in w for the worst policy, so that there are no scores"),
        ([cell("a", [1.0]), cell("b", [1.0], first=3)], "policies in w have no replication in common"),
    ],
)  # fmt: skip
def test_what_has_no_scores_is_said(cells, line):
    made = result(*cells)
    with pytest.raises(UserError, match=line):
        made.ranks(cells[0].metrics[0])


def test_the_table_of_ranks(finals, capsys):
    cells = [
        cell(p, values, place, kind="uniform" if p == "uniform" else "ucb1") for (place, p), values in finals.items()
    ]
    table = result(*cells).ranks()
    assert list(table["policy"]) == ["good", "fair", "uniform"]
    assert table["score"].is_monotonic_increasing
    assert np.isnan(table["better"].iloc[-1])
    assert set(table["environments"]) == {3} and set(table["n"]) == {8}
    print_ranks(table)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == "bandit: regret over 3 environments, at least 8 replications each"
    assert "score: interquartile mean, relative to uniform play; less is better" in lines


def test_ranks_take_no_labels(capsys):
    assert cli.main(["compare", "x", "a", "b", "--ranks"]) == 2
    assert capsys.readouterr().err == "compare: --ranks is of all policies, and takes no labels\n"
