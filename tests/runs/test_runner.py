"""One replication gives the same bytes wherever, whenever and beside whatever it runs."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from banditlab import registry
from banditlab.errors import UserError
from banditlab.runs import pair, runner
from banditlab.runs.cell_table import read_cells
from banditlab.runs.store import read_curves

ROOT = Path(__file__).parents[2]


def curves(folder):
    return (folder / "curves.parquet").read_bytes()


def rows(folder):
    """Every stored curve by what it is of: labels, horizon, replication, metric."""
    titles = {row["key"]: (row["environment"], row["policy"], row["horizon"]) for row in read_cells(folder).to_pylist()}
    found = {}
    for row in read_curves(folder).to_pylist():
        if row["key"] in titles:
            found[*titles[row["key"]], row["replication"], row["metric"]] = np.array(row["value"]).tobytes()
    return found


@pytest.fixture
def straight(make_grid, tmp_path):
    """The small grid played by one worker."""
    runner.run(make_grid(), tmp_path / "straight", jobs=1)
    return tmp_path / "straight"


WAYS = {
    "2 jobs": {"jobs": 2},
    "4 jobs": {"jobs": 4},
    "2 threads": {"jobs": 2, "backend": "threading"},
    "2 processes": {"jobs": 2, "backend": "loky"},
    "plain": {"jobs": 1, "compiled": False},
}


@pytest.mark.parametrize("way", WAYS)
def test_same_bytes(way, make_grid, straight, tmp_path):
    report = runner.run(make_grid(), tmp_path / "other", **WAYS[way])
    assert (report.done, report.found, report.failures, report.interrupted) == (36, 0, [], False)
    assert curves(tmp_path / "other") == curves(straight)


@pytest.mark.parametrize("seconds", [0.0, 1e-5])
def test_same_bytes_in_slices(seconds, make_grid, straight, tmp_path, monkeypatch):
    monkeypatch.setattr(pair, "SLICE", seconds)
    slices = []
    monkeypatch.setattr(runner.Progress, "advance", lambda self, rounds: slices.append(rounds))
    runner.run(make_grid(), tmp_path / "other", jobs=1)
    assert sum(slices) == 36 * 150
    assert len(slices) > 2 * 36
    assert curves(tmp_path / "other") == curves(straight)


def test_same_bytes_in_batches(make_grid, straight, tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "BATCH", 1)
    runner.run(make_grid(), tmp_path / "other", jobs=2)
    assert curves(tmp_path / "other") == curves(straight)


def test_same_bytes_in_another_order(make_grid, straight, tmp_path):
    grid = make_grid()
    turned = make_grid([vars_of(w) for w in reversed(WORLDS)], list(reversed(POLICIES)))
    assert [cell.title for cell in turned.cells] != [cell.title for cell in grid.cells]
    runner.run(turned, tmp_path / "other", jobs=1)
    assert curves(tmp_path / "other") == curves(straight)


WORLDS = [{"kind": "bernoulli", "arms": 5, "gap": 0.3}, {"kind": "gaussian", "arms": 3, "gap": 0.5}]
POLICIES = ["bandit/uniform", "greedy", {"kind": "bandit/fixed", "arm": 2}]


def vars_of(table):
    """The same table, its keys in another order."""
    return dict(reversed(table.items()))


@pytest.mark.parametrize(
    ("worlds", "policies"),
    [
        (WORLDS[:1], POLICIES),
        (WORLDS, POLICIES[1:2]),
        ([*WORLDS, {"kind": "bandit/linear", "dim": 3}], ["bandit/oracle", *POLICIES]),
        ([{**WORLDS[0], "label": "other"}], [{"kind": "greedy", "label": "leader"}]),
    ],
)
def test_a_cell_is_the_same_whatever_stands_around_it(worlds, policies, make_grid, straight, tmp_path):
    runner.run(make_grid(worlds, policies), tmp_path / "other", jobs=1)
    known, found = rows(straight), rows(tmp_path / "other")
    names = {"other": "bernoulli", "leader": "greedy"}
    same = {tuple(names.get(part, part) for part in place): value for place, value in found.items()}
    shared = known.keys() & same.keys()
    assert len(shared) >= 12
    assert all(known[place] == same[place] for place in shared)


def test_variants_of_a_policy_share_their_coins(make_grid, tmp_path):
    grid = make_grid(WORLDS[0], [{"kind": "thompson-beta", "sweep": {"prior_wins": [1.0, 1.0 + 1e-12]}}])
    runner.run(grid, tmp_path / "r", jobs=1)
    found = rows(tmp_path / "r")
    one, other = ({place[2:]: value for place, value in found.items() if place[1] == label} for label in labels(found))
    assert one == other


def labels(found):
    return sorted({place[1] for place in found})


# --- what is there is not played again ----------------------------------------------------------------------------


def test_finished_work_is_found_again(make_grid, straight):
    before, stamp = curves(straight), (straight / "curves.parquet").stat().st_mtime_ns
    report = runner.run(make_grid(), straight, jobs=1)
    assert (report.done, report.found) == (0, 36)
    assert curves(straight) == before
    assert (straight / "curves.parquet").stat().st_mtime_ns == stamp


def test_more_replications_play_only_the_missing_ones(make_grid, straight, tmp_path):
    report = runner.run(make_grid(replications=9), straight, jobs=2)
    assert (report.done, report.found) == (18, 36)
    runner.run(make_grid(replications=9), tmp_path / "whole", jobs=1)
    assert curves(straight) == curves(tmp_path / "whole")


def test_more_policies_play_only_the_missing_ones(make_grid, tmp_path):
    runner.run(make_grid(policies=POLICIES[:1]), tmp_path / "grown", jobs=1)
    report = runner.run(make_grid(), tmp_path / "grown", jobs=1)
    assert (report.done, report.found) == (24, 12)
    runner.run(make_grid(), tmp_path / "whole", jobs=1)
    assert curves(tmp_path / "grown") == curves(tmp_path / "whole")


def test_two_labels_for_the_same_work_play_it_once(make_grid, tmp_path):
    grid = make_grid(WORLDS[0], ["bandit/uniform", {"kind": "bandit/uniform", "label": "coin"}])
    report = runner.run(grid, tmp_path / "r", jobs=1)
    assert report.done == 6
    found = rows(tmp_path / "r")
    assert {place[1] for place in found} == {"coin"} or len(found) == 12
    cells = read_cells(tmp_path / "r").to_pylist()
    assert [row["policy"] for row in cells] == ["uniform", "coin"]
    assert len({row["key"] for row in cells}) == 1


def test_another_seed_or_horizon_is_other_work(make_grid, straight):
    assert runner.run(make_grid(seed=5), straight, jobs=1).done == 36
    assert runner.run(make_grid(horizon=151), straight, jobs=1).done == 36
    assert runner.run(make_grid(), straight, jobs=1).done == 0


# --- stopped and continued ----------------------------------------------------------------------------------------


class StopAfter(runner.Progress):
    """Stops a run after so many rounds, as Ctrl-C does."""

    def __init__(self, rounds):
        self.left = rounds

    def advance(self, rounds):
        self.left -= rounds
        if self.left <= 0:
            signal.raise_signal(signal.SIGINT)
            self.left = np.inf


def test_a_stopped_run_keeps_what_is_finished_and_goes_on(make_grid, straight, tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "BATCH", 1)
    grid, folder = make_grid(), tmp_path / "stopped"
    report = runner.run(grid, folder, jobs=1, progress=StopAfter(1000), backend="threading")
    assert report.interrupted
    assert 1 <= report.done < 36
    assert len({place[:4] for place in rows(folder)}) == report.done
    again = runner.run(grid, folder, jobs=1)
    assert (again.done, again.found) == (36 - report.done, report.done)
    assert curves(folder) == curves(straight)


def test_what_was_stored_when_a_run_was_killed_is_found_again(make_grid, straight, tmp_path, monkeypatch):
    """Segments are whole, and a run that ends without merging them loses nothing."""
    folder = tmp_path / "killed"
    monkeypatch.setattr(runner, "FLUSH", 0.0)
    monkeypatch.setattr(runner, "BATCH", 1)
    with monkeypatch.context() as patch:
        patch.setattr(runner.Store, "compact", lambda self: None)
        runner.run(make_grid(), folder, jobs=1)
    assert not (folder / "curves.parquet").exists()
    assert len(list((folder / "segments").iterdir())) > 1
    assert runner.run(make_grid(), folder, jobs=1).done == 0
    assert curves(folder) == curves(straight)
    assert not list((folder / "segments").iterdir())


GRID = """
name = "long"
horizon = {horizon}
replications = {replications}
[[environment]]
kind = "bernoulli"
arms = 5
[[policy]]
kind = "{policy}"
"""


def command(folder, *arguments):
    return [sys.executable, "-m", "banditlab", "run", str(folder / "grid.toml"), "--jobs", "2", *arguments]


def interrupted(folder, *arguments):
    """Run a grid, press Ctrl-C once something is stored; return code, stderr and seconds until the end."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    out = folder / "stopped"
    process = subprocess.Popen(
        command(folder, "--out", str(out), *arguments),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    limit = time.monotonic() + 60
    while not list(out.glob("segments/*.parquet")) and process.poll() is None and time.monotonic() < limit:
        time.sleep(0.02)
    begin = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all processes of the command
    errors = process.communicate(timeout=60)[1]
    return process.returncode, errors, time.monotonic() - begin


def finish(folder, out, *arguments):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run(command(folder, "--out", str(out), *arguments), env=environment, check=True, capture_output=True)
    return curves(out)


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("policy", "horizon", "replications"),
    [("thompson-beta", 400_000, 80), ("slow", 100, 24)],
    ids=["threads", "processes"],
)
def test_ctrl_c(policy, horizon, replications, tmp_path, plugin):
    (tmp_path / "grid.toml").write_text(GRID.format(policy=policy, horizon=horizon, replications=replications))
    arguments = ("--plugin", str(plugin))
    code, errors, seconds = interrupted(tmp_path, *arguments)
    assert code == 130, errors
    assert seconds < 8  # about one, on a machine that does nothing else
    [line] = errors.splitlines()
    kept = len(read_curves(tmp_path / "stopped")) // 2
    assert 0 < kept < replications
    assert line == (
        f"stopped: {kept} finished replications are kept in {tmp_path / 'stopped'}; the same command goes on from there"
    )
    assert finish(tmp_path, tmp_path / "stopped", *arguments) == finish(tmp_path, tmp_path / "straight", *arguments)


