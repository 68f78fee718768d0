"""Tuning: fair in its budget, on random numbers of its own, and nothing but a choice."""

import json

import numpy as np
import pytest

import banditlab
from banditlab import cli, seeding
from banditlab.analysis import reproductions
from banditlab.errors import UserError
from banditlab.runs import reading, runner, searches, tuning, workers
from banditlab.runs.merging import merge
from banditlab.runs.runner import Shard
from banditlab.runs.searches import Choices, Span, candidates

CANONICAL = ("grid.json", "cells.parquet", "curves.parquet", "failures.json")
WIDTH = {"low": 0.01, "high": 10.0, "log": True}
WORLDS = [{"kind": "bandit/linear", "arms": 4, "dim": 3}, {"kind": "bandit/linear", "arms": 4, "sweep": {"dim": [6]}}]
TUNED = {"kind": "linucb", "tune": {"width": WIDTH}}
BUDGET = {"candidates": 5, "replications": 4}
KNAPSACK = {"kind": "knapsack/bernoulli", "rewards": [0.0, 0.8], "costs": [[0.0], [0.5]]}


@pytest.fixture
def make(make_grid):
    """Return a function that makes a small grid of which one policy is tuned."""

    def build(worlds=WORLDS, policies=(TUNED, "bandit/uniform"), tune=BUDGET, **settings):
        return make_grid(list(worlds), list(policies), tune=tune, **settings)

    return build


def same(one, other):
    return all((one / name).read_bytes() == (other / name).read_bytes() for name in CANONICAL)


# --- the choice -------------------------------------------------------------------------------------------------------


def test_the_best_mean_of_the_trials_is_evaluated(make, tmp_path):
    runner.run(make(), tmp_path, jobs=1)
    result = banditlab.load(tmp_path)
    table = result.tuning()
    assert len(table) == 10
    for cell in (cell for cell in result.cells if cell.policy == "linucb"):
        rows = table[table["environment"] == cell.environment]
        means = [one.final("regret").mean() for one in result.trials.cells if one.environment == cell.environment]
        np.testing.assert_allclose(rows["mean"], means)
        best = rows.iloc[int(np.argmin(means))]
        assert rows["chosen"].tolist() == [row == best.candidate for row in rows["candidate"]]
        assert json.loads(best["values"]) == {"width": cell.parameters["policy"]["width"]}
    assert table["rounds"].sum() == 10 * 4 * 150
    assert (table["cpu"] > 0).all()


def test_evaluation_is_that_of_the_values_by_hand(make, make_grid, tmp_path):
    """To the bit, and found again by the same keys: nothing of the tuning reaches it."""
    runner.run(make(), tmp_path / "tuned", jobs=1)
    for cell in (cell for cell in banditlab.load(tmp_path / "tuned").cells if cell.policy == "linucb"):
        worlds = [world for world in WORLDS if ("sweep" in world) == ("dim=6" in cell.environment)]
        width = cell.parameters["policy"]["width"]
        runner.run(make_grid(worlds, [{"kind": "linucb", "width": width}]), tmp_path / cell.key, jobs=1)
        [hand] = banditlab.load(tmp_path / cell.key).cells
        assert hand.key == cell.key
        for metric in cell.metrics:
            assert hand.curves[metric].tobytes() == cell.curves[metric].tobytes()


def test_no_random_number_is_shared(make, tmp_path, monkeypatch):
    """Every stream is a function of (root seed, names): those of the trials and of the evaluation are disjoint."""
    asked = {"trials": set(), "evaluation": set()}
    phase, sequence, run = ["trials"], seeding._sequence, runner._run

    def recorded(root, axes):
        asked[phase[0]].add((root, axes))
        return sequence(root, axes)

    def running(grid, *more):
        phase[0] = "trials" if grid.name.endswith("-tuning") else "evaluation"
        monkeypatch.setattr(seeding, "_sequence", recorded)
        try:
            return run(grid, *more)
        finally:
            monkeypatch.setattr(seeding, "_sequence", sequence)

    monkeypatch.setattr(runner, "_run", running)
    runner.run(make(), tmp_path, jobs=1)
    assert {axes[0] for _, axes in asked["trials"]} == {"instance", "noise", "contexts", "policy"}
    assert {axes for _, axes in asked["trials"]} & {axes for _, axes in asked["evaluation"]}  # the same names
    assert not asked["trials"] & asked["evaluation"]
    assert len({root for root, _ in asked["trials"]}) == 1


