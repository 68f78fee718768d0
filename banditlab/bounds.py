"""Lower bounds on regret that are known, as curves over the rounds.

An environment that has one says so in a method `bounds(self, state, rounds)`, which returns a list of `Bound`. The
functions here do its arithmetic. An asymptotic bound is c ln t: the regret of a policy, divided by ln t, ends at no
less than c, if on every instance of the family it grows slower than any power of t. In finite time a policy can be
below it, and one that is no good elsewhere, such as one that always plays the same arm, can stay below it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from banditlab.numerics.divergence import bernoulli_kl
from banditlab.numerics.exploration import BERNOULLI, characteristic_time, shifted


class Bound(NamedTuple):
    """A lower bound on the expectation of a metric."""

    metric: str  #: name of the metric
    name: str  #: as in a legend
    values: np.ndarray  #: (P,) at the rounds that were asked for
    asymptotic: bool  #: whether it is c ln t, and holds in the limit only


def bernoulli(means: np.ndarray, rounds: np.ndarray) -> Bound:
    """Lai and Robbins 1985, Theorem 1, for Bernoulli arms of these means (K,): c = sum of gap / d(mean, best)."""
    best = means.max()
    gaps = (best - means)[means < best]
    terms = (gap / shifted(BERNOULLI, 1.0, best - gap, gap) for gap in gaps)
    return _lai_robbins(sum(terms), rounds)


def gaussian(means: np.ndarray, std: float, rounds: np.ndarray) -> Bound:
    """Lai and Robbins 1985, Theorem 1, for Gaussian arms (K,) of one standard deviation: c = sum of 2 std^2 / gap."""
    gaps = means.max() - means
    return _lai_robbins(sum(2.0 * std**2 / gap for gap in gaps if gap > 0.0), rounds)


def _lai_robbins(constant: float, rounds: np.ndarray) -> Bound:
    return Bound("regret", "Lai-Robbins", float(constant) * np.log(rounds), asymptotic=True)


def identification(means: np.ndarray, law: str, std: float, rounds: np.ndarray) -> list[Bound]:
    """Garivier and Kaufmann 2016, Theorem 1: T*(means), the characteristic time of finding the best of the arms (K,).

    For each delta, the expected rounds of a policy whose recommendation is wrong with probability at most delta are no
    fewer than T* kl(delta, 1 - delta). The values here are T*; the factor belongs to a policy. There is no bound where
    two arms are the best, or where there is no noise.

    law : "bernoulli", or "gaussian" with the standard deviation `std`
    """
    if std == 0.0 or np.count_nonzero(means == means.max()) > 1:
        return []
    time = characteristic_time(means, law, std)
    return [Bound("sample-complexity", "Garivier-Kaufmann", np.full(len(rounds), time), asymptotic=False)]


def confident(delta: float) -> float:
    """kl(delta, 1 - delta), the factor of a policy that is wrong with probability at most delta."""
    return bernoulli_kl(delta, 1.0 - delta)


def minimax(arms: int, rounds: np.ndarray) -> Bound:
    """Auer, Cesa-Bianchi, Freund and Schapire 2002, Theorem 5.1: min(sqrt(K t), t) / 20, for the worst rewards.

    It says that some assignment of rewards in [0, 1], which depends on t, makes the regret to the best fixed arm so
    large; other assignments can be kinder.
    """
    rounds = np.asarray(rounds, float)
    return Bound(
        "static-regret", "minimax (worst case)", np.minimum(np.sqrt(arms * rounds), rounds) / 20.0, asymptotic=False
    )


def condorcet(matrix: np.ndarray, rounds: np.ndarray) -> Bound:
    """Komiyama, Honda, Kashima and Nakagawa 2015, Theorem 1, for a preference matrix (K, K) with a Condorcet winner.

    c is the sum, over all arms i but the winner, of the least (gap_i + gap_j) / (2 d(P(i beats j), 1/2)) over the arms
    j that beat i, where gap_i = P(winner beats i) - 1/2.
    """
    matrix = np.asarray(matrix, float)
    winner = int((matrix > 0.5).sum(axis=1).argmax())
    gaps, constant = matrix[winner] - 0.5, 0.0
    for i in range(len(matrix)):
        if i != winner:
            rivals = np.flatnonzero(matrix[i] < 0.5)
            constant += min((gaps[i] + gaps[j]) / (2.0 * bernoulli_kl(matrix[i, j], 0.5)) for j in rivals)
    return Bound("average-preference", "Komiyama et al. 2015", constant * np.log(rounds), asymptotic=True)


def graves_lai(features: np.ndarray, means: np.ndarray, std: float, rounds: np.ndarray) -> Bound:
    """Lattimore and Szepesvari 2017, Theorem 1, for arms with fixed features (K, d) and linear means (K,).

    c is std^2 times the least sum of alpha_x gap_x over all allocations alpha >= 0 with ||x||^2 <= gap_x^2 / 2 in the
    norm of the inverse of sum alpha_x x x', for every arm x with a gap. The best arm costs nothing: alpha is infinite
    there, and only what of the others is orthogonal to it has to be learnt.
    """
    gaps = means.max() - means
    below = gaps > 0.0
    left = features[below] @ _complement(features[~below])
    to_learn = np.linalg.norm(left, axis=1) > 1e-12 * np.linalg.norm(features, axis=1).max()
    constant = std**2 * _cheapest(left[to_learn], gaps[below][to_learn])
    return Bound("regret", "Graves-Lai", constant * np.log(rounds), asymptotic=True)


def _complement(rows: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis, in columns, of what is orthogonal to all rows."""
    _, sizes, basis = np.linalg.svd(rows)
    return basis[np.count_nonzero(sizes > 1e-12 * sizes.max()) :].T


