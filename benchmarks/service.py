"""What the service itself costs: from submitting a trivial experiment to reading its result.

`python -m benchmarks.service` starts the embedded stack in a temporary folder. The goal is a median
under 100 ms, for the fastest example-sized simulation there is: one epoch of a tiny network.
"""

import json
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.stack import RunningStack

TRIVIAL = {
    "inputs": 2,
    "hidden": 2,
    "data": {"train_size": 2, "test_size": 2},
    "training": {"epochs": 1, "batch_size": 2},
    "replicates": 1,
}
RUNS = 100
GOAL_S = 0.1


def main() -> None:
    """Print the median, the fastest and the slowest of `RUNS` round trips."""
    with (
        tempfile.TemporaryDirectory() as folder,
        RunningStack(Path(folder), workers=1) as stack,
    ):
        for _ in range(5):
            _round_trip(stack)
        times = [_round_trip(stack) for _ in range(RUNS)]
    print(
        f"submit to result, {RUNS} trivial experiments: median {median(times) * 1e3:.0f} ms, "
        f"{min(times) * 1e3:.0f} to {max(times) * 1e3:.0f} ms (goal {GOAL_S * 1e3:.0f} ms)"
    )


def _round_trip(stack: RunningStack) -> float:
    start = time.perf_counter()
    identifier = stack.submit("curl_descent.simulation", TRIVIAL)["id"]
    with stack.http.stream("GET", f"/v1/experiments/{identifier}/events") as events:
        for line in events.iter_lines():
            if line.startswith("data:") and json.loads(line[5:])["status"] == "succeeded":
                break
    stack.http.get(f"/v1/experiments/{identifier}/results").raise_for_status()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
