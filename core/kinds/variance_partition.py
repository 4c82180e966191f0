"""Does a block change how targets are represented, or only shift all of them alike?"""

from collections.abc import Mapping
from functools import partial
from math import isfinite, nan

import numpy as np
from pydantic import Field

from core.charts.variance_partition import draw_cell_means, draw_fractions, draw_null
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
    without,
)
from core.kernels.folds import early_half, makes_pseudo_blocks
from core.kernels.normal import Z_95
from core.kernels.participation_ratio import Floats
from core.kernels.resampling import stratified_jackknife_error, upper_p
from core.kernels.variance_partition import (
    EFFECTS,
    Observations,
    cell_means,
    left_out_partitions,
    partition_cost,
    partitions,
    permuted_partitions,
)
from core.selection import Selection, selected
from core.sentences import OPTIMISTIC, number, paragraph, tested, verdict, with_interval
from core.session_arrays import described
from core.session_spec import Comparison, SessionSpec, checked_session
from core.stages import stages

OPERATIONS_PER_S = 12_000_000_000
MIN_TOTAL_Z = 3.0


class VariancePartitionSpec(SessionSpec):
    """What part of the variance of mean activity is due to targets, to blocks, and to both.

    The target part is tuning that the two blocks share; the block part is a shift that all targets
    share (target-independent); the interaction is what the block changes about tuning
    (target-dependent). The noise of the means, which would look like interaction most of all, is
    taken off. Intervals come from leaving out one trial at a time; p-values from shuffling block
    labels within target (for the target part, target labels within block).
    """

    block: Comparison = Field(description="The two blocks between which activity may differ.")
    permutations: int = Field(
        default=1000,
        ge=0,
        le=100_000,
        description="Shuffles behind each p-value, which is at least 1 / (1 + permutations); 0: "
        "no test.",
    )


METRICS = {
    "fraction": Metric(
        "Part of the variance of condition means, noise taken off; may be slightly negative where "
        "there is no effect; null where there is no variance to speak of"
    ),
    "ci_low": Metric("Lower end of the 95 % interval of the fraction (jackknife)"),
    "ci_high": Metric("Upper end of the 95 % interval of the fraction"),
    "fraction_naive": Metric("The same with the noise of the means left in"),
    "fraction_pseudo": Metric(
        "The fraction between early and late trials of one block, mean over the two blocks: what "
        "drift alone would show. Null unless each block is one stretch of the recording"
    ),
    "p_value": Metric("One-sided permutation p of the effect's variance"),
}


def run(spec: VariancePartitionSpec, inputs: Mapping[str, Dataset], progress: Progress) -> Result:
    """Partition, leave out each trial in turn, shuffle."""
    chosen = selected(
        inputs[spec.dataset],
        spec.arms_of(spec.block),
        neurons=spec.neurons,
        transform=spec.transform,
    )
    units = chosen.units
    seen = Observations(units.activity, units.condition, units.block, units.size)
    reports = stages(progress, [len(units.size), 3 * spec.permutations])
    kept = ledger(progress)
    squares, naive = (each[0] for each in partitions(seen, seen.cell[None]))
    left_out = left_out_partitions(seen, reports[0], stage=partial(kept.stage, "left out"))
    null = permuted_partitions(
        seen,
        reports[1],
        seed=spec.seed,
        draws=spec.permutations,
        stage=partial(kept.stage, "null"),
    )
    unsure = squares.sum() <= MIN_TOTAL_Z * stratified_jackknife_error(
        left_out.sum(axis=1), seen.cell
    )
    fraction = np.full(len(EFFECTS), nan) if unsure else squares / squares.sum()
    unit = "count^2" if spec.transform == "none" else "count"
    arrays = described(chosen, 2) | {
        "sum_of_squares": Array(squares, ("effect",), unit),
        "sum_of_squares_naive": Array(naive, ("effect",), unit),
        "fraction": Array(fraction, ("effect",)),
        "fraction_se": Array(_errors(left_out, seen), ("effect",)),
        "fraction_naive": Array(naive / naive.sum(), ("effect",)),
        "fraction_pseudo": Array(_pseudo_fractions(chosen), ("arm", "effect")),
        "permutation_sum_of_squares": Array(null, ("permutation", "effect"), unit),
        "cell_mean_scores": Array(_plane(seen), ("arm", "target", "component"), unit),
    }
    return Result(arrays, chosen.warnings + _doubts(fraction))


def rows(spec: VariancePartitionSpec, result: Result) -> tuple[Row, ...]:
    """One row per effect."""
    return tuple(Row(name, 0, _metrics(result, place)) for place, name in enumerate(EFFECTS))


def reading(spec: VariancePartitionSpec, result: Result) -> str:
    """The shares, the tests of the two changes, and what they cannot tell."""
    first, second = spec.block.compare
    target, block, both = (row.metrics for row in rows(spec, result))
    if not isfinite(float(target["fraction"] or nan)):
        return "The condition means do not vary beyond their noise: there is nothing to divide."
    pseudo = float(both["fraction_pseudo"] or nan)
    return paragraph(
        f"Of the variance of mean activity, tuning to targets shared by {first} and {second} makes "
        f"{_said(target)}, a shift common to all targets {_said(block)}, and a change of the "
        f"tuning {_said(both)}.",
        _verdict(block, "a target-independent shift"),
        _verdict(both, "a target-dependent change"),
        "Early and late trials of one block, where only drift and learning can act, show an "
        f"interaction of {number(pseudo)}."
        if isfinite(pseudo)
        else "",
        OPTIMISTIC if result["rows_correlated"][0] else "",
        "The shares are those of these targets and these neurons; a neuron counts by its variance, "
        "so that with raw counts the most active ones decide.",
    )


