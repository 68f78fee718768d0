"""Figures for papers: widths, names, small multiples, slopes, heat maps, and the tables `[[figure]]`."""

import itertools
import re
import tomllib
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from banditlab import cli
from banditlab.analysis import figures, labels, panels
from banditlab.analysis.panels import save
from banditlab.analysis.presets import PRESETS, STYLE
from banditlab.analysis.results import Result
from banditlab.analysis.slopes import read_slopes
from banditlab.analysis.swept import value_of, without
from banditlab.errors import UserError
from banditlab.runs import reading
from tests.analysis.made import ROUNDS, cell, result, swept

POLICIES = ("UCB1", "KL-UCB", "MOSS", "Thompson sampling", "Tsallis-INF")


@pytest.fixture(scope="module")
def plain():
    return swept(gaps=(0.1,), arms=(5,), policies=POLICIES)


@pytest.fixture(scope="module")
def multiple():
    return swept()


def shown(figure):
    return [axis for axis in figure.axes if axis.get_visible()]


def widths(figure):
    """The width of a figure's PDF, in inches."""
    [box] = set(re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) [\d.]+ \]", figure))
    return float(box) / 72


# --- the sheet ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", ["legend", "direct", "none"])
@pytest.mark.parametrize("preset", ["icml", "ieee-wide", "acm", "jmlr"])
def test_a_figure_for_a_paper_has_exactly_its_width(preset, labels, plain, tmp_path):
    save(plain.plot(preset=preset, labels=labels), tmp_path / "f.pdf")
    written = (tmp_path / "f.pdf").read_bytes()
    assert widths(written) == pytest.approx(PRESETS[preset].width, abs=1e-4)
    assert b"/FontFile2" in written  # TrueType, embedded
    assert b"/Type3" not in written


@pytest.mark.parametrize("view", [{}, {"view": "heatmap", "versus": "gap,arms"}, {"view": "profile"}, {"rows": "gap"}])
def test_nothing_is_cut_off_or_tiny(view, multiple):
    view = view | ({"columns": "arms"} if "rows" in view else {})
    figure = multiple.plot(preset="icml", **view)
    figure.draw_without_rendering()
    width, height = figure.get_size_inches() * figure.dpi
    for text in visible_texts(figure):
        box = text.get_window_extent()
        assert box.x0 > -1 and box.x1 < width + 1 and box.y0 > -1 and box.y1 < height + 1, text
        assert text.get_fontsize() >= 6, text
    assert "STIX" in figure.axes[0].xaxis.label.get_fontname()


def visible_texts(figure):
    """Titles, labels, legends and names; ticks that lie beyond an axis are not drawn."""
    found = [text for legend in figure.legends for text in legend.get_texts()]
    for axis in shown(figure):
        found += [axis.title, axis.xaxis.label, axis.yaxis.label, *axis.texts]
    return [text for text in found if text.get_visible()]


def test_a_paper_has_a_caption_of_its_own(plain):
    assert any("Mean of 6 replications" in text.get_text() for text in plain.plot().texts)
    assert plain.plot(preset="icml").texts == []
    assert shown(plain.plot(preset="icml"))[0].get_title() == ""
    assert title_of(plain.plot(preset="icml", title="One")).get_text() == "One"


def title_of(figure):
    """The title of a figure, or of the legend above its panels."""
    [title] = [*(one.get_title() for one in figure.legends if one.get_title().get_text()), *titles(figure)]
    return title


def titles(figure):
    return [text for text in figure.texts if text.get_text() == figure.get_suptitle()]


LONG = "A title that is so long that it does not stand in one line above the panels, however many these are and wide"
VIEWS = [
    {},
    {"labels": "direct"},
    {"labels": "none"},
    {"rows": "gap", "columns": "arms"},
    {"versus": "gap"},
    {"view": "profile"},
    {"view": "survival"},
    {"view": "wrong-order"},
    {"view": "heatmap", "versus": "gap,arms"},
]


