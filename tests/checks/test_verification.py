"""`verify` passes what is right, and flags published faults that are planted in copies of our policies."""

import inspect
import sys

import pytest

from banditlab import registry
from banditlab.checks import FAST, Size, transcription_of, verify
from banditlab.checks.transcriptions import NONE
from banditlab.checks.verification import verify_all
from banditlab.errors import UserError

LONG = Size(horizon=10_000, longest=10_000, replications=100, cases=FAST.cases, transcribed=FAST.transcribed)
UNIFORM, TRANSCRIPTION, GROWTH = "uniform play", "transcription", "growth"

#: What was published, the policy that it is planted in, how its lines change, and what tells it without the paper.
FAULTS = {
    # a relative UCB that compares a truth value with < 0, so that the first arm "wins" every duel
    "first arm always wins": (
        "dueling/rucb",
        [("count_duel(state.duels, first, second, won)", "count_duel(state.duels, first, second, True)")],
        UNIFORM,
    ),
    # a double Thompson sampling whose second arm is drawn among those that the champion beats
    "row for column": (
        "dueling/double-thompson",
        [
            ("wins[i, first] + 1.0, wins[first, i] + 1.0", "wins[first, i] + 1.0, wins[i, first] + 1.0"),
            ("if lower[i, first] <= 0.5 and", "if lower[first, i] <= 0.5 and"),
        ],
        None,
    ),
    # a double Thompson sampling that never lets an arm meet itself
    "no self-duels": ("dueling/double-thompson", [("if lower[i, first] <= 0.5 and", "if i != first and")], GROWTH),
    # an EXP3 whose weights are whole numbers, so that every update is cut back to 1
    "whole weights": (
        "bandit/exp3",
        [("draw_action(state.learner, ", "draw_action(state.learner, 0.0 * ")],
        UNIFORM,
    ),
    # a UCB whose bonus is lost to the precedence of operators
    "no bonus": ("bandit/ucb1", [("state.means[k] + scale * state.widths[k]", "state.means[k]")], GROWTH),
    # a policy that plays in turn and never looks at a reward
    "in turn": ("bandit/ucb1", [("        return arm\n", "        return t % arms\n")], UNIFORM),
    # replications that share what they have learnt
    "shared state": (
        "bandit/ucb1",
        [
            ("@policy(", "SHARED = np.zeros(1000)\n\n\n@policy("),
            ("self.State(np.zeros(arms, int), np.zeros(arms),", "self.State(np.zeros(arms, int), SHARED,"),
        ],
        "same seed",
    ),
    # coins from a generator that the seed does not reach
    "coins of its own": ("bandit/thompson-beta", [("draw = beta(rng, ", "draw = np.random.beta(")], "same seed"),
    # arms of low labels are favoured
    "prefers low labels": (
        "bandit/ucb1",
        [("scale * state.widths[k]\n", "scale * state.widths[k] - 0.3 * k\n")],
        "arm labels",
    ),
}


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    registry.kinds("policy")
    monkeypatch.setattr(registry, "_kinds", dict(registry._kinds))
    monkeypatch.setattr(registry, "plugins", [])


def plant(name, changes, folder):
    """Register a copy of a policy with changed lines, as a user's file."""
    kind = registry.find("policy", name)
    source = inspect.getsource(sys.modules[kind.cls.__module__])
    for old, new in [*changes, (f'"{kind.name}"', '"planted"')]:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    file = folder / f"{kind.cls.__module__.rpartition('.')[2]}.py"
    file.write_text(source)
    registry.load_plugin(file)
    return registry.find("policy", "planted", kind.game)


def failures(verification):
    return {finding.check: finding.text for finding in verification.findings if finding.verdict == "fails"}


@pytest.mark.compiled
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_flagged(fault, tmp_path):
    """By a measure, and as a difference from the paper, which one replication cannot show of a state that is shared."""
    name, changes, check = FAULTS[fault]
    transcription = transcription_of(registry.find("policy", name))
    size = LONG if check == GROWTH else FAST
    found = failures(verify(plant(name, changes, tmp_path), transcription=transcription, size=size))
    assert check is None or check in found
    if check == UNIFORM:
        assert found[UNIFORM].startswith("indistinguishable from uniform play: ")
    if fault != "shared state":
        assert found[TRANSCRIPTION].startswith("the policy says ")


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["dueling/rucb", "dueling/double-thompson", "bandit/exp3", "bandit/ucb1"])
def test_the_originals_hold(name):
    kind = registry.find("policy", name)
    done = verify(kind, transcription=transcription_of(kind), size=FAST)
    assert done.holds, failures(done)
    assert done.rate > 0
    for check in (UNIFORM, TRANSCRIPTION, GROWTH, "arm labels", "plain = compiled"):
        assert done.said(check).verdict == "holds", done.said(check)


