"""Survival and wrong-order figures: the numbers that they show, and what they say of them."""

import dataclasses

import matplotlib as mpl
import numpy as np
import pytest

import banditlab
from banditlab.analysis import hindsight
from banditlab.analysis.results import Result
from banditlab.errors import UserError


@pytest.fixture(scope="module")
def result():
    worlds = {"kind": "bernoulli", "arms": 4, "sweep": {"gap": [0.1, 0.3]}}
    policies = ["ucb1", "thompson-beta", "greedy", "oracle"]
    return banditlab.run(worlds, policies, horizon=100, replications=12, jobs=1, progress=False, game="bandit")


def texts(figure):
    return [text.get_text() for text in figure.findobj(mpl.text.Text)]


def lines(axis):
    return {line.get_label(): line for line in axis.get_lines()}


def test_survival_is_the_share_of_replications_above(result):
    figure = result.plot_survival()
    assert [axis.get_title() for axis in figure.axes] == ["bernoulli (gap=0.1)", "bernoulli (gap=0.3)"]
    for axis, cells in zip(figure.axes, (result.cells[:4], result.cells[4:]), strict=True):
        assert (axis.get_xscale(), axis.get_yscale()) == ("log", "log")
        assert (axis.get_xlabel(), axis.get_ylabel()) == ("Regret x at the last round", "Share above x")
        assert set(lines(axis)) == {"ucb1", "thompson-beta", "greedy"}  # an oracle's regret has no logarithm
        for cell in cells[:3]:
            line = lines(axis)[cell.policy]
            assert line.get_drawstyle() == "steps-post"
            for x, share in zip(line.get_xdata(), line.get_ydata(), strict=True):
                assert share == pytest.approx(np.mean(cell.final("regret") > x), abs=1e-8)
    assert "Share of 12 replications that exceed x at the last round." in texts(figure)


def test_replications_without_regret_lie_beyond_the_left_end(result):
    cell = result.cells[2]
    finals = np.r_[0.0, 0.0, np.arange(1.0, 11.0)]
    curves = {"regret": np.repeat(finals[:, None], len(cell.x), axis=1)}
    changed = type(cell)(**{**vars(cell), "curves": curves, "metrics": ("regret",)})
    [line] = Result("z", False, [changed]).plot_survival().axes[0].get_lines()
    assert line.get_ydata()[:3].tolist() == pytest.approx([1, 10 / 12, 9 / 12])
    assert (line.get_xdata() > 0).all()


def test_a_metric_that_can_be_negative_has_a_linear_axis(result):
    axis = result.plot_survival("realised-regret").axes[0]
    assert (axis.get_xscale(), axis.get_yscale()) == ("linear", "log")
    assert set(lines(axis)) == {"ucb1", "thompson-beta", "greedy", "oracle"}


def test_the_wrong_order_is_against_the_best(result):
    figure = result.plot_wrong_order()
    for axis, cells in zip(figure.axes, (result.cells[:4], result.cells[4:]), strict=True):
        best, other = sorted(cells[:2], key=lambda cell: cell.final("regret").mean())
        [line] = axis.get_lines()
        assert line.get_label() == f"{other.policy} below {best.policy}"
        assert axis.get_xscale() == "log"
        sizes = line.get_xdata().tolist()
        assert (sizes[0], sizes[-1]) == (1, 12)
        expected = hindsight.wrong_order(best.final("regret"), other.final("regret"), sizes)
        assert line.get_ydata().tolist() == pytest.approx(expected.tolist())
    caption = "Chance that means of n are in another order than those of all 12 replications."
    assert f"{caption}\nReference players are left out, and panels of one policy." in texts(figure)


def test_what_has_nothing_to_show_says_so(result):
    alike = Result("alike", False, [result.cells[0], dataclasses.replace(result.cells[0], policy="copy")])
    assert "all means are equal" in texts(alike.plot_wrong_order())
    oracle = Result("oracle", False, [cell for cell in result.cells if cell.policy == "oracle"])
    assert "every regret is 0" in texts(oracle.plot_survival())


def test_reference_players_are_compared_where_there_is_nothing_else(result):
    two = Result("two", False, result.cells[1:3])
    assert len(two.plot_wrong_order().axes[0].get_lines()) == 1


def test_what_cannot_be_drawn_is_said(result):
    alone = Result("alone", False, result.cells[:1])
    with pytest.raises(UserError, match="alone: an order takes two policies in one environment"):
        alone.plot_wrong_order()
    for draw in (result.plot_survival, result.plot_wrong_order):
        with pytest.raises(UserError, match="no metric 'weak'"):
            draw("weak")
    empty = Result("none", False, [])
    for draw in (empty.plot_survival, empty.plot_wrong_order):
        with pytest.raises(UserError, match="none: no finished replication to draw"):
            draw()
