"""`banditlab verify`: what it prints, writes and returns."""

import pytest

from banditlab import registry
from banditlab.checks import measures
from banditlab.cli import main

TINY = measures.Size(horizon=60, longest=600, replications=8, cases=1, transcribed=30)

IN_TURN = """
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

import banditlab


@banditlab.policy("in-turn", game="bandit")
@dataclass(frozen=True)
class InTurn:
    class State(NamedTuple):
        arms: int

    def start(self, problem, rng):
        return self.State(problem.arms)

    @staticmethod
    def choose(state, t, features, rng):
        return t % state.arms

    @staticmethod
    def learn(state, t, features, arm, reward):
        pass
"""


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    registry.kinds("policy")
    monkeypatch.setattr(registry, "_kinds", dict(registry._kinds))
    monkeypatch.setattr(registry, "plugins", [])
    monkeypatch.setattr(measures, "FAST", TINY)


def test_it_prints_every_finding_and_writes_a_table(tmp_path, capsys):
    report = tmp_path / "verified.md"
    assert main(["verify", "ucb1", "--fast", "--jobs", "1", "--report", str(report)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("bandit/ucb1: holds, ")
    assert "  + plays: 60 rounds\n" in text
    assert "  + transcription: 30 decisions agree\n" in text
    assert f"1 hold, 0 fail\nreport: {report}\n" in text
    assert max(map(len, text.splitlines())) <= 80 or str(report) in max(text.splitlines(), key=len)
    table = [line for line in report.read_text().splitlines() if line.startswith("| `bandit/ucb1` | holds | ")]
    assert len(table) == 1
    assert "| hold |" in table[0]


def test_a_policy_of_the_user_that_learns_nothing_is_told(tmp_path, capsys):
    file = tmp_path / "mine.py"
    file.write_text(IN_TURN)
    assert main(["verify", "in-turn", "--plugin", str(file), "--fast", "--jobs", "1"]) == 1
    text = " ".join(capsys.readouterr().out.split())
    assert "bandit/in-turn: FAILS" in text
    assert "FAILS uniform play: indistinguishable from uniform play: " in text
    assert "- transcription: none, no tests/reference/bandit/mine.py" in text
    assert text.endswith("0 hold, 1 fail")


def test_several_are_measured_in_processes(tmp_path, capsys):
    file = tmp_path / "mine.py"
    file.write_text(IN_TURN)
    assert main(["verify", "bandit/uniform", "in-turn", "--plugin", str(file), "--fast", "--jobs", "2"]) == 1
    assert capsys.readouterr().out.endswith("1 hold, 1 fail\n")


def test_parameters_are_set(capsys):
    assert main(["verify", "bandit/fixed", "--fast", "--jobs", "1", "--set", "arm=3"]) == 0
    assert "uniform play: 0.00 of uniform play's" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "verify: name policies, or give --all"),
        (["ucb1", "--all"], "verify: name policies, or give --all"),
        (["ucb2"], "no policy 'ucb2'; did you mean 'ucb1'?"),
        (["ucb1", "--set", "alpha=2"], "policy 'ucb1'.alpha: unknown key (there are: none)"),
        (["bandit/fixed", "--set", "arm=many"], "policy 'fixed'.arm: should be a valid integer, got 'many'"),
        (["bandit/fixed", "--set", "arm=9"], "fixed in bernoulli: arm: in 0 .. 4, got 9"),
        (["ucb1", "--transcriptions", "nowhere"], "nowhere: no such folder of transcriptions"),
        (["ucb1", "--report", "no/such/folder.md"], "no/such/folder.md: there is no folder no/such"),
        (["ucb1", "bandit/fixed", "--set", "arm=1"], "verify: --set is for one policy"),
    ],
)
def test_a_mistake_is_one_line(arguments, line, capsys):
    assert main(["verify", "--fast", "--jobs", "1", *arguments]) == 2
    assert capsys.readouterr().err == f"{line}\n"
