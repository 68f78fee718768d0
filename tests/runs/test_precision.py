"""Precision in place of a number of replications: where a cell stops, whatever plays it, and how often it is right."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import banditlab
from banditlab import cli, registry
from banditlab.analysis import statistics
from banditlab.errors import UserError
from banditlab.runs import reading, runner, workers
from banditlab.runs.cell_table import read_cells
from banditlab.runs.merging import merge
from banditlab.runs.precision import Precision, half_width, outlook, stand
from banditlab.runs.status import status
from banditlab.runs.store import read_curves

TABLE = {"relative_half_width": 0.4, "at_least": 10, "at_most": 60}
CANONICAL = ("grid.json", "cells.parquet", "curves.parquet", "failures.json")


@pytest.fixture
def precise(make_grid):
    """Return a function that makes a small grid with a precision."""

    def make(*tables, horizon=60, **changes):
        return make_grid(*tables, horizon=horizon, replications=TABLE | changes)

    return make


@pytest.fixture
def straight(precise, tmp_path):
    runner.run(precise(), tmp_path / "straight", jobs=1)
    return tmp_path / "straight"


def same(one, other):
    return [name for name in CANONICAL if (one / name).read_bytes() == (other / name).read_bytes()] == [*CANONICAL]


def played(folder):
    """Return by title the final regrets of a folder, in the order of the replications, which begin with 0."""
    titles = {row["key"]: f"{row['policy']} in {row['environment']}" for row in read_cells(folder).to_pylist()}
    found = {}
    for row in read_curves(folder).to_pylist():
        if row["metric"] == "regret" and row["key"] in titles:
            found.setdefault(titles[row["key"]], {})[row["replication"]] = row["value"][-1]
    assert all(sorted(values) == list(range(len(values))) for values in found.values())
    return {title: np.array([values[r] for r in range(len(values))]) for title, values in found.items()}


# --- the rule -----------------------------------------------------------------------------------------------------


def test_a_cell_is_looked_at_after_fixed_numbers():
    assert list(Precision(0.1, 30, 80).looks()) == [30, 36, 43, 51, 61, 73, 80]
    assert list(Precision(0.1, 10, 10).looks()) == [10]


def expected(values, wanted):
    """Return where the rule stops, by another way of writing it: an interval of SciPy's, and g / (1 + g)."""
    for n in wanted.looks():
        sample = values[:n]
        low, high = stats.t.interval(wanted.confidence, n - 1, sample.mean(), stats.sem(sample))
        if (high - low) / 2 <= wanted.relative_half_width / (1 + wanted.relative_half_width) * abs(sample.mean()):
            return n, "reached"
    return wanted.at_most, "at-most"


@pytest.mark.parametrize("center", [-1.0, 0.0, 1.0, 3.0])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_it_stops_at_the_first_look_that_is_precise(center, confidence):
    rng, wanted = np.random.default_rng(5), Precision(0.2, 10, 500, confidence)
    found = set()
    for _ in range(20):
        values = rng.normal(center, 1.0, 500)
        assert stand(wanted, dict(enumerate(values))) == expected(values, wanted)
        found.add(stand(wanted, dict(enumerate(values)))[1])
    assert found == ({"at-most"} if center == 0 else {"reached"})


def test_equal_values_are_precise_at_once_and_zeros_too():
    for value in (0.0, 0.1, -3.7):
        assert stand(Precision(0.01), dict.fromkeys(range(40), value)) == (30, "reached")
    assert half_width([0.1] * 7, 0.95) == 0


def test_it_waits_for_all_that_was_wanted_so_far():
    wanted, values = Precision(0.1, 10, 12), dict(enumerate([1.0, 2.0] * 10))
    assert stand(wanted, {}) == (10, "open")
    assert stand(wanted, {r: values[r] for r in range(20) if r != 3}) == (10, "open")
    assert stand(wanted, {r: values[r] for r in range(10)}) == (12, "open")
    assert stand(wanted, values) == (12, "at-most")
    assert outlook(wanted, {r: 1.0 for r in (0, 1, 15)}) == (2, 10, 12)
    assert outlook(wanted, values) == (12, 12, 12)


