"""What a game is: a loop with free verbs, and the metrics that its environments can keep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """A number that is followed over the rounds.

    Attributes
    ----------
    name : str
        As in TOML, results and figures.
    label : str
        As on an axis.
    signed : bool
        Whether it can be negative. Contracts and log axes read this.
    cumulative : bool
        Whether it adds up over the rounds; otherwise it is read at the record points.
    """

    name: str
    label: str
    signed: bool = False
    cumulative: bool = True


@dataclass(frozen=True)
class Game:
    """An interaction protocol: its loop, its verbs and its metrics.

    Attributes
    ----------
    name, summary : str
    rounds : function
        The loop; the verbs are free names in it.
    ask, tell : function
        The policy's half of a round, for a user's own loop.
    outcome : type
        What a policy is told after a round: float, bool.
    environment_verbs, policy_verbs : tuple of function
        The stubs that document who provides which verb, with which parameters.
    metrics : tuple of Metric
        In the order of the running totals.
    """

    name: str
    summary: str
    rounds: Callable
    ask: Callable
    tell: Callable
    outcome: type
    environment_verbs: tuple[Callable, ...]
    policy_verbs: tuple[Callable, ...]
    metrics: tuple[Metric, ...]


def rounds(env, policy, start, stop, contexts, coins, totals) -> None:
    """Game: play rounds start .. stop - 1."""
    raise NotImplementedError


def play(env, policy, start, stop, contexts, coins, totals, points, curves) -> None:
    """Play rounds start .. stop - 1 and copy the totals into `curves` at the record points.

    totals : float64 (M,), running totals of the metrics
    points : int64 (P,), numbers of rounds at which to record, increasing
    curves : float64 (P, M)
    """
    t = start
    for p in range(points.shape[0]):
        if t < points[p] and t < stop:
            end = min(points[p], stop)
            rounds(env, policy, t, end, contexts, coins, totals)
            t = end
            if t == points[p]:
                for m in range(totals.shape[0]):
                    curves[p, m] = totals[m]


def measure(env, policy, round, last, totals) -> None:
    """Users' metrics: add to their running totals after a round; `last` before a record point."""
