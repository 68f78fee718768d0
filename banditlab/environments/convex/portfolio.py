"""Online portfolio selection: split one's wealth over assets, lose minus the logarithm of what it is multiplied by.

T. M. Cover. Universal portfolios. Mathematical Finance 1(1), 1991; E. Hazan, A. Agarwal, S. Kale. Logarithmic regret
algorithms for online convex optimization. Machine Learning 69, 2007, for it as a problem with exp-concave losses.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from banditlab.arrays import table
from banditlab.environments.instances import exclusive, fill
from banditlab.environments.linear_forms import LinearForms
from banditlab.errors import UserError
from banditlab.registry import environment
from banditlab.types import Arms, NonNegative, Positive

LARGEST = 150.0  #: logarithm of a factor, so that squares of what factors are divided by are numbers


@environment(
    "portfolio",
    game="convex",
    gives=("simplex", "exp-concave", "best-point"),
    metrics=("static-regret", "dynamic-regret"),
    cite=("cover1991universal", "hazan2007logarithmic"),
)
@dataclass(frozen=True)
class Portfolio(LinearForms):
    """Losses are -log <r_t, x> on the simplex x >= 0, sum x = 1, for the factors r_t by which prices of assets change.

    They are exp-concave with alpha 1. The best point is the best constantly rebalanced portfolio. Factors are drawn
    anew in each replication: the logarithm of that of asset i is normal, with mean `drift` times z_i, for standard
    normal z_i of the instance, and standard deviation `volatility`. Or they stand in a file, a row a round and a column
    an asset, and are played in its order; the file may have more rows than are played.
    """

    assets: Arms | None = None  #: d; 4
    volatility: Positive | None = None  #: of the logarithm of a factor; 0.1
    drift: NonNegative | None = None  #: of the means of these logarithms over assets; 0.02
    data: str | None = None  #: in their place, path of factors (T, d) above 0, ending in .csv, .npz or .npy

    domain, radius, loss = "simplex", 1.0, "log"

    def __post_init__(self):
        exclusive(self, "data", ("assets", "volatility", "drift"))
        if self.data is None:
            fill(self, assets=4, volatility=0.1, drift=0.02)

    def draw(self, rng: np.random.Generator, coins: np.random.Generator, horizon: int):
        if self.data is None:
            means = self.drift * rng.standard_normal(self.assets)
            logs = means + self.volatility * coins.standard_normal((horizon, self.assets))
            if np.abs(logs).max() > LARGEST:
                raise ValueError(
                    f"volatility, drift: logarithms of factors should be from -{LARGEST:g} to {LARGEST:g}, got "
                    f"{logs.flat[np.abs(logs).argmax()]:.4g}: take smaller ones"
                )
            factors = np.exp(logs)
        else:
            factors = read_factors(self.data, horizon)
        return factors, np.ones(horizon), np.arange(horizon)


def read_factors(path: str, horizon: int) -> np.ndarray:
    """Read the factors of the first T rounds (T, d): all columns of a CSV, or the array of an NPY or NPZ.

    Raises
    ------
    UserError
        With the file's name: it cannot be read, has too few rows or columns, or a factor that is not above 0 or too
        near to it or too large.
    """
    factors = table(path, "factors")
    if factors.ndim != 2 or factors.shape[1] < 2:
        raise UserError(f"{path}: factors should have shape (T, d) with d >= 2, got {factors.shape}")
    if len(factors) < horizon:
        raise UserError(f"{path}: {len(factors)} rounds are fewer than the horizon {horizon}")
    least, most = math.exp(-LARGEST), math.exp(LARGEST)
    wrong = np.argwhere((factors < least) | (factors > most))
    if wrong.size:
        t, i = wrong[0]
        allowed = "above 0" if factors[t, i] <= 0.0 else f"from {least:.0e} to {most:.0e}"
        raise UserError(f"{path}: factors should be {allowed}, got {factors[t, i]:g} at row {t}, column {i}")
    return factors[:horizon]
