"""Results: the finished work of a grid, as tables, comparisons and figures."""

from __future__ import annotations

import functools
import html
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from banditlab import registry
from banditlab.analysis import statistics
from banditlab.errors import UserError, nearest
from banditlab.games import games
from banditlab.runs.store import read_cells, read_curves, read_grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class CellResult:
    """Finished replications of one policy in one environment for one horizon.

    Attributes
    ----------
    environment, policy : str
        Labels.
    game : str
    kinds : dict of str to str
        Kinds of "environment" and "policy".
    parameters : dict of str to dict
        Parameters of "environment" and "policy", by name.
    horizon : int
    told : str
        Facts that the policy was told, beyond arms and dimension.
    metrics : tuple of str
        In the order of the game, the users' last.
    replications : ndarray (R,)
    x : ndarray (P,)
        The recorded numbers of rounds.
    curves : dict of str to ndarray (R, P)
        By metric.
    """

    environment: str
    policy: str
    game: str
    kinds: dict[str, str]
    parameters: dict[str, dict[str, Any]]
    horizon: int
    told: str
    metrics: tuple[str, ...]
    replications: np.ndarray
    x: np.ndarray
    curves: dict[str, np.ndarray]

    @property
    def tuned(self) -> bool:
        """Whether the policy was told the horizon."""
        return "horizon" in self.told.split(", ")

    def final(self, metric: str, at: int | None = None) -> np.ndarray:
        """Return the metric of each replication at the last round, or at the record point nearest to `at`.

        Raises
        ------
        UserError
            No round within 5 % of `at` was recorded.
        """
        return self.curves[metric][:, -1 if at is None else self.column(at)]

    def column(self, at: int) -> int:
        """Return the index of the record point nearest to a round; raises as `final`."""
        column = int(np.abs(self.x - at).argmin())
        if abs(self.x[column] - at) > max(1, 0.05 * at):
            nearest_one = f"the nearest recorded round is {self.x[column]}"
            raise UserError(f"{self.policy} in {self.environment}: round {at} was not recorded, {nearest_one}")
        return column


