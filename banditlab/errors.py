"""Mistakes of a user: one clear line each, that names the place, what was found and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class UserError(ValueError):
    """One or several mistakes in a grid, a file or an argument; each a line."""

    def __init__(self, *lines: str):
        super().__init__("\n".join(lines))
        self.lines = lines

    def _render_traceback_(self) -> list[str]:
        """Let a notebook show the lines alone."""
        return [f"{type(self).__name__}: {line}" for line in self.lines]


class Damaged(UserError):
    """A file of results is not what was written."""


def nearest(word: str, words: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for the word that is nearest, or the list of what there is."""
    words = sorted(words)
    found = difflib.get_close_matches(word, words, 1, 0.6)
    return f"; did you mean {found[0]!r}?" if found else f" (there are: {', '.join(words) or 'none'})"


class Mistakes:
    """Collects the lines of several `UserError`, as a context, to report them at once."""

    def __init__(self, source: str):
        self.source = source
        self.lines: list[str] = []

    def add(self, line: str) -> None:
        """Add a line about the file."""
        self.lines.append(f"{self.source}: {line}")

    def stop(self) -> None:
        """Raise what was collected, if anything."""
        if self.lines:
            raise UserError(*dict.fromkeys(self.lines))

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        if isinstance(error, UserError):
            self.lines += error.lines
            return True
        return False


class Diverged(ArithmeticError):
    """A policy's numbers are no longer finite; compiled code raises it with the round, from 1."""

    def __init__(self, round: int):
        super().__init__(f"its predictions are not finite in round {round}")
