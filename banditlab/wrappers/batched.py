"""Batched feedback: a policy learns only every B rounds, of all of them at once.

The setting of V. Perchet, P. Rigollet, S. Chassang, E. Snowberg. Batched bandit problems. Annals of Statistics 44,
2016, with batches of one size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from banditlab.games.letters import onward, put, take
from banditlab.registry import wrapper
from banditlab.types import Count, Counts


@wrapper("batched", takes=("prompt-feedback",), cite="perchet2016batched")
@dataclass(frozen=True)
class Batched:
    """The outcomes of rounds 0 .. B-1 are learnt after round B-1, in their order, then those of the next B rounds.

    Where the policy has no part in the last round of a batch, they are learnt after its next one. What is left at the
    last round is lost.
    """

    rounds: Count = 10  #: B

    holds = True  #: letters come in later rounds

    class State(NamedTuple):
        size: int
        shelf: Any  #: letters of the batch
        sent: Counts  #: (B,) their rounds
        waiting: Counts  #: (1,) how many there are

    def start(self, shelf, noise, horizon) -> State:
        n = min(self.rounds, horizon)
        return self.State(self.rounds, shelf(n), np.zeros(n, int), np.zeros(1, int))

    @staticmethod
    def handle(own, channel, env, policy, t, letter):
        if own.waiting[0] > 0 and own.sent[own.waiting[0] - 1] // own.size < t // own.size:
            hand_on(own, channel, env, policy)
        put(own.shelf, own.waiting[0], letter)
        own.sent[own.waiting[0]] = t
        own.waiting[0] += 1
        if (t + 1) % own.size == 0:
            hand_on(own, channel, env, policy)


def hand_on(own, channel, env, policy):
    """Hand on all letters that wait."""
    for at in range(own.waiting[0]):
        onward(channel, env, policy, own.sent[at], take(own.shelf, at))
    own.waiting[0] = 0
