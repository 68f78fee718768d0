"""LGP-UCB: optimism on a kernelised logistic estimate (Pasztor et al. 2024, bandits with logistic feedback).

B. Pasztor, P. Kassraie, A. Krause. Bandits with preference feedback: a Stackelberg game perspective. NeurIPS 2024
(arXiv 2406.16745).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from banditlab.numerics.kernel_arms import draw_optimist, learn_answer
from banditlab.numerics.kernel_duels import Belief
from banditlab.policies.kernelised import Kernelised
from banditlab.registry import policy


@policy(
    "lgp-ucb",
    game="bandit",
    needs=("domain", "bounded-rewards"),
    told=("domain", "length_scale"),
    cite=("pasztor2024bandits",),
)
@dataclass(frozen=True)
class LGPUCB(Kernelised):
    """The largest s(f_k) + beta sigma_k, with s the logistic function and f the estimated utility.

    For rewards 0 or 1; one of more than 1/2 counts as 1. sigma_k is the posterior deviation of f_k for the noise
    rho^2 = ridge kappa, with kappa = sup 1 / s'(a) = 2 + exp(B) + exp(-B) over |a| <= B. Indices within 1e-4 of the
    largest tie, and one is drawn, as for duels; the published code has 1e-16.

    Both presets have the width beta sigma: preset "code" differs by its estimate alone, whose penalty is
    |alpha|^2 on the weights of the representation f = sum_s alpha_s k(., x_s). The authors published sigma^2 for duels
    only. Width "theory" is that of MaxMinLCB, with the kappa above.

    The paper bounds the regret for width "theory" and an estimate whose norm is at most B, by projection or otherwise;
    neither is done here, nor in the published code. For a width that stays no order is stated. The paper's text could
    not be read: this is from the published code and from texts that restate the paper.
    """

    class State(NamedTuple):
        belief: Belief  #: of the N arms, and of a last one whose utility is 0

    def start(self, problem, rng) -> State:
        belief = self.belief(problem, single=True)
        return self.State(belief._replace(width=belief.width._replace(squared=False)))

    @staticmethod
    def choose(state, t, features, rng):
        return draw_optimist(state.belief, rng)

    @staticmethod
    def learn(state, t, features, arm, reward):
        learn_answer(state.belief, arm, reward > 0.5)
