"""The results folder: whole files only, and only of one grid."""

import json
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from banditlab.errors import UserError
from banditlab.runs import curves, reading, runner, store
from banditlab.runs.curves import CURVES
from banditlab.runs.store import Store, read_curves, read_grid


@pytest.fixture
def folder(make_grid, tmp_path):
    runner.run(make_grid(), tmp_path / "r", jobs=1)
    return tmp_path / "r"


def test_a_folder_holds_these_files(folder):
    names = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    [provenance] = {name for name in names if name.startswith("provenance/run-")}
    assert names == {"grid.json", "cells.parquet", "curves.parquet", "failures.json", ".lock", provenance}
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
def test_a_damaged_file_is_named_and_its_work_is_played_again(name, folder, make_grid):
    from banditlab import load

    before = {file: file.read_bytes() for file in folder.glob("*.*") if file.is_file()}
    (folder / name).write_bytes(DAMAGE[name])
    with pytest.raises(UserError, match=f"{name}: damaged") as error:
        load(folder)
    assert "\n" not in str(error.value)
    report = runner.run(make_grid(), folder, jobs=1)
    assert report.done == (36 if name == "curves.parquet" else 0)
    assert {file: file.read_bytes() for file in before} == before
    if name != "cells.parquet":  # which holds nothing that the grid does not say
        [note] = report.notes
        assert f"{name}: damaged" in note
        [kept] = (folder / "damaged").iterdir()
        assert kept.read_bytes() == DAMAGE[name]


def test_rows_that_changed_on_disk_are_played_again_and_the_others_kept(folder, make_grid):
    file = folder / "curves.parquet"
    whole, table = file.read_bytes(), read_curves(folder)
    values = table["value"].to_pylist()
    values[5][3] += 1e-9
    pq.write_table(table.set_column(4, CURVES.field("value"), pa.array(values, CURVES.field("value").type)), file)
    with pytest.raises(UserError, match="1 of its 96 rows are damaged: run the grid again"):
        read_curves(folder)
    report = runner.run(make_grid(), folder, jobs=1)
    assert (report.done, report.found) == (1, 35)
    assert report.notes == [f"{file}: 1 of its 96 rows are damaged; what was lost is played again"]
    assert file.read_bytes() == whole


def test_segments_are_merged_while_a_run_goes_on(folder, make_grid, tmp_path, monkeypatch):
    """A run of a week has very many of them; levels of FAN keep the folder small, and no row is written often."""
    counts, new = [], Store._new_segment
    monkeypatch.setattr(store, "FAN", 3)
    monkeypatch.setattr(runner, "FLUSH", 0.0)
    monkeypatch.setattr(runner, "BATCH", 1)

    def counted(self, level=0):
        counts.append((level, len(list(self._segments.glob("*.parquet")))))
        return new(self, level)

    monkeypatch.setattr(Store, "_new_segment", counted)
    runner.run(make_grid(), tmp_path / "often", jobs=1)
    levels = Counter(level for level, _ in counts)
    assert levels == {0: 36, 1: 12, 2: 4, 3: 1}
    assert max(there for _, there in counts) <= 3 * 3
    assert (tmp_path / "often" / "curves.parquet").read_bytes() == (folder / "curves.parquet").read_bytes()


def test_a_damaged_group_of_rows_loses_that_group_alone(make_grid, tmp_path, monkeypatch):
    monkeypatch.setattr(curves, "GROUP", 1000)
    runner.run(make_grid(), tmp_path / "r", jobs=1)
    file = tmp_path / "r" / "curves.parquet"
    whole, groups = file.read_bytes(), pq.read_metadata(file)
    assert groups.num_row_groups > 5
    start = groups.row_group(3).column(4).dictionary_page_offset
    file.write_bytes(whole[: start + 1] + bytes(40) + whole[start + 41 :])
    report = runner.run(make_grid(), tmp_path / "r", jobs=1)
    lost = groups.row_group(3).num_rows
    assert report.notes == [f"{file}: {lost} of its 96 rows are damaged; what was lost is played again"]
    assert 0 < report.done <= lost
    assert file.read_bytes() == whole


