"""Pure exploration: how hard it is to tell the best arm from the others, and how much the plays so far tell of it.

With d(x, y) the divergence of two laws of rewards by their means, and arm 1 the best, the characteristic time T* of an
instance and its optimal proportions of plays w* are (Garivier and Kaufmann 2016, Theorem 1 and Lemma 3)

    1 / T* = max_w min_{a > 1} w_1 d(mu_1, m_a) + w_a d(mu_a, m_a),    m_a = (w_1 mu_1 + w_a mu_a) / (w_1 + w_a).

A strategy that errs with probability at most delta takes at least T* kl(delta, 1 - delta) plays on average.

A. Garivier, E. Kaufmann. Optimal best arm identification with fixed confidence. COLT 2016.
E. Kaufmann, W. Koolen. Mixture martingales revisited with applications to sequential tests and confidence intervals.
JMLR 22, 2021.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy import optimize, special

from banditlab.fuse import kernel
from banditlab.numerics.indices import add_reward, first_largest
from banditlab.types import Counts, Flags, Vector

LAWS = ("bernoulli", "gaussian")
BERNOULLI, GAUSSIAN = range(len(LAWS))

_NOTHING = 1e-290  #: a probability that is taken for 0, so that no quotient overflows


# --- divergences --------------------------------------------------------------------------------------------------


@kernel
def _excess(u):
    """Excess of u over ln(1 + u) for u > -1, to full precision also where it is small."""
    if abs(u) > 0.02:
        return u - math.log1p(u)
    total = 0.0
    for k in range(11, 1, -1):
        total = 1.0 / k - u * total
    return u * u * total


@kernel
def shifted(law, variance, mean, shift):
    """d(mean, mean + shift), to full precision also for a small shift; means of Bernoulli laws lie in [0, 1]."""
    if law == GAUSSIAN:
        return 0.5 * shift * shift / variance
    if shift == 0.0:
        return 0.0
    other = 1.0 - mean
    constant = mean + shift <= 0.0 or shift >= other
    if constant and mean > 0.0 and other > 0.0:
        return math.inf
    if mean < _NOTHING:
        return -math.log1p(-shift) if shift < 1.0 else math.inf
    if other <= 0.0:
        return -math.log1p(shift) if shift > -1.0 else math.inf
    return mean * _excess(shift / mean) + other * _excess(-shift / other)


@kernel
def _varies(law, variance, mean):
    """Variance of the law of that mean."""
    return variance if law == GAUSSIAN else mean * (1.0 - mean)


# --- the characteristic time --------------------------------------------------------------------------------------


@kernel
def optimal_weights(law, variance, means, weights):
    """Write w* (K,) of an instance and return T*; law is a place in `LAWS`, variance that of Gaussian laws.

    Theorem 5 of the paper: up to a factor w*_1 = 1 and w*_a = x_a(y), where g_a(x_a(y)) = y for

        g_a(x) = d(mu_1, m_a) + x d(mu_a, m_a),    m_a = (mu_1 + x mu_a) / (1 + x),

    at the y where the ratios d(mu_1, m_a) / d(mu_a, m_a) sum to 1; then T* = sum(x) / y. The paper bisects for both.
    Here the outer unknown is x of the second best arm, which needs no bound on y, and both are found by Newton's method
    between brackets, to machine precision.

    Where several arms are the best, T* is infinite and w* not defined: these share all plays equally.
    """
    arms, best, ties = means.shape[0], 0, 1
    for a in range(1, arms):
        if means[a] > means[best]:
            best, ties = a, 1
        elif means[a] == means[best]:
            ties += 1
    if ties > 1:
        for a in range(arms):
            weights[a] = 1.0 / ties if means[a] == means[best] else 0.0
        return math.inf
    second = 1 if best == 0 else 0
    for a in range(arms):
        if a != best and means[a] > means[second]:
            second = a
    x, low, high, y, total = 1.0, 0.0, math.inf, 0.0, 0.0
    for _ in range(200):
        y, ratios, slope, total = _balance(law, variance, means, best, second, x, weights)
        if ratios > 1.0:
            high = x
        else:
            low = x
        # for equal gaps the root of the sum is almost linear in x
        root = math.sqrt(ratios)
        move = (root - 1.0) * 2.0 * root / slope
        if abs(move) <= 4e-16 * x:
            break
        new = x - move
        if not low < new < high:
            new = 2.0 * x if high == math.inf else 0.5 * (low + high)
            if new in (low, high):
                break
        x = new
    for a in range(arms):
        weights[a] /= total
    return total / y


@kernel
def _balance(law, variance, means, best, second, x, weights):
    """Write x_a(y) into weights at the y of the second arm's x; return y, sum of ratios, its slope in x, sum of x_a."""
    gap = means[best] - means[second]
    y, ratio, slope, rise = _transport(law, variance, means[best], gap, x / (1.0 + x))
    ratios, slopes, total = ratio, slope, 1.0 + x
    for a in range(means.shape[0]):
        weights[a] = 1.0 if a == best else x
        if a in (best, second):
            continue
        if means[a] == means[second]:
            ratios += ratio
            slopes += slope
        else:
            share = _share(law, variance, means[best], means[best] - means[a], y, x / (1.0 + x))
            _, ratio_a, slope_a, rise_a = _transport(law, variance, means[best], means[best] - means[a], share)
            weights[a] = share / (1.0 - share)
            ratios += ratio_a
            slopes += slope_a * rise / rise_a
        total += weights[a]
    return y, ratios, slopes, total


