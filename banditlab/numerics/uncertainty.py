"""How uncertain a network's prediction is: g'U^-1 g for its gradient g and U = lambda I + the sum of gg' so far.

Either the whole of U, or its diagonal alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.gradient_covariance import Covariance, absorb, spread, start_covariance
from banditlab.types import Vector


class Uncertainty(NamedTuple):
    """U^-1, or the inverses of U's diagonal."""

    diagonal: Vector  #: (p,) 1 / U_jj; (0,) where the whole is kept
    whole: Covariance  #: of no weights where the diagonal is kept
    share: float  #: factor of gg'
    full: bool


def start_uncertainty(weights: int, ridge: float, share: float, full: bool) -> Uncertainty:
    """Return U^-1 = I / lambda for a network of so many weights."""
    diagonal = np.full(0 if full else weights, 1.0 / ridge)
    return Uncertainty(diagonal, start_covariance(weights if full else 0, ridge), share, full)


@kernel(inline=False, counted=False)
def variance(uncertainty, network):
    """Return share g'U^-1 g for the network's last gradient."""
    if uncertainty.full:
        return uncertainty.share * spread(uncertainty.whole, network)
    first, start = network.first, network.block[0] * network.first
    total = weighted_square(network.gradient[:first], uncertainty.diagonal[start : start + first])
    total += weighted_square(network.gradient[first:], uncertainty.diagonal[network.tail :])
    return uncertainty.share * total


@kernel(inline=False, counted=False)
def take_in(uncertainty, network):
    """Add share gg' to U for the network's last gradient."""
    share = uncertainty.share
    if uncertainty.full:
        absorb(uncertainty.whole, network, share)
    else:
        first, start = network.first, network.block[0] * network.first
        _add_squares(network.gradient[:first], share, uncertainty.diagonal[start : start + first])
        _add_squares(network.gradient[first:], share, uncertainty.diagonal[network.tail :])


@kernel(reassociate=True, counted=False)
def weighted_square(x, weights):
    """Return the sum of x_j^2 weights_j over x (n,)."""
    total = 0.0
    for j in range(x.shape[0]):
        total += x[j] * x[j] * weights[j]
    return total


@kernel(inline=False, counted=False)
def _add_squares(x, share, inverses):
    """Turn 1 / U_j into 1 / (U_j + share x_j^2)."""
    for j in range(x.shape[0]):
        inverses[j] /= 1.0 + share * x[j] * x[j] * inverses[j]
