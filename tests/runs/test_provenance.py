"""Where and with what a folder was made."""

import json
import subprocess

import pytest

from banditlab import registry
from banditlab.runs import provenance, runner
from banditlab.runs.cell_table import read_cells
from banditlab.runs.merging import merge
from banditlab.runs.runner import Shard
from banditlab.runs.store import read_grid


def git(folder, *words):
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    return subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def test_a_folder_says_what_was_run_with_what_and_how_long(make_grid, tmp_path):
    report = runner.run(make_grid(), tmp_path / "r", jobs=1)
    [about] = provenance.read(tmp_path / "r")
    assert read_grid(tmp_path / "r")["replications"] == 6
    assert about["host"] and about["platform"] and about["python"] and about["command"]
    assert about["versions"]["numpy"] and about["versions"]["numba"]
    assert about["done"] == report.done == 36
    assert set(about["timings"]) == set(read_cells(tmp_path / "r")["key"].to_pylist())
    for taken in about["timings"].values():
        assert taken["replications"] == 6
        assert taken["rounds"] == 6 * 150
        assert taken["seconds"] > 0
        assert taken["cpu"] > 0


def test_commits_and_changes_are_those_at_the_start(make_grid, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = provenance.collect()["git"]["here"]
    git(tmp_path, "init")
    (tmp_path / "grid.toml").write_text("horizon = 1\n")
    assert provenance.collect()["git"]["here"] == {"commit": None, "dirty": True}
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "one")
    report = runner.Report()
    (tmp_path / "grid.toml").write_text("horizon = 2\n")
    clean = {"commit": git(tmp_path, "rev-parse", "HEAD"), "dirty": False}
    assert before is None
    assert runner._about(report)["git"]["here"] == clean
    assert provenance.collect()["git"]["here"] == clean | {"dirty": True}


def test_the_code_has_a_commit_only_where_git_has_its_files(tmp_path, monkeypatch):
    ours = provenance.collect()["git"]["banditlab"]
    assert ours is None or set(ours) == {"commit", "dirty"}
    installed = tmp_path / "venv" / "banditlab"
    installed.mkdir(parents=True)
    git(tmp_path, "init")
    monkeypatch.setattr(provenance, "PACKAGE", installed)
    monkeypatch.setattr(provenance, "__file__", str(installed / "provenance.py"))
    (installed / "provenance.py").touch()
    assert provenance.collect()["git"]["banditlab"] is None
    git(tmp_path, "add", ".")
    assert provenance.collect()["git"]["banditlab"] == {"commit": None, "dirty": True}


def test_files_of_the_user_are_noted(tmp_path):
    (tmp_path / "mine.py").write_text("")
    registry.load_plugin(tmp_path / "mine.py")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert provenance.collect()["plugins"] == {str(tmp_path / "mine.py"): empty}


def test_a_merged_folder_keeps_what_its_shards_noted(make_grid, tmp_path):
    folders = [tmp_path / "1", tmp_path / "2"]
    for i, folder in enumerate(folders, 1):
        runner.run(make_grid(), folder, jobs=1, shard=Shard(i, 2))
    for _ in range(2):
        merge(folders, tmp_path / "merged")
    assert [about["done"] for about in provenance.read(tmp_path / "merged")] == [18, 18]


@pytest.mark.parametrize(("noted", "version"), [
    ({"versions": {"banditlab-sim": "1.2.3"}}, "1.2.3"),
    ({"versions": {"banditlab-sim": None}}, None),
    ({"versions": {"banditlab-sim": "1} @misc{x,"}}, None),
    ({"versions": 3}, None),
    ([1], None),
])  # fmt: skip
def test_the_version_that_played_is_read_with_care(noted, version, tmp_path):
    (tmp_path / "provenance").mkdir()
    (tmp_path / "provenance" / "run-1.json").write_text(json.dumps(noted))
    assert provenance.played_with(tmp_path) == version