def _cheapest(rows: np.ndarray, gaps: np.ndarray, tolerance: float = 1e-6) -> float:
    """Return the least sum of alpha gap with x' (sum alpha x x')^-1 x <= gap^2 / 2 for each row x, to this share of it.

    Newton's method on the logarithmic barrier (Boyd and Vandenberghe 2004, Section 11.3), in the costs w = alpha gap.
    After convergence for a weight t, the sum is within 2 m / t of the least one, for m rows.
    """
    m = len(rows)
    if m == 0:
        return 0.0
    rows = rows @ np.linalg.svd(rows, full_matrices=False)[2][: np.linalg.matrix_rank(rows)].T
    barrier = _Barrier(rows / np.sqrt(gaps)[:, None], rows * (math.sqrt(2.0) / gaps)[:, None])
    costs = 2.0 * (1.0 - barrier.at(np.ones(m))[0]).max() * np.ones(m)  # every constraint at 1/2 or less
    weight = m / costs.sum()
    while 2.0 * m / weight > tolerance * costs.sum():
        weight *= 10.0
        costs = barrier.minimise(costs, weight)
    return float(costs.sum())


class _Barrier:
    """t sum w - sum log slack - sum log w, where the slack of row k is 1 - v_k' (sum w u u')^-1 v_k."""

    def __init__(self, u: np.ndarray, v: np.ndarray):
        self.u, self.v = u, v

    def at(self, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the slacks (m,), v' H^-1 u (m, m) and u' H^-1 u (m, m)."""
        inverse = np.linalg.inv((self.u.T * w) @ self.u)
        lifted = self.v @ inverse
        return 1.0 - (lifted * self.v).sum(axis=1), lifted @ self.u.T, self.u @ inverse @ self.u.T

    def value(self, w: np.ndarray, weight: float) -> float:
        if w.min() <= 0.0:
            return math.inf
        slack = self.at(w)[0]
        return weight * w.sum() - np.log(slack).sum() - np.log(w).sum() if slack.min() > 0.0 else math.inf

    def minimise(self, w: np.ndarray, weight: float) -> np.ndarray:
        for _ in range(100):
            slack, cross, inner = self.at(w)
            square = cross**2
            slope = weight - square.T @ (1.0 / slack) - 1.0 / w
            bend = 2.0 * inner * ((cross.T / slack) @ cross) + (square.T / slack**2) @ square
            # in units of w, in which the barrier of w itself bends by the identity
            step = w * np.linalg.solve(np.outer(w, w) * bend + np.eye(len(w)), -w * slope)
            decrease, length, before = -slope @ step, 1.0, self.value(w, weight)
            if decrease < 1e-10:
                break
            while self.value(w + length * step, weight) > before - 0.25 * length * decrease and length > 1e-12:
                length /= 2.0
            w = w + length * step
        return w
