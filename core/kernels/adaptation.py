"""Fits of the adaptation models to one series of movements with one or two arms.

The movements are divided by their standard deviation first, so that one box and one set of starts
serve degrees and millimetres alike; all that is returned is in the units of the movements.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import scipy
from numpy.typing import NDArray

from core.kernels.adaptation_filter import (
    Floats,
    Movements,
    Regimes,
    predictions,
    schedule_response,
)
from core.kernels.adaptation_models import Model
from core.kernels.clock import no_tick
from core.kernels.fisher_scoring import (
    PROMISING,
    Optimum,
    Problem,
    best_of,
    least,
    optimum,
    profile_end,
)
from core.kernels.ledger import Stage, new_stage
from core.kernels.portions import Report

BROAD = 10.0  # the state before a run: a normal prior this many times the largest value wide
LAGS = 10
OWN_ORDER = 2  # the filter's innovations are those of an autoregression with a moving average


@dataclass(frozen=True)
class AdaptationFit:
    """The best parameters of every arm.

    local: "arms parameters", the model's own, in scaled units; position: "arms parameters", where
    each is in the fitted point; scale: what the movements were divided by; tick: called between
    evaluations, of what is done with the fit too.
    """

    movements: Movements
    model: Model
    position: NDArray[np.int64]
    problem: Problem
    best: Optimum
    scale: float
    initial_variance: float
    tick: Callable[[], None]

    @property
    def local(self) -> Floats:
        """The parameters of each arm."""
        return np.asarray(self.best.point[self.position])

    @property
    def log_likelihood(self) -> float:
        """Of the observed movements, in their own units."""
        observed = int(self.movements.observed.sum())
        return float(-self.best.deviance / 2 - observed * np.log(self.scale))

    @property
    def regimes(self) -> Regimes:
        """The regimes at the optimum, in scaled units, as one point."""
        return self.model.regimes(self.local[None])

    @property
    def arm(self) -> NDArray[np.int64]:
        """The arm of each movement."""
        return self.movements.regime // self.model.targets

    @property
    def variances(self) -> Floats:
        """q and r of each arm: "arms 2", in squared units of the movements."""
        return np.asarray(np.exp(self.local[:, -2:]) * self.scale**2)


def fit_adaptation(
    movements: Movements,
    model: Model,
    n_arms: int,
    *,
    shared: tuple[int, ...] = (),
    also: Sequence[Floats] = (),
    promising: int = PROMISING,
    stage: Callable[..., Stage] = new_stage,
    tick: Callable[[], None] = no_tick,
) -> AdaptationFit:
    """Maximum likelihood from several starts; the `shared` parameters are the same in every arm.

    promising: from how many of the model's own starts to go on; also: further ones, "arms
    parameters" each, in scaled units. `tick` is called between
    evaluations and may raise to stop.
    """
    scaled, scale = _scaled(movements)
    largest = np.nanmax(np.abs([scaled.compensation, scaled.perturbation]))
    prior = (BROAD * float(max(largest, 1.0))) ** 2
    position = _positions(n_arms, len(model.names), shared)
    problem = _problem(scaled, model, position, prior, tick)
    own = _own(position)
    further = np.array([_point(position, local) for local in also]).reshape(-1, len(own))
    find = partial(best_of, problem, model.starts[:, own], further, promising=promising)
    best = _found_once(find, len(own), stage)
    return AdaptationFit(movements, model, position, problem, best, scale, prior, tick)


def restarted(
    fit: AdaptationFit, starts: Sequence[Floats], stage: Callable[..., Stage]
) -> AdaptationFit:
    """The same with the best optimum reached from `starts`, "arms parameters" each, instead."""

    def find() -> Optimum:
        points = [_point(fit.position, local) for local in starts]
        return least([optimum(fit.problem, point) for point in points])

    return replace(fit, best=_found_once(find, len(fit.best.point), stage))


def put_otherwise(
    fit: AdaptationFit, model: Model, local: Floats, stage: Callable[..., Stage]
) -> AdaptationFit:
    """The same optimum in the parameters of another model that is the same one; local: there,
    "arms parameters"."""
    scaled, _ = _scaled(fit.movements)
    problem = _problem(scaled, model, fit.position, fit.initial_variance, fit.tick)
    return restarted(replace(fit, model=model, problem=problem), [local], stage)


def problem_of(movements: Movements, fit: AdaptationFit) -> Problem:
    """The same model for other movements of the same schedule, in the units of the fit."""
    scaled = replace(
        movements,
        compensation=movements.compensation / fit.scale,
        perturbation=movements.perturbation / fit.scale,
    )
    return _problem(scaled, fit.model, fit.position, fit.initial_variance, fit.tick)


def likelihood_ratio_p(whole: AdaptationFit, nested: AdaptationFit) -> float:
    """P(chi-square > D_nested - D_whole) with as many degrees of freedom as parameters shared."""
    freedom = len(whole.best.point) - len(nested.best.point)
    gain = max(nested.best.deviance - whole.best.deviance, 0.0)
    return float(scipy.special.chdtrc(freedom, gain))


def intervals(
    fit: AdaptationFit,
    report: Report,
    stage: Callable[..., Stage] = new_stage,
    *,
    of: Sequence[int] | None = None,
) -> tuple[Floats, NDArray[np.bool_]]:
    """95 % profile intervals "arms parameters 2", in the model's own parameters, and which ends
    were found inside the box; of: which parameters, all by default."""
    parameters = range(len(fit.model.names)) if of is None else of
    shape = (len(fit.position), len(parameters), 2)
    every = [(slice(n, n + 1), end) for n, end in enumerate(np.ndindex(shape))]
    kept = stage(2, len(every))
    for place, (arm, k, side) in kept.missing(every):
        kept.add(place, np.array(interval_end(fit, arm, parameters[k], side))[:, None])
        report(place.stop / len(every))
    ends, found = kept.values.reshape(2, *shape)
    return ends, found == 1


def interval_end(fit: AdaptationFit, arm: int, parameter: int, side: int) -> tuple[float, bool]:
    """The lower (side 0) or upper end of one 95 % profile interval, and whether it was found."""
    position = int(fit.position[arm, parameter])
    return profile_end(fit.problem, fit.best, position, 2 * side - 1, _of_other_arms(fit, arm))


def one_step(fit: AdaptationFit) -> tuple[Floats, Floats]:
    """Mean and variance of every movement given those before it, in their own units."""
    scaled, scale = _scaled(fit.movements)
    zero = np.zeros(fit.regimes.readout.shape[1])
    mean, variance = predictions(scaled, fit.regimes, zero, fit.initial_variance)
    return mean[0] * scale, variance[0] * scale**2


def log_likelihoods(fit: AdaptationFit) -> Floats:
    """Of the movements of each arm given those before, in their own units: "arms"."""
    mean, variance = one_step(fit)
    terms = np.log(2 * np.pi * variance) + (fit.movements.compensation - mean) ** 2 / variance
    return np.array([-np.nansum(terms[fit.arm == k]) / 2 for k in range(len(fit.local))])


def fitted_curve(fit: AdaptationFit) -> tuple[Floats, Floats]:
    """Mean and variance of every movement under the schedule alone, in their own units."""
    scaled, scale = _scaled(fit.movements)
    mean, variance = schedule_response(scaled, fit.regimes, fit.initial_variance)
    return mean * scale, variance * scale**2


def whiteness_p(innovation: Floats) -> float:
    """Ljung-Box p of standardised innovations "observations": small if the model left structure.

    Q = n (n + 2) sum over k of r_k^2 / (n - k), chi-square with lags - 2 degrees of freedom.
    """
    centred, n = innovation - innovation.mean(), len(innovation)
    lags = min(LAGS, n // 4)
    if lags <= OWN_ORDER:
        return float("nan")
    power = float(centred @ centred)
    terms = [float(centred[:-k] @ centred[k:]) ** 2 / (n - k) for k in range(1, lags + 1)]
    return float(scipy.special.chdtrc(lags - OWN_ORDER, n * (n + 2) * sum(terms) / power**2))


def _found_once(find: Callable[[], Optimum], n: int, stage: Callable[..., Stage]) -> Optimum:
    """The optimum of n parameters, looked for unless an attempt before this one found it."""
    kept = stage(n + 1 + n * n, 1)
    for place, look in kept.missing([(slice(0, 1), find)]):
        best = look()
        kept.add(place, np.hstack([best.point, best.deviance, best.information.ravel()])[:, None])
    point, deviance, information = np.split(kept.by_draw[0], [n, n + 1])
    return Optimum(point, float(deviance[0]), information.reshape(n, n))


def _problem(
    scaled: Movements,
    model: Model,
    position: NDArray[np.int64],
    prior: float,
    tick: Callable[[], None],
) -> Problem:
    """The deviance of scaled movements; the state before each run is N(0, prior)."""
    own, seen = _own(position), scaled.observed

    def predict(points: Floats) -> tuple[Floats, Floats]:
        tick()
        regimes = model.regimes(points[:, position])
        zero = np.zeros(regimes.readout.shape[1])
        mean, variance = predictions(scaled, regimes, zero, prior)
        return mean[:, seen], variance[:, seen]

    return Problem(scaled.compensation[seen], predict, model.low[own], model.high[own])


def _own(position: NDArray[np.int64]) -> list[int]:
    """Which of the model's parameters each of the fitted point is."""
    return [int(np.argwhere(position == k)[0, 1]) for k in range(int(position.max()) + 1)]


