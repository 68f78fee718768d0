"""Figures: every replication, its number, and nothing of pyplot's left behind."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

import banditlab
from banditlab.analysis.lower_bounds import bounds_of
from banditlab.analysis.panels import save
from banditlab.analysis.results import Result
from banditlab.errors import UserError


@pytest.fixture(scope="module")
def result():
    worlds = {"kind": "bernoulli", "arms": 4, "sweep": {"gap": [0.1, 0.2, 0.4]}}
    policies = ["greedy", "bandit/uniform", {"kind": "thompson-beta", "sweep": {"prior_wins": [1.0, 4.0]}}]
    return banditlab.run(worlds, policies, horizon=60, replications=4, jobs=1, progress=False)


def texts(figure):
    return [text.get_text() for text in figure.findobj(mpl.text.Text)]


def test_a_panel_an_environment_and_a_curve_a_policy(result):
    figure = result.plot()
    titles = [axis.get_title() for axis in figure.axes if axis.get_visible()]
    assert titles == ["bernoulli (gap=0.1)", "bernoulli (gap=0.2)", "bernoulli (gap=0.4)"]
    for axis in figure.axes:
        labels = [line.get_label() for line in axis.get_lines()]
        policies = ["greedy", "uniform", "thompson-beta (prior_wins=1)", "thompson-beta (prior_wins=4)"]
        assert labels == [*policies, "Lai-Robbins (asymptotic)"]
        assert (axis.get_xlabel(), axis.get_ylabel()) == ("Round t", "Regret")
        assert len({line.get_color() + str(line.get_linestyle()) for line in axis.get_lines()}) == 5
    [line] = [line for line in figure.axes[0].get_lines() if line.get_label() == "greedy"]
    [cell] = [c for c in result.cells if (c.environment, c.policy) == ("bernoulli (gap=0.1)", "greedy")]
    assert list(line.get_ydata()) == pytest.approx(list(cell.curves["regret"].mean(0)))


def test_the_figure_says_how_many_replications_and_what_to_beware_of(result):
    few = "4 replications; intervals of fewer than 30 are rough where regret is skewed"
    assert f"Mean of 4 replications with 95% Student bands.\n{few}" in texts(result.plot())
    assert f"Mean of 4 replications with 95% Student intervals.\n{few}" in texts(result.plot(versus="gap"))


def test_the_quantile_band_is_of_the_replications(result):
    figure = result.plot(band="quantile")
    wanted = "Median of 4 replications with their quartiles and 5 % and 95 % quantiles, shaded."
    assert wanted in texts(figure)
    cell, axis = result.cells[0], figure.axes[0]
    assert list(axis.get_lines()[0].get_ydata()) == pytest.approx(list(np.median(cell.curves["regret"], axis=0)))
    outer, inner = (band.get_paths()[0].vertices for band in axis.collections[:2])
    last = outer[outer[:, 0] == 60][:, 1]
    assert [last.min(), last.max()] == pytest.approx(list(np.quantile(cell.final("regret"), [0.05, 0.95])))
    last = inner[inner[:, 0] == 60][:, 1]
    assert [last.min(), last.max()] == pytest.approx(list(np.quantile(cell.final("regret"), [0.25, 0.75])))


def test_the_quantile_band_over_a_parameter(result):
    figure = result.plot(versus="gap", band="quantile")
    assert "Median of 4 replications with their 5 % and 95 % quantiles." in texts(figure)
    box = figure.axes[0].containers[0]
    finals = [cell.final("regret") for cell in result.cells if cell.policy == "greedy"]
    assert list(box.lines[0].get_ydata()) == pytest.approx([np.median(values) for values in finals])


def test_several_metrics_stand_side_by_side(result):
    figure = result.plot("regret, realised-regret")
    shown = [(axis.get_title(), axis.get_ylabel()) for axis in figure.axes if axis.get_visible()]
    names = ["bernoulli (gap=0.1)", "bernoulli (gap=0.2)", "bernoulli (gap=0.4)"]
    labels = ["Regret", "Realised regret"]
    assert shown == [(name, label) for name in names for label in labels]
    cell, line = result.cells[0], figure.axes[1].get_lines()[0]
    assert list(line.get_ydata()) == pytest.approx(list(cell.curves["realised-regret"].mean(0)))
    assert len({axis.get_position().y0 for axis in figure.axes}) == 3
    with pytest.raises(UserError, match="no metric 'regrets'; did you mean 'regret'"):
        result.plot("realised-regret,regrets")
    with pytest.raises(UserError, match="no metric ''"):
        result.plot("regret,")
    assert len([axis for axis in result.plot("regret,regret").axes if axis.get_visible()]) == 3


def test_what_changes_in_the_first_rounds_is_drawn_over_their_logarithm(result):
    scales = {axis.get_ylabel(): axis.get_xscale() for axis in result.plot("regret,simple-regret").axes}
    assert scales == {"Regret": "linear", "Simple regret": "log"}


def test_a_bound_is_drawn_and_does_not_stretch_the_axis(result):
    axes = result.plot().axes
    for axis, cell in zip(axes, result.cells[::4], strict=True):
        bound = axis.get_lines()[-1]
        [known] = bounds_of(cell, "regret")
        assert (bound.get_label(), bound.get_linestyle()) == ("Lai-Robbins (asymptotic)", ":")
        assert list(bound.get_ydata()) == pytest.approx(list(known.values))
        assert max(line.get_ydata().max() for line in axis.get_lines()[:-1]) < axis.get_ylim()[1]
    assert axes[0].get_ylim()[1] < 10 < bounds_of(result.cells[0], "regret")[0].values.max()
    other = result.plot("realised-regret").axes[0]
    assert "Lai-Robbins (asymptotic)" not in [line.get_label() for line in other.get_lines()]


def test_a_quick_look_says_so(result):
    quick = Result("q", True, result.cells)
    assert any(text.startswith("Quick look (a tenth of the horizon") for text in texts(quick.plot()))


def test_versus_a_parameter_of_the_environment(result):
    [axis] = result.plot(versus="gap").axes
    assert axis.get_title() == "bernoulli"
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("gap", "Regret at the last round")
    lines = {box.get_label(): box.lines[0] for box in axis.containers}
    assert set(lines) == {"greedy", "uniform", "thompson-beta (prior_wins=1)", "thompson-beta (prior_wins=4)"}
    table = result.summary().set_index(["policy", "environment.gap"])["mean"]
    for label, line in lines.items():
        assert list(line.get_xdata()) == [0.1, 0.2, 0.4]
        assert list(line.get_ydata()) == pytest.approx(list(table[label]))


def test_versus_a_parameter_of_a_policy(result):
    figure = result.plot(versus="prior_wins")
    assert len(figure.axes) == 3
    [box] = figure.axes[0].containers
    assert (box.get_label(), list(box.lines[0].get_xdata())) == ("thompson-beta", [1.0, 4.0])


def test_scales(result):
    assert result.plot(scale="log-log").axes[0].get_yscale() == "log"
    assert (result.plot(scale="log-x").axes[0].get_xscale(), result.plot().axes[0].get_xscale()) == ("log", "linear")


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"versus": "dim"}, r"versus: this grid does not sweep 'dim' \(there are: gap, prior_wins, t\)"),
        ({"versus": "arms"}, "versus: this grid does not sweep 'arms'"),
        ({"scale": "log"}, "scale: no 'log'; did you mean 'log-x'"),
        ({"band": "none"}, r"band: no 'none' \(there are: bootstrap, quantile, replications, simultaneous, student\)"),
        ({"metric": "weak"}, "no metric 'weak'"),
    ],
)
def test_what_cannot_be_drawn_is_said(options, line, result):
    with pytest.raises(UserError, match=line):
        result.plot(**options)


def test_nothing_of_pyplots_is_changed(result, tmp_path):
    before = dict(mpl.rcParams)
    for _ in range(25):  # pyplot warns of more than 20 open figures
        figure = result.plot()
    save(figure, tmp_path / "f.png")
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == []


@pytest.mark.parametrize("name", ["f.jpg", "f", "f.png.txt"])
def test_another_ending_is_refused(name, result, tmp_path):
    with pytest.raises(UserError, match=r"a figure's file ends in .pdf, .svg, .png, .pgf"):
        save(result.plot(), tmp_path / name)
    assert not list(tmp_path.iterdir())
