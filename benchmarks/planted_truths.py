"""What each finding's measure would be of a synthetic session's own means and noise.

Each truth is of what the measure estimates, in its units. Means and their shares, dimensions and
turns follow from the true rates. Two depend on the noise too, and are taken from a session of the
same neurons with 400 trials in each cell:

    distance        d' S^-1 d / neurons, d the true difference of means and S the noise covariance
    decoding error  that of decoders of as many trials as the session has, each on its own trials

The turn is that of the rings of true means in the plane of the true null-field means. It is less
than the planted angle, by about a degree of 20 in `cerebellar_block`: a ring of finitely many
neurons is an ellipse, which shows tan(turn) = tan(planted) 2 s_1 s_2 / (s_1^2 + s_2^2) with s its
axes, and the target-dependent change is the same in both fields and does not turn.
"""

from collections.abc import Mapping
from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.experiment import Dataset
from core.kernels.generalization import clouds, held_out_direction_errors
from core.kernels.reaiming import rings
from core.synthetic import FIELDS, STATES, synthesised, truth
from core.synthetic_spec import SyntheticSpec

Floats = NDArray[np.float64]
MANY = 400  # trials in each cell of the large session

Truth = tuple[float, float, float]
"""Of control, of the block and of their difference; NaN where there is no such measure."""


def truths(session: Dataset) -> dict[str, Truth]:
    """The truth of every finding."""
    known = truth(session)
    states = [known["spec"][state] for state in STATES]
    parts, ratio = known["variance_fractions"]["NF"], known["participation_ratio"]
    of_states: dict[str, list[float]] = {
        "a_motor_noise": [each["motor_variance"] for each in states],
        "a_error_sensitivity": [each["error_sensitivity"] for each in states],
        "d_reaiming": _turns(session),
        "e_dimensionality": [ratio[f"{state} NF"] for state in STATES],
        "f_behavioural_generalization": [
            _share_of_a_neighbour(session, each["generalization_width_deg"]) for each in states
        ],
        **_of_large_session(session),
    }
    nothing = float("nan")
    return {
        "b_target_dependent": (nothing, nothing, parts["interaction"]),
        "b_target_independent": (nothing, nothing, parts["block"]),
        **{name: (one, other, other - one) for name, (one, other) in of_states.items()},
    }


def _turns(session: Dataset) -> list[float]:
    rates, angles = session["truth_rates"], session["target_angle_deg"]
    null_field, field = rates[::2], rates[1::2]
    found = rings(null_field, null_field, field, angles).overlap
    return [float(each) for each in np.degrees(np.angle(found))]


def _share_of_a_neighbour(session: Dataset, width_deg: float | None) -> float:
    """What is learned at the next target, of what is learned at one."""
    apart = float(session["target_angle_deg"][1] - session["target_angle_deg"][0])
    return 1.0 if width_deg is None else exp(-((apart / width_deg) ** 2) / 2)


def large_cells(session: Dataset) -> Floats:
    """Many trials of the same neurons, as many of each cell: "states fields targets trials
    neurons"."""
    large = _large(truth(session)["spec"])
    counts, target = large["counts"].astype(np.float64), large["target"]
    cell = (
        np.searchsorted(STATES, large["state"]) * len(FIELDS) + (large["field"] == FIELDS[1])
    ) * (target.max() + 1) + target
    box = np.stack([counts[cell == k] for k in range(cell.max() + 1)])
    return box.reshape(len(STATES), len(FIELDS), -1, *box.shape[1:])


def true_distances(session: Dataset, cells: Floats) -> list[float]:
    """Mean distance between fields of each state, with the noise of these large cells."""
    box = cells.reshape(-1, *cells.shape[3:])
    apart = (box - box.mean(axis=1, keepdims=True)).reshape(-1, box.shape[-1])
    noise = apart.T @ apart / (len(apart) - len(box))
    rates = session["truth_rates"]
    d = rates[1::2] - rates[::2]
    distances = np.einsum("stn,stn->st", d, np.linalg.solve(noise, d.swapaxes(1, 2)).swapaxes(1, 2))
    found: list[float] = (distances.mean(axis=1) / box.shape[-1]).tolist()
    return found


def _of_large_session(session: Dataset) -> Mapping[str, list[float]]:
    """Mean distance between fields and error of decoding in the null field, of each state."""
    cells = large_cells(session)
    size = int((session["field"] == FIELDS[0]).sum() / len(STATES) / cells.shape[2])
    angles = session["target_angle_deg"]
    return {
        "c_field_distance": true_distances(session, cells),
        "f_neural_generalization": [_decoding_error(each, size, angles) for each in cells[:, 0]],
    }


def _large(spec: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """The same neurons, whose tuning and shared noise do not depend on the number of trials."""
    trials = MANY * int(spec["targets"])
    sizes = {"baseline_trials": trials, "washout_trials": 0, "field_trials": trials}
    return synthesised(SyntheticSpec.model_validate({**spec, **sizes, "unequal": 0.0}))


def _decoding_error(activity: Floats, size: int, angles: Floats) -> float:
    """Mean error of the decoders of `size` trials each, of activity "targets trials neurons"."""
    starts = range(0, activity.shape[1] - size + 1, size)
    errors = [
        held_out_direction_errors(clouds(activity[:, start : start + size]), angles)
        for start in starts
    ]
    return float(np.mean(errors))
