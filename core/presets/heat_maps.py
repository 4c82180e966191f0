"""Figures 3, 4, 6 and 8: where curl descent settles, over compression and fraction flipped.

Curl descent alone, in networks of 220 neurons: M = int(220 / (1 + 1/c)) inputs and
N = int(220 / (1 + c)) hidden. On a full batch a linear network needs only the covariance of its
inputs, and the learning rate is per epoch, so quick scales take full batches.
"""

from collections.abc import Mapping
from typing import Any

from core.presets.preset import Panel, Picture, Preset

PAPER = "Ninou, Kadmon, Cayco-Gajic, NeurIPS 2025, arXiv:2510.02765"
KIND = "curl_descent.simulation"


def _spec(
    activation: str, *, epochs: int, batch_size: int | str, replicates: int, **parts: Any
) -> dict[str, Any]:
    return {
        "activation": activation,
        "readout_activation": activation,
        "output_error": "raw",
        "rules": ["curl_descent"],
        "flips": {"hidden": {"count": 0}, "readout": {"count": 0}},
        "teacher": {"scale": 1.0},
        "student": {"scale": 1.0},
        "data": {"train_size": 250},
        "training": {
            "epochs": epochs,
            "batch_size": batch_size,
            "learning_rate": 0.1,
            "norm_constraint": "layer",
        },
        "replicates": replicates,
        **parts,
    }


def _map(
    spec: Mapping[str, Any],
    *,
    flipped: str,
    ratios: tuple[float, float, int],
    fractions: int,
    metrics: tuple[str, ...] = ("final_test_error",),
    total_neurons: int = 220,
) -> tuple[Panel, ...]:
    """The one panel: ratios from 10^first to 10^last, fractions from 0 to 1."""
    over = {"x": "compression_ratio", "y": flipped, "arm": "curl_descent"}
    return (
        Panel(
            name="map",
            kind=KIND,
            spec=spec,
            axes={
                "compression_ratio": {"logspace": list(ratios)},
                flipped: {"linspace": [0.0, 1.0, fractions]},
            },
            derive={"total_neurons": total_neurons},
            pictures=tuple(Picture("heatmap", {**over, "metric": metric}) for metric in metrics),
        ),
    )


_FULL_HIDDEN: Any = {"flipped": "hidden_fraction", "ratios": (-1, 2, 20), "fractions": 21}
_QUICK_HIDDEN: Any = {"flipped": "hidden_fraction", "ratios": (-1, 1, 9), "fractions": 9}
_RISE = ("max_train_error", "final_test_error")
_FULL_READOUT: Any = {
    "flipped": "readout_fraction",
    "ratios": (-2, 1, 20),
    "fractions": 21,
    "metrics": _RISE,
}
_QUICK_READOUT: Any = {**_FULL_READOUT, "ratios": (-2, 1, 7), "fractions": 9}

_NEAR_SOLUTION = {"start": "at_solution", "perturbation": 1e-15, "perturbation_layer": "W1"}
_CHAOS: Any = {
    "teacher": {"scale": 1.0, "norms": {"W1": "sqrt_hidden", "W2": 1.0}},
    "student": {"start": "at_solution", "perturbation": 1e-10, "perturbation_layer": "W2"},
    "record": {"order_parameter_window": 1000},
}
_CHAOS_MAP: Any = {
    "flipped": "hidden_fraction",
    "metrics": ("order_parameter_q", "final_test_error"),
}
_SMALL_TANH: Any = {"data": {"train_size": 100}}

