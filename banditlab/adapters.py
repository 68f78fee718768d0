"""Learners of other libraries as policies of the game `bandit`: coba, MABWiser, river, scikit-learn, or one's own.

They run in plain Python, round by round, and results say so. What is adapted must draw its random numbers from the
seed that it is given, so that a replication gives the same numbers wherever it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from banditlab.errors import UserError
from banditlab.registry import policy

LIMIT = 2**31 - 1  #: of seeds, which some libraries hold in 32 bits


def adapt(name: str, make: Callable[[int, int, int], Any], *, needs: Iterable[str] = (), epsilon: float = 0.1) -> Any:
    """Register a learner as a policy of the game `bandit`, and return that policy, for `banditlab.run`.

    Parameters
    ----------
    name : str
        Its kind: lower case, hyphens.
    make : callable
        Returns a fresh learner for (arms K, length of a feature vector d, seed). Its methods say of which kind it is:

        - `choose(t, features, rng)` and `learn(t, features, arm, reward)`: one's own, with features (K, d);
        - `predict(context, actions)` and `learn(context, action, reward, probability)`: coba's. Where arms have
          features of their own these are the actions and the context is None; else actions are 0 .. K-1;
        - `predict(contexts)` and `partial_fit(decisions, rewards, contexts)`, with arms: MABWiser's; arms are 0 .. K-1.
          Each is played once first;
        - `pull(arms)` or `pull(arms, context=...)`, and `update(arm, ...)`: river's;
        - `predict(X)` and `partial_fit(X, y)`: a regression of scikit-learn's form, on an arm's features, or on those
          of the round with an indicator of the arm. The arm of the largest prediction is played, and with probability
          `epsilon` any arm.
    needs : iterable of str
        What an environment must give: "features", "bounded-rewards".
    epsilon : float
        In [0, 1], for a regression.

    Raises
    ------
    UserError
        Epsilon is outside [0, 1]. When a run starts: the learner has none of these methods, or has no place for
        features that differ between arms.
    TypeError
        The name is taken.
    """
    if not 0.0 <= epsilon <= 1.0:
        raise UserError(f"{name}: epsilon lies in [0, 1], got {epsilon}")

    def start(self, problem, rng) -> Any:
        seed = int(rng.integers(LIMIT))
        return _adapter(make(problem.arms, problem.dim, seed), name, problem, epsilon)

    about = {"__doc__": f"The learner of {getattr(make, '__qualname__', name)}.", "__module__": make.__module__}
    cls = type(name, (_Adapted,), {**about, "start": start, "make": staticmethod(make)})
    told = ("arm_features",)
    return policy(name, game="bandit", needs=(*needs, "prompt-feedback"), told=told)(dataclass(frozen=True)(cls))()


@dataclass(frozen=True)
class _Adapted:
    """The verbs of all adapted learners."""

    plain = "a learner in Python"

    @staticmethod
    def choose(state, t, features, rng):
        return state.choose(t, features, rng)

    @staticmethod
    def learn(state, t, features, arm, reward):
        state.learn(t, features, arm, reward)


def _adapter(learner: Any, name: str, problem: Any, epsilon: float) -> Any:
    def has(*methods: str) -> bool:
        return all(callable(getattr(learner, method, None)) for method in methods)

    if has("choose", "learn"):
        return learner
    if has("predict", "learn"):
        return _Coba(learner, problem)
    if has("predict", "partial_fit") and hasattr(learner, "arms"):
        return _MABWiser(learner, name, problem)
    if has("pull", "update"):
        return _River(learner, name, problem)
    if has("predict", "partial_fit"):
        return _Regression(learner, problem, epsilon)
    found = ", ".join(method for method in dir(learner) if not method.startswith("_")) or "none"
    wanted = "choose and learn, predict and learn, pull and update, or predict and partial_fit"
    raise UserError(f"{name}: what it makes should have {wanted}; {type(learner).__name__} has {found}")


def _refuse_arm_features(library: str, name: str, problem: Any) -> None:
    if problem.dim and problem.arm_features:
        text = f"features differ between arms here, and a learner of {library} takes one context a round"
        raise UserError(f"{name}: {text}")


class _Coba:
    """A learner of coba's form: it predicts a law over actions, an action, or an action with its probability."""

    def __init__(self, learner: Any, problem: Any):
        self._learner, self._own = learner, bool(problem.dim and problem.arm_features)
        self._shared = bool(problem.dim) and not self._own

    def choose(self, t, features, rng):
        self._context = tuple(features[0].tolist()) if self._shared else None
        self._actions = list(map(tuple, features.tolist())) if self._own else list(range(features.shape[0]))
        found, self._more = self._learner.predict(self._context, self._actions), {}
        if isinstance(found, tuple | list) and found and isinstance(found[-1], dict):
            found, self._more = found[0] if len(found) == 2 else found[:-1], found[-1]
        found = found.tolist() if isinstance(found, np.ndarray) else found
        form = "pmf" if self._is_law(found) else "action_prob" if self._is_pair(found) else "action"
        if isinstance(found, dict):
            [(form, found)] = found.items()
        if form == "pmf":
            arm = min(int(np.searchsorted(np.cumsum(found), rng.random(), side="right")), len(found) - 1)
            self._probability = float(found[arm])
            return arm
        action, probability = found if form == "action_prob" else (found, 1.0)
        self._probability = float(probability)
        return self._actions.index(action)

    def _is_pair(self, found: Any) -> bool:
        named = isinstance(found, tuple | list) and len(found) == 2
        return named and any(found[0] is action for action in self._actions)

    def _is_law(self, found: Any) -> bool:
        if self._is_pair(found) or isinstance(found, dict) or found in self._actions:
            return False
        try:
            return len(found) == len(self._actions) and abs(sum(found) - 1) < 1e-6
        except TypeError:
            return False

    def learn(self, t, features, arm, reward):
        self._learner.learn(self._context, self._actions[arm], reward, self._probability, **self._more)


