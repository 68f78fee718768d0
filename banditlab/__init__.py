"""BanditLab: compiled simulations of bandit and online-learning policies, from a grid to a paper's figure."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from banditlab.adapters import adapt
    from banditlab.agents import Agent, agent
    from banditlab.analysis.loading import load
    from banditlab.analysis.results import Result
    from banditlab.api import bound, grid, log, make, play, run, run_grid
    from banditlab.errors import UserError
    from banditlab.fuse import kernel
    from banditlab.registry import environment, load_plugin, metric, policy, wrapper

_HOMES = {
    "adapt": "adapters",
    "Agent": "agents",
    "agent": "agents",
    "Result": "analysis.results",
    "load": "analysis.loading",
    "bound": "api",
    "grid": "api",
    "log": "api",
    "make": "api",
    "play": "api",
    "run": "api",
    "run_grid": "api",
    "UserError": "errors",
    "kernel": "fuse",
    "environment": "registry",
    "load_plugin": "registry",
    "metric": "registry",
    "policy": "registry",
    "wrapper": "registry",
}

__all__ = [
    "Agent",
    "Result",
    "UserError",
    "adapt",
    "agent",
    "bound",
    "checks",
    "environment",
    "grid",
    "kernel",
    "load",
    "load_plugin",
    "log",
    "make",
    "metric",
    "play",
    "policy",
    "run",
    "run_grid",
    "wrapper",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that importing the package costs nothing."""
    if name == "checks":
        return importlib.import_module("banditlab.checks")
    if name not in _HOMES:
        raise AttributeError(f"module 'banditlab' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"banditlab.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
