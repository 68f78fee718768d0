"""Environments of active dueling: their laws, Borda values by definition, outcomes, shared noise, and the metrics."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import root
from scipy.special import expit, logit
from scipy.stats import chi2

from banditlab import registry
from banditlab.checks import check_environment, replay
from banditlab.checks.pairs import cell_of, play, settings_of
from banditlab.environments.active_dueling.circular import Circular
from banditlab.environments.active_dueling.log_linear import LogLinear
from banditlab.environments.active_dueling.rkhs import Rkhs
from banditlab.errors import UserError
from banditlab.policies.active_dueling.fixed import Fixed
from banditlab.policies.active_dueling.oracle import Oracle
from banditlab.policies.active_dueling.uniform import Uniform
from banditlab.runs import pair
from banditlab.validation import build
from tests.reference import kernels, likelihood

HORIZON = 300
STRUCTURES = ("homogeneous", "heterogeneous", "independent")
LINKS = ("logistic", "probit", "exponential")
WORLDS = {
    "homogeneous": Rkhs(contexts=3, actions=4),
    "heterogeneous": Rkhs(contexts=4, actions=3, structure="heterogeneous", link="probit"),
    "independent": Rkhs(contexts=3, actions=4, structure="independent", link="exponential", scale=1.0),
    "one context": Rkhs(contexts=1, actions=2),
    "log-linear": LogLinear(contexts=3, actions=4, dim=2),
    "circular": Circular(contexts=3, actions=5),
    "circular, unrelated": Circular(contexts=2, actions=3, structure="independent"),
}
each_world = pytest.mark.parametrize("name", WORLDS)
seeds = st.integers(0, 2**32 - 1)


def start(world, seed=0):
    return replay.start_env(world, HORIZON, seed)


def run(name, player, seed=0, horizon=HORIZON):
    return replay.run(WORLDS[name], player, horizon, seed)


def factors(contexts, actions, structure, length_scale):
    """Roots of the covariances of contexts and of actions."""
    x, a = np.linspace(0, 1, contexts)[:, None], np.linspace(0, 1, actions)[:, None]
    between = np.eye(contexts) if structure == "independent" else kernels.rbf(x, 1.0, length_scale)
    return [np.linalg.cholesky(k + 1e-8 * np.eye(len(k))) for k in (between, kernels.rbf(a, 1.0, length_scale))]


# --- laws ---------------------------------------------------------------------------------------------------------


@each_world
def test_it_keeps_the_contracts(name):
    check_environment(WORLDS[name])


@pytest.mark.parametrize(
    ("structure", "first"),
    [
        ("homogeneous", [-0.659187, -0.635378, -0.42983, -0.12004]),
        ("independent", [-0.366057, -0.352835, -0.238691, -0.06666]),
    ],
)
def test_utilities_of_one_stream_stay_what_they_are(structure, first):
    """Values of an independent program, to the digits that it printed."""
    rng = np.random.default_rng(np.random.SeedSequence([31200267, 0]))
    assert_allclose(Rkhs(structure=structure).utilities(rng)[0, :4], first, atol=5.1e-7)


@given(seed=seeds, contexts=st.integers(1, 6), actions=st.integers(2, 6), structure=st.sampled_from(STRUCTURES))
@settings(max_examples=40, deadline=None)
def test_utilities_have_the_declared_law(seed, contexts, actions, structure):
    """One root of the whole covariance, a Kronecker product, in place of one for each side."""
    world = Rkhs(contexts=contexts, actions=actions, structure=structure, length_scale=0.3, scale=2.0)
    found = world.utilities(np.random.default_rng(seed))
    noise = np.random.default_rng(seed).standard_normal(contexts * actions)
    values = (np.kron(*factors(contexts, actions, structure, 0.3)) @ noise).reshape(contexts, actions)
    values -= values.mean(axis=1)[:, None]
    if structure == "heterogeneous":
        values *= np.array([0.05 + 0.95 / (1 + np.exp(-(x - 0.7) / 0.05)) for x in np.linspace(0, 1, contexts)])[
            :, None
        ]
    assert_allclose(found, 2.0 * values / np.abs(values).max(), atol=1e-9)
    assert_allclose(found.mean(axis=1), 0, atol=1e-12)
    assert_allclose(np.abs(found).max(), 2.0)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("length_scale", [0.05, 0.2, 3.0])
def test_points_have_the_covariance_of_the_draw(structure, length_scale):
    world = Rkhs(contexts=4, actions=5, structure=structure, length_scale=length_scale)
    between, within = (factor @ factor.T for factor in factors(4, 5, structure, length_scale))
    found = kernels.rbf(world.points(), 1.0, length_scale)
    assert_allclose(found, np.kron(between, within), atol=3e-8)


def test_log_linear_utilities_are_linear_in_the_features():
    for seed in range(3):
        env = start(LogLinear(contexts=6, actions=4, dim=3, signal=2.0), seed)
        assert_allclose(np.linalg.norm(env.features, axis=2), 1)
        best = np.take_along_axis(env.features, env.best[:, None, None], axis=1)
        theta, *_ = np.linalg.lstsq((best - env.features).reshape(-1, 3), env.utility.ravel(), rcond=None)
        assert_allclose((best - env.features) @ theta, env.utility, atol=1e-12)
        assert_allclose(np.linalg.norm(theta), 2.0)
        assert_allclose(env.matrices, likelihood.cdf("logistic", differences(env.features @ theta)), atol=1e-14)


def differences(utilities):
    return utilities[:, :, None] - utilities[:, None]


# --- Borda values ---------------------------------------------------------------------------------------------------


@each_world
def test_preferences_are_probabilities(name):
    for seed in range(3):
        matrices = start(WORLDS[name], seed).matrices
        assert_allclose(matrices + matrices.transpose(0, 2, 1), 1, atol=1e-15)
        assert matrices.min() >= -1e-15 and matrices.max() <= 1 + 1e-15


@each_world
def test_borda_values_by_definition(name):
    for seed in range(3):
        env = start(WORLDS[name], seed)
        contexts, arms = env.borda.shape
        for c in range(contexts):
            values = [sum(env.matrices[c, i, j] for j in range(arms)) / arms for i in range(arms)]
            assert abs(np.mean(values) - 0.5) < 1e-15
            assert_allclose(env.borda[c], max(values) - np.array(values), atol=1e-15)
            assert env.best[c] == np.argmax(values)


@given(
    seed=seeds,
    contexts=st.integers(1, 4),
    actions=st.integers(2, 5),
    structure=st.sampled_from(STRUCTURES),
    link=st.sampled_from(LINKS),
    scale=st.floats(0.01, 5),
)
@settings(max_examples=40, deadline=None)
def test_the_best_by_utility_is_the_best_by_borda_value(seed, contexts, actions, structure, link, scale):
    world = Rkhs(contexts=contexts, actions=actions, structure=structure, link=link, scale=scale)
    utilities = world.utilities(np.random.default_rng(seed))
    env = world.start(np.random.default_rng(seed), np.uint64(0), HORIZON)
    assert_allclose(env.matrices, likelihood.cdf(link, differences(utilities)), atol=1e-14)
    assert_array_equal(env.best, utilities.argmax(axis=1))
    assert_array_equal(env.best, env.matrices.mean(axis=2).argmax(axis=1))
    assert_allclose(env.utility, utilities.max(axis=1)[:, None] - utilities, atol=1e-15)
    assert (env.borda >= 0).all() and (env.utility >= 0).all()


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("scale", [1e-16, 500.0])
def test_rounding_does_not_change_the_best(link, scale):
    """Chances that are all about 1/2, or about 0 and 1."""
    for seed in range(20):
        env = start(Rkhs(contexts=5, actions=20, scale=scale, link=link), seed)
        assert (env.borda[np.arange(5), env.best] == 0).all()


@given(seed=seeds, contexts=st.integers(1, 4), actions=st.integers(3, 12), structure=st.sampled_from(STRUCTURES))
@settings(max_examples=40, deadline=None)
def test_a_circle_has_a_borda_winner_and_no_utility(seed, contexts, actions, structure):
    world = Circular(contexts=contexts, actions=actions, structure=structure, gap=0.15, cycle=0.35)
    env = world.start(np.random.default_rng(seed), np.uint64(0), HORIZON)
    smooth = world.draw(np.random.default_rng(seed))
    smooth *= 0.15 / np.ptp(smooth, axis=1).max()
    assert_allclose(env.matrices.mean(axis=2), 0.5 + smooth, atol=1e-14)
    assert ((env.borda == 0).sum(axis=1) == 1).all()
    arms, ahead = np.arange(actions), round(actions / 4) or 1
    for matrix in env.matrices:
        assert (matrix[(arms + ahead) % actions, arms] > 0.5).all()  # round and round: a cycle, and nobody beats all


def test_a_utility_fitted_on_a_circle_depends_on_the_pairs():
    """All pairs: the scores of maximum likelihood are those of Borda. Neighbours, a tree: a log-odds for each step."""
    for seed in range(3):
        env = start(Circular(contexts=5, actions=10), seed)
        for context, matrix in enumerate(env.matrices):
            assert np.argmax(bradley_terry(matrix)) == env.best[context]
            steps = np.diagonal(matrix, -1)  # of an arm against the one before it
            assert np.argmax(np.cumsum([0, *logit(steps)])) == 9
        assert (env.best != 9).any()


def bradley_terry(matrix):
    """Utilities of maximum likelihood for all pairs: each arm wins as often as it should, and their mean is 0."""
    found = root(lambda u: (expit(np.subtract.outer(u, u)) - matrix).sum(axis=1) + u.mean(), np.zeros(len(matrix)))
    assert found.success
    return found.x


# --- outcomes -------------------------------------------------------------------------------------------------------


@each_world
def test_duels_are_won_as_often_as_declared(name):
    """|z| < 5 over 3 x 300 outcomes, false alarm 6e-7 a case."""
    for player in (Uniform(), Fixed(0, 0, 1), Fixed(0, 1, 0), Fixed(0, 1, 1)):
        errors, variance = 0.0, 0.0
        for seed in range(3):
            done = run(name, player, seed)
            c, i, j = done.actions.T
            p = np.where(i == j, 0.5, done.env.matrices[c, i, j])
            errors, variance = errors + (done.outcomes - p).sum(), variance + (p * (1 - p)).sum()
        assert abs(errors) < 5 * np.sqrt(variance)


@pytest.mark.claims
@pytest.mark.parametrize("name", ["homogeneous", "log-linear", "circular"])
def test_a_uniform_opponent_makes_wins_as_likely_as_the_borda_value(name):
    """100 000 duels, the arm itself among the opponents: Pearson's statistic, false alarm 1e-6 a case."""
    world, rng = WORLDS[name], np.random.default_rng(0)
    env = start(world)
    (contexts, arms), rounds = env.borda.shape, 100_000
    values, won, met = env.matrices.mean(axis=2), np.zeros((contexts, arms)), np.zeros((contexts, arms))
    played = np.column_stack([rng.integers(n, size=rounds) for n in (contexts, arms, arms)]).tolist()
    for context, first, second in played:
        won[context, first] += world.duel(env, 0, env.features, context, first, second)
        met[context, first] += 1
    statistic = ((won - met * values) ** 2 / (met * values * (1 - values))).sum()
    assert statistic < chi2.isf(1e-6, contexts * arms)


