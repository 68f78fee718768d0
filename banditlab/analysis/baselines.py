"""Baselines: finished results in one small Parquet file, to draw a reference curve beside one's own.

A row is a metric of a cell: its labels, kinds and parameters as in `cells.parquet`, the rounds, and the curves of the
replications one after the other, rounded to single precision. The file's metadata say where it comes from.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from banditlab.analysis.cells import CellResult
from banditlab.analysis.results import Result
from banditlab.errors import Damaged, UserError
from banditlab.runs import curves, files, provenance
from banditlab.runs.store import read_grid

FOLDER = Path(__file__).parents[1] / "baselines"  #: of those that BanditLab ships
POINTS = 16  #: rounds on a log scale, and as many on a linear one
NUMBERS = 30_000  #: of a file: so many replications are kept as fit
HEAD = b"banditlab"  #: key of the metadata

ROWS = pa.schema(
    [
        ("about", pa.string()),  # all of the cell but its curves, as JSON
        ("metric", pa.string()),
        ("x", pa.list_(pa.int64())),
        ("replications", pa.list_(pa.int32())),
        ("values", pa.list_(pa.float32())),
    ]
)
PLAIN = ("environment", "policy", "game", "kinds", "parameters", "horizon", "told", "seed", "fixed", "alone")


def names() -> list[str]:
    """Return the names of the baselines that BanditLab ships."""
    return sorted(file.stem for file in FOLDER.glob("*.parquet"))


def describe() -> list[tuple[str, str]]:
    """Return each shipped baseline's name, and in a line what it holds."""
    found = []
    for name in names():
        file = FOLDER / f"{name}.parquet"
        head, result = _head(file), read(file)
        policies, metrics = "; ".join(result.labels("policy")), ", ".join(result.metrics())
        most, n = head["replications"], max(len(cell.replications) for cell in result.cells)
        found.append((name, f"{metrics} of {policies}; {n} of {most} replications, commit {head['commit']}"))
    return found


