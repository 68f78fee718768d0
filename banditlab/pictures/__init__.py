"""Pictures of environments and of what policies believe: `environment.plot()`, `policy.plot(state)`."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from banditlab import registry
from banditlab.errors import UserError
from banditlab.pictures.games import SKETCHES
from banditlab.registry import Kind
from banditlab.runs.pair import start_contexts, start_environment
from banditlab.sketches import Sketch

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_environment(
    instance: Any, *, seed: int = 0, replication: int = 0, horizon: int = 1_000, title: str | None = None
) -> Figure:
    """Draw an instance of an environment: the one that a run with this seed meets in this replication.

    Parameters
    ----------
    seed, replication : int
    horizon : int
        Number of rounds, where something changes over them.
    title : str, optional
        By default the name of its kind.

    Raises
    ------
    UserError
        The environment cannot be started, or there is nothing to see.
    """
    from banditlab.pictures.drawing import draw

    kind = registry.kind_of(instance)
    try:
        state = start_environment(kind, instance, seed, replication, replication, horizon)
    except (ValueError, MemoryError) as error:
        raise UserError(f"environment {kind.name!r}: {error}") from error
    sketches = sketch_environment(kind, instance, state, horizon, start_contexts(kind, seed, replication))
    if not sketches:
        raise UserError(f"environment {kind.name!r}: nothing to see; a method sketch(self, state, horizon) would say")
    return draw(sketches, title or kind.name)


def sketch_environment(
    kind: Kind, instance: Any, state: Any, horizon: int, contexts: np.random.Generator
) -> list[Sketch]:
    """Return what there is to see of an environment's state before the first round, if anything.

    The state and the stream of contexts are used up.
    """
    own = hasattr(instance, "sketch")
    found = instance.sketch(state, horizon) if own else SKETCHES[kind.game](kind, state, horizon, contexts)
    return found if isinstance(found, list) else [found]


def plot_policy(
    instance: Any,
    state: Any,
    t: int | None = None,
    *,
    points: Any = None,
    truth: Any = None,
    title: str | None = None,
) -> Figure:
    """Draw what a policy believes.

    Parameters
    ----------
    state : NamedTuple
        Of the policy: `banditlab.play(...).state`, or `banditlab.agent(...).state`.
    t : int, optional
        Rounds so far, which the title says; by default the plays that the state counts, if it does.
    points : array (K, d), optional
        The domain, where the arms are its points.
    truth : array, optional
        What is drawn beside it as true: beside intervals the means (K,) of arms, beside ellipsoids the weights (d,),
        beside preferences the index of the best arm; or a `banditlab.pictures.truth.Truth`.
    title : str, optional
        By default the name of its kind.

    Raises
    ------
    UserError
        The policy has no picture; the state is none of its own; the picture depends on `t`, which is not known;
        `truth` has another shape.
    """
    from banditlab.pictures.drawing import draw

    kind = registry.kind_of(instance)
    if not hasattr(instance, "sketch"):
        raise UserError(f"policy {kind.name!r} has no picture; these have: {', '.join(pictured(kind.game))}")
    if type(state) is not kind.cls.State:
        raise UserError(f"policy {kind.name!r}: a state of its own is needed, got {type(state).__qualname__}")
    after = "" if t is None else f" after {t:,} rounds"
    if t is None and hasattr(state, "plays"):  # of a window, or without what is late: no count of rounds to print
        t = int(np.sum(state.plays))
    try:
        found = instance.sketch(copy.deepcopy(state), t)
    except ValueError as error:
        raise UserError(f"policy {kind.name!r}: {error}") from error
    sketches = found if isinstance(found, list) else [found]
    domain = None if points is None else np.asarray(points, float)
    return draw(sketches, title or f"{kind.name}{after}", points=domain, truth=truth)


def pictured(game: str) -> list[str]:
    """Return the names of the policies of a game that have a picture; of all games, with the game, where it has none.

    They are those whose class has a method `sketch`.
    """
    names = [kind.name for kind in registry.kinds("policy", game) if hasattr(kind.cls, "sketch")]
    return names or [kind.title for kind in registry.kinds("policy") if hasattr(kind.cls, "sketch")]
