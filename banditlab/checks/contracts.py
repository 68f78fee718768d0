"""What must hold of every policy and environment, whatever it does.

In a test-suite of one's own:

    def test_my_policy():
        banditlab.checks.check_policy(MyPolicy(width=0.5))

    def test_my_environment():
        banditlab.checks.check_environment(MyEnvironment(arms=3))

Each raises an AssertionError with a line for every contract that does not hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from banditlab import registry
from banditlab.checks.findings import Finding, insist
from banditlab.checks.pairs import cell_of, pair_of, play, reference_for, settings_of
from banditlab.checks.promptness import late_learning
from banditlab.checks.replay import run, start_env
from banditlab.errors import UserError
from banditlab.games import games
from banditlab.runs.grid import Cell, Record
from banditlab.runs.pair import play_replications

ROUNDS = 200  #: of each contract; enough to pass the first plays of every arm and a few updates


def check_policy(policy: Any, environment: Any = None) -> None:
    """Check the contracts of a policy in an environment, by default the reference environment of its game.

    It plays without errors; the same seed gives the same numbers; plain Python and compiled code do; a run in slices
    and a straight one do; a replication does, alone or after others; what it learns of a round does not depend on when
    it learns it, unless it says that it needs prompt feedback.

    Parameters
    ----------
    policy, environment : instances of registered classes

    Raises
    ------
    AssertionError
        One line for each contract that does not hold.
    UserError
        There is no environment that gives what the policy needs.
    """
    environment = environment or reference_for(policy)
    cell = cell_of(environment, policy, ROUNDS)
    insist(registry.kind_of(policy).name, contracts(cell))


def check_environment(environment: Any) -> None:
    """Check the contracts of an environment: those of a policy, played uniformly, and its own.

    The regret of the oracle is exactly 0; what cannot be negative and adds up never falls; what is shown does not
    depend on what was played; nor does what an action earns, given how often or when it was played. Compiled code is
    held to plain Python, which then stands for both.

    Raises
    ------
    AssertionError
        One line for each contract that does not hold.
    """
    kind = registry.kind_of(environment)
    uniform = registry.find("policy", "uniform", kind.game).cls()
    cell = cell_of(environment, uniform, ROUNDS)
    insist(kind.name, [*contracts(cell), *_environment_contracts(cell)])


def contracts(cell: Cell) -> Iterator[Finding]:
    """Yield a finding for each contract of a pair."""
    try:
        done = play(cell, 3)
    except AssertionError as error:
        yield Finding("plays", "fails", str(error))
        return
    yield Finding("plays", "holds", f"{cell.horizon} rounds")
    yield _equal("same seed", "the same seed twice", done, play(cell, 3))
    if pair_of(cell).reason:
        yield Finding("plain = compiled", "none", f"runs in plain Python: {pair_of(cell).reason}")
    else:
        yield _equal("plain = compiled", "plain Python and compiled code", done, play(cell, 3, compiled=False))
    yield _equal("slices", "a straight run and one in slices", done, _in_slices(cell))
    yield _equal("replications apart", "a replication alone and after others", done[2:], play(cell, range(2, 3)))
    if hasattr(cell.player.kind.cls, "repeats"):
        return  # its sets are played for several rounds, of which it learns once
    if "prompt-feedback" in cell.player.needs:
        yield Finding("late feedback", "none", "needs prompt feedback")
    else:
        reason = late_learning(cell)
        remedy = '; add needs=("prompt-feedback",) to its decorator'
        text = f"{reason}{remedy}" if reason else "it can choose once more before it learns of a round"
        yield Finding("late feedback", "fails" if reason else "holds", text)


def _equal(check: str, what: str, one: list, other: list) -> Finding:
    for a, b in zip(one, other, strict=True):
        if a.values.tobytes() != b.values.tobytes():
            where = int(a.rounds[np.argmax((a.values != b.values).any(axis=1))])
            return Finding(check, "fails", f"{what} differ in replication {a.replication}, by round {where}")
    return Finding(check, "holds", f"{what} agree to the bit")


def _in_slices(cell: Cell) -> list:
    """Play with a record point after every round, and keep those that a straight run has."""
    settings = settings_of(0, Record(points=cell.horizon, spacing="linear"))
    points = settings_of(0).record.rounds(cell.horizon)
    done = play_replications(pair_of(cell), cell, settings, range(3))
    return [curve._replace(rounds=points, values=curve.values[points - 1]) for curve in done]


def _environment_contracts(cell: Cell) -> Iterator[Finding]:
    done = run(cell.world.instance, cell.player.instance, cell.horizon, compiled=False)
    totals, broken = done.totals, games()[cell.game].broken(done.actions, done.outcomes, done.features)
    yield Finding("rules", "fails" if broken else "holds", broken or "outcomes keep to the rules of the game")
    for m, metric in enumerate(games()[cell.game].metrics):
        if metric in cell.game_metrics and metric.cumulative and not metric.signed:
            steps = totals[:, m]
            verdict = "holds" if (steps >= 0).all() else "fails"
            fall = "" if verdict == "holds" else f"; it falls by {-steps.min():g} in round {int(steps.argmin())}"
            yield Finding(f"{metric.name} never falls", verdict, f"{metric.name} cannot be negative{fall}")
    yield from _truths(cell)
    yield _oracle(cell)
    yield from _independence(cell)


def _truths(cell: Cell) -> Iterator[Finding]:
    """Check what is read at the record points, and the facts."""
    curves = play(cell, 3)
    for m, metric in enumerate(cell.game_metrics):
        if not metric.cumulative and not metric.signed:
            least = min(float(curve.values[:, m].min()) for curve in curves)
            found = "" if least >= 0 else f"; found {least:g}"
            yield Finding(
                f"{metric.name} >= 0", "fails" if found else "holds", f"{metric.name} cannot be negative{found}"
            )
    if hasattr(cell.world.kind.cls, "heard"):
        yield Finding("facts", "none", "logged data know no truth that could be told")
        return
    env = start_env(cell.world.instance, cell.horizon, 0)
    oracles = [kind for kind in registry.kinds("policy", cell.game) if kind.name == "oracle"]
    best = {fact for kind in oracles if kind.needs <= cell.world.gives for fact in kind.told}
    wanted = best | (cell.world.gives & {"domain"})
    lacking = ", ".join(sorted(wanted - cell.world.instance.facts(env).keys()))
    yield Finding(
        "facts", "fails" if lacking else "holds", f"lacks {lacking}" if lacking else "what policies need is told"
    )


def _oracle(cell: Cell) -> Finding:
    first = cell.game_metrics[0].name
    try:
        oracle = registry.find("policy", "oracle", cell.game).cls()
        [curve] = play(cell_of(cell.world.instance, oracle, cell.horizon), 1, compiled=False)
    except (AssertionError, UserError) as error:
        return Finding("oracle", "none", f"the oracle cannot play: {error}")
    worst = float(np.abs(curve.values[:, 0]).max())
    return Finding("oracle", "holds" if worst == 0 else "fails", f"{first} of the oracle is 0, found {worst:g}")


def _independence(cell: Cell) -> Iterator[Finding]:
    """Play twice with other coins: what is shown, and the outcomes of an action, must be the same."""
    world, player = cell.world.instance, cell.player.instance
    one, other = (run(world, player, cell.horizon, compiled=False, coins_seed=coins) for coins in (1, 2))
    game = games()[cell.game]
    if not game.follows:
        same = np.array_equal(one.features, other.features)
        yield Finding("contexts", "holds" if same else "fails", "features do not depend on what was played")
    duels = game.duels
    pairs = [[_outcomes(done, duels, by_round) for done in (one, other)] for by_round in (False, True)]
    same = any(all(a[key] == b[key] for key in a.keys() & b.keys()) for a, b in pairs)
    text = "the outcome of an action depends on how often, or when, it was played alone"
    yield Finding("common random numbers", "holds" if same else "fails", text)


def _outcomes(done: Any, duels: bool, by_round: bool) -> dict[tuple, Any]:
    """Return outcomes, as far as they are known, by action and the number of its plays, or the round."""
    plays: dict[tuple, int] = {}
    found = {}
    for t, (action, outcome) in enumerate(zip(done.actions.tolist(), done.outcomes.tolist(), strict=True)):
        flipped = duels and action[-2] > action[-1]
        key = (*action[:-2], action[-1], action[-2]) if flipped else tuple(action)
        plays[key] = plays.get(key, 0) + 1
        if not np.isnan(outcome).any():
            found[key, t if by_round else plays[key]] = 1.0 - outcome if flipped else outcome
    return found
