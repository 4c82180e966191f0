"""What is computed while things break: experiments of mixed kinds and lengths."""

import random
from dataclasses import dataclass
from typing import Any

from core.kinds import KINDS

SIMULATION = "curl_descent.simulation"


@dataclass(frozen=True)
class Work:
    """One spec, and how often it is drawn."""

    kind: str
    spec: dict[str, Any]
    weight: int


def works() -> list[Work]:
    """Every kind's example, and simulations from milliseconds to many seconds."""
    examples = [
        Work(name, kind.example().model_dump(mode="json"), 2)
        for name, kind in KINDS.items()
        if name in EXAMPLES
    ]
    return [*examples, *(_simulation(epochs, weight) for epochs, weight in EPOCHS)]


EXAMPLES = (
    "curl_descent.toy",
    "curl_descent.phase_diagram",
    "plasticity.curl",
    "dimensionality.participation_ratio",
)
EPOCHS = ((2, 8), (500, 4), (2500, 1))


def drawn(rng: random.Random, count: int) -> list[int]:
    """Places in `works()`: each at least once, the others by weight."""
    weights = [work.weight for work in works()]
    places = list(range(len(weights)))
    more = rng.choices(places, weights, k=max(0, count - len(places)))
    rng.shuffle(chosen := places + more)
    return chosen


def _simulation(epochs: int, weight: int) -> Work:
    spec = {
        "inputs": 60,
        "hidden": 10,
        "training": {"epochs": epochs, "norm_constraint": "layer"},
        "replicates": 2,
    }
    return Work(SIMULATION, spec, weight)
