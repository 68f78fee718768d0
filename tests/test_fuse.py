"""The compiled pair: equal to plain Python, never stale, never wrong, never half a pair."""

import importlib.util
import inspect
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numba
import numpy as np
import pytest

import banditlab
from banditlab import fuse, registry
from banditlab.fingerprint import _Description, fingerprint
from banditlab.fuse import settle
from banditlab.numerics import linear
from banditlab.runs import pair
from banditlab.runs.reading import from_python
from banditlab.types import Counts, Vector

ROOT = Path(__file__).parents[1]

POLICY = '''
"""A policy of a user's own."""
from dataclasses import dataclass
from typing import NamedTuple
import numpy as np
from banditlab.registry import policy
from banditlab.types import Counts

STEP = 1
TABLE = {"start": 0}

def shift(arm, arms):
    """Return the arm after the next."""
    return (arm + 2 * STEP) % arms  # in a circle

@policy("turn", game="bandit")
@dataclass(frozen=True)
class Turn:
    class State(NamedTuple):
        last: Counts
        spare: Counts

    def start(self, problem, rng):
        return self.State(np.full(1, TABLE["start"]), np.full(1, 4))

    @staticmethod
    def choose(state, t, features, rng):
        state.last[0] = shift(state.last[0], features.shape[0])
        return state.last[0]

    @staticmethod
    def learn(state, t, features, arm, reward):
        pass
'''

PLAY = """
import json, sys
from numba.core import event
from banditlab import fuse, registry
from banditlab.runs import identity, pair
from banditlab.runs.reading import from_python

file, portable, worlds, policies = json.loads(sys.argv[1])
if file:
    registry.load_plugin(file)
found = []
with event.install_recorder("numba:compile") as compiled:
    grid = from_python(worlds, policies, horizon=60, replications=1, seed=3)
    for cell in grid.cells:
        made = pair.prepare(cell, grid.settings, portable=portable)
        [curve] = pair.play_replications(made, cell, grid.settings, [0])
        stats = made.function.stats
        hits, misses = sum(stats.cache_hits.values()), sum(stats.cache_misses.values())
        key = identity.Keys(grid.settings, portable).of(cell)
        found.append([curve.values.tobytes().hex(), key, hits, misses, made.reason])
print(json.dumps({"cells": found, "compiled": len(compiled.buffer)}))
"""

ARMS = {"kind": "bernoulli", "means": [0.1, 0.2, 0.3, 0.4, 0.9]}


def start_process(cache, file=None, worlds=(ARMS,), policies=("turn",), portable=False):
    """Start a new Python that plays these pairs and prints numbers, keys and what the compile cache did."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT)}
    arguments = json.dumps([file and str(file), portable, list(worlds), list(policies)])
    command = [sys.executable, "-c", PLAY, arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd=file and file.parent)


def in_process(*args, **kwargs):
    with start_process(*args, **kwargs) as process:
        output = process.communicate()[0]
    assert process.returncode == 0
    return json.loads(output)


def files_in(folder):
    return {file: file.stat().st_size for file in folder.rglob("*") if file.is_file()}


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    """Kinds and metrics that a test registers end with it."""
    registry.kinds("policy")
    monkeypatch.setattr(registry, "_kinds", dict(registry._kinds))
    monkeypatch.setattr(registry, "_metrics", dict(registry._metrics))


def played(world, policy, horizon=60, compiled=True, portable=False, **settings):
    """A replication of a pair in this process: what was compiled, and its curve or failure."""
    grid = from_python(world, policy, horizon=horizon, replications=1, **settings)
    [cell] = grid.cells
    made = pair.prepare(cell, grid.settings, compiled=compiled, portable=portable)
    [result] = pair.play_replications(made, cell, grid.settings, [0])
    return made, result


# --- never stale --------------------------------------------------------------------------------------------------


EDITS = {
    "a verb": ("return state.last[0]", "return 0"),
    "a helper function": ("(arm + 2 * STEP)", "(arm + 3 * STEP)"),
    "a constant": ("STEP = 1", "STEP = 2"),
    "a table of constants": ('{"start": 0}', '{"start": 1}'),
    "the order of a state": (
        "last: Counts\n        spare: Counts",
        "spare: Counts\n        last: Counts",
    ),
}


@pytest.mark.compiled
def test_an_edit_shows_in_the_next_process_and_a_comment_costs_nothing(tmp_path):
    file = tmp_path / "mine.py"

    def play(*edits):
        text = POLICY
        for old, new in edits:
            assert old in POLICY
            text = text.replace(old, new)
        file.write_text(text)
        return in_process(tmp_path / "cache", file)["cells"][0]

    before = play()
    for what, edit in EDITS.items():
        after = play(edit)
        assert after[0] != before[0], f"{what}: the old numbers"
        assert after[1] != before[1], f"{what}: the old key"
    values, key, hits, misses, _ = play(
        ("# in a circle", "# round and round"), ("Return the arm after the next.", "Go on.")
    )
    assert (values, key, hits, misses) == (before[0], before[1], 1, 0)


BASE = """
import functools, math
from typing import NamedTuple
import numpy as np
from banditlab.fuse import kernel
import helper

