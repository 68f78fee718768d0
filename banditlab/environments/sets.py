"""What environments of the combinatorial game share: rewards of a set as a whole, or sums over its items."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from banditlab import fuse, offline
from banditlab.environments.instances import exclusive, fill
from banditlab.fuse import kernel
from banditlab.games.combinatorial import SEEN, Room, contains, make_room, overspends, value
from banditlab.numerics import families
from banditlab.numerics.families import Family
from banditlab.numerics.hashing import uniform
from banditlab.types import Count, Counts, Matrix, Positive, Probability, Vector

SEARCHED = 20  #: items, of which all sets are tried for the best one
#: The offline algorithm of the benchmarks, by what bounds the sets.
USUAL = {"sized": "greedy", "budgeted": "greedy-plus", "free": "randomized-usm"}


class State(NamedTuple):
    """What may be played, what it is compared with, and what the rewards depend on."""

    features: Matrix  #: (n, d)
    family: Any  #: the sets that may be played
    room: Room
    benchmarks: Vector  #: (3,) optimum, alpha times it, value of the offline algorithm's set; NaN where unknown
    best: Counts  #: (k,) the best set; empty where it is unknown
    noise: np.uint64
    data: Any  #: arrays of the environment's own


def make_state(family: Any, data: Any, noise: np.uint64, *, items: int, parts: int = 0, features: Any = None) -> State:
    """Return a state without benchmarks."""
    shown = np.zeros((items, 0)) if features is None else features
    return State(shown, family, make_room(items, parts), np.full(3, np.nan), np.zeros(0, int), noise, data)


class Bounded:
    """Verbs of sets that `families.Family` describes."""

    @staticmethod
    def contains(env, items):
        return families.in_family(env.family, items)

    @staticmethod
    def overspends(env, items):
        return families.overspends(env.family, items)

    @staticmethod
    def draw_set(family, rng, items):
        return families.draw_from(family, rng, items)


class Largest(Bounded):
    """Verbs of sets of at most k items, where the items are judged one by one."""

    def gives(self) -> frozenset[str]:
        return super().gives() | {"sized", "budgeted", "monotone"}

    @staticmethod
    def maximise(family, weights, items):
        return families.largest_set(family, weights, items)


@dataclass(frozen=True)
class SetFunction(Bounded):
    """The expected reward is a function of the set, in [0, 1].

    Where nothing else is said, what is drawn is 1 with this probability, else 0, and all sets are compared with the
    same draw of the round. The best set is known where there are at most 20 items; with more there is no regret to it,
    only to the offline algorithm.
    """

    # A class has a verb `value`, and methods `count_items()`, `kind()`, of its family, and `draw(rng)`, which returns
    # the family, and what `value` reads in `env.data`.

    offline: str | None = None  #: of the benchmarks; greedy, for a budget greedy-plus, for all sets randomized-usm

    monotone = True

    def gives(self) -> frozenset[str]:
        words = {self.kind()}
        words |= {"budgeted"} if self.kind() == "sized" else set()
        words |= {"monotone"} if self.monotone else set()
        words |= {"best-set"} if self.count_items() <= SEARCHED else set()
        return frozenset(words)

    def metrics(self) -> tuple[str, ...]:
        exact = ("regret", "alpha-regret") if self.count_items() <= SEARCHED else ()
        return (*exact, "offline-regret", *(("violations",) if self.kind() == "budgeted" else ()))

    def algorithm(self) -> Any:
        """Return the offline algorithm of the benchmarks.

        Raises
        ------
        ValueError
            There is none of that name, or it needs another kind of sets or function.
        """
        name = self.offline or USUAL[self.kind()]
        found = offline.make(name)
        if lacking := sorted(set(found.needs) - self.gives()):
            raise ValueError(f"offline: {name!r} needs {', '.join(lacking)}, which this environment does not give")
        return found

    def cite(self) -> tuple[str, ...]:
        """Return what is cited for the offline algorithm of the benchmarks."""
        return self.algorithm().cite

    def start(self, rng, noise, horizon) -> State:
        family, data = self.draw(rng)
        state, algorithm = make_state(family, data, noise, items=family.items), self.algorithm()
        state.benchmarks[2] = offline.expected(algorithm, family, rng, functools.partial(self.value, state))
        if family.items > SEARCHED:
            return state
        best = best_set(self, state)
        optimum = self.value(state, best)
        state.benchmarks[:2] = optimum, algorithm.ratio * optimum
        return state._replace(best=best)

    def facts(self, state) -> dict[str, Any]:
        known = {"best_set": state.best} if len(state.best) else {}
        return {"family": state.family, "reward_bound": 1.0, **known}

    @staticmethod
    def pull(env, t, rounds, items, expected, total):
        return total + count_below(env.noise, t, rounds, expected)


@dataclass(frozen=True)
class Limited(SetFunction):
    """Sets have at most k items, or costs within a budget."""

    k: Count | None = None  #: 4, unless there is a budget
    costs: list[Positive] | None = None  #: (n,) where there is a budget; by default uniform on [0.2, 1]
    budget: Positive | None = None  #: B, in place of k

    drawn = (0.2, 1.0)  # range of the costs where none are given

    def __post_init__(self):
        exclusive(self, "k", ("costs", "budget"))
        if self.costs is not None and self.budget is None:
            raise ValueError("costs: only with a budget")
        if self.costs is not None and len(self.costs) != self.count_items():
            raise ValueError(f"costs: {self.count_items()}, one an item; got {len(self.costs)}")
        if self.budget is None:
            fill(self, k=4)
            families.sized(self.count_items(), self.k)
        elif self.costs is not None:
            families.budgeted(self.costs, self.budget)
        elif self.budget < self.drawn[1]:
            raise ValueError(f"budget: at least {self.drawn[1]:g}, the highest cost drawn; got {self.budget:g}")
        self.algorithm()

    def kind(self) -> str:
        """Return what bounds the sets."""
        return "sized" if self.budget is None else "budgeted"

    def draw_family(self, rng: np.random.Generator) -> Family:
        """Return the sets that may be played."""
        items = self.count_items()
        if self.budget is None:
            return families.sized(items, self.k)
        costs = rng.uniform(*self.drawn, items) if self.costs is None else self.costs
        return families.budgeted(costs, self.budget)


@kernel
def count_below(noise, t, rounds, chance):
    """Return in how many rounds from t on the round's draw is below a chance."""
    found = 0
    for s in range(t, t + rounds):
        if uniform(noise, 0, s) < chance:
            found += 1
    return found


