"""Environments of the dueling game that hold one preference matrix: what is in it, its regrets, and every mistake."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import chi2, norm

from banditlab.checks import replay
from banditlab.environments.dueling.bradley_terry import BradleyTerry
from banditlab.environments.dueling.cyclic import Cyclic
from banditlab.environments.dueling.matrix import Matrix
from banditlab.environments.dueling.pairs import Pairs, load
from banditlab.environments.preferences import scores
from banditlab.environments.published import PUBLISHED
from banditlab.errors import UserError
from banditlab.games.dueling import (
    AVERAGE,
    AVERAGE_PREFERENCE,
    BORDA,
    COPELAND,
    GAME,
    PREFERENCE_METRICS,
    STRONG,
    STRONG_PREFERENCE,
    TOURNAMENT_METRICS,
    UTILITY_METRICS,
    WEAK,
    WEAK_PREFERENCE,
)
from banditlab.policies.dueling.double_thompson import DoubleThompson
from banditlab.policies.dueling.fixed import Fixed
from banditlab.policies.dueling.oracle import Oracle
from banditlab.policies.dueling.uniform import Uniform
from banditlab.runs import pair, reading

HORIZON = 3000
UTILITY = [AVERAGE, STRONG, WEAK]
PREFERENCE = [AVERAGE_PREFERENCE, STRONG_PREFERENCE, WEAK_PREFERENCE]
TOURNAMENT = [COPELAND, BORDA]
CYCLE = [[0.5, 0.9, 0.2, 0.7], [0.1, 0.5, 0.8, 0.6], [0.8, 0.2, 0.5, 0.5], [0.3, 0.4, 0.5, 0.5]]
DUELS = "when,winner,loser,count\nMo,tuna,eel,6\nTu,eel,tuna,2\nTu,eel,egg,3\nWe,egg,eel,1\nWe,tuna,egg,1\n"


@pytest.fixture(scope="module")
def duels(tmp_path_factory):
    file = tmp_path_factory.mktemp("data") / "duels.csv"
    file.write_text(DUELS)
    return str(file)


WORLDS = {
    **{name: Matrix(name) for name in PUBLISHED},
    "cycle": Matrix(CYCLE),
    "circle": Cyclic(arms=5, strength=0.3),
    "champion": Cyclic(arms=4, champion=0.6),
    "bradley-terry": BradleyTerry(utilities=[0.3, -1.0, 1.2, 0.5]),
    "spread": BradleyTerry(arms=5, spread=3.0, link="exponential"),
    "prior": BradleyTerry(arms=4, prior="normal(0, 1)", link="probit"),
    "tied": BradleyTerry(utilities=[0.5, 1.0, 1.0]),
}
WITHOUT_WINNER = ("cycle", "circle")
each_world = pytest.mark.parametrize("name", [*WORLDS, "pairs"])


def world(name, duels):
    return Pairs(duels, smoothing=0.5) if name == "pairs" else WORLDS[name]


def start(instance, seed=0):
    return replay.start_env(instance, 1, seed)


def kept(instance):
    """Metrics that a grid keeps in an environment."""
    kind = next(kind for kind in reading.registry.kinds("environment", "dueling") if kind.cls is type(instance))
    return instance.metrics() if hasattr(instance, "metrics") else kind.metrics


# --- matrices -----------------------------------------------------------------------------------------------------


@each_world
def test_one_of_two_arms_wins(name, duels):
    for seed in range(3):
        matrix = start(world(name, duels), seed).matrix
        assert_allclose(matrix + matrix.T, 1, rtol=0, atol=1e-15)
        assert (np.diag(matrix) == 0.5).all()
        assert matrix.min() >= 0


def test_published_matrices():
    """Numbers that the papers' text or another file states; and who wins."""
    arxiv, mslr, cyclic, arithmetic = (
        start(Matrix(name)) for name in ("arxiv-6", "mslr-5", "cyclic-4", "arithmetic-8")
    )
    poster = np.array([  # Yue and Joachims, P - 1/2; the second arm against the fourth is the mean of its two entries
        [0.00, 0.05, 0.05, 0.04, 0.11, 0.11],
        [0.00, 0.00, 0.05, 0.05, 0.08, 0.10],
        [0.00, 0.00, 0.00, 0.04, 0.01, 0.06],
        [0.00, 0.00, 0.00, 0.00, 0.04, 0.00],
        [0.00, 0.00, 0.00, 0.00, 0.00, 0.01],
        [0.00, 0.00, 0.00, 0.00, 0.00, 0.00],
    ])  # fmt: skip
    assert_allclose(np.triu(arxiv.matrix - 0.5), poster, atol=1e-15)
    below = [0.46480534, 0.3874065, 0.42014169, 0.24303992, 0.27254884, 0.34104292]  # of Wu and Liu's file
    below += [0.23452578, 0.26179947, 0.33122911, 0.49000535]
    assert_allclose(mslr.matrix[np.tril_indices(5, -1)], below, atol=1e-12)
    assert_allclose(
        cyclic.matrix, [[0.5, 0.6, 0.6, 0.6], [0.4, 0.5, 0.9, 0.1], [0.4, 0.1, 0.5, 0.9], [0.4, 0.9, 0.1, 0.5]]
    )
    assert_allclose(arithmetic.matrix, 0.5 + 0.05 * (np.arange(8) - np.arange(8)[:, None]), atol=1e-15)
    for state in (arxiv, mslr, cyclic, arithmetic):
        assert state.best[0] == 0 and (state.matrix[0, 1:] > 0.5).all()