def write(result: Result, path: str | Path) -> int:
    """Write a baseline of the metrics that a finished result shows by default; return the number of replications.

    Raises
    ------
    UserError
        The results are not of a folder, or not finished; the file does not end in .parquet, or cannot be written.
    """
    file = Path(path)
    if file.suffix != ".parquet":
        raise UserError(f"{path}: a baseline is a file that ends in .parquet")
    if result.folder is None or result.quick or result.missing or (lacking := result.unfinished()):
        why = "a quick look" if result.quick else lacking[0] if result.folder and not result.missing else "not finished"
        raise UserError(f"{result.name}: a baseline is made of finished results: {why}")
    kept = [(cell, metric, _columns(cell.x)) for cell in result.cells for metric in result.default_metrics(cell)]
    fit = max(1, NUMBERS // sum(len(columns) for _, _, columns in kept))
    rows = [
        {
            "about": json.dumps({name: getattr(cell, name) for name in PLAIN}),
            "metric": metric,
            "x": cell.x[columns],
            "replications": cell.replications[:fit],
            "values": cell.curves[metric][:fit, columns].ravel().astype(np.float32),
        }
        for cell, metric, columns in kept
    ]
    grid = read_grid(result.folder)
    head = {
        "grid": result.name,
        "question": grid.get("question"),
        "metric": result.metric,
        "replications": max(len(cell.replications) for cell in result.cells),
        "version": provenance.played_with(result.folder),
        "commit": provenance.last_commit(result.folder),
    }
    table = pa.Table.from_pylist(rows, ROWS.with_metadata({HEAD: json.dumps(head).encode()}))
    way = {"compression": "zstd", "compression_level": 19, "use_dictionary": False, "write_page_checksum": True}
    floats = ["values.list.element"]
    files.write_whole(file, lambda temporary: pq.write_table(table, temporary, use_byte_stream_split=floats, **way))
    return min(fit, head["replications"])


def _columns(x: np.ndarray) -> np.ndarray:
    """Return the record points that are kept: both ends, and between them some that are even on either scale."""
    wanted = np.concatenate([np.geomspace(x[0], x[-1], POINTS), np.linspace(x[0], x[-1], POINTS)])
    return np.unique(np.abs(x[:, None] - wanted).argmin(axis=0))


def read(path: str | Path) -> Result:
    """Read a baseline.

    Raises
    ------
    UserError
        There is none, or it is damaged.
    """
    file = Path(path)
    head = _head(file)
    try:
        table = pq.read_table(file, columns=ROWS.names, page_checksum_verification=True)
        cells = list(_cells(curves.settled(table, ROWS)))
        return Result(file.stem, False, cells, metric=head["metric"])
    except (*curves.TROUBLES, KeyError, TypeError, AttributeError) as error:
        raise Damaged(f"{file}: damaged: {str(error).splitlines()[0]}") from error


def _head(file: Path) -> dict[str, Any]:
    """Return where a baseline comes from: grid, question, metric, replications, version, commit."""
    try:
        return dict(json.loads(pq.read_schema(file).metadata[HEAD]))
    except FileNotFoundError:
        raise UserError(f"{file}: no such file") from None
    except (*curves.TROUBLES, KeyError, TypeError) as error:
        raise Damaged(f"{file}: no baseline, or damaged: {str(error).splitlines()[0]}") from error


def _cells(table: pa.Table) -> Iterator[CellResult]:
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for row in table.to_pylist():
        rows.setdefault(row["about"], []).append(row)
    for text, metrics in rows.items():
        about, x = json.loads(text), np.array(metrics[0]["x"], np.int64)
        replications = np.array(metrics[0]["replications"], np.int64)
        values = {row["metric"]: np.reshape(row["values"], (len(replications), len(x))) for row in metrics}
        yield CellResult(
            **{name: about[name] for name in PLAIN},
            metrics=tuple(values),
            replications=replications,
            x=x,
            curves=values,
        )


# --- beside one's own -------------------------------------------------------------------------------------------------


Place = tuple[CellResult, list[str]]  #: a cell of an environment, and the metrics that are drawn there


def beside(result: Result, other: Result, metric: str | None = None) -> Result:
    """Return a result with the policies of another one too, in the environments that both have; see `Result.beside`."""
    places: dict[tuple[str, int], Place] = {}
    for cell, name in result.drawn(metric):
        places.setdefault((cell.environment, cell.horizon), (cell, []))[1].append(name)
    found = [(there, _place_of(there, places.values())) for there in other.cells]
    same = [(there, *place) for there, place in found if place]
    if not same:
        why = _why([here for here, _ in places.values()], other.cells)
        raise UserError(f"{other.name}: nothing to draw beside {result.name}: {why}")
    joined = [
        replace(there, environment=here.environment, policy=f"{there.policy} ({other.name})")
        for there, here, asked in same
        if set(asked) & set(there.metrics)
    ]
    if not joined:
        wanted = " or ".join(map(repr, dict.fromkeys(name for *_, asked in same for name in asked)))
        kept = ", ".join(dict.fromkeys(name for there, *_ in same for name in there.metrics))
        raise UserError(f"{other.name} has no metric {wanted} (there are: {kept})")
    return Result(result.name, result.quick, [*result.cells, *joined], metric=result.metric)


def _place_of(there: CellResult, places: Iterable[Place]) -> Place | None:
    return next((place for place in places if not _differences(place[0], there)), None)


def _differences(here: CellResult, there: CellResult) -> list[str]:
    """Return what two environments differ in, each "arms 10, here 5"; empty where curves may stand in one panel."""
    if _kind(here) != _kind(there):
        return [f"the kind {_kind(there)}, here {_kind(here)}"]
    values = [_said(cell) for cell in (there, here)]
    found = [
        f"{key} {_shown(values[0].get(key))}, here {_shown(values[1].get(key))}"
        for key in dict.fromkeys([*values[0], *values[1]])
        if values[0].get(key) != values[1].get(key)
    ]
    return found if here.alone and there.alone else [*found, "wrappers or turns, of which a baseline does not know"]


def _kind(cell: CellResult) -> str:
    return f"{cell.game}/{cell.kinds['environment']}"


def _said(cell: CellResult) -> dict[str, Any]:
    instance = {"instance": f"fixed, of seed {cell.seed}"} if cell.fixed else {"instance": "fresh"}
    return {"horizon": cell.horizon} | instance | cell.parameters["environment"]


def _shown(value: Any) -> str:
    return "none" if value is None else str(value)


def _why(own: Sequence[CellResult], others: Sequence[CellResult]) -> str:
    pairs = [(here, there) for here in own for there in others]
    if not pairs:
        return "there is no finished replication"
    here, there = min(pairs, key=lambda pair: (_kind(pair[0]) != _kind(pair[1]), len(_differences(*pair))))
    return f"the nearest environment has {'; '.join(_differences(here, there)[:4])}"
