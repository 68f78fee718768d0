"""Traces hold every round as it was, in the same bytes however it was played, and only once it is finished."""

import errno
import re
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest

import banditlab
from banditlab.checks.pairs import REFERENCES
from banditlab.errors import Damaged, UserError
from banditlab.runs import merging, pair, runner, trace
from banditlab.runs.reading import stored
from banditlab.runs.status import status

BOTH = ["actions", "rewards"]
EVERY = {"points": 150, "spacing": "linear"}


def traces(folder):
    """The bytes of every trace, by cell and replication."""
    return {file.relative_to(folder / "trace"): file.read_bytes() for file in trace.stored(folder)}


def there(folder):
    """All files among the traces, of whatever name."""
    return [file for file in (folder / "trace").rglob("*") if file.is_file()]


def world(game, which=0):
    kind, parameters = REFERENCES[game][which]
    return {"kind": f"{game}/{kind}", **parameters}


@pytest.fixture
def traced(make_grid, tmp_path):
    """The small grid played by one worker, with traces."""
    runner.run(make_grid(trace=BOTH), tmp_path / "traced", jobs=1)
    return tmp_path / "traced"


# --- what they hold ---------------------------------------------------------------------------------------------------

#: Of each game, what metrics of a user's see of a round, by the names of a trace's columns.
SEEN = {
    "bandit": {
        "arm": lambda env, policy, round: float(round.arm),
        "reward": lambda env, policy, round: float(round.reward),
    },
    "dueling": {
        "first": lambda env, policy, round: float(round.first),
        "second": lambda env, policy, round: float(round.second),
        "won": lambda env, policy, round: float(round.won),
    },
    "active-dueling": {
        "context": lambda env, policy, round: float(round.context),
        "first": lambda env, policy, round: float(round.first),
        "second": lambda env, policy, round: float(round.second),
        "won": lambda env, policy, round: float(round.won),
    },
    "blackbox": {
        "point": lambda env, policy, round: float(round.point),
        "values": lambda env, policy, round: round.values[round.values.shape[0] - 1],
    },
    "knapsack": {
        "arm": lambda env, policy, round: float(round.arm),
        "forced": lambda env, policy, round: float(round.forced),
        "reward": lambda env, policy, round: float(round.reward),
        "costs": lambda env, policy, round: round.costs[round.arm, round.costs.shape[1] - 1],
    },
    "convex": {
        "point": lambda env, policy, round: round.point[round.point.shape[0] - 1],
        "gradient": lambda env, policy, round: round.gradient[round.gradient.shape[0] - 1],
    },
}


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("game", SEEN)
def test_every_round_is_as_metrics_saw_it(game, compiled, make_grid, tmp_path):
    for name, probe in SEEN[game].items():
        banditlab.metric(game=game, name=f"see-{name}")(probe)
    grid = make_grid(world(game), f"{game}/uniform", trace=BOTH, record=EVERY, replications=2)
    runner.run(grid, tmp_path / "r", jobs=1, compiled=compiled)
    result = banditlab.load(tmp_path / "r")
    [cell] = result.cells
    for replication in range(2):
        table = result.trace(replication=replication)
        assert table["round"].tolist() == list(range(150))
        for name in SEEN[game]:
            last = [np.ravel(value)[-1] for value in table[name]]
            assert np.array(last, float).tolist() == cell.curves[f"see-{name}"][replication].tolist()
            assert len(set(last)) > 1 or name == "forced"


def test_forced_rounds_among_those_of_full_feedback(make_grid, tmp_path):
    """The policy learns of all actions where it plays, and of none where a budget forces the void one."""
    poor = {"kind": "knapsack/bernoulli", "rewards": [0, 0.5], "costs": [[0], [0.9]], "budget": 5, "feedback": "full"}
    for name, probe in SEEN["knapsack"].items():
        banditlab.metric(game="knapsack", name=f"see-{name}")(probe)
    grid = make_grid(poor, {"kind": "primal-dual", "primal": "hedge"}, trace=BOTH, record=EVERY, replications=1)
    runner.run(grid, tmp_path / "r", jobs=1)
    table, curves = banditlab.load(tmp_path / "r").trace(), banditlab.load(tmp_path / "r").cells[0].curves
    assert table["forced"].sum() == curves["forced"][0, -1] > 100
    assert table["forced"].sum() < 150
    assert table["arm"].tolist() == curves["see-arm"][0].tolist()
    assert [costs.tolist() for costs in table["costs"]] == [[cost] for cost in curves["see-costs"][0]]


