"""Every built-in policy decides as its twin in `tests/reference`, round by round, on the same random numbers."""

import importlib

import numpy as np
import pytest

from banditlab import registry
from banditlab.environments.bandit.adversarial import Adversarial
from banditlab.environments.bandit.bernoulli import Bernoulli
from banditlab.environments.bandit.classification import Classification
from banditlab.environments.bandit.gaussian import Gaussian
from banditlab.environments.bandit.linear import Linear
from banditlab.environments.dueling.linear import Linear as LinearDuels
from banditlab.environments.dueling.matrix import Matrix
from tests.reference import replay

SEEDS = (0, 1, 2)

CYCLE = [[0.5, 0.6, 0.7, 0.6], [0.4, 0.5, 0.8, 0.3], [0.3, 0.2, 0.5, 0.9], [0.4, 0.7, 0.1, 0.5]]

WORLDS = {
    "bernoulli": Bernoulli(means=[0.3, 0.5, 0.45, 0.9]),
    "bernoulli prior": Bernoulli(arms=3, prior="beta(1, 1)"),
    "gaussian": Gaussian(means=[0.1, -0.2, 0.3]),
    "adversarial": Adversarial(arms=4, period=50),
    "linear": Linear(arms=5, dim=3),
    "linear static": Linear(arms=5, dim=3, fresh=False, noise=0.5),
    "duels": LinearDuels(arms=4, dim=3, signal=2.0),
    "duels probit": LinearDuels(arms=4, dim=3, signal=2.0, link="probit"),
    "duels exponential": LinearDuels(arms=4, dim=3, signal=2.0, link="exponential"),
    "duels static": LinearDuels(arms=5, dim=3, contexts="static"),
    "duels one-hot": LinearDuels(arms=4, dim=4, contexts="one-hot", signal=2.0),
    "duels hypercube": LinearDuels(arms=5, dim=3, contexts="hypercube", signal=2.0),
    "duels ball": LinearDuels(arms=3, dim=2, contexts="ball", signal=3.0),
    "cycle": Matrix(CYCLE),
}

#: (game/kind, environment, horizon, parameters)
CASES = [
    ("bandit/ucb1", "bernoulli", 400, {}),
    ("bandit/ucb1", "adversarial", 400, {}),
    ("bandit/ucb1", "table", 300, {}),
    ("bandit/thompson-beta", "bernoulli", 400, {}),
    ("bandit/thompson-beta", "bernoulli", 300, {"prior_wins": 0.5, "prior_losses": 0.3}),
    ("bandit/thompson-beta", "bernoulli", 300, {"prior_wins": 4.0, "prior_losses": 2.0}),
    ("bandit/thompson-beta", "table", 300, {}),
    ("bandit/exp3", "bernoulli", 400, {}),
    ("bandit/exp3", "adversarial", 400, {}),
    ("bandit/exp3", "adversarial", 400, {"rate": 3.0}),
    ("bandit/exp3", "table", 300, {"rate": 0.2}),
    ("bandit/linucb", "linear", 300, {}),
    ("bandit/linucb", "linear", 300, {"width": 0.1, "ridge": 0.01}),
    ("bandit/linucb", "linear static", 300, {"width": 2.0, "ridge": 5.0}),
    ("bandit/linucb-disjoint", "linear", 300, {}),
    ("bandit/linucb-disjoint", "linear static", 300, {"width": 0.3, "ridge": 0.1}),
    ("bandit/linucb-disjoint", "classes", 300, {"width": 0.5, "ridge": 2.0}),
    ("bandit/greedy", "bernoulli", 300, {}),
    ("bandit/greedy", "gaussian", 300, {}),
    ("bandit/uniform", "gaussian", 300, {}),
    ("bandit/fixed", "gaussian", 50, {"arm": 2}),
    ("bandit/oracle", "linear", 300, {}),
    ("bandit/oracle", "adversarial", 300, {}),
    ("dueling/colstim", "duels", 300, {}),
    ("dueling/colstim", "duels", 300, {"preset": "practical"}),
    ("dueling/colstim", "duels", 150, {"refit": 1.0}),
    ("dueling/colstim", "duels", 150, {"preset": "practical", "refit": 1.0}),
    ("dueling/colstim", "duels", 300, {"refit": 1.5}),
    ("dueling/colstim", "duels probit", 300, {"preset": "practical"}),
    ("dueling/colstim", "duels probit", 150, {"ridge": 0.1, "refit": 1.0}),
    ("dueling/colstim", "duels exponential", 300, {"preset": "practical"}),
    ("dueling/colstim", "duels exponential", 150, {"ridge": 0.1, "refit": 1.0}),
    ("dueling/colstim", "duels", 200, {"link": "probit"}),
    ("dueling/colstim", "duels", 200, {"link": "exponential"}),
    ("dueling/colstim", "duels", 200, {"coupling": "always"}),
    ("dueling/colstim", "duels", 200, {"coupling": "never"}),
    ("dueling/colstim", "duels", 200, {"threshold": 0.0}),
    ("dueling/colstim", "duels", 200, {"threshold": 0.4, "coupling": "always", "link": "probit"}),
    ("dueling/colstim", "duels", 200, {"c1": 0.5}),
    ("dueling/colstim", "duels", 200, {"preset": "practical", "c1": "horizon"}),
    ("dueling/colstim", "duels", 200, {"center": True}),
    ("dueling/colstim", "duels", 200, {"preset": "practical", "center": False}),
    ("dueling/colstim", "duels", 200, {"design": 1.0}),
    ("dueling/colstim", "duels", 200, {"preset": "practical", "design": 0.0}),
    ("dueling/colstim", "duels", 200, {"exploration": 0}),
    ("dueling/colstim", "duels", 200, {"exploration": 30, "ridge": 1.0}),
    ("dueling/colstim", "duels", 60, {"exploration": 60}),
    ("dueling/colstim", "duels static", 300, {}),
    ("dueling/colstim", "duels static", 300, {"preset": "practical"}),
    ("dueling/colstim", "duels one-hot", 300, {"preset": "practical"}),
    ("dueling/colstim", "duels one-hot", 300, {}),
    ("dueling/colstim", "duels ball", 200, {}),
    ("dueling/maxinp", "duels", 300, {}),
    ("dueling/maxinp", "duels", 150, {"refit": 1.0}),
    ("dueling/maxinp", "duels", 300, {"eta": 0.5}),
    ("dueling/maxinp", "duels", 300, {"eta": 0.02}),
    ("dueling/maxinp", "duels probit", 200, {"eta": 1.0}),
    ("dueling/maxinp", "duels exponential", 200, {"eta": 1.0}),
    ("dueling/maxinp", "duels", 200, {"eta": 1.0, "link": "exponential"}),
    ("dueling/maxinp", "duels", 200, {"eta": 1.0, "ridge": 1.0, "design": 1.0, "exploration": 0}),
    ("dueling/maxinp", "duels", 200, {"eta": 1.0, "exploration": 0}),
    ("dueling/maxinp", "duels", 200, {"eta": 1.0, "exploration": 30}),
    ("dueling/maxinp", "duels static", 300, {"eta": 1.0}),
    ("dueling/maxinp", "duels ball", 200, {"eta": 0.7}),
    ("dueling/maxinp", "duels hypercube", 200, {}),  # with arms of equal features
    ("dueling/double-thompson", "cycle", 400, {}),
    ("dueling/double-thompson", "cycle", 400, {"alpha": 0.1}),
    ("dueling/double-thompson", "cycle", 300, {"alpha": 3.0}),
    ("dueling/double-thompson", "duels static", 300, {}),
    ("dueling/uniform", "cycle", 200, {}),
    ("dueling/fixed", "cycle", 50, {"first": 1, "second": 3}),
    ("dueling/oracle", "duels", 200, {}),
]

