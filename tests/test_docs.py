"""The code in README.md and docs/ is run or validated: a page that has gone stale fails here."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import banditlab
from banditlab import api, cli, registry
from banditlab.analysis import claims, figures
from banditlab.runs import reading

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")), *sorted(ROOT.glob("experiments/**/*.md"))]
PAGES = [page for page in PAGES if page.exists() and page.parent.name != "site"]
PLUGINS = sorted(ROOT.glob("experiments/plugins/*.py"))
GRIDS = sorted(ROOT.glob("experiments/**/*.toml"))

BLOCK = re.compile(r"(?:<!-- file: (?P<file>\S+) -->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.M | re.S)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")
OURS = ("experiments/", "docs/", "benchmarks/", "notebooks/", "tests/", "banditlab/")


def name_of(page):
    return page.relative_to(ROOT).as_posix()


def blocks(page, *languages):
    """Each block of a page in one of these languages: the file that it repeats, if any, and its text."""
    found = BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [(match["file"], match["text"]) for match in found if match["language"] in languages]


def lines(page):
    """Each command of a page, continued lines joined, without prompts and comments."""
    for _, text in blocks(page, "sh", "bash", "shell", "console"):
        for line in text.replace("\\\n", " ").splitlines():
            line = line.removeprefix("$ ").partition("  #")[0].strip()
            for command in line.split("&&"):
                if command.strip() and not command.strip().startswith("#"):
                    yield shlex.split(command)


@pytest.fixture
def plugins(monkeypatch):
    """Load the plug-in files of the docs, for one test."""
    registry.kinds("policy")  # the built-in ones first: they load only once
    for name in ("_kinds", "_metrics", "plugins"):
        monkeypatch.setattr(registry, name, getattr(registry, name).copy())
    for file in PLUGINS:
        banditlab.load_plugin(file)


def test_there_are_pages_and_blocks():
    assert {"docs/add_a_policy.md", "docs/add_an_environment.md", "docs/checks.md", "docs/grid.md"} <= set(
        map(name_of, PAGES)
    )
    assert sum(len(blocks(page, "toml", "sh", "python")) for page in PAGES) >= 15


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files(page):
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_overview_names_what_there_is():
    text = (ROOT / "README.md").read_text(encoding="utf-8").partition("## What there is\n")[2].partition("\n## ")[0]
    policies, environments = text.partition("| | environments |")[::2]
    for role, table in (("policy", policies), ("environment", environments)):
        rows = [row.split("|")[2] for row in table.splitlines() if row.startswith("| ") and "`" in row]
        named = {name for row in rows for name in re.findall(r"`([\w-]+)`", row)}
        ours = {kind.name for kind in registry.kinds(role) if kind.cls.__module__.startswith("banditlab.")}
        assert named == ours


@pytest.mark.parametrize("file", PLUGINS, ids=name_of)
def test_a_plugin_is_shown_in_full(file):
    shown = [text for page in PAGES for name, text in blocks(page, "python") if name == name_of(file)]
    assert shown == [file.read_text(encoding="utf-8")]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_toml_is_a_valid_grid(page, plugins):
    for file, text in blocks(page, "python"):
        if file is None and "@banditlab.policy(" in text:  # grids of the page may name its policies
            exec(compile(text, name_of(page), "exec"), {"__name__": "__main__"})
    for _, text in ((file, text) for file, text in blocks(page, "toml") if file is None):
        parsed = reading.parse(tomllib.loads(text), name_of(page))
        claims.read(parsed.claims, parsed.cells, name_of(page))
        figures.read(parsed.figures, parsed.cells, parsed.settings.metric, name_of(page))
        assert parsed.cells


@pytest.mark.parametrize("file", GRIDS, ids=name_of)
def test_a_grid_in_experiments_is_valid(file):
    parsed = reading.read(file)
    claims.read(parsed.claims, parsed.cells, name_of(file))
    figures.read(parsed.figures, parsed.cells, parsed.settings.metric, name_of(file))


def test_each_grid_in_experiments_asks_a_question_of_its_own():
    asked = {}
    for file in GRIDS:
        question = reading.read(file).settings.question
        assert question and question.endswith("?"), f"{name_of(file)} asks no question"
        assert question not in asked, f"{name_of(file)} asks what {asked[question]} does"
        asked[question] = name_of(file)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_exist(page):
    made = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    for words in lines(page):
        if words[0] == "banditlab":
            options = cli._parser().parse_args(words[1:])
            named = [getattr(options, "grid", ""), *options.plugin]
            for path in (path for path in named if path.startswith(OURS)):
                assert (ROOT / path).is_file(), path
            if options.command in ("show", "list"):
                assert cli.main(words[1:]) == 0
        elif words[0] == "make":
            assert set(words[1:]) <= made


@pytest.mark.compiled
@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_python_runs(page, plugins, tmp_path, monkeypatch):
    """Blocks of a page share their names, as in a notebook; runs are cut down to a few rounds."""

    def run(*arguments, **options):
        options |= {"horizon": min(options.get("horizon", 300), longest), "progress": False}
        return api.run(*arguments, **options | {"replications": min(options.get("replications", 2), 2)})

    monkeypatch.setattr(banditlab, "run", run)
    monkeypatch.setattr(banditlab, "load_plugin", lambda path: None)  # loaded already
    own = [text for file, text in blocks(page, "python") if file is None]
    longest = 8_000 if ".beside(" in "".join(own) else 300  # a baseline stands beside runs of its horizon alone
    for name in set(re.findall(r'"results/([\w-]+)', "".join(own))):
        run({"kind": "bernoulli", "arms": 3}, "ucb1", name=name, horizon=50, out=tmp_path / "results" / name)
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "page"}
    for text in own:
        exec(compile(text, name_of(page), "exec"), names)
    for name, value in names.items():
        if name.startswith("test_"):
            value()


@pytest.mark.compiled
@pytest.mark.parametrize(
    "page",
    ["add_a_policy", "add_an_environment", "add_a_mirror_map", "add_an_offline_algorithm", "tutorial", "wrappers"],
)
def test_a_plugin_runs_from_toml(page, plugins, tmp_path, capsys):
    """The whole way of a reader: the grid of the page, with the file of the page, by the command line."""
    path = ROOT / "docs" / f"{page}.md"
    [(file, _)] = [(file, text) for file, text in blocks(path, "python") if file]
    text = blocks(path, "toml")[-1][1]
    (tmp_path / "grid.toml").write_text(text)
    short = ["--set", "horizon=200", "--set", "replications=2", "--out", str(tmp_path / "out")]
    assert cli.main(["run", str(tmp_path / "grid.toml"), *short]) == 0
    said = capsys.readouterr().out
    assert ("Cannot determine" not in said) and ("plain Python" in said) == (page == "add_an_offline_algorithm")
    labels = {name for cell in banditlab.load(tmp_path / "out").cells for name in (cell.policy, cell.environment)}
    assert any(
        name.startswith(("epsilon", "drifting", "p-norm", "stochastic", "step-by-step", "gaussian + on-a-scale"))
        for name in labels
    )


TRY_THE_GAME = """
import banditlab
from banditlab import cli, registry
from banditlab.checks import check_environment, check_policy

hidden = registry.find("environment", "search/hidden").cls(error=0.1)
check_environment(hidden)
check_policy(registry.find("policy", "search/bisection").cls(), hidden)
agent = banditlab.agent("bisection", arms=9)
first = agent.ask()
agent.tell(1.0)
assert (first, agent.ask()) == (4, 6)
raise SystemExit(cli.main(["run", "search.toml", "--quick"]) or cli.main(["show", "search"]))
"""


@pytest.mark.compiled
def test_a_game_is_added_as_the_page_says(tmp_path):
    """In a copy of the package, which gets the files of the page and nothing else."""
    shutil.copytree(ROOT / "banditlab", tmp_path / "banditlab", ignore=shutil.ignore_patterns("__pycache__"))
    for file, text in blocks(ROOT / "docs/add_a_game.md", "python", "toml"):
        place = tmp_path / file
        if place.suffix == ".py" and not place.parent.exists():
            place.parent.mkdir()
            (place.parent / "__init__.py").touch()
        place.write_text(text)
    here = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", TRY_THE_GAME], cwd=tmp_path, env=here, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "distance to the hidden number" in done.stdout
