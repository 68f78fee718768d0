"""What must hold of index policies and their relatives: invariances, reductions, laws of their draws, known values."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

import banditlab
from banditlab import registry
from banditlab.environments.bandit.bernoulli import Bernoulli
from banditlab.environments.bandit.gaussian import Gaussian
from banditlab.environments.bandit.piecewise import Piecewise
from banditlab.numerics.divergence import bernoulli_upper
from banditlab.policies.bandit.discounted_ucb import DiscountedUCB
from banditlab.policies.bandit.epsilon_greedy import EpsilonGreedy
from banditlab.policies.bandit.explore_then_commit import ExploreThenCommit
from banditlab.policies.bandit.greedy import Greedy
from banditlab.policies.bandit.kl_ucb import KLUCB
from banditlab.policies.bandit.moss import MOSS
from banditlab.policies.bandit.sliding_window_ucb import SlidingWindowUCB
from banditlab.policies.bandit.thompson_gaussian import ThompsonGaussian
from banditlab.policies.bandit.ucb1 import UCB1
from banditlab.policies.bandit.ucb_v import UCBV
from banditlab.problem import Problem

ROOT = Path(__file__).parents[2]
ALARM = 1e-6  #: false-alarm rate of each statistical test here, on fixed seeds
HORIZON, ARMS = 250, 5
few = settings(max_examples=8, deadline=None, derandomize=True)
seeds = st.integers(0, 10**6)


def problem(arms=ARMS, horizon=HORIZON, **facts):
    facts = {"horizon": horizon, "rounds": horizon, **facts}
    return Problem("test", {"arms": arms, "dim": 0}, facts, facts)


def draw_rewards(seed, arms=ARMS, horizon=HORIZON):
    """Rewards (K, T) of the n-th plays, in [0, 1] and without ties."""
    rng = np.random.default_rng(seed)
    return rng.random((arms, 1)) * 0.5 + 0.5 * rng.random((arms, horizon))


def play(policy, rewards, seed=0, **facts):
    """Arms of a run on given rewards, in plain Python, and the last state."""
    arms, horizon = rewards.shape
    state, rng = policy.start(problem(arms, horizon, **facts), None), np.random.default_rng(seed)
    plays, actions = np.zeros(arms, int), np.zeros(horizon, int)
    for t in range(horizon):
        arm = type(policy).choose(state, t, None, rng)
        type(policy).learn(state, t, None, arm, rewards[arm, plays[arm]])
        plays[arm] += 1
        actions[t] = arm
    return actions, state


# --- invariances --------------------------------------------------------------------------------------------------

SCALED = {
    "explore-then-commit": lambda c: ExploreThenCommit(m=10),
    "epsilon-greedy": lambda c: EpsilonGreedy(epsilon=0.2),
    "ucb-v": lambda c: UCBV(b=c),
    "thompson-gaussian": lambda c: ThompsonGaussian(std=c),
    "discounted-ucb": lambda c: DiscountedUCB(gamma=0.97, b=c),
    "sliding-window-ucb": lambda c: SlidingWindowUCB(tau=60, b=c),
}
SHIFTED = {
    **{name: SCALED[name](1.0) for name in SCALED if name != "thompson-gaussian"},  # its prior has a place
    "moss": MOSS(),
    "moss anytime": MOSS(n="anytime"),
}


@pytest.mark.parametrize("name", SCALED)
@few
@given(seed=seeds, factor=st.sampled_from([0.25, 3.0, 40.0]))
def test_units_of_rewards_change_no_decision(name, seed, factor):
    rewards = draw_rewards(seed)
    assert_array_equal(play(SCALED[name](1.0), rewards)[0], play(SCALED[name](factor), factor * rewards)[0])


@pytest.mark.parametrize("name", SHIFTED)
@few
@given(seed=seeds, shift=st.sampled_from([-0.7, 0.3, 5.0]))
def test_origin_of_rewards_changes_no_decision(name, seed, shift):
    rewards = draw_rewards(seed)
    assert_array_equal(play(SHIFTED[name], rewards)[0], play(SHIFTED[name], rewards + shift)[0])


@pytest.mark.parametrize(
    "policy", [UCBV(), KLUCB(), KLUCB(c=3.0), MOSS(), MOSS(n="anytime"), ExploreThenCommit()], ids=repr
)
@few
@given(seed=seeds)
def test_relabelling_the_arms_relabels_the_decisions(policy, seed):
    """After the first plays, which follow the labels; in explore-then-commit after the exploration."""
    rewards, order = draw_rewards(seed), np.random.default_rng(seed).permutation(ARMS)
    one, other = play(policy, rewards)[0], order[play(policy, rewards[order])[0]]
    first = play(policy, rewards)[1].exploration if isinstance(policy, ExploreThenCommit) else ARMS
    assert_array_equal(one[first:], other[first:])


@few
@given(seed=seeds)
def test_relabelling_the_arms_relabels_discounted_ucb(seed):
    """From any state on, as the order of the first plays is not forgotten at once."""
    policy, order = DiscountedUCB(gamma=0.95), np.random.default_rng(seed).permutation(ARMS)
    state = play(policy, draw_rewards(seed))[1]
    other = state._replace(**{name: getattr(state, name)[order] for name in ("weights", "sums", "means")})
    assert order[policy.choose(other, HORIZON, None, None)] == policy.choose(state, HORIZON, None, None)


# --- reductions ---------------------------------------------------------------------------------------------------


@few
@given(seed=seeds)
def test_epsilon_greedy_without_epsilon_is_greedy(seed):
    rewards = draw_rewards(seed)
    assert_array_equal(play(EpsilonGreedy(epsilon=0.0), rewards)[0], play(Greedy(), rewards)[0])


def test_decaying_epsilon_decides_as_the_plug_in_of_the_same_rule(monkeypatch):
    """They differ only in the mean of an arm without plays, and all have plays when epsilon comes down from 1."""
    registry.kinds("policy")
    monkeypatch.setattr(registry, "_kinds", dict(registry._kinds))
    monkeypatch.setattr(registry, "plugins", list(registry.plugins))
    banditlab.load_plugin(ROOT / "experiments" / "plugins" / "epsilon_decreasing.py")
    plugin = registry.find("policy", "epsilon-decreasing").cls
    for seed in range(3):
        rewards = draw_rewards(seed)
        one = play(EpsilonGreedy(schedule="decaying", c=1.0, d=0.3), rewards, seed)[0]
        assert len(set(one[:55])) == ARMS
        assert_array_equal(one, play(plugin(c=1.0, d=0.3), rewards, seed)[0])


@few
@given(seed=seeds)
def test_discounted_ucb_that_forgets_nothing_is_ucb1(seed):
    """2 sqrt(xi ln n / N) = sqrt(2 ln n / N) for xi = 1/2."""
    rewards = draw_rewards(seed)
    policy = DiscountedUCB(gamma=1 - 1e-15, xi=0.5)
    assert_array_equal(play(policy, rewards)[0], play(UCB1(), rewards)[0])


@few
@given(seed=seeds)
def test_a_window_longer_than_the_run_is_one_of_its_length(seed):
    rewards = draw_rewards(seed)
    one, other = (play(SlidingWindowUCB(tau=tau), rewards)[0] for tau in (HORIZON, 10 * HORIZON))
    assert_array_equal(one, other)


@few
@given(seed=seeds)
def test_moss_is_greedy_where_its_n_is_exhausted(seed):
    """ln(n / (K s)) <= 0 from the first plays on."""
    rewards = draw_rewards(seed)
    assert_array_equal(play(MOSS(n=ARMS), rewards)[0], play(Greedy(), rewards)[0])


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    arms=st.lists(st.tuples(st.integers(1, 30), st.floats(0, 1)), min_size=2, max_size=9),
    last=st.integers(0, 8),
    c=st.sampled_from([0.0, 3.0]),
)
def test_kl_ucb_plays_the_first_of_all_largest_bounds(arms, last, c):
    """It computes only some of the bounds; whole wins make many equal."""
    state = KLUCB(c=c).start(problem(len(arms)), None)
    state.plays[:] = [plays for plays, _ in arms]
    state.means[:] = [round(plays * share) / plays for plays, share in arms]
    state.last[0] = last % len(arms)
    t = max(int(state.plays.sum()), len(arms))
    level = math.log(t + 1) + c * math.log(math.log(t + 1))
    bounds = [bernoulli_upper(mean, level / plays) for mean, plays in zip(state.means, state.plays, strict=True)]
    assert KLUCB.choose(state, t, None, None) == np.argmax(bounds)


# --- known values -------------------------------------------------------------------------------------------------


def test_explore_then_commit_plays_each_arm_as_often_and_then_one():
    actions = play(ExploreThenCommit(m=7), draw_rewards(1))[0]
    assert_array_equal(actions[: 7 * ARMS], np.tile(np.arange(ARMS), 7))
    assert len(set(actions[7 * ARMS :])) == 1


def test_tuned_constants():
    def started(policy, arms=2):
        return policy.start(problem(arms, 10_000), None)

    # 10^(8/3) (ln(2) / 8)^(1/3) = 205.4 and (10^4 / 9)^(2/3) (ln(10) / 8)^(1/3) = 70.8
    assert started(ExploreThenCommit()).exploration == 2 * 206
    assert started(ExploreThenCommit(), 10).exploration == 10 * 71
    assert started(DiscountedUCB()).gamma == 1 - 1 / 400
    assert started(DiscountedUCB(changes=4, b=2.0)).gamma == 1 - 0.02 / 8
    assert started(SlidingWindowUCB(changes=4)).tau == 304  # 2 sqrt(10^4 ln(10^4) / 4) = 303.5
    assert started(SlidingWindowUCB(changes=4, b=2.0)).tau == 607


@few
@given(seed=seeds, tau=st.integers(1, 70))
def test_the_window_holds_the_last_rounds(seed, tau):
    rewards = draw_rewards(seed)
    actions, state = play(SlidingWindowUCB(tau=tau), rewards)
    counts = [np.sum(actions[:t] == arm) for t, arm in enumerate(actions)]
    seen, arms = rewards[actions, counts][-tau:], actions[-tau:]
    for k in range(ARMS):
        assert state.plays[k] == (arms == k).sum()
        assert_allclose(state.sums[k], seen[arms == k].sum(), rtol=1e-12, atol=1e-14)


def test_discounted_weights_sum_to_their_total():
    state = play(DiscountedUCB(gamma=0.9), draw_rewards(2))[1]
    assert_allclose(state.weights.sum(), state.total[0], rtol=1e-13)
    assert_allclose(state.total[0], (1 - 0.9**HORIZON) / 0.1, rtol=1e-12)


def test_what_is_told_of_the_noise_is_the_posterior_width():
    rewards = draw_rewards(3)
    one, other = play(ThompsonGaussian(std=0.3), rewards), play(ThompsonGaussian(std="told"), rewards, noise=0.3)
    assert_array_equal(one[0], other[0])
    assert_allclose(one[1].widths, 0.3 / np.sqrt(one[1].plays + 1))


# --- laws of the draws --------------------------------------------------------------------------------------------


def test_epsilon_greedy_draws_from_all_arms():
    """Chi-square on 5000 draws: epsilon / K each, and 1 - epsilon more for the leader."""
    state, rng = EpsilonGreedy(epsilon=0.4).start(problem(4), None), np.random.default_rng(0)
    state.means[:] = [0.2, 0.6, 0.6, 0.1]
    found = [EpsilonGreedy.choose(state, 9, None, rng) for _ in range(5000)]
    assert stats.chisquare(np.bincount(found, minlength=4), [500, 3500, 500, 500]).pvalue > ALARM


def test_thompson_draws_from_normal_posteriors():
    """Of two arms the first is played with probability Phi((m_0 - m_1) / sqrt(v_0 + v_1)): |z| < 5."""
    policy, rng = ThompsonGaussian(std=2.0), np.random.default_rng(1)
    state = policy.start(problem(2), None)
    for arm, reward in [(0, 3.0), (0, 1.0), (0, 2.0), (1, 2.0)]:
        policy.learn(state, 0, None, arm, reward)
    p = stats.norm.cdf((6 / 4 - 2 / 2) / math.sqrt(4 / 4 + 4 / 2))
    first = sum(policy.choose(state, 4, None, rng) == 0 for _ in range(5000))
    assert abs(first - 5000 * p) < 5 * math.sqrt(5000 * p * (1 - p))


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: EpsilonGreedy(schedule="decaying"), 'schedule = "decaying" needs d'),
        (lambda: EpsilonGreedy(schedule="decaying", d=0.1, epsilon=0.1), "epsilon belongs to"),
        (lambda: EpsilonGreedy(c=1.0), "c and d belong to"),
        (lambda: MOSS(alpha=1.0), "alpha belongs to"),
        (lambda: DiscountedUCB(gamma=0.9, changes=3), "changes belongs to"),
        (lambda: SlidingWindowUCB(tau=9, changes=3), "changes belongs to"),
        (lambda: DiscountedUCB(b=0.001).start(problem(), None), "not above 0; write a number"),
    ],
)
def test_what_cannot_be_is_refused(make, line):
    with pytest.raises(ValueError, match=line):
        make()


# --- what the papers claim ----------------------------------------------------------------------------------------


def final(environment, policies, horizon, replications):
    """Final regrets (R,) of each policy."""
    result = banditlab.run(environment, policies, horizon=horizon, replications=replications, progress=False)
    return [cell.final("regret") for cell in result.cells]


def is_less(one, other):
    """One mean is below the other by 5 standard errors of the paired difference."""
    difference = other - one
    return difference.mean() > 5 * difference.std() / math.sqrt(len(difference))


@pytest.mark.claims
@pytest.mark.parametrize(("arms", "gap"), [(2, 0.03), (2, 0.1), (2, 0.4), (10, 0.03), (10, 0.1), (10, 0.4)])
def test_explore_then_commit_keeps_its_bound(arms, gap):
    """3/2 ((K - 1) ln K)^(1/3) T^(2/3), and K - 1 for the rounding."""
    for horizon in (1000, 10_000):
        [regret] = final(Bernoulli(arms=arms, gap=gap, best=0.5), [ExploreThenCommit()], horizon, 400)
        bound = 1.5 * ((arms - 1) * math.log(arms)) ** (1 / 3) * horizon ** (2 / 3) + arms - 1
        assert regret.mean() + 5 * regret.std() / 20 < bound


@pytest.mark.claims
def test_kl_ucb_is_ahead_on_two_arms():
    """Garivier and Cappe 2011, first scenario: means 0.9 and 0.8, n = 5000."""
    kl, ucb, v = final(Bernoulli(means=[0.9, 0.8]), [KLUCB(), UCB1(), UCBV()], 5000, 1000)
    assert is_less(kl, ucb) and is_less(kl, v)


@pytest.mark.claims
def test_kl_ucb_is_ahead_on_low_rewards():
    """Garivier and Cappe 2011, second scenario: ten arms of low means, n = 20000."""
    means = [0.1, 0.05, 0.05, 0.05, 0.02, 0.02, 0.02, 0.01, 0.01, 0.01]
    kl, moss, ucb, v = final(Bernoulli(means=means), [KLUCB(), MOSS(), UCB1(), UCBV()], 20_000, 300)
    assert is_less(kl, moss) and is_less(kl, ucb) and is_less(kl, v)


@pytest.mark.claims
def test_moss_is_within_its_bound():
    """49 sqrt(T K) for rewards in [0, 1], on the gap sqrt(K / T) that is hardest."""
    for arms, horizon in [(2, 10_000), (10, 10_000), (50, 20_000)]:
        for policy in (MOSS(), MOSS(n="anytime")):
            gap = math.sqrt(arms / horizon)
            [regret] = final(Bernoulli(arms=arms, gap=gap, best=0.5), [policy], horizon, 200)
            assert regret.mean() < 2 * math.sqrt(horizon * arms)  # far below the bound, which is not tight


@pytest.mark.claims
def test_gaussian_thompson_with_the_true_width_is_ahead_of_a_wider_one():
    narrow, wide = final(
        Gaussian(arms=5, gap=0.2, std=0.3),
        [{"kind": "thompson-gaussian", "std": "told", "label": "narrow"}, ThompsonGaussian()],
        5000,
        200,
    )
    assert is_less(narrow, wide)


@pytest.mark.claims
def test_forgetting_pays_where_the_means_change():
    """The abrupt changes of Garivier and Moulines 2011: the third arm is the best one for a while.

    Their UCB-1 has the width sqrt(xi ln t / N), which is that of a window over all rounds. With the default gamma and
    xi discounted UCB is within a few per cent of it here: its width, twice as large, leaves gaps of 0.1 unresolved.
    """
    world = Piecewise(means=[[0.5, 0.3, 0.4], [0.5, 0.3, 0.9], [0.5, 0.3, 0.4]], changes=[3000, 5000])
    unforgetting = {"kind": "sliding-window-ucb", "tau": 10_000, "label": "ucb-1"}
    window, ucb = final(world, [SlidingWindowUCB(), unforgetting], 10_000, 200)
    assert is_less(window, ucb)


@pytest.mark.claims
def test_forgetting_regret_is_sublinear_in_the_rounds_for_given_changes():
    """sqrt(T) ln T, tuned to T: over a factor of 10 in T by 4.0, which is less than 10^(3/4).

    Neither this nor its bound says that discounted UCB is ahead of UCB1 at these T: with these constants it is not.
    """
    players, regrets = [DiscountedUCB(changes=3), SlidingWindowUCB(changes=3)], []
    for horizon in (10_000, 100_000):
        changes = [horizon // 4, horizon // 2, 3 * horizon // 4]
        world = Piecewise(means=[[0.9, 0.1], [0.1, 0.9]] * 2, changes=changes)
        regrets.append([regret.mean() for regret in final(world, players, horizon, 40)])
    assert (np.divide(regrets[1], regrets[0]) < 10**0.75).all()
