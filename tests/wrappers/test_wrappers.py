"""What policies hear through wrappers, of every game: when, how much of it, and how it is changed."""

import math

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import stats

from banditlab import fuse, registry
from banditlab.checks import replay
from banditlab.checks.pairs import REFERENCES
from banditlab.environments.bandit.gaussian import Gaussian
from banditlab.environments.dueling.bradley_terry import BradleyTerry
from banditlab.environments.dueling.linear import Linear
from banditlab.errors import UserError
from banditlab.games import games
from banditlab.games.letters import carry, chain, make_room, make_shelf
from banditlab.numerics.links import probability
from banditlab.runs import reading, runner
from banditlab.runs.pair import check, play_replications, prepare
from banditlab.wrappers.abstention import Abstention
from banditlab.wrappers.annotators import Annotators
from banditlab.wrappers.batched import Batched
from banditlab.wrappers.biased import Biased
from banditlab.wrappers.corrupted import Corrupted
from banditlab.wrappers.delayed import Delayed
from banditlab.wrappers.heavy_tailed import HeavyTailed
from banditlab.wrappers.missing import Missing
from banditlab.wrappers.ties import Ties

T = 60
KEY = np.uint64(7)


def listen(environment, wrappers, rounds=T, bounded=False, seed=0):
    """Play uniformly, in plain Python, with these wrappers; return (now, t, *what learn takes) of each letter heard."""
    game = registry.kind_of(environment).game
    uniform = registry.find("policy", "uniform", game).cls()
    pair = replay.start(environment, uniform, rounds, seed)
    letters, shape = pair.game.letters, pair.game.shape(pair.env)
    heard, now = [], [0]

    def hear(policy, t, *told):
        heard.append((now[0], t, *(np.copy(x) if isinstance(x, np.ndarray) else x for x in told)))

    learn = next(stub for stub in pair.game.policy_verbs if stub.__name__ == "learn")
    channel = tuple(
        (fuse.settle(wrapper.start(lambda n: make_shelf(letters, shape, n), KEY + np.uint64(i), rounds)),
         () if hasattr(wrapper, "handle") else make_room(letters, shape, bounded))
        for i, wrapper in enumerate(wrappers)
    )  # fmt: skip
    verbs = pair.verbs | {learn: hear}
    if wrappers:
        verbs |= {letters.hear: letters.send, carry: chain(letters, [type(wrapper) for wrapper in wrappers])}
    loop, totals = fuse.plain(pair.game.rounds, verbs), np.zeros(len(pair.game.metrics))
    for t in range(rounds):
        now[0] = t
        loop(pair.env, pair.state, channel, t, t + 1, pair.contexts, pair.coins, totals)
    return heard


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


EVERY = [
    pytest.param(registry.find("environment", name, game).cls(**parameters), id=f"{game}/{name}")
    for game, entries in REFERENCES.items()
    for name, parameters in entries[:2]
]


@pytest.mark.parametrize("environment", EVERY)
def test_a_letter_comes_late_and_whole(environment):
    """In every game: what is learnt late, through two wrappers, is what would have been learnt at once."""
    prompt = {t: told for _, t, *told in listen(environment, [])}
    late = listen(environment, [Delayed(rounds=3), Batched(rounds=4)])
    assert len(late) >= len(prompt) - 8
    for now, t, *told in late:
        assert now >= t + 3
        assert same(told, prompt[t])
    assert [t for _, t, *_ in late] == sorted(t for _, t, *_ in late)


@pytest.mark.parametrize("delay", [0, 1, 7, 100])
def test_a_fixed_delay(delay):
    heard = listen(Gaussian(arms=3), [Delayed(rounds=delay)])
    assert [(now, t) for now, t, *_ in heard] == [(t + delay, t) for t in range(T - delay)]


