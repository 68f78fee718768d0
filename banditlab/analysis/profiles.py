"""Figures of policies over many environments: performance profiles and interquartile means."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from banditlab.analysis.across import Contest, contests
from banditlab.analysis.cells import metric_of
from banditlab.analysis.panels import Chosen, Drawing, Looks, choose, compose, count_of, left_out, looks_of, quick_look
from banditlab.analysis.presets import SCREEN, Sheet
from banditlab.analysis.results import Result

NARROW = 4.5  #: inches, for two panels with names of policies between them


def draw_profile(
    result: Result, metric: str | None = None, *, confidence: float = 0.95, sheet: Sheet = SCREEN
) -> Drawing:
    """Draw the share of runs with at most each score, and the interquartile mean of the scores.

    See `banditlab.analysis.across` for what a score is, and for the intervals.

    Parameters
    ----------
    result : Result
    metric : str, optional
        By default the grid's, or each game's first.
    confidence : float
        Of the band of a profile at each score, and of the intervals.
    sheet : Sheet

    Raises
    ------
    UserError
        No two policies were played in the same environments; a metric without scores.
    """
    chosen, held = choose(result, metric), contests(result, metric)
    looks, panels, plans = looks_of(chosen), {}, {}
    for contest in held:
        members = [(c, n) for c, n in chosen if (c.game, n) == (contest.game, contest.metric)]
        prefix = f"{contest.game}, {contest.metric}: " if len(held) > 1 else ""
        for name, plan in (("Performance profile", _draw_shares), ("Interquartile mean", _draw_means)):
            title = prefix + name
            panels[title], plans[title] = members, (plan, contest)

    def fill(axis: Axes, title: str, members: Chosen) -> None:
        plan, contest = plans[title]
        plan(axis, contest, looks, confidence)

    caption = [
        f"{quick_look(result)}{count_of(chosen)} in each of {len(held[0].places)} environments, relative to "
        f"{held[0].level}, with {confidence:.0%} stratified bootstrap intervals."
    ]
    notes = left_out("not played in all of them", (label for contest in held for label in contest.left_out))
    columns = 1 if sheet.column and sheet.column.width < NARROW else 2
    return compose(panels, fill, caption, sheet=sheet, columns=columns, notes=notes)


def _score(contest: Contest) -> str:
    return f"{metric_of(contest.game, contest.metric).label} / that of {contest.level}"


def _draw_shares(axis: Axes, contest: Contest, looks: Looks, confidence: float) -> None:
    most = max(
        float(np.quantile(np.concatenate([table[i] for table in contest.scores]), 0.99))
        for i in range(len(contest.policies))
    )
    at = np.linspace(0, max(1.0, most), 201)
    for i, policy in enumerate(contest.policies):
        share, low, high = contest.profile(i, at, confidence)
        look = looks[contest.game, policy]
        start = (i * 25) // len(contest.policies)
        axis.plot(at, share, label=policy, markevery=(start, 25), markersize=3, **look)
        axis.fill_between(at, low, high, color=look["color"], alpha=0.18, linewidth=0)
    axis.set_xlim(0, at[-1])
    axis.set_ylim(0, 1.02)
    axis.set_xlabel(f"{_score(contest)}, x")
    axis.set_ylabel("Share of runs with at most x")


def _draw_means(axis: Axes, contest: Contest, looks: Looks, confidence: float) -> None:
    found = contest.interquartile_means(confidence)
    for i, (policy, one) in enumerate(zip(contest.policies, found, strict=True)):
        look = {**looks[contest.game, policy], "linestyle": "none"}
        edges = [[max(0.0, one.value - one.low)], [max(0.0, one.high - one.value)]]
        axis.errorbar([one.value], [i], xerr=edges, markersize=4, capsize=2, elinewidth=1, **look)
    axis.set_yticks(range(len(contest.policies)), contest.policies)
    axis.set_ylim(len(contest.policies) - 0.5, -0.5)
    axis.set_xlim(left=0)
    axis.grid(visible=False, axis="y")
    axis.set_xlabel(_score(contest))
