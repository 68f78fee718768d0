"""What all tests share."""

import fcntl
import os

import pytest


@pytest.fixture(scope="module")
def one_browser(tmp_path_factory):
    """Wait until no other worker has a browser open: two at once are too much for a small machine."""
    with (tmp_path_factory.getbasetemp().parent / "browser.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get("NUMBA_DISABLE_JIT") == "1":
        # the counter hash relies on 64-bit words that wrap around; compiled code does so in silence
        config.addinivalue_line("filterwarnings", "ignore:overflow encountered:RuntimeWarning")