TINY = Size(horizon=40, longest=400, replications=8, cases=2, transcribed=30)


@pytest.mark.parametrize("name", ["ucb1", "moss", "lucb", "dueling/greedy-ucb"])
def test_every_check_is_made(name):
    """Over too few rounds to say much."""
    kind = registry.find("policy", name)
    done = verify(kind, transcription=transcription_of(kind), size=TINY)
    assert {UNIFORM, TRANSCRIPTION, GROWTH, "arm labels"} < {finding.check for finding in done.findings}
    assert ("errors" in {finding.check for finding in done.findings}) == (name == "lucb")


def test_uniform_play_is_told_as_such():
    done = verify("bandit/uniform", size=TINY)
    assert done.holds
    assert done.said(UNIFORM).text.startswith("1.00 of uniform play's regret after 40 rounds")


@pytest.mark.compiled
@pytest.mark.parametrize(("round", "check"), [(9, "plays"), (500, "plays on")])
def test_a_policy_that_raises_fails(round, check, tmp_path):
    kind = plant("bandit/ucb1", [("        return arm\n", f"        return arm if t < {round} else arms\n")], tmp_path)
    [finding] = [finding for finding in verify(kind, size=FAST).findings if finding.verdict == "fails"]
    assert finding.check == check
    assert "outside 0 .. K-1" in finding.text


def test_a_transcription_that_raises_fails():
    class Broken:
        def __init__(self, policy, problem, rng):
            pass

        def choose(self, t, features, rng, pick):
            return 1 // 0

    twin = transcription_of(registry.find("policy", "ucb1"))._replace(cls=Broken)
    found = failures(verify("ucb1", transcription=twin, size=TINY))
    assert found[TRANSCRIPTION].startswith("ZeroDivisionError: ")


@pytest.mark.compiled
def test_who_stops_is_judged_by_what_it_recommends(tmp_path):
    """A policy that stops at once has little regret, and is not good for that."""
    stops = [
        ("        return state.stopped[0] == 1\n", "        return t >= 20\n"),
        ("        return state.pair[0]\n", "        return 0\n"),
    ]
    found = failures(verify(plant("bandit/lucb", stops, tmp_path), size=FAST))
    assert found[UNIFORM].startswith("worse than uniform play: 100 of 100 recommendations wrong after 20 rounds, ")


def test_growth_is_asked_of_the_default_parameters_alone():
    found = verify("sliding-window-ucb", {"tau": 50}, size=TINY).said(GROWTH)
    assert (found.verdict, found.text) == ("none", "it is stated for other parameters")


def test_one_that_cannot_be_measured_does_not_stop_the_others(tmp_path):
    plant(
        "bandit/ucb1",
        [
            (
                "    def start(self, problem, rng) -> State:\n",
                "    def start(self, problem, rng):\n        raise ValueError('no')\n",
            )
        ],
        tmp_path,
    )
    kinds = [registry.find("policy", name) for name in ("planted", "ucb1")]
    one, other = verify_all(kinds, {}, folder="tests/reference", size=TINY)
    assert [finding.text for finding in one.findings] == ["planted in bernoulli: no"]
    assert other.rate > 0


@pytest.mark.parametrize(
    ("text", "line"),
    [("raise ImportError('no')", "a class UCB1 and a list CASES are needed; ImportError: no"), ("x = 1", "'UCB1'")],
)
def test_a_broken_transcription_is_told(tmp_path, text, line):
    (tmp_path / "bandit").mkdir()
    (tmp_path / "bandit" / "ucb1.py").write_text(text)
    with pytest.raises(UserError, match=line):
        transcription_of(registry.find("policy", "ucb1"), tmp_path)


def test_no_transcription_is_no_failure(tmp_path):
    assert transcription_of(registry.find("policy", "ucb1"), tmp_path)[:2] == NONE[:2]
    assert verify("ucb1", size=TINY).said(TRANSCRIPTION).verdict == "none"
