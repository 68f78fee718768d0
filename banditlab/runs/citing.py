"""What a grid was made from, as BibTeX for a paper: BanditLab, and the papers of its policies and environments."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator

from banditlab import references
from banditlab.errors import UserError
from banditlab.references import Reference
from banditlab.runs.grid import Grid, Player, World, Wrapper

PLURALS = {"policy": "policies", "environment": "environments", "wrapper": "wrappers", "grid": "grids"}


def cited_by(side: World | Player | Wrapper) -> Iterator[Reference]:
    """Yield what the kind of a side cites, then what its parameters do where its class has a method `cite`."""
    said = getattr(side.instance, "cite", None)
    for cited in (*side.kind.cite, *(said() if callable(said) else ())):
        yield references.find(cited)


def bibliography(grid: Grid, version: str | None = None) -> str:
    """Return BibTeX for a grid: BanditLab itself, then each paper once, by key, below the kinds that cite it.

    The papers whose claims the grid tests stand there too, below its name.

    Parameters
    ----------
    grid : Grid
    version : str, optional
        That of BanditLab, where it is known.

    Raises
    ------
    UserError
        Two kinds cite different entries by the same key.
    """
    found: dict[str, Reference] = {}
    users: dict[str, dict[tuple[str, str], None]] = defaultdict(dict)
    silent: dict[tuple[str, str], None] = {}
    sides = {id(side): side for cell in grid.cells for side in (cell.player, *cell.world.parts, *cell.world.wrappers)}
    citing = [((side.kind.role, side.kind.name), side.kind.title, list(cited_by(side))) for side in sides.values()]
    citing.append((("grid", grid.name), grid.name, list(map(references.find, grid.settings.papers))))
    for user, title, cited in citing:
        for one in cited:
            if found.setdefault(one.key, one) != one:
                others = ", ".join(name for _, name in users[one.key])
                raise UserError(f"{title} and {others} cite different entries by the key {one.key}")
            users[one.key][user] = None
        if not cited and user[0] != "grid":
            silent[user] = None
    ours = references.built_in()[references.OURS].text
    parts = [ours if version is None else f"{ours.removesuffix('}')}  version = {{{version}}},\n}}"]
    parts += [f"{_comment(users[key])}\n{found[key].text}" for key in sorted(found)]
    if silent:  # but for those that other parameters make cite something
        parts.append(_comment(silent, "without a paper: "))
    return "\n\n".join(parts) + "\n"


def _comment(users: Iterable[tuple[str, str]], start: str = "") -> str:
    groups: dict[str, list[str]] = {}
    for role, name in sorted(users, key=lambda user: (user[0] != "policy", user)):
        groups.setdefault(role, []).append(name)
    said = [f"{PLURALS[role] if len(names) > 1 else role} {', '.join(names)}" for role, names in groups.items()]
    return textwrap.fill(start + "; ".join(said), 80, initial_indent="% ", subsequent_indent="%   ")
