"""How many dimensions the task occupies in a population, and whether two blocks differ in it."""

from collections.abc import Callable, Mapping
from functools import partial
from math import exp, isfinite, nan

import numpy as np

from core.charts.comparison import draw_participation_ratios
from core.charts.participation_ratio import draw_null, draw_ratios, draw_spectra
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
    Overlay,
    Progress,
    Refused,
    Result,
    without,
)
from core.independence import Units
from core.kernels.folds import early_half, makes_pseudo_blocks
from core.kernels.ledger import Ledger, Stage
from core.kernels.neuron_subsets import neuron_subsets, ratio_of_means, subset_moments
from core.kernels.participation_ratio import (
    Floats,
    condition_means,
    covariance_spectrum,
    plug_in_ratio,
)
from core.kernels.participation_ratio_error import (
    MIN_DENOMINATOR_Z,
    RatioEstimate,
    log_ratios,
    permuted_log_ratios,
    ratio_estimate,
)
from core.kernels.portions import Report
from core.kernels.resampling import draw_cost
from core.participation_ratio import ParticipationRatioSpec, Subsample
from core.participation_ratio_reading import reading, rows
from core.selection import Selection, selected
from core.session_arrays import described
from core.session_spec import Comparison, checked_session
from core.stages import stages

OPERATIONS_PER_S = 15_000_000_000

METRICS = {
    "participation_ratio": Metric(
        "Participation ratio of the condition means, corrected for trial count (U-statistic); "
        "at most targets - 1; null where the data cannot tell"
    ),
    "participation_ratio_naive": Metric(
        "The same from the means as measured: biased upwards, the more the fewer trials"
    ),
    "log_se": Metric("Standard error of the logarithm of the corrected ratio (jackknife)"),
    "ci_low": Metric("Lower end of the 95 % interval of the corrected ratio"),
    "ci_high": Metric("Upper end of the 95 % interval of the corrected ratio"),
    "participation_ratio_subsampled": Metric(
        "Corrected ratio at the number of neurons of `subsample`, over its random subsets; null "
        "without one"
    ),
    "subsampled_low": Metric(
        "Lower end of the middle 95 % of subsets: how much it matters which neurons these are"
    ),
    "subsampled_high": Metric("Upper end of the middle 95 % of subsets"),
    "total_covariance_participation_ratio": Metric(
        "Participation ratio of the total covariance of single trials: another quantity, which "
        "counts noise dimensions and is far larger"
    ),
    "pseudo_log_ratio": Metric(
        "Log ratio of early to late trials of this block, two pseudo-blocks between which only "
        "drift and learning can act; to be compared with `log_ratio`. Null unless each of two "
        "compared blocks is one stretch of the recording with eight trials per target"
    ),
    "pseudo_log_se": Metric("Standard error of `pseudo_log_ratio` (jackknife)"),
    "trials": Metric("Trials used", unit="trial", type="integer"),
    "neurons": Metric("Neurons used", unit="neuron", type="integer"),
    "log_ratio": Metric("Logarithm of the first block's corrected ratio over the second's"),
    "p_value": Metric("Two-sided permutation p of the log ratio, labels shuffled within target"),
}


def run(spec: ParticipationRatioSpec, inputs: Mapping[str, Dataset], progress: Progress) -> Result:
    """Estimate each arm, leaving out each trial in turn; then shuffle block labels."""
    chosen = selected(
        inputs[spec.dataset],
        spec.arms_of(spec.block),
        neurons=spec.neurons,
        transform=spec.transform,
    )
    sizes = np.bincount(chosen.units.block).tolist()
    targets, neurons = len(chosen.session.target_labels), len(chosen.session.neurons)
    work = _work(spec, sizes, targets, neurons)
    subsets = [_subset_work(spec, n, targets) for n in sizes]
    reports = stages(progress, [*work, *subsets, sum(work[: len(sizes)]) / 4])
    kept = ledger(progress)
    estimates = [
        _estimate_of(spec, chosen.units, arm, reports[arm], partial(kept.stage, f"arm {arm}"))
        for arm in range(len(sizes))
    ]
    arrays = _estimates(estimates) | _left_out(chosen, estimates) | _description(spec, chosen)
    arrays |= _subsampled(spec, chosen, reports[len(work) : len(work) + len(sizes)], kept)
    warnings = chosen.warnings + _doubts(spec, estimates)
    if spec.block is None:
        return Result(arrays, warnings)
    null = _null(spec, chosen.units, reports[len(sizes)], partial(kept.stage, "null"))
    arrays |= _pseudo_blocks(spec, chosen, reports[-1])
    arrays["permutation_log_ratio"] = Array(null, ("permutation",))
    return Result(arrays, warnings + _undefined(null))


