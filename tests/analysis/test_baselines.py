"""Baselines: one small file says what the results said, and stands beside one's own only where that is fair."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import banditlab
from banditlab.analysis import baselines
from banditlab.cli import main
from banditlab.errors import UserError
from banditlab.runs import reading
from tests.analysis import made

ROOT = Path(__file__).parents[2]
ARMS = {"kind": "bernoulli", "means": [0.9, 0.5, 0.1], "label": "three arms"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A results folder, and a baseline of it."""
    folder = tmp_path_factory.mktemp("baselines")
    run(ARMS, ["ucb1", "uniform"], name="small", replications=8, out=folder / "small")
    assert baselines.write(banditlab.load(folder / "small"), folder / "ref.parquet") == 8
    return folder


def run(environment, policies="exp3", horizon=500, replications=4, **options):
    return banditlab.run(
        environment, policies, horizon=horizon, replications=replications, jobs=1, progress=False, **options
    )


def test_a_baseline_says_what_the_results_say(place):
    whole, kept = banditlab.load(place / "small"), banditlab.load(str(place / "ref.parquet"))
    assert kept.name == "ref"
    for one, other in zip(whole.cells, kept.cells, strict=True):
        assert (one.policy, one.environment, one.parameters) == (other.policy, other.environment, other.parameters)
        assert other.metrics == ("regret",)
        assert (other.x[0], other.x[-1]) == (1, 500)
        assert 20 <= len(other.x) <= 2 * baselines.POINTS
        columns = np.searchsorted(one.x, other.x)
        assert (one.curves["regret"][:, columns].astype(np.float32) == other.curves["regret"]).all()
        assert (one.replications == other.replications).all()
    pairs = whole.summary()[["mean", "low", "high"]], kept.summary()[["mean", "low", "high"]]
    np.testing.assert_allclose(*pairs, rtol=1e-6)


def test_the_same_results_give_the_same_bytes(place):
    baselines.write(banditlab.load(place / "small"), place / "again.parquet")
    assert (place / "again.parquet").read_bytes() == (place / "ref.parquet").read_bytes()


def test_many_replications_are_cut_to_the_first_that_fit(place, monkeypatch):
    monkeypatch.setattr(baselines, "NUMBERS", 200)
    n = baselines.write(banditlab.load(place / "small"), place / "few.parquet")
    assert n == 200 // (2 * len(banditlab.load(place / "few.parquet").cells[0].x))
    assert len(banditlab.load(place / "few.parquet").cells[0].replications) == n


def test_a_baseline_stands_beside_ones_own(place, tmp_path):
    both = run({**ARMS, "label": "mine"}).beside(banditlab.load(place / "ref.parquet"))
    assert both.labels("environment") == ["mine"]
    assert both.labels("policy") == ["exp3", "ucb1 (ref)", "uniform (ref)"]
    assert both.summary()["n"].tolist() == [4, 8, 8]
    both.plot().savefig(tmp_path / "both.png")


FIXED = {**ARMS, "instance": "fixed"}
UNFIT = {
    "parameters": ({**ARMS, "means": [0.9, 0.5]}, {}, r"means \[0.9, 0.5, 0.1\], here \[0.9, 0.5\]"),
    "horizon": (ARMS, {"horizon": 400}, "the nearest environment has horizon 500, here 400"),
    "kind": ({"kind": "gaussian", "means": [0.0, 1.0]}, {}, "the kind bandit/bernoulli, here bandit/gaussian"),
    "instance": (FIXED, {}, "instance fresh, here fixed, of seed 0"),
    "wrapper": ({**ARMS, "wrapper": [{"kind": "delayed", "rounds": 2}]}, {}, "wrappers or turns"),
}


@pytest.mark.parametrize("what", UNFIT)
def test_what_is_not_the_same_is_not_drawn_together(place, what):
    environment, options, line = UNFIT[what]
    with pytest.raises(UserError, match=line) as error:
        run(environment, "bandit/uniform", **options).beside(banditlab.load(place / "ref.parquet"))
    assert len(error.value.lines) == 1
    assert str(error.value).startswith("ref: nothing to draw beside grid: ")


