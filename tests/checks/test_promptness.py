"""Which policies must learn of a round before the next: measured, and as they say."""

import pytest

from banditlab import registry
from banditlab.checks.pairs import cell_of, reference_for
from banditlab.checks.promptness import late_learning

PROMPT = [kind for kind in registry.kinds("policy") if "prompt-feedback" in kind.needs]
#: They hold a place for each round, or count on the outcome of each play in turn: late or lost ones would leave gaps.
BY_ROUND = {
    "sliding-window-ucb", "explore-then-commit", "successive-elimination", "sequential-halving", "lucb",
    "interleaved-filter", "track-and-stop", "scb", "winner-stays",
}  # fmt: skip
#: What `learn` takes of the last choice (a level, a layer, a law) changes too rarely for the check to see it.
RARELY = {"vacdb", "stad", "neuralgcb", "primal-dual", "osmd"}


@pytest.mark.parametrize(
    "kind", [kind for kind in PROMPT if kind.name not in BY_ROUND | RARELY], ids=lambda kind: kind.title
)
def test_who_needs_prompt_feedback_learns_from_what_choose_left(kind):
    policy = kind.cls()
    assert late_learning(cell_of(reference_for(policy), policy, 100))


def test_who_does_not_is_not_suspected():
    policy = registry.find("policy", "linucb").cls()
    assert late_learning(cell_of(reference_for(policy), policy, 100)) == ""
