"""The games: interaction protocols with one loop each."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from banditlab.games.game import Game


@functools.cache
def games() -> dict[str, Game]:
    """Return every game by its name: each module of this package that holds a `GAME`."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found = (getattr(importlib.import_module(f"{__name__}.{name}"), "GAME", None) for name in names)
    return {game.name: game for game in found if game is not None}