def test_a_circle_has_no_winner_and_no_order():
    for seed in range(5):
        matrix = start(Cyclic(arms=7, strength=0.2), seed).matrix
        assert_array_equal((matrix > 0.5).sum(1), np.full(7, 3))
        assert_allclose(np.unique(matrix.round(12)), [0.3, 0.5, 0.7])
        beats = matrix > 0.5
        path = [0]  # the next arm on the circle is the one that wins against all others that this one beats
        while len(path) < 7:
            mine = np.flatnonzero(beats[path[-1]])
            path.append(int(next(k for k in mine if beats[k][mine].sum() == 2)))
        assert sorted(path) == list(range(7))
        turned = matrix[np.ix_(path, path)]
        assert_array_equal(turned, np.roll(turned, (1, 1), (0, 1)))


def test_komiyamas_cyclic_instance_but_for_the_order():
    published, places = start(Matrix("cyclic-4")).matrix, set()
    for seed in range(40):
        state = start(Cyclic(arms=4, strength=0.4, champion=0.6), seed)
        places.add(int(state.best[0]))
        orders = [[state.best[0], *rest] for rest in turns([k for k in range(4) if k != state.best[0]])]
        assert any(np.allclose(state.matrix[np.ix_(order, order)], published, atol=1e-15) for order in orders)
    assert places == {0, 1, 2, 3}  # each missed with probability (3/4)^40 = 1e-5


def turns(arms):
    return [arms, arms[::-1]]


@pytest.mark.parametrize("link", ["logistic", "probit", "exponential"])
def test_bradley_terry_is_the_link_of_differences(link):
    """The strengths of Bradley and Terry, Thurstone's normal, Laplace's; by other formulas."""
    for settings in ({"utilities": [1.0, -0.5, 0.25]}, {"arms": 6}, {"arms": 4, "prior": "uniform(-3, 3)"}):
        state = start(BradleyTerry(link=link, **settings), 1)
        u = state.utility.max() - state.utility
        gap = u[:, None] - u
        strength = np.exp(u)
        expected = {
            "logistic": strength[:, None] / (strength[:, None] + strength),
            "probit": norm.cdf(gap),
            "exponential": 0.5 + 0.5 * np.sign(gap) * (1 - np.exp(-abs(gap))),
        }
        assert_allclose(state.matrix, expected[link], atol=1e-14)
        assert state.best[0] == u.argmax() and state.utility[state.best[0]] == 0


def test_utilities_are_as_declared():
    places = set()
    for seed in range(30):
        state = start(BradleyTerry(arms=5, spread=3.0), seed)
        assert_allclose(np.sort(state.utility), [0, 0.75, 1.5, 2.25, 3])
        places.add(int(state.best[0]))
    assert len(places) == 5  # one missed with probability 5 (4/5)^30 = 0.6 % for a fresh seed; seeds are fixed
    assert_allclose(start(BradleyTerry(utilities=[1.0, 3.0, 2.5])).utility, [2, 0, 0.5])
    drawn = np.concatenate([start(BradleyTerry(arms=40, prior="uniform(0, 3)"), seed).utility for seed in range(20)])
    assert drawn.max() <= 3 and len(np.unique(drawn)) >= 780


