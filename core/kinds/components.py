"""How many components activity has: several answers side by side, since they differ."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from pydantic import Field

from core.charts.components import draw_likelihood, draw_numbers, draw_scree, draw_state_space
from core.checkpoints import ledger
from core.columns import columns_of
from core.dataset import DatasetSummary
from core.examples import GOLUB_BCI
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
from core.kernels.component_numbers import (
    PERCENTILE,
    components_for,
    cross_validated_spectra,
    entropy_dimension,
    factor_likelihoods,
    leading,
    shuffled_spectra,
)
from core.kernels.ledger import Ledger
from core.kernels.participation_ratio import Floats, condition_means, covariance_spectrum
from core.kernels.portions import Report
from core.selection import Selection, selected
from core.sentences import paragraph
from core.session_arrays import described
from core.session_spec import ALL, Comparison, SessionSpec, checked_session
from core.stages import stages

OPERATIONS_PER_S = 8_000_000_000
FOLDS = 4
MIN_REPEATED_Z = 3.0


class ComponentsSpec(SessionSpec):
    """How many principal components the activity of a population has, by six answers.

    How many hold 90 or 95 % of the variance of single trials; the effective number by entropy; how
    many exceed what shuffled neurons show; how many of the condition means repeat in other trials;
    how many shared factors predict left-out trials best. They are answers to different questions:
    single trials scatter in many dimensions that no task needs.
    """

    block: Comparison | None = Field(
        default=None, description="Two blocks side by side; null: all trials as one, arm `all`."
    )
    splits: int = Field(
        default=50,
        ge=1,
        le=1000,
        description="Random halves of the trials over which cross-validated PCA is averaged.",
    )
    shuffles: int = Field(
        default=100, ge=20, le=1000, description="Shuffles behind the parallel analysis."
    )
    factors: int = Field(
        default=20,
        ge=1,
        le=100,
        description="The largest number of shared factors to try (always fewer than neurons).",
    )

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms: block labels, or `all`."""
        return (ALL,) if self.block is None else self.block.compare


METRICS = {
    "n90": Metric("Components with 90 % of the variance of single trials", type="integer"),
    "n95": Metric("Components with 95 % of the variance of single trials", type="integer"),
    "entropy_dimension": Metric(
        "exp of the entropy of the shares of variance of single trials: the number of equal "
        "components with the same entropy"
    ),
    "cvpca": Metric(
        "Components with 95 % of the variance of condition means that repeats in other trials; at "
        "most targets - 1; null where what repeats is within its noise",
        type="integer",
    ),
    "parallel_analysis": Metric(
        "Leading components with more variance than the 95th percentile when each neuron is "
        "shuffled over trials by itself",
        type="integer",
    ),
    "factor_analysis": Metric(
        "Shared factors with the best likelihood of left-out trials", type="integer"
    ),
}


def run(spec: ComponentsSpec, inputs: Mapping[str, Dataset], progress: Progress) -> Result:
    """Each arm's spectrum, its shuffles, the halves and the factors."""
    chosen = selected(
        inputs[spec.dataset],
        spec.arms_of(spec.block),
        neurons=spec.neurons,
        transform=spec.transform,
    )
    numbers = np.arange(min(spec.factors, len(chosen.session.neurons) - 1) + 1)
    arms = range(len(spec.arms))
    sizes = [int((chosen.arm == arm).sum()) for arm in arms]
    costs = [part for size in sizes for part in _work(spec, size, len(chosen.session.neurons))]
    reports = stages(progress, costs)
    kept = ledger(progress)
    found = [_arm(spec, chosen, numbers, arm, reports[3 * arm : 3 * arm + 3], kept) for arm in arms]
    unit = "count^2" if spec.transform == "none" else "count"
    axes = {
        "spectrum": (("arm", "component"), unit),
        "parallel_threshold": (("arm", "component"), unit),
        "cross_validated_spectrum": (("arm", "split", "mean_component"), unit),
        "naive_mean_spectrum": (("arm", "mean_component"), unit),
        "factor_log_likelihood": (("arm", "fold", "factors"), "nat"),
    }
    stacked = {
        name: Array(_padded([each[name] for each in found]), *rest) for name, rest in axes.items()
    }
    scores, means, variance = _plane(chosen)
    return Result(
        described(chosen, len(arms))
        | stacked
        | {
            "factor_numbers": Array(numbers, ("factors",)),
            "trial_scores": Array(scores, ("trial", "plane")),
            "trial_target": Array(chosen.session.condition, ("trial",)),
            "mean_scores": Array(means, ("arm", "target", "plane")),
            "plane_variance": Array(variance, ("plane",)),
        },
        chosen.warnings,
    )


