"""Results: the finished work of a grid, as tables, comparisons and figures."""

from __future__ import annotations

import itertools
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from banditlab.analysis import spread, statistics, tuning
from banditlab.analysis.cells import CellResult, growth_of, paired
from banditlab.analysis.lower_bounds import bounds_of
from banditlab.errors import UserError, nearest
from banditlab.games.game import names_in, shown
from banditlab.pages import page
from banditlab.runs.precision import Precision, Stand, stand

if TYPE_CHECKING:
    from banditlab.analysis.claims import Verdicts
    from banditlab.analysis.panels import Drawing


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
    wanted : int or Precision
        Replications that the grid asks for, or the precision; a cell may have more replications, from an earlier run,
        or fewer, where one was stopped or failed.
    folder : Path or None
    claims : list of dict
        The tables `[[claim]]` of the grid.
    metric : str or None
        That tables and figures show by default; None for each game's first. Of several, with commas between, tables
        show the first that is kept.
    figures : list of dict
        The tables `[[figure]]` of the grid.
    trials : Result or None
        What policies were tried as, where they were tuned.
    failures : list of str
        A line for each cell and reason for which replications failed, in the run that made this result.

    Examples
    --------
    >>> import banditlab
    >>> result = banditlab.load("colstim-figure")
    >>> result.metrics()
    ['average']
    >>> result.summary()[["environment", "policy", "mean", "low", "high", "n"]].head(2).round(1)
          environment   policy   mean    low   high   n
    0  linear (dim=5)  CoLSTIM  426.0  404.4  446.3  50
    1  linear (dim=5)   MaxInP  619.5  591.1  648.9  50
    >>> result.frame.columns[:7].tolist()
    ['environment', 'policy', 'horizon', 'metric', 'replication', 'x', 'value']
    """

    def __init__(
        self,
        name: str,
        quick: bool,
        cells: list[CellResult],
        folder: Path | None = None,
        claims: Sequence[dict[str, Any]] = (),
        wanted: int | Precision = 0,
        metric: str | None = None,
        figures: Sequence[dict[str, Any]] = (),
        trials: Result | None = None,
    ):
        self.name, self.quick, self.folder, self.claims = name, quick, folder, list(claims)
        self.wanted, self.metric, self.figures, self.trials = wanted, metric, list(figures), trials
        self.cells = [cell for cell in cells if len(cell.replications)]
        self.missing = [cell for cell in cells if not len(cell.replications)]
        self.failures: list[str] = []

    # --- looking at it ---------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        rows = self._shown().to_string(index=False, float_format="{:.4g}".format)
        notes = "".join(f"\n{line}" for line in [*tuning.lines(self), *(f"note: {one}" for one in self.cautions())])
        return f"<results of {self.name}: {len(self.cells)} cells>\n{rows}{notes}"

    def _repr_html_(self) -> str:
        about = f"{' (a quick look)' if self.quick else ''}, 95 % bootstrap-t intervals"
        table, notes = self._shown(), [*tuning.lines(self), *self.cautions()]
        return page(self.name, about, list(table), table.astype(object).to_numpy().tolist(), notes)

    def _shown(self) -> pd.DataFrame:
        columns = ["environment", "policy", "metric", "x", "mean", "low", "high", "n", "told"]
        columns += ["tuned"] * any(cell.tuned for cell in self.cells)
        return self.summary().reindex(columns=columns)

    def cautions(self, metric: str | None = None) -> list[str]:
        """Return a line for each reason to read a metric with care: few replications, heavy skew, no stop."""
        fewest = min((len(cell.replications) for cell in self.cells), default=spread.FEW)
        skewed = [cell for cell, name in self.where(metric) if spread.is_skewed(cell.final(name))]
        lines = []
        if fewest < spread.FEW:
            rough = f"intervals of fewer than {spread.FEW} are rough where regret is skewed"
            lines.append(f"{fewest} replications; {rough}")
        if skewed:
            first = f"{skewed[0].policy} in {skewed[0].environment}"
            more = f" and {len(skewed) - 1} more" if len(skewed) > 1 else ""
            lines.append(f"{first}{more}: heavy skew; a 95 % interval may cover less than 93 %")
        for cell, name in self.where(metric):
            going_on = np.count_nonzero(cell.final(name) >= cell.horizon) if name == "sample-complexity" else 0
            if going_on:
                total = len(cell.replications)
                lines.append(f"{cell.policy} in {cell.environment}: {going_on} of {total} never stopped, and count T")
        return lines

    def unfinished(self) -> list[str]:
        """Return "12 of 30 replications of ucb1 in bernoulli" for each cell that has fewer than the grid asks for."""
        least = "at least " if isinstance(self.wanted, Precision) else ""
        lines = []
        for cell in [*self.cells, *self.missing]:
            so_far = self.stand(cell)
            done = np.count_nonzero(cell.replications < so_far.n)
            if done < so_far.n:
                of = f"{least if so_far.verdict == 'open' else ''}{so_far.n}"
                lines.append(f"{done} of {of} replications of {cell.policy} in {cell.environment}")
        return lines

    def stand(self, cell: CellResult) -> Stand:
        """Return how many replications of a cell are wanted, and where a precision is asked for, why no more."""
        final = cell.final(self.default_metric(cell)).tolist() if len(cell.replications) else []
        return stand(self.wanted, dict(zip(cell.replications.tolist(), final, strict=True)), cell.failed)

    def imprecise(self) -> list[str]:
        """Return a line for each cell that was played without reaching the precision that the grid asks for."""
        if not isinstance(self.wanted, Precision):
            return []
        lines = []
        for cell in self.cells:
            if self.stand(cell).verdict == "at-most":
                reached = self.wanted.of(cell.final(self.default_metric(cell))[cell.replications < self.wanted.at_most])
                found = "its interval holds 0" if reached == np.inf else f"a relative half width of {reached:.2g}"
                n, wanted = f"{self.wanted.at_most:,} replications", f"{self.wanted.relative_half_width:g}"
                lines.append(f"{cell.policy} in {cell.environment}: {found} after {n}, wanted {wanted}")
        return lines

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
            By default the grid's, or each game's first; several with commas between; "all" for all of them.
        **wanted
            Values of attributes, such as policy="ucb1".

        Raises
        ------
        UserError
            No cell keeps that metric.
        """
        asked = [] if metric == "all" else names_in(metric)
        for name in asked:
            if name not in self.metrics():
                raise UserError(f"no metric {name!r}{nearest(name, self.metrics())}")
        for cell in self.cells:
            for name in cell.metrics if metric == "all" else asked or (self.default_metric(cell),):
                if name in cell.metrics and all(getattr(cell, key) == value for key, value in wanted.items()):
                    yield cell, name

    def default_metric(self, cell: CellResult) -> str:
        """Return the metric of a cell that is shown where none is asked for."""
        return self.default_metrics(cell)[0]

    def default_metrics(self, cell: CellResult) -> list[str]:
        """Return the metrics of a cell that are drawn where none is asked for."""
        return shown(self.metric, cell.metrics)

    def drawn(self, metric: str | None = None) -> list[tuple[CellResult, str]]:
        """Return the cells with the metrics that are drawn of them: as `where`, by default all that the grid names.

        Raises
        ------
        UserError
            No cell keeps that metric.
        """
        if metric is None:
            return [(cell, name) for cell in self.cells for name in self.default_metrics(cell)]
        return list(self.where(metric))

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

    def trace(
        self,
        policy: str | None = None,
        environment: str | None = None,
        replication: int | Collection[int] | None = None,
        *,
        horizon: int | None = None,
        columns: Sequence[str] | None = None,
        rounds: tuple[int, int] | None = None,
    ) -> pd.DataFrame:
        """Return what was played and answered in every round, where the grid has a `trace`; no more is read than this.

        Parameters
        ----------
        policy, environment : str, optional
            Labels.
        replication : int or collection of int, optional
        horizon : int, optional
        columns : sequence of str, optional
            Such as "arm" and "reward"; by default all.
        rounds : (int, int), optional
            The first and the one after the last, counted from 0.

        Returns
        -------
        DataFrame
            environment, policy, horizon, replication, round (0, 1, ...), and the columns of the game.

        Raises
        ------
        UserError
            There is no such policy, environment, column, replication or round, or no trace; or a file is damaged.
        """
        from banditlab.analysis.traces import read_traces
        from banditlab.runs.trace import within

        if self.folder is None:
            raise UserError("traces are files: give run() a folder for them, out=...")
        asked = {"policy": policy, "environment": environment, "horizon": horizon}
        for role in ("policy", "environment"):
            if asked[role] is not None and asked[role] not in self.labels(role):
                raise UserError(f"no {role} {asked[role]!r}{nearest(asked[role], self.labels(role))}")
        given = {key: value for key, value in asked.items() if value is not None}
        cells = [cell for cell in self.cells if all(getattr(cell, key) == value for key, value in given.items())]
        if rounds is not None and cells:
            asked_for = within(rounds, max(cell.horizon for cell in cells), f"rounds={rounds!r}", "(0, 20)")
            rounds = asked_for.start, asked_for.stop
        single = replication is not None and np.ndim(replication) == 0
        return read_traces(self.folder, cells, [replication] if single else replication, columns, rounds)

    def summary(self, metric: str | None = None, *, confidence: float = 0.95) -> pd.DataFrame:
        """Return the metric at the last round: mean over all replications with its bootstrap-t interval.

        Parameters
        ----------
        metric : str, optional
            By default the grid's, or each game's first; "all" for all of them.
        confidence : float

        Returns
        -------
        DataFrame
            environment, policy, metric, x, mean, low, high, n, stopped (of a precision: "reached", "at-most" where it
            was not by so many replications, or "open"; else None), skewed (see `banditlab.analysis.spread.is_skewed`),
            over_bound (the mean over its lower bound, nan where none is known), told, tuned (the values that were found
            by tuning, JSON), candidates (among how many, 0 where the policy was not tuned), and environment.NAME and
            policy.NAME for each parameter.
        """
        return pd.DataFrame([_as_row(record) for record in self.records(metric, confidence=confidence)])

    def records(self, metric: str | None = None, *, confidence: float = 0.95) -> list[dict[str, Any]]:
        """Return the rows of `summary`, each with the parameters of its own environment and policy alone."""
        records = []
        for cell, name in self.where(metric):
            final = cell.final(name)
            found = statistics.interval(final, confidence)
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
                    "stopped": self.stand(cell).verdict if isinstance(self.wanted, Precision) else None,
                    "skewed": spread.is_skewed(final),
                    "over_bound": _over_bound(cell, name),
                    "told": cell.told,
                    "tuned": cell.searched,
                    "candidates": len(cell.tuned.candidates) if cell.tuned else 0,
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
            (corrected for all rows), the correlation that common random numbers gave, how often smaller they made the
            variance, and wins: the share of replications in which a is below b, ties counted half, with its interval.

        Raises
        ------
        UserError
            Unknown label or metric; two policies that never met.

        Examples
        --------
        >>> import banditlab
        >>> pair = banditlab.load("colstim-figure").compare("CoLSTIM", "MaxInP")
        >>> pair[["environment", "n", "difference", "low", "high", "wins"]].round(2)
               environment   n  difference      low     high  wins
        0   linear (dim=5)  50     -193.49  -224.55  -160.94  0.94
        1  linear (dim=10)  50     -794.39  -841.53  -748.47  1.00
        2  linear (dim=20)  50    -1630.78 -1656.30 -1603.33  1.00
        """
        for label in (a, b):
            if label is not None and label not in self.labels("policy"):
                raise UserError(f"no policy {label!r}{nearest(label, self.labels('policy'))}")
        pairs = [(a, b)] if a and b else list(itertools.combinations(self.labels("policy"), 2))
        rows = [row for one, other in pairs for row in self._compared(one, other, metric, at, confidence)]
        if not rows:
            raise UserError(f"{self.name}: {self._why_incomparable(pairs, metric)}")
        table = pd.DataFrame(rows)
        table.insert(table.columns.get_loc("p") + 1, "p_holm", statistics.holm(table["p"]))
        return table

    def _why_incomparable(self, pairs: Sequence[tuple[str, str]], metric: str | None) -> str:
        """Return why there is nothing to compare: no pair of policies has met, or none keeps the metric there."""
        who = " and ".join(map(repr, pairs[0])) if len(pairs) == 1 else "two policies"
        cells = {(cell.policy, cell.environment, cell.horizon): cell for cell in self.cells}
        met = [
            (one, other)
            for a, b in pairs
            for (policy, *place), one in cells.items()
            if policy == a and (other := cells.get((b, *place)))
        ]
        if not met:
            return f"{who} were never run in one environment"
        asked = names_in(metric) or [self.default_metric(one) for one, _ in met]
        kept = dict.fromkeys(name for one, other in met for name in one.metrics if name in other.metrics)
        wanted = " or ".join(map(repr, dict.fromkeys(asked)))
        return f"{who} keep no metric {wanted} where they met (there are: {', '.join(kept) or 'none'})"

    def _compared(self, a: str, b: str, metric: str | None, at: int | None, confidence: float) -> Iterator[dict]:
        others = {(cell.environment, cell.horizon): cell for cell, _ in self.where(metric, policy=b)}
        for one, name in self.where(metric, policy=a):
            other = others.get((one.environment, one.horizon))
            if other is not None and name in other.metrics:
                pair = paired(one, other, name, at)
                found, share = statistics.compare(*pair, confidence), spread.wins(*pair, confidence)
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
                    "wins": share.share,
                    "wins_low": share.low,
                    "wins_high": share.high,
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
                    "over": "horizons" if len(cells) > 2 or cells[0].is_told_horizon else "rounds",
                    "n": found.n,
                }
            )
        return pd.DataFrame(records)

    def tuning(self) -> pd.DataFrame:
        """Return what tuned policies were tried as: a row a candidate, environment and horizon.

        Returns
        -------
        DataFrame
            environment, policy, horizon, candidate (from 0), values (JSON), metric, mean at the last round, low and
            high (its 95 % bootstrap-t interval), n (replications that finished), chosen, rounds, and cpu (seconds, nan
            where no run noted them).
        """
        return tuning.table(self)

    def bounds(self, metric: str | None = None) -> pd.DataFrame:
        """Return the lower bounds that are known, at the last round: a row an environment, horizon and bound."""
        rows: dict[tuple[str, int, str, str], dict[str, Any]] = {}
        for cell, kept in self.where(metric):
            for bound in bounds_of(cell, kept):
                rows[cell.environment, cell.horizon, kept, bound.name] = {
                    "environment": cell.environment,
                    "metric": kept,
                    "x": cell.horizon,
                    "bound": bound.name,
                    "value": float(bound.values[-1]),
                    "asymptotic": bound.asymptotic,
                }
        return pd.DataFrame(list(rows.values()))

    def _by_label(self, metric: str | None) -> dict[tuple[str, str, str], list[CellResult]]:
        groups: dict[tuple[str, str, str], list[CellResult]] = {}
        for cell, name in self.where(metric):
            groups.setdefault((cell.environment, cell.policy, name), []).append(cell)
        return groups

    def ranks(self, metric: str | None = None, *, confidence: float = 0.95) -> pd.DataFrame:
        """Hold policies against each other over all environments of a game; see `banditlab.analysis.across`.

        Returns
        -------
        DataFrame
            A row a policy that was played in all of them, best first: game, metric, policy, score (interquartile mean,
            relative to `level`) and rank (mean) with their intervals, better (chance that a run has less than one of
            the policy in the next row) with its interval, level, environments, n (the fewest replications of one).

        Raises
        ------
        UserError
            No two policies were played in the same environments; an unknown metric, or one without scores.
        """
        from banditlab.analysis.across import contests

        rows = []
        for contest in contests(self, metric):
            scores, ranks = contest.interquartile_means(confidence), contest.ranks(confidence)
            order = sorted(range(len(scores)), key=lambda i: scores[i].value)
            for i, following in itertools.zip_longest(order, order[1:]):
                nan = (float("nan"),) * 3
                better = nan if following is None else contest.improvement(i, following, confidence)
                named = {"score": scores[i], "rank": ranks[i], "better": better}
                rows.append(
                    {"game": contest.game, "metric": contest.metric, "policy": contest.policies[i]}
                    | {
                        f"{name}{end}": number
                        for name, found in named.items()
                        for end, number in zip(("", "_low", "_high"), found, strict=True)
                    }
                    | {"level": contest.level, "environments": len(contest.places)}
                    | {"n": min(finals.shape[1] for finals in contest.finals)}
                )
        return pd.DataFrame(rows)

    def check(self) -> Verdicts:
        """Decide the claims of the grid on these replications, which a notebook shows as a table.

        Where a look at them has suggested a claim, `banditlab check GRID.toml` decides it on fresh seeds.

        Raises
        ------
        UserError
            One line for each mistake in a claim.
        """
        from banditlab.analysis import claims

        return claims.Verdicts(claims.judge(claims.read(self.claims, [*self.cells, *self.missing], self.name), self))

    def beside(self, other: Result, metric: str | None = None) -> Result:
        """Return a result that has the policies of another one too, such as of `banditlab.load("colstim-figure")`.

        Their labels get its name behind them. They stand in the environments that are the same here: kind, parameters
        and horizon; of one fixed instance, the seed too.

        Parameters
        ----------
        other : Result
        metric : str, optional
            That is to be drawn, or several with commas between; by default the grid's, or each game's first.

        Raises
        ------
        UserError
            No environment is the same, or the other one has no metric that is to be drawn; the line says which.
        """
        from banditlab.analysis.baselines import beside

        return beside(self, other, metric)

    def plot(self, metric: str | None = None, **options: Any) -> Drawing:
        """Draw metrics against rounds or a parameter, or another view; options as of `banditlab plot`.

        They are the fields of `banditlab.analysis.figures.Options`: view, versus, scale, band, confidence, rows,
        columns, share, slopes, labels, preset, title.
        """
        from banditlab.analysis.figures import Options, draw

        return draw(self, Options(metric, **options))

    def plot_survival(self, metric: str | None = None) -> Drawing:
        """Draw the share of replications whose metric at the last round exceeds x, against x."""
        from banditlab.analysis.views import draw_survival

        return draw_survival(self, metric)

    def plot_wrong_order(self, metric: str | None = None) -> Drawing:
        """Draw how often n replications would have put each policy below the best one, against n."""
        from banditlab.analysis.views import draw_wrong_order

        return draw_wrong_order(self, metric)


def _over_bound(cell: CellResult, metric: str) -> float:
    bounds = bounds_of(cell, metric)
    lowest = float(bounds[0].values[-1]) if bounds else 0.0
    finals = cell.final(metric)
    unfinished = metric == "sample-complexity" and (finals >= cell.horizon).any()
    return float(finals.mean()) / lowest if lowest > 0 and not unfinished else float("nan")


def _parameters(cell: CellResult) -> dict[str, Any]:
    """Return the parameters under their dotted names."""
    return {f"{role}.{name}": value for role, values in cell.parameters.items() for name, value in values.items()}


def _as_row(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with lists as JSON, to fit a cell of a table."""
    return {key: json.dumps(value) if isinstance(value, list | dict) else value for key, value in record.items()}
