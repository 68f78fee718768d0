"""Items with features, whose expected values are linear in them: the k best ones.

Z. Wen, B. Kveton, A. Ashkan. Efficient learning in large-scale combinatorial semi-bandits. ICML 2015.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from banditlab.environments.instances import exclusive, fill
from banditlab.environments.sets import ItemSums, Largest
from banditlab.numerics import families
from banditlab.registry import environment
from banditlab.types import Arms, Count, Real

ROUNDING = 1e-9  #: by which a mean may lie outside of [0, 1]


@environment("linear-items", game="combinatorial", cite=("wen2015efficient",))
@dataclass(frozen=True)
class LinearItems(Largest, ItemSums):
    """Sets of at most k items; an item with features x is 1 with the probability x'theta, else 0.

    Unless they are given, theta and the features of each item are uniform on that part of the unit sphere of R^d where
    no coordinate is negative, so that 0 <= x'theta <= 1.
    """

    items: Arms | None = None  #: n; 10
    dim: Count | None = None  #: d; 4
    features: list[list[Real]] | None = None  #: (n, d), in place of items and dim
    theta: list[Real] | None = None  #: (d,) where features are given
    k: Count = 3
    feedback: Literal["semi-bandit", "full-bandit"] = "semi-bandit"  #: what is seen: each item's value, or their sum

    def __post_init__(self):
        exclusive(self, "features", ("items", "dim"))
        if (self.features is None) != (self.theta is None):
            raise ValueError("features and theta: give both or neither")
        if self.features is None:
            fill(self, items=10, dim=4)
        else:
            self._check_linear()
        families.sized(self.items or len(self.features), self.k)

    def _check_linear(self) -> None:
        for row in self.features:
            if len(row) != len(self.theta):
                raise ValueError(f"features: {len(self.theta)} in each row, as theta has; got {len(row)}")
        means = np.array(self.features, float) @ np.array(self.theta, float)
        for item, mean in enumerate(means):
            if not -ROUNDING <= mean <= 1.0 + ROUNDING:
                raise ValueError(f"features: x'theta in [0, 1], got {mean:g} of item {item}")

    def gives(self) -> frozenset[str]:
        return super().gives() | {"features", "domain"}

    def facts(self, state) -> dict[str, Any]:
        return {**super().facts(state), "domain": state.features}

    def draw(self, rng: np.random.Generator):
        if self.features is not None:
            features, theta = np.array(self.features, float), np.array(self.theta, float)
        else:
            rows = positive_rows(rng, self.items + 1, self.dim)
            features, theta = rows[:-1], rows[-1]
        return families.sized(len(features), self.k), np.clip(features @ theta, 0.0, 1.0), features


def positive_rows(rng: np.random.Generator, rows: int, dim: int) -> np.ndarray:
    """Return points (rows, dim) that are uniform on the part of the unit sphere without negative coordinates."""
    drawn = np.abs(rng.standard_normal((rows, dim)))
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
