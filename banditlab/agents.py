"""A policy one round at a time, for a loop of the user's own."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from operator import methodcaller
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from banditlab import fuse, registry, seeding
from banditlab.errors import UserError
from banditlab.facts import check_facts, check_names
from banditlab.games import games
from banditlab.numerics.structures import WORDS, read_family
from banditlab.problem import Problem
from banditlab.runs.grid import Player
from banditlab.validation import build, parameters

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MISSING = "by agent(..., told={{{name!r}: ...}})"
#: What policies need that learn from the values of parts alone.
BY_PARTS = frozenset({"part-values", "cascade"})


def agent(
    kind: str,
    arms: int | None = None,
    dim: int | None = None,
    *,
    game: str | None = None,
    horizon: int | None = None,
    told: dict[str, Any] | None = None,
    seed: int = 0,
    **settings: Any,
) -> Agent:
    """Return a policy to be asked and told, round by round.

    Parameters
    ----------
    kind : str
        Name of the policy, or game/name.
    arms, dim : int
        K, and the length d of a feature vector (0 without features), where the game has these.
    game : str, optional
        Where two games have a policy of that name.
    horizon : int, optional
        Number of rounds to come; policies that use it can be told at most that many. 10 000 rounds by default for those
        that only need room.
    told : dict, optional
        Further facts that the policy is told, such as {"link": "logistic"}. Arms have features of their own, unless
        they say {"arm_features": False}: then a policy that could share weights between arms gives each its own.
        Policies of the black-box game learn from the rows of {"initial": ...}, each a point and its values; those of
        the convex game need {"form": "ball" | "box" | "simplex", "radius": ...}. Those of the combinatorial game need
        the sets that may be played: {"family": {"k": 3}}, of at most 3 items; {"costs": [...], "budget": 2.0} within a
        budget; {}, all; {"grid": 4}, {"pairs": 4}, {"edges": [[0, 1], ...]} as of environments with these parameters.
    seed : int
        Of the policy's own stream.
    **settings
        Parameters of the policy; and the other numbers that its game counts: `contexts`; `points` and `constraints`;
        `resources`; `items`.

    Raises
    ------
    UserError
        Unknown kind, parameter or fact, a number or a fact out of range, or a fact or features that the policy needs
        are missing.

    Examples
    --------
    >>> import banditlab
    >>> agent = banditlab.agent("ucb1", arms=3)
    >>> arm = agent.ask()
    >>> agent.tell(1.0)
    >>> agent
    <agent UCB1() after 1 rounds>
    """
    entry = registry.find("policy", kind, game)
    axes = games()[entry.game].axes
    settings |= {name: value for name, value in (("arms", arms), ("dim", dim)) if value is not None}
    given = {axis: settings.pop(axis, None if least else 0) for axis, least in axes.items()}
    least = {**axes, "horizon": 1, "seed": 0}
    for name, value in {**given, "horizon": horizon or 1, "seed": seed}.items():
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least[name]:
            raise UserError(f"agent {kind!r}: {name}: should be an integer of at least {least[name]}, got {value!r}")
    if given.get("dim") == 0 and any("features" in word for word in entry.needs):
        raise UserError(f"agent {kind!r}: dim: the policy needs features, of length dim >= 1; got 0")
    if given.get("parts") == 0:
        given["parts"] = given["items"]
    instance = build(entry, settings, f"agent {kind!r}")
    try:
        check_names(told or {}, (policy.told for policy in registry.kinds("policy")))
    except ValueError as error:
        raise UserError(f"agent {kind!r}: {error}") from None
    run = {"rounds": horizon or 10_000, **({"horizon": horizon} if horizon else {})}
    facts = {**run, **games()[entry.game].assumed, **(told or {})}
    shape = {axis: int(given[axis]) for axis in axes}
    return Agent(entry, instance, {"shape": shape, "facts": facts, "seed": int(seed)})


class Agent:
    """A policy with its state: `ask` for an action, then `tell` its outcome; `save` and `load` it.

    Attributes
    ----------
    t : int
        Rounds told so far.
    state : NamedTuple
        The policy's state, arrays.
    game : str
        What it plays.
    """

    def __init__(self, entry: registry.Kind, instance: Any, setting: dict[str, Any]):
        self._entry, self._instance, self._setting = entry, instance, setting
        self._rng = seeding.stream(setting["seed"], "agent", entry.game, entry.name)
        self._needs = Player(entry.name, entry, instance).needs
        try:
            check_facts(setting["facts"], entry.told, setting["shape"])
        except ValueError as error:
            raise UserError(f"agent {entry.name!r}: {error}") from None
        facts = {name: np.array(fact) if isinstance(fact, list) else fact for name, fact in setting["facts"].items()}
        self._game, self.game = games()[entry.game], entry.game
        self._shape = tuple(self._game.shown_shape(setting["shape"]).values())
        self._domain = self._fixed_features(facts)
        try:
            self._verbs = entry.verbs | self._family_verbs(facts)
            problem = Problem(entry.name, setting["shape"], facts, entry.told, MISSING)
            self.state = fuse.settle(instance.start(problem, self._rng))
        except (ValueError, TypeError, ArithmeticError) as error:
            raise UserError(f"agent {entry.name!r}: {error}") from error
        if reason := self._game.alone(instance, self.state):
            raise UserError(f"agent {entry.name!r}: {reason}")
        if self._game.hinted(instance, self.state):
            self._domain = None
        self._rounds = min((int(facts[name]) for name in ("rounds", "horizon") if name in problem.used), default=None)
        self.t, self._asked = 0, None
        self._ask, self._tell = None, None

    def __repr__(self) -> str:
        return f"<agent {self._instance} after {self.t} rounds>"

    def ask(self, features: np.ndarray | None = None) -> Any:
        """Return the action for a round: an arm, a pair of arms, a context and a pair, a point, or an array of items.

        Parameters
        ----------
        features : ndarray (K, d) or (contexts, K, d) or (resources,) or (dim,), optional
            Features of the arms, where there are any that change; by default the domain that the policy was told. What
            is left of each budget, for a policy of the knapsack game; the hint (dim,), for one of the convex game that
            takes hints.

        Raises
        ------
        UserError
            Features or budgets of the wrong shape; an action is waiting for its outcome; no room for more rounds.
        """
        if self._asked is not None:
            raise UserError("the last action waits for its outcome: call tell(outcome) first")
        if self._rounds is not None and self.t >= self._rounds:
            raise UserError(f"this agent has room for {self._rounds} rounds: start it with a larger horizon")
        features = self._features(features)
        arguments = (self.state, self.t, features, self._rng)
        if self._ask is None:
            self._ask, _ = fuse.prepare(self._game.ask, self._verbs, arguments)
        action = self._ask(*arguments)
        self._asked = (features, self._game.action.kept(action))
        return self._game.action.kept(action)

    def tell(self, outcome: Any) -> None:
        """Let the policy learn the outcome of its last action.

        Parameters
        ----------
        outcome : float, bool or sequence
            A reward; whether the first arm won; the values of objective and constraints; reward and costs, of the
            action or of all; the gradient at the point; or the reward of a set, or (reward, {item: value, ...}) where
            the values of its items were seen, in [0, 1].

        Raises
        ------
        UserError
            No action waits for an outcome, or it is none of the game's.
        """
        if self._asked is None:
            raise UserError("no action waits for an outcome: call ask() first")
        features, action = self._asked
        try:
            read = self._game.outcome(outcome, self._setting["shape"])
            if self.game == "combinatorial":
                self._check_parts(action, read[1])
        except ValueError as error:
            raise UserError(f"outcome: {error}") from None
        arguments = (self.state, self.t, features, action, read)
        if self._tell is None:
            self._tell, _ = fuse.prepare(self._game.tell, self._verbs, arguments)
        try:
            self._tell(*arguments)
        except ValueError as error:
            raise UserError(f"outcome: {error}") from None
        self._asked = None
        self.t += 1

    def recommend(self) -> Any:
        """Return the arm that seems best so far; an array, one arm a context, where the policy chooses contexts too.

        Raises
        ------
        UserError
            The policy recommends nothing.
        """
        return np.copy(self._optional("recommend"))[()]  # a copy: a policy may keep the array in its state

    @property
    def stopped(self) -> bool:
        """Whether the policy has seen enough; False for ever where it has no stopping rule."""
        return hasattr(self._instance, "stop") and bool(self._optional("stop"))

    @property
    def declared(self) -> bool:
        """Whether the policy takes its problem for infeasible; False for ever where it declares nothing."""
        return hasattr(self._instance, "declares") and bool(self._optional("declares"))

    def _optional(self, verb: str) -> Any:
        if not hasattr(self._instance, verb):
            raise UserError(f"agent {self._entry.name!r}: this policy does not {verb}")
        return getattr(self._instance, verb)(self.state, self.t)

    def plot(self, truth: Any = None) -> Figure:
        """Draw what the policy believes; see `banditlab.pictures.plot_policy`.

        Parameters
        ----------
        truth : array, optional
            What is drawn beside it as true.

        Raises
        ------
        UserError
            The policy has no picture.
        """
        return self._instance.plot(self.state, self.t, points=self._points(), truth=truth)

    def _points(self) -> np.ndarray | None:
        """Return the domain (N, d), where the arms are its points."""
        known = self._domain is not None and self._domain.ndim == 2 and self._domain.shape[1] > 0
        return self._domain if known else None

    def save(self, path: str | Path) -> None:
        """Write the agent to an NPZ file, between two rounds.

        Raises
        ------
        UserError
            An action waits for its outcome, or the state is more than arrays and numbers.
        """
        if self._asked is not None:
            raise UserError("save between two rounds: call tell(outcome) first")
        if not hasattr(self.state, "_fields"):
            raise UserError(f"the state of {self._entry.name!r} is no NamedTuple of arrays and cannot be saved")
        about = {
            "game": self._entry.game,
            "kind": self._entry.name,
            "parameters": parameters(self._instance),
            "setting": self._setting,
            "t": self.t,
            "rng": self._rng.bit_generator.state,
        }
        arrays = _flatten(self.state)
        if any(array.dtype.kind == "O" for array in arrays.values()):
            raise UserError(f"the state of {self._entry.name!r} is more than arrays and numbers and cannot be saved")
        with Path(path).open("wb") as file:
            np.savez(file, about=np.array(json.dumps(about, default=methodcaller("tolist"))), **arrays)

    @classmethod
    def load(cls, path: str | Path) -> Agent:
        """Read an agent that `save` wrote; it goes on as if it had never stopped.

        Raises
        ------
        UserError
            The file is missing, is no agent's, or its state does not fit the policy.
        """
        try:
            with Path(path).open("rb") as stream, np.load(stream, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            about = json.loads(str(arrays.pop("about")))
            entry = registry.find("policy", about["kind"], about["game"])
            made = cls(entry, build(entry, about["parameters"], str(path)), about["setting"])
            made._rng.bit_generator.state = about["rng"]
            made.t = int(about["t"])
            made.state = _restore(made.state, arrays, str(path))
        except UserError:
            raise
        except (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
            raise UserError(f"{path}: cannot be read as a saved agent: {error}") from error
        return made

    def _family_verbs(self, facts: dict[str, Any]) -> dict[Callable, Callable]:
        """Make the family of sets that the user describes, and return the environment's verbs that it stands for."""
        if "family" not in self._entry.told or "family" not in facts:
            return {}
        shape = self._setting["shape"]
        family = facts["family"] = read_family(facts["family"], shape["items"])
        if shape["parts"] != shape["items"]:
            raise ValueError(f"parts: {shape['items']}, one an item; got {shape['parts']}")
        if lacking := sorted(self._needs & WORDS - family.gives):
            raise ValueError(f"family: the policy needs {', '.join(lacking)}, which these sets do not give")
        stubs = (*self._game.environment_verbs, *self._game.environment_options)
        return {stub: family.verbs[stub.__name__] for stub in stubs if stub.__name__ in family.verbs}

    def _check_parts(self, items: np.ndarray, parts: np.ndarray) -> None:
        """Check which parts of a set were seen: its own items, and some where the policy learns from nothing else."""
        if len(items) and not len(parts) and self._needs & BY_PARTS:
            raise ValueError("should be (reward, {item: value, ...}), since the policy learns from values; got none")
        shape = self._setting["shape"]
        others = np.setdiff1d(parts, items) if shape["parts"] == shape["items"] else ()
        if len(others):
            raise ValueError(f"values should be of items that were played, {items.tolist()}; got one of {others[0]}")

    def _features(self, features: np.ndarray | None) -> np.ndarray:
        if features is None and self._domain is not None:
            return self._domain
        found = self._checked(self._game.shown, features)
        if self._domain is not None and not np.array_equal(found, self._domain):
            raise UserError("features: the policy was told a domain, which does not change: leave them out")
        return found

    def _fixed_features(self, facts: dict[str, Any]) -> np.ndarray | None:
        """Return the features of all rounds, where they are known before the first."""
        if "domain" in self._entry.told and "domain" in facts:
            facts["domain"] = self._checked("domain", facts["domain"])
            return facts["domain"]
        return np.zeros(self._shape) if self._shape[-1] == 0 or self._game.still else None

    def _checked(self, place: str, features: Any) -> np.ndarray:
        try:
            found = np.array(features, float, ndmin=len(self._shape))
        except (ValueError, TypeError):
            raise UserError(f"{place}: finite numbers of shape {self._shape}, got {features!r}") from None
        if features is None:
            raise UserError(f"{place}: finite numbers of shape {self._shape}, got none")
        if found.shape != self._shape:
            axes = ", ".join(self._game.shown_shape(self._setting["shape"]))
            raise UserError(f"{place}: finite numbers of shape {self._shape}, for ({axes}); got shape {found.shape}")
        if not np.isfinite(found).all():
            raise UserError(f"{place}: finite numbers, got {found[~np.isfinite(found)][0]}")
        return found


