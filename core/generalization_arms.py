"""What a generalization analysis computes of each block of trials, and of shuffled blocks."""

from collections.abc import Callable, Iterator, Mapping
from math import nan, sqrt
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.experiment import Array
from core.generalization import GeneralizationSpec
from core.independence import Units
from core.kernels.adaptation_models import separations
from core.kernels.change_generalization import (
    change_products,
    function_errors,
    generalization_function,
)
from core.kernels.folds import early_half, makes_pseudo_blocks
from core.kernels.generalization import (
    Clouds,
    balanced,
    by_condition,
    clouds,
    cross_condition_accuracy,
    decoding_accuracy,
    dichotomies,
    held_out_direction_errors,
    shuffled_trials,
    turned,
    turned_accuracy,
)
from core.kernels.ledger import Stage
from core.kernels.resampling import permuted_within
from core.kernels.target_decoding import decoded_targets, enough_training, fold_accuracy
from core.selection import Selection

JACKKNIFE_GROUPS = 10
Floats = NDArray[np.float64]
Trials = tuple[Floats, NDArray[np.int64]]
"""Activity "trials neurons" and the target of each trial."""

ARM_AXES: Mapping[str, tuple[str, ...]] = {
    "ccgp_per_dichotomy": ("dichotomy",),
    "ccgp_se": (),
    "ccgp_tested": (),
    "ccgp_turned": ("null",),
    "decoding_per_dichotomy": ("dichotomy",),
    "shattering_accuracy": ("balanced_dichotomy",),
    "shattering_shuffled": ("shuffle", "balanced_dichotomy"),
    "target_decoding": (),
    "direction_error_per_target_deg": ("target",),
    "trials_per_target": (),
}


class Step(Protocol):
    """Called after each step, or for several that need not be taken again."""

    def __call__(self, steps: int = 1) -> None:
        """Report them."""


def arm_steps(spec: GeneralizationSpec) -> int:
    """Steps of about equal work in one arm."""
    return spec.repeats + JACKKNIFE_GROUPS + spec.nulls


def trials_of(spec: GeneralizationSpec, chosen: Selection, arm: int) -> Trials:
    """Activity and target of the arm's trials that classifiers use: those of the first field."""
    own = chosen.units.block == arm * spec.n_fields
    return chosen.units.activity[own], chosen.units.condition[own]


def arm_numbers(
    spec: GeneralizationSpec,
    trials: Trials,
    sides: NDArray[np.bool_],
    angles: Floats | None,
    seed: np.random.SeedSequence,
    null: Stage,
    step: Step,
) -> dict[str, Floats]:
    """Everything about one arm."""
    draws, turns, shuffles = (np.random.default_rng(each) for each in seed.spawn(3))
    samples = [balanced(*trials, draws) for _ in range(spec.repeats)]
    whole = clouds(by_condition(*trials))
    size = samples[0].shape[1]
    fold = np.arange(size) % min(spec.folds, size)
    every = dichotomies(len(samples[0]))
    ccgp, direction, told = [], [], []
    for sample in samples:
        own = clouds(sample)
        ccgp.append([cross_condition_accuracy(own, side) for side in sides])
        direction.append(
            np.full(len(sample), nan) if angles is None else held_out_direction_errors(own, angles)
        )
        told.append(_target_decoding(sample, spec.folds))
        step()
    shuffled = [
        decoding_accuracy(shuffled_trials(samples[k % len(samples)], shuffles), fold, every)
        for k in range(spec.decoding_nulls)
    ]
    return {
        "ccgp_per_dichotomy": np.mean(ccgp, axis=0),
        "ccgp_se": _jackknife_error(samples[0], sides, step),
        # Of all trials, as each draw of a null is: a p would depend on which were drawn.
        "ccgp_tested": np.array(_ccgp(whole, sides)),
        "ccgp_turned": _turned(whole, sides, turns, null, step),
        "decoding_per_dichotomy": np.mean(
            [decoding_accuracy(each, fold, sides) for each in samples], axis=0
        ),
        "shattering_accuracy": np.mean(
            [decoding_accuracy(each, fold, every) for each in samples], axis=0
        ),
        "shattering_shuffled": np.array(shuffled),
        "target_decoding": np.mean(told),
        "direction_error_per_target_deg": np.mean(direction, axis=0),
        "trials_per_target": np.array(size),
    }


