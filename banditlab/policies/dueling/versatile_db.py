"""Versatile-DB: two Tsallis-INF players against each other (Saha and Gaillard 2022).

A. Saha, P. Gaillard. Versatile dueling bandits: best-of-both-world analyses for learning from relative preferences.
ICML 2022 (arXiv 2202.06694).

J. Zimmert, Y. Seldin. Tsallis-INF: an optimal algorithm for stochastic and adversarial bandits. JMLR 22, 2021.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.sampling import draw_weighted
from banditlab.numerics.tsallis import tsallis_weights
from banditlab.registry import policy
from banditlab.types import Matrix


@policy(
    "versatile-db",
    game="dueling",
    needs=("prompt-feedback",),
    growth={"average-preference": "log T"},
    cite=("saha2022versatile", "zimmert2021tsallis"),
)
@dataclass(frozen=True)
class VersatileDB:
    """Each player draws its arm from its own regularised leader, and loses 1 where its arm lost the duel.

    The players are Tsallis-INF of Zimmert and Seldin (Algorithm 1): with L the sums of a player's estimated losses,
    w = argmin <w, L> - (4 / eta_t) sum sqrt(w_k), its arm k is drawn from w, and with its loss l in {0, 1}

    - "importance-weighted": eta_t = 2 / sqrt(t), and l / w_k is added to L_k;
    - "reduced-variance": eta_t = 4 / sqrt(t), and (l - B_k) / w_k is added to L_k, and B_j to the L_j of every arm j,
      where B_j = 1/2 if w_j >= eta_t^2, else 0.

    Where both players draw one arm, a fair coin tells which of them loses. Features are ignored.

    Not verified in the paper, whose text was not at hand: the learning rates and estimators are those of the theorems
    of Zimmert and Seldin, on whose algorithm the paper builds, and importance weights are the default. A public
    implementation has the reduced variance as its default.
    """

    estimator: Literal["importance-weighted", "reduced-variance"] = "importance-weighted"  #: of losses

    class State(NamedTuple):
        losses: Matrix  #: (2, K) sums of estimated losses of each player
        weights: Matrix  #: (2, K) its distribution of the round
        reduced: bool  #: whether the estimator is of reduced variance

    def start(self, problem, rng) -> State:
        size = (2, problem.arms)
        return self.State(np.zeros(size), np.zeros(size), self.estimator == "reduced-variance")

    @staticmethod
    def choose(state, t, features, rng):
        return _draw(state, 0, t, rng), _draw(state, 1, t, rng)

    @staticmethod
    def learn(state, t, features, first, second, won):
        _lose(state, 0, t, first, 0.0 if won else 1.0)
        _lose(state, 1, t, second, 1.0 if won else 0.0)


def _rate(state, t):
    return (4.0 if state.reduced else 2.0) / math.sqrt(t + 1)


def _draw(state, player, t, rng):
    tsallis_weights(state.losses[player], _rate(state, t), state.weights[player])
    return draw_weighted(rng, state.weights[player], 1.0)


def _lose(state, player, t, arm, loss):
    losses, weights = state.losses[player], state.weights[player]
    if not state.reduced:
        losses[arm] += loss / weights[arm]
        return
    floor = _rate(state, t) ** 2
    if weights[arm] >= floor:
        loss -= 0.5
    losses[arm] += loss / weights[arm]
    for k in range(losses.shape[0]):
        if weights[k] >= floor:
            losses[k] += 0.5
