"""Curl descent in a network of two synapses, where everything has a closed form.

The toy example of Ninou, Kadmon and Cayco-Gajic, "Curl Descent: Non-Gradient Learning Dynamics with
Sign-Diverse Plasticity", NeurIPS 2025, arXiv:2510.02765.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.charts.toy import draw_losses, draw_phase_portrait
from core.columns import columns_of
from core.curl_toy import RandomStarts, ToySpec
from core.dataset import DatasetSummary
from core.experiment import (
    Array,
    Dataset,
    Equation,
    Estimate,
    Figure,
    Kind,
    Metric,
    Progress,
    Result,
    Row,
)
from core.kernels.measures import finite
from core.kernels.toy_flow import Floats, Signs, error, field, flow
from core.kernels.toy_outcomes import MARGINAL, Outcomes, outcomes

ARMS = ("gradient_descent", "curl_descent")
TIME = "1 / learning rate"
POSITIONS_AT_ONCE = 200_000
POSITION_S = 2.5e-7
LEAST_S = 0.1
"""What any run takes with its preparations, however few its starts."""
SOLUTIONS = 101
"""Points shown on each branch of the solutions; odd, so that the half-stable one is among them."""

METRICS: Mapping[str, Metric] = {
    "convergence_time": Metric(
        "Median over starts of the time until |w1 w2 - 1| stays within tolerance, those that never "
        "converge counting as later than all; null if half or more never do.",
        unit=TIME,
    ),
    "fraction_converged": Metric("Fraction of starts that converge, however late."),
    "fraction_faster": Metric(
        "Fraction of starts from which this rule converges sooner than the other; one that "
        "converges is sooner than one that never does."
    ),
    "max_loss_ascent": Metric(
        "Largest climb of the loss above its running minimum, over starts and all time; null if "
        "without bound."
    ),
    "origin_saddle": Metric(
        "Whether the origin is a saddle, which repels, or else a centre, around which weights "
        "turn.",
        type="boolean",
    ),
    "stable_where_hidden_larger": Metric(
        "Whether solutions with |w1| > |w2| are stable.", type="boolean"
    ),
    "stable_where_readout_larger": Metric(
        "Whether solutions with |w2| > |w1| are stable.", type="boolean"
    ),
    "starts_converged": Metric("Starts that converge.", "start", "integer"),
    "starts_never": Metric("Starts that never converge.", "start", "integer"),
    "starts_marginal": Metric(
        "Of those that converge, starts that approach a half-stable solution as 1 / time.",
        "start",
        "integer",
    ),
}


def run(spec: ToySpec, inputs: Mapping[str, Dataset], progress: Progress) -> Result:
    """Both rules from every start."""
    starts = _starts(spec)
    trajectories, loss = _trajectories(spec, starts, progress)
    fates = [outcomes(signs, starts, spec.tolerance) for signs in spec.signs]
    arrays = _paths(spec, starts, trajectories, loss) | _fates(spec, fates) | _plane(spec)
    progress(1.0)
    return Result(arrays, _warnings(spec, fates))


def rows(spec: ToySpec, result: Result) -> tuple[Row, ...]:
    """One row per rule."""
    return tuple(Row(name, 0, _metrics(spec, result, arm)) for arm, name in enumerate(ARMS))


def _metrics(spec: ToySpec, result: Result, arm: int) -> Mapping[str, float | bool | None]:
    times, never = result["convergence_time"], np.isinf(result["convergence_time"][arm])
    marginal = result["outcome"][arm] == MARGINAL
    first, second = spec.signs[arm]
    median, ascent = finite(np.array([np.median(times[arm]), result["loss_ascent"][arm].max()]))
    return {
        "convergence_time": median,
        "fraction_converged": 1.0 - float(never.mean()),
        "fraction_faster": float((times[arm] < times[1 - arm]).mean()),
        "max_loss_ascent": ascent,
        "origin_saddle": first == second,
        "stable_where_hidden_larger": second > 0,
        "stable_where_readout_larger": first > 0,
        "starts_converged": int((~never).sum()),
        "starts_never": int(never.sum()),
        "starts_marginal": int(marginal.sum()),
    }


def estimate(spec: ToySpec, datasets: Mapping[str, DatasetSummary]) -> Estimate:
    """What the spec costs, from its sizes alone."""
    positions = len(ARMS) * (spec.count * spec.points + spec.grid_points**2)
    at_once = min(spec.count * spec.points, POSITIONS_AT_ONCE + spec.points)
    return Estimate(
        memory_bytes=40_000_000 + 50 * positions + 200 * at_once,
        operations=200 * positions,
        seconds=LEAST_S + POSITION_S * positions,
    )


def example() -> ToySpec:
    """Three hundred starts, the readout neuron flipped."""
    return ToySpec(starts=RandomStarts(random=300))


def _starts(spec: ToySpec) -> Floats:
    """The initial weights, "starts 2"."""
    if isinstance(spec.starts, list):
        return np.array(spec.starts, dtype=np.float64)
    rng = np.random.default_rng(np.random.SeedSequence(spec.seed))
    area, angle = rng.random((spec.starts.random, 2)).T
    radius = spec.starts.radius * np.sqrt(area)
    return np.stack([radius * np.cos(2 * np.pi * angle), radius * np.sin(2 * np.pi * angle)], -1)


def _times(spec: ToySpec) -> Floats:
    return np.linspace(0.0, spec.duration, spec.points)


def _trajectories(spec: ToySpec, starts: Floats, progress: Progress) -> tuple[Floats, Floats]:
    """Weights "arms starts times 2" and their loss, some starts at a time."""
    times = spec.input_variance * _times(spec)
    together = max(1, POSITIONS_AT_ONCE // spec.points)
    found = np.empty((len(ARMS), spec.count, spec.points, 2))
    loss = np.empty(found.shape[:-1])
    for first in range(0, spec.count, together):
        progress(first / spec.count)
        part = slice(first, first + together)
        for arm, signs in enumerate(spec.signs):
            found[arm, part] = flow(signs, starts[part], times)
            loss[arm, part] = spec.input_variance / 2 * error(found[arm, part]) ** 2
    return found, loss


def _paths(spec: ToySpec, starts: Floats, trajectories: Floats, loss: Floats) -> dict[str, Array]:
    return {
        "starts": Array(starts, ("start", "weight")),
        "time": Array(_times(spec), ("time",), TIME),
        "trajectories": Array(trajectories, ("arm", "start", "time", "weight")),
        "loss": Array(loss, ("arm", "start", "time")),
    }


def _fates(spec: ToySpec, fates: list[Outcomes]) -> dict[str, Array]:
    """What becomes of each start, in the spec's own time and loss."""
    variance, axes = spec.input_variance, ("arm", "start")

    def stacked(name: str) -> NDArray[Any]:
        return np.stack([getattr(fate, name) for fate in fates])

    return {
        "outcome": Array(stacked("code"), axes, "code"),
        "convergence_time": Array(stacked("convergence_time") / variance, axes, TIME),
        "period": Array(stacked("period") / variance, axes, TIME),
        "loss_ascent": Array(stacked("ascent") * variance, axes),
        "destination": Array(stacked("destination"), (*axes, "weight")),
    }


