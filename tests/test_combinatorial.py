"""The combinatorial game: sets that are played repeatedly, what is counted, what is refused."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest

import banditlab
from banditlab.checks import check_environment, check_policy, replay
from banditlab.checks.pairs import cell_of, play, settings_of
from banditlab.environments.combinatorial.coverage import Coverage
from banditlab.environments.combinatorial.top_k import TopK
from banditlab.games.combinatorial import ALPHA, OFFLINE, REGRET, VIOLATIONS
from banditlab.policies.combinatorial.c_etc import CETC
from banditlab.policies.combinatorial.fixed import Fixed
from banditlab.runs.grid import Record
from banditlab.runs.pair import play_replications, prepare
from banditlab.types import Count

SETS = [[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]]
WEIGHTS = [0.4, 0.3, 0.2, 0.1]
COVERED = Coverage(sets=SETS, weights=WEIGHTS, k=2)
LIMITED = Coverage(sets=SETS, weights=WEIGHTS, costs=[0.9, 0.5, 0.4], budget=1.0, offline="greedy-plus")


@pytest.fixture
def stubborn(monkeypatch):
    """A policy that plays one set for so many rounds at a time, and keeps what it was told."""
    registry = banditlab.registry
    monkeypatch.setattr(registry, "_kinds", registry._kinds.copy())

    @banditlab.policy("stubborn", game="combinatorial")
    @dataclass(frozen=True)
    class Stubborn:
        length: Count = 7

        class State(NamedTuple):
            length: int
            told: np.ndarray

        def start(self, problem, rng):
            return self.State(self.length, np.zeros(3))

        @staticmethod
        def choose(state, t, items, rng):
            items[0] = t % 3
            return 1

        @staticmethod
        def repeats(state, t):
            return state.length

        @staticmethod
        def learn(state, t, items, reward, parts, values):
            state.told[0] += 1
            state.told[2] += reward

        @staticmethod
        def learn_sum(state, t, items, rounds, total):
            state.told[1] += rounds
            state.told[2] += total

    return Stubborn


def test_benchmarks_are_those_of_the_sets():
    state = replay.start_env(COVERED, 10, 0)
    assert state.best.tolist() == [0, 1]
    assert state.benchmarks == pytest.approx([0.9, 0.9 * (1 - np.exp(-1)), 0.9])


def test_regrets_are_sums_of_gaps():
    totals = replay.run(COVERED, Fixed(chosen=[2, 1]), 5).totals
    worth = 0.3 + 0.2 + 0.1
    wanted = np.zeros(4)
    wanted[REGRET], wanted[ALPHA], wanted[OFFLINE] = 0.9 - worth, 0.9 * (1 - np.exp(-1)) - worth, 0.9 - worth
    assert totals == pytest.approx(np.tile(wanted, (5, 1)))


def test_rounds_over_the_budget_are_counted():
    done = replay.run(LIMITED, Fixed(chosen=[0, 1]), 4)
    assert done.totals[:, VIOLATIONS].tolist() == [1.0] * 4
    assert replay.run(LIMITED, Fixed(chosen=[1, 2]), 4).totals[:, VIOLATIONS].tolist() == [0.0] * 4


@pytest.mark.parametrize("items", [[0, 1, 2], [0, 3]])
def test_a_set_outside_the_family_ends_the_replication(items):
    with pytest.raises(ValueError, match=r"no set of the family|in 0 \.\. 2"):
        replay.run(COVERED, Fixed(chosen=items), 1)


@pytest.mark.parametrize("length", [1, 7, 1000])
@pytest.mark.parametrize("environment", [COVERED, TopK(means=[0.2, 0.7, 0.4], k=1, feedback="full-bandit")], ids=repr)
def test_a_repeated_set_earns_what_its_single_rounds_earn(stubborn, environment, length):
    pair = replay.start(environment, stubborn(length=length), 100)
    verbs, row = replay.keeping(pair)
    loop = banditlab.fuse.plain(pair.game.rounds, verbs)
    for start in range(0, 100, 30):  # cut where blocks are not over
        loop(*pair.arguments(start, min(100, start + 30), row))
    blocks = 100 // length
    heard = pair.state.told[:2].tolist()
    assert heard == ([100, 0] if length == 1 else [0, blocks * length])
    rewards = np.array([replay.run(environment, Fixed(chosen=[k]), 100).outcomes[:, 0] for k in range(3)])
    played = [(t - t % length) % 3 for t in range(blocks * length)]
    assert pair.state.told[2] == sum(rewards[k, t] for t, k in enumerate(played))


def test_each_round_of_a_repeated_set_adds_its_gap():
    done = replay.run(COVERED, CETC(m=5), 60)
    covers = np.array(SETS, bool)
    worth = [covers[row[row >= 0]].any(axis=0) @ WEIGHTS for row in done.actions]
    assert done.totals[:, REGRET] == pytest.approx(0.9 - np.array(worth))


def test_curves_do_not_depend_on_where_blocks_are_cut():
    cell = cell_of(Coverage(items=6, universe=30, k=2), CETC(), 500)
    fine = settings_of(0, Record(points=500, spacing="linear"))
    every = play_replications(prepare(cell, fine), cell, fine, range(3))
    for one, other in zip(every, play(cell, 3), strict=True):
        assert one.values[other.rounds - 1].tobytes() == other.values.tobytes()


@pytest.mark.parametrize(
    "environment",
    [COVERED, LIMITED, Coverage(items=25, budget=2.0), TopK(k=2), TopK(feedback="full-bandit")],
    ids=repr,
)
def test_environments_keep_the_contracts(environment):
    check_environment(environment)


def test_explore_then_commit_keeps_the_contracts():
    check_policy(CETC())
