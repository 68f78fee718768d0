"""Twin of VACDB: Di et al. 2024, Algorithm 1."""

import functools

import numpy as np

from tests.reference import draws
from tests.reference.dueling.max_pair_ucb import pair_of_largest_score
from tests.reference.likelihood import Estimator
from tests.reference.worlds import DUELS, DUELS_EXPONENTIAL, DUELS_PROBIT, DUELS_STATIC

#: (environment, horizon, parameters)
CASES = [
    (DUELS, 500, {}),
    (DUELS, 200, {"refit": 1.0}),
    (DUELS, 500, {"layers": 3, "scale": 4.0}),
    (DUELS, 400, {"layers": 2, "beta": 0.5, "kappa": 0.2}),
    (DUELS, 200, {"layers": 1}),
    (DUELS_PROBIT, 300, {"layers": 2}),
    (DUELS_EXPONENTIAL, 300, {"layers": 2, "kappa": 0.1}),
    (DUELS, 300, {"link": "probit", "layers": 2}),
    (DUELS_STATIC, 500, {"layers": 3, "beta": 1.0}),
]


class VACDB:
    def __init__(self, policy, problem, rng):
        self.dim, self.last = problem.dim, policy.layers
        beta = np.sqrt(problem.dim * np.log(problem.horizon)) / 4 if policy.beta == "horizon" else policy.beta
        self.beta = beta / policy.scale
        link = problem.link if policy.link == "told" else policy.link
        self.estimators, self.sigmas = {}, {}
        for layer in range(1, self.last + 1):
            self.estimators[layer] = Estimator(link, self.dim, 2.0 ** (-2 * layer) * policy.kappa, policy.refit)
            self.sigmas[layer] = 2.0 ** (-2 * layer) * np.eye(self.dim)

    def choose(self, t, features, rng, pick):
        alive, layer = list(range(len(features))), 1
        while True:
            x, theta, inverse = features[alive], self.estimators[layer].theta, np.linalg.inv(self.sigmas[layer])
            z = x[:, None] - x[None]
            norms = np.sqrt(np.einsum("ijp,pq,ijq->ij", z, inverse, z))
            if (norms <= 2.0**-self.last).all():
                self.layer = None
                chosen = functools.partial(pick_among, alive, pick)
                return pair_of_largest_score(features, theta, inverse, self.beta, chosen)
            if (norms <= 2.0**-layer).all():
                utilities = x @ theta
                kept = utilities >= utilities.max() - 2.0**-layer * self.beta
                alive, layer = [alive[k] for k in np.flatnonzero(kept)], layer + 1
            else:
                wide = np.argwhere(np.triu(norms > 2.0**-layer))
                i, j = wide[draws.index(rng, len(wide))]
                self.layer, self.weight = layer, 2.0**-layer / norms[i, j]
                return alive[i], alive[j]

    def learn(self, t, features, first, second, won):
        if self.layer is not None:
            z = features[first] - features[second]
            self.sigmas[self.layer] = self.sigmas[self.layer] + self.weight**2 * np.outer(z, z)
            self.estimators[self.layer].learn(features[first], features[second], won, self.weight**2)


def pick_among(alive, pick, scores):
    """Pick from the scores of the pairs of arms that are left."""
    left = np.isin(np.arange(len(scores)), alive)
    return pick(np.where(np.outer(left, left), scores, -np.inf))