def test_rows_out_of_order_are_played_again(folder, make_grid):
    """Files are merged by the order of their rows, which must be what it says."""
    file = folder / "curves.parquet"
    whole, table = file.read_bytes(), read_curves(folder)
    pq.write_table(table.take([1, 0, *range(2, 96)]), file)
    report = runner.run(make_grid(), folder, jobs=1)
    assert report.notes == [f"{file}: 1 of its 96 rows are damaged; what was lost is played again"]
    assert file.read_bytes() == whole


def test_starting_over_plays_everything_again(folder, make_grid):
    before = (folder / "curves.parquet").read_bytes()
    report = runner.run(make_grid(), folder, jobs=1, fresh=True)
    assert (report.done, report.found) == (36, 0)
    assert (folder / "curves.parquet").read_bytes() == before


@pytest.mark.parametrize("seed", range(20))
def test_no_wrong_number_is_read_from_a_damaged_file(seed, folder):
    rng, file, rows = np.random.default_rng(seed), folder / "curves.parquet", read_curves(folder).to_pylist()
    content = bytearray(file.read_bytes())
    if seed % 4 == 0:
        content = content[: rng.integers(len(content))]
    else:
        for _ in range(1 + seed % 3):
            content[rng.integers(len(content))] ^= 1 << rng.integers(8)
    file.write_bytes(content)
    try:
        found = read_curves(folder).to_pylist()
    except UserError:
        return
    assert all(row in rows for row in found)


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
    assert grid["environments"][0] == {
        "game": "bandit",
        "label": "bernoulli",
        "kind": "bernoulli",
        "instance": "fresh",
        "parameters": {"means": None, "arms": 5, "gap": 0.3, "best": 0.6, "prior": None},
    }
    assert grid["policies"][0] == {"game": "bandit", "label": "uniform", "kind": "uniform", "parameters": {}}
    assert grid["cells"] == [[e, p, 150] for e in range(2) for p in range(3)]


def test_a_folder_is_its_grid(folder, make_grid):
    found = reading.stored(folder)
    assert found.resolved() == make_grid().resolved()
    report = runner.run(found, folder, jobs=1)
    assert (report.done, report.found) == (0, 36)


PLAYER = {"game": "bandit", "kind": "ucb1", "label": "a", "parameters": {}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cells": [[0, 9, 150]]}, "damaged"),
        ({"cells": [[0, 0]]}, "damaged"),
        ({"cells": 3}, "damaged"),
        ({"cells": [[0, 0, -5]]}, "horizon: should be greater than or equal to 1, got -5"),
        ({"environments": [{"game": "bandit"}]}, "damaged"),
        ({"record": None}, "damaged"),
        ({"seed": "x"}, "seed: should be a valid integer"),
        ({"policies": [{"game": "bandit", "kind": "ucb9", "label": "a", "parameters": {}}] * 3}, "no policy 'ucb9'"),
        (
            {"policies": [{"game": "bandit", "kind": "ucb1", "label": "a", "parameters": {"c": 1}}] * 3},
            "c: unknown key",
        ),
    ],
)
def test_a_grid_that_was_tampered_with_is_one_line(change, message, folder):
    file = folder / "grid.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(UserError, match=message) as error:
        reading.stored(folder)
    assert len(str(error.value).splitlines()) <= 3


def test_two_runs_cannot_share_a_folder(folder, make_grid):
    first = Store(folder, make_grid().name, {"bandit"})
    first.open()
    with first.alone(), pytest.raises(UserError, match="another run writes to it"):
        runner.run(make_grid(), folder, jobs=1)
    assert runner.run(make_grid(), folder, jobs=1).done == 0


def test_what_a_killed_run_left_does_not_block_its_folder(make_grid, tmp_path):
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / ".grid.json.0123").write_text("{")
    assert runner.run(make_grid(), tmp_path / "r", jobs=1).done == 36
