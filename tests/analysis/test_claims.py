"""Claims: each form holds, fails or stays undecided where it should."""

import dataclasses

import numpy as np
import pytest

from banditlab.analysis import claims
from banditlab.analysis.cells import CellResult, growth_of
from banditlab.analysis.claims import judge, read
from banditlab.analysis.results import Result
from banditlab.analysis.statistics import interval, needed
from banditlab.errors import UserError

#: With the rounds that the claims below speak of.
X = np.array([1, 10, 50, 100, 200, 250, 400, 700, 1000])


def cell(policy, curve, spread=1.0, environment="world", horizon=1000, told="", n=40, **parameters):
    """A cell whose replications lie around a curve, equally far above and below."""
    noise = spread * np.tile([1.0, -1.0], n // 2)[:, None]
    values = np.maximum(np.asarray(curve, float) + noise, 0.01)
    x = X * horizon // 1000
    kinds = {"environment": "bernoulli", "policy": policy}
    settings = {"environment": parameters, "policy": {}}
    names = ("regret", "realised-regret")
    return CellResult(
        environment,
        policy,
        "bandit",
        kinds,
        settings,
        horizon,
        told,
        names,
        np.arange(n),
        x,
        dict.fromkeys(names, values),
    )


def verdict(claim, *cells):
    [judged] = judge(read([{"text": "x", **claim}], cells, "g.toml"), Result("g", False, list(cells)))
    return judged.verdict


LINEAR, ROOT, FLAT = X * 1.0, np.sqrt(X) * 10.0, np.minimum(X, 50) * 1.0
CELLS = [cell("linear", LINEAR, 20), cell("root", ROOT), cell("flat", FLAT, 0.5), cell("wild", LINEAR, 900)]

CLAIMS = {
    "below": [
        ({"below": ["root", "linear"]}, "holds"),
        ({"below": ["linear", "root"]}, "fails"),
        ({"below": ["linear", "wild"]}, "undecided"),
        ({"below": ["root", "linear"], "at": 10}, "fails"),
    ],
    "above": [({"above": ["linear", "root"]}, "holds"), ({"above": ["root", "linear"]}, "fails")],
    "ratio": [
        ({"ratio": ["linear", "root"], "at_least": 3.0}, "holds"),
        ({"ratio": ["linear", "root"], "at_least": 3.5}, "fails"),
        ({"ratio": ["wild", "linear"], "at_least": 1.0}, "undecided"),
    ],
    "equivalent": [
        ({"equivalent": ["linear", "linear"], "within": 0.01}, "holds"),
        ({"equivalent": ["linear", "root"], "within": 0.5}, "fails"),
        ({"equivalent": ["linear", "wild"], "within": 0.01}, "undecided"),
    ],
    "mean": [
        ({"mean": "linear", "between": [900, 1100]}, "holds"),
        ({"mean": "linear", "between": [90, 110], "at": 100}, "holds"),
        ({"mean": "linear", "between": [1100, 1200]}, "fails"),
        ({"mean": "linear", "between": [0, 900]}, "fails"),
        ({"mean": "wild", "between": [500, 900]}, "undecided"),
    ],
    "slope": [
        ({"slope": "linear", "between": [0.9, 1.1]}, "holds"),
        ({"slope": "root", "between": [0.4, 0.6]}, "holds"),
        ({"slope": "root", "between": [0.9, 1.1]}, "fails"),
    ],
    "flattens": [
        ({"flattens": "flat", "since": 0.25, "growth": 1.1}, "holds"),
        ({"flattens": "linear", "since": 0.25, "growth": 1.1}, "fails"),
        ({"flattens": "wild", "since": 0.4, "growth": 1.6}, "undecided"),
    ],
}


@pytest.mark.parametrize(("claim", "wanted"), [row for rows in CLAIMS.values() for row in rows], ids=str)
def test_each_form_has_its_verdicts(claim, wanted):
    assert verdict(claim, *CELLS) == wanted


def worlds(*ends):
    """One environment an entry, in which b ends there and a ends at 100."""
    both = [
        (cell("a", [100.0] * 8, environment=f"w{i}", dim=i), cell("b", [end] * 8, environment=f"w{i}", dim=i))
        for i, end in enumerate(ends)
    ]
    return [found for pair in both for found in pair]


def test_a_claim_is_of_all_environments_unless_it_names_a_share():
    cells = worlds(200.0, 200.0, 50.0)
    below = {"below": ["a", "b"]}
    assert verdict(below, *cells) == "fails"
    assert verdict({**below, "share": 0.6}, *cells) == "holds"
    assert verdict({**below, "share": 0.7}, *cells) == "fails"
    assert verdict({**below, "where": {"dim": 1}}, *cells) == "holds"
    assert verdict({**below, "where": {"environment": "w2"}}, *cells) == "fails"


def test_a_share_may_stay_undecided():
    wide = [cell("a", [100.0] * 8, 90, environment="w9", dim=9), cell("b", [101.0] * 8, environment="w9", dim=9)]
    cells = [*worlds(200.0, 50.0), *wide]
    assert verdict({"below": ["a", "b"], "share": 0.5}, *cells) == "undecided"


def test_more_claims_ask_for_wider_intervals():
    """The error is of the whole file: what one claim decides, one of many may not."""
    rng = np.random.default_rng(1)
    near = cell("near", LINEAR)
    shift = rng.standard_normal((40, 1)) * 10 + 5
    curves = {name: values + shift for name, values in near.curves.items()}
    other = CellResult(**{**vars(near), "policy": "other", "curves": curves})
    table = {"text": "x", "below": ["near", "other"]}
    result = Result("g", False, [near, other])

    def verdicts(count):
        return {judged.verdict for judged in judge(read([table] * count, result.cells, "g"), result)}

    assert verdicts(1) == {"holds"}
    assert verdicts(200) == {"undecided"}
    untested = [{"text": "x", "untestable": "why"}] * 200
    judged = judge(read([table, *untested], result.cells, "g"), result)
    assert [one.verdict for one in judged] == ["holds", *["untestable"] * 200], "these take nothing from the others"


def test_slope_of_a_policy_that_is_told_the_horizon_needs_horizons():
    claim = {"slope": "p", "between": [0.4, 0.6]}
    assert verdict(claim, cell("p", ROOT, told="horizon")) == "undecided"
    horizons = [1000, 2000, 4000, 8000]
    cells = [cell("p", [10 * np.sqrt(T)] * 8, told="horizon", horizon=T) for T in horizons]
    assert verdict(claim, *cells) == "holds"
    assert verdict({"slope": "p", "between": [0.9, 1.0]}, *cells) == "fails"


def test_figures_say_what_was_measured_and_how_many_more_it_takes():
    claims = read([{"text": "x", "below": ["linear", "wild"]}, {"text": "x", "below": ["root", "linear"]}], CELLS, "g")
    undecided, holds = judge(claims, Result("g", False, CELLS))
    assert undecided.findings[0].more > 0
    assert holds.findings[0].place == "world"
    assert "n = 40" in holds.findings[0].figures
    assert holds.findings[0].figures.startswith("root 316.2, linear 1000: difference -683.8 [")


#: Numbers whose mean has an interval that reaches much further down than up.
SKEWED = np.array([1.0] * 8 + [2.0] * 6 + [-14.0, 9.0])


@pytest.mark.parametrize("sign", [1, -1])
def test_how_many_more_rests_on_the_side_towards_the_bound(sign):
    cells = [cell("a", LINEAR + 50, 0, n=16), cell("b", LINEAR + 50, 0, n=16)]
    cells[1].curves["regret"][:, -1] += sign * SKEWED
    found = interval(sign * SKEWED, 0.95)
    towards = found.mean - found.low if sign > 0 else found.high - found.mean
    assert abs(2 * towards / (found.high - found.low) - 1) > 0.2
    for claim in ({"below": ["a", "b"]}, {"above": ["a", "b"]}, {"mean": "b", "between": [0, 1050]}):
        [judged] = judge(read([{"text": "x", **claim}], cells, "g"), Result("g", False, cells))
        assert judged.verdict == "undecided"
        assert judged.findings[0].more == needed(16, found.mean, towards)


def test_a_slope_needs_more_replications_for_the_side_that_is_open():
    skewed = cell("p", LINEAR, 0, n=16)
    skewed.curves["regret"][:, -1] += 20 * SKEWED
    growth = growth_of([skewed], "regret")
    low, high = growth.exponent - growth.low, growth.high - growth.exponent
    for between, wanted in (
        ([growth.exponent - low / 2, growth.exponent + 9 * high], needed(16, low / 2, low)),
        ([growth.exponent - 9 * low, growth.exponent + high / 3], needed(16, high / 3, high)),
        ([growth.exponent + high / 2, growth.exponent + high], needed(16, high / 2, high)),
    ):
        claim = {"text": "x", "slope": "p", "between": between}
        [judged] = judge(read([claim], [skewed], "g"), Result("g", False, [skewed]))
        assert judged.findings[0].more == wanted


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (1.0, "about 1 more replication would settle it"),
        (1200.0, "about 1,200 more replications would settle it"),
        (np.inf, "more replications will not do"),
        (np.nan, "more replications are needed"),
    ],
)
def test_advice(more, said):
    assert claims.Finding("world", "undecided", "", more).advice == said


