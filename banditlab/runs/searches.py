"""Search spaces, of the tables `[policy.tune]`: with which values of its parameters a policy is tried.

The policy as it stands is tried first, where it lies in the space; then the points of a scrambled Sobol sequence, which
cover a space more evenly than independent draws, and each parameter in every number of points. A longer search begins
with a shorter one.

Sources: Bergstra and Bengio, Random search for hyper-parameter optimization, JMLR 13, 2012 (Section 4: Sobol's sequence
against grids and independent draws); Owen, Randomly permuted (t, m, s)-nets and (t, s)-sequences, 1995 (scrambling).
"""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any

from annotated_types import Ge, Le

from banditlab import seeding
from banditlab.errors import Mistakes, UserError, nearest
from banditlab.registry import Kind
from banditlab.runs.sweeps import in_words, suffix
from banditlab.types import Count, Real
from banditlab.validation import build, validate

DRAWS = 64  #: points a candidate, until a space is taken to have no other values


@dataclass(frozen=True)
class Tune:
    """The budget that each policy with a search space has, in each environment and for each horizon."""

    candidates: Annotated[Count, Ge(2), Le(10**4)]  #: choices of its parameters that it is tried with
    replications: Annotated[Count, Le(10**6)]  #: of each, on seeds that nothing else is played on
    metric: str | None = None  #: whose mean at the last round decides; by default that of the grid


@dataclass(frozen=True)
class Tuned:
    """How the parameters of a policy came about."""

    names: tuple[str, ...]  #: of the parameters that were searched
    candidates: tuple[tuple[Any, ...], ...]  #: their values, in the order in which they count where means are equal
    replications: Count

    def label(self, label: str, values: tuple[Any, ...]) -> str:
        """Return the label of a policy with these values."""
        return label + suffix(dict(zip(self.names, values, strict=True)))


@dataclass(frozen=True)
class Span:
    """All numbers between two ends, which belong to it; of a parameter that takes whole numbers, these.

    Raises
    ------
    ValueError
        The ends do not fit.
    """

    low: Real
    high: Real
    log: bool = False  #: evenly by ratio, and not by difference

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"low should be below high, got {self.low:g} and {self.high:g}")
        if self.log and self.low <= 0:
            raise ValueError(f"low should be above 0 where log is true, got {self.low:g}")
        if not math.isfinite(self.high - self.low):
            raise ValueError(f"high less low should be a finite number, got {self.low:g} and {self.high:g}")

    def __contains__(self, value: Any) -> bool:
        return isinstance(value, int | float) and self.low <= value <= self.high

    def at(self, share: float, whole: bool) -> float:
        """Return the value at a share in [0, 1) of the way; one a paper can state, to about a thousandth of the way."""
        low, high = (self.low, self.high + 1) if whole else (self.low, self.high)
        width = math.log(high) - math.log(low) if self.log else high - low
        value = math.exp(math.log(low) + width * share) if self.log else low + width * share
        if whole:
            return min(math.floor(value), int(self.high))
        around = value * width if self.log else width
        return min(max(round(value, 3 - math.floor(math.log10(around))), self.low), self.high)


@dataclass(frozen=True)
class Choices:
    """The values of a list."""

    values: tuple[Any, ...]

    def __contains__(self, value: Any) -> bool:
        return value in self.values

    def at(self, share: float, whole: bool) -> Any:
        """Return the value at a share in [0, 1) of the list."""
        return self.values[int(share * len(self.values))]


Space = dict[str, Span | Choices]


def read(entry: Mapping[str, Any], kind: Kind, given: Mapping[str, Any], budget: Tune | None, place: str) -> Space:
    """Return the search space of a policy's table; empty where it has none.

    Parameters
    ----------
    entry : mapping
        The table of the policy.
    kind : Kind
    given : mapping
        Parameters that the table gives beside its search space.
    budget : Tune, optional
        Of the grid.
    place : str

    Raises
    ------
    UserError
        One line for each mistake: no table of ranges and lists, values that a parameter cannot have, no budget.
    """
    if "tune" not in entry:
        return {}
    table, place = entry["tune"], f"{place}.tune"
    if not isinstance(table, Mapping) or not table:
        raise UserError(
            f"{place}: should be a table of ranges and lists, such as "
            f"{{ width = {{ low = 0.1, high = 10.0, log = true }} }}, got {table!r}"
        )
    if budget is None:
        raise UserError(
            f"{place}: the grid has no budget: write [tune] with candidates and replications, the same for all policies"
        )
    mistakes, space = Mistakes(place), {}
    base = {name: _first(table[name]) for name in _required(kind) & table.keys()} | given
    for name, written in table.items():
        with mistakes:
            space[name] = _axis(kind, base, name, written, f"{place}.{name}")
    mistakes.stop()
    return space


