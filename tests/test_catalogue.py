"""The pages of `banditlab show`: how docstrings are wrapped, and types said in words."""

import inspect
import io

import pytest
from rich.console import Console

from banditlab import catalogue, offline, registry
from banditlab.games import games


def wrapped(text):
    return "\n".join(catalogue._wrapped(inspect.cleandoc(text)))


#: A docstring, and how it is shown.
WRAPPED = {
    "lines that continue an item belong to it": (
        """
        1. the environment answers with 1 + N noisy values: the objective f, which is to be small, and constraints,
           which hold where they are at most 0;
        2. the policy learns.
        """,
        "1. the environment answers with 1 + N noisy values: the objective f, which is to\n"
        "   be small, and constraints, which hold where they are at most 0;\n"
        "2. the policy learns.",
    ),
    "so with hyphens, and numbers of two digits": (
        "- one\n  and more;\n- two.\n\n10. ten\n    and more;\n11. eleven",
        "- one and more;\n- two.\n\n10. ten and more;\n11. eleven",
    ),
    "a number at the beginning of a line begins no item": (
        "The norm is at most\n1. The lowest index among equals, which is\n0. All else\n- a - b is less - stays.",
        "The norm is at most 1. The lowest index among equals, which is 0. All else - a -\nb is less - stays.",
    ),
    "after a colon it does": ("One of two:\n- one,\n  or\n- two.", "One of two:\n- one, or\n- two."),
    "a formula stands alone": ("Play\n    i = 1,\n    j = 2\nor\nnone.", "Play\n    i = 1,\n    j = 2\nor none."),
    "in an item too": ("- play\n      i = 1\n  or\n  none\n- all", "- play\n      i = 1\n  or none\n- all"),
}


@pytest.mark.parametrize("case", WRAPPED)
def test_docstrings_are_wrapped_by_paragraphs_and_items(case):
    text, shown = WRAPPED[case]
    assert wrapped(text) == shown


@pytest.mark.parametrize("name", games())
def test_no_word_of_a_game_is_lost(name):
    text = inspect.getmodule(games()[name].rounds).__doc__
    assert wrapped(text).split() == text.split()


@pytest.mark.parametrize(
    "kind", [k for role in registry.ROLES for k in registry.kinds(role)], ids=lambda k: f"{k.role} {k.title}"
)
def test_types_are_said_in_words(kind):
    shown = [line for line in catalogue._parameters(kind.cls) if line.startswith("  ") and line[2] != " "]
    assert not [line for line in shown if "Annotated" in line or "Literal" in line or "Strict" in line]


def test_a_type_with_a_name_is_said_by_its_words():
    assert "  dim: 1, 2 or 3, default 1\n" in catalogue.describe(registry.find("environment", "gp-sample"))


def test_values_with_a_name_are_listed():
    page = " ".join(catalogue.describe(registry.find("environment", "sea")).split())
    assert 'pattern: "iid" | "hard-iid" | "adversarial" | "block-flip" | ' in page


@pytest.mark.parametrize("name", games())
def test_verbs_are_shown_without_runs_of_spaces(name):
    verbs = catalogue.describe_game(name).partition("verbs:\n")[2]
    assert not [line for line in verbs.splitlines() if "  " in line.lstrip()]


#: An environment, and what its page says of metrics.
KEPT = {
    "combinatorial/top-k": "metrics with the defaults: regret\n",
    "combinatorial/coverage": "metrics with the defaults: regret, alpha-regret, offline-regret\n",
    "blackbox/table": "metrics: some of ",
    "bandit/bernoulli": "metrics: regret, ",
}


@pytest.mark.parametrize("name", KEPT)
def test_only_metrics_that_are_kept_are_shown(name):
    game, _, kind = name.partition("/")
    assert f"\n{KEPT[name]}" in catalogue.describe(registry.find("environment", kind, game))


@pytest.mark.parametrize("name", offline.algorithms())
def test_an_offline_algorithm_has_a_line_and_a_page(name):
    console = Console(width=80, record=True, file=io.StringIO())
    catalogue.show_list(console, "offline")
    rows = console.export_text().splitlines()
    assert rows[0].strip() == "offline algorithms"
    assert [row for row in rows if row.startswith(f"{name} ")]
    page = catalogue.describe_algorithm(name)
    assert page.startswith(f"offline algorithm {name}\n")
    assert all(f"\n  {field}: " in page for field in offline.algorithms()[name].__dataclass_fields__)
    assert max(map(len, page.splitlines())) <= 80


def test_a_page_of_an_offline_algorithm_says_needs_and_ratio():
    page = catalogue.describe_algorithm("greedy-plus")
    assert "\nneeds: budgeted, monotone\n\nratio: 0.3161\n\nreferences:\n  Khuller, Moss, Naor: The budgeted" in page
    assert page.endswith(" (1999)\n\nno parameters")
    assert "\nratio with the defaults: 0.5321\n" in catalogue.describe_algorithm("threshold-greedy")
