"""From TOML to cells, and what a cell's key is made of."""

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import banditlab
from banditlab import registry
from banditlab.errors import UserError
from banditlab.runs.grid import Record
from banditlab.runs.identity import Keys
from banditlab.runs.reading import from_python, parse, read

HEAD = 'horizon = 100\nreplications = 2\ngame = "bandit"\n'
WORLD = '[[environment]]\nkind = "bernoulli"\narms = 5\n'
PLAYER = '[[policy]]\nkind = "uniform"\n'


@pytest.fixture
def read_text(tmp_path):
    def read_it(text, *overrides):
        (tmp_path / "g.toml").write_text(text)
        return read(tmp_path / "g.toml", overrides)

    return read_it


def labels(grid, role):
    return list(dict.fromkeys(getattr(cell, role) for cell in grid.cells))


# --- sweeps -------------------------------------------------------------------------------------------------------


def test_a_sweep_of_several_lists_is_their_product(read_text):
    grid = read_text(HEAD + WORLD + "sweep = { gap = [0.1, 0.2], best = [0.5, 0.75] }\n" + PLAYER)
    assert labels(grid, "environment") == [
        "bernoulli (gap=0.1, best=0.5)",
        "bernoulli (gap=0.1, best=0.75)",
        "bernoulli (gap=0.2, best=0.5)",
        "bernoulli (gap=0.2, best=0.75)",
    ]
    assert [cell.parameters["environment"]["gap"] for cell in grid.cells] == [0.1, 0.1, 0.2, 0.2]


def test_zip_pairs_lists(read_text):
    grid = read_text(HEAD + WORLD + "sweep = { gap = [0.1, 0.2], best = [0.5, 0.75] }\nzip = true\n" + PLAYER)
    assert labels(grid, "environment") == ["bernoulli (gap=0.1, best=0.5)", "bernoulli (gap=0.2, best=0.75)"]


def test_a_sweep_in_a_policy_and_over_the_horizon(read_text):
    text = HEAD.replace("horizon = 100\n", "sweep = { horizon = [10, 20] }\n") + WORLD
    grid = read_text(text + '[[policy]]\nkind = "thompson-beta"\nlabel = "TS"\nsweep = { prior_wins = [1, 2.5] }\n')
    assert [(cell.policy, cell.horizon) for cell in grid.cells] == [
        ("TS (prior_wins=1)", 10),
        ("TS (prior_wins=1)", 20),
        ("TS (prior_wins=2.5)", 10),
        ("TS (prior_wins=2.5)", 20),
    ]


def test_a_list_elsewhere_is_just_a_list(read_text):
    grid = read_text(HEAD + '[[environment]]\nkind = "bernoulli"\nmeans = [0.1, 0.2, 0.3]\n' + PLAYER)
    assert len(grid.cells) == 1
    swept = read_text(
        HEAD + '[[environment]]\nkind = "bernoulli"\nsweep = { means = [[0.1, 0.2], [0.3, 0.4]] }\n' + PLAYER
    )
    assert labels(swept, "environment") == ["bernoulli (means=[0.1, 0.2])", "bernoulli (means=[0.3, 0.4])"]


def test_close_values_of_a_sweep_have_labels_of_their_own(read_text):
    grid = read_text(HEAD + WORLD + "sweep = { gap = [0.1, 0.1000000001] }\n" + PLAYER)
    assert labels(grid, "environment") == ["bernoulli (gap=0.1)", "bernoulli (gap=0.1000000001)"]


# --- defaults, when, --set ----------------------------------------------------------------------------------------


def test_defaults_hold_where_nothing_else_is_written(read_text):
    text = HEAD + "[defaults.environment]\ngap = 0.25\nbest = 0.8\n[defaults.policy]\nprior_wins = 3.0\n"
    grid = read_text(text + WORLD + "gap = 0.5\n" + PLAYER + '[[policy]]\nkind = "thompson-beta"\n')
    assert grid.cells[0].parameters == {
        "environment": {"means": None, "arms": 5, "gap": 0.5, "best": 0.8, "prior": None},
        "policy": {},
    }
    assert grid.cells[1].parameters["policy"]["prior_wins"] == 3.0


def test_a_mistake_in_defaults_names_them(read_text):
    with pytest.raises(UserError, match=r"g.toml: defaults.environment.gap: should be greater than or equal to 0"):
        read_text(HEAD + "[defaults.environment]\ngap = -0.25\n" + WORLD + PLAYER)


def test_when_changes_a_policy_in_some_environments(read_text):
    text = HEAD + WORLD + "sweep = { gap = [0.1, 0.2] }\n"
    text += '[[policy]]\nkind = "thompson-beta"\n[[policy.when]]\nenvironment = { gap = 0.2 }\nprior_wins = 2.0\n'
    wins = [cell.parameters["policy"]["prior_wins"] for cell in read_text(text).cells]
    assert wins == [1.0, 2.0]


