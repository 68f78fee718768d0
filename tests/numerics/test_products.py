"""Products of balls, boxes and simplices: whatever is done to one is done to each block, and nothing between them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from banditlab.numerics import domains
from banditlab.numerics.domains import FORMS, make_domain, read_blocks

few = settings(max_examples=25, deadline=None, derandomize=True)
block = st.tuples(st.sampled_from(FORMS), st.integers(2, 3), st.sampled_from([0.5, 1.0, 2.0]))
blocks = st.lists(block, min_size=1, max_size=3)
RADIUS = 1.5


def both(parts):
    """A product, and its blocks as domains with their places."""
    product = make_domain([f"{form}:{size}:{share}" for form, size, share in parts], RADIUS, sum(p[1] for p in parts))
    ends = np.cumsum([0, *(size for _, size, _ in parts)])
    alone = [make_domain(form, RADIUS * share, size) for form, size, share in parts]
    return product, list(zip(alone, map(slice, ends[:-1], ends[1:]), strict=True))


@few
@given(blocks, st.integers(0, 10**6))
def test_kernels_do_to_each_block_what_they_do_to_it_alone(parts, seed):
    product, alone = both(parts)
    dim, rng = len(product.scratch), np.random.default_rng(seed)
    x, slope, weights = rng.normal(0, 2, dim), rng.normal(size=dim), rng.uniform(0.1, 3, dim)
    for kernel, extra in (
        (domains.project, ()),
        (domains.project_weighted, (weights,)),
        (domains.step, (0.3, slope)),
        (domains.step_weighted, (0.3, slope, weights)),
    ):
        found, wanted = x.copy(), x.copy()
        kernel(product, found, *extra)
        for domain, place in alone:
            part = wanted[place]
            kernel(domain, part, *(value[place] if isinstance(value, np.ndarray) else value for value in extra))
        assert_array_equal(found, wanted)
        assert domains.contains(product, found)
    for curvature in (0.0, 0.7):
        found, wanted = np.zeros((2, dim))
        domains.minimise(product, curvature, slope, found)
        for domain, place in alone:
            domains.minimise(domain, curvature, slope[place], wanted[place])
        assert_array_equal(found, wanted)
    assert_array_equal(domains.centre(product), np.concatenate([domains.centre(domain) for domain, _ in alone]))


@few
@given(blocks, st.integers(0, 10**6))
def test_a_point_lies_in_a_product_if_each_part_does(parts, seed):
    product, alone = both(parts)
    point = np.zeros(len(product.scratch))
    domains.draw_point(product, np.random.default_rng(seed), point)
    assert domains.contains(product, point)
    for domain, place in alone:
        assert domains.contains(domain, point[place])
        wrong = point.copy()
        wrong[place.start] += 2 * domains.diameter(domain)
        assert not domains.contains(product, wrong)
        wrong[place.start] = np.nan
        assert not domains.contains(product, wrong)


@few
@given(blocks, st.integers(0, 10**6))
def test_sizes_add_up_by_their_squares(parts, seed):
    product, alone = both(parts)
    points = np.random.default_rng(seed).normal(size=(4, len(product.scratch)))
    assert_allclose(domains.diameter(product), np.sqrt(sum(domains.diameter(d) ** 2 for d, _ in alone)))
    squares = [domains.farthest(domain, points[:, place]) ** 2 for domain, place in alone]
    assert_allclose(domains.farthest(product, points), np.sqrt(np.sum(squares, axis=0)))
    assert domains.width(product) == max(domains.width(domain) for domain, _ in alone)
    assert domains.inner_radius(product) == min(domains.inner_radius(domain) for domain, _ in alone)


def test_inner_radii():
    assert [domains.inner_radius(make_domain(form, 2.0, 3)) for form in FORMS] == [2.0, 2.0, 0.0]


def test_blocks_are_read():
    assert read_blocks(["ball:3", "simplex:2:0.25"], "x") == [("ball", 3, 1.0), ("simplex", 2, 0.25)]
    domain = make_domain(["ball:3", "simplex:2:0.25"], 2.0, 5)
    assert_array_equal(domain.radii, [2.0, 0.5])
    assert_array_equal(domain.ends, [0, 3, 5])


NO_BLOCKS = ["cube:2", "ball", "ball:", "ball:0", "ball:-1", "simplex:1", "ball:2:0", "ball:2:-1", "ball:2:x", ""]


@pytest.mark.parametrize("text", NO_BLOCKS)
def test_blocks_that_are_none(text):
    with pytest.raises(ValueError, match="form: a block is one of ball, box, simplex and its number") as error:
        make_domain(["ball:1", text], 1.0, 3)
    assert str(error.value).endswith(f"got {text!r}")
    assert "\n" not in str(error.value)


def test_blocks_of_another_number_of_coordinates():
    with pytest.raises(ValueError, match="dim: the blocks have 3 coordinates, got 4"):
        make_domain(["ball:1", "box:2"], 1.0, 4)
    with pytest.raises(ValueError, match="form: at least one block, got none"):
        make_domain([], 1.0, 4)
