"""Claims: what a paper says of its policies, in a closed grammar, with one of three verdicts if it can be tested.

=============================================== ====================================================================
claim                                           holds where, at the last round or the round `at`
=============================================== ====================================================================
`below = [a, b]`                                the metric of a is below that of b
`above = [a, b]`                                the metric of a is above that of b
`ratio = [a, b]`, `at_least = r`                the metric of a is at least r times that of b
`equivalent = [a, b]`, `within = w`             they differ by at most the share w of b's
`mean = a`, `between = [low, high]`             the mean of the metric of a lies in the interval
`slope = a`, `between = [low, high]`            the growth exponent of a lies in the interval
`flattens = a`, `since = s`, `growth = g`       from round s T to T the metric of a grows at most by the factor g
`untestable = "why"`                            nowhere: it is not tested here, for that reason
=============================================== ====================================================================

Each is decided in every environment and for every horizon that `where` leaves, by a confidence interval on paired
replications: it holds where the interval lies on its side, fails where it lies on the other, and is undecided where the
interval reaches to both. The whole claim holds if it does in the `share` of them that it names, by default in all.
`confidence` is of the whole file: the error is divided by the number of its claims (Bonferroni). To hold in all
environments needs no further correction; to fail in one of them, or to hold in a `share`, divides it by their number
too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Literal, NamedTuple, Protocol, get_args

import numpy as np
from pydantic import Field, StringConstraints

from banditlab.analysis import statistics
from banditlab.analysis.cells import CellResult, growth_of, metric_of, paired
from banditlab.analysis.results import Result
from banditlab.errors import UserError, nearest
from banditlab.games import games
from banditlab.games.dueling import PREFERENCE_METRICS
from banditlab.pages import page
from banditlab.types import AtLeastOne, Count, Fraction, Positive, Real
from banditlab.validation import validate

Decided = Literal["holds", "fails", "undecided"]
Verdict = Literal[Decided, "untestable"]
Pair = Annotated[list[str], Field(min_length=2, max_length=2)]
Span = Annotated[list[Real], Field(min_length=2, max_length=2)]
Share = Annotated[Positive, Field(le=1)]
Reason = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1)]

#: Each form of a claim, and the keys that go with it.
FORMS: dict[str, tuple[str, ...]] = {
    "below": (),
    "above": (),
    "ratio": ("at_least",),
    "equivalent": ("within",),
    "mean": ("between",),
    "slope": ("between",),
    "flattens": ("since", "growth"),
    "untestable": (),
}
CONFIDENCE = 0.95  #: of the interval of a measured effect, whatever that of the claims


@dataclass(frozen=True)
class Claim:
    """A table `[[claim]]` of a grid; see the module for what each key means."""

    text: str
    source: str = ""
    expect: Decided = "holds"
    metric: str | None = None
    confidence: Fraction = 0.95
    where: dict[str, Any] = field(default_factory=dict)
    at: Count | None = None
    share: Share = 1.0
    below: Pair | None = None
    above: Pair | None = None
    ratio: Pair | None = None
    at_least: Positive | None = None
    equivalent: Pair | None = None
    within: Positive | None = None
    mean: str | None = None
    slope: str | None = None
    between: Span | None = None
    flattens: str | None = None
    since: Fraction | None = None
    growth: AtLeastOne | None = None
    untestable: Reason | None = None

    def __post_init__(self):
        given = [form for form in FORMS if getattr(self, form) is not None]
        if len(given) != 1:
            raise ValueError(f"exactly one of {', '.join(FORMS)} is needed, got {', '.join(given) or 'none'}")
        keys = FORMS[given[0]]
        for key in (key for form in FORMS.values() for key in form):
            if (getattr(self, key) is not None) != (key in keys):
                state = f"needs {key}" if key in keys else f"does not take {key}"
                raise ValueError(f"{given[0]} {state}")
        if self.slope is not None and self.at is not None:
            raise ValueError("slope does not take at")
        if self.untestable is not None:
            usual = {one.name: {} if one.name == "where" else one.default for one in fields(self)}
            said = {key for key, value in usual.items() if getattr(self, key) != value}
            if more := sorted(said - {"text", "source", "untestable"}):
                raise ValueError(f"untestable does not take {', '.join(more)}")

    @property
    def form(self) -> str:
        """Which kind of claim it is."""
        return next(form for form in FORMS if getattr(self, form) is not None)

    @property
    def policies(self) -> list[str]:
        """Labels that it speaks of."""
        value = [] if self.untestable else getattr(self, self.form)
        return [value] if isinstance(value, str) else value


@dataclass(frozen=True)
class Effect:
    """What a claim is about, as it was measured, with a 95 % interval of its own: not one for all claims of a file."""

    metric: str
    name: str  #: such as "difference"
    value: float
    low: float
    high: float
    n: int  #: replications
    of: str = ""  #: the means of both policies, where there are two

    def __str__(self) -> str:
        """Return what was measured, to three digits or whole numbers."""
        measured = f"{self.name} {_number(self.value)} [{_number(self.low)}, {_number(self.high)}]"
        return f"{self.metric}: {self.of}, {measured}" if self.of else f"{self.metric}: {measured}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if 1000 <= abs(value) < math.inf else f"{value:.3g}"


@dataclass(frozen=True)
class Finding:
    """A claim in one environment, for one horizon.

    Attributes
    ----------
    place : str
    verdict : "holds", "fails" or "undecided"
    figures : str
        What was measured, with the interval that the verdict rests on.
    more : float
        About how many more replications would settle it, where it is undecided; may be infinite.
    effect : Effect, optional
        What was measured, with its own 95 % interval.
    clear : float
        Distance to the point where the claim stops to hold, in half widths of the interval that the verdict rests on;
        negative on the wrong side.
    """

    place: str
    verdict: Decided
    figures: str
    more: float = math.nan
    effect: Effect | None = None
    clear: float = -math.inf

    @property
    def advice(self) -> str:
        """What would settle it."""
        if math.isnan(self.more):
            return "more replications are needed"
        if not 0 < self.more < 1e9:
            return "more replications will not do"
        return f"about {self.more:,.0f} more replication{'' if self.more == 1 else 's'} would settle it"


@dataclass(frozen=True)
class Judged:
    """A claim with its verdict and the findings that it rests on."""

    claim: Claim
    verdict: Verdict
    findings: tuple[Finding, ...]

    @property
    def expected(self) -> bool:
        """Whether the verdict is the one that the grid expects; nothing else can be of what is not tested."""
        return self.verdict in (self.claim.expect, "untestable")

    @property
    def least(self) -> Finding | None:
        """The finding in which it holds least clearly, or fails most clearly; None where there is none."""
        return min(self.findings, key=lambda finding: finding.clear, default=None)


class Verdicts(tuple[Judged, ...]):
    """Claims with their verdicts."""

    def __repr__(self) -> str:
        return "\n".join(f"{one.verdict}: {one.claim.text}" for one in self) or "no claims"

    def _repr_html_(self) -> str:
        heads, rows = ["claim", "verdict", "where", "measured"], []
        for one in self:
            first, *more = one.findings or (Finding("-", one.verdict, "-"),)
            rows.append((one.claim.text, one.verdict, first.place, first.figures))
            rows += [("", found.verdict, found.place, found.figures) for found in more]
        counts = [f"{sum(one.verdict == verdict for one in self)} {verdict}" for verdict in get_args(Verdict)]
        return page("claims", f": {', '.join(counts)}", heads, rows)


class Scene(Protocol):
    """A cell of a grid, or of its results."""

    environment: str
    policy: str
    game: str
    horizon: int
    parameters: dict[str, dict[str, Any]]
    metrics: tuple[str, ...]


def read(tables: Sequence[Mapping[str, Any]], scenes: Sequence[Scene], source: str) -> list[Claim]:
    """Return the claims that a grid makes.

    Parameters
    ----------
    tables : sequence of mapping
        The tables `[[claim]]`.
    scenes : sequence
        The cells of the grid, or of its results.
    source : str
        Name of the file, for messages.

    Raises
    ------
    UserError
        One line for each mistake: unknown keys and values, labels, metrics; a claim about nothing.
    """
    lines: list[str] = []
    claims = []
    for i, table in enumerate(tables):
        place = f"{source}: claim[{i}]"
        try:
            claim = validate(Claim, table, place)
            _check(claim, scenes, place)
            claims.append(claim)
        except UserError as error:
            lines += error.lines
    if lines:
        raise UserError(*lines)
    return claims


def _check(claim: Claim, scenes: Sequence[Scene], place: str) -> None:
    if claim.untestable:
        return
    labels = {scene.policy for scene in scenes}
    for label in claim.policies:
        if label not in labels:
            raise UserError(f"{place}.{claim.form}: no policy {label!r}{nearest(label, labels)}")
    if claim.form != "equivalent" and len(set(claim.policies)) < len(claim.policies):
        raise UserError(f"{place}.{claim.form}: needs two different policies, got {claim.policies[0]!r} twice")
    meant = [scene for scene in scenes if scene.policy == claim.policies[0]]
    met = [scene for scene in meant if _meets(claim.where, scene)]
    if not met:
        raise UserError(f"{place}.where: no environment of this grid has {claim.where!r}")
    _check_metric(claim.metric, met, place)
    shortest = min(scene.horizon for scene in met)
    if claim.at is not None and claim.at > shortest:
        raise UserError(f"{place}.at: at most the horizon {shortest}, got {claim.at}")
    signed = claim.metric is not None and any(metric_of(scene.game, claim.metric).signed for scene in met)
    if signed and claim.form in ("ratio", "flattens"):
        raise UserError(f"{place}.{claim.form}: {claim.metric!r} can be negative, and has no ratios")


def _check_metric(metric: str | None, met: Sequence[Scene], place: str) -> None:
    kept = {name for scene in met for name in scene.metrics}
    if metric in (None, *kept):
        return
    of_the_game = metric in {known.name for scene in met for known in games()[scene.game].metrics}
    if not of_the_game:
        raise UserError(f"{place}.metric: no metric {metric!r}{nearest(metric, kept)}")
    winner = "; by preference, a Condorcet winner is needed, an arm that beats every other one"
    why = winner if metric in PREFERENCE_METRICS else ""
    raise UserError(f"{place}.metric: {metric!r} is not kept here, only {', '.join(sorted(kept))}{why}")


def _meets(wanted: Mapping[str, Any], scene: Scene) -> bool:
    has = {"environment": scene.environment, "horizon": scene.horizon, **scene.parameters["environment"]}
    return all(key in has and has[key] == value for key, value in wanted.items())


def judge(claims: Sequence[Claim], result: Result) -> list[Judged]:
    """Return the verdicts of all claims on the replications of a result."""
    count = sum(claim.untestable is None for claim in claims)
    return [_judge(claim, result, count) for claim in claims]


def _judge(claim: Claim, result: Result, count: int) -> Judged:
    if claim.untestable:
        return Judged(claim, "untestable", ())
    groups = _groups(claim, result)
    error = (1 - claim.confidence) / count
    each = error / max(1, len(groups))
    levels = Levels(holds=1 - (each if claim.share < 1 else error), fails=1 - each)
    findings = tuple(_find(claim, place, group, name, levels) for (place, name), group in groups.items())
    return Judged(claim, _overall([finding.verdict for finding in findings], claim.share), findings)


class Levels(NamedTuple):
    """Confidence that it takes to say that a claim holds in a place, and that it fails there."""

    holds: float
    fails: float


def _overall(verdicts: list[Decided], share: float) -> Decided:
    needed = math.ceil(share * len(verdicts) - 1e-9)
    if not verdicts or verdicts.count("holds") + verdicts.count("undecided") < needed:
        return "fails" if verdicts else "undecided"
    return "holds" if verdicts.count("holds") >= needed else "undecided"


Group = dict[str, list[CellResult]]


def _groups(claim: Claim, result: Result) -> dict[tuple[str, str], Group]:
    """Return the cells that a claim is about by place (environment and horizon) and metric, then by policy."""
    cells = [*result.cells, *result.missing]
    several = len({cell.horizon for cell in cells}) > 1 and claim.form != "slope"
    groups: dict[tuple[str, str], Group] = {}
    for cell in cells:
        name = claim.metric or result.default_metric(cell)
        if cell.policy in claim.policies and name in cell.metrics and _meets(claim.where, cell):
            place = f"{cell.environment}, T = {cell.horizon}" if several else cell.environment
            groups.setdefault((place, name), {}).setdefault(cell.policy, []).append(cell)
    return {key: group for key, group in groups.items() if set(group) == set(claim.policies)}


def _find(claim: Claim, place: str, group: Group, metric: str, levels: Levels) -> Finding:
    lacking = [policy for policy, cells in group.items() if any(not len(cell.replications) for cell in cells)]
    if lacking:
        return Finding(place, "undecided", f"no finished replication of {', '.join(lacking)}")
    if claim.form == "slope":
        return _find_slope(claim, place, group[claim.slope], metric, levels)
    if claim.form == "flattens":
        return _find_flat(claim, place, group[claim.flattens][0], metric, levels)
    if claim.form == "mean":
        return _find_mean(claim, place, group[claim.mean][0], metric, levels)
    a, b = claim.policies
    first, second = paired(group[a][0], group[b][0], metric, claim.at)
    means, short = (f"{a} {said(first.mean())}, {b} {said(second.mean())}" for said in ("{:.4g}".format, _number))
    if claim.form in ("equivalent", "ratio"):
        effect = _effect(metric, "ratio", statistics.ratio(first, second, CONFIDENCE), short)
    else:
        effect = _effect(metric, "difference", statistics.interval(first - second, CONFIDENCE), short)
    if claim.form == "equivalent":
        margin = claim.within * np.abs(second)
        sides = [margin - (first - second), margin + (first - second)]
        text = f"ratio {effect.value:.4g}, wanted within {claim.within:.0%}"
    elif claim.form == "ratio":
        sides = [first - claim.at_least * second]
        text = f"ratio {effect.value:.4g}, wanted at least {claim.at_least:g}"
    else:
        sides = [second - first if claim.form == "below" else first - second]
        found = statistics.interval(first - second, levels.holds)
        text = f"difference {found.mean:.4g} [{found.low:.4g}, {found.high:.4g}]"
    return _decide(place, f"{means}: {text}, n = {len(first)}", sides, levels, effect)


def _effect(metric: str, name: str, found: statistics.Interval, of: str = "") -> Effect:
    return Effect(metric, name, found.mean, found.low, found.high, found.n, of)


def _find_mean(claim: Claim, place: str, cell: CellResult, metric: str, levels: Levels) -> Finding:
    values, (low, high) = cell.final(metric, claim.at), claim.between
    found = statistics.interval(values, levels.holds)
    figures = (
        f"{cell.policy} {found.mean:.4g} [{found.low:.4g}, {found.high:.4g}], wanted within [{low:g}, {high:g}], "
        f"n = {len(values)}"
    )
    effect = _effect(metric, f"{cell.policy}, mean", statistics.interval(values, CONFIDENCE))
    return _decide(place, figures, [values - low, high - values], levels, effect)


def _find_flat(claim: Claim, place: str, cell: CellResult, metric: str, levels: Levels) -> Finding:
    last = claim.at or cell.horizon
    ends = [cell.column(round(claim.since * last)), cell.column(last)]
    early, late = (cell.curves[metric][:, end] for end in ends)
    figures = (
        f"{cell.policy} {early.mean():.4g} at t = {cell.x[ends[0]]}, {late.mean():.4g} at t = {cell.x[ends[1]]}: "
        f"factor {late.mean() / early.mean():.4g}, wanted at most {claim.growth:g}, n = {len(late)}"
    )
    effect = _effect(metric, f"{cell.policy}, factor", statistics.ratio(late, early, CONFIDENCE))
    return _decide(place, figures, [claim.growth * early - late], levels, effect)


def _decide(place: str, figures: str, sides: list[np.ndarray], levels: Levels, effect: Effect) -> Finding:
    """Decide that each quantity, a number a replication, has a positive mean."""
    found = [statistics.interval(side, levels.holds) for side in sides]
    clear = min(_in_half_widths(side.mean, side.low, side.high) for side in found)
    if all(side.low > 0 for side in found):
        return Finding(place, "holds", figures, effect=effect, clear=clear)
    wider = [statistics.interval(side, levels.fails) for side in sides]
    if any(side.high < 0 for side in wider):
        return Finding(place, "fails", figures, effect=effect, clear=clear)
    more = _more(
        found[0].n,
        [(side.mean, side.mean - side.low) for side in found],
        [(side.mean, side.high - side.mean) for side in wider],
    )
    return Finding(place, "undecided", figures, more, effect, clear)


def _more(n: int, holds: Sequence[tuple[float, float]], fails: Sequence[tuple[float, float]]) -> float:
    """Estimate how many more replications decide, if means stay: all quantities are positive, or one is negative.

    From the mean of each, and how far its interval reaches below it (of `holds`) and above it (of `fails`): a bootstrap
    interval is not the same on both sides, and the one towards zero is what keeps the claim open.
    """
    negative = [statistics.needed(n, mean, reach) for mean, reach in fails if mean < 0]
    return min(negative) if negative else max(statistics.needed(n, mean, reach) for mean, reach in holds)


def _in_half_widths(distance: float, low: float, high: float) -> float:
    """Return a distance in half widths of an interval; of none, it is infinite, and without one as if it failed."""
    if not high > low:
        return math.copysign(math.inf, distance) if high == low and distance else -math.inf
    return distance / ((high - low) / 2)


def _find_slope(claim: Claim, place: str, cells: list[CellResult], metric: str, levels: Levels) -> Finding:
    found = growth_of(cells, metric, levels.holds)
    if math.isnan(found.exponent):
        return Finding(place, "undecided", f"{claim.slope} is told T: sweep at least 3 horizons", math.inf)
    low, high = claim.between
    figures = (
        f"{claim.slope} grows like t^{found.exponent:.3g} [{found.low:.3g}, {found.high:.3g}], "
        f"wanted within [{low:g}, {high:g}], n = {found.n}"
    )
    near = growth_of(cells, metric, CONFIDENCE)
    effect = Effect(metric, f"{claim.slope}, exponent", near.exponent, near.low, near.high, near.n)
    inside = min(found.exponent - low, high - found.exponent)
    clear = _in_half_widths(inside, found.low, found.high)
    if low <= found.low and found.high <= high:
        return Finding(place, "holds", figures, effect=effect, clear=clear)
    wider = growth_of(cells, metric, levels.fails)
    if wider.high < low or wider.low > high:
        return Finding(place, "fails", figures, effect=effect, clear=clear)
    above, below = found.exponent - low, high - found.exponent  # both are positive where it holds
    more = _more(
        found.n,
        [(above, found.exponent - found.low), (below, found.high - found.exponent)],
        [(above, wider.high - found.exponent), (below, found.exponent - wider.low)],
    )
    return Finding(place, "undecided", figures, more, effect, clear)
