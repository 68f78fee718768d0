"""Twin of UCB-Borda: a uniform context, its arm of the largest UCB, a uniform opponent."""

from tests.reference.borda import CIRCLES, ONE, SMOOTH, UNRELATED, Player

#: (environment, horizon, parameters)
CASES = [
    (SMOOTH, 60, {}),
    (SMOOTH, 60, {"width": "theory", "norm": 0.3, "exploration": 10}),
    (CIRCLES, 60, {"width": 0.0, "recommendation": "mean"}),
    (UNRELATED, 60, {"sharing": "separate"}),
    (ONE, 60, {"exploration": 5}),
]


class UCBBorda(Player):
    def choose(self, t, features, rng, pick):
        if t < self.policy.exploration:
            return self.uniform_duel(rng)
        return self.optimistic_duel(rng, self.uniform(rng, self.contexts))
