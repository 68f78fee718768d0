"""Shards and clusters: the same bytes as on one machine."""

import pytest

from banditlab import cli
from banditlab.errors import UserError
from banditlab.runs import runner, workers
from banditlab.runs.merging import merge
from banditlab.runs.runner import Shard

CANONICAL = ("grid.json", "cells.parquet", "curves.parquet", "failures.json")


def same(one, other):
    return [name for name in CANONICAL if (one / name).read_bytes() == (other / name).read_bytes()] == [*CANONICAL]


@pytest.fixture
def straight(make_grid, tmp_path):
    runner.run(make_grid(), tmp_path / "straight", jobs=1)
    return tmp_path / "straight"


@pytest.fixture
def shards(make_grid, tmp_path):
    folders = [tmp_path / f"shard-{i}" for i in (1, 2, 3)]
    reports = [runner.run(make_grid(), folder, jobs=1, shard=Shard(i, 3)) for i, folder in enumerate(folders, 1)]
    assert [report.done for report in reports] == [12, 12, 12]
    return folders


def test_merged_shards_are_the_same_bytes(shards, straight, tmp_path):
    line = merge(shards[::-1], tmp_path / "merged")
    assert line == f"small: 36 of 36 replications -> {tmp_path / 'merged'}"
    assert same(tmp_path / "merged", straight)


def test_shards_may_come_one_by_one_or_twice(shards, straight, tmp_path):
    assert merge(shards[:1], tmp_path / "merged").endswith("; 24 are missing")
    merge(shards, tmp_path / "merged")
    merge([*shards, straight], tmp_path / "merged")
    assert same(tmp_path / "merged", straight)


def test_a_shard_that_is_run_again_plays_nothing(make_grid, shards):
    report = runner.run(make_grid(), shards[0], jobs=1, shard=Shard(1, 3))
    assert (report.done, report.found) == (0, 12)


def test_a_merged_folder_goes_on(make_grid, shards, straight, tmp_path):
    merge(shards[:2], tmp_path / "merged")
    report = runner.run(make_grid(), tmp_path / "merged", jobs=1)
    assert (report.done, report.found) == (12, 24)
    assert same(tmp_path / "merged", straight)


def test_folders_of_different_grids_are_not_merged(make_grid, shards, tmp_path):
    runner.run(make_grid(seed=5), tmp_path / "other", jobs=1)
    with pytest.raises(UserError, match=r"other: holds another grid than .*shard-1"):
        merge([shards[0], tmp_path / "other"], tmp_path / "merged")


def test_shards_are_all_portable_or_none(make_grid, tmp_path):
    for i, portable in ((1, False), (2, True)):
        runner.run(make_grid(), tmp_path / f"shard-{i}", jobs=1, shard=Shard(i, 2), portable=portable, compiled=False)
    with pytest.raises(UserError, match="shard-2: it or .*shard-1 was played with --portable, and not both"):
        merge([tmp_path / "shard-1", tmp_path / "shard-2"], tmp_path / "merged")


def test_the_whole_may_stand_in_the_folder_of_its_shards(make_grid, straight, tmp_path, capsys):
    whole = tmp_path / "whole"
    for i in (1, 2):
        runner.run(make_grid(), whole / f"shard-{i}-of-2", jobs=1, shard=Shard(i, 2))
    assert cli.main(["status", str(whole)]) == 2
    assert capsys.readouterr().err == f"{whole}: holds shards: banditlab merge {whole}/shard-* -o {whole}\n"
    merge(sorted(whole.glob("shard-*")), whole)
    assert same(whole, straight)
    assert runner.run(make_grid(), whole, jobs=1).done == 0


def test_folders_of_different_code_are_not_merged(make_grid, shards, tmp_path, monkeypatch):
    monkeypatch.setattr("banditlab.runs.provenance.cpu", lambda: "another model")
    runner.run(make_grid(), tmp_path / "other", jobs=1)
    with pytest.raises(UserError, match="was played with other code than .* or on another model of CPU"):
        merge([shards[0], tmp_path / "other"], tmp_path / "merged")


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/0"])
def test_a_mistake_in_shard_is_one_line(text, straight, capsys):
    assert cli.main(["run", str(straight), "--shard", text]) == 2
    assert f"--shard {text}: should read I/N with I in 1 .. N, such as 2/8" in capsys.readouterr().err


@pytest.mark.compiled
def test_a_dask_cluster_gives_the_same_bytes(make_grid, straight, tmp_path):
    pytest.importorskip("distributed")
    report = runner.run(make_grid(), tmp_path / "dask", jobs=2, backend="dask")
    assert (report.done, report.failures) == (36, [])
    assert same(tmp_path / "dask", straight)


def test_no_scheduler_is_one_line(make_grid, tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(workers, "ANSWER", 1)
    with pytest.raises(UserError, match=r"--scheduler tcp://127\.0\.0\.1:9: no Dask scheduler answers there"):
        runner.run(make_grid(), tmp_path / "dask", backend="dask", scheduler="tcp://127.0.0.1:9")


def test_starting_over_keeps_what_there_is_until_it_can_start(make_grid, straight, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(workers, "ANSWER", 1)
    before = (straight / "curves.parquet").read_bytes()
    with pytest.raises(UserError, match="no Dask scheduler answers there"):
        runner.run(make_grid(), straight, fresh=True, backend="dask", scheduler="tcp://127.0.0.1:9")
    assert (straight / "curves.parquet").read_bytes() == before


def test_a_scheduler_is_for_dask(make_grid, tmp_path):
    with pytest.raises(UserError, match=r"--scheduler tcp://a:1: it is for --backend dask"):
        runner.run(make_grid(), tmp_path / "r", scheduler="tcp://a:1")
