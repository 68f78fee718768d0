"""A utility on a finite domain, such as a test function on a grid, compared by duels.

The functions, their domains and their scale are those of B. Pasztor, P. Kassraie, A. Krause. Bandits with preference
feedback: a Stackelberg game perspective. NeurIPS 2024 (arXiv 2406.16745).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from banditlab.environments.domains import Utility, start_duels, told
from banditlab.environments.preferences import METRICS, Preferences, State
from banditlab.games.dueling import UTILITY_METRICS
from banditlab.registry import environment


@environment(
    "kernelized",
    game="dueling",
    gives=("features", "domain"),
    metrics=(*UTILITY_METRICS, *METRICS),
    cite=("pasztor2024bandits",),
)
@dataclass(frozen=True)
class Kernelized(Utility, Preferences):
    """Arm i beats arm j with probability F(u_i - u_j), for the utility u of points in R^d.

    The utility is a test function on a grid of points x points points in the plane, ends included; or it comes with
    the points from a file: the column `utility` of a CSV file with a header, the other columns being coordinates; the
    last column of an NPY file; or the arrays `points` (N, d) and `utilities` of an NPZ file. The latter has shape (N,),
    or (users, N): each replication then draws one user. Utilities, of each user by themselves, are mapped linearly to
    [-scale, scale]; those that differ by rounding errors alone become equal.

    The arms' features are the points. `length_scale` changes nothing here: it is the fact that policies are told, in
    units of the points. By default it is 0.2 of the largest range of the domain, at which neighbours inform about each
    other.
    """

    def start(self, rng, noise, horizon) -> State:
        return start_duels(*self.draw(rng), self.link, noise)

    def facts(self, state) -> dict[str, Any]:
        return {**super().facts(state), **told(state.features, self.link, self.length_scale)}
