"""Letters: what a policy learns of a round, on its way through wrappers that change, delay or lose it.

In a game's loop `hear` lets the policy learn at once. Where an environment has wrappers, `send` stands for it: it puts
what `learn` takes into a letter, a pair of tuples (what was shown and played, the outcome), and hands it to the first
wrapper. Each hands on what it likes, the last one to the game's `receive`, which calls `learn`. Metrics are of what was
played and of the environment's truth, whatever the policy hears.

The functions below without a body are stubs that are bound by `banditlab.fuse`. `handle`, `number` and `truth` are the
wrapper's verbs, of which it has the first, or one or both of the others; `onward`, `put`, `take` and `likelihood` are
what `handle` may call.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.fuse import bind, bind_stubs
from banditlab.types import Counts


@dataclass(frozen=True)
class Item:
    """One thing that a letter holds.

    Attributes
    ----------
    kind : type
        int, float or bool.
    shape : function
        Of an array, the lengths of its axes, of which the first may be shorter, given the numbers that the game's
        `axes` names; none for a single number.
    low, high : float
        The range of a float.
    """

    kind: type = float
    shape: Callable[[dict[str, int]], tuple[int, ...]] = lambda shape: ()
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True)
class Letters:
    """How what a game's policies learn passes through wrappers.

    Attributes
    ----------
    hear, send, receive : function
        The stub in the loop; what stands for it; what calls the policy's `learn`.
    what, outcome : tuple of Item
        What a letter holds.
    which : function
        A number of the action, given the first part of a letter.
    likelihood : function, optional
        The probability that an outcome is true, given (env, t, first part of a letter).
    past : function
        Says why a policy in that state learns past them; empty where it does not.
    """

    hear: Callable
    send: Callable
    receive: Callable
    what: tuple[Item, ...]
    outcome: tuple[Item, ...]
    which: Callable
    likelihood: Callable | None = None
    past: Callable = lambda policy, state: ""


def carry(channel, env, policy, t, letter) -> None:
    """Hand a letter to the first wrapper."""
    raise NotImplementedError


def handle(own, channel, env, policy, t, letter) -> None:
    """Of a wrapper: in round t, hand letters to `onward`, this one or others, now or later."""
    raise NotImplementedError


def number(own, t, which, place, value) -> float:
    """Of a wrapper: what is heard of a number of an outcome, by its place there and the number of the action."""
    raise NotImplementedError


def truth(own, t, which, value) -> bool:
    """Of a wrapper: what is heard of an outcome that is true or false."""
    raise NotImplementedError


def onward(channel, env, policy, t, letter) -> None:
    """Hand the letter of round t to the next wrapper, or to the policy."""
    raise NotImplementedError


def put(shelf, at, letter) -> None:
    """Keep a copy of a letter in that place of a shelf."""
    raise NotImplementedError


def take(shelf, at) -> tuple:
    """Return the letter in that place of a shelf."""
    raise NotImplementedError


def likelihood(env, t, what) -> float:
    """Return the probability that the outcome of the present round is true."""
    raise NotImplementedError


class Shelf(NamedTuple):
    """Room for n letters."""

    items: tuple  #: an array (n, ...) for each thing that a letter holds
    lengths: Counts  #: (n, things) of arrays: the length of their first axis


def make_shelf(letters: Letters, shape: dict[str, int], n: int) -> Shelf:
    """Return room for n letters of a game with axes of these lengths."""
    items = (*letters.what, *letters.outcome)
    arrays = tuple(np.zeros((n, *item.shape(shape)), item.kind) for item in items)
    return Shelf(arrays, np.zeros((n, len(items)), int))


class Room(NamedTuple):
    """What is known of one thing of an outcome that is changed, and an array for it."""

    heard: np.ndarray
    low: float
    high: float


def make_room(letters: Letters, shape: dict[str, int], bounded: bool) -> tuple[Room, ...]:
    """Return room for the things of a changed outcome, all of whose floats lie in [0, 1] where it is bounded."""
    ends = [(0.0, 1.0) if bounded else (item.low, item.high) for item in letters.outcome]
    arrays = [np.zeros(item.shape(shape) or 1, item.kind) for item in letters.outcome]
    return tuple(Room(array, *range_) for array, range_ in zip(arrays, ends, strict=True))


def unfit(wrapper: type, letters: Letters, options: Iterable[str]) -> str:
    """Say why a wrapper does not fit a game, or an environment with these optional verbs; empty where it does."""
    if hasattr(wrapper, "asks") and (letters.likelihood is None or wrapper.asks not in options):
        return f"asks the environment's verb {wrapper.asks!r}, which this one does not have"
    if hasattr(wrapper, "handle") or not hasattr(wrapper, "start"):
        return ""
    kinds = {item.kind for item in letters.outcome} - {int}
    if bool in kinds and not hasattr(wrapper, "truth"):
        return "changes numbers, and outcomes are true or false here"
    if float in kinds and not hasattr(wrapper, "number"):
        return "changes outcomes that are true or false, and here they are numbers"
    if getattr(wrapper, "unbounded", False) and any(math.isfinite(item.high) for item in letters.outcome):
        return "needs outcomes without bounds, and here they have some"
    return ""


def chain(letters: Letters, wrappers: Sequence[type]) -> Callable:
    """Return what stands for `carry`: the wrappers (classes with verbs) one after the other, then the policy."""
    putting, taking = _shelving(letters)
    after = letters.receive
    for slot, wrapper in reversed(list(enumerate(wrappers))):
        if hasattr(wrapper, "handle"):
            stubs = {onward: after, put: putting, take: taking, likelihood: letters.likelihood or likelihood}
            after = bind(_hand, {"handle": bind_stubs(wrapper.handle, stubs), "SLOT": slot})
        else:
            bending = _bending(letters, wrapper)
            after = bind(_change, {"onward": after, "bent": bending, "which": letters.which, "SLOT": slot})
    return after


# --- templates: each is bound to the one that stands before it, since a tuple's items differ in their types -----------

SLOT = SIDE = PLACE = 0
KIND = float
FAR = 1 << 20  #: between the places of an outcome's arrays


def _hand(channel, env, policy, t, letter):
    handle(channel[SLOT][0], channel, env, policy, t, letter)


def _change(channel, env, policy, t, letter):
    own, room = channel[SLOT]
    onward(channel, env, policy, t, (letter[0], bent(own, room, t, which(letter[0]), letter[1])))


def which(what):
    """Stand for the game's number of an action."""
    return 0


