"""A replication draws a fresh instance, or all share one; their noise differs in any case."""

import numpy as np
import pytest

from banditlab.errors import UserError
from banditlab.runs import pair, reading


def starts(instance, environment):
    table = {
        "game": "dueling",
        "horizon": 10,
        "replications": 3,
        "environment": [{**environment, "instance": instance}],
        "policy": [{"kind": "uniform"}],
    }
    parsed = reading.parse(table, "test")
    return [pair.begin(parsed.cells[0], parsed.settings, replication) for replication in range(3)]


@pytest.mark.parametrize("instance", ["fixed", "fresh"])
def test_instance(instance):
    found = starts(instance, {"kind": "linear", "arms": 4, "dim": 3})
    assert len({tuple(start.env.theta) for start in found}) == (1 if instance == "fixed" else 3)
    assert len({int(start.env.noise) for start in found}) == 3
    assert len({start.contexts.random() for start in found}) == 3
    assert len({start.coins.random() for start in found}) == 3
    assert np.isfinite(found[0].env.theta).all()


def test_target_names_the_column_of_the_classes(tmp_path):
    file = tmp_path / "iris.csv"
    file.write_text("x,y,kind\n1,0,a\n0,1,b\n1,1,a\n")
    table = {
        "environment": [{"kind": "classification", "data": str(file), "target": "kind", "label": "Iris"}],
        "policy": [{"kind": "bandit/uniform"}],
    }
    cell = reading.parse(table, "test").cells[0]
    state = cell.world.instance.start(np.random.default_rng(0), np.uint64(1), 10)
    assert cell.environment == "Iris"
    assert sorted(state.classes) == [0, 0, 1]


STILL = [
    {"kind": "bandit/linear", "fresh": False, "dim": 3},
    {"kind": "dueling/linear", "contexts": "static", "dim": 3},
    {"kind": "bandit/bernoulli", "arms": 4, "prior": "beta(1, 1)"},
    {"kind": "bandit/gaussian", "arms": 4},
    {"kind": "bandit/adversarial", "period": 10},
]


@pytest.mark.parametrize("world", STILL, ids=lambda world: world["kind"])
def test_a_fixed_instance_is_the_same_in_all_replications(world):
    game = world["kind"].partition("/")[0]
    table = {"environment": [{**world, "instance": "fixed"}], "policy": [{"kind": f"{game}/uniform"}]}
    grid = reading.parse(table, "test")
    states = []
    for replication in (0, 1):
        env = pair.begin(grid.cells[0], grid.settings, replication).env
        states.append([value for name, value in zip(env._fields, env, strict=True) if name != "noise"])
    for one, other in zip(*states, strict=True):
        np.testing.assert_array_equal(one, other)


IDLE = [
    ({"kind": "bandit/bernoulli", "means": [0.1, 0.2], "gap": 0.1}, "means leaves nothing to gap"),
    ({"kind": "bandit/gaussian", "arms": 3, "prior": "normal(0, 1)", "best": 1.0}, "prior leaves nothing to best"),
    ({"kind": "bandit/adversarial", "growth": 1.6, "period": 3}, "growth leaves nothing to period"),
    ({"kind": "dueling/linear", "theta": [1.0] * 10, "signal": 7.0}, "theta leaves nothing to signal"),
    ({"kind": "dueling/linear", "contexts": "array", "features": "x.npy", "dim": 3}, "features leaves nothing to dim"),
    ({"kind": "bandit/bernoulli", "arms": 3, "prior": "uniform(0, 1.1)"}, "reaches outside"),
]


@pytest.mark.parametrize(("world", "line"), IDLE)
def test_nothing_that_is_given_is_ignored(world, line):
    with pytest.raises(UserError, match=line):
        reading.parse({"environment": [world], "policy": [{"kind": f"{world['kind'].partition('/')[0]}/uniform"}]}, "g")
