"""The largest step, the origin and the thresholds of theory, against networks and the lines."""

from typing import Any

import numpy as np
import pytest

from core.curl_descent import SimulationSpec
from core.experiment import silent
from core.kernels.critical_lines import critical_readout_fraction
from core.kinds import curl_descent_phase_diagram, curl_descent_simulation, curl_descent_stability

STABILITY, DIAGRAM = curl_descent_stability.KIND, curl_descent_phase_diagram.KIND
SIMULATION = curl_descent_simulation.KIND


def _metrics(kind: Any, **fields: Any) -> Any:
    spec = kind.spec.model_validate(fields)
    (row,) = kind.rows(spec, kind.run(spec, {}, silent))
    return row.metrics


def _highest_error(learning_rate: float) -> float:
    """Of a network that starts beside a solution, 60 inputs and 120 hidden neurons, no flips."""
    spec = SimulationSpec.model_validate(
        {
            "inputs": 60,
            "hidden": 120,
            "activation": "linear",
            "rules": ["curl_descent"],
            "flips": {"readout": {"count": 0}},
            "teacher": {"scale": 3**0.5},
            "student": {"scale": 3**0.5, "start": "at_solution", "perturbation": 1e-8},
            "data": {"train_size": 20_000},
            "training": {
                "epochs": 1500,
                "batch_size": "full",
                "learning_rate": learning_rate,
                "learning_rate_scaling": "per_update",
            },
            "replicates": 2,
        }
    )
    rows = SIMULATION.rows(spec, SIMULATION.run(spec, {}, silent))
    return max(float(row.metrics["max_train_error"] or 0) for row in rows)


def test_steps_above_the_largest_learning_rate_leave_a_stable_solution() -> None:
    """Weights of scale sqrt 3 have M Var W1 = 1; the inputs' variance is one half."""
    theory = _metrics(
        STABILITY, compression_ratio=0.5, hidden_fraction=0.0, readout_fraction=0.0, empirical=None
    )
    assert theory["stable"] is True
    largest = 2 * theory["largest_learning_rate"]
    # Finite networks and samples move the fastest rate by some per cent.
    assert _highest_error(0.85 * largest) < 1e-12
    assert _highest_error(1.2 * largest) > 1e-3


@pytest.mark.parametrize("hidden_fraction", [0.2, 0.8])
def test_hidden_neurons_turn_around_the_origin_where_the_flow_does(hidden_fraction: float) -> None:
    """Beside zero weights w1_i' = w2_i D1 beta^T and w2_i' = D2_ii beta w1_i: with what rates?"""
    M, N, readout_fraction = 60, 40, 0.25
    rng = np.random.default_rng(0)
    beta = rng.normal(size=N) @ rng.normal(size=(N, M))
    D1 = np.where(np.arange(M) < hidden_fraction * M, -1.0, 1.0)
    turning = 0
    for flipped in np.arange(N) < readout_fraction * N:
        flow = np.zeros((M + 1, M + 1))
        flow[:M, M] = D1 * beta
        flow[M, :M] = (-1.0 if flipped else 1.0) * beta
        turning += bool(np.abs(np.linalg.eigvals(flow).imag).max() > 1)
    theory = _metrics(
        STABILITY,
        hidden_fraction=hidden_fraction,
        readout_fraction=readout_fraction,
        empirical=None,
    )
    assert theory["origin_centre_share"] == pytest.approx(turning / N)


def test_half_of_the_inputs_flipped_leave_the_origin_to_the_teacher() -> None:
    """The sign of beta D1 beta^T over a thousand teachers, a quarter of the neurons flipped."""
    signs = np.where(np.arange(60) < 30, -1.0, 1.0)
    towards = np.random.default_rng(1).normal(size=(1000, 60)) ** 2 @ signs
    shares = np.where(towards > 0, 0.25, 0.75)
    theory = _metrics(STABILITY, hidden_fraction=0.5, readout_fraction=0.25, empirical=None)
    assert theory["origin_centre_share"] == pytest.approx(shares.mean(), abs=0.03)


@pytest.mark.parametrize("kappa", [0.4, 1.0, 2.5])
def test_thresholds_of_readout_flips_are_where_the_line_ends(kappa: float) -> None:
    found = _metrics(DIAGRAM, kappa=kappa)
    fragile, robust = found["readout_fragile_above"], found["readout_robust_above"]
    assert (fragile is None) == (kappa >= 1)
    assert (robust is None) == (kappa <= 1)
    if fragile is not None:
        below, above = critical_readout_fraction(fragile * np.array([0.99, 1.01]), kappa)
        assert above == 0 < below < 0.01
    if robust is not None:
        below, above = critical_readout_fraction(robust * np.array([0.99, 1.01]), kappa)
        assert above == 1 > below > 0.99
