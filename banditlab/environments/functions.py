"""Test functions of global optimisation, to be maximised, on the domains of their use in preference bandits.

Formulas and domains are those of B. Pasztor, P. Kassraie, A. Krause (NeurIPS 2024), as their published code has them:
Michalewicz with the exponent 10 (the usual one is 20), Eggholder on [-100, 100]^2, where its optimum is a corner.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


def ackley(x, y):
    """Many shallow waves in one bowl; the optimum is (0, 0)."""
    waves = np.exp(0.5 * (np.cos(2 * np.pi * x) + np.cos(2 * np.pi * y)))
    return 20 * np.exp(-0.2 * np.sqrt(0.5 * (x**2 + y**2))) + waves - 20 - np.e


def branin(x, y):
    """Three equal optima on a smooth ground."""
    bowl = (y - 5.1 / (4 * np.pi**2) * x**2 + 5 / np.pi * x - 6) ** 2
    return -bowl - 10 * (1 - 1 / (8 * np.pi)) * np.cos(x) - 10


def bukin(x, y):
    """Bukin's sixth: a narrow curved ridge."""
    return -100 * np.sqrt(np.abs(y - 0.01 * x**2)) - 0.01 * np.abs(x + 10)


def eggholder(x, y):
    """Waves of growing height."""
    one = (y + 47) * np.sin(np.sqrt(np.abs(y + x / 2 + 47)))
    return one + x * np.sin(np.sqrt(np.abs(x - y - 47)))


def hoelder(x, y):
    """Hoelder's table: four equal optima near the corners."""
    return np.abs(np.sin(x) * np.cos(y) * np.exp(np.abs(1 - np.sqrt(x**2 + y**2) / np.pi)))


def matyas(x, y):
    """Long flat valley; the optimum is (0, 0)."""
    return -(0.26 * (x**2 + y**2) - 0.48 * x * y)


def michalewicz(x, y):
    """Flat but for two steep ridges that cross in the optimum."""
    return np.sin(x) * np.sin(x**2 / np.pi) ** 10 + np.sin(y) * np.sin(2 * y**2 / np.pi) ** 10


def rosenbrock(x, y):
    """Long curved valley; the optimum is (1, 1)."""
    return -(100 * (y - x**2) ** 2 + (1 - x) ** 2)


class Function(NamedTuple):
    """A function of the plane on a rectangle."""

    formula: Callable
    x: tuple[float, float]
    y: tuple[float, float]


FUNCTIONS = {
    "ackley": Function(ackley, (-5.0, 5.0), (-5.0, 5.0)),
    "branin": Function(branin, (-5.0, 10.0), (0.0, 15.0)),
    "bukin": Function(bukin, (-15.0, -5.0), (-3.0, 3.0)),
    "eggholder": Function(eggholder, (-100.0, 100.0), (-100.0, 100.0)),
    "hoelder": Function(hoelder, (-10.0, 10.0), (-10.0, 10.0)),
    "matyas": Function(matyas, (-10.0, 10.0), (-10.0, 10.0)),
    "michalewicz": Function(michalewicz, (0.0, 3.14), (0.0, 3.14)),
    "rosenbrock": Function(rosenbrock, (-5.0, 10.0), (-5.0, 10.0)),
}
