"""Names and the classes behind them: environments and policies of every game, and users' metrics.

Built-in kinds are found by looking through the package's folders; a third party's through the entry-point groups
`banditlab.environments`, `banditlab.policies` and `banditlab.wrappers`; a user's by running the file or the notebook
cell that holds them.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.metadata
import importlib.util
import inspect
import pkgutil
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from banditlab import references
from banditlab.errors import UserError, nearest
from banditlab.games import games, letters
from banditlab.games.game import Metric

ROLES = ("environment", "policy")
#: Keys of a grid's tables that no parameter can have, since the grid reads them itself.
TABLE_KEYS = {
    "environment": ("kind", "label", "instance", "wrapper", "switch", "sweep", "zip"),
    "policy": ("kind", "label", "when", "tune", "sweep", "zip"),
    "wrapper": ("kind", "sweep", "zip"),
}
#: Orders of growth in the number of rounds T, and their exponents.
ORDERS = {"1": 0.0, "log T": 0.0, "sqrt T": 1 / 2, "T^2/3": 2 / 3}
#: Players that are no algorithms: figures draw them faintly, and nobody asks them to learn.
REFERENCE_PLAYERS = frozenset({"oracle", "uniform", "fixed", "greedy", "static-mix"})
#: What a class needs beside the verbs of its game.
METHODS = {
    "environment": {
        "start(self, rng, noise, horizon)": "which makes the state",
        "facts(self, state)": "which says what policies may be told",
    },
    "policy": {"start(self, problem, rng)": "which makes the state"},
    "wrapper": {},
}
#: What every environment gives, until a wrapper takes it away.
ALWAYS = frozenset({"prompt-feedback"})


@dataclass(frozen=True)
class Kind:
    """A registered environment or policy.

    Attributes
    ----------
    role : str
        "environment", "policy" or "wrapper".
    game, name : str
        What it plays, and its name there; "any" for a wrapper.
    cls : type
        The class of its parameters, with its verbs.
    needs : frozenset of str
        Policies: what an environment must give ("features", "bounded-rewards").
    gives : frozenset of str
        Environments: the same words.
    told : frozenset of str
        Policies: facts that it may ask of its problem ("horizon", "link", ...).
    takes : frozenset of str
        Wrappers: what an environment does not give any more, in the same words.
    metrics : tuple of str
        Environments: names of the game's metrics that it keeps.
    growth : mapping of str to str
        Policies: the order in T, one of `ORDERS`, that their paper proves for a metric.
    cite : tuple of str
        What it was made from: keys of `references.bib`, or whole BibTeX entries.
    """

    role: str
    game: str
    name: str
    cls: type
    needs: frozenset[str] = frozenset()
    gives: frozenset[str] = frozenset()
    told: frozenset[str] = frozenset()
    takes: frozenset[str] = frozenset()
    metrics: tuple[str, ...] = ()
    growth: Mapping[str, str] = field(default_factory=dict, hash=False)
    cite: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The name that is unique over games: "bandit/ucb1"."""
        return self.name if self.role == "wrapper" else f"{self.game}/{self.name}"

    @property
    def verbs(self) -> dict[Callable, Callable]:
        """The class's functions, by the stubs of its game."""
        stubs = [*_stubs(self.role, self.game), *self.options]
        return {stub: getattr(self.cls, stub.__name__) for stub in stubs}

    @property
    def options(self) -> list[Callable]:
        """The stubs of the optional verbs that the class has."""
        return [stub for stub in _optional_stubs(self.role, self.game) if hasattr(self.cls, stub.__name__)]

    @property
    def summary(self) -> str:
        """First line of the docstring of the file; of the class where it stands in a notebook."""
        module = sys.modules.get(self.cls.__module__)
        texts = [self.cls.__doc__]
        if self.cls.__module__ != "__main__":
            texts.insert(0, module and module.__doc__)
        return next((inspect.cleandoc(text).splitlines()[0] for text in texts if text), "")


