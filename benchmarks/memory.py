"""How much memory simulations take, beside what the service states beforehand.

    python -m benchmarks.memory

Every spec runs in a process of its own, compiled code loaded from its cache, and its result is made
ready for the database there as a worker does it; the peak of what that process kept in memory is
set against the estimate, which counts libraries and compiler in.
"""

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

from core.curl_descent import SimulationSpec
from core.experiment import silent
from core.kinds.curl_descent_simulation import KIND
from store.results import prepare

TANH = {"activation": "tanh", "readout_activation": "tanh"}
LINEAR = {"activation": "linear"}
FULL = {"epochs": 2, "batch_size": "full", "norm_constraint": "layer"}
TOLERANCE = 0.2

CASES: dict[str, dict[str, Any]] = {
    "a small network": {},
    "a small linear network": {**LINEAR, "training": FULL},
    "wide layers, M 1500 N 1500": {"inputs": 1500, "hidden": 1500, "replicates": 4, **TANH},
    "the same, traced": {
        "inputs": 1500,
        "hidden": 1500,
        "replicates": 2,
        "record": {"order_parameter_window": 2},
        **TANH,
    },
    "much data, P 300 000": {
        "replicates": 2,
        "data": {"train_size": 300_000},
        "training": {"epochs": 1},
    },
    "linear full batch, M 2000 N 500": {
        "inputs": 2000,
        "hidden": 500,
        "replicates": 10,
        "data": {"train_size": 20_000},
        "training": FULL,
        **LINEAR,
    },
    "tall linear minibatch, N 50 000": {
        "inputs": 20,
        "hidden": 50_000,
        "replicates": 20,
        "data": {"train_size": 250},
        **LINEAR,
    },
    "long curves, 10 000 records": {
        "inputs": 2,
        "hidden": 2,
        "replicates": 400,
        "data": {"train_size": 10, "test_size": 10},
        "training": {"epochs": 10_000, "batch_size": "full"},
        "record": {"points": 10_000},
        **LINEAR,
    },
    "many replicates, 10 000": {"inputs": 20, "hidden": 20, "replicates": 10_000, **TANH},
    "weights at the end, M 1000 N 1000": {
        "inputs": 1000,
        "hidden": 1000,
        "replicates": 10,
        "data": {"train_size": 100},
        "record": {"weights": "final"},
        **TANH,
    },
    "snapshots of weights": {
        "inputs": 200,
        "hidden": 100,
        "replicates": 15,
        "data": {"train_size": 100},
        "training": {"epochs": 100, "batch_size": "full"},
        "record": {"points": 40, "weights": "snapshots"},
        **TANH,
    },
    "snapshots of weights in float32": {
        "inputs": 200,
        "hidden": 100,
        "replicates": 30,
        "data": {"train_size": 100},
        "training": {"epochs": 100, "batch_size": "full"},
        "record": {"points": 40, "weights": "snapshots"},
        "precision": "float32",
        **TANH,
    },
    "hidden activity on 1000 probes": {
        "inputs": 50,
        "hidden": 40,
        "replicates": 10,
        "data": {"train_size": 100, "test_size": 1000},
        "training": {"epochs": 100, "batch_size": "full"},
        "record": {"points": 40, "probe_size": 1000},
        **TANH,
    },
    "online": {
        "outputs": 20,
        "replicates": 200,
        "data": {"train_size": 2000, "online": True},
        "training": {"epochs": 2},
    },
}


def spec_of(name: str) -> SimulationSpec:
    """The spec of a case, at most some seconds of work."""
    return SimulationSpec.model_validate({"training": {"epochs": 2}, **CASES[name]})


def peak_bytes(name: str) -> int:
    """Of a process that runs this case alone."""
    command = [sys.executable, "-m", "benchmarks.memory", name]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return int(json.loads(output)["peak_bytes"])


def run_alone(name: str) -> None:
    """In the child: run, make rows and packed arrays as a worker does, tell the peak."""
    spec = spec_of(name)
    prepare(name, KIND, spec, KIND.run(spec, {}, silent), {})
    print(json.dumps({"peak_bytes": _own_peak_bytes()}))


def _own_peak_bytes() -> int:
    """Of this process alone: what Linux puts into ru_maxrss may be the peak of its parent."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    """Print the table, kernels compiled beforehand."""
    for name in ("a small network", "a small linear network"):
        KIND.run(spec_of(name), {}, silent)
    print(f"{'megabytes':36} estimate   peak  estimate / peak")
    for name in CASES:
        stated, peak = KIND.estimate(spec_of(name), {}).memory_bytes, peak_bytes(name)
        verdict = "met" if abs(stated / peak - 1) <= TOLERANCE else "MISSED"
        print(
            f"{name:36} {stated / 1e6:8.0f} {peak / 1e6:6.0f} {stated / peak:16.2f}  {verdict}",
            flush=True,
        )


if __name__ == "__main__":
    if sys.argv[1:]:
        run_alone(sys.argv[1])
    else:
        main()
