"""Draws of functions on a finite domain from the posterior of a Gaussian process with the dueling kernel.

The covariance of the posterior is S = (K^-1 + G / rho^2)^-1, with G the Laplacian of the numbers of duels n_ij. By
Matheron's rule h - S (G h + rho w) / rho^2 is a draw from N(0, S), for one h from the prior N(0, K) and w = sum over
pairs of sqrt(n_ij) (e_i - e_j) times a normal number: the prior draw, minus what the posterior mean would be had duels
measured it with noise. It takes O(N^2) for N points and a normal number a pair that met. S, which changes with every
duel, is never factorised, and neither S nor K need an inverse.

J. T. Wilson, V. Borovitskiy, A. Terenin, P. Mostowsky, M. P. Deisenroth. Pathwise conditioning of Gaussian processes.
JMLR 22, 2021.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.kernel_logistic import times_met
from banditlab.numerics.kernels import cholesky
from banditlab.numerics.linear import dot, row_dot
from banditlab.types import Matrix, Vector


class Sampler(NamedTuple):
    """What draws are made with."""

    factor: Matrix  #: (N, N) lower triangular L, with L L' = K but for the jitter
    draw: Vector  #: (N,) the last draw
    push: Vector  #: (N,) scratch


def start_sampler(gram: np.ndarray) -> Sampler:
    """Return a sampler of N points with the covariance matrix K (N, N), positive semidefinite."""
    arms = len(gram)
    return Sampler(cholesky(gram), np.zeros(arms), np.zeros(arms))


@kernel
def draw_deviation(sampler, process, model, rng):
    """Write a draw from N(0, S) into `draw`.

    S is the covariance of `process` (a `gaussian_process.Process`) after the duels that `model` (a
    `kernel_logistic.Logistic`) has counted. Takes N normal numbers, and one for each pair that met.
    """
    draw, push = sampler.draw, sampler.push
    for k in range(push.shape[0]):
        push[k] = rng.standard_normal()
    for k in range(draw.shape[0]):
        draw[k] = row_dot(sampler.factor[k], push, k + 1)
    for k in range(push.shape[0]):
        push[k] = 0.0
    for p in range(model.met[0]):
        low, high = model.pairs[p, 0], model.pairs[p, 1]
        duels = times_met(model, low, high)
        seen = duels * (draw[low] - draw[high]) + math.sqrt(duels * process.noise) * rng.standard_normal()
        push[low] += seen
        push[high] -= seen
    for k in range(draw.shape[0]):
        draw[k] -= dot(process.covariance[k], push) / process.noise
