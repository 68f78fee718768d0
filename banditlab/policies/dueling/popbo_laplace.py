"""Optimism over a likelihood ellipsoid: the quadratic approximation of POP-BO on a finite domain.

POP-BO is by W. Xu, W. Wang, Y. Jiang, B. Svetozarevic, C. N. Jones. Principled preferential Bayesian optimization. ICML
2024 (arXiv 2402.05367).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.kernel_logistic import Logistic, learn_duel, refresh, start_logistic
from banditlab.numerics.sampling import draw_index
from banditlab.policies.kernelised import Kernel
from banditlab.registry import policy
from banditlab.types import Counts, Positive


@policy("popbo-laplace", game="dueling", needs=("domain",), told=("domain", "length_scale"), cite=("xu2024principled",))
@dataclass(frozen=True)
class PopboLaplace(Kernel):
    """The arm that may gain most on the arm of the round before, against that arm.

    x_t = argmax_i f_i - f_j + sqrt(2 beta_t (e_i - e_j)' Q (e_i - e_j)) duels j = x_{t-1}, with beta_t = beta0
    sqrt(t + 1), t = 0, 1, ...; f minimises the log loss plus ridge / 2 |f|_k^2, and Q is the inverse of the Hessian of
    that objective at f, the posterior covariance of Laplace's method. The first round's j is drawn among all arms;
    the published code takes the most optimistic point against one so drawn as the reference of the first duel. An arm
    may be its own opponent; the lowest index among equals.

    This is not POP-BO. POP-BO maximises u_i - u_j over all functions u of RKHS norm of at most B whose likelihood is
    within beta_t of the maximum, a convex programme for each point. Here, the penalised objective takes the place of
    the likelihood and its second-order expansion at f that of the set; there is no bound B but the penalty. The set is
    an ellipsoid, over which the maximum has the closed form above. What POP-BO is proved to do need not hold of it: no
    order of growth is stated.

    A round takes O(N^2) for each pair that has met so far, since the curvatures of all of them have moved.

    The paper's text could not be read; the rule of POP-BO is that of the published code, which has beta0 from 0.1 to
    10, depending on the function, and the kernel matern-5/2.
    """

    ridge: Positive = 0.25  #: lambda of the estimate
    beta0: Positive = 1.0  #: of beta_t = beta0 sqrt(t + 1), how far below its maximum the objective may be

    class State(NamedTuple):
        model: Logistic
        last: Counts  #: (1,) x_{t-1}
        beta0: float

    def start(self, problem, rng) -> State:
        model = start_logistic(self.gram(problem), ridge=self.ridge)
        return self.State(model, np.array([draw_index(rng, problem.arms)]), self.beta0)

    @staticmethod
    def choose(state, t, features, rng):
        f, covariance, j = state.model.utilities, state.model.posterior, state.last[0]
        radius = 2.0 * state.beta0 * math.sqrt(t + 1.0)
        best, leader = -math.inf, 0
        for i in range(f.shape[0]):
            variance = covariance[i, i] + covariance[j, j] - 2.0 * covariance[i, j]
            score = f[i] - f[j] + math.sqrt(radius * max(0.0, variance))
            if score > best:
                best, leader = score, i
        return leader, j

    @staticmethod
    def learn(state, t, features, first, second, won):
        state.last[0] = first
        if first != second:
            learn_duel(state.model, first, second, won)
            refresh(state.model)
