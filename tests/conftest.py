"""What all tests share."""

import os

import pytest


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get("NUMBA_DISABLE_JIT") == "1":
        # the counter hash relies on 64-bit words that wrap around; compiled code does so in silence
        config.addinivalue_line("filterwarnings", "ignore:overflow encountered:RuntimeWarning")