def best_set(environment: Any, state: State) -> np.ndarray:
    """Return the set of the largest value (k,), of all sets; the first in the order of the bits of its items."""
    verbs = {stub: getattr(environment, stub.__name__) for stub in (contains, overspends, value)}
    items, best = np.zeros((2, state.family.items), int)
    size = _search(type(environment), fuse.layout(state))(verbs, (state, items, best))
    return best[:size]


@functools.cache
def _search(cls: type, layout: Any) -> Any:
    """Return the search, which is compiled when it is first called."""
    made = []

    def search(verbs: dict, arguments: tuple) -> int:
        if not made:
            made.append(fuse.prepare(try_all, verbs, arguments)[0])
        return made[0](*arguments)

    return search


def try_all(env, items, best):
    """Write the set of the largest value into `best` (n,) and return its size; `items` (n,) is scratch."""
    n, found, top = items.shape[0], 0, -math.inf
    for chosen in range(1 << n):
        size = 0
        for i in range(n):
            if chosen >> i & 1:
                items[size] = i
                size += 1
        tried = items[:size]
        if contains(env, tried) and not overspends(env, tried):
            worth = value(env, tried)
            if worth > top:
                top, found = worth, size
                best[:size] = tried
    return found


class Means(NamedTuple):
    """The items' expected values."""

    means: Vector  #: (n,) in [0, 1]


class ItemSums:
    """The reward is the sum of values of 0 or 1, one an item of the set, a function of item and round.

    Under semi-bandit feedback the policy sees each of them.
    """

    # A class has a parameter `feedback`, the verbs `contains`, `draw_set` and `maximise`, and a method `draw(rng)`,
    # which returns the family, the means (n,) and features (n, d) or None.

    def gives(self) -> frozenset[str]:
        seen = {"part-values"} if self.feedback == "semi-bandit" else set()
        return frozenset({"sums", "oracle", "best-set"} | seen)

    def metrics(self) -> tuple[str, ...]:
        return ("regret",)

    def start(self, rng, noise, horizon) -> State:
        family, means, features = self.draw(rng)
        n = len(means)
        parts = n if self.feedback == "semi-bandit" else 0
        state = make_state(family, Means(means), noise, items=n, parts=parts, features=features)
        items = np.zeros(n, int)
        best = items[: self.maximise(family, means, items)]
        state.benchmarks[:] = self.value(state, best)
        return state._replace(best=best)

    def facts(self, state) -> dict[str, Any]:
        return {"family": state.family, "reward_bound": float(len(state.best)), "best_set": state.best}

    @staticmethod
    def value(env, items):
        return sum_over(env.data.means, items)

    @staticmethod
    def pull(env, t, rounds, items, expected, total):
        return add_values(env, t, rounds, items, total)


@dataclass(frozen=True)
class Structure(ItemSums):
    """The items' means are given, or uniform on [0, 1]."""

    # A class has the verbs of its sets, and a method `family(rng)`.

    means: list[Probability] | None = None  #: (n,) of the items; uniform on [0, 1] where they are not given
    feedback: Literal["semi-bandit", "full-bandit"] = "semi-bandit"  #: what is seen: each item's value, or their sum

    def check_means(self, family: Any) -> None:
        """Check that there is a mean for each item.

        Raises
        ------
        ValueError
            There are others.
        """
        if self.means is not None and len(self.means) != family.items:
            raise ValueError(f"means: {family.items}, one an item; got {len(self.means)}")

    def draw(self, rng: np.random.Generator):
        family = self.family(rng)
        return family, np.array(self.means, float) if self.means is not None else rng.random(family.items), None


@kernel(counted=False)
def sum_over(numbers, items):
    """Return the sum of the numbers of these items."""
    total = 0.0
    for i in items:
        total += numbers[i]
    return total


@kernel(counted=False)
def add_values(env, t, rounds, items, total):
    """Add up the values of a set over rounds; keep those of a single one where there is room for them."""
    room, means = env.room, env.data.means
    if rounds == 1 and room.parts.shape[0] > 0:
        for place in range(items.shape[0]):
            item = items[place]
            room.parts[place] = item
            room.values[place] = 1.0 if uniform(env.noise, item, t) < means[item] else 0.0
            total += room.values[place]
        room.block[SEEN] = items.shape[0]
        return total
    for s in range(t, t + rounds):
        for item in items:
            if uniform(env.noise, item, s) < means[item]:
                total += 1.0
    return total
