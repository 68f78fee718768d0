"""Convex domains of points in R^d: balls and boxes around the origin, simplices, and products of them.

A kernel takes a domain and points (d,), which it changes in place. Around the origin stand the ball ||x|| <= R and the
box |x_i| <= R; the simplex is x_i >= 0, sum x_i = R. A domain is one such block, or the product of several, of which
each has its own coordinates: whatever is done is done to each block.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.linear import dot
from banditlab.numerics.projections import project_to_simplex
from banditlab.types import Counts, Vector

FORMS = ("ball", "box", "simplex")
BALL, BOX, SIMPLEX = range(3)
ROUNDING = 1e-9  #: share of the radius by which a point of the domain may lie outside
BLOCK = re.compile(r"(\w+):(\d+)(?::(\d+\.?\d*))?")


class Domain(NamedTuple):
    """A set of points in R^d."""

    forms: Counts  #: (B,) of `FORMS`
    radii: Vector  #: (B,) R
    ends: Counts  #: (B + 1,) block b has the coordinates ends[b] .. ends[b + 1] - 1
    scratch: Vector  #: (d,)


def make_domain(form: str | Sequence[str], radius: float, dim: int) -> Domain:
    """Return the domain of that form, or the product of blocks that are written as `read_blocks` says.

    Raises
    ------
    ValueError
        No such form; no positive radius; a simplex that is one point; blocks of another number of coordinates.
    """
    alone = isinstance(form, str)
    if alone and form not in FORMS:
        raise ValueError(f"form: one of {', '.join(FORMS)}, got {form!r}")
    if not 0.0 < radius < math.inf:
        raise ValueError(f"radius: a number above 0, got {radius!r}")
    if alone and form == "simplex" and dim < 2:
        raise ValueError(f"dim: at least 2 on a simplex, got {dim}")
    blocks = [(form, dim, 1.0)] if alone else read_blocks(form if np.iterable(form) else [form], "form")
    forms, sizes, shares = zip(*blocks, strict=True)
    if sum(sizes) != dim:
        raise ValueError(f"dim: the blocks have {sum(sizes)} coordinates, got {dim}")
    indices = np.array([FORMS.index(name) for name in forms])
    return Domain(indices, radius * np.array(shares), np.cumsum([0, *sizes]), np.zeros(dim))


def read_blocks(texts: Sequence[str], place: str) -> list[tuple[str, int, float]]:
    """Return form, number of coordinates and share of the radius of blocks such as "ball:3" or "simplex:4:0.5".

    `place` is where they stand, for messages.

    Raises
    ------
    ValueError
        One is not of that kind; there are none.
    """
    found = [_read_block(text, place) for text in texts]
    if not found:
        raise ValueError(f"{place}: at least one block, got none")
    return found


def _read_block(text: str, place: str) -> tuple[str, int, float]:
    match = BLOCK.fullmatch(str(text))
    form, size, share = match.groups() if match else ("", 0, None)
    least = 2 if form == "simplex" else 1
    if form not in FORMS or int(size) < least or (share is not None and not float(share) > 0.0):
        raise ValueError(
            f"{place}: a block is one of {', '.join(FORMS)} and its number of coordinates, at least 2 of a simplex, "
            f"such as 'ball:3', or 'ball:3:0.5' with its share of the radius; got {str(text)!r}"
        )
    return form, int(size), float(share or 1.0)


def centre(domain: Domain) -> np.ndarray:
    """Return the point in the middle, (d,)."""
    sizes = np.diff(domain.ends)
    return np.repeat(np.where(domain.forms == SIMPLEX, domain.radii / sizes, 0.0), sizes)


def diameter(domain: Domain) -> float:
    """Return the largest Euclidean distance of two points."""
    sides = [2.0, 2.0 * np.sqrt(np.diff(domain.ends)), math.sqrt(2.0)]
    return float(np.linalg.norm(domain.radii * np.choose(domain.forms, sides)))


def width(domain: Domain) -> float:
    """Return the largest distance of two points along a coordinate."""
    return float((domain.radii * np.choose(domain.forms, [2.0, 2.0, 1.0])).max())


def inner_radius(domain: Domain) -> float:
    """Return the radius of the largest ball around the middle that lies inside: 0 where there is a simplex."""
    return float(np.where(domain.forms == SIMPLEX, 0.0, domain.radii).min())


def farthest(domain: Domain, points: np.ndarray) -> np.ndarray:
    """Return the largest Euclidean distance of the domain from each point (n, d), as (n,)."""
    parts = np.split(points, domain.ends[1:-1], axis=1)
    squares = [_farthest(*block) ** 2 for block in zip(domain.forms, domain.radii, parts, strict=True)]
    return np.sqrt(np.sum(squares, axis=0))


def _farthest(form: int, radius: float, points: np.ndarray) -> np.ndarray:
    if form == BALL:
        return np.sqrt((points**2).sum(axis=1)) + radius
    if form == BOX:
        return np.sqrt(((np.abs(points) + radius) ** 2).sum(axis=1))
    corners = radius * np.eye(points.shape[1])
    return np.sqrt(np.max([((points - corner) ** 2).sum(axis=1) for corner in corners], axis=0))


@kernel(counted=False)
def contains(domain, x):
    """Return whether a point lies in the domain, but for rounding; False where one of its numbers is none."""
    inside = True
    for b in range(domain.forms.shape[0]):
        inside = inside and _contains(domain.forms[b], domain.radii[b], x[domain.ends[b] : domain.ends[b + 1]])
    return inside


@kernel(counted=False)
def project(domain, x):
    """Move x to the nearest point of the domain."""
    for b in range(domain.forms.shape[0]):
        form, radius, y = domain.forms[b], domain.radii[b], x[domain.ends[b] : domain.ends[b + 1]]
        if form == BALL:
            _shrink(y, radius)
        elif form == BOX:
            _clip(y, radius)
        else:
            project_to_simplex(y, radius, domain.scratch)


@kernel(counted=False)
def project_weighted(domain, x, weights):
    """Move x to the point y of the domain that minimises sum_i weights_i (y_i - x_i)^2; weights (d,) > 0."""
    for b in range(domain.forms.shape[0]):
        form, radius, y = domain.forms[b], domain.radii[b], x[domain.ends[b] : domain.ends[b + 1]]
        if form == BALL:
            _shrink_weighted(y, radius, weights[domain.ends[b] : domain.ends[b + 1]])
        elif form == BOX:
            _clip(y, radius)
        else:
            _lower_weighted(y, radius, weights[domain.ends[b] : domain.ends[b + 1]])


@kernel(counted=False)
def step(domain, x, size, direction):
    """Subtract size direction_i from each x_i, and project."""
    for i in range(x.shape[0]):
        x[i] -= size * direction[i]
    project(domain, x)


@kernel(counted=False)
def step_weighted(domain, x, size, direction, weights):
    """Subtract size direction_i / weights_i from each x_i, and project in the norm of these weights (d,) > 0."""
    for i in range(x.shape[0]):
        x[i] -= size * direction[i] / weights[i]
    project_weighted(domain, x, weights)


@kernel(counted=False)
def minimise(domain, curvature, slope, out):
    """Write the minimiser over the domain of <slope, x> + curvature / 2 ||x||^2 into `out`; all arrays (d,).

    Of several points it is, for a linear function, the nearest one to the middle of a ball or box, and the lowest
    coordinate of a simplex.
    """
    if curvature > 0.0:
        for i in range(out.shape[0]):
            out[i] = -slope[i] / curvature
        project(domain, out)
        return
    for b in range(domain.forms.shape[0]):
        _descend(
            domain.forms[b],
            domain.radii[b],
            slope[domain.ends[b] : domain.ends[b + 1]],
            out[domain.ends[b] : domain.ends[b + 1]],
        )


@kernel
def draw_point(domain, rng, out):
    """Write a point, uniform on the domain, into `out` (d,)."""
    for b in range(domain.forms.shape[0]):
        _draw(domain.forms[b], domain.radii[b], rng, out[domain.ends[b] : domain.ends[b + 1]])


@kernel(counted=False)
def _contains(form, radius, x):
    slack = ROUNDING * radius
    if form == BALL:
        return math.sqrt(dot(x, x)) <= radius + slack
    total, lowest, highest = 0.0, math.inf, -math.inf
    for i in range(x.shape[0]):
        total += x[i]
        lowest, highest = min(lowest, x[i]), max(highest, x[i])
    if form == BOX:
        return -radius - slack <= lowest and highest <= radius + slack and math.isfinite(total)
    return lowest >= -slack and abs(total - radius) <= slack


@kernel(counted=False)
def _descend(form, radius, slope, out):
    """Write the minimiser over a block of <slope, x>."""
    if form == BALL:
        length = math.sqrt(dot(slope, slope))
        for i in range(out.shape[0]):
            out[i] = -radius * slope[i] / length if length > 0.0 else 0.0
    elif form == BOX:
        for i in range(out.shape[0]):
            out[i] = -radius if slope[i] > 0.0 else radius if slope[i] < 0.0 else 0.0
    else:
        least = 0
        for i in range(out.shape[0]):
            out[i] = 0.0
            if slope[i] < slope[least]:
                least = i
        out[least] = radius


@kernel
def _draw(form, radius, rng, out):
    dim = out.shape[0]
    if form == BOX:
        for i in range(dim):
            out[i] = radius * (2.0 * rng.random() - 1.0)
        return
    if form == BALL:
        for i in range(dim):
            out[i] = rng.standard_normal()
        size = radius * rng.random() ** (1.0 / dim) / math.sqrt(dot(out, out))
    else:
        total = 0.0
        for i in range(dim):
            out[i] = -math.log(1.0 - rng.random())
            total += out[i]
        size = radius / total
    for i in range(dim):
        out[i] *= size


@kernel(counted=False)
def _shrink(x, radius):
    length = math.sqrt(dot(x, x))
    if length > radius:
        for i in range(x.shape[0]):
            x[i] *= radius / length


@kernel(counted=False)
def _clip(x, radius):
    for i in range(x.shape[0]):
        x[i] = max(-radius, min(radius, x[i]))


@kernel(counted=False)
def _shrink_weighted(x, radius, weights):
    """Project onto a ball: y_i = w_i x_i / (w_i + nu), for the nu >= 0 at which its length is the radius."""
    length = math.sqrt(dot(x, x))
    if not length > radius:
        return
    largest = 0.0
    for i in range(x.shape[0]):
        largest = max(largest, weights[i])
    low, high = 0.0, largest * (length / radius - 1.0)
    while True:
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        square = 0.0
        for i in range(x.shape[0]):
            square += (weights[i] * x[i] / (weights[i] + middle)) ** 2
        if square > radius * radius:
            low = middle
        else:
            high = middle
    for i in range(x.shape[0]):
        x[i] *= weights[i] / (weights[i] + high)


@kernel(counted=False)
def _lower_weighted(x, total, weights):
    """Project onto a simplex: y_i = max(0, x_i - tau / w_i), for the tau at which they sum to the total."""
    for _ in range(2):  # the second time takes away what rounding left: far points lose the sum otherwise
        tau = _threshold(x, total, weights)
        for i in range(x.shape[0]):
            x[i] -= tau / weights[i]
    for i in range(x.shape[0]):
        x[i] = max(0.0, x[i])


@kernel(counted=False)
def _threshold(x, total, weights):
    """Return the tau at which the sum of max(0, x_i - tau / w_i) is the total.

    Coordinates that the threshold of the others would make negative are 0, so that tau only grows (C. Michelot. A
    finite algorithm for finding the projection of a point onto the canonical simplex of R^n. J. Optim. Theory Appl.
    1986); weights do not change the argument.
    """
    tau, active = -math.inf, 0
    while True:
        above, shares, found = -total, 0.0, 0
        for i in range(x.shape[0]):
            if x[i] * weights[i] > tau:
                above += x[i]
                shares += 1.0 / weights[i]
                found += 1
        if found == active or found == 0:
            break
        tau, active = above / shares, found
    return tau
