"""A grid: environments x policies x horizons x replications, validated."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Le
from pydantic import AfterValidator, StringConstraints

from banditlab import references, registry, seeding
from banditlab.games import games
from banditlab.games.game import Metric
from banditlab.pages import page
from banditlab.registry import Kind
from banditlab.runs import switching
from banditlab.runs.precision import Replications, most
from banditlab.runs.searches import Tune, Tuned
from banditlab.types import Count, Index
from banditlab.validation import parameters

Name = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Question = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=500)]
Cited = Annotated[str, AfterValidator(lambda cited: references.find(cited) and cited)]
Horizon = Annotated[Count, Le(10**12)]


@dataclass(frozen=True)
class Record:
    """At which rounds the metrics are recorded: both ends, and points between."""

    points: Annotated[Count, Le(10**7)] = 200
    spacing: Literal["log", "linear"] = "log"

    def rounds(self, horizon: int) -> np.ndarray:
        """Return the increasing numbers of rounds, int64 (P,), from 1 to the horizon."""
        return _rounds(self, horizon)


@functools.lru_cache(maxsize=256)
def _rounds(record: Record, horizon: int) -> np.ndarray:
    space = np.geomspace if record.spacing == "log" else np.linspace
    inner = np.rint(space(1, horizon, max(record.points, 2))).astype(np.int64)
    return np.unique(np.concatenate([[1], inner, [horizon]]))


@dataclass(frozen=True)
class Settings:
    """The keys at the top of a grid that are no tables."""

    name: Name = "grid"
    game: str | None = None
    horizon: Horizon = 10_000
    replications: Replications = 20  #: a number, or the precision to which a cell is played
    seed: Index = 0
    record: Record = Record()
    trace: tuple[Literal["actions", "rewards"], ...] = ()  #: of which every round is kept
    metric: str | None = None  #: that tables, figures and claims are about; by default each game's first
    question: Question | None = None  #: that the grid is to answer, for its report
    papers: tuple[Cited, ...] = ()  #: whose claims it tests: keys of references.bib, or BibTeX entries
    tune: Tune | None = None  #: the budget of policies with a search space


def changed(instance: Any, but: Collection[str] = ()) -> str:
    """Return the parameters of an instance that are not as by default, but for some, as in TOML."""
    usual = {f.name: f.default for f in fields(instance)}
    own = {name: list(v) if isinstance(v, tuple) else v for name, v in parameters(instance).items() if v != usual[name]}
    own = {name: value for name, value in own.items() if name not in but}
    return ", ".join(f"{name} = {json.dumps(value, default=str)}" for name, value in own.items())


@dataclass(frozen=True)
class Wrapper:
    """What stands between an environment and what policies learn, with its parameters."""

    kind: Kind
    instance: Any

    @property
    def about(self) -> dict[str, Any]:
        """What it is, as plain data."""
        return {"kind": self.kind.name, "parameters": parameters(self.instance)}

    @property
    def has_verbs(self) -> bool:
        """Whether letters pass through it; else it only changes what policies are told."""
        return bool(self.kind.options)


@dataclass(frozen=True)
class World:
    """An environment of the grid, with its parameters."""

    label: str
    kind: Kind
    instance: Any
    fixed: bool = False  #: one instance for all replications
    wrappers: tuple[Wrapper, ...] = ()  #: outcomes pass the first one first
    then: tuple[World, ...] = ()  #: environments with which it takes turns
    schedule: switching.Schedule | None = None  #: of the turns

    @functools.cached_property
    def about(self) -> dict[str, Any]:
        """What it is, as plain data."""
        mode = "fixed" if self.fixed else "fresh"
        about = {"label": self.label, "kind": self.kind.name, "instance": mode, "parameters": self.parameters}
        if self.wrappers:
            about["wrappers"] = [wrapper.about for wrapper in self.wrappers]
        if self.then:
            about["switch"] = parameters(self.schedule) | {"then": [world.about for world in self.then]}
        return about

    @property
    def parts(self) -> tuple[World, ...]:
        """The environments that take turns; itself alone where there are no others."""
        return self, *self.then

    @functools.cached_property
    def made_of(self) -> tuple[Kind, ...]:
        """The kinds beside its own that its numbers depend on."""
        return tuple(part.kind for part in (*self.then, *self.wrappers))

    @functools.cached_property
    def kinds(self) -> tuple[int, ...]:
        """The identities of all of them: cells may be many, and kinds are few."""
        return tuple(map(id, (self.kind, *self.made_of)))

    @property
    def verbs(self) -> dict[Callable, Callable]:
        """Its functions, by the stubs of its game."""
        return (
            switching.verbs(games()[self.kind.game], [part.kind for part in self.parts])
            if self.then
            else self.kind.verbs
        )

    @functools.cached_property
    def parameters(self) -> dict[str, Any]:
        """Parameters by name."""
        return parameters(self.instance)

    @functools.cached_property
    def gives(self) -> frozenset[str]:
        """What a policy may need: as its kind gives, or this very instance where its method `gives` says so.

        It is found once: an instance may read a file or draw functions to know.
        """
        said = getattr(self.instance, "gives", None)
        given = registry.ALWAYS | (self.kind.gives if said is None else frozenset(said()))
        if self.then:
            given = given.intersection(*(world.gives for world in self.then)) - switching.TAKES
        return given.difference(*(wrapper.kind.takes for wrapper in self.wrappers))

    @functools.cached_property
    def retold(self) -> frozenset[str]:
        """The facts of which policies are told something else."""
        return frozenset().union(*(getattr(wrapper.instance, "retold", ()) for wrapper in self.wrappers))

    @property
    def channel(self) -> tuple[Wrapper, ...]:
        """The wrappers that letters pass through."""
        return tuple(wrapper for wrapper in self.wrappers if wrapper.has_verbs)

    def facts(self, env: Any, horizon: int) -> dict[str, Any]:
        """Return what policies may be told, of a state of the environment and of the run."""
        run = {"horizon": horizon, "rounds": horizon, "arm_features": "arm-features" in self.gives}
        if self.then:
            states = zip(self.parts, env.parts, strict=True)
            facts = run | switching.facts(env, [part.instance.facts(state) for part, state in states])
        else:
            facts = {**run, **self.instance.facts(env)}
        for wrapper in self.wrappers:
            if hasattr(wrapper.instance, "retell"):
                facts = wrapper.instance.retell(facts)
        return facts

    def metrics_with(self, policy: Kind) -> dict[str, Metric]:
        """Return the metrics of its game that it keeps with a policy of that kind, by name.

        Those of its kind, or of this very instance where its method `metrics` says so, for which both sides have the
        optional verbs.
        """
        if id(policy) not in self._metrics:
            verbs = {stub.__name__ for kind in (self.kind, policy) for stub in kind.options}
            metrics = games()[self.kind.game].metrics
            kept = {m.name: m for m in metrics if m.name in self._kept and verbs.issuperset(m.of)}
            self._metrics[id(policy)] = kept
        return self._metrics[id(policy)]

    @functools.cached_property
    def _metrics(self) -> dict[int, dict[str, Metric]]:
        return {}  # a grid may have many thousands of cells, of few kinds of policies

    @functools.cached_property
    def _kept(self) -> frozenset[str]:
        said = getattr(self.instance, "metrics", None)
        kept = frozenset(self.kind.metrics if said is None else said())
        if self.then:
            shared = {metric.name for metric in switching.metrics(games()[self.kind.game].metrics)}
            kept = kept.intersection(shared, *(world._kept for world in self.then))
        return kept

    def notes(self, horizon: int) -> list[str]:
        """Return what a user should know of a run of so many rounds; its method `notes`, if any, says so."""
        said = getattr(self.instance, "notes", None)
        return [] if said is None else [f"{self.label}: {line}" for line in said(horizon)]


@dataclass(frozen=True)
class Player:
    """A policy of the grid, with its parameters."""

    label: str
    kind: Kind
    instance: Any
    tuned: Tuned | None = None  #: how its parameters come about, where they are searched
    candidates: tuple[Any, ...] = ()  #: instances, one of which is to take the place of its own

    @functools.cached_property
    def about(self) -> dict[str, Any]:
        """What it is, as plain data."""
        tuned = {"tuned": parameters(self.tuned)} if self.tuned else {}
        return {"label": self.label, "kind": self.kind.name, "parameters": self.parameters, **tuned}

    @functools.cached_property
    def parameters(self) -> dict[str, Any]:
        """Parameters by name."""
        return parameters(self.instance)

    def tried_with(self, budget: Tune | None) -> Player:
        """Return it with another number of replications of each candidate, where its parameters are searched."""
        return replace(self, tuned=replace(self.tuned, replications=budget.replications)) if self.tuned else self

    @property
    def described(self) -> str:
        """Its kind and the parameters that are not as by default, for messages."""
        return f"{self.kind.name}, {changed(self.instance) or 'default parameters'}"

    @functools.cached_property
    def needs(self) -> frozenset[str]:
        """What an environment must give: to all of its kind, and where its method `needs` says so to this instance."""
        return self.kind.needs | frozenset(self._said())

    def remedies(self, lacking: Iterable[str]) -> list[str]:
        """Return how to do without what is lacking, where its method `needs` says so."""
        said = self._said()
        return [said[need] for need in sorted(lacking) if need in said] if isinstance(said, Mapping) else []

    def _said(self) -> Mapping[str, str] | Iterable[str]:
        said = getattr(self.instance, "needs", None)
        return said() if callable(said) else ()


@dataclass(frozen=True, slots=True)
class Cell:
    """One policy in one environment for one horizon: what replications are made of."""

    world: World
    player: Player
    horizon: int

    @property
    def game(self) -> str:
        """Name of the game."""
        return self.world.kind.game

    @property
    def kinds(self) -> tuple[int, tuple[int, ...]]:
        """The identities of all kinds that its numbers depend on."""
        return id(self.player.kind), self.world.kinds

    @property
    def environment(self) -> str:
        """Label of the environment."""
        return self.world.label

    @property
    def policy(self) -> str:
        """Label of the policy."""
        return self.player.label

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        """Parameters of "environment" and "policy", by name; those of a wrapper as "delayed.rounds"."""
        wrapped = {
            f"{wrapper.kind.name}.{name}": value
            for wrapper in self.world.wrappers
            for name, value in parameters(wrapper.instance).items()
        }
        return {"environment": self.world.parameters | wrapped, "policy": self.player.parameters}

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics that it keeps: its game's, then the users'."""
        own = self.world.metrics_with(self.player.kind)
        return (*own, *(entry.metric.name for entry in self.user_metrics))

    @property
    def game_metrics(self) -> tuple[Metric, ...]:
        """The metrics of its game that it keeps."""
        return tuple(self.world.metrics_with(self.player.kind).values())

    @property
    def user_metrics(self) -> list[registry.UserMetric]:
        """The users' metrics that it keeps beside its game's."""
        return registry.metrics(self.game, self.world.kind.name, self.player.kind.name)

    @property
    def title(self) -> str:
        """Both labels, for messages."""
        return f"{self.policy} in {self.environment}"


