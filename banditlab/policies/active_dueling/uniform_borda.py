"""Uniform-Borda: random contexts and arms, and a regression of their Borda values (a baseline of Mehta et al. 2025).

V. Mehta, S. Belakaria, V. Das, O. Neopane, Y. Dai, I. Bogunovic, B. Engelhardt, S. Ermon, J. Schneider, W. Neiswanger.
Sample efficient preference alignment in LLMs via active exploration. COLM 2025 (arXiv 2312.00267).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from banditlab.numerics.borda import BordaBelief, bound_values, draw_duel
from banditlab.policies.borda import Borda
from banditlab.registry import policy


@policy(
    "uniform-borda",
    game="active-dueling",
    needs=("domain",),
    told=("domain", "length_scale"),
    cite=("mehta2025sample",),
)
@dataclass(frozen=True)
class UniformBorda(Borda):
    """Context, arm and opponent drawn uniformly; the recommendation is that of `ae-borda`."""

    class State(NamedTuple):
        belief: BordaBelief

    def start(self, problem, rng) -> State:
        return self.State(self.belief(problem))

    @staticmethod
    def choose(state, t, features, rng):
        bound_values(state.belief)  # for the recommendation, which keeps the largest lower bounds of all rounds
        return draw_duel(state.belief, rng)
