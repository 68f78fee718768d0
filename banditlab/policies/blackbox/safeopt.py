"""SafeOpt: learn what is best and what is safe, without playing what is not known to be safe (Sui et al. 2015).

Y. Sui, A. Gotovos, J. Burdick, A. Krause. Safe exploration for optimization with Gaussian processes. ICML 2015.
F. Berkenkamp, A. P. Schoellig, A. Krause. Safe controller optimization for quadrotors with Gaussian processes. ICRA
2016: bounds of the processes in place of Lipschitz constants.
F. Berkenkamp, A. Krause, A. P. Schoellig. Bayesian optimization with safety constraints: safe and automatic parameter
tuning in robotics. Machine Learning 112, 2023: several constraints.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.processes import write_covariances
from banditlab.policies.surrogates import TOLD, Bands, Bounded, find_bounds, is_safe, start_safe, upper
from banditlab.registry import policy
from banditlab.types import Flags, NonNegative, Vector


@policy(
    "safeopt",
    game="blackbox",
    needs=("domain", "feasible-point"),
    told=TOLD,
    cite=("sui2015safe", "berkenkamp2016safe", "berkenkamp2023bayesian"),
)
@dataclass(frozen=True)
class SafeOpt(Bounded):
    """The widest of the safe points that may be the best, or whose observation may make another point safe.

    Safe is the point observed before the first round, of which there must be one, and for ever each point at which no
    upper bound on a constraint was above 0. A minimiser is a safe point whose lower bound on the objective is at most
    the least upper bound of the safe ones. An expander is another safe point with a width above `threshold` b for some
    function: were each constraint observed there at its lower bound, it would bring an upper bound on that constraint
    to 0 or below at some point that is not safe. The width of a point is the largest upper - lower over all functions,
    each divided by the prior's standard deviation; the lowest index among equals.

    This is the rule of the published code, with its width 2, and the threshold that the authors of CONFIG set in it.
    There the safe set is that of the current bounds alone, so that it can be empty, and expanders are sought among the
    points that are wider than the minimisers in the objective, in the order of widths that are not divided.

    A round takes O(t G) for each expander that is tried: at worst, O(t G^2) while all points are safe but few.
    """

    multiplier: NonNegative = 2.0  #: b of width "const"
    threshold: NonNegative = 0.1  #: share of b that the bounds of an expander are apart at least

    class State(NamedTuple):
        bands: Bands
        safe: Flags  #: (G,)
        sizes: Vector  #: (G,) width of a point in the round; below 0 for what is not to be played
        covariances: Vector  #: (G,) scratch
        threshold: float

    def start(self, problem, rng) -> State:
        size = problem.points
        return self.State(self.bands(problem), start_safe(problem), np.zeros(size), np.zeros(size), self.threshold)

    @staticmethod
    def choose(state, t, rng):
        bands, safe, sizes = state.bands, state.safe, state.sizes
        find_bounds(bands, t)
        ceiling = math.inf
        for k in range(safe.shape[0]):
            safe[k] = safe[k] or is_safe(bands, k)
            if safe[k]:
                ceiling = min(ceiling, upper(bands, 0, k))
        best, widest = 0, -1.0
        for k in range(safe.shape[0]):
            sizes[k] = -1.0
            if safe[k]:
                size = _size(bands, k)
                if bands.lower[0, k] <= ceiling:
                    if size > widest:
                        best, widest = k, size
                elif _exceeds(bands, k, state.threshold):
                    sizes[k] = size
        while True:
            candidate = _widest(sizes, widest)
            if candidate < 0:
                return best
            if _expands(state, candidate):
                return candidate
            sizes[candidate] = -1.0


@kernel
def _size(bands, k):
    """Return the width of a point."""
    widest = 0.0
    for f in range(bands.lower.shape[0]):
        scale = math.sqrt(bands.processes.scales[bands.processes.group[f]])
        widest = max(widest, (upper(bands, f, k) - bands.lower[f, k]) / scale)
    return widest


@kernel
def _exceeds(bands, k, threshold):
    for f in range(bands.lower.shape[0]):
        if upper(bands, f, k) - bands.lower[f, k] > threshold * bands.widths[f]:
            return True
    return False


@kernel
def _widest(sizes, least):
    """Return the point of the largest size above `least`; -1 where there is none."""
    best = -1
    for k in range(sizes.shape[0]):
        if sizes[k] > least:
            best, least = k, sizes[k]
    return best


@kernel(inline=False)
def _expands(state, point):
    """Return whether the best that can be observed at a point makes another one safe, by each constraint alone."""
    bands, processes, covariances = state.bands, state.bands.processes, state.covariances
    for f in range(1, bands.lower.shape[0]):
        g = processes.group[f]
        write_covariances(processes, g, point, covariances)
        total = covariances[point] + processes.noises[g]
        gain, found = (bands.lower[f, point] - processes.means[f, point]) / total, False
        for k in range(covariances.shape[0]):
            if not state.safe[k]:
                mean = processes.means[f, k] + gain * covariances[k]
                variance = processes.variances[g, k] - covariances[k] * covariances[k] / total
                if mean + bands.widths[f] * math.sqrt(max(0.0, variance)) <= 0.0:
                    found = True
                    break
        if not found:
            return False
    return bands.lower.shape[0] > 1