def test_candidates_meet_the_same_instances_which_are_fresh(make):
    worlds = [{"kind": "bandit/linear", "arms": 4, "dim": 3, "instance": "fixed"}]
    grid = make(worlds)
    played = tuning.trials(grid)
    assert grid.cells[0].world.fixed
    assert not any(cell.world.fixed for cell in played.cells)
    assert len({id(cell.world) for cell in played.cells}) == 1


@pytest.mark.compiled
def test_tuning_finds_a_better_width():
    """LinUCB with a width of 5 explores far too much, and no width of a sweep is better by much than the tuned one."""
    world = {"kind": "bandit/linear", "arms": 10, "dim": 5}
    widths = {"kind": "linucb", "label": "by hand", "sweep": {"width": [0.01, 0.1, 0.3, 1.0, 3.0, 5.0]}}
    settings = {"horizon": 500, "replications": 20, "seed": 2, "progress": False}
    result = banditlab.run(world, [TUNED, widths], tune={"candidates": 8, "replications": 20}, **settings)
    [row] = result.compare("linucb", "by hand (width=5)").itertuples()
    assert row.high < -3.0
    means = result.summary().set_index("policy")["mean"]
    assert means["linucb"] < 1.3 * means.min()


@pytest.mark.parametrize(
    ("world", "policy", "metric", "chosen"),
    [
        ({"kind": "bandit/linear"}, {"kind": "linucb", "tune": {"width": [0.1, 1.0, 5.0]}}, "regret", 0),
        (KNAPSACK, {"kind": "ucb-bwk", "tune": {"crad": [0.1, 1.0, 5.0]}}, "reward", 1),
    ],
)
def test_the_first_of_the_best_is_chosen_by_what_is_better(world, policy, metric, chosen, make, monkeypatch):
    grid = make([world], [policy], BUDGET | {"metric": metric})
    monkeypatch.setattr(tuning, "_means", lambda *_: iter([1.0, 3.0, 3.0] if chosen else [1.0, 3.0, 1.0]))
    [cell] = tuning.choose(grid, None, False).cells
    assert cell.player.instance == grid.cells[0].player.candidates[chosen]
    assert not cell.player.candidates


def test_a_metric_that_is_neither_good_nor_bad_is_refused(make):
    with pytest.raises(UserError, match="tune.metric: neither less nor more 'forced' is better"):
        make([KNAPSACK], [{"kind": "ucb-bwk", "tune": {"crad": [0.1]}}], BUDGET | {"metric": "forced"})


def test_a_candidate_that_fails_is_not_chosen(make, plugin, tmp_path):
    """`strays` leaves the arms in half of its replications, unless it is told to stay."""
    text = plugin.read_text().replace("rng.random() < 0.5", "rng.random() < self.chance")
    state = "    class State(NamedTuple):\n        arm: int"
    plugin.write_text(text.replace(state, "    chance: float = 0.5\n\n" + state))
    banditlab.registry.load_plugin(str(plugin))
    world = [{"kind": "bernoulli", "arms": 3}]
    policies = [{"kind": "strays", "tune": {"chance": [0.0, 1.0, 0.9]}}]
    report = runner.run(make(world, policies), tmp_path / "some", jobs=1)
    result = banditlab.load(tmp_path / "some")
    assert result.cells[0].parameters["policy"]["chance"] == 0.0
    assert not report.failures
    assert any("tuning: strays (chance=1) in bernoulli, 4 replications" in line for line in report.notes)
    assert "strays in bernoulli: 2 of 3 candidates did not finish, and could not be chosen" in repr(result)
    policies = [{"kind": "strays", "tune": {"chance": [1.0]}}, "bandit/uniform"]
    report = runner.run(make(world, policies), tmp_path / "none", jobs=1)
    assert len(report.failures) == 6
    assert "1 of 1 candidates did not finish; the first was taken" in repr(banditlab.load(tmp_path / "none"))


