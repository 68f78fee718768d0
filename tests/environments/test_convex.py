"""The convex game by hand, and its environments: how much they vary, their best points, and every mistake."""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize

from banditlab import api, fuse, registry
from banditlab.checks import replay
from banditlab.checks.pairs import cell_of, finals, play
from banditlab.environments import hindsight
from banditlab.environments.convex.reddi import Reddi
from banditlab.environments.convex.sea import SEA
from banditlab.environments.feedback import write_direction
from banditlab.environments.quadratics import NOISE, variation
from banditlab.errors import UserError
from banditlab.games.convex import ADAPTIVE, DYNAMIC, GAME, PATH, REALISED, STATIC
from banditlab.numerics import domains
from banditlab.policies.convex.fixed import Fixed
from banditlab.policies.convex.optimistic_omd import OptimisticOMD
from banditlab.policies.convex.uniform import Uniform

T = 60
#: One of every pattern, of both kinds of losses and on every domain.
WORLDS = {
    "iid": SEA(dim=3),
    "iid, quadratic": SEA(dim=3, losses="quadratic", sigma=0.3, curvature=2.0),
    "hard-iid": SEA(dim=2, pattern="hard-iid", domain="simplex"),
    "adversarial": SEA(dim=3, pattern="adversarial", domain="box"),
    "adversarial, quadratic": SEA(dim=3, pattern="adversarial", losses="quadratic", domain="simplex", radius=2.0),
    "block-flip": SEA(dim=2, pattern="block-flip", period=7),
    "block-flip, quadratic": SEA(dim=2, pattern="block-flip", period=7, losses="quadratic", size=3.0),
    "drift": SEA(dim=3, pattern="drift", turn=0.2, domain="box", radius=0.5),
    "drift, quadratic": SEA(dim=3, pattern="drift", turn=0.2, losses="quadratic", size=0.4),
    "switch": SEA(dim=4, pattern="switch", stages=4, domain="simplex"),
    "switch, quadratic": SEA(dim=4, pattern="switch", stages=4, losses="quadratic", curvature=0.5, domain="box"),
    "corrupted": SEA(dim=3, pattern="corrupted", corruption=20.0),
    "corrupted, quadratic": SEA(dim=3, pattern="corrupted", corruption=20.0, losses="quadratic", curvature=3.0),
    "random-order": SEA(dim=3, pattern="random-order", sigma=2.0, passes=3, domain="box"),
    "random-order, quadratic": SEA(dim=3, pattern="random-order", losses="quadratic", curvature=2.0),
    "label-shift": SEA(dim=3, pattern="label-shift", turn=0.1, sigma=0.5),
    "label-shift, quadratic": SEA(dim=4, pattern="label-shift", classes=5, losses="quadratic", domain="simplex"),
    "product": SEA(domain=["ball:2", "simplex:3:2", "box:1:0.5"]),
    "product, quadratic": SEA(domain=["box:2", "ball:2:0.5"], pattern="switch", losses="quadratic", radius=2.0),
    "reddi": Reddi(),
}
each = pytest.mark.parametrize("name", WORLDS)


def begin(name, horizon=T, seed=0):
    return replay.start_env(WORLDS[name], horizon, seed)


def slopes(env):
    """The expected loss of each round, (T, d): curvature / 2 ||x||^2 + <slope, x>."""
    return env.table[env.order]


def drawn_slopes(env):
    """The losses as they were drawn, (T, d), without the noise beside."""
    return env.drawn[env.picks]


def spheres(env):
    """The noise beside, (T, d)."""
    out = np.zeros((len(env.order), len(env.centre)))
    for t, row in enumerate(out):
        write_direction(env.noise, NOISE, t, env.sigma, row)
    return out


def noises(env):
    return drawn_slopes(env) - slopes(env) + spheres(env)


