"""The posterior in arm space against the formulas on the observations themselves."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from banditlab.numerics import gaussian_process as gp
from banditlab.numerics.kernels import KERNELS, gram

few = settings(max_examples=40, deadline=None, derandomize=True)
sizes, counts, seeds = st.integers(2, 7), st.integers(0, 25), st.integers(0, 10**6)
kernels, noises, scales = st.sampled_from(KERNELS), st.sampled_from([0.01, 0.25, 2.4, 400.0]), st.floats(0.05, 20.0)


def covariance(arms, kernel, length_scale, rng):
    return gram(rng.uniform(0, 3, (arms, 2)), kernel, 1.0, length_scale)


def random_duels(arms, count, rng):
    """Pairs of different arms, (count, 2)."""
    first = rng.integers(arms, size=count)
    return np.column_stack([first, (first + 1 + rng.integers(arms - 1, size=count)) % arms])


def incidence(duels, arms):
    return np.eye(arms)[duels[:, 0]] - np.eye(arms)[duels[:, 1]]


def learnt(prior, noise, duels):
    process = gp.start_process(prior, noise)
    for first, second in duels:
        gp.learn_difference(process, first, second)
    return process


@few
@given(arms=sizes, count=counts, seed=seeds, kernel=kernels, length_scale=scales, noise=noises)
def test_variances_of_duels_are_those_of_the_data_space(arms, count, seed, kernel, length_scale, noise):
    """k^D(z, z) - k_t^D(z)' (K_t^D + rho^2 I)^-1 k_t^D(z) for every pair z, and log det(I + K_t^D / rho^2) / 2."""
    rng = np.random.default_rng(seed)
    prior, duels = covariance(arms, kernel, length_scale, rng), random_duels(arms, count, rng)
    process, d = learnt(prior, noise, duels), incidence(duels, arms)
    dueling = d @ prior @ d.T
    for i, j in itertools.product(range(arms), repeat=2):
        z = np.eye(arms)[i] - np.eye(arms)[j]
        k = d @ prior @ z
        direct = z @ prior @ z - k @ np.linalg.solve(dueling + noise * np.eye(count), k)
        assert_allclose(gp.variance_of_difference(process, i, j), direct, atol=1e-9)
    gain = np.linalg.slogdet(np.eye(count) + dueling / noise)[1] / 2
    assert_allclose(process.gain[0], gain, rtol=1e-9, atol=1e-9)


@few
@given(arms=sizes, count=counts, seed=seeds, kernel=kernels, length_scale=scales, noise=noises, mean=st.floats(-2, 2))
def test_values_give_the_textbooks_posterior(arms, count, seed, kernel, length_scale, noise, mean):
    """Rasmussen and Williams, equations 2.25 and 2.26, with a constant mean."""
    rng = np.random.default_rng(seed)
    prior = covariance(arms, kernel, length_scale, rng)
    points, values = rng.integers(arms, size=count), rng.standard_normal(count)
    process = gp.start_process(prior, noise, mean)
    for point, value in zip(points, values, strict=True):
        gp.learn_value(process, point, value)
    across, seen = prior[:, points], prior[np.ix_(points, points)] + noise * np.eye(count)
    assert_allclose(process.mean, mean + across @ np.linalg.solve(seen, values - mean), atol=1e-9)
    assert_allclose(process.covariance, prior - across @ np.linalg.solve(seen, across.T), atol=1e-9)
    assert_allclose(process.gain[0], np.linalg.slogdet(seen / noise)[1] / 2, rtol=1e-9, atol=1e-9)


@few
@given(arms=sizes, count=counts, seed=seeds, noise=noises)
def test_the_order_of_observations_does_not_matter(arms, count, seed, noise):
    rng = np.random.default_rng(seed)
    prior, duels = covariance(arms, "rbf", 1.0, rng), random_duels(arms, count, rng)
    turned = rng.permutation(duels)[:, ::-1]  # the order within a duel matters no more
    one, other = learnt(prior, noise, duels), learnt(prior, noise, turned)
    assert_allclose(one.covariance, other.covariance, atol=1e-12)
    assert_allclose(one.gain, other.gain, rtol=1e-9, atol=1e-12)


@few
@given(arms=sizes, count=counts, seed=seeds, kernel=kernels, length_scale=scales, noise=noises)
def test_deviations_of_pairs_are_a_distance_that_shrinks(arms, count, seed, kernel, length_scale, noise):
    """Symmetric, zero on the diagonal, with the triangle inequality; no observation widens a pair."""
    rng = np.random.default_rng(seed)
    prior, before = covariance(arms, kernel, length_scale, rng), np.inf
    process = gp.start_process(prior, noise)
    for first, second in random_duels(arms, count, rng):
        gp.learn_difference(process, first, second)
        assert_array_equal(process.covariance, process.covariance.T)
        variances = np.array([[gp.variance_of_difference(process, i, j) for j in range(arms)] for i in range(arms)])
        assert_array_equal(np.diag(variances), np.zeros(arms))
        assert (variances <= before + 1e-12).all()
        before, sigma = variances, np.sqrt(variances)
        assert (sigma[:, None, :] <= sigma[:, :, None] + sigma[None, :, :] + 1e-7).all()


def test_an_arm_against_itself_leaves_everything():
    process = learnt(covariance(4, "rbf", 1.0, np.random.default_rng(0)), 0.5, np.array([[0, 1], [2, 3]]))
    kept = [process.covariance.copy(), process.gain.copy()]
    gp.learn_difference(process, 2, 2)
    assert_array_equal(process.covariance, kept[0])
    assert_array_equal(process.gain, kept[1])


@pytest.mark.compiled
@pytest.mark.parametrize("length_scale", [0.1, 1.0, 30.0])
@pytest.mark.parametrize("noise", [0.01, 2.4])
def test_does_not_drift(length_scale, noise):
    """After 20 000 duels, against K - K D' (D K D' + rho^2 I)^-1 D K with equal duels put together."""
    rng, arms = np.random.default_rng(1), 40
    prior, duels = covariance(arms, "rbf", length_scale, rng), random_duels(arms, 20_000, rng)
    process = learnt(prior, noise, duels)
    laplacian = incidence(duels, arms).T @ incidence(duels, arms) / noise
    direct = prior @ np.linalg.inv(np.eye(arms) + laplacian @ prior)
    z = np.eye(arms)[:, None] - np.eye(arms)[None]
    pairs = np.einsum("ijk,kl,ijl->ij", z, direct, z)
    found = [[gp.variance_of_difference(process, i, j) for j in range(arms)] for i in range(arms)]
    assert_allclose(found, pairs, atol=1e-9)
    assert_allclose(process.gain[0], np.linalg.slogdet(np.eye(arms) + laplacian @ prior)[1] / 2, rtol=1e-9)