SHARED_WHEN = """
[defaults.policy]
when = [{ environment = { gap = 0.2 }, prior_wins = 2.0, exponent = 3.0 }]
"""


def test_when_may_stand_in_defaults(read_text):
    text = HEAD + SHARED_WHEN.replace(", exponent = 3.0", "") + WORLD + "sweep = { gap = [0.1, 0.2] }\n" + PLAYER
    text += '[[policy]]\nkind = "thompson-beta"\n[[policy]]\nkind = "thompson-beta"\nlabel = "own"\nprior_wins = 5.0\n'
    wins = [cell.parameters["policy"].get("prior_wins") for cell in read_text(text).cells]
    assert wins == [None, 1.0, 5.0, None, 2.0, 5.0]


def test_a_parameter_of_when_in_defaults_that_no_policy_has_is_refused(read_text):
    with pytest.raises(UserError, match=r"defaults.policy.exponent: no policy of this grid has that key"):
        read_text(HEAD + SHARED_WHEN + WORLD + "gap = 0.2\n" + '[[policy]]\nkind = "thompson-beta"\n')


def test_when_speaks_of_kinds_and_labels_too(read_text):
    text = HEAD + WORLD + '[[environment]]\nkind = "adversarial"\nlabel = "foe"\n[[policy]]\nkind = "thompson-beta"\n'
    text += '[[policy.when]]\nenvironment = { kind = "bernoulli" }\nprior_wins = 2.0\n'
    text += '[[policy.when]]\nenvironment = { label = "foe" }\nprior_wins = 3.0\n'
    assert [cell.parameters["policy"]["prior_wins"] for cell in read_text(text).cells] == [2.0, 3.0]


@pytest.mark.parametrize(
    ("override", "found"),
    [
        ("horizon=7", lambda grid: grid.cells[0].horizon == 7),
        ("horizon = 1_000", lambda grid: grid.cells[0].horizon == 1000),
        ("record.points=3", lambda grid: grid.settings.record.points == 3),
        ("policy.uniform.label=coin", lambda grid: grid.cells[0].policy == "coin"),
        ('policy.uniform.label="a=b"', lambda grid: grid.cells[0].policy == "a=b"),
        ("environment.bernoulli.gap=0.3", lambda grid: grid.cells[0].parameters["environment"]["gap"] == 0.3),
        ("environment.bernoulli.sweep.gap=[0.3, 0.4]", lambda grid: len(grid.cells) == 2),
    ],
)
def test_set_overrides(override, found, read_text):
    assert found(read_text(HEAD + WORLD + PLAYER, override))


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("horizon", r"--set horizon: should read key=value, such as"),
        ("=3", r"--set =3: should read key=value"),
        ("policy.unifrom.x=3", r"--set policy.unifrom.x=3: no policy 'unifrom'; did you mean 'uniform'\?"),
        ("policy.uniform.x=3", r"g.toml: policy\[0\].x: unknown key"),
        ("horizon.x=3", r"--set horizon.x=3: 'horizon' is no table"),
        ("horizont=3", r"g.toml: horizont: unknown key; did you mean 'horizon'\?"),
        ("horizon=many", r"g.toml: horizon: should be a valid integer, got 'many'"),
    ],
)
def test_a_mistake_in_set_is_one_line(override, line, read_text):
    with pytest.raises(UserError, match=line) as error:
        read_text(HEAD + WORLD + PLAYER, override)
    assert len(error.value.lines) == 1


def test_set_on_a_grid_whose_tables_are_none(read_text):
    with pytest.raises(UserError, match=r"write \[\[policy\]\] above each policy of the grid"):
        read_text("policy = 3\n" + HEAD + WORLD, "policy.uniform.x=3")


# --- smaller things -----------------------------------------------------------------------------------------------


def test_a_grid_is_named_after_its_file(read_text):
    assert read_text(HEAD + WORLD + PLAYER).name == "g"
    assert read_text('name = "other"\n' + HEAD + WORLD + PLAYER).name == "other"


METRIC = """
metric = "{metric}"
horizon = 20
replications = 2
[[environment]]
kind = "bernoulli"
arms = 3
[[environment]]
kind = "dueling/bradley-terry"
arms = 3
[[policy]]
kind = "ucb1"
[[policy]]
kind = "rucb"
"""


