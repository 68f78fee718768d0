"""Joins what several machines have played of one grid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from banditlab.errors import UserError
from banditlab.runs import precision, provenance, trace
from banditlab.runs.cell_table import read_cells
from banditlab.runs.store import Store, finals, read_curves, read_failures, read_grid
from banditlab.runs.tuning import FOLDER


def merge(folders: Sequence[str | Path], out: str | Path) -> str:
    """Join the results folders of the shards of a grid into one; return a line that says what came of it.

    The canonical files are those of a run on one machine, to the byte.

    Raises
    ------
    UserError
        The folders are of different grids or code, or of different CPUs and not portable; one of them is damaged; the
        folder to write holds something else.
    """
    first = Path(folders[0])
    grid, cells = read_grid(first), read_cells(first)
    for folder in map(Path, folders[1:]):
        other = read_grid(folder)
        if other != grid and other | {"portable": grid.get("portable")} == grid:
            raise UserError(f"{folder}: it or {first} was played with --portable, and not both: play all shards alike")
        if other != grid:
            raise UserError(f"{folder}: holds another grid than {first}: merge the shards of one grid")
        if not read_cells(folder).equals(cells):
            raise UserError(
                f"{folder}: was played with other code than {first}, or on another model of CPU: use one version of "
                "the code, and --portable where CPUs differ"
            )
    tried = [Path(folder) / FOLDER for folder in folders if grid.get("tune") and (Path(folder) / FOLDER).is_dir()]
    wanted = precision.read(grid["replications"], f"{first / 'grid.json'}: replications")
    store = Store(out, grid["name"], {world["game"] for world in grid["environments"]})
    store.open()
    with store.alone():
        for line in store.repair():
            raise UserError(line)
        trace.gather([Path(folder) for folder in folders], store.folder)
        store.adopt(grid, cells, map(Path, folders))
        metrics = {row["key"]: row["metrics"] for row in cells.to_pylist()}
        values = finals(read_curves(store.folder), metrics, grid["metric"])
        values = trace.traced(store.folder, values, grid.get("trace", ()))
        failed = [row for folder in folders for row in read_failures(Path(folder))]
        failed = [row for row in failed if row["replication"] not in values.get(row["key"], ())]
        store.write_failures(failed)
        provenance.adopt(store.folder, folders)
        if tried:
            merge(tried, store.folder / FOLDER)
    lost = defaultdict(set)
    for row in failed:
        lost[row["key"]].add(row["replication"])
    until = {key: precision.stand(wanted, found, lost[key]).n for key, found in values.items()}
    done, n = sum(r < until[key] for key, found in values.items() for r in found), sum(until.values())
    missing = f"; {n - done:,} are missing" if n > done else ""
    return f"{grid['name']}: {done:,} of {n:,} replications -> {out}{missing}"
