"""Policies for cascades: what comes first, bounds that need not be computed, posteriors, and the published regret."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from banditlab.checks import replay
from banditlab.checks.pairs import cell_of, finals, play
from banditlab.environments.combinatorial.cascade import Cascade
from banditlab.errors import UserError
from banditlab.numerics.divergence import bernoulli_kl
from banditlab.numerics.semi_bandit import Parts
from banditlab.policies.combinatorial.cascade_kl_ucb import CascadeKLUCB, bound, raise_largest
from banditlab.policies.combinatorial.cascade_ts import CascadeTS
from banditlab.policies.combinatorial.cascade_ucb1 import CascadeUCB1
from banditlab.policies.combinatorial.uniform import Uniform
from banditlab.runs import reading

WORLD = Cascade(items=7, k=3, p=0.5, gap=0.2)
POLICIES = [CascadeUCB1(), CascadeKLUCB(), CascadeTS()]
each = pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: type(policy).__name__)


@each
def test_items_are_counted_as_they_are_seen(policy):
    done = replay.run(WORLD, policy, 150, compiled=False)
    values = done.outcomes[:, 1:]
    assert_array_equal(done.state.parts.seen, (values >= 0).sum(0))
    assert_array_equal(done.state.parts.sums, (values == 1).sum(0))
    assert (done.actions[:, :3] >= 0).all() and (done.actions[:, 3:] == -1).all()


@pytest.mark.parametrize("policy", POLICIES[:2], ids=lambda policy: type(policy).__name__)
def test_each_list_begins_with_items_that_were_not_seen_until_there_are_none(policy):
    for seed in range(5):
        done = replay.run(WORLD, policy, 10, seed, compiled=False)
        unseen = set(range(7))
        for items, values in zip(done.actions[:, :3].tolist(), done.outcomes[:, 1:], strict=True):
            if unseen:
                assert items[0] in unseen and unseen.issuperset(items[: len(unseen)])
            unseen -= set(np.flatnonzero(values >= 0).tolist())
        assert not unseen


@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data())
def test_bounds_that_are_left_out_are_not_among_the_largest(data):
    n = data.draw(st.integers(3, 8))
    k = data.draw(st.integers(1, n - 1))
    seen = np.array(data.draw(st.lists(st.integers(1, 200), min_size=n, max_size=n)))
    sums = np.array([float(data.draw(st.integers(0, int(count)))) for count in seen])
    level = data.draw(st.sampled_from([0.0, 0.5, 3.0, 15.0]))
    likely = np.array(data.draw(st.permutations(range(n)))[:k])
    parts = Parts(seen, sums, sums / seen, np.zeros(n))
    raise_largest(parts, level, likely)
    bounds = np.array([bound(parts, item, level) for item in range(n)])
    exact = parts.weights == bounds
    least = np.sort(bounds)[-k]
    assert exact[bounds >= least].all() and (parts.weights[~exact] < least).all()
    assert_array_equal(np.argsort(-parts.weights, kind="stable")[:k], np.argsort(-bounds, kind="stable")[:k])


def test_bounds_are_where_the_divergence_is_the_level():
    parts = Parts(np.array([4, 30, 0]), np.array([1.0, 6.0, 0.0]), np.array([0.25, 0.2, 0.0]), np.zeros(3))
    level = math.log(100) + 3 * math.log(math.log(100))
    for item in range(2):
        q = bound(parts, item, level)
        assert parts.seen[item] * bernoulli_kl(parts.means[item], q) == pytest.approx(level, rel=1e-9)
        assert q <= parts.means[item] + math.sqrt(level / 2 / parts.seen[item])  # Pinsker
    assert bound(parts, 2, level) == 1.0


@pytest.mark.compiled
@each
def test_regret_is_far_below_that_of_uniform_lists(policy):
    world = Cascade(items=8, k=2, p=0.6, gap=0.4)
    own, uniform = (finals(play(cell_of(world, kind, 3000), 5)) for kind in (policy, Uniform()))
    assert own.max() < 0.4 * uniform.min()


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("policy", "published", "error"), [(CascadeUCB1(), 1290.1, 11.3), (CascadeKLUCB(), 357.9, 5.5)], ids=["ucb1", "kl"]
)
def test_published_regret(policy, published, error):
    """Table 1 of Kveton et al. (2015), L = 16, K = 2, gap 0.15: T = 100 000, 20 runs."""
    found = finals(play(cell_of(Cascade(items=16, k=2, p=0.2, gap=0.15), policy, 100_000), 10))
    assert abs(found.mean() - published) < 4 * np.hypot(error, found.std(ddof=1) / np.sqrt(10))


def test_other_feedback_is_refused():
    for name in ("cascade-ucb1", "cascade-kl-ucb", "cascade-ts"):
        reading.from_python({"kind": "combinatorial/cascade"}, [name], horizon=10)
        with pytest.raises(UserError, match="cascade") as error:
            reading.from_python({"kind": "combinatorial/influence"}, [name], horizon=10)
        assert "\n" not in str(error.value)
