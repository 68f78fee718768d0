"""Properties of the policies for preference matrices, and regrets that an independent prototype measured.

The kernels of `numerics.duels` are held against their formulas on the way.
"""

import functools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from banditlab.checks import replay
from banditlab.environments.dueling.matrix import Matrix
from banditlab.games.dueling import AVERAGE_PREFERENCE, STRONG_PREFERENCE, WEAK_PREFERENCE
from banditlab.numerics import duels
from banditlab.numerics.links import LOGISTIC, probability
from banditlab.policies.dueling import rcs, rmed1, rucb
from banditlab.policies.dueling.rcs import RCS
from banditlab.policies.dueling.rmed1 import RMED1
from banditlab.policies.dueling.rucb import RUCB
from banditlab.policies.dueling.self_sparring import SelfSparring
from banditlab.policies.dueling.uniform import Uniform
from banditlab.policies.dueling.versatile_db import VersatileDB
from banditlab.problem import Problem
from tests.reference.dueling.rcs import RCS as RCSTwin
from tests.reference.dueling.rucb import upper_bounds

ALARM = 1e-6  #: false-alarm rate of each statistical test here, on fixed seeds
few = settings(max_examples=25, deadline=None, derandomize=True)
seeds = st.integers(0, 10**6)
PLAYERS = [RUCB(), RCS(), RMED1(), SelfSparring(), VersatileDB(), VersatileDB("reduced-variance")]
each_player = pytest.mark.parametrize("policy", PLAYERS, ids=repr)


def logistic(utilities):
    return [[probability(LOGISTIC, one - other) for other in utilities] for one in utilities]


def start(policy, arms):
    return policy.start(Problem("test", {"arms": arms, "dim": 0}, {}, {}), np.random.default_rng(0))


def dueled(arms, seed, count):
    """Results of random duels, some pairs without any."""
    rng, results = np.random.default_rng(seed), duels.start_duels(arms)
    for _ in range(count):
        duels.count_duel(results, rng.integers(arms), rng.integers(arms), bool(rng.random() < 0.4))
    return results


# --- bounds -------------------------------------------------------------------------------------------------------


@few
@given(seed=seeds, arms=st.integers(2, 6), count=st.integers(0, 40), t=st.integers(1, 10**6))
def test_bounds_are_those_of_the_papers(seed, arms, count, t):
    """U, L = W / (W + W') +- sqrt(alpha ln t / (W + W')), where x / 0 := 1, and 1/2 on the diagonal."""
    results, scale = dueled(arms, seed, count), duels.bound_scale(0.51, t)
    for i in range(arms):
        for j in range(arms):
            n = results.wins[i, j] + results.wins[j, i]
            mean, width = (results.wins[i, j] / n, math.sqrt(0.51 * math.log(t) / n)) if n else (1.0, 1.0)
            high, low = (0.5, 0.5) if i == j else (mean + width, mean - width)
            assert_allclose(duels.upper(results, scale, i, j), high, rtol=1e-14)
            assert_allclose(duels.lower(results, scale, i, j), low, rtol=1e-14, atol=1e-14)


@few
@given(seed=seeds, arms=st.integers(2, 6), count=st.integers(0, 60), t=st.integers(2, 10**4))
def test_candidates_of_rucb_may_beat_every_other_arm(seed, arms, count, t):
    """The kept deficits are the paper's C = {c : u_cj >= 1/2 for every j}."""
    state, rng = start(RUCB(), arms), np.random.default_rng(seed)
    for _ in range(count):
        RUCB.learn(state, 0, None, rng.integers(arms), rng.integers(arms), bool(rng.random() < 0.4))
    scale = duels.bound_scale(0.51, t)
    for c in range(arms):
        bounds = [duels.upper(state.duels, scale, c, j) for j in range(arms)]
        assert (state.deficits[c] <= scale) == (min(bounds) >= 0.5)


def test_an_arm_against_itself_teaches_no_bound():
    results = dueled(4, 0, 30)
    before = [results.means.copy(), results.roots[0, 1:].copy()]
    duels.count_duel(results, 0, 0, True)
    duels.count_duel(results, 0, 0, False)
    assert_array_equal(results.means, before[0])
    assert_array_equal(results.roots[0, 1:], before[1])
    assert duels.upper(results, 1.0, 0, 0) == duels.lower(results, 1.0, 0, 0) == 0.5


# --- draws --------------------------------------------------------------------------------------------------------


def test_toughest_breaks_ties_uniformly_and_leaves_out_the_arm():
    """Chi-square on 4000 draws of arms that never met: 4 of 5."""
    results, rng = duels.start_duels(5), np.random.default_rng(0)
    counts = np.bincount([duels.toughest(results, 1.0, 2, rng) for _ in range(4000)], minlength=5)
    assert counts[2] == 0
    assert stats.chisquare(np.delete(counts, 2)).pvalue > ALARM


