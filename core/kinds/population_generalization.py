"""How far a population's code carries from some targets to others, and whether blocks differ."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from math import isfinite, nan, sqrt
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.charts.generalization import draw_change, draw_null, draw_scores
from core.checkpoints import ledger
from core.columns import columns_of
from core.dataset import DatasetSummary
from core.examples import REACHING_UNDER_BLOCK
from core.experiment import (
    Array,
    Dataset,
    Estimate,
    Figure,
    Kind,
    Metric,
    Progress,
    Result,
    Row,
)
from core.generalization import GeneralizationSpec, check_targets, sides_of
from core.independence import Units
from core.kernels.adaptation_models import separations
from core.kernels.generalization import (
    balanced,
    change_products,
    clouds,
    cross_condition_accuracy,
    decoding_accuracy,
    dichotomies,
    generalization_function,
    held_out_direction_errors,
    shuffled_trials,
    turned,
    turned_accuracy,
)
from core.kernels.ledger import Stage
from core.kernels.resampling import permuted_within, two_sided_p
from core.selection import Selection, selected
from core.sentences import OPTIMISTIC, number, paragraph, tested, verdict, with_interval
from core.session_spec import COMPARISON, Comparison, checked_session

JACKKNIFE_GROUPS = 10
Z_95 = 1.959963984540054
UPPER = 0.95  # quantile of the shuffles above which a dichotomy counts as decodable
Floats = NDArray[np.float64]

METRICS = {
    "ccgp": Metric("Cross-condition generalization: accuracy on left-out targets; chance .5"),
    "ccgp_low": Metric("Lower end of its 95 % interval (grouped jackknife)"),
    "ccgp_high": Metric("Upper end of its 95 % interval (grouped jackknife)"),
    "ccgp_null": Metric("The same with every target's cloud turned at random, mean"),
    "p_value": Metric("One-sided p of CCGP among turned clouds; two-sided p between blocks"),
    "decoding": Metric("Cross-validated accuracy of the same dichotomies on all targets"),
    "shattering_mean_accuracy": Metric("Mean accuracy over all balanced dichotomies"),
    "shattering_fraction": Metric("Share of these above the 95 % quantile of shuffled targets"),
    "direction_error_deg": Metric(
        "Mean error of a target's direction decoded by the other targets; chance 90", "deg"
    ),
    "change_generalization": Metric(
        "How much of the change between fields at a target is found at its nearest neighbours"
    ),
    "ccgp_difference": Metric("CCGP of the first block less that of the second"),
    "trials_per_target": Metric("Trials of every target in a subsample", "trial", "integer"),
}


def run(spec: GeneralizationSpec, inputs: Mapping[str, Dataset], progress: Progress) -> Result:
    """Each arm, then the relabellings of their trials."""
    chosen = selected(
        inputs[spec.dataset], spec.cells, neurons=spec.neurons, transform=spec.transform
    )
    session = chosen.session
    sides = sides_of(spec, session.target_labels, session.target_angle_deg)
    seeds = np.random.SeedSequence(spec.seed).spawn(len(spec.arms) + 1)
    found: list[dict[str, Floats]] = []
    whole = len(spec.arms) * _arm_steps(spec) + 2 * spec.permutations
    done, kept = 0, ledger(progress)

    def step(steps: int = 1) -> None:
        nonlocal done
        done += steps
        progress(min(done / whole, 1.0))

    for arm in range(len(spec.arms)):
        own = _trials(spec, chosen, arm)
        turns = kept.stage(f"turned {arm}", spec.nulls)
        found.append(_arm(spec, own, sides, session.target_angle_deg, seeds[arm], turns, step))
    arrays = {
        name: Array(np.array([each[name] for each in found]), ("arm", *axes))
        for name, axes in ARM_AXES.items()
    }
    arrays |= _changes(spec, chosen)
    arrays["permuted_difference"] = Array(
        _permuted(spec, chosen, sides, seeds[-1], partial(kept.stage, "null"), step),
        ("permutation",),
    )
    arrays["rows_correlated"] = Array(np.array([chosen.optimistic]), ("session",))
    arrays["dichotomy_side"] = Array(sides, ("dichotomy", "target"))
    warnings = chosen.warnings
    if session.target_angle_deg is None:
        warnings += (
            "no `target_angle_deg`: targets are taken in the order of their labels, and "
            "their direction is not decoded",
        )
    return Result(arrays, warnings)


ARM_AXES: Mapping[str, tuple[str, ...]] = {
    "ccgp_per_dichotomy": ("dichotomy",),
    "ccgp_se": (),
    "ccgp_turned": ("null",),
    "decoding_per_dichotomy": ("dichotomy",),
    "shattering_accuracy": ("balanced_dichotomy",),
    "shattering_shuffled": ("shuffle", "balanced_dichotomy"),
    "direction_error_per_target_deg": ("target",),
    "trials_per_target": (),
}


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
        p_value = two_sided_p(first - second, null) if len(null) else nan
        every.append(Row(COMPARISON, 0, {"ccgp_difference": first - second, "p_value": p_value}))
    return tuple(every)


def reading(spec: GeneralizationSpec, result: Result) -> str:
    """The code of each block in words, the comparison, and the caveats."""
    found = {row.arm: row.metrics for row in rows(spec, result)}
    sentences = [_arm_sentence(name, found[name]) for name in spec.arms]
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
    return paragraph(
        *sentences,
        "Generalization below that of turned clouds, or below .5, is possible and means that the "
        "left-out targets lie on the other side.",
        OPTIMISTIC if bool(result["rows_correlated"][0]) else "",
    )


def estimate(spec: GeneralizationSpec, summaries: Mapping[str, DatasetSummary]) -> Estimate:
    """Check the spec against its dataset and cost it."""
    summary, trials = checked_session(spec, summaries, spec.cells)
    targets, neurons = len(summary.targets), len(spec.neurons or ()) or summary.neurons or 0
    angles = np.zeros(targets)
    check_targets(targets)
    sides = sides_of(spec, summary.targets, angles)
    pairs = int((sides.sum(axis=1) * (~sides).sum(axis=1)).sum())
    own = sum(trials) / len(trials)
    pair = 3e-4 + 4e-10 * neurons**3 + 3e-8 * neurons**2 + 2e-9 * own * neurons
    accuracies = len(spec.arms) * (spec.repeats + JACKKNIFE_GROUPS + spec.nulls)
    turns = len(spec.arms) * spec.nulls * targets * (4e-9 * neurons**3 + 1e-4)
    decoded = len(spec.arms) * (2 * spec.repeats + spec.decoding_nulls) * spec.folds
    fold = 1e-3 + 4e-10 * neurons**3 + own * neurons * (neurons + 150) * 1e-9
    seconds = (accuracies + 2 * spec.permutations) * pairs * pair + turns + decoded * fold
    return Estimate(
        memory_bytes=70_000_000 + 8 * (6 * sum(trials) * neurons + 5 * targets * neurons**2),
        operations=int(seconds * 1e9),
        seconds=0.05 + seconds,
    )


def example() -> GeneralizationSpec:
    """The bundled session: control against stimulation in the null field, and its change."""
    return GeneralizationSpec(
        dataset=REACHING_UNDER_BLOCK.dataset_id,
        block=Comparison(factor="state", compare=("control", "HFS")),
        field=Comparison(factor="field", compare=("NF", "FF")),
        nulls=20,
        repeats=2,
        permutations=20,
        folds=5,
    )


class Step(Protocol):
    """Called after each step, or for several that need not be taken again."""

    def __call__(self, steps: int = 1) -> None:
        """Report them."""


def _arm_steps(spec: GeneralizationSpec) -> int:
    return spec.repeats + JACKKNIFE_GROUPS + spec.nulls


def _trials(
    spec: GeneralizationSpec, chosen: Selection, arm: int
) -> tuple[Floats, NDArray[np.int64]]:
    """Activity and target of the arm's trials that classifiers use: those of the first field."""
    own = chosen.units.block == arm * spec.n_fields
    return chosen.units.activity[own], chosen.units.condition[own]


