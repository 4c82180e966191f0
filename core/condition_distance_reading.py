"""What distances between two labels come to: their metrics by arm, and a reading in plain words."""

from collections.abc import Mapping
from math import isfinite, nan

import numpy as np

from core.condition_distance import MEAN, ConditionDistanceSpec, arm_names
from core.experiment import Result, Row
from core.kernels.normal import Z_95
from core.kernels.participation_ratio import Floats
from core.kernels.resampling import two_sided_p, upper_p
from core.sentences import (
    OPTIMISTIC,
    SIGNIFICANT,
    number,
    paragraph,
    tested,
    verdict,
    with_interval,
)
from core.session_spec import COMPARISON


def rows(spec: ConditionDistanceSpec, result: Result) -> tuple[Row, ...]:
    """Each target and the mean, for each state, and the comparison of states."""
    targets = result["target_labels"].tolist()
    found = []
    for state in range(len(spec.states)):
        found += [_target_metrics(result, state, place) for place in range(len(targets))]
        found.append(_mean_metrics(result, state))
    if spec.block is not None:
        found.append(_comparison_metrics(result))
    names = arm_names(spec, targets)
    return tuple(Row(name, 0, metrics) for name, metrics in zip(names, found, strict=True))


def reading(spec: ConditionDistanceSpec, result: Result) -> str:
    """The mean distances, the tests, and what they cannot tell."""
    first, second = spec.between
    by_arm = {row.arm: row.metrics for row in rows(spec, result)}
    said = []
    for state, name in enumerate(spec.states):
        said.append(_said(by_arm[f"{name}:{MEAN}" if name else MEAN], name, spec))
        said.append(_of_targets(result["target_p_value"][state]))
    if spec.block is not None:
        p_value = float(by_arm[COMPARISON]["p_value"] or nan)
        one, other = spec.block.compare
        said.append(
            verdict(
                p_value,
                found=f"It is not the same in {one} and {other} ({tested(p_value)}).",
                nothing=f"Nothing shows that {one} and {other} differ in it ({tested(p_value)}).",
            )
        )
    pseudo = float(np.nanmean(result["distance_pseudo"])) if _has_pseudo(result) else nan
    return paragraph(
        *said,
        "Early and late trials of one label, where only drift and learning can act, lie "
        f"{number(pseudo)} apart."
        if isfinite(pseudo)
        else "",
        _drift(result),
        OPTIMISTIC if result["rows_correlated"][0] else "",
        f"A distance grows when {first} and {second} differ more and when noise shrinks; the "
        "Euclidean distance beside it does not know the noise.",
    )


def _target_metrics(result: Result, state: int, place: int) -> dict[str, float | int]:
    at = (state, place)
    value, error = float(result["distance"][at]), float(result["distance_se"][at])
    sides = result["cell_trials"][2 * state : 2 * state + 2, place]
    return {
        **_interval(value, error),
        "euclidean": float(result["euclidean"][at]),
        "distance_pseudo": float(result["distance_pseudo"][at]),
        "p_value": float(result["target_p_value"][at]),
        "trials": int(sides.sum()),
    }


def _mean_metrics(result: Result, state: int) -> dict[str, float | int]:
    value, error = float(result["distance"][state].mean()), float(result["mean_distance_se"][state])
    null = result["permutation_distance"][:, state]
    return {
        **_interval(value, error),
        "euclidean": float(result["euclidean"][state].mean()),
        "distance_pseudo": float(result["distance_pseudo"][state].mean()),
        "p_value": upper_p(float(result["distance_tested"][state]), null) if len(null) else nan,
        "trials": int(result["cell_trials"][2 * state : 2 * state + 2].sum()),
    }


def _comparison_metrics(result: Result) -> dict[str, float | int]:
    first, second = result["distance"].mean(axis=1).tolist()
    flat, other = result["euclidean"].mean(axis=1).tolist()
    observed = float(result["comparison_tested"][0] - result["comparison_tested"][1])
    null = result["permutation_comparison"][:, 0] - result["permutation_comparison"][:, 1]
    return {
        **_interval(first - second, float(result["comparison_se"][0])),
        "euclidean": flat - other,
        "distance_pseudo": float(result["comparison_pseudo"].mean()),
        "p_value": two_sided_p(observed, null) if len(null) else nan,
        "trials": int(result["cell_trials"].sum()),
    }


def _interval(value: float, error: float) -> dict[str, float | int]:
    low, high = value - Z_95 * error, value + Z_95 * error
    return {"distance": value, "ci_low": low, "ci_high": high}


def _drift(result: Result) -> str:
    """How much the distance changes while the state does not."""
    change = float(result["comparison_pseudo"].mean())
    if not isfinite(change):
        return ""
    return (
        f"In early and late trials of one state, between which drift and learning act but not the "
        f"state, it differs by {number(change)}."
    )


def _has_pseudo(result: Result) -> bool:
    return bool(np.isfinite(result["distance_pseudo"]).any())


def _of_targets(p_values: Floats) -> str:
    """How many single targets move, where they were tested."""
    if not np.isfinite(p_values).all():
        return ""
    moved = int((p_values <= SIGNIFICANT).sum())
    return (
        f"Of its {len(p_values)} targets {moved} move by themselves (p at most {SIGNIFICANT:g} "
        "each, not corrected for their number)."
    )


def _said(
    metrics: Mapping[str, float | int | bool | None], state: str, spec: ConditionDistanceSpec
) -> str:
    value, low, high = (float(metrics[key] or 0) for key in ("distance", "ci_low", "ci_high"))
    p_value = float(metrics["p_value"] or nan)
    first, second = spec.between
    return paragraph(
        f"Mean activity of {first} and {second} lies {with_interval(value, low, high)} noise "
        f"variances per neuron apart{f' in {state}' if state else ''}.",
        verdict(
            p_value,
            found=f"That is more than nothing ({tested(p_value)}).",
            nothing=f"Nothing shows that they differ at all ({tested(p_value)}).",
        ),
    )