class Result:
    """The finished work of a grid.

    Attributes
    ----------
    name : str
    quick : bool
        Whether the grid was cut down to a first look.
    cells : list of CellResult
        In the order of the grid, those with a finished replication.
    missing : list of CellResult
        Those without.
    wanted : int
        Replications that the grid asks for; a cell may have more, from an earlier run, or fewer, where one was stopped
        or failed.
    folder : Path or None
    claims : list of dict
        The tables `[[claim]]` of the grid.
    failures : list of str
        A line for each cell and reason for which replications failed, in the run that made this result.
    """

    def __init__(
        self,
        name: str,
        quick: bool,
        cells: list[CellResult],
        folder: Path | None = None,
        claims: Sequence[dict[str, Any]] = (),
        wanted: int = 0,
    ):
        self.name, self.quick, self.folder, self.claims = name, quick, folder, list(claims)
        self.wanted = wanted
        self.cells = [cell for cell in cells if len(cell.replications)]
        self.missing = [cell for cell in cells if not len(cell.replications)]
        self.failures: list[str] = []

    # --- looking at it ---------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        rows = self._shown().to_string(index=False, float_format="{:.4g}".format)
        return f"<results of {self.name}: {len(self.cells)} cells>\n{rows}"

    def _repr_html_(self) -> str:
        note = " (a quick look)" if self.quick else ""
        rows = self._shown().to_html(index=False, float_format="{:.4g}".format, border=0)
        return f"<p><b>{html.escape(self.name)}</b>{note}, 95 % bootstrap-t intervals</p>{rows}"

    def _shown(self) -> pd.DataFrame:
        columns = ["environment", "policy", "metric", "x", "mean", "low", "high", "n", "told"]
        return self.summary().reindex(columns=columns)

    def unfinished(self) -> list[str]:
        """Return "12 of 30 replications of ucb1 in bernoulli" for each cell that has fewer than the grid asks for."""
        return [
            f"{len(cell.replications)} of {self.wanted} replications of {cell.policy} in {cell.environment}"
            for cell in [*self.cells, *self.missing]
            if len(cell.replications) < self.wanted
        ]

    def labels(self, role: str) -> list[str]:
        """Return the labels of the role "environment" or "policy", in order."""
        return list(dict.fromkeys(getattr(cell, role) for cell in self.cells))

    def metrics(self) -> list[str]:
        """Return the names of all metrics that some cell keeps."""
        return list(dict.fromkeys(metric for cell in self.cells for metric in cell.metrics))

    def where(self, metric: str | None = None, **wanted: Any) -> Iterator[tuple[CellResult, str]]:
        """Yield the cells that keep a metric, with its name.

        Parameters
        ----------
        metric : str, optional
            By default each game's first; "all" for all of them.
        **wanted
            Values of attributes, such as policy="ucb1".

        Raises
        ------
        UserError
            No cell keeps that metric.
        """
        if metric not in (None, "all", *self.metrics()):
            raise UserError(f"no metric {metric!r}{nearest(metric, self.metrics())}")
        for cell in self.cells:
            for name in cell.metrics if metric == "all" else (metric or cell.metrics[0],):
                if name in cell.metrics and all(getattr(cell, key) == value for key, value in wanted.items()):
                    yield cell, name

    @property
    def frame(self) -> pd.DataFrame:
        """All curves, tidy: a row a metric, replication and recorded round, and a column a parameter."""
        parts = []
        for cell, name in self.where("all"):
            runs, points = cell.curves[name].shape
            parts.append(
                pd.DataFrame(
                    {
                        "environment": cell.environment,
                        "policy": cell.policy,
                        "horizon": cell.horizon,
                        "metric": name,
                        "replication": np.repeat(cell.replications, points),
                        "x": np.tile(cell.x, runs),
                        "value": cell.curves[name].ravel(),
                        **_as_row(_parameters(cell)),
                    }
                )
            )
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()

    def summary(self, metric: str | None = None, *, confidence: float = 0.95) -> pd.DataFrame:
        """Return the metric at the last round: mean over all replications with its bootstrap-t interval.

        Parameters
        ----------
        metric : str, optional
            By default each game's first; "all" for all of them.
        confidence : float

        Returns
        -------
        DataFrame
            environment, policy, metric, x, mean, low, high, n, told, tuned, and environment.NAME and policy.NAME for
            each parameter.
        """
        return pd.DataFrame([_as_row(record) for record in self.records(metric, confidence=confidence)])

    def records(self, metric: str | None = None, *, confidence: float = 0.95) -> list[dict[str, Any]]:
        """Return the rows of `summary`, each with the parameters of its own environment and policy alone."""
        records = []
        for cell, name in self.where(metric):
            found = statistics.interval(cell.final(name), confidence)
            records.append(
                {
                    "environment": cell.environment,
                    "policy": cell.policy,
                    "metric": name,
                    "x": cell.horizon,
                    "mean": found.mean,
                    "low": found.low,
                    "high": found.high,
                    "n": found.n,
                    "told": cell.told,
                    "tuned": cell.tuned,
                    **_parameters(cell),
                }
            )
        return records

    def compare(
        self,
        a: str | None = None,
        b: str | None = None,
        metric: str | None = None,
        *,
        at: int | None = None,
        confidence: float = 0.95,
    ) -> pd.DataFrame:
        """Compare policies by paired differences a - b over the replications that both have.

        Parameters
        ----------
        a, b : str, optional
            Labels; every pair of policies where they are left out.
        metric : str, optional
            By default each game's first.
        at : int, optional
            Round; by default the last.

        Returns
        -------
        DataFrame
            A row an environment and pair: n, mean difference with its interval, p (sign-flip permutations), p_holm
            (corrected for all rows), the correlation that common random numbers gave, and how often smaller they made
            the variance.

        Raises
        ------
        UserError
            Unknown label or metric; two policies that never met.
        """
        for label in (a, b):
            if label is not None and label not in self.labels("policy"):
                raise UserError(f"no policy {label!r}{nearest(label, self.labels('policy'))}")
        pairs = [(a, b)] if a and b else itertools.combinations(self.labels("policy"), 2)
        rows = [row for one, other in pairs for row in self._compared(one, other, metric, at, confidence)]
        if not rows:
            who = f"{a!r} and {b!r}" if a and b else "two policies"
            raise UserError(f"{self.name}: {who} were never run in one environment")
        table = pd.DataFrame(rows)
        table.insert(table.columns.get_loc("p") + 1, "p_holm", statistics.holm(table["p"]))
        return table

    def _compared(self, a: str, b: str, metric: str | None, at: int | None, confidence: float) -> Iterator[dict]:
        others = {(cell.environment, cell.horizon): cell for cell, _ in self.where(metric, policy=b)}
        for one, name in self.where(metric, policy=a):
            other = others.get((one.environment, one.horizon))
            if other is not None:
                found = statistics.compare(*paired(one, other, name, at), confidence)
                yield {
                    "environment": one.environment,
                    "a": a,
                    "b": b,
                    "metric": name,
                    "x": at or one.horizon,
                    "n": found.n,
                    "difference": found.mean,
                    "low": found.low,
                    "high": found.high,
                    "p": found.p,
                    "correlation": found.correlation,
                    "variance_ratio": found.variance_ratio,
                }

    def growth(self, metric: str | None = None, *, confidence: float = 0.95) -> pd.DataFrame:
        """Return the growth exponent of each policy: the slope of log metric on log rounds, with a bootstrap interval.

        For a policy that was told the horizon one run says nothing about growth: its exponent is over the horizons of
        the grid, one run each, and nan where there are fewer than three.
        """
        records = []
        for (environment, policy, name), cells in self._by_label(metric).items():
            found = growth_of(cells, name, confidence)
            records.append(
                {
                    "environment": environment,
                    "policy": policy,
                    "metric": name,
                    "exponent": found.exponent,
                    "low": found.low,
                    "high": found.high,
                    "over": "horizons" if len(cells) > 2 or cells[0].tuned else "rounds",
                    "n": found.n,
                }
            )
        return pd.DataFrame(records)

    def _by_label(self, metric: str | None) -> dict[tuple[str, str, str], list[CellResult]]:
        groups: dict[tuple[str, str, str], list[CellResult]] = {}
        for cell, name in self.where(metric):
            groups.setdefault((cell.environment, cell.policy, name), []).append(cell)
        return groups

    def plot(self, metric: str | None = None, **options: Any) -> Figure:
        """Draw the metric against rounds or a parameter; options as of `banditlab.analysis.plotting.draw`."""
        from banditlab.analysis.plotting import draw

        return draw(self, metric, **options)


