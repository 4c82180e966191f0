"""Figures 5, 10 and 11: how many epochs curl descent needs, and how many gradient descent.

Networks of 100 inputs and 10 hidden neurons with one flipped readout neuron. One batch of 50 moves
as far as five of 10 (the learning rate is per epoch) at less cost, so quick scales take those.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from core.presets.heat_maps import KIND, PAPER
from core.presets.preset import Panel, Picture, Preset


def _spec(
    *,
    epochs: int,
    batch_size: int | str,
    replicates: int,
    train_size: int = 2000,
    activation: str = "tanh",
    distribution: str = "uniform",
    norm_constraint: str = "layer",
    **parts: Any,
) -> dict[str, Any]:
    return {
        "inputs": 100,
        "hidden": 10,
        "activation": activation,
        "readout_activation": activation,
        "output_error": "raw",
        "flips": {"readout": {"count": 1}},
        "teacher": {"scale": 1.0, "distribution": distribution},
        "student": {"scale": 2.0, "distribution": distribution},
        "data": {"train_size": train_size},
        "training": {
            "epochs": epochs,
            "batch_size": batch_size,
            "learning_rate": 0.1,
            "norm_constraint": norm_constraint,
        },
        "replicates": replicates,
        **parts,
    }


def _against(name: str, axis: str, values: Sequence[float], spec: Mapping[str, Any]) -> Panel:
    """Epochs to the threshold of both rules over one axis."""
    return Panel(
        name=name,
        kind=KIND,
        spec=spec,
        axes={axis: list(values)},
        pictures=(Picture("profile", {"x": axis, "metric": "epochs_to_threshold"}),),
    )


# The longest experiments first, so that several workers end together.
_SIZES = (2000, 1500, 1000, 750, 500, 300, 200, 100)
_STUDENT_SCALES = (0.01, 0.03, 0.1, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0)
_TEACHER_SCALES = (0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0)
_COUNTS = tuple(range(1, 11))


def _figure_5(*, replicates: int, batch_size: int = 10, **options: Any) -> tuple[Panel, ...]:
    """All panels at the paper's size."""
    usual: Any = {
        "epochs": 100_000,
        "batch_size": batch_size,
        "replicates": replicates,
        **options,
    }
    return (
        _against("training_size", "train_size", _SIZES, _spec(**usual)),
        _against("init_scale", "student_scale", _STUDENT_SCALES, _spec(**usual, train_size=10_000)),
        _against(
            "init_scale_few_samples",
            "student_scale",
            _STUDENT_SCALES,
            _spec(**usual, train_size=150),
        ),
        _against(
            "teacher_scale",
            "teacher_scale",
            _TEACHER_SCALES,
            _spec(**{**usual, "epochs": 200_000}, train_size=10_000),
        ),
        _against("flip_count", "flips.readout.count", _COUNTS, _spec(**usual)),
    )


_FULL = {panel.name: panel for panel in _figure_5(replicates=10)}
_QUICK: Any = {"epochs": 10_000, "batch_size": 50, "replicates": 3}
_QUICK_1000: Any = {**_QUICK, "train_size": 1000}
# Full batches of a linear network cost next to nothing.
_LINEAR: Any = {"activation": "linear", "distribution": "normal", "norm_constraint": "none"}
_QUICK_LINEAR: Any = {"epochs": 10_000, "batch_size": "full", "replicates": 20, **_LINEAR}
_QUICK_RELU: Any = {**_QUICK, "activation": "relu", "record": {"threshold": 5e-3}}

