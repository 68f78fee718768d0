"""Twin of Uniform-Borda: uniform context, arm and opponent."""

from tests.reference.borda import CIRCLES, SMOOTH, UNRELATED, Player

#: (environment, horizon, parameters)
CASES = [
    (SMOOTH, 60, {}),
    (SMOOTH, 60, {"width": "theory", "norm": 0.3}),
    (CIRCLES, 60, {"recommendation": "mean", "length_scale": "told"}),
    (UNRELATED, 60, {"sharing": "separate"}),
]


class UniformBorda(Player):
    def choose(self, t, features, rng, pick):
        return self.uniform_duel(rng)
