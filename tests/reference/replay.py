"""A run of a compiled pair that keeps every round, and the same run decided by a twin."""

from typing import Any, NamedTuple

import numpy as np

from banditlab import fuse, registry, seeding
from banditlab.games import bandit, dueling, games
from banditlab.problem import Problem
from tests.reference.picking import Following


class Run(NamedTuple):
    """A run of T rounds. The policy's state is the last one; facts are what policies may be told."""

    features: np.ndarray  #: (T, K, d)
    best: np.ndarray  #: (T,) the best arm of each round, as the environment has it
    actions: np.ndarray  #: (T, 1) arms or (T, 2) pairs
    outcomes: np.ndarray  #: (T,) rewards, or whether the first arm won
    totals: np.ndarray  #: (T, M) what each round added to the metrics
    env: Any
    state: Any
    facts: dict[str, Any]


def play_arms(env, policy, contexts, coins, features, best, actions, outcomes, totals):
    """A loop of the game `bandit` that keeps its rounds."""
    for t in range(outcomes.shape[0]):
        features[t] = bandit.observe(env, t, contexts)
        best[t] = env.best[0]
        arm = bandit.choose(policy, t, features[t], coins)
        outcomes[t] = bandit.pull(env, t, features[t], arm)
        bandit.learn(policy, t, features[t], arm, outcomes[t])
        bandit.regret(env, t, features[t], arm, outcomes[t], totals[t])
        actions[t, 0] = arm


def play_pairs(env, policy, contexts, coins, features, best, actions, outcomes, totals):
    """A loop of the game `dueling` that keeps its rounds."""
    for t in range(outcomes.shape[0]):
        features[t] = dueling.observe(env, t, contexts)
        best[t] = env.best[0]
        first, second = dueling.choose(policy, t, features[t], coins)
        won = dueling.duel(env, t, features[t], first, second)
        dueling.learn(policy, t, features[t], first, second, won)
        dueling.regret(env, t, features[t], first, second, totals[t])
        actions[t] = first, second
        outcomes[t] = won


def start_env(environment, horizon, seed):
    """State of an environment on streams of its own."""
    return fuse.settle(
        environment.start(seeding.stream(seed, "instance"), seeding.key(seed, "noise"), horizon),
    )


def start_policy(policy, problem, seed):
    """State of a policy, and its stream."""
    coins = seeding.stream(seed, "policy")
    return fuse.settle(policy.start(problem, coins)), coins


def told(policy, features, facts):
    """The problem as a policy is told of it."""
    kind = registry.kind_of(policy)
    return Problem(kind.name, *features.shape[-2:], facts, kind.told)


def run(environment, policy, horizon, seed=0, env=None, compiled=True, coins_seed=None) -> Run:
    """Play a pair; `env` stands for a state that was made otherwise."""
    world, player = registry.kind_of(environment), registry.kind_of(policy)
    pairs = player.game == "dueling"
    env = start_env(environment, horizon, seed) if env is None else env
    facts = {"horizon": horizon, "rounds": horizon, **environment.facts(env)}
    state, coins = start_policy(policy, told(policy, env.features, facts), seed if coins_seed is None else coins_seed)
    loop = (fuse.fuse if compiled else fuse.plain)(play_pairs if pairs else play_arms, world.verbs | player.verbs)
    features, best = np.zeros((horizon, *env.features.shape)), np.zeros(horizon, int)
    actions = np.zeros((horizon, 1 + pairs), int)
    outcomes, totals = np.zeros(horizon), np.zeros((horizon, len(games()[player.game].metrics)))
    loop(env, state, seeding.stream(seed, "contexts"), coins, features, best, actions, outcomes, totals)
    return Run(features, best, actions, outcomes, totals, env, state, facts)


def follow(done: Run, twin_class, policy, seed=0):
    """Let a twin decide the rounds of a run on the same coins.

    Returns
    -------
    mismatches : list of (t, what the twin chose, what was played)
    ties : int
        Decisions in which two scores were equal to within `picking.TIE`, and the twin took the one that was played.
    """
    best = np.zeros(1, int)
    coins = seeding.stream(seed, "policy")
    twin = twin_class(policy, told(policy, done.features, {**done.facts, "best": best}), coins)
    mismatches, ties = [], 0
    for t, action in enumerate(done.actions.tolist()):
        played = action[0] if len(action) == 1 else tuple(action)
        best[0] = done.best[t]
        pick = Following(played)
        chosen = twin.choose(t, done.features[t], coins, pick)
        ties += pick.ties
        if chosen != played:
            mismatches.append((t, chosen, played))
        twin.learn(t, done.features[t], *action, done.outcomes[t])
    return mismatches, ties
