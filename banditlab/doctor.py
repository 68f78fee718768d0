"""Whether this machine can play: each thing that a run needs, tried, and what to do where it fails."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import numba
import threadpoolctl

from banditlab import registry
from banditlab.errors import UserError
from banditlab.fuse import CacheError
from banditlab.runs import provenance, reading, runner

ROUNDS = 2_000_000  #: of UCB1, for the rate
SLOW = 1_000_000  #: rounds per second of UCB1, below which something is wrong


class Finding(NamedTuple):
    """What was found of one thing."""

    verdict: Literal["ok", "note", "fails"]
    what: str
    text: str


def examine() -> Iterator[Finding]:
    """Yield what is found, one thing at a time."""
    yield Finding("ok", "python", f"{sys.version.split()[0]} on {platform.machine()}, {platform.system()}")
    names = (provenance.US, *provenance.COMPUTE)
    yield Finding("ok", "versions", ", ".join(f"{name} {provenance.version(name) or '(none)'}" for name in names))
    yield Finding("ok", "processor", f"{provenance.cpu() or 'unknown'}; {_usable()} of {os.cpu_count()} cores are ours")
    yield _compiler()
    yield _playing()
    yield _folder()
    yield from _plugins()
    yield _optional()


def _usable() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _compiler() -> Finding:
    if numba.config.DISABLE_JIT:
        return Finding("fails", "compiler", "NUMBA_DISABLE_JIT is set: everything runs in plain Python; unset it")
    place = numba.config.CACHE_DIR or "beside the package, else in the user's cache folder"
    return Finding("ok", "compiler", f"compiled code is kept {place if '/' not in place else 'in ' + place}")


def _playing() -> Finding:
    table = {"kind": "bernoulli", "arms": 10}
    grid = reading.from_python(table, "bandit/ucb1", source="doctor", game="bandit", horizon=ROUNDS, replications=1)
    begin = time.perf_counter()
    try:
        with tempfile.TemporaryDirectory() as folder, threadpoolctl.threadpool_limits(1):
            [work] = runner.survey(grid)
            compiled = time.perf_counter() - begin
            report = runner.run(grid, folder, jobs=1)
    except CacheError as error:
        return Finding("fails", "playing", str(error))
    if report.plain:
        return Finding("fails", "playing", f"UCB1 is not compiled: {work.pair.reason}")
    [taken] = report.timings.values()
    rate = taken.rounds / taken.cpu
    text = f"UCB1 plays {rate / 1e6:.1f} million rounds per second of CPU time; it was ready after {compiled:.1f} s"
    return Finding("ok" if rate > SLOW else "note", "playing", text)


def _folder() -> Finding:
    place = Path("results") if Path("results").is_dir() else Path()
    try:
        tempfile.TemporaryFile(dir=place).close()
    except OSError as error:
        return Finding(
            "fails", "results", f"{place.resolve()} cannot be written ({error.strerror}): run with --out DIR"
        )
    return Finding("ok", "results", f"{(Path() / 'results').resolve()} can be written")


def _plugins() -> Iterator[Finding]:
    try:
        kinds = [kind for role in (*registry.ROLES, "wrapper") for kind in registry.kinds(role)]
    except (UserError, TypeError) as error:
        yield Finding("fails", "kinds", str(error))
        return
    theirs = sum(not kind.cls.__module__.startswith("banditlab.") for kind in kinds)
    yield Finding("ok", "kinds", f"{len(kinds) - theirs} built in, {theirs} of plug-ins")
    for name, error in registry.broken.items():
        yield Finding("fails", "plug-in", f"{name} cannot be loaded: {error}; mend or remove its package")


def _optional() -> Finding:
    extras = {"dask": ("distributed",), "data": ("mlxtend", "river", "scikit-learn")}
    lacking = [extra for extra, names in extras.items() if not all(provenance.version(name) for name in names)]
    if not lacking:
        return Finding("ok", "extras", f"{' and '.join(extras)} are installed")
    return Finding(
        "note", "extras", f'without {" and ".join(lacking)}: pip install "banditlab-sim[{",".join(lacking)}]"'
    )
