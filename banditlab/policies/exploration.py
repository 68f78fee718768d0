"""Explore then commit: an offline algorithm whose questions are answered by playing the sets."""

from __future__ import annotations

from collections.abc import Callable


class Exploration:
    """A search under way: the set that it asks for, and what came of it so far.

    Attributes
    ----------
    items : list of int
        The set to be played.
    left : int
        For how many rounds more.
    committed : bool
        Whether it is the set that the search found.
    """

    def __init__(
        self, search: Callable, plays: Callable[[int], int], horizon: int, doubling: bool = False, memo: bool = False
    ):
        """Begin.

        Parameters
        ----------
        search : function
            Returns the generator of a new search.
        plays : function
            Returns m, the plays of each set, of the horizon.
        horizon : int
            T; with doubling that of the first search.
        doubling : bool
            Whether the search begins anew after so many rounds, with twice as many to come.
        memo : bool
            Whether a set that is asked for again is answered by what is known of it, without being played again.
        """
        self._new, self._plays, self._doubling, self._memo = search, plays, doubling, memo
        self._begin(horizon)

    def _begin(self, horizon: int) -> None:
        self.committed, self._known = False, {}
        self._search, self._horizon, self._to_come = self._new(), horizon, horizon
        self._ask(None)

    def _ask(self, answer: float | None) -> None:
        """Go on to the next set that must be played."""
        try:
            self.items = self._search.send(answer)
            while self._memo and frozenset(self.items) in self._known:
                self.items = self._search.send(self._known[frozenset(self.items)])
            self.left = min(self._plays(self._horizon), self._to_come)
        except StopIteration as end:
            self.items, self.committed, self.left = end.value, True, self._to_come
        self._length, self._total = self.left, 0.0

    def learn(self, rounds: int, total: float) -> None:
        """Take the sum of the rewards of rounds in which the set was played."""
        self.left -= rounds
        self._to_come -= rounds
        self._total += total
        if self._to_come == 0:
            if self._doubling:
                self._begin(2 * self._horizon)
        elif self.left == 0:
            mean = self._total / self._length
            self._known[frozenset(self.items)] = mean
            self._ask(mean)


class Explores:
    """The verbs of a policy whose state is an `Exploration`."""

    plain = "offline algorithms are generators in Python"

    @staticmethod
    def choose(state, t, items, rng):
        items[: len(state.items)] = state.items
        return len(state.items)

    @staticmethod
    def repeats(state, t):
        return state.left

    @staticmethod
    def learn(state, t, items, reward, parts, values):
        state.learn(1, reward)

    @staticmethod
    def learn_sum(state, t, items, rounds, total):
        state.learn(rounds, total)
