"""Whether two blocks use the same dimensions of a population."""

from collections.abc import Mapping, Sequence
from functools import partial
from math import isfinite, nan

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from core.charts.subspaces import draw_alignment, draw_angles
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
    Refused,
    Result,
    Row,
)
from core.kernels.folds import early_half, makes_pseudo_blocks
from core.kernels.reaiming import target_means
from core.kernels.subspaces import comparison, random_floor, split_comparisons
from core.selection import Selection, selected
from core.sentences import number, paragraph
from core.session_spec import COMPARISON, Comparison, SessionSpec, checked_session

MAX_COMPONENTS = 4
FLOOR_DRAWS = 200
LEAST_ROOM = 1e-9  # as many components as neurons hold all variance, and rounding tells nothing


class SubspacesSpec(SessionSpec):
    """Whether the targets take the same dimensions of a population in two blocks.

    Principal angles between the leading components of the target means, how much of one block's
    target variance lies in the other's components (alignment index), and the Procrustes distance of
    the two constellations. Noise alone turns components, so each number stands between what two
    halves of one block give (the ceiling) and what random subspaces of the same covariance give.
    """

    block: Comparison = Field(description="The two blocks to compare.")
    components: int = Field(
        default=2, ge=1, le=MAX_COMPONENTS, description="Leading components of each block."
    )
    splits: int = Field(
        default=100, ge=10, le=10_000, description="Random halves behind the ceiling."
    )

    @model_validator(mode="after")
    def _factor_is_free(self) -> "SubspacesSpec":
        if self.block.factor in self.within:
            raise ValueError(f"within: {self.block.factor!r} is the factor that is compared")
        return self


def _measures(prefix: str, words: str, *, procrustes: bool = True) -> dict[str, Metric]:
    found = {
        f"{prefix}angle_{k}_deg": Metric(f"Principal angle {k}, the largest first; {words}", "deg")
        for k in range(1, MAX_COMPONENTS + 1)
    }
    found[f"{prefix}alignment_ab"] = Metric(f"Variance of the first in the second's axes; {words}")
    found[f"{prefix}alignment_ba"] = Metric(f"Variance of the second in the first's axes; {words}")
    if procrustes:
        found[f"{prefix}procrustes"] = Metric(f"Procrustes distance; {words}")
    return found


PREFIXES = ("", "half_", "ceiling_", "pseudo_", "floor_")
METRICS = {
    **_measures("", "all trials of both blocks"),
    **_measures("half_", "half against half of the blocks, to be held against the ceiling"),
    **_measures("ceiling_", "half against half of one block, mean of both blocks"),
    **_measures(
        "pseudo_",
        "early against late half of one block, mean of both blocks: the ceiling with drift; null "
        "unless each target has eight trials in each block",
    ),
    **_measures("floor_", "random subspaces of the same covariance", procrustes=False),
}


def run(spec: SubspacesSpec, inputs: Mapping[str, Dataset], progress: Progress) -> Result:
    """All trials, then halves, then random subspaces."""
    chosen = selected(
        inputs[spec.dataset],
        spec.arms_of(spec.block),
        neurons=spec.neurons,
        transform=spec.transform,
    )
    units, k = chosen.units, spec.components
    _check_components(k, len(chosen.session.target_labels), units.activity.shape[1])
    means = [
        target_means(units.activity[own], units.condition[own], units.size[own])
        for own in (units.block == 0, units.block == 1)
    ]
    seeds, kept = np.random.SeedSequence(spec.seed).spawn(2), ledger(progress)
    first, second, between = split_comparisons(
        units.activity,
        units.condition,
        units.block,
        k,
        seeds=seeds[0],
        n_splits=spec.splits,
        report=lambda share: progress(0.8 * share),
        stage=partial(kept.stage, "splits"),
    )
    floor = random_floor(
        units.activity,
        (means[0], means[1]),
        k,
        seed=seeds[1],
        draws=FLOOR_DRAWS,
        report=lambda share: progress(0.8 + 0.2 * share),
    )
    arrays = {
        "blocks": Array(comparison(means[0], means[1], k), ("measure",)),
        "half_first_block": Array(first, ("split", "measure")),
        "half_second_block": Array(second, ("split", "measure")),
        "half_between_blocks": Array(between, ("split", "measure")),
        "early_against_late": Array(_pseudo(chosen, k), ("block", "measure")),
        "random_subspaces": Array(floor, ("draw", "linear_measure")),
        "rows_correlated": Array(np.array([chosen.optimistic]), ("session",)),
    }
    return Result(arrays, chosen.warnings)


def rows(spec: SubspacesSpec, result: Result) -> tuple[Row, ...]:
    """One row: the blocks, half against half, the ceiling and the floor."""
    means = measures_of(result)
    metrics = {
        f"{prefix}{name}": value
        for prefix, values in zip(PREFIXES, means, strict=True)
        for name, value in zip(_names(spec.components), values.tolist(), strict=False)
    }
    return (Row(COMPARISON, 0, metrics),)


def measures_of(result: Result) -> tuple[NDArray[np.float64], ...]:
    """Angles, alignments and distance: of the blocks, of halves across, within, of early against
    late halves, and by chance."""
    within = (result["half_first_block"] + result["half_second_block"]) / 2
    means = (
        each.mean(axis=0)
        for each in (
            result["half_between_blocks"],
            within,
            result["early_against_late"],
            result["random_subspaces"],
        )
    )
    return result["blocks"], *means


