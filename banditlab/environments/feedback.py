"""What is seen of a round's loss in the convex game: its gradient, or its values at one or two points near by.

A. D. Flaxman, A. T. Kalai, H. B. McMahan. Online convex optimization in the bandit setting: gradient descent without a
gradient. SODA 2005, for one point; A. Agarwal, O. Dekel, L. Xiao. Optimal algorithms for online convex optimization
with multi-point bandit feedback. COLT 2010, for two. For a direction u that is uniform on the unit sphere, (d / delta)
f(x + delta u) u and (d / (2 delta)) (f(x + delta u) - f(x - delta u)) u both have as expectation the gradient at x of
the mean of f over the ball of radius delta around x; of a linear or spherical quadratic loss it is that of f.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from banditlab.environments.instances import fill
from banditlab.fuse import kernel
from banditlab.numerics import domains
from banditlab.numerics.domains import Domain
from banditlab.numerics.hashing import normal
from banditlab.types import Count, Matrix, Positive, Vector

COUNTS = {"gradient": 1, "one-point": 1, "two-point": 2}
PARTS = 10  #: delta by default is the inner radius over this
RADII = (1e-100, 1e100)  #: between which squares and their sums are numbers


class Probes(NamedTuple):
    """Where the loss of a round is looked at."""

    values: bool  #: whether values are seen, not a gradient
    count: int  #: points that are played in a round
    delta: float  #: distance of the points played from the one that was chosen; 0 where a gradient is seen
    keep: float  #: by which the point that was chosen is drawn towards the middle of the domain
    direction: Vector  #: (d,) u
    played: Matrix  #: (2, d)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Balls and boxes stand around 0, the simplex is x >= 0, sum x = radius; a product has blocks of coordinates.

    With feedback "one-point" or "two-point" only values of the loss are seen, and a gradient is made from them.

    What is played is then x' + delta u, or that and x' - delta u for half of the round each, where u is a random
    direction, and x' = (1 - delta / r) x is the point x that was chosen, drawn to the middle of the domain, for the
    radius r of the largest ball around it that lies inside. Regret is of what was played: even the best fixed point has
    some, so that there is no `oracle`. A second gradient in a round is made from values in the same direction, and is
    not counted.
    """

    domain: Literal["ball", "box", "simplex"] | list[Any] = "ball"  #: or a product, as ["ball:3", "simplex:4"]
    radius: Positive = 1.0  #: R, of a box half its side; of a block "ball:3:0.5" half as much
    dim: Count | None = None  #: d; 5, or what the blocks of a product have
    feedback: Literal["gradient", "one-point", "two-point"] = "gradient"  #: what is seen of a round's loss
    delta: Positive | None = None  #: where values are seen, how far from the point; a tenth of r

    def settle(self) -> None:
        """Check these parameters, and fill in dim and delta, in `__post_init__`.

        Raises
        ------
        ValueError
            No such domain; a radius whose square is too large or too small a number; there is no room around a point;
            delta without use, or too long.
        """
        if not RADII[0] <= self.radius <= RADII[1]:
            raise ValueError(f"radius: from {RADII[0]:g} to {RADII[1]:g}, got {self.radius:g}")
        product = not isinstance(self.domain, str)
        fill(self, dim=sum(size for _, size, _ in domains.read_blocks(self.domain, "domain")) if product else 5)
        inner = domains.inner_radius(domains.make_domain(self.domain, self.radius, self.dim))
        if self.feedback == "gradient":
            if self.delta is not None:
                raise ValueError("delta: only of feedback 'one-point' or 'two-point'")
            return
        if inner == 0.0:
            raise ValueError(f"feedback: only 'gradient' on a simplex, which has no inside; got {self.feedback!r}")
        fill(self, delta=inner / PARTS)
        if not self.delta < inner:
            raise ValueError(f"delta: below {inner:g}, the largest radius of a ball in the domain; got {self.delta:g}")

    def cite(self) -> tuple[str, ...]:
        """Return what is cited for the feedback."""
        return {"one-point": ("flaxman2005online",), "two-point": ("agarwal2010optimal",)}.get(self.feedback, ())

    def given(self) -> frozenset[str]:
        """Return what policies may need, as far as these parameters say."""
        words = {self.domain} if isinstance(self.domain, str) else set()
        return frozenset(words | ({"best-point"} if self.feedback == "gradient" else set()))


def domain_facts(setting: Any, state: Any) -> dict[str, Any]:
    """Return what policies may be told of the domain, and the best point where playing it has no regret."""
    best = {} if state.probes.values else {"optimum": state.optimum}
    return {"form": setting.domain, "radius": setting.radius, **best}


def noise_facts(state: Any, sigma: float) -> dict[str, float]:
    """Return the norm of the noise in a gradient, where one is seen: what is made of values varies otherwise."""
    return {} if state.probes.values else {"sigma": sigma}


def make_probes(feedback: str, delta: float | None, domain: Domain) -> Probes:
    """Return how losses are looked at."""
    dim, delta = len(domain.scratch), delta or 0.0
    keep = 1.0 - delta / domains.inner_radius(domain) if delta else 1.0
    return Probes(feedback != "gradient", COUNTS[feedback], delta, keep, np.zeros(dim), np.zeros((2, dim)))


def largest(probes: Probes, gradient: float, value: float) -> float:
    """Return a bound on what is given as a gradient, from bounds on the gradients and on |values| of losses."""
    if not probes.values:
        return gradient
    return len(probes.direction) * (value / probes.delta if probes.count == 1 else gradient)


@kernel
def place(probes, key, first, t, point):
    """Set the points that are played in round t, by random numbers of the stream from number `first` on."""
    if probes.values:
        write_direction(key, first, t, 1.0, probes.direction)
    for i in range(point.shape[0]):
        middle, step = probes.keep * point[i], probes.delta * probes.direction[i]
        probes.played[0, i] = middle + step
        probes.played[1, i] = middle - step


@kernel
def estimate(probes, one, other, gradient):
    """Write the gradient that is made from the values at both points; `other` is 0 where there is one point."""
    scale = gradient.shape[0] * (one - other) / (probes.count * probes.delta)
    for i in range(gradient.shape[0]):
        gradient[i] = scale * probes.direction[i]


@kernel
def write_direction(key, first, t, length, out):
    """Write a vector (d,) of that length, uniform on the sphere, a function of the round and of `first`."""
    square = 0.0
    for i in range(out.shape[0]):
        out[i] = normal(key, first + i, t) if length > 0.0 else 0.0
        square += out[i] * out[i]
    scale = length / math.sqrt(square) if length > 0.0 else 0.0
    for i in range(out.shape[0]):
        out[i] *= scale