@pytest.mark.parametrize("law", ["uniform", "geometric"])
@pytest.mark.parametrize("mean", [0, 1, 8])
def test_random_delays(law, mean):
    """Chi-square at 1e-4 of the law of delays; each letter comes once, at most one longest delay late, in order."""
    rounds = 4000
    heard = listen(Gaussian(arms=3), [Delayed(rounds=mean, law=law)], rounds)
    assert len({t for _, t, *_ in heard}) == len(heard)
    assert [(now, t) for now, t, *_ in heard] == sorted((now, t) for now, t, *_ in heard)
    delays = np.array([now - t for now, t, *_ in heard if t < rounds - 500])
    assert len(delays) == rounds - 500
    if law == "uniform":
        chance = np.full(2 * mean + 1, 1 / (2 * mean + 1))
        assert delays.max() <= 2 * mean
    else:
        chance = (mean / (1 + mean)) ** np.arange(20) / (1 + mean)
        delays = np.minimum(delays, 20)
        chance = np.append(chance, 1 - chance.sum())
    counts = np.bincount(delays, minlength=len(chance))
    kept = chance > 1e-9
    assert counts[~kept].sum() == 0
    if kept.sum() > 1:
        assert stats.chisquare(counts[kept], chance[kept] / chance[kept].sum() * counts.sum()).pvalue > 1e-4


def test_what_is_due_waits_while_the_policy_has_no_part():
    """Budgets run out: forced rounds teach nothing, and letters of before come with the next one, none twice."""
    environment = registry.find("environment", "bernoulli", "knapsack").cls(budget=2.0)
    prompt = [t for _, t, *_ in listen(environment, [], 400)]
    assert len(prompt) < 390
    heard = [(now, t) for now, t, *_ in listen(environment, [Delayed(rounds=6, law="uniform")], 400)]
    assert len({t for _, t in heard}) == len(heard) >= len(prompt) - 13
    assert {now for now, _ in heard} <= set(prompt)
    assert {t for _, t in heard} <= set(prompt)


@pytest.mark.parametrize("size", [1, 7, 60, 100])
def test_batches(size):
    heard = listen(Gaussian(arms=3), [Batched(rounds=size)])
    full = T - T % size
    assert [(now, t) for now, t, *_ in heard] == [(t - t % size + size - 1, t) for t in range(full)]


def test_missing_rounds_are_the_same_for_all():
    """At rate 0.3: between 0.25 and 0.35 of 4000 rounds (6.9 standard errors)."""
    rounds = 4000
    one = [t for _, t, *_ in listen(Gaussian(arms=3), [Missing(rate=0.3)], rounds)]
    assert 0.25 < 1 - len(one) / rounds < 0.35
    assert one == [t for _, t, *_ in listen(BradleyTerry(arms=4), [Missing(rate=0.3)], rounds, seed=5)]
    assert listen(Gaussian(arms=3), [Missing(rate=1.0)]) == []
    assert len(listen(Gaussian(arms=3), [Missing(rate=0.0)])) == T


def shifts(wrapper, environment=None, rounds=4000, bounded=False):
    environment = environment or Gaussian(arms=3)
    true = np.array([reward for *_, reward in listen(environment, [], rounds)])
    return np.array([reward for *_, reward in listen(environment, [wrapper], rounds, bounded)]) - true


def test_corrupted_numbers_are_shifted():
    """Share and direction of shifts to within 5 standard errors."""
    found = shifts(Corrupted(rate=0.25, size=3.0))
    changed = found != 0
    assert abs(changed.mean() - 0.25) < 5 * math.sqrt(0.25 * 0.75 / 4000)
    assert np.abs(found[changed]) == pytest.approx(3.0)
    assert abs((found[changed] > 0).mean() - 0.5) < 5 * 0.5 / math.sqrt(changed.sum())
    assert (shifts(Corrupted(rate=0.25, direction="down"))[changed] < 0).all()
    early = shifts(Corrupted(rate=1.0, until=100))
    assert (early[:100] != 0).all()
    assert (early[100:] == 0).all()


def test_what_has_bounds_keeps_them():
    environment = registry.find("environment", "bernoulli", "bandit").cls(means=[0.2, 0.8])
    heard = {reward for *_, reward in listen(environment, [Corrupted(rate=0.5, size=0.4)], 300, bounded=True)}
    assert {round(reward, 9) for reward in heard} == {0.0, 0.4, 0.6, 1.0}
    budgets = registry.find("environment", "bernoulli", "knapsack").cls(budget=50.0)
    for *_, reward, costs in listen(budgets, [Corrupted(rate=1.0, size=5.0)]):
        assert reward in (0.0, 1.0)
        assert set(costs) <= {-1.0, 1.0}


