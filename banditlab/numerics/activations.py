"""Activation functions of neural networks and their derivatives, on vectors.

Exponentials are computed here in loops that fill vector lanes, an order of magnitude faster than by calls of the C
library, and with the same bits on every CPU.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel

POWER, IDENTITY, TANH, SIGMOID, SOFTPLUS, SILU, GELU = range(7)

_LOG2_E = 1.4426950408889634
_LN2_HIGH = 6.93147180369123816490e-01  # 33 bits, so that its product with an exponent is exact
_LN2_LOW = 1.90821492927058770002e-10
_MAGIC = 6755399441055744.0  # 1.5 * 2^52: a sum with it has its rounded value in the last bits
_LEAST, _MOST = -708.0, 709.0
_ROOT_HALF, _ROOT_TAU = math.sqrt(0.5), math.sqrt(2.0 * math.pi)


class Activation(NamedTuple):
    """An activation function: scale * max(0, z)^power, or another kind, for which these two do not matter."""

    kind: int
    power: int
    scale: float


def sigma(s: int) -> Activation:
    """Return sigma_s(z) = sqrt(c_s) max(0, z)^s with c_s = 2 / (2 s - 1)!! (Salgia, Vakili and Zhao 2023)."""
    return Activation(POWER, s, math.sqrt(2.0 / math.prod(range(1, 2 * s, 2))))


ACTIVATIONS = {
    "relu": Activation(POWER, 1, 1.0),
    "sigma-1": sigma(1),
    "sigma-2": sigma(2),
    "sigma-3": sigma(3),
    "tanh": Activation(TANH, 1, 1.0),
    "sigmoid": Activation(SIGMOID, 1, 1.0),
    "softplus": Activation(SOFTPLUS, 1, 1.0),
    "silu": Activation(SILU, 1, 1.0),
    "gelu": Activation(GELU, 1, 1.0),
    "identity": Activation(IDENTITY, 1, 1.0),
}


@kernel(inline=False, counted=False)
def exponentials(factor, z, out, bits):
    """Write exp(factor z) (n,), to some 1e-15 relative; beyond -708 and 709 it stays what it is there.

    exp(x) = 2^k exp(r) with k the integer nearest to x / ln 2; the exponent is put in place as bits. What is not finite
    becomes NaN.

    bits : int64, scratch of at least n
    """
    words = bits.view(np.float64)
    for j in range(z.shape[0]):
        x = factor * z[j]
        x = _LEAST if x < _LEAST else x
        x = _MOST if x > _MOST else x
        out[j] = x
        words[j] = x * _LOG2_E + _MAGIC
    for j in range(z.shape[0]):
        k = words[j] - _MAGIC
        r = (out[j] - k * _LN2_HIGH) - k * _LN2_LOW
        p = 1.0 / 479001600.0
        p = p * r + 1.0 / 39916800.0
        p = p * r + 1.0 / 3628800.0
        p = p * r + 1.0 / 362880.0
        p = p * r + 1.0 / 40320.0
        p = p * r + 1.0 / 5040.0
        p = p * r + 1.0 / 720.0
        p = p * r + 1.0 / 120.0
        p = p * r + 1.0 / 24.0
        p = p * r + 1.0 / 6.0
        p = p * r + 0.5
        p = p * r + 1.0
        p = p * r + 1.0
        out[j] = p + 0.0 * (factor * z[j])
    for j in range(z.shape[0]):
        bits[j] = (bits[j] + 1023) << 52
    for j in range(z.shape[0]):
        out[j] *= words[j]


@kernel(inline=False, counted=False)
def activate(activation, z, a, bits):
    """Write the activations a = phi(z) (m,).

    bits : int64, scratch of at least m
    """
    kind = activation.kind
    if kind == POWER:
        _powers(activation, z, a)
    elif kind == IDENTITY:
        for j in range(z.shape[0]):
            a[j] = z[j]
    elif kind == TANH:
        exponentials(2.0, z, a, bits)
        for j in range(z.shape[0]):
            a[j] = 1.0 - 2.0 / (a[j] + 1.0)
    elif kind == SIGMOID:
        exponentials(-1.0, z, a, bits)
        for j in range(z.shape[0]):
            a[j] = 1.0 / (1.0 + a[j])
    elif kind == SILU:
        exponentials(-1.0, z, a, bits)
        for j in range(z.shape[0]):
            a[j] = z[j] / (1.0 + a[j])
    elif kind == SOFTPLUS:
        for j in range(z.shape[0]):
            a[j] = max(0.0, z[j]) + math.log1p(math.exp(-abs(z[j])))
    else:
        for j in range(z.shape[0]):
            a[j] = z[j] * _normal_share(z[j])


@kernel(counted=False)
def _powers(activation, z, a):
    for j in range(z.shape[0]):
        a[j] = 0.0 if z[j] < 0.0 else activation.scale * z[j]
    for _ in range(activation.power - 1):
        for j in range(z.shape[0]):
            a[j] *= z[j]


@kernel(inline=False, counted=False)
def multiply_by_slopes(activation, z, a, out):
    """Multiply out (m,) by phi'(z), for activations a = phi(z); at 0, where there is none, that of max(0, z)^s is 0."""
    kind = activation.kind
    if kind == POWER:
        scale = activation.scale * activation.power
        for j in range(z.shape[0]):
            out[j] *= scale if z[j] > 0.0 else 0.0 * z[j]
        for _ in range(activation.power - 1):
            for j in range(z.shape[0]):
                out[j] *= z[j]
    elif kind == TANH:
        for j in range(z.shape[0]):
            out[j] *= 1.0 - a[j] * a[j]
    elif kind == SIGMOID:
        for j in range(z.shape[0]):
            out[j] *= a[j] * (1.0 - a[j])
    elif kind == SILU:
        for j in range(z.shape[0]):
            share = a[j] / z[j] if z[j] != 0.0 else 0.5
            out[j] *= share + a[j] * (1.0 - share)
    elif kind == SOFTPLUS:
        for j in range(z.shape[0]):
            out[j] *= -math.expm1(-a[j])
    elif kind == GELU:
        for j in range(z.shape[0]):
            out[j] *= _normal_share(z[j]) + z[j] * math.exp(-0.5 * z[j] * z[j]) / _ROOT_TAU


@kernel(counted=False)
def _normal_share(x):
    """Return the standard normal distribution function."""
    return 0.5 * math.erfc(-x * _ROOT_HALF)
