"""Stochastically extended adversary: random losses whose expectations stay, drift, jump, flip or are corrupted.

S. Sachs, H. Hadiji, T. van Erven, C. Guzman. Between stochastic and adversarial online convex optimization: improved
regret bounds via smoothness. NeurIPS 2022. S. Chen, W.-W. Tu, P. Zhao, L. Zhang. Optimistic online mirror descent for
bridging stochastic and adversarial online convex optimization. ICML 2023, arXiv 2302.04552. The patterns are made so
that both quantities of their bounds are known: the variance sigma^2 of a round's gradient, and the variation Sigma^2 of
the expected gradients from round to round. The random order is that of Lemma 11 of the first paper, where Sigma^2 is at
most 8 G^2 in each pass; the others are ours. The noise is the same at all points of a round, as the model allows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from banditlab.environments.feedback import Setting
from banditlab.environments.instances import fill
from banditlab.environments.quadratics import Losses, Quadratics
from banditlab.registry import environment
from banditlab.types import Arms, Count, NonNegative, Positive

Pattern = Literal[
    "iid", "hard-iid", "adversarial", "block-flip", "drift", "switch", "corrupted", "random-order", "label-shift"
]
#: Parameters that only some patterns have, those patterns, and their defaults.
OWN = {
    "period": (("block-flip",), 100),
    "turn": (("drift", "label-shift"), 0.01),
    "stages": (("switch",), 5),
    "corruption": (("corrupted",), 50.0),
    "passes": (("random-order",), 1),
    "classes": (("label-shift",), 3),
}
QUIET = ("adversarial", "label-shift")  #: patterns without noise by default


@environment("sea", game="convex", cite=("sachs2022between", "chen2023optimistic"))
@dataclass(frozen=True)
class SEA(Setting, Quadratics):
    """F_t(x) = <m_t, x>, or curvature / 2 ||x - m_t||^2; the gradients have noise, uniform on a sphere around 0.

    The vectors m_t have the norm `size`. With `iid` m_t is the same in all rounds, in a random direction; with
    `hard-iid` it is so, linear, and of the norm 2 sigma / sqrt T, at which the regret is of the order of sigma sqrt T;
    with `adversarial` each has a random direction of its own; with `block-flip` it is along the first axis, and
    changes its sign after every `period` rounds; with `drift` it turns by an angle `turn` in each round, in the plane
    of the first two axes; with `switch` it has a new random direction in each of `stages` stages of equal length; with
    `corrupted` it is as with `iid`, but turned around in some rounds, evenly spread, as many as a sum of norms
    `corruption` of the changes of the gradients allows.

    In two patterns losses are drawn from a fixed set. With `random-order` there are T / passes of them, with gradients
    that differ from those of one m by vectors of norm `sigma` in random directions; each pass takes all of them in a
    new random order, so that F_t is the mean of those that are left in the pass. With `label-shift` a round draws one
    of the `classes` c = 0, 1, ..., each of which has an m of its own; its probability is (1 + cos(turn t - 2 pi c /
    classes)) / classes, and F_t is the mean; `sigma` is of noise beside. The square of the sigma that policies are told
    is the mean over the rounds of the variance of a gradient, these draws included.

    With `miss`, policies are shown hints: the expected gradient of the round in the middle of the domain, moved by a
    vector of that norm in a random direction.
    """

    losses: Literal["linear", "quadratic"] = "linear"
    pattern: Pattern = "iid"  #: of the expected losses
    sigma: NonNegative | None = None  #: norm of the noise in a gradient; 1, or 0 of adversarial and label-shift
    size: Positive | None = None  #: norm of m_t; 1 for linear losses, R / 2 for quadratic ones; not of hard-iid
    curvature: Positive | None = None  #: of quadratic losses; 1
    period: Count | None = None  #: of block-flip, rounds between two changes of sign; 100
    turn: Positive | None = None  #: of drift and label-shift, the angle between two rounds; 0.01
    stages: Count | None = None  #: of switch; 5
    corruption: NonNegative | None = None  #: of corrupted, the sum of norms by which gradients change; 50
    passes: Count | None = None  #: of random-order; 1
    classes: Arms | None = None  #: of label-shift; 3
    miss: NonNegative | None = None  #: distance of hints from the expected gradients; no hints by default

    def __post_init__(self):
        for name, (patterns, default) in OWN.items():
            if self.pattern in patterns:
                fill(self, **{name: default})
            elif getattr(self, name) is not None:
                where = " and ".join(map(repr, patterns))
                raise ValueError(f"{name}: only of the pattern {where}, here it is {self.pattern!r}")
        if self.curvature is not None and self.losses == "linear":
            raise ValueError("curvature: only of quadratic losses")
        if self.pattern == "hard-iid" and (self.losses != "linear" or self.size is not None):
            raise ValueError("pattern: 'hard-iid' is of linear losses, and sets their size by itself")
        if self.pattern == "hard-iid" and self.sigma == 0.0:
            raise ValueError("sigma: above 0 where the pattern is 'hard-iid', since losses are 0 otherwise")
        if self.pattern == "adversarial" and self.sigma:
            raise ValueError(f"sigma: 0 where the pattern is 'adversarial', got {self.sigma}")
        self.settle()
        if self.pattern == "drift" and self.dim < 2:
            raise ValueError(f"dim: at least 2 where the pattern is 'drift', got {self.dim}")
        if self.losses == "quadratic":
            fill(self, curvature=1.0)
        if self.pattern != "hard-iid":
            fill(self, size=1.0 if self.losses == "linear" else 0.5 * self.radius)
        fill(self, sigma=0.0 if self.pattern in QUIET else 1.0)

    def gives(self) -> frozenset[str]:
        words = {"strongly-convex", "exp-concave"} if self.losses == "quadratic" else set()
        return self.given() | words | ({"hints"} if self.miss is not None else set())

    def notes(self, horizon: int) -> list[str]:
        """Return what a user should know of a run of that many rounds: changes that it is too short for."""
        if self.pattern == "block-flip" and self.period >= horizon:
            return [f"period {self.period:,} for {horizon:,} rounds: the sign never changes"]
        names = {"switch": "stages", "random-order": "passes"}
        name = names.get(self.pattern)
        if name and getattr(self, name) > horizon:
            return [f"{name} {getattr(self, name):,} for {horizon:,} rounds: no more of them than rounds are played"]
        return []

    def draw(self, rng: np.random.Generator, coins: np.random.Generator, horizon: int) -> Losses:
        size = 2.0 * self.sigma / math.sqrt(horizon) if self.pattern == "hard-iid" else self.size
        curvature = self.curvature or 0.0
        slope = size if self.losses == "linear" else -curvature * size
        if self.pattern == "random-order":
            count = -(-horizon // self.passes)
            every = slope * self._directions(rng, 1) + self.sigma * self._directions(rng, count)
            order = np.concatenate([coins.permutation(count) for _ in range(self.passes)])
            return _without_replacement(every, order[:horizon], curvature)
        if self.pattern == "label-shift":
            phases = 2.0 * math.pi / self.classes * np.arange(self.classes)
            chances = (1.0 + np.cos(self.turn * np.arange(horizon)[:, None] - phases)) / self.classes
            every = slope * self._directions(rng, self.classes)
            return _by_chances(every, chances, coins)._replace(curvature=curvature, sigma=self.sigma)
        table, order = self._path(rng, horizon)
        return Losses(slope * table, order, curvature, self.sigma)

    def _path(self, rng: np.random.Generator, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """Return unit vectors (S, d), and which of them each round has (T,)."""
        rounds = np.arange(horizon)
        if self.pattern == "block-flip":
            first = np.eye(self.dim)[0]
            return np.array([first, -first]), rounds // self.period % 2
        if self.pattern == "drift":
            angles = self.turn * rounds
            table = np.zeros((horizon, self.dim))
            table[:, 0], table[:, 1] = np.cos(angles), np.sin(angles)
            return table, rounds
        if self.pattern == "adversarial":
            return self._directions(rng, horizon), rounds
        if self.pattern == "switch":
            return self._directions(rng, self.stages), rounds * self.stages // horizon
        table = self._directions(rng, 1)
        if self.pattern == "corrupted":
            # turned around, a gradient changes by 2 ||m||, times the curvature of a quadratic loss
            share = min(1.0, self.corruption / (2.0 * self.size * (self.curvature or 1.0)) / horizon)
            return np.vstack([table, -table]), np.diff(np.floor(share * np.arange(horizon + 1) + 1e-9)).astype(int)
        return table, np.zeros(horizon, int)

    def _directions(self, rng: np.random.Generator, count: int) -> np.ndarray:
        drawn = rng.standard_normal((count, self.dim))
        return drawn / np.sqrt((drawn**2).sum(axis=1, keepdims=True))


def _without_replacement(every: np.ndarray, order: np.ndarray, curvature: float) -> Losses:
    """Return losses with slopes (n, d) in passes through all of them, as `order` (T,) says."""
    count, horizon = len(every), len(order)
    passes = -(-horizon // count)
    last = np.setdiff1d(np.arange(count), order[(passes - 1) * count :])  # those that the last pass did not come to
    slopes = every[np.concatenate([order, last])].reshape(passes, count, -1)
    left = np.arange(count, 0, -1)[:, None]
    means, squares = (np.cumsum(x[:, ::-1], axis=1)[:, ::-1] / left for x in (slopes, slopes**2))
    variances = (squares - means**2).sum(axis=2).reshape(-1)[:horizon]
    means = means.reshape(-1, slopes.shape[2])[:horizon]
    return Losses(means, np.arange(horizon), curvature, 0.0, every, order, max(0.0, float(variances.mean())))


def _by_chances(every: np.ndarray, chances: np.ndarray, coins: np.random.Generator) -> Losses:
    """Return losses with slopes (C, d) of which each round draws one, with probabilities (T, C)."""
    picks = (chances.cumsum(axis=1) < coins.random((len(chances), 1))).sum(axis=1)
    means = chances @ every
    variances = chances @ (every**2).sum(axis=1) - (means**2).sum(axis=1)
    return Losses(
        means,
        np.arange(len(means)),
        drawn=every,
        picks=np.minimum(picks, len(every) - 1),
        variance=float(variances.mean()),
    )