def test_the_order_of_the_arms_is_all_that_a_replication_draws():
    sorted_, other = (np.sort(start(BradleyTerry(arms=6), seed).matrix, axis=None) for seed in (0, 1))
    assert_allclose(sorted_, other)
    one, two = (start(Matrix("mslr-5"), seed).matrix for seed in (0, 1))
    assert_array_equal(one, two)


# --- duels --------------------------------------------------------------------------------------------------------


@each_world
def test_duels_are_won_as_often_as_declared(name, duels):
    """Chi-square over all pairs, and the self-duels of one arm; false alarm 1e-6 a case."""
    done, coin = (replay.run(world(name, duels), player, HORIZON) for player in (Uniform(), Fixed(1, 1)))
    matrix = done.env.matrix
    found = [(meetings(done, i, j), matrix[i, j]) for i in range(len(matrix)) for j in range(i)]
    found.append((meetings(coin, 1, 1), 0.5))
    assert min(len(wins) for wins, _ in found) > 20
    statistic = sum((wins.sum() - len(wins) * p) ** 2 / (len(wins) * p * (1 - p)) for wins, p in found)
    assert statistic < chi2.isf(1e-6, len(found))


@each_world
def test_an_outcome_depends_on_the_pair_and_on_how_often_it_met(name, duels):
    """The same for another order of pairs, and for a policy that learns."""
    instance = world(name, duels)
    one, other = (replay.run(instance, Uniform(), HORIZON, coins_seed=seed) for seed in (1, 2))
    learner = replay.run(instance, DoubleThompson(), HORIZON)
    assert (one.actions != other.actions).any() and one.env.noise == other.env.noise
    for i in range(len(one.env.matrix)):
        for j in range(i + 1):
            for done in (other, learner):
                first, second = meetings(one, i, j), meetings(done, i, j)
                shared = min(len(first), len(second))
                assert shared > 20 or done is learner or i == j
                assert_array_equal(first[:shared], second[:shared])


def meetings(done, i, j):
    """Whether i won, in each of its duels with j."""
    met = (np.sort(done.actions, axis=1) == sorted((i, j))).all(1)
    return np.where(done.actions[met, 0] == i, done.outcomes[met], 1 - done.outcomes[met])


# --- regrets ------------------------------------------------------------------------------------------------------


@each_world
def test_regrets_by_hand(name, duels):
    for seed in range(2):
        done = replay.run(world(name, duels), Uniform(), 300, seed)
        matrix, pairs = done.env.matrix, done.actions
        others = ~np.eye(len(matrix), dtype=bool)
        copeland = np.array([np.mean(matrix[k][others[k]] > 0.5) for k in range(len(matrix))])
        borda = np.array([np.mean(matrix[k][others[k]]) for k in range(len(matrix))])
        for metric, score in ((COPELAND, copeland), (BORDA, borda)):
            assert_allclose(done.totals[:, metric], (score.max() - score)[pairs].mean(1), atol=1e-14)
        assert (done.totals >= 0).all()
        if name in WITHOUT_WINNER:
            assert (done.totals[:, UTILITY + PREFERENCE] == 0).all()
            assert copeland.max() < 1 and (done.best == copeland.argmax()).all()
        else:
            gaps = matrix[done.best[0, 0]][pairs] - 0.5
            sides = np.stack([gaps.mean(1), gaps.max(1), gaps.min(1)], 1)
            assert_allclose(done.totals[:, PREFERENCE], sides, atol=1e-14)
        if isinstance(WORLDS.get(name), BradleyTerry):
            gaps = done.env.utility[pairs]
            assert_allclose(done.totals[:, UTILITY], np.stack([gaps.mean(1), gaps.max(1), gaps.min(1)], 1), atol=1e-14)


def test_scores_of_small_matrices_by_hand():
    """Even arms beat each other in neither direction."""
    copeland, borda = scores(np.array(CYCLE))
    assert_allclose(copeland, [2 / 3, 2 / 3, 1 / 3, 0])
    assert_allclose(borda, [1.8 / 3, 1.5 / 3, 1.5 / 3, 1.2 / 3])
    done = replay.run(Matrix(CYCLE), Fixed(2, 3), 1)
    assert done.best[0] == 0  # of two with the highest Copeland score
    assert_allclose(done.totals[0, TOURNAMENT], [(1 / 3 + 2 / 3) / 2, (0.1 + 0.2) / 2])
    copeland, _ = scores(start(Matrix("arxiv-6")).matrix)
    assert_allclose(copeland, np.array([5, 4, 3, 1, 1, 0]) / 5)