@pytest.mark.claims
@pytest.mark.parametrize(("n", "hidden"), [(5, 12.1), (20, 4.8), (100, 1.3)])
def test_the_trials_of_what_is_chosen_look_too_good(n, hidden):
    """The table of docs/statistics.md: regret that would be hidden by an evaluation on the seeds of the trials."""
    world = {"kind": "bandit/bernoulli", "arms": 10, "gap": 0.1}
    policy = {"kind": "epsilon-greedy", "tune": {"epsilon": {"low": 0.001, "high": 1.0, "log": True}}}
    settings = {"horizon": 1000, "replications": 200, "record": {"points": 2}, "progress": False}
    differences = []
    for seed in range(60):
        result = banditlab.run(world, policy, seed=seed, tune={"candidates": 16, "replications": n}, **settings)
        table = result.tuning()
        differences.append(table[table["chosen"]]["mean"].item() - result.cells[0].final("regret").mean())
    mean, error = np.mean(differences), np.std(differences, ddof=1) / 60**0.5
    print(f"{n:3} replications: {mean:.1f} ({error:.1f})")
    assert mean == pytest.approx(-hidden, abs=0.06)
    assert mean < -2.5 * error


# --- kept like all work -----------------------------------------------------------------------------------------------


@pytest.mark.compiled
def test_workers_do_not_show(make, tmp_path):
    for jobs, backend in ((1, None), (2, "threading"), (2, "loky")):
        runner.run(make(), tmp_path / f"{jobs}{backend}", jobs=jobs, backend=backend)
    for other in ("2threading", "2loky"):
        assert same(tmp_path / "1None", tmp_path / other)
        assert same(tmp_path / "1None" / "tuning", tmp_path / other / "tuning")


def played(folder):
    """Replications that the last run played of the trials, and of the evaluation."""
    notes = [sorted((place / "provenance").glob("run-*.json"))[-1] for place in (folder / "tuning", folder)]
    return tuple(json.loads(note.read_text())["done"] for note in notes)


def test_a_grid_that_grows_plays_what_is_missing(make, tmp_path):
    runner.run(make(), tmp_path, jobs=1)
    assert played(tmp_path) == (2 * 5 * 4, 2 * 2 * 6)
    runner.run(make(), tmp_path, jobs=1)
    assert played(tmp_path) == (0, 0)
    runner.run(make(policies=[TUNED, "bandit/uniform", "greedy"]), tmp_path, jobs=1)
    assert played(tmp_path) == (0, 2 * 6)
    before = make().cells[0].player.tuned.candidates
    grown = make(tune={"candidates": 7, "replications": 4})
    assert grown.cells[0].player.tuned.candidates[:5] == before
    runner.run(grown, tmp_path, jobs=1)
    assert played(tmp_path)[0] == 2 * 2 * 4
    runner.run(make(tune={"candidates": 5, "replications": 2}), tmp_path, jobs=1)
    assert played(tmp_path)[0] == 0
    assert (banditlab.load(tmp_path).tuning()["n"] == 2).all()


def test_replications_beyond_the_budget_do_not_decide(make, tmp_path):
    runner.run(make(), tmp_path, jobs=1)
    small = tuning.trials(make(tune={"candidates": 5, "replications": 2}))
    trials = banditlab.load(tmp_path / "tuning").cells
    means = list(tuning._means(small, tmp_path / "tuning", False))
    assert means == [one.final("regret")[:2].mean() for one in trials]
    assert means != [one.final("regret").mean() for one in trials]


