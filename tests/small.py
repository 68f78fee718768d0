"""Parameters for tests that go over all policies: small networks, and short fits, where the defaults take long."""

from typing import Any

SMALL: dict[str, dict[str, Any]] = {
    "bandit/neuralucb": {"hidden": (8,), "steps": 20},
    "bandit/neuralts": {"hidden": (8,), "steps": 20},
    "bandit/neural-epsilon": {"hidden": (8,), "steps": 20},
    "bandit/neusquarecb": {"hidden": (8,)},
    "bandit/neufastcb": {"hidden": (8,)},
    "bandit/neuralgcb": {
        "hidden": (8,),
        "epochs": 10,
        "rate": 0.3,
        "batch": "fixed",
        "batches": (20,),
        "threshold": 4.0,
    },
    "bandit/ee-net": {"hidden": (8,), "steps": 20},
}