LIMIT = 2.0
NAMES = ("a", "b")
WEIGHTS = np.array([1.0, 2.0])
PRESETS = {"one": {"x": [1, 2]}}
CHOICES = frozenset({"p", "q"})

@functools.lru_cache
def read(name):
    return name + "1"

@kernel(reassociate=True)
def double(x):
    return x * 2.0

def shifted(by):
    def move(x):
        return x + by
    return move

move = shifted(1)

def first(x, limit=LIMIT):
    \"\"\"Of no matter.\"\"\"
    return x if x > limit else double(x)

class Base:
    def inherited(self, x):
        return x + 1

class Params(Base):
    factor = 3.0

    class State(NamedTuple):
        wins: int
        losses: int

    @property
    def scale(self):
        return 2

    def start(self):
        return first(WEIGHTS[0]), read(NAMES[0]), PRESETS["one"], CHOICES, move(1), helper.help_out(1), math.sqrt(2)
"""
HELPER = "OFFSET = 1\ndef help_out(x):\n    return x + OFFSET\n"

COUNTS = {
    "a constant": ("LIMIT = 2.0", "LIMIT = 3.0"),
    "a tuple": ('("a", "b")', '("c", "b")'),
    "an array": ("[1.0, 2.0]", "[1.0, 2.5]"),
    "a dict": ('{"x": [1, 2]}', '{"x": [1, 3]}'),
    "a set": ('{"p", "q"}', '{"p", "r"}'),
    "a cached function": ('name + "1"', 'name + "2"'),
    "a kernel": ("x * 2.0", "x * 3.0"),
    "leave to reassociate": ("reassociate=True", "reassociate=False"),
    "a closure's value": ("shifted(1)", "shifted(2)"),
    "a closure's code": ("x + by", "x - by"),
    "a default": ("limit=LIMIT", "limit=1.0"),
    "an inherited function": ("return x + 1\n", "return x + 2\n"),
    "a constant of the class": ("factor = 3.0", "factor = 4.0"),
    "the order of a state": ("wins: int\n        losses: int", "losses: int\n        wins: int"),
    "a property": ("return 2\n", "return 3\n"),
    "another library function": ("math.sqrt", "math.cbrt"),
}
COUNTS_NOT = {
    "a comment": ("return x + 1\n", "return x + 1  # one more\n"),
    "a docstring": ("Of no matter.", "Whatever."),
    "formatting": ("x if x > limit else double(x)", "(x if x > limit\n        else double(x))"),
    "what is not read": ("class Base:", "OTHER = 7\n\nclass Base:"),
}


def fingerprint_of(folder, source=BASE, helper=HELPER, monkeypatch=None):
    modules = {}
    for name, text in (("helper", helper), ("params", source)):
        file = folder / f"{name}.py"
        file.write_text(text)
        spec = importlib.util.spec_from_loader(name, importlib.machinery.SourceFileLoader(name, str(file)))
        modules[name] = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, modules[name])
        exec(compile(text, str(file), "exec"), vars(modules[name]))
    return fingerprint(modules["params"].Params)


@pytest.mark.parametrize("what", [*COUNTS, *COUNTS_NOT])
def test_fingerprint_is_of_what_the_code_says(what, tmp_path, monkeypatch):
    old, new = (COUNTS | COUNTS_NOT)[what]
    assert BASE.count(old) == 1
    before = fingerprint_of(tmp_path, monkeypatch=monkeypatch)
    after = fingerprint_of(tmp_path, BASE.replace(old, new), monkeypatch=monkeypatch)
    assert (after != before) == (what in COUNTS)


def test_fingerprint_follows_into_other_modules(tmp_path, monkeypatch):
    before = fingerprint_of(tmp_path, monkeypatch=monkeypatch)
    other = HELPER.replace("OFFSET = 1", "OFFSET = 2")
    assert fingerprint_of(tmp_path, helper=other, monkeypatch=monkeypatch) != before


def test_fingerprint_does_not_know_where_the_package_stands():
    """Else results are not found again after the folder has moved."""
    description = _Description({"banditlab"})
    for kind in (kind for role in (*registry.ROLES, "wrapper") for kind in registry.kinds(role)):
        if kind.cls.__module__.startswith("banditlab."):
            description.add((kind.cls, *kind.verbs.values()))
    assert len(description.words) > 1000
    assert not [word for word in description.words if str(Path(banditlab.__file__).parent) in word]


def test_fingerprint_is_of_the_code_in_memory(tmp_path, monkeypatch):
    """A file that was edited since it was loaded: its text is not what runs."""
    file = tmp_path / "kernel.py"
    old, new = "def f(x):\n    return x + 1\n", "def f(x):\n    return x + 2\n"

    def loaded(text):
        file.write_text(text)
        space = {"__name__": "kernel"}
        exec(compile(text, str(file), "exec"), space)
        return space["f"]

    f = loaded(old)
    file.write_text(new)
    assert fingerprint(f) != fingerprint(loaded(new))


def test_fingerprint_is_the_same_in_each_process(tmp_path):
    code = "from banditlab import registry; from banditlab.fingerprint import fingerprint as f\n"
    code += "print([f(k.cls) for role in registry.ROLES for k in registry.kinds(role)])"
    prints = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(prints) == 1


# --- compiled once, and right under concurrent starts -------------------------------------------------------------

WORLDS = (ARMS, {"kind": "dueling/matrix", "matrix": [[0.5, 0.7], [0.3, 0.5]]})
POLICIES = ("ucb1", "thompson-beta", "winner-stays")


@pytest.mark.compiled
def test_concurrent_cold_starts_then_a_warm_one(tmp_path):
    cache = tmp_path / "cache"
    processes = [start_process(cache, worlds=WORLDS, policies=POLICIES) for _ in range(3)]
    outputs = [json.loads(process.communicate()[0]) for process in processes]
    assert all(output["compiled"] > 0 for output in outputs)
    values = [[cell[:2] for cell in output["cells"]] for output in outputs]
    assert values[0] == values[1] == values[2]

    files = files_in(cache)
    warm = in_process(cache, worlds=WORLDS, policies=POLICIES)
    assert warm["compiled"] == 0, "a second process compiles nothing"
    assert [cell[:2] for cell in warm["cells"]] == values[0]
    assert [(hits, misses, reason) for *_, hits, misses, reason in warm["cells"]] == [(1, 0, "")] * 3
    assert files_in(cache) == files


# --- plain and compiled are one loop ------------------------------------------------------------------------------

# every policy and environment: tests/checks

INSTANCES = {
    "bandit/bernoulli": {"arms": 4, "prior": "beta(1, 1)"},
    "dueling/matrix": {"matrix": [[0.5, 0.6, 0.7], [0.4, 0.5, 0.8], [0.3, 0.2, 0.5]]},
}


@pytest.mark.compiled
@pytest.mark.parametrize("world", INSTANCES)
def test_plain_equals_compiled_with_metrics_of_the_user(world):
    game = world.partition("/")[0]
    banditlab.metric(game=game, cumulative=True)(squared_round)
    banditlab.metric(game=game)(rounds_so_far)
    policy = "uniform"
    made, compiled = played({"kind": world, **INSTANCES[world]}, policy)
    _, plain = played({"kind": world, **INSTANCES[world]}, policy, compiled=False)
    assert made.reason == ""
    assert compiled.values.tobytes() == plain.values.tobytes()
    t = compiled.rounds
    np.testing.assert_array_equal(compiled.values[:, -2], t)  # sorted by name: rounds-so-far, squared-round
    np.testing.assert_array_equal(compiled.values[:, -1], (t - 1) * t * (2 * t - 1) / 6)


def squared_round(env, policy, round):
    return float(round.t * round.t)


def rounds_so_far(env, policy, round):
    return round.t + 1.0


def llvm(made):
    return "".join(made.function.inspect_llvm().values())


@pytest.mark.compiled
def test_portable_drops_reassociated_sums(tmp_path, monkeypatch):
    """Also in kernels that are called through their module."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))  # code from the cache cannot be inspected
    register(Projected)
    fast, portable = played(ARMS, "under-test")[0], played(ARMS, "under-test", portable=True)[0]
    assert fast.reason == portable.reason == ""
    assert " reassoc " in llvm(fast)
    assert " reassoc " not in llvm(portable)
    assert " contract " not in llvm(portable)


