"""Where and with what a run was made. No comparison of results looks at it."""

from __future__ import annotations

import datetime
import functools
import hashlib
import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from banditlab import registry

US = "banditlab-sim"
COMPUTE = ("numpy", "numba", "llvmlite", "scipy", "networkx")
HOLD = ("pandas", "pyarrow", "mlxtend", "river", "scikit-learn")  #: results, or data that are played
VERSION = re.compile(r"[\w.+-]+")
PACKAGE = Path(__file__).parents[1]


def collect() -> dict[str, Any]:
    """Return host, CPU, versions, the users' files, and the commits of the code and of the folder that one is in."""
    return {
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "host": platform.node(),
        "platform": platform.platform(),
        "cpu": cpu(),
        "cores": os.cpu_count(),
        "python": sys.version.split()[0],
        "versions": {name: version(name) for name in (US, *COMPUTE, *HOLD)},
        "git": {"banditlab": _state(PACKAGE) if _git(PACKAGE, "ls-files", Path(__file__)) else None, "here": _state()},
        "plugins": {file: _digest(file) for file in registry.plugins},
        "command": sys.argv,
    }


def write(folder: Path, about: dict[str, Any]) -> None:
    """Write a run's provenance beside those of the runs before it; what is no plain data says its `plain` form."""
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S%f")
    with (folder / "provenance" / f"run-{stamp}.json").open("w") as file:
        json.dump(about, file, indent=1, default=lambda one: one.plain())
        file.write("\n")


def read(folder: str | Path) -> list[dict[str, Any]]:
    """Return what the runs of a folder noted; what cannot be read is left out, since no number depends on it."""
    found = []
    for file in sorted((Path(folder) / "provenance").glob("run-*.json")):
        try:
            found.append(dict(json.loads(file.read_text(encoding="utf-8"))))
        except (OSError, ValueError, TypeError):
            continue
    return found


def adopt(folder: Path, others: Iterable[str | Path]) -> None:
    """Write what the runs of other folders noted, unless it is there already."""
    known = read(folder)
    for about in (about for other in others for about in read(other)):
        if about not in known:
            write(folder, about)


def played_with(folder: str | Path) -> str | None:
    """Return the version of BanditLab that a folder was last run with, where it is noted."""
    versions = [about["versions"] for about in read(folder) if isinstance(about.get("versions"), dict)]
    last = versions[-1].get(US) if versions else None
    return last if isinstance(last, str) and VERSION.fullmatch(last) else None


def commit(state: Any) -> str:
    """Return the commit of a state that a run noted, and whether anything differed from it; "unknown" without one."""
    if not isinstance(state, Mapping):
        return "unknown"
    return f"{str(state.get('commit'))[:12]}{' with changes' if state.get('dirty') else ''}"


def last_commit(folder: str | Path) -> str:
    """Return the commit of BanditLab's code in the last run of a folder that played something."""
    played = [about for about in read(folder) if about.get("timings")]
    states = [about["git"].get("banditlab") for about in played if isinstance(about.get("git"), Mapping)]
    return commit(states[-1] if states else None)


def version(name: str = US) -> str | None:
    """Return the version of an installed package; None where it is not, as where BanditLab runs from its source."""
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


def _state(folder: Path = Path()) -> dict[str, Any] | None:
    """Return the commit of a folder, and whether anything in its repository differs from it; None where git has none.

    A repository without a commit has the commit None.
    """
    changes = _git(folder, "status", "--porcelain")
    return None if changes is None else {"commit": _git(folder, "rev-parse", "HEAD"), "dirty": bool(changes)}


def _git(folder: Path, *words: str | Path) -> str | None:
    try:
        done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _digest(file: str) -> str | None:
    try:
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    except OSError:
        return None