def test_no_regret_on_a_circle():
    """All arms are equally good there: to the last bits, in which sums of the same numbers may differ."""
    assert replay.run(Cyclic(arms=5), Uniform(), 300).totals.max() < 1e-15


@each_world
def test_oracle_has_no_regret_in_its_first_metric(name, duels):
    columns = [metric.name for metric in GAME.metrics]
    for seed in range(3):
        instance = world(name, duels)
        done = replay.run(instance, Oracle(), 50, seed)
        first = next(column for column in columns if column in kept(instance))
        assert (done.totals[:, columns.index(first)] == 0).all()


@each_world
def test_kept_metrics(name, duels):
    expected = (*PREFERENCE_METRICS, *TOURNAMENT_METRICS)
    if name in WITHOUT_WINNER:
        expected = TOURNAMENT_METRICS
    elif isinstance(WORLDS.get(name), BradleyTerry):
        expected = (*UTILITY_METRICS, *expected)
    assert kept(world(name, duels)) == expected


def test_a_grid_keeps_the_metrics_of_its_instances(duels):
    worlds = [
        {"kind": "matrix", "matrix": CYCLE, "label": "cycle"},
        {"kind": "matrix", "matrix": "arxiv-6", "label": "arxiv"},
        {"kind": "cyclic"},
        {"kind": "bradley-terry", "arms": 3},
        {"kind": "pairs", "data": duels},
    ]
    cells = reading.parse({"environment": worlds, "policy": [{"kind": "dueling/uniform"}]}, "g").cells
    assert [len(cell.metrics) for cell in cells] == [2, 5, 2, 8, 5]
    for cell in cells:
        grid = reading.parse({"horizon": 5, "environment": [worlds[0]], "policy": [{"kind": "dueling/uniform"}]}, "g")
        pair.check(cell, grid.settings)


def test_the_bound_stands_where_there_is_a_condorcet_winner():
    rounds = np.array([1, 10, 1000])
    for name, instance in WORLDS.items():
        state = start(instance)
        winner = ((state.matrix > 0.5).sum(1) == len(state.matrix) - 1).any()
        assert [bound.metric for bound in instance.bounds(state, rounds)] == ["average-preference"] * int(winner), name


# --- recorded duels -----------------------------------------------------------------------------------------------


def test_recorded_duels_by_hand(duels):
    items, wins = load(duels)
    assert items == ("tuna", "eel", "egg")
    assert_array_equal(wins, [[0, 6, 1], [2, 0, 3], [0, 1, 0]])
    assert_allclose(start(Pairs(duels)).matrix, [[0.5, 6 / 8, 1], [2 / 8, 0.5, 3 / 4], [0, 1 / 4, 0.5]])
    smooth = start(Pairs(duels, smoothing=1.0)).matrix
    assert_allclose(smooth, [[0.5, 7 / 10, 2 / 3], [3 / 10, 0.5, 4 / 6], [1 / 3, 2 / 6, 0.5]])
    turned = start(Pairs(duels, items=["egg", "tuna", "eel"], smoothing=1.0)).matrix
    assert_allclose(turned, smooth[np.ix_([2, 0, 1], [2, 0, 1])])


def test_rows_stand_for_one_duel_without_a_count_and_may_repeat(tmp_path):
    file = tmp_path / "d.csv"
    file.write_text('\ufeffloser , winner\n"b, c",NA\n"b, c", NA\nNA,"b, c"\n', encoding="utf-8")
    items, wins = load(str(file))
    assert items == ("NA", "b, c")
    assert_array_equal(wins, [[0, 2], [1, 0]])


def test_a_pair_that_never_met_is_even_where_smoothed(tmp_path):
    file = tmp_path / "d.csv"
    file.write_text("winner,loser\na,b\nc,d\n")
    matrix = start(Pairs(str(file), smoothing=1.0)).matrix
    assert matrix[0, 2] == matrix[1, 3] == 0.5 and matrix[0, 1] == 2 / 3