@each_world
def test_exchanging_the_arms_exchanges_the_outcome(name):
    one, other = run(name, Fixed(0, 0, 1)), run(name, Fixed(0, 1, 0))
    assert_array_equal(one.outcomes, 1 - other.outcomes)


@each_world
def test_the_nth_duel_of_a_pair_meets_the_same_noise(name):
    context = WORLDS[name].contexts - 1
    one, other = run(name, Uniform()), run(name, Fixed(context, 1, 0))
    met = (one.actions[:, 0] == context) & (np.sort(one.actions[:, 1:], axis=1) == [0, 1]).all(axis=1)
    outcomes = np.where(one.actions[met, 1] == 1, one.outcomes[met], 1 - one.outcomes[met])
    assert len(outcomes) > 5
    assert_array_equal(outcomes, other.outcomes[: len(outcomes)])


@pytest.mark.parametrize("name", [name for name in WORLDS if name != "one context"])
def test_contexts_and_self_duels_have_noise_of_their_own(name):
    """|correlation| < 5 / sqrt(T) of the outcomes of any two, whatever their chances."""
    actions = [(0, 0, 1), (1, 0, 1), (0, 0, 2), (0, 0, 0), (1, 0, 0), (1, 1, 1)]
    outcomes = [run(name, Fixed(*action)).outcomes for action in actions]
    kept = [row for row in outcomes if row.std() > 0]
    assert len(kept) >= 4
    correlations = np.corrcoef(kept)[np.triu_indices(len(kept), 1)]
    assert (np.abs(correlations) < 5 / np.sqrt(HORIZON)).all()


