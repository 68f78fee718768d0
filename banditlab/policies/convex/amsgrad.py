"""AMSGrad: Adam whose divisors never fall.

S. J. Reddi, S. Kale, S. Kumar. On the convergence of Adam and beyond. ICLR 2018, Algorithm 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from banditlab.policies.moments import Moments, average, average_squares, descend
from banditlab.registry import policy
from banditlab.types import Positive


@policy("amsgrad", game="convex", told=("form", "radius"), cite=("reddi2018convergence",))
@dataclass(frozen=True)
class AMSGrad(Moments):
    """Moves by rate / sqrt t times m / (sqrt w + epsilon), w the largest decaying mean v of squared gradients so far.

    m is the decaying mean of gradients. No mean is divided by the sum of its weights. The paper has no epsilon, and
    lets beta1 decay in its theorem; the default rate is ours, for a domain of about radius 1.
    """

    rate: Positive = 0.5  #: alpha
    schedule: Literal["constant", "sqrt"] = "sqrt"  #: the step in round t = 1, 2, ..., rate or rate / sqrt t

    @staticmethod
    def learn(state, t, point, gradient):
        average(state, gradient)
        average_squares(state, gradient)
        for i in range(gradient.shape[0]):
            state.largest[i] = max(state.largest[i], state.second[i])
        descend(state, t, state.largest, 1.0, 1.0)