BLOCKS = {"kind": "c-etc", "m": 7}


@pytest.mark.parametrize("policy", [BLOCKS, "combinatorial/uniform"])
def test_rounds_of_a_set_are_one_row_wherever_they_are_cut(policy, make_grid, tmp_path, monkeypatch):
    monkeypatch.setattr(trace, "ROUNDS", 4)
    settings = {"trace": BOTH, "replications": 2, "horizon": 200}
    sets = world("combinatorial", policy is not BLOCKS)
    runner.run(make_grid(sets, policy, **settings), tmp_path / "a", jobs=1)
    monkeypatch.setattr(pair, "SLICE", 0.0)
    runner.run(make_grid(sets, policy, record=EVERY, **settings), tmp_path / "b", jobs=1)
    one, other = (banditlab.load(tmp_path / name).trace() for name in "ab")
    assert one.to_json() == other.to_json()
    first = one[one["replication"] == 0]
    assert first["rounds"].sum() == 200
    assert first["round"].tolist() == np.cumsum([0, *first["rounds"][:-1]]).tolist()
    assert (first["rounds"][:5] == (7 if policy is BLOCKS else 1)).all()
    if policy is not BLOCKS:
        assert np.nansum([*first["values"]], axis=1).tolist() == first["reward"].tolist()
        seen = [np.flatnonzero(~np.isnan(values)).tolist() for values in first["values"]]
        assert seen == [sorted(items) for items in first["items"]]


def test_what_is_not_asked_for_is_not_kept(make_grid, tmp_path):
    runner.run(make_grid(trace=["actions"]), tmp_path / "r", jobs=1)
    table = banditlab.load(tmp_path / "r").trace()
    assert [*table.columns] == ["environment", "policy", "horizon", "replication", "round", "arm"]
    assert len(table) == 36 * 150


# --- the same bytes ---------------------------------------------------------------------------------------------------

WAYS = {
    "2 threads": {"jobs": 2},
    "2 processes": {"jobs": 2, "backend": "loky"},
    "plain": {"jobs": 1, "compiled": False},
}


@pytest.mark.parametrize("way", WAYS)
def test_same_bytes(way, make_grid, traced, tmp_path):
    runner.run(make_grid(trace=BOTH), tmp_path / "other", **WAYS[way])
    assert traces(tmp_path / "other") == traces(traced)
    assert len(there(traced)) == 36


