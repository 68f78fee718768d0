"""Policies over many environments: normalised scores, their interquartile mean, profiles, ranks, improvement.

A score is the metric at the last round over a level of the environment: the mean of uniform play, where it was played
in all environments, else the mean of the policy that is worst there. So 0 is best, and 1 as bad as uniform play (or as
the worst policy). It takes a metric that cannot be negative and of which less is better.

All policies are held against each other over the replications that all of them have. Intervals are percentiles over
resamples of these, within each environment (stratified), and the same for all policies, which were played on the same
random numbers. Environments count alike, whatever their number of replications, and are not resampled: all is said of
these environments, not of others. Levels are taken as known: their own spread is not in the intervals.

Source: Agarwal, Schwarzer, Castro, Courville and Bellemare, Deep Reinforcement Learning at the Edge of the Statistical
Precipice, 2021 (Sections 4.1 to 4.3; their scores grow with quality, these fall).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata

from banditlab.analysis.cells import CellResult, metric_of
from banditlab.analysis.results import Result
from banditlab.analysis.statistics import SEED, Array
from banditlab.errors import UserError
from banditlab.games.game import Metric

RESAMPLES = 2_000
TRIMMED = 0.25  #: of the scores on each side, that the interquartile mean leaves out


class Estimate(NamedTuple):
    """A number with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Contest:
    """Policies of a game that were played in the same environments.

    Attributes
    ----------
    game, metric : str
    policies : tuple of str
        Labels of the P policies.
    places : tuple of str
        The M environments, with their horizons where these differ.
    finals : tuple of ndarray (P, R_m)
        The metric at the last round, an array an environment; replications are the same in all rows.
    level : str
        What scores are relative to: "uniform play" or "the worst policy".
    levels : ndarray (M,)
    left_out : tuple of str
        Labels of policies that were not played in all environments.
    """

    game: str
    metric: str
    policies: tuple[str, ...]
    places: tuple[str, ...]
    finals: tuple[Array, ...]
    level: str
    levels: Array
    left_out: tuple[str, ...] = ()

    @property
    def scores(self) -> list[Array]:
        """The finals over the level of their environment."""
        return [finals / level for finals, level in zip(self.finals, self.levels, strict=True)]

    @functools.cached_property
    def _draws(self) -> list[Array]:
        """Shares (B, R_m) that the replications of each environment have in each resample."""
        rng = np.random.default_rng(SEED)
        sizes = [finals.shape[1] for finals in self.finals]
        return [rng.multinomial(n, np.full(n, 1 / n), RESAMPLES) / n for n in sizes]

    def interquartile_means(self, confidence: float = 0.95) -> list[Estimate]:
        """Return the mean of the middle half of the scores of each policy, over environments and replications."""
        count = len(self.places)
        plain = [np.full((1, finals.shape[1]), 1 / (count * finals.shape[1])) for finals in self.finals]
        drawn = [draw / count for draw in self._draws]
        found = []
        for i in range(len(self.policies)):
            scores = np.concatenate([table[i] for table in self.scores])
            value = _middle_mean(scores, np.hstack(plain))[0]
            found.append(_estimate(value, _middle_mean(scores, np.hstack(drawn)), confidence))
        return found

    def profile(self, policy: int, at: Array, confidence: float = 0.95) -> tuple[Array, Array, Array]:
        """Return the share of runs of a policy whose score is at most each of `at` (n,), and the ends of its band."""
        below = [(table[policy][:, None] <= at).astype(float) for table in self.scores]
        share = np.mean([one.mean(axis=0) for one in below], axis=0)
        drawn = np.mean([draw @ one for draw, one in zip(self._draws, below, strict=True)], axis=0)
        low, high = np.quantile(drawn, _ends(confidence), axis=0)
        return share, low, high

    def ranks(self, confidence: float = 0.95) -> list[Estimate]:
        """Return the mean rank of each policy, from 1 for the least, over environments and replications."""
        ranks = [rankdata(finals, axis=0) for finals in self.finals]
        value = np.mean([one.mean(axis=1) for one in ranks], axis=0)
        drawn = np.mean([draw @ one.T for draw, one in zip(self._draws, ranks, strict=True)], axis=0)
        return [_estimate(value[i], drawn[:, i], confidence) for i in range(len(self.policies))]

    def improvement(self, a: int, b: int, confidence: float = 0.95) -> Estimate:
        """Return the chance that a run of policy a has less than a run of policy b in the same environment.

        Of any two runs, ties counted half; the mean over environments.
        """
        values, drawn = [], []
        for finals, draw in zip(self.finals, self._draws, strict=True):
            plain = np.full((1, finals.shape[1]), 1 / finals.shape[1])
            values.append(_chance_below(finals[a], finals[b], plain)[0])
            drawn.append(_chance_below(finals[a], finals[b], draw))
        return _estimate(np.mean(values), np.mean(drawn, axis=0), confidence)


