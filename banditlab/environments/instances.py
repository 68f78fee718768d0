"""How instances are written in a grid: arms by a gap, by a prior, or one by one."""

from __future__ import annotations

import re

import numpy as np

from banditlab.errors import nearest

_PRIOR = re.compile(r"(\w+)\(\s*([-+.\deE]+)\s*,\s*([-+.\deE]+)\s*\)")


def exclusive(given: object, one: str, others: tuple[str, ...]) -> None:
    """Check that a parameter does not stand beside others that it would make idle.

    Raises
    ------
    ValueError
        It does.
    """
    idle = [name for name in others if getattr(given, name) is not None]
    if getattr(given, one) is not None and idle:
        raise ValueError(f"{one} leaves nothing to {', '.join(idle)}: drop one of them")


def check_arms(means: list | None, arms: int | None, prior: str | None, laws: dict[str, str]) -> None:
    """Check that the arms are given in exactly one way.

    Raises
    ------
    ValueError
        Both or neither of `means` and `arms`; an unknown prior.
    """
    if (means is None) == (arms is None):
        raise ValueError("give either means = [...] or arms = K (with gap and best, or with prior)")
    if means is not None and len(means) < 2:
        raise ValueError(f"means: at least 2 arms, got {len(means)}")
    if prior is not None:
        parse_prior(prior, laws)


def settle_arms(given: object, laws: dict[str, str]) -> None:
    """Check that arms are given in one way, and fill in the gap and the best mean, in a dataclass's `__post_init__`.

    Raises
    ------
    ValueError
        As of `check_arms` and `exclusive`.
    """
    check_arms(given.means, given.arms, given.prior, laws)
    exclusive(given, "means", ("gap", "best", "prior"))
    exclusive(given, "prior", ("gap", "best"))
    if given.arms is not None and given.prior is None:
        fill(given, gap=0.1, best=0.6)


def parse_prior(text: str, laws: dict[str, str]) -> tuple[str, float, float]:
    """Split "beta(1, 1)" into its law and two numbers.

    Parameters
    ----------
    text : str
    laws : dict of str to str
        Law to the form that it is written in.

    Raises
    ------
    ValueError
        Not of that form; an unknown law; parameters out of range.
    """
    match = _PRIOR.fullmatch(text)
    forms = " or ".join(laws.values())
    if not match:
        raise ValueError(f"prior: should read {forms}, got {text!r}")
    law, a, b = match[1], float(match[2]), float(match[3])
    if law not in laws:
        raise ValueError(f"prior: no law {law!r}{nearest(law, laws)}; write {forms}")
    if (law == "beta" and min(a, b) <= 0) or (law == "uniform" and a >= b) or (law == "normal" and b <= 0):
        raise ValueError(f"prior: parameters out of range in {text!r}; write {forms}")
    return law, a, b


def fill(given: object, **defaults: object) -> None:
    """Set those parameters of a frozen dataclass that were left out, in its `__post_init__`."""
    for name, value in defaults.items():
        if getattr(given, name) is None:
            object.__setattr__(given, name, value)


def draw_means(
    means: list | None, arms: int | None, gap: float | None, best: float | None, prior: str | None, rng
) -> np.ndarray:
    """Return the arms' means (K,): as given, drawn from the prior, or one best arm at a random place and a gap."""
    if means is not None:
        return np.array(means, float)
    if prior is not None:
        law, a, b = parse_prior(prior, dict.fromkeys(("beta", "uniform", "normal"), ""))
        return getattr(rng, law)(a, b, arms)
    values = np.full(arms, best - gap)
    values[rng.integers(arms)] = best
    return values