def apart(movements: Movements, targets: int) -> bool:
    """Whether no state is carried from one arm to another."""
    changes = np.flatnonzero(np.diff(movements.regime // targets)) + 1
    return bool(movements.start[changes].all())


def _point(position: NDArray[np.int64], local: Floats) -> Floats:
    """The fitted point of each arm's parameters; what arms share is the mean of theirs."""
    return np.bincount(position.ravel(), local.ravel()) / np.bincount(position.ravel())


def _of_other_arms(fit: AdaptationFit, arm: int) -> tuple[int, ...]:
    """The parameters of the other arms, where no state is carried from one arm to another."""
    if not apart(fit.movements, fit.model.targets):
        return ()
    return tuple(int(k) for k in np.setdiff1d(fit.position, fit.position[arm]))


def _scaled(movements: Movements) -> tuple[Movements, float]:
    scale = float(np.nanstd(movements.compensation))
    compensation, perturbation = movements.compensation / scale, movements.perturbation / scale
    return replace(movements, compensation=compensation, perturbation=perturbation), scale


def _positions(n_arms: int, n_parameters: int, shared: tuple[int, ...]) -> NDArray[np.int64]:
    """Where in the fitted point each parameter of each arm is."""
    position = np.empty((n_arms, n_parameters), dtype=np.int64)
    taken = 0
    for arm, parameter in np.ndindex(position.shape):
        if arm > 0 and parameter in shared:
            position[arm, parameter] = position[0, parameter]
        else:
            position[arm, parameter] = taken
            taken += 1
    return position
