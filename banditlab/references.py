"""References: BibTeX of what a policy or an environment was made from, and of BanditLab itself.

Those of what is built in stand in `references.bib`, and are cited by their keys; a third party's policy cites by a key,
or by a BibTeX entry written in full.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_name("references.bib")
OURS = "banditlab"  #: key of BanditLab itself
HEAD = re.compile(r"@\w+\s*\{\s*([^\s,{}]+)")
NAME = re.compile(r"\s*,\s*([\w-]+)\s*=\s*")
END = re.compile(r"\s*,?\s*\}")
BARE = re.compile(r"[\w.+-]+")
ACCENT = re.compile(r"""\\(['`"^~]|[cv](?=[ {]))\s*\{?\\?(\w)\}?""")
#: The combining characters of TeX's accents.
COMBINING = {"'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "c": "\u0327", "v": "\u030c"}


class Reference(NamedTuple):
    """A BibTeX entry: its key, all of its text, and the fields of it by name, as plain text."""

    key: str
    text: str
    fields: dict[str, str]

    def __str__(self) -> str:
        """Who, what, when: for a line of a page."""
        names = [name.partition(",")[0] for name in self.fields.get("author", "").split(" and ") if name]
        who = f"{names[0]} et al." if len(names) > 3 else ", ".join(names)
        said = ": ".join(part for part in (who, self.fields.get("title", self.key)) if part)
        return f"{said} ({self.fields['year']})" if "year" in self.fields else said


def read(text: str) -> dict[str, Reference]:
    """Return the entries of a text in BibTeX, by key; what stands between them is a comment.

    Raises
    ------
    ValueError
        An entry cannot be read, or has the key of another.
    """
    found: dict[str, Reference] = {}
    place = text.find("@")
    while place >= 0:
        entry = _read_entry(text, place)
        if entry.key in found:
            raise ValueError(f"two BibTeX entries have the key {entry.key}")
        found[entry.key] = entry
        place = text.find("@", place + len(entry.text))
    return found


def _read_entry(text: str, start: int) -> Reference:
    head = HEAD.match(text, start)
    if not head:
        raise ValueError(f"a BibTeX entry should begin as @article{{key, ..., got {text[start : start + 20]!r}")
    place, fields = head.end(), {}
    while not (end := END.match(text, place)):
        name = NAME.match(text, place)
        value = name and _value(text, name.end())
        if not value:
            raise ValueError(f"the BibTeX entry {head[1]} cannot be read from {text[place : place + 20]!r} on")
        fields[name[1].lower()] = plain(value)
        place = name.end() + len(value)
    return Reference(head[1], text[start : end.end()], fields)


def _value(text: str, start: int) -> str:
    """Return the value of a field, with its braces or quotation marks; an empty text where they do not match."""
    if text[start : start + 1] not in ("{", '"'):
        bare = BARE.match(text, start)
        return bare[0] if bare else ""
    closing, depth = "}" if text[start] == "{" else '"', 0
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0 and text[place] == closing and place > start:
            return text[start : place + 1]
    return ""


def plain(value: str) -> str:
    """Return what a value in TeX says, in Unicode, on one line."""

    def accented(match: re.Match) -> str:
        return unicodedata.normalize("NFC", match[2] + COMBINING[match[1]])

    quoted = ACCENT.sub(accented, value.strip('"')).replace("``", '"').replace("''", '"')
    return " ".join(re.sub(r"[{}\\]", "", quoted).split())


@functools.cache
def built_in() -> dict[str, Reference]:
    """Return the entries of `references.bib` by key."""
    return read(FILE.read_text(encoding="utf-8"))


def find(cited: str) -> Reference:
    """Return what is cited by a key of `references.bib`, or by a whole BibTeX entry.

    Raises
    ------
    ValueError
        There is no such key, the entry cannot be read, or its key stands for another one.
    """
    if not cited.lstrip().startswith("@"):
        if cited not in built_in():
            raise ValueError(f"cite: {cited!r} is no key of references.bib; other papers are cited by a BibTeX entry")
        return built_in()[cited]
    entries = list(read(cited).values())
    if len(entries) > 1:
        raise ValueError(f"cite: the entries {', '.join(entry.key for entry in entries)} should be texts of their own")
    if built_in().get(entries[0].key, entries[0]) != entries[0]:
        raise ValueError(f"cite: the key {entries[0].key} stands for another entry in references.bib: cite by it alone")
    return entries[0]


def checked(cited: str | Iterable[str]) -> tuple[str, ...]:
    """Return what a decorator was given as `cite`; raises as `find` does of each."""
    every = (cited,) if isinstance(cited, str) else tuple(cited)
    for one in every:
        find(one)
    return every
