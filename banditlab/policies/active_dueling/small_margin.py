"""Small-margin pairs: the most doubtful pair of each context, and the most doubtful contexts (after Yang et al. 2024).

S. Yang, L. Cui, D. Cai, X. Huang, S. Shi, W. Lam. Not all preference pairs are created equal: a recipe for
annotation-efficient iterative preference learning. 2024 (arXiv 2406.17312).
"""

from __future__ import annotations

from dataclasses import dataclass

from banditlab.numerics.pair_selection import SMALL, is_labelled, next_pair, select_by_margin
from banditlab.policies.pair_selection import Margins
from banditlab.registry import policy


@policy(
    "small-margin",
    game="active-dueling",
    needs=("domain",),
    told=("domain", "length_scale", "horizon"),
    cite=("yang2024preference",),
)
@dataclass(frozen=True)
class SmallMargin(Margins):
    """Labels the pairs with the smallest |f(x, a) - f(x, a')| for the estimate f, a batch at a time.

    At the start of a batch, contexts are drawn uniformly with replacement, and `candidates` different arms uniformly
    in each. Their pair of the smallest margin is the context's; the contexts with the smallest margins make the batch,
    and are labelled one a round, the smallest margin first. Margins within 1e-8 tie, and one is drawn: so the first
    batch, with f = 0, is uniform.

    With schedule "decreasing" the T labels are spent over I = ceil(T / batch) batches in proportion to I, I - 1, ...,
    1, from pools of one size: two contexts in `pool` are taken at first, hardly any in the end. With "uniform" all
    batches have `batch` labels, and T is not asked for.

    f is the kernelised logistic estimate. It learns from each label at once, but is looked at only when a batch starts
    and for the recommendation argmax_a f(x, a), the lowest index among those within 1e-8 of it.

    The margin knows nothing of how certain f is: pairs that are truly tied are asked for ever.

    The paper selects from the answers of a language model, by the margin of its implicit reward, in iterations of
    direct preference optimisation. Here f is the reward, and candidates are drawn uniformly. The paper's text could
    not be read, and no code of its authors was found: the numbers of candidates and contexts are ours, and so is the
    form of the decreasing budget, of which its abstract says that more should be spent early.
    """

    @staticmethod
    def choose(state, t, features, rng):
        if is_labelled(state.pool):
            select_by_margin(state, SMALL, rng)
        return next_pair(state.pool)