def test_effects_have_an_interval_of_their_own_and_the_least_clear_place_is_known():
    found = [judge(read([table], CELLS, "g"), Result("g", False, CELLS))[0] for table in EFFECTS]
    assert [str(one.least.effect).partition(" [")[0] for one in found] == [
        "regret: root 316, linear 1,000, difference -684",
        "regret: linear 1,000, root 316, ratio 3.16",
        "regret: linear, mean 1,000",
        "regret: root, exponent 0.5",
        "regret: linear, factor 2.5",
    ]
    assert all(one.least.effect.low < one.least.effect.value < one.least.effect.high for one in found)
    assert all(one.least.effect.n == 40 for one in found)
    assert [one.least.clear > 0 for one in found] == [one.verdict == "holds" for one in found]
    cells = [cell("a", LINEAR, environment=w) for w in "uvw"]
    cells += [cell("b", LINEAR + 5, spread, environment=w) for w, spread in zip("uvw", (9, 15, 2), strict=True)]
    [judged] = judge(read([{"text": "x", "below": ["a", "b"]}], cells, "g"), Result("g", False, cells))
    assert judged.least.place == "v"


EFFECTS = [
    {"text": "x", "below": ["root", "linear"]},
    {"text": "x", "ratio": ["linear", "root"], "at_least": 4.0},
    {"text": "x", "mean": "linear", "between": [900, 1100]},
    {"text": "x", "slope": "root", "between": [0.4, 0.6]},
    {"text": "x", "flattens": "linear", "since": 0.4, "growth": 2.6},
]


