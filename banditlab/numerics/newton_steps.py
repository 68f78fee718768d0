"""Steps in a norm that a matrix weights, with the projection in that norm: onto a ball, a box or a simplex.

Such a step moves x to the nearest point of the domain to x - size A^-1 direction, by the distance sqrt(z' A z). This is
the point x + z with the least size <direction, z> + 1/2 z' A z, so that no inverse is needed.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.domains import BALL, SIMPLEX
from banditlab.numerics.linear import cholesky, dot, multiply, row_dot, solve
from banditlab.types import Counts, Matrix, Vector

NEGLIGIBLE = 1e-13  #: share of the radius: a coordinate that would leave its bound by less stays there


class Room(NamedTuple):
    """Where a step is computed."""

    factor: Matrix  #: (d, d)
    slope: Vector  #: (d,)
    move: Vector  #: (d,)
    other: Vector  #: (d,)
    side: Counts  #: (d,) -1 of a coordinate at its lower bound, 1 at its upper one, 0 in between


def make_room(dim: int) -> Room:
    """Return room for steps in R^d."""
    return Room(np.zeros((dim, dim)), np.zeros(dim), np.zeros(dim), np.zeros(dim), np.zeros(dim, np.int64))


@kernel(inline=False)
def newton_step(domain, x, size, direction, matrix, room):
    """Move x (d,), a point of the domain, as the module says.

    The matrix A (d, d) is positive definite; the domain is one ball, box or simplex.
    """
    form, radius = domain.forms[0], domain.radii[0]
    for i in range(x.shape[0]):
        room.slope[i] = size * direction[i]
    if form == BALL:
        _in_ball(x, radius, matrix, room)
    elif form == SIMPLEX:
        _between(x, 0.0, math.inf, radius, True, matrix, room)
    else:
        _between(x, -radius, radius, radius, False, matrix, room)


@kernel
def _in_ball(x, radius, matrix, room):
    """Step in a ball: by -(A + nu)^-1 (slope + nu x), for the nu >= 0 at which x is then no longer than the radius.

    Newton's method for 1 / length = 1 / radius comes to nu from below (J. J. More, D. C. Sorensen. Computing a trust
    region step. SIAM J. Sci. Stat. Comput. 4, 1983).
    """
    nu = 0.0
    while True:
        _factorise(matrix, nu, room)
        for i in range(x.shape[0]):
            room.other[i] = room.slope[i] + nu * x[i]
        solve(room.factor, room.other, room.move)
        for i in range(x.shape[0]):
            room.move[i] = x[i] - room.move[i]
        length = math.sqrt(dot(room.move, room.move))
        if not length > radius:
            break
        grown = nu + length * length / _inverse_square(room.factor, room.move, room.other) * (length / radius - 1.0)
        if not grown > nu:
            break
        nu = grown
    scale = radius / length if length > radius else 1.0
    for i in range(x.shape[0]):
        x[i] = scale * room.move[i]


@kernel
def _factorise(matrix, shift, room):
    """Write the Cholesky factor of A + shift I, in which coordinates at a bound are cut off from the others."""
    for i in range(matrix.shape[0]):
        for j in range(i):
            room.factor[i, j] = matrix[i, j] if room.side[i] == 0 and room.side[j] == 0 else 0.0
        room.factor[i, i] = matrix[i, i] + shift if room.side[i] == 0 else 1.0
    cholesky(room.factor, room.factor)


@kernel
def _inverse_square(factor, x, out):
    """Return x' (L L')^-1 x for a lower Cholesky factor; leaves L^-1 x in `out` (d,)."""
    for i in range(x.shape[0]):
        out[i] = (x[i] - row_dot(factor[i], out, i)) / factor[i, i]
    return dot(out, out)


@kernel
def _between(x, low, high, radius, summed, matrix, room):
    """Step between bounds, and of `summed` coordinates with their sum, the radius, kept: by active sets.

    The coordinates at a bound stay there while the others step to their least value, or as far as the next bound; once
    they are there, the coordinate whose bound costs most is let go (J. Nocedal, S. J. Wright. Numerical optimization.
    2006, Algorithm 16.3). The value falls from set to set, so that none comes twice; their number is limited in case
    rounding brings one back.
    """
    for i in range(x.shape[0]):
        room.side[i] = -1 if x[i] <= low else 1 if x[i] >= high else 0
    for _ in range(10 * (x.shape[0] + 1)):
        _aim(summed, matrix, room)
        if _advance(x, low, high, matrix, room):
            continue
        freed = _costliest(summed, NEGLIGIBLE * radius, matrix, room)
        if freed < 0:
            break
        room.side[freed] = 0
    if summed:
        _restore_sum(x, radius)


@kernel
def _aim(summed, matrix, room):
    """Write the move of the free coordinates to their least value."""
    _factorise(matrix, 0.0, room)
    for i in range(room.move.shape[0]):
        room.move[i] = -room.slope[i] if room.side[i] == 0 else 0.0
        room.other[i] = 1.0 if room.side[i] == 0 else 0.0
    solve(room.factor, room.move, room.move)
    if summed:
        solve(room.factor, room.other, room.other)
        excess = room.move.sum() / room.other.sum()
        for i in range(room.move.shape[0]):
            room.move[i] -= excess * room.other[i]


@kernel
def _advance(x, low, high, matrix, room):
    """Make the move, or that share of it which leads to the first bound; return whether one was met."""
    share, met = 1.0, -1
    for i in range(x.shape[0]):
        if room.move[i] != 0.0:
            bound = high if room.move[i] > 0.0 else low
            if (bound - x[i]) / room.move[i] < share:
                share, met = (bound - x[i]) / room.move[i], i
    multiply(matrix, room.move, room.other)
    for i in range(x.shape[0]):
        x[i] += share * room.move[i]
        room.slope[i] += share * room.other[i]
    if met >= 0:
        room.side[met] = 1 if room.move[met] > 0.0 else -1
        x[met] = high if room.move[met] > 0.0 else low
    return met >= 0


@kernel
def _costliest(summed, least, matrix, room):
    """Return the coordinate that would leave its bound furthest if it alone were free; -1 if none by as much."""
    level, free = 0.0, 0
    for i in range(room.side.shape[0]):
        if summed and room.side[i] == 0:
            level += room.slope[i]
            free += 1
    if free > 0:
        level /= free
    found = -1
    for i in range(room.side.shape[0]):
        gain = room.side[i] * (room.slope[i] - level) / matrix[i, i]
        if gain > least:
            least, found = gain, i
    return found


@kernel
def _restore_sum(x, total):
    """Take away what rounding has added to the sum, lest it grow with the rounds."""
    scale = total / x.sum()
    for i in range(x.shape[0]):
        x[i] *= scale
