"""A policy one round at a time: ask, tell, save, load."""

import math
from typing import NamedTuple

import numpy as np
import pytest

import banditlab
from banditlab import fuse, registry
from banditlab.errors import UserError
from banditlab.numerics.families import listed
from banditlab.numerics.structures import read_family
from banditlab.runs.grid import Player
from tests.small import SMALL

KINDS = [kind.title for kind in registry.kinds("policy") if kind.cls.__module__.startswith("banditlab.")]

#: One policy of each game.
COMPILED = [
    "bandit/linucb", "dueling/rucb", "active-dueling/ae-borda", "blackbox/gp-lcb", "knapsack/ucb-bwk",
    "combinatorial/cucb", "convex/ogd",
]  # fmt: skip


def make(name, **settings):
    """An agent of four arms, with features where its policy reads them, told all that it may be told."""
    entry = registry.find("policy", name)
    fixed = "domain" in entry.needs
    dim = 3 if fixed or any("features" in word for word in entry.needs) else 0
    shape = (2, 4, dim) if entry.game == "active-dueling" else (4, dim)
    told = {
        "link": "logistic",
        "best": np.array([1, 2][: 2 if len(shape) == 3 else 1]),
        "noise": 0.5,
        "signal": 1.0,
        "length_scale": 1.0,
    }
    told["domain"] = np.random.default_rng(1).standard_normal(shape)
    numbers = {"arms": 4, "dim": dim} | ({"contexts": 2} if len(shape) == 3 else {})
    if entry.game == "blackbox":
        numbers = {"points": 4, "dim": dim or 1, "constraints": 1}
        told |= {"noise": [0.5, 0.5], "variances": [1.0, 1.0], "length_scales": [1.0, 1.0], "initial": [[0, 1.0, -9.0]]}
    if entry.game == "knapsack":
        numbers = {"arms": 4, "resources": 2}
        means = np.array([[0.0, 0.0, 0.0], [0.9, 0.9, 0.6], [0.6, 0.2, 0.5], [0.5, 0.5, 0.1]])
        told |= {"budget": 50.0, "void": 0.0, "mix": np.full(4, 0.25), "means": means}
    if entry.game == "convex":
        numbers, told = {"dim": 3}, {
            "form": "simplex" if "simplex" in entry.needs else "ball", "radius": 1.0, "gradient_bound": 2.0,
            "smoothness": 1.0, "curvature": 1.0, "exp_concavity": 0.5, "optimum": [0.2, 0.3, 0.5],
        }  # fmt: skip
    if entry.game == "combinatorial":
        numbers, words = {"items": 6, "dim": dim}, Player(name, entry, entry.cls(**settings)).needs
        told |= {
            "family": {} if "free" in words else {"k": 2}, "best_set": [1, 3], "reward_bound": 2.0,
            "domain": np.random.default_rng(1).random((6, dim)),
        }  # fmt: skip
    settings = SMALL.get(entry.title, {}) | settings
    made = banditlab.agent(name, horizon=200, told=told, seed=5, **numbers, **settings)
    return made, 0 if fixed or entry.game in ("blackbox", "combinatorial", "convex") else dim


def play(agent, dim, start, stop):
    """Let the agent play rounds of a fixed world; the actions."""
    actions = []
    for t in range(start, stop):
        rng = np.random.default_rng(t)
        if agent.game == "knapsack":
            actions.append(agent.ask([20.0, 0.5 if t % 10 == 9 else 20.0]))
            agent.tell((rng.random(4), rng.random((4, 2))))
            continue
        if agent.game == "convex":
            actions.append(agent.ask().tolist())
            agent.tell(rng.standard_normal(3) + [0.5, 0.0, 0.0])
            continue
        if agent.game == "combinatorial":
            items = agent.ask().tolist()
            actions.append(items)
            values = {item: float(rng.random() < 0.2 + 0.1 * item) for item in items}
            agent.tell((sum(values.values()), values))
            continue
        action = agent.ask(rng.standard_normal((4, dim)) if dim else None)
        actions.append(action)
        if agent.game == "blackbox":
            agent.tell(rng.random(2) - 0.5)
        else:
            agent.tell(rng.random() < (0.8 if np.min(action) == 1 else 0.4))
    return actions


