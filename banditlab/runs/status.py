"""What of a grid is done, missing, failed or stale in its folder, and how long the rest will take."""

from __future__ import annotations

import contextlib
import fcntl
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from banditlab.runs import provenance, reading, trace
from banditlab.runs.cell_table import read_cells
from banditlab.runs.grid import Cell
from banditlab.runs.identity import Keys
from banditlab.runs.precision import Precision, Stand, most, stand
from banditlab.runs.store import finals, read_curves, read_failures


@dataclass(frozen=True)
class CellStatus:
    """How far a cell is.

    Attributes
    ----------
    cell : Cell
    stand : Stand
        How many replications are wanted, so far.
    most : int
        How many may be wanted in the end; as many as now, unless the cell is open.
    done : int
        Replications, of those that are wanted so far.
    failed : dict of int to str
        Replications that failed when they were last played, and why.
    seconds : float, optional
        Of a replication, where one was played before.
    """

    cell: Cell
    stand: Stand
    most: int
    done: int
    failed: dict[int, str]
    seconds: float | None

    @property
    def wanted(self) -> int:
        """Replications that are wanted so far."""
        return self.stand.n

    @property
    def missing(self) -> int:
        """Replications that are neither done nor failed."""
        return self.wanted - self.done - len(self.failed)


@dataclass(frozen=True)
class Status:
    """How far a folder is.

    Attributes
    ----------
    name : str
        Of the grid.
    replications : int or Precision
        What it asks for.
    cells : list of CellStatus
    stale : dict of str to int
        Finished replications that the grid does not have as it is now: of other parameters or earlier code; by title.
    damages : list of str
        A line for each damaged file.
    running : bool
        Whether a run writes to the folder.
    """

    name: str
    replications: int | Precision
    cells: list[CellStatus]
    stale: dict[str, int]
    damages: list[str]
    running: bool


def status(folder: str | Path) -> Status:
    """Return how far a results folder is.

    Raises
    ------
    UserError
        It is none, or its grid or failures cannot be read.
    """
    place = Path(folder)
    grid, damages = reading.stored(place), []
    table = read_curves(place, damages)
    key = Keys(grid.settings, reading.is_portable(place)).of
    keys = {key(cell): cell for cell in grid.cells}
    failed, seconds, wanted = defaultdict(dict), _seconds(place), grid.settings.replications
    values = finals(table, {key: cell.metrics for key, cell in keys.items()}, grid.settings.metric)
    values = trace.traced(place, values, grid.settings.trace)
    for row in read_failures(place):
        if row["replication"] not in values.get(row["key"], ()):
            failed[row["key"]][row["replication"]] = row["message"]
    cells = []
    for key, cell in keys.items():
        so_far = stand(wanted, values[key], failed[key])
        end = most(wanted) if so_far.verdict == "open" else so_far.n
        done = sum(replication < so_far.n for replication in values[key])
        lost = {replication: why for replication, why in failed[key].items() if replication < so_far.n}
        cells.append(CellStatus(cell, so_far, end, done, lost, seconds.get(key)))
    return Status(grid.name, wanted, cells, _stale(place, table, keys), damages, _is_locked(place))


def _stale(folder: Path, table: pa.Table, keys: Collection[str]) -> dict[str, int]:
    titles = {row["key"]: f"{row['policy']} in {row['environment']}" for row in read_cells(folder).to_pylist()}
    places = set(zip(table["key"].to_pylist(), table["replication"].to_pylist(), strict=True))
    lost = "policies, environments or code of before"
    return dict(Counter(titles.get(key, lost) for key, _ in places if key not in keys))


def _seconds(folder: Path) -> dict[str, float]:
    """Return how long a replication of each cell took, of the last run that played any, by key."""
    found = {}
    for run in provenance.read(folder):
        timings = run.get("timings")
        for key, timing in timings.items() if isinstance(timings, dict) else ():
            with contextlib.suppress(TypeError, KeyError, ZeroDivisionError):  # a note of others'
                found[key] = float(timing["seconds"] / timing["replications"])
    return found


def _is_locked(folder: Path) -> bool:
    try:
        with (folder / ".lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
