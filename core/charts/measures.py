"""Pictures of what a simulation measures beside its errors: exponents, dimensions, rotation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.charts.learning import HEIGHT, MANY_RECORDS, WIDTH, empty, rule_colour
from core.curl_descent import SimulationSpec
from core.drawing import alt
from core.experiment import Result
from core.figures import MUTED
from core.kernels.lyapunov import block_epochs

MOST_NETWORKS = 200  # in one picture; more would bury each other
ERRORS = 3


def without_exponents(spec: SimulationSpec) -> str | None:
    """Why there are no exponents to draw."""
    return None if spec.record.lyapunov_exponents else "record.lyapunov_exponents is 0"


def without_dimensionality(spec: SimulationSpec) -> str | None:
    """Why the dimensions of hidden activity are not known."""
    return None if spec.record.hidden_dimensionality else "record.hidden_dimensionality is false"


def without_curl_fraction(spec: SimulationSpec) -> str | None:
    """Why the curl fraction is not known along the run."""
    along = spec.record.curl_fraction == "records"
    return None if along else "record.curl_fraction is not records"


def draw_lyapunov_spectrum(spec: SimulationSpec, result: Result) -> alt.TopLevelMixin:
    """Exponents in order, one line per network, with bars of three standard errors."""
    title = alt.Title(
        "Lyapunov exponents", subtitle=f"one line per network; bars: {ERRORS} standard errors"
    )
    if reason := without_exponents(spec):
        return empty(reason).properties(title=title)
    values = list(_exponents(spec, result))
    if not values:
        return empty("No network stayed finite").properties(title=title)
    base = alt.Chart(alt.InlineData(values)).encode(
        x=alt.X(
            "place:Q",
            title="exponent, from the largest",
            scale=alt.Scale(zero=False),
            axis=alt.Axis(tickMinStep=1),
        ),
        color=rule_colour(spec.rules),
        detail="network:N",
    )
    axis = alt.Y("exponent:Q", title="exponent (1/epoch)")
    bars = base.mark_rule(opacity=0.5).encode(y=alt.Y("low:Q"), y2="high:Q")
    lines = base.mark_line(point={"size": 30}, opacity=0.8).encode(y=axis)
    return alt.LayerChart(layer=[_zero(), bars, lines], width=WIDTH, height=HEIGHT, title=title)


def draw_lyapunov_convergence(spec: SimulationSpec, result: Result) -> alt.TopLevelMixin:
    """The running mean of each network's largest exponent, while blocks of epochs come in."""
    title = alt.Title("Largest Lyapunov exponent", subtitle="running mean, one line per network")
    if reason := without_exponents(spec):
        return empty(reason).properties(title=title)
    values = list(_running(spec, result))
    if not values:
        return empty("No network stayed finite").properties(title=title)
    base = alt.Chart(alt.InlineData(values)).encode(
        x=alt.X("epochs:Q", title="epochs measured"),
        y=alt.Y("mean:Q", title="exponent (1/epoch)"),
        color=rule_colour(spec.rules),
        detail="network:N",
    )
    layer = [_zero(), base.mark_line(strokeWidth=2, opacity=0.8)]
    return alt.LayerChart(layer=layer, width=WIDTH, height=HEIGHT, title=title)


def draw_hidden_dimensionality(spec: SimulationSpec, result: Result) -> alt.TopLevelMixin:
    """Participation ratio of hidden activity against epochs."""
    return _along(
        spec,
        result,
        "hidden_dimensionality",
        title="Dimensionality of hidden activity",
        axis="participation ratio",
        missing=without_dimensionality(spec),
    )


def draw_curl_fraction(spec: SimulationSpec, result: Result) -> alt.TopLevelMixin:
    """Curl fraction of the update field against epochs."""
    return _along(
        spec,
        result,
        "curl_fraction",
        title="Rotation in the update field",
        axis="curl fraction",
        missing=without_curl_fraction(spec),
    )


def _along(
    spec: SimulationSpec, result: Result, name: str, *, title: str, axis: str, missing: str | None
) -> alt.TopLevelMixin:
    """Median over replicates against epochs, with a band from the 10th to the 90th percentile."""
    replicates = f"median of {spec.replicates} replicates, band 10th to 90th percentile"
    shown = alt.Title(title, subtitle=replicates if spec.replicates > 1 else "one replicate")
    if missing:
        return empty(missing).properties(title=shown)
    values = [
        point
        for arm, rule in enumerate(spec.rules)
        for point in bands(rule, result["epoch"], result[name][arm])
    ]
    if not values:
        return empty("Nothing varies at any record").properties(title=shown)
    base = alt.Chart(alt.InlineData(values)).encode(
        x=alt.X("epoch:Q", title="epoch", scale=alt.Scale(type="log", nice=False)),
        color=rule_colour(spec.rules),
    )
    points = {"size": 18} if len(result["epoch"]) < MANY_RECORDS else False
    y = alt.Y("median:Q", title=axis, scale=alt.Scale(zero=name == "curl_fraction"))
    layers = [base.mark_line(strokeWidth=2, point=points).encode(y=y)]
    if spec.replicates > 1:
        layers.insert(0, base.mark_area(opacity=0.18).encode(y="low:Q", y2="high:Q"))
    return alt.LayerChart(layer=layers, width=WIDTH, height=HEIGHT, title=shown)


def bands(rule: str, epoch: NDArray[Any], values: NDArray[Any]) -> Iterator[dict[str, Any]]:
    """Order statistics over the replicates that have a value, at every record but epoch 0."""
    for r in np.flatnonzero(epoch > 0).tolist():
        known = values[np.isfinite(values[:, r]), r]
        if known.size:
            low, median, high = np.quantile(known, [0.1, 0.5, 0.9]).tolist()
            yield {
                "rule": rule,
                "epoch": int(epoch[r]),
                "low": low,
                "median": median,
                "high": high,
            }


def _exponents(spec: SimulationSpec, result: Result) -> Iterator[dict[str, Any]]:
    mean, error = result["lyapunov_exponents"], result["lyapunov_standard_errors"]
    for arm, n in _networks(spec.rules, mean):
        for i in np.flatnonzero(np.isfinite(mean[arm, n])).tolist():
            away = ERRORS * float(error[arm, n, i])
            value = float(mean[arm, n, i])
            yield {
                "rule": spec.rules[arm],
                "network": f"{arm} {n}",
                "place": i + 1,
                "exponent": value,
                "low": value - away,
                "high": value + away,
            }


def _running(spec: SimulationSpec, result: Result) -> Iterator[dict[str, Any]]:
    blocks = result["lyapunov_blocks"]
    epochs = block_epochs(spec.record.exponents_over(spec.training.epochs))
    for arm, n in _networks(spec.rules, blocks):
        first = blocks[arm, n, :, 0]
        means = np.cumsum(first) / np.arange(1, len(first) + 1)
        for block in np.flatnonzero(np.isfinite(means)).tolist():
            yield {
                "rule": spec.rules[arm],
                "network": f"{arm} {n}",
                "epochs": epochs * (block + 1),
                "mean": float(means[block]),
            }


def _networks(rules: Sequence[str], values: NDArray[Any]) -> list[tuple[int, int]]:
    """Arms and replicates to show."""
    most = max(1, MOST_NETWORKS // len(rules))
    return [(arm, n) for arm in range(len(rules)) for n in range(min(most, values.shape[1]))]


def _zero() -> alt.Chart:
    rule = alt.Chart(alt.InlineData([{"at": 0.0}])).mark_rule(color=MUTED, strokeDash=[5, 4])
    zero: alt.Chart = rule.encode(y="at:Q")
    return zero