def test_failures_count_as_played_and_not_for_the_mean():
    values = dict(enumerate([1.0] * 20))
    assert stand(Precision(0.1, 10, 20), values) == (10, "reached")
    del values[3]
    assert stand(Precision(0.1, 10, 20), values, {3}) == (12, "reached")
    assert stand(Precision(0.1, 10, 20), {}, set(range(10))) == (10, "failed")
    assert stand(Precision(0.1, 10, 20), {0: 1.0}, set(range(1, 20))) == (20, "at-most")


def test_a_number_is_a_number():
    assert stand(3, {0: 1.0, 2: 5.0}) == (3, "open")
    assert stand(3, {0: 1.0, 2: 5.0}, {1}) == (3, "done")
    assert outlook(3, {0: 1.0, 7: 5.0}) == (1, 3, 3)


# --- coverage -----------------------------------------------------------------------------------------------------

KINDS = {
    "normal": (lambda rng, n: rng.normal(1.0, 1.0, n), 1.0),
    "exponential": (lambda rng, n: rng.exponential(1.0, n), 1.0),
    "lognormal": (lambda rng, n: rng.lognormal(0.0, 1.0, n), np.exp(0.5)),
}


def stops(kind, width, samples, longest):
    """Yield samples up to where the rule stops, each with its true mean."""
    (draw, mean), rng = KINDS[kind], np.random.default_rng(20_250_703)
    for _ in range(samples):
        values = draw(rng, longest)
        n, verdict = stand(Precision(width, 30, longest), dict(enumerate(values.tolist())))
        assert verdict == "reached"
        yield values[:n], mean


def coverage(kind, width, samples, longest):
    """Return how often Student's interval holds the mean, and how often the one shown is as near as wanted."""
    held, near = [], []
    for values, mean in stops(kind, width, samples, longest):
        off = abs(values.mean() - mean)
        held.append(off <= half_width(values, 0.95))
        near.append(off <= width * mean)
    return np.mean(held), np.mean(near)


def coverage_of_tables(kind, width, samples, longest):
    """Return how often the bootstrap-t interval of tables holds the mean."""
    found = [(statistics.interval(values), mean) for values, mean in stops(kind, width, samples, longest)]
    return np.mean([interval.low <= mean <= interval.high for interval, mean in found])


def test_the_interval_of_a_normal_sample_is_nearly_as_right_as_it_says():
    held, near = coverage("normal", 0.2, 500, 1_000)
    assert near >= held
    assert 0.91 < held < 0.985


@pytest.mark.claims
@pytest.mark.parametrize(
    ("kind", "width", "least"),
    [
        ("normal", 0.2, 0.93), ("normal", 0.1, 0.93), ("normal", 0.05, 0.93),
        ("exponential", 0.2, 0.925), ("exponential", 0.1, 0.925), ("exponential", 0.05, 0.93),
        ("lognormal", 0.2, 0.90), ("lognormal", 0.1, 0.91), ("lognormal", 0.05, 0.925),
    ],
)  # fmt: skip
def test_coverage(kind, width, least):
    held, near = coverage(kind, width, 2_000, 4_000 if width >= 0.1 else 12_000)
    assert near >= held > least


@pytest.mark.claims
@pytest.mark.parametrize(("kind", "least"), [("normal", 0.92), ("exponential", 0.92), ("lognormal", 0.90)])
def test_coverage_of_what_tables_show(kind, least):
    assert coverage_of_tables(kind, 0.2, 500, 4_000) > least


# --- played -------------------------------------------------------------------------------------------------------


def test_every_cell_stops_where_the_rule_says(straight):
    found, wanted = played(straight), Precision(**TABLE)
    assert len(found) == 6
    for values in found.values():
        assert len(values) == expected(values, wanted)[0]
    assert len({len(values) for values in found.values()}) > 2


WAYS = {
    "2 jobs": {"jobs": 2},
    "4 threads": {"jobs": 4, "backend": "threading"},
    "2 processes": {"jobs": 2, "backend": "loky"},
    "plain": {"jobs": 1, "compiled": False},
}


@pytest.mark.parametrize("way", WAYS)
def test_same_bytes(way, precise, straight, tmp_path):
    report = runner.run(precise(), tmp_path / "other", **WAYS[way])
    assert report.done == sum(map(len, played(straight).values()))
    assert same(tmp_path / "other", straight)


