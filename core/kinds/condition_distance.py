"""How far activity moves between two labels of a factor, and whether a state changes that."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import isfinite, nan
from typing import Annotated

import numpy as np
from pydantic import Field, Strict, model_validator

from core.charts.condition_distance import draw_distances, draw_matrix, draw_null
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
from core.kernels.folds import (
    early_half,
    in_stretches,
    makes_pseudo_blocks,
    most_folds,
    stratified_folds,
)
from core.kernels.ledger import Stage
from core.kernels.participation_ratio import Floats
from core.kernels.resampling import stratified_jackknife_error, two_sided_p, upper_p
from core.selection import CONTIGUOUS, Labels, Selection, selected
from core.sentences import (
    OPTIMISTIC,
    SIGNIFICANT,
    number,
    paragraph,
    tested,
    verdict,
    with_interval,
)
from core.session_arrays import described
from core.session_spec import (
    COMPARISON,
    Comparison,
    Label,
    SessionSpec,
    check_arms,
    checked_session,
)
from core.stages import Report, stages

OPERATIONS_PER_S = 10_000_000_000
Z_95 = 1.959963984540054
MEAN = "mean"


class ConditionDistanceSpec(SessionSpec):
    """How far mean activity moves, target by target, between two labels of a factor.

    The cross-validated squared Mahalanobis distance (crossnobis) between, say, null field and force
    field, divided by the number of neurons: zero on average where nothing changes, whatever the
    number of trials, and in units of noise variance. It can be negative; its sign is kept. The
    distance can be compared between two states, say control and block.
    """

    factor: Label = Field(
        default="field", description="The factor whose two labels the distance is between."
    )
    between: Annotated[tuple[Label, Label], Strict(False)] = Field(
        description="The two labels.", examples=[["NF", "FF"]]
    )
    block: Comparison | None = Field(
        default=None,
        description="Two states whose distances to compare, such as control and block; null: one "
        "distance.",
    )
    folds: int = Field(
        default=5,
        ge=2,
        le=20,
        description="Folds of the cross-validation, stratified by target and label; at most as "
        "many as the smallest cell has trials are used.",
    )
    permutations: int = Field(
        default=1000,
        ge=0,
        le=100_000,
        description="Shuffles behind each p-value, which is at least 1 / (1 + permutations); 0: "
        "no test.",
    )

    @model_validator(mode="after")
    def _labels_differ(self) -> "ConditionDistanceSpec":
        if self.between[0] == self.between[1]:
            raise ValueError(f"between names {self.between[0]!r} twice; it needs two labels")
        return self

    @property
    def states(self) -> tuple[str, ...]:
        """The compared states; one without a name where nothing is compared."""
        return ("",) if self.block is None else self.block.compare

    @property
    def cells(self) -> tuple[Labels, ...]:
        """The labels of each state's two sides."""
        if self.factor in self.within or (self.block and self.block.factor == self.factor):
            raise Refused("factor", self.factor, "is named twice; a factor can be used once")
        return tuple(
            {**labels, self.factor: side}
            for labels in self.arms_of(self.block)
            for side in self.between
        )


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
        "distance_pseudo": Array(_pseudo_distances(chosen, spec), ("state", "target")),
        "comparison_pseudo": Array(_pseudo_comparison(chosen, spec), ("state",)),
        "distance_matrix": Array(distance_matrix(seen, views), ("cell", "other_cell")),
        "folds": Array(np.array([len(views)]), ("session",)),
    }
    for states, report in zip(tests, reports[1:], strict=True):
        stage = partial(kept.stage, f"states {states}")
        arrays |= _tested(spec, seen, report, stage, states=states)
    warnings = chosen.warnings + _fewer_folds(spec, len(views))
    follow = any(_in_stretches(chosen, state) for state in range(len(spec.states)))
    return Result(arrays, tuple(dict.fromkeys((*warnings, *([CONTIGUOUS] if follow else [])))))