def estimate(spec: ParticipationRatioSpec, summaries: Mapping[str, DatasetSummary]) -> Estimate:
    """Check the spec against its dataset and cost it."""
    summary, trials = checked_session(spec, summaries, spec.arms_of(spec.block))
    total, neurons = sum(trials), len(spec.neurons or ()) or summary.neurons or 0
    work = _work(spec, trials, len(summary.targets), neurons)
    work.append(sum(work[: len(trials)]) // 4)
    work += [_subset_work(spec, n, len(summary.targets)) for n in trials]
    _check_subsample(spec.subsample, neurons)
    plain = 8 * total * neurons * (total + min(total, neurons))
    return Estimate(
        memory_bytes=110_000_000 + 8 * (3 * total**2 + 8 * total * neurons) + _draws_memory(spec),
        operations=sum(work) + plain,
        seconds=0.02 + (sum(work) + plain) / OPERATIONS_PER_S,
    )


def example() -> ParticipationRatioSpec:
    """The bundled recording before against after learning."""
    return ParticipationRatioSpec(
        dataset=GOLUB_BCI.dataset_id,
        block=Comparison(factor="block", compare=("before", "after")),
        subsample=Subsample(neurons=43, draws=10),
    )


def _work(spec: ParticipationRatioSpec, trials: list[int], targets: int, neurons: int) -> list[int]:
    """Scalar operations of each arm's jackknife and, last, of the permutations."""
    draws = list(zip(trials, trials, strict=True))
    if spec.block is not None:
        draws.append((2 * spec.permutations, sum(trials)))
    own = neurons if spec.neuron_correction else 0
    return [n * draw_cost(t, targets, own) for n, t in draws]


def _subset_work(spec: ParticipationRatioSpec, trials: int, targets: int) -> int:
    """Scalar operations of one arm's subsets of neurons."""
    if spec.subsample is None:
        return 0
    size = spec.subsample.neurons
    own = size if spec.neuron_correction else 0
    gram = 4 * trials**2 * (size + 10)
    return spec.subsample.draws * (gram + draw_cost(trials, targets, own))


def _check_subsample(subsample: Subsample | None, neurons: int) -> None:
    if subsample is not None and subsample.neurons > neurons:
        raise Refused(
            "subsample.neurons", subsample.neurons, f"there are {neurons} neurons to draw from"
        )


def _draws_memory(spec: ParticipationRatioSpec) -> int:
    return 8 * spec.permutations + (40_000_000 if spec.neuron_correction else 0)


def _estimate_of(
    spec: ParticipationRatioSpec,
    units: Units,
    arm: int,
    report: Report,
    stage: Callable[..., Stage],
) -> RatioEstimate:
    own = units.block == arm
    return ratio_estimate(
        units.activity[own],
        units.condition[own],
        units.size[own],
        report,
        neuron_correction=spec.neuron_correction,
        stage=stage,
    )


def _null(
    spec: ParticipationRatioSpec, units: Units, report: Report, stage: Callable[..., Stage]
) -> Floats:
    return permuted_log_ratios(
        units.activity,
        units.condition,
        units.size,
        units.block == 0,
        report,
        seed=spec.seed,
        draws=spec.permutations,
        neuron_correction=spec.neuron_correction,
        stage=stage,
    )


def _subsampled(
    spec: ParticipationRatioSpec, chosen: Selection, reports: list[Report], kept: Ledger
) -> dict[str, Array]:
    """The ratio of every subset of neurons in every arm, and that of a typical one."""
    subsample, units = spec.subsample, chosen.units
    if subsample is None:
        return {}
    neurons = units.activity.shape[1]
    _check_subsample(subsample, neurons)  # some may have been silent
    subsets = neuron_subsets(neurons, subsample.neurons, subsample.draws, spec.seed)
    found = []
    for arm, report in enumerate(reports):
        own = units.block == arm
        found.append(
            subset_moments(
                units.activity[own],
                units.condition[own],
                units.size[own],
                subsets,
                report,
                neuron_correction=spec.neuron_correction,
                stage=partial(kept.stage, f"subsets {arm}"),
            )
        )
    return {
        "participation_ratio_subsampled": Array(
            np.array([ratio_of_means(each) for each in found]), ("arm",)
        ),
        "subset_log_participation_ratio": Array(
            np.array([log_ratios(each) for each in found]), ("arm", "subset")
        ),
        "subset_neurons": Array(chosen.session.neurons[subsets], ("subset", "member")),
    }


def _pseudo_blocks(
    spec: ParticipationRatioSpec, chosen: Selection, report: Report
) -> dict[str, Array]:
    """Log ratio of the early and late half of each block, with its error; NaN where uncut."""
    units, found = chosen.units, np.full((2, len(spec.arms)), nan)
    for arm in range(len(spec.arms)):
        own = np.flatnonzero(units.block == arm)
        condition = units.condition[own]
        if not chosen.contiguous or not makes_pseudo_blocks(condition):
            continue
        early = early_half(condition, units.first[own])
        halves = [
            ratio_estimate(
                units.activity[half],
                units.condition[half],
                units.size[half],
                lambda fraction: report(0.0),
                neuron_correction=spec.neuron_correction,
            )
            for half in (own[early], own[~early])
        ]
        found[0, arm] = halves[0].log_ratio - halves[1].log_ratio
        found[1, arm] = np.hypot(halves[0].log_se, halves[1].log_se)
    report(1.0)
    names = ("pseudo_log_ratio", "pseudo_log_se")
    return {name: Array(values, ("arm",)) for name, values in zip(names, found, strict=True)}


def _estimates(estimates: list[RatioEstimate]) -> dict[str, Array]:
    """The numbers of each arm."""
    columns = {
        "participation_ratio": [exp(each.log_ratio) for each in estimates],
        "log_se": [each.log_se if isfinite(each.log_ratio) else nan for each in estimates],
        "numerator": [each.numerator for each in estimates],
        "denominator": [each.denominator for each in estimates],
        "denominator_se": [each.denominator_se for each in estimates],
    }
    return {name: Array(np.array(values), ("arm",)) for name, values in columns.items()}


def _left_out(chosen: Selection, estimates: list[RatioEstimate]) -> dict[str, Array]:
    """log PR without each unit in turn, with the arm and target of that unit."""
    units = chosen.units
    order = np.argsort(units.block, kind="stable")
    replicates = np.concatenate([log_ratios(each.left_out) for each in estimates])
    return {
        "jackknife_log_participation_ratio": Array(replicates, ("left_out",)),
        "jackknife_arm": Array(units.block[order], ("left_out",)),
        "jackknife_target": Array(units.condition[order], ("left_out",)),
    }


def _description(spec: ParticipationRatioSpec, chosen: Selection) -> dict[str, Array]:
    """What the data are like without any correction."""
    session, arms = chosen.session, range(len(spec.arms))
    counts = [session.counts[chosen.arm == arm] for arm in arms]
    targets = [session.condition[chosen.arm == arm] for arm in arms]
    means = [condition_means(x, c) for x, c in zip(counts, targets, strict=True)]
    of_means, of_trials = _spectra(means), _spectra(counts)
    unit = "count^2" if spec.transform == "none" else "count"
    return described(chosen, len(arms)) | {
        "participation_ratio_naive": Array(_ratios(of_means), ("arm",)),
        "total_covariance_participation_ratio": Array(_ratios(of_trials), ("arm",)),
        "spectrum_condition_means": Array(of_means, ("arm", "mean_component"), unit),
        "spectrum_total_covariance": Array(of_trials, ("arm", "component"), unit),
    }


def _spectra(arms: list[Floats]) -> Floats:
    """Eigenvalues of each arm, padded with the zeros that further components have."""
    found = [covariance_spectrum(rows) for rows in arms]
    width = max(len(values) for values in found)
    return np.stack([np.pad(values, (0, width - len(values))) for values in found])


def _ratios(spectra: Floats) -> Floats:
    return np.array([plug_in_ratio(spectrum) for spectrum in spectra])


def _doubts(spec: ParticipationRatioSpec, estimates: list[RatioEstimate]) -> tuple[str, ...]:
    """Why an estimate or its interval is missing."""
    doubts = [(name, _doubt(each)) for name, each in zip(spec.arms, estimates, strict=True)]
    return tuple(f"{name}: {doubt}" for name, doubt in doubts if doubt)


def _undefined(null: Floats) -> tuple[str, ...]:
    """What became of shuffles that lost the tuning altogether."""
    lost = int(np.isnan(null).sum())
    sentence = f"{lost} of {len(null)} shuffles have no defined ratio; p counts them as extreme"
    return (sentence,) if lost else ()


def _doubt(each: RatioEstimate) -> str:
    if each.denominator <= 0 or each.numerator <= 0 or not isfinite(each.log_ratio):
        return (
            f"no participation ratio, because the condition means are lost in noise (denominator "
            f"{each.denominator:.3g}, standard error {each.denominator_se:.3g}; it must exceed "
            f"{MIN_DENOMINATOR_Z:g} of them); more trials or more neurons would help"
        )
    if not isfinite(each.log_se):
        return (
            "no interval, because the jackknife leaves one trial out and the estimate needs four "
            "in every target; five are enough"
        )
    return ""


KIND: Kind[ParticipationRatioSpec] = Kind(
    name="dimensionality.participation_ratio",
    version=2,
    summary="How many dimensions the task takes in a population, and whether two blocks differ",
    spec=ParticipationRatioSpec,
    columns=columns_of(ParticipationRatioSpec),
    metrics=METRICS,
    figures={
        "participation_ratio": Figure(
            "Corrected and naive participation ratio of each block, with 95 % intervals",
            draw_ratios,
        ),
        "spectrum": Figure(
            "Variance by component, of condition means and of single trials", draw_spectra
        ),
        "permutation_null": Figure(
            "The log ratio of the blocks among those of shuffled labels",
            draw_null,
            without("permutations"),
        ),
    },
    references=(
        "S. Israely et al., Cerebellar output shapes cortical preparatory activity during motor "
        "adaptation, Nature Communications 16:2574 (2025)",
        "P. Gao et al., A theory of multineuronal dimensionality, dynamics and measurement, "
        "bioRxiv 214262 (2017)",
    ),
    equations=(
        Equation(
            "With condition means mu, their Gram matrix M and the projector P that takes the "
            "grand mean off",
            r"\mathrm{PR} = \frac{(\operatorname{tr} P M)^2}{\operatorname{tr}(P M P M)} = "
            r"\frac{A}{B}, \qquad M_{cd} = \mu_c \cdot \mu_d, \qquad P = I - \frac{1}{C} "
            r"\mathbf{1} \mathbf{1}^{\top}",
        ),
        Equation(
            "A and B are estimated without bias from products of distinct trials only, which "
            "needs nothing but independent trials",
            r"\hat{A} = \sum P_{ab} P_{cd} U_{abcd}, \qquad \hat{B} = \sum P_{da} P_{bc} "
            r"U_{abcd}, \qquad U_{abcd} = \langle (x_a \cdot x_b)(x_c \cdot x_d) \rangle",
        ),
    ),
    beware=(
        "The naive ratio of measured means grows with fewer trials: never compare it between "
        "blocks of different trial counts.",
        "The ratio depends on the number of neurons even without noise; compare blocks of the "
        "same neurons.",
        "Blocks of one session are confounded with time: look at `pseudo_log_ratio`.",
        "Bins of one movement are not independent trials: name them by `group`.",
    ),
    run=run,
    rows=rows,
    estimate=estimate,
    example=example,
    reading=reading,
    datasets=lambda spec: (spec.dataset,),
    overlays={
        "participation_ratio": Overlay(
            "Corrected participation ratio of each block with 95 % intervals, by experiment",
            draw_participation_ratios,
        ),
    },
)