def _arm(
    spec: GeneralizationSpec,
    trials: tuple[Floats, NDArray[np.int64]],
    sides: NDArray[np.bool_],
    angles: Floats | None,
    seed: np.random.SeedSequence,
    null: Stage,
    step: Step,
) -> dict[str, Floats]:
    """Everything about one arm."""
    draws, turns, shuffles = (np.random.default_rng(each) for each in seed.spawn(3))
    samples = [balanced(*trials, draws) for _ in range(spec.repeats)]
    size = samples[0].shape[1]
    fold = np.arange(size) % min(spec.folds, size)
    every = dichotomies(len(samples[0]))
    ccgp, direction = [], []
    for sample in samples:
        own = clouds(sample)
        ccgp.append([cross_condition_accuracy(own, side) for side in sides])
        direction.append(
            np.full(len(sample), nan) if angles is None else held_out_direction_errors(own, angles)
        )
        step()
    shuffled = [
        decoding_accuracy(shuffled_trials(samples[k % len(samples)], shuffles), fold, every)
        for k in range(spec.decoding_nulls)
    ]
    return {
        "ccgp_per_dichotomy": np.mean(ccgp, axis=0),
        "ccgp_se": _jackknife_error(samples[0], sides, step),
        "ccgp_turned": _turned(samples, sides, turns, null, step),
        "decoding_per_dichotomy": np.mean(
            [decoding_accuracy(each, fold, sides) for each in samples], axis=0
        ),
        "shattering_accuracy": np.mean(
            [decoding_accuracy(each, fold, every) for each in samples], axis=0
        ),
        "shattering_shuffled": np.array(shuffled),
        "direction_error_per_target_deg": np.mean(direction, axis=0),
        "trials_per_target": np.array(size),
    }


