"""Environments of the knapsack game: what is in them, and every mistake."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from banditlab import fuse, seeding
from banditlab.checks import replay
from banditlab.environments.budgeted import mean_row
from banditlab.environments.knapsack.alternating import Alternating
from banditlab.environments.knapsack.auto_bidding import AutoBidding
from banditlab.environments.knapsack.bernoulli import Bernoulli
from banditlab.environments.knapsack.bilateral_trade import BilateralTrade
from banditlab.environments.knapsack.inventory import Inventory
from banditlab.environments.knapsack.phases import Phases
from banditlab.environments.knapsack.switching import Switching
from banditlab.environments.knapsack.table import Table
from banditlab.errors import UserError
from banditlab.numerics.mixtures import best_mixture
from banditlab.runs import reading
from tests.reference.knapsack_worlds import CONSUMED

DEFAULT = Bernoulli()
few = settings(max_examples=40, deadline=None, derandomize=True)


def opt(table, rho):
    """Value of the linear program of means (A, 1 + m)."""
    return best_mixture(table[:, 0], table[:, 1:], np.full(table.shape[1] - 1, rho)).value


def table_of(environment, seed=0, horizon=10_000):
    return replay.start_env(environment, horizon, seed).table


def pulled(environment, horizon, instance=0, noise=0):
    """What all actions pay and take in each round, (T, A, 1 + m)."""
    env = fuse.settle(environment.start(seeding.stream(instance, "i"), seeding.key(noise, "n"), horizon))
    rows = []
    for t in range(horizon):
        rewards = [environment.pull(env, t, arm) for arm in range(env.costs.shape[0])]
        rows.append(np.column_stack([rewards, env.costs]))
    return np.array(rows), env


@few
@given(st.integers(1, 30), st.integers(1, 30))
def test_rows_follow_each_other_for_equal_times(rows, horizon):
    of = np.arange(horizon) * rows // horizon
    assert np.ptp(np.bincount(of, minlength=rows)) <= 1
    table = np.random.default_rng(rows).random((rows, 2, 3))
    assert_allclose(mean_row(table, horizon), table[of].mean(axis=0), atol=1e-14)


def test_phases_are_played_in_their_order():
    for world, length in ((Switching(budget=2.0), 2), (Alternating(budget=2.0), 10), (Phases(budget=2.0), 8)):
        for horizon in (40, 37, 5):
            seen, env = pulled(world, horizon)
            assert_array_equal(seen, env.table[np.arange(horizon) * length // horizon])
            rho = env.budget / horizon
            assert_allclose(env.benchmark, opt(seen.mean(axis=0), rho), atol=1e-9)
            assert "means" not in world.facts(env)


def test_switching_by_hand():
    """0.9 c = B / T - 0.1; c of the action 1 pays 0.75 or 0.25 on average."""
    c = (0.15 - 0.1) / 0.9
    for after, mean in (("high", 0.75), ("low", 0.25)):
        env = replay.start_env(Switching(after=after), 10_000, 0)
        assert_allclose(env.mix, [0, c, 1 - c], atol=1e-9)
        assert_allclose(env.benchmark, mean * c + 0.1 * (1 - c), atol=1e-9)
        assert_allclose(env.alpha, 0.15)


def test_alternating_by_hand():
    env = replay.start_env(Alternating(), 10_000, 0)
    assert_allclose([env.mix[1], env.mix[2] + env.mix[3]], [0, 1 / 3], atol=1e-9)
    assert_allclose(env.benchmark, 0.4 / 3, atol=1e-9)
    assert_allclose(opt(env.table[0], 0.1), 0.8 * 0.5 / 1.4, atol=1e-9)
    assert_array_equal(env.table[0], env.table[1][[0, 1, 3, 2]])


def test_phases_belong_to_the_instance():
    world = Phases(arms=3, resources=2, replenishment=0.4, void=0.1)
    (one, env), (same, _), (other, _) = (pulled(world, 80, *seeds) for seeds in ((0, 0), (0, 1), (1, 0)))
    assert_array_equal(one, same)
    assert not np.array_equal(one, other)
    assert_array_equal(one[:, 0], np.tile([0, -0.1, -0.1], (80, 1)))
    assert env.void == 0.1
    many = table_of(Phases(phases=2000, replenishment=0.4))[:, 1:]
    assert many[..., 1].min() >= -0.4 and abs(many[..., 1].mean() - 0.3) < 0.03
    assert abs(many[..., 0].mean() - 0.5) < 0.02


SAMPLED = [Inventory(), BilateralTrade(), AutoBidding()]


@pytest.mark.parametrize("world", SAMPLED, ids=lambda world: type(world).__name__)
def test_sampled_rounds_are_alike(world):
    """Each round meets one situation of the instance, another one in each replication; the means are exact."""
    (one, env), (same, _), (other, again) = (pulled(world, 4000, 0, noise) for noise in (0, 0, 1))
    assert_array_equal(env.table, again.table)
    assert_array_equal(one, same)
    assert not np.array_equal(one, other)
    assert_array_equal(pulled(world, 50)[0], one[:50])
    rows = {row.tobytes() for row in env.table}
    assert all(row.tobytes() in rows for row in one[:200])
    truth, spread = env.table.mean(axis=0), env.table.std(axis=0)
    assert_array_equal(world.facts(env)["means"], truth)
    assert (abs(one.mean(axis=0) - truth) <= 4.5 * spread / math.sqrt(4000) + 1e-12).all()
    assert_allclose(env.benchmark, opt(truth, env.budget / 4000), atol=1e-9)


def test_noise_of_bernoulli_costs_differs_between_replications():
    (one, env), (same, _), (other, _) = (pulled(DEFAULT, 4000, 0, noise) for noise in (0, 0, 1))
    assert_array_equal(one, same)
    assert not np.array_equal(one, other)
    means = env.table[0]
    assert_array_equal(one[:, 0], np.tile(means[0], (4000, 1)))
    assert set(np.unique(one[:, 1:, 0])) == {0.0, 1.0}
    assert_array_equal(np.sign(one[:, 1:, 1:]).min(axis=0), np.minimum(0, np.sign(means[1:, 1:])))
    assert_allclose(one.mean(axis=0), means, atol=4.5 * 0.5 / math.sqrt(4000))


def test_inventory_by_hand():
    world = Inventory(prices=[0.5, 0.8], order_costs=[0.1, 0.3], worth=[1.0, 1.0], customers=4000)
    table = table_of(world)
    assert table.shape == (4000, 1 + 2 * 2 + 2, 3)
    earnings = table[..., 0] * (0.8 + 0.3) - 0.3
    assert_allclose(earnings[:, 0], 0, atol=1e-15)
    for arm, item, price in ((1, 0, 0.5), (2, 0, 0.8), (3, 1, 0.5), (4, 1, 0.8)):
        sold, other = table[:, arm, 1 + item], table[:, arm, 2 - item]
        assert_allclose(earnings[:, arm], price * sold, atol=1e-15)
        assert set(sold) == {0.0, 1.0} and not other.any()
        assert abs(sold.mean() - (1 - price)) < 4.5 * math.sqrt(price * (1 - price) / 4000)
    assert (table[:, 1, 1] >= table[:, 2, 1]).all()  # who buys at a price buys at a lower one
    assert_allclose(earnings[:, 5:], np.tile([-0.1, -0.3], (4000, 1)), atol=1e-15)
    assert_array_equal(table[0, 5:, 1:], [[-1, 0], [0, -1]])
    raw = np.concatenate([earnings[..., None], table[..., 1:]], axis=2).mean(axis=0)
    assert_allclose(opt(table.mean(axis=0), 0.1) * 1.1 - 0.3, opt(raw, 0.1), atol=1e-9)


def test_bilateral_trade_by_hand():
    world = BilateralTrade(points=3, subsidy=0.5, sellers=[2.0, 3.0], pairs=20)
    rng, table = seeding.stream(0, "instance"), table_of(world)
    s, b = rng.beta(2, 3, (20, 1))[:, 0], rng.beta(1, 1, (20, 1))[:, 0]
    arms = [(0, 0), (0, 0.5), (0, 1), (0.5, 0), (0.5, 0.5), (0.5, 1), (1, 0.5), (1, 1)]
    assert table.shape == (20, 1 + len(arms), 2)
    for i in range(20):
        assert_allclose(table[i, 0], [0.5 / 1.5, 0])
        for k, (p, q) in enumerate(arms, start=1):
            trade = s[i] <= p and q <= b[i]
            gain, cost = (b[i] - s[i], p - q) if trade else (0, 0)
            assert_allclose(table[i, k] * [1.5, 1] - [0.5, 0], [gain, cost], atol=1e-15)
    assert table[..., 0].min() >= 0
    plain = table_of(BilateralTrade(points=3, subsidy=0.0))
    assert_array_equal(plain[:, 0], 0)
    assert plain[..., 1].max() == 0


def test_auto_bidding_by_hand():
    world = AutoBidding(budget=50.0, money=200.0, roi=2.0, bids=4, values=[2.0, 1.0], rivals=[1.0, 3.0], auctions=20)
    rng, table = seeding.stream(0, "instance"), table_of(world)
    values, rivals = rng.beta(2, 1, (20, 1))[:, 0], rng.beta(1, 3, (20, 1))[:, 0]
    for i in range(20):
        for k in range(5):
            wins = k > 0 and k / 4 >= rivals[i]
            expected = [values[i], k / 4 * 50 / 200, k / 4 - values[i] / 2.0] if wins else [0, 0, 0]
            assert_allclose(table[i, k], expected, atol=1e-15)


def test_tables_from_files(npz):
    """The rounds of a table are those of the run; means are drawn from, but for the void action."""
    rng = np.random.default_rng(5)
    rewards, costs = rng.random((50, 3)), rng.uniform(-1, 1, (50, 3, 2))
    costs[:, 0] = -abs(costs[:, 0])
    whole = np.concatenate([rewards[..., None], costs], axis=2)
    path = npz(rewards=rewards, costs=costs)
    seen, env = pulled(Table(path=path, budget=9.0), 40)
    assert_array_equal(seen, whole[:40])
    assert_allclose(env.benchmark, opt(whole[:40].mean(axis=0), 9 / 40), atol=1e-9)
    assert_allclose(env.void, -costs[:40, 0].max())
    drawn, _ = pulled(Table(path=path, budget=9.0, law="bernoulli"), 40)
    assert_array_equal(drawn[:, 0], whole[:40, 0])
    assert set(np.unique(drawn[:, 1:])) == {-1.0, 0.0, 1.0}
    assert (drawn[:, 1:] * whole[:40, 1:] >= 0).all()


@pytest.mark.parametrize("law", ["exact", "bernoulli"])
def test_a_csv_file_holds_for_all_rounds(law):
    world = Table(path="tests/data/knapsack.csv", law=law)
    (seen, env), (bernoulli, same) = pulled(world, 60), pulled(DEFAULT, 60)
    assert_array_equal(seen, np.tile(env.table, (60, 1, 1)) if law == "exact" else bernoulli)
    assert_array_equal(world.facts(env)["means"], DEFAULT._table()[0])
    assert env.benchmark == same.benchmark
    assert world.metrics() == DEFAULT.metrics()


# --- mistakes -----------------------------------------------------------------------------------------------------

COSTS = [[0.0], [1.0]]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"rewards": [0, 1]}, "arrays 'rewards' and 'costs' are needed, got rewards"),
        ({"rewards": [0, np.nan], "costs": COSTS}, "column 'rewards': .* finite numbers only, got nan at row 1"),
        ({"rewards": [0, 1.5], "costs": COSTS}, r"rewards: in \[0, 1\], got 1.5 for action 1"),
        ({"rewards": [0, 1], "costs": [[0], [-2]]}, r"costs: in \[-1, 1\], got -2 for action 1"),
        ({"rewards": [0, 1], "costs": [[0.1], [1]]}, "costs: those of the void .* 0; got 0.1 of resource 1"),
        (
            {"rewards": [0, 1], "costs": [0, 1]},
            r"rewards \(A,\) and costs \(A, m\), or \(T, A\) and \(T, A, m\); got \(2,\) and \(2,\)",
        ),
        ({"rewards": [[0, 1]] * 3, "costs": [COSTS] * 2}, r"got \(3, 2\) and \(2, 2, 1\)"),
        ({"rewards": [0], "costs": [[0]]}, r"at least 2 actions.* and 1 resource; got shape \(1, 1, 2\)"),
        ({"rewards": np.zeros((0, 2)), "costs": np.zeros((0, 2, 1))}, r"got shape \(0, 2, 2\)"),
        ({"rewards": [[0, 1]] * 3, "costs": [COSTS] * 3}, "3 rounds are fewer than the horizon 4"),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value[:20],
)  # fmt: skip
def test_files_that_are_refused(arrays, message, tmp_path):
    path = tmp_path / "bad.npz"
    np.savez(path, **arrays)
    with pytest.raises(UserError, match=rf"bad\.npz: .*{message}$") as error:
        replay.start_env(Table(path=str(path), budget=2.0), 4, 0)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("reward\n0\n1\n", "a column 'reward' and one for each resource are needed, got reward"),
        ("cost,energy\n0,0\n1,1\n", "a column 'reward' and one for each resource are needed, got cost, energy"),
        ("reward,energy\n0,none\n1,1\n", "column 'energy': should hold .*numbers only, got .*"),
    ],
)
def test_csv_files_that_are_refused(text, message, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=rf"bad\.csv: {message}$"):
        replay.start_env(Table(path=str(path)), 4, 0)


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        (Inventory, {"prices": [0.0, 0.5]}, r"prices: at least one, each above 0; got \[0.0, 0.5\]"),
        (Inventory, {"prices": []}, r"prices: at least one, each above 0; got \[\]"),
        (Inventory, {"order_costs": []}, "order_costs: one for each item, got none"),
        (Inventory, {"worth": [1.0]}, r"worth: the two parameters of a beta law, as \[1.0, 1.0\]; got \[1.0\]"),
        (BilateralTrade, {"sellers": []}, "sellers: the two parameters of a beta law"),
        (BilateralTrade, {"buyers": [1.0] * 3}, "buyers: the two parameters of a beta law"),
        (AutoBidding, {"values": [1.0]}, "values: the two parameters of a beta law"),
        (AutoBidding, {"rivals": [1.0]}, "rivals: the two parameters of a beta law"),
        (AutoBidding, {"money": 50.0, "budget": 60.0}, "money: at least the budget, 60; got 50"),
        (Bernoulli, {"costs": [[0.0], [1.0]]}, "costs: 4 rows, one an action, of one length"),
        (Bernoulli, {"rewards": [0.0, 1.0], "costs": [[0.5], [1.0]]}, "costs: those of the void action"),
    ],
)
def test_parameters_that_are_refused(kind, parameters, message):
    with pytest.raises(ValueError, match=message):
        kind(**parameters)


@pytest.mark.parametrize(
    "world",
    [BilateralTrade(points=1000), Inventory(customers=10**9), AutoBidding(auctions=10**9), Phases(phases=10**9)],
    ids=lambda world: type(world).__name__,
)
def test_tables_beyond_memory_are_refused(world):
    with pytest.raises(ValueError, match=r"a table of .* takes [\d.]+ GiB, more than 2 GiB"):
        replay.start_env(world, 10, 0)


@pytest.mark.parametrize("kind", ["bernoulli", "switching", "inventory"])
def test_a_budget_below_one_is_refused(kind):
    with pytest.raises(UserError, match="budget: .*1.*0.5"):
        reading.from_python({"kind": f"knapsack/{kind}", "budget": 0.5}, ["uniform"], horizon=10)


def test_hedge_needs_full_feedback():
    hedge = {"kind": "primal-dual", "primal": "hedge"}
    reading.from_python({"kind": "knapsack/switching"}, [hedge], horizon=10)
    with pytest.raises(UserError, match="full-feedback") as error:
        reading.from_python({"kind": "knapsack/switching", "feedback": "bandit"}, [hedge], horizon=10)
    assert "\n" not in str(error.value)


def test_costs_that_replenish_are_said():
    """Policies of classic knapsacks need environments without them."""
    assert "monotone-costs" in Switching().gives() & CONSUMED.gives() & Phases(replenishment=0.0).gives()
    for world in (DEFAULT, Alternating(), Phases(), *SAMPLED, Phases(replenishment=0.0, void=0.1)):
        assert "monotone-costs" not in world.gives()
    assert "monotone-costs" not in Table(path="tests/data/knapsack.csv").gives()
