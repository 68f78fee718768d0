"""The examples of docstrings, `>>>`, run and print what they say."""

import doctest
import importlib
from pathlib import Path

import pytest

import banditlab

ROOT = Path(banditlab.__file__).parent
MODULES = sorted(
    ".".join(("banditlab", *file.relative_to(ROOT).with_suffix("").parts))
    for file in ROOT.glob("**/*.py")
    if ">>> " in file.read_text(encoding="utf-8")
)
LAYOUT = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("name", MODULES)
def test_examples_print_what_they_say(name):
    found = doctest.testmod(importlib.import_module(name), optionflags=LAYOUT)
    assert found.attempted and not found.failed


def test_the_first_calls_of_a_notebook_have_examples():
    for name in ("run", "load", "make", "play", "bound", "agent", "Result"):
        assert ">>> " in getattr(banditlab, name).__doc__, name
