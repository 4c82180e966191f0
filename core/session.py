"""A session: the activity of the same neurons over trials with known targets and blocks.

Everything an analysis needs is checked here, once; each problem has a message of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.experiment import Dataset, ExperimentError, Refused

MIN_CELL_TRIALS = 4
"""The fourth-order U-statistic needs four distinct trials in every cell."""
MIN_NEURONS = 2
MAX_TARGETS = 64
MAX_LABELS = 20
MAX_FACTORS = 4
MAX_LABEL_LENGTH = 100
MAX_ACTIVITY = 1e12  # fourth powers of it, summed, are still far from overflow
NEEDED = ("counts", "target")
NAMED_FACTORS = ("block", "field", "state")
BEHAVIOUR = ("error", "reach", "perturbation", "clamp")
_SHOWN = 10
Transform = Literal["none", "sqrt"]


class NotASession(ExperimentError):
    """Arrays that do not make a session; the message says what is missing or does not fit."""


@dataclass(frozen=True)
class Session:
    """Trials of one recording, in the order of the file.

    counts: "trials neurons"; target: the label of each trial; target_labels: in natural order;
    target_angle_deg: one per label; factors: the label of each trial on each block factor;
    group: what trials belong together (a trial cut into bins, say), if anything;
    neurons, trials: the position in the file of each column and row that is still here.
    """

    counts: NDArray[np.float64]
    target: NDArray[np.str_]
    target_labels: tuple[str, ...]
    target_angle_deg: NDArray[np.float64] | None
    factors: Mapping[str, NDArray[np.str_]]
    group: NDArray[np.str_] | None
    neurons: NDArray[np.int64]
    trials: NDArray[np.int64]

    @classmethod
    def from_arrays(cls, arrays: Dataset) -> "Session":
        """The session in the named arrays of a dataset; raises `NotASession`."""
        _check_keys(arrays)
        counts = _counts(arrays["counts"])
        _check_axes(counts, arrays["target"])
        target = labels_per_trial("target", arrays["target"], len(counts))
        names = naturally_sorted(set(target.tolist()))
        _check_targets(names)
        group = arrays.get("group")
        return cls(
            counts=counts,
            target=target,
            target_labels=names,
            target_angle_deg=angles_per_target(arrays.get("target_angle_deg"), names),
            factors=block_factors(arrays, len(counts)),
            group=None if group is None else labels_per_trial("group", group, len(counts)),
            neurons=np.arange(counts.shape[1]),
            trials=np.arange(len(counts)),
        )

    @property
    def condition(self) -> NDArray[np.int64]:
        """The position of each trial's target among `target_labels`."""
        position = {label: index for index, label in enumerate(self.target_labels)}
        return np.array([position[label] for label in self.target.tolist()], dtype=np.int64)

    def with_trials(self, kept: NDArray[np.bool_]) -> "Session":
        """These trials only."""
        return replace(
            self,
            counts=self.counts[kept],
            target=self.target[kept],
            factors={name: labels[kept] for name, labels in self.factors.items()},
            group=None if self.group is None else self.group[kept],
            trials=self.trials[kept],
        )

    def with_neurons(self, chosen: Iterable[int]) -> "Session":
        """These columns only, in this order."""
        columns = np.fromiter(chosen, dtype=np.int64)
        present = self.counts.shape[1]
        beyond = columns[(columns < 0) | (columns >= present)]
        if len(beyond):
            raise Refused("neurons", int(beyond[0]), no_such_neuron(int(beyond[0]), present))
        return replace(self, counts=self.counts[:, columns], neurons=self.neurons[columns])

    def transformed(self, transform: Transform) -> "Session":
        """Activity as it is, or its square root (which steadies the variance of counts)."""
        if transform == "none":
            return self
        lowest = self.counts.min()
        if lowest < 0:
            raise Refused("transform", transform, no_root(float(lowest)))
        return replace(self, counts=np.sqrt(self.counts))

    def without_silent_neurons(self) -> tuple["Session", tuple[int, ...]]:
        """Without the neurons that never vary over these trials; and which those were."""
        varies = np.ptp(self.counts, axis=0) > 0
        silent = tuple(self.neurons[~varies].tolist())
        if varies.sum() < MIN_NEURONS:
            raise NotASession(few_vary(silent, len(varies)))
        return self.with_neurons(np.flatnonzero(varies)), silent