def test_a_run_that_is_stopped_while_it_tunes_goes_on(make, tmp_path, monkeypatch, capsys):
    whole = tmp_path / "whole"
    runner.run(make(), whole, jobs=1)
    stop = iter([False] * 7 + [True] * 100)

    class Event:
        def is_set(self):
            return next(stop)

        def set(self):
            pass

    with monkeypatch.context() as patch:
        patch.setattr(workers.threading, "Event", Event)
        report = runner.run(make(), tmp_path / "cut", jobs=1)
    assert report.tuning
    assert report.interrupted
    assert not (tmp_path / "cut" / "grid.json").exists()
    assert cli.main(["status", str(tmp_path / "cut")]) == 0
    assert f"small-tuning: {report.done} of 40 replications of 10 cells are done" in capsys.readouterr().out
    runner.run(make(), tmp_path / "cut", jobs=1)
    assert played(tmp_path / "cut")[0] == 40 - report.done
    assert same(whole, tmp_path / "cut")
    assert same(whole / "tuning", tmp_path / "cut" / "tuning")


def test_shards_tune_by_themselves_and_merge(make, tmp_path):
    runner.run(make(), tmp_path / "straight", jobs=1)
    for i in (1, 2):
        runner.run(make(), tmp_path / f"shard-{i}", jobs=1, shard=Shard(i, 2))
    merge([tmp_path / "shard-1", tmp_path / "shard-2"], tmp_path / "merged")
    assert same(tmp_path / "merged", tmp_path / "straight")
    assert same(tmp_path / "merged" / "tuning", tmp_path / "straight" / "tuning")
    assert banditlab.load(tmp_path / "merged").tuning()["chosen"].sum() == 2


def test_a_folder_that_is_run_again_keeps_what_was_chosen(make, tmp_path):
    runner.run(make(), tmp_path, jobs=1)
    before = {name: (tmp_path / name).read_bytes() for name in CANONICAL}
    grid = reading.stored(tmp_path)
    assert not grid.to_tune
    report = runner.run(grid, tmp_path, jobs=1)
    assert report.done == 0
    assert {name: (tmp_path / name).read_bytes() for name in CANONICAL} == before


def test_a_check_tunes_anew(make):
    grid = make()
    fresh = grid.on_fresh_seeds()
    assert fresh.cells[0].player.candidates == grid.cells[0].player.candidates
    assert tuning.trials(fresh).settings.seed != tuning.trials(grid).settings.seed


def test_a_reproduction_of_a_tuned_grid_is_played_once(make, tmp_path):
    assert not reproductions.is_played(make(), tmp_path)
    runner.run(make(), tmp_path, jobs=1)
    assert reproductions.is_played(make(), tmp_path)
    assert not reproductions.is_played(make(tune={"candidates": 7, "replications": 4}), tmp_path)


# --- what is tried ----------------------------------------------------------------------------------------------------


def test_horizons_and_variants_are_tuned_by_themselves(make):
    policies = [
        {
            "kind": "linucb",
            "sweep": {"ridge": [0.5, 2.0]},
            "tune": {"width": [0.1, 0.2, 1.0]},
            "when": [{"environment": {"dim": 3}, "ridge": 7.0}],
        }
    ]
    with pytest.raises(UserError, match=r"policy\[0\].tune.width: stands in the when\[0\] too; drop one of them"):
        make(policies=[{**policies[0], "when": [{"environment": {"dim": 3}, "width": 7.0}]}])
    grid = make(policies=policies)
    assert [len(cell.player.candidates) for cell in grid.cells] == [3] * 4
    ridges = {(c.environment, c.policy): {one.ridge for one in c.player.candidates} for c in grid.cells}
    assert ridges["linear", "linucb (ridge=2)"] == {7.0}
    assert ridges["linear (dim=6)", "linucb (ridge=2)"] == {2.0}
    labels = [cell.policy for cell in tuning.trials(grid).cells]
    assert labels[0] == "linucb (ridge=0.5) (width=1)"


