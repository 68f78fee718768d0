"""What determines a cell's numbers, as one key: finished work is found again by it, and never mistaken for other work.

The environment, the policy and their parameters, files that they read, seed, horizon, record points, the users'
metrics, the code of the pair, and the CPU's model unless the run is portable. Labels, the order of the grid and the
number of replications do not enter.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

from banditlab import registry, seeding
from banditlab.fingerprint import fingerprint
from banditlab.fuse import kernel, settle
from banditlab.games import games
from banditlab.games.game import play
from banditlab.games.letters import chain
from banditlab.runs import provenance
from banditlab.runs.grid import Cell, Player, Record, Settings, World
from banditlab.runs.switching import verbs as turns


class Keys:
    """Gives the cells of a grid their keys; what many cells share is found out once."""

    def __init__(self, settings: Settings, portable: bool):
        self._settings = settings
        self._way = json.dumps(
            [settings.seed, portable, None if portable else provenance.cpu(), not numba.config.DISABLE_JIT]
        )
        self._said: dict[Any, str] = {}

    def of(self, cell: Cell) -> str:
        """Return the key of a cell: 32 hexadecimal digits."""
        world, player, horizon = cell.world, cell.player, cell.horizon
        about = (
            self._way,
            self._once(id(world), _side, world),
            self._once(id(player), _side, player),
            self._once(cell.kinds, _pair, cell),
            self._once(("horizon", horizon), _points, self._settings.record, horizon),
        )
        return hashlib.sha256("\n".join(about).encode()).hexdigest()[:32]

    def _once(self, place: Any, said: Callable[..., str], *arguments: Any) -> str:
        if place not in self._said:
            self._said[place] = said(*arguments)
        return self._said[place]


def _side(side: World | Player) -> str:
    """Return what a side of a cell is, but for its label and its tuning, and what the files hold that it names."""
    about = {key: value for key, value in side.about.items() if key not in ("label", "tuned")}
    return json.dumps([side.kind.game, about, data_digests(side)], sort_keys=True)


def _pair(cell: Cell) -> str:
    """Return the users' metrics that a cell keeps, and its code."""
    kept = [(entry.metric.name, entry.metric.cumulative) for entry in cell.user_metrics]
    return json.dumps([kept, code_of(cell)])


def _points(record: Record, horizon: int) -> str:
    return f"{horizon} {hashlib.sha256(record.rounds(horizon).tobytes()).hexdigest()}"


def code_of(cell: Cell) -> str:
    """Return the fingerprint of all functions that the numbers of a cell's pair depend on."""
    return code(cell.game, cell.world.kind, cell.player.kind, tuple(cell.user_metrics), cell.world.made_of)


@functools.lru_cache(maxsize=4096)
def code(game: str, environment: registry.Kind, policy: registry.Kind, metrics: tuple, more: tuple) -> str:
    """Return the fingerprint of all functions of a pair, of users' metrics, and of kinds beside the environment's."""
    measures = [entry.function for entry in metrics]
    rules = kernel, settle, seeding.stream, seeding.key, play
    beside = [chain, turns, *(kind.cls for kind in more)] if more else []
    return fingerprint(*rules, *games()[game].loop.values(), environment.cls, policy.cls, *measures, *beside)


def data_digests(side: World | Player) -> dict[str, str]:
    """Return the digest of each file that a parameter names."""
    files = [Path(value) for value in side.parameters.values() if isinstance(value, str)]
    return {str(file): _digest(file, file.stat().st_mtime_ns) for file in files if file.suffix and file.is_file()}


@functools.lru_cache(maxsize=256)
def _digest(file: Path, changed: int) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
