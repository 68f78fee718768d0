"""What pictures show is what the environment knows and what the policy plays by."""

import subprocess
import sys
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest
from matplotlib.figure import Figure

import banditlab
from banditlab import registry
from banditlab.environments.arms import Coins, make_coins
from banditlab.errors import UserError
from banditlab.pictures import pictured, sketch_environment
from banditlab.pictures.games import SKETCHES
from banditlab.pictures.truth import beside, truth_in
from banditlab.played import Played
from banditlab.runs.pair import begin, start_contexts, start_environment
from banditlab.runs.reading import from_python
from banditlab.sketches import MEAN, Ellipsoids, Field, Intervals, Lines, Net, Preferences, Table, Values
from tests.checks.test_contracts import PARAMETERS, built_in, name_of

BARE = {"bandit/replay"}  #: nobody knows the means behind a log
#: Where each policy with a picture is played.
WORLDS = {
    "bandit": {"kind": "bernoulli", "arms": 4, "gap": 0.2},
    "linear": {"kind": "bandit/linear", "arms": 4, "dim": 2},
    "domain": {"kind": "bandit/kernelized", "points": 5},
    "dueling": {"kind": "dueling/kernelized", "points": 4},
}


def sketched(kind, horizon=120, seed=0, replication=0, **parameters):
    """The sketches of an environment, and its state."""
    found = registry.find("environment", kind)
    instance = found.cls(**parameters)
    state = start_environment(found, instance, seed, replication, replication, horizon)
    return sketch_environment(found, instance, state, horizon, start_contexts(found, seed, replication)), state


def world_of(kind):
    if kind.game != "bandit" or "domain" in kind.needs:
        return WORLDS["dueling" if kind.game == "dueling" else "domain"]
    return WORLDS["linear" if kind.needs & {"features", "arm-features"} else "bandit"]


def test_every_game_has_a_picture():
    assert set(SKETCHES) == {kind.game for kind in registry.kinds("environment")}


@pytest.mark.parametrize("kind", built_in("environment"), ids=name_of)
def test_every_environment_is_drawn(kind):
    instance = kind.cls(**PARAMETERS.get(name_of(kind), {}))
    if name_of(kind) in BARE:
        with pytest.raises(UserError, match="nothing to see"):
            instance.plot(horizon=20)
        return
    figure = instance.plot(horizon=20, title="<a title>")
    figure.canvas.draw()
    assert figure.get_suptitle() == "<a title>"
    assert all(axes.get_xlabel() or not axes.axison or axes.get_label() == "<colorbar>" for axes in figure.axes)


def test_an_instance_is_the_one_that_a_run_meets():
    """The means of replication 1 are those that its regret was counted by."""
    arms = banditlab.make("bernoulli", arms=3, prior="beta(1,1)")
    played = banditlab.play(arms, {"kind": "bandit/fixed", "arm": 2}, horizon=10, replication=1, seed=5)
    [sketch], _ = sketched("bernoulli", 10, seed=5, replication=1, arms=3, prior="beta(1,1)")
    assert sketch.label == MEAN
    assert played.totals["regret"] == pytest.approx(10 * (sketch.values.max() - sketch.values[2]))


@pytest.mark.parametrize(("seed", "replication"), [(5, 1), (5, 2), (6, 1)])
def test_contexts_are_those_that_a_run_meets(seed, replication):
    """The first duel's regret is that of the chances which are drawn; so is the first reward's of a linear bandit."""
    pair = {"kind": "dueling/fixed", "first": 1, "second": 2}
    world = {"kind": "dueling/linear", "arms": 4, "dim": 3}
    played = banditlab.play(world, pair, horizon=1, seed=seed, replication=replication)
    [table], _ = sketched("dueling/linear", seed=seed, replication=replication, arms=4, dim=3)
    best = int((table.values >= 0.5).sum(axis=1).argmax())
    assert played.totals["strong-preference"] == pytest.approx(table.values[best, [1, 2]].max() - 0.5)
    arm = {"kind": "bandit/fixed", "arm": 2}
    played = banditlab.play({"kind": "bandit/linear", "dim": 3}, arm, horizon=7, seed=seed, replication=replication)
    [gaps], _ = sketched("bandit/linear", seed=seed, replication=replication, dim=3)
    assert played.totals["regret"] == pytest.approx(gaps.values[2, :7].sum())


