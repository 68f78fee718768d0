"""A run may be killed, its disk may fill, its power may fail: what is finished is kept, and the rest is played."""

import contextlib
import itertools
import multiprocessing
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from banditlab.errors import UserError
from banditlab.runs import reading, runner, store
from banditlab.runs.store import Store
from tests.runs.conftest import POLICIES, WORLDS

ROOT = Path(__file__).parents[2]
CANONICAL = ("grid.json", "cells.parquet", "curves.parquet", "failures.json")


def canonical(folder):
    return {name: (folder / name).read_bytes() for name in CANONICAL}


class Journal:
    """What a run asks of the file system, in order; the folder can be had as it is after a power cut at any point."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.steps = folder, []
        fsync, replace, unlink = os.fsync, os.replace, os.unlink

        def record_sync(number):
            path = Path(os.readlink(f"/proc/self/fd/{number}"))
            self.note("sync", path, None if path.is_dir() else path.read_bytes())
            fsync(number)

        def record_rename(source, target, **how):
            self.note("rename", Path(source), Path(target))
            replace(source, target, **how)

        def record_unlink(path, **how):
            unlink(path, **how)
            self.note("unlink", Path(path), None)

        for name, function in (("fsync", record_sync), ("replace", record_rename), ("unlink", record_unlink)):
            monkeypatch.setattr(os, name, function)

    def note(self, what, path, more):
        if self.folder in (path, *path.parents):
            self.steps.append((what, path, more))

    def after(self, cut, lucky):
        """The files after so many steps: contents that were synced, else nothing; names that their folder synced.

        With `lucky` what was done to names since has come through all the same, without the bytes behind it.
        """
        contents, names, waiting = {}, {}, []
        for what, path, more in self.steps[:cut]:
            if what == "sync" and more is not None:
                contents[path] = more
            elif what == "sync":
                waiting = [step for step in waiting if not self.apply(step, contents, names, path)]
            else:
                waiting.append((what, path, more))
        for step in waiting if lucky else ():
            self.apply(step, contents, names, None)
        return names

    @staticmethod
    def apply(step, contents, names, folder):
        what, path, more = step
        if folder not in (None, path.parent):
            return False
        if what == "rename":
            names[more] = contents.get(path, b"")
        else:
            names.pop(path, None)
        return True


@pytest.mark.parametrize(("fan", "merges"), [(16, 0), (2, 1)])  # segments that are merged while the run goes on
def test_a_power_cut_at_any_point_loses_no_number(fan, merges, make_grid, tmp_path, monkeypatch):
    folder, grid = tmp_path / "recorded", make_grid(WORLDS[:1], POLICIES[:1], replications=3, horizon=20)
    with monkeypatch.context() as patch:
        patch.setattr(runner, "FLUSH", 0.0)
        patch.setattr(runner, "BATCH", 1)
        patch.setattr(store, "FAN", fan)
        journal = Journal(folder, patch)
        runner.run(grid, folder, jobs=1)
    straight = canonical(folder)
    renamed = sum(what == "rename" for what, _, _ in journal.steps)
    assert renamed == 2 + 3 + merges + 2  # grid, cells; segments, merged; curves, failures
    for cut, lucky in itertools.product(range(len(journal.steps) + 1), (False, True)):
        place = tmp_path / f"cut-{cut}-{lucky}"
        for path, content in journal.after(cut, lucky).items():
            file = place / path.relative_to(folder)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        runner.run(grid, place, jobs=1)
        assert canonical(place) == straight


GRID = """
name = "killed"
horizon = 3000
replications = 12
[[environment]]
kind = "bernoulli"
arms = 5
sweep = { gap = [0.1, 0.2, 0.3] }
[[policy]]
kind = "ucb1"
[[policy]]
kind = "bandit/uniform"
"""


def start(grid, folder, *more):
    command = [sys.executable, "-m", "banditlab", "run", str(grid), "--out", str(folder), "--jobs", "2", *more]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)


def finish(running):
    """Wait for a run; its exit code, and what it says of mistakes."""
    error = running.communicate(timeout=240)[1].decode()
    return running.returncode, error


@pytest.fixture
def grid(tmp_path):
    file = tmp_path / "killed.toml"
    file.write_text(GRID)
    return file


@pytest.mark.compiled
@pytest.mark.parametrize("more", [(), ("--backend", "loky")], ids=["threads", "processes"])
def test_a_run_that_is_killed_goes_on(grid, tmp_path, more):
    whole = tmp_path / "whole"
    begin = time.monotonic()
    assert finish(start(grid, whole, *more)) == (0, "")
    usual = time.monotonic() - begin
    folder = tmp_path / "killed"
    for share in (0.5, 0.7, 0.9):
        running = start(grid, folder, *more)
        time.sleep(share * usual)
        os.killpg(running.pid, signal.SIGKILL)
        running.communicate()
    assert finish(start(grid, folder, *more)) == (0, "")
    assert canonical(folder) == canonical(whole)


SIXTY = """
name = "killed"
horizon = 20_000
replications = 10
[[environment]]
kind = "bernoulli"
arms = 5
sweep = { gap = [0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55] }
[[policy]]
kind = "epsilon-greedy"
sweep = { epsilon = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3] }
"""


def stored(folder):
    """The replications that are finished, of a folder that nobody writes to."""
    places = set()
    for file in [folder / "curves.parquet", *(folder / "segments").glob("*.parquet")]:
        if file.exists():
            table = pq.read_table(file, columns=["key", "replication"])
            places.update(zip(table["key"].to_pylist(), table["replication"].to_pylist(), strict=True))
    return places


def play(grid, folder, backend, diary):
    """Run a grid in a process of its own, with a line in the diary for each replication once it is played."""
    os.setsid()
    add = Store.add

    def noted(self, key, cell, curves):
        os.write(file, "".join(f"{key} {curve.replication}\n" for curve in curves).encode())
        add(self, key, cell, curves)

    file = os.open(diary, os.O_WRONLY)
    Store.add, runner.FLUSH, store.FAN = noted, 0.05, 4
    runner.run(reading.read(grid), folder, jobs=2, backend=backend)


@pytest.mark.claims
@pytest.mark.compiled
@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_a_hundred_kills_lose_nothing_and_repeat_nothing(backend, grid, tmp_path):
    """Each run of a folder is killed at a moment of its own, until one is quicker; then the next folder begins."""
    whole, diary, rng, kills, folders = tmp_path / "whole", tmp_path / "diary", random.Random(0), 0, 0
    grid.write_text(SIXTY)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])  # so that no time in which they can be killed goes into imports

    def begin(folder):
        diary.write_text("")
        running = context.Process(target=play, args=(grid, folder, backend, diary))
        running.start()
        return running

    begin(tmp_path / "first").join()  # compiles
    before = time.monotonic()
    begin(whole).join()
    usual = time.monotonic() - before
    while kills < 100:
        folder, folders, code = tmp_path / f"killed-{folders}", folders + 1, None
        while code != 0:
            before, running = stored(folder), begin(folder)
            running.join(rng.uniform(0, usual) if kills < 100 else None)
            if running.exitcode is None:
                with contextlib.suppress(ProcessLookupError):  # it has no group yet
                    os.killpg(running.pid, signal.SIGKILL)
                running.kill()
                kills += 1
            running.join()
            code = running.exitcode
            assert code in (0, -signal.SIGKILL)
            assert before <= stored(folder)
            lines = map(str.split, diary.read_text().splitlines())
            again = before & {(key, int(replication)) for key, replication in lines}
            assert not again, "a replication was played again after its segment had its name"
        assert canonical(folder) == canonical(whole)
    print(f"\n{backend}: {kills} kills in {folders} folders, a run takes {usual:.2f} s")


def children(number):
    """The processes that a process has started, and those that they have."""
    found = []
    for child in Path(f"/proc/{number}/task/{number}/children").read_text().split():
        found += [int(child), *children(int(child))]
    return found


@pytest.mark.compiled
def test_a_worker_that_is_killed_is_told(grid, plugin, tmp_path):
    text = GRID.replace('kind = "bandit/uniform"', 'kind = "slow"').replace("3000", "200")
    grid.write_text(text)
    running = start(grid, tmp_path / "r", "--plugin", str(plugin))
    deadline = time.monotonic() + 60
    while not list((tmp_path / "r" / "segments").glob("*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.05)
    workers = [child for child in children(running.pid) if b"loky" in Path(f"/proc/{child}/cmdline").read_bytes()]
    os.kill(workers[-1], signal.SIGKILL)
    code, error = finish(running)
    assert code == 2
    assert error.splitlines()[-1] == "a worker process was killed: what is finished is kept; the same command goes on"


@pytest.mark.compiled
def test_a_full_disk_is_one_line_and_keeps_what_is_finished(tmp_path):
    program = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2);"
        "from banditlab import cli; sys.exit(cli.main(sys.argv[1:]))"
    )
    file = tmp_path / "g.toml"
    file.write_text(GRID)
    assert finish(start(file, tmp_path / "whole")) == (0, "")  # and its code is compiled
    limit = str((tmp_path / "whole" / "curves.parquet").stat().st_size - 1)
    common = ["run", str(file), "--out", str(tmp_path / "r"), "--jobs", "1"]
    done = subprocess.run(
        [sys.executable, "-c", program, limit, *common], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 2
    assert re.search(r"\.parquet: cannot be written \(.*File too large\)$", done.stderr)
    assert finish(start(file, tmp_path / "r")) == (0, "")
    assert canonical(tmp_path / "r") == canonical(tmp_path / "whole")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize(("mode", "what"), [(0o755, "written"), (0o700, "read")])
def test_a_folder_of_somebody_else_is_one_line(mode, what, make_grid):
    grid = make_grid()
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, mode)
        os.seteuid(65534)
        try:
            with pytest.raises(UserError, match=rf"cannot be {what} \(Permission denied\): choose another --out"):
                runner.run(grid, Path(folder) / "r", compiled=False)
        finally:
            os.seteuid(0)
        assert os.listdir(folder) == []


def test_two_processes_on_one_folder(grid, tmp_path):
    grid.write_text(GRID.replace("replications = 12", "replications = 40").replace("3000", "1_000_000"))
    first = start(grid, tmp_path / "r")
    while not (tmp_path / "r" / "grid.json").exists() and first.poll() is None:
        time.sleep(0.01)
    code, error = finish(start(grid, tmp_path / "r"))
    assert (code, "another run writes to it" in error) == (2, True)
    assert finish(first) == (0, "")


def test_the_journal_drops_what_was_not_synced(tmp_path, monkeypatch):
    journal = Journal(tmp_path, monkeypatch)
    (tmp_path / "a").write_bytes(b"1")
    os.replace(tmp_path / "a", tmp_path / "b")
    assert journal.after(1, lucky=False) == {}
    assert journal.after(1, lucky=True) == {tmp_path / "b": b""}