@pytest.mark.parametrize("preset", [None, "icml"])
@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_the_title_overlaps_nothing(view, preset, multiple):
    figure = multiple.plot(preset=preset, title=LONG, **view)
    figure.draw_without_rendering()
    title = title_of(figure)
    box, others = title.get_window_extent(), [text for text in visible_texts(figure) if text.get_text()]
    assert " ".join(title.get_text().split()) == LONG
    assert box.x0 >= 0 and box.x1 <= figure.bbox.width and box.y1 <= figure.bbox.height
    assert not any(box.overlaps(other.get_window_extent()) for other in others)


def test_a_quick_look_says_so_in_a_paper_too(plain):
    quick = Result("q", True, plain.cells)
    assert title_of(quick.plot(preset="icml")).get_text() == "Quick look"
    assert title_of(quick.plot(preset="icml", title="One")).get_text() == "Quick look - One"


def test_too_much_for_a_column_is_told(plain):
    long = result(cell("a policy of a very long name that goes on and on and on and on and on", [1.0, 2.0]))
    with pytest.raises(UserError, match=r"preset: its 3.25 inches leave no room for the panels"):
        long.plot(preset="icml", labels="direct")


def test_the_same_figure_gives_the_same_bytes(plain, tmp_path):
    for kind in ("pdf", "svg", "png"):
        for name in "ab":
            save(plain.plot(preset="icml", slopes="log T"), tmp_path / f"{name}.{kind}")
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()


def test_pgf_without_latex_is_refused(plain, tmp_path, monkeypatch):
    monkeypatch.setattr(panels.shutil, "which", lambda name: None)
    with pytest.raises(UserError, match=r"f.pgf: PGF takes a LaTeX to measure text, and there is no pdflatex"):
        save(plain.plot(), tmp_path / "f.pgf")


# --- told apart -----------------------------------------------------------------------------------------------------

#: What people without one kind of cones see, on linear RGB (Machado, Oliveira and Fernandes 2009, severity 1).
SEEN = {
    "all cones": np.eye(3),
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}


