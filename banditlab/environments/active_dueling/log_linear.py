"""Utilities linear in features of the context and the action: the setting in which annotations are selected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from banditlab.environments.context_preferences import ContextPreferences, State, make_state
from banditlab.environments.contexts import unit_rows
from banditlab.environments.domains import check_size
from banditlab.numerics.links import chances
from banditlab.registry import environment
from banditlab.types import Arms, Count, Positive


@environment("log-linear", game="active-dueling", gives=("features", "domain"))
@dataclass(frozen=True)
class LogLinear(ContextPreferences):
    """In context x, arm a beats arm b with probability 1 / (1 + exp(-(phi(x, a) - phi(x, b))'theta)).

    The features phi(x, a) are drawn with the instance, uniform on the unit sphere; so is the direction of theta. As
    prompts and answers would be, contexts are related by their features alone: all share theta.
    """

    contexts: Count = 20  #: C
    actions: Arms = 5  #: K
    dim: Count = 5  #: d
    signal: Positive = 5.0  #: norm of theta

    def __post_init__(self):
        check_size(self.contexts * self.actions, "contexts * actions")

    def start(self, rng, noise, horizon) -> State:
        features = unit_rows(rng, self.contexts * self.actions, self.dim)
        theta = rng.standard_normal(self.dim)
        utilities = features @ theta * (self.signal / np.linalg.norm(theta))
        shape = self.contexts, self.actions
        utilities = utilities.reshape(shape)
        matrices = chances("logistic", utilities[:, :, None] - utilities[:, None])
        return make_state(features.reshape(*shape, self.dim), matrices, noise, utilities)

    def facts(self, state) -> dict[str, Any]:
        return {**super().facts(state), "link": "logistic", "signal": self.signal}
