"""How a twin picks from its scores: the first largest, or what the compiled policy took where the scores are equal."""

import numpy as np

TIE = 1e-9  #: relative difference below which two scores count as equal


def first_largest(scores):
    """Index of the largest score, the lowest among equals; a tuple for a table of scores."""
    at = np.unravel_index(np.argmax(scores), np.shape(scores))
    return int(at[0]) if len(at) == 1 else tuple(int(i) for i in at)


class Following:
    """Picks the arms that were played, one after the other, where their score is the largest but for rounding."""

    def __init__(self, action):
        self.left = list(action) if isinstance(action, tuple) else [action]
        self.ties = 0

    def __call__(self, scores):
        own = first_largest(scores)
        played = tuple(self.left[:2]) if isinstance(own, tuple) else self.left[0]
        self.left = self.left[2 if isinstance(own, tuple) else 1 :]
        best, taken = scores[own], scores[played]
        if played == own or best - taken > TIE * max(abs(best), abs(taken)):
            return own
        self.ties += 1
        return played
