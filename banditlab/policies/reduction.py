"""Parameters of reductions to online regression, by a perturbed network, and what their policies do alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.hashing import uniform
from banditlab.numerics.network import Network, gaussian_weights, uniform_weights
from banditlab.numerics.perturbation import EXPECTED, OFF, SAMPLE, Oracle, descend, predict, redraw, start_oracle
from banditlab.numerics.training import History, remember, start_history
from banditlab.policies.inverse_gap import InverseGap
from banditlab.policies.neural import Networked, check_finite
from banditlab.types import Count, Index, NonNegative, Positive, Vector

PERTURBATIONS = {"off": OFF, "sample": SAMPLE, "expected": EXPECTED}


class Reduction(NamedTuple):
    """State of a policy that weighs arms by predicted losses."""

    oracle: Oracle
    history: History
    losses: Vector  #: (K,) predicted
    weights: Vector  #: (K,) probabilities of the round
    key: np.uint64  #: of the replayed observations
    gamma: float
    exponent: float
    rate: float
    rate_exponent: float
    replay: int
    disjoint: bool
    redrawn: bool


@dataclass(frozen=True)
class Oracled(Networked, InverseGap):
    """Parameters of online regression by a perturbed network, and of the weights of arms.

    The loss is 1 - reward, and gamma is for rewards in a range of length 1. The oracle predicts f + c e'(w - w_0),
    averaged over `ensemble` vectors e of random signs, with c = perturbation_scale m^(-1/4) for networks with m units
    in the last hidden layer. In round t = 1, 2, ... the weights move by rate t^(-rate_exponent) against the gradient of
    the ensemble's mean loss, and are projected; gamma counts the rounds before, so that the first round is uniform
    where the exponent is positive.

    c and radii are in units of these weights, of order 1 / sqrt(m), where the paper's analysis has weights of order 1
    and a network divided by sqrt(m): the same c_p pulls 1 / m times as much as there.

    Steps on sampled signs are stable where about rate (|g|^2 + c^2 p / S) < 2, for p weights in all and the gradient g.
    Large networks, and many arms with weights of their own, need a smaller rate or a larger ensemble. Unless S is much
    larger than rate c^2 p, the mean of the signs fits losses as a common bias, and pulls little.
    """

    gamma: Positive | Literal["horizon"] = 100.0  #: learning rate: larger is greedier
    exponent: NonNegative | None = None  #: of t, for gamma a number; 0.5 where it is left out
    init: Literal["uniform", "gaussian"] = "uniform"  #: PyTorch's, or variances 1 / m
    bias: bool = False  #: whether units have biases
    rate: Positive = 0.1  #: eta of the first round
    rate_exponent: NonNegative = 0.0  #: eta_t = rate t^(-rate_exponent)
    perturbation: Literal["sample", "expected", "off"] = "sample"  #: random signs, their expectation, or none
    perturbation_scale: NonNegative = 0.1  #: c_p
    ensemble: Count = 10  #: S, vectors of signs
    redraw: Literal["never", "round"] = "never"  #: when new signs are drawn
    radius: Positive | None = None  #: rho, most change of each hidden layer; no projection where it is left out
    output_radius: Positive | None = None  #: rho_1, of the output weights; that of the hidden layers where left out
    replay: Index = 0  #: J, steps on random observations of the past after each round's own; the paper has none

    def __post_init__(self):
        Networked.__post_init__(self)
        InverseGap.__post_init__(self)
        if self.redraw == "round" and self.perturbation != "sample":
            raise ValueError('redraw: "round" is for perturbation = "sample", which has something to draw')
        if self.output_radius is not None and self.radius is None:
            raise ValueError("output_radius: only beside radius, that of the hidden layers")

    def reduction(self, problem: Any, rng: np.random.Generator, gamma: float, *, logistic: bool) -> Reduction:
        """Return the state before the first round."""
        network = self.network(problem, biased=self.bias)
        weights = (uniform_weights if self.init == "uniform" else gaussian_weights)(network, rng)
        scale = self.perturbation_scale * (self.hidden[-1] if self.hidden else 1) ** -0.25
        self._check_stable(scale, len(weights), 0.25 if logistic else 1.0)
        oracle = start_oracle(
            network, weights, rng, mode=PERTURBATIONS[self.perturbation], members=self.ensemble,
            scale=scale, radii=self._radii(network), logistic=logistic,
        )  # fmt: skip
        room = problem.rounds if self.replay else 0
        return Reduction(
            oracle, start_history(room, problem.dim), np.zeros(problem.arms), np.zeros(problem.arms),
            rng.integers(2**64, dtype=np.uint64), gamma, self._exponent(),
            self.rate, self.rate_exponent, self.replay, self.disjoint(problem), self.redraw == "round",
        )  # fmt: skip

    def _exponent(self) -> float:
        if self.exponent is None:
            return 0.0 if self.gamma == "horizon" else 0.5
        return self.exponent

    def _check_stable(self, scale: float, weights: int, bend: float) -> None:
        """Check that a step on the mean of sampled signs does not overshoot by itself.

        Raises
        ------
        ValueError
            It does: rate c^2 p / S, times the most second derivative of the loss, is 2 or more.
        """
        step = self.rate * bend * scale**2 * weights / self.ensemble
        if self.perturbation == "sample" and step >= 2.0:
            raise ValueError(
                f"rate: at most {2.0 * self.rate / step:.2g} with random signs of {weights:,} weights and ensemble = "
                f'{self.ensemble}, got {self.rate:g}; perturbation = "expected" has no such limit'
            )

    def _radii(self, network: Network) -> np.ndarray:
        radii = np.full(network.depth + 1, math.inf if self.radius is None else self.radius)
        if self.output_radius is not None:
            radii[-1] = self.output_radius
        return radii


@kernel
def predict_losses(state, t, features, rng):
    """Write the predicted losses (K,) of round t into the state of a reduction; they must be finite."""
    if state.redrawn:
        redraw(state.oracle, rng)
    predict(state.oracle, features, state.disjoint, state.losses)
    check_finite(state.losses, t)


@kernel
def learn_loss(state, t, features, arm, loss):
    """Let the oracle of a reduction learn a loss, and replay what it saw before."""
    block, rate = arm if state.disjoint else 0, state.rate * math.pow(t + 1.0, -state.rate_exponent)
    descend(state.oracle, features[arm], block, loss, rate)
    if state.replay > 0:
        history = state.history
        remember(history, features[arm], block, loss)
        for j in range(state.replay):
            at = int(uniform(state.key, t, j) * history.size[0])
            descend(state.oracle, history.inputs[at], history.blocks[at], history.targets[at], rate)