def test_the_budget_pays_true_costs():
    environment = registry.find("environment", "bernoulli", "knapsack").cls(budget=50.0)
    one, other = (
        [now for now, *_ in listen(environment, wrappers, 300)] for wrappers in ([], [Corrupted(rate=1.0, size=5.0)])
    )
    assert one == other


def test_corrupted_duels_are_reversed():
    true = np.array([won for *_, won in listen(BradleyTerry(arms=4), [], 2000)])
    found = np.array([won for *_, won in listen(BradleyTerry(arms=4), [Corrupted(rate=0.2)], 2000)])
    assert abs((true != found).mean() - 0.2) < 5 * 0.4 / math.sqrt(2000)


def test_a_bias_belongs_to_an_action():
    arms = [arm for *_, arm, _ in listen(Gaussian(arms=8), [], 500)]
    found = shifts(Biased(size=0.5), Gaussian(arms=8), 500).round(9)
    constants = {arm: set(found[np.array(arms) == arm]) for arm in set(arms)}
    assert all(len(values) == 1 for values in constants.values())
    assert len(set().union(*constants.values())) == 8
    assert np.abs(found).max() <= 0.5


@pytest.mark.parametrize("tail", [0.8, 1.5, 3.0])
def test_heavy_tails_have_their_law(tail):
    """Kolmogorov-Smirnov at 1e-4 against the symmetric Pareto law."""
    found = shifts(HeavyTailed(tail=tail, scale=2.0))
    law = lambda x: 0.5 + 0.5 * np.sign(x) * (1 - (1 + np.abs(x) / 2.0) ** -tail)  # noqa: E731
    assert stats.kstest(found, law).pvalue > 1e-4


@pytest.mark.parametrize(("votes", "error"), [(1, 0.3), (3, 0.2)])
def test_annotators_err_as_they_should(votes, error):
    """Reliabilities 0.9, 0.7, 0.5: one errs in 3 of 10 duels, a majority with probability 0.2; 5 standard errors.

    By hand: two err and one does not, 0.1 * 0.3 * 0.5 + 0.1 * 0.7 * 0.5 + 0.9 * 0.3 * 0.5 = 0.185, all three 0.015.
    """
    wrapper = Annotators(reliability=(0.9, 0.7, 0.5), votes=votes)
    true = np.array([won for *_, won in listen(BradleyTerry(arms=4), [], 4000)])
    found = np.array([won for *_, won in listen(BradleyTerry(arms=4), [wrapper], 4000)])
    assert abs((true != found).mean() - error) < 5 * math.sqrt(error * (1 - error) / 4000)


def test_ties_are_davidsons():
    """Of pairs with chance p, a share nu sqrt(p (1 - p)) / (1 + nu sqrt(p (1 - p))) ties; who wins is as before."""
    environment, rounds = BradleyTerry(utilities=[0.0, 1.0, 1.0]), 6000
    one = {t: told for _, t, *told in listen(environment, [], rounds)}
    other = {t: told for _, t, *told in listen(environment, [Ties(nu=2.0)], rounds)}
    tied = np.array([t not in other for t in one])
    assert all(same(told, one[t]) for t, told in other.items())
    for close, p in ((True, 0.5), (False, probability(0, 1.0))):
        rows = np.array([(0 not in (first, second)) == close for _, first, second, _ in one.values()])
        weight = 2.0 * math.sqrt(p * (1 - p))
        share = weight / (1 + weight)
        assert abs(tied[rows].mean() - share) < 5 * math.sqrt(share * (1 - share) / rows.sum())
    tossed = listen(environment, [Ties(nu=2.0, learnt="coin")], rounds)
    coins = np.array([won for _, t, *_, won in tossed if tied[t]])
    assert len(tossed) == rounds
    assert abs(coins.mean() - 0.5) < 5 * 0.5 / math.sqrt(len(coins))
    assert listen(environment, [Ties(nu=0.0)])[-1][1] == T - 1


def test_close_duels_get_no_answer():
    environment = BradleyTerry(utilities=[0.0, 0.1, 3.0])
    pairs = {(first, second) for *_, first, second, _ in listen(environment, [Abstention(margin=0.1)], 300)}
    assert pairs == {(0, 2), (2, 0), (1, 2), (2, 1)}
    rare = listen(environment, [Abstention(margin=0.0, rate=0.5)], 2000)
    assert abs(len(rare) / 2000 - 0.5) < 5 * 0.5 / math.sqrt(2000)


