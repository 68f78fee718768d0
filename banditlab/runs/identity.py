"""What determines a cell's numbers, as one key: finished work is found again by it, and never mistaken for other work.

The environment, the policy and their parameters, files that they read, seed, horizon, record points, the users'
metrics, the code of the pair, and the CPU's model unless the run is portable. Labels, the order of the grid and the
number of replications do not enter.
"""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path

import numba

from banditlab import registry, seeding
from banditlab.fingerprint import fingerprint
from banditlab.fuse import kernel, settle
from banditlab.games import games
from banditlab.games.game import play
from banditlab.runs import provenance
from banditlab.runs.grid import Cell, Settings, describe


def cell_key(cell: Cell, settings: Settings, portable: bool) -> str:
    """Return the key of a cell: 32 hexadecimal digits."""
    about = describe(cell)
    for role in ("environment", "policy"):
        del about[role]["label"]
    about |= {
        "seed": settings.seed,
        "record": settings.record.rounds(cell.horizon).tolist(),
        "files": data_digests(cell),
        "metrics": [(entry.metric.name, entry.metric.cumulative) for entry in cell.user_metrics],
        "portable": portable,
        "cpu": None if portable else provenance.cpu(),
        "compiled": not numba.config.DISABLE_JIT,
        "code": code(cell.game, cell.world.kind, cell.player.kind, tuple(cell.user_metrics)),
    }
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:32]


@functools.lru_cache(maxsize=4096)
def code(game: str, environment: registry.Kind, policy: registry.Kind, metrics: tuple) -> str:
    """Return the fingerprint of all functions that a pair's numbers depend on."""
    measures = [entry.function for entry in metrics]
    rules = kernel, settle, seeding.stream, seeding.key, play
    return fingerprint(*rules, *games()[game].loop.values(), environment.cls, policy.cls, *measures)


def data_digests(cell: Cell) -> dict[str, str]:
    """Return the digest of each file that a parameter of the cell names."""
    values = [*cell.world.parameters.values(), *cell.player.parameters.values()]
    files = [Path(value) for value in values if isinstance(value, str)]
    return {str(file): _digest(file, file.stat().st_mtime_ns) for file in files if file.suffix and file.is_file()}


@functools.lru_cache(maxsize=256)
def _digest(file: Path, changed: int) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
