"""Replay of logged data: a policy is judged by rounds that another one played (Li et al. 2011; Dudik et al. 2011).

L. Li, W. Chu, J. Langford, X. Wang. Unbiased offline evaluation of contextual-bandit-based news article recommendation
algorithms. WSDM 2011 (Algorithm 2).
M. Dudik, J. Langford, L. Li. Doubly robust policy evaluation and learning. ICML 2011.
A. Swaminathan, T. Joachims. The self-normalized estimator for counterfactual learning. NeurIPS 2015.
M. Dudik, D. Erhan, J. Langford, L. Li. Sample-efficient nonstationary policy evaluation for contextual bandits. UAI
2012 (rejection by propensity).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from banditlab.environments.logged import Log, read_log
from banditlab.errors import UserError
from banditlab.games.bandit import DOUBLY_ROBUST, IPS, REPLAY, REPLAYED, SNIPS, VALUES
from banditlab.numerics.estimates import add_value, add_weighted, mean_error, weighted_error, weighted_mean
from banditlab.numerics.hashing import uniform
from banditlab.numerics.linear import dot
from banditlab.numerics.regression import learn_linear
from banditlab.registry import environment
from banditlab.types import Count, Counts, Matrix, Positive, Tensor, Vector

NAMES = [name for name, _ in VALUES]
ERRORS = len(VALUES)  #: from an estimate to its standard error


@environment(
    "replay",
    game="bandit",
    metrics=(*NAMES, *(f"{name}-se" for name in NAMES), "replayed"),
    cite=("li2011unbiased", "dudik2011doubly", "swaminathan2015self", "dudik2012sample"),
)
@dataclass(frozen=True)
class Replay:
    """Each round shows the next row of a log. Its reward counts, and is learnt, where the policy chooses its action.

    `log` is the path of a table (CSV, Parquet) with columns `action` (0 .. K-1), `reward` and `probability`, with which
    the logging policy chose it; the context is `x_I` where all arms see the same, or `x_K_I`, number I of arm K. Or of
    an NPZ file with arrays of these names, and `features` (n, d) or (n, K, d). `banditlab log` writes such a table.

    In other rounds the policy learns nothing, and its own clock stands still: it lives through the rounds that are
    replayed. A policy that is told the horizon is told that of the log, which is longer. What it would have earned in
    the other rounds is unknown, so that there is no regret; instead there are estimates of the mean reward of a round
    with the choices that it made so far, of the rounds so far:

    - `replay-value`: mean reward of the replayed rounds. It is that of the policy in so many rounds (`replayed`) of its
      own, without bias, if the log chose uniformly; or else with `thin`, which replays a matching round only with
      probability c / p, c the least probability of the log.
    - `ips`: mean of 1{match} r / p. `snips`: the same divided by the mean of 1{match} / p; less variance, some bias.
    - `doubly-robust`: mean of q(x, b) + 1{match} (r - q(x, a)) / p for the policy's arm b, and a model q of the reward.

    q is ridge regression on the context with an intercept, one of all arms where they have features of their own, else
    one for each. In each round it has learnt from the rows before alone: a row that it had learnt from would bias the
    estimate. So `ips` and `doubly-robust` have no bias for any q, if the probabilities are right and no action that the
    policy chooses has none, also where the logging policy learnt; then leave the rows in their order.

    Each has a standard error beside it (`ips-se`, ...), of the rows of the log. Bands over replications show the
    policy's coins and the shuffles alone, and no more replications make up for a short log. Until something is known,
    all are 0.
    """

    log: str  #: path of a CSV, Parquet or NPZ file
    arms: Count | None = None  #: K; by default what the file says, or else its largest action + 1
    shuffle: bool = False  #: the rows in another order in each replication
    thin: bool = False  #: drop matching rounds such that the log counts as uniform
    ridge: Positive = 1.0  #: lambda of the model of the reward

    class State(NamedTuple):
        contexts: Tensor  #: (n, K, d) or (n, 1, d)
        actions: Counts  #: (n,)
        rewards: Vector  #: (n,)
        chances: Vector  #: (n,) of the actions
        order: Counts  #: (T,) rows
        features: Matrix  #: (K, d) of the round
        replayed: Counts  #: (1,) rounds that the policy has heard of
        moments: Matrix  #: (3, 3) of replay, IPS and doubly robust: number, mean, squared deviations
        weighted: Vector  #: (5,) sums of the self-normalised estimate
        inverse: Matrix  #: (B, d + 1, d + 1) of the model: V^-1, K blocks where all arms have the same features, else 1
        theta: Matrix  #: (B, d + 1)
        input: Vector  #: (d + 1,) features of an arm, and 1
        scratch: Vector  #: (d + 1,)
        floor: float  #: c where the log is thinned, else 1
        noise: np.uint64

    def start(self, rng, noise, horizon) -> State:
        log = self._read()
        rows, sources, dim = log.contexts.shape
        if rows < horizon:
            raise UserError(f"{self.log}: {rows:,} rows are fewer than the horizon {horizon:,}")
        order = rng.permutation(rows)[:horizon] if self.shuffle else np.arange(horizon)
        blocks = 1 if log.has_arm_features else log.arms
        return self.State(
            log.contexts, log.actions, log.rewards, log.chances, order, np.zeros((log.arms, dim)), np.zeros(1, int),
            np.zeros((3, 3)), np.zeros(5), np.tile(np.eye(dim + 1) / self.ridge, (blocks, 1, 1)),
            np.zeros((blocks, dim + 1)), np.ones(dim + 1), np.zeros(dim + 1),
            log.chances.min() if self.thin else 1.0, noise,
        )  # fmt: skip

    def _read(self) -> Log:
        return read_log(self.log, self.arms)

    def gives(self) -> frozenset[str]:
        """Return what policies may need, as far as the log shows it."""
        log = self._read()
        bounded = log.rewards.min() >= 0 and log.rewards.max() <= 1
        shown = {
            "features": log.contexts.shape[2] > 0,
            "arm-features": log.has_arm_features,
            "bounded-rewards": bounded,
        }
        return frozenset(word for word, holds in shown.items() if holds)

    def notes(self, horizon: int) -> list[str]:
        """Return what a user should know of a run of that many rounds."""
        log = self._read()
        chances, logged = log.chances, np.bincount(log.actions, minlength=log.arms)
        low, high = chances.min(), chances.max()
        lines = ["bands are of coins and shuffles; metrics ending in -se are errors due to the log"]
        if high > low and not self.thin:
            lines.append(f"probabilities {low:.3g} .. {high:.3g}: replay-value is biased (thin = true mends that)")
        if never := [str(arm) for arm in np.flatnonzero(logged == 0)]:
            first = "; are actions counted from 1?" if never == ["0"] else ""
            lines.append(f"arms in no row, of which nothing can be said: {', '.join(never)}{first}")
        return lines

    def facts(self, state) -> dict[str, Any]:
        return {}

    @staticmethod
    def observe(env, t, rng):
        rows = env.contexts[env.order[t]]
        for k in range(env.features.shape[0]):
            for i in range(env.features.shape[1]):
                env.features[k, i] = rows[k if rows.shape[0] > 1 else 0, i]
        return env.features

    @staticmethod
    def pull(env, t, features, arm):
        row = env.order[t]
        if arm != env.actions[row]:
            return math.nan
        if uniform(env.noise, 0, t) * env.chances[row] < env.floor:
            env.replayed[0] += 1
            add_value(env.moments[0], env.rewards[row])
        return env.rewards[row]

    @staticmethod
    def heard(env, t):
        return env.replayed[0]

    @staticmethod
    def regret(env, t, features, arm, reward, totals):
        row = env.order[t]
        logged, weight = env.actions[row], 0.0
        predicted = _predict(env, features, arm)
        robust = predicted
        if arm == logged:
            weight = 1.0 / env.chances[row]
            robust += weight * (reward - predicted)
        add_value(env.moments[1], weight * env.rewards[row])
        add_value(env.moments[2], robust)
        add_weighted(env.weighted, weight, env.rewards[row])
        _learn(env, features, logged, env.rewards[row])
        for metric, i in ((REPLAY, 0), (IPS, 1), (DOUBLY_ROBUST, 2)):
            totals[metric], totals[metric + ERRORS] = env.moments[i, 1], mean_error(env.moments[i])
        totals[SNIPS], totals[SNIPS + ERRORS] = weighted_mean(env.weighted), weighted_error(env.weighted)
        totals[REPLAYED] = env.replayed[0]


def _predict(env, features, arm):
    """Return what the model expects of an arm."""
    _enter(env, features, arm)
    return dot(env.theta[arm if env.theta.shape[0] > 1 else 0], env.input)


def _learn(env, features, arm, reward):
    """Let the model learn a reward of the log."""
    block = arm if env.theta.shape[0] > 1 else 0
    _enter(env, features, arm)
    learn_linear(env.inverse[block], env.theta[block], env.scratch, env.input, reward)


def _enter(env, features, arm):
    for i in range(features.shape[1]):
        env.input[i] = features[arm, i]
