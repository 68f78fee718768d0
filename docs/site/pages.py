"""Gather the pages of the site: the repository's Markdown and notebooks, and what is made from the registry.

    python docs/site/pages.py FOLDER

Pages keep the places that they have in the repository, so that links between them hold on both sides. A link to any
other file of the project leads to a page that shows the file, one to a folder to its README.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import tables

ROOT = Path(__file__).parents[2]
MARKDOWN = ("*.md", "docs/*.md", "docs/games/*.md", "benchmarks/*.md", "experiments/**/*.md")
NOTEBOOKS = "notebooks/*.ipynb"
PICTURES = (".png", ".svg", ".jpg")
LANGUAGES = {".py": "python", ".toml": "toml", ".c": "c"}
FENCE = re.compile(r"^ *(```+|~~~+)")
LINK = re.compile(r"(\]\()(?!\w+:|#)([^)#\s]+)((?:#[^)\s]*)?\))")
INCLUDE = re.compile(r"^<!-- include: (\S+) -->$", re.M)
TABLE = re.compile(r"^<!-- table: (\S+) of (\S+) -->$", re.M)


class Site:
    """The folder that Sphinx reads, and the files of the project that its pages show."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.shown: set[Path] = set()

    def write(self, page: str, text: str) -> None:
        """Write a page, given its place in the site; its links lead to files as they stand in the repository."""
        place = self.folder / page
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(self.linked(text, Path(page).parent), encoding="utf-8")

    def linked(self, text: str, folder: Path) -> str:
        """Return a page's text with links that lead to pages of the site."""
        return "".join(
            line if fenced else LINK.sub(lambda match: match[1] + self.target(match[2], folder) + match[3], line)
            for fenced, line in _lines(text)
        )

    def target(self, link: str, folder: Path) -> str:
        """Return where a link of a page in this folder leads to in the site."""
        file = Path(os.path.normpath(ROOT / folder / link))
        if not file.exists():
            return link  # to a page that is made from the registry; otherwise Sphinx says that there is none
        if file.is_dir():
            return self._relative(self._page_of_folder(file), folder)
        if file.suffix == ".ipynb":
            return str(Path(link).with_suffix(".md"))
        if file.suffix in PICTURES:
            self._copy(file)
            return link
        if file in markdown():
            return link
        self.shown.add(file.relative_to(ROOT))
        return self._relative(tables.page_of_file(file.relative_to(ROOT)), folder)

    def _page_of_folder(self, folder: Path) -> str:
        readme = folder / "README.md"
        return str(readme.relative_to(ROOT)) if readme.exists() else f"catalogue/{folder.name}.md"

    def _relative(self, page: str, folder: Path) -> str:
        return os.path.relpath(page, folder)

    def _copy(self, file: Path) -> None:
        place = self.folder / file.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, place)

    def show(self, file: Path) -> None:
        """Write the page that shows a file of the project."""
        page = Path(tables.page_of_file(file))
        head = "---\norphan: true\nnosearch: true\n---\n\n"
        self.write(str(page), f"{head}# {file.name}\n\n`{file}`\n\n{self.included(ROOT / file, page.parent)}\n")

    def included(self, file: Path, folder: Path) -> str:
        """Return what stands in a page of this folder for the text of a file."""
        source = os.path.relpath(file, self.folder / folder)
        return f"```{{literalinclude}} {source}\n:language: {LANGUAGES.get(file.suffix, 'text')}\n```"

    def filled(self, text: str, folder: Path) -> str:
        """Return a page's text with the tables and files that its comments ask for."""
        text = INCLUDE.sub(lambda match: self.included((ROOT / folder / match[1]).resolve(), folder), text)
        return TABLE.sub(lambda match: tables.of_game(*match.groups()), text)


def _lines(text: str) -> Iterator[tuple[bool, str]]:
    """Yield each line of a page, and whether it belongs to a block of code."""
    fence = ""
    for line in text.splitlines(keepends=True):
        mark = FENCE.match(line)
        yield bool(fence) or mark is not None, line
        if mark and not fence:
            fence = mark[1]
        elif mark and line.strip() == fence:
            fence = ""


def from_notebook(text: str) -> str:
    """Return a notebook as Markdown, its code as blocks; notebooks are kept without output."""
    parts = []
    for cell in json.loads(text)["cells"]:
        source = "".join(cell["source"])
        parts.append(source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```")
    return "\n\n".join(parts) + "\n"


@functools.cache
def markdown() -> list[Path]:
    """Return the Markdown files that are pages of the site."""
    return sorted(file for pattern in MARKDOWN for file in ROOT.glob(pattern))


def gather(folder: Path) -> None:
    """Write all pages of the site into a folder, of which nothing is kept that was there before."""
    shutil.rmtree(folder, ignore_errors=True)
    site = Site(folder)
    site.write("index.md", (ROOT / "docs/site/index.md").read_text(encoding="utf-8"))
    for file in markdown():
        page = file.relative_to(ROOT)
        site.write(str(page), site.filled(file.read_text(encoding="utf-8"), page.parent))
    for file in sorted(ROOT.glob(NOTEBOOKS)):
        page = file.relative_to(ROOT).with_suffix(".md")
        site.write(str(page), from_notebook(file.read_text(encoding="utf-8")))
    for page, text in tables.pages(ROOT):
        site.write(page, text)
    for file in sorted(site.shown):
        site.show(file)


if __name__ == "__main__":
    gather(Path(sys.argv[1]).resolve())