def test_a_grid_says_which_metric_it_is_about(tmp_path):
    (tmp_path / "g.toml").write_text(METRIC.format(metric="weak"))
    result = banditlab.run_grid(tmp_path / "g.toml", out=tmp_path / "r", progress=False)
    assert result.summary()["metric"].tolist() == ["regret", "weak"]  # a game without it shows its own
    assert result.summary("strong")["metric"].tolist() == ["strong"]
    assert [name for _, name in banditlab.load(tmp_path / "r").where()] == ["regret", "weak"]


def test_other_kinds_decide_what_an_ambiguous_one_is(read_text):
    world, players = '[[environment]]\nkind = "bernoulli"\n', '[[policy]]\nkind = "uniform"\n[[policy]]\nkind = "{}"\n'
    assert read_text(world + "arms = 3\n" + players.format("ucb1")).cells[0].game == "bandit"
    assert [cell.game for cell in read_text(world + players.format("static-mix")).cells] == ["knapsack"] * 2
    assert [cell.game for cell in read_text(world + "arms = 3\n" + players.format("fixed")).cells] == ["bandit"] * 2
    with pytest.raises(UserError, match="'linear' is ambiguous: write 'bandit/linear' or 'dueling/linear'"):
        read_text(world.replace("bernoulli", "linear") + players.format("fixed"))


def test_a_grid_is_about_several_metrics(tmp_path):
    (tmp_path / "g.toml").write_text(METRIC.format(metric="weak, strong"))
    result = banditlab.run_grid(tmp_path / "g.toml", out=tmp_path / "out", jobs=1, progress=False)
    assert result.summary()["metric"].tolist() == ["regret", "weak"]
    shown = [axis for axis in result.plot().axes if axis.get_visible()]
    assert [axis.get_ylabel() for axis in shown] == ["Regret", "Weak regret", "Strong regret"]


def test_a_metric_that_nothing_keeps_is_refused(read_text):
    with pytest.raises(UserError, match=r"metric: no metric 'weka'; did you mean 'weak'\?"):
        read_text(METRIC.format(metric="weka"))


def test_two_games_share_a_grid_and_each_policy_plays_its_own(read_text):
    text = 'horizon = 5\n[[environment]]\nkind = "bernoulli"\narms = 2\n[[environment]]\nkind = "matrix"\n'
    text += "matrix = [[0.5, 0.6], [0.4, 0.5]]\n"
    text += '[[policy]]\nkind = "ucb1"\n[[policy]]\nkind = "double-thompson"\n'
    assert [cell.title for cell in read_text(text).cells] == ["ucb1 in bernoulli", "double-thompson in matrix"]


@given(points=st.integers(1, 300), horizon=st.integers(1, 10**6), spacing=st.sampled_from(["log", "linear"]))
def test_record_points_hold_both_ends_and_increase(points, horizon, spacing):
    rounds = Record(points, spacing).rounds(horizon)
    assert (rounds[0], rounds[-1]) == (1, horizon)
    assert (np.diff(rounds) > 0).all()
    assert len(rounds) <= max(points, 2)


def test_a_quick_look_is_a_tenth_with_a_name_of_its_own(make_grid):
    quick = make_grid(horizon=1000, replications=50).quickened()
    assert (quick.name, quick.quick, quick.settings.replications) == ("small-quick", True, 5)
    assert {cell.horizon for cell in quick.cells} == {100}


def test_claims_are_checked_on_other_seeds(make_grid):
    grid = make_grid()
    assert grid.on_fresh_seeds().settings.seed != grid.settings.seed
    assert grid.on_fresh_seeds() == grid.on_fresh_seeds()


def test_python_takes_names_tables_instances_and_lists():
    bernoulli, greedy = (
        registry.find(*wanted).cls for wanted in (("environment", "bandit/bernoulli"), ("policy", "greedy"))
    )
    made = [
        from_python("dueling/linear", "colstim"),
        from_python({"kind": "bernoulli", "arms": 3}, ["ucb1", {"kind": "greedy", "label": "leader"}]),
        from_python(bernoulli(arms=3), greedy()),
    ]
    assert [[cell.title for cell in grid.cells] for grid in made] == [
        ["colstim in linear"],
        ["ucb1 in bernoulli", "leader in bernoulli"],
        ["greedy in bernoulli"],
    ]


def test_python_refuses_a_policy_for_an_environment():
    greedy = registry.find("policy", "greedy").cls()
    with pytest.raises(UserError, match="Greedy is no environment but a policy"):
        from_python(greedy, greedy)


# --- keys ---------------------------------------------------------------------------------------------------------

TABLE = {
    "name": "g", "horizon": 100, "replications": 2, "seed": 1, "record": {"points": 20, "spacing": "log"},
    "environment": [{"kind": "bernoulli", "arms": 5, "gap": 0.25, "best": 0.75}],
    "policy": [{"kind": "thompson-beta", "prior_wins": 2.0, "prior_losses": 3.0}],
}  # fmt: skip