def contests(result: Result, metric: str | None = None) -> list[Contest]:
    """Return a contest for each game and metric.

    Raises
    ------
    UserError
        No two policies were played in the same environments; a metric that can be negative, or of which more is better.
    """
    groups: dict[tuple[str, str], list[CellResult]] = {}
    for cell, name in result.where(metric):
        groups.setdefault((cell.game, name), []).append(cell)
    found = [_contest(game, name, cells) for (game, name), cells in groups.items()]
    held = [contest for contest in found if contest]
    if not held:
        raise UserError(f"{result.name}: scores take two policies that were played in the same environments")
    return held


def _contest(game: str, metric: str, cells: list[CellResult]) -> Contest | None:
    check_metric(metric_of(game, metric))
    several = len({cell.horizon for cell in cells}) > 1
    table: dict[str, dict[str, CellResult]] = {}
    for cell in cells:
        place = f"{cell.environment}, T = {cell.horizon:,}" if several else cell.environment
        table.setdefault(cell.policy, {})[place] = cell
    places = list(dict.fromkeys(place for row in table.values() for place in row))
    full = [policy for policy, row in table.items() if len(row) == len(places)]
    if len(full) < 2:
        return None
    finals = [_shared([table[policy][place] for policy in full], metric) for place in places]
    uniform = [i for i, policy in enumerate(full) if table[policy][places[0]].kinds["policy"] == "uniform"]
    means = np.array([one.mean(axis=1) for one in finals])
    levels = means[:, uniform[0]] if uniform else means.max(axis=1)
    if not (levels > 0).all():
        empty = places[int(np.argmin(levels))]
        raise UserError(f"metric: {metric!r} is 0 in {empty} for {_level(uniform)}, so that there are no scores")
    left_out = tuple(policy for policy in table if policy not in full)
    return Contest(game, metric, tuple(full), tuple(places), tuple(finals), _level(uniform), levels, left_out)


def check_metric(metric: Metric) -> None:
    """Refuse a metric that has no scores.

    Raises
    ------
    UserError
        It can be negative, or less of it is not better.
    """
    if metric.signed or metric.better != "lower":
        why = "can be negative" if metric.signed else "is not one of which less is better"
        raise UserError(f"metric: {metric.name!r} {why}, and has no scores")


def _level(uniform: list[int]) -> str:
    return "uniform play" if uniform else "the worst policy"


def _shared(cells: list[CellResult], metric: str) -> Array:
    """Return the finals (P, R) of the replications that all cells have."""
    common = functools.reduce(np.intersect1d, (cell.replications for cell in cells))
    if not len(common):
        raise UserError(f"the policies in {cells[0].environment} have no replication in common")
    return np.stack([cell.final(metric)[np.isin(cell.replications, common)] for cell in cells])


def _middle_mean(values: Array, weights: Array) -> Array:
    """Return the means (B,) of values (n,) under weights (B, n) that sum to 1, without the outer quarters of weight."""
    order = np.argsort(values)
    high = np.cumsum(weights[:, order], axis=1)
    low = high - weights[:, order]
    kept = np.clip(high, TRIMMED, 1 - TRIMMED) - np.clip(low, TRIMMED, 1 - TRIMMED)
    return kept @ values[order] / (1 - 2 * TRIMMED)


def _chance_below(a: Array, b: Array, weights: Array) -> Array:
    """Return the chances (B,) that a value of a (n,) is below one of b (n,), under weights (B, n) of both."""
    order = np.argsort(a)
    below = np.hstack([np.zeros((len(weights), 1)), np.cumsum(weights[:, order], axis=1)])
    first, last = (np.searchsorted(a[order], b, side) for side in ("left", "right"))
    return ((below[:, first] + below[:, last]) / 2 * weights).sum(axis=1)


def _estimate(value: float, drawn: Array, confidence: float) -> Estimate:
    low, high = np.quantile(drawn, _ends(confidence))
    return Estimate(float(value), float(low), float(high))


def _ends(confidence: float) -> list[float]:
    return [(1 - confidence) / 2, (1 + confidence) / 2]
