"""Cascades: a user looks at a list from the top, and clicks on the first attractive item.

B. Kveton, C. Szepesvari, Z. Wen, A. Ashkan. Cascading bandits: learning to rank in the cascade model. ICML 2015, arXiv
1502.02763.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from banditlab.environments.instances import exclusive, fill
from banditlab.environments.sets import Largest, State, make_state
from banditlab.fuse import kernel
from banditlab.games.combinatorial import SEEN
from banditlab.numerics import families
from banditlab.numerics.hashing import uniform
from banditlab.registry import environment
from banditlab.types import Arms, Count, Probability, Vector


class Attraction(NamedTuple):
    """How attractive the items are."""

    chances: Vector  #: (L,) w


@environment("cascade", game="combinatorial", cite=("kveton2015cascading",))
@dataclass(frozen=True)
class Cascade(Largest):
    """Lists of at most k items, each of which is attractive with its own probability w; the reward is whether one is.

    The expected reward is 1 - prod(1 - w) over the list, in whatever order; but what is seen are the values of the
    items down to the first attractive one, 0, ..., 0, 1, and 0 for all where there is none. Whether an item is
    attractive in a round does not depend on the list.

    Without `attraction` it is the family B_LB(L, K, p, gap) of the paper: k items have the probability p, and the other
    ones p - gap.
    """

    attraction: list[Probability] | None = None  #: (L,) w
    items: Arms | None = None  #: L, in place of attraction; 16
    p: Probability | None = None  #: of the k best items; 0.2
    gap: Probability | None = None  #: by which the others are less attractive; 0.15
    shuffled: bool | None = None  #: whether the best items stand in random places, or else first; true
    k: Count = 2

    def __post_init__(self):
        exclusive(self, "attraction", ("items", "p", "gap", "shuffled"))
        if self.attraction is None:
            fill(self, items=16, p=0.2, gap=0.15, shuffled=True)
            if self.gap > self.p:
                raise ValueError(f"gap: at most p, {self.p:g}; got {self.gap:g}")
        families.sized(self._count(), self.k)

    def _count(self) -> int:
        return self.items if self.attraction is None else len(self.attraction)

    def gives(self) -> frozenset[str]:
        return frozenset({"part-values", "oracle", "cascade", "sized", "budgeted", "monotone", "best-set"})

    def metrics(self) -> tuple[str, ...]:
        return ("regret",)

    def start(self, rng, noise, horizon) -> State:
        n = self._count()
        family, chances = families.sized(n, self.k), self._draw(rng)
        state = make_state(family, Attraction(chances), noise, items=n, parts=n)
        best = np.zeros(n, int)
        best = best[: self.maximise(family, chances, best)]
        state.benchmarks[:] = self.value(state, best)
        return state._replace(best=best)

    def _draw(self, rng: np.random.Generator) -> np.ndarray:
        if self.attraction is not None:
            return np.array(self.attraction, float)
        chances = np.full(self.items, self.p)
        chances[self.k :] -= self.gap
        return rng.permutation(chances) if self.shuffled else chances

    def facts(self, state) -> dict[str, Any]:
        return {"family": state.family, "reward_bound": 1.0, "best_set": state.best}

    @staticmethod
    def value(env, items):
        missed = 1.0
        for i in items:
            missed *= 1.0 - env.data.chances[i]
        return 1.0 - missed

    @staticmethod
    def pull(env, t, rounds, items, expected, total):
        for s in range(t, t + rounds):
            clicked = first_attractive(env, s, items)
            if clicked < items.shape[0]:
                total += 1.0
            if rounds == 1:
                show(env.room, items, clicked)
        return total


@kernel
def first_attractive(env, t, items):
    """Return the place in a list (k,) of the first item that is attractive in round t; k where there is none."""
    for place in range(items.shape[0]):
        if uniform(env.noise, items[place], t) < env.data.chances[items[place]]:
            return place
    return items.shape[0]


@kernel
def show(room, items, clicked):
    """Show the values of the items that were looked at, down to the place where the user clicked."""
    seen = min(clicked + 1, items.shape[0])
    for place in range(seen):
        room.parts[place] = items[place]
        room.values[place] = 1.0 if place == clicked else 0.0
    room.block[SEEN] = seen
