"""Parameters that policies of the black-box game share: Gaussian processes of all functions, and their bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.processes import Prior, Processes, bytes_of, learn_values, start_processes
from banditlab.policies.memory import check_memory
from banditlab.types import Fraction, Matrix, NonNegative, Positive, Stationary, Vector

#: Facts that these policies may ask of their problem.
TOLD = ("domain", "noise", "variances", "length_scales", "initial", "rounds")
CONSTANT, SRINIVAS, RKHS = range(3)
WIDTHS = ("const", "srinivas", "rkhs")


@dataclass(frozen=True)
class Surrogate:
    """Objective and constraints are Gaussian processes with mean 0, whose kernels and noise are known.

    Each parameter is one for all functions, or a list of one each: the objective, then the constraints. "told" is what
    the environment has, where a length scale may be another one along each axis. Policies learn from the observation
    before the first round too, if there is one.
    """

    kernel: Stationary | list[Stationary] = "rbf"  #: of the distance over the length scale
    variance: Positive | list[Positive] | Literal["told"] = "told"  #: of the values
    length_scale: Positive | list[Positive] | Literal["told"] = "told"  #: in units of the points
    noise: NonNegative | list[NonNegative] | Literal["told"] = "told"  #: standard deviation of an observation

    def priors(self, problem: Any) -> list[Prior]:
        """Return what is assumed of each function."""
        count = 1 + problem.constraints
        kernels = _each("kernel", self.kernel, count)
        variances = self._numbers("variance", "variances", problem, count)
        lengths = self._numbers("length_scale", "length_scales", problem, count)
        noises = self._numbers("noise", "noise", problem, count)
        return [
            Prior(kernels[i], float(variances[i]), _along(lengths[i], problem.dim), float(noises[i]) ** 2)
            for i in range(count)
        ]

    def _numbers(self, name: str, fact: str, problem: Any, count: int) -> Sequence[Any]:
        value = getattr(self, name)
        return _each(fact, getattr(problem, fact), count) if value == "told" else _each(name, value, count)

    def processes(self, problem: Any, priors: list[Prior]) -> Processes:
        """Return the posteriors after the observations before the first round, with room for those to come.

        Raises
        ------
        ValueError
            They need too much memory; two points are one and the same; as of `first_observations`.
        """
        initial = first_observations(problem)
        points, rounds = problem.points, problem.rounds + len(initial)
        check_memory(
            bytes_of(points, priors, rounds), f"points: {points:,} of them over {rounds:,} rounds need",
            "use fewer points, or a shorter horizon",
        )  # fmt: skip
        processes = start_processes(problem.domain, priors, rounds)
        for point, values in initial:
            learn_values(processes, point, values)
        return processes


def first_observations(problem: Any) -> list[tuple[int, np.ndarray]]:
    """Return what was observed before the first round: points, and the values (1 + N,) of all functions there.

    Raises
    ------
    ValueError
        Rows of another length, points outside of the domain, or values that are not finite.
    """
    width = 2 + problem.constraints
    rows = np.array(problem.initial, float)
    if rows.size == 0:
        return []
    if rows.ndim != 2 or rows.shape[1] != width or not np.isfinite(rows).all():
        raise ValueError(f"initial: rows of {width} finite numbers, a point and its values; got {rows.tolist()}")
    for point in rows[:, 0]:
        if point not in range(problem.points):
            raise ValueError(f"initial: a point in 0 .. {problem.points - 1}, got {point:g}")
    return [(int(row[0]), row[1:]) for row in rows]


def start_safe(problem: Any) -> np.ndarray:
    """Return which points (G,) are taken for safe before the first round: those that were observed.

    Raises
    ------
    ValueError
        There is none; or as of `first_observations`.
    """
    safe = np.zeros(problem.points, bool)
    safe[[point for point, _ in first_observations(problem)]] = True
    if not safe.any():
        raise ValueError("initial: the policy starts from a point that is safe, observed before the first round")
    return safe


def _each(name: str, value: Any, count: int) -> Sequence[Any]:
    """Return what a parameter or a fact says of each function."""
    values = [value] * count if np.ndim(value) == 0 else value
    if len(values) != count:
        raise ValueError(f"{name}: one for all functions, or a list of {count}, objective first; got {list(values)}")
    return values


def _along(length: Any, dim: int) -> tuple[float, ...]:
    return tuple(float(x) for x in np.broadcast_to(length, dim))


class Bands(NamedTuple):
    """The posteriors, and lower confidence bounds on the functions."""

    processes: Processes
    lower: Matrix  #: (F, G)
    widths: Vector  #: (F,) b of the round
    rule: int  #: of the width
    multiplier: float  #: the width where it is constant
    shift: float  #: what does not change of the square of "srinivas"; of that of "rkhs", 1 + ln(F / delta)
    norms: Vector  #: (F,) B
    deviations: Vector  #: (F,) sigma


@dataclass(frozen=True)
class Bounded(Surrogate):
    """Lower bounds are L_i = mean_i - b_i sd_i, of the function itself and not of an observation of it.

    width "const": b = multiplier. "srinivas": b = sqrt(2 ln(F G t^2 pi^2 / (6 delta))), for F functions on G points:
    all bounds hold with probability 1 - delta where the functions are drawn from these processes. "rkhs": b_i = norm_i
    + sigma_i sqrt(2 (gain_i + 1 + ln(F / delta))), with the information gain so far, where the paper has the largest
    there can be, of processes whose noise has the variance 1 + 2 / T: the bounds hold for functions of RKHS norm at
    most norm_i, where the noise is sigma_i-sub-Gaussian and kernels are at most 1 (from memory of the paper; its text
    could not be read).
    """

    width: Literal["const", "srinivas", "rkhs"] = "const"  #: which b
    multiplier: NonNegative = 3.0  #: b of width "const"
    norm: Positive | list[Positive] = 1.0  #: B of width "rkhs"
    delta: Fraction = 0.1  #: error probability of the other widths

    def bands(self, problem: Any) -> Bands:
        """Return bounds on all functions, before the first round."""
        priors, rule = self.priors(problem), WIDTHS.index(self.width)
        count, deviations = len(priors), np.array([math.sqrt(prior.noise) for prior in priors])
        if rule == RKHS:
            priors = [prior._replace(noise=1.0 + 2.0 / problem.rounds) for prior in priors]
        shift = 2.0 * math.log(count * problem.points * math.pi**2 / (6.0 * self.delta))
        if rule == RKHS:
            shift = 1.0 + math.log(count / self.delta)
        return Bands(
            self.processes(problem, priors), np.zeros((count, problem.points)), np.zeros(count), rule, self.multiplier,
            shift, np.array(_each("norm", self.norm, count), float), deviations,
        )  # fmt: skip

    @staticmethod
    def learn(state, t, point, values):
        learn_values(state.bands.processes, point, values)


@kernel(inline=False)
def find_bounds(bands, t):
    """Compute the lower bounds for round t = 0, 1, ..."""
    processes = bands.processes
    for f in range(bands.lower.shape[0]):
        width = bands.widths[f] = _width(bands, f, t)
        mean, variance, lower = processes.means[f], processes.variances[processes.group[f]], bands.lower[f]
        for k in range(lower.shape[0]):
            lower[k] = mean[k] - width * math.sqrt(max(0.0, variance[k]))


@kernel
def _width(bands, f, t):
    if bands.rule == CONSTANT:
        return bands.multiplier
    if bands.rule == SRINIVAS:
        return math.sqrt(4.0 * math.log(t + 1.0) + bands.shift)
    gain = bands.processes.gains[bands.processes.group[f]]
    return bands.norms[f] + bands.deviations[f] * math.sqrt(2.0 * (gain + bands.shift))


@kernel
def upper(bands, f, k):
    """Return the upper bound on a function at a point."""
    return 2.0 * bands.processes.means[f, k] - bands.lower[f, k]


@kernel
def largest_constraint(bands, k):
    """Return the largest lower bound on a constraint at a point; -inf without constraints."""
    most = -math.inf
    for f in range(1, bands.lower.shape[0]):
        most = max(most, bands.lower[f, k])
    return most


@kernel
def is_safe(bands, k):
    """Return whether no upper bound on a constraint is above 0 at a point."""
    most = -math.inf
    for f in range(1, bands.lower.shape[0]):
        most = max(most, upper(bands, f, k))
    return most <= 0.0