def test_chances_are_those_of_the_duels():
    """Outcomes less their chances, of linear utilities, add up to 0, to 5 standard errors."""
    heard, chances = [], []
    pair = replay.start(Linear(arms=4, dim=3, signal=3.0), registry.find("policy", "uniform", "dueling").cls(), 3000)
    for t in range(3000):
        features = pair.env.features
        registry.kind_of(Linear()).cls.observe(pair.env, t, pair.contexts)
        first, second = int(pair.coins.random() * 4), int(pair.coins.random() * 4)
        heard.append(Linear.duel(pair.env, t, features, first, second))
        chances.append(Linear.chance(pair.env, t, features, first, second))
    chances = np.array(chances)
    assert abs((np.array(heard) - chances).sum()) < 5 * math.sqrt((chances * (1 - chances)).sum())


# --- in a grid ----------------------------------------------------------------------------------------------------


def grid(environment, policy, *wrappers, game=None, **settings):
    table = {"name": "wrapped", "horizon": 300, "replications": 2, **({"game": game} if game else {}), **settings}
    return reading.parse({**table, "environment": [environment | {"wrapper": [*wrappers]}], "policy": [policy]}, "g")


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("game", "environment", "policy", "wrappers"),
    [
        ("bandit", {"kind": "linear", "arms": 4, "dim": 3}, "linucb",
         [{"kind": "biased"}, {"kind": "missing"}, {"kind": "delayed", "law": "geometric"}]),
        ("dueling", {"kind": "bradley-terry", "arms": 4}, "rucb",
         [{"kind": "ties"}, {"kind": "annotators", "votes": 3}, {"kind": "batched"}]),
        ("combinatorial", {"kind": "top-k", "k": 2}, "cucb", [{"kind": "corrupted"}, {"kind": "delayed"}]),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)  # fmt: skip
def test_compiled_and_plain_agree_to_the_bit(game, environment, policy, wrappers):
    one = grid(environment, {"kind": policy}, *wrappers, game=game)
    [cell] = one.cells
    pairs = [prepare(cell, one.settings, compiled=compiled) for compiled in (True, False)]
    assert not pairs[0].reason
    first, second = (play_replications(pair, cell, one.settings, range(2)) for pair in pairs)
    for a, b in zip(first, second, strict=True):
        assert a.values.tobytes() == b.values.tobytes()


def test_labels_and_sweeps():
    found = grid(
        {"kind": "gaussian", "arms": 3}, {"kind": "ucb1"},
        {"kind": "missing"}, {"kind": "delayed", "sweep": {"rounds": [1, 10]}},
    )  # fmt: skip
    labels = [cell.environment for cell in found.cells]
    assert labels == ["gaussian + missing + delayed (rounds=1)", "gaussian + missing + delayed (rounds=10)"]
    named = grid(
        {"kind": "gaussian", "arms": 3, "label": "A"},
        {"kind": "ucb1"},
        {"kind": "delayed", "sweep": {"rounds": [1, 9]}},
    )
    assert [cell.environment for cell in named.cells] == ["A + delayed (rounds=1)", "A + delayed (rounds=9)"]


