"""What is seen of an environment of each game, read off its verbs and its state, whoever wrote it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from banditlab.games import bandit, dueling, games
from banditlab.numerics import domains
from banditlab.registry import Kind
from banditlab.sketches import MEAN, Field, Lines, Sketch, Table, Values

MOST = 200  #: rounds that are looked at where contexts change in each of them
FEW = 40  #: arms of which all pairs are shown
CALM = 1 / 4  #: share of rounds with a change, above which arms are shown as a table and not as lines


def gaps_of(kind: Kind, state: Any, t: int, features: np.ndarray) -> np.ndarray:
    """Return by how much each arm (K,) is worse than the best one in round t, by the environment's own regret."""
    gaps, verb = np.zeros(len(features)), kind.cls.regret
    names = [metric.name for metric in games()[kind.game].metrics]
    first = names.index(kind.metrics[0])
    for k in range(len(features)):
        totals = np.zeros(len(names))
        arms = (k, k) if kind.game == "dueling" else (k, 0.0)
        verb(state, t, features, *arms, totals)
        gaps[k] = totals[first]
    return gaps


def means_of(kind: Kind, state: Any) -> np.ndarray | None:
    """Return the field `means` (K,) of a state, if arms fall short of the largest one by their regret."""
    means = getattr(state, "means", None)
    if kind.metrics[0] != "regret" or np.shape(means) != (len(state.features),):
        return None
    known = np.allclose(means.max() - means, gaps_of(kind, state, 0, state.features), atol=1e-9)
    return means.copy() if known else None


def of_bandit(kind: Kind, state: Any, horizon: int, contexts: np.random.Generator) -> list[Sketch]:
    """Show means, or how much worse each arm is than the best one, over the rounds where that changes."""
    if kind.metrics[0] != bandit.GAME.metrics[bandit.REGRET].name:
        return []  # regret is not kept: nobody knows the means
    features = kind.cls.observe(state, 0, contexts)
    means, first = means_of(kind, state), gaps_of(kind, state, 0, features)
    label = "gap to the best arm"
    if features.shape[1] in (1, 2) and "domain" in kind.gives:
        values = -first if means is None else means
        return [Field(features.copy(), values, f"- {label}" if means is None else MEAN, [int(first.argmin())])]
    looked = range(1, horizon if features.shape[1] == 0 else min(horizon, MOST))
    rows, starts = [first], [0]
    for t in looked:
        found = gaps_of(kind, state, t, kind.cls.observe(state, t, contexts))
        if not np.array_equal(found, rows[-1]):
            rows.append(found)
            starts.append(t)
    if len(rows) == 1:
        best = np.flatnonzero(first == first.min())
        return [Values(first, label, best) if means is None else Values(means, MEAN, best)]
    if len(rows) > CALM * len(looked):
        return [Table(np.array(rows).T, label, "arm", "round")]
    return [Lines(np.array([*starts, horizon]), np.array([*rows, rows[-1]]), label)]


def of_dueling(kind: Kind, state: Any, horizon: int, contexts: np.random.Generator) -> list[Sketch]:
    """Show who beats whom in the first round; on a domain utilities."""
    features = kind.cls.observe(state, 0, contexts)
    arms, gaps = len(features), gaps_of(kind, state, 0, features)
    label = dueling.GAME.metrics[[metric.name for metric in dueling.GAME.metrics].index(kind.metrics[0])].label
    shown: list[Sketch] = []
    if features.shape[1] in (1, 2) and "domain" in kind.gives:
        shown.append(Field(features.copy(), -gaps, "utility, less the largest", [int(gaps.argmin())]))
    if arms <= FEW and hasattr(kind.cls, "chance"):
        chances = [[kind.cls.chance(state, 0, features, i, j) for j in range(arms)] for i in range(arms)]
        shown.append(Table(np.array(chances), "chance of the row to win", "arm", "against arm"))
    return shown or [Values(gaps, label, [int(gaps.argmin())])]


