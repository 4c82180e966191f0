"""How far activity moves between two labels of a factor, and whether a state changes that."""

from collections.abc import Callable, Mapping
from functools import partial
from math import nan

import numpy as np

from core.charts.condition_distance import draw_distances, draw_matrix, draw_null
from core.checkpoints import ledger
from core.columns import columns_of
from core.condition_distance import ConditionDistanceSpec, arm_names
from core.condition_distance_pseudo import (
    pseudo_comparison,
    pseudo_distances,
    sides_are_stretches,
)
from core.condition_distance_reading import reading, rows
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
    without,
)
from core.folded_units import in_folds
from core.kernels.crossnobis import (
    Labelled,
    constant_cells,
    distance_cost,
    distance_matrix,
    distances,
    left_out_distances,
    permuted_distances,
    whitened,
)
from core.kernels.ledger import Stage
from core.kernels.participation_ratio import Floats
from core.kernels.portions import Report
from core.kernels.resampling import stratified_jackknife_error, upper_p
from core.selection import CONTIGUOUS, selected
from core.session_arrays import described
from core.session_spec import (
    check_arms,
    checked_session,
)
from core.stages import stages

OPERATIONS_PER_S = 10_000_000_000


METRICS = {
    "distance": Metric(
        "Crossnobis distance per neuron; on `comparison`, that of the first state less that of the "
        "second. Zero on average where nothing changes",
        unit="noise variance",
    ),
    "ci_low": Metric("Lower end of its 95 % interval (jackknife)", unit="noise variance"),
    "ci_high": Metric("Upper end of its 95 % interval", unit="noise variance"),
    "euclidean": Metric(
        "Cross-validated squared Euclidean distance per neuron, in the units of activity squared"
    ),
    "distance_pseudo": Metric(
        "Crossnobis distance between early and late trials of one label, averaged over labels: "
        "what drift alone would show. Null unless each label is one stretch of the state. On "
        "`comparison`: the distance between the labels in early less that in late trials of one "
        "state, averaged over states; null unless each state is one stretch of the recording. "
        "All need eight trials of every target in every cell",
        unit="noise variance",
    ),
    "p_value": Metric(
        "Permutation p: of a distance above zero (one-sided, labels shuffled within target and "
        "state; of single targets not corrected for how many there are); on `comparison` of a "
        "difference (two-sided, states shuffled within target and label)"
    ),
    "trials": Metric("Trials used", unit="trial", type="integer"),
}


def run(spec: ConditionDistanceSpec, inputs: Mapping[str, Dataset], progress: Progress) -> Result:
    """Distances, each trial left out in turn, shuffled labels."""
    chosen = selected(
        inputs[spec.dataset],
        spec.cells,
        neurons=spec.neurons,
        transform=spec.transform,
        compared=spec.block.factor if spec.block else spec.factor,
    )
    seen = in_folds(chosen.units, len(spec.cells), spec.folds, spec.seed)
    tests = (False, True) if spec.block else (False,)
    reports = stages(progress, [len(seen.size), *[spec.permutations for _ in tests]])
    views, kept = whitened(seen, seen.cell), ledger(progress)
    plain = [seen.activity] * len(views)
    left_out = left_out_distances(seen, views, reports[0], stage=partial(kept.stage, "left out"))
    arrays = described(chosen, len(spec.cells)) | {
        "distance": Array(distances(seen, views, seen.part[None])[0], ("state", "target")),
        "distance_se": Array(_errors(left_out, seen), ("state", "target")),
        "mean_distance_se": Array(
            _errors(left_out.mean(axis=2, keepdims=True), seen)[:, 0], ("state",)
        ),
        "comparison_se": Array(_comparison_error(left_out, seen), ("session",)),
        "euclidean": Array(distances(seen, plain, seen.part[None])[0], ("state", "target")),
        "distance_pseudo": Array(pseudo_distances(chosen, spec), ("state", "target")),
        "comparison_pseudo": Array(pseudo_comparison(chosen, spec), ("state",)),
        "distance_matrix": Array(distance_matrix(seen, views), ("cell", "other_cell")),
        "folds": Array(np.array([len(views)]), ("session",)),
    }
    for states, report in zip(tests, reports[1:], strict=True):
        stage = partial(kept.stage, f"states {states}")
        arrays |= _tested(spec, seen, report, stage, states=states)
    warnings = chosen.warnings + _fewer_folds(spec, len(views))
    follow = any(sides_are_stretches(chosen, state) for state in range(len(spec.states)))
    return Result(arrays, tuple(dict.fromkeys((*warnings, *([CONTIGUOUS] if follow else [])))))