@kernel
def _transport(law, variance, top, gap, share):
    """g, the ratio, and the slopes of the ratio and of g in x, at share = x / (1 + x) of the way down from the top."""
    rest = 1.0 - share
    down = shifted(law, variance, top, -share * gap)
    up = shifted(law, variance, top - gap, rest * gap)
    x = share / rest
    spread = _varies(law, variance, top - share * gap)
    slope = gap * gap * rest * rest * rest * (x * up + down) / (spread * up * up)
    return down + x * up, down / up, slope, up


@kernel
def _share(law, variance, top, gap, y, most):
    """Return x / (1 + x) with g(x) = y, at most `most`."""
    if law == GAUSSIAN:
        return 2.0 * variance * y / (gap * gap)
    share = y / shifted(law, variance, top, -gap)
    if not 0.0 < share < most:
        share = 0.5 * most
    low, high = 0.0, most
    for _ in range(200):
        g, _, _, rise = _transport(law, variance, top, gap, share)
        if g > y:
            high = share
        else:
            low = share
        move = (g - y) * (1.0 - share) * (1.0 - share) / rise
        if abs(move) <= 4e-16 * share:
            break
        new = share - move
        if not low < new < high:
            new = 0.5 * (low + high)
            if new in (low, high):
                break
        share = new
    return share


def characteristic_time(means, law: str = "bernoulli", std: float = 1.0) -> float:
    """Return T* of an instance: its lower bound on the mean number of plays is T* kl(delta, 1 - delta).

    Parameters
    ----------
    means : array of float (K,)
        In [0, 1] for Bernoulli laws. T* is infinite where more than one is the largest.
    law : str
        "bernoulli" or "gaussian".
    std : float
        Standard deviation of Gaussian rewards; T* of two such arms is 8 std^2 / gap^2.
    """
    return _solve(means, law, std)[0]


def optimal_proportions(means, law: str = "bernoulli", std: float = 1.0) -> Vector:
    """Return w* (K,), the shares of plays that tell the best arm fastest; arguments as of `characteristic_time`."""
    return _solve(means, law, std)[1]


def _solve(means, law, std):
    if law not in LAWS:
        raise ValueError(f"law: one of {', '.join(LAWS)}; got {law!r}")
    means = np.array(means, float)
    if law == "bernoulli" and not ((means >= 0) & (means <= 1)).all():
        raise ValueError("means: in [0, 1] for Bernoulli laws")
    _check_scale(std)
    weights = np.zeros(len(means))
    if len(means) == 1:
        return 0.0, np.ones(1)
    return optimal_weights(LAWS.index(law), float(std) ** 2, means, weights), weights


def _check_scale(std: float) -> None:
    if not 1e-150 < std < 1e150:
        raise ValueError(f"the standard deviation of the noise: above 0, also its square; got {std:g}")


# --- evidence, and when it is enough ------------------------------------------------------------------------------

EXPERIMENTS, UNION, MARTINGALE = range(3)


