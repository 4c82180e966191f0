"""The numbers of a participation ratio, row by row, and what they say in words."""

from collections.abc import Mapping
from math import exp, isfinite, nan

import numpy as np

from core.experiment import Result, Row
from core.kernels.normal import Z_95
from core.kernels.participation_ratio_error import log_ratio_of
from core.kernels.resampling import two_sided_p
from core.participation_ratio import ParticipationRatioSpec
from core.sentences import OPTIMISTIC, number, paragraph, tested, verdict, with_interval
from core.session_spec import COMPARISON

Metrics = Mapping[str, float | int | bool | None]


def rows(spec: ParticipationRatioSpec, result: Result) -> tuple[Row, ...]:
    """One row per block, and one for their comparison."""
    each = tuple(Row(name, 0, _arm_metrics(result, arm)) for arm, name in enumerate(spec.arms))
    if spec.block is None:
        return each
    log_ratio = log_ratio_of(result["participation_ratio"])
    null = result["permutation_log_ratio"]
    tested = isfinite(log_ratio) and len(null) > 0
    p_value = two_sided_p(log_ratio, null) if tested else nan
    return (*each, Row(COMPARISON, 0, {"log_ratio": log_ratio, "p_value": p_value}))


def reading(spec: ParticipationRatioSpec, result: Result) -> str:
    """The estimates, the test, and what they cannot tell."""
    by_arm = {row.arm: row.metrics for row in rows(spec, result)}
    targets = result["cell_trials"].shape[1]
    said = [_said(name, by_arm[name], targets) for name in spec.arms]
    if spec.block is not None:
        said += [
            _compared(spec, float(by_arm[COMPARISON]["p_value"] or nan)),
            _drift(spec, by_arm),
        ]
    return paragraph(
        *said,
        _of_subsets(spec, by_arm),
        OPTIMISTIC if result["rows_correlated"][0] else "",
        "The ratio counts the dimensions that the targets' mean activity takes, not those of "
        "single trials, and it depends on which neurons were recorded.",
    )


def _arm_metrics(result: Result, arm: int) -> dict[str, float | int]:
    ratio, log_se = (float(result[name][arm]) for name in ("participation_ratio", "log_se"))
    plain = ("participation_ratio_naive", "total_covariance_participation_ratio")
    return {
        "participation_ratio": ratio,
        **{name: float(result[name][arm]) for name in plain},
        "log_se": log_se,
        "ci_low": ratio * exp(-Z_95 * log_se),
        "ci_high": ratio * exp(Z_95 * log_se),
        **_subset_metrics(result, arm),
        **_pseudo_metrics(result, arm),
        "trials": int(result["cell_trials"][arm].sum()),
        "neurons": len(result["neurons"]),
    }


def _subset_metrics(result: Result, arm: int) -> dict[str, float | int]:
    """The ratio at the number of neurons of a subsample, where there is one."""
    if "subset_log_participation_ratio" not in result.arrays:
        return {}
    of_subsets = np.exp(result["subset_log_participation_ratio"][arm])
    low, high = np.quantile(of_subsets, [0.025, 0.975]).tolist()
    return {
        "participation_ratio_subsampled": float(result["participation_ratio_subsampled"][arm]),
        "subsampled_low": low,
        "subsampled_high": high,
    }


def _pseudo_metrics(result: Result, arm: int) -> dict[str, float | int]:
    names = [name for name in ("pseudo_log_ratio", "pseudo_log_se") if name in result.arrays]
    return {name: float(result[name][arm]) for name in names}


def _said(name: str, metrics: Metrics, targets: int) -> str:
    ratio, low, high = (
        float(metrics[key] or nan) for key in ("participation_ratio", "ci_low", "ci_high")
    )
    if not isfinite(ratio):
        return f"The data of {name} cannot tell how many dimensions the {targets} targets take."
    return (
        f"The means of {targets} targets take {with_interval(ratio, low, high)} of at most "
        f"{targets - 1} dimensions in {name}; uncorrected they would seem to take "
        f"{number(float(metrics['participation_ratio_naive'] or nan))}."
    )


def _of_subsets(spec: ParticipationRatioSpec, by_arm: Mapping[str, Metrics]) -> str:
    """What fewer neurons would show."""
    if spec.subsample is None:
        return ""
    told = [
        f"{number(float(by_arm[name]['participation_ratio_subsampled'] or nan))} in {name}"
        for name in spec.arms
    ]
    return (
        f"Of {spec.subsample.neurons} neurons drawn at random the corrected ratio is "
        f"{' and '.join(told)}; that is the number to compare with another group of as many."
    )


def _compared(spec: ParticipationRatioSpec, p_value: float) -> str:
    first, second = spec.arms
    return verdict(
        p_value,
        found=f"The blocks {first} and {second} differ in it ({tested(p_value)}).",
        nothing=f"Nothing shows that {first} and {second} differ in it ({tested(p_value)}).",
    )


def _drift(spec: ParticipationRatioSpec, by_arm: Mapping[str, Metrics]) -> str:
    """What halves of one block differ by."""
    log_ratio = float(by_arm[COMPARISON]["log_ratio"] or nan)
    pseudo = [float(by_arm[name].get("pseudo_log_ratio") or nan) for name in spec.arms]
    if not all(map(isfinite, (log_ratio, *pseudo))):
        return ""
    halves = " and ".join(number(value) for value in pseudo)
    return (
        f"The blocks follow each other in time: their log ratio is {number(log_ratio)}, that of "
        f"early to late trials inside {' and '.join(spec.arms)} is {halves}."
    )
