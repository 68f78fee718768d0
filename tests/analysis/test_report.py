"""The report page: what it says, that it says nothing else, and how it behaves in a browser."""

import base64
import hashlib
import html
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import banditlab
from banditlab import commands, registry
from banditlab.analysis import panels, statistics
from banditlab.cli import main
from banditlab.errors import UserError
from banditlab.report import charts, contents, page
from banditlab.runs import reading

EVIL = "<script>window.boom = 1</script>"
GRID = """
name = "small"
game = "bandit"
horizon = 60
replications = 6
seed = 3
record = { points = 12 }
question = "Is a leader <b>better</b> than a coin?"

[[environment]]
kind = "bernoulli"
arms = 3
label = "a </script><img src=x onerror='window.boom = 2'>"
sweep = { gap = [0.05, 0.1, 0.5] }

[[policy]]
kind = "ucb1"
label = "<script>window.boom = 1</script>"

[[policy]]
kind = "uniform"
label = 'coin & "dice"'

[[claim]]
text = "Optimism beats a coin & dice."
source = "a <paper>"
below = ["<script>window.boom = 1</script>", 'coin & "dice"']
where = { gap = 0.5 }
confidence = 0.5

[[claim]]
text = "And costs nothing."
mean = "<script>window.boom = 1</script>"
between = [-1.0, 0.0]
"""
BROKEN = '''
"""A policy that fails where a coin says so."""
from dataclasses import dataclass
from typing import NamedTuple
from banditlab.registry import policy

@policy("broken", game="bandit")
@dataclass(frozen=True)
class Broken:
    """Leaves the arms."""

    often: float = 0.5

    class State(NamedTuple):
        arm: int

    def start(self, problem, rng):
        return self.State(problem.arms if rng.uniform(0.0, 1.0) < self.often else 0)

    @staticmethod
    def choose(state, t, features, rng):
        return state.arm

    @staticmethod
    def learn(state, t, features, arm, reward):
        pass
'''


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    registry.kinds("policy")
    for table in ("_kinds", "_metrics"):
        monkeypatch.setattr(registry, table, dict(getattr(registry, table)))
    monkeypatch.setattr(registry, "plugins", list(registry.plugins))


def play(place, text, *more, command="run", code=0):
    """Run a grid in plain Python; return its folder."""
    (place / "grid.toml").write_text(text)
    folder = place / "results"
    options = ["--out", str(folder if command == "run" else folder / "check"), "--jobs", "1", "--plain"]
    assert main([command, str(place / "grid.toml"), *options, *more]) == code
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A results folder that tests only read."""
    return play(tmp_path_factory.mktemp("small"), GRID)


@pytest.fixture(scope="module")
def text(folder):
    return page.render(contents.gather(folder))


@pytest.fixture(scope="module")
def drawn(text):
    """The figures, as the page's script gets them."""
    return json.loads(re.search(r'<script type="application/json" id="figures-data">(.*?)</script>', text)[1])


