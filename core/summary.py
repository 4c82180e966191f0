"""What is in a dataset, in the few numbers that let a spec be checked without opening it."""

import numpy as np

from core.behaviour import Behaviour, has_behaviour
from core.dataset import ArraySummary, BehaviourSummary, CellSummary, DatasetSummary
from core.directions import distinct_directions
from core.experiment import Dataset, Refused
from core.independence import across_cells, mixed_group, serial_correlation
from core.selection import Labels, cell_name
from core.session import (
    MIN_CELL_TRIALS,
    MIN_NEURONS,
    NotASession,
    Session,
    Transform,
    few_trials,
    few_vary,
    naturally_sorted,
    no_root,
    no_such_neuron,
)

SHOWN = 10
BEHAVIOUR_ALONE = (
    "behaviour without activity: ready for behaviour.adaptation and for the findings of behaviour "
    "in cerebellar_block.report; analyses of activity need `counts` (trial, neuron) and `target` "
    "(trial) too"
)


def summarise(arrays: Dataset, format: str, notes: tuple[str, ...] = ()) -> DatasetSummary:
    """Shapes and types of all arrays, and what they make: a session, behaviour, both, neither.

    notes: what to tell about how they were read.
    """
    shapes = {
        name: ArraySummary(shape=tuple(values.shape), dtype=str(values.dtype))
        for name, values in sorted(arrays.items())
    }
    summary = DatasetSummary(format=format, arrays=shapes, warnings=notes)
    if has_behaviour(arrays):
        try:
            summary = _with_behaviour(summary, Behaviour.from_arrays(arrays))
        except NotASession as problem:
            summary = _warned(summary, f"not usable as behaviour: {problem}")
    if summary.behaviour is not None and "counts" not in arrays:
        return _warned(summary, BEHAVIOUR_ALONE)
    try:
        return _with_session(summary, Session.from_arrays(arrays))
    except NotASession as problem:
        return _warned(summary, f"not usable as a session: {problem}")


def _with_behaviour(summary: DatasetSummary, behaviour: Behaviour) -> DatasetSummary:
    found = BehaviourSummary(
        measure=behaviour.measure,
        trials=len(behaviour.trials),
        missing=int(behaviour.missing.sum()),
        clamp=int(behaviour.clamp.sum()),
    )
    factors = {name: _counted(labels) for name, labels in behaviour.factors.items()}
    changes = {"behaviour": found, "targets": behaviour.target_labels, "factors": factors}
    return summary.model_copy(update=changes)


def _with_session(summary: DatasetSummary, session: Session) -> DatasetSummary:
    silent = np.flatnonzero(np.ptp(session.counts, axis=0) == 0).tolist()
    cells = session_cells(session)
    found = {
        "trials": session.counts.shape[0],
        "neurons": session.counts.shape[1],
        "targets": session.target_labels,
        "factors": {name: _counted(labels) for name, labels in session.factors.items()},
        "cells": cells,
        "silent_neurons": tuple(silent),
        "lowest_activity": float(session.counts.min()),
        "directions": _directions(session),
        "mixed_group": mixed_group(session.group, session.condition),
    }
    return _warned(summary.model_copy(update=found), *_warnings(session, silent, cells))


def _warned(summary: DatasetSummary, *warnings: str) -> DatasetSummary:
    return summary.model_copy(update={"warnings": (*summary.warnings, *warnings)})


def session_cells(session: Session) -> tuple[CellSummary, ...]:
    """Every combination of target and block labels that occurs, with its number of trials."""
    names = tuple(session.factors)
    columns = [session.condition, *(session.factors[name] for name in names)]
    counted: dict[tuple[int, ...], int] = {}
    for key in zip(*(column.tolist() for column in columns), strict=True):
        counted[key] = counted.get(key, 0) + 1
    return tuple(
        CellSummary(
            target=session.target_labels[key[0]],
            blocks=dict(zip(names, map(str, key[1:]), strict=True)),
            trials=trials,
        )
        for key, trials in sorted(counted.items())
    )


def _counted(labels: np.ndarray[tuple[int], np.dtype[np.str_]]) -> dict[str, int]:
    listed = labels.tolist()
    return {label: listed.count(label) for label in naturally_sorted(set(listed))}