def naturally_sorted(labels: Iterable[str]) -> tuple[str, ...]:
    """Labels in the order of their numbers where all are numbers, of the alphabet otherwise."""
    listed = sorted(labels)
    try:
        return tuple(sorted(listed, key=float))
    except ValueError:
        return tuple(listed)


def labels_per_trial(name: str, values: NDArray[Any], n_trials: int) -> NDArray[np.str_]:
    """One label per trial as text; whole numbers are written without a point."""
    if values.shape != (n_trials,):
        raise NotASession(
            f"`{name}` has shape {values.shape}, but there are {n_trials} trials; "
            "it must have one label per trial"
        )
    if values.dtype.kind == "f":
        if not np.isfinite(values).all():
            raise NotASession(f"`{name}` has labels that are NaN or infinite")
        whole = np.array_equal(values, np.rint(values)) and np.abs(values).max() < 2**53
        values = values.astype(np.int64) if whole else values
    if values.dtype.kind not in "iufbU":
        raise NotASession(f"`{name}` holds {values.dtype}; labels must be text or numbers")
    labels = values.astype(np.str_)
    for label in np.unique(labels).tolist():
        if not 0 < len(label) <= MAX_LABEL_LENGTH or not label.isprintable():
            raise NotASession(
                f"`{name}` has the label {label[:MAX_LABEL_LENGTH]!a}; labels must be 1 to "
                f"{MAX_LABEL_LENGTH} printable characters"
            )
    return labels


def angles_per_target(
    values: NDArray[Any] | None, names: tuple[str, ...]
) -> NDArray[np.float64] | None:
    """The angle of each target, in the order of the labels, where there are any."""
    if values is None:
        return None
    if values.shape != (len(names),) or values.dtype.kind not in "iuf":
        raise NotASession(
            f"`target_angle_deg` has shape {values.shape} and holds {values.dtype}; it must have "
            f"one number for each of the {len(names)} targets {', '.join(names)}, or for each trial"
        )
    if not np.isfinite(values).all():
        raise NotASession("`target_angle_deg` has angles that are NaN or infinite")
    return values.astype(np.float64)


def block_factors(arrays: Dataset, n_trials: int) -> dict[str, NDArray[np.str_]]:
    """`block`, `field` and `state`, and every other text array with one label per trial.

    One with very many labels names trials rather than blocks and is passed over.
    """
    taken = {*NEEDED, *BEHAVIOUR, "target_angle_deg", "group"}
    factors = {}
    for name, values in arrays.items():
        per_trial = values.dtype.kind == "U" and values.shape == (n_trials,)
        if name in NAMED_FACTORS or (per_trial and name not in taken):
            factors[name] = labels_per_trial(name, values, n_trials)
    few = {name: labels for name, labels in factors.items() if len(set(labels)) <= MAX_LABELS}
    if len(few) > MAX_FACTORS:
        raise NotASession(
            f"{len(few)} text arrays have one label per trial ({', '.join(few)}); at most "
            f"{MAX_FACTORS} can be block factors, leave out the others"
        )
    return few


def held(values: NDArray[Any]) -> str:
    """What an array holds that should hold numbers: text by an example, such as a decimal comma."""
    if values.dtype.kind != "U":
        return str(values.dtype)
    first = [str(text) for text in values.flat[:1000]]
    telling = next((text for text in first if not is_number(text)), "".join(first[:1]))
    return f"text such as {telling[:_SHOWN]!a}"