def plain(text):
    """What a reader sees of a page: no script, style or tag."""
    text = re.sub(r"<(script|style|noscript).*?</\1>", "", text, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


# --- what the figures show --------------------------------------------------------------------------------------------


def test_curves_are_means_with_their_bands(folder, drawn):
    result = banditlab.load(folder)
    figure = drawn[0]
    assert (figure["title"], figure["signed"], figure["log"]) == ("Regret", False, [False, False])
    labels = [entry["label"] for entry in figure["legend"]]
    assert labels[:2] == [EVIL, 'coin & "dice"']
    assert [panel["title"] for panel in figure["panels"]] == result.labels("environment")
    for cell in result.cells:
        panel = next(panel for panel in figure["panels"] if panel["title"] == cell.environment)
        [series] = [one for one in panel["series"] if labels[one["entry"]] == cell.policy]
        band = statistics.band(cell.curves["regret"], "student", 0.95)
        assert panel["x"] == cell.x.tolist()
        for name in ("mean", "low", "high"):
            np.testing.assert_allclose(series[name], getattr(band, name), rtol=6e-5)


def test_lower_bounds_stand_aside(folder, drawn):
    result = banditlab.load(folder)
    entries = drawn[0]["legend"]
    [at] = [i for i, entry in enumerate(entries) if entry["aside"]]
    assert entries[at]["label"] == "Lai-Robbins (asymptotic)"
    for panel, value in zip(drawn[0]["panels"], result.bounds()["value"], strict=True):
        [bound] = [one for one in panel["series"] if one["entry"] == at]
        assert bound["mean"][-1] == pytest.approx(value, rel=1e-4)


def test_a_swept_parameter_has_a_figure_of_last_values(folder, drawn):
    assert [figure["title"] for figure in drawn] == ["Regret", "Regret against gap"]
    [panel] = drawn[1]["panels"]
    assert (panel["x"], panel["xlabel"], panel["ticks"]) == ([0.05, 0.1, 0.5], "gap", None)
    table = banditlab.load(folder).summary()
    for series in panel["series"]:
        rows = table[table["policy"] == drawn[1]["legend"][series["entry"]]["label"]].sort_values("environment.gap")
        for name in ("mean", "low", "high"):
            np.testing.assert_allclose(series[name], rows[name], rtol=6e-5)
        assert series["points"]


@pytest.mark.parametrize(
    ("sweep", "x", "ticks"),
    [
        ('kind = "epsilon-greedy"\nsweep = { epsilon = [0.1, 0.4] }', [0.1, 0.4], None),
        ('kind = "exp3-ix"\nsweep = { tuning = ["horizon", "anytime"] }', [0, 1], [[0, "horizon"], [1, "anytime"]]),
    ],
)
def test_numbers_words_and_levels_on_the_axis_of_a_parameter(sweep, x, ticks, tmp_path):
    head = GRID.partition("[[environment]]")[0] + '[[environment]]\nkind = "bernoulli"\narms = 3\n'
    folder = play(tmp_path, f'{head}[[policy]]\n{sweep}\n[[policy]]\nkind = "greedy"\n')
    figure = contents.gather(folder)["figures"][1]
    [panel] = figure["panels"]
    assert [entry["label"] for entry in figure["legend"]] == [sweep.split('"')[1], "greedy"]
    assert [series["points"] for series in panel["series"]] == [True, False]
    level = banditlab.load(folder).summary().query("policy == 'greedy'")["mean"].item()
    assert panel["series"][1]["mean"] == pytest.approx([level, level], rel=1e-4)
    assert (panel["x"], panel["ticks"]) == (x, ticks)


def test_swept_parameters_of_wrappers_have_figures(tmp_path):
    """Each from its own part of the labels, whatever other parts there are, and other parameters that differ."""
    environments = """
[[environment]]
kind = "bernoulli"
arms = 3
sweep = { gap = [0.1, 0.5] }
[[environment.wrapper]]
kind = "corrupted"
rate = 0.1
[[environment.wrapper]]
kind = "delayed"
sweep = { rounds = [5, 10] }
[[environment]]
kind = "bernoulli"
label = "other"
arms = 4
[[policy]]"""
    head, _, tail = GRID.partition("[[claim]]")[0].partition("[[environment]]")
    folder = play(tmp_path, f"{head}{environments}{tail.partition('[[policy]]')[2]}")
    found = {figure["title"]: figure["panels"] for figure in contents.gather(folder)["figures"]}
    assert list(found) == ["Regret", "Regret against delayed.rounds", "Regret against gap"]
    titles = {name: [panel["title"] for panel in panels] for name, panels in found.items()}
    assert titles["Regret against delayed.rounds"] == [
        f"bernoulli (gap={gap}) + corrupted + delayed" for gap in (0.1, 0.5)
    ]
    assert titles["Regret against gap"] == [f"bernoulli + corrupted + delayed (rounds={n})" for n in (5, 10)]
    assert [panel["x"] for panel in found["Regret against delayed.rounds"]] == [[5, 10]] * 2


def test_words_with_brackets_are_swept_like_others(tmp_path):
    text = GRID.partition("[[claim]]")[0].replace("gap = [0.05, 0.1, 0.5]", 'prior = ["beta(1,1)", "beta(2,1)"]')
    [_, figure] = contents.gather(play(tmp_path, text.replace('label = "a', "#", 1)))["figures"]
    assert (figure["title"], [panel["title"] for panel in figure["panels"]]) == ("Regret against prior", ["bernoulli"])
    assert figure["panels"][0]["ticks"] == [[0, "beta(1,1)"], [1, "beta(2,1)"]]


def test_horizons_are_panels_and_a_parameter(tmp_path):
    text = GRID.replace("horizon = 60", "sweep = { horizon = [20, 40] }").replace("[0.05, 0.1, 0.5]", "[0.5]")
    drawn = contents.gather(play(tmp_path, text))["figures"]
    assert [figure["title"] for figure in drawn] == ["Regret", "Regret against horizon"]
    assert [panel["title"].rpartition(", ")[2] for panel in drawn[0]["panels"]] == ["T = 20", "T = 40"]
    assert drawn[1]["panels"][0]["x"] == [20, 40]


def test_long_curves_are_thinned_and_keep_their_ends():
    kept = charts._thinned(10_001)
    assert (kept[0], kept[-1], len(kept)) == (0, 10_000, charts.MOST_POINTS)
    assert charts._thinned(7).tolist() == list(range(7))


def test_one_replication_has_no_band(tmp_path):
    figure = contents.gather(play(tmp_path, GRID.replace("replications = 6", "replications = 1")))["figures"][0]
    series = figure["panels"][0]["series"][0]
    assert set(series["low"]) == set(series["high"]) == {None}
    assert all(value is not None for value in series["mean"])


def test_many_panels_are_cut_with_a_note(folder, monkeypatch):
    monkeypatch.setattr(charts, "MOST_PANELS", 2)
    figure = contents.gather(folder)["figures"][0]
    assert len(figure["panels"]) == 2
    assert figure["note"].endswith("the first 2 of 3 panels, the tables have all.")
    assert contents.gather(folder)["picture"] == ""
    monkeypatch.setattr(contents, "MOST_CELLS", 5)
    with pytest.raises(UserError, match="6 cells are too many for a page: banditlab summary .* --csv"):
        contents.gather(folder)


# --- what the page says -----------------------------------------------------------------------------------------------


def test_the_page_says_what_was_asked_and_found(text):
    said = plain(text)
    assert "Is a leader <b>better</b> than a coin?" in said
    assert "2 policies 3 environments T = 60 6 replications seed 3" in said
    assert "1 hold, 1 fail, 0 undecided. Decided on the 6 replications of the figures" in said
    assert "holds Optimism beats a coin & dice. (a <paper>)" in said
    assert "where = { gap = 0.5 }" in said
    assert "None: every replication that the grid asks for has finished." in said
    assert "UCB1, as of Auer" in said or "bandit/ucb1" in said
    assert "Auer" in said.partition("References")[2]
    assert "Quick" not in said


def test_tables_are_those_of_the_command_line(folder, text, capsys):
    said = plain(text)
    main(["summary", str(folder)])
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("coin"))
    assert " ".join(row.split()) in said
    main(["compare", str(folder)])
    assert "0 (0-" in said or "100 (" in said
    pairs = [line.split()[-6:] for line in capsys.readouterr().out.splitlines() if line.strip().endswith(" 6")]
    assert pairs
    assert all(" ".join(numbers) in said for numbers in pairs)


