"""Delayed feedback: a policy learns of a round some rounds later.

The setting of P. Joulani, A. Gyorgy, C. Szepesvari. Online learning under delayed feedback. ICML 2013 (from memory).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from annotated_types import Le

from banditlab.games.letters import onward, put, take
from banditlab.numerics.hashing import positive_uniform
from banditlab.registry import wrapper
from banditlab.types import Counts, Index

#: A geometric delay is longer than so many times 1 + its mean with probability below 2e-22.
LONGEST = 50


@wrapper("delayed", takes=("prompt-feedback",), cite="joulani2013online")
@dataclass(frozen=True)
class Delayed:
    """The outcome of round t is learnt at the end of round t + D, with what was shown and played in round t.

    D is `rounds`, or random with that mean, whatever the policy: uniform on 0 .. 2 `rounds`, or geometric on 0, 1, ...
    What comes in one round is learnt in the order in which it was played; what has not come by the last round is lost.
    Where the policy has no part in a round, what is due waits for its next one.
    """

    rounds: Annotated[Index, Le(10**9)] = 10  #: the delay, or its mean
    law: Literal["fixed", "uniform", "geometric"] = "fixed"

    holds = True  #: letters come in later rounds

    class State(NamedTuple):
        delays: np.uint64  #: key of their stream
        law: int
        mean: int
        shelf: Any  #: letters under way, each in the place of its round
        due: Counts  #: (n + 1,) last round whose letters were handed on; then for each round, its first letter's place
        last: Counts  #: (n,) for each round, its last letter's place
        after: Counts  #: (n,) the place of the letter that is due in the same round, and was sent next; -1 for none
        sent: Counts  #: (n,) rounds in which letters were sent

    def start(self, shelf, noise, horizon) -> State:
        longest = {"fixed": self.rounds, "uniform": 2 * self.rounds, "geometric": LONGEST * (1 + self.rounds)}
        n = min(longest[self.law], horizon) + 1
        law = ("fixed", "uniform", "geometric").index(self.law)
        due, nobody = np.full(n + 1, -1), np.full(n, -1)
        return self.State(noise, law, self.rounds, shelf(n), due, nobody, nobody.copy(), np.zeros(n, int))

    @staticmethod
    def handle(own, channel, env, policy, t, letter):
        n = own.sent.shape[0]
        for round in range(own.due[n] + 1, t):  # of rounds in which the policy had no part
            bring(own, channel, env, policy, round)
        delay = min(draw(own.law, own.mean, own.delays, t), n - 1)
        put(own.shelf, t % n, letter)
        own.sent[t % n], own.after[t % n] = t, -1
        day = (t + delay) % n
        if own.due[day] < 0:
            own.due[day] = t % n
        else:
            own.after[own.last[day]] = t % n
        own.last[day] = t % n
        bring(own, channel, env, policy, t)
        own.due[n] = t


def draw(law, mean, key, t):
    """Return the delay of round t."""
    if law == 0:
        return mean
    u = positive_uniform(key, 0, t)
    if law == 1:
        return int(u * (2 * mean + 1))
    return int(math.log(u) / math.log1p(-1.0 / (1.0 + mean))) if mean > 0 else 0


def bring(own, channel, env, policy, round):
    """Hand on what is due in a round."""
    n = own.sent.shape[0]
    at = own.due[round % n]
    own.due[round % n] = -1
    while at >= 0:
        onward(channel, env, policy, own.sent[at], take(own.shelf, at))
        at = own.after[at]