def lab(linear):
    """CIELAB of linear sRGB, under D65."""
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
    ratio = to_xyz @ np.clip(linear, 0, 1) / [0.95047, 1, 1.08883]
    x, y, z = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def colours():
    style = mpl.rc_params_from_file(STYLE, use_default_template=False)
    found = np.array([mpl.colors.to_rgb(one) for one in style["axes.prop_cycle"].by_key()["color"]])
    return np.where(found <= 0.04045, found / 12.92, ((found + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize("eyes", SEEN)
def test_eight_colours_are_told_apart_by_everybody(eyes):
    """A difference of 2.3 can just be seen; of 15 it is plain. The sets of Okabe and Ito comes down to 16."""
    seen = [lab(SEEN[eyes] @ colour) for colour in colours()[:8]]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 15


def test_three_colours_are_told_apart_in_grey_and_all_policies_by_lines_and_markers():
    light = [lab(colour)[0] for colour in colours()[:3]]
    assert min(abs(a - b) for a, b in itertools.combinations(light, 2)) > 15
    many = [cell(f"p{i}", [1.0, 2.0]) for i in range(12)]
    looks = panels.looks_of([(one, "regret") for one in many]).values()
    assert len({(str(look["linestyle"]), look["marker"]) for look in looks}) == 12
    assert (
        len({str(look["linestyle"]) for look in list(looks)[:6]}) == len({look["marker"] for look in looks} - {0}) - 5
    )


# --- names at the ends of lines -------------------------------------------------------------------------------------


@given(st.lists(st.floats(0, 100), min_size=1, max_size=8), st.floats(0.1, 12))
def test_names_are_apart_in_order_and_inside(wanted, gap):
    places = labels.spread(wanted, gap, 0, 100)
    by_place = np.argsort(wanted, kind="stable")
    assert (np.diff(places[by_place]) >= gap * (1 - 1e-9)).all()
    assert places.min() >= -1e-9 and places.max() <= 100 + 1e-9


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        ([10, 50], [10, 50]),
        ([50, 50], [45, 55]),
        ([52, 50, 48], [60, 50, 40]),
        ([0, 1], [0, 10]),
        ([3, 3, 50], [0, 10, 50]),
    ],
)
def test_names_stay_as_near_as_can_be(wanted, places):
    assert labels.spread(wanted, 10, 0, 100) == pytest.approx(places)


def test_too_many_names_stand_out_on_both_sides():
    assert labels.spread([1, 2, 3], 10, 0, 10) == pytest.approx([-5, 5, 15])


def test_direct_names_do_not_overlap(plain):
    figure = plain.plot(preset="icml", labels="direct", slopes="log T, sqrt T")
    figure.draw_without_rendering()
    [axis] = shown(figure)
    assert {text.get_text() for text in axis.texts} == {*POLICIES, r"$\log T$", r"$\sqrt{T}$"}
    boxes = [mpl.text.Text.get_window_extent(text) for text in axis.texts]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    assert all(box.x0 > axis.bbox.x1 and box.x1 <= figure.bbox.x1 for box in boxes)
    assert figure.legends == [] and axis.get_legend() is None


def test_leader_lines_end_beside_the_middle_of_their_names(plain):
    figure = plain.plot(preset="icml-wide", labels="direct", slopes="log T, sqrt T, T^2/3, T, log^2 T")
    figure.draw_without_rendering()
    moved = [text for text in shown(figure)[0].texts if abs(text.get_position()[1]) > 8]  # steeper than 45 degrees
    assert moved
    for text in moved:
        box, (x, y) = mpl.text.Text.get_window_extent(text), text.arrow_patch.get_path().vertices[0]
        assert abs(y - (box.y0 + box.y1) / 2) < box.height / 4
        assert box.x0 - 2 * figure.dpi / 72 <= x < box.x0


@pytest.mark.parametrize("preset", [None, "icml-wide"])
def test_what_ends_out_of_view_is_named_above_the_panels(preset):
    log = cell("log", np.outer([1, 1], [0.0, 10, 20, 30]), world={"means": [0.5, 0.4]})
    figure = result(replace(log, seed=0)).plot(preset=preset, labels="direct")
    figure.draw_without_rendering()
    [axis], [legend] = shown(figure), figure.legends
    assert [text.get_text() for text in axis.texts] == ["log"]
    assert [text.get_text() for text in legend.get_texts()] == ["Lai-Robbins (asymptotic)"]
    assert legend.get_window_extent().y0 > axis.bbox.y1


def test_no_names(plain):
    figure = plain.plot(labels="none")
    assert figure.legends == [] and figure.axes[0].get_legend() is None and not figure.axes[0].texts


# --- slopes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "power", "logarithms"),
    [
        ("log T", 0, 1), ("log^2 T", 0, 2), ("sqrt T", 0.5, 0), ("sqrt(T)", 0.5, 0), ("T^2/3", 2 / 3, 0),
        ("T^(2/3)", 2 / 3, 0), ("T", 1, 0), ("t^0.75", 0.75, 0), ("sqrt T log T", 0.5, 1), ("T^-1/2", -0.5, 0),
    ],
)  # fmt: skip
def test_slopes_are_read(text, power, logarithms):
    [slope] = read_slopes(text)
    assert (slope.power, slope.logarithms) == (pytest.approx(power), logarithms)
    assert slope.at(np.array([100.0])) == pytest.approx(100**power * np.log(100) ** logarithms)


@pytest.mark.parametrize("text", ["", "n", "log T,", "T^2/0", "exp T", "T^^2", "sqrt"])
def test_other_slopes_are_refused(text):
    with pytest.raises(UserError, match="slopes: no "):
        read_slopes(text)


def test_slopes_start_at_the_curve_in_the_middle_and_stay_in_view():
    power = [cell(name, np.outer([1, 1.0], c * ROUNDS**0.5)) for name, c in (("a", 1), ("b", 2), ("c", 9))]
    for scale in ("linear", "log-log"):
        [axis] = shown(result(*power).plot(slopes="sqrt T, log T", scale=scale))
        root, log = (line for line in axis.get_lines() if line.get_gid() == labels.GUIDE)
        assert root.get_xdata()[[0, -1]] == pytest.approx([100, 1000])
        assert root.get_ydata() == pytest.approx(2 * root.get_xdata() ** 0.5)
        assert log.get_ydata() == pytest.approx(20 * np.log(log.get_xdata()) / np.log(100))
    steep = result(power[0]).plot(slopes="T^3").axes[0]
    [line] = [line for line in steep.get_lines() if line.get_gid() == labels.GUIDE]
    assert line.get_ydata()[-1] == pytest.approx(steep.get_ylim()[1])
    assert line.get_ydata()[-1] / line.get_ydata()[0] == pytest.approx(1000)