def _turned(
    samples: list[Floats],
    sides: NDArray[np.bool_],
    generator: np.random.Generator,
    null: Stage,
    step: Step,
) -> Floats:
    """Mean CCGP over dichotomies of clouds turned at random."""
    step(int(null.done))
    draws = (
        (slice(draw, draw + 1), turned(clouds(samples[draw % len(samples)]), generator))
        for draw in range(len(null.values))
    )
    for draw, (own, turns) in null.missing(draws):
        mean = np.mean([turned_accuracy(own, turns, side) for side in sides])
        null.add(draw, np.array([mean]))
        step()
    return null.values


def _jackknife_error(sample: Floats, sides: NDArray[np.bool_], step: Step) -> Floats:
    """The standard error of mean CCGP, leaving out a tenth of each target's trials at a time."""
    groups = min(JACKKNIFE_GROUPS, sample.shape[1])
    member = np.arange(sample.shape[1]) % groups
    values = []
    for group in range(groups):
        own = clouds(sample[:, member != group])
        values.append(np.mean([cross_condition_accuracy(own, side) for side in sides]))
        step()
    apart = np.array(values) - np.mean(values)
    return np.asarray(sqrt((groups - 1) / groups * float(apart @ apart)))


def _changes(spec: GeneralizationSpec, chosen: Selection) -> dict[str, Array]:
    """The function of each arm by distance between targets, where two fields are given."""
    angles = chosen.session.target_angle_deg
    if spec.field is None or angles is None:
        return {}
    distinct, which = separations(angles)
    products = [
        change_products(activity, condition, block % 2 == 1)
        for activity, condition, block in _fields(spec, chosen.units)
    ]
    functions = np.array([generalization_function(each, which) for each in products])
    return {
        "separation_deg": Array(distinct, ("separation",), "deg"),
        "change_products": Array(np.array(products), ("arm", "target", "other_target")),
        "change_generalization_function": Array(functions, ("arm", "separation")),
    }


def _fields(
    spec: GeneralizationSpec, units: Units
) -> Iterator[tuple[Floats, NDArray[np.int64], NDArray[np.int64]]]:
    for arm in range(len(spec.arms)):
        own = units.block // 2 == arm
        yield units.activity[own], units.condition[own], units.block[own]


def _permuted(
    spec: GeneralizationSpec,
    chosen: Selection,
    sides: NDArray[np.bool_],
    seed: np.random.SeedSequence,
    stage: Callable[..., Stage],
    step: Step,
) -> Floats:
    """Differences of mean CCGP with block labels shuffled within target."""
    if spec.block is None:
        return np.empty(0)
    null = stage(spec.permutations)
    step(2 * int(null.done))
    for draw, samples in null.missing(_relabelled(spec, chosen, np.random.default_rng(seed))):
        means = []
        for sample in map(clouds, samples):
            means.append(np.mean([cross_condition_accuracy(sample, side) for side in sides]))
            step()
        null.add(draw, np.array([means[0] - means[1]]))
    return null.values