TWINS = {
    "bandit/ucb1": "ucb1.UCB1",
    "bandit/thompson-beta": "thompson_beta.ThompsonBeta",
    "bandit/exp3": "exp3.EXP3",
    "bandit/linucb": "linucb.LinUCB",
    "bandit/linucb-disjoint": "linucb_disjoint.LinUCBDisjoint",
    "bandit/greedy": "greedy.Greedy",
    "bandit/uniform": "uniform.Uniform",
    "bandit/fixed": "fixed.Fixed",
    "bandit/oracle": "oracle.Oracle",
    "dueling/colstim": "colstim.CoLSTIM",
    "dueling/maxinp": "maxinp.MaxInP",
    "dueling/double-thompson": "double_thompson.DoubleThompson",
    "dueling/uniform": "uniform.UniformPair",
    "dueling/fixed": "fixed.FixedPair",
    "dueling/oracle": "oracle.OraclePair",
}


def twin_of(name):
    module, cls = TWINS[name].split(".")
    return getattr(importlib.import_module(f"tests.reference.{module}"), cls)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    """The environments by name, with those that read files."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(5)
    np.save(folder / "losses.npy", rng.random((300, 4)).round(2))
    rows = rng.standard_normal((40, 3))
    np.savez(folder / "classes.npz", features=rows, label=(rows @ [1.0, -1.0, 0.5] > 0).astype(int) + (rows[:, 0] > 1))
    return WORLDS | {
        "table": Adversarial(losses=str(folder / "losses.npy")),
        "classes": Classification(data=str(folder / "classes.npz")),
    }


def title(case):
    name, world, _, settings = case
    return " ".join([name, world, *(f"{key}={value}" for key, value in settings.items())])


@pytest.mark.parametrize("case", CASES, ids=title)
def test_decides_as_its_twin(case, worlds):
    name, world, horizon, settings = case
    policy = registry.find("policy", name).cls(**settings)
    for seed in SEEDS:
        done = replay.run(worlds[world], policy, horizon, seed)
        mismatches, ties = replay.follow(done, twin_of(name), policy, seed)
        assert not mismatches, f"seed {seed}: (t, twin, policy) = {mismatches[0]}, and {len(mismatches) - 1} more"
        if name.endswith(("colstim", "maxinp")) and world == "duels":
            assert ties == 0  # generic contexts: the tolerance is for symmetric instances


def test_every_built_in_policy_has_a_twin_and_a_row():
    built_in = {
        f"{kind.game}/{kind.name}" for kind in registry.kinds("policy") if kind.cls.__module__.startswith("banditlab.")
    }
    assert built_in == set(TWINS) == {name for name, *_ in CASES}
