"""What the paper found, found again: theory, figures 3, 4 and 5f, a number beside each statement.

    python -m benchmarks.reproduce [critical_lines | left_edges | ...]

Linear networks of 220 neurons take full batches and fewer epochs and replicates than the paper's;
`benchmarks.reproduce_speedup` has figure 5c at its full size. About five minutes on one core.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.one_core import one_core
from core.curl_descent import SimulationSpec
from core.curl_descent_networks import Student
from core.experiment import silent
from core.kernels.critical_lines import critical_hidden_fraction, critical_readout_fraction
from core.kernels.free_probability import Ensemble, left_edge
from core.kinds.curl_descent_simulation import KIND
from core.kinds.curl_descent_stability import KIND as STABILITY
from core.presets import PRESETS

NEURONS = 220
EDGES = 20
REPLICATES = 5
CLOSE = 10
SETTLED = 1e-3
COUNTS = (1, 3, 5, 7, 9)
MANY = 0.9


def main(names: Sequence[str]) -> None:
    """Print one line per statement."""
    for name in names or STATEMENTS:
        STATEMENTS[name]()


def _critical_lines() -> None:
    """The left edge of the spectrum, found by another route, must vanish on both closed forms."""
    c = np.geomspace(0.01, 10, 200)
    hidden, readout = critical_hidden_fraction(c, 1.0), critical_readout_fraction(c, 1.0)
    inner = (hidden > 0) & (hidden < 1)
    edges = [
        float(left_edge(Ensemble(float(ratio), float(h), float(r), 1.0))) / (1 + 1 / ratio)
        for ratio, h, r in [
            *((ratio, h, 0.0) for ratio, h in zip(c[inner], hidden[inner], strict=True)),
            *((ratio, 0.0, r) for ratio, r in zip(c, readout, strict=True)),
        ]
    ]
    print(f"critical lines: left edge on them at most {np.abs(edges).max():.1e} of kappa + 1/c")


def _left_edges() -> None:
    rng = np.random.default_rng(0)
    misses = []
    for seed in range(EDGES):
        spec = STABILITY.spec.model_validate(
            {
                "compression_ratio": 10 ** rng.uniform(-1, 1),
                "hidden_fraction": rng.uniform(),
                "readout_fraction": rng.uniform(),
                "kappa": 10 ** rng.uniform(-0.5, 0.5),
                "empirical": {"inputs": 400, "draws": 2},
                "seed": seed,
            }
        )
        result = STABILITY.run(spec, {}, silent)
        edge = float(result["support"].min())
        width = float(result["support"].max()) - edge
        misses.append((float(np.nanmin(result["eigenvalues"])) - edge) / width)
    print(
        f"left edges: smallest eigenvalue - edge, of the width of the spectrum, in {EDGES} random "
        f"ensembles of 400 inputs: {min(misses):+.4f} to {max(misses):+.4f}"
    )


def _at(
    preset: str, epochs: int, c: float, fractions: Mapping[str, float], neurons: int = NEURONS
) -> SimulationSpec:
    """A preset's network at one place of its map, on full batches."""
    base = PRESETS[preset].panels["quick"][0].spec
    flips = {layer: {"fraction": fraction} for layer, fraction in fractions.items()}
    return SimulationSpec.model_validate(
        {
            **base,
            "inputs": int(neurons / (1 + 1 / c)),
            "hidden": int(neurons / (1 + c)),
            "flips": {"hidden": {"count": 0}, "readout": {"count": 0}, **flips},
            "training": {**base["training"], "epochs": epochs},
            "replicates": REPLICATES,
        }
    )


def _median(spec: SimulationSpec, *metrics: str) -> tuple[float, ...]:
    rows = KIND.rows(spec, KIND.run(spec, {}, silent))
    values = [[row.metrics[name] for row in rows] for name in metrics]
    return tuple(float(np.median([np.inf if x is None else x for x in of])) for of in values)


def _beside_line(line: float) -> tuple[tuple[str, float], tuple[str, float]]:
    return ("below the line", 0.5 * line), ("above it", min(1.0, line + 0.3))


