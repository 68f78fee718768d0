"""Points of the capped simplex {0 <= x_i <= 1, sum x_i = m}: how likely each item is in a random set of m items.

J.-Y. Audibert, S. Bubeck, G. Lugosi. Regret in online combinatorial optimization. Math. Oper. Res. 39, 2014.
"""

from __future__ import annotations

from banditlab.fuse import kernel


@kernel
def project_entropic(y, size):
    """Turn y (n,) >= 0, of which at least m entries are above 0, into min(1, c y_i) with the sum m.

    It is the point x of the capped simplex with the least divergence sum x_i ln(x_i / y_i) - x_i + y_i. Those that are
    above 1 if the others share what they leave are capped; the share c of the others only grows, so that they stay.
    """
    scale, capped = 0.0, -1
    while True:
        count, rest = 0, 0.0
        for i in range(y.shape[0]):
            if scale * y[i] >= 1.0:
                count += 1
            else:
                rest += y[i]
        if count <= capped or count == size:
            break
        capped, scale = count, (size - count) / rest
    for i in range(y.shape[0]):
        y[i] = min(1.0, scale * y[i])


@kernel
def draw_systematic(x, size, u, items):
    """Write m items into `items`, with the probabilities x (n,) of the capped simplex for u uniform on [0, 1).

    Systematic sampling: an item is in the set where one of u, u + 1, u + 2, ... falls into its stretch of the line on
    which the x_i stand side by side (W. Madow. On the theory of systematic sampling II. Ann. Math. Stat. 20, 1949).
    """
    taken, total, spare = 0, 0.0, 0
    for i in range(x.shape[0]):
        total += x[i]
        if x[i] > 0.0:
            if taken < size and u + taken < total:
                items[taken] = i
                taken += 1
            else:
                spare = i
    if taken < size:  # by rounding the line ends a bit before m
        items[taken] = spare
        taken += 1
    return taken
