"""Sweeps: one table of a grid that stands for many, a value of each list at a time."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from banditlab.errors import UserError


def expand(
    entry: Mapping[str, Any], keys: Sequence[str], place: str
) -> Iterator[tuple[dict[str, Any], str, dict[str, str]]]:
    """Yield parameters, the part of the label that the sweep adds, and where each swept key stands."""
    fixed = {key: value for key, value in entry.items() if key not in keys}
    for chosen, indices in sweep(entry, place):
        for key in chosen:
            if key in fixed:
                raise UserError(f"{place}.sweep.{key}: stands in the table too; drop one of them")
        moved = {key: f"{place}.sweep.{key}[{i}]" for key, i in zip(chosen, indices, strict=True)}
        yield fixed | chosen, suffix(chosen), moved


def sweep(entry: Mapping[str, Any], place: str) -> Iterator[tuple[dict[str, Any], tuple[int, ...]]]:
    """Yield each choice of a table's `sweep`, with the indices into its lists: the product, or pairs with `zip`.

    Raises
    ------
    UserError
        The sweep is no table of lists, a list is empty, or lists to be zipped differ in length.
    """
    lists, paired = entry.get("sweep", {}), entry.get("zip", False)
    if not isinstance(lists, dict):
        raise UserError(f"{place}.sweep: should be a table of lists, such as sweep = {{ dim = [5, 10] }}")
    if "sweep" in entry and not lists:
        raise UserError(f"{place}.sweep: is empty; write sweep = {{ dim = [5, 10] }}, or leave it out")
    for key, values in lists.items():
        if not isinstance(values, list) or not values:
            found = "an empty list" if values == [] else repr(values)
            raise UserError(f"{place}.sweep.{key}: should be a list of at least one value, got {found}")
    if not isinstance(paired, bool):
        raise UserError(f"{place}.zip: should be true or false, got {paired!r}")
    sizes = {key: len(values) for key, values in lists.items()}
    if paired and len(set(sizes.values())) > 1:
        found = ", ".join(f"{key} {size}" for key, size in sizes.items())
        raise UserError(f"{place}.sweep: lists to be zipped should have one length, got {found}")
    ranges = [range(size) for size in sizes.values()]
    for indices in zip(*ranges, strict=True) if paired and ranges else itertools.product(*ranges):
        yield {key: lists[key][i] for key, i in zip(lists, indices, strict=True)}, tuple(indices)


def suffix(values: Mapping[str, Any]) -> str:
    """Return what values add to a label: " (dim=5)"; nothing where there are none."""
    return f" ({in_words(values)})" if values else ""


def in_words(values: Mapping[str, Any]) -> str:
    """Return "dim=5, signal=1"."""
    return ", ".join(f"{key}={_short(value)}" for key, value in values.items())


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return value if isinstance(value, str) else json.dumps(value)
