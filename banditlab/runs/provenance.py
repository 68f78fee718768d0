"""Where and with what a run was made. No comparison of results looks at it."""

from __future__ import annotations

import datetime
import functools
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

LIBRARIES = ("banditlab-sim", "numpy", "numba", "llvmlite", "scipy", "pandas", "pyarrow")


def collect() -> dict[str, Any]:
    """Return host, CPU, versions and the state of the working tree."""
    return {
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "host": platform.node(),
        "platform": platform.platform(),
        "cpu": cpu(),
        "cores": os.cpu_count(),
        "python": sys.version.split()[0],
        "versions": {name: _version(name) for name in LIBRARIES},
        "git": _git("rev-parse", "HEAD"),
        "dirty": bool(_git("status", "--porcelain")),
        "command": sys.argv,
    }


def write(folder: Path, about: dict[str, Any]) -> None:
    """Write a run's provenance beside those of the runs before it."""
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S%f")
    (folder / "provenance" / f"run-{stamp}.json").write_text(json.dumps(about, indent=1) + "\n")


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


@functools.cache
def cpu() -> str:
    """Return the CPU's model: reordered sums differ in their last bits between models."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _git(*words: str) -> str | None:
    try:
        done = subprocess.run(["git", *words], capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
