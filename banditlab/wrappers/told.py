"""Wrong facts: a policy is told something else than what holds, such as another link or another noise scale."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from banditlab.errors import UserError, nearest
from banditlab.registry import wrapper


@wrapper("told")
@dataclass(frozen=True)
class Told:
    """Policies are told these facts in place of the environment's own; rounds and metrics are as before.

    `banditlab show POLICY` says which facts a policy may be told: `noise` (scale), `link`, `signal` (norm of the
    parameter), `horizon`, ...
    """

    facts: dict[str, float | int | bool | str] = field(default_factory=dict)  #: by name

    def retell(self, facts: dict[str, Any]) -> dict[str, Any]:
        """Return all facts that are told.

        Raises
        ------
        UserError
            The environment has no such fact, or it is of another type.
        """
        for name, value in self.facts.items():
            if name not in facts:
                raise UserError(f"told: no fact {name!r}{nearest(name, facts)}")
            types = (int, float) if type(facts[name]) in (int, float) else (type(facts[name]),)
            if type(value) not in types or type(value) not in (int, float, bool, str):
                raise UserError(f"told: {name} is {facts[name]!r} here, and cannot be told as {value!r}")
        return {**facts, **self.facts}
