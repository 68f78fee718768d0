"""Arrays from a user's files: NPZ, NPY, CSV and Parquet, never a pickle."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

from banditlab.errors import UserError

COLUMNS = (".csv", ".parquet")  #: kinds of files that hold named columns


def is_columns(path: str) -> bool:
    """Return whether a file of that name holds named columns, and not arrays."""
    return path.endswith(COLUMNS)


@functools.lru_cache(maxsize=32)
def _read(path: str, changed: int) -> dict[str, np.ndarray]:
    file = Path(path)
    if file.suffix == ".npz":
        with np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    if file.suffix == ".npy":
        return {"": np.load(file, allow_pickle=False)}
    import pandas as pd

    table = pd.read_csv(file) if file.suffix == ".csv" else pd.read_parquet(file)
    return {str(name): table[name].to_numpy() for name in table.columns}


def read_arrays(path: str) -> dict[str, np.ndarray]:
    """Read the arrays of an NPZ file, the one of an NPY file (named ""), or the columns of a CSV or Parquet file.

    A CSV file has a header.

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
    if file.suffix not in (".npz", ".npy", *COLUMNS):
        raise UserError(f"{path}: a data file ends in .csv, .parquet, .npz or .npy")
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


def named(path: str, arrays: dict[str, np.ndarray], name: str) -> np.ndarray:
    """Return one of the arrays of a file.

    Raises
    ------
    UserError
        There is none of that name.
    """
    if name not in arrays:
        kind = "column" if is_columns(path) else "array"
        raise UserError(f"{path}: no {kind} {name!r}; there are {', '.join(map(repr, arrays)) or 'none'}")
    return arrays[name]


def table(path: str, name: str | None = None) -> np.ndarray:
    """Read one numeric array: all columns of a table, the only array of an NPZ, or the one of that name.

    Raises
    ------
    UserError
        As of `read_arrays` and `numbers`; several arrays and no name.
    """
    arrays = read_arrays(path)
    if is_columns(path):
        return np.column_stack([numbers(path, key, array) for key, array in arrays.items()])
    if name is not None and name in arrays:
        return numbers(path, name, arrays[name])
    if len(arrays) != 1:
        raise UserError(f"{path}: holds {', '.join(map(repr, arrays))}; an array {name!r} is needed")
    return numbers(path, "", next(iter(arrays.values())))