def test_a_changed_file_is_read_again(tmp_path):
    import os

    file = tmp_path / "d.csv"
    for text, names in (("a,b", ("a", "b")), ("c,d", ("c", "d"))):
        file.write_text(f"winner,loser\n{text}\n")
        os.utime(file, ns=(1, hash(text) % 10**15))
        assert load(str(file))[0] == names


TABLES = {
    "winner,looser\na,b\n": r"no column 'loser' \(there are: winner, looser\)$",
    "first,second\na,b\n": r"no column 'winner' \(there are: first, second\)$",
    "winner,loser,winner\na,b,c\n": r"more than one column 'winner'$",
    "": r"no column 'winner' \(there are: none\)$",
    "winner,loser\n": r"holds no duels$",
    "winner,loser\na,b\n\na,b\n": r"row 3: should have 2 fields, as the header has, got 0$",
    "winner,loser\na,b\na,b,2\n": r"row 3: should have 2 fields, as the header has, got 3$",
    "winner,loser\na,\n": r"row 2: loser should be the name of an item, is empty$",
    "winner,loser\na,b\na,a\n": r"row 3: winner and loser should be two items, got 'a' twice$",
    "winner,loser,count\na,b,2.5\n": r"row 2: count should be a whole number >= 0, got '2.5'$",
    "winner,loser,count\na,b,-1\n": r"row 2: count should be a whole number >= 0, got '-1'$",
    "winner,loser,count\na,b,\n": r"row 2: count should be a whole number >= 0, got ''$",
    "winner,loser,count\na,b,1\na,c,0\n": r"the item 'c' never met another one$",
    "winner,loser\na,b\na,c\n": r"'b' and 'c' never met; with smoothing > 0 such a pair is even$",
    "winner,loser\na,b\nc,d\n": r"'a' and 'c' never met, nor did 3 other pairs; with smoothing > 0",
    'winner,loser\na,"b\n': r"cannot be read as CSV: ",
    "winner,loser\na,b\xe9\n": r"cannot be read as CSV: 'utf-8' codec",
}


@pytest.mark.parametrize("text", TABLES)
def test_a_table_of_duels_that_makes_no_sense_is_one_line(text, tmp_path):
    file = tmp_path / "d.csv"
    file.write_bytes(text.encode("latin-1"))
    for read in (start, kept):
        with pytest.raises(UserError, match=f"^{file}: {TABLES[text]}") as error:
            read(Pairs(str(file)))
        assert "\n" not in str(error.value)


def test_items_of_a_table_of_duels(duels, tmp_path):
    with pytest.raises(UserError, match=r"duels.csv: row 4: 'egg' is none of the items \(there are: eel, tuna\)$"):
        start(Pairs(duels, items=["tuna", "eel"]))
    with pytest.raises(UserError, match=r"row 2: 'tuna' is none of the items; did you mean 'tunas'\?$"):
        start(Pairs(duels, items=["tunas", "eel"]))
    with pytest.raises(UserError, match=r"duels.csv: the item 'roe' never met another one$"):
        start(Pairs(duels, items=["tuna", "eel", "roe", "egg"], smoothing=1.0))
    with pytest.raises(UserError, match=r"gone.csv: no such file$"):
        start(Pairs(str(tmp_path / "gone.csv")))


# --- mistakes -----------------------------------------------------------------------------------------------------

