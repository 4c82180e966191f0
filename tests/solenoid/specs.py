"""Specs that the client's tests submit."""

from typing import Any

from solenoid import Dataset

RATIO = "dimensionality.participation_ratio"

# About a minute of work where nobody cancels it.
MANY = 100_000


def comparison(dataset: Dataset, permutations: int = 99, seed: int = 0) -> dict[str, Any]:
    """The blocks of the bundled recording against each other."""
    block = {"factor": "block", "compare": ["before", "after"]}
    return {"dataset": dataset.id, "block": block, "permutations": permutations, "seed": seed}


SIMULATION = "curl_descent.simulation"

TINY: dict[str, Any] = {
    "inputs": 8,
    "hidden": 4,
    "data": {"train_size": 20, "test_size": 10},
    "training": {"epochs": 10, "batch_size": 5},
    "replicates": 2,
}
ENDLESS: dict[str, Any] = {**TINY, "training": {"epochs": 10_000_000, "batch_size": 5}}
