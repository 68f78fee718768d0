"""AE-Borda: duels where the best Borda value is most uncertain (Mehta et al. 2025).

V. Mehta, S. Belakaria, V. Das, O. Neopane, Y. Dai, I. Bogunovic, B. Engelhardt, S. Ermon, J. Schneider, W. Neiswanger.
Sample efficient preference alignment in LLMs via active exploration. COLM 2025 (arXiv 2312.00267).
"""

from __future__ import annotations

from dataclasses import dataclass

from banditlab.numerics.borda import ROUNDING, bound_values, compare_contexts, draw_duel
from banditlab.numerics.sampling import draw_index
from banditlab.numerics.ties import draw_best
from banditlab.policies.borda import Optimism
from banditlab.registry import policy


@policy(
    "ae-borda", game="active-dueling", needs=("domain",), told=("domain", "length_scale"), cite=("mehta2025sample",)
)
@dataclass(frozen=True)
class AEBorda(Optimism):
    """The context whose largest Borda value is most uncertain, and in it the arm that may have it.

        x = argmax_x (max_a U(x, a) - max_a L(x, a)),    a = argmax_a U(x, a),

    for the bounds U, L = mu +- beta sigma of a kernel ridge regression of the Borda value; the opponent is drawn
    uniformly from all arms, and may be the arm itself. Bounds that differ by less than 1e-9 tie, and one is drawn.
    Recommended is, for each context, the arm with the largest lower bound of all rounds, those after the last one
    included; the lowest index among equals. With a constant width it can stay with an arm whose bound was once too
    high by chance; recommendation "mean" does not.

    The rules for context and arm are those of the authors' published code for language models. The paper's text could
    not be read: the regression, the recommendation and the theoretical width are from memory. The kernel's parameters
    are given here; in the paper's synthetic experiments, as far as remembered, they are fitted to the data.
    """

    @staticmethod
    def choose(state, t, features, rng):
        belief = state.belief
        bound_values(belief)
        if t < state.exploration:
            return draw_duel(belief, rng)
        compare_contexts(belief)
        context = draw_best(belief.gaps, ROUNDING, rng)
        first = draw_best(belief.upper[context], ROUNDING, rng)
        return context, first, draw_index(rng, belief.upper.shape[1])