@pytest.mark.compiled
def test_portable_gives_the_same_bytes_each_time():
    world = {"kind": "bandit/linear", "arms": 4, "dim": 20}
    ways = ({}, {}, {"compiled": False})
    first, again, plain = (played(world, "linucb", portable=True, **way)[1].values.tobytes() for way in ways)
    assert first == again == plain


# --- policies of a user's own -------------------------------------------------------------------------------------


class LeastState(NamedTuple):
    plays: Counts


def rarest(plays):
    """An undecorated helper, which becomes part of the compiled loop."""
    arm = 0
    for k in range(plays.shape[0]):
        if plays[k] < plays[arm]:
            arm = k
    return arm


@dataclass(frozen=True)
class Least:
    """Plays the arm that was played least."""

    def start(self, problem, rng):
        return LeastState(np.zeros(problem.arms, int))

    @staticmethod
    def choose(state, t, features, rng):
        return rarest(state.plays)

    @staticmethod
    def learn(state, t, features, arm, reward):
        state.plays[arm] += 1


@dataclass(frozen=True)
class LeastInBook:
    """The same with a dict of lists, which cannot be compiled."""

    def start(self, problem, rng):
        return {arm: [] for arm in range(problem.arms)}

    @staticmethod
    def choose(state, t, features, rng):
        return min(state, key=lambda arm: len(state[arm]))

    @staticmethod
    def learn(state, t, features, arm, reward):
        state[arm].append(reward)


