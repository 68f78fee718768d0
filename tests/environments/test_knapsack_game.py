"""The knapsack game by hand and by its theory: the linear program, budgets, metrics, runs of a prototype."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import banditlab
from banditlab import fuse, registry, seeding
from banditlab.checks import check_environment, replay
from banditlab.environments.knapsack.alternating import Alternating
from banditlab.environments.knapsack.auto_bidding import AutoBidding
from banditlab.environments.knapsack.bernoulli import Bernoulli
from banditlab.environments.knapsack.bilateral_trade import BilateralTrade
from banditlab.environments.knapsack.inventory import Inventory
from banditlab.environments.knapsack.phases import Phases
from banditlab.environments.knapsack.switching import Switching
from banditlab.environments.knapsack.table import Table
from banditlab.fuse import kernel
from banditlab.games import knapsack
from banditlab.games.game import measure
from banditlab.games.knapsack import FIRST, FORCED, LOWEST, REWARD
from banditlab.numerics.mixtures import best_mixture
from banditlab.policies.knapsack.fixed import Fixed
from banditlab.policies.knapsack.primal_dual import PrimalDual
from banditlab.policies.knapsack.static_mix import StaticMix
from banditlab.policies.knapsack.uniform import Uniform
from banditlab.runs.grid import World

#: Instances with two resources, for T = 10 000: means, B, LP per round, its mixture and prices, alpha.
S1 = Bernoulli()
S2 = Bernoulli(
    rewards=[0.0, 0.9, 0.6, 0.5], costs=[[0.0, 0.0], [0.9, 0.9], [0.2, 0.5], [0.5, 0.1]], budget=2500.0
)  # fmt: skip
S3 = Bernoulli(rewards=[0.0, 0.9, 0.6, 0.5], costs=[[-0.2, -0.2], [0.9, 0.9], [0.3, 0.6], [0.6, 0.2]], budget=500.0)
SOLVED = {
    "S1": (S1, 0.402, [0.1, 0, 0.42, 0.48], [1.72, 0.96], 0.15 / 1.1),
    "S2": (S2, 0.4239130435, [0.2391304348, 0, 0.4347826087, 0.3260869565], [0.8260869565, 0.8695652174], 0.25),
    "S3": (S3, 0.2215909091, [0.6022727273, 0, 0.2272727273, 0.1704545455], [0.3636363636, 0.5227272727], 0.25 / 1.2),
}
#: Small ones of every kind, whose budgets run out within 150 rounds.
SMALL = {
    "bernoulli": Bernoulli(budget=5.0),
    "switching": Switching(budget=15.0),
    "alternating": Alternating(budget=4.0),
    "phases": Phases(budget=10.0, resources=2, void=0.1),
    "inventory": Inventory(budget=3.0, order_costs=[0.1, 0.3], customers=50),
    "bilateral-trade": BilateralTrade(budget=1.0, points=4, subsidy=1.0, pairs=50),
    "auto-bidding": AutoBidding(budget=2.0, money=8.0, auctions=50),
}
few = settings(max_examples=40, deadline=None, derandomize=True)


class Played:
    """Rounds 0 .. T-1 of a pair, in plain Python, by the game's loop or a changed one.

    A policy that draws one number in each of its rounds draws that of the round from given `coins`, as forced rounds
    then pass over theirs.
    """

    def __init__(self, environment, policy, horizon, seed=0, *, loop=knapsack.rounds, coins=None):
        world, player = registry.kind_of(environment), registry.kind_of(policy)
        self.env = replay.start_env(environment, horizon, seed)
        self.facts = World(world.name, world, environment).facts(self.env, horizon)
        self.state, own = replay.start_policy(policy, replay.told(policy, self.env, self.facts), seed)
        self.passes, self.coins = coins is not None, coins or own
        self.totals = np.zeros(len(knapsack.GAME.metrics))
        self.arms, self.forced, self.rewards, self.costs = [], [], [], []
        self.budgets, self.snapshots = [self.env.budgets.copy()], [self.snapshot()]
        rounds = fuse.plain(loop, {**world.verbs, **player.verbs, measure: self.keeper()})
        rounds(self.env, self.state, (), 0, horizon, seeding.stream(seed, "contexts"), self.coins, self.totals)
        self.budgets = np.array(self.budgets)

    def keeper(self):
        def keep(env, policy, round, last, totals):
            self.arms.append(round.arm)
            self.forced.append(round.forced)
            self.rewards.append(round.reward)
            self.costs.append(round.costs[round.arm].copy())
            self.budgets.append(env.budgets.copy())
            self.snapshots.append(self.snapshot())
            if round.forced and self.passes:
                self.coins.random()

        return keep

    def snapshot(self):
        """The policy's state and the place in its stream, to the bit."""
        return flat(self.state), str(self.coins.bit_generator.state)