@pytest.mark.parametrize("numbers", [1, 20, 21, 60, 10**6])
def test_same_bytes_in_slices(numbers, make_grid, tmp_path, monkeypatch):
    """Of groups of 1, 6, 7, 20 and 100 000 rounds, of which the second ends with the replication."""
    monkeypatch.setattr(trace, "NUMBERS", numbers)
    runner.run(make_grid(trace=BOTH), tmp_path / "whole", jobs=1)
    monkeypatch.setattr(pair, "SLICE", 0.0)
    runner.run(make_grid(trace=BOTH, record=EVERY), tmp_path / "slices", jobs=1)
    one, other = (banditlab.load(tmp_path / name).trace() for name in ("whole", "slices"))
    assert one.to_json() == other.to_json()
    groups = [[*sizes(file)] for name in ("whole", "slices") for file in trace.stored(tmp_path / name)]
    most = max(1, min(trace.ROUNDS, numbers // 3))
    assert all(found == [most] * (150 // most) + [150 % most] * (150 % most > 0) for found in groups)


def sizes(file):
    data = pq.ParquetFile(file).metadata
    return (data.row_group(i).num_rows for i in range(data.num_row_groups))


def test_memory_does_not_grow_with_the_horizon(make_grid, tmp_path):
    def size(horizon):
        grid = make_grid(trace=BOTH, horizon=horizon)
        tape = trace.Tape(2, trace.Writer(None, banditlab.games.games()["bandit"].columns({}), grid.settings.trace))
        return tape.array.nbytes

    assert size(10) == size(10**12) < 3 * 8 * (trace.ROUNDS + 3)


def test_a_trace_changes_no_number_and_no_key(make_grid, traced, tmp_path):
    runner.run(make_grid(), tmp_path / "bare", jobs=1)
    for name in ("curves.parquet", "cells.parquet"):
        assert (tmp_path / "bare" / name).read_bytes() == (traced / name).read_bytes()
    assert not (tmp_path / "bare" / "trace").exists()
    assert "trace" not in (tmp_path / "bare" / "grid.json").read_text()


# --- finished, or not there -------------------------------------------------------------------------------------------


def test_a_trace_that_is_asked_for_later_is_played(make_grid, traced, tmp_path):
    runner.run(make_grid(), tmp_path / "r", jobs=1)
    curves = (tmp_path / "r" / "curves.parquet").read_bytes()
    report = runner.run(make_grid(trace=["actions"]), tmp_path / "r", jobs=1)
    assert (report.done, report.found) == (36, 0)
    report = runner.run(make_grid(trace=BOTH), tmp_path / "r", jobs=1)
    assert (report.done, report.found) == (36, 0)
    report = runner.run(make_grid(trace=["actions"]), tmp_path / "r", jobs=1)  # these are there
    assert (report.done, report.found) == (0, 36)
    assert (tmp_path / "r" / "curves.parquet").read_bytes() == curves
    assert traces(tmp_path / "r") == traces(traced)


def test_what_is_lost_is_played_again(make_grid, traced):
    before, files = traces(traced), there(traced)
    files[0].unlink()
    files[1].write_bytes(files[1].read_bytes()[:-9])
    files[2].write_bytes(b"")
    left = files[3].with_name(f".{files[3].name}.0123")
    left.write_bytes(b"half")
    assert sum(cell.done for cell in status_of(make_grid, traced)) == 33
    report = runner.run(make_grid(trace=BOTH), traced, jobs=1)
    assert (report.done, report.found, len(report.notes)) == (3, 33, 2)
    assert traces(traced) == before
    assert not left.exists()


def status_of(make_grid, folder):
    return status(folder).cells


def test_a_flipped_bit_is_seen_when_it_is_read(traced):
    for at in range(100, 1000, 90):
        file = there(traced)[0]
        whole = file.read_bytes()
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        try:
            assert trace.read(file).to_pandas().to_json() == read(whole, file)
        except Damaged as error:
            assert "damaged" in str(error)
        file.write_bytes(whole)


def read(whole, file):
    file.with_suffix(".whole").write_bytes(whole)
    return trace.read(file.with_suffix(".whole")).to_pandas().to_json()


def test_a_run_that_is_stopped_leaves_whole_traces_only(make_grid, traced, tmp_path, monkeypatch):
    monkeypatch.setattr(pair, "SLICE", 0.0)

    class Stop(runner.Progress):
        rounds = 0

        def advance(self, rounds):
            self.rounds += rounds
            if self.rounds > 1000:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runner.run(make_grid(trace=BOTH), tmp_path / "r", jobs=1, progress=Stop())
    found = traces(tmp_path / "r")
    assert 0 < len(found) == len(there(tmp_path / "r")) < 36
    assert found.items() < traces(traced).items()
    runner.run(make_grid(trace=BOTH), tmp_path / "r", jobs=1)
    assert traces(tmp_path / "r") == traces(traced)


def test_a_failure_leaves_no_trace(make_grid, tmp_path):
    banditlab.metric(game="bandit", name="lost")(lambda env, policy, round: np.nan if round.t > 100 else 0.0)
    report = runner.run(make_grid(trace=BOTH), tmp_path / "r", jobs=1)
    assert len(report.failures) == 36
    assert there(tmp_path / "r") == []


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_a_full_disk_ends_the_run_with_a_line(backend, make_grid, tmp_path, monkeypatch):
    if backend == "loky":
        (tmp_path / "r").mkdir()
        (tmp_path / "r" / "trace").write_text("in the way of a folder")
        match = r"trace/\w+/\d+\.parquet: cannot be written"
    else:
        match = r"/trace/\w+/\d+\.parquet: cannot be written \(No space left on device\)"

        class Full(pq.ParquetWriter):
            def write_table(self, *arguments, **options):
                raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(trace, "pq", SimpleNamespace(**vars(pq) | {"ParquetWriter": Full}))
    with pytest.raises(UserError, match=match):
        runner.run(make_grid(trace=BOTH), tmp_path / "r", jobs=2, backend=backend)
    monkeypatch.undo()
    assert backend == "loky" or there(tmp_path / "r") == []


def test_fresh_forgets_traces(make_grid, traced):
    runner.run(make_grid(horizon=50, trace=BOTH), traced, jobs=1, fresh=True)
    assert len(there(traced)) == 36
    assert set(banditlab.load(traced).trace()["horizon"]) == {50}


def test_shards_bring_their_traces(make_grid, traced, tmp_path):
    folders = [tmp_path / f"{i}" for i in (1, 2, 3)]
    for i, folder in enumerate(folders, 1):
        runner.run(make_grid(trace=BOTH), folder, jobs=1, shard=runner.Shard(i, 3))
    assert merging.merge(folders, tmp_path / "out").startswith("small: 36 of 36 replications")
    assert traces(tmp_path / "out") == traces(traced)
    there(folders[0])[0].unlink()
    assert "; 1 are missing" in merging.merge(folders, tmp_path / "lacking")


def test_a_folder_is_run_again_with_its_traces(make_grid, traced):
    grid = stored(traced)
    assert grid.settings.trace == ("actions", "rewards")
    there(traced)[5].unlink()
    assert runner.run(grid, traced, jobs=1).done == 1


# --- mistakes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("actions", "trace: should be a list, got 'actions'"),
        (["action"], r"trace\[0\]: should be 'actions' or 'rewards', got 'action'"),
        (True, "trace: should be a list, got True"),
    ],
)
def test_mistakes_in_a_grid(given, line, make_grid):
    with pytest.raises(UserError, match=line):
        make_grid(trace=given)


def test_too_many_files_are_refused_before_anything_runs(make_grid, tmp_path):
    with pytest.raises(
        UserError, match="trace: 6 cells x 1,667 replications are 10,002 files, and 10,000 are the most"
    ):
        runner.run(make_grid(trace=BOTH, replications=1667), tmp_path / "r")
    assert not (tmp_path / "r").exists()


def test_workers_that_may_not_see_the_folder_are_refused(make_grid, tmp_path):
    with pytest.raises(UserError, match="trace: .* --backend dask may not see the folder"):
        runner.run(make_grid(trace=BOTH), tmp_path / "r", backend="dask")


# --- reading ----------------------------------------------------------------------------------------------------------


def test_only_what_is_asked_for_is_read(traced, monkeypatch):
    result, files = banditlab.load(traced), []
    plain = trace.read
    monkeypatch.setattr(trace, "read", lambda file, *more: files.append(file) or plain(file, *more))
    table = result.trace("greedy", "bernoulli", 3, columns=["arm"], rounds=(10, 20))
    assert [*table.columns] == ["environment", "policy", "horizon", "replication", "round", "arm"]
    assert table["round"].tolist() == [*range(10, 20)]
    assert len(files) == 1
    whole = result.trace("greedy", "bernoulli")
    assert len(files) == 7
    same = whole[(whole["replication"] == 3) & whole["round"].between(10, 19)]
    assert table["arm"].tolist() == same["arm"].tolist()
    assert len(result.trace(environment="gaussian", replication=[1, 2])) == 3 * 2 * 150


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ({"policy": "gredy"}, "no policy 'gredy'; did you mean 'greedy'"),
        ({"environment": "x"}, "no environment 'x'"),
        ({"replication": 6}, "no trace of replication 6 of uniform in bernoulli"),
        ({"columns": ["arms"]}, "no column 'arms'; did you mean 'arm'"),
        ({"horizon": 7}, "no traces"),
        *(
            ({"rounds": rounds}, f"rounds={rounds!r}: should be the first round, from 0, and the one after the last")
            for rounds in (5, (5, 3), (3,), (1, 2, 3), (0.0, 3.0), ("0", "3"), (-1, 3), "12", ())
        ),
        ({"rounds": (150, 160)}, "rounds=(150, 160): the rounds are 0 .. 149"),
    ],
)
def test_mistakes_in_what_is_asked(asked, line, traced):
    with pytest.raises(UserError, match=re.escape(line)):
        banditlab.load(traced).trace(**asked)


def test_a_run_without_a_folder_has_no_traces():
    with pytest.raises(UserError, match="give a folder for them"):
        banditlab.run(
            {"kind": "bandit/gaussian", "means": [0, 1]}, "ucb1", horizon=5, replications=1, trace=BOTH, progress=False
        )