# --- metrics --------------------------------------------------------------------------------------------------------


def metrics(name, player, replication=0):
    """Metrics at the end of a replication, by name."""
    cell = cell_of(WORLDS[name], player, 20)
    [curve] = play(cell, range(replication, replication + 1))
    return dict(zip([metric.name for metric in cell.game_metrics], curve.values[-1], strict=True))


@each_world
def test_metrics_that_are_kept(name):
    borda = {"worst-borda", "mean-borda"}
    assert set(metrics(name, Uniform())) == (borda if name.startswith("circular") else {"worst", "mean", *borda})


@each_world
def test_the_oracle_falls_short_by_nothing(name):
    for replication in range(5):
        assert set(metrics(name, Oracle(), replication).values()) == {0.0}


@each_world
def test_the_worst_context_is_no_better_than_the_mean(name):
    for replication in range(5):
        found = metrics(name, Uniform(), replication)
        for kind in ("", "-borda"):
            if f"worst{kind}" in found:
                assert found[f"worst{kind}"] * (1 + 1e-15) >= found[f"mean{kind}"] >= 0


@each_world
def test_metrics_by_hand(name):
    """One arm recommended everywhere: 0 only where it is best in every context."""
    world = WORLDS[name]
    env = pair.begin(cell_of(world, Fixed(), 20), settings_of(0), 0).env
    for arm in range(world.actions):
        found = metrics(name, Fixed(first=arm))
        assert_allclose(found["worst-borda"], env.borda[:, arm].max(), atol=1e-15)
        assert_allclose(found["mean-borda"], env.borda[:, arm].mean(), atol=1e-15)
        assert (found["worst-borda"] == 0) == (env.best == arm).all()
        if "worst" in found:
            assert_allclose(found["worst"], env.utility[:, arm].max(), atol=1e-15)
            assert_allclose(found["mean"], env.utility[:, arm].mean(), atol=1e-15)
            assert (found["worst"] == 0) == (env.best == arm).all()


