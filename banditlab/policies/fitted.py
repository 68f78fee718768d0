"""Parameters of networks that are fitted to the rewards seen so far, and what their policies do alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.network import Network, uniform_weights
from banditlab.numerics.training import (
    BATCH,
    REPLAY,
    History,
    Training,
    remember,
    start_history,
    start_training,
    train,
)
from banditlab.policies.neural import Networked
from banditlab.types import Count, Index, NonNegative, Positive, Vector


class Learner(NamedTuple):
    """A network, its weights, and what it is fitted to."""

    network: Network
    weights: Vector  #: (p,)
    history: History
    training: Training
    disjoint: bool


@dataclass(frozen=True)
class Trained(Networked):
    """Parameters of networks with biases, from PyTorch's weights, that are fitted to the rewards seen so far.

    training "replay": steps on (f - r)^2 of single observations, in the order of one random permutation a fit, until
    there were `steps` of them or the mean of (f - r)^2 over a pass is at most the tolerance. "batch": so many steps on
    the mean of (f - r)^2 over all of them. Every fit goes on from the weights of the last one; it takes place after
    round t where t is a multiple of `every`, or of `later` from t = until on, t = 0, 1, ...
    """

    training: Literal["replay", "batch"] | None = None  #: single observations or all at once; replay where left out
    optimiser: Literal["sgd", "adam"] = "sgd"  #: plain gradient steps, or Adam's, whose moments last for one fit
    rate: Positive | None = None  #: eta; 0.01 where left out (not in preset "paper")
    steps: Count | None = None  #: most steps of a fit; 1000 of replay, else 100, where left out
    tolerance: NonNegative | None = None  #: on the mean of (f - r)^2; 0.001 of replay, else 0, where left out
    every: Count = 1  #: rounds from fit to fit, at first
    until: Index = 2000  #: how many rounds that lasts
    later: Count = 100  #: the same for the rounds after those

    def learner(self, problem: Any, rng: np.random.Generator, decay: float) -> Learner:
        """Return the state before the first round; `decay` is as of `numerics.training.train`."""
        network = self.network(problem, biased=True)
        batch = self.training == "batch"
        rate, tolerance = 0.01 if self.rate is None else self.rate, 0.0 if batch else 0.001
        return self._learner(
            problem, rng, network, uniform_weights(network, rng), decay=decay, rule=BATCH if batch else REPLAY,
            rate=rate, steps=self.steps or (100 if batch else 1000),
            tolerance=tolerance if self.tolerance is None else self.tolerance,
        )  # fmt: skip

    def _learner(self, problem: Any, rng: np.random.Generator, network: Network, weights: np.ndarray, **how) -> Learner:
        key = rng.integers(2**64, dtype=np.uint64)
        training = start_training(
            network, problem.rounds, weights, key, adam=self.optimiser == "adam",
            every=self.every, until=self.until, later=self.later, **how,
        )  # fmt: skip
        history = start_history(problem.rounds, problem.dim)
        return Learner(network, weights, history, training, self.disjoint(problem))


@kernel
def learn_reward(learner, t, features, arm, reward):
    """Add an observation to the history, and fit the network where it is time."""
    remember(learner.history, features[arm], arm if learner.disjoint else 0, reward)
    train(learner.network, learner.weights, learner.history, learner.training, t)
