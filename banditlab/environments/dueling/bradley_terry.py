"""Bradley-Terry: every arm has a utility, and duels are decided by the difference (Bradley and Terry 1952).

R. A. Bradley, M. E. Terry. Rank analysis of incomplete block designs: I. The method of paired comparisons.
Biometrika 39, 1952. With the link "probit" it is Case V of L. L. Thurstone, A law of comparative judgment,
Psychological Review 34, 1927.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from banditlab.environments.instances import exclusive, fill, parse_prior
from banditlab.environments.preferences import METRICS, Preferences, State, make_state
from banditlab.games.dueling import UTILITY_METRICS
from banditlab.numerics.links import LINKS, probability
from banditlab.registry import environment
from banditlab.types import Arms, Positive, Real

PRIORS = {"normal": "normal(mean, std) with std > 0", "uniform": "uniform(a, b) with a < b"}


@environment("bradley-terry", game="dueling", metrics=(*UTILITY_METRICS, *METRICS), cite=("bradley1952rank",))
@dataclass(frozen=True)
class BradleyTerry(Preferences):
    """Arm i beats arm j with probability F(u_i - u_j), for utilities u and the link F.

    The utilities are written one by one (`utilities`), or those of `arms` are equally spaced over `spread`, in an order
    that is drawn in each replication, or drawn from `prior` in each replication. The strengths of Bradley and Terry are
    exp(u) with the logistic link.
    """

    utilities: list[Real] | None = None  #: (K,)
    arms: Arms | None = None  #: K
    spread: Positive | None = None  #: of the highest utility over the lowest; 2 where there is no prior
    prior: str | None = None  #: "normal(mean, std)" or "uniform(a, b)"
    link: Literal["logistic", "probit", "exponential"] = "logistic"  #: F

    def __post_init__(self):
        if (self.utilities is None) == (self.arms is None):
            raise ValueError("give either utilities = [...] or arms = K (with spread, or with prior)")
        exclusive(self, "utilities", ("spread", "prior"))
        exclusive(self, "prior", ("spread",))
        if self.utilities is not None and len(self.utilities) < 2:
            raise ValueError(f"utilities: at least 2 arms, got {len(self.utilities)}")
        if self.prior is not None:
            parse_prior(self.prior, PRIORS)
        elif self.arms is not None:
            fill(self, spread=2.0)

    def cite(self) -> tuple[str, ...]:
        """Return what is cited for the link."""
        return ("thurstone1927law",) if self.link == "probit" else ()

    def start(self, rng, noise, horizon) -> State:
        utilities = self._draw(rng)
        link, chance = LINKS.index(self.link), inspect.unwrap(probability)  # plain: compiling takes longer than this
        matrix = np.array([[chance(link, float(one - other)) for other in utilities] for one in utilities])
        return make_state(matrix, noise, utilities)

    def _draw(self, rng) -> np.ndarray:
        if self.utilities is not None:
            return np.array(self.utilities, float)
        if self.prior is not None:
            law, a, b = parse_prior(self.prior, PRIORS)
            return getattr(rng, law)(a, b, self.arms)
        return rng.permutation(np.linspace(self.spread, 0.0, self.arms))

    def facts(self, state) -> dict[str, Any]:
        return {"best": state.best, "link": self.link}