def estimate(spec: ConditionDistanceSpec, summaries: Mapping[str, DatasetSummary]) -> Estimate:
    """Check the spec against its dataset and cost it."""
    summary, trials = checked_session(spec, summaries, spec.cells)
    check_arms(arm_names(spec, summary.targets))
    total, neurons = sum(trials), len(spec.neurons or ()) or summary.neurons or 0
    draws = total + len(spec.states) * spec.permutations
    work = draws * distance_cost(total, neurons, len(spec.states), spec.folds)
    work += 3 * spec.folds * neurons**2 * (4 * total + neurons)
    values = total * neurons * (4 + 2 * spec.folds) + 6 * neurons**2 + draws * len(trials) * 64
    return Estimate(
        memory_bytes=160_000_000 + 8 * values,
        operations=work,
        seconds=0.05 + work / OPERATIONS_PER_S,
    )


def example() -> ConditionDistanceSpec:
    """The bundled recording before against after learning."""
    return ConditionDistanceSpec(
        dataset=GOLUB_BCI.dataset_id,
        factor="block",
        between=("before", "after"),
        permutations=500,
    )


def _errors(left_out: Floats, seen: Labelled) -> Floats:
    """The jackknife error of each state and column."""
    return np.array(
        [
            [stratified_jackknife_error(values, seen.cell) for values in state.T]
            for state in left_out.swapaxes(0, 1)
        ]
    )


def _comparison_error(left_out: Floats, seen: Labelled) -> Floats:
    means = left_out.mean(axis=2)
    if means.shape[1] == 1:
        return np.array([nan])
    return np.array([stratified_jackknife_error(means[:, 0] - means[:, 1], seen.cell)])


def _tested(
    spec: ConditionDistanceSpec,
    seen: Labelled,
    report: Report,
    stage: Callable[..., Stage],
    *,
    states: bool,
) -> dict[str, Array]:
    """Mean distances with the precision that shuffles leave alone: observed, and shuffled; the p of
    each target where not states but the labels are.
    """
    views = whitened(seen, constant_cells(seen, states=states))
    observed = distances(seen, views, seen.part[None])[0]
    null = permuted_distances(
        seen, views, report, seed=spec.seed, draws=spec.permutations, states=states, stage=stage
    )
    name = "comparison" if states else "distance"
    found = {
        f"{name}_tested": Array(observed.mean(axis=1), ("state",)),
        f"permutation_{name}": Array(null.mean(axis=2), ("permutation", "state")),
    }
    if not states:
        found["target_p_value"] = Array(_target_p_values(observed, null), ("state", "target"))
    return found


def _target_p_values(observed: Floats, null: Floats) -> Floats:
    """Of each state and target among "draws states targets"; NaN without draws."""
    if not len(null):
        return np.full(observed.shape, nan)
    places = np.ndindex(observed.shape)
    p_values = [upper_p(float(observed[at]), null[:, *at]) for at in places]
    return np.reshape(p_values, observed.shape)


def _fewer_folds(spec: ConditionDistanceSpec, used: int) -> tuple[str, ...]:
    if used == spec.folds:
        return ()
    return (f"{used} folds instead of {spec.folds}: the smallest cell has {used} trials",)


KIND: Kind[ConditionDistanceSpec] = Kind(
    name="population.condition_distance",
    version=2,
    summary="How far activity moves between two labels of a factor, and whether a state changes it",
    spec=ConditionDistanceSpec,
    columns=columns_of(ConditionDistanceSpec),
    metrics=METRICS,
    figures={
        "distances": Figure("Distance by target, with 95 % intervals", draw_distances),
        "matrix": Figure("Crossnobis distances between all targets and labels", draw_matrix),
        "permutation_null": Figure(
            "The mean distance, or its difference between states, among shuffled labels",
            draw_null,
            without("permutations"),
        ),
    },
    references=(
        "S. Israely et al., Cerebellar output shapes cortical preparatory activity during motor "
        "adaptation, Nature Communications 16:2574 (2025)",
        "A. Walther et al., Reliability of dissimilarity measures for multi-voxel pattern "
        "analysis, NeuroImage 137:188 (2016)",
        "O. Ledoit and M. Wolf, A well-conditioned estimator for large-dimensional covariance "
        "matrices, Journal of Multivariate Analysis 88:365 (2004)",
    ),
    equations=(
        Equation(
            "Crossnobis distance of a target between two labels; the halves are folds, and the "
            "noise covariance comes from training folds alone",
            r"d = \frac{1}{N} \left\langle \Delta_{\mathrm{train}}^{\top}\, "
            r"\hat{\Sigma}_{\mathrm{train}}^{-1}\, \Delta_{\mathrm{test}} \right\rangle",
        ),
    ),
    beware=(
        "Estimates scatter around the true distance and may be negative where there is none; do "
        "not cut them at 0.",
        "A precision from all trials would shift the null upwards by .1 to .15 noise variances.",
    ),
    run=run,
    rows=rows,
    estimate=estimate,
    example=example,
    datasets=lambda spec: (spec.dataset,),
    reading=reading,
)
