"""How many dimensions activity has locally, at every scale, beside what its noise alone has."""

from collections.abc import Mapping

import numpy as np
from pydantic import Field

from core.charts.intrinsic import draw_estimates, draw_sweep
from core.checkpoints import ledger
from core.columns import columns_of
from core.dataset import DatasetSummary
from core.examples import GOLUB_BCI
from core.experiment import (
    Array,
    Dataset,
    Equation,
    Estimate,
    ExperimentError,
    Figure,
    Kind,
    Metric,
    Progress,
    Result,
    Row,
)
from core.kernels.intrinsic_dimension import (
    ESTIMATES,
    RANKS,
    K,
    named_estimates,
    neighbours_for,
)
from core.kernels.neighbours import distinct_points, neighbour_distances
from core.kernels.participation_ratio import Floats, condition_means
from core.kernels.portions import Report
from core.selection import selected
from core.sentences import number, paragraph
from core.session_arrays import described
from core.session_spec import ALL, Comparison, SessionSpec, check_arms, checked_session
from core.stages import stages

OPERATIONS_PER_S = 4_000_000_000
LEAST_POINTS = K + 1
SURROGATE = "surrogate"


class IntrinsicSpec(SessionSpec):
    """How many dimensions the activity of single trials has in the neighbourhood of each trial.

    TwoNN (the two nearest neighbours), maximum likelihood over twenty neighbours, and a sweep from
    2 to 128 neighbours. The smallest neighbourhoods show the dimension of the noise, whatever lies
    beneath, so each is repeated on surrogates: as many points of Gaussian noise with the covariance
    of the trials about their condition means. Where data and surrogate agree, only noise was seen.
    """

    block: Comparison | None = Field(
        default=None, description="Two blocks side by side; null: all trials as one, arm `all`."
    )
    every: int = Field(
        default=1,
        ge=1,
        le=1000,
        description="Use every n-th trial only, so that neighbours in time do not pass for "
        "neighbours in activity; for rows that are bins of a time series.",
    )
    surrogates: int = Field(
        default=5, ge=1, le=100, description="Surrogates, the replicates of their arm."
    )

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms that are data: block labels, or `all`."""
        return (ALL,) if self.block is None else self.block.compare


METRICS = {
    "twonn": Metric("Dimension by the two nearest neighbours (TwoNN, a tenth discarded)"),
    "mle": Metric("Dimension by maximum likelihood over 20 neighbours (Levina and Bickel)"),
    **{
        f"gride_{2 * rank}": Metric(
            f"Dimension from the ratio of distances to neighbours {2 * rank} and {rank}; null with "
            "fewer points"
        )
        for rank in RANKS
    },
    "points": Metric("Distinct points used", unit="trial", type="integer"),
    "zero_distances": Metric("Trials dropped as copies of others", unit="trial", type="integer"),
}


def run(spec: IntrinsicSpec, inputs: Mapping[str, Dataset], progress: Progress) -> Result:
    """The estimates of each arm, then of its surrogates."""
    chosen = selected(
        inputs[spec.dataset],
        spec.arms_of(spec.block),
        neurons=spec.neurons,
        transform=spec.transform,
    )
    units, n_arms, kept = chosen.units, len(spec.arms), ledger(progress)
    reports = stages(progress, [1] * (n_arms * (1 + spec.surrogates)))
    found = [kept.stage(f"arm {arm}", 2 + len(RANKS), 1 + spec.surrogates) for arm in range(n_arms)]
    counted = np.empty((n_arms, 2), dtype=np.int64)
    for arm, name in enumerate(spec.arms):
        own = np.flatnonzero(units.block == arm)
        own = own[np.argsort(units.first[own], kind="stable")]
        noise = _noise_factor(units.activity[own], units.condition[own])
        points, copies = distinct_points(units.activity[own[:: spec.every]])
        counted[arm] = len(points), copies
        _check_number(name, len(points))
        seeds = np.random.SeedSequence([spec.seed, arm]).spawn(spec.surrogates)
        own_reports = enumerate(reports[arm * (1 + spec.surrogates) :][: 1 + spec.surrogates])
        each = ((slice(place, place + 1), report) for place, report in own_reports)
        for place, report in found[arm].missing(each):
            seed = seeds[place.start - 1] if place.start else None
            drawn = points if seed is None else _gaussian(noise, len(points), seed)
            found[arm].add(place, _estimates(drawn, report)[:, None])
    return Result(
        described(chosen, n_arms)
        | {
            "dimension": Array(
                np.array([each.by_draw for each in found]), ("arm", "surrogate", "estimator")
            ),
            "points": Array(counted, ("arm", "counted"), "trial"),
            "ranks": Array(np.array(RANKS), ("scale",)),
        },
        chosen.warnings + _dropped(spec, counted),
    )


def rows(spec: IntrinsicSpec, result: Result) -> tuple[Row, ...]:
    """One row per arm, and one per surrogate of it."""
    found = []
    for arm, name in enumerate(spec.arms):
        estimates = [_named(values) for values in result["dimension"][arm]]
        points, copies = result["points"][arm].tolist()
        found.append(Row(name, 0, estimates[0] | {"points": points, "zero_distances": copies}))
        found += [
            Row(f"{name}:{SURROGATE}", replicate, values | {"points": points})
            for replicate, values in enumerate(estimates[1:])
        ]
    return tuple(found)


def reading(spec: IntrinsicSpec, result: Result) -> str:
    """The smallest and largest scale of each arm, beside noise."""
    return paragraph(
        *(_said(name, result["dimension"][arm]) for arm, name in enumerate(spec.arms)),
        "At the smallest scale every estimate sees the noise of single trials; a structure of few "
        "dimensions shows where, at larger scales, data fall clearly below their surrogates.",
        "All of these are too low when there are more than about ten dimensions and few points, "
        "which data and surrogates share.",
        "Consecutive rows are correlated, and neighbours in time make the dimension look smaller: "
        "use every n-th trial."
        if result["rows_correlated"][0]
        else "",
    )


def estimate(spec: IntrinsicSpec, summaries: Mapping[str, DatasetSummary]) -> Estimate:
    """Check the spec against its dataset and cost it."""
    summary, trials = checked_session(spec, summaries, spec.arms_of(spec.block))
    check_arms([*spec.arms, *(f"{name}:{SURROGATE}" for name in spec.arms)])
    neurons = len(spec.neurons or ()) or summary.neurons or 0
    points = [-(-size // spec.every) for size in trials]
    sets = 1 + spec.surrogates
    work = sum(sets * n * (2 * n * neurons + 6 * n + 136 * neurons + 500_000) for n in points)
    largest = max(points)
    return Estimate(
        memory_bytes=220_000_000 + 8 * (sum(trials) * neurons * 4 + largest * (4 * neurons + 300)),
        operations=work,
        seconds=0.05 + work / OPERATIONS_PER_S,
    )


def example() -> IntrinsicSpec:
    """The bundled recording before and after learning."""
    block = Comparison(factor="block", compare=("before", "after"))
    return IntrinsicSpec(dataset=GOLUB_BCI.dataset_id, block=block)


def _estimates(points: Floats, report: Report) -> Floats:
    """TwoNN, maximum likelihood, and the sweep; NaN for scales beyond the points."""
    most = min(neighbours_for(ESTIMATES), len(points) - 1)
    return named_estimates(neighbour_distances(points, most, report), ESTIMATES)


def _noise_factor(
    activity: Floats, condition: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> Floats:
    """F with F' F = the covariance of trials about their condition means."""
    residuals = activity - condition_means(activity, condition)[condition]
    spare = len(residuals) - int(condition.max()) - 1
    values, vectors = np.linalg.eigh(residuals.T @ residuals / max(spare, 1))
    factor: Floats = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
    return factor