class ProjectedState(NamedTuple):
    theta: Vector


@dataclass(frozen=True)
class Projected:
    """Calls a kernel through its module."""

    def start(self, problem, rng):
        return ProjectedState(np.ones(20))

    @staticmethod
    def choose(state, t, features, rng):
        return 1 if linear.dot(state.theta, state.theta) > 0 else 0

    @staticmethod
    def learn(state, t, features, arm, reward):
        pass


def register(cls, name="under-test", **facts):
    return registry.policy(name, game="bandit", **facts)(cls)


@pytest.mark.compiled
def test_helper_functions_of_a_user_are_compiled():
    register(Least)
    made, result = played(ARMS, "under-test")
    assert made.reason == ""
    assert result.values.tobytes() == played(ARMS, "under-test", compiled=False)[1].values.tobytes()


@pytest.mark.compiled
def test_a_policy_that_cannot_be_compiled_runs_through_the_same_loop(capsys):
    register(Least)
    register(LeastInBook, "in-book")
    made, plain = played(ARMS, "in-book")
    assert made.reason
    assert plain.values.tobytes() == played(ARMS, "under-test")[1].values.tobytes()
    banditlab.run(ARMS, ["in-book", "under-test"], horizon=50, replications=1, progress=False)
    note = capsys.readouterr().out
    assert note.startswith("note: in-book ran at ")
    assert "rounds/s in plain Python (" in note
    assert "under-test" not in note


@dataclass(frozen=True)
class Unclear:
    """Calls a method of Generator in a way that Numba does not know."""

    def start(self, problem, rng):
        return ProjectedState(np.ones(2))

    @staticmethod
    def choose(state, t, features, rng):
        return rng.integers(2)

    @staticmethod
    def learn(state, t, features, arm, reward):
        pass


@pytest.mark.compiled
def test_the_reason_says_what_could_not_be_compiled_and_where():
    register(Unclear)
    reason = played(ARMS, "under-test")[0].reason
    line = next(
        n for n, text in enumerate(Path(__file__).read_text().splitlines(), 1) if "return rng.integers(2)" in text
    )
    assert reason.startswith("No implementation of function")
    assert "integers" in reason
    assert " at 0x" not in reason
    assert reason.endswith(f", in test_fuse.py, line {line}")


