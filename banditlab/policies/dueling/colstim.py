"""CoLSTIM: imitate the feedback process, then play its toughest competitor (Bengs et al. 2022, Algorithm 1).

V. Bengs, A. Saha, E. Huellermeier. Stochastic contextual dueling bandits under linear stochastic transitivity models.
ICML 2022 (arXiv 2202.04593).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.links import LINKS, perturbation
from banditlab.numerics.pairs import Arms, challenge, look_at_arms, start_arms
from banditlab.numerics.preference import Model, explored, learn_pair, start_model
from banditlab.numerics.sampling import draw_pair
from banditlab.policies import told
from banditlab.registry import policy
from banditlab.types import AtLeastOne, Index, Matrix, NonNegative, Positive

PRESETS = {
    "paper": {"exploration": None, "c1": "horizon", "ridge": 1e-4, "design": 0.0, "center": False},
    "practical": {"exploration": 1, "c1": 2.0, "ridge": 1.0, "design": 1.0, "center": True},
}


@policy(
    "colstim",
    game="dueling",
    needs=("features",),
    told=("horizon", "link", "rounds"),
    growth={"average": "sqrt T"},
    cite=("bengs2022stochastic",),
)
@dataclass(frozen=True)
class CoLSTIM:
    """First the arm of largest perturbed utility, then its toughest competitor by an upper bound on the contrast.

    After `exploration` rounds of random pairs, with theta the maximum-likelihood estimate, M the design of contrasts
    and |v| = sqrt(v' M^-1 v): with probability p_t each arm draws its own perturbation from the law whose differences
    have the link as distribution function, otherwise all share one; clipped to [-threshold, threshold],

        i = argmax x_i'theta + eps_i |x_i|,      j = argmax (x_j - x_i)'theta + c1 |x_j - x_i|.

    The lowest index among equals. "horizon" stands for sqrt(d ln T) in `c1` and `threshold`, and for
    p_t = min(1, sqrt(d ln(d T) / (t - exploration))) in `coupling`.

    Preset "paper": exploration d K, c1 "horizon", ridge 1e-4 (the paper has none, where separable data have no
    maximum), design 0. Preset "practical": exploration 1, c1 2, ridge 1, design 1, contexts centred in each round; the
    rule is not invariant to a shift of the contexts otherwise.

    The estimate is found by Newton's method each time the number of duels has grown by `refit`, with a step of online
    Newton after the duels between; refit = 1 solves after every duel, as the paper writes it, at a cost that grows with
    the round.
    """

    preset: Literal["paper", "practical"] = "paper"
    c1: Positive | Literal["horizon"] | None = None  #: width of the second arm's bound; None: the preset's
    threshold: NonNegative | Literal["horizon"] = "horizon"  #: C_thresh, of the perturbations
    coupling: Literal["horizon", "always", "never"] = "horizon"  #: p_t: when arms draw their own perturbations
    exploration: Index | None = None  #: tau, rounds of random pairs; None: the preset's
    ridge: Positive | None = None  #: lambda of the estimate; None: the preset's
    design: NonNegative | None = None  #: M_0 = design I; None: the preset's
    center: bool | None = None  #: subtract the mean context of each round; None: the preset's
    link: Literal["told", "logistic", "probit", "exponential"] = "told"  #: that the policy assumes
    refit: AtLeastOne = 1.05  #: growth of the number of duels between two maximisations

    class State(NamedTuple):
        model: Model
        arms: Arms
        contexts: Matrix  #: (K, d) of the round, centred or not
        c1: float
        threshold: float
        coupling: float  #: p_t = min(1, coupling / sqrt(t - tau))
        center: bool
        link: int

    def start(self, problem, rng) -> State:
        arms, dim = problem.arms, problem.dim
        link = told.link(self.link, problem)
        model = start_model(
            dim, problem.rounds, link,
            ridge=self._chosen("ridge"), refit=self.refit, design=self._chosen("design"),
            exploration=told.exploration(self._chosen("exploration"), problem),
        )  # fmt: skip
        return self.State(
            model, start_arms(arms, dim), np.zeros((arms, dim)),
            told.width(self._chosen("c1"), problem), told.width(self.threshold, problem),
            self._coupling(problem), self._chosen("center"), LINKS.index(link),
        )  # fmt: skip

    def _chosen(self, name):
        value = getattr(self, name)
        return PRESETS[self.preset][name] if value is None else value

    def _coupling(self, problem) -> float:
        if self.coupling == "horizon":
            return math.sqrt(problem.dim * math.log(problem.dim * problem.horizon))
        return math.inf if self.coupling == "always" else 0.0

    @staticmethod
    def choose(state, t, features, rng):
        if not explored(state.model, t):
            return draw_pair(rng, features.shape[0])
        inverse = state.model.design.inverse
        _centre(state, features)
        look_at_arms(state.arms, state.contexts, state.model.estimator.theta, inverse)
        first = _imitate(state, t, rng)
        return first, challenge(state.arms, state.contexts, inverse, first, state.c1)

    @staticmethod
    def learn(state, t, features, first, second, won):
        learn_pair(state.model, t, features[first], features[second], won)


def _centre(state, features):
    """Write the contexts of the round, less their mean where they are centred."""
    arms, dim = features.shape
    for i in range(dim):
        mean = 0.0
        if state.center:
            for k in range(arms):
                mean += features[k, i]
            mean /= arms
        for k in range(arms):
            state.contexts[k, i] = features[k, i] - mean


def _imitate(state, t, rng):
    """Return the arm of largest utility, each perturbed by noise of its own or all by one noise, times its norm."""
    own = rng.random() < state.coupling / math.sqrt(t - state.model.exploration + 1)
    shared = perturbation(state.link, rng)
    best, arm = -math.inf, 0
    for k in range(state.arms.utilities.shape[0]):
        noise = perturbation(state.link, rng) if own else shared
        noise = min(max(noise, -state.threshold), state.threshold)
        value = state.arms.utilities[k] + noise * math.sqrt(state.arms.squares[k])
        if value > best:
            best, arm = value, k
    return arm