@pytest.mark.parametrize(
    ("deficits", "best", "chances"),
    [
        ([0, 0, 9, 0, 9], -1, [1 / 3, 1 / 3, 0, 1 / 3, 0]),
        ([0, 0, 9, 0, 0], 3, [1 / 6, 1 / 6, 0, 1 / 2, 1 / 6]),
        ([0, 0, 9, 0, 9], 2, [1 / 3, 1 / 3, 0, 1 / 3, 0]),
        ([9, 0, 9, 0, 9], 1, [0, 1 / 2, 0, 1 / 2, 0]),
        ([9, 9, 0, 9, 9], 1, [0, 0, 1, 0, 0]),
        ([9, 9, 9, 9, 9], 1, [1 / 5] * 5),
    ],
)
def test_champion_of_rucb_follows_its_distribution(deficits, best, chances):
    """p(c) = 1/2 for the hypothesised best arm, 1 / (2^|B| |C \\ B|) for other candidates; chi-square on 3000 draws."""
    state, rng = start(RUCB(), 5), np.random.default_rng(1)
    found = []
    for _ in range(3000):
        state.deficits[:], state.best[0] = deficits, best
        found.append(rucb._champion(state, 1.0, rng))
    counts, chances = np.bincount(found, minlength=5), np.array(chances)
    assert counts[chances == 0].sum() == 0
    if (chances > 0).sum() > 1:
        assert stats.chisquare(counts[chances > 0], 3000 * chances[chances > 0]).pvalue > ALARM
    candidates = np.flatnonzero(np.array(deficits) <= 1)
    expected = candidates[0] if len(candidates) == 1 else best if best in candidates else -1
    assert state.best[0] == expected


@pytest.mark.parametrize("policy", [RUCB(), SelfSparring(), VersatileDB()], ids=repr)
def test_no_arm_is_preferred_at_the_start(policy):
    """Each arm is first as often, and second as often, on new coins: chi-square on 3000 first rounds."""
    pairs, rng = [], np.random.default_rng(2)
    for _ in range(3000):
        pairs.append(type(policy).choose(start(policy, 4), 0, np.zeros((4, 0)), rng))
    for column in np.array(pairs).T:
        assert stats.chisquare(np.bincount(column, minlength=4)).pvalue > ALARM


# --- rules --------------------------------------------------------------------------------------------------------


def test_champion_of_rcs_wins_the_tournament_or_was_it_least_often():
    state = start(RCS(), 4)
    state.championships[:] = [3, 1, 0, 1]
    state.sampled[:] = [1, 3, 2, 0]
    assert rcs._champion(state) == 1
    state.sampled[:] = [2, 2, 1, 1]
    assert rcs._champion(state) == 2


