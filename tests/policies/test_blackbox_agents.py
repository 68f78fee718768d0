"""Policies of the black-box game in a user's own loop: saved, stopped, without an observation, told nonsense."""

import math

import numpy as np
import pytest

import banditlab
from banditlab.errors import UserError

POLICIES = ("config", "gp-lcb", "constrained-ei", "epbo", "primal-dual", "safe-lcb", "safeopt")
SAFE = ("safe-lcb", "safeopt")


def agent(name, **told):
    domain = np.linspace(-3.0, 3.0, 9)[:, None]
    return banditlab.agent(
        f"blackbox/{name}", points=9, dim=1, constraints=1, horizon=40, told={"domain": domain, **told}, variance=1.0,
        length_scale=1.0, noise=0.1,
    )  # fmt: skip


def ask_and_tell(made, start, stop):
    points = []
    for t in range(start, stop):
        point = made.ask()
        points.append(point)
        made.tell([math.sin(point), point - 5 + 0.1 * math.cos(t)])
    return points


FIRST = [[4, 0.3, -1.0]]


@pytest.mark.parametrize("name", POLICIES)
def test_a_saved_agent_goes_on_as_if_it_had_never_stopped(name, tmp_path):
    straight, first = agent(name, initial=FIRST), agent(name, initial=FIRST)
    points = ask_and_tell(straight, 0, 20)
    assert ask_and_tell(first, 0, 8) == points[:8]
    first.save(tmp_path / "agent.npz")
    second = banditlab.Agent.load(tmp_path / "agent.npz")
    assert ask_and_tell(second, 8, 20) == points[8:]
    assert not second.stopped


@pytest.mark.parametrize("name", POLICIES)
def test_an_agent_starts_without_an_observation_where_it_can(name, tmp_path):
    if name in SAFE:
        with pytest.raises(UserError, match=f"^agent '{name}': initial: the policy starts from a point that is safe"):
            agent(name)
        return
    made = agent(name)
    ask_and_tell(made, 0, 3)
    made.save(tmp_path / "agent.npz")
    again = banditlab.Agent.load(tmp_path / "agent.npz")
    assert ask_and_tell(again, 3, 6) == ask_and_tell(made, 3, 6)


def test_an_agent_says_that_it_stopped():
    made = agent("config")
    for _ in range(20):
        if made.stopped:
            break
        made.ask()
        made.tell([0.0, 3.0])
    assert made.stopped
    assert made.t < 10


@pytest.mark.parametrize("outcome", [1.0, [1.0], [1.0, 2.0, 3.0], [1.0, math.nan], "x", [[1.0, 2.0]]])
def test_an_outcome_of_another_length_is_refused(outcome):
    made = agent("epbo")
    made.ask()
    said = "^outcome: should be the objective's value and the constraints', 2 finite numbers, got "
    with pytest.raises(UserError, match=said) as error:
        made.tell(outcome)
    assert "\n" not in str(error.value)
    made.tell([1.0, 2.0])
    assert made.t == 1


@pytest.mark.parametrize(
    ("initial", "said"),
    [
        ([[9, 0.0, 0.0]], r"initial: a point in 0 \.\. 8, got 9"),
        ([[-1, 0.0, 0.0]], r"initial: a point in 0 \.\. 8, got -1"),
        ([[1.5, 0.0, 0.0]], r"initial: a point in 0 \.\. 8, got 1\.5"),
        ([[1, 0.0]], r"initial: rows of 3 finite numbers, a point and its values; got \[\[1\.0, 0\.0\]\]"),
        ([1, 0.0, 0.0], "initial: rows of 3 finite numbers, a point and its values; got"),
        ([[1, 0.0, math.inf]], "initial: rows of 3 finite numbers, a point and its values; got"),
    ],
)
@pytest.mark.parametrize("name", ["config", "constrained-ei", "safe-lcb"])
def test_observations_that_cannot_be_are_refused(name, initial, said):
    with pytest.raises(UserError, match=f"^agent '{name}': {said}") as error:
        agent(name, initial=initial)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("after", ["stop", "continue"])
def test_an_agent_says_that_it_has_declared_the_problem_infeasible(after):
    domain = np.linspace(-3.0, 3.0, 5)[:, None]
    made = banditlab.agent(
        "config", points=5, dim=1, constraints=1, horizon=30, told={"domain": domain}, variance=1.0, length_scale=1.0,
        noise=0.1, on_infeasible=after,
    )  # fmt: skip
    assert not made.declared
    for _ in range(10):
        made.ask()
        made.tell([0.0, 5.0])
    assert made.declared
    assert made.stopped == (after == "stop")
