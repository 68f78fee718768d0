"""Ties: close duels may end undecided (Davidson 1970).

R. R. Davidson. On extending the Bradley-Terry model to accommodate ties in paired comparison experiments. JASA 65, 1970
(from memory): with p the probability that the first arm wins if there is a winner, a tie has probability
nu sqrt(p (1 - p)) / (1 + nu sqrt(p (1 - p))), and who wins, if anybody, is as without ties.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.games.letters import likelihood, onward
from banditlab.numerics.hashing import uniform
from banditlab.registry import wrapper
from banditlab.types import NonNegative


@wrapper("ties", takes=("prompt-feedback",), cite="davidson1970extending")
@dataclass(frozen=True)
class Ties:
    """A duel is a tie with Davidson's probability; equal arms tie with probability nu / (2 + nu).

    Of a tie a policy learns nothing, or one of the two by a fair coin, since it knows winners only.
    """

    nu: NonNegative = 1.0  #: 0 is without ties
    learnt: Literal["nothing", "coin"] = "nothing"

    asks = "chance"

    class State(NamedTuple):
        coins: np.uint64  #: key of the stream that decides
        nu: float
        tosses: bool

    def start(self, shelf, noise, horizon) -> State:
        return self.State(noise, self.nu, self.learnt == "coin")

    @staticmethod
    def handle(own, channel, env, policy, t, letter):
        p = likelihood(env, t, letter[0])
        weight = own.nu * math.sqrt(p * (1.0 - p))
        if uniform(own.coins, 0, t) * (1.0 + weight) >= weight:
            onward(channel, env, policy, t, letter)
        elif own.tosses:
            onward(channel, env, policy, t, (letter[0], (uniform(own.coins, 1, t) < 0.5,)))
