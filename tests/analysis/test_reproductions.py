"""The page of reproductions: what it says of a small folder, to the letter; that ours is about all claims there are."""

import re
from pathlib import Path

import pytest

from banditlab.analysis import reproductions
from banditlab.cli import main

ROOT = Path(__file__).parents[2]

GRID = """
game = "bandit"
horizon = 200
replications = 8
question = "Is UCB1 better than *nothing*?"
papers = ["auer2002finite"]

[[environment]]
kind = "bernoulli"
means = [0.9, 0.1]

[[policy]]
kind = "ucb1"

[[policy]]
kind = "uniform"

[[claim]]
text = "UCB1 is below uniform play."
source = "Theorem 1 | remembered"
below = ["ucb1", "uniform"]

[[claim]]
text = "Uniform play is below UCB1."
expect = "fails"
below = ["uniform", "ucb1"]

[[claim]]
text = "It serves patients."
untestable = "there are none here"
"""

WANTED = """\
## small

- Auer, Cesa-Bianchi, Fischer: Finite-time analysis of the multiarmed bandit problem (2002)

### [grid.toml](small/grid.toml)

Is UCB1 better than \\*nothing\\*?

Played at COMMIT.

| claim | measured | n | verdict |
|---|---|---:|---|
| UCB1 is below uniform play. *(Theorem 1 \\| remembered)* | regret: ucb1 7.6, uniform 81.3, difference -73.7 \
[-78.2, -67.8] | 8 | holds |
| Uniform play is below UCB1. | regret: uniform 81.3, ucb1 7.6, difference 73.7 [67.8, 78.2] | 8 | \
**does not hold**, as expected |
| It serves patients. |  |  | cannot be tested: there are none here |
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "grids" / "small" / "grid.toml"
    file.parent.mkdir(parents=True)
    file.write_text(GRID, encoding="utf-8")
    return file


def page(*options):
    code = main(["reproduce", "grids", "--jobs", "1", *options])
    return code, Path("REPRODUCTIONS.md").read_text(encoding="utf-8")


def test_a_small_folder_to_the_letter(folder, capsys):
    code, text = page()
    assert code == 0
    assert text.startswith(reproductions.HEAD)
    assert "| [small](#small) | 3 | 1 | 1 |  | 1 |  |" in text
    assert re.sub("Played at commit .*\\.", "Played at COMMIT.", text[text.index("## small") :]) == WANTED
    assert "results/grid/check" in capsys.readouterr().out
    assert page() == (0, text), "what is kept gives the same bytes"
    assert "results/grid/check" not in capsys.readouterr().out, "and is not played again"
    assert page("--kept") == (0, text)


def test_what_was_not_played_is_said_to_be_so(folder):
    code, text = page("--kept")
    assert code == 3
    assert text.count("| not played yet |") == 2
    assert "| all | 3 | 0 | 0 | 0 | 1 | 2 |" in text
    assert not Path("results").exists()
    page()
    folder.write_text(GRID.replace("horizon = 200", "horizon = 100"), encoding="utf-8")
    assert page("--kept")[1] == text, "results of another grid do not count"


def test_texts_change_without_playing_again(folder, capsys):
    page()
    folder.write_text(GRID.replace("Is UCB1", "Was UCB1").replace("UCB1 is below", "UCB1 is well below"), "utf-8")
    capsys.readouterr()
    code, text = page("--kept")
    assert code == 0
    assert "Was UCB1 better" in text
    assert "UCB1 is well below" in text


def test_a_surprise_is_told_and_does_not_stop_the_rest(folder, capsys):
    wrong = GRID.replace('expect = "fails"', "").replace("game =", 'name = "wrong"\ngame =')
    folder.with_name("a.toml").write_text(wrong, encoding="utf-8")
    code, text = page()
    assert code == 1
    assert "small/a.toml: fails, expected holds: Uniform play is below UCB1." in capsys.readouterr().err
    assert text.count("**does not hold** |") == 1
    assert "**does not hold**, as expected |" in text[text.index("### [grid.toml]") :]


def test_mistakes_are_told_before_anything_is_played(folder, capsys):
    folder.write_text(GRID.replace("auer2002finite", "nobody1900"), encoding="utf-8")
    folder.with_name("twin.toml").write_text(GRID.replace("ucb1", "ucb7"), encoding="utf-8")
    assert main(["reproduce", "grids"]) == 2
    told = capsys.readouterr().err
    assert "grid.toml: papers[0]" in told
    assert "'nobody1900' is no key" in told
    assert "twin.toml: policy[0].kind" in told
    assert main(["reproduce", "nowhere"]) == 2
    assert "nowhere: no grid in TOML" in capsys.readouterr().err


def test_our_page_has_every_claim_of_every_grid_and_no_other():
    """It fails after a claim was changed: `banditlab reproduce experiments --kept` or `make claims` writes it anew."""
    text = (ROOT / "experiments" / "REPRODUCTIONS.md").read_text(encoding="utf-8")
    assert text.startswith(reproductions.HEAD)
    there = {}
    for part in re.split(r"^### ", text, flags=re.M)[1:]:
        place = re.match(r"\[.*?\]\((.*?)\)", part)[1]
        there[place] = re.findall(r"^\| (.*?) \|", part, flags=re.M)[1:]
    found = reproductions.find(ROOT / "experiments")
    wanted = {place.as_posix(): [reproductions.claimed(claim) for claim in claims] for place, _, claims in found}
    assert there == wanted
