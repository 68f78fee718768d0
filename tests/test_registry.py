"""What is there: the built-in names, and how others add to them."""

import importlib.metadata
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import banditlab
from banditlab import registry
from banditlab.errors import UserError

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    registry.kinds("policy")
    for table in ("_kinds", "_metrics", "broken"):
        monkeypatch.setattr(registry, table, dict(getattr(registry, table)))
    monkeypatch.setattr(registry, "plugins", list(registry.plugins))


@pytest.mark.parametrize("folder", ["environments", "policies"])
def test_every_file_gives_a_kind_of_its_game(folder):
    """A file that discovery misses would otherwise be missed by every test that walks the registry."""
    package = Path(registry.__file__).parent
    files = [file for file in (package / folder).glob("*/*.py") if file.name != "__init__.py"]
    homes = {
        kind.cls.__module__: registry.games()[kind.game].folder
        for role in registry.ROLES
        for kind in registry.kinds(role)
    }
    wanted = {f"banditlab.{folder}.{file.parent.name}.{file.stem}": file.parent.name for file in files}
    assert wanted.items() <= homes.items()
    assert len(wanted) >= 7


def test_games_are_exactly_these():
    games = {"active-dueling", "bandit", "blackbox", "combinatorial", "convex", "dueling", "knapsack"}
    assert set(registry.games()) == games


@pytest.mark.parametrize(
    "kind", [k for role in registry.ROLES for k in registry.kinds(role)], ids=lambda k: f"{k.role} {k.title}"
)
def test_every_kind_says_what_it_is_and_has_its_verbs(kind):
    assert kind.summary
    assert kind.verbs
    assert len(kind.cls.__doc__) > 20


# --- finding ------------------------------------------------------------------------------------------------------

UNKNOWN = {
    ("policy", "colstin", "dueling"): "no policy 'colstin' plays dueling; did you mean 'colstim'?",
    ("policy", "ucb1", "dueling"): "no policy 'ucb1' plays dueling (it is of bandit)",
    ("policy", "dueling/ucb1", None): "no policy 'ucb1' plays dueling (it is of bandit)",
    ("environment", "bernouli", None): "no environment 'bernouli'; did you mean 'bernoulli'?",
    ("environment", "linear", None): "'linear' is ambiguous: write 'bandit/linear' or 'dueling/linear'",
    ("policy", "duelling/colstim", None): "no game 'duelling'; did you mean 'dueling'?",
}


@pytest.mark.parametrize("wanted", UNKNOWN, ids=str)
def test_what_is_not_found_is_said_with_the_nearest(wanted):
    with pytest.raises(UserError) as error:
        registry.find(*wanted)
    assert str(error.value) == UNKNOWN[wanted]


def test_a_name_that_is_far_from_all_lists_them():
    with pytest.raises(UserError, match=r"\(there are: .*colstim, double-thompson, .*winner-stays\)"):
        registry.find("policy", "zzz", "dueling")


# --- adding -------------------------------------------------------------------------------------------------------

PLUGIN = """
from dataclasses import dataclass
from banditlab.registry import metric, policy
from banditlab.policies.bandit.greedy import Greedy

@policy("{name}", game="bandit")
@dataclass(frozen=True)
class {cls}(Greedy):
    pass
"""


def write(folder, name="added", cls="Added", file="plugin.py", more=""):
    path = folder / file
    path.write_text(PLUGIN.format(name=name, cls=cls) + more)
    return path


def test_a_file_adds_kinds_and_the_same_file_again_replaces_them(tmp_path):
    for _ in range(2):
        registry.load_plugin(write(tmp_path))
        assert registry.find("policy", "added").cls.__name__ == "Added"