def rows(spec: ComponentsSpec, result: Result) -> tuple[Row, ...]:
    """One row per arm."""
    return tuple(Row(name, 0, _metrics(result, arm)) for arm, name in enumerate(spec.arms))


def reading(spec: ComponentsSpec, result: Result) -> str:
    """The answers and what each is an answer to."""
    return paragraph(
        *(_said(row) for row in rows(spec, result)),
        "These numbers answer different questions and are not estimates of one truth: variance of "
        "single trials is mostly noise, which fills all dimensions, and grows with the trials and "
        "neurons recorded; what repeats in other trials is at most the number of targets less one.",
        "Trials look dependent, so the best number of factors may be too large."
        if result["rows_correlated"][0]
        else "",
    )


def estimate(spec: ComponentsSpec, summaries: Mapping[str, DatasetSummary]) -> Estimate:
    """Check the spec against its dataset and cost it."""
    summary, trials = checked_session(spec, summaries, spec.arms_of(spec.block))
    neurons = len(spec.neurons or ()) or summary.neurons or 0
    work = sum(part for size in trials for part in _work(spec, size, neurons))
    total = sum(trials)
    values = 8 * total * neurons + 8 * neurons**2 + 2 * spec.shuffles * min(total, neurons)
    return Estimate(
        memory_bytes=140_000_000 + 8 * values,
        operations=work,
        seconds=0.05 + work / OPERATIONS_PER_S,
    )


def example() -> ComponentsSpec:
    """The bundled recording before and after learning."""
    block = Comparison(factor="block", compare=("before", "after"))
    return ComponentsSpec(dataset=GOLUB_BCI.dataset_id, block=block, shuffles=50)


def _work(spec: ComponentsSpec, trials: int, neurons: int) -> list[int]:
    """Scalar operations of the shuffles, the halves and the factors of one arm."""
    spectrum = 8 * trials * neurons * min(trials, neurons) + 40 * trials * neurons
    factors = min(spec.factors, max(neurons - 1, 1)) + 1
    steps = 60 * factors * (2 * neurons**2 * factors + 30 * neurons * factors + 400_000)
    return [
        spec.shuffles * spectrum,
        spec.splits * (20 * trials * neurons + 2_000_000),
        FOLDS * (4 * trials * neurons**2 + steps),
    ]


def _arm(
    spec: ComponentsSpec,
    chosen: Selection,
    numbers: np.ndarray[Any, np.dtype[np.int64]],
    arm: int,
    reports: list[Report],
    kept: Ledger,
) -> dict[str, Floats]:
    counts = chosen.session.counts[chosen.arm == arm]
    condition = chosen.session.condition[chosen.arm == arm]
    units, own = chosen.units, chosen.units.block == arm
    shuffling, splitting, folding = np.random.SeedSequence([spec.seed, arm]).spawn(3)
    shuffled = shuffled_spectra(
        counts,
        shuffling,
        spec.shuffles,
        reports[0],
        stage=partial(kept.stage, f"shuffled {arm}"),
    )
    return {
        "spectrum": covariance_spectrum(counts),
        "parallel_threshold": np.percentile(shuffled, PERCENTILE, axis=0),
        "naive_mean_spectrum": covariance_spectrum(condition_means(counts, condition)),
        "cross_validated_spectrum": cross_validated_spectra(
            units.activity[own],
            units.condition[own],
            units.size[own],
            splitting,
            splits=spec.splits,
            report=reports[1],
        ),
        "factor_log_likelihood": factor_likelihoods(
            units.activity[own],
            units.condition[own],
            numbers,
            folding,
            folds=FOLDS,
            report=reports[2],
            stage=partial(kept.stage, f"factors {arm}"),
        ),
    }


def _padded(arms: list[Floats]) -> Floats:
    """Arms side by side, the shorter padded with the zeros that further components have."""
    width = max(values.shape[-1] for values in arms)
    pads = [[(0, 0)] * (values.ndim - 1) + [(0, width - values.shape[-1])] for values in arms]
    return np.stack([np.pad(values, pad) for values, pad in zip(arms, pads, strict=True)])