def _target_decoding(sample: Floats, folds: int) -> float:
    """The accuracy of telling the target of a trial among all, in "conditions trials neurons"."""
    n_targets, n_trials, n_neurons = sample.shape
    target = np.repeat(np.arange(n_targets), n_trials)
    fold = np.tile(enough_training(n_trials, folds), n_targets)
    decoded = decoded_targets(sample.reshape(-1, n_neurons), target, fold)
    return fold_accuracy(decoded, target, fold)


def _ccgp(own: Clouds, sides: NDArray[np.bool_]) -> float:
    """Mean CCGP over dichotomies."""
    return float(np.mean([cross_condition_accuracy(own, side) for side in sides]))


def _turned(
    whole: Clouds,
    sides: NDArray[np.bool_],
    generator: np.random.Generator,
    null: Stage,
    step: Step,
) -> Floats:
    """Mean CCGP over dichotomies of clouds turned at random."""
    step(int(null.done))
    draws = ((slice(draw, draw + 1), turned(whole, generator)) for draw in range(len(null.values)))
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
        values.append(_ccgp(clouds(sample[:, member != group]), sides))
        step()
    apart = np.array(values) - np.mean(values)
    return np.asarray(sqrt((groups - 1) / groups * float(apart @ apart)))


def changes(spec: GeneralizationSpec, chosen: Selection) -> dict[str, Array]:
    """The function of each arm by distance between targets, where two fields are given."""
    angles = chosen.session.target_angle_deg
    if spec.field is None or angles is None:
        return {}
    distinct, which = separations(angles)
    fields = list(_fields(spec, chosen.units))
    products = [change_products(*own) for own in fields]
    functions = np.array([generalization_function(each, which) for each in products])
    errors = np.array([function_errors(*own, which) for own in fields])
    return {
        "separation_deg": Array(distinct, ("separation",), "deg"),
        "change_products": Array(np.array(products), ("arm", "target", "other_target")),
        "change_generalization_function": Array(functions, ("arm", "separation")),
        "change_generalization_se": Array(errors, ("arm", "separation")),
    }


def _fields(
    spec: GeneralizationSpec, units: Units
) -> Iterator[tuple[Floats, NDArray[np.int64], NDArray[np.bool_]]]:
    """Activity, target, and whether it is of the second field, of every arm."""
    for arm in range(len(spec.arms)):
        own = units.block // 2 == arm
        yield units.activity[own], units.condition[own], units.block[own] % 2 == 1


def permuted_differences(
    spec: GeneralizationSpec,
    chosen: Selection,
    sides: NDArray[np.bool_],
    stage: Callable[..., Stage],
    step: Step,
) -> Floats:
    """Differences of mean CCGP with block labels shuffled within target.

    Of all trials, each target weighing alike: of subsamples, two seeds would give two p-values.
    """
    if spec.block is None:
        return np.empty(0)
    null = stage(spec.permutations)
    step(2 * int(null.done))
    used = chosen.units.block % spec.n_fields == 0
    activity, condition = chosen.units.activity[used], chosen.units.condition[used]
    first = chosen.units.block[used] == 0
    shuffles = permuted_within(first, condition, spec.seed, spec.permutations, 1)
    for draw, labels in null.missing(shuffles):
        means = []
        for own in (labels[0], ~labels[0]):
            means.append(_ccgp(clouds(by_condition(activity[own], condition[own])), sides))
            step()
        null.add(draw, np.array([means[0] - means[1]]))
    return null.values


def pseudo_differences(
    spec: GeneralizationSpec, chosen: Selection, sides: NDArray[np.bool_]
) -> Floats:
    """Early less late half of each arm, all trials of each; NaN with too few."""
    found = np.full(len(spec.arms), nan)
    for arm in range(len(spec.arms)):
        own = chosen.units.block == arm * spec.n_fields
        activity, condition = trials_of(spec, chosen, arm)
        if makes_pseudo_blocks(condition):
            early = early_half(condition, chosen.units.first[own])
            first, second = (
                _ccgp(clouds(by_condition(activity[half], condition[half])), sides)
                for half in (early, ~early)
            )
            found[arm] = first - second
    return found
