"""Policies of the convex game: the inequalities of their papers on any gradients, published numbers, refusals."""

import inspect
import math

import numba
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import banditlab
from banditlab import registry
from banditlab.checks.pairs import cell_of, finals, play
from banditlab.environments.convex.reddi import Reddi
from banditlab.environments.convex.sea import SEA
from banditlab.errors import UserError
from banditlab.games.convex import DYNAMIC
from banditlab.numerics import domains
from banditlab.numerics.domains import FORMS, make_domain
from banditlab.policies.convex.adagrad import AdaGrad
from banditlab.policies.convex.adam import Adam
from banditlab.policies.convex.adamax import AdaMax
from banditlab.policies.convex.adaptive_ogd import AdaptiveOGD
from banditlab.policies.convex.amsgrad import AMSGrad
from banditlab.policies.convex.dog import DoG
from banditlab.policies.convex.fixed import Fixed
from banditlab.policies.convex.hedge import Hedge
from banditlab.policies.convex.ogd import OGD
from banditlab.policies.convex.ons import ONS
from banditlab.policies.convex.optimistic_ftl import OptimisticFTL
from banditlab.policies.convex.optimistic_ftrl import OptimisticFTRL
from banditlab.policies.convex.optimistic_hedge import OptimisticHedge
from banditlab.policies.convex.optimistic_omd import OptimisticOMD, step_of
from banditlab.policies.convex.sword import Sword, steps_between
from banditlab.problem import Problem

few = settings(max_examples=30, deadline=None, derandomize=True)
seeds = st.integers(0, 10**6)
dims = st.integers(1, 4)
RADIUS, BOUND = 0.8, 1.3
LEARNERS = {
    "ogd": OGD(),
    "ogd, horizon": OGD(steps="horizon"),
    "ogd, strongly convex": OGD(steps="strongly-convex"),
    "adaptive-ogd": AdaptiveOGD(),
    "adagrad": AdaGrad(),
    "adam": Adam(rate=0.1),
    "adamax": AdaMax(rate=0.1),
    "amsgrad": AMSGrad(),
    "dog": DoG(),
    "optimistic-omd": OptimisticOMD(),
    "optimistic-omd, zero": OptimisticOMD(hint="zero"),
    "optimistic-omd, mean": OptimisticOMD(hint="mean", window=3),
    "optimistic-omd, strongly convex": OptimisticOMD(curvature="strongly-convex"),
    "optimistic-omd, exp-concave": OptimisticOMD(curvature="exp-concave", scale=30.0),
    "ons": ONS(),
    "ons, far": ONS(scale=100.0),
    "sword": Sword(),
    "optimistic-ftrl": OptimisticFTRL(),
    "optimistic-ftl": OptimisticFTL(),
    "hedge": Hedge(),
    "optimistic-hedge": OptimisticHedge(),
}


def begin(policy, form="ball", dim=3, **facts):
    """The state of a policy that is told these facts, of linear losses unless they say otherwise."""
    known = {
        "form": form, "radius": RADIUS, "gradient_bound": BOUND, "smoothness": 0.0, "curvature": 0.7,
        "exp_concavity": 0.9, "horizon": 60, **facts,
    }  # fmt: skip
    return policy.start(Problem("test", {"dim": dim}, known, known), None)


class Played:
    """A policy against gradients that an adversary chooses with the point before it."""

    def __init__(self, policy, state, gradients, perfect=False):
        self.points, self.gradients, self.hints, self.rates = [], [], [], []
        for t, gradient in enumerate(gradients):
            if perfect:
                state.guess[:] = gradient
            if isinstance(policy, OptimisticOMD) and policy.curvature != "exp-concave":
                self.rates.append(step_of(state, t))
            self.hints.append(getattr(state, "guess", np.zeros(0)).copy())
            point = policy.choose(state, t, None).copy()
            found = np.array(gradient(point) if callable(gradient) else gradient, float)
            policy.learn(state, t, point.copy(), found)
            self.points.append(point)
            self.gradients.append(found)
        self.points, self.gradients, self.hints = map(np.array, (self.points, self.gradients, self.hints))

    def regret(self, form):
        """Regret of the linear losses to the best fixed point."""
        total = self.gradients.sum(axis=0)
        best = {"ball": -np.linalg.norm(total), "box": -np.abs(total).sum(), "simplex": total.min()}[form]
        return (self.gradients * self.points).sum() - RADIUS * best

    @property
    def errors(self):
        """||g_t - M_t||^2 of each round."""
        return ((self.gradients - self.hints) ** 2).sum(axis=1)


