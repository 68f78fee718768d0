"""Tables of objective and constraints: the files that are read, what policies are told of them, every mistake."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from banditlab.checks import replay
from banditlab.environments.blackbox.table import Table
from banditlab.errors import UserError
from banditlab.games.blackbox import FIRST, GAME, VIOLATION, metrics_of

FILE = "tests/data/simulation.csv"
RAW = np.genfromtxt(FILE, delimiter=",", skip_header=1)
POINTS, OBJECTIVE, CONSTRAINTS = RAW[:, :2], RAW[:, 2], RAW[:, 3:].T


def start(instance, seed=0):
    return replay.start_env(instance, 1, seed)


def test_a_table():
    state = start(Table(path=FILE))
    assert_array_equal(state.features, POINTS)
    assert_allclose(state.truth[0], OBJECTIVE - OBJECTIVE.mean())
    assert_array_equal(state.truth[1:], CONSTRAINTS)
    assert state.best[0] == 4
    assert_allclose(state.variances, [OBJECTIVE.var(), *CONSTRAINTS.var(axis=1)])
    assert_allclose(state.length_scales, [[0.5, 0.25]] * 3)
    assert_array_equal(state.deviations, np.zeros(3))
    assert Table(path=FILE).metrics() == metrics_of(2)


def test_limits_noise_and_what_is_told():
    state = start(
        Table(
            path=FILE,
            limits=[-0.25, 0.0],
            noise=[1.0, 0.1, 0.2],
            variance=[200.0, 1.0, 2.0],
            length_scale=[[0.3, 0.3], [0.3, 2.0], [0.3, 2.0]],
        )
    )
    assert_allclose(state.truth[1:], [CONSTRAINTS[0] + 0.25, CONSTRAINTS[1]])
    assert state.best[0] == 1
    assert_array_equal(state.deviations, [1.0, 0.1, 0.2])
    assert_array_equal(state.variances, [200.0, 1.0, 2.0])
    assert_array_equal(state.length_scales, [[0.3, 0.3], [0.3, 2.0], [0.3, 2.0]])
    assert_array_equal(start(Table(path=FILE, length_scale=2.0)).length_scales, np.full((3, 2), 2.0))
    assert_array_equal(start(Table(path=FILE, length_scale=[2.0, 1.0])).length_scales, [[2.0, 1.0]] * 3)
    assert_array_equal(start(Table(path=FILE, variance=2.0, noise=0.5)).deviations, np.full(3, 0.5))


def test_files_agree(csv, npz):
    expected = start(Table(path=FILE))
    shuffled = csv(
        "constraint2,objective,setpoint,constraint1,gain\n"
        + "\n".join(f"{h},{f},{x},{g},{y}" for x, y, f, g, h in RAW.tolist())
    )
    for file in (shuffled, npz(points=POINTS, objective=OBJECTIVE, constraints=CONSTRAINTS)):
        found = start(Table(path=file))
        for name in ("features", "truth", "variances", "length_scales", "best"):
            assert_array_equal(getattr(found, name), getattr(expected, name))
    single = [
        csv("objective,constraint,x\n" + "\n".join(f"{f},{g},{i}" for i, (f, g) in enumerate(RAW[:, 2:4].tolist()))),
        npz(points=np.arange(6.0)[:, None], objective=OBJECTIVE, constraints=CONSTRAINTS[0]),
    ]
    for file in single:
        state = start(Table(path=file))
        assert_array_equal(state.truth[1:], CONSTRAINTS[:1])
        assert Table(path=file).metrics() == metrics_of(1)


def test_more_constraints_than_metrics(csv):
    """Of ten constraints in the order of their numbers, four have a metric each, and all count."""
    names = ",".join(f"constraint{i}" for i in range(1, 11))
    rows = [",".join(str(point * i / 10) for i in range(1, 11)) for point in (-1, 1)]
    table = Table(path=csv(f"x,objective,{names}\n0,1,{rows[0]}\n1,0,{rows[1]}\n"))
    assert table.metrics() == metrics_of(10) and len(metrics_of(10)) == len(GAME.metrics)
    state = start(table)
    assert_allclose(state.truth[1:, 1], np.arange(1, 11) / 10)
    totals = np.zeros(len(GAME.metrics))
    table.score(state, 0, 1, totals)
    assert_allclose(totals[VIOLATION], 5.5)
    assert_allclose(totals[FIRST:], [0.1, 0.2, 0.3, 0.4])


def test_what_is_played_does_not_change_the_file(npz):
    points, values = np.arange(600.0)[:, None], np.arange(600.0)
    for file in (FILE, npz(points=points, objective=values, constraints=values)):
        state = start(Table(path=file))
        kept = state.features.copy(), state.truth.copy()
        state.features[:], state.truth[:] = 9, 9
        for array, name in zip(kept, ("features", "truth"), strict=True):
            assert_array_equal(getattr(start(Table(path=file)), name), array)


GOOD = "x,objective,constraint\n0,1,-1\n1,2,1\n"
BAD_CSV = {
    "x,constraint\n0,1\n1,2\n": "{}: no column 'objective'; there are 'x', 'constraint'",
    "x,objective\n0,1\n1,2\n": (
        "{}: constraints should be in a column 'constraint', or 'constraint1', 'constraint2' and so on; there are 'x', "
        "'objective'"
    ),
    "x,objective,constraint1,constraint3\n0,1,1,1\n1,2,2,2\n": (
        "{}: constraints should be in a column 'constraint', or 'constraint1', 'constraint2' and so on; there are 'x', "
        "'objective', 'constraint1', 'constraint3'"
    ),
    "x,objective,constraint,constraint1\n0,1,1,1\n1,2,2,2\n": (
        "{}: constraints should be in a column 'constraint', or 'constraint1', 'constraint2' and so on; there are 'x', "
        "'objective', 'constraint', 'constraint1'"
    ),
    "objective,constraint\n0,1\n1,2\n": (
        "{}: points (0,), objective (2,) and constraints (1, 2) make no table; allowed: (G, d), (G,) and (N, G) with "
        "G >= 2, d >= 1, N >= 1"
    ),
    "x,objective,constraint\n0,1,1\n": (
        "{}: points (1, 1), objective (1,) and constraints (1, 1) make no table; allowed: (G, d), (G,) and (N, G) with "
        "G >= 2, d >= 1, N >= 1"
    ),
    GOOD + "2,,1\n": "{}: column 'objective': should hold finite numbers only, got nan at row 2",
    GOOD + "2,1,\n": "{}: column 'constraint': should hold finite numbers only, got nan at row 2",
    GOOD + "inf,1,1\n": "{}: column 'x': should hold finite numbers only, got inf at row 2",
    GOOD + "two,1,1\n": "{}: column 'x': should hold numbers only, got object",
    GOOD + "0,3,1\n": "{}: points: should differ from each other, but 0 and 2 are both [0.]",
    "x,objective,constraint\n0,3,1\n1,3,2\n": "{}: the objective is 3 at all points: give a variance",
    "x,objective,constraint\n0,3,1\n1,2,1\n": "{}: constraint 1 is 1 at all points: give a variance",
    "x,y,objective,constraint\n0,7,3,1\n1,7,2,2\n": "{}: coordinate 1 is 7 at all points: leave it out",
}


@pytest.mark.parametrize("text", BAD_CSV)
def test_bad_csv(text, csv):
    file = csv(text)
    for attempt in (start, Table.metrics):
        with pytest.raises(UserError) as error:
            attempt(Table(path=file))
        assert str(error.value) == BAD_CSV[text].format(file)


def test_constants_are_taken_where_policies_are_told_enough(csv):
    state = start(Table(path=csv("x,y,objective,constraint\n0,7,3,-50\n1,7,3,-50\n"), variance=1.0, length_scale=0.5))
    assert_array_equal(state.truth, [[0, 0], [-50, -50]])


@pytest.mark.parametrize(
    "fields, message",
    [
        (
            {"objective": OBJECTIVE, "constraints": CONSTRAINTS},
            "no array 'points'; there are 'objective', 'constraints'",
        ),
        ({"points": POINTS, "objective": OBJECTIVE}, "no array 'constraints'; there are 'points', 'objective'"),
        (
            {"points": POINTS, "objective": OBJECTIVE, "constraints": CONSTRAINTS.T},
            "points (6, 2), objective (6,) and constraints (6, 2) make no table; allowed: (G, d), (G,) and (N, G) with "
            "G >= 2, d >= 1, N >= 1",
        ),
        (
            {"points": POINTS, "objective": OBJECTIVE[1:], "constraints": CONSTRAINTS},
            "points (6, 2), objective (5,) and constraints (2, 6) make no table; allowed: (G, d), (G,) and (N, G) with "
            "G >= 2, d >= 1, N >= 1",
        ),
        (
            {"points": POINTS[:, 0], "objective": OBJECTIVE, "constraints": CONSTRAINTS},
            "points (6,), objective (6,) and constraints (2, 6) make no table; allowed: (G, d), (G,) and (N, G) with "
            "G >= 2, d >= 1, N >= 1",
        ),
        (
            {"points": POINTS, "objective": OBJECTIVE, "constraints": np.zeros((0, 6))},
            "points (6, 2), objective (6,) and constraints (0, 6) make no table; allowed: (G, d), (G,) and (N, G) with "
            "G >= 2, d >= 1, N >= 1",
        ),
        (
            {"points": 1.0, "objective": OBJECTIVE, "constraints": CONSTRAINTS},
            "points (), objective (6,) and constraints (2, 6) make no table; allowed: (G, d), (G,) and (N, G) with "
            "G >= 2, d >= 1, N >= 1",
        ),
        (
            {
                "points": np.arange(100_001.0)[:, None],
                "objective": np.arange(100_001.0),
                "constraints": np.arange(100_001.0),
            },
            "at most 100,000 points, got 100,001",
        ),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_bad_arrays(fields, message, npz):
    file = npz(**fields)
    with pytest.raises(UserError) as error:
        start(Table(path=file))
    assert str(error.value) == f"{file}: {message}"


def test_missing_file():
    with pytest.raises(UserError, match="nowhere.csv: no such file"):
        Table(path="nowhere.csv").metrics()