def of_active_dueling(kind: Kind, state: Any, horizon: int, contexts: np.random.Generator) -> list[Sketch]:
    """Show gaps by context and arm: in utility, or in Borda value where there are no utilities."""
    known = np.isfinite(state.utility).all() and np.ptp(state.utility) > 0
    gaps = state.utility if known else state.borda
    marks = [(context, int(arm)) for context, arm in enumerate(state.best)]
    return [Table(gaps.copy(), f"gap in {'utility' if known else 'Borda value'}", "context", "arm", marks)]


def of_blackbox(kind: Kind, state: Any, horizon: int, contexts: np.random.Generator) -> list[Sketch]:
    """Show the objective, with what the constraints forbid, and the largest of these."""
    objective, rest = state.truth[0].copy(), state.truth[1:]
    worst = rest.max(axis=0) if len(rest) else None
    barred = None if worst is None else worst > 0.0
    shown: list[Sketch] = [Field(state.features.copy(), objective, "objective", [int(state.best[0])], barred)]
    if worst is not None:
        label = "constraint" if len(rest) == 1 else "worst constraint"
        shown.append(Field(state.features.copy(), worst, f"{label}, allowed up to 0", [], barred))
    return shown


def of_knapsack(kind: Kind, state: Any, horizon: int, contexts: np.random.Generator) -> list[Sketch]:
    """Show rewards and costs of the actions, and the budgets that are left under the best mixture of them."""
    table, m = state.table, state.costs.shape[1]
    alike = state.sampled or len(table) == 1
    names = [f"cost{f' of resource {i + 1}' if m > 1 else ''}" for i in range(m)]
    shown: list[Sketch] = []
    if alike:
        means = table.mean(axis=0)
        played = np.flatnonzero(state.mix > 1e-9)
        for i, name in enumerate(["reward", *names[:2]]):
            shown.append(Values(means[:, i].copy(), f"mean {name}", played, "action", "in the best mix"))
        over = np.tile(means, (horizon, 1, 1))
    else:
        starts = -(-np.arange(len(table) + 1) * horizon // len(table))
        for i, name in enumerate(["reward", *names[:2]]):
            shown.append(Lines(starts, np.vstack([table[:, :, i], table[-1:, :, i]]), name, "action"))
        over = table[np.arange(horizon) * len(table) // horizon]
    spent = np.cumsum(np.einsum("a,tai->ti", state.mix, over[:, :, 1:]), axis=0)
    left = np.vstack([state.budgets, state.budgets - spent])
    return [*shown, Lines(np.arange(horizon + 1), left, "budget left by the best mix", "resource", stepped=False)]


def of_combinatorial(kind: Kind, state: Any, horizon: int, contexts: np.random.Generator) -> list[Sketch]:
    """Show what each item is worth alone, and the best set."""
    alone = [kind.cls.value(state, np.array([i])) for i in range(len(state.features))]
    return [Values(np.array(alone), "expected reward alone", state.best.copy(), "item", "in the best set")]


def of_convex(kind: Kind, state: Any, horizon: int, contexts: np.random.Generator) -> list[Sketch]:
    """Show the sums of the gradients at the middle of the domain: a line that is straight is the same loss again."""
    middle = domains.centre(state.domain)
    gradients = np.zeros((horizon + 1, len(middle)))
    for t in range(horizon):
        kind.cls.reveal(state, t, middle, gradients[t + 1])
    sums = np.cumsum(gradients, axis=0)
    return [Lines(np.arange(horizon + 1), sums, "sum of gradients at the middle", "coordinate", stepped=False)]


#: How an environment of each game is seen that has no method `sketch`.
SKETCHES: dict[str, Callable[[Kind, Any, int, np.random.Generator], list[Sketch]]] = {
    "bandit": of_bandit,
    "dueling": of_dueling,
    "active-dueling": of_active_dueling,
    "blackbox": of_blackbox,
    "knapsack": of_knapsack,
    "combinatorial": of_combinatorial,
    "convex": of_convex,
}
