"""Logged data: the rounds of a policy as a table of (context, action, reward, probability)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from banditlab import fuse, registry
from banditlab.errors import Diverged, UserError
from banditlab.games import games
from banditlab.games.bandit import hear, heard, probability
from banditlab.runs.files import write_whole
from banditlab.runs.grid import Cell, Settings
from banditlab.runs.pair import check, open_pair
from banditlab.types import Counts, Tensor, Vector

NUMBERS = 1 << 20  #: that a page holds at most, but for its last row

WRITERS: dict[str, Callable[[Path, pa.Schema], Any]] = {
    ".parquet": lambda file, schema: pyarrow.parquet.ParquetWriter(file, schema, compression="zstd"),
    ".csv": pyarrow.csv.CSVWriter,
}


class Page(NamedTuple):
    """Rounds that are not written yet, n at most."""

    contexts: Tensor  #: (n, K, d), or (n, 1, d) where all arms have the same features
    actions: Counts  #: (n,)
    rewards: Vector  #: (n,)
    chances: Vector  #: (n,)
    filled: Counts  #: (1,) rounds that it holds


def write_log(cell: Cell, settings: Settings, path: str | Path, replication: int = 0, *, portable: bool = False) -> int:
    """Play a replication and write its rounds to a file, as many at a time as fit into about 8 MB.

    The rounds are those that a run of the same grid plays. There is a row a round, with columns `round` (from 1), the
    context, `arms` (K), `action` (from 0), `reward`, and `probability`, with which the policy chose its action. The
    context is `x_0`, `x_1`, ... where all arms have the same features, or else `x_K_I`, number I of arm K.

    Parameters
    ----------
    cell : Cell
        Of the bandit game.
    path : path
        Ends in .parquet or .csv; a file of that name is replaced once all is written.
    replication : int
    portable : bool
        As of `runs.pair.prepare`.

    Returns
    -------
    int
        The number of rounds.

    Raises
    ------
    UserError
        The policy does not know its probabilities, the environment not all of its outcomes, or the file cannot be
        written.
    """
    path = Path(path)
    _check(cell, path)
    check(cell, settings)
    pages = _Pages(cell, settings, replication, portable)

    def write(file: Path) -> None:
        with WRITERS[path.suffix](file, pages.schema) as writer:
            for table in pages:
                writer.write_table(table)

    try:
        write_whole(path, write)
    except Diverged as error:
        raise UserError(f"{cell.title}: {error}") from error
    return pages.rounds


def _check(cell: Cell, path: Path) -> None:
    """Check that a log of the cell can be written to that path.

    Raises
    ------
    UserError
        It cannot.
    """
    if path.suffix not in WRITERS:
        raise UserError(f"{path}: a log ends in {' or '.join(WRITERS)}")
    if not path.absolute().parent.is_dir():
        raise UserError(f"{path}: there is no folder {path.parent}")
    if cell.game != "bandit":
        raise UserError(f"{cell.title}: logs are of the game bandit, this one is of {cell.game}")
    if heard in cell.world.verbs:
        raise UserError(f"{cell.title}: {cell.world.kind.name} does not know the outcomes of all its rounds")
    if probability not in cell.player.kind.options:
        able = [kind.name for kind in registry.kinds("policy", "bandit") if probability in kind.options]
        raise UserError(
            f"{cell.title}: {cell.player.kind.name} does not say with which probability it chose; "
            f"these do: {', '.join(able)}"
        )


class _Pages:
    """The rounds of a replication, as tables of some rounds each."""

    def __init__(self, cell: Cell, settings: Settings, replication: int, portable: bool):
        self.rounds = 0  #: in the tables so far
        verbs, self._start = open_pair(cell, settings, replication)
        shared = (
            "arm-features" not in cell.world.gives and not cell.world.then
        )  # of environments in turn, all may differ
        shape = games()[cell.game].shape(self._start.env)
        self._horizon, self._arms, sources = cell.horizon, shape["arms"], 1 if shared else shape["arms"]
        places = np.ndindex(sources, shape["dim"])
        self._features = [f"x_{i}" if shared else f"x_{k}_{i}" for k, i in places]
        rows = min(cell.horizon, NUMBERS // (len(self._features) + 3) + 1)
        contexts = np.zeros((rows, sources, shape["dim"]))
        self._page = Page(contexts, np.zeros(rows, int), np.zeros(rows), np.zeros(rows), np.zeros(1, int))
        self._totals = np.zeros(len(games()[cell.game].metrics) + len(cell.user_metrics))
        self._play = _loop(cell, verbs, self._arguments(0, 0), portable)

    @property
    def schema(self) -> pa.Schema:
        """The columns of each table."""
        context = [(name, pa.float64()) for name in self._features]
        played = [("arms", pa.int64()), ("action", pa.int64()), ("reward", pa.float64()), ("probability", pa.float64())]
        return pa.schema([("round", pa.int64()), *context, *played])

    def __iter__(self) -> Iterator[pa.Table]:
        size = len(self._page.actions)
        for begin in range(0, self._horizon, size):
            self._page.filled[0] = 0
            self._play(*self._arguments(begin, min(begin + size, self._horizon)))
            yield self._table(int(self._page.filled[0]))

    def _arguments(self, begin: int, end: int) -> tuple:
        env, policy, channel, contexts, coins, _ = self._start
        return env, policy, (self._page, channel), begin, end, contexts, coins, self._totals

    def _table(self, filled: int) -> pa.Table:
        page, numbers = self._page, np.arange(self.rounds + 1, self.rounds + filled + 1)
        contexts = page.contexts[:filled].reshape(filled, len(self._features)).T
        played = page.actions[:filled], page.rewards[:filled], page.chances[:filled]
        self.rounds += filled
        return pa.Table.from_arrays(
            [pa.array(column) for column in (numbers, *contexts, np.full(filled, self._arms), *played)],
            schema=self.schema,
        )


def _loop(cell: Cell, verbs: dict[Callable, Callable], arguments: tuple, portable: bool) -> Callable:
    """Return the loop of a cell's game, in which each round is kept before the policy hears of it."""
    game = games()[cell.game]
    verbs = verbs | {hear: keep, pass_on: verbs.get(hear, hear)}
    if getattr(cell.player.instance, "plain", ""):
        return fuse.plain(game.rounds, verbs, portable=portable)
    return fuse.prepare(game.rounds, verbs, arguments, portable=portable)[0]


def pass_on(channel, env, policy, t, features, arm, reward):
    """Stand for the game's `hear`."""
    raise NotImplementedError


def keep(channel, env, policy, t, features, arm, reward):
    """Write a round into the page, and let the policy hear of it."""
    page, wrappers = channel
    i = page.filled[0]
    for k in range(page.contexts.shape[1]):
        for j in range(features.shape[1]):
            page.contexts[i, k, j] = features[k, j]
    page.actions[i] = arm
    page.rewards[i] = reward
    page.chances[i] = probability(policy, t, features, arm)
    page.filled[0] = i + 1
    pass_on(wrappers, env, policy, t, features, arm, reward)
