"""Whatever a file holds, a user reads one line a mistake, and no wrong number: fuzzed grids and damaged results."""

import json

import numpy as np
import pytest

from banditlab import load
from banditlab.errors import UserError
from banditlab.runs import reading, runner
from tests.test_docs import GRIDS

TEXTS = [file.read_text(encoding="utf-8") for file in GRIDS]
WORDS = (
    "0", "-1", "1e400", "nan", "inf", "true", '""', "'\\u0000'", "[]", "{}", "[[1, 2], [3]]", "1979-05-27", "{ a = 1 }",
    "9" * 40, "kind", "label", "sweep", "when", "[[policy]]", "[[environment]]", "[defaults]", "[policy]", "zip = true",
    "=", "#", "\\", "\ud800", '"../../../x"', '"/etc/passwd"', '"/"', "name", "data", "path", "wrapper", "switch",
    "trace",
)  # fmt: skip


def fuzzed(rng):
    """A grid of the experiments with a few lines changed, at random."""
    lines = TEXTS[rng.integers(len(TEXTS))].splitlines()
    for _ in range(rng.integers(1, 5)):
        at = int(rng.integers(len(lines)))
        key, equals, value = lines[at].partition("=")
        word = WORDS[rng.integers(len(WORDS))]
        lines[at] = [
            f"{key}= {word}",
            word,
            f"{word} = {value}",
            lines[int(rng.integers(len(lines)))],
            lines[at][: int(rng.integers(len(lines[at]) + 1))],
            f"{key}{equals}[{value}, {word}]",
        ][rng.integers(6)]
    return "\n".join(lines)


def read_fuzzed(count, folder):
    """Read so many grids; how many of them could be."""
    rng, fine = np.random.default_rng(0), 0
    for number in range(count):
        file = folder / f"g{number % 10}.toml"
        file.write_bytes(fuzzed(rng).encode("utf-8", "surrogatepass"))
        try:
            reading.read(file)
            fine += 1
        except UserError as error:
            assert str(error).strip()
    return fine


def test_fuzzed_grids_are_read_or_refused(tmp_path):
    assert 0 < read_fuzzed(300, tmp_path) < 300


@pytest.mark.claims
def test_ten_thousand_fuzzed_grids_are_read_or_refused(tmp_path):
    assert 0 < read_fuzzed(10_000, tmp_path) < 10_000


def load_damaged(count, folder):
    """Damage a file of a results folder, so many times; every number that is read is one that was written."""
    rng, whole = np.random.default_rng(0), {file: file.read_bytes() for file in folder.glob("*.*") if file.is_file()}
    written, refused = numbers(load(folder)), 0
    for _ in range(count):
        file = [*whole][rng.integers(len(whole))]
        content = bytearray(whole[file])
        if rng.random() < 0.3:
            content = content[: rng.integers(len(content) + 1)]
        for _ in range(rng.integers(0 if len(content) < len(whole[file]) else 1, 4) if content else 0):
            content[rng.integers(len(content))] = rng.integers(256)
        file.write_bytes(content)
        try:
            found = numbers(load(folder))
            assert found <= written
        except UserError:
            refused += 1
        file.write_bytes(whole[file])
    return refused


def numbers(result):
    """Each value that a result has, and what it is of."""
    return {
        (cell.environment, cell.policy, repr(cell.parameters), cell.horizon, metric, float(value))
        for cell in result.cells
        for metric, curves in cell.curves.items()
        for value in np.ravel(curves)
    }


def test_damaged_results_are_read_rightly_or_refused(make_grid, tmp_path):
    runner.run(make_grid(), tmp_path / "r", jobs=1)
    assert load_damaged(60, tmp_path / "r") > 0


@pytest.mark.claims
def test_two_thousand_damaged_results_are_read_rightly_or_refused(make_grid, tmp_path):
    runner.run(make_grid(), tmp_path / "r", jobs=1)
    assert load_damaged(2000, tmp_path / "r") > 0


def test_words_of_json_that_are_no_grid(make_grid, tmp_path):
    runner.run(make_grid(), tmp_path / "r", jobs=1)
    file = tmp_path / "r" / "grid.json"
    for value in (None, 3, [], {}, "x", [[]], {"name": "small"}):
        file.write_text(json.dumps(value))
        with pytest.raises(UserError):
            load(tmp_path / "r")
        with pytest.raises(UserError):
            reading.stored(tmp_path / "r")
