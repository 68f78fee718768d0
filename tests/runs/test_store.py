"""The results folder: whole files only, and only of one grid."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from banditlab.errors import UserError
from banditlab.runs import runner
from banditlab.runs.store import CURVES, Store, read_curves, read_grid


@pytest.fixture
def folder(make_grid, tmp_path):
    runner.run(make_grid(), tmp_path / "r", jobs=1)
    return tmp_path / "r"


def test_a_folder_holds_these_files(folder):
    names = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    [provenance] = {name for name in names if name.startswith("provenance/run-")}
    assert names == {"grid.json", "cells.parquet", "curves.parquet", ".lock", provenance}
    assert json.loads((folder / provenance).read_text())["done"] == 36


def test_rows_are_sorted_and_whole(folder):
    table = pq.read_table(folder / "curves.parquet")
    assert table.schema.equals(CURVES)
    places = list(zip(*(table[name].to_pylist() for name in ("key", "replication", "metric")), strict=True))
    assert places == sorted(set(places))
    assert len(places) == 24 * 2 + 12 * 4  # uniform play recommends an arm, and has two more metrics
    for x, value in zip(table["x"].to_pylist(), table["value"].to_pylist(), strict=True):
        assert (x[0], x[-1], len(x)) == (1, 150, len(value))


def test_half_written_files_are_never_read(folder, make_grid):
    before = read_curves(folder)
    (folder / ".curves.parquet.0f3a").write_bytes(b"PAR1 half")
    (folder / "segments" / ".0f3a.parquet.77").write_bytes(b"PAR1 half")
    assert read_curves(folder).equals(before)
    report = runner.run(make_grid(), folder, jobs=1)
    assert (report.done, report.found) == (0, 36)


def test_work_that_was_stored_twice_counts_once(folder, make_grid):
    """A run that was killed between merging its segments and removing them."""
    before = read_curves(folder)
    (folder / "segments" / "left.parquet").write_bytes((folder / "curves.parquet").read_bytes())
    assert read_curves(folder).equals(before)
    runner.run(make_grid(), folder, jobs=1)
    assert pq.read_table(folder / "curves.parquet").equals(before)


def test_another_grid_is_refused_and_nothing_is_overwritten(folder, make_grid):
    files = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    with pytest.raises(UserError, match="holds the results of the grid 'small', not of 'large': choose another --out"):
        runner.run(make_grid(name="large"), folder, jobs=1)
    with pytest.raises(UserError, match="holds the results of the game bandit, not of dueling: choose another --out"):
        runner.run(make_grid("dueling/linear", "dueling/uniform"), folder, jobs=1)
    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == files


def test_a_folder_of_other_things_is_refused(tmp_path, make_grid):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(UserError, match="holds files that are no results: choose another --out"):
        runner.run(make_grid(), tmp_path, jobs=1)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_in_the_folders_place_is_refused(tmp_path, make_grid):
    (tmp_path / "r").write_text("x")
    for out in (tmp_path / "r", tmp_path / "r" / "deeper"):
        with pytest.raises(UserError, match=r"cannot be written \(.+\): choose another --out"):
            runner.run(make_grid(), out, jobs=1)
    assert (tmp_path / "r").read_text() == "x"


DAMAGE = {
    "curves.parquet": b"PAR1 no more",
    "cells.parquet": b"",
    "grid.json": b'{"name": "small"',
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_file_is_named_and_not_overwritten(name, folder, make_grid):
    from banditlab import load

    (folder / name).write_bytes(DAMAGE[name])
    with pytest.raises(UserError, match=f"{name}: damaged") as error:
        load(folder)
    assert "\n" not in str(error.value)
    if name != "cells.parquet":  # which is written anew
        others = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
        with pytest.raises(UserError, match=f"{name}: damaged"):
            runner.run(make_grid(replications=8), folder, jobs=1)
        assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == others


@pytest.mark.parametrize("name", ["curves.parquet", "cells.parquet"])
def test_a_table_of_something_else_is_named(name, folder):
    from banditlab import load

    pq.write_table(pa.table({"a": [1]}), folder / name)
    with pytest.raises(UserError, match=f"{name}: damaged"):
        load(folder)


def test_a_folder_without_results_is_named(tmp_path):
    with pytest.raises(UserError, match=r"no results folder \(it has no grid.json\)"):
        read_grid(tmp_path)


def test_the_resolved_grid_says_all_that_was_settled(folder):
    grid = read_grid(folder)
    assert {key: grid[key] for key in ("name", "quick", "replications", "seed", "claims")} == {
        "name": "small", "quick": False, "replications": 6, "seed": 4, "claims": [],
    }  # fmt: skip
    assert grid["record"] == {"points": 200, "spacing": "log"}
    assert grid["cells"][0] == {
        "game": "bandit",
        "environment": {
            "label": "bernoulli",
            "kind": "bernoulli",
            "instance": "fresh",
            "parameters": {"means": None, "arms": 5, "gap": 0.3, "best": 0.6, "prior": None},
        },
        "policy": {"label": "uniform", "kind": "uniform", "parameters": {}},
        "horizon": 150,
    }
    assert len(grid["cells"]) == 6


def test_two_runs_cannot_share_a_folder(folder, make_grid):
    store = Store(folder, make_grid().name, {"bandit"})
    store.open()
    with store.alone(), pytest.raises(UserError, match="another run writes to it"):
        runner.run(make_grid(), folder, jobs=1)
    assert runner.run(make_grid(), folder, jobs=1).done == 0


def test_what_a_killed_run_left_does_not_block_its_folder(make_grid, tmp_path):
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / ".grid.json.0123").write_text("{")
    assert runner.run(make_grid(), tmp_path / "r", jobs=1).done == 36