def flat(state):
    return b"".join(flat(x) if isinstance(x, tuple) else np.asarray(x).tobytes() for x in state)


# --- the linear program -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SOLVED)
def test_benchmarks_of_known_instances(name):
    environment, value, mix, prices, alpha = SOLVED[name]
    env = replay.start_env(environment, 10_000, 0)
    assert_allclose(env.benchmark, value, atol=1e-9)
    assert_allclose(env.mix, mix, atol=1e-9)
    assert_allclose(env.alpha, alpha, rtol=1e-15)
    found = best_mixture(env.table[0, :, 0], env.table[0, :, 1:], np.full(2, environment.budget / 10_000))
    assert_allclose(found.prices, prices, atol=1e-9)


@st.composite
def means(draw):
    """Rewards (A,) and costs (A, m) with a void action that consumes nothing."""
    arms, resources = draw(st.integers(2, 5)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    rewards, costs = rng.random(arms).round(2), rng.uniform(-1, 1, (arms, resources)).round(2)
    costs[0] = -abs(costs[0]) * draw(st.integers(0, 1))
    return rewards, costs


budgets_a_round = st.floats(0.001, 1.5)


@few
@given(means(), budgets_a_round)
def test_the_dual_has_the_same_value(table, rho):
    rewards, costs = table
    found = best_mixture(rewards, costs, np.full(costs.shape[1], rho))
    assert (found.weights >= -1e-9).all() and abs(found.weights.sum() - 1) < 1e-9
    assert (found.weights @ costs <= rho + 1e-9).all()
    assert (found.prices >= 0).all()
    assert_allclose(found.value, rho * found.prices.sum() + (rewards - costs @ found.prices).max(), atol=1e-8)


@few
@given(means(), budgets_a_round, budgets_a_round, st.floats(0, 1))
def test_value_rises_with_the_budget_and_is_concave(table, one, other, share):
    def value(rho):
        return best_mixture(*table, np.full(table[1].shape[1], rho)).value

    low, high = sorted((one, other))
    assert value(low) <= value(high) + 1e-8
    assert value(share * low + (1 - share) * high) >= share * value(low) + (1 - share) * value(high) - 1e-8


@pytest.mark.parametrize("name", SOLVED)
@pytest.mark.parametrize("policy", [Uniform(), StaticMix(), PrimalDual()], ids=lambda policy: type(policy).__name__)
def test_no_policy_earns_more_on_average_than_the_program(name, policy):
    """Where rounds are drawn alike: by at most 3 standard errors, of 24 replications."""
    environment, value, *_ = SOLVED[name]
    short = replace(environment, budget=environment.budget * 300 / 10_000)
    earned = [Played(short, policy, 300, seed).totals[REWARD] for seed in range(24)]
    assert np.mean(earned) <= 300 * value + 3 * np.std(earned, ddof=1) / math.sqrt(24)


# --- budgets and forced rounds ------------------------------------------------------------------------------------


@kernel
def never(budgets):
    return False


LAWLESS = fuse.bind(knapsack.rounds, {"lacks": never})  #: the game without its rule


def lowest_budget(loop):
    """The lowest of all budgets over small environments, seeds, and policies."""
    pairs = [(SMALL[name], policy) for name in SMALL for policy in (Uniform(), Fixed(arm=1), PrimalDual())]
    return min(Played(*pair, 150, seed, loop=loop).budgets.min() for pair in pairs for seed in range(3))


def test_budgets_never_fall_below_zero():
    assert lowest_budget(knapsack.rounds) >= -knapsack.ROUNDING


def test_without_the_void_rule_they_would():
    assert lowest_budget(LAWLESS) < -10


@settings(max_examples=25, deadline=None, derandomize=True)
@given(means(), st.floats(1, 6), st.integers(0, 10**6), st.integers(0, 4))
def test_budgets_of_any_instance_never_fall_below_zero(table, budget, seed, arm):
    rewards, costs = table
    world = Bernoulli(rewards=rewards.tolist(), costs=costs.tolist(), budget=budget)
    for policy in (Uniform(), Fixed(arm=arm % len(rewards)), PrimalDual(primal="hedge")):
        assert Played(world, policy, 60, seed).budgets.min() >= -knapsack.ROUNDING


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("primal", ["exp3-ix", "exp3-six", "exp3-p", "hedge"])
def test_forced_rounds_play_the_void_action_and_teach_nothing(name, primal):
    done = Played(SMALL[name], PrimalDual(primal=primal, utility_scale="unit"), 150)
    lacking = (done.budgets[:-1] < 1 - knapsack.ROUNDING).any(axis=1)
    assert_array_equal(done.forced, lacking)
    assert done.totals[FORCED] == lacking.sum()
    for t in range(150):
        same = done.snapshots[t] == done.snapshots[t + 1]
        assert same == lacking[t]
        assert done.arms[t] == 0 or not lacking[t]


def test_forced_rounds_occur_in_the_small_environments():
    for world in SMALL.values():
        assert Played(world, Fixed(arm=1), 150).totals[FORCED] > 0 or Played(world, Uniform(), 150).totals[FORCED] > 0


@pytest.mark.parametrize("beta", [0.0, 0.125, 1.0])
def test_the_void_action_replenishes_by_beta(beta):
    world = Bernoulli(rewards=[0.0, 1.0], costs=[[-beta, -beta], [1.0, 1.0]], budget=2.5)
    done = Played(world, Fixed(arm=0), 40)
    assert_array_equal(done.budgets, np.tile(2.5 + beta * np.arange(41.0)[:, None], (1, 2)))


def test_budgets_pay_the_costs_of_what_was_played():
    done = Played(S1, Uniform(), 200)
    assert_array_equal(done.budgets[1:], done.budgets[:-1] - np.array(done.costs))


# --- metrics by hand ----------------------------------------------------------------------------------------------


def test_metrics_by_hand(npz):
    """B / T = 0.5 and beta = 0.25: x of the action 1, with x - 0.25 (1 - x) = 0.5, earns 0.5 x = 0.3 a round."""
    paid = [[[-0.25, -0.5], [1.0, 0.5]]] * 4
    world = Table(path=npz(rewards=[[0, 1], [0, 0.5], [0, 0], [0, 0.5]], costs=paid), budget=2.0)
    done = replay.run(world, Fixed(arm=1), 4)
    assert_array_equal(done.features, [[2, 2], [1, 1.5], [0, 1], [0.25, 1.5]])
    assert_array_equal(done.actions[:, 0], [1, 1, 0, 0])
    assert_array_equal(done.outcomes[:, :3], [[1, 1, 0.5], [0.5, 1, 0.5], [0, -0.25, -0.5], [0, -0.25, -0.5]])
    names = [metric.name for metric in knapsack.GAME.metrics]
    sums = dict(zip(names, done.totals.sum(axis=0), strict=True))
    assert_allclose(done.env.mix, [0.4, 0.6], atol=1e-12)
    assert_allclose([sums[name] for name in ("regret", "reward", "forced")], [4 * 0.3 - 1.5, 1.5, 2], atol=1e-12)
    assert_allclose(sums["alpha-regret"], 0.75 / 1.25 * 1.2 - 1.5, atol=1e-12)
    last = Played(world, Fixed(arm=1), 4).totals
    assert_allclose(last[[names.index("ratio"), LOWEST, FIRST, FIRST + 1]], [1.5 / 1.2, 0.5, 0.5, 2], atol=1e-12)


def test_metrics_that_an_environment_keeps():
    shared = ("regret", "alpha-regret", "reward", "ratio", "forced", "lowest-budget")
    assert Switching().metrics() == (*shared, "budget-1")
    assert S1.metrics() == (*shared, "budget-1", "budget-2")
    assert Phases(resources=6).metrics() == (*shared, "budget-1", "budget-2", "budget-3", "budget-4")


# --- runs of a prototype ------------------------------------------------------------------------------------------


def sequence(environment, seed, horizon=10_000):
    """Rewards (T, A) and costs (T, A, m) that are drawn from an instance, those of the void action exact."""
    table = environment._table()[0]
    coins = np.random.default_rng([seed, 7]).random((horizon, *table.shape))
    drawn = np.sign(table) * (coins < abs(table))
    drawn[:, 0] = table[0]
    return drawn[..., 0], drawn[..., 1:]


def earned(environment, policy, npz):
    """Total reward on the sequence of seed 0, with the stream of seed 0."""
    rewards, costs = sequence(environment, 0)
    world = Table(path=npz(rewards=rewards, costs=costs), budget=environment.budget)
    return Played(world, policy, 10_000, coins=np.random.default_rng([0, 11])).totals[REWARD]


def test_sequences_of_the_prototype():
    rewards, costs = sequence(S1, 0)
    assert_array_equal(rewards.sum(axis=0), [0, 8006, 4910, 4033])
    assert_allclose(costs.sum(axis=0), [[-1000, -1000], [5036, 3026], [-2078, 6110], [2952, -3972]], atol=1e-9)
    assert_array_equal(sequence(S2, 0)[0].sum(axis=0), [0, 9033, 5879, 5032])


@pytest.mark.parametrize(("environment", "reward"), [(S1, 3728), (S2, 4081)], ids=["S1", "S2"])
def test_hedge_earns_what_a_prototype_did(environment, reward, npz):
    assert earned(environment, PrimalDual(primal="hedge"), npz) == reward


@pytest.mark.parametrize(("environment", "reward"), [(S1, 3687), (S2, 3994)], ids=["S1", "S2"])
def test_exp3_ix_earns_about_what_a_prototype_did(environment, reward, npz):
    """With losses outside [0, 1] it amplifies rounding, until other actions are drawn.

    The prototype's total changes by up to 55 where a sum is written in another order; uniform play earns over 800 less.
    """
    policy = PrimalDual(utility_scale="unit")
    assert abs(earned(environment, policy, npz) - reward) <= 80


# --- rules, and what a replay has of them -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "world", [AutoBidding(auctions=50), BilateralTrade(pairs=50)], ids=lambda world: type(world).__name__
)
def test_a_replay_has_room_for_what_all_actions_pay(world):
    done = replay.run(world, PrimalDual(primal="hedge"), 5)
    arms, resources = done.env.costs.shape
    assert done.outcomes.shape == (5, arms * (1 + resources))
    assert_allclose(done.outcomes[-1, :arms], done.env.rewards)


