"""The command line: what it prints, what it writes, and how it refuses bad input."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from banditlab import registry
from banditlab.cli import main

ROOT = Path(__file__).parents[1]

GRID = """
name = "small"
game = "bandit"
horizon = 120
replications = 5
seed = 3
record = { points = 12 }

[[environment]]
kind = "bernoulli"
arms = 4
sweep = { gap = [0.1, 0.3] }

[[policy]]
kind = "greedy"
[[policy]]
kind = "uniform"
label = "coin & dice"

[[claim]]
text = "Following the leader beats a coin."
below = ["greedy", "coin & dice"]
confidence = 0.5
"""


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    registry.kinds("policy")
    for table in ("_kinds", "_metrics"):
        monkeypatch.setattr(registry, table, dict(getattr(registry, table)))
    monkeypatch.setattr(registry, "plugins", list(registry.plugins))


@pytest.fixture
def banditlab(capsys):
    """Run a command in this process; its exit code, output and errors."""

    def call(*arguments):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as ending:
            code = ending.code
        return code, *capsys.readouterr()

    return call


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A results folder that tests only read."""
    home = tmp_path_factory.mktemp("home")
    (home / "small.toml").write_text(GRID)
    assert main(["run", str(home / "small.toml"), "--out", str(home / "r"), "--jobs", "1"]) == 0
    return home / "r"