def test_a_name_that_is_taken_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"plugin.py: TypeError: policy bandit/ucb1: that name is taken by banditlab"):
        registry.load_plugin(write(tmp_path, name="ucb1"))
    registry.load_plugin(write(tmp_path))
    with pytest.raises(UserError, match="bandit/added: that name is taken by banditlab_plugin_plugin_"):
        registry.load_plugin(write(tmp_path, file="other.py"))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("1 / 0", r"plugin.py: ZeroDivisionError: division by zero"),
        ("def (", r"plugin.py: SyntaxError: .*plugin.py, line \d+"),
        ("import no_such_module", r"plugin.py: ModuleNotFoundError: No module named 'no_such_module'"),
        (
            "policy('x', game='chess')(Added)",
            r"plugin.py: TypeError: no game 'chess' \(there are: active-dueling, bandit, .*, dueling, knapsack\)",
        ),
        (
            "metric(game='bandit')(lambda env, policy: 0)",
            r"plugin.py: TypeError: metric '<lambda>': <lambda>\(env, policy\) should have the form",
        ),
        (
            "@metric(game='bandit')\ndef regret(env, policy, round): return 0",
            "plugin.py: TypeError: metric 'regret': the game 'bandit' has one of that name",
        ),
    ],
)
def test_a_file_that_raises_is_one_line(tmp_path, text, line):
    with pytest.raises(UserError, match=f"{line}") as error:
        registry.load_plugin(write(tmp_path, more=text))
    assert "\n" not in str(error.value)


def test_a_file_that_is_missing_is_one_line(tmp_path):
    with pytest.raises(UserError, match=r"nowhere.py: no such plug-in file$"):
        registry.load_plugin(tmp_path / "nowhere.py")


def test_a_metric_of_an_environment_must_be_the_games():
    cls = registry.find("environment", "bandit/bernoulli").cls
    with pytest.raises(TypeError, match=r"environment bandit/mine: no metric 'regert'; did you mean 'regret'\?"):
        registry.environment("mine", game="bandit", metrics=("regert",))(cls)


def test_a_cell_that_runs_again_replaces_its_class():
    """The same module and name: a notebook cell."""

    def cell(arm):
        @banditlab.policy("cell", game="bandit")
        @dataclass(frozen=True)
        class Cell(registry.find("policy", "bandit/fixed").cls):
            place: int = arm

        return Cell

    first, second = cell(0), cell(1)
    assert first is not second
    assert registry.find("policy", "cell").cls is second


# --- entry points -------------------------------------------------------------------------------------------------


def install(folder, *points):
    """What pip leaves of a package: its modules, and their entry points."""
    about = folder / "added-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: added\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[banditlab.policies]\n" + "".join(f"{line}\n" for line in points))


def banditlab_with(folder, *arguments):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)])}
    command = [sys.executable, "-m", "banditlab", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=folder)


def test_installed_packages_add_kinds_and_a_broken_one_is_reported(tmp_path):
    write(tmp_path, file="sound.py")
    (tmp_path / "unsound.py").write_text("raise RuntimeError('no such GPU')")
    install(tmp_path, "added = sound", "lost = unsound")
    listed = banditlab_with(tmp_path, "list", "policies")
    assert listed.returncode == 0
    assert "bandit/added" in listed.stdout
    assert listed.stderr == "plug-in lost could not be loaded: RuntimeError: no such GPU\n"

    missing = banditlab_with(tmp_path, "show", "lots")
    assert missing.returncode == 2
    assert "lost could not be loaded" in missing.stderr


def test_entry_points_of_all_groups_are_read(monkeypatch):
    groups = []

    class Points:
        def select(self, group):
            groups.append(group)
            return []

    monkeypatch.setattr(importlib.metadata, "entry_points", Points)
    registry._entry_points.__wrapped__()
    assert groups == ["banditlab.environments", "banditlab.policies", "banditlab.wrappers"]


def test_a_parameter_cannot_have_a_key_of_the_grid():
    @dataclass(frozen=True)
    class Labelled:
        label: str = "x"

        def start(self, problem, rng): ...

    with pytest.raises(TypeError, match="a parameter cannot be called 'label'"):
        registry.policy("labelled", game="bandit")(Labelled)


def test_a_message_about_an_unknown_name_says_how_a_file_is_loaded(tmp_path):
    registry.plugins.clear()
    with pytest.raises(UserError, match=r"no policy 'my-own' \(there are.*\); one of your own needs --plugin FILE$"):
        registry.find("policy", "my-own")
    (tmp_path / "mine.py").write_text("")
    banditlab.load_plugin(tmp_path / "mine.py")
    with pytest.raises(UserError) as said:
        registry.find("policy", "my-own")
    assert "--plugin" not in str(said.value)