SPEEDUPS = (
    Preset(
        name="speedup-training-size",
        summary="Epochs to test error 1e-3 against the number of training samples: gradient "
        "descent and curl descent with one flipped readout neuron, in tanh networks.",
        reference=f"{PAPER}, figure 5b,c",
        found="From 1000 samples on curl descent needs about a third of the epochs.",
        quick="500, 1000 and 2000 samples in batches of 50, 10 000 epochs, 5 replicates.",
        usual_loop_hours=30,
        panels={
            "quick": (
                _against(
                    "training_size",
                    "train_size",
                    (2000, 1000, 500),
                    _spec(**{**_QUICK, "replicates": 5}),
                ),
            ),
            "full": (_FULL["training_size"],),
        },
    ),
    Preset(
        name="speedup-init-scale",
        summary="Epochs to test error 1e-3 against the scale of the student's initial weights.",
        reference=f"{PAPER}, figure 5d",
        found="Curl descent is faster from scale 2 on. With the norms held, a student much smaller "
        "than its teacher cannot express it: both rules are censored there.",
        quick="Four scales, 1000 samples in batches of 50, 10 000 epochs, 3 replicates.",
        usual_loop_hours=270,
        panels={
            "quick": (
                _against("init_scale", "student_scale", (0.3, 1.0, 2.0, 4.0), _spec(**_QUICK_1000)),
            ),
            "full": (_FULL["init_scale"], _FULL["init_scale_few_samples"]),
        },
    ),
    Preset(
        name="speedup-teacher-scale",
        summary="Epochs to test error 1e-3 against the scale of the teacher's weights.",
        reference=f"{PAPER}, figure 5e",
        found="Curl descent is faster for teachers smaller than the student; teachers that are "
        "larger cannot be expressed, and both rules are censored there.",
        quick="Four scales, 1000 samples in batches of 50, 10 000 epochs, 3 replicates.",
        usual_loop_hours=520,
        panels={
            "quick": (
                _against(
                    "teacher_scale", "teacher_scale", (0.5, 1.0, 2.0, 4.0), _spec(**_QUICK_1000)
                ),
            ),
            "full": (_FULL["teacher_scale"],),
        },
    ),
    Preset(
        name="speedup-flip-count",
        summary="Epochs to test error 1e-3 against the number of flipped readout neurons.",
        reference=f"{PAPER}, figure 5f",
        found="Curl descent is faster up to about half of the neurons flipped.",
        quick="Four counts, 2000 samples in batches of 50, 10 000 epochs, 3 replicates.",
        usual_loop_hours=53,
        panels={
            "quick": (
                _against("flip_count", "flips.readout.count", (1, 3, 5, 8), _spec(**_QUICK)),
            ),
            "full": (_FULL["flip_count"],),
        },
    ),
    Preset(
        name="speedup-relu",
        summary="The speed-up of curl descent in networks of rectified linear units.",
        reference=f"{PAPER}, figure 10",
        found="Curl descent is faster in relu networks too.",
        quick="Threshold 5e-3, not the paper's 1e-3: gradient descent reaches it in the 10 000 "
        "epochs; training size and flip count only, in batches of 50, 3 replicates.",
        usual_loop_hours=3000,
        panels={
            "quick": (
                _against("training_size", "train_size", (2000, 1000, 500), _spec(**_QUICK_RELU)),
                _against(
                    "flip_count",
                    "flips.readout.count",
                    (1, 5, 9),
                    _spec(**_QUICK_RELU, train_size=1000),
                ),
            ),
            "full": _figure_5(replicates=40, activation="relu"),
        },
    ),
    Preset(
        name="speedup-linear-normal",
        summary="The speed-up of curl descent in linear networks with normal weights, their norms "
        "left free.",
        reference=f"{PAPER}, figure 11",
        found="Curl descent is faster in linear networks too.",
        quick="Full batches, 10 000 epochs, 20 replicates, fewer values. Students of scale 1 and "
        "less learn alike under both rules, and for a teacher of scale 3 gradient descent is a "
        "little faster.",
        usual_loop_hours=1000,
        panels={
            "quick": (
                _against(
                    "training_size", "train_size", (2000, 1000, 500, 200), _spec(**_QUICK_LINEAR)
                ),
                _against(
                    "init_scale", "student_scale", (0.1, 0.3, 1.0, 3.0), _spec(**_QUICK_LINEAR)
                ),
                _against("teacher_scale", "teacher_scale", (0.3, 1.0, 3.0), _spec(**_QUICK_LINEAR)),
                _against(
                    "flip_count", "flips.readout.count", (1, 3, 5, 7, 9), _spec(**_QUICK_LINEAR)
                ),
            ),
            "full": _figure_5(replicates=10, **_LINEAR),
        },
    ),
)
