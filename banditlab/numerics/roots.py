"""Ridge regression by the square root of its normal equations: rank-one updates and draws in O(d^2), no inverse.

R (d, d) is upper triangular with R'R = V = V_0 + sum x x', and q (d,) holds R theta, so that theta = R^-1 q is the
ridge estimate V^-1 sum x y. For z standard normal, R^-1 (q + v z) is a draw from N(theta, v^2 V^-1).
"""

from __future__ import annotations

import math

from banditlab.fuse import kernel


@kernel
def absorb(root, image, row, value):
    """Add an observation to R and q in place, by Givens rotations; `row` (d,) holds x, and is used up.

    The diagonal of R stays positive: R is the transposed Cholesky factor of V.
    """
    for k in range(row.shape[0]):
        upper = root[k]
        length = math.sqrt(upper[k] * upper[k] + row[k] * row[k])
        cosine, sine = upper[k] / length, row[k] / length
        upper[k] = length
        for i in range(k + 1, row.shape[0]):
            kept = upper[i]
            upper[i] = cosine * kept + sine * row[i]
            row[i] = cosine * row[i] - sine * kept
        kept = image[k]
        image[k] = cosine * kept + sine * value
        value = cosine * value - sine * kept


@kernel
def back_substitute(root, image):
    """Turn b (d,) into R^-1 b in place, for an upper triangular R (d, d)."""
    for i in range(image.shape[0] - 1, -1, -1):
        rest, upper = image[i], root[i]
        for j in range(i + 1, image.shape[0]):
            rest -= upper[j] * image[j]
        image[i] = rest / upper[i]