def test_the_same_folder_gives_the_same_bytes(folder, text, tmp_path):
    page.write(folder, tmp_path / "one.html")
    assert (tmp_path / "one.html").read_text(encoding="utf-8") == text


def test_texts_are_escaped_and_only_the_own_script_may_run(text):
    assert EVIL not in text
    assert "<img" not in text
    scripts = re.findall(r"<script(.*?)>(.*?)</script>", text, re.S)
    assert [head for head, _ in scripts] == [' type="application/json" id="figures-data"', ""]
    digest = base64.b64encode(hashlib.sha256(scripts[1][1].encode()).digest()).decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="(.*?)"', text)[1]
    assert policy.startswith(f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}';")
    body = re.sub(r"<noscript>.*?</noscript>|<pre.*?</pre>", "", text, flags=re.S)
    assert "http" not in body.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")


def test_provenance_names_no_machine_and_no_path(folder, text):
    [note] = [json.loads(file.read_text()) for file in (folder / "provenance").glob("*.json")]
    assert note["cpu"] in html.unescape(text)
    assert f"numpy {note['versions']['numpy']}" in text
    assert set(re.findall(r"<dt>(.*?)</dt>", text)) == {
        *("Time (UTC)", "BanditLab", "Commit", "Commit of the grid", "CPU", "Versions", "Plug-ins")
    }
    assert str(folder) not in text
    assert str(Path.home()) not in text


