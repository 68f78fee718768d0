"""Policies over sets of items: estimates by exact summation, indices by enumeration, posteriors, laws of draws."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from banditlab import fuse
from banditlab.checks import replay
from banditlab.checks.pairs import cell_of, finals, play
from banditlab.errors import UserError
from banditlab.numerics.families import largest_set, sized
from banditlab.numerics.linear import cholesky
from banditlab.numerics.matchings import perfect_matchings
from banditlab.numerics.paths import grid_paths
from banditlab.numerics.set_table import sum_of, table_of
from banditlab.numerics.trees import spanning_trees
from banditlab.policies.combinatorial.cts_beta import CTSBeta
from banditlab.policies.combinatorial.cts_gaussian import CTSGaussian
from banditlab.policies.combinatorial.escb import ESCB, add_best, best_of
from banditlab.policies.combinatorial.exp2 import EXP2, add_moments
from banditlab.policies.combinatorial.fpl import FPL
from banditlab.policies.combinatorial.osmd import OSMD
from banditlab.problem import Problem
from banditlab.runs.reading import parse
from tests.reference.combinatorial_worlds import TOP

ALARM = 1e-6  #: false-alarm rate of each statistical test here, on fixed seeds
FAMILIES = {
    "2 of 5": sized(5, 2),
    "4 of 5": sized(5, 4),
    "paths": grid_paths(3),
    "matchings": perfect_matchings(3),
    "trees": spanning_trees([[0, 1], [1, 2], [2, 3], [3, 0], [0, 2]]),
}
each_family = pytest.mark.parametrize("name", FAMILIES)
few = settings(max_examples=20, deadline=None, derandomize=True)
seeds = st.integers(0, 10**6)


def begin(policy, family, horizon=500):
    facts = {"family": family, "horizon": horizon}
    problem = Problem("test", {"items": family.items, "dim": 0, "parts": family.items}, facts, facts)
    return policy.start(problem, np.random.default_rng(0))


def with_oracle(verb):
    """A verb whose sets are the largest of a family of so many items."""
    return fuse.bind(verb, {"maximise": largest_set})


def indicators(family):
    table = np.zeros((len(list(family.sets())), family.items))
    for row, items in zip(table, family.sets(), strict=True):
        row[list(items)] = 1
    return table


# --- EXP2 ---------------------------------------------------------------------------------------------------------


@each_family
@few
@given(seed=seeds, horizon=st.sampled_from([10, 1000, 10**6]))
def test_estimates_of_exp2_are_unbiased_and_bounded(name, seed, horizon):
    """Summed over all sets that may be played, for all sets; also where they do not span the space."""
    family, rng = FAMILIES[name], np.random.default_rng(seed)
    sets, state = indicators(family), begin(EXP2(), family, horizon)
    before, true = rng.uniform(0, 30 / state.eta, len(sets)), rng.random(family.items) / family.size
    q = np.exp(-state.eta * (before - before.min()))
    p = (1 - state.gamma) * q / q.sum() + state.gamma / len(q)
    expected = np.zeros(len(sets))
    for place, items in enumerate(sets):
        state.learner.losses[:] = before
        EXP2.choose(state, 0, np.zeros(family.items, int), rng)
        state.played[0] = place
        EXP2.learn(state, 0, None, (1 - items @ true) * family.size, None, None)
        estimates = state.learner.losses - before
        assert np.abs(state.eta * estimates).max() <= 1 + 1e-6
        expected += p[place] * estimates
    assert_allclose(expected, sets @ true, rtol=1e-6, atol=1e-7)


@each_family
def test_moments_of_exp2_are_positive_definite(name):
    family = FAMILIES[name]
    sets, state = indicators(family), begin(EXP2(), family)
    assert len(state.estimate) == np.linalg.matrix_rank(sets)
    EXP2.choose(state, 0, np.zeros(family.items, int), np.random.default_rng(0))
    add_moments(state)
    assert cholesky(state.moments, state.moments)


def test_constants_of_exp2_on_sets_of_equal_size():
    """The least eigenvalue is m (n - m) / (n (n - 1)); gamma balances the terms of the bound."""
    n, m, horizon = 7, 3, 10_000
    state, count = begin(EXP2(), sized(n, m), horizon), math.comb(n, m)
    least = m * (n - m) / (n * (n - 1))
    assert_allclose(state.eta, state.gamma * least / m)

    def bound_at(gamma):
        eta = gamma * least / m
        return 2 * gamma * horizon + math.log(count) / eta + eta * n * horizon

    assert_allclose(bound_at(state.gamma), 2 * math.sqrt((2 * m / least + n) * horizon * math.log(count)))
    assert bound_at(state.gamma) < min(bound_at(0.9 * state.gamma), bound_at(1.1 * state.gamma))


def test_draws_of_exp2_follow_its_distribution():
    family, rng = FAMILIES["2 of 5"], np.random.default_rng(1)
    state = begin(EXP2(), family)
    state.learner.losses[:] = rng.uniform(0, 2 / state.eta, 10)
    q = np.exp(-state.eta * state.learner.losses)
    p = (1 - state.gamma) * q / q.sum() + state.gamma / 10
    found, items = np.zeros(10), np.zeros(5, int)
    for _ in range(5000):
        EXP2.choose(state, 0, items, rng)
        found[state.played[0]] += 1
    assert stats.chisquare(found, 5000 * p).pvalue > ALARM


# --- OSMD ---------------------------------------------------------------------------------------------------------


def stretches(x):
    """Middles and lengths of the stretches of u in which the same set is drawn."""
    ends = np.unique(np.concatenate([[0, 1], np.cumsum(x) % 1]))
    return (ends[1:] + ends[:-1]) / 2, np.diff(ends)


@few
@given(seed=seeds, size=st.integers(1, 4))
def test_estimates_of_osmd_are_unbiased(seed, size):
    """Read off the update, for all sets that may be drawn; where nothing is capped it is by one common factor."""
    rng = np.random.default_rng(seed)
    n, losses = 6, rng.random(6)
    x = size * rng.dirichlet(np.full(n, 50.0))
    while x.max() > 0.9:
        x = 0.5 * x + 0.5 * size / n
    expected = np.zeros(n)
    for u, length in zip(*stretches(x), strict=True):
        state, items = begin(OSMD(), sized(n, size), 10**6), np.zeros(n, int)
        state.chances[:] = x
        items = items[: OSMD.choose(state, 0, items, SimpleNamespace(random=lambda u=u: u))]
        OSMD.learn(state, 0, items, 0.0, items, 1 - losses[items])
        assert state.chances.max() < 1
        shifts = -np.log(state.chances / x) / state.eta
        others = np.setdiff1d(np.arange(n), items)
        assert_allclose(shifts[others], shifts[others[0]], atol=1e-7)
        expected += length * (shifts - shifts[others[0]])
    assert_allclose(expected, losses, rtol=1e-6)


@few
@given(seed=seeds, size=st.integers(1, 5))
def test_osmd_stays_in_the_capped_simplex(seed, size):
    rng = np.random.default_rng(seed)
    state, items = begin(OSMD(), sized(6, size), horizon=30), np.zeros(6, int)
    for t in range(120):
        assert OSMD.choose(state, t, items, rng) == size
        chosen = items[:size].copy()
        assert len(set(chosen.tolist())) == size and (state.chances[chosen] > 0).all()
        OSMD.learn(state, t, chosen, 0.0, chosen, rng.random(size) < rng.random(6)[chosen])
        assert state.chances.min() >= 0 and state.chances.max() <= 1
        assert_allclose(state.chances.sum(), size, rtol=1e-13)


def adversary(t, n, size):
    """Values (n,): the best items of the first 2/5 of 1000 rounds are among the worst later."""
    values = np.full(n, 0.5)
    values[:size] = 1.0 if t < 400 else 0.0
    values[size : 2 * size] = 0.2 if t < 400 else 1.0
    return values


def test_regret_of_osmd_against_an_adversary_is_within_the_bound():
    """The bound is about half of the regret of uniform play here."""
    n, size, horizon, items = 6, 2, 1000, np.zeros(6, int)
    sums, regrets = sum(adversary(t, n, size) for t in range(horizon)), []
    best = np.sort(sums)[-size:].sum()
    for seed in range(10):
        state, rng, earned = begin(OSMD(), sized(n, size), horizon), np.random.default_rng(seed), 0.0
        for t in range(horizon):
            chosen, values = items[: OSMD.choose(state, t, items, rng)].copy(), adversary(t, n, size)
            OSMD.learn(state, t, chosen, values[chosen].sum(), chosen, values[chosen])
            earned += values[chosen].sum()
        regrets.append(best - earned)
    bound = math.sqrt(2 * size * n * horizon * math.log(n / size))
    assert np.mean(regrets) + 3 * np.std(regrets, ddof=1) / math.sqrt(10) <= bound
    assert bound < 0.6 * (best - size * sums.mean())


# --- FPL ----------------------------------------------------------------------------------------------------------


def test_geometric_resampling_estimates_the_inverse_probability():
    """Of two items: that of the one with less loss by d is 1 - exp(-eta d) / 2, and E K = (1 - (1 - q)^M) / q."""
    state, rng, rounds = begin(FPL(), sized(2, 1), horizon=400), np.random.default_rng(0), 4000
    state.losses[:] = 5.0, 5.0 + 1.0 / state.eta
    chances = np.array([1 - math.exp(-1) / 2, math.exp(-1) / 2])
    choose, items, waits, counts = with_oracle(FPL.choose), np.zeros(2, int), [[], []], np.zeros(2)
    assert state.longest == math.ceil(math.sqrt(800 / (2 * (math.log(2) + 1))) / math.e)
    for t in range(rounds):
        assert choose(state, t, items, rng) == 1
        counts[items[0]] += 1
        waits[items[0]].append(state.waits[items[0]])
    assert stats.chisquare(counts, rounds * chances).pvalue > ALARM
    for q, found in zip(chances, waits, strict=True):
        error = np.std(found) / math.sqrt(len(found))
        assert abs(np.mean(found) - (1 - (1 - q) ** state.longest) / q) < 5 * error
        assert min(found) >= 1 and max(found) <= state.longest


def test_perturbations_are_bounded_as_the_constants_of_fpl_need():
    """The mean sum of the m largest of n exponentials, m (H_n - H_m + 1), is at most m (ln(n / m) + 1)."""
    harmonic = np.cumsum(1 / np.arange(1.0, 200.0))
    for n in (2, 5, 30, 199):
        for size in range(1, n):
            assert harmonic[n - 1] - harmonic[size - 1] <= math.log(n / size)


# --- ESCB ---------------------------------------------------------------------------------------------------------


def index_of(items, weights, spreads):
    return weights[items].sum() + math.sqrt(spreads[items].sum())


@few
@given(seed=seeds, size=st.integers(1, 4))
def test_the_exact_search_finds_the_largest_index_and_the_greedy_one_no_larger(seed, size):
    rng = np.random.default_rng(seed)
    weights, spreads = rng.random(6), rng.gamma(0.5, 1.0, 6)
    table = table_of(sized(6, size))
    values = [index_of(items, weights, spreads) for items in table.sets]
    exact = best_of(table, weights, spreads)
    assert values[exact] == pytest.approx(max(values), rel=1e-12)
    items = np.zeros(6, int)
    items = items[: add_best(weights.copy(), spreads, size, items)]
    assert len(set(items.tolist())) == size
    assert index_of(items, weights, spreads) <= values[exact] + 1e-12


def test_the_exact_search_finds_more_than_the_greedy_one_somewhere():
    """The item with the widest bound comes first, and then leaves others less to add."""
    weights, spreads = np.array([0.0, 0.5, 0.5]), np.array([1.0, 0.2, 0.2])
    table, items = table_of(sized(3, 2)), np.zeros(3, int)
    add_best(weights.copy(), spreads, 2, items)
    assert_array_equal(items[:2], [0, 1])
    assert_array_equal(table.sets[best_of(table, weights, spreads)], [1, 2])


def test_levels_of_escb():
    for t, schedule, level in (
        (0, "theory", 0.0),
        (1, "theory", math.log(2)),
        (9, "theory", math.log(10) + 8 * math.log(math.log(10))),
        (9, "practical", math.log(10)),
    ):
        state = begin(ESCB(schedule=schedule), sized(4, 2))
        state.parts.seen[:] = 2, 5, 1, 1
        ESCB.choose(state, t, np.zeros(4, int), None)
        assert_allclose(state.spreads, level / 2 / np.array([2, 5, 1, 1]), rtol=1e-14)


# --- Thompson sampling --------------------------------------------------------------------------------------------


def test_posterior_counts_sum_to_what_was_played():
    done = replay.run(TOP, CTSBeta(), 300)
    parts, played = done.state.parts, done.actions[done.actions >= 0]
    assert parts.seen.sum() == len(played) == 600
    assert_array_equal(parts.seen, np.bincount(played, minlength=6))
    assert_allclose(parts.sums.sum(), done.outcomes[:, 0].sum())


def test_values_between_0_and_1_are_tossed_and_left_alone():
    state, rounds = begin(CTSBeta(), sized(4, 2)), 3000
    items, values = np.array([2, 0]), np.array([0.3, 0.8])
    for t in range(rounds):
        before = state.parts.sums.copy()
        CTSBeta.learn(state, t, items, 1.1, items, values)
        assert set(state.parts.sums - before) <= {0.0, 1.0}
    assert_array_equal(values, [0.3, 0.8])
    assert_array_equal(state.parts.seen, [rounds, 0, rounds, 0])
    for item, chance in ((2, 0.3), (0, 0.8)):
        assert stats.binomtest(int(state.parts.sums[item]), rounds, chance).pvalue > ALARM


@pytest.mark.parametrize("policy", [CTSBeta(), CTSGaussian(variance=0.5)], ids=lambda policy: type(policy).__name__)
def test_draws_follow_the_posteriors(policy):
    state, rng = begin(policy, sized(3, 1)), np.random.default_rng(3)
    state.parts.seen[:], state.parts.sums[:] = (9, 2, 40), (6, 0, 10)
    state.parts.means[:] = state.parts.sums / state.parts.seen
    draws, choose, items = [], with_oracle(policy.choose), np.zeros(3, int)
    for _ in range(2000):
        choose(state, 50, items, rng)
        draws.append(state.parts.weights.copy())
        assert items[0] == state.parts.weights.argmax()
    for part, found in enumerate(np.transpose(draws)):
        n, won = state.parts.seen[part], state.parts.sums[part]
        law = stats.beta(1 + won, 1 + n - won) if policy == CTSBeta() else stats.norm(won / n, math.sqrt(0.5 / n))
        assert stats.kstest(found, law.cdf).pvalue > ALARM


# --- tables of sets, and refusals ---------------------------------------------------------------------------------


@each_family
def test_tables_hold_all_sets(name):
    family = FAMILIES[name]
    table, numbers = table_of(family), np.arange(family.items) ** 2.0
    found = [tuple(sorted(items)) for items in table.sets.tolist()]
    assert len(set(found)) == len(found) == len(list(family.sets()))
    assert (table.sizes == family.size).all()
    sums = [sum_of(table, place, numbers) for place in range(len(found))]
    assert_allclose(sums, indicators(family) @ numbers)


def test_no_more_sets_than_can_be_gone_through():
    assert len(table_of(sized(15, 5)).sizes) == 3003
    for policy in (EXP2(), ESCB()):
        with pytest.raises(ValueError, match="^family: at most 5000 sets, since each is gone through in every round"):
            begin(policy, sized(40, 10))
    begin(ESCB(search="greedy"), sized(40, 10))


@pytest.mark.parametrize(
    "name, settings, environment, lacking",
    [
        ("escb", {"search": "greedy"}, {"kind": "shortest-path"}, "sized"),
        ("osmd", {}, {"kind": "matching"}, "sized"),
        ("comb-lints", {}, {"kind": "top-k"}, "features"),
        ("cts-beta", {}, {"kind": "top-k", "feedback": "full-bandit"}, "part-values"),
        ("exp2", {}, {"kind": "coverage"}, "sums"),
    ],
)
def test_what_an_environment_does_not_give_is_named(name, settings, environment, lacking):
    table = {"name": "g", "horizon": 100, "replications": 1, "game": "combinatorial"}
    with pytest.raises(UserError) as error:
        parse({**table, "environment": [environment], "policy": [{"kind": name, **settings}]}, "grid.toml")
    wanted = f"policy '{name}' needs {lacking}, which environment '{environment['kind']}' does not give"
    assert wanted in str(error.value).splitlines()[-1]


@pytest.mark.compiled
@pytest.mark.parametrize("policy", [CTSBeta(), ESCB(search="greedy")], ids=lambda policy: type(policy).__name__)
def test_regret_stops_growing(policy):
    early, late = (finals(play(cell_of(TOP, policy, horizon), 10)).mean() for horizon in (2000, 8000))
    assert late < 2 * early
