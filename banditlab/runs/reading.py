"""Reading a grid, from TOML or from Python: every mistake is found before anything runs, and has a line of its own."""

from __future__ import annotations

import functools
import itertools
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from banditlab import registry
from banditlab.errors import Damaged, Mistakes, UserError, nearest
from banditlab.games import games
from banditlab.games.game import names_in
from banditlab.games.letters import unfit
from banditlab.registry import TABLE_KEYS, Kind
from banditlab.runs import collector, precision, searches
from banditlab.runs.grid import Cell, Grid, Player, Record, Settings, World, Wrapper
from banditlab.runs.searches import Space, Tune, Tuned
from banditlab.runs.store import read_grid
from banditlab.runs.sweeps import expand, sweep
from banditlab.runs.switching import GAMES, Schedule
from banditlab.runs.switching import metrics as metrics_of_turns
from banditlab.runs.tuning import decisive
from banditlab.validation import build, parameters, validate

TABLES = ("environment", "policy", "claim", "figure", "defaults", "sweep", "zip")


def read(path: str | Path, overrides: Iterable[str] = ()) -> Grid:
    """Read a grid from a TOML file.

    Parameters
    ----------
    path : path
    overrides : iterable of str
        Such as "policy.colstim.c1=2" or "horizon=1000"; the value in TOML, or a bare word.

    Raises
    ------
    UserError
        One line for each mistake: the file, the key, what was found, what is allowed.
    """
    file = Path(path)
    if not file.is_file():
        raise UserError(f"{path}: no such file")
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not valid TOML: {error}") from None
    for text in overrides:
        override(table, text)
    table.setdefault("name", _file_name(file))
    return parse(table, str(path))


def stored(folder: str | Path) -> Grid:
    """Return the grid of a results folder, as it was settled when it was last run.

    Raises
    ------
    UserError
        There is none, it is damaged, or a kind or a parameter is not known any more.
    """
    file, table = Path(folder) / "grid.json", read_grid(folder)
    source = str(file)
    try:
        worlds = [
            _stored_world(about, kind, f"{source}: environment[{i}]")
            for i, (about, kind) in enumerate(_stored_kinds(table, "environment", source))
        ]
        players = [
            _stored_player(about, kind, f"{source}: policy[{i}]")
            for i, (about, kind) in enumerate(_stored_kinds(table, "policy", source))
        ]
        cells = tuple(Cell(worlds[i], players[j], horizon) for i, j, horizon in table["cells"])
        keys = ("name", "horizon", "replications", "seed", "metric", "record")
        since = {"trace": (), "question": None, "papers": (), "tune": None}  # folders of before have none
        later = {key: table.get(key, usual) for key, usual in since.items()}
        settings = _validated({key: table[key] for key in keys} | later, source)
        for cell in cells:
            validate(Settings, {"horizon": cell.horizon}, f"{source}:")
        if not cells or any(cell.world.kind.game != cell.player.kind.game for cell in cells):
            raise ValueError("cells of no game")
        claims, figures = tuple(table["claims"]), tuple(table.get("figures", ()))
        return Grid(source, settings, cells, claims, bool(table["quick"]), figures)
    except UserError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise Damaged(f"{source}: damaged: {type(error).__name__}: {error}") from error


def is_portable(folder: str | Path) -> bool:
    """Return whether a results folder was last run for the same bits on every CPU; raises as `stored`."""
    return read_grid(folder).get("portable") is True


def _stored_kinds(table: Mapping[str, Any], role: str, source: str) -> Iterator[tuple[dict[str, Any], Kind]]:
    for i, about in enumerate(table["environments" if role == "environment" else "policies"]):
        try:
            yield about, registry.find(role, about["kind"], about["game"])
        except UserError as error:
            raise UserError(f"{source}: {role}[{i}]: {error}") from None


def _stored_world(about: Mapping[str, Any], kind: Kind, place: str) -> World:
    instance, then, schedule = build(kind, about["parameters"], place), (), None
    if switch := about.get("switch"):
        kinds = [registry.find("environment", part["kind"], kind.game) for part in switch["then"]]
        then = tuple(_stored_world(part, one, place) for part, one in zip(switch["then"], kinds, strict=True))
        schedule = validate(Schedule, {key: switch[key] for key in ("every", "at")}, f"{place}.switch")
    fixed, wrappers = about["instance"] == "fixed", _stored_wrappers(about, place)
    return World(about["label"], kind, instance, fixed, wrappers, then, schedule)