@pytest.mark.compiled
def test_same_bytes_on_a_cluster(precise, straight, tmp_path):
    pytest.importorskip("distributed")
    runner.run(precise(), tmp_path / "dask", jobs=2, backend="dask")
    assert same(tmp_path / "dask", straight)


def test_same_bytes_in_batches_of_one(precise, straight, tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "BATCH", 1)
    runner.run(precise(), tmp_path / "other", jobs=2)
    assert same(tmp_path / "other", straight)


@pytest.mark.parametrize("after", [1, 2_000, 5_000, 9_000])
def test_same_bytes_after_a_stop(after, precise, straight, tmp_path):
    class Stops(runner.Progress):
        left = after

        def advance(self, rounds):
            self.left -= rounds
            if self.left <= 0:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runner.run(precise(), tmp_path / "other", jobs=1, progress=Stops())
    before = sum(map(len, played(tmp_path / "other").values()))
    report = runner.run(precise(), tmp_path / "other", jobs=2)
    assert (report.found, report.found + report.done) == (before, sum(map(len, played(straight).values())))
    assert same(tmp_path / "other", straight)


def test_what_is_there_is_used_and_never_lost(make_grid, precise, straight, tmp_path):
    runner.run(make_grid(horizon=60, replications=25), tmp_path / "r", jobs=1)
    report = runner.run(precise(), tmp_path / "r", jobs=1)
    needed = {f"{one.cell.policy} in {one.cell.environment}": one.wanted for one in status(straight).cells}
    assert needed == {title: len(values) for title, values in played(straight).items()}
    assert report.found == sum(min(n, 25) for n in needed.values())
    assert report.done == sum(max(0, n - 25) for n in needed.values()) > 0
    assert {title: len(values) for title, values in played(tmp_path / "r").items()} == {
        title: max(n, 25) for title, n in needed.items()
    }
    assert [one.wanted for one in status(tmp_path / "r").cells] == list(needed.values())


def test_a_run_that_is_done_plays_nothing(precise, straight):
    report = runner.run(precise(), straight, jobs=1)
    assert (report.done, report.found) == (0, sum(map(len, played(straight).values())))


def test_a_narrower_width_goes_on_from_there(precise, straight, tmp_path):
    report = runner.run(precise(relative_half_width=0.25), straight, jobs=2)
    assert report.done > 0
    runner.run(precise(relative_half_width=0.25), tmp_path / "whole", jobs=1)
    assert same(straight, tmp_path / "whole")


def test_the_metric_of_the_grid_decides(make_grid, tmp_path):
    world, settings = {"kind": "bernoulli", "arms": 3}, {"horizon": 60, "replications": TABLE}
    runner.run(make_grid(world, ["bandit/oracle"], **settings), tmp_path / "zero", jobs=1)
    grid = make_grid(world, ["bandit/oracle"], metric="realised-regret", **settings)
    runner.run(grid, tmp_path / "around", jobs=1)
    assert [len(values) for values in played(tmp_path / "zero").values()] == [10]
    assert [len(values) for values in played(tmp_path / "around").values()] == [60]
    [one], [other] = (status(tmp_path / name).cells for name in ("zero", "around"))
    assert (one.stand.verdict, other.stand.verdict) == ("reached", "at-most")


def test_the_rounds_to_play_are_told_as_they_become_known(precise, tmp_path):
    class Counts(runner.Progress):
        known = gone = 0

        def start(self, rounds):
            self.first = self.known = rounds

        def extend(self, rounds):
            self.known += rounds

        def advance(self, rounds):
            self.gone += rounds
            assert self.gone <= self.known

    counts = Counts()
    runner.run(precise(), tmp_path / "r", jobs=1, progress=counts)
    assert counts.first == 6 * 10 * 60
    assert counts.gone == counts.known > counts.first


def test_cells_go_on_while_others_are_not_so_far(precise, tmp_path, monkeypatch):
    begun = []
    play = workers.play_replications
    monkeypatch.setattr(runner, "BATCH", 1)
    monkeypatch.setattr(
        workers, "play_replications", lambda *given: begun.append((given[1].title, given[3][0])) or play(*given)
    )
    runner.run(precise(), tmp_path / "r", jobs=1)
    order = [title for title, replication in begun if replication == 10]
    last = {title: max(i for i, (other, _) in enumerate(begun) if other == title) for title in order}
    second = {title: begun.index((title, 10)) for title in order}
    assert max(second.values()) < max(last.values())
    assert len(order) > 1


