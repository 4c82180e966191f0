"""What is done while things break: experiments of mixed kinds and lengths, and uploads."""

import io
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

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


def recording(number: int) -> bytes:
    """A small recording, another one for each number."""
    content = io.BytesIO()
    counts = np.random.default_rng(number).poisson(3.0, (UPLOADED_TRIALS, 20))
    np.savez(content, counts=counts, target=np.arange(UPLOADED_TRIALS) % 4)
    return content.getvalue()


UPLOADED_TRIALS = 400
PIECES, PIECE_S = 10, 0.1


def slowly(content: bytes) -> Iterator[bytes]:
    """The content over a slow line, so that what breaks meanwhile finds half of it."""
    size = -(-len(content) // PIECES)
    for start in range(0, len(content), size):
        yield content[start : start + size]
        time.sleep(PIECE_S)


def _simulation(epochs: int, weight: int) -> Work:
    spec = {
        "inputs": 60,
        "hidden": 10,
        "training": {"epochs": epochs, "norm_constraint": "layer"},
        "replicates": 2,
    }
    return Work(SIMULATION, spec, weight)