def estimate(spec: VariancePartitionSpec, summaries: Mapping[str, DatasetSummary]) -> Estimate:
    """Check the spec against its dataset and cost it."""
    summary, trials = checked_session(spec, summaries, spec.arms_of(spec.block))
    total, neurons = sum(trials), len(spec.neurons or ()) or summary.neurons or 0
    draws = total + 3 * spec.permutations
    operations = draws * partition_cost(total, neurons, 2 * len(summary.targets))
    return Estimate(
        memory_bytes=160_000_000 + 8 * (6 * total * neurons + 3 * draws),
        operations=operations,
        seconds=0.05 + operations / OPERATIONS_PER_S,
    )


def example() -> VariancePartitionSpec:
    """The bundled recording before against after learning."""
    block = Comparison(factor="block", compare=("before", "after"))
    return VariancePartitionSpec(dataset=GOLUB_BCI.dataset_id, block=block, permutations=500)


def _errors(left_out: Floats, seen: Observations) -> Floats:
    """Standard error of each fraction."""
    fractions = left_out / left_out.sum(axis=1, keepdims=True)
    return np.array([stratified_jackknife_error(each, seen.cell) for each in fractions.T])


def _pseudo_fractions(chosen: Selection) -> Floats:
    """The fractions between the early and late half of each block; NaN where it tells nothing."""
    units, found = chosen.units, np.full((2, len(EFFECTS)), nan)
    for arm in range(2):
        own = units.block == arm
        condition = units.condition[own]
        if not chosen.contiguous or not makes_pseudo_blocks(condition):
            continue
        late = ~early_half(condition, units.first[own])
        halves = Observations(
            units.activity[own], condition, late.astype(np.int64), units.size[own]
        )
        squares = partitions(halves, halves.cell[None])[0][0]
        found[arm] = squares / squares.sum() if squares.sum() > 0 else nan
    return found


def _plane(seen: Observations) -> Floats:
    """Cell means on their first two principal components, "blocks targets 2"."""
    means = cell_means(seen)
    flat = means.reshape(-1, means.shape[-1])
    axes = np.linalg.svd(flat - flat.mean(axis=0), full_matrices=False)[2][:2]
    signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])
    scores = (means - flat.mean(axis=0)) @ (axes * signs[:, None]).T
    return np.ascontiguousarray(scores.swapaxes(0, 1))


def _metrics(result: Result, place: int) -> dict[str, float]:
    fraction, error = (float(result[name][place]) for name in ("fraction", "fraction_se"))
    null = result["permutation_sum_of_squares"][:, place]
    observed = float(result["sum_of_squares"][place])
    return {
        "fraction": fraction,
        "ci_low": fraction - Z_95 * error,
        "ci_high": fraction + Z_95 * error,
        "fraction_naive": float(result["fraction_naive"][place]),
        "fraction_pseudo": float(result["fraction_pseudo"][:, place].mean()),
        "p_value": upper_p(observed, null) if len(null) else nan,
    }


def _doubts(fraction: Floats) -> tuple[str, ...]:
    if np.isfinite(fraction).all():
        return ()
    return (
        "no fractions, because the variance of the condition means is within "
        f"{MIN_TOTAL_Z:g} standard errors of zero; more trials or more neurons would help",
    )


def _said(metrics: Mapping[str, float | int | bool | None]) -> str:
    value, low, high = (float(metrics[key] or 0) for key in ("fraction", "ci_low", "ci_high"))
    return with_interval(value, low, high)


def _verdict(metrics: Mapping[str, float | int | bool | None], what: str) -> str:
    p_value = float(metrics["p_value"] or nan)
    return verdict(
        p_value,
        found=f"There is {what} ({tested(p_value)}).",
        nothing=f"Nothing shows {what} ({tested(p_value)}).",
    )


KIND: Kind[VariancePartitionSpec] = Kind(
    name="population.variance_partition",
    version=1,
    summary="Whether a block shifts all targets alike or changes how they are represented",
    spec=VariancePartitionSpec,
    columns=columns_of(VariancePartitionSpec),
    metrics=METRICS,
    figures={
        "fractions": Figure("Share of each effect, corrected and naive", draw_fractions),
        "cell_means": Figure(
            "Mean activity of each target in both blocks, in the plane of their first two "
            "principal components",
            draw_cell_means,
        ),
        "permutation_null": Figure(
            "Each effect among those of shuffled labels", draw_null, without("permutations")
        ),
    },
    references=(
        "S. Israely et al., Cerebellar output shapes cortical preparatory activity during motor "
        "adaptation, Nature Communications 16:2574 (2025)",
        "D. Kobak et al., Demixed principal component analysis of neural population data, "
        "eLife 5:e10989 (2016)",
    ),
    equations=(
        Equation(
            "Part of the variance of cell means that a projector keeps (targets, blocks, or "
            "their interaction), with the noise of the means taken off",
            r"SS_{\phi} = \operatorname{tr}(P_{\phi} M) - \sum_{c} (P_{\phi})_{cc} "
            r"\frac{\operatorname{tr} S_c}{T_c}",
        ),
    ),
    beware=(
        "Two halves of one block show 12 % interaction before the noise is taken off: never read "
        "the naive fractions alone.",
        "Blocks of one session are confounded with time: compare with `fraction_pseudo`.",
    ),
    run=run,
    rows=rows,
    estimate=estimate,
    example=example,
    datasets=lambda spec: (spec.dataset,),
    reading=reading,
)
