"""Covariance functions against the textbook's general formula, and what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import gamma, kv

from banditlab.checks import replay
from banditlab.environments.dueling.kernelized import Kernelized
from banditlab.numerics.kernels import KERNELS, check_gram, cholesky, gram
from banditlab.policies.dueling.maxminlcb import MaxMinLCB

few = settings(max_examples=40, deadline=None, derandomize=True)
seeds, scales = st.integers(0, 10**6), st.floats(0.01, 100.0)


def matern(distance, smoothness):
    """2^(1 - nu) / Gamma(nu) x^nu K_nu(x) with x = sqrt(2 nu) r (Rasmussen and Williams, equation 4.14)."""
    x = math.sqrt(2 * smoothness) * distance
    return 2 ** (1 - smoothness) / gamma(smoothness) * x**smoothness * kv(smoothness, x) if distance else 1.0


FORMULAS = {
    "rbf": lambda r: math.exp(-(r**2) / 2),
    "matern-1/2": lambda r: matern(r, 0.5),
    "matern-3/2": lambda r: matern(r, 1.5),
    "matern-5/2": lambda r: matern(r, 2.5),
}


@few
@given(seed=seeds, kernel=st.sampled_from(list(FORMULAS)), dim=st.integers(1, 4), variance=scales, length_scale=scales)
def test_every_entry_is_the_kernel_of_a_distance(seed, kernel, dim, variance, length_scale):
    points = np.random.default_rng(seed).uniform(-3, 3, (6, dim))
    found = gram(points, kernel, variance, length_scale)
    for i in range(6):
        for j in range(6):
            r = math.dist(points[i], points[j]) / length_scale
            assert_allclose(found[i, j], variance * FORMULAS[kernel](r), rtol=1e-10, atol=1e-300)


@few
@given(seed=seeds, kernel=st.sampled_from(KERNELS), dim=st.integers(1, 4), variance=scales, length_scale=scales)
def test_is_a_covariance(seed, kernel, dim, variance, length_scale):
    points = np.random.default_rng(seed).uniform(-3, 3, (20, dim))
    found = gram(points, kernel, variance, length_scale)
    assert_array_equal(found, found.T)
    check_gram(found, 20, "kernel")


@few
@given(seed=seeds, dim=st.integers(1, 4), variance=scales)
def test_the_linear_kernel_is_an_inner_product(seed, dim, variance):
    points = np.random.default_rng(seed).uniform(-3, 3, (6, dim))
    direct = [[variance * np.dot(x, z) for z in points] for x in points]
    assert_allclose(gram(points, "linear", variance, 1.0), direct, rtol=1e-10, atol=1e-12)


def test_refuses_points_that_are_no_domain():
    with pytest.raises(ValueError, match=r"points: should differ from each other, but 0 and 2 are both \[1\. 2\.\]"):
        gram(np.array([[1.0, 2.0], [1.0, 3.0], [1.0, 2.0]]), "rbf", 1.0, 1.0)
    with pytest.raises(ValueError, match="points: should be finite numbers, got .*nan"):
        gram(np.array([[1.0, 2.0], [1.0, np.nan]]), "rbf", 1.0, 1.0)


@pytest.mark.parametrize("length_scale", [0.0, -1.0, math.nan, math.inf])
def test_refuses_length_scales_that_are_no_positive_number(length_scale):
    points = np.array([[1.0, 2.0], [1.0, 3.0]])
    for kernel in FORMULAS:
        with pytest.raises(ValueError, match=f"^length_scale: should be a positive number, got {length_scale}$"):
            gram(points, kernel, 1.0, length_scale)


@few
@given(seed=seeds, variance=scales)
def test_a_factor_of_a_singular_matrix_is_that_of_one_with_jitter(seed, variance):
    flat = np.random.default_rng(seed).standard_normal((6, 2))
    covariance = variance * flat @ flat.T
    factor = cholesky(covariance)
    assert_array_equal(factor, np.tril(factor))
    jittered = covariance + 1e-8 * covariance.diagonal().max() * np.eye(6)
    assert_allclose(factor @ factor.T, jittered, rtol=0, atol=1e-14 * covariance.max())


def test_refuses_matrices_that_are_no_covariance():
    with pytest.raises(ValueError, match="k.npy: should be positive semidefinite and not zero, but all of it is 0"):
        check_gram(np.zeros((2, 2)), 2, "k.npy")
    with pytest.raises(ValueError, match=r"k.npy: should have shape \(3, 3\), one row a point; got \(2, 2\)"):
        check_gram(np.eye(2), 3, "k.npy")
    with pytest.raises(ValueError, match=r"k.npy: should be symmetric, but \[0\]\[1\] = 0.5, \[1\]\[0\] = 0.25"):
        check_gram(np.array([[1.0, 0.5], [0.25, 1.0]]), 2, "k.npy")
    with pytest.raises(ValueError, match="k.npy: should be positive semidefinite, but has the eigenvalue -1"):
        check_gram(np.array([[1.0, 2.0], [2.0, 1.0]]), 2, "k.npy")


def test_a_kernel_from_a_file_is_the_same_kernel(tmp_path):
    world = Kernelized("ackley", points=3)
    played = replay.run(world, MaxMinLCB(length_scale=4.0, variance=0.5), 30)
    matrix = gram(played.features[0], "rbf", 1.0, 4.0)
    np.save(tmp_path / "k.npy", matrix)
    np.savetxt(tmp_path / "k.csv", matrix, "%.17g", ",", header="a,b,c,d,e,f,g,h,i", comments="")
    for name in ("k.npy", "k.csv"):
        again = replay.run(world, MaxMinLCB(kernel=str(tmp_path / name), variance=0.5), 30)
        assert_array_equal(again.actions, played.actions)


def test_refuses_files_that_are_no_kernel(tmp_path):
    world = Kernelized("ackley", points=3)
    np.save(tmp_path / "small.npy", np.eye(4))
    with pytest.raises(ValueError, match=r"small.npy: should have shape \(9, 9\)"):
        replay.run(world, MaxMinLCB(kernel=str(tmp_path / "small.npy")), 1)
    with pytest.raises(ValueError, match="kernel: rbf, .* or a file; got 'gauss'"):
        MaxMinLCB(kernel="gauss")
