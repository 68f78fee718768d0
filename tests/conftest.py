"""What all tests share."""

import os

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):  # two at once are too much for a small machine
            item.add_marker(pytest.mark.xdist_group("browser"))


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get("NUMBA_DISABLE_JIT") == "1":
        # the counter hash relies on 64-bit words that wrap around; compiled code does so in silence
        config.addinivalue_line("filterwarnings", "ignore:overflow encountered:RuntimeWarning")