HEAT_MAPS = (
    Preset(
        name="hidden-flips-linear",
        summary="Final test error of linear networks over the compression ratio and the fraction "
        "of flipped inputs, from random weights.",
        reference=f"{PAPER}, figure 3a",
        found="Expansive networks (small c) learn whatever the fraction flipped; more compressive "
        "ones keep a high error beyond the line where the solution manifold turns unstable.",
        quick="Full batches, 20 000 epochs, 3 replicates, a grid of 9 x 9.",
        usual_loop_hours=350,
        panels={
            "quick": _map(
                _spec("linear", epochs=20_000, batch_size="full", replicates=3), **_QUICK_HIDDEN
            ),
            "full": _map(
                _spec("linear", epochs=100_000, batch_size=10, replicates=10), **_FULL_HIDDEN
            ),
        },
    ),
    Preset(
        name="hidden-flips-linear-short",
        summary="The map of hidden-flips-linear, stopped early.",
        reference=f"{PAPER}, figure 3a, inset",
        found="The border is there long before learning ends.",
        quick="Full batches, 4 000 epochs (a fifth, as in the paper), 3 replicates, 9 x 9.",
        usual_loop_hours=63,
        panels={
            "quick": _map(
                _spec("linear", epochs=4000, batch_size="full", replicates=3), **_QUICK_HIDDEN
            ),
            "full": _map(
                _spec("linear", epochs=20_000, batch_size=10, replicates=10), **_FULL_HIDDEN
            ),
        },
    ),
    Preset(
        name="chaos-transition",
        summary="Whether the weights of linear networks settle: order parameter q over the "
        "compression ratio and the fraction of flipped inputs, starting 1e-10 beside a solution.",
        reference=f"{PAPER}, figure 3b",
        found="At the critical line q jumps from rounding error to 1e-3 and more: above it the "
        "weights never come to rest.",
        quick="2 replicates and a grid of 6 x 7; all 100 000 epochs, because the instability "
        "needs them to grow.",
        usual_loop_hours=49,
        panels={
            "quick": _map(
                _spec("linear", epochs=100_000, batch_size="full", replicates=2, **_CHAOS),
                ratios=(-1, 0, 6),
                fractions=7,
                **_CHAOS_MAP,
            ),
            "full": _map(
                _spec("linear", epochs=100_000, batch_size="full", replicates=10, **_CHAOS),
                ratios=(-1, 0, 20),
                fractions=21,
                **_CHAOS_MAP,
            ),
        },
    ),
    Preset(
        name="readout-flips-linear",
        summary="Highest and final error of linear networks over the compression ratio and the "
        "fraction of flipped hidden neurons, starting 1e-15 beside a solution.",
        reference=f"{PAPER}, figure 4",
        found="Above the critical line the error rises first, then ends low all the same: other "
        "solutions are found, until nearly all neurons are flipped.",
        quick="2 replicates and a grid of 7 x 9. At c = 0.01 without flips the error rises too: "
        "there the learning rate times the largest eigenvalue (2.2 to 2.5) is beyond the 2 that "
        "discrete steps bear.",
        usual_loop_hours=77,
        panels={
            "quick": _map(
                _spec(
                    "linear",
                    epochs=100_000,
                    batch_size="full",
                    replicates=2,
                    student=_NEAR_SOLUTION,
                ),
                **_QUICK_READOUT,
            ),
            "full": _map(
                _spec(
                    "linear",
                    epochs=100_000,
                    batch_size="full",
                    replicates=20,
                    student=_NEAR_SOLUTION,
                ),
                **_FULL_READOUT,
            ),
        },
    ),
    Preset(
        name="hidden-flips-tanh",
        summary="The map of hidden-flips-linear for tanh networks.",
        reference=f"{PAPER}, figure 6",
        found="The border of linear theory holds for tanh networks too.",
        quick="110 neurons, 100 training samples in full batches, 20 000 epochs, 2 replicates, "
        "a grid of 7 x 6. At c = 0.21 some networks with six inputs in ten flipped, and most with "
        "more, keep a high error left of the line: it says where a solution with random weights is "
        "stable, and close to it a start at random need not end in one, with all flipped in linear "
        "networks neither; tanh, which saturates, widens that margin.",
        usual_loop_hours=390,
        panels={
            "quick": _map(
                _spec("tanh", epochs=20_000, batch_size="full", replicates=2, **_SMALL_TANH),
                **{**_QUICK_HIDDEN, "ratios": (-1, 1, 7), "fractions": 6},
                total_neurons=110,
            ),
            "full": _map(
                _spec("tanh", epochs=100_000, batch_size=10, replicates=10), **_FULL_HIDDEN
            ),
        },
    ),
    Preset(
        name="readout-flips-tanh",
        summary="The map of readout-flips-linear for tanh networks.",
        reference=f"{PAPER}, figure 8",
        found="As in linear networks: above the line the error rises first and then ends low.",
        quick="110 neurons, 100 training samples, 20 000 epochs, 2 replicates, a grid of 7 x 6; "
        "starting 1e-6 beside a solution, so that the rise is over by the end, but for the first "
        "cells beyond the line, where it is slowest. It rises to 0.3, the less the more "
        "compressive, and ends near 1e-4 unless all are flipped; for c above 1 the samples are few "
        "and the test error ends higher. At c = 10 there are ten hidden neurons, and whether the "
        "few flipped ones are unstable depends on the draw.",
        usual_loop_hours=520,
        panels={
            "quick": _map(
                _spec(
                    "tanh",
                    epochs=20_000,
                    batch_size="full",
                    replicates=2,
                    student={**_NEAR_SOLUTION, "perturbation": 1e-6},
                    **_SMALL_TANH,
                ),
                **{**_QUICK_READOUT, "ratios": (-1.5, 1, 7), "fractions": 6},
                total_neurons=110,
            ),
            "full": _map(
                _spec(
                    "tanh",
                    epochs=100_000,
                    batch_size="full",
                    replicates=20,
                    student=_NEAR_SOLUTION,
                ),
                **_FULL_READOUT,
            ),
        },
    ),
)