def named(space, number=20, kind="linucb", given=None):
    found = candidates(banditlab.registry.find("policy", kind), given or {}, space, number, 0, "g.toml: policy[0]")
    return [[getattr(one, name) for name in space] for one in found]


def test_what_stands_is_tried_first_where_it_lies_in_the_space():
    assert named({"width": Span(0.5, 2.0)})[0] == [1.0]
    assert [1.0] not in named({"width": Span(2.0, 3.0)})
    assert named({"width": Choices((0.5, 1.0, 2.0))})[0] == [1.0]
    assert sorted(named({"width": Choices((0.5, 2.0))})) == [[0.5], [2.0]]


def test_a_space_is_covered_evenly_and_two_parameters_are_not_tied():
    widths = [width for [width] in named({"width": Span(0.01, 10.0, log=True)}, 65)[1:]]
    counts, _ = np.histogram(np.log10(widths), 8, (-2, 1))
    assert counts.tolist() == [8] * 8
    both = np.log10(named({"width": Span(0.01, 10.0, True), "ridge": Span(0.01, 10.0, True)}, 65)[1:])
    assert np.histogram2d(*both.T, 4, [(-2, 1)] * 2)[0].ravel().tolist() == [4] * 16


def test_values_are_short_and_stay_inside():
    for low, high in ((0.001, 0.0011), (0.9, 0.999), (-1.0, 1.0), (1e-9, 1e9)):
        span = Span(low, high, log=low > 0)
        values = [span.at(share, False) for share in np.linspace(0, 1, 100, endpoint=False)]
        assert all(low <= value <= high for value in values)
        assert len(set(values)) == 100
        assert all(len(f"{value:g}") <= 12 and float(f"{value:.9g}") == value for value in values)


@pytest.mark.parametrize("log", [False, True])
def test_whole_numbers_are_tried_where_a_parameter_takes_them(log):
    found = named({"m": Span(1, 5, log)}, 20, "explore-then-commit")
    assert sorted(found) == [[1], [2], [3], [4], [5]]
    assert all(type(m) is int for [m] in found)


HEAD = """
horizon = 50
replications = 2
BUDGET
[[environment]]
kind = "bandit/linear"
[[policy]]
kind = "linucb"
"""
FULL = "tune = { candidates = 4, replications = 4 }"