def _plane(chosen: Selection) -> tuple[Floats, Floats, Floats]:
    """Trials and condition means on the first two components of all condition means."""
    session = chosen.session
    arms = range(int(chosen.arm.max()) + 1)
    means = np.stack(
        [
            condition_means(session.counts[chosen.arm == a], session.condition[chosen.arm == a])
            for a in arms
        ]
    )
    flat = means.reshape(-1, means.shape[-1])
    origin = flat.mean(axis=0)
    _, singular, axes = np.linalg.svd(flat - origin, full_matrices=False)
    axes = axes[:2] * np.sign(axes[:2][np.arange(2), np.abs(axes[:2]).argmax(axis=1)])[:, None]
    shares = np.square(singular)[:2] / np.square(singular).sum()
    return (session.counts - origin) @ axes.T, (means - origin) @ axes.T, shares


def _metrics(result: Result, arm: int) -> dict[str, float | int | None]:
    spectrum = result["spectrum"][arm]
    across = result["cross_validated_spectrum"][arm]
    repeated = np.maximum(across.mean(axis=0), 0.0)
    likelihood = result["factor_log_likelihood"][arm].mean(axis=0)
    return {
        "n90": components_for(spectrum, 0.90),
        "n95": components_for(spectrum, 0.95),
        "entropy_dimension": entropy_dimension(spectrum),
        "cvpca": components_for(repeated, 0.95) if _repeats(across) else None,
        "parallel_analysis": leading(spectrum, result["parallel_threshold"][arm]),
        "factor_analysis": int(result["factor_numbers"][likelihood.argmax()]),
    }


def _repeats(across: Floats) -> bool:
    """Whether more of the condition means repeats than noise makes up, by "splits components".

    Where nothing repeats, the mean over random halves of the same trials varies from session to
    session as the halves vary about it: together they share half of all pairs of trials.
    """
    totals = across.sum(axis=1)
    error = float(np.std(totals, ddof=1)) if len(totals) > 1 else 0.0
    return float(totals.mean()) > MIN_REPEATED_Z * error


def _said(row: Row) -> str:
    m = row.metrics
    repeated = (
        "what of the target means repeats in other trials is within its noise"
        if m["cvpca"] is None
        else (
            f"of the target means {m['cvpca']} components hold 95 % of what repeats in other trials"
        )
    )
    return (
        f"In {row.arm}, {m['n90']} components hold 90 % and {m['n95']} hold 95 % of the variance "
        f"of single trials (effective number {float(m['entropy_dimension'] or 0):.3g}); "
        f"{m['parallel_analysis']} exceed shuffled neurons; {m['factor_analysis']} shared factors "
        f"predict left-out trials best; {repeated}."
    )


KIND: Kind[ComponentsSpec] = Kind(
    name="dimensionality.components",
    version=2,
    summary="How many principal components activity has, by six answers side by side",
    spec=ComponentsSpec,
    columns=columns_of(ComponentsSpec),
    metrics=METRICS,
    figures={
        "scree": Figure(
            "Variance by component: condition means, plain and cross-validated, and single trials "
            "with the threshold of shuffled neurons",
            draw_scree,
        ),
        "state_space": Figure(
            "Trials and condition means in the plane of the means' first two components",
            draw_state_space,
        ),
        "numbers": Figure("The six answers side by side", draw_numbers),
        "factors": Figure("Likelihood of left-out trials by number of factors", draw_likelihood),
    },
    references=(
        "J. Horn, A rationale and test for the number of factors in factor analysis, Psychometrika "
        "30:179 (1965)",
        "C. Stringer et al., High-dimensional geometry of population responses in visual cortex, "
        "Nature 571:361 (2019)",
        "D. Rubin and D. Thayer, EM algorithms for ML factor analysis, Psychometrika 47:69 (1982)",
    ),
    equations=(
        Equation(
            "Entropy dimension of the eigenvalues of the covariance of single trials",
            r"\exp\left(-\sum_i p_i \ln p_i\right), \qquad p_i = \lambda_i / \sum_j \lambda_j",
        ),
        Equation(
            "Cross-validated spectrum: axes and scores from one half of the trials, the other "
            "set of scores from the condition means of the other",
            r"\hat{\lambda}_i = \frac{1}{C - 1} \sum_c (u_i \cdot \bar{x}_c^{(1)}) (u_i \cdot "
            r"\bar{x}_c^{(2)})",
        ),
    ),
    beware=(
        "The answers differ by design: on one recording 3, 6, 10 and 13. Say which one you report.",
        "Of condition means only C - 1 components can mean anything.",
    ),
    run=run,
    rows=rows,
    estimate=estimate,
    example=example,
    datasets=lambda spec: (spec.dataset,),
    reading=reading,
)
