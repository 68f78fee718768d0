"""What is true of an environment, where it can be drawn beside what a policy believes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from banditlab.errors import UserError
from banditlab.sketches import MEAN, Ellipsoids, Field, Intervals, Lines, Preferences, Sketch, Values


class Truth(NamedTuple):
    """What is known to be true; None where it is not."""

    means: np.ndarray | None = None  #: (K,) of the arms
    weights: np.ndarray | None = None  #: (d,) of which the means are linear in the features
    best: int | None = None  #: index of the best point of a domain


def truth_in(sketches: Sequence[Sketch], state: Any, t: int) -> Truth:
    """Return what is true of an environment after t rounds, given its sketches and its state by then."""
    first, means = sketches[0], None
    if isinstance(first, Lines) and first.label == MEAN:
        means = first.values[np.searchsorted(first.x, t, side="right") - 1]
    elif isinstance(first, Values | Field) and first.label == MEAN:
        means = first.values
    return Truth(means, _weights(state), int(first.best[0]) if isinstance(first, Field) else None)


def _weights(state: Any) -> np.ndarray | None:
    """Return the field `theta` (d,) of a state, if `means` are `features` times it: not so behind a link."""
    theta, means, features = (getattr(state, name, None) for name in ("theta", "means", "features"))
    if np.ndim(features) != 2 or (np.shape(means), np.shape(theta)) != (features.shape[:1], features.shape[1:]):
        return None
    return theta.copy() if np.allclose(features @ theta, means, atol=1e-6) else None


def beside(sketch: Sketch, truth: Any) -> Any:
    """Return what is true of what a sketch shows: means (K,), weights (d,) or the index of the best arm, or None.

    Parameters
    ----------
    sketch : Sketch
    truth : Truth, array, int or None
        Of an environment; or just that, said by a caller.

    Raises
    ------
    UserError
        What a caller says has another shape.
    """
    if truth is None or not isinstance(sketch, Intervals | Ellipsoids | Preferences):
        return None
    if isinstance(sketch, Preferences):
        known, shape, what = "best", (), f"the index of an arm, 0 .. {len(sketch.chances) - 1}"
    elif isinstance(sketch, Intervals):
        known, shape, what = "means", np.shape(sketch.means), f"means, of shape ({len(sketch.means)},)"
    else:
        known, shape, what = "weights", sketch.centres.shape[1:], f"weights, of shape ({sketch.centres.shape[1]},)"
    if isinstance(truth, Truth):
        found = getattr(truth, known)
        return found if found is not None and np.shape(found) == shape else None
    found = np.asarray(truth)
    if found.shape != shape or not np.issubdtype(found.dtype, np.number):
        raise UserError(f"truth: {what}; got {truth!r}")
    if known == "best" and found not in range(len(sketch.chances)):
        raise UserError(f"truth: {what}; got {truth!r}")
    return found