def _hidden_flips() -> None:
    for c in (0.3, 0.4, 0.5):
        for where, fraction in _beside_line(float(critical_hidden_fraction(c, 1.0))):
            spec = _at("hidden-flips-linear", 20_000, c, {"hidden": fraction})
            (error,) = _median(spec, "final_test_error")
            print(f"figure 3a, c {c}, alpha_h {fraction:.2f} {where}: final error {error:.1e}")


def _order_parameter() -> None:
    for c in (0.3, 0.4):
        for where, fraction in _beside_line(float(critical_hidden_fraction(c, 1.0))):
            spec = _at("chaos-transition", 100_000, c, {"hidden": fraction})
            (q,) = _median(spec, "order_parameter_q")
            print(f"figure 3b, c {c}, alpha_h {fraction:.2f} {where}: q {q:.1e}")


def _readout_flips() -> None:
    for c in (0.05, 0.2):
        line = float(critical_readout_fraction(c, 1.0))
        for where, fraction in (*_beside_line(line), ("far above it", MANY)):
            spec = _at("readout-flips-linear", 100_000, c, {"readout": fraction})
            highest, last = _median(spec, "max_train_error", "final_test_error")
            print(
                f"figure 4, c {c}, alpha_r {fraction:.2f} {where}: error rises to {highest:.1e}, "
                f"ends at {last:.1e}"
            )


def _near_the_line() -> None:
    """Left of the line, close to it: does a network settle, from beside a solution or at random?"""
    c = 10 ** (-2 / 3)
    beside: dict[str, Any] = {"start": "at_solution", "perturbation": 1e-6}
    for start, student in (("at random", {"scale": 1.0}), ("beside a solution", beside)):
        spec = _at("hidden-flips-linear", 20_000, c, {"hidden": 1.0})
        fields = {"student": Student.model_validate(student), "replicates": CLOSE}
        _print_high(f"linear, all inputs flipped, starting {start}", spec.model_copy(update=fields))
    for scale in (1.0, 0.3):
        spec = _at("hidden-flips-tanh", 20_000, c, {"hidden": 0.6}, neurons=110)
        document = spec.model_dump()
        document["teacher"]["scale"] = document["student"]["scale"] = scale
        scaled = SimulationSpec.model_validate(document)
        _print_high(f"tanh, six inputs in ten flipped, weights of scale {scale}", scaled)


def _print_high(what: str, spec: SimulationSpec) -> None:
    rows = KIND.rows(spec, KIND.run(spec, {}, silent))
    errors = np.array([row.metrics["final_test_error"] for row in rows], float)
    high = np.count_nonzero(~(errors < SETTLED))
    ratio = spec.inputs / spec.hidden
    print(f"c {ratio:.2f}, {what}: {high} of {len(errors)} end above {SETTLED}")


def _flip_counts() -> None:
    base = PRESETS["speedup-flip-count"].panels["quick"][0].spec
    for count in COUNTS:
        fields = {"flips": {"readout": {"count": count}}, "replicates": REPLICATES}
        spec = SimulationSpec.model_validate({**base, **fields})
        rows = KIND.rows(spec, KIND.run(spec, {}, silent))
        epochs = np.array([row.metrics["epochs_to_threshold"] or np.nan for row in rows], float)
        gradient, curl = epochs.reshape(2, -1)
        ratio = np.log2(gradient / curl)
        known = ratio[np.isfinite(ratio)]
        print(
            f"figure 5f, {count} of 10 flipped: {2 ** known.mean():.2f} times as fast as gradient "
            f"descent (geometric mean of {known.size} pairs of {REPLICATES}), curl censored in "
            f"{np.isnan(curl).sum()}, gradient descent in {np.isnan(gradient).sum()}"
        )


STATEMENTS: Mapping[str, Callable[[], None]] = {
    "critical_lines": _critical_lines,
    "left_edges": _left_edges,
    "hidden_flips": _hidden_flips,
    "order_parameter": _order_parameter,
    "readout_flips": _readout_flips,
    "near_the_line": _near_the_line,
    "flip_counts": _flip_counts,
}

if __name__ == "__main__":
    with one_core():
        main(sys.argv[1:])