def test_a_metric_that_is_not_there_is_said():
    one = made.cell("p", [1.0, 2.0])
    curves = dict.fromkeys(("x", "y", "regret"), one.curves["regret"])
    own = made.result(replace(one, metrics=tuple(curves), curves=curves))
    other = made.result(one)
    for metric, named in ((None, "'x'"), ("x", "'x'"), ("x,y", "'x' or 'y'")):
        with pytest.raises(UserError) as error:
            own.beside(other, metric)
        assert error.value.lines == (f"made has no metric {named} (there are: regret)",)
    for metric in ("regret", "x, regret", "all"):  # one is enough
        assert own.beside(other, metric).labels("policy") == ["p", "p (made)"]
    with pytest.raises(UserError, match=r"no metric 'regert'; did you mean 'regret'\?"):
        own.beside(other, "regert")


def test_a_fixed_instance_is_the_same_only_with_its_seed(place, tmp_path):
    run(FIXED, seed=3, out=tmp_path / "fixed")
    other = banditlab.load(tmp_path / "fixed")
    assert len(run(FIXED, "ucb1", seed=3).beside(other).cells) == 2
    with pytest.raises(UserError, match="instance fixed, of seed 3, here fixed, of seed 4"):
        run(FIXED, "ucb1", seed=4).beside(other)


def test_the_command_line(place, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run(ARMS, out="mine")
    assert main(["baseline", "mine", "-o", "mine.parquet"]) == 0
    assert "baseline: mine.parquet, 4 replications, " in capsys.readouterr().out
    assert main(["plot", "mine", "--beside", str(place / "ref.parquet"), "-o", "figure.png"]) == 0
    assert Path("figure.png").exists()
    capsys.readouterr()
    assert main(["plot", "mine", "--beside", str(place / "ref.parquet"), "--metric", "realised-regret"]) == 2
    assert capsys.readouterr().err == "ref has no metric 'realised-regret' (there are: regret)\n"
    assert main(["list", "baselines"]) == 0
    assert "colstim-figure" in capsys.readouterr().out


def test_troubles_are_one_clear_line_each(place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    whole = (place / "ref.parquet").read_bytes()
    for name, content in {"cut": whole[:-200], "text": b"no parquet", "flipped": flipped(whole)}.items():
        Path(f"{name}.parquet").write_bytes(content)
        with pytest.raises(UserError, match=f"^{name}.parquet: .*damaged") as error:
            banditlab.load(f"{name}.parquet")
        assert len(error.value.lines) == 1
    with pytest.raises(UserError, match="curves.parquet: no baseline"):
        banditlab.load(place / "small" / "curves.parquet")
    with pytest.raises(UserError, match="^nowhere.parquet: no such file"):
        banditlab.load("nowhere.parquet")
    with pytest.raises(UserError, match="no results folder, and no baseline; did you mean 'colstim-figure'?"):
        banditlab.load("colstim-figur")
    with pytest.raises(UserError, match="mine.csv: a baseline is a file that ends in .parquet"):
        baselines.write(banditlab.load(place / "small"), "mine.csv")
    with pytest.raises(UserError, match="small: a baseline is made of finished results"):
        baselines.write(run(ARMS, name="small"), "mine.parquet")


def flipped(content):
    """The file with bits changed among its curves."""
    middle = len(content) // 3
    return content[:middle] + bytes(255 - byte for byte in content[middle : middle + 8]) + content[middle + 8 :]


@pytest.mark.parametrize("name", baselines.names())
def test_a_shipped_baseline_is_small_whole_and_of_its_grid(name):
    result = banditlab.load(name)
    assert (baselines.FOLDER / f"{name}.parquet").stat().st_size < 100_000
    [file] = [
        file
        for file in ROOT.glob("experiments/*/*.toml")
        if f"{file.parent.name}-{file.stem}".replace("_", "-") == name
    ]
    grid = reading.read(file)
    assert [(cell.environment, cell.policy, cell.horizon) for cell in result.cells] == [
        (cell.environment, cell.policy, cell.horizon) for cell in grid.cells
    ]
    for cell, written in zip(result.cells, grid.cells, strict=True):
        assert cell.seed == grid.settings.seed
        assert cell.parameters["environment"].keys() == written.parameters["environment"].keys()
        assert cell.x[-1] == cell.horizon
        assert all(np.isfinite(values).all() and len(values) >= 10 for values in cell.curves.values())


def test_shipped_baselines_belong_to_the_package():
    text = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    assert "baselines/*.parquet" in text
    assert len(baselines.names()) >= 10
