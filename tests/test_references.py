"""References: every paper that a docstring names is cited, every entry is right as far as its docstring, and used."""

import ast
import configparser
import inspect
import re
import sys
import unicodedata
from pathlib import Path

import pytest

import banditlab
from banditlab import offline, references, registry

ROOT = Path(__file__).parents[1]
PACKAGE = Path(banditlab.__file__).parent
PAPERS = {key: entry for key, entry in references.built_in().items() if key != references.OURS}
KINDS = [k for role in registry.ROLES for k in registry.kinds(role) if k.cls.__module__.startswith("banditlab.")]
YEAR = re.compile(r"(?<![\d.])(?:19|20)\d\d(?![\d.]\d)")  # not of an arXiv number
#: Venues of papers, which an entry of that type names.
VENUES = {"inproceedings": "booktitle", "incollection": "booktitle", "article": "journal", "book": "publisher"}


def folded(text):
    """Text in lower case, without hyphens and breaks of lines."""
    return " ".join(text.replace("-", " ").lower().split())


def named_in(text):
    """Keys of the papers whose titles stand in a text."""
    text = folded(text)
    titles = {key: re.escape(folded(entry.fields["title"])) for key, entry in PAPERS.items()}
    return {key for key, title in titles.items() if re.search(rf"(?:[.,:] |\(|\A){title}[.,:]", text)}


def first_author(key):
    """Surname without accents, as docstrings have it; empty where no author is recorded."""
    surname = PAPERS[key].fields.get("author", "").partition(",")[0]
    return unicodedata.normalize("NFD", surname).encode("ascii", "ignore").decode()


def docs(cls):
    return f"{inspect.getmodule(cls).__doc__}\n{cls.__doc__}"


def quoted(file):
    """Keys that a file of the package has as texts of its own."""
    tree = ast.parse(file.read_text())
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and node.value in PAPERS}


@pytest.mark.parametrize("key", PAPERS)
def test_an_entry_is_whole(key):
    fields, kind = PAPERS[key].fields, re.match(r"@(\w+)", PAPERS[key].text)[1]
    assert fields["title"]
    assert kind == "misc" or fields[VENUES[kind]]
    assert kind != "misc" or {"eprint", "howpublished"} & fields.keys()
    assert not {"pages", "doi"} & fields.keys()
    if "year" in fields:
        assert YEAR.fullmatch(fields["year"])
        assert fields["year"] in key
    if "author" in fields:
        assert all("," in name for name in fields["author"].split(" and "))
        assert key.startswith(re.sub("[^a-z]", "", first_author(key).lower()))


def test_entries_are_sorted_and_plain_ascii():
    assert list(PAPERS) == sorted(PAPERS)
    assert next(iter(references.built_in())) == references.OURS
    assert references.FILE.read_text().isascii()


def test_every_entry_is_used():
    used = set().union(*map(quoted, PACKAGE.rglob("*.py")))
    assert used == set(PAPERS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.role} {kind.title}")
def test_a_kind_cites_the_papers_that_its_file_names(kind):
    text = docs(kind.cls)
    mine = set(kind.cite) | (quoted(Path(inspect.getfile(kind.cls))) if hasattr(kind.cls, "cite") else set())
    assert named_in(sys.modules[kind.cls.__module__].__doc__) <= mine
    assert not YEAR.search(sys.modules[kind.cls.__module__].__doc__) or mine
    for key in kind.cite:
        assert first_author(key) in text
        assert PAPERS[key].fields["year"] in text


@pytest.mark.parametrize("name", offline.algorithms())
def test_an_offline_algorithm_cites_its_paper(name):
    cls = offline.algorithms()[name]
    assert cls.cite
    assert named_in(docs(cls)) == {*cls.cite} | ({"nie2023framework"} & named_in(docs(cls)))


def test_what_is_no_algorithm_cites_nothing():
    silent = {kind.name for kind in KINDS if kind.role == "policy" and not kind.cite}
    assert silent == {*registry.REFERENCE_PLAYERS, "safe-lcb"}


def test_the_software_is_cited_as_its_file_says():
    ours = references.built_in()[references.OURS].fields
    file = (ROOT / "CITATION.cff").read_text()
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    assert f'\ntitle: "{ours["title"]}"\n' in file
    assert f"\n  - name: {ours['author']}\n" in file
    assert f"\nversion: {setup['metadata']['version']}\n" in file
    assert references.FILE.name in setup["options.package_data"]["banditlab"]


ENTRY = '@misc{mine2026, title = "A {B}ound, by {\\"O}", year = 2026, author={M{\\"u}ller, Anna and {\\\'E}tienne, B.}}'


def test_an_entry_of_ones_own_is_read():
    entry = references.find(ENTRY)
    assert (entry.key, entry.text) == ("mine2026", ENTRY)
    assert str(entry) == "Müller, Étienne: A Bound, by Ö (2026)"


MISTAKES = {
    "no key of references.bib": "nobody2000nothing",
    "cannot be read from": "@misc{mine, title = {A}",
    "cannot be read from '": "@misc{mine, title}",
    "should begin as @article{key": "@misc mine",
    "texts of their own": "@misc{a, year = 1} @misc{b, year = 2}",
    "two BibTeX entries": "@misc{a, year = 1} @misc{a, year = 2}",
    "stands for another entry": "@misc{li2010contextual, year = 1999}",
}


@pytest.mark.parametrize("said", MISTAKES)
def test_a_mistake_in_cite_is_found_when_a_class_is_registered(said):
    with pytest.raises(TypeError, match=f"^policy bandit/mine: .*{said}"):
        registry.policy("mine", game="bandit", cite=MISTAKES[said])(registry.find("policy", "ucb1").cls)