@pytest.mark.parametrize("jobs", [1, 2])
def test_failures_stop_nothing(jobs, precise, plugin, tmp_path):
    registry.load_plugin(plugin)
    report = runner.run(precise({"kind": "bernoulli", "arms": 3}, ["strays"]), tmp_path / "r", jobs=jobs)
    failed = {failure.replication for _, failure in report.failures}
    [cell] = status(tmp_path / "r").cells
    assert 0 < len(failed) < cell.wanted
    assert (set(cell.failed), cell.done, cell.missing) == (failed, cell.wanted - len(failed), 0)
    found = set(read_curves(tmp_path / "r")["replication"].to_pylist())
    assert found | failed == set(range(cell.wanted))
    result = banditlab.load(tmp_path / "r")
    assert result.stand(result.cells[0]) == cell.stand
    again = runner.run(precise({"kind": "bernoulli", "arms": 3}, ["strays"]), tmp_path / "r", jobs=jobs)
    assert (again.done, {failure.replication for _, failure in again.failures}) == (0, failed)


BROKEN = '''
"""A policy that always fails."""
from dataclasses import dataclass
from typing import NamedTuple
from banditlab.registry import policy

@policy("broken", game="bandit")
@dataclass(frozen=True)
class Broken:
    """Leaves the arms."""

    class State(NamedTuple):
        arm: int

    def start(self, problem, rng):
        return self.State(problem.arms)

    @staticmethod
    def choose(state, t, features, rng):
        return state.arm

    @staticmethod
    def learn(state, t, features, arm, reward):
        pass
'''


def test_a_cell_that_never_finishes_stops_at_once(precise, tmp_path, capsys):
    (tmp_path / "broken.py").write_text(BROKEN)
    registry.load_plugin(tmp_path / "broken.py")
    report = runner.run(precise({"kind": "bernoulli", "arms": 3}, ["broken", "bandit/uniform"]), tmp_path / "r", jobs=2)
    assert len(report.failures) == 10
    assert cli.main(["status", str(tmp_path / "r")]) == 0
    assert "none finished" in capsys.readouterr().out


# --- read, written and told ---------------------------------------------------------------------------------------

HEAD = 'name = "g"\nhorizon = 60\n[[environment]]\nkind = "bernoulli"\narms = 3\n[[policy]]\nkind = "greedy"\n'


def written(tmp_path, replications):
    file = tmp_path / "g.toml"
    file.write_text(f"replications = {replications}\n{HEAD}")
    return file


def test_a_precision_has_defaults_and_is_kept(precise, straight, tmp_path):
    grid = reading.read(written(tmp_path, "{ relative_half_width = 0.02 }"))
    assert grid.settings.replications == Precision(0.02, 30, 5_000, 0.95)
    assert reading.stored(straight).settings == precise().settings
    assert json.loads((straight / "grid.json").read_text())["replications"] == TABLE | {"confidence": 0.95}
    assert grid.quickened().settings.replications == 5


