"""What of a grid is done, missing, failed or stale; a folder that is run again; one replication alone."""

import json

import pytest

from banditlab import cli, registry
from banditlab.runs import reading, runner
from banditlab.runs.cell_table import read_cells
from banditlab.runs.status import status
from banditlab.runs.store import Store, read_curves


@pytest.fixture
def folder(make_grid, tmp_path):
    runner.run(make_grid(), tmp_path / "r", jobs=1)
    return tmp_path / "r"


def settle(folder, **changes):
    """Change the grid that a folder was last run for."""
    file = folder / "grid.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def test_a_finished_folder_is_done(folder):
    found = status(folder)
    assert [(one.done, one.missing, one.failed) for one in found.cells] == [(6, 0, {})] * 6
    assert (found.name, found.stale, found.damages, found.running) == ("small", {}, [], False)


def test_missing_replications_are_counted_and_their_time_foretold(folder):
    settle(folder, replications=10)
    found = status(folder)
    assert [(one.done, one.missing) for one in found.cells] == [(6, 4)] * 6
    assert all(one.seconds > 0 for one in found.cells)


def test_work_of_other_parameters_is_stale(folder):
    settle(folder, seed=5)
    found = status(folder)
    assert sum(one.done for one in found.cells) == 0
    assert found.stale["uniform in bernoulli"] == 6
    assert sum(found.stale.values()) == 36


def test_failures_are_told_until_they_are_mended(make_grid, plugin, tmp_path):
    registry.load_plugin(plugin)
    grid = make_grid({"kind": "bernoulli", "arms": 3}, ["strays"], replications=8)
    report = runner.run(grid, tmp_path / "r", jobs=1)
    [cell] = status(tmp_path / "r").cells
    assert cell.failed == {failure.replication: failure.message for _, failure in report.failures}
    assert 0 < len(cell.failed) < 8
    assert (cell.done, cell.missing) == (8 - len(cell.failed), 0)


def test_damage_is_told_and_the_rest_read(folder):
    (folder / "segments" / "x.parquet").write_bytes(b"PAR1")
    found = status(folder)
    assert sum(one.done for one in found.cells) == 36
    [line] = found.damages
    assert "x.parquet: damaged" in line


def test_a_run_under_way_is_told(folder):
    store = Store(folder, "small", {"bandit"})
    with store.alone():
        assert status(folder).running


def test_the_command_fits_80_columns(folder, capsys):
    settle(folder, replications=10)
    assert cli.main(["status", str(folder)]) == 0
    text = capsys.readouterr().out
    assert "small: 36 of 60 replications of 6 cells are done\nthe rest of 6 cells: " in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_folder_is_run_again(folder, capsys):
    settle(folder, replications=7)
    assert cli.main(["run", str(folder), "--jobs", "1"]) == 0
    assert "6 cells x 7 replications" in capsys.readouterr().out
    assert sum(one.done for one in status(folder).cells) == 42
    assert cli.main(["run", str(folder), "--set", "seed=3"]) == 2
    assert "--set goes with a grid in TOML" in capsys.readouterr().err


def test_one_replication_alone_gives_the_numbers_of_the_run(folder, capsys):
    assert cli.main(["run", str(folder), "--only", "greedy in gaussian:4"]) == 0
    shown = capsys.readouterr().out
    keys = [
        row["key"] for row in read_cells(folder).to_pylist() if row["policy"] + row["environment"] == "greedygaussian"
    ]
    rows = [row for row in read_curves(folder).to_pylist() if row["key"] in keys and row["replication"] == 4]
    assert shown.splitlines()[1:] == [f"  {row['metric']} {row['value'][-1]!r}" for row in reversed(rows)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("greedy in gausian:4", "no cell 'greedy in gausian'; did you mean 'greedy in gaussian'?"),
        ("greedy", 'should read TITLE:R, such as "uniform in bernoulli:0"'),
        ("greedy in gaussian:x", "should read TITLE:R"),
    ],
)
def test_a_mistake_in_only_is_one_line(text, line, folder, capsys):
    assert cli.main(["run", str(folder), "--only", text]) == 2
    assert line in capsys.readouterr().err


def test_what_fails_alone_is_raised_for_a_debugger(make_grid, plugin, tmp_path):
    registry.load_plugin(plugin)
    grid = make_grid({"kind": "bernoulli", "arms": 3}, ["strays"], replications=8)
    report = runner.run(grid, tmp_path / "r", jobs=1)
    number = report.failures[0][1].replication
    with pytest.raises(IndexError):
        cli.main(["run", str(tmp_path / "r"), "--only", f"strays in bernoulli:{number}"])


def test_a_portable_folder_stays_portable(make_grid, tmp_path):
    runner.run(make_grid(), tmp_path / "r", jobs=1, portable=True)
    assert reading.is_portable(tmp_path / "r")
    assert sum(one.done for one in status(tmp_path / "r").cells) == 36
