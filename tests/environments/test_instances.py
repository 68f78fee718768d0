"""A replication draws a fresh instance, or all share one; their noise differs in any case."""

import numpy as np
import pytest

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
    return [pair._start(parsed.cells[0], parsed.settings, replication) for replication in range(3)]


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
