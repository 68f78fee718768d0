"""Large-margin pairs: the clearest pair of each context, and the clearest contexts (after Yang et al. 2024).

S. Yang, L. Cui, D. Cai, X. Huang, S. Shi, W. Lam. Not all preference pairs are created equal: a recipe for
annotation-efficient iterative preference learning. 2024 (arXiv 2406.17312).
"""

from __future__ import annotations

from dataclasses import dataclass

from banditlab.numerics.pair_selection import LARGE, is_labelled, next_pair, select_by_margin
from banditlab.policies.pair_selection import Margins
from banditlab.registry import policy


@policy(
    "large-margin",
    game="active-dueling",
    needs=("domain",),
    told=("domain", "length_scale", "horizon"),
    cite=("yang2024preference",),
)
@dataclass(frozen=True)
class LargeMargin(Margins):
    """Labels the pairs with the largest |f(x, a) - f(x, a')| for the estimate f, a batch at a time.

    All is as in `small-margin`, with largest for smallest: the paper's own comparison.
    """

    @staticmethod
    def choose(state, t, features, rng):
        if is_labelled(state.pool):
            select_by_margin(state, LARGE, rng)
        return next_pair(state.pool)
