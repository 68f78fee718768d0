"""Notebooks are kept without outputs, open with a title, and lead to files; `make notebooks` executes them."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)")


def name_of(path):
    return path.name


@pytest.fixture(params=NOTEBOOKS, ids=name_of)
def cells(request):
    return json.loads(request.param.read_text(encoding="utf-8"))["cells"]


def test_they_are_numbered_in_the_order_of_reading():
    assert [path.name[:3] for path in NOTEBOOKS] == [f"{i:02d}_" for i in range(1, len(NOTEBOOKS) + 1)]
    assert len(NOTEBOOKS) >= 8
    overview = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in NOTEBOOKS if f"notebooks/{path.name}" not in overview] == []


def test_they_have_no_outputs(cells):
    for cell in cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
        assert not cell["metadata"]


def test_they_open_with_a_title_and_a_paragraph(cells):
    title, blank, *paragraph = "".join(cells[0]["source"]).splitlines()
    assert cells[0]["cell_type"] == "markdown"
    assert re.match(r"# \w", title) and not blank and paragraph
    headings = [line for cell in cells[1:] if cell["cell_type"] == "markdown" for line in cell["source"]]
    assert not any(line.startswith("# ") for line in headings)


def test_their_links_lead_to_files(cells):
    for cell in cells:
        if cell["cell_type"] == "markdown":
            for target in LINK.findall("".join(cell["source"])):
                assert (ROOT / "notebooks" / target).exists(), target
