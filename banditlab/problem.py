"""What a policy is told of its problem: the shape of a round, and the facts that it declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from banditlab.errors import UserError, nearest

#: Facts about the run and the features, from which nothing is learned about the instance.
PLAIN = frozenset({"rounds", "arm_features"})


class Problem:
    """The facts that `start(problem, rng)` receives.

    Attributes
    ----------
    arms, dim, ... : int
        The shape of the features, by the names of the game's axes: K, the number of arms; d, the length of a feature
        vector, 0 without features; where the policy chooses a context too, `contexts`, their number.
    horizon, link, noise, signal, ... :
        Only what the policy declares in `told`; reading anything else is an error.
    used : set of str
        The facts that were read so far.
    """

    def __init__(
        self,
        policy: str,
        shape: Mapping[str, int],
        facts: Mapping[str, Any],
        told: Iterable[str],
        missing: str = "which this environment does not know",
    ):
        if clash := shape.keys() & facts.keys():
            raise UserError(
                f"policy {policy!r}: {', '.join(clash)}: an axis of the features and a fact of the same name"
            )
        self.__dict__.update(shape)
        self._shape = tuple(shape)
        self.used: set[str] = set()
        self._policy, self._facts, self._told, self._missing = policy, dict(facts), frozenset(told), missing

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._told:
            known = {*self._shape, *self._told}
            remedy = f": add told=({name!r},) to its decorator" if name in self._facts else nearest(name, known)
            raise UserError(f"policy {self._policy!r} reads problem.{name}, which it does not declare{remedy}")
        if name not in self._facts:
            raise UserError(f"policy {self._policy!r} must be told the {name}, {self._missing.format(name=name)}")
        self.used.add(name)
        return self._facts[name]
