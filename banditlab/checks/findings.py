"""What a check says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple


class Finding(NamedTuple):
    """One check of one thing; "none" where it could not be made."""

    check: str
    verdict: Literal["holds", "fails", "none"]
    text: str


def insist(name: str, findings: Iterable[Finding]) -> None:
    """Raise an AssertionError with a line for each finding that fails."""
    failed = [f"{name}: {finding.check}: {finding.text}" for finding in findings if finding.verdict == "fails"]
    if failed:
        raise AssertionError("\n".join(failed))