@few
@given(seed=seeds, arms=st.integers(2, 6))
def test_rmed1_duels_each_pair_once_first(seed, arms):
    """Then it goes through all arms, in their order."""
    done = replay.run(Matrix(logistic(np.linspace(1, 0, arms))), RMED1(), arms * (arms - 1) // 2 + arms, seed)
    pairs = [(i, j) for i in range(arms) for j in range(i + 1, arms)]
    assert_array_equal(done.actions[: len(pairs)], pairs)
    assert_array_equal(done.actions[len(pairs) :, 0], np.arange(arms))


def test_rmed1_goes_through_its_list():
    """Between two rises of the first arm there is none twice; the likeliest best arm is always in the list."""
    done = replay.run(Matrix(logistic([1.0, 0.6, 0.3, 0.0])), RMED1(), 2000, 0)
    firsts = done.actions[6:, 0]
    assert set(firsts.tolist()) == {0, 1, 2, 3}
    ends = np.flatnonzero(np.diff(firsts) <= 0) + 1
    assert all((np.diff(part) > 0).all() for part in np.split(firsts, ends))
    assert rmed1._leader(done.state) in firsts[-4:]


def test_divergences_of_rmed1_are_those_of_its_duels():
    """I_i = sum over mu_ij <= 1/2 of n_ij d(mu_ij, 1/2); d(0, 1/2) = ln 2."""
    state = start(RMED1(), 3)
    for first, second, won in [(0, 1, True), (0, 2, True), (1, 2, False), (0, 1, True), (0, 1, False)]:
        RMED1.learn(state, 0, None, first, second, won)
    third = 3 * (math.log(2) + math.log(1 / 3) / 3 + 2 * math.log(2 / 3) / 3)
    assert_allclose(state.divergences, [0.0, third + math.log(2), math.log(2)], rtol=1e-12)


def test_self_sparring_counts_each_duel_once_for_each_side():
    done = replay.run(Matrix(logistic([1.0, 0.5, 0.0])), SelfSparring(rate=0.5), 400, 0)
    wins, losses = np.ones(3), np.ones(3)
    for (first, second), won in zip(done.actions, done.outcomes, strict=True):
        wins[first if won else second] += 0.5
        losses[second if won else first] += 0.5
    assert_array_equal(done.state.wins, wins)
    assert_array_equal(done.state.losses, losses)


@few
@given(losses=st.lists(st.floats(0, 100), min_size=2, max_size=6), t=st.integers(0, 10**5), reduced=st.booleans())
def test_estimates_of_versatile_db_are_unbiased(losses, t, reduced):
    """The mean over a player's own draw of what is added to its losses is the loss of each arm, here by its index."""
    arms = len(losses)
    policy = VersatileDB("reduced-variance" if reduced else "importance-weighted")
    state = start(policy, arms)
    state.losses[:] = losses
    VersatileDB.choose(state, t, None, np.random.default_rng(0))
    weights, mean = state.weights[0].copy(), np.zeros(arms)
    for arm in range(arms):
        state.losses[:] = 0.0
        VersatileDB.learn(state, t, None, arm, 0, arm % 2 == 0)
        mean += weights[arm] * state.losses[0]
    assert_allclose(mean, np.arange(arms) % 2, atol=1e-9)


@each_player
def test_finds_the_condorcet_winner(policy):
    """It is in the pair more often than any other arm, and average regret is below half of that of uniform play."""
    world = Matrix([[0.5, 0.2, 0.3, 0.25], [0.8, 0.5, 0.8, 0.75], [0.7, 0.2, 0.5, 0.6], [0.75, 0.25, 0.4, 0.5]])
    done, uniform = (replay.run(world, player, 2000, 1) for player in (policy, Uniform()))
    assert np.bincount(done.actions.ravel(), minlength=4).argmax() == 1
    assert done.totals.sum(0)[AVERAGE_PREFERENCE] < uniform.totals.sum(0)[AVERAGE_PREFERENCE] / 2


# --- regrets of a prototype ---------------------------------------------------------------------------------------

REPLICATIONS, HORIZON, UTILITIES = 20, 3000, np.linspace(1.2, 0, 6)
WORLD = Matrix(logistic(UTILITIES))


@functools.cache
def regrets(policy):
    """Regrets (replications, 3) by preference at the end: average, weak, strong."""
    runs = [replay.run(WORLD, policy, HORIZON, seed).totals.sum(0) for seed in range(REPLICATIONS)]
    return np.array(runs)[:, [AVERAGE_PREFERENCE, WEAK_PREFERENCE, STRONG_PREFERENCE]]


def agrees(found, expected, stated=None):
    """Whether means of 20 are within 4 standard errors of their difference to means of 20 others.

    `stated` is the standard error of the others where it is known; otherwise it is taken to be that of ours.
    """
    error = found.std(0, ddof=1) / np.sqrt(REPLICATIONS)
    return np.abs(found.mean(0) - expected) < 4 * np.hypot(error, error if stated is None else stated)


@pytest.mark.claims
@pytest.mark.parametrize(
    ("policy", "expected", "stated"),
    [
        (Uniform(), (420, 231, 609), None),
        (RUCB(), (144, 51, 237), None),
        (RMED1(), (88, 11, 165), None),
        (SelfSparring(), (38, 25, 51), 12),  # of a heavy tail, which 20 runs of ours need not show
    ],
    ids=repr,
)
def test_regrets_of_the_prototype(policy, expected, stated):
    assert agrees(regrets(policy), expected, stated).all()


def play(twin, rng):
    """Regrets of one run of a rule in plain Python."""
    gaps, totals = np.array(WORLD.matrix)[0] - 0.5, np.zeros(3)
    for t in range(HORIZON):
        first, second = twin.choose(t, None, rng, lambda scores: int(np.argmax(scores)))
        twin.learn(t, None, first, second, rng.random() < WORLD.matrix[first][second])
        pair = gaps[[first, second]]
        totals += pair.mean(), pair.min(), pair.max()
    return totals


class RCSWithoutSelfDuels(RCSTwin):
    """The challenger is always another arm."""

    def choose(self, t, features, rng, pick):
        first, _ = super().choose(t, features, rng, pick)
        bounds = upper_bounds(self.w, self.alpha, t + 1)[:, first]
        bounds[first] = -np.inf
        return first, int(np.argmax(bounds))


@pytest.mark.claims
def test_regrets_of_the_prototype_of_rcs_are_without_self_duels():
    """The prototype's challenger was always another arm; the paper's may be the champion itself."""
    found = []
    for seed in range(REPLICATIONS):
        rng = np.random.default_rng(seed)
        found.append(
            play(RCSWithoutSelfDuels(RCS(), Problem("test", {"arms": len(UTILITIES), "dim": 0}, {}, {}), rng), rng)
        )
    assert agrees(np.array(found), (148, 19, 278)).all()


@pytest.mark.claims
def test_self_duels_end_the_exploration_of_rcs():
    """Its weak regret is the prototype's; the average falls below that of RUCB, as in the paper's experiments."""
    assert agrees(regrets(RCS()), (148, 19, 278))[1]
    difference = regrets(RUCB())[:, 0] - regrets(RCS())[:, 0]
    assert difference.mean() > 4 * difference.std(ddof=1) / math.sqrt(REPLICATIONS)
