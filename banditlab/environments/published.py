"""Preference matrices that papers on dueling bandits ran their experiments on, each with its source.

A matrix is written as what lies above its diagonal: the probabilities that an arm beats each of those behind it.
"""

from __future__ import annotations

import numpy as np

PUBLISHED: dict[str, tuple[tuple[float, ...], ...]] = {
    # Six retrieval functions of arXiv.org's full-text search, by interleaved clicks: Y. Yue, T. Joachims, Beat the mean
    # bandit, ICML 2011. The values are those that J. Komiyama, J. Honda, H. Kashima, H. Nakagawa, Regret lower bound
    # and optimal algorithm in dueling bandit problem, COLT 2015, play with (github.com/jkomiyama/duelingbanditlib,
    # prefmats/pref_arxiv.txt), compared with the table on the poster of Yue and Joachims. The two agree but for the
    # second arm against the fourth: the poster has 0.06 in one triangle and 0.04 in the other, Komiyama et al. their
    # mean. The fourth and the sixth arm are even.
    "arxiv-6": (
        (0.55, 0.55, 0.54, 0.61, 0.61),
        (0.55, 0.55, 0.58, 0.60),
        (0.54, 0.51, 0.56),
        (0.54, 0.50),
        (0.51,),
    ),
    # Five rankers of the Microsoft learning-to-rank data, informational click model, with a Condorcet winner: H. Wu,
    # X. Liu, Double Thompson sampling for dueling bandits, NIPS 2016 (github.com/HuasenWu/DuelingBandits,
    # DuelingBandit/data/MSLR_Informational_5_Condorcet.txt). A single source, the authors' own file.
    "mslr-5": (
        (0.53519466, 0.6125935, 0.75696008, 0.76547422),
        (0.57985831, 0.72745116, 0.73820053),
        (0.65895708, 0.66877089),
        (0.50999465,),
    ),
    # Komiyama et al. 2015, "cyclic" (prefmats/pref_cyclic.txt): a Condorcet winner by little, above a circle.
    "cyclic-4": (
        (0.6, 0.6, 0.6),
        (0.9, 0.1),
        (0.9,),
    ),
    # Komiyama et al. 2015, "arithmetic" (prefmats/pref_arithmetic.txt): 1/2 + 0.05 (j - i).
    "arithmetic-8": (
        (0.55, 0.60, 0.65, 0.70, 0.75, 0.80, 0.85),
        (0.55, 0.60, 0.65, 0.70, 0.75, 0.80),
        (0.55, 0.60, 0.65, 0.70, 0.75),
        (0.55, 0.60, 0.65, 0.70),
        (0.55, 0.60, 0.65),
        (0.55, 0.60),
        (0.55,),
    ),
}

#: What is cited for each of them.
SOURCES = {
    "arxiv-6": ("yue2011beat", "komiyama2015regret"),
    "mslr-5": ("wu2016double",),
    "cyclic-4": ("komiyama2015regret",),
    "arithmetic-8": ("komiyama2015regret",),
}


def published_matrix(name: str) -> np.ndarray:
    """Return a published preference matrix (K, K)."""
    rows = PUBLISHED[name]
    arms = len(rows) + 1
    above = np.zeros((arms, arms))
    above[np.triu_indices(arms, 1)] = np.concatenate(rows)
    return above + np.tril(1.0 - above.T, -1) + 0.5 * np.eye(arms)
