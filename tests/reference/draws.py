"""The samplers of the package, written plainly on the same numbers of a NumPy generator."""

import math

import numpy as np


def index(rng, size):
    return int(rng.random() * size)


def pair(rng, size):
    """Two different indices: the second from the size - 1 others."""
    first = index(rng, size)
    others = [k for k in range(size) if k != first]
    return first, others[index(rng, size - 1)]


def weighted(rng, weights):
    """Inverse of the cumulated weights."""
    return int(np.searchsorted(np.cumsum(weights), rng.random() * np.sum(weights), side="right"))


def gamma(rng, shape):
    """Marsaglia and Tsang, ACM TOMS 26 (2000): Section 3, and for shape < 1 the remark of Section 6."""
    if shape < 1:
        boost = (1 - rng.random()) ** (1 / shape)
        return boost * gamma(rng, shape + 1)
    d = shape - 1 / 3
    while True:
        x = rng.standard_normal()
        v = (1 + x / math.sqrt(9 * d)) ** 3
        if v > 0:
            u = 1 - rng.random()
            if u < 1 - 0.0331 * x**4 or math.log(u) < x**2 / 2 + d - d * v + d * math.log(v):
                return d * v


def beta(rng, a, b):
    x = gamma(rng, a)
    y = gamma(rng, b)
    return x / (x + y)


def perturbation(link, rng):
    """The law G of which a difference of two has the link as distribution function."""
    if link == "logistic":
        return -math.log(rng.standard_exponential())  # Gumbel(0, 1)
    if link == "probit":
        return rng.standard_normal() / math.sqrt(2)  # N(0, 1/2)
    return rng.standard_exponential()


def hashed_uniform(key, what, count):
    """53 bits of a hash of a key and two counters: SplitMix64's finaliser, twice, in Python's integers."""

    def mix(z):
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        return z ^ (z >> 31)

    word = mix((int(key) + what * 0xD1B54A32D192ED03) % 2**64)
    word = mix((word + count * 0x9E3779B97F4A7C15) % 2**64)
    return (word >> 11) / 2**53