def gradient(env, t, point):
    out = np.full(len(point), np.nan)
    WORLDS["iid"].reveal(env, t, np.array(point, float), out)
    return out


# --- losses -------------------------------------------------------------------------------------------------------


def test_the_patterns_are_what_they_say():
    flips = slopes(begin("block-flip"))
    assert_array_equal(flips[:, 0], [(-1) ** (t // 7) for t in range(T)])
    drift = slopes(begin("drift, quadratic"))
    assert_allclose(drift[:, 2], 0)
    assert_allclose(np.sum(drift[1:] * drift[:-1], axis=1), 0.4**2 * math.cos(0.2))
    assert_allclose(drift[0], [-0.4, 0, 0])  # the slope of a quadratic loss is -curvature times its minimiser
    stages = slopes(begin("switch"))
    assert_array_equal(np.flatnonzero(np.abs(np.diff(stages, axis=0)).sum(axis=1)), [14, 29, 44])
    for name, n in (("corrupted", 10), ("corrupted, quadratic", 6)):
        # each turned gradient changes by 2, or by 2 * 3 / 2
        found = slopes(begin(name))
        turned = found @ found[0] < 0
        assert turned.sum() == n
        assert np.ptp(np.diff(np.flatnonzero(turned))) <= 1
    assert_allclose(np.linalg.norm(slopes(begin("hard-iid")), axis=1), 2 / math.sqrt(T))
    assert_allclose(np.linalg.norm(slopes(begin("adversarial")), axis=1), 1)
    assert_array_equal(slopes(begin("reddi"))[:7, 0], [3, -1, -1, 3, -1, -1, 3])


def test_instances_and_noise_differ_between_replications():
    one, other = begin("iid", seed=0), begin("iid", seed=1)
    assert np.abs(one.table - other.table).max() > 0.1
    assert np.abs(noises(one) - noises(other)).max() > 0.1


@each
def test_gradients_are_those_of_the_losses(name):
    env, point = begin(name), np.linspace(0.1, 0.4, WORLDS[name].dim)
    for t in (0, 3, T - 1):
        wanted = slopes(env)[t] + env.curvature * point + noises(env)[t]
        assert_allclose(gradient(env, t, point), wanted, rtol=1e-12, atol=1e-15)
        assert_array_equal(gradient(env, t, point), gradient(env, t, point))  # also where it is asked for again


# --- sigma and Sigma ----------------------------------------------------------------------------------------------


@each
def test_the_noise_has_the_variance_that_is_declared(name):
    env = begin(name, 4000)
    drawn = spheres(env)
    assert_allclose(np.linalg.norm(drawn, axis=1), env.sigma, atol=1e-12)
    told = WORLDS[name].facts(env)["sigma"]
    if not env.variance:
        assert_allclose(told, env.sigma)
        assert_array_equal(drawn_slopes(env), slopes(env))
    else:
        squares = np.square(noises(env)).sum(axis=1)
        assert abs(squares.mean() - told**2) < 4.5 * squares.std() / math.sqrt(len(squares))
        means = noises(env).mean(axis=0)
        assert np.abs(means).max() < 4.5 * told / math.sqrt(len(squares))
    if env.sigma:
        dim = drawn.shape[1]
        error = 4.5 * env.sigma / math.sqrt(len(drawn) * dim)
        assert np.abs(drawn.mean(axis=0)).max() < error
        covariance = drawn.T @ drawn / len(drawn)
        assert np.abs(covariance - env.sigma**2 / dim * np.eye(dim)).max() < 2 * env.sigma * error
        assert np.abs((drawn[1:] * drawn[:-1]).sum(axis=1).mean()) < env.sigma * error * math.sqrt(dim)


@each
def test_expected_gradients_vary_as_declared(name):
    """The supremum over the domain is searched among many points, its edges among them."""
    world, env = WORLDS[name], begin(name)
    facts, rng = world.facts(env), np.random.default_rng(0)
    points = np.zeros((3000, world.dim))
    for k, point in enumerate(points):
        domains.draw_point(env.domain, rng, point)
        if k % 2:
            domains.minimise(env.domain, 0.0, point - env.centre, point)
        elif world.domain == "box":
            np.copysign(world.radius, point, out=point)
    fields = slopes(env)[:, None] + env.curvature * points[None]
    steps = np.diff(fields, axis=0, prepend=np.zeros((1, *fields.shape[1:])))
    measured = (steps**2).sum(axis=2).max(axis=1).sum()
    assert measured <= facts["variation"] * (1 + 1e-12)
    assert measured >= 0.97 * facts["variation"]
    fields = drawn_slopes(env)[:, None] + env.curvature * points[None]
    largest = np.sqrt((fields**2).sum(axis=2).max()) + env.sigma
    assert 0.98 * facts["gradient_bound"] <= largest <= facts["gradient_bound"] * (1 + 1e-12)


def test_random_order_takes_every_loss_once_in_a_pass():
    env = begin("random-order")
    assert len(env.drawn) == T // 3
    picks, drawn, expected = env.picks.reshape(3, -1), drawn_slopes(env), slopes(env)
    assert_array_equal(np.sort(picks, axis=1), np.tile(np.arange(T // 3), (3, 1)))
    assert np.abs(np.diff(picks, axis=0)).max() > 0
    for t in (0, 7, 25, T - 1):
        left = drawn[t : t + T // 3 - t % (T // 3)]
        assert_allclose(expected[t], left.mean(axis=0), atol=1e-12)
    # a pass of which the horizon takes only a part
    part = replay.start_env(WORLDS["random-order"], T - 5, 0)
    assert len(part.drawn) == -(-(T - 5) // 3)
    assert_allclose(part.table[0], part.drawn.mean(axis=0), atol=1e-12)


@pytest.mark.parametrize("passes", [1, 4])
def test_random_order_varies_as_the_lemma_says(passes):
    """Lemma 11: Sigma^2 of at most 8 G^2 in each pass; and T sigma_1^2 log(2 e^2 s / sigma_1^2) for sigma^2."""
    for seed in range(5):
        world = SEA(pattern="random-order", passes=passes, sigma=3.0)
        env = replay.start_env(world, 400, seed)
        assert variation(env) <= 8 * np.square(env.drawn).sum(axis=1).max() * passes
        # with all losses left the variance is the largest; it stays about as large until few are left
        first = np.square(env.drawn - env.drawn.mean(axis=0)).sum(axis=1).mean()
        assert 0.9 * first < env.variance < 1.1 * first


def test_label_shift_draws_classes_by_the_law_of_the_round():
    world = SEA(pattern="label-shift", turn=2 * math.pi / 4000, classes=4)
    env = replay.start_env(world, 4000, 0)
    shares = np.array([np.bincount(part, minlength=4) / 500 for part in env.picks.reshape(8, 500)])
    phases = world.turn * (np.arange(8)[:, None] * 500 + 249.5) - 2 * math.pi / 4 * np.arange(4)
    assert np.abs(shares - (1 + np.cos(phases)) / 4).max() < 0.1
    assert_allclose(np.linalg.norm(env.drawn, axis=1), 1)
    assert_allclose(slopes(env)[0], np.array([2, 1, 0, 1]) / 4 @ env.drawn, atol=1e-12)


@pytest.mark.parametrize("name", ["iid", "drift, quadratic", "label-shift, quadratic", "product"])
def test_hints_are_as_far_from_the_expected_gradients_as_told(name):
    world = replace(WORLDS[name], miss=0.25)
    assert "hints" in world.gives()
    assert "hints" not in WORLDS[name].gives()
    env = replay.start_env(world, 300, 0)
    errors = np.zeros((300, world.dim))
    for t, row in enumerate(errors):
        world.foretell(env, t, row)
        row -= slopes(env)[t] + env.curvature * env.centre
    assert_allclose(np.linalg.norm(errors, axis=1), 0.25)
    assert np.abs(errors.mean(axis=0)).max() < 4.5 * 0.25 / math.sqrt(300)
    assert abs((errors * spheres(env)).sum(axis=1).mean()) <= 4.5 * 0.25 * env.sigma / math.sqrt(300)
    exact = replace(WORLDS[name], miss=0.0)
    hint = np.full(world.dim, np.nan)
    exact.foretell(replay.start_env(exact, 300, 0), 7, hint)
    assert_allclose(hint, slopes(env)[7] + env.curvature * env.centre)


def test_facts_by_hand():
    told = WORLDS["iid, quadratic"].facts(begin("iid, quadratic"))
    assert_allclose(told["gradient_bound"], 2 * 1.5 + 0.3)
    assert_allclose(told["exp_concavity"], 2 / 3.3**2)
    assert told["smoothness"] == told["curvature"] == 2


def test_variations_by_hand():
    assert_allclose(variation(begin("iid")), 1)
    assert_allclose(variation(begin("block-flip")), 1 + 4 * 8)
    assert_allclose(variation(begin("drift, quadratic")), (0.4 + 1) ** 2 + 59 * (2 * 0.4 * math.sin(0.1)) ** 2)


# --- best points, and metrics -------------------------------------------------------------------------------------


def least(env, slope, curvature):
    """The least value of a sum of losses over the domain, by a general method."""
    scale = np.linalg.norm(slope) + curvature
    found = minimize(
        lambda y: (slope @ y + 0.5 * curvature * y @ y) / scale, env.centre + 0.01 * (env.centre == 0),
        jac=lambda y: (slope + curvature * y) / scale, method="SLSQP", constraints=hindsight.constraints(env.domain),
        options={"ftol": 1e-15, "maxiter": 500},
    )  # fmt: skip
    return found.fun * scale


@each
def test_metrics_by_other_means(name):
    world = WORLDS[name]
    done = replay.run(world, Uniform(), T)
    env, x, b, lam = done.env, done.actions, slopes(done.env), done.env.curvature
    paid = (b * x).sum(axis=1) + 0.5 * lam * (x**2).sum(axis=1)
    drawn = b + noises(env)
    totals = np.cumsum(done.totals, axis=0)
    assert_allclose(totals[-1, STATIC], paid.sum() - least(env, b.sum(axis=0), lam * T), atol=1e-5)
    realised = (drawn * x).sum() + 0.5 * lam * (x**2).sum()
    assert_allclose(totals[-1, REALISED], realised - least(env, drawn.sum(axis=0), lam * T), atol=1e-5)
    each_round = np.array([least(env, slope, lam) for slope in b])
    assert_allclose(done.totals[:, DYNAMIC], paid - each_round, atol=1e-6)
    path = np.linalg.norm(np.diff(env.minimisers[env.order], axis=0), axis=1)
    assert_allclose(done.totals[1:, PATH], path, rtol=1e-9)


@pytest.mark.parametrize("name", ["drift, quadratic", "switch", "block-flip"])
def test_adaptive_regret_is_the_worst_dyadic_interval(name):
    """Of a policy in one run, by all intervals at all record points."""
    world = WORLDS[name]
    verbs = registry.kind_of(world).verbs | registry.kind_of(Uniform()).verbs
    loop, totals = fuse.plain(GAME.rounds, verbs), np.zeros(len(GAME.metrics))
    env = begin(name)
    state, coins = replay.start_policy(Uniform(), replay.told(Uniform(), env, world.facts(env)), 0)
    b, lam, paid, worst = slopes(env), env.curvature, [], 0.0
    best = np.zeros(world.dim)
    for t in range(T):
        loop(env, state, (), t, t + 1, None, coins, totals)
        paid.append(b[t] @ env.point + 0.5 * lam * env.point @ env.point)
        length = 1
        while (t + 1) % length == 0 and length <= t + 1:
            total = b[t + 1 - length : t + 1].sum(axis=0)
            domains.minimise(env.domain, lam * length, total, best)
            value = total @ best + 0.5 * lam * length * best @ best
            worst = max(worst, sum(paid[-length:]) - value)
            length *= 2
        assert_allclose(totals[ADAPTIVE], worst, rtol=1e-9)
    assert totals[ADAPTIVE] > totals[DYNAMIC] / T


def test_static_regret_is_far_below_zero_where_losses_drift_and_dynamic_regret_is_not():
    world = SEA(dim=2, pattern="drift", turn=0.02, losses="quadratic", sigma=0.1)
    [curve] = play(cell_of(world, OptimisticOMD(), 2000), 1)
    static, realised, dynamic, adaptive, path = curve.values[-1]
    assert static < -50 < 0 < dynamic < 60
    assert abs(realised - static) < 30
    assert_allclose(path, 1999 * 2 * 0.5 * math.sin(0.01), rtol=1e-6)
    assert 0 < adaptive <= dynamic


def test_noise_does_not_depend_on_what_was_played():
    one, other = (replay.run(WORLDS["iid"], Fixed(point=p), T) for p in ([0.0, 0.0, 0.0], [0.5, 0.0, 0.1]))
    assert_allclose(one.outcomes, other.outcomes, atol=1e-15)  # of linear losses
    assert np.abs(one.actions - other.actions).max() == 0.5


def test_the_centre_on_hard_iid_pays_sigma_root_t():
    """Regret of the middle of a ball is T ||m|| R = 2 sigma R sqrt T."""
    world = SEA(pattern="hard-iid", sigma=0.7)
    assert_allclose(finals(play(cell_of(world, Fixed(), 400), 1)), 2 * 0.7 * math.sqrt(400))


POLICIES = [kind for kind in registry.kinds("policy", "convex") if "simplex" not in kind.needs]


@pytest.mark.parametrize("kind", POLICIES, ids=lambda kind: kind.name)
def test_policies_play_on_products_or_say_that_they_do_not(kind):
    try:
        done = replay.run(WORLDS["product, quadratic"], kind.cls(), 25, compiled=False)
    except ValueError as error:
        assert str(error).startswith("form: one ball, box or simplex")
        return
    assert all(domains.contains(done.env.domain, point) for point in done.actions)


# --- mistakes -----------------------------------------------------------------------------------------------------

WRONG = {
    "period": ({"period": 5}, "period: only of the pattern 'block-flip', here it is 'iid'"),
    "turn": (
        {"turn": 0.1, "pattern": "switch"},
        "turn: only of the pattern 'drift' and 'label-shift', here it is 'switch'",
    ),
    "curvature": ({"curvature": 2.0}, "curvature: only of quadratic losses"),
    "hard and quadratic": ({"pattern": "hard-iid", "losses": "quadratic"}, "'hard-iid' is of linear losses"),
    "hard and size": ({"pattern": "hard-iid", "size": 1.0}, "sets their size by itself"),
    "adversarial": ({"pattern": "adversarial", "sigma": 0.5}, "sigma: 0 where the pattern is 'adversarial', got 0.5"),
    "drift": ({"pattern": "drift", "dim": 1}, "dim: at least 2 where the pattern is 'drift', got 1"),
    "simplex": ({"domain": "simplex", "dim": 1}, "dim: at least 2 on a simplex, got 1"),
    "turn of two": (
        {"turn": 0.1, "pattern": "iid"},
        "turn: only of the pattern 'drift' and 'label-shift', here it is 'iid'",
    ),
    "block": ({"domain": ["ball:3", "cone:2"]}, "domain: a block is one of ball, box, simplex and .* got 'cone:2'"),
    "small block": ({"domain": ["simplex:1"]}, "at least 2 of a simplex, .* got 'simplex:1'"),
    "empty block": ({"domain": ["ball:0"]}, "got 'ball:0'"),
    "number": ({"domain": [3]}, "domain: a block is one of .* got '3'"),
    "radius": ({"radius": 1e200}, "radius: from 1e-100 to 1e.100, got 1e.200"),
    "small radius": ({"radius": 1e-200}, "radius: from 1e-100 to 1e.100, got 1e-200"),
    "share": ({"domain": ["ball:2:0.0"]}, "got 'ball:2:0.0'"),
    "no blocks": ({"domain": []}, "domain: at least one block, got none"),
    "blocks": ({"domain": ["ball:3"], "dim": 4}, "dim: the blocks have 3 coordinates, got 4"),
    "delta": ({"delta": 0.1}, "delta: only of feedback 'one-point' or 'two-point'"),
    "long delta": (
        {"delta": 0.5, "feedback": "one-point", "domain": ["ball:2", "box:2:0.5"]},
        "delta: below 0.5, the largest radius of a ball in the domain; got 0.5",
    ),
    "no inside": (
        {"feedback": "two-point", "domain": ["ball:2", "simplex:2"]},
        "feedback: only 'gradient' on a simplex, which has no inside; got 'two-point'",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_mistakes_in_an_environment_are_one_line(name):
    parameters, line = WRONG[name]
    with pytest.raises(ValueError, match=line) as error:
        SEA(**parameters)
    assert "\n" not in str(error.value)


def test_a_mistake_in_a_domain_is_one_line_in_a_grid():
    for domain in ([3], [["ball:3"]], 3, "cone"):
        with pytest.raises(UserError, match="domain: ") as error:
            api.run({"kind": "sea", "domain": domain}, "ogd", game="convex", horizon=10)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("world", "line"),
    [
        (SEA(pattern="block-flip", period=60), "period 60 for 60 rounds: the sign never changes"),
        (SEA(pattern="switch", stages=61), "stages 61 for 60 rounds: no more of them than rounds are played"),
        (SEA(pattern="random-order", passes=61), "passes 61 for 60 rounds: no more of them than rounds are played"),
    ],
)
def test_changes_that_never_come_are_told(world, line):
    assert world.notes(60) == [line]
    assert world.notes(61) == []


@dataclass(frozen=True)
class Stray:
    """Plays the same numbers, whatever the domain."""

    point: tuple[float, ...]

    class State(NamedTuple):
        point: np.ndarray

    def start(self, problem, rng):
        return self.State(np.array(self.point))

    @staticmethod
    def choose(state, t, rng):
        return state.point

    @staticmethod
    def learn(state, t, point, gradient):
        point[0] += 1.0
        gradient[:] = 0.0


def test_a_policy_may_write_into_what_it_is_given(monkeypatch):
    monkeypatch.setattr(registry, "_kinds", dict(registry._kinds))
    registry.policy("stray", game="convex")(Stray)
    point = (0.1, 0.2, 0.3)
    wild, tame = (replay.run(WORLDS["iid"], policy, 20) for policy in (Stray(point), Fixed(point=list(point))))
    assert_array_equal(wild.totals, tame.totals)
    assert_array_equal(wild.outcomes, tame.outcomes)


@pytest.mark.parametrize(
    ("point", "line"),
    [
        ((0.0, 0.0, 1.01), "the policy chose a point outside the domain"),
        ((0.0, math.nan, 0.0), "the policy chose a point outside the domain"),
        ((0.0, 0.0), "the policy chose a point with another number of coordinates"),
    ],
)
def test_points_outside_are_refused(point, line, monkeypatch):
    monkeypatch.setattr(registry, "_kinds", dict(registry._kinds))
    registry.policy("stray", game="convex")(Stray)
    with pytest.raises(ValueError, match=line):
        replay.run(WORLDS["iid"], Stray(point), 5)