VERDICTS = ["holds", "fails", "undecided"]


def test_a_claim_may_expect_to_fail():
    tables = [
        {"text": "x", "below": ["linear", "root"], "expect": wanted} for wanted in ("holds", "fails", "undecided")
    ]
    judged = judge(read(tables, CELLS, "g"), Result("g", False, CELLS))
    assert [one.expected for one in judged] == [False, True, False]


MISTAKES = {
    "no form": (
        {"text": "x"},
        "exactly one of below, above, ratio, equivalent, mean, slope, flattens, untestable is needed, got none",
    ),
    "two forms": ({"below": ["a", "b"], "slope": "a"}, "is needed, got below, slope"),
    "a key of another form": ({"below": ["a", "b"], "at_least": 2.0}, "below does not take at_least"),
    "a key is missing": ({"ratio": ["a", "b"]}, "ratio needs at_least"),
    "untestable and tested": ({"untestable": "why", "below": ["a", "b"]}, "is needed, got below, untestable"),
    "untestable takes nothing": (
        {"untestable": "why", "where": {"dim": 1}, "expect": "fails"},
        "untestable does not take expect, where",
    ),
    "untestable for no reason": ({"untestable": " "}, r"claim\[0\].untestable: string should have at least 1 char"),
    "expect": (
        {"below": ["a", "b"], "expect": "no"},
        r"claim\[0\].expect: should be 'holds', 'fails' or 'undecided'",
    ),
    "slope at": ({"slope": "a", "between": [0, 1], "at": 5}, "slope does not take at"),
    "three labels": ({"below": ["a", "b", "c"]}, r"claim\[0\].below: list should have at most 2 items"),
    "unknown key": ({"below": ["a", "b"], "confidense": 0.9}, "confidense: unknown key; did you mean 'confidence'"),
    "range": ({"below": ["a", "b"], "confidence": 1.0}, r"claim\[0\].confidence: should be less than 1, got 1.0"),
    "share": ({"below": ["a", "b"], "share": 0}, r"claim\[0\].share: should be greater than 0, got 0"),
    "unknown label": ({"below": ["a", "bb"]}, r"claim\[0\].below: no policy 'bb'"),
    "unknown metric": ({"below": ["a", "b"], "metric": "regert"}, "metric: no metric 'regert'; did you mean 'regret'"),
    "no environment": ({"below": ["a", "b"], "where": {"dim": 99}}, "no environment of this grid has {'dim': 99}"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_names_the_claim_and_the_key(what):
    table, line = MISTAKES[what]
    with pytest.raises(UserError, match=line) as error:
        read([{"text": "x", **table}], worlds(200.0), "g.toml")
    assert len(error.value.lines) == 1
    assert str(error.value).startswith("g.toml: claim[0]")


def test_all_mistakes_are_told_at_once():
    with pytest.raises(UserError) as error:
        read([{"text": "x"}, {"below": ["a", "b"]}], worlds(200.0), "g.toml")
    assert [line[:16] for line in error.value.lines] == ["g.toml: claim[0]", "g.toml: claim[1]"]


def test_a_share_of_environments_is_corrected_for_their_number():
    """A difference that one test at 95 % takes for real, but not one of forty."""
    rng = np.random.default_rng(5)
    noise = rng.normal(size=(20, 1)) * 10
    noise -= noise.mean()
    error = noise.std(ddof=1) / np.sqrt(20)

    def pair_in(world):
        a = cell("a", np.full(len(X), 100.0), spread=0, environment=world, n=20)
        b = cell("b", np.full(len(X), 100.0), spread=0, environment=world, n=20)
        b.curves["regret"] = a.curves["regret"] + noise + 2.5 * error
        return [a, b]

    cells = [one for w in range(40) for one in pair_in(f"world {w}")]
    claim = {"text": "x", "metric": "regret", "below": ["a", "b"]}
    in_all, in_half = claims.read([claim, {**claim, "share": 0.5}], cells, "g")
    result = Result("g", False, cells)
    assert claims.judge([in_all], result)[0].verdict == "holds"
    assert claims.judge([in_half], result)[0].verdict == "undecided"


def test_a_place_without_results_leaves_a_claim_undecided():
    done = [cell("a", np.full(len(X), 10.0)), cell("b", np.full(len(X), 100.0))]
    empty = dataclasses.replace(cell("b", X, environment="other"), replications=np.array([], int))
    other = [cell("a", np.full(len(X), 10.0), environment="other"), empty]
    result = Result("g", False, [*done, *other])
    [claim] = claims.read([{"text": "x", "below": ["a", "b"]}], [*done, *other], "g")
    [judged] = claims.judge([claim], result)
    assert judged.verdict == "undecided"
    assert any("no finished replication of b" in finding.figures for finding in judged.findings)


@pytest.mark.parametrize(
    ("extra", "line"),
    [
        ({"below": ["a", "b"], "at": 5000}, "at most the horizon 1000, got 5000"),
        ({"ratio": ["a", "b"], "at_least": 2.0, "metric": "realised-regret"}, "can be negative, and has no ratios"),
        ({"below": ["a", "a"]}, "needs two different policies"),
    ],
)
def test_a_claim_that_cannot_be_decided_is_refused(extra, line):
    cells = [cell("a", X), cell("b", X)]
    with pytest.raises(UserError, match=line):
        claims.read([{"text": "x", **extra}], cells, "g")


def test_equivalence_of_negative_metrics():
    cells = [cell("a", X), cell("b", X)]
    for one in cells:
        one.curves["realised-regret"] = -100.0 + np.zeros_like(one.curves["regret"])
    table = {"text": "x", "metric": "realised-regret", "equivalent": ["a", "b"], "within": 0.1}
    [judged] = claims.judge(claims.read([table], cells, "g"), Result("g", False, cells))
    assert judged.verdict == "holds"
