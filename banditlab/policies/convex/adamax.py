"""AdaMax: Adam with the largest decayed gradient in place of the root of a mean.

D. P. Kingma, J. Ba. Adam: a method for stochastic optimization. ICLR 2015, Algorithm 2. The projection is as of `adam`.
"""

from __future__ import annotations

from dataclasses import dataclass

from banditlab.policies.moments import Moments, average, descend
from banditlab.registry import policy
from banditlab.types import Positive


@policy("adamax", game="convex", told=("form", "radius"), cite=("kingma2015adam",))
@dataclass(frozen=True)
class AdaMax(Moments):
    """Moves by rate m / (u + epsilon), for the decaying mean m of gradients and u = max(beta2 u, |gradient|).

    m is divided by the sum of its weights. The paper has no epsilon. It fails on the environment `reddi` as Adam does.
    """

    rate: Positive = 0.002  #: alpha

    @staticmethod
    def learn(state, t, point, gradient):
        average(state, gradient)
        for i in range(gradient.shape[0]):
            state.largest[i] = max(state.beta2 * state.beta2 * state.largest[i], gradient[i] * gradient[i])
        descend(state, t, state.largest, 1.0 - state.beta1 ** (t + 1.0), 1.0)
