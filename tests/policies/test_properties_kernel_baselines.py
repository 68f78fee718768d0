"""MultiSBM, Doubler, IDS and Sparring on a kernel: invariances, limits, and what each may never do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from scipy.special import expit

from banditlab import fuse
from banditlab.checks import replay
from banditlab.environments.dueling.kernelized import Kernelized
from banditlab.games import dueling
from banditlab.numerics.kernel_duels import TIE
from banditlab.policies.dueling import ids
from banditlab.policies.dueling.doubler import Doubler
from banditlab.policies.dueling.ids import IDS
from banditlab.policies.dueling.multisbm import MultiSBM
from banditlab.policies.dueling.sparring import Sparring
from banditlab.policies.dueling.uniform import Uniform
from banditlab.problem import Problem

ALARM = 1e-6  #: false-alarm rate of each statistical test here, on fixed seeds
ARMS, DUELS = 7, 12
ONE_ESTIMATE = (MultiSBM, Doubler, IDS)
POLICIES = (*ONE_ESTIMATE, Sparring)
PRESETS = ("paper", "code")
few = settings(max_examples=8, deadline=None, derandomize=True)
seeds = st.integers(0, 10**6)
worlds = Kernelized("branin", points=4)


def begin(policy, points, seed=0):
    facts = {"domain": points}
    problem = Problem("test", {"arms": len(points), "dim": 2}, facts, facts)
    return fuse.settle(policy.start(problem, np.random.default_rng(seed)))


def world(seed, arms=ARMS, duels=DUELS):
    """Points (N, 2), and duels of different arms with outcomes that follow no utility."""
    rng = np.random.default_rng(seed)
    pairs = [rng.choice(arms, 2, replace=False) for _ in range(duels)]
    return 2.0 * rng.random((arms, 2)), [(int(i), int(j), bool(rng.random() < 0.5)) for i, j in pairs]


def informed(policy, points, duels):
    """The state after given duels."""
    state = begin(policy, points)
    for t, (first, second, won) in enumerate(duels):
        policy.learn(state, t, None, first, second, won)
    return state


def play(policy, state, seed):
    return policy.choose(state, DUELS, None, np.random.default_rng(seed))


def knowledge(belief):
    return belief.model.wins, belief.model.utilities, belief.model.posterior, belief.process.covariance


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("kind", ONE_ESTIMATE)
def test_a_duel_of_an_arm_with_itself_teaches_nothing(kind, preset):
    points, duels = world(1)
    state = informed(kind(preset=preset), points, duels)
    before = [array.copy() for array in knowledge(state.belief)]
    kind.learn(state, DUELS, None, 3, 3, True)
    for old, new in zip(before, knowledge(state.belief), strict=True):
        assert_array_equal(new, old)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("kind", POLICIES)
@few
@given(seed=seeds)
def test_labels_do_not_matter(kind, preset, seed):
    """Nothing hinges on arm 0, or on any other by its index."""
    points, duels = world(seed)
    order = np.random.default_rng(seed + 1).permutation(ARMS)
    moved = np.argsort(order)  # arm k of the world stands at moved[k]
    policy = kind(preset=preset)
    state = informed(policy, points, duels)
    other = informed(policy, points[order], [(int(moved[i]), int(moved[j]), won) for i, j, won in duels])
    first, second = play(policy, state, seed)
    assert moved[first] == play(policy, other, seed)[0]
    if kind is not Doubler:  # its opponent is drawn from a list, by place
        assert moved[second] == play(policy, other, seed)[1]


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("kind", ONE_ESTIMATE)
@few
@given(seed=seeds)
def test_only_who_won_matters(kind, preset, seed):
    points, duels = world(seed)
    state = informed(kind(preset=preset), points, duels)
    other = informed(kind(preset=preset), points, [(j, i, not won) for i, j, won in duels])
    assert_allclose(other.belief.model.utilities, state.belief.model.utilities, atol=1e-8)
    assert_allclose(other.belief.process.covariance, state.belief.process.covariance, atol=1e-12)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("kind", POLICIES)
@few
@given(seed=seeds)
def test_without_width_the_best_estimate_plays(kind, preset, seed):
    points, duels = world(seed)
    policy = kind(preset=preset, width=1e-9)
    state = informed(policy, points, duels)
    beliefs = [state.left, state.right] if kind is Sparring else [state.belief]
    chances = [expit(belief.model.utilities[:ARMS]) for belief in beliefs]
    if kind is MultiSBM:
        state.last[0] = np.argmax(chances[0])
    first, second = play(policy, state, seed)
    assert chances[0][first] >= max(chances[0]) - TIE
    if kind is not Doubler:
        assert chances[-1][second] >= max(chances[-1]) - TIE


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("kind", (MultiSBM, IDS))
def test_the_first_duel_of_two_arms_is_between_them(kind, preset):
    for seed in range(5):
        state = begin(kind(preset=preset), np.array([[0.0, 0.0], [1.0, 1.0]]))
        assert sorted(kind.choose(state, 0, None, np.random.default_rng(seed))) == [0, 1]


@pytest.mark.parametrize("preset", PRESETS)
def test_multisbm_is_led_by_the_last_challenger(preset):
    pairs = replay.run(worlds, MultiSBM(preset=preset), 60).actions
    assert pairs[0, 0] != pairs[0, 1]
    assert_array_equal(pairs[1:, 0], pairs[:-1, 1])


@pytest.mark.parametrize("preset", PRESETS)
def test_doubler_forgets_no_answer(preset):
    """Two of each duel, in the last round as in the first: T / 2 of them is half of what there is to know."""
    done = replay.run(worlds, Doubler(preset=preset), 80)
    arms = len(done.env.features)
    answers = np.zeros((2, arms))
    for (first, second), won in zip(done.actions, done.outcomes, strict=True):
        if first != second:
            answers[int(won), first] += 1
            answers[1 - int(won), second] += 1
    assert answers.sum() > 80
    wins = done.state.belief.model.wins
    assert_array_equal(wins[:arms, arms], answers[1])
    assert_array_equal(wins[arms, :arms], answers[0])
    assert wins.sum() == answers.sum()


def test_doubler_meets_the_leaders_of_the_epoch_before():
    done = replay.run(worlds, Doubler(), 2 + 4 + 8 + 16 + 32)
    first, second = done.actions.T
    assert len(set(second[:2])) == 1
    for e in range(2, 6):
        this, before = slice(2**e - 2, 2 ** (e + 1) - 2), slice(2 ** (e - 1) - 2, 2**e - 2)
        assert set(second[this]) <= set(first[before])
    assert_array_equal(done.state.opponents, np.bincount(first[30:], minlength=16))
    assert not done.state.leaders.any()
    assert_array_equal(done.state.rounds, [32, 0])


def test_doubler_draws_each_round_of_the_epoch_before_alike():
    state, rng = begin(Doubler(), world(0)[0]), np.random.default_rng(5)
    state.opponents[:] = [0, 5, 1, 0, 7, 2, 1]
    state.rounds[0] = 16
    drawn = np.bincount([Doubler.choose(state, 0, None, rng)[1] for _ in range(1600)], minlength=ARMS)
    assert drawn[0] == drawn[3] == 0
    held = state.opponents > 0
    assert stats.chisquare(drawn[held], 100 * state.opponents[held]).pvalue > ALARM


@pytest.mark.parametrize("preset", PRESETS)
def test_a_sparring_learner_knows_its_own_answers_alone(preset):
    points, duels = world(2)
    duels += [(4, 4, True), (4, 4, False)]
    state = informed(Sparring(preset=preset), points, duels)
    left, right = np.zeros((2, ARMS)), np.zeros((2, ARMS))
    for first, second, won in duels:
        left[int(won), first] += 1
        right[1 - int(won), second] += 1
    for belief, answers in ((state.left, left), (state.right, right)):
        assert_array_equal(belief.model.wins[:ARMS, ARMS], answers[1])
        assert_array_equal(belief.model.wins[ARMS, :ARMS], answers[0])
        assert belief.model.wins.sum() == len(duels)


@pytest.mark.parametrize("preset", PRESETS)
@few
@given(seed=seeds)
def test_sparring_learners_that_change_sides_change_places(preset, seed):
    points, duels = world(seed)
    policy = Sparring(preset=preset)
    pair = play(policy, informed(policy, points, duels), seed)
    mirrored = informed(policy, points, [(j, i, not won) for i, j, won in duels])
    assert play(policy, mirrored, seed) == pair[::-1]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(short=st.floats(0, 0.5), behind=st.floats(0, 0.5), told=st.floats(1e-6, 2))
def test_ids_mixes_at_the_least_ratio(short, behind, told):
    p = np.linspace(0.001, 1, 1000)
    grid = ((1 - p) * short + p * (short + behind)) ** 2 / (p * told)
    share = ids._share(short, behind)
    assert 0 <= share <= 1
    if share > 0:
        assert ids._ratio(short, behind, told) <= grid.min() * (1 + 1e-12)
        assert_allclose(
            ids._ratio(short, behind, told), ((1 - share) * short + share * (short + behind)) ** 2 / (share * told)
        )
    assert ids._ratio(short, behind, 2 * told) <= ids._ratio(short, behind, told)  # information divides


@pytest.mark.parametrize("preset", PRESETS)
@few
@given(seed=seeds)
def test_ids_has_the_least_ratio_of_all_duels_and_shares(preset, seed):
    """Against a search over every opponent that counts and a fine grid of shares."""
    points, duels = world(seed)
    belief = informed(IDS(preset=preset, width=0.6), points, duels).belief
    leader, rival, share = ids._weigh(belief, np.random.default_rng(seed))
    f, covariance = belief.model.utilities, belief.process.covariance
    variances = np.diag(covariance)[:, None] + np.diag(covariance)[None] - 2 * covariance
    variances = np.clip(variances, 0, None)
    upper = expit(f[:, None] - f[None]) + 0.6 * (np.sqrt(variances) if preset == "paper" else variances)
    counts = [i for i in range(ARMS) if all(upper[i, j] > 0.5 for j in range(ARMS) if j != i)] or list(range(ARMS))
    assert leader in counts
    assert f[leader] >= max(f[counts]) - TIE
    others = [j for j in counts if j != leader]
    if not others:
        assert rival == leader
        return
    assert rival in others
    short, p = max(upper[k, leader] for k in counts) - 0.5, np.linspace(1e-4, 1, 10**4)

    def ratio(j, p):
        gap = short + expit(f[leader] - f[j]) - 0.5
        return ((1 - p) * short + p * gap) ** 2 / (p * np.log1p(variances[leader, j] / belief.process.noise))

    least = min(ratio(j, p).min() for j in others)
    assert ratio(rival, share) <= least + 2 * TIE  # that of a tie, and of f among leaders


def test_ids_prefers_information_among_equals():
    """Arms of one utility: the opponent is the one whose difference is least known."""
    points = np.array([[0.0, 0.0], [0.3, 0.0], [0.9, 0.0], [5.0, 5.0]])
    duels = [(0, 1, True), (0, 1, False), (0, 2, True), (0, 2, False), (1, 2, True), (1, 2, False)] * 4
    belief = informed(IDS(), points, duels).belief
    assert_allclose(belief.model.utilities, 0.0, atol=1e-8)
    rng = np.random.default_rng(0)
    for _ in range(20):
        leader, rival, share = ids._weigh(belief, rng)
        assert share == 1.0 and 3 in (leader, rival)


@pytest.mark.claims
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("kind", POLICIES)
def test_far_better_than_uniform_play_on_ackley(kind, preset):
    def regret(policy, seed):
        return replay.run(Kernelized(), policy, 1000, seed).totals[:, dueling.AVERAGE_PREFERENCE].sum()

    own = [regret(kind(preset=preset), seed) for seed in range(5)]
    assert max(own) < 0.5 * regret(Uniform(), 0)
