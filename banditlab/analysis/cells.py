"""The finished replications of one policy in one environment, and what is read off them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from banditlab import registry
from banditlab.analysis import statistics
from banditlab.errors import UserError
from banditlab.games import games
from banditlab.games.game import Metric
from banditlab.runs.searches import Tuned


@dataclass(frozen=True)
class CellResult:
    """Finished replications of one policy in one environment for one horizon.

    Attributes
    ----------
    environment, policy : str
        Labels.
    game : str
    kinds : dict of str to str
        Kinds of "environment" and "policy".
    parameters : dict of str to dict
        Parameters of "environment" and "policy", by name; those of a wrapper as "delayed.rounds".
    horizon : int
    told : str
        Facts that the policy was told, beyond arms and dimension.
    metrics : tuple of str
        In the order of the game, the users' last.
    replications : ndarray (R,)
    x : ndarray (P,)
        The recorded numbers of rounds.
    curves : dict of str to ndarray (R, P)
        By metric.
    seed : int, optional
        Root of the random numbers that it was run on.
    fixed : bool
        Whether one instance of the environment served all replications.
    failed : frozenset of int
        Replications that failed when they were last played.
    alone : bool
        Whether the environment has no wrappers and takes turns with no other.
    key : str
        What its work is found by in the folder.
    tuned : Tuned, optional
        How parameters of the policy were found, where they were.
    """

    environment: str
    policy: str
    game: str
    kinds: dict[str, str]
    parameters: dict[str, dict[str, Any]]
    horizon: int
    told: str
    metrics: tuple[str, ...]
    replications: np.ndarray
    x: np.ndarray
    curves: dict[str, np.ndarray]
    seed: int | None = None
    fixed: bool = False
    failed: frozenset[int] = frozenset()
    alone: bool = True
    key: str = ""
    tuned: Tuned | None = None

    @property
    def is_told_horizon(self) -> bool:
        """Whether the policy was told the horizon."""
        return "horizon" in self.told.split(", ")

    @property
    def searched(self) -> dict[str, Any]:
        """The values of the policy's parameters that were found by tuning."""
        return {name: self.parameters["policy"][name] for name in self.tuned.names} if self.tuned else {}

    def final(self, metric: str, at: int | None = None) -> np.ndarray:
        """Return the metric of each replication at the last round, or at the record point nearest to `at`.

        Raises
        ------
        UserError
            No round within 5 % of `at` was recorded.
        """
        return self.curves[metric][:, -1 if at is None else self.column(at)]

    def column(self, at: int) -> int:
        """Return the index of the record point nearest to a round; raises as `final`."""
        column = int(np.abs(self.x - at).argmin())
        if abs(self.x[column] - at) > max(1, 0.05 * at):
            nearest_one = f"the nearest recorded round is {self.x[column]}"
            raise UserError(f"{self.policy} in {self.environment}: round {at} was not recorded, {nearest_one}")
        return column


def metric_of(game: str, name: str) -> Metric:
    """Return the metric of a game or of a user's; one that is not loaded is labelled by its name."""
    known = [*games()[game].metrics, *(entry.metric for entry in registry.metrics(game))]
    return next((metric for metric in known if metric.name == name), Metric(name, name, better=None))


def growth_of(cells: Sequence[CellResult], metric: str, confidence: float = 0.95) -> statistics.Growth:
    """Return the growth exponent of one policy in one environment from its cells, one a horizon.

    Over the horizons where there are three or more; else over the last decade of rounds, and nan for a policy that was
    told the horizon, where fewer than two rounds were recorded there, or for a metric that is no sum over rounds.
    """
    longest = max(cells, key=lambda cell: cell.horizon)
    nan = float("nan")
    if not metric_of(longest.game, metric).cumulative:
        return statistics.Growth(nan, nan, nan, (nan, nan), len(longest.replications))
    common = functools.reduce(np.intersect1d, (cell.replications for cell in cells))
    if len(cells) > 2 and len(common):
        # horizons share the random numbers of a replication, which therefore counts as one
        finals = [cell.final(metric)[np.isin(cell.replications, common)] for cell in cells]
        horizons = [cell.horizon for cell in cells]
        window = min(horizons), max(horizons)
        return statistics.growth(horizons, np.stack(finals, axis=1), window, confidence)
    if longest.is_told_horizon or np.count_nonzero(longest.x >= longest.x[-1] / 10) < 2:
        return statistics.Growth(nan, nan, nan, (nan, nan), len(longest.replications))
    return statistics.growth(longest.x, longest.curves[metric], confidence=confidence)


def paired(one: CellResult, other: CellResult, metric: str, at: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the metric of two cells over the replications that both have, in the same order.

    Raises
    ------
    UserError
        They have none in common.
    """
    _, i, j = np.intersect1d(one.replications, other.replications, return_indices=True)
    if len(i) == 0:
        raise UserError(f"{one.policy} and {other.policy} have no replication in common in {one.environment}")
    return one.final(metric, at)[i], other.final(metric, at)[j]
