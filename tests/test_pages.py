"""What a notebook shows of environments, policies, grids, results and verdicts: small tables, everything escaped."""

from html.parser import HTMLParser

import pytest

import banditlab
from banditlab import registry
from banditlab.analysis.claims import Finding, Judged, Verdicts
from banditlab.pages import MOST, page

GRID = """
name = "two"
question = "Is 1 < 2?"
horizon = 200
replications = 4

[[environment]]
kind = "bernoulli"
arms = 3
sweep = { gap = [0.1, 0.2] }

[[policy]]
kind = "ucb1"
label = "<b>"

[[policy]]
kind = "bandit/uniform"

[[claim]]
text = "<b> & more"
below = ["<b>", "uniform"]
"""


class Reader(HTMLParser):
    """Checks that tags are closed in order, and keeps the texts of cells."""

    def __init__(self, text):
        super().__init__()
        self.open, self.cells, self.all = [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.all.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.cells[-1] += data


@pytest.fixture
def grid(tmp_path):
    (tmp_path / "grid.toml").write_text(GRID)
    return banditlab.grid(tmp_path / "grid.toml")


def test_a_table_is_escaped_and_stays_short():
    rows = [(f"<i>{i}</i>", i * 1000, i / 3) for i in range(30)]
    read = Reader(page("<b>", " & more", ["a", "<b>"], rows, ["<p>"]))
    assert read.all.count("tr") == 1 + MOST
    assert read.cells[:5] == ["a", "<b>", "<i>0</i>", "0", "0"]
    assert read.cells[-3:] == ["<i>11</i>", "11,000", "3.667"]
    assert not {"i"} & set(read.all)
    assert "... and 18 more" in page("x", "", ["a"], rows)
    assert "more" not in page("x", "", ["a"], rows[:MOST])


@pytest.mark.parametrize("role", ["environment", "policy", "wrapper"])
def test_every_kind_shows_its_parameters(role):
    shown = 0
    for kind in registry.kinds(role):
        try:
            instance = kind.cls()
        except (TypeError, ValueError):
            continue  # it needs parameters
        read = Reader(instance._repr_html_())
        fields = list(kind.cls.__dataclass_fields__)[:MOST]
        assert [name for name in fields if name not in read.cells] == []
        shown += 1
    assert shown >= len(registry.kinds(role)) / 2


def test_a_parameter_says_what_it_means():
    read = Reader(banditlab.make("bandit/linucb", width=0.25)._repr_html_())
    assert read.cells[3:6] == ["width", "0.25", "alpha, in reward units"]


def test_a_grid_shows_its_sides(grid):
    text = grid._repr_html_()
    read = Reader(text)
    assert "<b>two</b>: 4 cells, T = 200, 4 replications, seed 0" in text
    row = ["environment", "bernoulli (gap=0.1)", "bandit/bernoulli", "arms = 3, gap = 0.1, best = 0.6"]
    assert read.cells[4:8] == row
    assert read.cells[12:16] == ["policy", "<b>", "bandit/ucb1", "as by default"]
    assert "<p>Is 1 &lt; 2?</p>" in text
    assert "<p>claim: &lt;b&gt; &amp; more</p>" in text


def test_results_check_their_claims_and_show_verdicts(tmp_path, grid):
    result = banditlab.run_grid(tmp_path / "grid.toml", out=tmp_path / "out", progress=False)
    Reader(result._repr_html_())
    found = result.check()
    assert [one.verdict for one in found] == [found[0].verdict]
    assert repr(found) == f"{found[0].verdict}: <b> & more"
    read = Reader(found._repr_html_())
    assert read.cells[:7] == [
        "claim",
        "verdict",
        "where",
        "measured",
        "<b> & more",
        found[0].verdict,
        "bernoulli (gap=0.1)",
    ]
    assert len(read.cells) == 4 * 3
    none = banditlab.run({"kind": "bernoulli", "arms": 3}, "ucb1", horizon=20, replications=2, progress=False).check()
    assert (repr(none), len(none)) == ("no claims", 0)
    Reader(none._repr_html_())
    bare = Verdicts(
        [Judged(found[0].claim, "undecided", ()), Judged(found[0].claim, "fails", (Finding("w", "fails", "1"),))]
    )
    assert "0 holds, 1 fails, 1 undecided" in bare._repr_html_()
