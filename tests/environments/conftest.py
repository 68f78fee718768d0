"""What tests of environments share: data files, written where they are needed."""

import numpy as np
import pytest


@pytest.fixture
def csv(tmp_path):
    """Write a CSV file."""

    def write(text):
        (tmp_path / "data.csv").write_text(text)
        return str(tmp_path / "data.csv")

    return write


@pytest.fixture
def npz(tmp_path):
    """Write an NPZ file."""

    def write(**fields):
        np.savez(tmp_path / "data.npz", **fields)
        return str(tmp_path / "data.npz")

    return write
