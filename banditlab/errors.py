"""Mistakes of a user: one clear line each, that names the place, what was found and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(ValueError):
    """One or several mistakes in a grid, a file or an argument; each a line."""

    def __init__(self, *lines: str):
        super().__init__("\n".join(lines))
        self.lines = lines

    def _render_traceback_(self) -> list[str]:
        """Let a notebook show the lines alone."""
        return [f"{type(self).__name__}: {line}" for line in self.lines]


def nearest(word: str, words: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for the word that is nearest, or the list of what there is."""
    words = sorted(words)
    found = difflib.get_close_matches(word, words, 1, 0.6)
    return f"; did you mean {found[0]!r}?" if found else f" (there are: {', '.join(words) or 'none'})"