def test_arms_that_stay_have_means_and_those_that_change_have_lines():
    [arms], _ = sketched("bernoulli", means=[0.2, 0.7, 0.7])
    assert isinstance(arms, Values)
    assert (arms.values.tolist(), list(arms.best), arms.label) == ([0.2, 0.7, 0.7], [1, 2], MEAN)
    [lines], state = sketched("piecewise", means=[[0.1, 0.9], [0.8, 0.3]], changes=[50])
    assert isinstance(lines, Lines)
    assert (lines.x.tolist(), lines.values.tolist()) == ([0, 50, 120], [[0.1, 0.9], [0.8, 0.3], [0.8, 0.3]])
    assert [truth_in([lines], state, t).means.tolist() for t in (49, 50, 120)] == [[0.1, 0.9], [0.8, 0.3], [0.8, 0.3]]
    [losses], _ = sketched("adversarial", period=50)
    assert "gap" in losses.label  # its means are losses: no means of rewards are claimed
    [contexts], _ = sketched("bandit/linear")
    assert isinstance(contexts, Table)
    assert contexts.values.shape == (10, 120)
    assert (contexts.values.min(axis=0) == 0).all()


def test_duels_are_a_matrix_or_utilities_on_a_domain():
    matrix = [[0.5, 0.6, 0.7], [0.4, 0.5, 0.8], [0.3, 0.2, 0.5]]
    [table], _ = sketched("dueling/matrix", matrix=matrix)
    assert table.values == pytest.approx(np.array(matrix))
    shown, state = sketched("dueling/kernelized", points=7)
    assert isinstance(shown[0], Field)
    assert shown[0].points.shape == (49, 2)
    assert list(shown[0].best) == [state.best[0]]
    assert shown[0].values.max() == 0


def test_constraints_bar_points():
    (objective, constraint), state = sketched("gardner1", points=9)
    assert (objective.barred == (state.truth[1] > 0)).all()
    assert 0 < objective.barred.sum() < len(objective.barred)
    assert not objective.barred[list(objective.best)].any()
    assert (constraint.values == state.truth[1]).all()


def test_budgets_are_spent_by_the_best_mixture():
    """By the linear program no budget is overspent, and one is empty at the end."""
    shown, _ = sketched("knapsack/bernoulli", budget=60.0)
    left = shown[-1].values
    assert left.shape == (121, 2)
    assert (left[0] == 60).all()
    assert left.min() == pytest.approx(0, abs=1e-9)
    assert left[-1].min() == pytest.approx(0, abs=1e-9)


def test_graphs_have_their_edges_where_they_are():
    [net], state = sketched("shortest-path", grid=3)
    assert isinstance(net, Net)
    nodes = {0}
    for start, end in net.ends[np.sort(net.edges)]:  # each to the right or down: the best set is a path
        assert start in nodes or end in {e for e, _ in net.ends[net.edges]} | {8}
        nodes.add(int(end))
    steps = net.places[net.ends[:, 1]] - net.places[net.ends[:, 0]]
    assert sorted(set(map(tuple, steps.tolist()))) == [(0.0, -1.0), (1.0, 0.0)]
    walked = sorted(net.ends[net.edges].tolist())
    assert walked[0][0] == 0 and walked[-1][1] == 8
    assert net.values[net.edges].sum() == pytest.approx(state.benchmarks[0])


def test_an_environment_of_a_user_is_drawn_as_its_game_says(monkeypatch):
    monkeypatch.setattr(registry, "_kinds", dict(registry._kinds))

    @banditlab.environment("two-coins", game="bandit", metrics=("regret",))
    @dataclass(frozen=True)
    class TwoCoins(Coins):
        def start(self, rng, noise, horizon):
            return make_coins(np.zeros((2, 0)), np.array([0.3, 0.4]), noise)

        def facts(self, state):
            return {}

    assert isinstance(TwoCoins().plot(), Figure)
    [arms], _ = sketched("two-coins")
    assert arms.values.tolist() == [0.3, 0.4]


@pytest.mark.parametrize("kind", [k for k in built_in("policy") if hasattr(k.cls, "sketch")], ids=name_of)
def test_every_belief_is_drawn_and_changes_nothing(kind):
    played = banditlab.play(world_of(kind), kind.title, horizon=30)
    before = repr(played.state)
    played.plot().canvas.draw()
    assert repr(played.state) == before


LINEAR = [
    kind
    for kind in built_in("policy")
    if kind.game == "bandit" and hasattr(kind.cls, "sketch") and not kind.needs & {"domain", "bounded-rewards"}
]


