"""Arms on a circle, each of which beats the next ones: there is no order, and no Condorcet winner unless one is added.

J. Komiyama, J. Honda, H. Kashima, H. Nakagawa. Regret lower bound and optimal algorithm in dueling bandit problem. COLT
2015: the instance "cyclic" of its experiments has four arms, strength 0.4 and a champion of 0.6.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from banditlab.environments.preferences import METRICS, Preferences, State, make_state
from banditlab.games.dueling import TOURNAMENT_METRICS
from banditlab.registry import environment
from banditlab.types import Arms, Positive, Probability


@environment("cyclic", game="dueling", metrics=METRICS, cite=("komiyama2015regret",))
@dataclass(frozen=True)
class Cyclic(Preferences):
    """Each arm of a circle of n, an odd number, beats the next (n - 1) / 2 with probability 1/2 + `strength`.

    Without a champion, all K arms are on the circle. No arm is better than another one then: all have the same Copeland
    and the same Borda score, and every regret is 0. With `champion`, one of the K arms beats all others with that
    probability, and the other K - 1 are on the circle. The champion is the Condorcet winner, but where `strength` is
    above champion - 1/2, it wins its duels by less than the others win theirs.

    The places of all arms are drawn in each replication.
    """

    arms: Arms = 3  #: K, an odd number; with a champion an even one of at least 4
    strength: Positive = 0.4  #: at most 1/2
    champion: Probability | None = None  #: probability, above 1/2, that one arm more than the circle beats any other

    def __post_init__(self):
        circle = self.arms - (self.champion is not None)
        if circle < 3 or circle % 2 == 0:
            wanted = "odd, and at least 3" if self.champion is None else "even, and at least 4, with a champion"
            raise ValueError(f"arms: should be {wanted}, got {self.arms}: an odd number of arms is on the circle")
        if self.strength > 0.5:
            raise ValueError(f"strength: at most 1/2, got {self.strength}")
        if self.champion is not None and self.champion <= 0.5:
            raise ValueError(f"champion: should be above 1/2, got {self.champion}")

    def start(self, rng, noise, horizon) -> State:
        matrix = np.full((self.arms, self.arms), 0.5)
        circle = matrix if self.champion is None else matrix[1:, 1:]
        step = (np.arange(len(circle)) - np.arange(len(circle))[:, None]) % len(circle)
        circle[step > 0] -= self.strength
        circle[(step > 0) & (step <= len(circle) // 2)] += 2 * self.strength
        if self.champion is not None:
            matrix[0, 1:], matrix[1:, 0] = self.champion, 1 - self.champion
        places = rng.permutation(self.arms)
        return make_state(matrix[np.ix_(places, places)], noise)

    def metrics(self) -> tuple[str, ...]:
        return TOURNAMENT_METRICS if self.champion is None else METRICS