def test_claims_are_judged_on_the_check_where_there_is_one(tmp_path):
    folder = play(tmp_path, GRID)
    play(tmp_path, GRID, "--set", "replications=9", command="check", code=1)
    found = contents.gather(folder)
    assert (found["verdicts"]["fresh"], found["verdicts"]["outdated"], found["verdicts"]["n"]) == (True, False, [9])
    assert "on 9 replications with a seed of their own" in plain(page.render(found))
    play(tmp_path, GRID.replace("horizon = 60", "horizon = 50"), command="check", code=1)
    found = contents.gather(folder)
    assert found["verdicts"]["outdated"]
    assert "The check was made with another form of the grid" in plain(page.render(found))


def test_what_tuning_chose_is_no_other_form_of_the_grid(tmp_path):
    budget = "[tune]\ncandidates = 2\nreplications = 1\n"
    text = GRID + '[[policy]]\nkind = "exp3"\ntune.rate = [0.1, 0.4]\n' + budget
    folder = play(tmp_path, text)
    play(tmp_path, text, command="check", code=1)
    grids = [json.loads((place / "grid.json").read_text()) for place in (folder, folder / "check")]
    chosen = [[about["parameters"] for about in grid["policies"] if "tuned" in about] for grid in grids]
    assert chosen[0] != chosen[1]
    assert not contents.gather(folder)["verdicts"]["outdated"]
    for old, new in (("0.4]", "0.5]"), ("replications = 1", "replications = 2")):
        play(tmp_path, text.replace(old, new), command="check", code=1)
        assert contents.gather(folder)["verdicts"]["outdated"]


def test_failures_and_what_is_missing_are_told(tmp_path):
    (tmp_path / "mine.py").write_text(BROKEN)
    text = GRID + '[[policy]]\nkind = "broken"\n'
    folder = play(tmp_path, text, "--plugin", str(tmp_path / "mine.py"), code=1)
    found = contents.gather(folder)
    lost = {row["cell"]: row for row in found["failures"]}
    cells = [cell for cell in banditlab.load(folder).cells if cell.policy == "broken"]
    assert lost
    for cell in cells:
        missing = sorted(set(range(6)) - set(cell.replications.tolist()))
        row = lost.get(f"broken in {cell.environment}", {"replications": "", "message": "outside 0 .. K-1"})
        assert row["replications"] == ", ".join(map(str, missing))
        assert "outside 0 .. K-1" in row["message"]
    said = plain(page.render(found))
    assert "Some replications failed, and are in no number of this page" in said
    assert "6 replications of broken in a" in said
    assert "mine.py sha256:" in said
    assert str(tmp_path) not in said.partition("Provenance")[2]


