"""Abstention: nobody answers some duels, above all those between arms that are hard to tell apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
from annotated_types import Ge, Le
from pydantic import Strict

from banditlab.games.letters import likelihood, onward
from banditlab.numerics.hashing import uniform
from banditlab.registry import wrapper
from banditlab.types import Probability


@wrapper("abstention", takes=("prompt-feedback",))
@dataclass(frozen=True)
class Abstention:
    """No answer comes where |P(first arm wins) - 1/2| < margin, and else with probability `rate`."""

    margin: Annotated[float, Strict(), Ge(0), Le(0.5)] = 0.05  #: in probability
    rate: Probability = 0.0

    asks = "chance"

    class State(NamedTuple):
        coins: np.uint64  #: key of the stream that decides
        margin: float
        rate: float

    def start(self, shelf, noise, horizon) -> State:
        return self.State(noise, self.margin, self.rate)

    @staticmethod
    def handle(own, channel, env, policy, t, letter):
        close = abs(likelihood(env, t, letter[0]) - 0.5) < own.margin
        if not close and uniform(own.coins, 0, t) >= own.rate:
            onward(channel, env, policy, t, letter)
