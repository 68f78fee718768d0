"""Twin of AE-Borda: the context with the largest max UCB - max LCB, its arm of the largest UCB, a uniform opponent."""

from tests.reference.borda import CIRCLES, ONE, SMOOTH, TIE, UNRELATED, Player
from tests.reference.kernels import draw_near

#: (environment, horizon, parameters)
CASES = [
    (SMOOTH, 60, {}),
    (SMOOTH, 60, {"width": "theory", "norm": 0.3, "delta": 0.05, "exploration": 10}),
    (SMOOTH, 60, {"width": 0.0, "recommendation": "mean"}),
    (CIRCLES, 60, {"length_scale": "told", "variance": 1.0, "ridge": 1.0, "width": 1.0}),
    (UNRELATED, 60, {"sharing": "separate", "length_scale": 0.5}),
    (ONE, 60, {"exploration": 5}),
]


class AEBorda(Player):
    def choose(self, t, features, rng, pick):
        if t < self.policy.exploration:
            return self.uniform_duel(rng)
        known = self.regression
        context = draw_near(rng, known.upper().max(1) - known.lower().max(1), TIE)
        return self.optimistic_duel(rng, context)
