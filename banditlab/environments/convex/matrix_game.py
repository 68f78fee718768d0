"""A zero-sum game against an opponent that learns: both players' averages come near to an equilibrium.

Y. Freund, R. E. Schapire. Adaptive game playing using multiplicative weights. Games and Economic Behavior 29, 1999;
A. Rakhlin, K. Sridharan. Optimization, learning, and games with predictable sequences. NeurIPS 2013, for opponents that
are optimistic: the duality gap then falls as 1 / T.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from banditlab.environments.instances import exclusive, fill
from banditlab.fuse import kernel
from banditlab.games.convex import STATIC
from banditlab.numerics import domains
from banditlab.numerics.domains import Domain
from banditlab.numerics.exponential import exponential_shares
from banditlab.numerics.linear import dot
from banditlab.registry import environment
from banditlab.sketches import Table
from banditlab.types import Arms, Counts, Matrix, Positive, Real, Vector

OPPONENTS = ("hedge", "optimistic-hedge", "best-response")
HEDGE, OPTIMISTIC, BEST = range(3)


@environment(
    "matrix-game",
    game="convex",
    gives=("simplex",),
    metrics=("static-regret", "duality-gap"),
    cite=("freund1999adaptive", "rakhlin2013optimization"),
)
@dataclass(frozen=True)
class MatrixGame:
    """The loss of a mixture x of the rows is <x, A y_t>, for the opponent's mixture y_t of the columns.

    The opponent wants it to be large. With "hedge" it plays columns in proportion to exp(rate * sum of what they would
    have brought), with "optimistic-hedge" it counts the last round twice; both choose before they see x_t. With
    "best-response" it sees x_t and plays the lowest of the best columns. A second gradient in a round is of the same
    loss. Nobody knows the best point beforehand, so that there is no `oracle`: static regret after t rounds is to the
    row that was best in these rounds. The duality gap is max_y <x', A y> - min_x <x, A y'>, for the averages x' and y'
    of both players over the rounds so far.
    """

    rows: Arms | None = None  #: d; 5
    columns: Arms | None = None  #: 5
    payoffs: list[list[Real]] | None = None  #: A; by default uniform on [0, 1], drawn with the instance
    opponent: Literal["hedge", "optimistic-hedge", "best-response"] = "hedge"  #: how it plays
    rate: Positive | None = None  #: over the range of A; sqrt(8 ln columns / T) of hedge, 0.25 of optimistic-hedge

    class State(NamedTuple):
        hint: Vector  #: (d,) none are shown
        point: Vector  #: (d,) chosen in the round
        gradients: Matrix  #: (4, d) revealed in the round, and given to the policy
        domain: Domain
        payoffs: Matrix  #: (d, m) A
        opponent: int  #: of `OPPONENTS`
        rate: float
        reply: Vector  #: (m,) the opponent's mixture of the round
        gains: Vector  #: (m,) what each column would have brought against the last point
        losses: Vector  #: (m,) less the sums of it
        expected: Vector  #: (m,) with the guess of the next ones
        slopes: Vector  #: (d,) sum of A y_t
        paid: Vector  #: (2,) sum of losses; regret so far
        rounds: Counts  #: (1,) that were begun

    def __post_init__(self):
        exclusive(self, "payoffs", ("rows", "columns"))
        if self.payoffs is None:
            fill(self, rows=5, columns=5)
        elif len(self.payoffs) < 2 or len({len(row) for row in self.payoffs}) != 1 or len(self.payoffs[0]) < 2:
            sizes = ", ".join(str(len(row)) for row in self.payoffs)
            raise ValueError(
                f"payoffs: at least 2 rows of the same length, at least 2; got rows of length {sizes or '-'}"
            )
        if self.opponent == "best-response" and self.rate is not None:
            raise ValueError("rate: not of the opponent 'best-response'")

    def start(self, rng, noise, horizon) -> State:
        drawn = self.payoffs is None
        payoffs = rng.uniform(0.0, 1.0, (self.rows, self.columns)) if drawn else np.array(self.payoffs, float)
        dim, columns = payoffs.shape
        usual = math.sqrt(8.0 * math.log(columns) / horizon) if self.opponent == "hedge" else 0.25
        rate = (self.rate or usual) / (float(np.ptp(payoffs)) or 1.0)
        reply, gains, losses, expected = np.zeros((4, columns))
        return self.State(
            np.zeros(dim), np.zeros(dim), np.zeros((4, dim)), domains.make_domain("simplex", 1.0, dim), payoffs,
            OPPONENTS.index(self.opponent), rate, reply, gains, losses, expected, np.zeros(dim), np.zeros(2),
            np.zeros(1, int),
        )  # fmt: skip

    def facts(self, state) -> dict[str, Any]:
        bound = float(np.linalg.norm(state.payoffs, axis=0).max())
        return {
            "form": "simplex",
            "radius": 1.0,
            "gradient_bound": bound,
            "smoothness": 0.0,
            "curvature": 0.0,
            "sigma": 0.0,
        }

    def sketch(self, state, horizon) -> Table:
        return Table(state.payoffs.copy(), "loss", "own row", "opponent's column")

    @staticmethod
    def contains(env, point):
        return domains.contains(env.domain, point)

    @staticmethod
    def reveal(env, t, point, gradient):
        if env.rounds[0] == t:  # the first gradient of the round
            _reply(env, point)
            env.rounds[0] += 1
        for i in range(gradient.shape[0]):
            gradient[i] = dot(env.payoffs[i], env.reply)

    @staticmethod
    def score(env, t, point, totals):
        gradient = env.gradients[0]
        env.paid[0] += dot(gradient, point)
        for i in range(gradient.shape[0]):
            env.slopes[i] += gradient[i]
        regret = env.paid[0] - env.slopes.min()
        totals[STATIC] += regret - env.paid[1]
        env.paid[1] = regret

    @staticmethod
    def duality_gap(env):
        return max(0.0, -env.losses.min() - env.slopes.min()) / env.rounds[0]


@kernel
def _reply(env, point):
    """Choose the opponent's mixture of the round, and note what its columns would have brought."""
    last = 1.0 if env.opponent == OPTIMISTIC else 0.0
    for j in range(env.expected.shape[0]):
        env.expected[j] = env.losses[j] - last * env.gains[j]
        env.gains[j] = dot(env.payoffs[:, j], point)
        env.losses[j] -= env.gains[j]
    if env.opponent == BEST:
        env.reply[:] = 0.0
        env.reply[env.gains.argmax()] = 1.0
    else:
        exponential_shares(env.expected, env.rate, 1.0, env.reply)
