"""Wrong facts: a policy is told something else than what holds, such as another link or another noise scale."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from banditlab.errors import UserError, nearest
from banditlab.registry import wrapper

#: Facts by which policies make their arrays.
STRUCTURE = frozenset({"rounds", "arm_features"})


@wrapper("told")
@dataclass(frozen=True)
class Told:
    """Policies are told these facts in place of the environment's own; rounds and metrics are as before.

    `banditlab show POLICY` says which facts a policy may be told: `noise` (scale), `link`, `signal` (norm of the
    parameter), `horizon`, ...
    """

    facts: dict[str, float | int | bool | str] = field(default_factory=dict)  #: by name

    @property
    def retold(self) -> frozenset[str]:
        """The names of these facts."""
        return frozenset(self.facts)

    def retell(self, facts: dict[str, Any]) -> dict[str, Any]:
        """Return all facts that are told.

        Raises
        ------
        UserError
            The environment has no such fact, or it is of another type.
        """
        for name, value in self.facts.items():
            if name not in facts or name in STRUCTURE:
                raise UserError(f"told: no fact {name!r}{nearest(name, facts.keys() - STRUCTURE)}")
            if not _could_be(value, facts[name]):
                raise UserError(f"told: {name} is {facts[name]!r} here, and cannot be told as {value!r}")
        return {**facts, **self.facts}


def _could_be(told: Any, fact: Any) -> bool:
    """Return whether a fact could have that value: its type, finite, and positive where the fact is."""
    if type(fact) in (bool, str):
        return type(told) is type(fact)
    if type(fact) is int:
        return type(told) is int and told >= min(fact, 1)
    return type(fact) is float and type(told) in (int, float) and math.isfinite(told) and (told > 0 or fact <= 0)
