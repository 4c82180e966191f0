"""What the result of every analysis of a session tells of its data."""

import numpy as np

from core.experiment import Array
from core.selection import Selection


def described(chosen: Selection, arms: int) -> dict[str, Array]:
    """Trials of each arm and target, which neurons, and whether rows look dependent."""
    session = chosen.session
    targets = [session.condition[chosen.arm == arm] for arm in range(arms)]
    cells = np.stack([np.bincount(c, minlength=len(session.target_labels)) for c in targets])
    return {
        "cell_trials": Array(cells, ("arm", "target"), "trial"),
        "target_labels": Array(np.array(session.target_labels), ("target",)),
        "target_angle_deg": Array(_angles(chosen), ("target",), "degree"),
        "neurons": Array(session.neurons, ("neuron",)),
        "rows_correlated": Array(np.array([chosen.optimistic]), ("session",)),
    }


def _angles(chosen: Selection) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Of each target; evenly round the circle where the session has none."""
    session = chosen.session
    if session.target_angle_deg is not None:
        return session.target_angle_deg
    targets = len(session.target_labels)
    return np.arange(targets) * 360.0 / targets