# --- failures -----------------------------------------------------------------------------------------------------


@pytest.mark.compiled
@pytest.mark.parametrize("way", [{"jobs": 1}, {"jobs": 2, "backend": "loky"}, {"jobs": 1, "compiled": False}])
def test_a_replication_that_fails_is_recorded_and_the_others_go_on(way, make_grid, plugin, tmp_path):
    registry.load_plugin(plugin)
    grid = make_grid(WORLDS[0], ["strays", "greedy"])
    report = runner.run(grid, tmp_path / "r", **way)
    failed = sorted(failure.replication for _, failure in report.failures)
    assert 0 < len(failed) < 6
    assert all("IndexError: the policy chose an arm outside 0 .. K-1" in f.message for _, f in report.failures)
    kept = {place[3] for place in rows(tmp_path / "r") if place[1] == "strays"}
    assert sorted(kept) == [r for r in range(6) if r not in failed]
    assert report.done == 12 - len(failed)
    again = runner.run(grid, tmp_path / "r", **way)
    assert sorted(failure.replication for _, failure in again.failures) == failed
    assert again.done == 0


def test_a_metric_that_is_not_finite_is_a_failure(make_grid, tmp_path):
    registry.metric(game="bandit")(log_of_round)
    report = runner.run(make_grid(WORLDS[0], "greedy", replications=1), tmp_path / "r", jobs=1)
    [(_, failure)] = report.failures
    assert failure.message == "log-of-round is nan at round 5"
    assert report.done == 0


def log_of_round(env, policy, round):
    return np.nan if round.t == 4 else 1.0


def test_a_cell_that_cannot_start_stops_the_grid_before_anything_is_played(make_grid, tmp_path):
    grid = make_grid(policies=["greedy", {"kind": "bandit/fixed", "arm": 4}])
    with pytest.raises(UserError, match=r"fixed in gaussian: arm: in 0 .. 2, got 4$"):
        runner.run(grid, tmp_path / "r", jobs=1)
    assert not (tmp_path / "r").exists()
