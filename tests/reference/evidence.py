"""The generalised log-likelihood ratio test of the best arm, written plainly: Garivier and Kaufmann 2016, Section 4."""

import functools

import numpy as np
from scipy import optimize, special


def divergence(law, std, x, y):
    """d(x, y) of the laws with these means."""
    if law == "gaussian":
        return (x - y) ** 2 / (2 * std**2)
    return special.rel_entr(x, y) + special.rel_entr(1 - x, 1 - y)


def ratio(law, std, rewards, a, b):
    """Z_{a,b} where the mean of a is at least that of b, else 0."""
    if not rewards[a] or not rewards[b] or np.mean(rewards[a]) < np.mean(rewards[b]):
        return 0.0
    both = np.mean(rewards[a] + rewards[b])
    return sum(len(rewards[k]) * divergence(law, std, np.mean(rewards[k]), both) for k in (a, b))


def statistic(law, std, rewards):
    """Z = max_a min_{b != a} Z_{a,b}."""
    arms = range(len(rewards))
    return max(min(ratio(law, std, rewards, a, b) for b in arms if b != a) for a in arms)


def threshold(policy, arms, t):
    """beta(t, delta): of the experiments, of Theorem 10, or of Kaufmann and Koolen 2021, Corollary 10."""
    if policy.threshold == "experiments":
        return np.log((1 + np.log(t)) / policy.delta)
    if policy.law == "bernoulli":
        return np.log(2 * t * (arms - 1) / policy.delta)
    x = np.log((arms - 1) / policy.delta)
    return 4 * np.log(4 + np.log(max(t, 2) / 2)) + 2 * cheapest(x / 2)


@functools.cache
def cheapest(x):
    """C(x) on a fine grid of lambda in (1/2, 1), and the minimum of a parabola around its lowest point."""
    size = np.linspace(0.5, 1, 200_001)[1:-1]
    g = 2 * size - 2 * size * np.log(4 * size) + np.log(special.zeta(2 * size)) - np.log(1 - size) / 2
    prices = (g + x) / size
    i = prices.argmin()
    a, b, c = np.polyfit([-1, 0, 1], prices[i - 1 : i + 2], 2)
    return c - b**2 / (4 * a)


def best(rewards):
    """The arm of the largest mean."""
    return int(np.argmax([np.mean(r) if r else -np.inf for r in rewards]))


def proportions(law, std, means):
    """w* as in Theorem 5: y at which the ratios sum to 1, by bisection over x_a(y), which is found by bisection."""
    means = np.asarray(means)
    if (means == means.max()).sum() > 1:
        return (means == means.max()) / (means == means.max()).sum()
    first = means.argmax()
    others = [a for a in range(len(means)) if a != first]

    def middle(a, x):
        return (means[first] + x * means[a]) / (1 + x)

    def g(a, x):
        if x == 0:
            return 0.0
        m = middle(a, x)
        return divergence(law, std, means[first], m) + x * divergence(law, std, means[a], m)

    def solve(a, y):
        top = 1.0
        while g(a, top) < y:
            top *= 2
        return root(lambda x: g(a, x) - y, 0.0, top)

    def excess(y):
        x = {a: solve(a, y) for a in others}
        m = {a: middle(a, x[a]) for a in others}
        with np.errstate(divide="ignore"):
            return sum(
                divergence(law, std, means[first], m[a]) / divergence(law, std, means[a], m[a]) for a in others
            ) - 1  # fmt: skip

    # at x = 1 the ratio of the second best arm alone is around 1: from there up and down
    second = max(others, key=lambda a: means[a])
    low, high = 0.5, 1.0
    while excess(g(second, high)) < 0:
        high *= 2
    while excess(g(second, low)) > 0:
        low /= 2
    y = root(excess, g(second, low), g(second, high))
    x = np.array([1.0 if a == first else solve(a, y) for a in range(len(means))])
    return x / x.sum()


def root(function, low, high):
    return optimize.brentq(function, low, high, xtol=1e-300, rtol=1e-15, maxiter=1000)
