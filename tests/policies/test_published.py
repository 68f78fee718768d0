"""Regrets that an independent NumPy prototype measured on the same setting, over 20 replications.

Where two means of 20 are compared, they are within 4 standard errors of their difference (ours, times sqrt 2): false
alarm 1e-4 a number. Where an interval was stated, it is that one.
"""

import functools

import numpy as np
import pytest

from banditlab.checks import replay
from banditlab.environments.dueling.linear import Linear
from banditlab.policies.dueling.colstim import CoLSTIM
from banditlab.policies.dueling.maxinp import MaxInP
from banditlab.policies.dueling.uniform import Uniform

pytestmark = pytest.mark.claims

REPLICATIONS = 20
AVERAGE, WEAK = 0, 2
PLAYERS = {"uniform": Uniform(), "maxinp": MaxInP(ridge=1.0), "colstim": CoLSTIM(ridge=1.0)}


@functools.cache
def regrets(name, signal, horizon=2000):
    """Cumulative regrets (replications, T, metrics) at d = K = 10 on the sphere."""
    return curves(Linear(arms=10, dim=10, signal=signal), PLAYERS[name], horizon)


def curves(world, policy, horizon):
    return np.array([replay.run(world, policy, horizon, seed).totals.cumsum(0) for seed in range(REPLICATIONS)])


@pytest.mark.parametrize(
    ("name", "signal", "average", "weak"),
    [
        ("uniform", 1.0, 959, 600),
        ("maxinp", 1.0, 695, 345),
        ("colstim", 1.0, 305, 65),
        ("uniform", 5.0, 4797, 2999),
        ("maxinp", 5.0, 878, 349),
        ("colstim", 5.0, 637, 157),
    ],
)
def test_final_regrets(name, signal, average, weak):
    last = regrets(name, signal)[:, -1]
    for metric, expected in ((AVERAGE, average), (WEAK, weak)):
        error = last[:, metric].std(ddof=1) * np.sqrt(2 / REPLICATIONS)
        assert abs(last[:, metric].mean() - expected) < 4 * error


@pytest.mark.parametrize(
    ("name", "signal", "low", "high"),
    [
        ("colstim", 1.0, 0.5, 0.75),
        ("maxinp", 1.0, 0.6, 0.85),
        ("uniform", 1.0, 0.99, 1.01),
        ("colstim", 5.0, 0.2, 0.45),
    ],
)
def test_growth_of_average_regret(name, signal, low, high):
    means = regrets(name, signal)[:, :, AVERAGE].mean(0)
    assert low < np.log2(means[-1] / means[999]) < high


def test_weak_regret_of_colstim_flattens():
    means = regrets("colstim", 1.0, 8000)[:, :, WEAK].mean(0)
    assert means[-1] / means[1999] < 1.25


def test_maxinp_of_huge_width_is_as_bad_as_uniform_play():
    world = Linear(arms=10, dim=10)
    one, other = (curves(world, player, 600)[:, -1, AVERAGE].mean() for player in (MaxInP(eta=1e6), Uniform()))
    assert one > 0.95 * other


@pytest.mark.parametrize("center", [True, False], ids=["centred", "uncentred"])
def test_colstim_needs_centring_where_contexts_stay(center):
    """One-hot contexts, p_t = 1, c1 = 2, T = 8000: the mean slope is below 0.5 centred, above 0.65 otherwise."""
    policy = CoLSTIM(preset="practical", coupling="always", center=center)
    found = curves(Linear(arms=10, dim=10, contexts="one-hot"), policy, 8000)[:, :, AVERAGE]
    slope = np.log2(found[:, -1] / found[:, 3999]).mean()
    assert slope < 0.5 if center else slope > 0.65
