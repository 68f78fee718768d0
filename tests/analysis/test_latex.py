"""Tables and macros for papers: what is bold was tested, and every macro has a name of its own."""

import re

import numpy as np
import pytest

from banditlab.errors import UserError
from banditlab.latex import LEVEL, macros, may_be_best, table_of
from tests.analysis.made import cell, result

RNG = np.random.default_rng(2)
COMMON = RNG.normal(0, 3, 30)  # what all policies pay for a hard replication


def paying(policy, mean, **more):
    return cell(policy, 20 + mean + COMMON + RNG.normal(0, 0.1, 30), **more)


def test_all_that_are_not_surely_worse_may_be_best():
    cells = [paying("a", 0.0), paying("b", 0.01), paying("c", 0.5)]
    assert may_be_best(cells, "regret") == {"a", "b"}  # paired: c is worse by 5 of its own standard deviations


def test_few_replications_prove_nothing():
    assert may_be_best([cell("a", [1.0, 2.0]), cell("b", [100.0, 90.0])], "regret") == {"a", "b"}


def test_reference_players_are_not_marked():
    oracle = cell("oracle", np.zeros(30), kind="oracle")
    assert may_be_best([oracle, paying("a", 0), paying("b", 3)], "regret") == {"a"}
    assert may_be_best([oracle, paying("a", 0)], "regret") == set()


def test_of_some_metrics_more_is_better_and_of_others_neither():
    def pair(metric):
        cells = [paying("a", 0.0, metric=metric), paying("b", 5.0, metric=metric)]
        for one in cells:
            object.__setattr__(one, "game", "knapsack")
        return may_be_best(cells, metric)

    assert (pair("reward"), pair("alpha-regret"), pair("budget-1")) == ({"b"}, {"a"}, set())
    assert may_be_best([paying("a", 0.0, metric="mine"), paying("b", 5.0, metric="mine")], "mine") == set()


def test_a_policy_that_is_no_worse_is_seldom_left_out():
    """Six policies of one distribution: all are as good, and one is left out in at most 5 % of the tables."""
    rng, tables = np.random.default_rng(7), 300
    left_out = 0
    for _ in range(tables):
        cells = [cell(f"p{i}", 5 + rng.normal(0, 1, 12)) for i in range(6)]
        left_out += len(may_be_best(cells, "regret")) < 6
    assert left_out / tables <= LEVEL + 3 * np.sqrt(LEVEL * (1 - LEVEL) / tables)


def test_the_table_marks_them_and_says_how():
    made = result(paying("a_1", 0.0), paying("b", 5.0), cell("uniform", np.full(30, 7.0), kind="uniform"))
    lines = table_of(made).splitlines()
    assert lines[0] == "% Regret at the last round: mean and 95 % bootstrap-t interval over 30 replications."
    assert lines[1].startswith(
        "% Bold: not significantly worse than the best mean of the column, at level 0.05: paired"
    )
    assert re.fullmatch(r"a\\_1 & \\textbf\{\d+(\.\d)?\} \[.*\] \\\\", lines[8])
    assert "textbf" not in lines[9] + lines[10]
    assert lines[4:8] == [r"\begin{tabular}{lr}", r"\toprule", r"Policy & w \\", r"\midrule"]


def test_columns_say_where_they_differ():
    made = result(cell("a", [1.0, 2.0]), cell("a", [1.0, 2.0], horizon=2000))
    assert r"Policy & w, T = 1,000 & w, T = 2,000 \\" in table_of(made)
    assert table_of(made).splitlines()[1].startswith("% Nothing is bold")


def names(text):
    return re.findall(r"\\newcommand\{\\(\w+)\}", text)


def test_a_macro_for_each_number():
    made = result(paying("CoLSTIM", 0.0), cell("ucb1", [1234.0]))
    text = macros(made)
    assert names(text) == [
        "regretCoLSTIM", "regretCoLSTIMLow", "regretCoLSTIMHigh", "regretCoLSTIMN", "regretUcbOne", "regretUcbOneN",
    ]  # fmt: skip
    assert r"\newcommand{\regretUcbOne}{1{,}234}" in text
    assert r"\newcommand{\regretCoLSTIMN}{30}" in text


def test_names_are_of_letters_and_tell_environments_horizons_and_values_apart():
    cells = [
        cell("p (c=0.5)", [-1.0, -2.0], "linear (dim=10)"),
        cell("p (c=-5)", [1.0, 2.0], "linear (dim=1)"),
        cell("p (c=1e-05)", [1e-5, 2e-5], "linear (dim=1)", horizon=2000),
    ]
    found = names(macros(result(*cells)))
    assert all(re.fullmatch("[A-Za-z]+", name) for name in found) and len(set(found)) == len(found) == 12
    assert found[0] == "regretPCZeroPointFiveLinearDimOneZeroTOneZeroZeroZero"
    assert found[4] == "regretPCMinusFiveLinearDimOneTOneZeroZeroZero"
    assert "regretPCOneEMinusZeroFiveLinearDimOneTTwoZeroZeroZero" in found
    text = macros(result(*cells))
    assert r"{\ensuremath{-1.5}}" in text and r"{\ensuremath{1.5 \cdot 10^{-5}}}" in text


@pytest.mark.parametrize(
    ("cells", "line"),
    [
        ([cell("ucb-1", [1.0]), cell("ucb1", [1.0])], r"regretUcbOne is of \(regret, ucb-1\) and of \(regret, ucb1\)"),
        ([cell("x", [1.0, 2.0]), cell("x-low", [1.0])], r"\\regretXLow is of \(regret, x\) and of \(regret, x-low\)"),
        ([cell("∞", [1.0])], "'∞' has no letter for the name of a macro: give it a label"),
    ],
)  # fmt: skip
def test_names_that_would_clash_are_refused(cells, line):
    with pytest.raises(UserError, match=line):
        macros(result(*cells))
