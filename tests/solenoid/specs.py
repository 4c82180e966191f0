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
