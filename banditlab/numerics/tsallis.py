"""The regularised leader of Tsallis entropy with power 1/2 (Zimmert and Seldin 2021, Section 3.3)."""

from __future__ import annotations

from banditlab.fuse import kernel


@kernel
def tsallis_weights(losses, eta, weights):
    """Write the distribution w (K,) that minimises <w, losses> - (4 / eta) sum sqrt(w_i); return its normaliser x.

    w_i = 4 / (eta (losses_i - x))^2 for the x below all losses at which the weights sum to 1. Newton's method starts
    at min(losses) - 2 / eta, where the sum is at least 1; the sum is convex and increasing in x, so that it comes down
    to the solution from one side and needs no safeguard.
    """
    least = losses[0]
    for k in range(1, losses.shape[0]):
        least = min(least, losses[k])
    below = 2.0 / eta  # min(losses) - x: x itself would lose the digits that matter where losses are large
    for _ in range(100):
        total, slope = 0.0, 0.0
        for k in range(losses.shape[0]):
            root = 2.0 / (eta * (losses[k] - least + below))
            weights[k] = root * root
            total += weights[k]
            slope += weights[k] * root
        step = (total - 1.0) / (eta * slope)
        if total - 1.0 <= 1e-14 * losses.shape[0] or below + step == below:
            break
        below += step
    for k in range(losses.shape[0]):  # rounding only: so that they are a distribution
        weights[k] /= total
    return least - below