def test_a_page_can_be_made_without_the_users_files(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(BROKEN.replace("often: float = 0.5", "often: float = 0.0"))
    with monkeypatch.context() as patch:
        for table in ("_kinds", "_metrics"):
            patch.setattr(registry, table, dict(getattr(registry, table)))
        folder = play(tmp_path, GRID + '[[policy]]\nkind = "broken"\n', "--plugin", str(tmp_path / "mine.py"))
    found = contents.gather(folder)
    assert found["references"].startswith("% not known: ")
    assert found["sides"][1][1][2]["kind"] == "broken"
    assert "broken" in page.render(found)


def test_nothing_finished_is_one_clear_line(tmp_path, capsys):
    (tmp_path / "mine.py").write_text(BROKEN.replace("often: float = 0.5", "often: float = 1.1"))
    text = GRID.partition("[[policy]]")[0] + '[[policy]]\nkind = "broken"\n'
    folder = play(tmp_path, text, "--plugin", str(tmp_path / "mine.py"), code=1)
    capsys.readouterr()
    assert main(["report", str(folder)]) == 2
    assert capsys.readouterr().err == f"{folder}: no finished replication to report\n"


def test_one_policy_has_no_comparison_and_many_pairs_are_not_shown(tmp_path, folder, monkeypatch):
    text = GRID.partition("[[policy]]")[0] + '[[policy]]\nkind = "ucb1"\n'
    found = contents.gather(play(tmp_path, text))
    assert (found["comparisons"]["count"], found["verdicts"]) == (0, None)
    assert "Paired comparisons" not in page.render(found)
    monkeypatch.setattr(contents, "MOST_PAIRS", 2)
    assert "3 pairs are too many for a page" in plain(page.render(contents.gather(folder)))


def test_quick_looks_and_precision_are_marked(tmp_path):
    text = GRID.replace("replications = 6", "replications = { relative_half_width = 0.5, at_least = 10, at_most = 12 }")
    found = contents.gather(play(tmp_path, text))
    assert "10 to 12 replications" in found["facts"]
    quick = tmp_path / "quick"
    quick.mkdir()
    assert "A quick look" in plain(page.render(contents.gather(play(quick, GRID, "--quick"))))


def test_a_label_that_is_no_formula_leaves_out_the_picture_alone(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:  # as of an earlier version
        patch.setattr(panels, "check_formulas", lambda _: None)
        patch.setattr(commands, "_save_figure", lambda *_: None)
        folder = play(tmp_path, GRID.replace("'coin & \"dice\"'", "'$\\coin$'"))
    text = page.render(contents.gather(folder))
    assert "The figures need JavaScript" in text
    assert "$\\coin$" in plain(text)


def test_figures_of_the_grid_are_shown_and_not_printed(tmp_path):
    text = GRID + '[[figure]]\nfile = "wins.pdf"\nview = "survival"\ntitle = "Who <pays>"\n[[figure]]\nfile = "b.png"\n'
    folder = play(tmp_path, text)
    found = contents.gather(folder)
    assert [(one["file"], one["title"]) for one in found["planned"]] == [("wins.pdf", "Who <pays>"), ("b.png", "b.png")]
    drawn = [base64.b64decode(one["svg"]).decode() for one in found["planned"]]
    assert drawn[0].startswith("<svg") and drawn[0] != drawn[1]
    said = page.render(found)
    assert said.count('<img src="data:image/svg+xml;base64,') == 2
    assert "wins.pdf : Who <pays>" in plain(said)
    assert "figures = [" not in plain(said)
    stored = json.loads((folder / "grid.json").read_text())
    stored["figures"][0]["view"] = "surviving"
    (folder / "grid.json").write_text(json.dumps(stored))
    assert "It cannot be drawn: figure: figure[0]" in plain(page.render(contents.gather(folder)))


def test_tuned_policies_have_a_table_of_what_was_tried(tmp_path):
    budget = "[tune]\ncandidates = 2\nreplications = 3\n"
    folder = play(tmp_path, GRID + '[[policy]]\nkind = "epsilon-greedy"\ntune.epsilon = [0.1, 0.5]\n' + budget)
    said = plain(page.render(contents.gather(folder)))
    assert "tuned: epsilon-greedy: epsilon by 2 candidates x 3 replications in each environment" in said
    assert "Tuning Tuned policies were played with these values" in said
    assert said.count(": candidates values regret 95 % interval n rounds") == 3
    assert 'tuned = ["epsilon"]' in said


def sides_of(folder):
    """What the report says of each policy: its parameters, and those that differ from place to place."""
    [(_, environments), (title, policies)] = contents.gather(folder)["sides"]
    assert (title, len(environments)) == ("Policies", 3)
    return {
        one["label"]: (dict(one["parameters"]), {place: dict(own) for place, own in one["by_place"]})
        for one in policies
    }


def test_a_tuned_policy_stands_once_with_its_values_by_environment_and_horizon(tmp_path):
    budget = "[tune]\ncandidates = 2\nreplications = 1\n"
    text = GRID.replace("horizon = 60", "sweep = { horizon = [20, 40] }").partition("[[claim]]")[0]
    folder = play(tmp_path, text + '[[policy]]\nkind = "exp3"\ntune.rate = [0.1, 0.4]\n' + budget)
    found = sides_of(folder)
    assert list(found) == banditlab.load(folder).labels("policy")
    common, by_place = found["exp3"]
    assert common["tuned"] == '["rate"]'
    assert "rate" not in common
    tuned = [cell for cell in banditlab.load(folder).cells if cell.tuned]
    assert by_place == {
        f"{cell.environment}, T = {cell.horizon}": {"rate": f"{cell.searched['rate']}"} for cell in tuned
    }
    assert len(by_place) == 6
    assert f"in {tuned[0].environment}, T = 20 rate = " in plain(page.render(contents.gather(folder)))


def test_a_policy_with_conditions_stands_once_with_what_differs(tmp_path):
    condition = "[[policy.when]]\nenvironment = { gap = 0.1 }\nepsilon = 0.3\n"
    folder = play(tmp_path, GRID + '[[policy]]\nkind = "epsilon-greedy"\nepsilon = 0.2\n' + condition)
    common, by_place = sides_of(folder)["epsilon-greedy"]
    assert common["schedule"] == '"fixed"'
    assert [*by_place.values()] == [{"epsilon": "0.2"}, {"epsilon": "0.3"}, {"epsilon": "0.2"}]


def test_another_metric_and_all_of_them(folder):
    found = contents.gather(folder, "realised-regret")
    assert {figure["title"] for figure in found["figures"]} == {"Realised regret", "Realised regret against gap"}
    kept = banditlab.load(folder).metrics()
    assert len(contents.gather(folder, "all")["figures"]) == 2 * len(kept)
    with pytest.raises(UserError, match="no metric 'regrets'; did you mean 'regret'"):
        contents.gather(folder, "regrets")


def test_the_command_writes_beside_the_results_and_refuses_other_endings(tmp_path, capsys):
    folder = play(tmp_path, GRID)
    capsys.readouterr()
    assert main(["report", str(folder)]) == 0
    assert capsys.readouterr().out == f"report: {folder / 'report.html'}\n"
    for path, why in (("grid.toml", "a report's file ends in .html"), ("no/r.html", "cannot be written")):
        assert main(["report", str(folder), "-o", str(tmp_path / path)]) == 2
        assert f"{tmp_path / path}: {why}" in capsys.readouterr().err
    assert main(["report", str(tmp_path / "nowhere")]) == 2


def test_a_question_is_kept_and_changes_no_number(folder, tmp_path):
    assert reading.stored(folder).settings.question == "Is a leader <b>better</b> than a coin?"
    other = play(tmp_path, GRID.replace("Is a leader", "Was a leader"))
    assert (other / "curves.parquet").read_bytes() == (folder / "curves.parquet").read_bytes()
    stored = json.loads((other / "grid.json").read_text())
    del stored["question"]  # as of an earlier version
    (other / "grid.json").write_text(json.dumps(stored))
    assert reading.stored(other).settings.question is None
    places = ", ".join(banditlab.load(other).labels("environment"))
    assert contents.gather(other)["question"] == f'Regret of {EVIL}, coin & "dice" in {places}'


@pytest.mark.parametrize("question", ['""', "3", f'"{"x" * 501}"'])
def test_a_question_is_a_text_of_some_length(question, tmp_path, capsys):
    (tmp_path / "grid.toml").write_text(GRID.replace('"Is a leader <b>better</b> than a coin?"', question))
    assert main(["run", str(tmp_path / "grid.toml"), "--dry-run"]) == 2
    assert "grid.toml: question: " in capsys.readouterr().err


# --- in a browser -----------------------------------------------------------------------------------------------------

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage"
)


@pytest.fixture(scope="module")
def browser(one_browser, tmp_path_factory):
    """Debian's Chromium without a window, with a new profile; it notes requests and what pages say in its console."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not binary or not driver:
        pytest.skip("chromium and chromium-driver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (*FLAGS.split(), f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield browser
    browser.quit()


@pytest.fixture(scope="module")
def address(text, tmp_path_factory):
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(text, encoding="utf-8")
    return file.as_uri()


@pytest.fixture
def opened(browser, address):
    """Open the page at a width, in the light or in the dark, with or without scripts."""

    def call(width=1280, scheme="light", media="", scripts=True, address=address):
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not scripts})
        for log in ("browser", "performance"):
            browser.get_log(log)  # empties it
        browser.get(address)
        return browser

    yield call
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def requests(browser):
    """What was asked for since the page was opened, and where."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]


def all_of(browser, selector):
    return browser.find_elements("css selector", selector)


def lines_of(browser, label):
    """In how many charts a label has a line."""
    shown = "return [...document.querySelectorAll('.plot g.series')].map((line) => line.dataset.label)"
    return browser.execute_script(shown).count(label)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_request_no_error_no_overflow(opened, address, width, scheme):
    browser = opened(width, scheme)
    for button in all_of(browser, ".controls button:enabled"):
        button.click()
    assert requests(browser) == [address]
    assert browser.get_log("browser") == []
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert browser.execute_script("return window.boom") is None
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert len(all_of(browser, ".plot svg")) == 4


def test_a_request_and_an_error_would_be_seen(opened, tmp_path):
    (tmp_path / "bad.html").write_text('<img src="http://127.0.0.1:9/x.png"><script>undefined.boom</script>')
    browser = opened(address=(tmp_path / "bad.html").as_uri())
    assert "http://127.0.0.1:9/x.png" in requests(browser)
    assert len(browser.get_log("browser")) == 2


def test_a_strangers_script_would_not_run(opened, address, text, tmp_path):
    (tmp_path / "bad.html").write_text(text.replace("</main>", f"{EVIL}<img src=x onerror='window.boom = 2'></main>"))
    browser = opened(address=(tmp_path / "bad.html").as_uri())
    assert browser.execute_script("return window.boom") is None
    assert "Content Security Policy" in browser.get_log("browser")[0]["message"]


def test_the_legend_switches_a_policy_off_and_on_in_all_charts(opened):
    browser = opened()
    first, second = [one for one in all_of(browser, ".entry") if one.text == EVIL]
    assert lines_of(browser, EVIL) == 4
    first.click()
    assert (lines_of(browser, EVIL), lines_of(browser, 'coin & "dice"')) == (0, 4)
    assert [one.get_attribute("aria-pressed") for one in (first, second)] == ["false", "false"]
    second.send_keys(" ")  # the same by the keyboard
    assert lines_of(browser, EVIL) == 4
    second.send_keys("\n")
    all_of(browser, ".all")[0].click()
    assert (lines_of(browser, EVIL), first.get_attribute("aria-pressed")) == (4, "true")


def test_axes_follow_what_is_left(opened):
    browser = opened()
    last = (
        "return Math.max(...[...document.querySelectorAll('.panel:nth-child(3) .tick-y')].map((t) => +t.textContent))"
    )
    before = browser.execute_script(last)
    next(one for one in all_of(browser, ".entry") if one.text == 'coin & "dice"').click()
    assert browser.execute_script(last) < before


def test_hovering_and_arrow_keys_show_values(opened, folder):
    browser = opened()
    result = banditlab.load(folder)
    cell = next(cell for cell in result.cells if cell.policy.startswith("coin"))
    plot = all_of(browser, ".plot")[0]
    act = pytest.importorskip("selenium.webdriver").ActionChains(browser)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", plot)
    act.move_to_element_with_offset(plot, plot.size["width"] // 2 - 15, 0).perform()
    tip = plot.find_element("css selector", ".tip")
    assert tip.text.startswith("t = 60\n")
    row = next(line for line in tip.text.splitlines() if line.startswith("coin"))
    found = statistics.band(cell.curves["regret"], "student", 0.95)
    numbers = [float(word) for word in re.findall(r"\d+\.?\d*", row)]
    assert numbers == pytest.approx([found.mean[-1], found.low[-1], found.high[-1]], rel=1e-3)
    act.move_to_element(all_of(browser, "h1")[0]).perform()
    assert not tip.is_displayed()
    browser.execute_script("arguments[0].focus()", plot)
    assert tip.is_displayed()
    keys = pytest.importorskip("selenium.webdriver").Keys
    plot.send_keys(keys.HOME)
    assert plot.get_attribute("aria-valuetext").startswith("t = 1, ")
    plot.send_keys(keys.ARROW_RIGHT)
    assert plot.get_attribute("aria-valuetext").startswith(f"t = {cell.x[1]}, ")
    plot.send_keys(keys.ESCAPE)
    assert not tip.is_displayed()


def test_logarithmic_axes_draw_numbers(opened):
    browser = opened()
    before = all_of(browser, ".plot .line")[0].get_attribute("d")
    for button in all_of(browser, ".scale"):
        button.click()
    paths = [line.get_attribute("d") for line in all_of(browser, ".plot path")]
    assert paths[0] != before
    assert all("NaN" not in path and "Infinity" not in path for path in paths)
    labels = {text.text for text in all_of(browser, ".plot text")}
    assert {"1", "10"} <= labels


def test_without_scripts_there_is_a_picture(opened):
    browser = opened(scripts=False)
    assert all_of(browser, ".picture svg")[0].is_displayed()
    assert not all_of(browser, "#drawn")[0].is_displayed()


def test_print_is_black_on_white_without_controls(opened):
    browser = opened(scheme="dark", media="print")
    style = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
    assert browser.execute_script(style, "body", "backgroundColor") == "rgb(255, 255, 255)"
    assert browser.execute_script(style, ".scale", "display") == "none"
    assert browser.execute_script(style, ".entry", "display") != "none"
    browser.execute_cdp_cmd("Page.printToPDF", {})
    assert browser.execute_script("return document.querySelectorAll('details:not([open])').length") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("selector", ["body", ".note", "nav a", ".holds", ".fails", ".plot text", ".plot .name"])
def test_texts_stand_out(opened, scheme, selector):
    """WCAG 2.1, 1.4.3: a contrast of 4.5 for texts."""
    browser = opened(scheme=scheme)
    style = "const style = getComputedStyle(document.querySelector(arguments[0])); return style[arguments[1]]"
    ink = browser.execute_script(style, selector, "fill" if "plot" in selector else "color")
    paper = browser.execute_script(style, "body", "backgroundColor")
    bright, dark = sorted((luminance(ink), luminance(paper)), reverse=True)
    assert (bright + 0.05) / (dark + 0.05) >= 4.5


def luminance(colour):
    parts = np.array([int(part) for part in re.findall(r"\d+", colour)[:3]]) / 255
    linear = np.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
