"""A hand that adapts to a perturbation trial by trial, as the state-space model has it."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def generalization(angle_deg: Floats, width_deg: float | None) -> Floats:
    """G "targets targets": how much an error at one target teaches another.

    G_ij = exp(-(theta_i - theta_j)^2 / (2 width^2)) over the shorter way round; None: 1 everywhere.
    """
    apart = (angle_deg[:, None] - angle_deg[None, :] + 180) % 360 - 180
    if width_deg is None:
        return np.ones_like(apart)
    return np.asarray(np.exp(-np.square(apart / width_deg) / 2))


def compensation(
    rng: np.random.Generator,
    p: Floats,
    *,
    clamp: NDArray[np.bool_],
    target: NDArray[np.int64],
    G: Floats,
    a: float,
    b: float,
    q: float,
    r: float,
) -> Floats:
    """y "trials" for the perturbation p "trials", each trial at one target.

        y_t = z_t[c] + v_t,   e_t = p_t - y_t (0 in clamp trials)
        z_(t+1) = a z_t + b G[:, c] e_t + w_t

    c = target_t; z "targets" begins at 0; v ~ N(0, r); w ~ N(0, q), the same for all targets. With
    G = 1 everywhere z is one number and this is the single-state model. a: retention; b: error
    sensitivity; q: planning variance; r: motor variance, in p's unit squared.
    """
    v, w = np.sqrt([[r], [q]]) * rng.standard_normal((2, len(p)))
    z, y = np.zeros(len(G)), np.zeros(len(p))
    for t, c in enumerate(target.tolist()):
        y[t] = z[c] + v[t]
        e = 0.0 if clamp[t] else p[t] - y[t]
        z = a * z + b * G[:, c] * e + w[t]
    return y
