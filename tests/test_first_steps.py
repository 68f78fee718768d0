"""What `banditlab new` writes runs as it is; `doctor` says what is wrong; `diff` says why numbers changed."""

import subprocess
import sys

import numba
import pytest

from banditlab import cli, doctor, registry, scaffold
from banditlab.checks import check_environment
from banditlab.errors import UserError
from banditlab.games import games
from banditlab.runs import reading, runner


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    registry.kinds("policy")
    for table in ("_kinds", "_metrics", "plugins"):
        monkeypatch.setattr(registry, table, getattr(registry, table).copy())


@pytest.fixture
def banditlab(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        code = cli.main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return call


@pytest.mark.parametrize("game", sorted(games()))
def test_a_new_policy_runs_in_a_new_grid(game, banditlab, tmp_path):
    code, said, _ = banditlab("new", "policy", "my-own", "--game", game)
    assert code == 0
    assert "my_own.py is written" in said
    banditlab("new", "grid", "first-look", "--game", game)
    text = (tmp_path / "first_look.toml").read_text().replace('kind = "uniform"', 'kind = "my-own"')
    (tmp_path / "first_look.toml").write_text(text)
    registry.load_plugin(tmp_path / "my_own.py")
    grid = reading.read(tmp_path / "first_look.toml", ["horizon=30", "replications=1"])
    report = runner.run(grid, tmp_path / "out", jobs=1, compiled=False)
    assert (report.done, report.failures) == (2, [])


@pytest.mark.compiled
@pytest.mark.parametrize("game", ["bandit", "dueling"])
def test_a_new_environment_keeps_the_contracts(game, tmp_path):
    file, _ = scaffold.write("environment", "my-world", game, tmp_path / "world.py")
    registry.load_plugin(file)
    check_environment(registry.find("environment", "my-world", game).cls())


def test_what_is_written_is_in_the_style_of_the_project(tmp_path):
    for what in ("policy", "environment"):
        scaffold.write(what, "my-own", "dueling", tmp_path / f"{what}.py")
    lint = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", tmp_path], capture_output=True, text=True
    )
    assert lint.returncode == 0, lint.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("policy", "ucb1"), "'ucb1': there is a policy of that name in bandit: banditlab show bandit/ucb1"),
        (("policy", "My_Own"), "'My_Own': a name has lower-case letters, digits and hyphens"),
        (("policy", "mine", "--game", "bandits"), "--game: no game 'bandits'; did you mean 'bandit'"),
        (("environment", "mine", "--game", "convex"), "there are first environments of bandit and dueling"),
        (("grid", "there"), "there.toml: cannot be written (File exists): choose another --out"),
    ],
    ids=str,
)
def test_mistakes_have_a_line(words, message, banditlab, tmp_path):
    (tmp_path / "there.toml").write_text("")
    code, _, said = banditlab("new", *words)
    assert code == 2
    assert message in said
    assert said.count("\n") == 1


def test_a_taken_name_of_another_game_is_free():
    with pytest.raises(UserError, match="there is an environment"):
        scaffold.write("environment", "matrix", "dueling", "x.py")


@pytest.mark.compiled
def test_a_healthy_machine(banditlab):
    code, said, _ = banditlab("doctor")
    assert code == 0
    assert "million rounds per second" in said
    assert "fails" not in said
    assert max(map(len, said.splitlines())) <= 80


@pytest.mark.compiled
def test_what_is_wrong_is_found(banditlab, monkeypatch, tmp_path):
    (tmp_path / "results").mkdir(mode=0o500)
    monkeypatch.setitem(registry.broken, "theirs", "ImportError: no module")
    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", _refuse)
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    code, said, _ = banditlab("doctor")
    assert code == 1
    assert "NUMBA_DISABLE_JIT is set" in said
    assert "theirs cannot be loaded: ImportError: no module" in " ".join(said.split())
    assert "cannot be written (Permission denied): run with --out" in " ".join(said.split())


def _refuse(dir):
    raise PermissionError(13, "Permission denied")


# --- diff ---------------------------------------------------------------------------------------------------------


def play(folder, *policies, **settings):
    table = {"name": "g", "game": "bandit", "horizon": 50, "replications": 3, **settings}
    world = {"kind": "bernoulli", "arms": 3}
    grid = reading.parse({**table, "environment": [world], "policy": list(policies)}, "g.toml")
    runner.run(grid, folder, jobs=1, compiled=False)
    return folder


def test_diff_says_what_changed_and_why(banditlab, tmp_path):
    one = play(tmp_path / "a", {"kind": "ucb1"}, {"kind": "moss"}, {"kind": "kl-ucb", "c": 0.0}, {"kind": "uniform"})
    changed = {"kind": "ucb1"}, {"kind": "greedy"}, {"kind": "kl-ucb", "c": 3.0}, {"kind": "uniform"}
    other = play(tmp_path / "b", *changed, replications=4)
    code, said, _ = banditlab("diff", one, other)
    assert code == 0
    assert "moss in bernoulli, T = 50: only in the first folder" in said
    assert "greedy in bernoulli, T = 50: only in the second folder" in said
    assert "kl-ucb in bernoulli, T = 50: changed\n    policy.c: 0.0 -> 3.0\n    mean regret at the last round: " in said
    assert "uniform in bernoulli, T = 50: same numbers\n    3 and 4 replications" in said
    assert "2 of 5 cells have the same numbers" in said


def test_a_seed_is_a_reason_and_a_folder_equals_itself(banditlab, tmp_path):
    one, other = play(tmp_path / "a", {"kind": "ucb1"}), play(tmp_path / "b", {"kind": "ucb1"}, seed=5)
    assert "seed: 0 -> 5" in banditlab("diff", one, other)[1]
    assert banditlab("diff", one, one)[1].startswith("1 of 1 cells have the same numbers")


def test_where_nothing_else_differs_it_is_the_code(banditlab, tmp_path, monkeypatch):
    one = play(tmp_path / "a", {"kind": "ucb1"})
    monkeypatch.setattr("banditlab.runs.identity.code", _other_code)
    other = play(tmp_path / "b", {"kind": "ucb1"})
    assert "changed\n    code of the pair, or a file that a parameter names" in banditlab("diff", one, other)[1]


def _other_code(*arguments):
    return "other"


_other_code.cache_clear = lambda: None


def test_other_numbers_of_the_same_work_are_an_alarm(banditlab, tmp_path, monkeypatch):
    one, other = play(tmp_path / "a", {"kind": "ucb1"}), play(tmp_path / "b", {"kind": "ucb1"})
    from banditlab.analysis import differences

    load = differences.load

    def tampered(folder):
        result = load(folder)
        if folder == str(other):
            result.cells[0].curves["regret"][0, -1] += 1e-12
        return result

    monkeypatch.setattr(differences, "load", tampered)
    code, said, _ = banditlab("diff", one, other)
    assert code == 1
    assert "OTHER NUMBERS OF THE SAME WORK" in said