def _flatten(state: Any, prefix: str = "") -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    for name, value in _items(state):
        if isinstance(value, tuple):
            arrays |= _flatten(value, f"{prefix}{name}.")
        else:
            arrays[f"{prefix}{name}"] = np.asarray(value)
    return arrays


def _restore(state: Any, arrays: dict[str, np.ndarray], place: str, prefix: str = "") -> Any:
    values = []
    for name, value in _items(state):
        if isinstance(value, tuple):
            values.append(_restore(value, arrays, place, f"{prefix}{name}."))
            continue
        stored, current = arrays[f"{prefix}{name}"], np.asarray(value)
        if stored.shape != current.shape or stored.dtype != current.dtype:
            raise UserError(
                f"{place}: {prefix}{name} is {stored.dtype} {stored.shape}, "
                f"the policy's is {current.dtype} {current.shape}"
            )
        values.append(stored if isinstance(value, np.ndarray) else type(value)(stored[()]))
    return type(state)(*values) if hasattr(state, "_fields") else tuple(values)


def _items(state: tuple) -> Iterator[tuple[str, Any]]:
    """Yield the parts of a state with their names; of a plain tuple, with their places."""
    names = getattr(state, "_fields", None) or map(str, range(len(state)))
    return zip(names, state, strict=True)
