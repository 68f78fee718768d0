"""Counter-based randomness: uniform, independent of neighbouring counters, and inverted without loss."""

import numpy as np
import pytest
from scipy import special, stats

from banditlab import seeding
from banditlab.numerics import hashing
from tests.reference import draws

KEY = seeding.key(0, "test of hashing")
ALARM = 1e-6  #: false-alarm rate of each statistical test here, on fixed keys


def table(function, whats=range(40), counts=range(1000), key=KEY):
    return np.array([[function(key, what, count) for count in counts] for what in whats])


def test_uniform_is_the_documented_hash():
    for what, count in [(0, 0), (3, 7), (123456, 10**9), (2**40, 2**31)]:
        assert hashing.uniform(KEY, what, count) == draws.hashed_uniform(KEY, what, count)


def test_same_arguments_same_number():
    assert hashing.bits(KEY, 3, 7) == hashing.bits(KEY, 3, 7)
    everything = {int(hashing.bits(KEY, what, count)) for what in range(100) for count in range(300)}
    assert len(everything) == 30_000


@pytest.mark.parametrize("shift", [0, 8, 16], ids="digits from {}".format)
def test_uniforms_are_uniform(shift):
    """Chi-square on 256 cells, of the first digits and of later ones; 40 000 numbers of neighbouring counters."""
    cells = np.floor(table(hashing.uniform) * 2.0 ** (8 + shift)).astype(np.int64) % 256
    assert stats.chisquare(np.bincount(cells.ravel(), minlength=256)).pvalue > ALARM


@pytest.mark.parametrize("axis", [0, 1], ids=["what", "count"])
def test_neighbouring_counters_are_independent(axis):
    """Chi-square on 16 x 16 cells of pairs whose one counter differs by 1 (pairs do not overlap)."""
    cells = np.floor(table(hashing.uniform) * 16).astype(int)
    one, other = (cells[::2], cells[1::2]) if axis == 0 else (cells[:, ::2], cells[:, 1::2])
    assert stats.chisquare(np.bincount((16 * one + other).ravel(), minlength=256)).pvalue > ALARM


def test_keys_are_independent():
    """As above, over streams whose names differ by one number."""
    uniforms = np.array(
        [[hashing.uniform(seeding.key(0, "keys", r), what, 0) for what in range(50)] for r in range(400)]
    )
    cells = np.floor(uniforms * 8).astype(int)
    assert stats.chisquare(np.bincount((8 * cells[::2] + cells[1::2]).ravel(), minlength=64)).pvalue > ALARM


def test_each_input_bit_moves_half_of_the_output():
    """Avalanche: the mean number of flipped bits over 64 inputs is 32 +- 3; its deviation is 0.5, so 6 of them."""
    for bit in range(31):
        flips = [
            int(hashing.bits(KEY, what, 5) ^ hashing.bits(KEY, what ^ (1 << bit), 5)).bit_count() for what in range(64)
        ]
        assert abs(np.mean(flips) - 32) < 3
        flips = [
            int(hashing.bits(KEY, 5, count) ^ hashing.bits(KEY, 5, count ^ (1 << bit))).bit_count()
            for count in range(64)
        ]
        assert abs(np.mean(flips) - 32) < 3


@pytest.mark.parametrize(
    ("function", "law"),
    [(hashing.normal, stats.norm), (hashing.gumbel, stats.gumbel_r), (hashing.exponential, stats.expon)],
    ids=["normal", "gumbel", "exponential"],
)
def test_noises_follow_their_laws(function, law):
    """Kolmogorov-Smirnov on 20 000 draws."""
    assert stats.kstest(table(function, range(20)).ravel(), law.cdf).pvalue > ALARM


def test_positive_uniform_keeps_off_the_ends():
    assert 0.5 * 2.0**-52 > 0 and (2.0**52 - 1 + 0.5) * 2.0**-52 < 1  # its least and its largest value
    values = table(hashing.positive_uniform, range(20))
    assert values.min() > 0 and values.max() < 1


def test_normal_quantile():
    """Against SciPy, whose own relative error is about 6e-16 (as ours: measured with 60 digits)."""
    rng = np.random.default_rng(0)
    p = np.concatenate(
        [rng.random(20_000), 10 ** rng.uniform(-300, -1, 10_000), 1 - 10 ** rng.uniform(-15, -1, 10_000)]
    )
    found = np.array([hashing.normal_quantile(value) for value in p])
    expected = special.ndtri(p)
    assert np.max(np.abs(found - expected) / np.abs(expected)) < 2e-15
    assert hashing.normal_quantile(0.5) == 0.0
    assert all(hashing.normal_quantile(1 - q) == -hashing.normal_quantile(q) for q in (2**-5, 2**-20, 2**-50))