@pytest.fixture
def plain(monkeypatch):
    """Agents play in plain Python, where what is tested of every policy is not compiled code."""
    monkeypatch.setattr(fuse, "prepare", lambda template, verbs, arguments: (fuse.plain(template, verbs), "asked for"))


@pytest.mark.compiled
@pytest.mark.parametrize("name", COMPILED)
def test_a_compiled_agent_decides_as_a_plain_one(name, request, tmp_path):
    compiled, dim = make(name)
    actions = play(compiled, dim, 0, 30)
    compiled.save(tmp_path / "agent.npz")
    actions += play(banditlab.Agent.load(tmp_path / "agent.npz"), dim, 30, 60)
    request.getfixturevalue("plain")
    assert play(make(name)[0], dim, 0, 60) == actions


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("name", KINDS)
def test_a_saved_agent_goes_on_as_if_it_had_never_stopped(name, tmp_path):
    straight, dim = make(name)
    actions = play(straight, dim, 0, 60)
    first, _ = make(name)
    assert play(first, dim, 0, 25) == actions[:25]
    if not hasattr(first.state, "_fields"):
        with pytest.raises(UserError, match="is no NamedTuple of arrays and cannot be saved"):
            first.save(tmp_path / "agent.npz")
        return
    first.save(tmp_path / "agent.npz")
    second = banditlab.Agent.load(tmp_path / "agent.npz")
    assert second.t == 25
    assert play(second, dim, 25, 60) == actions[25:]
    assert repr(second) == repr(straight)


def test_ucb1_asks_for_each_arm_once_first():
    agent, _ = make("ucb1")
    assert play(agent, 0, 0, 4) == [0, 1, 2, 3]
    np.testing.assert_array_equal(agent.state.plays, 1)
    assert repr(agent) == "<agent UCB1() after 4 rounds>"


def test_agents_of_one_seed_are_equal_and_of_another_differ():
    def actions(seed):
        agent = banditlab.agent("bandit/uniform", arms=10, seed=seed)
        return play_uniform(agent)

    assert actions(1) == actions(1) != actions(2)


def play_uniform(agent):
    found = []
    for _ in range(20):
        found.append(agent.ask())
        agent.tell(0.0)
    return found


