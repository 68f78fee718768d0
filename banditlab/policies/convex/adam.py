"""Adam: means of gradients over the root of means of their squares.

D. P. Kingma, J. Ba. Adam: a method for stochastic optimization. ICLR 2015, Algorithm 1. The projection is that of S. J.
Reddi, S. Kale, S. Kumar. On the convergence of Adam and beyond. ICLR 2018, in the norm of the second moments.
"""

from __future__ import annotations

from dataclasses import dataclass

from banditlab.policies.moments import Moments, average, average_squares, descend
from banditlab.registry import policy
from banditlab.types import Positive


@policy("adam", game="convex", told=("form", "radius"), cite=("kingma2015adam", "reddi2018convergence"))
@dataclass(frozen=True)
class Adam(Moments):
    """Moves by rate m / (sqrt v + epsilon), for decaying means m of gradients and v of their squares.

    Both means are divided by what their weights sum to. There are losses on which its regret is linear: see the
    environment `reddi`.
    """

    rate: Positive = 0.001  #: alpha

    @staticmethod
    def learn(state, t, point, gradient):
        average(state, gradient)
        average_squares(state, gradient)
        descend(state, t, state.second, 1.0 - state.beta1 ** (t + 1.0), 1.0 - state.beta2 ** (t + 1.0))
