"""UCB-Borda: random contexts, and in each the arm that may have the best Borda value (a baseline of Mehta et al. 2025).

V. Mehta, S. Belakaria, V. Das, O. Neopane, Y. Dai, I. Bogunovic, B. Engelhardt, S. Ermon, J. Schneider, W. Neiswanger.
Sample efficient preference alignment in LLMs via active exploration. COLM 2025 (arXiv 2312.00267).
"""

from __future__ import annotations

from dataclasses import dataclass

from banditlab.numerics.borda import ROUNDING, bound_values, draw_duel
from banditlab.numerics.sampling import draw_index
from banditlab.numerics.ties import draw_best
from banditlab.policies.borda import Optimism
from banditlab.registry import policy


@policy(
    "ucb-borda", game="active-dueling", needs=("domain",), told=("domain", "length_scale"), cite=("mehta2025sample",)
)
@dataclass(frozen=True)
class UCBBorda(Optimism):
    """The arm with the largest upper bound on its Borda value, in a context that is drawn uniformly.

    All else is as in `ae-borda`; with a single context the two play alike.
    """

    @staticmethod
    def choose(state, t, features, rng):
        belief = state.belief
        bound_values(belief)
        if t < state.exploration:
            return draw_duel(belief, rng)
        context = draw_index(rng, belief.upper.shape[0])
        first = draw_best(belief.upper[context], ROUNDING, rng)
        return context, first, draw_index(rng, belief.upper.shape[1])