@pytest.mark.parametrize("kind", LINEAR, ids=name_of)
@pytest.mark.parametrize("world", ["bandit/linear", "bandit/logistic"])
@pytest.mark.parametrize(("arms", "dim"), [(2, 2), (5, 2), (3, 5), (5, 5)])
@pytest.mark.parametrize("fresh", [True, False])
def test_what_is_drawn_as_true_is_of_the_kind_that_is_believed(kind, world, arms, dim, fresh):
    """Means beside intervals, where they stay; weights beside ellipsoids, where means are linear in them; or none."""
    about = {"kind": world, "arms": arms, "dim": dim, "fresh": fresh}
    made = from_python(about, kind.title, source="a test", horizon=20, seed=0)
    [cell] = made.cells
    start = begin(cell, made.settings, 0)
    cell.world.kind.cls.observe(start.env, 0, start.contexts)  # the round whose means the state holds
    figure = Played(cell, made.settings, 0, start.policy, start.env, {}).plot()
    figure.canvas.draw()
    drawn = [line for axes in figure.axes for line in axes.lines if line.get_label() == "truth"]
    if kind.cls.sketch.__annotations__["return"] == "Intervals":
        assert [line.get_ydata().tolist() for line in drawn] == ([] if fresh else [start.env.means.tolist()])
    elif world == "bandit/logistic":
        assert drawn == []
    elif dim == 2:
        [star] = drawn
        assert [star.get_xdata()[0], star.get_ydata()[0]] == start.env.theta.tolist()
    else:
        assert drawn
        assert all(line.get_ydata().tolist() == start.env.theta.tolist() for line in drawn)


def test_on_a_map_the_best_point_is_marked_where_it_is_known():
    """On a plane a star, at the largest true mean; arms that nobody played have no colour."""
    played = banditlab.play(WORLDS["domain"], "independent-ucb", horizon=3)
    figure = played.plot()
    figure.canvas.draw()
    [star, _] = [line for axes in figure.axes for line in axes.lines if line.get_label() == "truly best"]
    [field], _ = sketched("bandit/kernelized", 3, points=5)
    assert star.get_xydata()[0].tolist() == field.points[field.values.argmax()].tolist()


def test_what_a_caller_says_is_true_has_the_right_shape():
    intervals = Intervals(np.zeros(3), np.zeros(3), np.ones(3), "all")
    ellipsoid = Ellipsoids(np.zeros((1, 2)), np.eye(2)[None], "one")
    duels = Preferences(np.full((4, 4), 0.5), np.zeros((4, 4)))
    assert beside(intervals, [1, 2, 3]).tolist() == [1, 2, 3]
    assert beside(duels, 3) == 3
    for sketch, truth, said in (
        (intervals, [0.5, 0.5], r"truth: means, of shape \(3,\); got \[0.5, 0.5\]"),
        (ellipsoid, [0.5], r"truth: weights, of shape \(2,\); got \[0.5\]"),
        (duels, 4, "truth: the index of an arm, 0 .. 3; got 4"),
        (duels, [0.1, 0.2], "truth: the index of an arm, 0 .. 3; got"),
        (intervals, ["a", "b", "c"], "truth: means"),
    ):
        with pytest.raises(UserError, match=f"^{said}"):
            beside(sketch, truth)


def test_models_of_arms_that_are_left_out_are_counted():
    world = {"kind": "bandit/linear", "arms": 5, "dim": 3}
    axes = banditlab.play(world, "linucb-disjoint", horizon=10).plot().axes
    assert [one.get_xlabel() for one in axes] == [
        "weight of arm 0", "weight of arm 1", "weight of arm 2 (of 5, 3 are drawn)"
    ]  # fmt: skip


def test_the_three_telling_cases_have_pictures():
    assert {"ucb1", "kl-ucb", "thompson-beta", "linucb", "lints", "gp-ucb"} <= set(pictured("bandit"))
    assert "maxminlcb" in pictured("dueling")
    assert "bandit/ucb1" in pictured("convex")


@pytest.mark.parametrize(
    "name", ["ucb1", "kl-ucb", "ucb-v", "moss", "discounted-ucb", "sliding-window-ucb", "independent-ucb", "gp-ucb"]
)
def test_the_upper_ends_are_what_the_policy_plays_by(name):
    """Whatever it plays next has the largest one."""
    kind = registry.find("policy", name)
    for replication in range(3):
        played = banditlab.play(world_of(kind), name, horizon=60, replication=replication)
        instance, state = played.cell.player.instance, played.state
        highs = instance.sketch(state, 60).highs
        assert highs.argmax() == np.flatnonzero(np.isclose(highs, highs.max(), atol=1e-9))[0]
        arm = kind.cls.choose(state, 60, played.world.features, np.random.default_rng(0))
        assert highs[arm] == pytest.approx(highs.max(), abs=1.1e-4)  # kernelised ties are within 1e-4