def is_number(text: str) -> bool:
    """Whether a text is one."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def no_such_neuron(index: int, present: int) -> str:
    """The message about a neuron that a dataset does not have."""
    return f"{index} is not a neuron of this dataset, which has {present}, counted from 0"


def no_root(lowest: float) -> str:
    """The message about activity that has no square root."""
    return (
        f"the lowest activity is {lowest:g}, below zero, and has no square root; use the transform "
        '"none"'
    )


def few_vary(silent: Sequence[int], present: int) -> str:
    """The message about neurons of which too many are silent."""
    listed = ", ".join(map(str, silent[:_SHOWN]))
    more = f" and {len(silent) - _SHOWN} more" if len(silent) > _SHOWN else ""
    named = f" (silent: {listed}{more})" if silent else ""
    left = "only 1" if present > len(silent) else "none"
    return (
        f"{left} of {present} neurons varies over these trials{named}; {MIN_NEURONS} are needed, "
        "choose others"
    )


def few_trials(cell: str, trials: int, unit: str = "trials") -> str:
    """The message about a cell that is too small."""
    return f"the cell {cell} has {trials} {unit}; at least {MIN_CELL_TRIALS} are needed"


def _check_keys(arrays: Dataset) -> None:
    missing = [key for key in NEEDED if key not in arrays]
    if missing:
        has = ", ".join(f"`{key}` {tuple(arrays[key].shape)}" for key in sorted(arrays))
        behaviour = (
            "" if "counts" in arrays else ", behaviour `perturbation` and `reach` or `error`"
        )
        raise NotASession(
            f"no {' and no '.join(f'`{key}`' for key in missing)}: a session needs `counts` "
            f"(trial, neuron) and `target` (trial){behaviour}; the dataset has {has or 'nothing'}. "
            "If they have other names, upload the file again with a mapping"
        )


def _check_axes(counts: NDArray[Any], target: NDArray[Any]) -> None:
    """Counts of neurons by trials have a target for each column."""
    if target.shape == counts.shape[1:] and len(target) != len(counts):
        raise NotASession(
            f"`counts` has shape {counts.shape}, which is (trial, neuron), but there are "
            f"{len(target)} targets; if it is (neuron, trial), say so in the mapping: "
            '"axes": ["neuron", "trial"]'
        )


def _counts(values: NDArray[Any]) -> NDArray[np.float64]:
    if values.ndim != 2 or 0 in values.shape:
        raise NotASession(
            f"`counts` has shape {values.shape}; it must be (trial, neuron)" + _hint(values)
        )
    if values.dtype.kind not in "iufb":
        raise NotASession(f"`counts` holds {held(values)}; it must hold real numbers")
    counts = np.ascontiguousarray(values, dtype=np.float64)
    bad = np.argwhere(~np.isfinite(counts))
    if len(bad):
        trial, neuron = bad[0].tolist()
        raise NotASession(
            f"`counts` has {len(bad)} values that are NaN or infinite, the first at trial {trial}, "
            f"neuron {neuron} (from 0); leave out those trials or neurons"
        )
    if np.abs(counts).max() > MAX_ACTIVITY:
        raise NotASession(
            f"`counts` goes to {np.abs(counts).max():g}; the limit is {MAX_ACTIVITY:g}"
        )
    return counts


def _hint(counts: NDArray[Any]) -> str:
    """What to do about counts with a third axis."""
    if counts.ndim != 3:
        return ""
    return (
        ". If its third axis is time bins, upload it again with a mapping that names its axes and "
        'a window of bins to sum over: {"counts": "counts", "axes": ["trial", "neuron", "time"], '
        '"window": [0, 20]}, with `target` and the others mapped too'
    )


def _check_targets(names: tuple[str, ...]) -> None:
    if len(names) == 1:
        raise NotASession(
            f"every trial has the target {names[0]!r}; 2 to {MAX_TARGETS} targets are compared: "
            "upload trials to others too, or map `target` to the array that tells them apart"
        )
    if len(names) > MAX_TARGETS:
        raise NotASession(
            f"`target` has {len(names)} distinct labels; 2 to {MAX_TARGETS} are possible: map the "
            "targets that were shown, not where the hand arrived or the number of the trial"
        )