def _stored_player(about: Mapping[str, Any], kind: Kind, place: str) -> Player:
    tuned = validate(Tuned, about["tuned"], f"{place}.tuned") if "tuned" in about else None
    return Player(about["label"], kind, build(kind, about["parameters"], place), tuned)


def _stored_wrappers(about: Mapping[str, Any], place: str) -> tuple[Wrapper, ...]:
    found = []
    for i, wrapper in enumerate(about.get("wrappers", [])):
        kind = registry.find("wrapper", wrapper["kind"])
        found.append(Wrapper(kind, build(kind, wrapper["parameters"], f"{place}.wrapper[{i}]")))
    return tuple(found)


def _file_name(file: Path) -> str:
    return "".join(c if c.isalnum() or c in "._-" else "-" for c in file.stem).lstrip("._-") or "grid"


def override(table: dict[str, Any], text: str) -> None:
    """Change a table in place by "policy.colstim.c1=2".

    Raises
    ------
    UserError
        The text is no such change, or names what the table does not hold.
    """
    path, equals, written = text.partition("=")
    place = f"--set {text}"
    keys = path.strip().split(".")
    if not equals or not all(keys):
        raise UserError(f'{place}: should read key=value, such as horizon=1000 or policy.ucb1.label="UCB"')
    try:
        value = tomllib.loads(f"value = {written}")["value"]
    except tomllib.TOMLDecodeError:
        value = written.strip()
    targets = [table]
    if keys[0] in ("policy", "environment") and len(keys) > 2:
        role, wanted, *keys = keys
        entries = table.get(role, [])
        if not _is_tables(entries):
            raise UserError(f"{place}: write [[{role}]] above each {role} of the grid")
        targets = [entry for entry in entries if wanted in (entry.get("label"), *_spellings(entry.get("kind")))]
        if not targets:
            names = {str(entry.get("label", entry.get("kind"))) for entry in entries}
            raise UserError(f"{place}: no {role} {wanted!r}{nearest(wanted, names)}")
    for target in targets:
        for key in keys[:-1]:
            target = target.setdefault(key, {})
            if not isinstance(target, dict):
                raise UserError(f"{place}: {key!r} is no table")
        target[keys[-1]] = value


def _spellings(kind: Any) -> tuple[str, ...]:
    """Return how a kind can be written: "ucb1" and "bandit/ucb1"."""
    return (kind, kind.rpartition("/")[2]) if isinstance(kind, str) else ()


@collector.seldom()
def parse(table: Mapping[str, Any], source: str) -> Grid:
    """Return the grid of a table as TOML gives it.

    Raises
    ------
    UserError
        One line for each mistake.
    """
    mistakes = Mistakes(source)
    game = table.get("game")
    settings = Settings(game=game if isinstance(game, str) and game in registry.games() else None)
    with mistakes:
        settings = _settings(table, source)
    if settings.game != game or (settings.tune is None and "tune" in table):
        mistakes.stop()  # what a kind stands for depends on the one, whether policies may be tuned on the other
    for key in ("environment", "policy", "claim", "figure"):
        if not _is_tables(table.get(key, [])):
            raise UserError(f"{source}: {key}: write [[{key}]] above each of its tables")
    defaults = {}
    with mistakes:
        defaults = _defaults(table, source)
    worlds, players, known = [], [], _unambiguous(table)
    for i, entry in enumerate(table.get("environment", [])):
        with mistakes:
            worlds += _worlds(entry, defaults, (settings.game, known), f"{source}: environment[{i}]", mistakes)
    played = {world.kind.game for world in worlds}
    game = next(iter(played)) if len(played) == 1 else settings.game
    for i, entry in enumerate(table.get("policy", [])):
        with mistakes:
            place = f"{source}: policy[{i}]"
            players += _players(entry, defaults, (game, played), place, mistakes, worlds, settings)
    horizons = [settings.horizon]
    with mistakes:
        horizons = _horizons(table, settings, source)
    mistakes.stop()
    _check_defaults(defaults, [*worlds, *players], mistakes)
    for role, items in (("environment", worlds), ("policy", [p for p, _ in players])):
        if not items:
            mistakes.add(f"{role}: at least one [[{role}]] is needed")
        _check_labels(role, items, mistakes)
    if settings.tune and not any(player.tuned for player, _ in players):
        mistakes.add("tune: no policy has a search space: write [policy.tune], or leave it out")
    cells = tuple(_cells(worlds, players, horizons, mistakes))
    kept = dict.fromkeys(metric for cell in cells for metric in cell.metrics)
    for name in names_in(settings.metric):
        if name not in kept:
            mistakes.add(f"metric: no metric {name!r}{nearest(name, kept)}")
    for cell in (cell for cell in cells if cell.player.tuned):
        with mistakes:
            decisive(cell, settings, source)
    mistakes.stop()
    return Grid(source, settings, cells, tuple(table.get("claim", [])), figures=tuple(table.get("figure", [])))


