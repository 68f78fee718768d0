"""`banditlab cite`: BibTeX of exactly what a grid has."""

from dataclasses import dataclass

import pytest

from banditlab import cli, references, registry
from banditlab.errors import UserError
from banditlab.runs import reading, runner
from banditlab.runs.citing import bibliography, cited_by
from banditlab.runs.grid import Player
from banditlab.runs.reading import from_python


def keys(text):
    return list(references.read(text))


def test_a_folder_and_its_grid_give_the_papers_of_what_was_played(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "g.toml").write_text(
        'horizon = 20\nreplications = 1\n[[environment]]\nkind = "bernoulli"\narms = 3\n[[policy]]\nkind = "exp3"\n'
        '[[policy]]\nkind = "ucb1"\n[[policy]]\nkind = "epsilon-greedy"\nsweep = { epsilon = [0.1, 0.2] }\n'
        '[[policy]]\nkind = "bandit/uniform"\n'
    )
    assert cli.main(["run", "g.toml", "--jobs", "1", "--plain"]) == 0
    capsys.readouterr()
    assert cli.main(["cite", "g.toml"]) == 0
    text = capsys.readouterr().out
    assert keys(text) == ["banditlab", "auer2002finite", "auer2002nonstochastic", "bubeck2012regret"]
    assert "\n% policies epsilon-greedy, ucb1\n@article{auer2002finite,\n" in text
    assert text.endswith("\n% without a paper: policy uniform; environment bernoulli\n")
    assert cli.main(["cite", "results/g", "-o", "g.bib"]) == 0
    assert capsys.readouterr().out == "references: g.bib\n"
    assert (tmp_path / "g.bib").read_text() == text


def test_a_grid_cites_the_papers_whose_claims_it_tests():
    table = {"policy": [{"kind": "ucb1"}], "environment": [{"kind": "bernoulli", "arms": 2}], "name": "mine"}
    grid = reading.parse({**table, "papers": ["auer2002finite"]}, "g.toml")
    assert "\n% policy ucb1; grid mine\n@article{auer2002finite,\n" in bibliography(grid)
    with pytest.raises(UserError, match=r"papers\[0\]: cite: 'auer' is no key of references.bib"):
        reading.parse({**table, "papers": ["auer"]}, "g.toml")


def test_the_version_is_that_of_the_software(make_grid):
    text = bibliography(make_grid(), "1.2.3")
    assert references.read(text)["banditlab"].fields["version"] == "1.2.3"
    assert "version" not in references.read(bibliography(make_grid()))["banditlab"].fields


#: An environment or policy, a policy or environment to go with it, and what its parameters cite.
PARAMETERS = [
    ({"kind": "c-etc"}, {"kind": "coverage"}, "nemhauser1978analysis"),
    ({"kind": "c-etc", "offline": "threshold-greedy", "epsilon": 0.1}, {"kind": "coverage"}, "badanidiyuru2014fast"),
    ({"kind": "ucb1"}, {"kind": "adversarial", "growth": 1.6}, "zimmert2021tsallis"),
    ({"kind": "ucb1"}, {"kind": "classification", "data": "bananas"}, "openmlbananas"),
    ({"kind": "ucb1"}, {"kind": "classification", "data": "openml:adult@2"}, "vanschoren2013openml"),
    ({"kind": "rucb"}, {"kind": "matrix", "matrix": "mslr-5"}, "wu2016double"),
    ({"kind": "rucb"}, {"kind": "bradley-terry", "arms": 3, "link": "probit"}, "thurstone1927law"),
    ({"kind": "linucb"}, {"kind": "synthetic", "function": "square"}, "zhou2020neural"),
    ({"kind": "ogd"}, {"kind": "sea", "feedback": "two-point"}, "agarwal2010optimal"),
]


@pytest.mark.parametrize(("policy", "environment", "key"), PARAMETERS)
def test_parameters_cite_too(policy, environment, key):
    assert key in keys(bibliography(from_python(environment, policy)))
    plain = [{"kind": table["kind"], **needed(table)} for table in (environment, policy)]
    if plain != [environment, policy] and key != "wu2016double":
        assert key not in keys(bibliography(from_python(*plain)))


def needed(table):
    return {name: table[name] for name in ("arms",) if name in table}


@pytest.mark.parametrize("kind", [k for role in registry.ROLES for k in registry.kinds(role)], ids=lambda k: k.title)
def test_what_a_kind_cites_by_default_is_there(kind):
    try:
        instance = kind.cls()
    except (TypeError, ValueError):
        return  # it has parameters without defaults

    assert set(kind.cite) <= {one.key for one in cited_by(Player("", kind, instance))}


@pytest.fixture
def cited(make_grid):
    """Return a function that registers a copy of uniform play which cites, and makes a grid of such copies."""

    def make(*entries):
        original = registry.find("policy", "bandit/uniform").cls
        for i, entry in enumerate(entries):
            cls = dataclass(frozen=True)(type(f"Mine{i}", (original,), {}))
            registry.policy(f"mine-{i}", game="bandit", cite=entry)(cls)
        return make_grid(policies=[f"mine-{i}" for i in range(len(entries))])

    return make


def test_a_third_party_gives_its_own_entry(cited):
    text = bibliography(cited("@misc{mine, year = 2026}", ("@misc{mine, year = 2026}", "auer2002finite")))
    assert keys(text) == ["banditlab", "auer2002finite", "mine"]
    assert "% policies mine-0, mine-1\n@misc{mine, year = 2026}\n" in text


def test_two_papers_cannot_have_one_key(cited):
    with pytest.raises(UserError, match="bandit/mine-1 and mine-0 cite different entries by the key mine"):
        bibliography(cited("@misc{mine, year = 2026}", "@misc{mine, year = 2025}"))


@pytest.mark.parametrize(("words", "said"), [
    (["cite", "nowhere"], "nowhere: no such file"),
    (["cite", "."], ".: no results folder (it has no grid.json)"),
    (["cite", "small", "-o", "none/x.bib"], "none/x.bib: cannot be written (No such file or directory)"),
])  # fmt: skip
def test_mistakes_are_one_line(words, said, make_grid, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runner.run(make_grid(), "small", jobs=1)
    assert cli.main(words) == 2
    assert capsys.readouterr() == ("", f"{said}\n")
