"""The numbers of a generalization analysis, row by row, and what they say in words."""

from collections.abc import Mapping
from math import isfinite, nan

import numpy as np

from core.experiment import Result, Row
from core.generalization import GeneralizationSpec
from core.kernels.normal import Z_95
from core.kernels.resampling import two_sided_p
from core.sentences import OPTIMISTIC, number, paragraph, tested, verdict, with_interval
from core.session_spec import COMPARISON

UPPER = 0.95  # quantile of the shuffles above which a dichotomy counts as decodable
Numbers = Mapping[str, float | int | bool | None]


def rows(spec: GeneralizationSpec, result: Result) -> tuple[Row, ...]:
    """One row per block, one per dichotomy, and the comparison."""
    every = []
    for arm, name in enumerate(spec.arms):
        every.append(Row(name, 0, _arm_metrics(result, arm)))
        every += [
            Row(f"{name}:dichotomy {k + 1}", 0, {"ccgp": ccgp, "decoding": decoding})
            for k, (ccgp, decoding) in enumerate(
                zip(
                    result["ccgp_per_dichotomy"][arm].tolist(),
                    result["decoding_per_dichotomy"][arm].tolist(),
                    strict=True,
                )
            )
        ]
    if spec.block is not None:
        first, second = result["ccgp_per_dichotomy"].mean(axis=1).tolist()
        null = result["permuted_difference"]
        tested_difference = -float(np.diff(result["ccgp_tested"])[0])
        p_value = two_sided_p(tested_difference, null) if len(null) else nan
        every.append(Row(COMPARISON, 0, {"ccgp_difference": first - second, "p_value": p_value}))
    return tuple(every)


def reading(spec: GeneralizationSpec, result: Result) -> str:
    """The code of each block in words, the comparison, and the caveats."""
    found = {row.arm: row.metrics for row in rows(spec, result)}
    targets = result["dichotomy_side"].shape[1]
    sentences = [_arm_sentence(name, found[name], targets) for name in spec.arms]
    if spec.block is not None:
        p_value = _number(found[COMPARISON]["p_value"])
        first, second = spec.block.compare
        sentences.append(
            verdict(
                p_value,
                found=f"{first} and {second} differ in cross-condition generalization by "
                f"{number(_number(found[COMPARISON]['ccgp_difference']))} ({tested(p_value)}).",
                nothing="No difference in cross-condition generalization was found "
                f"({tested(p_value)}).",
            )
        )
    pseudo = result["ccgp_pseudo"]
    return paragraph(
        *sentences,
        "Early and late trials of one block, between which only drift and learning can act, "
        f"differ by {' and '.join(number(each) for each in pseudo.tolist())}."
        if np.isfinite(pseudo).all()
        else "",
        "Generalization below that of turned clouds, or below .5, is possible and means that the "
        "left-out targets lie on the other side.",
        OPTIMISTIC if bool(result["rows_correlated"][0]) else "",
    )


def _arm_metrics(result: Result, arm: int) -> Numbers:
    ccgp, se = float(result["ccgp_per_dichotomy"][arm].mean()), float(result["ccgp_se"][arm])
    null, shuffled = result["ccgp_turned"][arm], result["shattering_shuffled"][arm]
    seen = float(result["ccgp_tested"][arm])
    above = result["shattering_accuracy"][arm] > np.quantile(shuffled, UPPER)
    return {
        "ccgp": ccgp,
        "ccgp_low": ccgp - Z_95 * se,
        "ccgp_high": ccgp + Z_95 * se,
        "ccgp_null": float(null.mean()) if len(null) else nan,
        "p_value": (1 + int((null >= seen - 1e-12).sum())) / (1 + len(null)) if len(null) else nan,
        "decoding": float(result["decoding_per_dichotomy"][arm].mean()),
        "target_decoding": float(result["target_decoding"][arm]),
        "shattering_mean_accuracy": float(result["shattering_accuracy"][arm].mean()),
        "shattering_fraction": float(above.mean()),
        "direction_error_deg": float(result["direction_error_per_target_deg"][arm].mean()),
        **_nearest(result, arm),
        "ccgp_difference_pseudo": float(result["ccgp_pseudo"][arm]),
        "trials_per_target": int(result["trials_per_target"][arm]),
    }


def _nearest(result: Result, arm: int) -> dict[str, float]:
    """How the change generalizes to the nearest directions, where two fields are known."""
    if "separation_deg" not in result.arrays or len(result["separation_deg"]) < 2:
        return {}
    names = ("change_generalization_function", "change_generalization_se")
    value, error = (float(result[name][arm, 1]) for name in names)
    return {
        "change_generalization": value,
        "change_generalization_low": value - Z_95 * error,
        "change_generalization_high": value + Z_95 * error,
    }


def _number(value: float | int | bool | None) -> float:
    return nan if value is None else float(value)


def _arm_sentence(name: str, found: Numbers, targets: int) -> str:
    ccgp = with_interval(*(_number(found[key]) for key in ("ccgp", "ccgp_low", "ccgp_high")))
    names = ("change_generalization", "change_generalization_low", "change_generalization_high")
    change = [100 * _number(found.get(key)) for key in names]
    told = (
        f" Of the change between fields in one direction {with_interval(*change)} % is found in "
        "the nearest others."
        if isfinite(change[0])
        else ""
    )
    return (
        f"{name}: left-out targets are classified with accuracy {ccgp}, turned clouds with "
        f"{number(_number(found['ccgp_null']))} ({tested(_number(found['p_value']))}), and targets "
        f"that were trained on with {number(_number(found['decoding']))}; of all balanced "
        f"dichotomies {number(100 * _number(found['shattering_fraction']))} % can be decoded. "
        f"Which it is of all {targets} targets can be told in "
        f"{number(100 * _number(found['target_decoding']))} % of trials, by chance in "
        f"{number(100 / targets)} %.{told}"
    )