def _unambiguous(table: Mapping[str, Any]) -> set[str]:
    """Return the games of those kinds that only one game has; they decide what the other kinds stand for."""
    found = set()
    for role in ("environment", "policy"):
        for name in (entry.get("kind") for entry in table.get(role, [])):
            kinds = registry.named(role, name) if isinstance(name, str) else []
            found |= {kind.game for kind in kinds} if len(kinds) == 1 else set()
    return found


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, dict) for entry in value)


def _settings(table: Mapping[str, Any], source: str) -> Settings:
    known = set(Settings.__dataclass_fields__) | set(TABLES)
    unknown = [key for key in table if key not in known]
    lines = [f"{source}: {key}: unknown key{nearest(key, known)}" for key in unknown]
    game = table.get("game")
    if isinstance(game, str) and game not in registry.games():
        lines.append(f"{source}: game: no game {game!r}{nearest(game, registry.games())}")
    if lines:
        raise UserError(*lines)
    record = table.get("record", {})
    if not isinstance(record, dict):
        raise UserError(
            f"{source}: record: should be a table, such as {{ points = 200, spacing = 'log' }}, got {record!r}"
        )
    return _validated({key: value for key, value in table.items() if key not in TABLES}, source)


def _validated(given: Mapping[str, Any], source: str) -> Settings:
    """Return the settings that a table of their keys stands for, some of which are tables themselves."""
    plain = {key: value for key, value in given.items() if key != "record"}
    if plain.get("tune") is not None:
        if not isinstance(plain["tune"], Mapping):
            form = "{ candidates = 16, replications = 20 }"
            raise UserError(f"{source}: tune: should be a table, such as {form}, got {plain['tune']!r}")
        plain["tune"] = validate(Tune, plain["tune"], f"{source}: tune")
    if "replications" in plain:
        plain["replications"] = precision.read(plain["replications"], f"{source}: replications")
    settings = validate(Settings, plain, f"{source}:")
    return replace(settings, record=validate(Record, given.get("record", {}), f"{source}: record"))


def _defaults(table: Mapping[str, Any], source: str) -> dict[str, dict[str, Any]]:
    defaults = table.get("defaults", {})
    for role, values in defaults.items() if isinstance(defaults, dict) else [("", None)]:
        if role not in ("environment", "policy") or not isinstance(values, dict):
            raise UserError(f"{source}: defaults: write [defaults.environment] or [defaults.policy]")
        if role == "environment" and "when" in values:
            raise UserError(
                f"{source}: defaults.environment.when: only policies have a when; write [[defaults.policy.when]]"
            )
    return defaults


def _check_defaults(defaults: dict[str, dict[str, Any]], used: Sequence[Any], mistakes: Mistakes) -> None:
    for role, values in defaults.items():
        kinds = [item[0].kind if isinstance(item, tuple) else item.kind for item in used]
        known = {name for kind in kinds if kind.role == role for name in kind.cls.__dataclass_fields__}
        conditions = [key for condition in values.get("when", ()) for key in condition if key != "environment"]
        for key in dict.fromkeys([*values, *conditions]):
            if key not in known and (role, key) != ("policy", "when"):
                mistakes.add(f"defaults.{role}.{key}: no {role} of this grid has that key{nearest(key, known)}")