def rows(spec: ConditionDistanceSpec, result: Result) -> tuple[Row, ...]:
    """Each target and the mean, for each state, and the comparison of states."""
    targets = result["target_labels"].tolist()
    found = []
    for state in range(len(spec.states)):
        found += [_target_metrics(result, state, place) for place in range(len(targets))]
        found.append(_mean_metrics(result, state))
    if spec.block is not None:
        found.append(_comparison_metrics(result))
    names = _arm_names(spec, targets)
    return tuple(Row(name, 0, metrics) for name, metrics in zip(names, found, strict=True))


def reading(spec: ConditionDistanceSpec, result: Result) -> str:
    """The mean distances, the tests, and what they cannot tell."""
    first, second = spec.between
    by_arm = {row.arm: row.metrics for row in rows(spec, result)}
    said = []
    for state, name in enumerate(spec.states):
        said.append(_said(by_arm[f"{name}:{MEAN}" if name else MEAN], name, spec))
        said.append(_of_targets(result["target_p_value"][state]))
    if spec.block is not None:
        p_value = float(by_arm[COMPARISON]["p_value"] or nan)
        one, other = spec.block.compare
        said.append(
            verdict(
                p_value,
                found=f"It is not the same in {one} and {other} ({tested(p_value)}).",
                nothing=f"Nothing shows that {one} and {other} differ in it ({tested(p_value)}).",
            )
        )
    pseudo = float(np.nanmean(result["distance_pseudo"])) if _has_pseudo(result) else nan
    return paragraph(
        *said,
        f"Early and late trials of one label, where only drift can act, lie {number(pseudo)} apart."
        if isfinite(pseudo)
        else "",
        _drift(result),
        OPTIMISTIC if result["rows_correlated"][0] else "",
        f"A distance grows when {first} and {second} differ more and when noise shrinks; the "
        "Euclidean distance beside it does not know the noise.",
    )


def estimate(spec: ConditionDistanceSpec, summaries: Mapping[str, DatasetSummary]) -> Estimate:
    """Check the spec against its dataset and cost it."""
    summary, trials = checked_session(spec, summaries, spec.cells)
    check_arms(_arm_names(spec, summary.targets))
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


def _arm_names(spec: ConditionDistanceSpec, targets: Sequence[str]) -> list[str]:
    """Targets and mean of each state, and the comparison."""
    prefixes = [f"{state}:" if state else "" for state in spec.states]
    each = [*(f"target:{label}" for label in targets), MEAN]
    compared = [] if spec.block is None else [COMPARISON]
    return [prefix + name for prefix in prefixes for name in each] + compared


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


def _pseudo_distances(chosen: Selection, spec: ConditionDistanceSpec) -> Floats:
    """Between the early and late half of each cell, mean over sides; NaN where it tells nothing."""
    units, targets = chosen.units, len(chosen.session.target_labels)
    cell = units.block * targets + units.condition
    stretches = [_in_stretches(chosen, state) for state in range(len(spec.states))]
    if not any(stretches) or not makes_pseudo_blocks(cell):
        return np.full((len(spec.states), targets), nan)
    late = ~early_half(cell, units.first)
    stratum = cell * 2 + late
    generator = np.random.default_rng(np.random.SeedSequence([spec.seed, 1]))
    fold = stratified_folds(stratum, most_folds(stratum, spec.folds), generator)
    halves = Labelled(
        units.activity, units.condition, units.block, late.astype(np.int64), units.size, fold
    )
    found = distances(halves, whitened(halves, halves.cell), halves.part[None])[0]
    means: Floats = found.reshape(len(spec.states), 2, targets).mean(axis=1)
    means[~np.array(stretches)] = nan
    return means