def keys(table, portable=False):
    grid = parse(table, "g.toml")
    return [*map(Keys(grid.settings, portable).of, grid.cells)]


def shuffled(value, draw):
    if isinstance(value, dict):
        return {key: shuffled(value[key], draw) for key in draw(st.permutations(list(value)))}
    return [shuffled(item, draw) for item in value] if isinstance(value, list) else value


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_key_is_independent_of_the_order_of_keys(data):
    assert keys(shuffled(TABLE, data.draw)) == keys(TABLE)


SAME = {
    "name": {"name": "other"},
    "replications": {"replications": 9},
    "label": {"policy": [TABLE["policy"][0] | {"label": "TS"}]},
    "label of the environment": {"environment": [TABLE["environment"][0] | {"label": "easy"}]},
    "another policy after it": {"policy": [*TABLE["policy"], {"kind": "ucb1"}]},
    "a default written out": {"environment": [TABLE["environment"][0] | {"instance": "fresh"}]},
    "the game written out": {"game": "bandit"},
}
OTHER = {
    "seed": {"seed": 2},
    "horizon": {"horizon": 101},
    "record": {"record": {"points": 21, "spacing": "log"}},
    "parameter": {"policy": [TABLE["policy"][0] | {"prior_wins": 2.5}]},
    "parameter of the environment": {"environment": [TABLE["environment"][0] | {"gap": 0.2}]},
    "instance": {"environment": [TABLE["environment"][0] | {"instance": "fixed"}]},
}


@pytest.mark.parametrize("what", [*SAME, *OTHER])
def test_a_key_is_of_what_determines_the_numbers(what):
    changed = keys(TABLE | (SAME | OTHER)[what])
    assert (changed[0] == keys(TABLE)[0]) == (what in SAME)


def test_a_key_knows_whether_sums_are_portable():
    assert keys(TABLE) != keys(TABLE, portable=True)


def test_a_key_is_of_what_data_files_hold(tmp_path):
    file = tmp_path / "losses.csv"
    table = TABLE | {"horizon": 2, "environment": [{"kind": "table", "means": str(file), "entries": "losses"}]}
    file.write_text("a,b\n0,1\n1,0\n")
    before = keys(table)
    assert keys(table) == before
    file.write_text("a,b\n1,1\n1,0\n")
    assert keys(table) != before


def test_a_key_is_of_the_users_metrics(monkeypatch):
    before = keys(TABLE)
    registry.metric(game="bandit", name="count")(count)
    once = keys(TABLE)
    registry.metric(game="bandit", name="count", cumulative=True)(count)
    assert len({*before, *once, *keys(TABLE)}) == 3


def count(env, policy, round):
    return 1.0


def test_a_fixed_instance_stays_and_its_noise_does_not(make_grid, tmp_path):
    from banditlab.runs import pair

    worlds = {"kind": "bernoulli", "arms": 50, "prior": "beta(1, 1)"}
    means, keys_ = {}, {}
    for mode in ("fresh", "fixed"):
        [cell] = make_grid({**worlds, "instance": mode}, "bandit/uniform").cells
        starts = [pair.begin(cell, make_grid().settings, replication) for replication in range(3)]
        means[mode] = {start.env.means.tobytes() for start in starts}
        keys_[mode] = {int(start.env.noise) for start in starts}
    assert (len(means["fresh"]), len(means["fixed"])) == (3, 1)
    assert keys_["fresh"] == keys_["fixed"]
    assert len(keys_["fixed"]) == 3


def test_what_a_policy_needs_may_depend_on_its_parameters():
    world, policy = {"kind": "student-t", "arms": 2}, {"kind": "track-and-stop"}
    assert len(from_python(world, {**policy, "law": "gaussian"}).cells) == 1
    line = "policy 'track-and-stop' needs bounded-rewards, which environment 'student-t' does not give"
    with pytest.raises(UserError, match=line):
        from_python(world, {**policy, "law": "bernoulli"})


@pytest.mark.parametrize("kind", ["lints", "squarecb", "neusquarecb", "kernel-ucb"])
def test_weights_that_arms_cannot_share_come_with_a_remedy(kind):
    line = (
        f"run(): policy {kind!r} needs arm-features, which environment 'classification' does not give"
        ' (encoding = "disjoint" or "auto" does without)'
    )
    with pytest.raises(UserError, match=f"^{re.escape(line)}$"):
        from_python("classification", {"kind": kind, "encoding": "shared"})
    for encoding in ("disjoint", "auto"):
        assert len(from_python("classification", {"kind": kind, "encoding": encoding}).cells) == 1