FAMILIES = {
    "at most k": ({"k": 2}, 5),
    "within a budget": ({"costs": [0.5, 1.0, 1.5], "budget": 2.0}, 3),
    "all": ({}, 4),
    "paths": ({"grid": 3}, 12),
    "matchings": ({"pairs": 3}, 9),
    "spanning trees": ({"edges": np.array([[0, 1], [1, 2], [2, 0], [2, 3]])}, 4),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_families_are_told_as_plain_data(name, tmp_path):
    """Sets are of the family, and those of a saved agent the same."""
    plain, items = FAMILIES[name]
    kind = "combinatorial/uniform" if name in ("within a budget", "all") else "cucb"
    first = banditlab.agent(kind, items=items, told={"family": plain})
    allowed = {frozenset(chosen) for chosen in listed(read_family(plain, items))}
    for _ in range(30):
        chosen = first.ask()
        assert frozenset(chosen.tolist()) in allowed
        first.tell((1.0, {int(item): item / items for item in chosen}))
    first.save(tmp_path / "agent.npz")
    assert banditlab.Agent.load(tmp_path / "agent.npz").ask().tolist() == first.ask().tolist()


def test_cucb_finds_the_best_path_of_a_users_own():
    """Edges are worth 1 on one path, else 0; the agent learns it from their values alone."""
    agent, best = banditlab.agent("cucb", items=12, told={"family": {"grid": 3}}, width=0.1), [6, 9, 4, 5]
    for _ in range(100):
        chosen = agent.ask()
        agent.tell((0.0, {int(item): float(item in best) for item in chosen}))
    assert agent.ask().tolist() == best


def test_the_reward_of_a_set_alone_is_an_outcome():
    agent = banditlab.agent("c-etc", items=4, horizon=100, told={"family": {"k": 2}}, m=1)
    asked = []
    for _ in range(7):
        asked.append(agent.ask().tolist())
        agent.tell(float(3 in asked[-1]))
    assert asked == [[0], [1], [2], [3], [3, 0], [3, 1], [3, 2]]
    assert agent.ask().tolist() == [3, 0]


@pytest.mark.parametrize("outcome", [None, "x", (1.0, {5: 1.0}), (1.0, {0: math.nan}), (1.0, [0.5]), {0: 1.0}])
def test_an_outcome_of_a_set_is_a_reward_and_values_of_its_items(outcome):
    agent = banditlab.agent("cucb", items=4, told={"family": {"k": 2}})
    agent.ask()
    with pytest.raises(UserError, match="outcome: should be") as error:
        agent.tell(outcome)
    assert "\n" not in str(error.value)
    agent.tell((1, {0: 1.0}))


@pytest.mark.parametrize(
    "kind, outcome, line",
    [
        ("cucb", 1.0, "should be .reward, {item: value, ...}., since the policy learns from values; got none"),
        ("cucb", (1.0, {}), "since the policy learns from values; got none"),
        ("cascade-ucb1", 1.0, "since the policy learns from values; got none"),
        ("cucb", (1.0, {0: 1.0, 3: 1.0}), r"values should be of items that were played, \[0, 1\]; got one of 3"),
        ("combinatorial/uniform", (1.0, {0: 1.5}), r"values should be in \[0, 1\], got 1.5 of part 0"),
        ("cucb", (1.0, {1: -0.5}), r"values should be in \[0, 1\], got -0.5 of part 1"),
    ],
)
def test_values_are_of_items_that_were_played_and_none_is_missed(kind, outcome, line):
    agent = banditlab.agent(kind, items=6, told={"family": {"k": 2}})
    items = agent.ask()
    with pytest.raises(UserError, match=f"^outcome: .*{line}") as error:
        agent.tell(outcome)
    assert "\n" not in str(error.value)
    agent.tell((1.0, {int(items[0]): 1.0}))
    assert agent.t == 1


WRONG = {
    "arms": ({"kind": "ucb1", "arms": 0}, "agent 'ucb1': arms: should be an integer of at least 1, got 0"),
    "arms as text": ({"kind": "ucb1", "arms": "3"}, "arms: should be an integer of at least 1, got '3'"),
    "arms as bool": ({"kind": "ucb1", "arms": True}, "arms: should be an integer of at least 1, got True"),
    "dim": ({"kind": "ucb1", "arms": 2, "dim": -1}, "dim: should be an integer of at least 0, got -1"),
    "seed": ({"kind": "ucb1", "arms": 2, "seed": -1}, "seed: should be an integer of at least 0, got -1"),
    "horizon": ({"kind": "ucb1", "arms": 2, "horizon": -5}, "horizon: should be an integer of at least 1, got -5"),
    "kind": ({"kind": "uxb1", "arms": 2}, r"no policy 'uxb1'; did you mean 'ucb1'\?"),
    "ambiguous": ({"kind": "fixed", "arms": 2}, "'fixed' is ambiguous: write 'active-dueling/fixed' or 'bandit/fixed'"),
    "parameter": ({"kind": "linucb", "arms": 2, "dim": 2, "widht": 1.0}, r"widht: unknown key; did you mean 'width'\?"),
    "value": ({"kind": "linucb", "arms": 2, "dim": 2, "width": -1.0}, "width: should be greater than 0, got -1.0"),
    "no features": ({"kind": "linucb", "arms": 2}, "agent 'linucb': dim: the policy needs features"),
    "not told": (
        {"kind": "colstim", "arms": 2, "dim": 2, "told": {"link": "logistic"}},
        "policy 'colstim' must be told the horizon",
    ),
    "no contexts": (
        {"kind": "ucb1", "arms": 2, "contexts": 3},
        r"agent 'ucb1'.contexts: unknown key",
    ),
    "contexts": (
        {"kind": "active-dueling/uniform", "arms": 2, "contexts": 0},
        "contexts: should be an integer of at least 1, got 0",
    ),
    "a single arm of a duel": (
        {"kind": "maxminlcb", "arms": 1, "dim": 1, "told": {"domain": [[0.0]]}},
        "arms: should be an integer of at least 2, got 1",
    ),
    "points": (
        {"kind": "maxminlcb", "arms": 2, "dim": 1, "told": {"domain": np.zeros((2, 1))}},
        "agent 'maxminlcb': points: should differ from each other, but 0 and 1 are both",
    ),
    "domain as text": (
        {"kind": "maxminlcb", "arms": 2, "dim": 1, "told": {"domain": "x"}},
        r"domain: finite numbers of shape \(2, 1\), got 'x'",
    ),
    "no domain": (
        {"kind": "maxminlcb", "arms": 2, "dim": 1},
        "policy 'maxminlcb' must be told the domain, by agent",
    ),
    "domain": (
        {"kind": "maxminlcb", "arms": 2, "dim": 1, "told": {"domain": np.eye(2)}},
        r"domain: finite numbers of shape \(2, 1\), for \(arms, dim\); got shape \(2, 2\)",
    ),
    "no family": ({"kind": "cucb", "items": 3}, "policy 'cucb' must be told the family, by agent"),
    "no such family": (
        {"kind": "cucb", "items": 3, "told": {"family": {"size": 2}}},
        "agent 'cucb': family: a dict with the keys of one of {k}, {budget, costs}, .*; got {'size': 2}",
    ),
    "family as a number": ({"kind": "cucb", "items": 3, "told": {"family": 2}}, "family: a dict with .*; got 2"),
    "part of an item": ({"kind": "cucb", "items": 3, "told": {"family": {"k": 1.5}}}, "family: .*; got {'k': 1.5}"),
    "sets of none": ({"kind": "cucb", "items": 3, "told": {"family": {"k": 0}}}, "'cucb': k: in 1 .. 2, .*; got 0"),
    "other items": (
        {"kind": "cucb", "items": 3, "told": {"family": {"pairs": 2}}},
        "family: sets of 3 items, as the agent has; got one of 4",
    ),
    "costs as text": (
        {"kind": "combinatorial/uniform", "items": 2, "told": {"family": {"costs": ["a", "b"], "budget": 1.0}}},
        r"family: costs: 2 finite numbers, one an item; got \['a', 'b'\]",
    ),
    "too few costs": (
        {"kind": "combinatorial/uniform", "items": 2, "told": {"family": {"costs": [0.5], "budget": 1.0}}},
        r"family: costs: 2 finite numbers, one an item; got \[0.5\]",
    ),
    "unknown nodes": (
        {"kind": "cucb", "items": 2, "told": {"family": {"edges": [[0, 1], [3, 2]]}}},
        "edges: should connect all nodes 0 .. 3, but none leads from 0 to 2",
    ),
    "no oracle": (
        {"kind": "cucb", "items": 2, "told": {"family": {"costs": [0.5, 1.0], "budget": 1.0}}},
        "family: the policy needs oracle, which these sets do not give",
    ),
    "no size": (
        {"kind": "c-etc", "items": 2, "horizon": 9, "told": {"family": {}}},
        "family: the policy needs sized, which these sets do not give",
    ),
    "parts": ({"kind": "cucb", "items": 3, "parts": 2, "told": {"family": {"k": 1}}}, "parts: 3, one an item; got 2"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_an_agent_that_cannot_be_is_refused(what):
    arguments, line = WRONG[what]
    with pytest.raises(UserError, match=line) as error:
        banditlab.agent(**arguments)
    assert "\n" not in str(error.value)


def test_arms_have_features_of_their_own_unless_told_otherwise():
    def weights(**told):
        return banditlab.agent("lints", arms=3, dim=2, v=1.0, **told).state.theta.shape

    assert weights() == weights(told={"noise": 0.5}) == (1, 2)
    assert weights(told={"arm_features": False}) == (3, 2)


def test_ask_and_tell_take_turns(tmp_path):
    agent, _ = make("ucb1")
    with pytest.raises(UserError, match="no action waits for an outcome: call ask"):
        agent.tell(1.0)
    agent.ask()
    with pytest.raises(UserError, match="the last action waits for its outcome: call tell"):
        agent.ask()
    with pytest.raises(UserError, match="save between two rounds"):
        agent.save(tmp_path / "agent.npz")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("outcome", [float("nan"), float("inf"), "0.5", None, [1.0, 2.0]])
def test_an_outcome_that_is_no_number_is_refused(outcome):
    agent, _ = make("ucb1")
    agent.ask()
    with pytest.raises(UserError, match="outcome: should be a finite number, got"):
        agent.tell(outcome)
    assert agent.t == 0
    agent.tell(1)
    assert agent.t == 1


@pytest.mark.parametrize("outcome", [2, 0.5, "True", None])
def test_an_outcome_of_a_duel_is_true_or_false(outcome):
    agent, _ = make("dueling/uniform")
    agent.ask()
    with pytest.raises(UserError, match="outcome: should be True or False, got"):
        agent.tell(outcome)
    agent.tell(np.bool_(True))


@pytest.mark.parametrize("features", [None, np.zeros((3, 3)), np.zeros((4, 2)), np.full((4, 3), np.nan)])
def test_features_of_another_shape_are_refused(features):
    agent, _ = make("linucb")
    with pytest.raises(
        UserError, match=r"features: finite numbers(, got nan| of shape \(4, 3\)(, got none|, for \(arms, dim\); got))"
    ):
        agent.ask(features)
    agent.ask(np.zeros((4, 3)))


def test_a_known_domain_is_the_features():
    agent, _ = make("maxminlcb")
    agent.ask()
    agent.tell(True)
    with pytest.raises(UserError, match="features: the policy was told a domain, which does not change"):
        agent.ask(np.zeros((4, 3)))
    with pytest.raises(UserError, match="features: finite numbers"):
        make("maxminlcb")[0].ask(np.eye(2))


def test_an_arm_is_recommended_for_each_context():
    agent, _ = make("active-dueling/oracle")
    found = agent.recommend()
    np.testing.assert_array_equal(found, [1, 2])
    found[:] = 7
    np.testing.assert_array_equal(agent.recommend(), [1, 2])


@pytest.mark.parametrize("form, room", [("arms", False), ("data", True)])
def test_only_what_needs_room_runs_out_of_it(form, room):
    agent = banditlab.agent("gp-ucb", arms=2, dim=1, horizon=1, told={"domain": [[0.0], [1.0]]}, form=form)
    agent.ask()
    agent.tell(1.0)
    if room:
        with pytest.raises(UserError, match="this agent has room for 1 rounds"):
            agent.ask()
    else:
        agent.ask()


def test_features_are_copied():
    """A user who fills one array in each round must not change what is learnt."""
    agent, _ = make("linucb")
    features = np.eye(4, 3)
    agent.ask(features)
    features[:] = 7.0
    agent.tell(1.0)
    assert agent.state.theta.tolist() == [0.5, 0.0, 0.0]


def test_no_more_rounds_than_there_is_room_for():
    agent = banditlab.agent("maxinp", arms=3, dim=2, horizon=5, told={"link": "logistic"})
    for _ in range(5):
        agent.ask(np.eye(3, 2))
        agent.tell(True)
    with pytest.raises(UserError, match="this agent has room for 5 rounds"):
        agent.ask(np.eye(3, 2))


@pytest.mark.parametrize("settings, limited", [({}, True), ({"doubling": True}, False)])
def test_no_more_rounds_than_the_policy_plans_for(settings, limited):
    agent = banditlab.agent("c-etc", items=4, horizon=5, told={"family": {"k": 2}}, **settings)
    for _ in range(5):
        agent.ask()
        agent.tell(1.0)
    if limited:
        with pytest.raises(UserError, match="this agent has room for 5 rounds: start it with a larger horizon"):
            agent.ask()
    else:
        agent.ask()


# --- files --------------------------------------------------------------------------------------------------------


@pytest.fixture
def saved(tmp_path):
    agent, dim = make("linucb")
    play(agent, dim, 0, 5)
    agent.save(tmp_path / "agent.npz")
    return tmp_path / "agent.npz"


def changed(file, **changes):
    with np.load(file, allow_pickle=False) as stored:
        arrays = dict(stored) | changes
    np.savez(file, **{name: array for name, array in arrays.items() if array is not None})
    return file


def test_nothing_is_pickled(saved):
    with np.load(saved, allow_pickle=False) as stored:
        assert all(stored[name].dtype.kind in "fiubU" for name in stored.files)


def test_a_file_that_does_not_fit_is_refused(saved):
    with pytest.raises(UserError, match=r"agent.npz: theta is float64 \(2,\), the policy's is float64 \(3,\)"):
        banditlab.Agent.load(changed(saved, theta=np.zeros(2)))
    with pytest.raises(UserError, match=r"agent.npz: theta is int64 \(3,\), the policy's is float64 \(3,\)"):
        banditlab.Agent.load(changed(saved, theta=np.zeros(3, int)))
    with pytest.raises(UserError, match=r"agent.npz: cannot be read as a saved agent: 'theta"):
        banditlab.Agent.load(changed(saved, theta=None))
    with pytest.raises(UserError, match=r"agent.npz: cannot be read as a saved agent"):
        banditlab.Agent.load(changed(saved, about=None))


def test_a_file_that_is_none_is_refused(saved, tmp_path):
    with pytest.raises(UserError, match="nowhere.npz: cannot be read as a saved agent: "):
        banditlab.Agent.load(tmp_path / "nowhere.npz")
    saved.write_bytes(saved.read_bytes()[:100])
    with pytest.raises(UserError, match="agent.npz: cannot be read as a saved agent: "):
        banditlab.Agent.load(saved)
    saved.write_bytes(b"no archive")
    with pytest.raises(UserError, match="agent.npz: cannot be read as a saved agent: "):
        banditlab.Agent.load(saved)


def test_a_state_of_objects_cannot_be_saved(tmp_path):
    agent, _ = make("ucb1")
    agent.state = {"a": 1}
    with pytest.raises(UserError, match="the state of 'ucb1' is no NamedTuple of arrays and cannot be saved"):
        agent.save(tmp_path / "agent.npz")


def test_nested_states_are_saved_field_by_field(tmp_path):
    agent, dim = make("colstim")
    play(agent, dim, 0, 30)
    agent.save(tmp_path / "agent.npz")
    other = banditlab.Agent.load(tmp_path / "agent.npz")

    def flat(value):
        return [part for field in value for part in flat(field)] if isinstance(value, tuple) else [value]

    for one, two in zip(flat(agent.state), flat(other.state), strict=True):
        np.testing.assert_array_equal(one, two)


class Odd(NamedTuple):
    names: list


def test_a_state_of_lists_cannot_be_saved(tmp_path):
    agent, _ = make("ucb1")
    agent.state = Odd([{"a": 1}])
    with pytest.raises(UserError, match="the state of 'ucb1' is more than arrays and numbers"):
        agent.save(tmp_path / "agent.npz")
    assert not list(tmp_path.iterdir())