def reading(spec: SubspacesSpec, result: Result) -> str:
    """Where the blocks lie between ceiling and floor."""
    blocks, halves, within, pseudo, chance = measures_of(result)
    k, (first, second) = spec.components, spec.block.compare
    aligned = [float(each[k : k + 2].mean()) for each in (halves, within, chance)]
    return paragraph(
        f"The largest angle between the {k} leading components of {first} and {second} is "
        f"{number(float(blocks[0]))} degrees. Half against half it is {number(float(halves[0]))}, "
        f"while halves of one block already differ by {number(float(within[0]))} and random "
        f"subspaces by {number(float(chance[0]))}.",
        f"Alignment, half against half, is {number(aligned[0])}, between a floor of "
        f"{number(aligned[2])} and a ceiling of {number(aligned[1])}: "
        f"{_place(aligned, result['random_subspaces'][:, k : k + 2].mean(axis=1))}.",
        f"Early and late halves of one block, between which there is drift too, are aligned by "
        f"{number(float(pseudo[k : k + 2].mean()))}."
        if isfinite(pseudo[k])
        else "",
        f"The Procrustes distance of the constellations is {number(float(halves[-1]))} against "
        f"{number(float(within[-1]))} within a block.",
        "Only the difference from the ceiling speaks for a change of subspace; angles between all "
        "trials alone do not, since noise turns components too.",
    )


def _place(aligned: Sequence[float], chance: NDArray[np.float64]) -> str:
    """Where the blocks' alignment lies between floor and ceiling, if these are told apart.

    aligned: across blocks, within a block, by chance; chance: of each random pair of subspaces.
    """
    across, ceiling, floor = aligned
    if ceiling - np.quantile(chance, 0.95) < LEAST_ROOM:
        return (
            "halves of one block are aligned no better than random subspaces may be, so that "
            "nothing can be said of the blocks"
        )
    return f"{number(100 * (across - floor) / (ceiling - floor))} % of the way"


def estimate(spec: SubspacesSpec, summaries: Mapping[str, DatasetSummary]) -> Estimate:
    """Check the spec against its dataset and cost it."""
    summary, trials = checked_session(spec, summaries, spec.arms_of(spec.block))
    neurons, targets = len(spec.neurons or ()) or summary.neurons or 0, len(summary.targets)
    _check_components(spec.components, targets, neurons)
    split = 3e-3 + 4e-10 * sum(trials) * neurons * targets + 3e-8 * neurons * targets**2
    small = min(sum(trials), neurons)
    seconds = spec.splits * split + FLOOR_DRAWS * (4e-4 + 1e-9 * neurons * small)
    seconds += 2e-9 * sum(trials) * neurons * small
    return Estimate(
        memory_bytes=60_000_000 + 8 * sum(trials) * (6 * neurons + 2 * targets),
        operations=int(seconds * 1e9),
        seconds=0.05 + seconds,
    )


def example() -> SubspacesSpec:
    """The bundled recording before and after learning."""
    return SubspacesSpec(
        dataset=GOLUB_BCI.dataset_id,
        block=Comparison(factor="block", compare=("before", "after")),
        components=MAX_COMPONENTS,
    )


def _pseudo(chosen: Selection, k: int) -> NDArray[np.float64]:
    """Early against late half of each block, "blocks measures"; NaN with too few trials."""
    units, found = chosen.units, np.full((2, k + 3), nan)
    for block in range(2):
        own = units.block == block
        activity, condition, size = units.activity[own], units.condition[own], units.size[own]
        if makes_pseudo_blocks(condition):
            early = early_half(condition, units.first[own])
            means = [target_means(activity[h], condition[h], size[h]) for h in (early, ~early)]
            found[block] = comparison(means[0], means[1], k)
    return found


def _check_components(components: int, targets: int, neurons: int) -> None:
    most = min(targets - 1, neurons)
    if components > most:
        raise Refused(
            "components",
            components,
            f"{targets} targets and {neurons} neurons span {most} dimensions about their mean; "
            f"at most {most} components can be compared",
        )


def _names(components: int) -> tuple[str, ...]:
    angles = (f"angle_{k}_deg" for k in range(1, components + 1))
    return (*angles, "alignment_ab", "alignment_ba", "procrustes")


KIND: Kind[SubspacesSpec] = Kind(
    name="population.subspaces",
    version=2,
    summary="Whether two blocks use the same dimensions: angles, alignment, Procrustes distance",
    spec=SubspacesSpec,
    columns=columns_of(SubspacesSpec),
    metrics=METRICS,
    figures={
        "angles": Figure("Principal angles of the blocks with ceiling and floor", draw_angles),
        "alignment": Figure(
            "Alignment and Procrustes distance with ceiling and floor", draw_alignment
        ),
    },
    references=(
        "G. F. Elsayed, A. H. Lara, M. T. Kaufman, M. M. Churchland and J. P. Cunningham, "
        "Reorganization between preparatory and movement population responses in motor cortex, "
        "Nature Communications 7:13239 (2016)",
    ),
    equations=(
        Equation(
            "Principal angles between the leading axes of two blocks, and the alignment index of "
            "one block's covariance with the other's axes",
            r"\cos \theta_k = \sigma_k(W_a^{\top} W_b), \qquad \frac{\operatorname{tr}(W_b^{\top} "
            r"C_a W_b)}{\sum_{i \le k} \lambda_i(C_a)}",
        ),
    ),
    beware=(
        "Two halves of one block already differ by 20 degrees and more: read every angle beside "
        "its ceiling.",
    ),
    run=run,
    rows=rows,
    estimate=estimate,
    example=example,
    datasets=lambda spec: (spec.dataset,),
    reading=reading,
)