@dataclass(frozen=True)
class Grid:
    """A validated grid.

    Attributes
    ----------
    source : str
        Name of the file, for messages.
    settings : Settings
    cells : tuple of Cell
        Every policy in every environment of its game, for every horizon.
    claims : tuple of dict
        The tables `[[claim]]`, as written.
    figures : tuple of dict
        The tables `[[figure]]`, as written.
    quick : bool
        Whether it was cut down to a first look.
    """

    source: str
    settings: Settings
    cells: tuple[Cell, ...]
    claims: tuple[dict[str, Any], ...] = ()
    quick: bool = False
    figures: tuple[dict[str, Any], ...] = ()

    @property
    def name(self) -> str:
        """Name of the grid, and of its folder."""
        return self.settings.name

    def _repr_html_(self) -> str:
        sides = {
            (role, id(side)): (role, side.label, side.kind.title, _settings_of(side))
            for role in ("environment", "policy")
            for side in (cell.world if role == "environment" else cell.player for cell in self.cells)
        }
        s, horizons = self.settings, sorted({cell.horizon for cell in self.cells})
        rounds = f"{horizons[0]:,}" if len(horizons) == 1 else f"{horizons[0]:,} .. {horizons[-1]:,}"
        n = s.replications if isinstance(s.replications, int) else f"up to {most(s.replications):,}"
        about = f": {len(self.cells):,} cells, T = {rounds}, {n} replications, seed {s.seed}"
        notes = [*([s.question] if s.question else []), *(f"claim: {claim.get('text', '')}" for claim in self.claims)]
        return page(self.name, about, ["", "label", "kind", "parameters"], sides.values(), notes)

    @property
    def to_tune(self) -> bool:
        """Whether parameters of some policy are still to be chosen."""
        return any(cell.player.candidates for cell in self.cells)

    def with_settings(self, **changes: Any) -> Grid:
        """Return the grid with other settings; a horizon replaces those of all cells by the same factor."""
        factor = changes.get("horizon", self.settings.horizon) / self.settings.horizon
        cells = tuple(replace(cell, horizon=max(1, round(cell.horizon * factor))) for cell in self.cells)
        claims = tuple(_rescaled(claim, factor) for claim in self.claims)
        return replace(self, settings=replace(self.settings, **changes), cells=cells, claims=claims)

    def quickened(self) -> Grid:
        """Return a first look at the grid: a tenth of the horizon, 5 replications, a name of its own."""
        horizon, few = max(1, self.settings.horizon // 10), min(5, most(self.settings.replications))
        tune = self.settings.tune and replace(self.settings.tune, replications=min(5, self.settings.tune.replications))
        small = self.with_settings(name=f"{self.name}-quick", horizon=horizon, replications=few, tune=tune)
        players = {id(cell.player): cell.player.tried_with(tune) for cell in self.cells}
        return replace(small, cells=tuple(replace(c, player=players[id(c.player)]) for c in small.cells), quick=True)

    def on_fresh_seeds(self) -> Grid:
        """Return the same grid with another root seed, for claims that its figures may have suggested."""
        return self.with_settings(seed=int(seeding.key(self.settings.seed, "fresh") >> np.uint64(32)))

    def resolved(self) -> dict[str, Any]:
        """Return all that was settled, as plain data for JSON."""
        s = self.settings
        worlds = {id(cell.world): cell.world for cell in self.cells}
        players = {id(cell.player): cell.player for cell in self.cells}
        at = {one: i for table in (worlds, players) for i, one in enumerate(table)}
        return {
            "name": s.name,
            "question": s.question,
            **({"papers": list(s.papers)} if s.papers else {}),
            "quick": self.quick,
            "horizon": s.horizon,
            "replications": s.replications if isinstance(s.replications, int) else asdict(s.replications),
            "seed": s.seed,
            "record": {"points": s.record.points, "spacing": s.record.spacing},
            **({"trace": list(s.trace)} if s.trace else {}),
            **({"tune": asdict(s.tune)} if s.tune else {}),
            "metric": s.metric,
            "claims": list(self.claims),
            "figures": list(self.figures),
            "environments": [{"game": world.kind.game, **world.about} for world in worlds.values()],
            "policies": [{"game": player.kind.game, **player.about} for player in players.values()],
            "cells": [[at[id(cell.world)], at[id(cell.player)], cell.horizon] for cell in self.cells],
        }


def _settings_of(side: World | Player) -> str:
    searched = side.tuned.names if isinstance(side, Player) and side.candidates else ()
    settled = changed(side.instance, searched)
    return ", ".join([*[settled] * bool(settled), *(f"{name} by tuning" for name in searched)]) or "as by default"


def _rescaled(claim: dict[str, Any], factor: float) -> dict[str, Any]:
    at = claim.get("at")
    return claim | {"at": max(1, round(at * factor))} if isinstance(at, int) and factor != 1 else claim