def _axis(kind: Kind, base: Mapping[str, Any], name: str, written: Any, place: str) -> Span | Choices:
    """Return the values of a parameter; its ends or its choices are tried one by one beside other parameters."""
    known = kind.cls.__dataclass_fields__
    if name not in known:
        raise UserError(f"{place}: unknown key{nearest(name, known)}")
    if isinstance(written, Mapping):
        span, tried = validate(Span, written, place), {".low": written["low"], ".high": written["high"]}
    elif isinstance(written, list) and written:
        span, tried = None, {f"[{i}]": value for i, value in enumerate(written)}
    else:
        found = "an empty list" if written == [] else repr(written)
        form = "a range, such as { low = 0.1, high = 10.0, log = true }, or a list of values"
        raise UserError(f"{place}: should be {form}, got {found}")
    above = place.rpartition(".tune")[0]
    built = [build(kind, {**base, name: value}, above, {name: place + end}) for end, value in tried.items()]
    return span or Choices(tuple(getattr(one, name) for one in built))


def _first(written: Any) -> Any:
    """Return some value of a range or list, for a parameter that has none of its own."""
    if isinstance(written, Mapping):
        return written.get("low")
    return written[0] if isinstance(written, list) and written else written


def _required(kind: Kind) -> set[str]:
    missing = dataclasses.MISSING
    fields = dataclasses.fields(kind.cls)
    return {field.name for field in fields if field.default is missing and field.default_factory is missing}


def _is_whole(kind: Kind, name: str) -> bool:
    """Tell whether a parameter takes whole numbers, and no others."""
    hint = typing.get_type_hints(kind.cls).get(name)
    return float not in (hint, *typing.get_args(hint))


def candidates(
    kind: Kind,
    given: Mapping[str, Any],
    space: Space,
    number: int,
    seed: int,
    place: str,
    moved: Mapping[str, str] = MappingProxyType({}),
) -> list[Any]:
    """Return the instances that a policy is tried as, all different: so many, or as many as its space has.

    Parameters
    ----------
    kind : Kind
    given : mapping
        Parameters as they stand in the grid.
    space : Space
    number : int
    seed : int
        Root of all random numbers.
    place, moved
        As of `validation.validate`.

    Raises
    ------
    UserError
        A parameter that the policy cannot have, or a choice of values that it cannot have together.
    """
    found: dict[str, Any] = {}
    if not _required(kind) - given.keys():
        instance = build(kind, given, place, moved)
        values = [getattr(instance, name) for name in space]
        if all(value in axis for value, axis in zip(values, space.values(), strict=True)):
            found[_same(values)] = instance
    if all(isinstance(axis, Choices) for axis in space.values()):
        number = min(number, math.prod(len(axis.values) for axis in space.values()))
    whole = [_is_whole(kind, name) for name in space]
    for point in _points(len(space), number, seeding.stream(seed, "candidates", kind.game, kind.name)):
        if len(found) == number:
            break
        values = [axis.at(*one) for axis, *one in zip(space.values(), map(float, point), whole, strict=True)]
        if _same(values) in found:
            continue
        chosen = dict(zip(space, values, strict=True))
        try:
            found[_same(values)] = build(kind, {**given, **chosen}, place, moved)
        except UserError as error:
            raise UserError(*(f"{line}; tried with {in_words(chosen)}" for line in error.lines)) from None
    return [*found.values()]


def _same(values: list[Any]) -> str:
    """Return what equal values have in common: 1 and 1.0 are the same."""
    return repr([float(value) if type(value) is int else value for value in values])


def _points(dimension: int, number: int, rng: Any) -> Iterator[Any]:
    """Yield points of the unit cube, the same first ones for every number of candidates."""
    from scipy.stats import qmc

    yield from qmc.Sobol(dimension, seed=rng).random_base2(math.ceil(math.log2(DRAWS * number)))
