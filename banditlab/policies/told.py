"""Parameters that stand for something a policy is told of its problem."""

from __future__ import annotations

import math
from typing import Any

from banditlab.numerics.links import LINKS
from banditlab.numerics.preference import Model, start_model


def width(value: float | str, problem: Any) -> float:
    """Return a confidence width; "horizon" stands for sqrt(d ln T)."""
    return math.sqrt(problem.dim * math.log(problem.horizon)) if value == "horizon" else value


def link(value: str, problem: Any) -> str:
    """Return the name of a link; "told" stands for the environment's.

    Raises
    ------
    ValueError
        What a user told is none.
    """
    name = problem.link if value == "told" else value
    if not isinstance(name, str) or name not in LINKS:
        raise ValueError(f"link: should be one of {', '.join(LINKS)}, got {name!r}")
    return name


def exploration(value: int | None, problem: Any) -> int:
    """Return the number of rounds of random pairs; None stands for d K."""
    return problem.dim * problem.arms if value is None else value


def model(policy: Any, problem: Any) -> Model:
    """Return the model of a policy that has the parameters link, ridge, refit, design and exploration."""
    return start_model(
        problem.dim, problem.rounds, link(policy.link, problem),
        ridge=policy.ridge, refit=policy.refit, design=policy.design,
        exploration=exploration(policy.exploration, problem),
    )  # fmt: skip