MISTAKES = {
    "no width": ("{ at_least = 30 }", "replications.relative_half_width: missing"),
    "width": ("{ relative_half_width = 2 }", "replications.relative_half_width: should be less than 1, got 2"),
    "text": (
        '{ relative_half_width = "2 %" }',
        "replications.relative_half_width: should be a valid number, got '2 %'",
    ),
    "few": (
        "{ relative_half_width = 0.1, at_least = 5 }",
        "replications.at_least: should be greater than or equal to 10, got 5",
    ),
    "fewer": (
        "{ relative_half_width = 0.1, at_most = 20 }",
        "replications: at_most should be at least at_least, which is 30, got 20",
    ),
    "percent": (
        "{ relative_half_width = 0.1, confidence = 95 }",
        "replications.confidence: should be less than 1, got 95",
    ),
    "unknown": (
        "{ relative_half_widht = 0.1 }",
        "replications.relative_half_widht: unknown key; did you mean 'relative_half_width'?",
    ),
    "no number": ('"many"', "replications: should be a valid integer, got 'many'"),
    "list": ("[30]", "replications: should be a valid integer, got [30]"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_one_line(what, tmp_path):
    table, line = MISTAKES[what]
    with pytest.raises(UserError) as error:
        reading.read(written(tmp_path, table))
    assert f"{tmp_path / 'g.toml'}: {line}" in error.value.lines


def test_shards_are_refused(precise, tmp_path):
    with pytest.raises(UserError, match=r"replications: shards do not see each other's results"):
        runner.run(precise(), tmp_path / "r", shard=runner.Shard(1, 2))
    assert not (tmp_path / "r").exists()
    runner.run(precise(), tmp_path / "r", shard=runner.Shard(1, 1), jobs=1)


def test_folders_are_merged(straight, tmp_path):
    n = sum(map(len, played(straight).values()))
    assert merge([straight, straight], tmp_path / "m") == f"small: {n} of {n} replications -> {tmp_path / 'm'}"
    assert same(tmp_path / "m", straight)


def test_commands_say_where_cells_stopped(straight, tmp_path, capsys):
    assert cli.main(["status", str(straight)]) == 0
    text = capsys.readouterr().out
    reached = sum(one.stand.verdict == "reached" for one in status(straight).cells)
    assert 0 < reached < 6
    assert f"\n{reached} have a relative half width of at most 0.4; at most 60 replications each\n" in text
    assert text.count(" reached\n") == reached + text.count("not reached\n") == 6
    assert cli.main(["summary", str(straight)]) == 0
    shown = capsys.readouterr().out
    assert shown.count("note: imprecise: ") == 6 - reached
    assert "unfinished" not in shown
    for line in [*text.splitlines(), *shown.splitlines()]:
        assert len(line) <= 80
    result = banditlab.load(straight)
    assert list(result.summary()["stopped"]).count("reached") == reached
    assert dict(zip(result.summary()["policy"] + " in " + result.summary()["environment"], result.summary()["n"],
                    strict=True)) == {title: len(values) for title, values in played(straight).items()}  # fmt: skip


def test_what_is_open_is_told(precise, tmp_path, capsys):
    class Stops(runner.Progress):
        def advance(self, rounds):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runner.run(precise(), tmp_path / "r", jobs=1, progress=Stops())
    assert cli.main(["status", str(tmp_path / "r")]) == 0
    assert "small: 0 of at least 60 replications of 6 cells are done" in capsys.readouterr().out
    found = banditlab.load(tmp_path / "r").unfinished()
    assert found[0] == "0 of at least 10 replications of uniform in bernoulli"


def test_a_dry_run_says_the_least_and_the_most(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = written(tmp_path, "{ relative_half_width = 0.2, at_most = 3000 }")
    assert cli.main(["run", str(file), "--dry-run"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("g: 1 cells x 30 to 3,000 replications x 60 rounds; 0 replications are kept from before\n")
    least, most = re.search(r"size: about ([\d.]+) kB to ([\d.]+) MB", text).groups()
    assert float(most) == pytest.approx(float(least) / 10, rel=0.01)
    assert "smallest difference that 30 replications can detect" in text


def test_a_comparison_uses_what_both_have(straight):
    result = banditlab.load(straight)
    sizes = {(cell.environment, cell.policy): len(cell.replications) for cell in result.cells}
    table = result.compare()
    assert [*table["n"]] == [min(sizes[row.environment, row.a], sizes[row.environment, row.b]) for row in
                             table.itertuples()]  # fmt: skip
    assert len(set(sizes.values())) > 2


def test_figures_and_claims_take_unequal_numbers(precise, tmp_path):
    claims = [
        {"text": "x", "below": ["greedy", "uniform"]},
        {"text": "y", "flattens": "greedy", "since": 0.25, "growth": 1.25},
        {"text": "z", "mean": "greedy", "between": [0, 1e9]},
    ]
    runner.run(replace(precise(), claims=tuple(claims)), tmp_path / "r", jobs=1)
    result = banditlab.load(tmp_path / "r")
    for draw in (result.plot, result.plot_survival, result.plot_wrong_order):
        draw()
    assert cli.main(["check", str(tmp_path / "r")]) in (0, 1, 3)


def test_a_notebook_takes_a_precision():
    world = {"kind": "bernoulli", "arms": 3, "gap": 0.5}
    wanted = {"relative_half_width": 0.5, "at_least": 10, "at_most": 20}
    result = banditlab.run(world, "bandit/uniform", horizon=50, replications=wanted, jobs=1, progress=False)
    assert result.summary()["n"].item() == 10
