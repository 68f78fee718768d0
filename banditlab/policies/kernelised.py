"""Parameters that policies on a finite domain share: the kernel, and for duels the estimate and its width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from banditlab.arrays import table
from banditlab.numerics import kernel_duels
from banditlab.numerics.gaussian_process import start_process
from banditlab.numerics.kernel_duels import Belief, kappa, start_belief, theoretical_width
from banditlab.numerics.kernel_logistic import start_logistic, with_origin
from banditlab.numerics.kernels import KERNELS, check_gram, gram
from banditlab.numerics.links import LOGISTIC, probability
from banditlab.numerics.widths import Width
from banditlab.sketches import Preferences
from banditlab.types import Fraction, Positive


@dataclass(frozen=True)
class Kernel:
    """Parameters of a kernel on the points of the domain."""

    kernel: str = "rbf"  #: rbf, matern-1/2, matern-3/2, matern-5/2, linear; or a file of the covariances (N, N)
    variance: Positive = 1.0  #: k(x, x); a factor of other kernels
    length_scale: Positive | Literal["told"] = 1.0  #: in units of the points; or the environment's own

    def __post_init__(self):
        if not self.kernel.endswith((".csv", ".npz", ".npy")) and self.kernel not in KERNELS:
            raise ValueError(f"kernel: {', '.join(KERNELS)}, or a file; got {self.kernel!r}")

    def gram(self, problem: Any) -> np.ndarray:
        """Return the covariance matrix (N, N) of the points that the policy is told; N = C K, by context and arm.

        Raises
        ------
        ValueError
            As of `kernels.check_points` and `kernels.check_gram`.
        """
        points = problem.domain.reshape(-1, problem.domain.shape[-1])
        if self.kernel in KERNELS:
            length_scale = problem.length_scale if self.length_scale == "told" else self.length_scale
            return gram(points, self.kernel, self.variance, length_scale)
        matrix = table(self.kernel, "kernel")
        check_gram(matrix, len(points), self.kernel)
        return self.variance * matrix


@dataclass(frozen=True)
class Kernelised(Kernel):
    """Parameters of the kernelised logistic estimate, and of confidence bounds on its probabilities.

    preset "paper": the estimate has the penalty ridge / 2 |f|_k^2, and bounds are beta sigma wide. preset "code", as
    the authors of MaxMinLCB published it: penalty |alpha|^2 on the weights of the duels, and beta sigma^2.
    """

    preset: Literal["paper", "code"] = "paper"  #: which estimate and which width
    ridge: Positive = 0.25  #: lambda of the estimate ("paper") and of rho^2 = lambda kappa
    penalty: Positive = 1.0  #: of |alpha|^2 ("code")
    norm: Positive = 1.0  #: B, bound on the RKHS norm of the utility, which sets kappa
    width: Positive | Literal["theory"] = 1.0  #: beta; "theory": that of Corollary 5, for delta
    delta: Fraction = 0.1  #: error probability of the theoretical width

    def __post_init__(self):
        super().__post_init__()
        if self.norm > 100:
            raise ValueError(f"norm: at most 100, since kappa grows like exp(2 norm); got {self.norm:g}")
        if (self.preset, self.width) == ("code", "theory"):
            raise ValueError('width: "theory" is for preset = "paper"; the published code has a constant')

    def belief(self, problem: Any, *, single: bool = False) -> Belief:
        """Return the belief without data; `single` adds a last arm of utility 0, for yes-or-no answers of one arm."""
        matrix = self.gram(problem)
        if single:
            matrix = with_origin(matrix)
        code = self.preset == "code"
        model = start_logistic(matrix, penalty=self.penalty) if code else start_logistic(matrix, ridge=self.ridge)
        bound = kappa(self.norm if single else 2.0 * self.norm)
        if self.width == "theory":
            width = theoretical_width(self.norm, self.ridge, bound, self.delta)
        else:
            width = Width(self.width, squared=code)
        return start_belief(model, start_process(matrix, self.ridge * bound), width)


def preferences_of(belief: Belief) -> Preferences:
    """Return who beats whom as a belief has it, with its lower bounds, which are written anew."""
    belief.stale[0] = True  # a policy may have written over them
    kernel_duels.bound(belief)
    f = belief.model.utilities
    chances = [[probability(LOGISTIC, one - other) for other in f] for one in f]
    return Preferences(np.array(chances), belief.lower.copy())
