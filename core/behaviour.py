"""Behaviour of a session: what the hand did, trial by trial, in a perturbed world.

A dataset may hold behaviour beside activity or alone; each problem has a message of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.experiment import Dataset
from core.session import (
    BEHAVIOUR,
    MAX_TARGETS,
    NotASession,
    angles_per_target,
    block_factors,
    held,
    labels_per_trial,
    naturally_sorted,
)

MAX_DEVIATION = 1e9  # squares of it, summed over a session, are still far from overflow
_MEASURES = ("reach", "error")
_SAME = 1e-6


class NotBehaviour(NotASession):
    """Arrays that do not make behaviour; the message says what is missing or does not fit."""


@dataclass(frozen=True)
class Behaviour:
    """Trials of one recording, in the order of the file, all in the perturbation's unit.

    perturbation: p "trials"; compensation: y "trials", NaN where the hand was not seen;
    clamp: "trials", whether the error was clamped to zero; measure: the array y was read from;
    target: the label of each trial, where there are targets; target_labels: in natural order;
    target_angle_deg: one per label; factors: the label of each trial on each block factor;
    trials: the position in the file of each row that is still here.

    The hand deviates by d = p - y, so that `reach` d gives y = p - d. The error is that deviation,
    e = d, except in clamp trials, where it is 0: there an `error` does not say what the hand did.
    """

    perturbation: NDArray[np.float64]
    compensation: NDArray[np.float64]
    clamp: NDArray[np.bool_]
    measure: str
    target: NDArray[np.str_] | None
    target_labels: tuple[str, ...]
    target_angle_deg: NDArray[np.float64] | None
    factors: Mapping[str, NDArray[np.str_]]
    trials: NDArray[np.int64]

    @classmethod
    def from_arrays(cls, arrays: Dataset) -> "Behaviour":
        """The behaviour in the named arrays of a dataset; raises `NotBehaviour`."""
        _check_keys(arrays)
        n_trials = _n_trials(arrays)
        perturbation = _perturbation(arrays["perturbation"], n_trials)
        clamp = _flags(arrays.get("clamp"), n_trials)
        _check_agreement(arrays, clamp)
        measure = next(name for name in _MEASURES if name in arrays)
        target = arrays.get("target")
        labels = None if target is None else labels_per_trial("target", target, n_trials)
        names = () if labels is None else naturally_sorted(set(labels.tolist()))
        _check_targets(names)
        angles = arrays.get("target_angle_deg") if names else None
        return cls(
            perturbation=perturbation,
            compensation=perturbation - _deviation(measure, arrays[measure], clamp),
            clamp=clamp,
            measure=measure,
            target=labels,
            target_labels=names,
            target_angle_deg=angles_per_target(angles, names),
            factors=block_factors(arrays, n_trials),
            trials=np.arange(n_trials),
        )

    @property
    def deviation(self) -> NDArray[np.float64]:
        """d = p - y "trials": where the hand went, NaN where it was not seen."""
        return self.perturbation - self.compensation

    @property
    def error(self) -> NDArray[np.float64]:
        """e "trials": the deviation, 0 in clamp trials, NaN where it is not known."""
        return np.where(self.clamp, 0.0, self.deviation)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """The trials on which the hand was not seen."""
        return np.isnan(self.compensation)

    @property
    def condition(self) -> NDArray[np.int64]:
        """The position of each trial's target among `target_labels`; all 0 without targets."""
        if self.target is None:
            return np.zeros(len(self.trials), dtype=np.int64)
        position = {label: index for index, label in enumerate(self.target_labels)}
        return np.array([position[label] for label in self.target.tolist()], dtype=np.int64)

    def with_trials(self, kept: NDArray[np.bool_]) -> "Behaviour":
        """These trials only; what was learnt on the others is not known any more."""
        return replace(
            self,
            perturbation=self.perturbation[kept],
            compensation=self.compensation[kept],
            clamp=self.clamp[kept],
            target=None if self.target is None else self.target[kept],
            factors={name: labels[kept] for name, labels in self.factors.items()},
            trials=self.trials[kept],
        )


def has_behaviour(arrays: Dataset) -> bool:
    """Whether a dataset means to hold behaviour, be it right or wrong."""
    return any(name in arrays for name in BEHAVIOUR)


