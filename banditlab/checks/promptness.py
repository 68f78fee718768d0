"""Whether a policy can learn of a round late: its `learn` must not depend on what the last `choose` left behind."""

from __future__ import annotations

import copy
import sys
from typing import Any

import numpy as np

from banditlab import fuse
from banditlab.checks.replay import start
from banditlab.runs.grid import Cell

ROUNDING = 1e-9


def late_learning(cell: Cell, rounds: int = 60) -> str:
    """Return where `learn` depends on the last `choose`; empty where it was not seen to.

    In each round a copy of the policy chooses once more before it learns. Apart from what `choose` writes itself, both
    must then be in the same state.
    """
    pair = start(cell.world.instance, cell.player.instance, rounds)
    module = sys.modules[pair.game.rounds.__module__]
    choose, learn = (fuse.plain(pair.verbs[verb], pair.verbs) for verb in (module.choose, module.learn))
    found: list[str] = []
    shown: list[Any] = []

    def choose_and_note(policy, t, *rest):
        shown[:] = rest
        return choose(policy, t, *rest)

    def learn_twice(policy, t, *told):
        other, heard = copy.deepcopy((policy, told))
        written = _choose_once_more(choose, other, t + 1, shown)
        learn(policy, t, *told)
        learn(other, t, *heard)
        one, second = _arrays(policy), _arrays(other)
        found.extend(name for name in one.keys() - written if not _same(one[name], second[name]))

    verbs = pair.verbs | {module.choose: choose_and_note, module.learn: learn_twice}
    loop, totals = fuse.plain(pair.game.rounds, verbs), np.zeros(len(pair.game.metrics))
    with np.errstate(all="ignore"):  # as compiled code: arms that nothing was heard of have infinite bounds
        for t in range(rounds):
            loop(*pair.arguments(t, t + 1, totals))
            if found:
                return f"in round {t}, {min(found)} depends on what choose left"
    return ""


def _choose_once_more(choose: Any, policy: Any, t: int, shown: list[Any]) -> set[str]:
    """Choose among the same arms in another order; return the arrays of the state that it writes."""
    before = _arrays(copy.deepcopy(policy))
    *rest, coins = copy.deepcopy(shown)
    if rest and rest[0].ndim > 1 and rest[0].dtype.kind == "f":
        rest[0] = np.roll(rest[0], 1, axis=-2)
    choose(policy, t, *rest, coins)
    return {name for name, array in _arrays(policy).items() if array.tobytes() != before[name].tobytes()}


def _arrays(state: Any, place: str = "state") -> dict[str, np.ndarray]:
    if isinstance(state, np.ndarray):
        return {place: state}
    if not isinstance(state, tuple):
        return {}
    names = getattr(state, "_fields", range(len(state)))
    parts = [_arrays(value, f"{place}.{name}") for name, value in zip(names, state, strict=True)]
    return {name: array for part in parts for name, array in part.items()}


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return np.allclose(one.astype(float), other.astype(float), ROUNDING, 1e-12, equal_nan=True)
