"""Missing feedback: the outcomes of some rounds are never learnt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.games.letters import onward
from banditlab.numerics.hashing import uniform
from banditlab.registry import wrapper
from banditlab.types import Probability


@wrapper("missing", takes=("prompt-feedback",))
@dataclass(frozen=True)
class Missing:
    """Each round's outcome is lost with probability `rate`, whatever was played; the rounds are the same for all."""

    rate: Probability = 0.1

    class State(NamedTuple):
        coins: np.uint64  #: key of the stream that decides
        rate: float

    def start(self, shelf, noise, horizon) -> State:
        return self.State(noise, self.rate)

    @staticmethod
    def handle(own, channel, env, policy, t, letter):
        if uniform(own.coins, 0, t) >= own.rate:
            onward(channel, env, policy, t, letter)