def adversary(seed, dim, rounds=60):
    """Gradients of norm at most BOUND: random ones, flips of sign, and those that punish the point just played."""
    rng = np.random.default_rng(seed)
    kind = seed % 4
    axis = rng.normal(size=dim)
    axis *= BOUND / np.linalg.norm(axis)
    drawn = rng.normal(size=(rounds, dim))
    drawn *= BOUND * rng.random((rounds, 1)) / np.linalg.norm(drawn, axis=1, keepdims=True)
    if kind == 0:
        return list(drawn)
    if kind == 1:
        return [axis * (-1) ** (t // (1 + seed % 7)) for t in range(rounds)]
    if kind == 2:
        return [lambda x: BOUND * x / max(np.linalg.norm(x), 1e-9)] * rounds
    return [0.9 * axis + 0.1 * g if t % 5 else -axis for t, g in enumerate(drawn)]


# --- inequalities on any gradients --------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("hint", ["zero", "last"])
@few
@given(seeds, dims)
def test_optimistic_mirror_descent_keeps_its_inequality(hint, form, seed, dim):
    assume(form != "simplex" or dim > 1)
    policy = OptimisticOMD(hint=hint)
    done = Played(policy, begin(policy, form, dim), adversary(seed, dim))
    size = domains.diameter(make_domain(form, RADIUS, dim))
    rates = np.array(done.rates)
    assert np.all(np.diff(rates) <= 0)
    assert done.regret(form) <= size**2 / (2 * rates[-1]) + 0.5 * (rates * done.errors).sum() + 1e-9
    assert done.regret(form) <= 1.5 * size * math.sqrt(4 * BOUND**2 + done.errors.sum()) + 1e-9


@few
@given(seeds, dims)
def test_optimistic_ftrl_keeps_its_inequality(seed, dim):
    """For the regulariser ||x||^2 / eta: R^2 / eta_T + 1/4 sum eta_t ||g_t - M_t||^2."""
    policy = OptimisticFTRL(offset="bounded")
    state = begin(policy, "ball", dim)
    done = Played(policy, state, adversary(seed, dim))
    weights = [2 * (2 * RADIUS) * BOUND]
    for error in done.errors:
        weights.append(weights[-1] + (2 * RADIUS) ** 2 / weights[-1] * error)
    rates = (2 * RADIUS) ** 2 / np.array(weights)
    assert_allclose(state.weight[0], weights[-1])
    assert done.regret("ball") <= RADIUS**2 / rates[-2] + 0.25 * (rates[:-1] * done.errors).sum() + 1e-9
    assert done.regret("ball") <= (3 * math.sqrt(2 * 60) + 4) * 2 * RADIUS * BOUND


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("hint", ["zero", "last", "mean"])
@few
@given(seeds, st.integers(2, 4))
def test_optimistic_mirror_descent_on_exp_concave_losses_keeps_its_inequality(hint, form, seed, dim):
    """At any point u, by the matrices A_t = A_1 + beta / 2 sum_{s<t} g_s g_s' and the bases y_t."""
    policy, rng = OptimisticOMD(curvature="exp-concave", hint=hint), np.random.default_rng(seed)
    state = begin(policy, form, dim, exp_concavity=10.0 ** rng.integers(-2, 2))
    gradients, domain = adversary(seed, dim), make_domain(form, RADIUS, dim)
    points, u = np.zeros((5, dim)), np.zeros(dim)
    for point in points:
        domains.draw_point(domain, rng, u)
        domains.minimise(domain, 0.0, rng.normal(size=dim), point)
        point += 0.3 * (u - point)
    beta, start = state.beta, points - state.base
    slack = 0.5 * ((start @ state.matrix) * start).sum(axis=1)
    for t, gradient in enumerate(gradients):
        matrix = state.matrix.copy()
        x, hint_ = policy.choose(state, t, None).copy(), state.guess.copy()
        g = np.array(gradient(x) if callable(gradient) else gradient, float)
        policy.learn(state, t, x, g)
        assert_allclose(state.matrix, matrix + 0.5 * beta * np.outer(g, g))
        slack += 0.25 * beta * ((points - state.base) @ g) ** 2 + 0.5 * (g - hint_) @ np.linalg.solve(matrix, g - hint_)
        slack -= (x - points) @ g
        assert np.all(slack > -1e-9)


@pytest.mark.parametrize("form", FORMS)
@few
@given(seeds, st.integers(2, 4))
def test_the_online_newton_step_keeps_its_inequality(form, seed, dim):
    """Of its lemma, from which the bound follows; for the best fixed point, and the points played."""
    concavity = 10.0 ** (seed % 4 - 2)
    state = begin(ONS(), form, dim, exp_concavity=concavity)
    domain = make_domain(form, RADIUS, dim)
    size = domains.diameter(domain)
    gamma = 0.5 * min(1 / (BOUND * size), concavity)
    assert_allclose(state.matrix, np.eye(dim) / (gamma * size) ** 2)
    matrix, done = state.matrix.copy(), Played(ONS(), state, adversary(seed, dim))
    best = np.zeros(dim)
    domains.minimise(domain, 0.0, done.gradients.sum(axis=0), best)
    squares = 0.0
    for g in done.gradients:
        matrix += np.outer(g, g)
        squares += g @ np.linalg.solve(matrix, g)
    assert_allclose(state.matrix, matrix)
    for u in (best, *done.points[::20]):
        lost = ((done.points - u) * done.gradients).sum(axis=1)
        assert lost.sum() <= 0.5 * gamma * (lost**2).sum() + (1 + squares) / (2 * gamma) + 1e-9


@pytest.mark.parametrize("rate", [0.05, 0.5, 3.0, "adaptive"])
@few
@given(seeds, st.integers(2, 5))
def test_optimistic_hedge_keeps_its_inequality(rate, seed, dim):
    policy = OptimisticHedge(rate=rate)
    done = Played(policy, begin(policy, "simplex", dim), adversary(seed, dim))
    errors = np.abs(RADIUS * done.gradients - done.hints).max(axis=1) ** 2
    if rate == "adaptive":
        bound = 2 * math.sqrt(math.log(dim) * (4 * (RADIUS * BOUND) ** 2 + errors.sum()))
    else:
        bound = math.log(dim) / rate + 0.5 * rate * errors.sum()
    assert done.regret("simplex") <= bound + 1e-9


@pytest.mark.parametrize("steps", ["anytime", "horizon"])
@few
@given(seeds, dims, st.sampled_from(FORMS))
def test_gradient_descent_and_its_adaptive_form_keep_their_bounds(steps, seed, dim, form):
    assume(form != "simplex" or dim > 1)
    size = domains.diameter(make_domain(form, RADIUS, dim))
    done = Played(OGD(steps=steps), begin(OGD(steps=steps), form, dim, horizon=60), adversary(seed, dim))
    assert done.regret(form) <= 1.5 * size * BOUND * math.sqrt(60) + 1e-9
    done = Played(AdaptiveOGD(), begin(AdaptiveOGD(), form, dim), adversary(seed, dim))
    assert done.regret(form) <= math.sqrt(2 * (done.gradients**2).sum()) * size + 1e-9


@pytest.mark.parametrize("rate", ["anytime", "horizon"])
@few
@given(seeds, st.integers(2, 5))
def test_hedge_keeps_its_bound(rate, seed, dim):
    done = Played(Hedge(rate=rate), begin(Hedge(rate=rate), "simplex", dim, horizon=60), adversary(seed, dim))
    spread = math.sqrt(2) * BOUND * RADIUS
    logarithm = math.log(dim)
    first = math.sqrt(60 * logarithm / 2)
    bound = first if rate == "horizon" else 2 * first + math.sqrt(logarithm / 8)
    assert done.regret("simplex") <= spread * bound


# --- what follows from the updates --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LEARNERS)
@few
@given(seeds, st.integers(2, 4), st.sampled_from(FORMS))
def test_points_are_feasible(name, seed, dim, form):
    policy = LEARNERS[name]
    form = "simplex" if "hedge" in name else form
    done = Played(policy, begin(policy, form, dim, horizon=60), adversary(seed, dim))
    domain = make_domain(form, RADIUS, dim)
    assert all(domains.contains(domain, point) for point in done.points)


@pytest.mark.parametrize("form", FORMS)
@few
@given(seeds, dims)
def test_a_perfect_hint_costs_a_constant(form, seed, dim):
    """D^2 / (2 eta) = D G for linear losses, since the sum of errors stays 0."""
    assume(form != "simplex" or dim > 1)
    gradients = adversary(4 * (seed // 4) + seed % 2, dim)  # that do not depend on the point
    done = Played(OptimisticOMD(), begin(OptimisticOMD(), form, dim), gradients, perfect=True)
    assert done.regret(form) <= domains.diameter(make_domain(form, RADIUS, dim)) * BOUND + 1e-9


def test_without_a_hint_it_is_gradient_descent():
    """With steps 2 / (lambda t), both."""
    policy, plain = OptimisticOMD(curvature="strongly-convex", hint="zero"), OGD(steps="strongly-convex", scale=2.0)
    for form in FORMS:
        gradients = adversary(4, 3)
        one, other = Played(policy, begin(policy, form), gradients), Played(plain, begin(plain, form), gradients)
        assert_allclose(one.points, other.points, atol=1e-12)
        assert np.ptp(one.points, axis=0).max() > 0.1


def test_the_mean_of_hints():
    policy = OptimisticOMD(hint="mean", window=3)
    gradients = np.array(adversary(4, 2, rounds=8))
    done = Played(policy, begin(policy, "ball", 2), gradients)
    for t in range(8):
        wanted = gradients[max(0, t - 3) : t].mean(axis=0) if t else np.zeros(2)
        assert_allclose(done.hints[t], wanted, atol=1e-15)


@pytest.mark.parametrize("smoothness", [0.0, 0.05, 1.0])
@few
@given(seeds, dims, st.sampled_from(FORMS))
def test_sword_plays_a_mean_of_its_points(smoothness, seed, dim, form):
    assume(form != "simplex" or dim > 1)
    state = begin(Sword(), form, dim, smoothness=smoothness)
    domain = make_domain(form, RADIUS, dim)
    for t, gradient in enumerate(adversary(seed, dim)):
        x = Sword.choose(state, t, None).copy()
        assert_allclose(state.weights.sum(), 1)
        assert np.all(state.weights >= 0)
        assert_allclose(x, state.weights @ state.points, atol=1e-15)
        assert all(domains.contains(domain, point) for point in (*state.points, *state.bases))
        if t == 0:
            assert_array_equal(state.weights, state.weights[0])
        g = np.array(gradient(x) if callable(gradient) else gradient, float)
        Sword.learn(state, t, x, g)
    assert len(state.weights) > 1
    assert np.ptp(state.weights) > 1e-3 or seed % 4 == 2  # whose gradient is 0 in the middle of a ball


@few
@given(seeds, st.sampled_from(FORMS))
def test_sword_with_one_step_is_its_base(seed, form):
    """Where losses are so smooth that the first step is at its cap already."""
    state, domain = begin(Sword(), form, smoothness=4.0), make_domain(form, RADIUS, 3)
    assert_allclose(state.steps, [1 / 32])
    done = Played(Sword(), state, adversary(seed, 3))
    base = domains.centre(domain)
    point = base.copy()
    for x, g in zip(done.points, done.gradients, strict=True):
        assert_allclose(x, point, atol=1e-14)
        domains.step(domain, base, 1 / 32, g)
        point = base.copy()
        domains.step(domain, point, 1 / 32, g)


def test_steps_of_sword():
    """As many as the paper says, for D = 2, G = 1, L = 1 / 2: ceil(1/2 log2(G^2 T / (8 D^2 L^2))) + 1."""
    for horizon, count in ((9, 2), (100, 3), (1000, 5)):
        found = begin(Sword(), radius=1.0, gradient_bound=1.0, smoothness=0.5, horizon=horizon).steps
        assert count == math.ceil(0.5 * math.log2(horizon / 8)) + 1 == len(found)
        assert_allclose(found[0], math.sqrt(4 / (8 * horizon)))
        assert_allclose(found[1:-1], 2 * found[:-2])
        assert found[-1] == 0.25
        assert found[-2] >= 0.125
    linear = begin(Sword(), radius=1.0, gradient_bound=1.0, horizon=100).steps
    assert_allclose(linear[-1], 20)
    assert_array_equal(steps_between(0.5, 0.5), [0.5])
    assert_array_equal(steps_between(0.5, 0.1), [0.1])


def test_sword_follows_losses_that_drift_better_than_one_step_for_all_rounds():
    world = SEA(dim=2, pattern="drift", turn=0.1, sigma=0.2)
    cells = (cell_of(world, policy, 600) for policy in (Sword(), OGD(steps="horizon")))
    sword, plain = (finals(play(cell, 1, compiled=False), DYNAMIC)[0] for cell in cells)
    assert sword < 0.5 * plain


SCALED = [
    "ogd", "adaptive-ogd", "adagrad", "optimistic-omd", "optimistic-omd, mean", "optimistic-ftrl", "hedge",
    "optimistic-hedge", "ons", "sword",
]  # fmt: skip


@pytest.mark.parametrize("name", SCALED)
@few
@given(seeds, st.sampled_from([1e-3, 0.37, 50.0]))
def test_gradients_in_other_units_change_nothing(name, seed, factor):
    policy, form = LEARNERS[name], "simplex" if "hedge" in name else "ball"
    gradients = adversary(4 * (seed // 4) + seed % 2, 3)
    one = Played(policy, begin(policy, form), gradients)
    scaled = [factor * g for g in gradients]
    if name == "adagrad":
        policy = AdaGrad(epsilon=factor * policy.epsilon)
    other = Played(policy, begin(policy, form, gradient_bound=factor * BOUND, exp_concavity=0.9 / factor), scaled)
    assert_allclose(one.points, other.points, atol=1e-9)


def test_hedge_on_one_point_and_far_ahead():
    """Losses that differ by thousands leave weights of 0 and 1, and no warning."""
    state = begin(Hedge(rate=5.0), "simplex", 3)
    done = Played(Hedge(rate=5.0), state, [[0.0, 1000.0, -1000.0]] * 3)
    assert_array_equal(done.points[-1], [0, 0, RADIUS])


# --- published numbers --------------------------------------------------------------------------------------------

#: Regret after 300, 3 000 and 30 000 rounds, computed apart from this code; steps of Adam and AMSGrad are 0.5 / sqrt t.
REDDI = {
    "adam": (Adam(rate=0.5, schedule="sqrt", beta1=0.0, beta2=0.1), (200.7, 2017, 20070)),
    "adamax": (AdaMax(rate=0.5, schedule="sqrt", beta1=0.0, beta2=0.1), (202, 2015, 20054)),
    "amsgrad": (AMSGrad(rate=0.5, beta1=0.0, beta2=0.1), (15.5, 37.3, 106)),
    "adagrad": (AdaGrad(rate=1.0), (30.9, 96, 302)),
    "ogd": (OGD(), (38.9, 122, 385)),
}


@pytest.mark.parametrize("name", REDDI)
def test_the_counter_example_of_reddi(name):
    policy, wanted = REDDI[name]
    horizons = (300, 3000) if numba.config.DISABLE_JIT else (300, 3000, 30_000)
    for horizon, regret in zip(horizons, wanted, strict=False):
        assert_allclose(finals(play(cell_of(Reddi(), policy, horizon), 1)), regret, rtol=4e-3)


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        (lambda rounds: Hedge(rate=math.sqrt(8 * math.log(5) / rounds)), (0.0556, 0.0193)),
        (lambda rounds: OptimisticHedge(rate=0.25), (0.0925, 0.0082)),
    ],
    ids=["hedge", "optimistic-hedge"],
)
def test_a_matrix_game_by_self_play(policy, wanted):
    """The duality gap of the averages after 100 and 1 000 rounds, computed apart from this code."""
    game = np.random.default_rng(0).uniform(0, 1, (5, 5))
    for rounds, gap in zip((100, 1000), wanted, strict=True):
        player = policy(rounds)
        states = [begin(player, "simplex", 5, radius=1.0) for _ in range(2)]
        sums = np.zeros((2, 5))
        for t in range(rounds):
            x, y = (player.choose(state, t, None).copy() for state in states)
            player.learn(states[0], t, x, game @ y)
            player.learn(states[1], t, y, 1 - game.T @ x)
            sums += x, y
        x, y = sums / rounds
        assert_allclose((game.T @ x).max() - (game @ y).min(), gap, atol=6e-5)


def test_optimism_gains_where_expectations_change_seldom():
    """Block flips without noise: the regret of optimistic descent follows Sigma, that of plain descent the rounds."""
    world = SEA(pattern="block-flip", period=50, sigma=0.0, dim=2)
    plain, optimistic = (
        finals(play(cell_of(world, OptimisticOMD(hint=hint), 2000), 1), DYNAMIC)[0] for hint in ("zero", "last")
    )
    assert 0 < optimistic < 0.5 * plain


# --- mistakes, and loops of one's own -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: Adam(beta1=1.0), "beta1: below 1"),
        (lambda: AMSGrad(beta2=1.0), "beta2: below 1"),
        (lambda: OptimisticOMD(window=3), "window: only of the hint 'mean', here it is 'last'"),
        (lambda: begin(ONS(), ["ball:2", "box:1"]), "form: one ball, box or simplex, since steps are in the norm of a"),
        (lambda: begin(Fixed(point=[0.1, 0.2])), r"point: 3 coordinates, in the ball of radius 0.8; got \[0.1, 0.2\]"),
        (lambda: begin(Fixed(point=[0.8, 0.2, 0.0])), "point: 3 coordinates, in the ball of radius 0.8; got"),
        (lambda: begin(OGD(), "cube"), "form: one of ball, box, simplex, got 'cube'"),
    ],
)
def test_mistakes_are_one_line(make, line):
    with pytest.raises(ValueError, match=line) as error:
        make()
    assert "\n" not in str(error.value)


def grid(policy, **environment):
    settings_ = {"kind": "sea", **environment}
    return banditlab.run(environment=settings_, policies=[policy], horizon=20, replications=1)


@pytest.mark.parametrize(
    ("policy", "environment", "line"),
    [
        ("optimistic-ftl", {}, "strongly-convex"),
        ("ons", {}, "exp-concave"),
        ({"kind": "optimistic-omd", "curvature": "exp-concave"}, {}, "exp-concave"),
        ({"kind": "optimistic-omd", "hint": "external"}, {}, "hints"),
        ({"kind": "sword", "scale": 0.0}, {}, "scale: should be greater than 0, got 0.0"),
        ({"kind": "optimistic-omd", "curvature": "strongly-convex"}, {}, "strongly-convex"),
        ("hedge", {}, "simplex"),
        ({"kind": "ogd", "scale": 0.0}, {}, "scale: should be greater than 0, got 0.0"),
    ],
)
def test_pairs_that_do_not_fit_are_refused(policy, environment, line):
    with pytest.raises(UserError, match=line):
        grid(policy, **environment)


TOLD = {"form": "ball", "radius": 2.0, "gradient_bound": 1.0, "smoothness": 0.0}


def test_an_agent_plays_points():
    agent = banditlab.agent("optimistic-omd", dim=2, told=TOLD)
    point = agent.ask()
    assert_array_equal(point, [0, 0])
    point[0] = 7.0  # a copy
    agent.tell([1.0, 0.0])
    point = agent.ask()
    assert point[0] < 0 == point[1]
    with pytest.raises(UserError, match="outcome: should be a gradient, 2 finite numbers, got"):
        agent.tell(0.3)
    agent.tell([0.0, 1.0])
    assert agent.ask()[1] < 0


def test_an_agent_must_be_told_the_domain():
    with pytest.raises(UserError, match="must be told the form, by agent"):
        banditlab.agent("adagrad", dim=2)


def test_an_agent_has_no_place_for_a_second_gradient():
    with pytest.raises(UserError, match="agent 'optimistic-omd': asks for the gradient at a second point"):
        banditlab.agent("optimistic-omd", dim=2, told=TOLD, hint="middle")


def test_an_agent_is_shown_hints():
    """As good as the gradients themselves: regret of D^2 / (2 eta) = D G at most, however long."""
    agent, plain = (banditlab.agent("optimistic-omd", dim=2, told=TOLD, hint=hint) for hint in ("external", "last"))
    paid, total = np.zeros(2), np.zeros(2)
    for t in range(200):
        gradient = np.array([math.cos(3.0 * t), math.sin(5.0 * t)]) / math.sqrt(2)
        paid += gradient @ agent.ask(gradient), gradient @ plain.ask()
        agent.tell(gradient)
        plain.tell(gradient)
        total += gradient
    assert paid[0] + 2 * np.linalg.norm(total) <= 4
    assert paid[0] < paid[1] - 20
    for found in ([[0.1, 0.2]], [0.1], 0.3, None, ["a", 1]):
        with pytest.raises(UserError, match=r"^hint: finite numbers of shape \(2,\)") as error:
            agent.ask(found)
        assert "\n" not in str(error.value)
    with pytest.raises(UserError, match="leave them out"):
        plain.ask([0.1, 0.2])


@pytest.mark.parametrize("fact", ["gradient_bound", "curvature", "smoothness", "radius", "exp_concavity"])
@pytest.mark.parametrize("value", [-1.0, math.nan, "a"])
def test_an_agent_is_told_numbers(fact, value):
    """Those that the policy reads: none of them is negative, and all but the smoothness are above 0."""
    settings = {"curvature": "strongly-convex"} if fact == "curvature" else {}
    kind = "ons" if fact == "exp_concavity" else "optimistic-omd"
    with pytest.raises(UserError, match=f"agent '{kind}': {fact}: a number"):
        banditlab.agent(kind, dim=2, told={**TOLD, fact: value}, **settings)


@pytest.mark.parametrize("kind", ["hedge", "optimistic-hedge"])
def test_hedge_refuses_what_is_no_simplex(kind):
    with pytest.raises(UserError, match=f"agent '{kind}': form: should be 'simplex', got 'ball'"):
        banditlab.agent(kind, dim=2, told={**TOLD, "form": "ball"}, horizon=10)
    with pytest.raises(UserError, match=f"agent '{kind}': dim: at least 2 on a simplex, got 1"):
        banditlab.agent(kind, dim=1, told={**TOLD, "form": "simplex"}, horizon=10)


def test_every_policy_is_here():
    kinds = {kind.name for kind in registry.kinds("policy", "convex") if inspect.getmodule(kind.cls) is not None}
    assert kinds - {"uniform", "fixed", "oracle"} == {name.partition(",")[0] for name in LEARNERS}