def _gaussian(factor: Floats, points: int, seed: np.random.SeedSequence) -> Floats:
    drawn = np.random.default_rng(seed).standard_normal((points, len(factor)))
    surrogate: Floats = drawn @ factor
    return surrogate


def _check_number(name: str, points: int) -> None:
    if points < LEAST_POINTS:
        raise ExperimentError(
            f"{name} has {points} distinct trials in use; {LEAST_POINTS} are needed for {K} "
            "neighbours. Use a smaller `every`, or more trials"
        )


def _dropped(
    spec: IntrinsicSpec, counted: np.ndarray[tuple[int, int], np.dtype[np.int64]]
) -> tuple[str, ...]:
    return tuple(
        f"{name}: {copies} trials with zero distance to another were dropped"
        for name, (_, copies) in zip(spec.arms, counted.tolist(), strict=True)
        if copies
    )


def _named(values: Floats) -> dict[str, float | int]:
    return dict(zip(ESTIMATES, values.tolist(), strict=True))


def _said(name: str, dimension: Floats) -> str:
    data, noise = dimension[0], dimension[1:].mean(axis=0)
    last = int(np.flatnonzero(np.isfinite(data))[-1])
    neighbours = 2 * RANKS[last - 2]
    return (
        f"In {name}, the two nearest neighbours show {number(data[0])} dimensions (noise alone "
        f"{number(noise[0])}) and {neighbours} neighbours {number(data[last])} (noise alone "
        f"{number(noise[last])})."
    )


KIND: Kind[IntrinsicSpec] = Kind(
    name="dimensionality.intrinsic",
    version=1,
    summary="How many dimensions activity has locally, by scale, beside noise of its covariance",
    spec=IntrinsicSpec,
    columns=columns_of(IntrinsicSpec),
    metrics=METRICS,
    figures={
        "sweep": Figure("Dimension by number of neighbours, data beside surrogates", draw_sweep),
        "estimates": Figure("TwoNN and maximum likelihood, beside surrogates", draw_estimates),
    },
    references=(
        "E. Facco et al., Estimating the intrinsic dimension of datasets by a minimal neighborhood "
        "information, Scientific Reports 7:12140 (2017)",
        "E. Levina and P. Bickel, Maximum likelihood estimation of intrinsic dimension, NIPS 17 "
        "(2004)",
        "F. Denti et al., The generalized ratios intrinsic dimension estimator, Scientific Reports "
        "12:20005 (2022)",
    ),
    equations=(
        Equation(
            "TwoNN is the slope d of this line through 0, with F the distribution of the ratio "
            "of distances to the second and the first neighbour",
            r"-\ln(1 - F(\mu)) = d \ln \mu, \qquad \mu_i = r_{i,2} / r_{i,1}",
        ),
        Equation(
            "Maximum likelihood over k neighbours (Levina and Bickel)",
            r"\frac{1}{\hat{d}} = \frac{1}{n (k-1)} \sum_i \sum_{j=1}^{k-1} \ln "
            r"\frac{r_{i,k}}{r_{i,j}}",
        ),
    ),
    beware=(
        "Small neighbourhoods show the noise: believe only what the surrogates do not show as "
        "well.",
        "Neighbours in time are not neighbours in activity: thin a time series with `every`.",
    ),
    run=run,
    rows=rows,
    estimate=estimate,
    example=example,
    datasets=lambda spec: (spec.dataset,),
    reading=reading,
)
