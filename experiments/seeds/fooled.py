"""How many seeds would have fooled us: the chance of the wrong order, for three claims that hold.

    python experiments/seeds/fooled.py docs/fooled.png

Each claim is played on a thousand replications, which stand for the distribution that they come from. The figure has
the chance that the means over n of them are in the wrong order, and what becomes of it where runs are kept by their
outcome.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

import banditlab
from banditlab.analysis.cells import paired
from banditlab.analysis.hindsight import Kept, wrong_order, wrong_order_of_kept
from banditlab.analysis.presets import STYLE

ONE_GAP = {"kind": "bernoulli", "arms": 10, "best": 0.5, "gap": 0.1}
SPHERE = {"kind": "dueling/linear", "arms": 10, "dim": 5, "link": "logistic", "contexts": "sphere"}
#: The policy that is the better one, the other, where, the horizon and the metric.
CLAIMS = {
    "CoLSTIM below MaxInP\n(Bengs et al. 2022)": (
        *({"kind": "colstim"}, {"kind": "dueling/maxinp"}, SPHERE, 8_000, "average"),
    ),
    "D-TS below RCS, MSLR\n(Wu and Liu 2016)": (
        *({"kind": "dueling/double-thompson"}, {"kind": "rcs"}, {"kind": "matrix", "matrix": "mslr-5"}),
        *(100_000, "average-preference"),
    ),
    "KL-UCB below UCB, ten arms\n(Garivier and Cappé 2011)": (
        *({"kind": "kl-ucb"}, {"kind": "sliding-window-ucb", "tau": 20_000, "xi": 0.5}, ONE_GAP, 20_000, "regret"),
    ),
}
SIZES = [*range(1, 11), 12, 15, 20, 25, 30, 40, 45, 50, 60, 70, 80, 90, 100]
#: What is kept of the better policy, and of the other one.
KEPT = {
    "10 of 10 each": (Kept(10, 10), Kept(10, 10)),
    "45 of 45 each": (Kept(45, 45), Kept(45, 45)),
    "each keeps its best 10 of 45": (Kept(10, 45), Kept(10, 45)),
    "only the worse one does, against 10 of 10": (Kept(10, 10), Kept(10, 45)),
    "best 10 of 45 against worst 10 of 15": (Kept(10, 15, highest=True), Kept(10, 45)),
}
MARKS = dict(zip(list(KEPT)[2:], "osD", strict=True))
SAMPLES = 20_000


def play(name: str, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the final values of the better policy and of the other one, paired."""
    better, worse, world, horizon, metric = CLAIMS[name]
    settings = {"horizon": horizon, "replications": 1_000, "seed": 45, "record": {"points": 2}}
    result = banditlab.run(
        world, [better, worse], metric=metric, out=f"results/fooled/{number}", name=f"fooled-{number}", **settings
    )
    return paired(*result.cells, metric)


def main(path: str) -> None:
    """Print the numbers, and draw the figure."""
    with plt.style.context(["default", STYLE]):
        figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.6), sharey=True, layout="constrained")
        for number, (axis, name) in enumerate(zip(axes, CLAIMS, strict=True)):
            a, b = play(name, number)
            print(f"{' '.join(name.split())}: {a.mean():.4g} and {b.mean():.4g}, ", end="")
            print(f"sd {a.std(ddof=1):.3g} and {b.std(ddof=1):.3g}, of the difference {np.std(a - b, ddof=1):.3g}")
            shared = wrong_order(a, b, SIZES, SAMPLES)
            own = [wrong_order_of_kept(a, b, Kept(n, n), Kept(n, n), SAMPLES) for n in SIZES]
            for n in (1, 3, 5, 10, 20, 45, 100):
                print(f"  n = {n:3}: shared seeds {shared[SIZES.index(n)]:.4f}, own seeds {own[SIZES.index(n)]:.4f}")
            axis.plot(SIZES, shared, label="seeds shared by both", marker="")
            axis.plot(SIZES, own, label="seeds of their own", marker="", linestyle="--")
            for label, (of_better, of_worse) in KEPT.items():
                chance = wrong_order_of_kept(a, b, of_better, of_worse, SAMPLES)
                print(f"  {label}: {chance:.4f}")
                if label in MARKS:
                    mark, hollow = MARKS[label], {"markerfacecolor": "none"} if MARKS[label] == "D" else {}
                    axis.plot([45], [chance], mark, label=label, markersize=7, clip_on=False, zorder=3, **hollow)
            axis.axhline(0.5, color="0.6", linewidth=0.8)
            axis.set(title=name, xscale="log", xlim=(1, 100), ylim=(0, 1), xlabel="Replications n")
            axis.set_xticks([1, 2, 5, 10, 20, 45, 100], ["1", "2", "5", "10", "20", "45", "100"])
            axis.minorticks_off()
        axes[0].set_ylabel("Chance of the wrong order")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
        figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main(*sys.argv[1:])