@dataclass(frozen=True)
class UserMetric:
    """A metric of a user's: a function of (environment state, policy state, round).

    It is kept in all environments and for all policies of its game, or for the kinds that it names.
    """

    game: str
    metric: Metric
    function: Callable
    environments: frozenset[str] | None = None
    policies: frozenset[str] | None = None

    def is_for(self, environment: str | None, policy: str | None) -> bool:
        """Tell whether it is kept for a pair of kinds; None stands for any."""
        return all(
            kinds is None or kind is None or kind in kinds
            for kinds, kind in ((self.environments, environment), (self.policies, policy))
        )


_kinds: dict[tuple[str, str, str], Kind] = {}
_metrics: dict[tuple[str, str], UserMetric] = {}


def environment(
    name: str,
    *,
    game: str,
    gives: Iterable[str] = (),
    metrics: Iterable[str] = (),
    cite: str | Iterable[str] = (),
) -> Callable:
    """Register a frozen dataclass as an environment.

    Parameters
    ----------
    name : str
        Its kind in TOML: lower case, hyphens.
    game : str
        The game whose verbs it has.
    gives : iterable of str
        What it offers beyond the game's protocol: "features", "bounded-rewards".
    metrics : iterable of str
        The game's metrics that it keeps; all by default.
    cite : str or iterable of str
        What it was made from: keys of `references.bib`, or whole BibTeX entries. A method `cite` of the class says what
        more is cited with its parameters.

    Raises
    ------
    TypeError
        A verb is missing or has other parameters; the game is unknown; the name is taken; there is no such reference.
    """
    facts = {"gives": frozenset(gives), "metrics": tuple(metrics), "cite": cite}
    return functools.partial(_register, "environment", name, game, **facts)


def policy(
    name: str,
    *,
    game: str,
    needs: Iterable[str] = (),
    told: Iterable[str] = (),
    growth: Mapping[str, str] | None = None,
    cite: str | Iterable[str] = (),
) -> Callable:
    """Register a frozen dataclass as a policy.

    Parameters
    ----------
    name : str
        Its kind in TOML: lower case, hyphens.
    game : str
        The game whose verbs it has.
    needs : iterable of str
        What the environment must give: "features", "bounded-rewards".
    told : iterable of str
        Facts that it may read from its problem, beyond `arms` and `dim`: "horizon", "link", "noise", "signal", "best".
    growth : mapping of str to str
        The order in T, one of `ORDERS`, that its paper proves for a metric, such as {"regret": "log T"}.
    cite : str or iterable of str
        What it was made from: keys of `references.bib`, or whole BibTeX entries. A method `cite` of the class says what
        more is cited with its parameters.

    Raises
    ------
    TypeError
        A verb is missing or has other parameters; the game, a metric, an order or a reference is unknown; the name is
        taken.
    """
    facts = {"needs": frozenset(needs), "told": frozenset(told), "growth": dict(growth or {}), "cite": cite}
    return functools.partial(_register, "policy", name, game, **facts)


def wrapper(name: str, *, takes: Iterable[str] = (), cite: str | Iterable[str] = ()) -> Callable:
    """Register a frozen dataclass as a wrapper of environments: it stands between the rounds and what policies learn.

    It has the verb `handle`, or `number`, `truth` or both, with a method `start(self, shelf, noise, horizon)` that
    makes their state; or a method `retell(self, facts)` that returns what policies are told.

    Parameters
    ----------
    name : str
        Its kind in TOML: lower case, hyphens.
    takes : iterable of str
        What an environment with it does not give any more: "prompt-feedback", "bounded-rewards".
    cite : str or iterable of str
        What it was made from: keys of `references.bib`, or whole BibTeX entries.

    Raises
    ------
    TypeError
        It has none of the verbs, nor `retell`, or a verb has other parameters; the name is taken.
    """
    return functools.partial(_register, "wrapper", name, "any", takes=frozenset(takes), cite=cite)