def test_slopes_over_horizons_only():
    cells = [cell("a", [np.sqrt(T)] * 3, horizon=T) for T in (1000, 2000, 4000)]
    [axis] = shown(result(*cells).plot(versus="horizon", slopes="sqrt T"))
    [line] = [line for line in axis.get_lines() if line.get_gid() == labels.GUIDE]
    assert line.get_ydata() == pytest.approx(np.sqrt(line.get_xdata()))
    with pytest.raises(UserError, match="slopes: are over rounds or horizons, not over 'gap'"):
        swept().plot(versus="gap", slopes="sqrt T")


# --- replications ---------------------------------------------------------------------------------------------------


def test_each_replication_is_drawn_and_their_mean():
    rng = np.random.default_rng(0)
    few, many = (cell(name, rng.random((n, 4))) for name, n in (("few", 7), ("many", 130)))
    [axis] = shown(result(few, many).plot(band="replications"))
    thin = [line for line in axis.get_lines() if line.get_gid() == panels.ASIDE]
    assert len(thin) == 7 + 100
    assert {tuple(line.get_ydata()) for line in thin[:7]} == {tuple(row) for row in few.curves["regret"]}
    [mean] = [line for line in axis.get_lines() if line.get_label() == "many"]
    assert mean.get_ydata() == pytest.approx(many.curves["regret"].mean(axis=0))
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["few", "many"]


def test_each_replication_over_a_parameter(multiple):
    axis = shown(multiple.plot(versus="gap", band="replications"))[0]
    dots = [line for line in axis.get_lines() if line.get_gid() == panels.ASIDE]
    assert sum(len(line.get_xdata()) for line in dots) == 2 * 2 * 6


# --- small multiples ------------------------------------------------------------------------------------------------


def test_rows_and_columns_are_of_two_parameters(multiple):
    figure = multiple.plot(rows="gap", columns="arms")
    axes = shown(figure)
    assert [axis.get_title() for axis in axes] == ["arms = 5", "arms = 10", "", ""]
    assert [axis.get_ylabel() for axis in axes[::2]] == ["gap = 0.1\nRegret", "gap = 0.2\nRegret"]
    assert not any(axis.yaxis.label.get_visible() for axis in axes[1::2])
    for axis, (gap, arms) in zip(axes, itertools.product((0.1, 0.2), (5, 10)), strict=True):
        assert [line.get_label() for line in axis.get_lines()] == ["a", "b"]
        wanted = [c for c in multiple.cells if c.parameters["environment"] == {"gap": gap, "arms": arms}]
        for line, one in zip(axis.get_lines(), wanted, strict=True):
            assert line.get_ydata() == pytest.approx(one.curves["regret"].mean(axis=0))
    assert len({axis.get_ylim() for axis in axes}) == len({axis.get_xlim() for axis in axes}) == 1


def test_axes_are_shared_as_asked(multiple):
    limits = {
        share: (len({a.get_xlim() for a in axes}), len({a.get_ylim() for a in axes}))
        for share in ("none", "x", "y", "both")
        for axes in [shown(multiple.plot(rows="gap", columns="arms", share=share))]
    }
    assert limits == {"none": (1, 4), "x": (1, 4), "y": (1, 1), "both": (1, 1)}
    assert len({axis.get_ylim() for axis in shown(multiple.plot(share="y"))}) == 1


def test_a_policy_without_the_parameter_is_in_each_column():
    tuned = [cell(f"p (c={c})", [c, c], own={"c": c}) for c in (1.0, 2.0)]
    figure = result(*tuned, cell("q", [3.0, 3.0])).plot(columns="c")
    assert [axis.get_title() for axis in shown(figure)] == ["c = 1", "c = 2"]
    assert [[line.get_label() for line in axis.get_lines()] for axis in shown(figure)] == [["p", "q"], ["p", "q"]]
    colours = {line.get_label(): line.get_color() for line in figure.axes[0].get_lines()}
    assert colours == {line.get_label(): line.get_color() for line in figure.axes[1].get_lines()}


