"""What the dimensions of a network's hidden activity and of its weights' path say in words."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.experiment import Result, Spec
from core.kernels.intrinsic_dimension import ESTIMATES
from core.sentences import number, paragraph

CLOUDS = {"hidden": "the hidden activity", "trajectory": "the weights' path so far"}
PHRASES: Mapping[str, str] = {
    "participation_ratio": "{} by the participation ratio",
    "entropy_dimension": "{} by entropy",
    "n90": "{} by 90 % of the variance",
    "n95": "{} by 95 %",
    "parallel_analysis": "{} by parallel analysis",
    "twonn": "locally {} by TwoNN",
    "mle": "{} by twenty neighbours",
}


def reading(spec: Spec, result: Result) -> str:
    """Each rule's activity and path at the last record, the rules compared, and the caveats."""
    arms, networks = result["arm"].tolist(), len(result["replicate"])
    measured = [cloud for cloud in CLOUDS if _names(result, cloud) or _sweep(result, cloud)]
    medians = f", medians of {networks} networks" if networks > 1 else ""
    return paragraph(
        f"All is of the last record, after {float(result['epoch'][-1]):.10g} epochs{medians}.",
        *(_said(result, cloud, arm, rule) for arm, rule in enumerate(arms) for cloud in measured),
        *(_compared(result, cloud, arms) for cloud in measured),
        _bounds(result, measured),
        _of_distances(result) if "hidden" in measured else "",
        "A path that drifts one way has few dimensions whatever it does beside, and its records "
        "are no random sample."
        if "trajectory" in measured
        else "",
        "These are dimensions of all points alike, without conditions: compare them with the total "
        "covariance of a recording, not with the participation ratio of its condition means.",
    )


def _said(result: Result, cloud: str, arm: int, rule: str) -> str:
    """One cloud of one rule: its medians over networks."""
    names = _names(result, cloud)
    parts = [
        PHRASES[name].format(number(_median(_last(result, cloud, name)[arm]))) for name in names
    ]
    parts += _scales(result, cloud, arm)
    lost = max(
        int((~np.isfinite(_last(result, cloud, name)[arm])).sum())
        for name in names or _sweep(result, cloud)[:1]
    )
    without = (
        f" In {lost} of them something is undefined: it diverged, does not vary, or has too few "
        "points."
        if lost
        else ""
    )
    return (
        f"Under {_words(rule)}, {CLOUDS[cloud]} has these dimensions: {', '.join(parts)}.{without}"
    )


def _scales(result: Result, cloud: str, arm: int) -> list[str]:
    """The smallest and the largest scale of the sweep that have a number."""
    found = {
        ESTIMATES[name][0]: value
        for name in _sweep(result, cloud)
        if np.isfinite(value := _median(_last(result, cloud, name)[arm]))
    }
    ends = sorted({min(found), max(found)}) if found else []
    return [f"{number(found[n])} at {n} neighbours of the sweep" for n in ends]


def _compared(result: Result, cloud: str, arms: list[str]) -> str:
    """In how many networks each further rule fills more dimensions than the first."""
    names = [name for name in _names(result, cloud) if name != "parallel_analysis"]
    if len(arms) < 2 or not names:
        return ""
    values = _last(result, cloud, names[0])
    told = []
    for arm, rule in enumerate(arms[1:], 1):
        known = np.isfinite(values[0]) & np.isfinite(values[arm])
        more = int((values[arm] > values[0])[known].sum())
        told.append(f"in {more} of {int(known.sum())} networks under {_words(rule)}")
    measure = names[0].replace("_", " ")
    return (
        f"By its {measure}, {CLOUDS[cloud]} has more dimensions {' and '.join(told)} than under "
        f"{_words(arms[0])}; that is a count, not a test."
    )


def _bounds(result: Result, measured: list[str]) -> str:
    """How many dimensions the points could fill at most."""
    told = []
    for cloud in measured:
        n_points, variables = result[f"{cloud}_size"].tolist()
        what = "probes" if cloud == "hidden" else "records"
        told.append(f"{min(n_points - 1, variables)} for {CLOUDS[cloud]} ({n_points} {what})")
    return f"More is not possible than {' and '.join(told)}."


def _of_distances(result: Result) -> str:
    """What local estimates cannot tell."""
    if "hidden_distinct_probes" not in result.arrays:
        return ""
    probes, fewest = result["hidden_size"][0], result["hidden_distinct_probes"][..., -1].min()
    return paragraph(
        "Hidden activity is a function of the inputs, without noise: locally it has at most as "
        "many dimensions as they have, of which few probes show too few beyond about ten; a scale "
        "at which most probes are neighbours shows the edge of all.",
        f"Probes with the same activity count once: as few as {fewest:.0f} of {probes} differ."
        if fewest < probes
        else "",
    )


def _names(result: Result, cloud: str) -> list[str]:
    return [name for name in PHRASES if f"{cloud}_{name}" in result.arrays]


def _sweep(result: Result, cloud: str) -> list[str]:
    names = [name for name in ESTIMATES if name not in PHRASES]
    return [name for name in names if f"{cloud}_{name}" in result.arrays]


def _last(result: Result, cloud: str, name: str) -> NDArray[np.float64]:
    """Of the last record, "arms replicates"."""
    return result[f"{cloud}_{name}"][..., -1]


def _median(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _words(rule: str) -> str:
    return rule.replace("_", " ")