def test_a_budget_of_1_but_for_rounding_can_be_spent():
    assert not knapsack.lacks(np.array([2.0 - 5 * 0.2, 3.0]) - 1e-15)
    assert knapsack.lacks(np.array([3.0, 1.0 - 1e-6]))


def test_a_whole_number_is_a_budget():
    worlds = [Bernoulli(budget=150), Bernoulli(budget=150.0)]
    one, other = (replay.run(world, Uniform(), 300, 1) for world in worlds)
    assert one.env.budgets.dtype == float
    assert_array_equal(one.totals, other.totals)


def test_the_reward_of_the_round_stands_with_its_costs():
    done = replay.run(Bernoulli(), Uniform(), 50)
    assert done.env.rewards[done.actions[-1, 0]] == done.outcomes[-1, 0]


class Lawless(Bernoulli):
    """Takes six times what the law allows, and twice the reward."""

    def draw(self, rng, horizon):
        return super().draw(rng, horizon) * self.factors

    drawn = False


@pytest.mark.parametrize(
    ("factors", "said"), [([1, 6, 6], "costs are in"), ([2, 1, 1], "rewards are in"), ([1, -1, -1], "void action")]
)
def test_contracts_know_the_rules_of_the_game(factors, said, monkeypatch):
    registry.kinds("environment")
    monkeypatch.setattr(registry, "_kinds", dict(registry._kinds))
    kind = dataclass(frozen=True)(type("Kind", (Lawless,), {"factors": np.array(factors, float)}))
    banditlab.environment("lawless", game="knapsack")(kind)
    with pytest.raises(AssertionError, match=f"rules: {said}|rules.*{said}"):
        check_environment(kind(budget=20.0))