def test_the_interval_of_ucb1_is_its_own():
    state = registry.find("policy", "ucb1").cls.State(
        np.array([4, 16]), np.array([2.0, 4.0]), np.array([0.5, 0.25]), np.array([0.5, 0.25])
    )
    found = banditlab.make("ucb1").sketch(state, 20)
    assert found.highs == pytest.approx([0.5 + np.sqrt(2 * np.log(20) / 4), 0.25 + np.sqrt(2 * np.log(20) / 16)])
    assert found.lows == pytest.approx(2 * found.means - found.highs)


def test_credible_intervals_hold_95_percent():
    played = banditlab.play(WORLDS["bandit"], "thompson-beta", horizon=100)
    found, rng = played.cell.player.instance.sketch(played.state, 100), np.random.default_rng(0)
    draws = rng.beta(played.state.wins, played.state.losses, (20_000, 4))
    inside = ((draws > found.lows) & (draws < found.highs)).mean(axis=0)
    assert inside == pytest.approx([0.95] * 4, abs=0.01)  # 6 standard deviations
    assert found.plays.sum() == 100


def test_an_ellipsoid_is_where_the_index_is_reached():
    """The largest x'theta on the ellipsoid of LinUCB is its index."""
    played = banditlab.play(WORLDS["linear"], "linucb", horizon=50)
    found = played.cell.player.instance.sketch(played.state, 50)
    assert isinstance(found, Ellipsoids)
    x, angles = np.array([0.6, -0.8]), np.linspace(0, 2 * np.pi, 100_001)
    border = (
        found.centres[0] + np.column_stack([np.cos(angles), np.sin(angles)]) @ np.linalg.cholesky(found.shapes[0]).T
    )
    index = x @ played.state.theta + np.sqrt(x @ played.state.inverse @ x)
    assert (border @ x).max() == pytest.approx(index, rel=1e-6)


def test_draws_of_lints_have_the_deviation_of_its_ellipsoid():
    played = banditlab.play(WORLDS["linear"], "lints", horizon=50)
    found, state = played.cell.player.instance.sketch(played.state, 50), played.state
    verbs, rng, draws = registry.find("policy", "lints").cls, np.random.default_rng(0), []
    for _ in range(4000):
        verbs.choose(state, 50, played.world.features, rng)
        draws.append(state.theta[0].copy())
    spread = np.cov(np.array(draws).T)
    assert 4 * spread == pytest.approx(found.shapes[0], rel=0.15, abs=0.1 * found.shapes[0].max())
    assert np.mean(draws, axis=0) == pytest.approx(found.centres[0], abs=5 * np.sqrt(spread.max() / 4000))


def test_preferences_are_those_of_the_belief():
    played = banditlab.play(WORLDS["dueling"], "maxminlcb", horizon=40)
    found = played.cell.player.instance.sketch(played.state, 40)
    assert isinstance(found, Preferences)
    assert found.chances + found.chances.T == pytest.approx(np.ones((16, 16)))
    assert (found.lows <= found.chances + 1e-12).all()
    assert np.diagonal(found.lows) == pytest.approx(np.full(16, 0.5))
    figure = played.plot()
    assert [axes.get_xlabel() for axes in figure.axes][:2] == ["$x_1$", "$x_1$"]