def test_columns_of_environments_and_of_metrics():
    cells = [cell("p", [1.0, 2.0], place) for place in ("u", "v")]
    assert [axis.get_title() for axis in shown(result(*cells).plot(columns="environment"))] == ["u", "v"]
    double = cell("p", [1.0, 2.0])
    double.curves["realised-regret"] = 2 * double.curves["regret"]
    double = result(type(double)(**{**vars(double), "metrics": ("regret", "realised-regret")}))
    figure = double.plot("regret,realised-regret", rows="metric")
    assert [axis.get_ylabel() for axis in shown(figure)] == ["Regret", "Realised regret"]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"rows": "gap"}, r"rows: leaves several environments in one panel \(bernoulli \(arms=10\) at T = 1,000: "),
        ({"columns": "dim"}, "columns: this grid does not sweep 'dim'"),
        ({"rows": "gap", "columns": "gap"}, "columns: 'gap' makes the rows"),
        ({"view": "heatmap"}, "versus: a heat map takes two swept parameters, such as gap,arms; got none"),
        ({"view": "heatmap", "versus": "gap,gap"}, "versus: a heat map takes two swept parameters"),
        ({"view": "heatmap", "versus": "gap,dim"}, "versus: this grid does not sweep 'dim'"),
        ({"view": "profile", "rows": "gap"}, "rows: goes with the view curves, not with profile"),
        ({"view": "heat-map"}, "view: no 'heat-map'; did you mean 'heatmap'"),
        ({"preset": "imcl"}, "preset: no 'imcl'; did you mean 'icml'"),
        ({"labels": "directly"}, "labels: no 'directly'; did you mean 'direct'"),
        ({"share": "all"}, r"share: no 'all' \(there are: both, none, x, y\)"),
        ({"slopes": "T!"}, "slopes: no 'T!'"),
        ({"confidence": 95}, "confidence: should lie between 0 and 1, got 95"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_said(options, line, multiple):
    with pytest.raises(UserError, match=line):
        multiple.plot(**options)


def test_parameters_of_wrappers():
    cells = [
        cell("p", [d, d], f"g + delayed (rounds={d})", world={"gap": 0.1, "delayed.rounds": d}) for d in (1.0, 10.0)
    ]
    [axis] = shown(result(*cells).plot(versus="delayed.rounds"))
    assert (axis.get_title(), axis.get_xlabel()) == ("g + delayed", "delayed.rounds")
    [box] = axis.containers
    assert list(box.lines[0].get_xdata()) == list(box.lines[0].get_ydata()) == [1, 10]
    assert value_of(cells[1], "environment.delayed.rounds") == 10


@pytest.mark.parametrize(
    ("label", "name", "rest"),
    [
        ("w (a=1, b=2)", "a", "w (b=2)"),
        ("w (a=1)", "environment.a", "w"),
        ("w (a=[1, 2], b=x)", "a", "w (b=x)"),
        ("w (a=1) + x (a=2)", "x.a", "w (a=1) + x"),
        ("w (mine)", "mine", "w (mine)"),
    ],
)
def test_labels_without_a_parameter(label, name, rest):
    assert without(label, name) == rest


def test_two_means_at_one_value_are_told():
    cells = [cell("p", [1.0, 2.0], f"g (a=1) + x (a={a})", world={"a": 1, "x.a": a}) for a in (1, 2)]
    cells += [cell("p", [1.0, 2.0], "g (a=2) + x (a=1)", world={"a": 2, "x.a": 1})]
    with pytest.raises(UserError, match="versus: p has several means at one value of 'a': other parameters differ too"):
        result(*cells).plot(versus="a")


# --- heat maps ------------------------------------------------------------------------------------------------------


def test_a_heat_map_has_the_means_in_their_places():
    made = swept(gaps=(0.2, 0.1), arms=(5, 10, 20))
    missing = made.cells.pop()  # of policy b
    figure = made.plot(view="heatmap", versus="gap,arms")
    axes = [axis for axis in shown(figure) if axis.get_title()]
    assert [axis.get_title() for axis in axes] == ["a", "b"]
    for axis, policy in zip(axes, "ab", strict=True):
        table = axis.collections[0].get_array()
        assert [text.get_text() for text in axis.get_xticklabels()] == ["0.1", "0.2"]
        assert [text.get_text() for text in axis.get_yticklabels()] == ["5", "10", "20"]
        for one in made.cells:
            if one.policy == policy:
                values = one.parameters["environment"]
                place = [5, 10, 20].index(values["arms"]), [0.1, 0.2].index(values["gap"])
                assert table[place] == pytest.approx(one.final("regret").mean())
    gone = missing.parameters["environment"]
    assert np.ma.is_masked(table[[5, 10, 20].index(gone["arms"]), [0.1, 0.2].index(gone["gap"])])
    limits = {axis.collections[0].get_clim() for axis in axes}
    assert len(limits) == 1  # one colour means one value in all panels
    assert figure.axes[-1].get_ylabel() == "Regret at the last round"


# --- what is left out -----------------------------------------------------------------------------------------------


SWEPT = result(*swept().cells, cell("a", [1.0, 2.0], "stray", world={"arms": 5}))
PLAYED = result(*(cell(policy, [1.0, 2.0], world) for policy, world in ("a1", "b1", "a2", "b2", "c2")))


@pytest.mark.parametrize(
    ("made", "view", "note"),
    [
        (SWEPT, {"versus": "gap"}, "left out, as they have no gap: stray"),
        (SWEPT, {"view": "heatmap", "versus": "gap,arms"}, "left out, as they have no gap or no arms: stray"),
        (PLAYED, {"view": "profile"}, "left out, as not played in all of them: c"),
    ],
)
def test_what_is_left_out_is_named(made, view, note):
    figure = made.plot(**view)
    assert figure.notes == (note,) == made.plot(preset="icml", **view).notes
    assert figure.texts[0].get_text().splitlines()[-1] == f"{note[0].upper()}{note[1:]}."


def test_nothing_left_out_takes_no_note(multiple):
    for view in ({}, {"versus": "gap"}, {"view": "heatmap", "versus": "gap,arms"}, {"view": "profile"}):
        assert multiple.plot(**view).notes == ()


def test_a_long_list_of_what_is_left_out_is_cut():
    assert panels.left_out("small", "abcdefghijk") == ["left out, as small: a, b, c, d, e, f, g, h and 3 more"]


# --- the tables [[figure]] ------------------------------------------------------------------------------------------

GRID = """
horizon = 40
replications = 3
[[environment]]
kind = "bernoulli"
sweep = { gap = [0.1, 0.2], arms = [2, 3] }
[[policy]]
kind = "bandit/uniform"
"""
FIRST = '[[figure]]\nfile = "first.svg"\npreset = "icml"\nrows = "gap"\ncolumns = "arms"\n'
SECOND = '[[figure]]\nfile = "second.svg"\nview = "heatmap"\nversus = "gap,arms"\ntitle = "Both"\n'


@pytest.mark.compiled
def test_the_figures_of_a_grid_are_drawn_by_run_and_by_plot(tmp_path, capsys):
    (tmp_path / "g.toml").write_text(GRID + FIRST + SECOND)
    out = tmp_path / "out"
    assert cli.main(["run", str(tmp_path / "g.toml"), "--out", str(out), "--jobs", "1"]) == 0
    named = [f"figure: {out / name}" for name in ("figure.png", "first.svg", "second.svg")]
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("figure")] == named
    before = {name: (out / name).read_bytes() for name in ("first.svg", "second.svg")}
    for name in before:
        (out / name).unlink()
    assert cli.main(["plot", str(out)]) == 0
    assert capsys.readouterr().out.splitlines() == named[1:]
    assert {name: (out / name).read_bytes() for name in before} == before
    assert b"Both" in before["second.svg"]
    assert cli.main(["plot", str(out), "--view", "heatmap", "--versus", "arms,gap"]) == 0
    assert capsys.readouterr().out == f"figure: {out / 'heatmap.png'}\n"
    stored = reading.stored(out)
    assert stored.figures == reading.parse(tomllib.loads(GRID + FIRST + SECOND), "g").figures