@pytest.mark.compiled
@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("arm", [5, -1])
def test_an_arm_out_of_range_is_a_failure(arm, compiled):
    register(Outside)
    made, failure = played(ARMS, {"kind": "under-test", "arm": arm}, compiled=compiled)
    assert failure.message.startswith("IndexError: the policy chose an arm outside 0 .. K-1")


class OutsideState(NamedTuple):
    arm: int


@dataclass(frozen=True)
class Outside:
    arm: int

    def start(self, problem, rng):
        return OutsideState(self.arm)

    @staticmethod
    def choose(state, t, features, rng):
        return state.arm

    @staticmethod
    def learn(state, t, features, arm, reward):
        pass


# --- nothing that a user overrides is ignored ---------------------------------------------------------------------


@pytest.mark.compiled
def test_a_registered_subclass_is_used():
    register(MostRecent)
    _, base = played(ARMS, "greedy")
    made, changed = played(ARMS, "under-test")
    assert made.reason == ""
    assert changed.values[-1, 0] == pytest.approx(60 * 0.5)  # arm 3 for ever
    assert base.values[-1, 0] != changed.values[-1, 0]


Greedy = registry.find("policy", "greedy").cls


@dataclass(frozen=True)
class MostRecent(Greedy):
    @staticmethod
    def choose(state, t, features, rng):
        return 3


def test_a_subclass_that_is_not_registered_is_refused():
    with pytest.raises(banditlab.UserError, match="MostRecent is not registered"):
        banditlab.run(ARMS, MostRecent(), horizon=10)


def test_a_subclass_whose_parameters_would_be_ignored_is_refused():
    class Wider(registry.find("policy", "linucb").cls):
        width: float = 5.0

    with pytest.raises(TypeError, match=r"put @dataclass\(frozen=True\) above the class Wider"):
        register(Wider)


def without(name):
    return dataclass(frozen=True)(type("Odd", (), {k: v for k, v in parts().items() if k != name}))


def instead(**changes):
    return dataclass(frozen=True)(type("Odd", (), parts() | changes))


def parts():
    def choose(state, t, features, rng):
        return 0

    def learn(state, t, features, arm, reward):
        pass

    def start(self, problem, rng):
        return OutsideState(0)

    return {"start": start, "choose": staticmethod(choose), "learn": staticmethod(learn)}