def metric(
    *,
    game: str,
    name: str | None = None,
    label: str | None = None,
    cumulative: bool = False,
    signed: bool = True,
    better: Literal["lower", "higher"] | None = None,
    environments: Iterable[str] | None = None,
    policies: Iterable[str] | None = None,
) -> Callable:
    """Register a function of (environment state, policy state, round) as a metric, compiled into the loop.

    Parameters
    ----------
    game : str
    name : str, optional
        By default the function's name with hyphens.
    label : str, optional
        The text of its axis; by default its name.
    cumulative : bool
        Sum it over the rounds; by default it is read at the record points.
    signed : bool
        Whether it can be negative.
    better : str, optional
        "lower" or "higher": which marks the best policy of a table; by default none is.
    environments, policies : iterable of str, optional
        The kinds that it is kept for, where its function reads fields that only their states have; all by default.
    """
    scopes = [None if kinds is None else frozenset(kinds) for kinds in (environments, policies)]

    def register(function: Callable) -> Callable:
        kind = name or function.__name__.replace("_", "-")
        built_in = {m.name for m in _game(game).metrics}
        if kind in built_in:
            raise TypeError(f"metric {kind!r}: the game {game!r} has one of that name")
        found = list(inspect.signature(function).parameters)
        if len(found) != 3:
            raise TypeError(
                f"metric {kind!r}: {function.__name__}({', '.join(found)}) should have the form "
                f"{function.__name__}(env, policy, round)"
            )
        entry = Metric(kind, label or kind, signed=signed, cumulative=cumulative, better=better)
        _metrics[game, kind] = UserMetric(game, entry, function, *scopes)
        return function

    return register


def adopt(entries: Iterable[UserMetric]) -> None:
    """Register the metrics that another process has, and only those."""
    _metrics.clear()
    for entry in entries:
        _metrics[entry.game, entry.metric.name] = entry


def _game(name: str) -> Any:
    if name not in games():
        raise TypeError(f"no game {name!r}{nearest(name, games())}")
    return games()[name]


def _stubs(role: str, game: str) -> tuple[Callable, ...]:
    if role == "wrapper":
        return ()
    return _game(game).environment_verbs if role == "environment" else _game(game).policy_verbs


def _optional_stubs(role: str, game: str) -> tuple[Callable, ...]:
    if role == "wrapper":
        return letters.handle, letters.number, letters.truth
    return _game(game).environment_options if role == "environment" else _game(game).policy_options


def _register(role: str, name: str, game: str, cls: type, **facts: Any) -> type:
    place = f"{role} {name}" if role == "wrapper" else f"{role} {game}/{name}"
    if "__dataclass_fields__" not in vars(cls) or not cls.__dataclass_params__.frozen:
        raise TypeError(f"{place}: put @dataclass(frozen=True) above the class {cls.__name__}")
    for method, purpose in METHODS[role].items():
        if not hasattr(cls, method.partition("(")[0]):
            raise TypeError(f"{place}: the class {cls.__name__} lacks {method}, {purpose}")
    for key in TABLE_KEYS[role]:
        if key in cls.__dataclass_fields__:
            raise TypeError(f"{place}: a parameter cannot be called {key!r}, which is a key of every grid's tables")
    for stub in _stubs(role, game):
        _check_verb(place, cls, stub)
    for stub in _optional_stubs(role, game):
        if hasattr(cls, stub.__name__):
            _check_verb(place, cls, stub)
    if role == "wrapper":
        _check_wrapper(place, cls)
    if role == "environment":
        known = [m.name for m in _game(game).metrics]
        facts["metrics"] = facts["metrics"] or tuple(known)
        for unknown in set(facts["metrics"]) - set(known):
            raise TypeError(f"{place}: no metric {unknown!r}{nearest(unknown, known)}")
    for metric_, order in facts.get("growth", {}).items():
        known = [m.name for m in _game(game).metrics]
        if metric_ not in known or order not in ORDERS:
            allowed = f"one of {', '.join(ORDERS)} for one of {', '.join(known)}"
            raise TypeError(f"{place}: growth: {allowed}; got {order!r} for {metric_!r}")
    try:
        facts["cite"] = references.checked(facts.get("cite", ()))
    except ValueError as error:
        raise TypeError(f"{place}: {error}") from None
    taken = _kinds.get((role, game, name))
    in_notebook = taken and taken.cls.__module__ == cls.__module__ == "__main__"
    if (
        taken
        and not in_notebook
        and (taken.cls.__module__, taken.cls.__qualname__) != (cls.__module__, cls.__qualname__)
    ):
        raise TypeError(f"{place}: that name is taken by {taken.cls.__module__}.{taken.cls.__qualname__}")
    _kinds[role, game, name] = Kind(role, game, name, cls, **facts)
    for shown in (plot, _repr_html_):
        if not hasattr(cls, shown.__name__) and (role, shown) != ("wrapper", plot):
            setattr(cls, shown.__name__, shown)
    return cls


