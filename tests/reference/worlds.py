"""Small environments that twins are held against."""

from pathlib import Path

from banditlab.environments.bandit.adversarial import Adversarial
from banditlab.environments.bandit.bernoulli import Bernoulli
from banditlab.environments.bandit.classification import Classification
from banditlab.environments.bandit.gaussian import Gaussian
from banditlab.environments.bandit.kernelized import Kernelized
from banditlab.environments.bandit.linear import Linear
from banditlab.environments.bandit.logistic import Logistic
from banditlab.environments.bandit.table import Table
from banditlab.environments.dueling.kernelized import Kernelized as KernelizedDuels
from banditlab.environments.dueling.linear import Linear as LinearDuels
from banditlab.environments.dueling.matrix import Matrix

DATA = Path(__file__).parents[1] / "data"

BERNOULLI = Bernoulli(means=[0.3, 0.5, 0.45, 0.9])
BERNOULLI_PRIOR = Bernoulli(arms=3, prior="beta(1, 1)")
GAUSSIAN = Gaussian(means=[0.1, -0.2, 0.3])
ADVERSARIAL = Adversarial(arms=4, period=50)
LINEAR = Linear(arms=5, dim=3)
LINEAR_STATIC = Linear(arms=5, dim=3, fresh=False, noise=0.5)
LOGISTIC = Logistic(arms=5, dim=3)
LOGISTIC_STATIC = Logistic(arms=5, dim=3, fresh=False, signal=2.0)
TABLE = Table(means=str(DATA / "losses.csv"), entries="losses")
CLASSES = Classification(data=str(DATA / "classes.csv"))

DUELS = LinearDuels(arms=4, dim=3, signal=2.0)
DUELS_PROBIT = LinearDuels(arms=4, dim=3, signal=2.0, link="probit")
DUELS_EXPONENTIAL = LinearDuels(arms=4, dim=3, signal=2.0, link="exponential")
DUELS_STATIC = LinearDuels(arms=5, dim=3, contexts="static")
DUELS_ONE_HOT = LinearDuels(arms=4, dim=4, contexts="one-hot", signal=2.0)
DUELS_HYPERCUBE = LinearDuels(arms=5, dim=3, contexts="hypercube", signal=2.0)
DUELS_BALL = LinearDuels(arms=3, dim=2, contexts="ball", signal=3.0)
CYCLE = Matrix([[0.5, 0.6, 0.7, 0.6], [0.4, 0.5, 0.8, 0.3], [0.3, 0.2, 0.5, 0.9], [0.4, 0.7, 0.1, 0.5]])

BRANIN = Kernelized("branin", points=4)
ACKLEY = Kernelized("ackley", points=4)
BRANIN_DUELS = KernelizedDuels("branin", points=4)
ACKLEY_DUELS = KernelizedDuels("ackley", points=4)
