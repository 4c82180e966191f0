"""The papers' experiments by name, as data: a preset is a list of named panels, each a spec."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Scale = Literal["quick", "full"]


@dataclass(frozen=True)
class Panel:
    """One named experiment of a preset."""

    name: str
    kind: str
    spec: Mapping[str, Any]


@dataclass(frozen=True)
class Preset:
    """A ready set of experiments with the question it asks."""

    name: str
    summary: str
    reference: str
    panels: Mapping[Scale, tuple[Panel, ...]]


def _speedup_by_training_size(
    train_size: int, *, epochs: int, batch_size: int, replicates: int
) -> Panel:
    return Panel(
        name=f"train_size_{train_size}",
        kind="curl_descent.simulation",
        spec={
            "inputs": 100,
            "hidden": 10,
            "activation": "tanh",
            "readout_activation": "tanh",
            "output_error": "raw",
            "flips": {"readout": {"count": 1}},
            "teacher": {"scale": 1.0},
            "student": {"scale": 2.0},
            "data": {"train_size": train_size},
            "training": {
                "epochs": epochs,
                "batch_size": batch_size,
                "learning_rate": 0.1,
                "norm_constraint": "layer",
            },
            "replicates": replicates,
        },
    )


# One batch of 50 moves as far as five of 10 (the learning rate is per epoch), at half the cost.
_QUICK = {"epochs": 10_000, "batch_size": 50, "replicates": 5}
_FULL = {"epochs": 100_000, "batch_size": 10, "replicates": 10}

PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            name="speedup-training-size",
            summary="Epochs to test error 1e-3 against the number of training samples: gradient "
            "descent and curl descent with one flipped readout neuron, in tanh networks.",
            reference="Ninou, Kadmon, Cayco-Gajic, NeurIPS 2025, arXiv:2510.02765, figure 5b,c",
            panels={
                # The longest first, so that several workers end together.
                "quick": tuple(
                    _speedup_by_training_size(size, **_QUICK) for size in (2000, 1000, 500)
                ),
                "full": tuple(
                    _speedup_by_training_size(size, **_FULL)
                    for size in (100, 200, 300, 500, 750, 1000, 1500, 2000)
                ),
            },
        ),
    )
}