@pytest.mark.parametrize(
    ("budget", "policy", "line"),
    [
        (
            "",
            "tune.width = [1.0]",
            "policy[0].tune: the grid has no budget: write [tune] with candidates and ",
        ),
        (FULL, "", "tune: no policy has a search space: write [policy.tune], or leave it out"),
        (FULL, "tune.widht = [1.0]", "policy[0].tune.widht: unknown key; did you mean 'width'?"),
        (FULL, "tune.width = []", "policy[0].tune.width: should be a range, such as { low = 0.1, high = 10.0, log = t"),
        (FULL, "tune.width = 3.0", "or a list of values, got 3.0"),
        (FULL, "tune = {}", "policy[0].tune: should be a table of ranges and lists, such as { width = { low = 0.1, hi"),
        (FULL, "tune = 3", "policy[0].tune: should be a table of ranges and lists, such as { width = { low = 0.1, hi"),
        (FULL, "tune.width = [1.0, -2.0]", "policy[0].tune.width[1]: should be greater than 0, got -2.0"),
        (FULL, "tune.width = ['a']", "policy[0].tune.width[0]: should be a valid number, got 'a'"),
        (FULL, "tune.width = {low = 0.0, high = 1.0}", "policy[0].tune.width.low: should be greater than 0, got 0.0"),
        (FULL, "tune.width = {low = 2.0, high = 1.0}", "policy[0].tune.width: low should be below high, got 2 and 1"),
        (FULL, "tune.width = {low = 1.0, high = inf}", "policy[0].tune.width.high: should be a finite number, got inf"),
        (FULL, "tune.width = {low = 1.0}", "policy[0].tune.width.high: missing"),
        (FULL, "tune.width = {low = 1.0, high = 2.0, lg = true}", "policy[0].tune.width.lg: unknown key; did you mean"),
        (FULL, "tune.width = [1.0]\nwidth = 1.0", "policy[0].tune.width: stands in the table too; drop one of them"),
        (FULL, "tune.width = [1.0]\nsweep = {width = [1.0]}", "tune.width: stands in the sweep too; drop one of them"),
        ("tune = {candidates = 0, replications = 4}", "tune.width = [1.0]", "tune.candidates: should be greater than"),
        ("tune = {candidates = 4, replications = 0}", "tune.width = [1.0]", "tune.replications: should be greater tha"),
        ("tune = {candidates = 4}", "tune.width = [1.0]", "tune.replications: missing"),
        ("tune = 7", "tune.width = [1.0]", "tune: should be a table, such as { candidates = 16, replications = 20 }"),
        (
            "tune = {candidates = 4, replications = 4, metric = 'regrets'}",
            "tune.width = [1.0]",
            "tune.metric: linucb in linear keeps no 'regrets'; did you mean 'regret'?",
        ),
    ],
)
def test_a_mistake_is_one_clear_line(budget, policy, line, tmp_path, capsys):
    file = tmp_path / "grid.toml"
    file.write_text(HEAD.replace("BUDGET", budget) + policy)
    assert cli.main(["run", str(file), "--dry-run"]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"{file}: ")
    assert line in error
    assert len(error.splitlines()) == 1


def test_values_that_do_not_go_together_are_named(make):
    policy = {"kind": "discounted-ucb", "tune": {"changes": [1, 2], "gamma": ["horizon", 0.9]}}
    line = r"""policy\[0\].*: changes belongs to gamma = "horizon"; tried with changes=\d, gamma=0.9"""
    with pytest.raises(UserError, match=line):
        make([{"kind": "bernoulli", "arms": 3}], [policy])


# --- what is said -----------------------------------------------------------------------------------------------------


