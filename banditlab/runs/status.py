"""What of a grid is done, missing, failed or stale in its folder, and how long the rest will take."""

from __future__ import annotations

import fcntl
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from banditlab.runs import provenance, reading
from banditlab.runs.grid import Cell
from banditlab.runs.identity import Keys
from banditlab.runs.store import read_cells, read_curves, read_failures


@dataclass(frozen=True)
class CellStatus:
    """How far a cell is.

    Attributes
    ----------
    cell : Cell
    wanted, done : int
        Replications.
    failed : dict of int to str
        Replications that failed when they were last played, and why.
    seconds : float, optional
        Of a replication, where one was played before.
    """

    cell: Cell
    wanted: int
    done: int
    failed: dict[int, str]
    seconds: float | None

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
    cells : list of CellStatus
    stale : dict of str to int
        Finished replications that the grid does not have as it is now: of other parameters or earlier code; by title.
    damages : list of str
        A line for each damaged file.
    running : bool
        Whether a run writes to the folder.
    """

    name: str
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
    rows = Counter(zip(table["key"].to_pylist(), table["replication"].to_pylist(), strict=True))
    key = Keys(grid.settings, reading.is_portable(place)).of
    keys = {key(cell): cell for cell in grid.cells}
    failed, seconds, wanted = defaultdict(dict), _seconds(place), grid.settings.replications
    for row in read_failures(place):
        failed[row["key"]][row["replication"]] = row["message"]
    done, stale = Counter(), Counter()
    titles = {row["key"]: f"{row['policy']} in {row['environment']}" for row in read_cells(place).to_pylist()}
    for (key, replication), count in rows.items():
        if key not in keys:
            stale[titles.get(key, "policies, environments or code of before")] += 1
        elif count == len(keys[key].metrics) and replication < wanted:
            done[key] += 1
            failed[key].pop(replication, None)
    cells = [CellStatus(cell, wanted, done[key], failed[key], seconds.get(key)) for key, cell in keys.items()]
    return Status(grid.name, cells, dict(stale), damages, _is_locked(place))


def _seconds(folder: Path) -> dict[str, float]:
    """Return how long a replication of each cell took, of the last run that played any, by key."""
    found = {}
    for run in provenance.read(folder):
        for key, timing in dict(run.get("timings") or {}).items():
            if timing.get("replications"):
                found[key] = timing["seconds"] / timing["replications"]
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