def plot(self: Any, *arguments: Any, **options: Any) -> Any:
    """Draw an instance of an environment, or what a policy believes in a state; see `banditlab.pictures`."""
    # nothing of a picture is imported before one is drawn; pictures know games and runs, which stand on this module
    drawn = importlib.import_module("banditlab.pictures")
    role = kind_of(self).role
    return (drawn.plot_environment if role == "environment" else drawn.plot_policy)(self, *arguments, **options)


def _repr_html_(self: Any) -> str:
    """Show parameters as a table, in a notebook."""
    return importlib.import_module("banditlab.catalogue").page_of(self)


def _check_wrapper(place: str, cls: type) -> None:
    verbs = [stub.__name__ for stub in _optional_stubs("wrapper", "any") if hasattr(cls, stub.__name__)]
    if not verbs and not hasattr(cls, "retell"):
        raise TypeError(f"{place}: the class {cls.__name__} lacks a verb: handle, number, truth; or the method retell")
    if verbs and not hasattr(cls, "start"):
        raise TypeError(f"{place}: the class {cls.__name__} lacks start(self, shelf, noise, horizon)")


def _check_verb(place: str, cls: type, stub: Callable) -> None:
    verb = inspect.getattr_static(cls, stub.__name__, None)
    wanted = list(inspect.signature(stub).parameters)
    form = f"{stub.__name__}({', '.join(wanted)})"
    if verb is None:
        raise TypeError(f"{place}: the class {cls.__name__} lacks the verb {form}")
    if not isinstance(verb, staticmethod):
        raise TypeError(f"{place}: {stub.__name__} must be a @staticmethod of the form {form}")
    parameters = inspect.signature(verb.__func__).parameters
    found = list(parameters)
    plain = all(parameter.kind is parameter.POSITIONAL_OR_KEYWORD for parameter in parameters.values())
    moved = any(name in wanted and wanted.index(name) != i for i, name in enumerate(found))
    if len(found) != len(wanted) or moved or not plain:
        text = inspect.signature(verb.__func__)
        raise TypeError(f"{place}: {stub.__name__}{text} should have the form {form}")


# --- finding ------------------------------------------------------------------------------------------------------


def kinds(role: str, game: str | None = None) -> list[Kind]:
    """Return all registered kinds of a role, by game and name."""
    _load_built_in()
    _load_entry_points()
    return [kind for key, kind in sorted(_kinds.items()) if key[0] == role and game in (None, key[1])]


def find(role: str, name: str, game: str | None = None, among: Collection[str] = ()) -> Kind:
    """Return the kind of this name; a bare name must be unique over games, `game/name` always is.

    Parameters
    ----------
    role, name : str
    game : str, optional
        The only one in question.
    among : collection of str
        Games that decide between several kinds of a bare name.

    Raises
    ------
    UserError
        Unknown, with the nearest name; ambiguous, with the qualified names.
    """
    scope, _, bare = name.rpartition("/")
    scope = scope or game
    found = named(role, name, game)
    if len(found) > 1:
        nearer = [kind for kind in found if kind.game in among] or found
        found = [kind for kind in nearer if not games()[kind.game].yields] or nearer
    if len(found) > 1:
        choices = " or ".join(repr(kind.title) for kind in found)
        raise UserError(f"{name!r} is ambiguous: write {choices}")
    if not found:
        raise UserError(_unknown(role, name, scope) + lost())
    return found[0]