def _check_keys(arrays: Dataset) -> None:
    missing = [] if "perturbation" in arrays else ["no `perturbation`"]
    missing += [] if any(name in arrays for name in _MEASURES) else ["neither `reach` nor `error`"]
    if missing:
        has = ", ".join(f"`{key}` {tuple(arrays[key].shape)}" for key in sorted(arrays))
        raise NotBehaviour(
            f"{' and '.join(missing)}: behaviour needs `perturbation` (trial) and `reach`, the "
            f"deviation of the hand, or `error` (trial); the dataset has {has or 'nothing'}. If "
            "they have other names, upload the file again with a mapping"
        )


def _n_trials(arrays: Dataset) -> int:
    """Trials are counted by the activity where there is any, else by the perturbation."""
    counted = arrays["counts"] if "counts" in arrays else arrays["perturbation"]
    if counted.ndim == 0 or not len(counted):
        raise NotBehaviour("there are no trials")
    return len(counted)


def _numbers(name: str, values: NDArray[Any], n_trials: int) -> NDArray[np.float64]:
    """One number per trial, NaN where it is missing."""
    if values.shape != (n_trials,):
        raise NotBehaviour(
            f"`{name}` has shape {values.shape}, but there are {n_trials} trials; "
            "it must have one number per trial"
        )
    if values.dtype.kind not in "iufb":
        raise NotBehaviour(f"`{name}` holds {held(values)}; it must hold real numbers")
    numbers = values.astype(np.float64)
    beyond = np.flatnonzero(np.abs(np.nan_to_num(numbers, nan=0.0, posinf=np.inf)) > MAX_DEVIATION)
    if len(beyond):
        raise NotBehaviour(
            f"`{name}` is {numbers[beyond[0]]:g} at trial {beyond[0]}; the limit is "
            f"{MAX_DEVIATION:g}, and NaN means missing"
        )
    return numbers


def _perturbation(values: NDArray[Any], n_trials: int) -> NDArray[np.float64]:
    p = _numbers("perturbation", values, n_trials)
    unknown = np.flatnonzero(np.isnan(p))
    if len(unknown):
        raise NotBehaviour(f"`perturbation` is NaN at trial {unknown[0]}; where there is none, 0")
    return p


def _deviation(measure: str, values: NDArray[Any], clamp: NDArray[np.bool_]) -> NDArray[np.float64]:
    """d "trials"; a clamped `error` says nothing about the hand."""
    d = _numbers(measure, values, len(clamp))
    return np.where(clamp, np.nan, d) if measure == "error" else d


def _flags(values: NDArray[Any] | None, n_trials: int) -> NDArray[np.bool_]:
    if values is None:
        return np.zeros(n_trials, dtype=np.bool_)
    flags = _numbers("clamp", values, n_trials)
    odd = np.flatnonzero((flags != 0) & (flags != 1))
    if len(odd):
        raise NotBehaviour(
            f"`clamp` is {flags[odd[0]]:g} at trial {odd[0]}; it must be true or false, or 1 or 0"
        )
    return flags.astype(np.bool_)


def _check_agreement(arrays: Dataset, clamp: NDArray[np.bool_]) -> None:
    """Where a file has both measures, they are the same deviation outside clamp trials."""
    if not all(name in arrays for name in _MEASURES):
        return
    reach, error = (_numbers(name, arrays[name], len(clamp)) for name in _MEASURES)
    scale = np.nanmax(np.abs(reach), initial=0.0)
    apart = np.flatnonzero(~clamp & (np.abs(reach - error) > _SAME * scale))
    if len(apart):
        trial = int(apart[0])
        raise NotBehaviour(
            f"`reach` and `error` differ in {len(apart)} trials without clamp, the first trial "
            f"{trial} ({reach[trial]:g} and {error[trial]:g}); both are the deviation of the hand "
            "there, so leave out the one that is something else"
        )


def _check_targets(names: tuple[str, ...]) -> None:
    if len(names) > MAX_TARGETS:
        raise NotBehaviour(
            f"`target` has {len(names)} distinct labels; at most {MAX_TARGETS} are possible"
        )