def metric_label(game: str, name: str) -> str:
    """Return the text of a metric's axis."""
    known = [*games()[game].metrics, *(entry.metric for entry in registry.metrics(game))]
    return next((metric.label for metric in known if metric.name == name), name)


def growth_of(cells: Sequence[CellResult], metric: str, confidence: float = 0.95) -> statistics.Growth:
    """Return the growth exponent of one policy in one environment from its cells, one a horizon.

    Over the horizons where there are three or more; else over the last decade of rounds, and nan for a policy that was
    told the horizon or where fewer than two rounds were recorded there.
    """
    longest = max(cells, key=lambda cell: cell.horizon)
    common = functools.reduce(np.intersect1d, (cell.replications for cell in cells))
    if len(cells) > 2 and len(common):
        # horizons share the random numbers of a replication, which therefore counts as one
        finals = [cell.final(metric)[np.isin(cell.replications, common)] for cell in cells]
        horizons = [cell.horizon for cell in cells]
        window = min(horizons), max(horizons)
        return statistics.growth(horizons, np.stack(finals, axis=1), window, confidence)
    if longest.tuned or np.count_nonzero(longest.x >= longest.x[-1] / 10) < 2:
        nan = float("nan")
        return statistics.Growth(nan, nan, nan, (nan, nan), len(longest.replications))
    return statistics.growth(longest.x, longest.curves[metric], confidence=confidence)


def paired(one: CellResult, other: CellResult, metric: str, at: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the metric of two cells over the replications that both have, in the same order.

    Raises
    ------
    UserError
        They have none in common.
    """
    _, i, j = np.intersect1d(one.replications, other.replications, return_indices=True)
    if len(i) == 0:
        raise UserError(f"{one.policy} and {other.policy} have no replication in common in {one.environment}")
    return one.final(metric, at)[i], other.final(metric, at)[j]


def _parameters(cell: CellResult) -> dict[str, Any]:
    """Return the parameters under their dotted names."""
    return {f"{role}.{name}": value for role, values in cell.parameters.items() for name, value in values.items()}


def _as_row(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with lists as JSON, to fit a cell of a table."""
    return {key: json.dumps(value) if isinstance(value, list | dict) else value for key, value in record.items()}


def load(folder: str | Path) -> Result:
    """Read a results folder.

    Raises
    ------
    UserError
        It is no results folder, or damaged.
    """
    place = Path(folder)
    grid = read_grid(place)
    curves = _by_key(read_curves(place))
    cells = [_cell(row, curves.get(row["key"], {})) for row in read_cells(place).to_pylist()]
    wanted = grid.get("replications", 0)
    return Result(grid["name"], bool(grid.get("quick")), cells, place, grid.get("claims", ()), wanted)


Rows = dict[str, list[tuple[int, Any, Any]]]


def _by_key(table: Any) -> dict[str, Rows]:
    """Group the rows of `curves.parquet` by key and metric, replications in order."""
    groups: dict[str, Rows] = {}
    frame = table.to_pandas().sort_values(["key", "metric", "replication"])
    for row in frame.itertuples(index=False):
        groups.setdefault(row.key, {}).setdefault(row.metric, []).append((row.replication, row.x, row.value))
    return groups


def _cell(row: Mapping[str, Any], rows: Rows) -> CellResult:
    about = json.loads(row["about"])
    first = next(iter(rows.values()), [])
    return CellResult(
        row["environment"],
        row["policy"],
        row["game"],
        {role: about[role]["kind"] for role in ("environment", "policy")},
        {role: about[role]["parameters"] for role in ("environment", "policy")},
        row["horizon"],
        row["told"],
        tuple(name for name in row["metrics"] if name in rows or not rows),
        np.array([replication for replication, _, _ in first]),
        np.asarray(first[0][1] if first else [], int),
        {name: np.stack([value for _, _, value in group]) for name, group in rows.items()},
    )
