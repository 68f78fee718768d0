"""Parameters that neural policies share: the network's form."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from banditlab.errors import Diverged, nearest
from banditlab.fuse import kernel
from banditlab.numerics.activations import ACTIVATIONS
from banditlab.numerics.network import Network, start_network
from banditlab.policies.encoding import Encoded
from banditlab.types import Count


@dataclass(frozen=True)
class Networked(Encoded):
    """Parameters of a network's form; sigma-s is sqrt(2 / (2 s - 1)!!) max(0, z)^s."""

    hidden: tuple[Count, ...] = (100,)  #: widths of the hidden layers, at most two
    activation: str = "relu"  #: relu, sigma-1, sigma-2, sigma-3, tanh, sigmoid, softplus, silu, gelu or identity

    def __post_init__(self):
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"activation: no {self.activation!r}{nearest(self.activation, ACTIVATIONS)}")
        if len(self.hidden) > 2:
            raise ValueError(f"hidden: at most 2 hidden layers, got {list(self.hidden)}")

    def network(self, problem: Any, *, biased: bool, twofold: bool = False, scale: float = 1.0) -> Network:
        """Return a network for the features of the problem; `twofold` lets it see them twice."""
        dim = 2 * problem.dim if twofold else problem.dim
        return start_network(dim, self.blocks(problem), self.hidden, ACTIVATIONS[self.activation], biased, scale)


@kernel
def check_finite(values, t):
    """Raise in round t = 0, 1, ... where one of the values (n,) is not finite.

    Raises
    ------
    Diverged
        With the round, from 1.
    """
    for k in range(values.shape[0]):
        if not math.isfinite(values[k]):
            raise Diverged(t + 1)
