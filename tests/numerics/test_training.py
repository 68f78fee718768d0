"""Training: replay's order, ends of a fit, decay, all rules against plain loops, the schedule, and against PyTorch."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from banditlab.numerics.activations import ACTIVATIONS
from banditlab.numerics.network import add_gradient, backward, forward, start_network
from banditlab.numerics.training import (
    BATCH,
    REPLAY,
    RESTART,
    adam_step,
    fit,
    remember,
    start_history,
    start_training,
    sum_gradients,
    train,
)
from tests.reference import networks

ALARM = 1e-6  #: false-alarm rate of each statistical test here, on fixed seeds
DIM, BLOCKS, SEEN = 3, 3, 7
USED = np.array([0, 2, 2, 0, 2, 2, 0])  # the second block is never touched
KEY = np.uint64(12345)


def start(hidden=(4,), rounds=SEEN + 3, seed=0, biased=True, scale=1.3, **options):
    """A network, weights, a history of 7 observations with room for 3, and a training."""
    network = start_network(DIM, BLOCKS, hidden, ACTIVATIONS["tanh"], biased, scale)
    rng = np.random.default_rng(seed)
    weights, history = rng.standard_normal(network.layers[-1]), start_history(rounds, DIM)
    for block in USED:
        remember(history, rng.standard_normal(DIM), block, rng.standard_normal())
    options = {"rate": 0.05, "steps": 12, "until": rounds, **options}
    return network, weights, history, start_training(network, rounds, weights, KEY, **options)


def seen(history):
    """Dense inputs x (x) e_b, and targets."""
    size = history.size[0]
    wide = [np.kron(np.eye(BLOCKS)[b], x) for x, b in zip(history.inputs[:size], history.blocks[:size], strict=True)]
    return np.array(wide), history.targets[:size]


class Adam:
    """Kingma and Ba 2015, Algorithm 1, for gradients one after the other."""

    def __init__(self, rate):
        self.rate, self.gradients = rate, []

    def __call__(self, weights, gradient):
        self.gradients.append(gradient)
        ages = np.arange(len(self.gradients))[::-1, None]
        m = np.sum(0.1 * 0.9**ages * self.gradients, 0) / np.sum(0.1 * 0.9**ages)
        v = np.sum(0.001 * 0.999**ages * np.square(self.gradients), 0) / np.sum(0.001 * 0.999**ages)
        return weights - self.rate * m / (np.sqrt(v) + 1e-8)


def stepper(training):
    return Adam(training.rate) if training.adam else lambda w, g: w - training.rate * g


def dense(network, hidden):
    return networks.Network(DIM * BLOCKS, hidden, "tanh", network.biased, network.scale)


def replayed(net, weights, history, training, order):
    """Steps on (f - r)^2 + lambda / 2 |w|^2 in the given order, over and over."""
    (x, y), move, losses = seen(history), stepper(training), []
    for step in range(training.steps):
        at = order[step % len(y)]
        error = net.value(weights, x[at]) - y[at]
        weights = move(weights, 2 * error * net.gradient(weights, x[at]) + training.decay * weights)
        losses.append(error**2)
        if len(losses) % len(y) == 0 and np.mean(losses[-len(y) :]) <= training.tolerance:
            break
    return weights, losses


def whole_passes(net, weights, history, training, initial):
    (x, y), move = seen(history), stepper(training)
    if training.rule == RESTART:
        weights = initial
    for _ in range(training.steps):
        errors = np.array([net.value(weights, v) for v in x]) - y
        total = np.sum([e * net.gradient(weights, v) for e, v in zip(errors, x, strict=True)], 0)
        if training.rule == BATCH:
            gradient = 2 * total / len(y) + training.decay * weights / len(y)
        else:
            gradient = total + training.decay * (weights - initial)
        weights = move(weights, gradient)
        if np.mean(errors**2) <= training.tolerance:
            break
    return weights


# --- rules against plain loops ------------------------------------------------------------------------------------


@pytest.mark.parametrize("decay", [0.0, 0.3])
@pytest.mark.parametrize("adam", [False, True])
@pytest.mark.parametrize("hidden", [(), (4,), (4, 3)])
def test_replay(hidden, adam, decay):
    """Step by step: fits of 1, 2, ... steps, less than a pass and more than two."""
    for steps in range(1, 2 * SEEN + 3):
        network, weights, history, training = start(hidden, adam=adam, decay=decay, steps=steps)
        before = weights.copy()
        fit(network, weights, history, training)
        expected, _ = replayed(dense(network, hidden), before, history, training, training.order)
        assert_allclose(weights, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("adam", [False, True])
@pytest.mark.parametrize("rule", [BATCH, RESTART])
def test_whole_passes(rule, adam):
    network, weights, history, training = start((4, 3), rule=rule, adam=adam, decay=0.3, steps=5)
    initial = weights.copy()
    weights += 0.1  # for a restart it does not matter where it was
    for _ in range(2):  # moments do not outlive a fit
        before = weights.copy()
        fit(network, weights, history, training)
        expected = whole_passes(dense(network, (4, 3)), before, history, training, initial)
        assert_allclose(weights, expected, rtol=1e-10, atol=1e-12)


def test_decay_of_blocks_that_wait():
    """A block that no observation touches is at (1 - rate lambda)^steps, however many fits there were."""
    network, weights, history, training = start((4,), decay=0.5, steps=23)
    waiting = slice(network.first, 2 * network.first)
    before = weights.copy()
    for _ in range(3):
        fit(network, weights, history, training)
    assert_allclose(weights[waiting], before[waiting] * (1 - 0.05 * 0.5) ** (3 * 23), rtol=1e-12)


@pytest.mark.parametrize("adam", [False, True])
def test_a_fit_of_replay_does_not_remember_the_last(adam):
    """Neither its moments nor its ages: two fits are the plain loop twice, each in its own order."""
    network, weights, history, training = start((4,), adam=adam, decay=0.2, steps=10)
    expected = weights.copy()
    for _ in range(3):
        fit(network, weights, history, training)
        expected, _ = replayed(dense(network, (4,)), expected, history, training, training.order)
    assert_allclose(weights, expected, rtol=1e-10, atol=1e-12)


def test_restart_goes_to_the_ridge_solution():
    """Without hidden layers: w_0 + (X'X + lambda I)^-1 X'(y - X w_0)."""
    options = {"rule": RESTART, "decay": 0.7, "steps": 300}
    network, weights, history, training = start((), biased=False, scale=1.0, **options)
    initial = weights.copy()
    fit(network, weights, history, training)
    x, y = seen(history)
    away = np.linalg.solve(x.T @ x + 0.7 * np.eye(len(initial)), x.T @ (y - x @ initial))
    assert_allclose(weights, initial + away, rtol=1e-4, atol=1e-4)


def test_sums_of_gradients():
    network, weights, history, training = start((4,))
    net, (x, y) = dense(network, (4,)), seen(history)
    total, places = np.full(len(weights), 9.0), np.array([6, 1, 1, 3])
    loss = sum_gradients(network, weights, history, places, 3, total)
    errors = [net.value(weights, x[at]) - y[at] for at in places[:3]]
    assert_allclose(loss, np.sum(np.square(errors)), rtol=1e-12)
    expected = sum(e * net.gradient(weights, x[at]) for e, at in zip(errors, places, strict=False))
    assert_allclose(total, expected, rtol=1e-10, atol=1e-12)


def test_adam_steps():
    rng = np.random.default_rng(1)
    gradients = rng.standard_normal((40, 6)) * 10.0 ** rng.integers(-12, 6, 6)  # also as small as its constant
    weights, moments, reference = np.ones(6), np.zeros((2, 6)), Adam(0.1)
    expected = weights.copy()
    for step, gradient in enumerate(gradients):
        adam_step(weights, gradient, moments, 0.1, step)
        expected = reference(expected, gradient)
        assert_allclose(weights, expected, rtol=1e-11)


def test_the_first_step_of_adam_is_the_rate():
    weights = np.zeros(3)
    adam_step(weights, np.array([1e-3, -50.0, 0.0]), np.zeros((2, 3)), 0.1, 0)
    assert_allclose(weights, [-0.1, 0.1, 0.0], rtol=1e-4)


# --- how often an observation is visited --------------------------------------------------------------------------


def visiting(count, steps, *, tolerance=0.0, rule=REPLAY, room=None):
    """Inputs e_i, weights 1 and targets 0, so that each visit of i halves w_i."""
    room = count if room is None else room
    network = start_network(room, 1, (), ACTIVATIONS["identity"], False)
    history, weights = start_history(room, room), np.ones(room)
    for row in np.eye(room)[:count]:
        remember(history, row, 0, 0.0)
    rate = 0.25 if rule == REPLAY else 0.25 * count
    options = {"rule": rule, "rate": rate, "steps": steps, "tolerance": tolerance, "until": room}
    return network, weights, history, start_training(network, room, weights, KEY, **options)


def visits(weights):
    return np.rint(-np.log2(weights)).astype(int)


@pytest.mark.parametrize("steps", [1, 4, 5, 6, 10, 13])
def test_each_pass_visits_each_observation_once(steps):
    network, weights, history, training = visiting(5, steps, room=8)
    for _ in range(4):
        before = visits(weights)
        fit(network, weights, history, training)
        new = visits(weights) - before
        assert new.sum() == steps
        assert_array_equal(new[5:], 0)
        order = training.order
        assert_array_equal(np.sort(order[:5]), np.arange(5))
        assert_array_equal(order[5:], np.arange(5, 8))
        again = np.zeros(5, int)
        again[order[: steps % 5]] = 1  # those that come first in the order are first once more
        assert_array_equal(new[:5], steps // 5 + again)


def test_the_order_stays_a_permutation_as_the_history_grows():
    network, weights, history, training = visiting(1, 3, room=9)
    for count in range(1, 10):
        history.size[0] = count
        fit(network, weights, history, training)
        assert_array_equal(np.sort(training.order[:count]), np.arange(count))
        assert_array_equal(training.order[count:], np.arange(count, 9))


def test_tolerance_ends_a_fit_after_a_pass():
    """The mean of (f - r)^2 on the way through pass q = 0, 1, ... is 4^-q."""
    for passes, tolerance in [(1, 1.0), (2, 0.25), (3, 0.2), (3, 0.0625), (4, 0.06)]:
        network, weights, history, training = visiting(4, 40, tolerance=tolerance)
        fit(network, weights, history, training)
        assert_array_equal(visits(weights), passes)
        network, weights, history, training = visiting(4, 7, tolerance=tolerance)
        fit(network, weights, history, training)
        assert visits(weights).sum() == min(7, 4 * passes)


def test_tolerance_ends_passes_through_all():
    """A pass of which the mean is within the tolerance still takes its step."""
    for passes, tolerance in [(1, 1.0), (2, 0.25), (3, 0.2), (6, 0.0)]:
        network, weights, history, training = visiting(4, 6, tolerance=tolerance, rule=BATCH)
        fit(network, weights, history, training)
        assert_allclose(weights, 0.5**passes, rtol=1e-12)


def test_a_fit_that_ends_early_has_as_many_decays_as_steps():
    network, weights, history, training = start((4,), decay=0.5, steps=2 * SEEN)
    before = weights.copy()
    fit(network, weights, history, training)
    _, losses = replayed(dense(network, (4,)), before, history, training, training.order)
    # the same order once more, and a tolerance that the second pass just meets
    tolerance = np.mean(losses[SEEN:]) * (1 + 1e-9)
    network, weights, history, training = start((4,), decay=0.5, steps=40, tolerance=tolerance)
    fit(network, weights, history, training)
    expected, losses = replayed(dense(network, (4,)), before, history, training, training.order)
    assert len(losses) == 2 * SEEN
    assert_allclose(weights, expected, rtol=1e-10, atol=1e-12)
    waiting = slice(network.first, 2 * network.first)
    assert_allclose(weights[waiting], before[waiting] * (1 - 0.05 * 0.5) ** (2 * SEEN), rtol=1e-12)


@pytest.mark.claims
@pytest.mark.parametrize("steps", [2, 4])
def test_orders_are_uniform(steps):
    """Of 4 observations, all ordered pairs come first equally often, by a chi-square test; also in short fits."""
    network, weights, history, training = visiting(4, steps)
    counts = np.zeros((4, 4))
    for _ in range(6000):
        fit(network, weights, history, training)
        counts[training.order[0], training.order[1]] += 1
    pairs = counts[~np.eye(4, dtype=bool)]
    assert pairs.sum() == 6000
    assert stats.chisquare(pairs).pvalue > ALARM


def test_orders_depend_on_the_key_alone():
    def orders(key):
        network, weights, history, training = visiting(20, 20)
        training, found = training._replace(key=np.uint64(key)), []
        for _ in range(3):
            fit(network, weights, history, training)
            found.append(training.order.copy())
        return np.array(found)

    assert_array_equal(orders(1), orders(1))
    assert (orders(1) != orders(2)).any(1).all()
    first, second, third = orders(1)
    assert (first != second).any() and (second != third).any()


# --- when ---------------------------------------------------------------------------------------------------------


def test_schedule():
    """Every 3 rounds while t < 9, then every 4."""
    network, weights, history, training = visiting(1, 1)
    training = training._replace(every=3, until=9, later=4)
    fitted = []
    for t in range(30):
        weights[:] = 1.0
        train(network, weights, history, training, t)
        if weights[0] != 1.0:
            fitted.append(t)
    assert fitted == [0, 3, 6, 12, 16, 20, 24, 28]


def test_histories_keep_what_was_seen():
    history = start_history(4, 2)
    rows = np.array([[1.0, 2.0], [3.0, 4.0]])
    for k, row in enumerate(rows):
        remember(history, row, k, -k)
    rows[:] = 0.0
    assert history.size[0] == 2
    assert_array_equal(history.inputs[:2], [[1.0, 2.0], [3.0, 4.0]])
    assert_array_equal(history.blocks[:2], [0, 1])
    assert_array_equal(history.targets[:2], [0.0, -1.0])


# --- PyTorch ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def torch():
    """What `data/torch_trajectory.py` wrote."""
    with np.load(Path(__file__).parents[1] / "data" / "torch_trajectory.npz") as file:
        return dict(file)


def flat(parameters):
    """Our vector of weights for parameters by PyTorch's names: matrices lie transposed, biases behind them."""
    vectors = []
    for matrix, bias in (("W1", "b1"), ("W2", "b2"), ("v", "c")):
        if matrix in parameters:
            vectors.append(parameters[matrix].T.ravel())
            vectors.append(parameters[bias].ravel() if bias in parameters else np.zeros(0))
    return np.concatenate(vectors)


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["relu-8", "sigma_2-8", "tanh-6-7", "softplus-7-6", "linear"])
def test_against_pytorch(torch, name):
    """1000 steps of three rules on (f - y)^2 / 2: predictions before each, and the last weights."""
    activation, *hidden = name.split("-")
    start = {key.split("/")[2]: value for key, value in torch.items() if key.startswith(f"{name}/start/")}
    kind = ACTIVATIONS["identity" if activation == "linear" else activation.replace("_", "-")]
    inputs, targets = torch["inputs"], torch["targets"]
    network = start_network(inputs.shape[1], 1, tuple(map(int, hidden)), kind, "c" in start)
    for r, (rule, rate, decay) in enumerate(zip(torch["rules"], torch["rates"], torch["decays"], strict=True)):
        weights, moments = flat(start), np.zeros((2, network.layers[-1]))
        history, total = start_history(1, inputs.shape[1]), np.zeros(len(weights))
        # our loss has no factor 1/2
        options = {"rate": rate / 2, "decay": 2 * decay, "steps": 1, "until": 1}
        training = start_training(network, 1, weights, KEY, **options)
        predictions = np.zeros(len(targets))
        for t, (x, y) in enumerate(zip(inputs, targets, strict=True)):
            predictions[t] = forward(network, weights, x, 0)
            if rule == "adam":
                assert decay == 0.0
                backward(network, weights)
                total[:] = 0.0
                add_gradient(network, predictions[t] - y, total)
                adam_step(weights, total, moments, rate, t)
            else:
                history.size[0] = 0
                remember(history, x, 0, y)
                fit(network, weights, history, training)
        expected = torch[f"{name}/predictions"][r]
        assert_allclose(predictions, expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max())
        last = {key: torch[f"{name}/end/{key}"][r] for key in start}
        assert_allclose(weights, flat(last), rtol=1e-6, atol=1e-6 * np.abs(weights).max())
