"""NeuralGCB: levels of certainty, with a network for each (Salgia, Vakili and Zhao 2023).

S. Salgia, S. Vakili, Q. Zhao. Provably and practically efficient neural contextual bandits. ICML 2023 (arXiv
2206.00099). The proceedings name the first author alone; a note there says that the others were left out by mistake.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.gradient_covariance import (
    Covariance,
    DualCovariance,
    absorb,
    absorb_dual,
    bytes_of,
    bytes_of_dual,
    spread,
    spread_dual,
    start_dual_covariance,
)
from banditlab.numerics.network import Network, add_scaled, backward, forward, gaussian_weights
from banditlab.numerics.sampling import draw_index
from banditlab.numerics.training import History, remember, start_history, sum_gradients
from banditlab.policies.memory import check_memory
from banditlab.policies.neural import Networked, check_finite
from banditlab.registry import policy
from banditlab.types import AtLeastOne, Count, Counts, Flags, Fraction, Index, Matrix, NonNegative, Positive, Vector

SEQUENTIAL, FIXED, ADAPTIVE = range(3)
BATCHES = {"sequential": SEQUENTIAL, "fixed": FIXED, "adaptive": ADAPTIVE}


@policy(
    "neuralgcb",
    game="bandit",
    needs=("features", "prompt-feedback"),
    told=("horizon", "rounds", "arm_features"),
    cite=("salgia2023provably",),
)
@dataclass(frozen=True)
class NeuralGCB(Networked):
    """Passes arms up levels s = 0, 1, ... while it is certain of all of them, and explores or exploits where it is not.

    Level s has the rounds that were stored in it, a network f_s trained on them, and widths sigma^2 = g'A_s^-1 g for
    A_s = ridge I + sum of g g' over them. g is the gradient of f(x; w_0), always at the initial weights w_0, which all
    networks start from. In each round, from level 0 and with all K arms:

    1. Where sigma <= threshold 2^-(s+1) for all arms left, the one of largest f_s + beta sigma is played if its sigma
       is at most threshold / sqrt(T), or threshold / sqrt(2 T) for batch "sequential", and stored in level s + 1. Else
       arms with f_s + beta sigma below the largest f_s - beta sigma are dropped, and the next level decides.
    2. Else, at level 0, or after more than alpha_s = exploitation 4^(s+1) ln T rounds of the other kind at this level,
       any of the arms left whose sigma is above is drawn; otherwise the arm left of largest f_(s-1) is played, the
       leader of the level below. Either is stored in level s.

    beta = 2 norm + noise sqrt(2 ln(1 / delta) / ridge). There are ceil(ln T) levels; the last one plays its largest
    f_s + beta sigma and stores it in itself. The lowest index among equals.

    Training is full gradient descent on the mean of (f - r)^2 over all rounds of a level, from where it stands: batch
    "sequential" trains a level after every `train_every` rounds stored in it. The others look when they come to a
    level: "fixed" trains it where at least batches[s] rounds are new, "adaptive" where det A_s has grown more than
    ratios[s]-fold since it was last trained. The last entry serves all further levels.

    The threshold decides how long level 0 explores: for unit features and sigma-1, sigma is about sqrt(2 / ridge) at
    the start, and level 0 is left where it is at most half the threshold. Gradients divided by sqrt(m), as some have
    them, are the same as ridge m in the place of ridge.

    From its published code, since the paper's text could not be read: the two exits of 1., and beta, of which earlier
    versions, those of its stored results, have norm in the place of 2 norm. It differs from the code where that departs
    from what it is for. There a "fixed" level trains only at exactly as many new rounds, which it can step over;
    "adaptive" adds ln(1 + sigma^2 / ridge), where the determinant grows by 1 + sigma^2, with the sigma of the level
    that was looked at and not of that which stores it; and the last level's network is the one whose gradients are
    taken.

    The defaults are its values for synthetic functions and sigma-1, but for two. batch is the fastest of the three. The
    threshold of its stored results, 0.55, is for gradients divided by sqrt(m): threshold = 0.55 and ridge = 10 here,
    which explores for longer. Ratios go on as 1.2 2.5^s in the code. On features of norm 1, rate = 0.1 and epochs = 20
    led to the same regret in a tenth of the time; a rate above some 1 / |g|^2 diverges.

    A threshold so high that sigma is at most the first exit from the start has all rounds stored in level 1, and level
    0 never trained. No order of growth is stated: the paper's is for very wide networks.
    """

    hidden: tuple[Count, ...] = (20,)  #: widths of the hidden layers, at most two; the paper's experiments have one
    activation: str = "sigma-1"  #: as of other networks; the paper's experiments have sigma-1 and sigma-2
    batch: Literal["sequential", "fixed", "adaptive"] = "adaptive"  #: when networks are trained
    train_every: Count = 1  #: of "sequential"
    batches: tuple[Count, ...] = (2, 10, 20, 40, 80, 160, 320, 640)  #: q_s of "fixed"
    ratios: tuple[AtLeastOne, ...] = (1.2, 3.0, 7.5, 18.75, 46.875, 117.1875)  #: q_s of "adaptive"
    rate: Positive = 0.01  #: eta of gradient descent
    epochs: Index = 200  #: E, its steps in a training
    ridge: Positive = 0.5  #: lambda
    threshold: Positive = 1.8  #: lambda_0, in the units of sigma
    norm: NonNegative = 8.0  #: B, bound on the norm of the reward function
    noise: NonNegative = 0.1  #: nu, sub-Gaussian scale of rewards
    delta: Fraction = 0.1  #: error probability
    exploitation: NonNegative = 20.0  #: factor of alpha_s
    levels: Count | Literal["log"] = "log"  #: how many there are; "log" for ceil(ln T)
    #: primal: inverses of A_s; dual: by inner products of gradients, for many weights; auto: that of less memory, up to
    #: some T / 4 weights the first. Decisions are the same, to rounding
    covariance: Literal["auto", "primal", "dual"] = "auto"

    class State(NamedTuple):
        network: Network
        initial: Vector  #: (p,) w_0
        weights: Matrix  #: (S, p) of each level
        history: History
        members: Counts  #: (S, T) rounds of each level
        sizes: Counts  #: (S,)
        trained: Counts  #: (S,) size at the last training
        growth: Vector  #: (S,) of ln det A_s since then
        exploited: Counts  #: (S,) rounds that played the leader of the level below
        inverses: Matrix  #: (S, p, p) of A_s; (0, 0, 0) in the dual form
        image: Vector  #: (p,) scratch
        dual: DualCovariance  #: of no rounds in the primal form
        total: Vector  #: (p,) scratch
        means: Vector  #: (K,) f_s of the arms left
        widths: Vector  #: (K,) sigma
        left: Flags  #: (K,)
        level: Counts  #: (1,) which one decides, and then stores, the round
        due: Vector  #: (S,) new rounds, or growth, at which a level is trained
        limits: Vector  #: (S,) alpha_s
        threshold: float
        exit: float
        beta: float
        rate: float
        epochs: int
        every: int
        batch: int
        disjoint: bool
        by_products: bool  #: dual form

    def __post_init__(self):
        Networked.__post_init__(self)
        for name in ("batches", "ratios"):
            if not getattr(self, name):
                raise ValueError(f"{name}: at least one number, that of all levels")

    def start(self, problem, rng) -> State:
        arms, rounds, log = problem.arms, problem.rounds, math.log(problem.horizon)
        levels = max(1, math.ceil(log)) if self.levels == "log" else self.levels
        network = self.network(problem, biased=False)
        weights = gaussian_weights(network, rng)
        by_products, size = self._by_products(network, levels, rounds), len(weights)
        inverses = np.zeros((0, 0, 0) if by_products else (levels, size, size))
        inverses[:, range(inverses.shape[1]), range(inverses.shape[1])] = 1.0 / self.ridge
        batches = self.batches if self.batch == "fixed" else np.log(self.ratios)
        beta = 2.0 * self.norm + self.noise * math.sqrt(2.0 * math.log(1.0 / self.delta) / self.ridge)
        exit = self.threshold / math.sqrt(problem.horizon * (2.0 if self.batch == "sequential" else 1.0))
        return self.State(
            network, weights, np.tile(weights, (levels, 1)), start_history(rounds, problem.dim),
            np.zeros((levels, rounds), int), np.zeros(levels, int), np.zeros(levels, int), np.zeros(levels),
            np.zeros(levels, int), inverses, np.zeros(size),
            start_dual_covariance(network, rounds if by_products else 0, self.ridge), np.zeros(size), np.zeros(arms),
            np.zeros(arms), np.zeros(arms, bool), np.zeros(1, int),
            np.array([batches[min(s, len(batches) - 1)] for s in range(levels)], float),
            self.exploitation * log * 4.0 ** np.arange(1, levels + 1), self.threshold, exit, beta, self.rate,
            self.epochs, self.train_every, BATCHES[self.batch], self.disjoint(problem), by_products,
        )  # fmt: skip

    def _by_products(self, network: Network, levels: int, rounds: int) -> bool:
        needed = {"primal": bytes_of(network, levels), "dual": bytes_of_dual(network, rounds)}
        form = min(needed, key=needed.__getitem__) if self.covariance == "auto" else self.covariance
        size = f"{network.layers[-1]:,} weights, {levels} levels and a horizon of {rounds:,}"
        check_memory(needed[form], f'covariance: "{form}" for {size} needs', "use fewer of these")
        return form == "dual"

    @staticmethod
    def choose(state, t, features, rng):
        state.left[:] = True
        state.level[0] = 0
        last, leader = state.sizes.shape[0] - 1, 0
        while True:
            level = state.level[0]
            if _is_due(state, level):
                _fit(state, level)
            _look(state, level, features)
            check_finite(state.means, t)
            bar = state.threshold * math.pow(0.5, level + 1.0)
            wide = _count_wide(state, bar)
            if wide > 0:
                if level == 0 or state.exploited[level] > state.limits[level]:
                    return _pick_wide(state, bar, draw_index(rng, wide))
                state.exploited[level] += 1
                return leader
            arm = _best(state, state.beta)
            state.level[0] = min(level + 1, last)
            if level == last or state.widths[arm] <= state.exit:
                return arm
            leader = _best(state, 0.0)
            _drop(state)

    @staticmethod
    def learn(state, t, features, arm, reward):
        level, history = state.level[0], state.history
        at, count, block = history.size[0], state.sizes[level], arm if state.disjoint else 0
        _differentiate(state, features[arm], block)
        state.growth[level] += math.log1p(_absorb(state, level, count, at))
        remember(history, features[arm], block, reward)
        state.members[level, count] = at
        state.sizes[level] = count + 1
        if state.batch == SEQUENTIAL and (count + 1) % state.every == 0:
            _fit(state, level)


def _is_due(state, level):
    """Return whether a level is to be trained before it is looked at."""
    fresh = state.sizes[level] - state.trained[level]
    if state.batch == FIXED:
        return fresh >= state.due[level]
    return state.batch == ADAPTIVE and state.growth[level] > state.due[level]


@kernel(inline=False, counted=False)
def _fit(state, level):
    """Train the network of a level on its rounds."""
    weights, count = state.weights[level], state.sizes[level]
    for _ in range(state.epochs):
        sum_gradients(state.network, weights, state.history, state.members[level], count, state.total)
        add_scaled(-2.0 * state.rate / count, state.total, weights)
    state.trained[level], state.growth[level] = count, 0.0


@kernel(inline=False, counted=False)
def _look(state, level, features):
    """Write predictions and widths of the arms left, as a level has them."""
    for k in range(features.shape[0]):
        if state.left[k]:
            block = k if state.disjoint else 0
            state.means[k] = forward(state.network, state.weights[level], features[k], block)
            _differentiate(state, features[k], block)
            state.widths[k] = math.sqrt(_spread(state, level))


@kernel(counted=False)
def _differentiate(state, x, block):
    """Leave the gradient at the initial weights in the network."""
    forward(state.network, state.initial, x, block)
    backward(state.network, state.initial)


@kernel(counted=False)
def _spread(state, level):
    if state.by_products:
        return spread_dual(state.dual, state.network, state.members[level], state.sizes[level])
    return spread(Covariance(state.inverses[level], state.image), state.network)


@kernel(counted=False)
def _absorb(state, level, count, at):
    if state.by_products:
        return absorb_dual(state.dual, state.network, state.members[level], count, at)
    return absorb(Covariance(state.inverses[level], state.image), state.network, 1.0)


@kernel(counted=False)
def _count_wide(state, bar):
    """Return how many of the arms left have a width above a bar."""
    count = 0
    for k in range(state.left.shape[0]):
        count += state.left[k] and state.widths[k] > bar
    return count


@kernel(counted=False)
def _pick_wide(state, bar, place):
    """Return one of these arms by its place among them."""
    k = -1
    while place >= 0:
        k += 1
        place -= state.left[k] and state.widths[k] > bar
    return k


@kernel(counted=False)
def _best(state, beta):
    """Return the arm left of largest mean + beta width."""
    best, arm = -math.inf, 0
    for k in range(state.left.shape[0]):
        index = state.means[k] + beta * state.widths[k]
        if state.left[k] and index > best:
            best, arm = index, k
    return arm


@kernel(counted=False)
def _drop(state):
    """Keep those of the arms left whose upper bound reaches the largest lower bound."""
    worst = _best(state, -state.beta)
    bar = state.means[worst] - state.beta * state.widths[worst]
    for k in range(state.left.shape[0]):
        state.left[k] = state.left[k] and state.means[k] + state.beta * state.widths[k] >= bar