# --- bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "parameters", "words"),
    [
        ("rkhs", {"contexts": 0}, "contexts"),
        ("rkhs", {"actions": 1}, "actions"),
        ("rkhs", {"structure": "smooth"}, "structure"),
        ("rkhs", {"link": "linear"}, "link"),
        ("rkhs", {"length_scale": 0.0}, "length_scale"),
        ("rkhs", {"scale": -1.0}, "scale"),
        ("rkhs", {"points": 5}, "points"),
        ("log-linear", {"contexts": 0}, "contexts"),
        ("log-linear", {"actions": 1}, "actions"),
        ("log-linear", {"dim": 0}, "dim"),
        ("log-linear", {"signal": 0.0}, "signal"),
        ("circular", {"gap": 0.2, "cycle": 0.4}, "gap \\+ cycle: at most 1/2, got 0.6"),
        ("circular", {"actions": 2}, "actions: at least 3"),
        ("circular", {"gap": 0.25, "cycle": 0.2}, "gap: below 0.2,"),
        ("circular", {"gap": 0.0}, "gap"),
        (
            "rkhs",
            {"contexts": 400, "actions": 300},
            "contexts \\* actions: 120,000 points, of which a table of all pairs takes 107.3 GiB; allowed: 10,000",
        ),
        ("circular", {"contexts": 101, "actions": 100}, "contexts \\* actions: 10,100 points, .* allowed: 10,000"),
        ("log-linear", {"contexts": 10**9, "actions": 2}, "contexts \\* actions: more than 1,000,000 points, "),
        ("rkhs", {"length_scale": 1e4}, "length_scale: at 10000 .* 0.0001 .*; allowed: .* 0.01$"),
        ("rkhs", {"length_scale": 101, "structure": "independent"}, "length_scale: at 101 "),
        ("circular", {"length_scale": 1e4}, "length_scale: at 10000 "),
    ],
)
def test_bad_parameters_are_named(kind, parameters, words):
    with pytest.raises(UserError, match=words):
        build(registry.find("environment", kind, "active-dueling"), parameters, "test")


@pytest.mark.parametrize(
    ("settings_", "words"),
    [({"context": 3}, "context: in 0 .. 2"), ({"first": 4}, "first: in 0 .. 3"), ({"second": 9}, "second")],
)
def test_a_fixed_action_lies_in_range(settings_, words):
    with pytest.raises(ValueError, match=words):
        run("homogeneous", Fixed(**settings_), horizon=1)
