"""Where theory expects a sweep's map to change: the critical line of linear networks."""

from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.curl_descent import SimulationSpec
from core.curl_descent_networks import TeacherNorms
from core.kernels.critical_lines import critical_hidden_fraction, critical_readout_fraction

RATIO, HIDDEN, READOUT = "compression_ratio", "hidden_fraction", "readout_fraction"


def border(spec: SimulationSpec, x: str, y: str, at: NDArray[np.float64]) -> NDArray[Any] | None:
    """The critical fraction y at the compression ratios x = `at`, or None where none is known.

    It is known for one output and presynaptic flips of one layer only. `spec` is any of the
    sweep's; the activation is not asked, because the line of linear networks is the guide for all.
    """
    lines = {HIDDEN: critical_hidden_fraction, READOUT: critical_readout_fraction}
    if x != RATIO or y not in lines or spec.outputs > 1 or spec.flips.site != "presynaptic":
        return None
    if spec.teacher.weights is not None and spec.student.start != "random":
        return None  # one's own weights have norms that the spec does not say
    other = spec.flip_counts[1 if y == HIDDEN else 0]
    return None if other else lines[y](at, _kappa(spec))


def _kappa(spec: SimulationSpec) -> float:
    """||W2||^2 / (M Var W1) of the weights that stability is asked about."""
    if spec.student.start == "random" or spec.teacher.norms is None:
        return 1.0  # one scale draws both layers
    norms: TeacherNorms = spec.teacher.norms
    variance = spec.teacher.scale**2 / (3 if spec.teacher.distribution == "uniform" else 1)
    first = sqrt(spec.hidden) if norms.W1 == "sqrt_hidden" else norms.W1
    W2 = variance if norms.W2 is None else norms.W2**2
    W1 = variance if first is None else first**2 / spec.hidden
    return W2 / W1