def test_tables_say_what_was_tuned_and_what_was_not(make, tmp_path, capsys):
    runner.run(make(policies=[TUNED, "lints", "bandit/uniform"]), tmp_path, jobs=1)
    result = banditlab.load(tmp_path)
    width = result.cells[0].parameters["policy"]["width"]
    assert cli.main(["summary", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    row = next(line for line in said.splitlines() if line.startswith("linucb"))
    assert row.split()[-3:] == [f"width={width:g}", "of", "5"]
    assert [line.split()[-1] for line in said.splitlines() if line.startswith(("lints", "uniform"))] == ["no"] * 4
    said = " ".join(said.split())
    assert "tuned: linucb: width by 5 candidates x 4 replications in each environment, on other seeds; 6,000 r" in said
    assert "note: not tuned, though they have parameters: lints" in said
    assert cli.main(["summary", str(tmp_path), "--latex"]) == 0
    said = capsys.readouterr().out
    assert r"linucb$^\dagger$ & " in said
    assert r"lints & " in said
    assert "% tuned: linucb: width by 5 candidates x 4 replications" in said
    assert cli.main(["summary", str(tmp_path), "--tuning"]) == 0
    assert capsys.readouterr().out.count("chosen") == 2
    assert cli.main(["summary", str(tmp_path), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)[0]
    assert (record["tuned"], record["candidates"]) == ({"width": width}, 5)
    assert "not tuned, though they have parameters: lints" in repr(result)
    assert "not tuned, though they have parameters: lints" in result._repr_html_()
    assert "width by tuning" in make()._repr_html_()


@pytest.mark.parametrize(("space", "edge"), [([1.0, 20.0, 40.0], True), ([0.001, 1.0, 40.0, 80.0], False)])
def test_a_choice_at_the_edge_is_told(space, edge, make, tmp_path):
    grid = make(WORLDS[:1], [{"kind": "linucb", "tune": {"width": space}}])
    runner.run(grid, tmp_path, jobs=1)
    result = banditlab.load(tmp_path)
    chosen = result.cells[0].parameters["policy"]["width"]
    found = f"linucb in linear, T = {result.cells[0].horizon:,}: width={chosen:g}"
    said = f"{found} is the least that was tried: a wider space may have a better one"
    assert (said in repr(result)) == (chosen == min(space))
    assert (chosen == min(space)) or not edge


def test_a_grid_without_tuning_says_nothing_of_it(make_grid, tmp_path, capsys):
    runner.run(make_grid(), tmp_path, jobs=1)
    assert cli.main(["summary", str(tmp_path)]) == 0
    assert "tuned" not in capsys.readouterr().out
    assert cli.main(["summary", str(tmp_path), "--tuning"]) == 2
    assert "no policy of it was tuned" in capsys.readouterr().err
    assert banditlab.load(tmp_path).tuning().empty
    assert "tune" not in json.loads((tmp_path / "grid.json").read_text())


def test_one_replication_of_what_is_not_chosen_is_not_played(tmp_path, capsys):
    file = tmp_path / "grid.toml"
    file.write_text(HEAD.replace("BUDGET", FULL) + "tune.width = [0.1, 1.0]")
    for command in (["run", file, "--only", "linucb in linear:0"], ["trace", file], ["log", file, "-o", "l.csv"]):
        assert cli.main([str(word) for word in command]) == 2
        assert "linucb is tuned: run the grid, and name its results folder in place of it" in capsys.readouterr().err


def test_a_dry_run_counts_the_tuning(tmp_path, capsys):
    file = tmp_path / "grid.toml"
    file.write_text(HEAD.replace("BUDGET", FULL) + "tune.width = [0.1, 1.0]")
    out = ["--out", str(tmp_path / "r"), "--plain", "--jobs", "1"]
    assert cli.main(["run", str(file), "--dry-run", *out]) == 0
    said = capsys.readouterr().out
    assert "tuning before that: 2 cells x 4 replications x 50 rounds; 0 replications are kept from before" in said
    assert cli.main(["run", str(file), *out]) == 0
    assert f"candidates: {tmp_path / 'r' / 'tuning.csv'}" in capsys.readouterr().out
    assert (tmp_path / "r" / "tuning.csv").read_text().count("\n") == 3
    assert cli.main(["run", str(file), "--dry-run", *out]) == 0
    said = capsys.readouterr().out
    assert "1 cells x 2 replications x 50 rounds; 2 replications are kept from before" in said
    assert "tuning before that: 2 cells x 4 replications x 50 rounds; 8 replications are kept from before" in said


def test_a_quick_look_tunes_on_few_replications(make):
    grid = make(tune={"candidates": 5, "replications": 50}).quickened()
    assert grid.settings.tune.replications == 5
    assert tuning.trials(grid).settings.replications == 5
    assert {cell.player.tuned.replications for cell in grid.cells if cell.player.tuned} == {5}


@pytest.mark.parametrize(
    ("low", "high", "log"), [(1e-200, 1e200, True), (5e-324, 1e-323, True), (-8e307, 8e307, False)]
)
def test_ranges_of_any_size_have_values_within_them(low, high, log):
    values = [searches.Span(low, high, log).at(share, whole=False) for share in (0.0, 0.3, 0.999)]
    assert values == sorted(values)
    assert all(low <= value <= high for value in values)


def test_a_range_that_is_too_wide_is_refused():
    with pytest.raises(ValueError, match="high less low should be a finite number"):
        searches.Span(-1e308, 1e308)


def test_a_metric_can_be_named_for_each_game(make):
    tune = {"candidates": 2, "replications": 2, "metric": "average, regret"}
    [cell, *_] = make(tune=tune).cells
    assert tuning.decisive(cell, make(tune=tune).settings, "g").name == "regret"