@pytest.mark.parametrize(
    ("environment", "policy", "wrappers", "message"),
    [
        ("gaussian", "ucb1", [{"kind": "delay"}], r"wrapper\[0\].kind: no wrapper 'delay'; did you mean 'delayed'"),
        ("gaussian", "ucb1", [{"kind": "delayed", "round": 3}], r"wrapper\[0\].round: unknown key"),
        ("gaussian", "ucb1", [{"kind": "delayed", "rounds": -1}], r"wrapper\[0\].rounds: .*greater than or equal to 0"),
        ("gaussian", "ucb1", [{"kind": "ties"}], "'ties' does not fit bandit/gaussian: it asks the environment's verb"),
        ("gaussian", "ucb1", [{"kind": "annotators"}], "here they are numbers"),
        ("bradley-terry", "rucb", [{"kind": "biased"}], "outcomes are true or false here"),
        ("bradley-terry", "rucb", [{"kind": "delayed"}, {"kind": "ties"}], "'ties' is about the present round"),
        ("bernoulli", "exp3", [{"kind": "delayed"}], "needs prompt-feedback, which environment 'bernoulli . delayed'"),
        ("bernoulli", "kl-ucb", [{"kind": "heavy-tailed"}], "needs bounded-rewards"),
        ("gaussian", "ucb1", {"kind": "delayed"}, r"write \[\[environment.wrapper\]\]"),
        ("bradley-terry", "rucb", [{"kind": "annotators", "votes": 2}], "votes: odd"),
    ],
    ids=str,
)  # fmt: skip
def test_mistakes_have_a_line(environment, policy, wrappers, message):
    table = {"environment": [{"kind": environment, "arms": 3, "wrapper": wrappers}], "policy": [{"kind": policy}]}
    if environment == "bernoulli":
        table["game"] = "bandit"
    with pytest.raises(UserError, match=message):
        reading.parse(table, "grid.toml")


@pytest.mark.parametrize(
    "facts",
    [
        {"nois": 2.0},
        {"noise": "much"},
        {"best": 1},
        {"noise": math.nan},
        {"noise": -1.0},
        {"rounds": 3},
        {"horizon": 0},
        {"horizon": 2.5},
    ],
    ids=str,
)
def test_only_facts_that_are_there_can_be_told(facts):
    one = grid({"kind": "gaussian", "arms": 3}, {"kind": "thompson-gaussian"}, {"kind": "told", "facts": facts})
    with pytest.raises(UserError, match="told: "):
        check(one.cells[0], one.settings)


def test_a_wrong_fact_is_what_the_policy_hears():
    def final(*wrappers):
        one = grid({"kind": "gaussian", "arms": 3}, {"kind": "thompson-gaussian", "std": "told"}, *wrappers)
        [cell] = one.cells
        return play_replications(prepare(cell, one.settings, compiled=False), cell, one.settings, [0])[0].values[-1]

    right, told, wrong = (final(*w) for w in ([], [{"kind": "told"}], [{"kind": "told", "facts": {"noise": 30}}]))
    assert_array_equal(right, told)
    assert (right != wrong).any()


def test_a_wrong_fact_that_no_policy_uses_is_noted(tmp_path):
    def notes(policy):
        one = grid({"kind": "gaussian", "arms": 3}, policy, {"kind": "told", "facts": {"noise": 30}})
        return runner.run(one, tmp_path / policy["kind"], jobs=1, compiled=False).notes

    assert notes({"kind": "ucb1"}) == ["gaussian + told: no policy here uses the noise that it is told"]
    assert notes({"kind": "thompson-gaussian", "std": "told"}) == []


def test_policies_that_learn_several_rounds_at_once_are_refused():
    one = grid({"kind": "coverage", "items": 4, "k": 2}, {"kind": "c-etc"}, {"kind": "missing"}, game="combinatorial")
    with pytest.raises(UserError, match="learns from several rounds at once, which wrappers do not reach"):
        check(one.cells[0], one.settings)


def test_every_game_says_what_its_letters_hold():
    for game in games().values():
        learn = next(stub for stub in game.policy_verbs if stub.__name__ == "learn")
        told = len(game.letters.what) + len(game.letters.outcome)
        assert learn.__code__.co_argcount == 2 + told


@pytest.mark.parametrize("policy", ["ucb1", "moss", "ucb-v", "kl-ucb", "discounted-ucb", "thompson-gaussian"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # compiled code divides by zero without one
def test_an_arm_that_nothing_was_heard_of_is_played_again(policy):
    """With half of the outcomes lost, in each of 20 runs the best of three arms is played most in the end."""
    bernoulli = {"kind": "bernoulli", "means": [0.1, 0.2, 0.9]}
    one = grid(bernoulli, {"kind": policy}, {"kind": "missing", "rate": 0.5}, game="bandit", horizon=600)
    [cell] = one.cells
    for curve in play_replications(prepare(cell, one.settings, compiled=False), cell, one.settings, range(20)):
        half = np.searchsorted(curve.rounds, 300)
        assert curve.values[-1, 0] - curve.values[half, 0] < 0.5 * 0.7 * 300
