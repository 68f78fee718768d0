"""Training of networks on what was seen: a history, and when and how weights are fitted to it by squared loss."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.hashing import uniform
from banditlab.numerics.network import Network, add_gradient, add_scaled, clear, copy, find_slopes, forward
from banditlab.types import Counts, Matrix, Vector

REPLAY, BATCH, RESTART = range(3)
FIRST_DECAY, SECOND_DECAY, EPSILON = 0.9, 0.999, 1e-8  # of Adam


class History(NamedTuple):
    """Inputs, their blocks, and targets, in the order of the rounds."""

    inputs: Matrix  #: (T, d)
    blocks: Counts  #: (T,)
    targets: Vector  #: (T,)
    size: Counts  #: (1,) how many there are


def start_history(rounds: int, dim: int) -> History:
    """Return a history with room for T rounds."""
    return History(np.zeros((rounds, dim)), np.zeros(rounds, int), np.zeros(rounds), np.zeros(1, int))


@kernel(inline=False, counted=False)
def remember(history, x, block, target):
    """Add an observation."""
    at = history.size[0]
    for i in range(x.shape[0]):
        history.inputs[at, i] = x[i]
    history.blocks[at], history.targets[at] = block, target
    history.size[0] = at + 1


class Training(NamedTuple):
    """A rule of fitting, its schedule, and its scratch."""

    rule: int
    adam: bool  #: Adam's steps instead of plain ones; its moments start at 0 in each fit
    rate: float
    decay: float  #: lambda
    steps: int  #: single steps (REPLAY) or passes through all data, of a fit
    tolerance: float  #: on the mean of (f - r)^2 over a pass, at which a fit ends
    every: int  #: rounds from one fit to the next, in the first rounds
    until: int  #: number of these first rounds
    later: int  #: rounds from one fit to the next, after those
    key: np.uint64  #: of the permutations
    draws: Counts  #: (1,) numbers drawn so far
    order: Counts  #: (T,) permutation of the history
    ages: Counts  #: (B,) how many steps of decay each block of the first layer has had
    initial: Vector  #: (p,) weights that RESTART starts from; (0,) for other rules
    total: Vector  #: (p,) sum of gradients
    moments: Matrix  #: (2, p) of Adam; (2, 0) without it


def start_training(
    network: Network, rounds: int, weights: np.ndarray, key: np.uint64, *,
    rule: int = REPLAY, adam: bool = False, rate: float, decay: float = 0.0, steps: int, tolerance: float = 0.0,
    every: int = 1, until: int, later: int = 1,
) -> Training:  # fmt: skip
    """Return a training for a network and up to T rounds; arguments as the fields."""
    size, blocks = len(weights), network.tail // network.first
    return Training(
        rule, adam, rate, decay, steps, tolerance, every, until, later, key, np.zeros(1, int),
        np.arange(rounds), np.zeros(blocks, int), weights.copy() if rule == RESTART else np.zeros(0),
        np.zeros(size), np.zeros((2, size if adam else 0)),
    )  # fmt: skip


@kernel(counted=False)
def train(network, weights, history, training, t):
    """Fit the weights (p,) to the history, if it is time after round t = 0, 1, ...

    REPLAY: steps on (f - r)^2 + lambda / 2 |w|^2 of single observations, in the order of a new permutation of all of
    them, over and over, until there were as many as `steps`, or the mean of (f - r)^2 over a pass is at most the
    tolerance. BATCH: as many steps on the mean of (f - r)^2 + lambda / 2 |w|^2 / n over the n observations. RESTART:
    from the initial weights, as many steps on the sum of (f - r)^2 / 2 + lambda / 2 |w - w_0|^2.
    """
    if due(training, t):
        fit(network, weights, history, training)


@kernel(counted=False)
def due(training, t):
    """Return whether it is time for a fit after round t = 0, 1, ..."""
    return t % (training.every if t < training.until else training.later) == 0


@kernel(inline=False, counted=False)
def fit(network, weights, history, training):
    """Fit the weights now; arguments as of `train`."""
    clear(training.moments[0])
    clear(training.moments[1])
    count = history.size[0]
    if training.rule == REPLAY:
        _replay(network, weights, history, training, count)
        return
    if training.rule == RESTART:
        copy(training.initial, weights)
    for step in range(training.steps):
        loss = sum_gradients(network, weights, history, training.order, count, training.total)
        if training.rule == BATCH:
            _scale(training.total, 2.0 / count)
            add_scaled(training.decay / count, weights, training.total)
        else:
            add_scaled(training.decay, weights, training.total)
            add_scaled(-training.decay, training.initial, training.total)
        _move(weights, training, step)
        if loss <= training.tolerance * count:
            break


@kernel(inline=False, counted=False)
def sum_gradients(network, weights, history, places, count, total):
    """Write the sum of (f - r) times the gradient of f over observations into total (p,); return that of (f - r)^2.

    places : int64 (n,), which of the history, of which the first `count` matter
    """
    clear(total)
    loss = 0.0
    for i in range(count):
        at = places[i]
        error = forward(network, weights, history.inputs[at], history.blocks[at]) - history.targets[at]
        find_slopes(network, weights)
        add_gradient(network, error, total)
        loss += error * error
    return loss


@kernel(inline=False, counted=False)
def _replay(network, weights, history, training, count):
    shuffle(training, count)
    clear(training.ages)
    loss, steps = 0.0, training.steps
    for step in range(training.steps):
        at = training.order[step % count]
        block = history.blocks[at]
        _decay_block(network, weights, training, block, step)
        error = forward(network, weights, history.inputs[at], block) - history.targets[at]
        find_slopes(network, weights)
        _step(network, weights, training, block, 2.0 * error, step)
        loss += error * error
        if (step + 1) % count == 0:
            if loss <= training.tolerance * count:
                steps = step + 1
                break
            loss = 0.0
    for block in range(training.ages.shape[0]):
        _decay_block(network, weights, training, block, steps)


@kernel(inline=False, counted=False)
def shuffle(training, count):
    """Draw the observations of a fit without replacement, in random order, into the first places of the order."""
    order = training.order
    for i in range(min(count, training.steps)):
        j = i + int(uniform(training.key, 0, training.draws[0]) * (count - i))
        order[i], order[j] = order[j], order[i]
        training.draws[0] += 1


@kernel(inline=False, counted=False)
def _step(network, weights, training, block, factor, step):
    """Move against factor times the last gradient, and the decay."""
    if training.adam:
        clear(training.total)
        add_gradient(network, factor, training.total)
        add_scaled(training.decay, weights, training.total)
        _move(weights, training, step)
        return
    if training.decay > 0.0:
        _scale(weights[network.tail :], 1.0 - training.rate * training.decay)
        _decay_block(network, weights, training, block, step + 1)
    add_gradient(network, -training.rate * factor, weights)


@kernel(inline=False, counted=False)
def _decay_block(network, weights, training, block, steps):
    """Let a block catch up on the decay of plain steps, which leave all blocks alone but that of their observation."""
    if training.decay > 0.0 and not training.adam:
        left = steps - training.ages[block]
        if left > 0:
            start = block * network.first
            _scale(weights[start : start + network.first], math.pow(1.0 - training.rate * training.decay, float(left)))
            training.ages[block] = steps


@kernel(inline=False, counted=False)
def _move(weights, training, step):
    """Move against the sum of gradients: a plain step, or Adam's (Kingma and Ba 2015, Algorithm 1), step = 0, 1, ..."""
    total = training.total
    if training.adam:
        adam_step(weights, total, training.moments, training.rate, step)
    else:
        add_scaled(-training.rate, total, weights)


@kernel(inline=False, counted=False)
def adam_step(weights, gradient, moments, rate, step):
    """Move weights (p,) by step 0, 1, ... of Adam with its usual constants; moments (2, p) are 0 before the first."""
    first, second = moments[0], moments[1]
    pace = rate / (1.0 - math.pow(FIRST_DECAY, step + 1.0))
    spread = 1.0 / math.sqrt(1.0 - math.pow(SECOND_DECAY, step + 1.0))
    for j in range(weights.shape[0]):
        first[j] = FIRST_DECAY * first[j] + (1.0 - FIRST_DECAY) * gradient[j]
        second[j] = SECOND_DECAY * second[j] + (1.0 - SECOND_DECAY) * gradient[j] * gradient[j]
        weights[j] -= pace * first[j] / (spread * math.sqrt(second[j]) + EPSILON)


@kernel(inline=False, counted=False)
def _scale(x, factor):
    for j in range(x.shape[0]):
        x[j] *= factor
