"""How instances are written in a grid: arms by a gap, by a prior, or one by one; arrays from files."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import numpy as np

from banditlab.errors import UserError, nearest

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


@functools.lru_cache(maxsize=32)
def _read(path: str, changed: int) -> dict[str, np.ndarray]:
    file = Path(path)
    if file.suffix == ".npz":
        with np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    if file.suffix == ".npy":
        return {"": np.load(file, allow_pickle=False)}
    import pandas as pd

    table = pd.read_csv(file)
    return {str(name): table[name].to_numpy() for name in table.columns}


def read_arrays(path: str) -> dict[str, np.ndarray]:
    """Read the arrays of an NPZ file, the one of an NPY file (named ""), or the columns of a CSV file with a header.

    Raises
    ------
    UserError
        The file is missing, of another kind, damaged, or would need a pickle.
    """
    file = Path(path)
    changed = last_change(path)
    try:
        return _read(str(file.resolve()), changed)
    except Exception as error:
        raise UserError(f"{path}: cannot be read as {file.suffix[1:].upper()}: {error}") from error


def last_change(path: str) -> int:
    """Return when a data file was last changed, in nanoseconds: what is read from it is kept only as long.

    Raises
    ------
    UserError
        The file is missing, or of a kind that is not read.
    """
    file = Path(path)
    if file.suffix not in (".npz", ".npy", ".csv"):
        raise UserError(f"{path}: a data file ends in .csv, .npz or .npy")
    if not file.is_file():
        raise UserError(f"{path}: no such file")
    return file.stat().st_mtime_ns


def numbers(path: str, name: str, array: np.ndarray) -> np.ndarray:
    """Return an array as float64.

    Raises
    ------
    UserError
        It holds something other than finite numbers; the first place is named.
    """
    place = f"{path}: column {name!r}" if name else str(path)
    try:
        values = np.asarray(array, float)
    except (TypeError, ValueError):
        raise UserError(f"{place}: should hold numbers only, got {array.dtype}") from None
    if not np.isfinite(values).all():
        first = np.argwhere(~np.isfinite(values))[0]
        at = ", ".join(str(int(i)) for i in first)
        raise UserError(f"{place}: should hold finite numbers only, got {values[tuple(first)]} at row {at}")
    return values


def table(path: str, name: str | None = None) -> np.ndarray:
    """Read one numeric array: all columns of a CSV, the only array of an NPZ, or the one of that name.

    Raises
    ------
    UserError
        As of `read_arrays` and `numbers`; several arrays and no name.
    """
    arrays = read_arrays(path)
    if path.endswith(".csv"):
        return np.column_stack([numbers(path, key, array) for key, array in arrays.items()])
    if name is not None and name in arrays:
        return numbers(path, name, arrays[name])
    if len(arrays) != 1:
        raise UserError(f"{path}: holds {', '.join(map(repr, arrays))}; an array {name!r} is needed")
    return numbers(path, "", next(iter(arrays.values())))
