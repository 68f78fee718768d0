"""What must hold of the policies of active dueling that select pairs to label, whatever the data."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from banditlab import fuse
from banditlab.numerics import log_linear, pair_selection
from banditlab.numerics.gaussian_process import variance_of_difference
from banditlab.numerics.pair_selection import LARGE, SMALL, decreasing_sizes
from banditlab.policies.active_dueling.ae_dpo import AEDPO
from banditlab.policies.active_dueling.large_margin import LargeMargin
from banditlab.policies.active_dueling.max_variance import MaxVariance
from banditlab.policies.active_dueling.small_margin import SmallMargin
from banditlab.policies.active_dueling.uniform_pairs import UniformPairs
from banditlab.problem import Problem

ALARM = 1e-6  #: false-alarm rate of each statistical test here, on fixed seeds
CONTEXTS, ARMS, DIM = 4, 6, 3
few = settings(max_examples=20, deadline=None, derandomize=True)
seeds = st.integers(0, 10**6)
signs = pytest.mark.parametrize("sign", [SMALL, LARGE])

PLAYERS = {
    "uniform-pairs": UniformPairs(),
    "max-variance": MaxVariance(),
    "small-margin": SmallMargin(batch=5),
    "large-margin": LargeMargin(batch=5, schedule="uniform"),
    "ae-dpo": AEDPO(batch=5),
}


def problem(seed=0, contexts=CONTEXTS, arms=ARMS, horizon=30):
    facts = {"domain": np.random.default_rng(seed).standard_normal((contexts, arms, DIM)), "horizon": horizon}
    return Problem("test", {"contexts": contexts, "arms": arms, "dim": DIM}, facts, facts)


def play(policy, answers, seed=0, swapped=False):
    """The state after these answers, and the triples that were asked for; `swapped` learns each duel the other way."""
    task, rng = problem(seed), np.random.default_rng(seed)
    state, asked = fuse.settle(policy.start(task, rng)), []
    for t, won in enumerate(answers):
        context, first, second = policy.choose(state, t, task.domain, rng)
        asked.append((context, first, second))
        if swapped:
            policy.learn(state, t, task.domain, context, second, first, not won)
        else:
            policy.learn(state, t, task.domain, context, first, second, won)
    return state, asked


def selection(utilities, policy):
    """A state of selection by margins, with utilities (C, K) for the estimate."""
    contexts, arms = utilities.shape
    state = fuse.settle(policy.start(problem(0, contexts, arms), None))
    state.model.utilities[:] = utilities.ravel()
    return state


def whole_numbers(seed):
    """Utilities (C, K) with many equal margins."""
    return np.random.default_rng(seed).integers(-4, 5, (CONTEXTS, ARMS)).astype(float)


# --- all of them --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLAYERS)
@few
@given(seed=seeds, answers=st.lists(st.booleans(), min_size=12, max_size=12))
def test_pairs_are_of_different_arms_of_one_context(name, seed, answers):
    for context, first, second in play(PLAYERS[name], answers, seed)[1]:
        assert first != second
        assert 0 <= context < CONTEXTS
        assert min(first, second) >= 0
        assert max(first, second) < ARMS


@pytest.mark.parametrize("name", PLAYERS)
@few
@given(seed=seeds, answers=st.lists(st.booleans(), min_size=12, max_size=12))
def test_a_duel_told_the_other_way_round_teaches_the_same(name, seed, answers):
    (one, asked), (other, again) = (play(PLAYERS[name], answers, seed, swapped) for swapped in (False, True))
    assert asked == again
    assert_array_equal(PLAYERS[name].recommend(one, len(answers)), PLAYERS[name].recommend(other, len(answers)))


@pytest.mark.parametrize("name", PLAYERS)
def test_it_recommends_what_always_wins(name):
    """In context 0, arm 2 beats all others many times."""
    policy, task = PLAYERS[name], problem()
    state = fuse.settle(policy.start(task, np.random.default_rng(0)))
    for t in range(30):
        for other in (0, 1, 3, 4, 5):
            policy.learn(state, t, task.domain, 0, 2, other, True)
    assert policy.recommend(state, 150)[0] == 2


# --- maximum variance ---------------------------------------------------------------------------------------------


@few
@given(seed=seeds, answers=st.lists(st.booleans(), min_size=15, max_size=15))
def test_maximum_variance_does_not_depend_on_the_answers(seed, answers):
    one, other = play(MaxVariance(), answers, seed)[1], play(MaxVariance(), [not won for won in answers], seed)[1]
    assert one == other


@few
@given(seed=seeds)
def test_maximum_variance_takes_the_largest_of_all_contexts_which_never_grows(seed):
    policy, task, rng = MaxVariance(), problem(seed), np.random.default_rng(seed)
    state, last = fuse.settle(policy.start(task, rng)), np.inf
    for t in range(15):
        context, first, second = policy.choose(state, t, task.domain, rng)
        taken = variance_of_difference(state.process, context * ARMS + first, context * ARMS + second)
        largest = max(
            variance_of_difference(state.process, c * ARMS + i, c * ARMS + j)
            for c in range(CONTEXTS)
            for i, j in itertools.combinations(range(ARMS), 2)
        )
        assert largest - pair_selection.TIE <= taken <= largest <= last
        last = largest
        policy.learn(state, t, task.domain, context, first, second, True)


# --- margins ------------------------------------------------------------------------------------------------------


@signs
@few
@given(seed=seeds, candidates=st.integers(2, ARMS))
def test_the_margin_is_the_best_among_the_candidates(sign, seed, candidates):
    f = whole_numbers(seed)
    state = selection(f, SmallMargin(batch=1, pool=1, schedule="uniform", candidates=candidates))
    pair_selection.select_by_margin(state, sign, np.random.default_rng(seed))
    context, first, second = pair_selection.next_pair(state.pool)
    drawn = state.order[:candidates]
    margins = [sign * abs(f[context, a] - f[context, b]) for a, b in itertools.combinations(drawn, 2)]
    assert {first, second} <= set(drawn)
    assert sign * abs(f[context, first] - f[context, second]) == max(margins)


@signs
@few
@given(seed=seeds, batch=st.integers(1, 6), pool=st.integers(1, 4))
def test_the_batch_is_the_best_of_the_pool(sign, seed, batch, pool):
    f = whole_numbers(seed)
    state = selection(f, SmallMargin(batch=batch, pool=pool, schedule="uniform", candidates=3))
    pair_selection.select_by_margin(state, sign, np.random.default_rng(seed))
    context, first, second = state.pool.pairs.T
    scores = sign * abs(f[context, first] - f[context, second])
    kept = state.pool.kept[:batch]
    left = np.setdiff1d(np.arange(batch * pool), kept)
    assert len(set(kept)) == batch
    assert_array_equal(scores[kept], np.sort(scores)[::-1][:batch])
    assert_array_equal(scores[left], state.pool.scores[left])


@signs
@few
@given(seed=seeds, factor=st.floats(0.01, 100.0), shift=st.integers(-3, 3))
def test_a_factor_and_a_function_of_the_context_change_no_selection(sign, seed, factor, shift):
    f = whole_numbers(seed)
    asked = []
    for utilities in (f, factor * f, f + shift * np.arange(CONTEXTS)[:, None]):
        state = selection(utilities, SmallMargin(batch=6, candidates=4))
        pair_selection.select_by_margin(state, sign, np.random.default_rng(seed))
        asked.append(state.pool.pairs[state.pool.kept[: state.pool.clock[1]]])
    assert_array_equal(asked[0], asked[1])
    assert_array_equal(asked[0], asked[2])


@signs
def test_where_all_utilities_are_equal_the_selection_is_uniform(sign):
    contexts, arms, draws = 2, 4, 3_000
    state = selection(np.zeros((contexts, arms)), SmallMargin(batch=1, candidates=3))
    rng, counts = np.random.default_rng(1), np.zeros((contexts, arms, arms))
    for _ in range(draws):
        pair_selection.select_by_margin(state, sign, rng)
        context, first, second = pair_selection.next_pair(state.pool)
        counts[context, min(first, second), max(first, second)] += 1
    seen = counts[:, *np.triu_indices(arms, 1)].ravel()
    assert stats.chisquare(seen).pvalue > ALARM


@pytest.mark.parametrize("name", ["small-margin", "large-margin", "ae-dpo"])
def test_answers_change_nothing_within_a_batch(name):
    state, one = play(PLAYERS[name], [True] * 30)
    other = play(PLAYERS[name], [t % 3 == 0 for t in range(30)])[1]
    first = state.pool.sizes[0]
    assert one[:first] == other[:first]
    assert one != other


# --- budgets ------------------------------------------------------------------------------------------------------


@given(total=st.integers(1, 5_000), batch=st.integers(1, 60))
def test_decreasing_batches_spend_the_budget(total, batch):
    batches = -(-total // batch)
    sizes = decreasing_sizes(total, batches)
    assert sizes.sum() == total
    assert sizes.min() >= 1
    assert (np.diff(sizes) <= 0).all()
    assert sizes[0] <= 2 * batch


@given(batches=st.integers(1, 30), unit=st.integers(1, 20))
def test_decreasing_batches_are_in_proportion(batches, unit):
    assert_array_equal(decreasing_sizes(unit * batches * (batches + 1) // 2, batches), unit * np.arange(batches, 0, -1))


@pytest.mark.parametrize(("horizon", "batch"), [(30, 5), (31, 4), (7, 32)])
def test_after_the_horizon_the_last_batch_has_its_labels(horizon, batch):
    policy, task, rng = SmallMargin(batch=batch), problem(horizon=horizon), np.random.default_rng(0)
    state = fuse.settle(policy.start(task, rng))
    for t in range(horizon):
        assert state.pool.clock[0] < len(state.pool.sizes) or not pair_selection.is_labelled(state.pool)
        policy.learn(state, t, task.domain, *policy.choose(state, t, task.domain, rng), True)
    assert pair_selection.is_labelled(state.pool)
    assert state.pool.clock[0] == len(state.pool.sizes)


def test_first_batches_need_a_pool_twice_their_size():
    with pytest.raises(ValueError, match="pool: at least 2"):
        SmallMargin(pool=1)


# --- the ensemble -------------------------------------------------------------------------------------------------


def ensemble(seed, gamma=0.5, members=4):
    """Members with weights of their own, and the features (K, d) of a context."""
    rng = np.random.default_rng(seed)
    model = fuse.settle(log_linear.start_ensemble(members, DIM, gamma, 0.5, 0.1, False))
    model.weights[:] = rng.standard_normal(model.weights.shape)
    return model, rng.standard_normal((ARMS, DIM))


@few
@given(seed=seeds, gamma=st.floats(0.01, 10.0))
def test_members_are_distributions(seed, gamma):
    model, features = ensemble(seed, gamma)
    for j in range(4):
        logs = [log_linear.log_probability(model, j, features, k) for k in range(ARMS)]
        assert_allclose(np.exp(logs).sum(), 1.0, rtol=1e-12)


@few
@given(seed=seeds, width=st.floats(0.0, 5.0))
def test_doubt_is_positive_and_knows_no_order_within_a_pair(seed, width):
    model, features = ensemble(seed)
    for first, second in itertools.combinations(range(ARMS), 2):
        found = log_linear.doubt(model, features, first, second, width)
        assert found >= 0.0
        assert found == log_linear.doubt(model, features, second, first, width)


@few
@given(seed=seeds)
def test_there_is_no_doubt_without_width_and_among_equal_members(seed):
    model, features = ensemble(seed)
    assert log_linear.doubt(model, features, 0, 1, 0.0) == 0.0
    model.weights[:] = model.weights[0]
    assert_allclose(log_linear.doubt(model, features, 0, 1, 2.0), 0.0, atol=1e-12)


@few
@given(seed=seeds)
def test_doubt_does_not_change_with_a_feature_that_all_arms_share(seed):
    model, features = ensemble(seed)
    shifted = features + np.random.default_rng(seed + 1).standard_normal(DIM)
    assert_allclose(
        log_linear.doubt(model, shifted, 0, 1, 2.0), log_linear.doubt(model, features, 0, 1, 2.0), rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("whole", [False, True])
def test_masks_drop_their_share_and_keep_the_mean(whole):
    members, draws, dropout = 3, 2_000, 0.3
    model = fuse.settle(log_linear.start_ensemble(members, DIM, 1.0, 0.5, dropout, whole))
    rng, dropped = np.random.default_rng(2), 0
    for _ in range(draws):
        log_linear.draw_masks(model, rng)
        assert set(np.unique(model.masks)) <= {0.0, 1.0 / (1.0 - dropout)}
        assert not whole or (model.masks == model.masks[:, :1]).all()
        dropped += int((model.masks[:, 0] == 0.0).sum())
    assert stats.binomtest(dropped, members * draws, dropout).pvalue > ALARM