def _plane(spec: ToySpec) -> dict[str, Array]:
    """The vector field, its fixed points, and which solution is reached from where."""
    axis = np.linspace(-spec.extent, spec.extent, spec.grid_points)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)  # "grid_w2 grid_w1 2"
    along = np.geomspace(1 / spec.extent, spec.extent, SOLUTIONS)
    along[SOLUTIONS // 2] = 1.0
    branch = np.stack([along, 1 / along], axis=-1)
    solutions = np.concatenate([branch, -branch])
    variance = spec.input_variance
    fields = np.stack([variance * field(signs, grid) for signs in spec.signs])
    rates = np.stack([-variance * (solutions[:, ::-1] ** 2 @ signs) for signs in spec.signs])
    roots = np.stack([variance * _origin_eigenvalues(signs) for signs in spec.signs])
    basins = np.stack([_basin(signs, grid, spec.tolerance) for signs in spec.signs])
    cells = ("arm", "grid_w2", "grid_w1")
    return {
        "grid_w1": Array(axis, ("grid_w1",)),
        "grid_w2": Array(axis.copy(), ("grid_w2",)),
        "vector_field": Array(fields, (*cells, "weight"), "learning rate"),
        "basin": Array(basins, cells, "sign of the weights reached"),
        "solutions": Array(solutions, ("solution", "weight")),
        "solution_eigenvalue": Array(rates, ("arm", "solution"), "learning rate"),
        "origin_eigenvalues": Array(roots, ("arm", "eigenvalue", "part"), "learning rate"),
    }


def _origin_eigenvalues(signs: Signs) -> Floats:
    """Of w1' = s1 w2, w2' = s2 w1: +-1, a saddle, or +-i, a centre; rows (real, imaginary)."""
    root = np.sqrt(complex(signs[0] * signs[1]))
    return np.array([[root.real, root.imag], [-root.real, -root.imag]])


def _basin(signs: Signs, grid: Floats, tolerance: float) -> NDArray[np.int8]:
    fate = outcomes(signs, grid.reshape(-1, 2), tolerance)
    reached = np.where(np.isfinite(fate.convergence_time), np.sign(fate.destination[:, 0]), 0)
    return reached.astype(np.int8).reshape(grid.shape[:2])


def _warnings(spec: ToySpec, fates: list[Outcomes]) -> tuple[str, ...]:
    """Which starts have no convergence time."""
    never = [int(np.isinf(fate.convergence_time).sum()) for fate in fates]
    return tuple(
        f"{arm.replace('_', ' ')}: {count} of {spec.count} starts never converge"
        for arm, count in zip(ARMS, never, strict=True)
        if count
    )


KIND: Kind[ToySpec] = Kind(
    name="curl_descent.toy",
    version=1,
    summary="Two synapses in closed form: vector field, fixed points and basins; when gradient "
    "descent and curl descent converge from the same starts, and which starts never do.",
    spec=ToySpec,
    columns=columns_of(ToySpec),
    metrics=METRICS,
    figures={
        "phase_portrait": Figure(
            "Vector fields of both rules with trajectories from the same starts, the solutions "
            "coloured by stability, and the disc from which curl descent never converges.",
            draw_phase_portrait,
        ),
        "loss": Figure("Loss along the trajectories, and where it climbs.", draw_losses),
    },
    references=(
        "H. Ninou, J. Kadmon, N. A. Cayco-Gajic. Curl Descent: Non-Gradient Learning Dynamics with "
        "Sign-Diverse Plasticity. NeurIPS 2025, arXiv:2510.02765.",
    ),
    equations=(
        Equation(
            "Two synapses that learn y = x; the readout neuron is rule-flipped (time in units of "
            "1 / learning rate)",
            r"e = w_1 w_2 - 1, \qquad \dot{w}_1 = -w_2 e, \qquad \dot{w}_2 = +w_1 e",
        ),
        Equation(
            "Its trajectories stay on circles, where the angle obeys",
            r"\dot{\theta} = \frac{\rho^2}{2} \sin 2\theta - 1, \qquad \rho^2 = w_1^2 + w_2^2",
        ),
        Equation(
            "Inside the circle of squared radius 2 nothing converges; the period is exact",
            r"T = \frac{2\pi}{\sqrt{1 - \rho^4 / 4}}",
        ),
    ),
    beware=(
        "Starts on the circle of squared radius 2 approach a half-stable point like 1/t and are "
        "called marginal.",
        "Which rule is faster depends on the starts: the fraction is over those given, not over "
        "the plane.",
    ),
    run=run,
    rows=rows,
    estimate=estimate,
    example=example,
)