def _head(entry: Mapping[str, Any], role: str, games: tuple[str | None, set[str]], place: str) -> Kind:
    """Return the kind of an environment's or policy's table; check the keys that are no parameters.

    games : the only one in question, if any, and those that decide between several kinds
    """
    name = entry.get("kind")
    if not isinstance(name, str):
        found = "missing" if name is None else f"should be a name in quotes, got {name!r}"
        raise UserError(f"{place}.kind: {found}")
    if not isinstance(entry.get("label", ""), str) or entry.get("label") == "":
        raise UserError(f"{place}.label: should be a text, got {entry['label']!r}")
    try:
        return registry.find(role, name, *games)
    except UserError as error:
        raise UserError(f"{place}.kind: {error}") from None


def _with_defaults(
    kind: Kind, given: Mapping[str, Any], defaults: Mapping[str, Any], place: str, moved: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return parameters, and where those stand that do not stand in the table itself."""
    known, source = kind.cls.__dataclass_fields__, place.rpartition(": ")[0]
    added = {k: value for k, value in defaults.get(kind.role, {}).items() if k in known and k not in given}
    return added | dict(given), {key: f"{source}: defaults.{kind.role}.{key}" for key in added} | dict(moved)


def _worlds(entry, defaults, games, place, mistakes) -> list[World]:
    kind = _head(entry, "environment", games, place)
    mode = entry.get("instance", "fresh")
    if mode not in ("fresh", "fixed"):
        raise UserError(f"{place}.instance: should be 'fresh' or 'fixed', got {mode!r}")
    label = entry.get("label", kind.name)
    found = []
    for given, suffix, moved in expand(entry, TABLE_KEYS["environment"], place):
        with mistakes:
            given, moved = _with_defaults(kind, given, defaults, place, moved)
            instance = build(kind, given, place, moved)
            then, schedule = _turns(entry, kind, given, place)
            for wrappers, added in _wrapped(entry, kind, place, mistakes):
                world = World(label + suffix + added, kind, instance, mode == "fixed", wrappers, then, schedule)
                found.append(world)
    return found


def _turns(entry, kind, given, place) -> tuple[tuple[World, ...], Schedule | None]:
    """Return the environments that take turns with that of a table, and when."""
    if "switch" not in entry:
        return (), None
    switch, place = entry["switch"], f"{place}.switch"
    if not isinstance(switch, dict) or not _is_tables(switch.get("then")) or not switch["then"]:
        raise UserError(f"{place}: should be a table such as {{ every = 1000, then = [{{}}] }}, got {switch!r}")
    if kind.game not in GAMES:
        raise UserError(f"{place}: those of {' and '.join(GAMES)} can take turns, and {kind.title} is of {kind.game}")
    schedule = validate(Schedule, {key: value for key, value in switch.items() if key != "then"}, place)
    worlds = []
    for i, table in enumerate(switch["then"]):
        where = f"{place}.then[{i}]"
        part = _head({"kind": kind.title, **table}, "environment", (kind.game, set()), where)
        own = {key: value for key, value in table.items() if key != "kind"}
        settings = {**given, **own} if part is kind else own
        worlds.append(World(part.name, part, build(part, settings, where)))
    shared = {metric.name for metric in metrics_of_turns(games()[kind.game].metrics)}
    for one in (kind, *(world.kind for world in worlds)):
        if shared.isdisjoint(one.metrics):
            raise UserError(f"{place}: {one.title} cannot take turns: none of its metrics adds up over rounds alone")
    return tuple(worlds), schedule


def _wrapped(entry, kind, place, mistakes) -> Iterator[tuple[tuple[Wrapper, ...], str]]:
    """Yield the wrappers of an environment's table, one after the other, and what they add to its label."""
    tables = entry.get("wrapper", [])
    if not _is_tables(tables):
        raise UserError(f"{place}.wrapper: write [[environment.wrapper]] above each of its tables")
    choices = [_wrappers(table, kind, f"{place}.wrapper[{i}]", mistakes) for i, table in enumerate(tables)]
    kinds = [choice[0][0].kind for choice in choices if choice]
    for i, late in enumerate(kinds):
        if hasattr(late.cls, "asks") and any(hasattr(early.cls, "holds") for early in kinds[:i]):
            where = f"{place}.wrapper[{i}]"
            raise UserError(f"{where}: {late.name!r} is about the present round: write it before the delays")
    for chosen in itertools.product(*choices):
        labels = [label for _, label in chosen]
        shown = labels if "label" not in entry else [label for label in labels if "=" in label]
        yield tuple(wrapper for wrapper, _ in chosen), "".join(f" + {label}" for label in shown)


def _wrappers(table, world, place, mistakes) -> list[tuple[Wrapper, str]]:
    """Return the wrappers that a table stands for, several where it has a sweep, with their labels."""
    kind = _head(table, "wrapper", (None, set()), place)
    if reason := unfit(kind.cls, games()[world.game].letters, [stub.__name__ for stub in world.options]):
        raise UserError(f"{place}.kind: {kind.name!r} does not fit {world.title}: it {reason}")
    found = []
    for given, suffix, moved in expand(table, TABLE_KEYS["wrapper"], place):
        with mistakes:
            found.append((Wrapper(kind, build(kind, given, place, moved)), kind.name + suffix))
    return found


def _players(entry, defaults, games, place, mistakes, worlds, settings) -> list[tuple[Player, dict[str, Player]]]:
    """Return each policy of a table, with its variants for the environments that a `when` singles out."""
    kind = _head(entry, "policy", games, place)
    label = entry.get("label", kind.name)
    found = []
    for given, suffix, moved in expand(entry, TABLE_KEYS["policy"], place):
        with mistakes:
            shared = _shared_conditions(kind, given, defaults, place, worlds)
            given, moved = _with_defaults(kind, given, defaults, place, moved)
            space = searches.read(entry, kind, given, settings.tune, place)
            conditions = [*shared, *_conditions(entry, place, worlds)]
            _check_searched(space, entry, place)
            make = functools.partial(_player, label + suffix, kind, space, settings, place)
            found.append((make(given, moved), _variants(conditions, make, given)))
    return found


def _check_searched(space: Space, entry: Mapping[str, Any], place: str) -> None:
    """Refuse a parameter that is searched, and that the policy's table has elsewhere too."""
    elsewhere = {"table": entry, "sweep": entry.get("sweep", {})}
    elsewhere |= {f"when[{i}]": condition for i, condition in enumerate(entry.get("when", ()))}
    for name, (where, table) in itertools.product(space, elsewhere.items()):
        if name in table:
            raise UserError(f"{place}.tune.{name}: stands in the {where} too; drop one of them")


def _player(label, kind, space, settings, place, given, moved=MappingProxyType({})) -> Player:
    if not space:
        return Player(label, kind, build(kind, given, place, moved))
    tried = searches.candidates(kind, given, space, settings.tune.candidates, settings.seed, place, moved)
    values = tuple(tuple(getattr(one, name) for name in space) for one in tried)
    return Player(label, kind, tried[0], Tuned(tuple(space), values, settings.tune.replications), tuple(tried))


class _Condition(NamedTuple):
    """A `when`: where it stands, the environments that it singles out, and the parameters there."""

    place: str
    environments: list[str]
    changes: dict[str, Any]


def _conditions(table, place, worlds) -> Iterator[_Condition]:
    conditions = table.get("when", [])
    if not _is_tables(conditions):
        table = "defaults.policy" if place.endswith("defaults.policy") else "policy"
        raise UserError(f"{place}.when: write [[{table}.when]] above each of its tables")
    for i, condition in enumerate(conditions):
        wanted = condition.get("environment")
        if not isinstance(wanted, dict) or not wanted:
            raise UserError(f"{place}.when[{i}].environment: should be a table, such as environment = {{ dim = 20 }}")
        matching = [world.label for world in worlds if _matches(world, wanted)]
        if not matching:
            raise UserError(f"{place}.when[{i}].environment: no environment of this grid has {wanted!r}")
        changes = {key: value for key, value in condition.items() if key != "environment"}
        yield _Condition(f"{place}.when[{i}]", matching, changes)


def _shared_conditions(kind, own, defaults, place, worlds) -> Iterator[_Condition]:
    """Yield the conditions for all policies, with the parameters that a policy has and that it is not given itself."""
    place = f"{place.rpartition(': ')[0]}: defaults.policy"
    for condition in _conditions(defaults.get("policy", {}), place, worlds):
        known = kind.cls.__dataclass_fields__
        yield condition._replace(changes={k: v for k, v in condition.changes.items() if k in known and k not in own})


def _variants(conditions, make, given) -> dict[str, Player]:
    changes: dict[str, dict[str, Any]] = {}
    for condition in conditions:
        make(given | condition.changes, {key: f"{condition.place}.{key}" for key in condition.changes})
        for label in condition.environments:
            changes[label] = changes.get(label, {}) | condition.changes
    return {label: make(given | more) for label, more in changes.items()}


def _matches(world: World, wanted: Mapping[str, Any]) -> bool:
    has = {"kind": world.kind.name, "label": world.label, **world.parameters}
    return all(key in has and has[key] == value for key, value in wanted.items())


def _horizons(table: Mapping[str, Any], settings: Settings, source: str) -> list[int]:
    chosen = list(sweep(table, f"{source}: top"))
    unknown = {key for values, _ in chosen for key in values} - {"horizon"}
    if unknown:
        raise UserError(f"{source}: sweep.{min(unknown)}: at the top of a grid only horizon can be swept")
    if not chosen[0][0]:
        return [settings.horizon]
    if "horizon" in table:
        raise UserError(f"{source}: horizon: stands beside sweep.horizon; drop one of them")
    where = f"{source}: sweep.horizon"
    return [validate(Settings, values, "", {"horizon": f"{where}[{i}]"}).horizon for values, (i,) in chosen]


def _check_labels(role: str, items: Sequence[Any], mistakes: Mistakes) -> None:
    seen: set[str] = set()
    for item in items:
        if item.label in seen:
            mistakes.add(f'two of its {role} tables have the label {item.label!r}: give one another label = "..."')
        seen.add(item.label)


def _cells(worlds, players, horizons, mistakes) -> Iterator[Cell]:
    for player, _ in players if worlds else ():
        if player.kind.game not in {world.kind.game for world in worlds}:
            played = ", ".join(sorted({world.kind.game for world in worlds}))
            mistakes.add(f"policy {player.label!r} plays {player.kind.game}, and no environment does (they: {played})")
    for world, (player, variants), horizon in itertools.product(worlds, players, horizons):
        if player.kind.game == world.kind.game:
            variant = variants.get(world.label, player)
            lacking = variant.needs - world.gives
            if lacking:
                needs, remedies = ", ".join(sorted(lacking)), "".join(f" ({one})" for one in variant.remedies(lacking))
                mistakes.add(
                    f"policy {player.label!r} needs {needs}, which environment {world.label!r} does not give{remedies}"
                )
            yield Cell(world, variant, horizon)


def from_python(
    environment: Any,
    policies: Any,
    *,
    source: str = "run()",
    claims: Sequence[dict[str, Any]] = (),
    **settings: Any,
) -> Grid:
    """Return the grid of arguments as `banditlab.run` takes them.

    Parameters
    ----------
    environment, policies : str, dict, instance of a registered class, or a list of these
        A dict has the keys of a TOML table.
    **settings
        The keys at the top of a TOML grid.

    Raises
    ------
    UserError
        One line for each mistake.
    """
    table = {
        **settings,
        "environment": [as_table(item, "environment") for item in _listed(environment)],
        "policy": [as_table(item, "policy") for item in _listed(policies)],
        "claim": list(claims),
    }
    return parse(_plain(table), source)


def _plain(value: Any) -> Any:
    """Return a value as TOML could hold it: NumPy's numbers and arrays, tuples and ranges as numbers and lists."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | range):
        return [_plain(item) for item in value]
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def as_table(item: Any, role: str) -> dict[str, Any]:
    """Return the table of an environment or policy as `banditlab.run` takes it: a kind, a table, or an instance."""
    if isinstance(item, str):
        return {"kind": item}
    if isinstance(item, Mapping):
        return dict(item)
    kind = registry.kind_of(item)
    if kind.role != role:
        raise UserError(f"{type(item).__name__} is no {role} but a {kind.role}")
    return {"kind": kind.title, **parameters(item)}
