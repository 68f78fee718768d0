"""Offline algorithms: they find a good set of items by asking for the values of others, and know nothing else.

An algorithm is a class in a file of this folder, or of a user's, with the decorator `algorithm`. Its `search` is a
generator: `value = yield items` asks for the value of a set, in any order of its items, and `return items` ends the
search. So the same search runs on the true values (`solve`), on noisy ones, and inside of a policy that plays each set
many times in place of an answer.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Generator, Iterable
from dataclasses import fields
from typing import Any

import numpy as np

from banditlab import references
from banditlab.errors import nearest

Search = Generator[list[int], float, list[int]]

SEARCHES = 1000  #: of an algorithm that draws, for its expected value

_algorithms: dict[str, type] = {}


def algorithm(name: str, *, random: bool = False, cite: str | Iterable[str] = ()) -> Callable[[type], type]:
    """Register a frozen dataclass as an offline algorithm, which is `random` where its search draws from `rng`.

    `cite` are keys of `references.bib`, or whole BibTeX entries. The class has the attributes `needs`, what an
    environment must give ("sized", "budgeted", "free", "monotone"), and `ratio`, the share alpha of the optimum that it
    reaches with the true values; and the methods

    - `sensitivity(family)`: delta, such that the value of the set found is at least alpha f(S*) - delta xi where each
      answer is off by at most xi;
    - `queries(family)`: N, the most sets that it asks for;
    - `search(family, rng)`: the generator.
    """

    def register(cls: type) -> type:
        if not cls.__module__.startswith(f"{__name__}."):
            _load()  # so that a name that is taken is the user's mistake
        if name in _algorithms and _algorithms[name].__module__ != cls.__module__:
            raise ValueError(f"there is an offline algorithm {name!r} already")
        cls.random, cls.cite = random, references.checked(cite)
        _algorithms[name] = cls
        return cls

    return register


@functools.cache
def _load() -> None:
    package = importlib.import_module(
        __name__
    )  # not the folder itself, by which results would be found no more elsewhere
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{__name__}.{module.name}")


def algorithms() -> dict[str, type]:
    """Return every offline algorithm by its name."""
    _load()
    return dict(sorted(_algorithms.items()))


def make(name: str, **given: Any) -> Any:
    """Return the algorithm of that name; parameters that are None are as by default.

    Raises
    ------
    ValueError
        No such algorithm, or it has no such parameter.
    """
    known = algorithms()
    if name not in known:
        raise ValueError(f"offline: no algorithm {name!r}{nearest(name, known)}")
    chosen = {key: value for key, value in given.items() if value is not None}
    if idle := chosen.keys() - {field.name for field in fields(known[name])}:
        raise ValueError(f"{', '.join(sorted(idle))}: not of the offline algorithm {name!r}")
    return known[name](**chosen)


def solve(search: Search, value: Callable[[np.ndarray], float]) -> list[int]:
    """Run a search on the answers of a function of sets (k,), and return the set that it finds."""
    try:
        items = next(search)
        while True:
            items = search.send(value(np.array(items, int)))
    except StopIteration as end:
        return end.value


def expected(algorithm: Any, family: Any, rng: np.random.Generator, value: Callable[[np.ndarray], float]) -> float:
    """Return the value of the set that an algorithm finds; of one that draws, the mean of many searches."""
    known: dict[frozenset[int], float] = {}

    def remembered(items: np.ndarray) -> float:
        place = frozenset(items.tolist())
        if place not in known:
            known[place] = value(items)
        return known[place]

    found = [
        remembered(np.array(solve(algorithm.search(family, rng), remembered), int))
        for _ in range(SEARCHES if algorithm.random else 1)
    ]
    return sum(found) / len(found)


def ask_each(found: list[int], items: Iterable[int]) -> Generator[list[int], float, list[tuple[float, int]]]:
    """Ask for the values of a set with each of these items added to it; return pairs (answer, item)."""
    answers = []
    for item in items:
        answers.append(((yield [*found, item]), item))
    return answers


def best_of(answers: Iterable[tuple[float, Any]]) -> tuple[float, Any]:
    """Return the pair with the largest first entry, the first of several."""
    return max(answers, key=lambda pair: pair[0])