def _in_stretches(chosen: Selection, state: int) -> bool:
    """Whether each of the two labels is one stretch of the trials of a state."""
    return in_stretches(chosen.arm[chosen.arm // 2 == state])


def _pseudo_comparison(chosen: Selection, spec: ConditionDistanceSpec) -> Floats:
    """Mean distance in the early less that in the late half of each state; NaN where uncut."""
    units, n_states = chosen.units, len(spec.states)
    cell = units.block * len(chosen.session.target_labels) + units.condition
    if spec.block is None or not chosen.contiguous or not makes_pseudo_blocks(cell):
        return np.full(n_states, nan)
    late = ~early_half(cell, units.first)
    halves = units.block + 2 * (units.block // 2) + 2 * late  # early and late state, each two sides
    seen = in_folds(replace(units, block=halves), 4 * n_states, spec.folds, spec.seed)
    found = distances(seen, whitened(seen, seen.cell), seen.part[None])[0].mean(axis=1)
    early_less_late: Floats = found[0::2] - found[1::2]
    return early_less_late


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


def _target_metrics(result: Result, state: int, place: int) -> dict[str, float | int]:
    at = (state, place)
    value, error = float(result["distance"][at]), float(result["distance_se"][at])
    sides = result["cell_trials"][2 * state : 2 * state + 2, place]
    return {
        **_interval(value, error),
        "euclidean": float(result["euclidean"][at]),
        "distance_pseudo": float(result["distance_pseudo"][at]),
        "p_value": float(result["target_p_value"][at]),
        "trials": int(sides.sum()),
    }


def _mean_metrics(result: Result, state: int) -> dict[str, float | int]:
    value, error = float(result["distance"][state].mean()), float(result["mean_distance_se"][state])
    null = result["permutation_distance"][:, state]
    return {
        **_interval(value, error),
        "euclidean": float(result["euclidean"][state].mean()),
        "distance_pseudo": float(result["distance_pseudo"][state].mean()),
        "p_value": upper_p(float(result["distance_tested"][state]), null) if len(null) else nan,
        "trials": int(result["cell_trials"][2 * state : 2 * state + 2].sum()),
    }


def _comparison_metrics(result: Result) -> dict[str, float | int]:
    first, second = result["distance"].mean(axis=1).tolist()
    flat, other = result["euclidean"].mean(axis=1).tolist()
    observed = float(result["comparison_tested"][0] - result["comparison_tested"][1])
    null = result["permutation_comparison"][:, 0] - result["permutation_comparison"][:, 1]
    return {
        **_interval(first - second, float(result["comparison_se"][0])),
        "euclidean": flat - other,
        "distance_pseudo": float(result["comparison_pseudo"].mean()),
        "p_value": two_sided_p(observed, null) if len(null) else nan,
        "trials": int(result["cell_trials"].sum()),
    }


def _interval(value: float, error: float) -> dict[str, float | int]:
    low, high = value - Z_95 * error, value + Z_95 * error
    return {"distance": value, "ci_low": low, "ci_high": high}


def _drift(result: Result) -> str:
    """How much the distance changes while the state does not."""
    change = float(result["comparison_pseudo"].mean())
    if not isfinite(change):
        return ""
    return (
        f"In early and late trials of one state, between which drift and learning act but not the "
        f"state, it differs by {number(change)}."
    )


def _has_pseudo(result: Result) -> bool:
    return bool(np.isfinite(result["distance_pseudo"]).any())


def _of_targets(p_values: Floats) -> str:
    """How many single targets move, where they were tested."""
    if not np.isfinite(p_values).all():
        return ""
    moved = int((p_values <= SIGNIFICANT).sum())
    return (
        f"Of its {len(p_values)} targets {moved} move by themselves (p at most {SIGNIFICANT:g} "
        "each, not corrected for their number)."
    )


def _said(
    metrics: Mapping[str, float | int | bool | None], state: str, spec: ConditionDistanceSpec
) -> str:
    value, low, high = (float(metrics[key] or 0) for key in ("distance", "ci_low", "ci_high"))
    p_value = float(metrics["p_value"] or nan)
    first, second = spec.between
    return paragraph(
        f"Mean activity of {first} and {second} lies {with_interval(value, low, high)} noise "
        f"variances per neuron apart{f' in {state}' if state else ''}.",
        verdict(
            p_value,
            found=f"That is more than nothing ({tested(p_value)}).",
            nothing=f"Nothing shows that they differ at all ({tested(p_value)}).",
        ),
    )


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