def _warnings(
    session: Session, silent: list[int], cells: tuple[CellSummary, ...]
) -> tuple[str, ...]:
    found = []
    if silent:
        more = f" and {len(silent) - SHOWN} more" if len(silent) > SHOWN else ""
        found.append(f"neurons without any variance, left out: {silent[:SHOWN]}{more}")
    small = [
        f"{cell_name(c.target, c.blocks)}: {c.trials}" for c in cells if c.trials < MIN_CELL_TRIALS
    ]
    if small:
        more = f" and {len(small) - SHOWN} more" if len(small) > SHOWN else ""
        listed = "; ".join(small[:SHOWN]) + more
        found.append(f"cells with fewer than {MIN_CELL_TRIALS} trials: {listed}")
    mixed = mixed_group(session.group, session.condition)
    if mixed is not None:
        found.append(f"{across_cells(mixed)}: analyses of activity refuse such groups")
    if session.group is None:
        serial = serial_correlation(session.counts, _cell_codes(session))
        if serial.notable:
            found.append(serial.sentence)
    return tuple(found)


def _directions(session: Session) -> int | None:
    angles = session.target_angle_deg
    return None if angles is None else distinct_directions(angles)


def _cell_codes(session: Session) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    columns = np.stack([session.target, *session.factors.values()], axis=1)
    return np.unique(columns, axis=0, return_inverse=True)[1].ravel()


def check_neurons(summary: DatasetSummary, neurons: tuple[int, ...] | None) -> None:
    """Refuse neurons that the dataset does not have."""
    present = summary.neurons or 0
    for index in neurons or ():
        if index >= present:
            raise Refused("neurons", index, no_such_neuron(index, present))


def check_varying(summary: DatasetSummary, neurons: tuple[int, ...] | None) -> None:
    """Refuse neurons of which fewer than two ever vary."""
    chosen = range(summary.neurons or 0) if neurons is None else neurons
    silent = sorted(set(summary.silent_neurons) & set(chosen))
    if len(chosen) - len(silent) < MIN_NEURONS:
        raise Refused("neurons", neurons, few_vary(silent, len(chosen)))


def check_all_trials(summary: DatasetSummary, dataset: str, transform: Transform) -> None:
    """Refuse what a run on all trials and neurons would find: no roots, groups across targets."""
    lowest = summary.lowest_activity
    if transform == "sqrt" and lowest is not None and lowest < 0:
        raise Refused("transform", transform, no_root(lowest))
    if summary.mixed_group is not None:
        raise Refused("dataset", dataset, across_cells(summary.mixed_group))


def check_label(summary: DatasetSummary, field: str, factor: str, label: str) -> None:
    """Refuse a block label that the factor does not have."""
    if label not in summary.factors[factor]:
        known = ", ".join(summary.factors[factor])
        raise Refused(field, label, f"`{factor}` has no label {label!r}; it has {known}")


def check_factor(summary: DatasetSummary, field: str, factor: str) -> None:
    """Refuse a block factor that the dataset does not have."""
    if factor not in summary.factors:
        known = ", ".join(summary.factors) or (
            "no block factor, which is an array of labels, one per trial, that the mapping names"
        )
        raise Refused(field, factor, f"the dataset has no factor {factor!r}; it has {known}")


def check_session(summary: DatasetSummary, field: str, dataset: str) -> None:
    """Refuse a dataset that is not a session."""
    if summary.trials is None:
        raise Refused(field, dataset, "; ".join(summary.warnings) or "the dataset is not a session")


def check_behaviour(summary: DatasetSummary, field: str, dataset: str) -> None:
    """Refuse a dataset without behaviour."""
    if summary.behaviour is None:
        has = ", ".join(f"`{name}` {array.shape}" for name, array in summary.arrays.items())
        problems = [told for told in summary.warnings if "as behaviour" in told]
        raise Refused(
            field,
            dataset,
            problems[0]
            if problems
            else "the dataset holds no behaviour: `perturbation` (trial) and `reach` or `error` "
            f"(trial) are needed, it has {has}",
        )


def cell_trials(summary: DatasetSummary, labels: Labels) -> int:
    """Trials with these labels; refuses a target with too few of them."""
    total = 0
    for target in summary.targets:
        own = (
            c for c in summary.cells if c.target == target and labels.items() <= c.blocks.items()
        )
        trials = sum(cell.trials for cell in own)
        if trials < MIN_CELL_TRIALS:
            raise Refused("dataset", trials, few_trials(cell_name(target, labels), trials))
        total += trials
    return total