class _MABWiser:
    """A learner of MABWiser's form, which must have seen an arm before it predicts."""

    def __init__(self, learner: Any, name: str, problem: Any):
        _refuse_arm_features("MABWiser", name, problem)
        self._learner, self._shared = learner, bool(problem.dim)

    def _contexts(self, features):
        return [features[0].tolist()] if self._shared else None

    def choose(self, t, features, rng):
        return t if t < features.shape[0] else int(self._learner.predict(self._contexts(features)))

    def learn(self, t, features, arm, reward):
        self._learner.partial_fit([arm], [reward], self._contexts(features))


class _River:
    """A policy of river's form."""

    def __init__(self, learner: Any, name: str, problem: Any):
        _refuse_arm_features("river", name, problem)
        self._learner, self._shared, self._arms = learner, bool(problem.dim), list(range(problem.arms))

    def _context(self, features):
        return dict(enumerate(features[0].tolist()))

    def choose(self, t, features, rng):
        more = {"context": self._context(features)} if self._shared else {}
        return self._learner.pull(self._arms, **more)

    def learn(self, t, features, arm, reward):
        seen = (self._context(features), reward) if self._shared else (reward,)
        self._learner.update(arm, *seen)


class _Regression:
    """The greedy arm of a regression, but with probability epsilon any arm; any arm until it has learnt of a round."""

    def __init__(self, learner: Any, problem: Any, epsilon: float):
        self._learner, self._epsilon, self._fitted = learner, epsilon, False
        self._indicators = np.zeros((problem.arms, 0)) if problem.dim and problem.arm_features else np.eye(problem.arms)

    def choose(self, t, features, rng):
        self._rows = np.hstack([features, self._indicators])
        if rng.random() < self._epsilon or not self._fitted:
            return int(rng.random() * len(features))
        return int(np.argmax(self._learner.predict(self._rows)))

    def learn(self, t, features, arm, reward):
        self._learner.partial_fit(self._rows[[arm]], np.array([reward]))
        self._fitted = True
