"""A replication draws a fresh instance, or all share one; their noise differs in any case."""

import numpy as np
import pytest

from banditlab.runs import grid, pair


def starts(instance, environment):
    table = {
        "game": "dueling",
        "horizon": 10,
        "replications": 3,
        "environment": [{**environment, "instance": instance}],
        "policy": [{"kind": "uniform"}],
    }
    parsed = grid.parse(table, "test")
    return [pair._start(parsed.cells[0], parsed.settings, replication) for replication in range(3)]


@pytest.mark.parametrize("instance", ["fixed", "fresh"])
def test_instance(instance):
    found = starts(instance, {"kind": "linear", "arms": 4, "dim": 3})
    assert len({tuple(start.env.theta) for start in found}) == (1 if instance == "fixed" else 3)
    assert len({int(start.env.noise) for start in found}) == 3
    assert len({start.contexts.random() for start in found}) == 3
    assert len({start.coins.random() for start in found}) == 3
    assert np.isfinite(found[0].env.theta).all()