def test_an_agent_has_a_picture_and_arms_without_plays_reach_to_the_border():
    agent = banditlab.agent("ucb1", arms=3)
    agent.plot().canvas.draw()
    agent.ask()
    agent.tell(1.0)
    figure = agent.plot(truth=[0.5, 0.5, 0.5])
    figure.canvas.draw()
    assert figure.get_suptitle() == "ucb1 after 1 rounds"
    [dots] = [line for line in figure.axes[0].lines if line.get_label() == "mean"]
    assert len(dots.get_xdata()) == 1  # arms without data have no mean
    assert "truth" in [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    points = np.linspace(0, 1, 6)[:, None]
    duels = banditlab.agent("maxminlcb", arms=6, dim=1, told={"domain": points})
    assert [axes.get_xlabel() for axes in duels.plot().axes][:2] == ["against x", "against x"]


def test_what_has_no_picture_says_which_have():
    with pytest.raises(UserError, match=r"^policy 'exp3' has no picture; these have: discounted-ucb, .*, ucb1$"):
        banditlab.play(WORLDS["bandit"], "exp3", horizon=10).plot()
    with pytest.raises(UserError, match="policy 'ucb1': a state of its own is needed, got int"):
        banditlab.make("ucb1").plot(3)
    theory = banditlab.play(WORLDS["domain"], {"kind": "gp-ucb", "width": "theory"}, horizon=5)
    with pytest.raises(UserError, match=r"depends on the rounds: plot\(state, t\)"):
        theory.cell.player.instance.plot(theory.state)
    theory.plot()
    theory = banditlab.agent("lints", arms=3, dim=2, told={"noise": 1.0, "arm_features": True})
    with pytest.raises(UserError, match=r"depends on the rounds: plot\(state, t\)"):
        banditlab.make("lints").plot(theory.state)
    banditlab.make("lints").plot(theory.state, 0)


def test_a_state_of_another_class_of_the_same_name_is_refused():
    class Other(NamedTuple):
        plays: np.ndarray

    Other.__qualname__ = "UCB1.State"
    with pytest.raises(UserError, match="policy 'ucb1': a state of its own is needed"):
        banditlab.make("ucb1").plot(Other(np.zeros(2)))


def test_rounds_that_are_not_known_are_not_in_the_title():
    """A window counts the plays in it, not the rounds."""
    policy = {"kind": "sliding-window-ucb", "tau": 10}
    played = banditlab.play(WORLDS["bandit"], policy, horizon=30)
    instance = played.cell.player.instance
    assert instance.plot(played.state).get_suptitle() == "sliding-window-ucb"
    assert instance.plot(played.state, 30).get_suptitle() == "sliding-window-ucb after 30 rounds"


def test_a_sketch_of_a_user_is_checked(monkeypatch):
    monkeypatch.setattr(registry, "_kinds", dict(registry._kinds))

    @banditlab.policy("shy", game="bandit")
    @dataclass(frozen=True)
    class Shy:
        class State(NamedTuple):
            plays: np.ndarray

        def start(self, problem, rng):
            return self.State(np.zeros(problem.arms))

        def sketch(self, state, t):
            return [Intervals(np.zeros(2), np.zeros(2), np.ones(2), "all"), "nothing"]

        @staticmethod
        def choose(state, t, features, rng):
            return 0

        @staticmethod
        def learn(state, t, features, arm, reward):
            state.plays[arm] += 1

    with pytest.raises(UserError, match="^sketch: one of Values, .* got str$"):
        Shy().plot(Shy.State(np.zeros(2)))


def test_a_replication_that_is_played_is_that_of_a_run():
    run = banditlab.run(WORLDS["bandit"], "ucb1", horizon=80, replications=3, seed=4, progress=False)
    played = banditlab.play(WORLDS["bandit"], "ucb1", horizon=80, replication=2, seed=4)
    frame = run.frame.query("replication == 2 and x == 80").set_index("metric")["value"]
    assert played.totals == frame.to_dict()
    assert played.state.plays.sum() == 80
    assert repr(played).startswith("<ucb1 in bernoulli, replication 2 after 80 rounds: regret ")
    with pytest.raises(UserError, match="one environment and one policy are needed, got 2 cells"):
        banditlab.play(WORLDS["bandit"], ["ucb1", "moss"])


def test_names_are_made_into_instances():
    assert banditlab.make("ucb1") == registry.find("policy", "ucb1").cls()
    assert banditlab.make("dueling/linear", dim=3).dim == 3
    for call, said in (
        (lambda: banditlab.make("ucb"), "no environment or policy 'ucb'; did you mean 'ucb1'?"),
        (lambda: banditlab.make("bernoulli", arm=3), "bernoulli.arm: unknown key; did you mean 'arms'?"),
        (lambda: banditlab.make("linear", dim=3), "'linear' is ambiguous: write 'bandit/linear' or 'dueling/linear'"),
    ):
        with pytest.raises(UserError) as caught:
            call()
        assert str(caught.value) == said


def test_matplotlib_waits_until_it_is_needed():
    code = "import banditlab, sys; banditlab.play('bandit/linear', 'ucb1', horizon=3)._repr_html_(); "
    code += "banditlab.make('ucb1')._repr_html_(); assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