@pytest.mark.compiled
def test_the_command_line_says_what_is_left_out(tmp_path, capsys):
    stray = '[[environment]]\nkind = "bernoulli"\narms = 2\nprior = "beta(1,1)"\nlabel = "stray"\n'
    planned = '[[figure]]\nfile = "gap.svg"\nversus = "gap"\npreset = "icml"\n'
    (tmp_path / "g.toml").write_text(GRID.replace(", arms = [2, 3] }", " }\narms = 2") + stray + planned)
    out = tmp_path / "out"
    assert cli.main(["run", str(tmp_path / "g.toml"), "--out", str(out), "--jobs", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    note = "note: left out, as they have no gap: stray"
    assert lines[lines.index(f"figure: {out / 'gap.svg'}") + 1] == note
    assert cli.main(["plot", str(out), "--versus", "gap", "-o", str(out / "mine.svg")]) == 0
    assert capsys.readouterr().out.splitlines() == [f"figure: {out / 'mine.svg'}", note]


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ('file = "a.jpg"', "figure[0]: a.jpg: a figure's file ends in .pdf, .svg, .png, .pgf"),
        ('preset = "icml"', "figure[0]: file: should be the name of a file in the results folder, such as "),
        ('file = "x/a.pdf"', "figure[0]: file: should be the name of a file in the results folder"),
        ('file = "a.pdf"\nveiw = "survival"', "figure[0].veiw: unknown key; did you mean 'view'?"),
        ('file = "a.pdf"\nview = "survivel"', "figure[0]: view: no 'survivel'; did you mean 'survival'?"),
        ('file = "a.pdf"\nconfidence = 2', "figure[0].confidence: should be less than 1"),
        ('file = "a.pdf"\nmetric = "regrets"', "figure[0]: metric: no metric 'regrets'; did you mean 'regret'?"),
        ('file = "a.pdf"\nversus = "dim"', "figure[0]: versus: this grid does not sweep 'dim'"),
        ('file = "a.pdf"\nrows = "dim"', "figure[0]: rows: this grid does not sweep 'dim'"),
        ('file = "a.pdf"\nslopes = "T!"', "figure[0]: slopes: no 'T!'"),
        ('file = "a.pdf"\nview = "profile"\nmetric = "realised-regret"', "figure[0]: metric: 'realised-"),
        ('file = "a.pdf"\n[[figure]]\nfile = "a.pdf"', "figure[1]: file: 'a.pdf' is that of another figure"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_figure_is_told_before_anything_runs(table, line, tmp_path, capsys):
    (tmp_path / "g.toml").write_text(f"{GRID}\n[[figure]]\n{table}\n")
    assert cli.main(["run", str(tmp_path / "g.toml"), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert line in error and len(error.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("preset", [None, "icml"])
@pytest.mark.parametrize("place", ["policy", "environment", "title"])
def test_a_label_that_is_no_formula_is_one_clear_line(place, preset):
    said = {"policy": "q", "environment": "w", "title": "t"} | {place: r"$\foo$ x"}
    found = result(cell("p", [1.0, 2.0], said["environment"]), cell(said["policy"], [3.0, 4.0], said["environment"]))
    with pytest.raises(
        UserError, match=r"^label '\$\\\\foo\$ x': no formula that a figure can have: Unknown symbol: \\foo$"
    ):
        found.plot(preset=preset, title=said["title"])


def test_dollars_and_formulas_that_are_fine_are_drawn(tmp_path):
    found = result(cell(r"$\alpha$-UCB", [1.0, 2.0]), cell("5 $", [3.0, 4.0]), cell(r"\$5 and \$6", [3.0, 5.0]))
    save(found.plot(), tmp_path / "figure.svg")


def test_a_label_that_is_no_formula_is_refused_before_anything_runs(tmp_path, capsys):
    (tmp_path / "g.toml").write_text(GRID + 'label = "$\\\\foo$"\n')
    assert cli.main(["run", str(tmp_path / "g.toml"), "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.startswith("label '$\\\\foo$': no formula")
    assert not (tmp_path / "out").exists()


def test_every_option_of_plot_is_a_key():
    options = vars(cli._parser().parse_args(["plot", "x"]))
    assert set(figures.KEYS) == options.keys() - {"command", "plugin", "folder", "output", "beside"}