def _relabelled(
    spec: GeneralizationSpec, chosen: Selection, generator: np.random.Generator
) -> Iterator[tuple[slice, tuple[Floats, Floats]]]:
    """Balanced samples of both blocks, whose labels are shuffled within target."""
    used = chosen.units.block % spec.n_fields == 0
    activity, condition = chosen.units.activity[used], chosen.units.condition[used]
    first = chosen.units.block[used] == 0
    for draw, labels in permuted_within(first, condition, spec.seed, spec.permutations, 1):
        one = balanced(activity[labels[0]], condition[labels[0]], generator)
        yield draw, (one, balanced(activity[~labels[0]], condition[~labels[0]], generator))


def _arm_metrics(result: Result, arm: int) -> dict[str, float | int | bool | None]:
    ccgp, se = float(result["ccgp_per_dichotomy"][arm].mean()), float(result["ccgp_se"][arm])
    null, shuffled = result["ccgp_turned"][arm], result["shattering_shuffled"][arm]
    above = result["shattering_accuracy"][arm] > np.quantile(shuffled, UPPER)
    return {
        "ccgp": ccgp,
        "ccgp_low": ccgp - Z_95 * se,
        "ccgp_high": ccgp + Z_95 * se,
        "ccgp_null": float(null.mean()) if len(null) else nan,
        "p_value": (1 + int((null >= ccgp - 1e-12).sum())) / (1 + len(null)) if len(null) else nan,
        "decoding": float(result["decoding_per_dichotomy"][arm].mean()),
        "shattering_mean_accuracy": float(result["shattering_accuracy"][arm].mean()),
        "shattering_fraction": float(above.mean()),
        "direction_error_deg": float(result["direction_error_per_target_deg"][arm].mean()),
        "change_generalization": _nearest(result, arm),
        "trials_per_target": int(result["trials_per_target"][arm]),
    }


def _nearest(result: Result, arm: int) -> float:
    if "change_generalization_function" not in result.arrays:
        return nan
    return float(result["change_generalization_function"][arm, 1])


def _number(value: float | int | bool | None) -> float:
    return nan if value is None else float(value)


def _arm_sentence(name: str, found: Mapping[str, float | int | bool | None]) -> str:
    ccgp = with_interval(*(_number(found[key]) for key in ("ccgp", "ccgp_low", "ccgp_high")))
    change = _number(found["change_generalization"])
    told = (
        f" Of the change between fields at a target {number(100 * change)} % is found at its "
        "nearest neighbours."
        if isfinite(change)
        else ""
    )
    return (
        f"{name}: left-out targets are classified with accuracy {ccgp}, turned clouds with "
        f"{number(_number(found['ccgp_null']))} ({tested(_number(found['p_value']))}), and targets "
        f"that were trained on with {number(_number(found['decoding']))}; of all balanced "
        f"dichotomies {number(100 * _number(found['shattering_fraction']))} % can be decoded.{told}"
    )


KIND: Kind[GeneralizationSpec] = Kind(
    name="population.generalization",
    version=1,
    summary="How far a linear code carries to targets it was not trained on (CCGP, shattering)",
    spec=GeneralizationSpec,
    columns=columns_of(GeneralizationSpec),
    metrics=METRICS,
    figures={
        "scores": Figure("Generalization and decoding of each block with chance", draw_scores),
        "change": Figure("How the change between fields generalizes over targets", draw_change),
        "null": Figure("CCGP among that of turned clouds", draw_null),
    },
    references=(
        "S. Bernardi et al., The geometry of abstraction in the hippocampus and prefrontal "
        "cortex, Cell 183, 954-967 (2020)",
        "S. Israely et al., Cerebellar output shapes cortical preparatory activity during motor "
        "adaptation, Nature Communications 16:2574 (2025)",
    ),
    run=run,
    rows=rows,
    estimate=estimate,
    example=example,
    datasets=lambda spec: (spec.dataset,),
    reading=reading,
)