def named(role: str, name: str, game: str | None = None) -> list[Kind]:
    """Return the kinds that a name can stand for, by game."""
    _load_built_in()
    scope, _, bare = name.rpartition("/")
    scope = scope or game
    every = sorted(_kinds.items())
    found = [kind for key, kind in every if key[0] == role and key[2] == bare and scope in (None, key[1])]
    return named(role, name, game) if not found and _load_entry_points() else found


def _unknown(role: str, name: str, scope: str | None) -> str:
    bare = name.rpartition("/")[2]
    elsewhere = sorted(key[1] for key in _kinds if key[0] == role and key[2] == bare)
    if scope and scope not in games():
        return f"no game {scope!r}{nearest(scope, games())}"
    plays = "" if scope is None else (f" plays {scope}" if role == "policy" else f" of {scope}")
    if elsewhere:
        return f"no {role} {bare!r}{plays} (it is of {', '.join(elsewhere)})"
    names = {key[2] for key in _kinds if key[0] == role and scope in (None, key[1])}
    near = nearest(bare, names)
    own = "" if plugins or "did you mean" in near else "; one of your own needs --plugin FILE"
    return f"no {role} {bare!r}{plays}{near}{own}"


def kind_of(thing: Any) -> Kind:
    """Return the kind of an instance of a registered class.

    Raises
    ------
    UserError
        Its class is not registered; a subclass of a registered one counts as its own.
    """
    for kind in _kinds.values():
        if kind.cls is type(thing):
            return kind
    if isinstance(thing, type | str):
        raise UserError(f"an instance is needed, such as UCB1(); got {thing!r}")
    name = type(thing).__name__
    raise UserError(f"{name} is not registered: put @banditlab.policy(...) or @banditlab.environment(...) above it")


def metrics(game: str, environment: str | None = None, policy: str | None = None) -> list[UserMetric]:
    """Return the users' metrics of a game, by name; those for one kind of environment and policy where given."""
    found = [key for key, entry in _metrics.items() if key[0] == game and entry.is_for(environment, policy)]
    return [_metrics[key] for key in sorted(found)]


@functools.cache
def _load_built_in() -> None:
    packages = [f"banditlab.{role}.{game.folder}" for role in ("environments", "policies") for game in games().values()]
    for package in filter(importlib.util.find_spec, [*packages, "banditlab.wrappers"]):
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
            importlib.import_module(module.name)


broken: dict[str, str] = {}  #: entry points that failed to load: their name and the error


@functools.cache
def _entry_points() -> list[Any]:
    points = importlib.metadata.entry_points()
    return [
        point for role in ("environments", "policies", "wrappers") for point in points.select(group=f"banditlab.{role}")
    ]


def lost() -> str:
    """Return what a message about an unknown name should add: the plug-ins that failed to load."""
    return "".join(f"; plug-in {name} could not be loaded: {error}" for name, error in broken.items())


_loaded: set[str] = set()


def _load_entry_points() -> bool:
    """Load what is installed beside the package; tell whether there was anything new."""
    new = [point for point in _entry_points() if point.value not in _loaded]
    for point in new:
        _loaded.add(point.value)
        try:
            point.load()
        except Exception as error:  # one broken plug-in must not take the others along
            broken[point.name] = f"{type(error).__name__}: {error}"
    return bool(new)


plugins: list[str] = []  #: the users' files that were run, as absolute paths


def load_plugin(path: str | Path) -> None:
    """Run a user's file of policies, environments and metrics.

    Raises
    ------
    UserError
        The file is missing or raises.
    """
    file = Path(path).resolve()
    name = f"banditlab_plugin_{file.stem}_{hashlib.sha256(str(file).encode()).hexdigest()[:8]}"
    if not file.is_file():
        raise UserError(f"{path}: no such plug-in file")
    _load_built_in()  # so that a name that is taken is the plug-in's mistake
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise UserError(f"{path}: {type(error).__name__}: {error}") from error
    plugins.append(str(file))