SETTINGS = [
    ({"kind": "matrix", "matrix": "arxv-6"}, r"and no published matrix; did you mean 'arxiv-6'\?$"),
    (
        {"kind": "matrix", "matrix": "zz"},
        r"no published matrix \(there are: arithmetic-8, arxiv-6, cyclic-4, mslr-5\)$",
    ),
    ({"kind": "matrix", "matrix": [[0.5, 0.6], [0.4]]}, r"matrix: should be square, got 2 rows of 1 or 2 numbers$"),
    ({"kind": "matrix", "matrix": []}, r"matrix: should be square, got 0 rows of no numbers$"),
    ({"kind": "matrix", "matrix": [[0.5]]}, r"matrix: should be square, with at least 2 rows, got 1 rows of 1$"),
    ({"kind": "matrix", "matrix": [[0.5, 0.6], [0.5, 0.5]]}, r"matrix: \[0\]\[1\] \+ \[1\]\[0\] should be 1, got 1.1$"),
    ({"kind": "matrix", "matrix": [[0.6, 0.6], [0.4, 0.4]]}, r"matrix: \[0\]\[0\] \+ \[0\]\[0\] should be 1, got 1.2$"),
    (
        {"kind": "cyclic", "arms": 4},
        r"arms: should be odd, and at least 3, got 4: an odd number of arms is on the circle$",
    ),
    ({"kind": "cyclic", "arms": 3, "champion": 0.6}, r"arms: should be even, and at least 4, with a champion, got 3"),
    ({"kind": "cyclic", "arms": 2, "champion": 0.6}, r"arms: should be even, and at least 4, with a champion, got 2"),
    ({"kind": "cyclic", "arms": 4, "champion": 0.5}, r"champion: should be above 1/2, got 0.5$"),
    ({"kind": "cyclic", "strength": 0.6}, r"strength: at most 1/2, got 0.6$"),
    ({"kind": "bradley-terry"}, r"give either utilities = \[...\] or arms = K \(with spread, or with prior\)$"),
    ({"kind": "bradley-terry", "utilities": [0.0, 1.0], "arms": 2}, r"give either utilities"),
    ({"kind": "bradley-terry", "utilities": [0.0]}, r"utilities: at least 2 arms, got 1$"),
    ({"kind": "bradley-terry", "utilities": [0.0, 1.0], "spread": 1.0}, r"utilities leaves nothing to spread"),
    ({"kind": "bradley-terry", "arms": 3, "prior": "normal(0, 1)", "spread": 1.0}, r"prior leaves nothing to spread"),
    (
        {"kind": "bradley-terry", "arms": 3, "prior": "beta(1, 1)"},
        r"prior: no law 'beta' .*; write normal\(mean, std\)",
    ),
    ({"kind": "bradley-terry", "arms": 3, "link": "probbit"}, r"link: should be 'logistic', 'probit' or 'exponential'"),
    ({"kind": "pairs", "data": "duels.txt"}, r"data: a path that ends in .csv, got 'duels.txt'$"),
    ({"kind": "pairs", "data": "d.csv", "items": ["a", "a"]}, r"items: at least 2 names, each once, got \['a', 'a'\]$"),
]


@pytest.mark.parametrize(("settings", "line"), SETTINGS, ids=str)
def test_a_setting_that_makes_no_sense_is_one_line(settings, line):
    with pytest.raises(UserError, match=line) as error:
        reading.parse({"environment": [settings], "policy": [{"kind": "dueling/uniform"}]}, "g")
    assert str(error.value).startswith("g: environment[0]") and "\n" not in str(error.value)


FILES = {
    "a,b\n0.5,0.6\n0.4,0.5\n": "",
    "0.5,0.6\n0.4,0.5\n": "m.csv below its line of names: should be square, with at least 2 rows, got 1 rows of 2$",
    "a,b\n0.5,1.6\n-0.6,0.5\n": r"m.csv below its line of names: probabilities lie in \[0, 1\], got -0.6 .. 1.6$",
    "a,b\n0.5,0.6\n0.6,0.5\n": r"m.csv below its line of names: \[0\]\[1\] \+ \[1\]\[0\] should be 1, got 1.2$",
    "a,b\n0.5,x\n0.6,0.5\n": "m.csv: column 'b': should hold numbers only",
}


@pytest.mark.parametrize("text", FILES)
def test_matrix_from_a_file(text, tmp_path):
    file = tmp_path / "m.csv"
    file.write_text(text)
    world = Matrix(str(file))
    if not FILES[text]:
        assert start(world).matrix.tolist() == [[0.5, 0.6], [0.4, 0.5]] and len(kept(world)) == 5
        return
    for read in (start, kept):
        with pytest.raises(UserError, match=FILES[text]):
            read(world)


def test_matrix_from_an_array_file(tmp_path):
    np.save(tmp_path / "m.npy", CYCLE)
    assert_array_equal(start(Matrix(str(tmp_path / "m.npy"))).matrix, CYCLE)
    np.save(tmp_path / "m.npy", np.zeros((2, 2, 2)))
    with pytest.raises(UserError, match=r"m.npy: should be square, with at least 2 rows, got shape \(2, 2, 2\)$"):
        start(Matrix(str(tmp_path / "m.npy")))
