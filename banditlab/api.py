"""The calls of a notebook: run a grid that is written in Python, or in TOML."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from banditlab import registry
from banditlab.analysis.loading import load
from banditlab.analysis.results import Result
from banditlab.errors import UserError, nearest
from banditlab.played import Played, play_through
from banditlab.runs import runner
from banditlab.runs.grid import Grid
from banditlab.runs.logs import write_log
from banditlab.runs.pair import start_environment
from banditlab.runs.reading import as_table, from_python, read
from banditlab.validation import build


def run(
    environment: Any,
    policies: Any,
    *,
    horizon: int = 10_000,
    replications: int | dict[str, Any] = 20,
    seed: int = 0,
    game: str | None = None,
    name: str = "grid",
    record: dict[str, Any] | None = None,
    metric: str | None = None,
    trace: Sequence[str] = (),
    tune: dict[str, Any] | None = None,
    out: str | Path | None = None,
    jobs: int = -1,
    portable: bool = False,
    compiled: bool = True,
    progress: bool | None = None,
) -> Result:
    """Play policies in environments and return the results.

    Parameters
    ----------
    environment, policies : str, dict, instance of a registered class, or a list of these
        A kind ("ucb1", "dueling/linear"), or a dict with the keys of a TOML table: {"kind": "colstim", "c1": 2.0,
        "sweep": {...}, "label": ...}.
    horizon, replications, seed, game, name, record, metric, trace
        As at the top of a TOML grid; replications may be a precision, such as {"relative_half_width": 0.02}; traces
        need `out`.
    tune : dict, optional
        The budget of policies with a key "tune", such as {"candidates": 16, "replications": 20}.
    out : path, optional
        A results folder to keep and to continue; by default nothing is kept on disk.
    jobs : int
        Workers; -1 for all cores.
    portable : bool
        The same bits on every x86-64 CPU, at some cost.
    compiled : bool
        False runs everything in plain Python, for a debugger.
    progress : bool, optional
        Show a progress bar; by default where the output is a terminal or a notebook.

    Raises
    ------
    UserError
        One line for each mistake, before anything runs.

    Examples
    --------
    >>> import banditlab
    >>> arms = {"kind": "bernoulli", "arms": 3, "gap": 0.2}
    >>> result = banditlab.run(arms, ["ucb1", "thompson-beta"], horizon=1_000, replications=30)
    >>> result
    <results of grid: 2 cells>
    environment        policy metric    x ...
      bernoulli          ucb1 regret 1000 ...
      bernoulli thompson-beta regret 1000 ...

    A sweep makes a policy for each value:

    >>> swept = {"kind": "exp3", "sweep": {"rate": [0.01, 0.1]}}
    >>> banditlab.run(arms, swept, horizon=1_000, replications=30).labels("policy")
    ['exp3 (rate=0.01)', 'exp3 (rate=0.1)']
    """
    settings = {
        "name": name, "horizon": horizon, "replications": replications, "seed": seed,
        **({"game": game} if game else {}), **({"record": record} if record else {}),
        **({"metric": metric} if metric else {}), "trace": trace, **({"tune": tune} if tune else {}),
    }  # fmt: skip
    grid = from_python(environment, policies, **settings)
    options = {"jobs": jobs, "portable": portable, "compiled": compiled, "progress": _bar(progress)}
    if trace and out is None:
        raise UserError("trace: traces are files: give a folder for them, out=...")
    if out is not None:
        return _play(grid, out, **options)
    with tempfile.TemporaryDirectory() as folder:
        result = _play(grid, folder, **options)
        result.folder = None
        return result


def run_grid(
    path: str | Path,
    *,
    out: str | Path | None = None,
    overrides: Sequence[str] = (),
    quick: bool = False,
    jobs: int = -1,
    portable: bool = False,
    compiled: bool = True,
    progress: bool | None = None,
) -> Result:
    """Play what is missing of a TOML grid and return its results, as the command `banditlab run` does.

    Parameters
    ----------
    path : path
        Of the grid.
    out : path, optional
        Results folder; by default results/NAME.
    overrides : sequence of str
        As of `--set`: "policy.colstim.c1=2".
    quick : bool
        A tenth of the horizon and 5 replications, in a folder of its own.
    jobs, portable, compiled, progress
        As of `run`.

    Raises
    ------
    UserError
        One line for each mistake, before anything runs.
    """
    grid = read(path, overrides)
    grid = grid.quickened() if quick else grid
    folder = Path(out or Path("results") / grid.name)
    return _play(grid, folder, jobs=jobs, portable=portable, compiled=compiled, progress=_bar(progress))


def make(kind: str, *, game: str | None = None, **parameters: Any) -> Any:
    """Return an environment or a policy, to be looked at, drawn by its method `plot`, and given to `run` or `play`.

    Parameters
    ----------
    kind : str
        Its name, or game/name.
    game : str, optional
        Where two games have one of that name.
    **parameters
        Of its class.

    Raises
    ------
    UserError
        There is none, or both an environment and a policy; an unknown parameter, or a value out of range.

    Examples
    --------
    >>> import banditlab
    >>> banditlab.make("bernoulli", arms=3, gap=0.2)
    Bernoulli(means=None, arms=3, gap=0.2, best=0.6, prior=None)
    >>> banditlab.make("bernoulli", arms=3, gap=2.0)
    Traceback (most recent call last):
        ...
    banditlab.errors.UserError: bernoulli: gap: at most best = 0.6, since means lie in [0, 1]; got 2.0
    """
    roles = [role for role in registry.ROLES if registry.named(role, kind, game)]
    if len(roles) > 1:
        raise UserError(f"{kind!r} is an environment and a policy: say which by its class")
    if not roles:
        known = {one.name for role in registry.ROLES for one in registry.kinds(role, game)}
        raise UserError(f"no environment or policy {kind!r}{nearest(kind.rpartition('/')[2], known)}")
    return build(registry.find(roles[0], kind, game), parameters, kind)


def grid(path: str | Path, *, overrides: Sequence[str] = ()) -> Grid:
    """Return the grid of a TOML file, validated, without playing; a notebook shows it as a table.

    Parameters
    ----------
    path : path
    overrides : sequence of str
        As of `--set`: "policy.colstim.c1=2".

    Raises
    ------
    UserError
        One line for each mistake.
    """
    return read(path, overrides)


def play(
    environment: Any, policy: Any, *, horizon: int = 1_000, replication: int = 0, seed: int = 0, game: str | None = None
) -> Played:
    """Play one replication here, and return the states that it ends in.

    Parameters
    ----------
    environment, policy : str, dict, or instance of a registered class
        As of `run`.
    horizon : int
        The number of rounds.
    replication, seed : int
        The rounds are those of this replication in a run with that seed.
    game : str, optional
        Where two games have kinds of these names.

    Raises
    ------
    UserError
        One line for each mistake.

    Examples
    --------
    >>> import banditlab
    >>> played = banditlab.play({"kind": "bernoulli", "arms": 3, "gap": 0.2}, "ucb1", horizon=1_000)
    >>> played
    <ucb1 in bernoulli, replication 0 after 1,000 rounds: regret ...>
    >>> int(played.state.plays.sum())
    1000
    """
    named = {"game": game} if game else {}
    made = from_python(environment, policy, source="play()", horizon=horizon, seed=seed, **named)
    if len(made.cells) != 1:
        raise UserError(f"play(): one environment and one policy are needed, got {len(made.cells)} cells")
    return play_through(made.cells[0], made.settings, replication)


def bound(
    environment: Any, *, horizon: int = 10_000, seed: int = 0, replication: int = 0, game: str | None = None
) -> pd.DataFrame:
    """Return the lower bounds that are known for an environment, without playing.

    Parameters
    ----------
    environment : str, dict, or instance of a registered class
        As of `run`; a sweep makes several.
    horizon : int
        The round at which they are taken.
    seed, replication : int
        Of the instance, where it is drawn.
    game : str, optional
        Where two games have an environment of that name.

    Returns
    -------
    DataFrame
        environment, metric, bound, x, value, asymptotic. The bound on the sample complexity is T*, to be multiplied by
        kl(delta, 1 - delta) of a policy.

    Raises
    ------
    UserError
        One line for each mistake.

    Examples
    --------
    >>> import banditlab
    >>> bounds = banditlab.bound({"kind": "bernoulli", "arms": 3, "gap": 0.2}, horizon=1_000)
    >>> bounds[["metric", "bound", "value"]].round(1)
                  metric              bound  value
    0             regret         Lai-Robbins   34.1
    1  sample-complexity  Garivier-Kaufmann   72.4
    """
    bounded = {kind.game for kind in registry.kinds("environment") if hasattr(kind.cls, "bounds")}
    kind = registry.find("environment", str(as_table(environment, "environment").get("kind")), game, bounded)
    rows = []
    for cell in from_python(environment, f"{kind.game}/uniform", source="bound()", horizon=horizon, seed=seed).cells:
        world = cell.world
        instance = 0 if world.fixed else replication
        state = start_environment(world.kind, world.instance, seed, instance, replication, horizon)
        bounded = hasattr(world.kind.cls, "bounds") and not (world.then or world.wrappers)
        known = world.instance.bounds(state, np.array([horizon])) if bounded else []
        for found in known:
            rows.append((world.label, found.metric, found.name, horizon, float(found.values[0]), found.asymptotic))
    return pd.DataFrame(rows, columns=["environment", "metric", "bound", "x", "value", "asymptotic"])


def log(
    environment: Any,
    policy: Any,
    out: str | Path,
    *,
    horizon: int = 10_000,
    replication: int = 0,
    seed: int = 0,
) -> str:
    """Play a policy in an environment of the game `bandit`, write its rounds as logged data, and return the path.

    Each row holds the context, the action, its reward, and the probability with which the policy chose it. The
    environment `replay` reads such a file: {"kind": "replay", "log": banditlab.log(...)}.

    Parameters
    ----------
    environment, policy : str, dict, or instance of a registered class
        As of `run`. The policy is one that knows its probabilities, such as epsilon-greedy.
    out : path
        Ends in .parquet or .csv; a file of that name is replaced.
    horizon : int
        The number of rounds.
    replication, seed : int
        The rounds are those of this replication in a run with that seed.

    Raises
    ------
    UserError
        One line for each mistake; the policy does not know its probabilities; the file cannot be written.
    """
    grid = from_python(environment, policy, source="log()", game="bandit", horizon=horizon, seed=seed)
    if len(grid.cells) != 1:
        raise UserError(f"log(): one environment and one policy are needed, got {len(grid.cells)} cells")
    write_log(grid.cells[0], grid.settings, out, replication)
    return str(out)


def _play(grid: Grid, out: str | Path, **options: Any) -> Result:
    report = runner.run(grid, out, **options)
    if report.tuning:
        raise UserError(f"stopped while policies were tuned, after {report.done + report.found} replications of that")
    result = load(out)
    result.failures = report.failed()
    for note in report.remarks():
        print(f"note: {note}")
    for line in result.failures:
        print(f"failed: {line}")
    if report.interrupted:
        print(f"stopped after {report.done + report.found} finished replications")
    return result


def _bar(wanted: bool | None) -> runner.Progress | None:
    from banditlab.progress import bar, fits

    return bar() if (fits() if wanted is None else wanted) else None