def bent(own, room, t, which, outcome):
    """Stand for what comes before: no things so far."""
    return ()


def _bend_number(own, room, t, which, outcome):
    limits = room[PLACE]
    heard = min(max(number(own, t, which, PLACE * FAR, outcome[PLACE]), limits.low), limits.high)
    return bent(own, room, t, which, outcome) + (heard,)  # noqa: RUF005 (compiled code knows no star in a tuple)


def _bend_truth(own, room, t, which, outcome):
    return bent(own, room, t, which, outcome) + (truth(own, t, which, outcome[PLACE]),)  # noqa: RUF005


def _bend_array(own, room, t, which, outcome):
    given, limits = outcome[PLACE], room[PLACE]
    heard = limits.heard
    for i in range(given.shape[0]):
        heard[i] = min(max(number(own, t, which, PLACE * FAR + i, given[i]), limits.low), limits.high)
    return bent(own, room, t, which, outcome) + (heard[: given.shape[0]],)  # noqa: RUF005


def _leave(own, room, t, which, outcome):
    return bent(own, room, t, which, outcome) + (outcome[PLACE],)  # noqa: RUF005


def _bending(letters: Letters, wrapper: type) -> Callable:
    done = bent
    for place, item in enumerate(letters.outcome):
        names = {"bent": done, "PLACE": place}
        names |= {verb: getattr(wrapper, verb) for verb in ("number", "truth") if hasattr(wrapper, verb)}
        template = _bend_number if not _is_array(item) else _bend_array
        done = bind({int: _leave, bool: _bend_truth, float: template}[item.kind], names)
    return done


def _before_put(shelf, at, letter):
    pass


def _put_number(shelf, at, letter):
    _before_put(shelf, at, letter)
    shelf.items[SLOT][at] = letter[SIDE][PLACE]


def _put_array(shelf, at, letter):
    _before_put(shelf, at, letter)
    given = letter[SIDE][PLACE]
    shelf.lengths[at, SLOT] = given.shape[0]
    shelf.items[SLOT][at][: given.shape[0]] = given


def _before_take(shelf, at):
    return ()


def _take_number(shelf, at):
    return _before_take(shelf, at) + (KIND(shelf.items[SLOT][at]),)  # noqa: RUF005


def _take_array(shelf, at):
    return _before_take(shelf, at) + (shelf.items[SLOT][at][: shelf.lengths[at, SLOT]],)  # noqa: RUF005


def _first(shelf, at):
    """Stand for what takes the first part of a letter."""


def _second(shelf, at):
    """Stand for what takes the second part."""


def _take_both(shelf, at):
    return _first(shelf, at), _second(shelf, at)


def _shelving(letters: Letters) -> tuple[Callable, Callable]:
    """Return what stands for `put` and `take`."""
    putting, taken = _before_put, []
    for side, items in enumerate((letters.what, letters.outcome)):
        taking = _before_take
        for place, item in enumerate(items):
            array, slot = _is_array(item), side * len(letters.what) + place
            names = {"SLOT": slot, "SIDE": side, "PLACE": place, "KIND": item.kind}
            putting = bind(_put_array if array else _put_number, {**names, "_before_put": putting})
            taking = bind(_take_array if array else _take_number, {**names, "_before_take": taking})
        taken.append(taking)
    return putting, bind(_take_both, {"_first": taken[0], "_second": taken[1]})


class _AnyShape(dict):
    """Every axis has length 1."""

    def __missing__(self, axis: str) -> int:
        return 1


def _is_array(item: Item) -> bool:
    return bool(item.shape(_AnyShape()))