@pytest.fixture
def grid(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(GRID)
    return "small.toml"


def shell(*arguments, cwd=None, **variables):
    """Run a command in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | variables
    command = [sys.executable, "-m", "banditlab", *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=cwd)


def widest(text):
    return max(map(len, text.splitlines()))


# --- help ---------------------------------------------------------------------------------------------------------


def test_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom banditlab.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'numba', 'numpy', 'pandas', 'matplotlib', 'scipy', 'pyarrow', 'pydantic', 'joblib', 'rich'} "
        "& set(sys.modules)), file=sys.stderr)"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
    assert done.stdout.startswith("usage: banditlab ")
    assert widest(done.stdout) <= 80


@pytest.mark.parametrize("command", ["run", "check", "summary", "plot", "compare", "list", "show"])
def test_help_of_each_command_fits(command, banditlab, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = banditlab(command, "--help")
    assert code == 0
    assert widest(out) <= 80


def test_the_module_is_the_command():
    done = shell("show", "ucb1")
    assert done.returncode == 0
    assert done.stdout.startswith("policy bandit/ucb1\n")
    assert "Auer" in done.stdout


# --- run ----------------------------------------------------------------------------------------------------------


def test_run_prints_a_table_and_leaves_a_figure(grid, banditlab, tmp_path):
    code, out, err = banditlab("run", grid, "--jobs", "1")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "small: 4 cells x 5 replications x 120 rounds -> results/small"
    assert "bernoulli (gap=0.1): regret after 120 rounds" in out
    assert "figure: results/small/figure.png" in lines
    assert "note: 5 replications; intervals of fewer than 30 are rough where regret is" in out
    assert widest("\n".join(line for line in lines if " ran at " not in line)) <= 80
    assert (tmp_path / "results" / "small" / "figure.png").read_bytes().startswith(b"\x89PNG")
    again = banditlab("run", grid, "--jobs", "1")
    notes = [line for line in lines if " ran at " in line]  # of plain Python, where compilation is switched off
    assert again[0] == 0
    assert again[1].splitlines() == [line for line in lines if line not in notes]


def test_dry_run_plays_nothing_and_leaves_nothing(grid, banditlab, tmp_path):
    code, out, _ = banditlab("run", grid, "--dry-run", "--jobs", "1")
    assert code == 0
    assert [file.name for file in tmp_path.iterdir()] == [grid]
    lines = out.splitlines()
    assert lines[0] == "small: 4 cells x 5 replications x 120 rounds; 0 replications are kept from before"
    assert sum("rounds/s" in line for line in lines) == 4
    assert any(line.startswith("predicted time: ") and "; size: about " in line for line in lines)
    assert lines[-1].startswith("smallest difference that 5 replications can detect (5 % error, 80 % power): ")


def test_quick_is_a_tenth_and_says_so(grid, banditlab, tmp_path):
    code, out, _ = banditlab("run", grid, "--quick", "--jobs", "1", "--set", "replications=9")
    assert code == 0
    assert out.startswith("small-quick: 4 cells x 5 replications x 12 rounds -> results/small-quick\n")
    assert "note: a quick look: a tenth of the horizon, few replications" in out
    assert json.loads((tmp_path / "results/small-quick/grid.json").read_text())["quick"] is True
    assert not (tmp_path / "results/small").exists()


def test_all_jobs_and_options_of_run(grid, banditlab, tmp_path):
    code, _, _ = banditlab("run", grid, "--jobs", "2", "--plain", "--out", "a/b", "--set", "horizon=20")
    assert code == 0
    assert (tmp_path / "a/b/curves.parquet").exists()


PLUGIN = '''
"""A policy for tests."""
from dataclasses import dataclass
from typing import NamedTuple
from banditlab.registry import policy

@policy("strays", game="bandit")
@dataclass(frozen=True)
class Strays:
    """Leaves the arms in some replications."""
    class State(NamedTuple):
        arm: int

    def start(self, problem, rng):
        return self.State(problem.arms if rng.random() < 0.5 else 0)

    @staticmethod
    def choose(state, t, features, rng):
        return state.arm

    @staticmethod
    def learn(state, t, features, arm, reward):
        pass
'''


def test_failed_replications_are_told_and_counted(grid, banditlab, tmp_path):
    (tmp_path / "mine.py").write_text(PLUGIN)
    (tmp_path / grid).write_text(GRID.replace('kind = "greedy"', 'kind = "strays"\nlabel = "greedy"'))
    code, out, err = banditlab("run", grid, "--plugin", "mine.py", "--jobs", "1", "--plain")
    assert code == 1
    lines = err.splitlines()
    assert lines
    assert all(line.startswith("failed: greedy in bernoulli (gap=0.") for line in lines)
    assert all("IndexError: the policy chose an arm outside 0 .. K-1" in line for line in lines)
    assert "note: greedy ran at " in out
    assert "figure: " in out
    assert banditlab("show", "strays", "--plugin", "mine.py")[0] == 0


# --- summary ------------------------------------------------------------------------------------------------------

RECORD = ["environment", "policy", "metric", "x", "mean", "low", "high", "n", "stopped", "skewed", "over_bound"]
RECORD += ["tuned", "candidates"]
BERNOULLI = [f"environment.{name}" for name in ("means", "arms", "gap", "best", "prior")]


def test_summary_as_json_has_these_keys(folder, banditlab):
    code, out, _ = banditlab("summary", folder, "--json")
    records = json.loads(out)
    assert code == 0
    assert len({(record["environment"], record["policy"]) for record in records}) == 4
    assert all(list(record) == RECORD + BERNOULLI for record in records)
    first = records[0]
    assert (first["environment"], first["policy"], first["metric"]) == ("bernoulli (gap=0.1)", "greedy", "regret")
    assert (first["x"], first["n"], first["environment.arms"], first["environment.prior"]) == (120, 5, 4, None)
    assert first["low"] <= first["mean"] <= first["high"]
    assert {type(first[key]) for key in ("x", "n", "environment.arms")} == {int}
    assert {record["environment.gap"] for record in records} == {0.1, 0.3}


def test_summary_of_json_leaves_out_what_a_kind_does_not_have(banditlab, tmp_path):
    (tmp_path / "g.toml").write_text(
        'horizon = 10\nreplications = 1\ngame = "bandit"\n[[environment]]\nkind = "bernoulli"\nmeans = [0.1, 0.2]\n'
        '[[environment]]\nkind = "linear"\ndim = 3\n[[policy]]\nkind = "fixed"\narm = 1\n[[policy]]\nkind = "uniform"\n'
    )
    assert banditlab("run", tmp_path / "g.toml", "--out", tmp_path / "r", "--jobs", "1")[0] == 0
    records = json.loads(banditlab("summary", tmp_path / "r", "--json", "--metric", "regret")[1])
    assert [record.get("environment.dim") for record in records] == [None, None, 3, 3]
    assert [record.get("policy.arm") for record in records] == [1, None, 1, None]
    assert "policy.arm" not in records[1]
    assert records[0]["environment.means"] == [0.1, 0.2]
    assert records[0]["low"] is None  # of one replication


def test_summary_as_csv(folder, banditlab):
    code, out, _ = banditlab("summary", folder, "--csv", "--metric", "regret")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert [row["policy"] for row in rows] == ["greedy", "coin & dice"] * 2
    assert set(RECORD + BERNOULLI) <= set(rows[0])
    records = json.loads(banditlab("summary", folder, "--json", "--metric", "regret")[1])
    assert [float(row["mean"]) for row in rows] == pytest.approx([record["mean"] for record in records])


def test_summary_as_latex(folder, banditlab):
    code, out, _ = banditlab("summary", folder, "--latex")
    assert code == 0
    assert r"\begin{tabular}{lrr}" in out
    assert r"coin \& dice & " in out
    assert out.count(r" \\") == 3


def test_summary_fits_the_terminal(folder, banditlab):
    code, out, _ = banditlab("summary", folder)
    assert code == 0
    assert widest(out) <= 80
    assert "growth: b of t^b" in out
    assert "/bound: the mean over the lower bound: Lai-Robbins (asymptotic)" in out
    assert out.count("coin & dice") == 2


def test_summary_shows_all_replications_that_ran(grid, banditlab):
    banditlab("run", grid, "--jobs", "1")
    banditlab("run", grid, "--jobs", "1", "--set", "replications=2")
    records = json.loads(banditlab("summary", "results/small", "--json")[1])
    assert {record["n"] for record in records} == {5}


# --- plot, compare, check -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")])
def test_plot_writes_the_same_bytes_twice(kind, start, folder, banditlab, tmp_path):
    for name in ("a", "b"):
        code, out, _ = banditlab("plot", folder, "-o", tmp_path / f"{name}.{kind}")
        assert (code, out) == (0, f"figure: {tmp_path / name}.{kind}\n")
    one, other = ((tmp_path / f"{name}.{kind}").read_bytes() for name in ("a", "b"))
    assert one.startswith(start)
    assert one == other


@pytest.mark.parametrize(
    "options",
    [
        ["--versus", "gap"],
        ["--metric", "realised-regret", "--scale", "log-x"],
        ["--scale", "log-log", "--band", "simultaneous"],
        ["--band", "bootstrap"],
        ["--band", "quantile"],
        ["--view", "survival"],
        ["--view", "wrong-order"],
    ],
    ids=" ".join,
)
def test_plots_of_other_kinds(options, folder, banditlab, tmp_path):
    banditlab("plot", folder, "-o", tmp_path / "plain.svg")
    assert banditlab("plot", folder, "-o", tmp_path / "a.svg", *options)[0] == 0
    assert (tmp_path / "a.svg").read_bytes() != (tmp_path / "plain.svg").read_bytes()


def test_views_are_left_in_files_of_their_own(grid, banditlab, tmp_path):
    banditlab("run", grid, "--jobs", "1")
    for view in ("survival", "wrong-order"):
        code, out, _ = banditlab("plot", "results/small", "--view", view)
        assert (code, out) == (0, f"figure: results/small/{view}.png\n")
        assert (tmp_path / f"results/small/{view}.png").exists()


def test_views_refuse_what_they_do_not_take(folder, banditlab):
    assert banditlab("plot", folder, "--view", "survivel") == (
        2,
        "",
        "view: no 'survivel'; did you mean 'survival'?\n",
    )
    code, _, err = banditlab("plot", folder, "--view", "survival", "--band", "student")
    assert (code, err) == (2, "band: goes with the view curves, not with survival\n")


def test_compare(folder, banditlab):
    code, out, _ = banditlab("compare", folder, "greedy", "coin & dice")
    assert code == 0
    assert "bernoulli (gap=0.1): regret after 120 rounds, paired differences" in out
    assert out.count("greedy - coin & dice") == 2
    assert "a < b, %" in out
    assert banditlab("compare", folder)[:2] == (code, out)
    assert widest(out) <= 80


def test_check_on_fresh_seeds_and_on_a_folder(grid, banditlab, tmp_path, folder):
    code, out, _ = banditlab("check", grid, "--jobs", "1", "--set", "replications=40", "--set", "horizon=500")
    assert code == 0
    assert "small: claims on fresh seeds, 4 cells x 40 replications x 500 rounds -> results/small/check" in out
    assert out.endswith("1 holds, 0 fails, 0 undecided\n")
    assert "bernoulli (gap=0.3)" in out
    code, out, _ = banditlab("check", folder)
    assert code in (0, 1, 3)
    assert out.startswith("small: claims on the stored replications, which may have suggested them\n")


def test_check_fails_with_a_code_of_its_own(grid, banditlab):
    text = GRID.replace('below = ["greedy"', 'above = ["greedy"').replace("replications = 5", "replications = 40")
    Path(grid).write_text(text)
    code, out, _ = banditlab("check", grid, "--jobs", "1", "--set", "horizon=500")
    assert code == 1
    assert out.endswith("0 holds, 1 fails, 0 undecided\n")


# --- list and show ------------------------------------------------------------------------------------------------


def test_list_names_everything_and_fits(banditlab):
    code, out, _ = banditlab("list")
    assert code == 0
    assert widest(out) <= 80
    for role in registry.ROLES:
        assert all(f"{kind.title} " in out for kind in registry.kinds(role))
    assert "environments" not in banditlab("list", "policies")[1]
    assert "dueling" in banditlab("list", "games")[1]


@pytest.mark.parametrize(
    "name", ["bandit", "dueling", *(f"{k.game}/{k.name}" for role in registry.ROLES for k in registry.kinds(role))]
)
def test_show_says_all_and_fits(name, banditlab):
    code, out, _ = banditlab("show", name)
    assert code == 0
    assert widest(out) <= 80
    for role in registry.ROLES:
        for kind in registry.kinds(role):
            if kind.title == name:
                assert all(f"  {parameter}: " in out for parameter in kind.cls.__dataclass_fields__)


def test_show_of_a_bare_name_shows_each(banditlab):
    out = banditlab("show", "linear")[1]
    assert out.startswith("environment bandit/linear\n")
    assert "\nenvironment dueling/linear\n" in out


# --- bad input ----------------------------------------------------------------------------------------------------

WORLD = '[[environment]]\nkind = "bernoulli"\narms = 4\n'
PLAYER = '[[policy]]\nkind = "ucb1"\n'
OK = WORLD + PLAYER

#: What a grid says wrong, and the whole of what is printed, after "grid.toml: ".
BAD_GRIDS = {
    "syntax": ("horizon = \n" + OK, "not valid TOML: Invalid value (at line 1, column 11)"),
    "unknown key": ("horizont = 5\n" + OK, "horizont: unknown key; did you mean 'horizon'?"),
    "unknown key of a policy": (OK + "widht = 1.0\n", "policy[0].widht: unknown key (there are: none)"),
    "unknown key of an environment": (
        WORLD + "gapp = 0.1\n" + PLAYER,
        "environment[0].gapp: unknown key; did you mean 'gap'?",
    ),
    "unknown key of record": ("record = { pints = 3 }\n" + OK, "record.pints: unknown key; did you mean 'points'?"),
    "text for a number": ('horizon = "100"\n' + OK, "horizon: should be a valid integer, got '100'"),
    "bool for a number": ("horizon = true\n" + OK, "horizon: should be a valid integer, got True"),
    "bool for a float": (WORLD + "gap = true\n" + PLAYER, "environment[0].gap: should be a valid number, got True"),
    "fraction for an integer": ("replications = 2.5\n" + OK, "replications: should be a valid integer, got 2.5"),
    "number for a bool": (
        '[[environment]]\nkind = "bandit/linear"\nfresh = 1\n[[policy]]\nkind = "linucb"\n',
        "environment[0].fresh: should be a valid bool, got 1",
    ),
    "text for a bool": (
        '[[environment]]\nkind = "bandit/linear"\nfresh = "yes"\n[[policy]]\nkind = "linucb"\n',
        "environment[0].fresh: should be a valid bool, got 'yes'",
    ),
    "number for a text": ("name = 5\n" + OK, "name: should be a valid string, got 5"),
    "table for a list": (
        WORLD + PLAYER + "[record]\npoints = [3]\n",
        "record.points: should be a valid integer, got [3]",
    ),
    "number for a list": (
        WORLD + '[[policy]]\nkind = "neuralucb"\nhidden = 10\n',
        "policy[0].hidden: should be a list, as in hidden = [10], got 10",
    ),
    "number for a list of numbers": (
        '[[environment]]\nkind = "gaussian"\nmeans = 0.5\n' + PLAYER,
        "environment[0].means: should be a list, as in means = [0.5], got 0.5",
    ),
    "text for a list": (
        WORLD + '[[policy]]\nkind = "neuralucb"\nhidden = "wide"\n',
        "policy[0].hidden: should be a list, got 'wide'",
    ),
    "name that is a path": (
        'name = "../x"\n' + OK,
        "name: string should match pattern '^[A-Za-z0-9][A-Za-z0-9._-]*$', got '../x'",
    ),
    "horizon 0": ("horizon = 0\n" + OK, "horizon: should be greater than or equal to 1, got 0"),
    "horizon without end": (
        "horizon = 10_000_000_000_000_000_000\n" + OK,
        "horizon: should be less than or equal to 1000000000000, got 10000000000000000000",
    ),
    "no replications": ("replications = 0\n" + OK, "replications: should be greater than or equal to 1, got 0"),
    "negative seed": ("seed = -1\n" + OK, "seed: should be greater than or equal to 0, got -1"),
    "out of range": (
        WORLD + "gap = -0.1\n" + PLAYER,
        "environment[0].gap: should be greater than or equal to 0, got -0.1",
    ),
    "not a number": (WORLD + "gap = nan\n" + PLAYER, "environment[0].gap: should be a finite number, got nan"),
    "a mean out of range": (
        '[[environment]]\nkind = "bernoulli"\nmeans = [0.5, 1.5]\n' + PLAYER,
        "environment[0].means[1]: should be less than or equal to 1, got 1.5",
    ),
    "a swept value out of range": (
        WORLD + "sweep = { gap = [0.1, 0.2, -1] }\n" + PLAYER,
        "environment[0].sweep.gap[2]: should be greater than or equal to 0, got -1",
    ),
    "no spacing": ('record = { spacing = "even" }\n' + OK, "record.spacing: should be 'log' or 'linear', got 'even'"),
    "unknown policy": (
        WORLD + '[[policy]]\nkind = "ucb"\n',
        "policy[0].kind: no policy 'ucb' plays bandit; did you mean 'ucb1'?",
    ),
    "unknown environment": (
        '[[environment]]\nkind = "bernouli"\narms = 2\n' + PLAYER,
        "environment[0].kind: no environment 'bernouli'; did you mean 'bernoulli'?",
    ),
    "unknown game": ('game = "bandits"\n' + OK, "game: no game 'bandits'; did you mean 'bandit'?"),
    "ambiguous kind": (
        '[[environment]]\nkind = "linear"\n[[policy]]\nkind = "ucb1"\n[[policy]]\nkind = "rucb"\n',
        "environment[0].kind: 'linear' is ambiguous: write 'bandit/linear' or 'dueling/linear'",
    ),
    "no kind": ("[[environment]]\narms = 2\n" + PLAYER, "environment[0].kind: missing"),
    "a kind that is no text": (
        "[[environment]]\nkind = 3\n" + PLAYER,
        "environment[0].kind: should be a name in quotes, got 3",
    ),
    "a policy of another game": (
        'game = "bandit"\n' + WORLD + '[[policy]]\nkind = "colstim"\n',
        "policy[0].kind: no policy 'colstim' plays bandit (it is of dueling)",
    ),
    "a policy that plays nothing here": (
        WORLD + PLAYER + '[[policy]]\nkind = "colstim"\n',
        "policy[1].kind: no policy 'colstim' plays bandit (it is of dueling)",
    ),
    "a policy that lacks something": (
        WORLD + '[[policy]]\nkind = "linucb"\n',
        "policy 'linucb' needs arm-features, which environment 'bernoulli' does not give",
    ),
    "empty sweep": (
        WORLD + "sweep = { gap = [] }\n" + PLAYER,
        "environment[0].sweep.gap: should be a list of at least one value, got an empty list",
    ),
    "a sweep that is no list": (
        WORLD + "sweep = { gap = 0.1 }\n" + PLAYER,
        "environment[0].sweep.gap: should be a list of at least one value, got 0.1",
    ),
    "a sweep over an unknown key": (
        WORLD + "sweep = { gapp = [1] }\n" + PLAYER,
        "environment[0].sweep.gapp[0]: unknown key; did you mean 'gap'?",
    ),
    "a sweep beside its key": (
        WORLD + "gap = 0.1\nsweep = { gap = [0.1] }\n" + PLAYER,
        "environment[0].sweep.gap: stands in the table too; drop one of them",
    ),
    "lists that do not pair": (
        WORLD + "zip = true\nsweep = { gap = [0.1], best = [0.5, 0.6] }\n" + PLAYER,
        "environment[0].sweep: lists to be zipped should have one length, got gap 1, best 2",
    ),
    "a sweep at the top": (
        "sweep = { seed = [1] }\n" + OK,
        "sweep.seed: at the top of a grid only horizon can be swept",
    ),
    "horizon twice": (
        "horizon = 5\nsweep = { horizon = [5] }\n" + OK,
        "horizon: stands beside sweep.horizon; drop one of them",
    ),
    "a swept horizon of 0": (
        "sweep = { horizon = [5, 0] }\n" + OK,
        "sweep.horizon[1]: should be greater than or equal to 1, got 0",
    ),
    "one label twice": (
        OK + PLAYER,
        "two of its policy tables have the label 'ucb1': give one another label = \"...\"",
    ),
    "an empty label": (OK + 'label = ""\n', "policy[0].label: should be a text, got ''"),
    "no policy": (WORLD, "policy: at least one [[policy]] is needed"),
    "no environment": (PLAYER, "environment: at least one [[environment]] is needed"),
    "one bracket": ('[policy]\nkind = "ucb1"\n' + WORLD, "policy: write [[policy]] above each of its tables"),
    "two ways to give arms": (
        WORLD + "means = [0.1, 0.2]\n" + PLAYER,
        "environment[0]: give either means = [...] or arms = K (with gap and best, or with prior)",
    ),
    "an instance of no kind": (
        WORLD + 'instance = "same"\n' + PLAYER,
        "environment[0].instance: should be 'fresh' or 'fixed', got 'same'",
    ),
    "a default of nobody": (
        "[defaults.policy]\nwidth = 1.0\n" + OK,
        "defaults.policy.width: no policy of this grid has that key (there are: none)",
    ),
    "a default elsewhere": (
        "[defaults]\nwidth = 1.0\n" + OK,
        "defaults: write [defaults.environment] or [defaults.policy]",
    ),
    "a condition that never holds": (
        OK + "[[policy.when]]\nenvironment = { arms = 5 }\n",
        "policy[0].when[0].environment: no environment of this grid has {'arms': 5}",
    ),
    "a claim about nobody": (
        OK + '[[claim]]\ntext = "x"\nbelow = ["ucb1", "ucb2"]\n',
        "claim[0].below: no policy 'ucb2'; did you mean 'ucb1'?",
    ),
    "a claim about a metric that is not there": (
        OK + '[[claim]]\ntext = "x"\nslope = "ucb1"\nbetween = [0, 1]\nmetric = "regrets"\n',
        "claim[0].metric: no metric 'regrets'; did you mean 'regret'?",
    ),
    "a claim about a metric that the environment does not keep": (
        OK + '[[claim]]\ntext = "x"\nslope = "ucb1"\nbetween = [0, 1]\nmetric = "static-regret"\n',
        "claim[0].metric: 'static-regret' is not kept here, only realised-regret, regret",
    ),
    "a claim of two forms": (
        OK + '[[claim]]\ntext = "x"\nslope = "ucb1"\nflattens = "ucb1"\n',
        "claim[0]: exactly one of below, above, ratio, equivalent, mean, slope, flattens, untestable is needed, got "
        "slope, flattens",
    ),
}


@pytest.mark.parametrize("what", BAD_GRIDS)
@pytest.mark.parametrize("more", [[], ["--dry-run"]], ids=["run", "dry-run"])
def test_a_bad_grid_is_one_clear_line(what, more, banditlab, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text, line = BAD_GRIDS[what]
    Path("grid.toml").write_text(text)
    code, out, err = banditlab("run", "grid.toml", *more)
    assert (code, out) == (2, "")
    assert err == f"grid.toml: {line}\n"
    assert [file.name for file in tmp_path.iterdir()] == ["grid.toml"]


def test_all_mistakes_are_told_at_once(banditlab, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("grid.toml").write_text('horizon = 0\nseed = "a"\n' + WORLD + "gap = -1\ngapp = 2\n" + PLAYER + "x = 1\n")
    code, _, err = banditlab("run", "grid.toml")
    assert code == 2
    assert err.splitlines() == [
        "grid.toml: horizon: should be greater than or equal to 1, got 0",
        "grid.toml: seed: should be a valid integer, got 'a'",
        "grid.toml: environment[0].gap: should be greater than or equal to 0, got -1",
        "grid.toml: environment[0].gapp: unknown key; did you mean 'gap'?",
        "grid.toml: policy[0].x: unknown key (there are: none)",
    ]


BAD_DATA = {
    "NaN": ("a,b,label\n1,2,x\n3,nan,y\n", "column 'b': should hold finite numbers only, got nan at row 1"),
    "words": ("a,b,label\n1,2,x\n3,four,y\n", "column 'b': should hold numbers only, got "),
    "no labels": ("a,b\n1,2\n", "no column or array 'label'; there are 'a', 'b'"),
    "one class": ("a,label\n1,x\n2,x\n", "'label' should hold at least 2 classes, got 1"),
    "labels with holes": ("a,label\n1,0.5\n2,1\n", "'label' should hold classes (integers or words), got fractions"),
    "empty": ("", "cannot be read as CSV: "),
}


@pytest.mark.parametrize("what", BAD_DATA)
def test_a_bad_data_file_is_one_clear_line(what, banditlab, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text, line = BAD_DATA[what]
    Path("data.csv").write_text(text)
    Path("grid.toml").write_text('[[environment]]\nkind = "classification"\ndata = "data.csv"\n' + PLAYER)
    code, _, err = banditlab("run", "grid.toml")
    assert code == 2
    [found] = err.splitlines()
    assert found.startswith(f"grid.toml: environment 'classification': data.csv: {line}")
    assert not Path("results").exists()


def test_data_whose_rows_and_labels_do_not_match(banditlab, tmp_path, monkeypatch):
    import numpy as np

    monkeypatch.chdir(tmp_path)
    np.savez("data.npz", features=np.ones((3, 2)), label=np.array([0, 1]))
    Path("grid.toml").write_text('[[environment]]\nkind = "classification"\ndata = "data.npz"\n' + PLAYER)
    code, _, err = banditlab("run", "grid.toml")
    line = "data.npz: features (3, 2) and labels (2,) do not match; allowed: (n, d) and (n,)"
    assert (code, err) == (2, f"grid.toml: environment 'classification': {line}\n")
    with open("grid.toml", "a") as file:
        file.write('[[policy]]\nkind = "squarecb"\n[[policy]]\nkind = "oracle"\n')
    assert banditlab("run", "grid.toml")[2] == err, "once for all policies"


def test_a_parameter_that_does_not_fit_the_environment_is_one_clear_line(banditlab, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("grid.toml").write_text(WORLD + '[[policy]]\nkind = "bandit/fixed"\narm = 4\n')
    code, _, err = banditlab("run", "grid.toml")
    assert (code, err) == (2, "grid.toml: fixed in bernoulli: arm: in 0 .. 3, got 4\n")
    assert not Path("results").exists()


def test_other_files_that_are_missing_or_wrong(grid, banditlab, tmp_path):
    Path("raises.py").write_text("1 / 0")
    Path("notes.txt").write_text("x")
    Path("file").write_text("x")
    cases = {
        ("run", "nowhere.toml"): "nowhere.toml: no such file",
        ("run", grid, "--plugin", "nowhere.py"): "nowhere.py: no such plug-in file",
        ("run", grid, "--plugin", "raises.py"): "raises.py: ZeroDivisionError: division by zero",
        ("run", grid, "--jobs", "0"): "jobs: a number of workers, or -1 for all cores; got 0",
        ("run", grid, "--jobs", "-3"): "jobs: a number of workers, or -1 for all cores; got -3",
        ("run", grid, "--out", "."): ".: holds files that are no results: choose another --out",
        ("run", grid, "--out", "file"): "file: cannot be written (Not a directory): choose another --out",
        ("run", grid, "--out", "file/deeper"): "file/deeper: cannot be written (Not a directory): choose another --out",
        ("summary", "nowhere"): None,  # it might have been a baseline
        ("summary", "nowhere/r"): "nowhere/r: no results folder (it has no grid.json)",
        ("plot", "."): ".: no results folder (it has no grid.json)",
        ("compare", "file"): "file: no results folder (it has no grid.json)",
        ("check", "."): ".: no results folder (it has no grid.json)",
        ("show", "nothing"): None,
    }
    for arguments, line in cases.items():
        code, _, err = banditlab(*arguments)
        assert code == 2, arguments
        assert len(err.splitlines()) == 1, arguments
        assert line in (None, err[:-1])
    assert {file.name for file in tmp_path.iterdir()} == {grid, "raises.py", "notes.txt", "file"}


def test_other_questions_about_a_folder(folder, banditlab, tmp_path):
    cases = {
        ("plot", folder, "-o", "figure.jpg"): "figure.jpg: a figure's file ends in .pdf, .svg, .png, .pgf",
        ("plot", folder, "-o", "figure"): "figure: a figure's file ends in .pdf, .svg, .png, .pgf",
        (
            "plot",
            folder,
            "-o",
            tmp_path / "no/f.png",
        ): f"{tmp_path / 'no/f.png'}: cannot be written (No such file or directory)",
        (
            "plot",
            folder,
            "--metric",
            "weak",
        ): "no metric 'weak' (there are: error-rate, realised-regret, regret, simple-regret)",
        ("plot", folder, "--versus", "dim"): "versus: this grid does not sweep 'dim' (there are: gap, t)",
        ("plot", folder, "--scale", "log"): "scale: no 'log'; did you mean 'log-x'?",
        ("plot", folder, "--band", "studend"): "band: no 'studend'; did you mean 'student'?",
        ("summary", folder, "--metric", "regrets"): "no metric 'regrets'; did you mean 'regret'?",
        ("compare", folder, "greedy", "coin"): "no policy 'coin' (there are: coin & dice, greedy)",
        ("compare", folder, "greedy"): "compare: give two labels, or none for every pair",
    }
    for arguments, line in cases.items():
        code, out, err = banditlab(*arguments)
        assert (code, out, err) == (2, "", f"{line}\n"), arguments
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["rum"], "banditlab: 'rum' is no command; did you mean 'run'?"),
        ([], "banditlab: the following arguments are required: COMMAND"),
        (["run"], "banditlab run: the following arguments are required: GRID.toml|DIR"),
        (["run", "x.toml", "--job", "two"], None),
        (
            ["run", "x.toml", "--backend", "dsk"],
            "banditlab run: 'dsk' is none of threading, loky, dask; did you mean 'dask'?",
        ),
    ],
)
def test_a_command_that_is_none(arguments, line, banditlab):
    code, out, err = banditlab(*arguments)
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    assert line in (None, err.splitlines()[0])


def test_the_folder_of_another_grid_is_left_alone(grid, banditlab, tmp_path):
    banditlab("run", grid, "--jobs", "1", "--out", "r")
    before = {file: file.read_bytes() for file in Path("r").rglob("*") if file.is_file()}
    code, _, err = banditlab("run", grid, "--jobs", "1", "--out", "r", "--set", "name=large")
    line = "r: holds the results of the grid 'small', not of 'large': choose another --out"
    assert (code, err) == (2, f"{line}\n")
    (tmp_path / "r/curves.parquet").write_bytes(b"PAR1")
    before[Path("r/curves.parquet")] = b"PAR1"
    assert banditlab("summary", "r")[0] == 2
    assert {file: file.read_bytes() for file in Path("r").rglob("*") if file.is_file()} == before
    code, out, _ = banditlab("run", grid, "--jobs", "1", "--out", "r")
    assert (code, "note: r/curves.parquet: damaged: " in out) == (0, True)


def test_a_folder_with_nothing_finished(folder, banditlab, tmp_path):
    """A run that was stopped at once."""
    (tmp_path / "r").mkdir()
    for name in ("grid.json", "cells.parquet"):
        (tmp_path / "r" / name).write_bytes((folder / name).read_bytes())
    pq.write_table(pq.read_table(folder / "curves.parquet")[:0], tmp_path / "r" / "curves.parquet")
    line = "small: no finished replication"
    for command in (["summary"], ["summary", "--latex"], ["plot"], ["compare"]):
        code, _, err = banditlab(command[0], tmp_path / "r", *command[1:])
        assert (code, err.startswith(line), len(err.splitlines())) == (2, True, 1), (command, err)
    assert banditlab("summary", tmp_path / "r", "--json")[:2] == (0, "[]\n")


@pytest.mark.compiled
def test_a_cache_folder_that_cannot_be_written(grid, tmp_path):
    (tmp_path / "cache").write_text("x")
    done = shell("run", grid, cwd=tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "cache"))
    assert done.returncode == 2
    assert done.stderr == (
        f"banditlab: cannot write compiled code to {tmp_path / 'cache'}: "
        "set NUMBA_CACHE_DIR to a folder that can be written\n"
    )
    assert not (tmp_path / "results").exists()


def test_a_policy_that_cannot_start_is_one_clear_line(grid, banditlab, tmp_path):
    (tmp_path / "mine.py").write_text(PLUGIN.replace("return self.State(", "return self.Stat("))
    (tmp_path / grid).write_text(GRID.replace('kind = "greedy"', 'kind = "strays"\nlabel = "greedy"'))
    code, _, err = banditlab("run", grid, "--plugin", "mine.py")
    assert code == 2
    line = "small.toml: greedy in bernoulli (gap=0.1): AttributeError: 'Strays' object has no attribute 'Stat'"
    assert err.startswith(line)
    assert len(err.splitlines()) == 2  # a cell each
    assert not (tmp_path / "results").exists()
