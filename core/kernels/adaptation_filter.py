"""The Kalman filter of trial-by-trial adaptation: what a series of movements is expected to be.

One form holds every model of `adaptation_models`. With a state z of one or several parts,

    y_t     = h . z_t + v_t                    v ~ N(0, r)      what the movement compensates
    e_t     = p_t - y_t   (0 in a clamp trial)                  the error that is felt
    z_(t+1) = a z_t + g e_t + w_t              w ~ N(0, q I)    what is kept and what is learned

Given y_t the error is a known input. Where y_t was not observed the error was felt all the same:

    z_(t+1) = (diag(a) - g h') z_t + g p_t - g v_t + w_t

so the mean moves by g (p_t - h . z_t), never by 0, and the variance gains r g g'. For one part that
is (a - b) z + b p with variance (a - b)^2 P + q + b^2 r. Sources: S. Cheng and P. N. Sabes, Neural
Computation 18:760 (2006), eq. 3.1.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.kernels.compiled import kernel

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Movements:
    """A series of trials in the order in which they were made.

    compensation: "trials", y in the units and direction of the perturbation, NaN if not observed;
    perturbation: "trials"; clamp: whether the error was clamped to 0; start: whether nothing is
    known of the state before this trial; regime: which of the `Regimes` each trial belongs to.
    """

    compensation: Floats
    perturbation: Floats
    clamp: NDArray[np.bool_]
    start: NDArray[np.bool_]
    regime: NDArray[np.int64]

    @property
    def observed(self) -> NDArray[np.bool_]:
        """Trials whose movement is known."""
        return ~np.isnan(self.compensation)

    @property
    def unseen(self) -> "Movements":
        """The same schedule with no movement observed."""
        return replace(self, compensation=np.full_like(self.compensation, np.nan))

    @property
    def runs(self) -> tuple["Movements", ...]:
        """The series cut at its starts."""
        edges = [*np.flatnonzero(self.start).tolist(), len(self.start)]
        fields = ("compensation", "perturbation", "clamp", "start", "regime")
        return tuple(
            Movements(**{name: getattr(self, name)[first:last] for name in fields})
            for first, last in pairwise(edges)
        )


@dataclass(frozen=True)
class Regimes:
    """What holds in each regime at each of several points of a parameter space.

    retention a, learning g: "points regimes states"; readout h: "regimes states";
    planning_variance q, motor_variance r: "points regimes"; unknown: "states", how much of the one
    number that is not known of the state before a start is in each part; common: whether planning
    noise is one number for all parts of the state rather than one for each.
    """

    retention: Floats
    learning: Floats
    readout: Floats
    planning_variance: Floats
    motor_variance: Floats
    unknown: Floats
    common: bool = False


def predictions(
    movements: Movements, regimes: Regimes, initial_mean: Floats, initial_variance: float
) -> tuple[Floats, Floats]:
    """Mean and variance of each y_t given all observed before it: "points trials" each.

    The state before a start is N(initial_mean, initial_variance u u'), independent of what was,
    where u is what is `unknown`.
    """
    shape = (len(regimes.retention), len(movements.compensation))
    mean, variance = np.empty(shape), np.empty(shape)
    _filter(
        movements.compensation,
        movements.perturbation,
        movements.clamp,
        movements.start,
        movements.regime,
        regimes.retention,
        regimes.learning,
        regimes.readout,
        regimes.planning_variance,
        regimes.motor_variance,
        regimes.common,
        regimes.unknown,
        initial_mean,
        initial_variance,
        mean,
        variance,
    )
    return mean, variance


def schedule_response(
    movements: Movements, regimes: Regimes, initial_variance: float
) -> tuple[Floats, Floats]:
    """Mean and variance of each y_t under the schedule alone, "trials" each, at the first point.

    Only the state at the starts is taken from the movements (generalised least squares under its
    broad prior), so that a curve drawn from this shows the model and not a smoothing of the data.
    """
    found = [_run_response(run, regimes, initial_variance) for run in movements.runs]
    mean, variance = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return mean, variance


def _run_response(
    run: Movements, regimes: Regimes, initial_variance: float
) -> tuple[Floats, Floats]:
    start = _smoothed_start(run, regimes, initial_variance)
    mean, variance = predictions(run.unseen, regimes, start, 0.0)
    return mean[0], variance[0]


def _smoothed_start(run: Movements, regimes: Regimes, initial_variance: float) -> Floats:
    """The state at the first trial given the whole run: predictions are linear in its mean."""
    seen = run.observed
    plain, variance = predictions(run, regimes, np.zeros(len(regimes.unknown)), 0.0)
    moved, _ = predictions(run, regimes, regimes.unknown, 0.0)
    slope = (moved[0] - plain[0])[seen]
    weighted = slope / variance[0][seen]
    information = weighted @ slope + 1 / initial_variance
    residual = (run.compensation - plain[0])[seen]
    return np.asarray(weighted @ residual / information * regimes.unknown)


@kernel
def _filter(
    y: Floats,
    p: Floats,
    clamp: NDArray[np.bool_],
    start: NDArray[np.bool_],
    regime: NDArray[np.int64],
    retention: Floats,
    learning: Floats,
    readout: Floats,
    planning_variance: Floats,
    motor_variance: Floats,
    common: bool,
    unknown: Floats,
    initial_mean: Floats,
    initial_variance: float,
    mean: Floats,
    variance: Floats,
) -> None:
    n_states = readout.shape[1]
    z, P, Ph = np.empty(n_states), np.empty((n_states, n_states)), np.empty(n_states)
    for point in range(len(retention)):
        for t in range(len(y)):
            if start[t]:
                z[:] = initial_mean
                for i in range(n_states):
                    for j in range(n_states):
                        P[i, j] = initial_variance * unknown[i] * unknown[j]
            k = regime[t]
            a, g, h = retention[point, k], learning[point, k], readout[k]
            m, F = 0.0, motor_variance[point, k]
            for i in range(n_states):
                m += h[i] * z[i]
                Ph[i] = 0.0
                for j in range(n_states):
                    Ph[i] += P[i, j] * h[j]
                F += h[i] * Ph[i]
            mean[point, t], variance[point, t] = m, F
            seen = not np.isnan(y[t])
            if seen:
                for i in range(n_states):
                    z[i] += Ph[i] * (y[t] - m) / F
                    for j in range(n_states):
                        P[i, j] -= Ph[i] * Ph[j] / F
            error = 0.0 if clamp[t] else p[t] - (y[t] if seen else m)
            uncertain = not seen and not clamp[t]
            for i in range(n_states):
                z[i] = a[i] * z[i] + g[i] * error
                for j in range(n_states):
                    P[i, j] *= a[i] * a[j]
                    if uncertain:
                        P[i, j] += g[i] * g[j] * F - a[i] * Ph[i] * g[j] - g[i] * Ph[j] * a[j]
                    if common or i == j:
                        P[i, j] += planning_variance[point, k]
