"""Facts that users tell: one clear line where a fact cannot be; what environments say of themselves is right."""

import math

import numpy as np
import pytest

import banditlab
from banditlab import registry
from banditlab.checks import replay
from banditlab.checks.pairs import REFERENCES
from banditlab.errors import UserError
from banditlab.facts import FACTS, check_facts
from banditlab.games import games
from banditlab.runs.grid import World

KNAPSACK = {"arms": 3, "resources": 2}
MEANS = [[0.0, 0.0, 0.0], [0.9, 0.9, 0.6], [0.5, 0.1, 0.5]]
POINTS = {"points": 3, "dim": 1, "constraints": 1}
DOMAIN = {"domain": [[0.0], [0.5], [1.0]], "noise": 0.1, "variances": 1.0, "length_scales": 1.0}

#: (policy, its numbers, what it is told beside, the fact, what that should be)
ASKED = {
    "budget": ("ucb-bwk", KNAPSACK, {}, "budget", "a finite number of at least 1"),
    "void": ("knapsack/primal-dual", KNAPSACK, {"budget": 9.0}, "void", r"a finite number in \[0, 1\]"),
    "means": ("control-budget", KNAPSACK, {"budget": 9.0}, "means", r"finite numbers of shape \(3, 3\)"),
    "mix": ("knapsack/static-mix", KNAPSACK, {}, "mix", r"finite numbers of shape \(3,\) in \[0, 1\]"),
    "noise": ("lucb", {"arms": 3}, {}, "noise", "a finite number of at least 0"),
    "signal": ("logistic-ucb", {"arms": 3, "dim": 2}, {}, "signal", "a finite number above 0"),
    "noises": ("config", POINTS, DOMAIN, "noise", "finite numbers of at least 0"),
    "variances": ("config", POINTS, DOMAIN, "variances", "finite numbers above 0"),
    "length scales": ("config", POINTS, DOMAIN, "length_scales", "finite numbers above 0"),
    "length scale": (
        "gp-ucb", {"arms": 3, "dim": 1}, {"domain": DOMAIN["domain"]}, "length_scale", "a finite number above 0"
    ),
    "best": ("bandit/oracle", {"arms": 3}, {}, "best", r"finite numbers of shape \(1,\), whole and at least 0"),
    "best of contexts": (
        "active-dueling/oracle", {"arms": 3, "dim": 1, "contexts": 2}, {}, "best", r"finite numbers of shape \(2,\), .*"
    ),
    "optimum": ("convex/oracle", {"dim": 2}, {}, "optimum", r"finite numbers of shape \(2,\)"),
    "best set": ("combinatorial/oracle", {"items": 6}, {}, "best_set", r"finite numbers, whole, different, in 0 .. 5"),
    "horizon": ("ucb-bwk", KNAPSACK, {"budget": 9.0}, "horizon", "a finite number, whole and at least 1"),
}  # fmt: skip
RAGGED = [[1.0], [1.0, 2.0]]
NEVER = [math.nan, math.inf, "0.5", "x", None, True, {"a": 1.0}, [1.0, math.nan], [0.5, "x"], RAGGED]


@pytest.mark.parametrize("value", NEVER, ids=repr)
@pytest.mark.parametrize("case", ASKED)
def test_what_is_no_finite_number_is_refused(case, value):
    refuse(case, value)


WRONG = {
    "budget": [-3.0, 0.5, [9.0, 9.0]],
    "void": [-0.1, 1.5],
    "means": [0.5, [0.5] * 3, np.zeros((2, 3)), np.zeros((3, 2))],
    "mix": [0.5, [0.5, 0.5], [0.5, 0.6, -0.1], [1.5, 0.0, 0.0]],
    "noise": [-0.5, [0.5] * 3],
    "signal": [0.0, -1.0],
    "noises": [-0.1, [0.1, -0.1]],
    "variances": [0.0, [1.0, 0.0]],
    "length scales": [0.0, [[1.0], [-1.0]]],
    "length scale": [0.0, -3.0, [1.0, 1.0]],
    "best": [1, -1, [-1], [0.5], [0, 1]],
    "best of contexts": [[1], [1, -1]],
    "optimum": [0.5, [0.5] * 3],
    "best set": [[0, 0, 0], [0, 9], [0, -1], [0.5], 0, [[0], [1]]],
    "horizon": [0, 10.5],
}


@pytest.mark.parametrize("case", WRONG)
def test_numbers_out_of_range_and_of_another_shape_are_refused(case):
    for value in WRONG[case]:
        refuse(case, value)


def refuse(case, value):
    policy, numbers, told, fact, wanted = ASKED[case]
    with pytest.raises(UserError, match=f"^agent '.*': {fact}: should be {wanted}, got .") as error:
        banditlab.agent(policy, **numbers, told={**told, fact: value})
    assert "\n" not in str(error.value)


def test_a_link_is_one_of_three():
    for value in ("logit", 1.0, None, ["logistic"]):
        with pytest.raises(UserError, match="^agent 'ginop': link: should be one of logistic, probit, exp.*, got"):
            banditlab.agent("ginop", arms=3, dim=2, told={"link": value, "horizon": 50})


def test_facts_that_are_right_are_taken():
    right = {"budget": 9, "means": MEANS, "horizon": 50}
    banditlab.agent("control-budget", **KNAPSACK, told=right)
    banditlab.agent("control-budget", **KNAPSACK, told=right | {"budget": np.float32(9.0), "means": np.array(MEANS)})
    banditlab.agent("lucb", arms=3, told={"noise": 0})


def test_only_what_the_policy_may_ask_is_checked():
    banditlab.agent("ucb1", arms=3, told={"noise": "loud", "budget": -1.0})


@pytest.mark.parametrize("name, line", [("famly", "; did you mean 'family'"), ("zzz", r" \(there are: ")])
def test_a_fact_that_no_policy_asks_for_is_refused(name, line):
    with pytest.raises(UserError, match=f"^agent 'cucb': told: no policy asks for '{name}'{line}") as error:
        banditlab.agent("cucb", items=3, told={name: 1, "family": {"k": 1}})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("value", [[1, 2], (1.0,), np.ones(1)], ids=repr)
@pytest.mark.parametrize("fact", ["radius", "gradient_bound", "smoothness"])
def test_a_number_of_the_convex_game_is_no_list(fact, value):
    told = {"form": "ball", "radius": 1.0, "gradient_bound": 1.0, "smoothness": 1.0, fact: value}
    with pytest.raises(UserError, match=f"^agent 'sword': {fact}: a number, got ") as error:
        banditlab.agent("sword", dim=2, horizon=9, told=told)
    assert "\n" not in str(error.value)


def test_a_fact_of_another_game_may_be_anything():
    check_facts({"means": "two", "mix": None}, ("means", "mix"), {"points": 3})


@pytest.mark.parametrize("game", REFERENCES)
def test_what_environments_say_of_themselves_is_right(game):
    seen = set()
    for name, parameters in REFERENCES[game]:
        kind = registry.find("environment", name, game)
        environment = kind.cls(**parameters)
        env = replay.start_env(environment, 20, 0)
        facts = World(name, kind, environment).facts(env, 20)
        check_facts(facts, FACTS, games()[game].shape(env))
        seen |= facts.keys() & FACTS.keys()
    assert seen > {"horizon", "rounds"}