class Evidence(NamedTuple):
    """Plays and means of the arms, and the test of whether they tell the best one."""

    plays: Counts  #: (K,)
    sums: Vector  #: (K,) of rewards
    means: Vector  #: (K,) -inf without plays
    total: Counts  #: (1,) t, all plays
    stopped: Flags  #: (1,) whether the test has passed
    law: int
    variance: float  #: of Gaussian laws
    threshold: int
    level: float  #: the part of the threshold that does not depend on t


def start_evidence(arms: int, law: str, std: float, delta: float, threshold: str) -> Evidence:
    """Return evidence without plays.

    Parameters
    ----------
    arms : int
        K.
    law : str
        "bernoulli" or "gaussian".
    std : float
        Standard deviation of Gaussian rewards.
    delta : float
        Allowed probability of error.
    threshold : str
        "experiments": ln((1 + ln t) / delta). "theorem": one for which the error is proved: ln(2 t (K - 1) / delta) for
        Bernoulli laws (Garivier and Kaufmann 2016, Theorem 10), and for Gaussian laws 4 ln(4 + ln(t / 2)) +
        2 C(ln((K - 1) / delta) / 2), with the C of Kaufmann and Koolen 2021, Corollary 10, as others quote it: this one
        was not checked against the paper's text.
    """
    if law == "gaussian":
        _check_scale(std)
    rivals = max(arms - 1, 1)
    if threshold == "experiments":
        form, level = EXPERIMENTS, -math.log(delta)
    elif law == "bernoulli":
        form, level = UNION, math.log(2 * rivals / delta)
    else:
        form, level = MARTINGALE, 2 * _gaussian_price(math.log(rivals / delta) / 2)
    return Evidence(
        np.zeros(arms, int), np.zeros(arms), np.full(arms, -math.inf), np.zeros(1, int), np.zeros(1, bool),
        LAWS.index(law), float(std) ** 2, form, level,
    )  # fmt: skip


def _gaussian_price(x: float) -> float:
    """C(x) = min over 1/2 < l <= 1 of (g(l) + x) / l, g(l) = 2 l - 2 l ln(4 l) + ln zeta(2 l) - ln(1 - l) / 2."""

    def price(size):
        zeta, rest = math.log(special.zeta(2 * size)), math.log1p(-size)
        return (2 * size - 2 * size * math.log(4 * size) + zeta - rest / 2 + x) / size

    return float(optimize.minimize_scalar(price, bounds=(0.5 + 1e-9, 1 - 1e-9), method="bounded").fun)


@kernel
def see(evidence, arm, reward):
    """Add a reward, and test whether the best arm is told: Z > threshold (Chernoff's, or the GLR, stopping rule)."""
    if evidence.law == BERNOULLI and not 0.0 <= reward <= 1.0:
        raise ValueError('law = "bernoulli" is for rewards in [0, 1]')
    add_reward(evidence.plays, evidence.sums, evidence.means, arm, reward)
    evidence.total[0] += 1
    if not evidence.stopped[0]:
        evidence.stopped[0] = lead(evidence) > _threshold(evidence)


@kernel
def _threshold(evidence):
    time = math.log(evidence.total[0])
    if evidence.threshold == EXPERIMENTS:
        return evidence.level + math.log(1.0 + time)
    if evidence.threshold == UNION:
        return evidence.level + time
    # of one play ln(t / 2) is negative, and there is nothing to stop for
    return evidence.level + 4.0 * math.log(4.0 + max(time - math.log(2.0), 0.0))


@kernel
def cost(evidence, ahead, behind):
    """W(a, b) = N_a d(mean_a, m) + N_b d(mean_b, m), m the mean of all their rewards; 0 where mean_b >= mean_a."""
    plays, others = evidence.plays[ahead], evidence.plays[behind]
    if plays == 0 or others == 0 or evidence.means[behind] >= evidence.means[ahead]:
        return 0.0
    gap = evidence.means[ahead] - evidence.means[behind]
    share = others / (plays + others)
    down = shifted(evidence.law, evidence.variance, evidence.means[ahead], -share * gap)
    up = shifted(evidence.law, evidence.variance, evidence.means[behind], (1.0 - share) * gap)
    return plays * down + others * up


@kernel
def lead(evidence):
    """Z: the least cost of the leader against another arm."""
    best, least = first_largest(evidence.means), math.inf
    for k in range(evidence.means.shape[0]):
        if k != best:
            least = min(least, cost(evidence, best, k))
    return least
