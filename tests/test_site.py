"""What the site makes from the registry: a page for everything that there is, and links that lead somewhere."""

import os
import re
import sys
from pathlib import Path

import pytest

from banditlab import registry
from banditlab.problem import PLAIN

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"(?<!\\)\]\((?!https?:|mailto:)([^)#\s]+)(?:#([^)\s]*))?\)")
TARGET = re.compile(r"^\(([\w-]+)\)=$", re.M)


@pytest.fixture(scope="module")
def site():
    """The modules that make the pages."""
    sys.path.insert(0, str(ROOT / "docs/site"))
    try:
        import pages
        import tables

        yield pages, tables
    finally:
        sys.path.remove(str(ROOT / "docs/site"))
        for name in ("pages", "tables"):
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def folder(site, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    site[0].gather(folder)
    return folder


def test_everything_has_a_page(site, folder):
    for role in ("policy", "environment", "wrapper"):
        kinds = site[1].built_in(role)
        assert kinds
        for kind in kinds:
            text = (folder / site[1].page_of(kind)).read_text(encoding="utf-8")
            assert f"banditlab show {kind.title}" in text
            assert all(key in text for key in kind.cite)


def test_every_policy_was_verified(site):
    """A policy without a row in docs/verified.md would have an empty one in the catalogue."""
    assert {kind.title for kind in site[1].built_in("policy")} <= site[1].verified().keys()


def test_what_is_known_of_a_policy_is_in_the_catalogue(site, folder):
    text = (folder / "catalogue/policies.md").read_text(encoding="utf-8")
    [row] = [line for line in text.splitlines() if line.startswith("| [`colstim`]")]
    cells = [cell.strip() for cell in row.strip("|").split(" | ")]
    kind = registry.find("policy", "dueling/colstim")
    measured = site[1].verified()[kind.title]
    assert "references.md#bengs2022stochastic" in cells[1]
    assert all(f"`{word}`" in cells[2] for word in kind.needs | kind.told - PLAIN)
    assert cells[3].startswith("`average` of order sqrt T<br>measured 0.")
    assert measured["growth"].startswith(cells[3].partition("measured ")[2])
    assert cells[4].startswith(f"{measured['verdict']}<br>")
    assert "colstim/figure.toml" in cells[5]


def test_claims_stand_with_the_policies_that_they_name(site):
    tried = {trial.title: made for trial, made in site[1]._tried(registry.find("policy", "dueling/colstim"))}
    texts = [claim.text for claim in tried["colstim/figure"]]
    assert "CoLSTIM's weak regret is below MaxInP's." in texts
    assert "MaxInP's average regret is below that of uniform play." not in texts


def test_links_of_pages_lead_somewhere(folder):
    """Sphinx holds the site to the same, where it is installed."""
    pages = sorted(folder.rglob("*.md"))
    assert len(pages) > 300
    for page in pages:
        for target, _ in LINK.findall(
            re.sub(r"^(```+|~~~+).*?^\1$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
        ):
            place = Path(os.path.normpath(page.parent / target))
            assert place.is_file(), f"{page.relative_to(folder)}: {target}"


def test_links_to_references_have_their_anchors(folder):
    anchors = set(TARGET.findall((folder / "catalogue/references.md").read_text(encoding="utf-8")))
    for page in sorted(folder.rglob("*.md")):
        for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
            if Path(target).name == "references.md":
                assert anchor in anchors


def test_links_change_outside_of_code_only(site, tmp_path):
    text = "[a](../README.md)\n\n```text\n[a](../experiments)\n```\n\n[b](../experiments/drift), [c](../Makefile)\n"
    found = site[0].Site(tmp_path).linked(text, Path("docs"))
    drift, made = "[b](../experiments/drift/README.md)", "[c](../source/Makefile.md)"
    assert found == f"[a](../README.md)\n\n```text\n[a](../experiments)\n```\n\n{drift}, {made}\n"


def test_a_notebook_becomes_markdown(site):
    text = (
        '{"cells": [{"cell_type": "markdown", "source": ["# A\\n", "b"]}, {"cell_type": "code", "source": ["1 + 1"]}]}'
    )
    assert site[0].from_notebook(text) == "# A\nb\n\n```python\n1 + 1\n```\n"