REFUSED = {
    "missing verb": (lambda: without("learn"), r"lacks the verb learn\(policy, t, features, arm, reward\)"),
    "no start": (lambda: without("start"), r"lacks start\(self, problem, rng\)"),
    "fewer parameters": (
        lambda: instead(choose=staticmethod(lambda state, t: 0)),
        r"choose\(state, t\) should have the form choose\(policy, t, features, rng\)",
    ),
    "other order": (
        lambda: instead(choose=staticmethod(lambda state, features, t, rng: 0)),
        r"choose\(state, features, t, rng\) should have the form choose\(policy, t, features, rng\)",
    ),
    "keyword": (
        lambda: instead(choose=staticmethod(lambda state, t, features, *, rng: 0)),
        r"choose\(state, t, features, \*, rng\) should have the form",
    ),
    "not static": (
        lambda: instead(choose=lambda self, t, features, rng: 0),
        r"choose must be a @staticmethod of the form choose\(policy, t, features, rng\)",
    ),
    "no dataclass": (lambda: type("Odd", (), parts()), r"put @dataclass\(frozen=True\) above the class Odd"),
    "not frozen": (lambda: dataclass(type("Odd", (), parts())), r"put @dataclass\(frozen=True\) above the class Odd"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_half_a_policy_is_refused_in_a_sentence(what):
    make, sentence = REFUSED[what]
    with pytest.raises(TypeError, match=f"^policy bandit/under-test: .*{sentence}") as error:
        register(make())
    assert "\n" not in str(error.value)


def test_half_an_environment_is_refused_in_a_sentence():
    cls = registry.find("environment", "bandit/bernoulli").cls
    bare = {name: inspect.getattr_static(cls, name) for name in ("start", "observe", "pull", "regret")}
    decorate = registry.environment("under-test", game="bandit")
    with pytest.raises(TypeError, match=r"the class Odd lacks facts\(self, state\)"):
        decorate(dataclass(frozen=True)(type("Odd", (), bare)))
    del bare["pull"]
    with pytest.raises(TypeError, match=r"the class Odd lacks the verb pull\(env, t, features, arm\)"):
        decorate(dataclass(frozen=True)(type("Odd", (), bare | {"facts": cls.facts})))


# --- states -------------------------------------------------------------------------------------------------------


class Inner(NamedTuple):
    matrix: Vector


class Outer(NamedTuple):
    inner: Inner
    counts: Counts
    width: float
    on: bool


def test_settle_gives_each_field_one_type():
    """So that one signature is compiled whatever a user's `start` makes."""
    loose = Outer(Inner(np.ones((2, 3), np.float32).T), np.arange(3, dtype=np.int32)[::-1], 2, 1)
    settled = settle(loose)
    assert settled.inner.matrix.dtype == np.float64
    assert settled.inner.matrix.flags.c_contiguous
    assert (settled.counts.dtype, settled.counts.tolist()) == (np.int64, [2, 1, 0])
    assert settled.counts.flags.c_contiguous
    assert (type(settled.width), type(settled.on)) == (float, bool)


def test_settle_copies_what_cannot_be_written():
    frozen = np.ones(2)
    frozen.flags.writeable = False
    assert settle(Inner(frozen)).matrix.flags.writeable


HELPER_NAMED_LIKE_A_VERB = """
from dataclasses import dataclass
from typing import NamedTuple
import banditlab

def regret(t):
    return t % 2

@banditlab.policy("alternating", game="bandit")
@dataclass(frozen=True)
class Alternating:
    class State(NamedTuple):
        unused: int
    def start(self, problem, rng):
        return self.State(0)
    @staticmethod
    def choose(state, t, features, rng):
        return regret(t)
    @staticmethod
    def learn(state, t, features, arm, reward):
        pass
"""


@pytest.mark.compiled
def test_a_users_helper_with_the_name_of_a_verb_stays_what_it_is(tmp_path):
    file = tmp_path / "alternating.py"
    file.write_text(HELPER_NAMED_LIKE_A_VERB)
    banditlab.load_plugin(file)
    world = {"kind": "bernoulli", "means": [1.0, 0.0]}
    result = banditlab.run(world, ["alternating"], horizon=10, replications=2, jobs=1)
    assert (result.cells[0].final("regret") == 5).all()


class Schedule:
    """A plain class whose method a policy calls."""

    def rate(self):
        return 1.0


SCHEDULE = Schedule()


def scheduled(t):
    return SCHEDULE.rate() * t


def test_fingerprint_sees_the_class_behind_an_object(monkeypatch):
    before = fingerprint(scheduled)
    monkeypatch.setattr(Schedule, "rate", lambda self: 2.0)
    assert fingerprint(scheduled) != before


def local_import(t):
    from banditlab.numerics.sampling import draw_index

    return draw_index(t, 2)


def test_fingerprint_sees_what_is_imported_within_a_function(monkeypatch):
    from banditlab.numerics import sampling

    before = fingerprint(local_import)
    monkeypatch.setattr(sampling, "draw_index", sampling.draw_pair)
    assert fingerprint(local_import) != before


def test_small_arrays_have_cache_lines_of_their_own():
    class State(NamedTuple):
        counts: Counts
        means: Vector

    settled = settle(State(np.arange(3), np.arange(4.0)))
    assert all(array.__array_interface__["data"][0] % fuse.LINE == 0 for array in settled)
    assert settled.counts.tolist() == [0, 1, 2] and settled.means.tolist() == [0.0, 1.0, 2.0, 3.0]
    again = settle(settled)  # an array that is shared on purpose stays shared
    assert again.counts is settled.counts and again.means is settled.means


def test_an_assignment_to_a_field_of_a_state_is_told_what_to_write():
    state = ProjectedState(np.ones(2))
    with pytest.raises(AttributeError) as assigned:
        state.theta += 1.0
    with pytest.raises(AttributeError) as unknown:
        state.thetas  # noqa: B018
    assert pair._remedy(assigned.value).endswith("write into its arrays, state.x[:] = ...")
    assert pair._remedy(unknown.value) == ""
