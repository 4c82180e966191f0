"""How far a population's code carries from some targets to others, and whether blocks differ."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from core.charts.generalization import draw_change, draw_null, draw_scores
from core.checkpoints import ledger
from core.columns import columns_of
from core.dataset import DatasetSummary
from core.directions import too_few_to_decode
from core.examples import REACHING_UNDER_BLOCK
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
from core.generalization import GeneralizationSpec, check_targets, sides_of
from core.generalization_arms import (
    ARM_AXES,
    JACKKNIFE_GROUPS,
    Floats,
    arm_numbers,
    arm_steps,
    changes,
    permuted_differences,
    pseudo_differences,
    trials_of,
)
from core.generalization_reading import reading, rows
from core.selection import selected
from core.session_spec import Comparison, checked_session

METRICS = {
    "ccgp": Metric("Cross-condition generalization: accuracy on left-out targets; chance .5"),
    "ccgp_low": Metric("Lower end of its 95 % interval (grouped jackknife)"),
    "ccgp_high": Metric("Upper end of its 95 % interval (grouped jackknife)"),
    "ccgp_null": Metric("The same with every target's cloud turned at random, mean"),
    "p_value": Metric("One-sided p of CCGP among turned clouds; two-sided p between blocks"),
    "decoding": Metric("Cross-validated accuracy of the same dichotomies on all targets"),
    "target_decoding": Metric(
        "Cross-validated accuracy of telling the target among all (LDA, shrunk noise covariance); "
        "chance 1 / targets"
    ),
    "shattering_mean_accuracy": Metric("Mean accuracy over all balanced dichotomies"),
    "shattering_fraction": Metric("Share of these above the 95 % quantile of shuffled targets"),
    "direction_error_deg": Metric(
        "Mean error of a target's direction decoded by targets in other directions; chance 90. "
        "Null unless there are four directions",
        "deg",
    ),
    "change_generalization": Metric(
        "How much of the change between fields in one direction is found in the nearest others: "
        "the mean product of changes of targets so far apart, over that of targets in the same "
        "direction, each with itself and with those at another distance"
    ),
    "change_generalization_low": Metric("Lower end of its 95 % interval (jackknife)"),
    "change_generalization_high": Metric("Upper end of its 95 % interval (jackknife)"),
    "ccgp_difference": Metric("CCGP of the first block less that of the second"),
    "ccgp_difference_pseudo": Metric(
        "CCGP of early less that of late trials of this block, two pseudo-blocks between which "
        "only drift and learning can act. Null unless each target has eight trials"
    ),
    "trials_per_target": Metric("Trials of every target in a subsample", "trial", "integer"),
}


def run(spec: GeneralizationSpec, inputs: Mapping[str, Dataset], progress: Progress) -> Result:
    """Each arm, then the relabellings of their trials."""
    chosen = selected(
        inputs[spec.dataset],
        spec.cells,
        neurons=spec.neurons,
        transform=spec.transform,
        compared=spec.block.factor if spec.block else None,
    )
    session = chosen.session
    angles, untold = _directions(session.target_angle_deg)
    sides = sides_of(spec, session.target_labels, session.target_angle_deg)
    seeds = np.random.SeedSequence(spec.seed).spawn(len(spec.arms))
    found: list[dict[str, Floats]] = []
    whole = len(spec.arms) * arm_steps(spec) + 2 * spec.permutations
    done, kept = 0, ledger(progress)

    def step(steps: int = 1) -> None:
        nonlocal done
        done += steps
        progress(min(done / whole, 1.0))

    for arm in range(len(spec.arms)):
        own = trials_of(spec, chosen, arm)
        turns = kept.stage(f"turned {arm}", spec.nulls)
        found.append(arm_numbers(spec, own, sides, angles, seeds[arm], turns, step))
    arrays = {
        name: Array(np.array([each[name] for each in found]), ("arm", *axes))
        for name, axes in ARM_AXES.items()
    }
    arrays |= changes(spec, chosen)
    arrays["ccgp_pseudo"] = Array(pseudo_differences(spec, chosen, sides), ("arm",))
    arrays["permuted_difference"] = Array(
        permuted_differences(spec, chosen, sides, partial(kept.stage, "null"), step),
        ("permutation",),
    )
    arrays["rows_correlated"] = Array(np.array([chosen.optimistic]), ("session",))
    arrays["dichotomy_side"] = Array(sides, ("dichotomy", "target"))
    return Result(arrays, (*chosen.warnings, *untold))


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
    accuracies = len(spec.arms) * (3 + spec.repeats + JACKKNIFE_GROUPS + spec.nulls)
    turns = len(spec.arms) * spec.nulls * targets * (4e-9 * neurons**3 + 1e-4)
    target = 1e-3 + 1e-10 * neurons**3 + (1e-10 * own + 5e-9 * targets) * neurons**2
    told = len(spec.arms) * spec.repeats * spec.folds * target
    decoded = len(spec.arms) * (2 * spec.repeats + spec.decoding_nulls) * spec.folds
    fold = 1e-3 + 4e-10 * neurons**3 + own * neurons * (neurons + 150) * 1e-9
    seconds = (accuracies + 2 * spec.permutations) * pairs * pair + turns + decoded * fold + told
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


def _directions(angles: Floats | None) -> tuple[Floats | None, tuple[str, ...]]:
    """The angles if one direction can be decoded by the others; else none, and why."""
    if angles is None:
        return None, (
            "no `target_angle_deg`: targets are taken in the order of their labels, and "
            "their direction is not decoded",
        )
    too_few = too_few_to_decode(angles)
    return (None, (too_few,)) if too_few else (angles, ())


KIND: Kind[GeneralizationSpec] = Kind(
    name="population.generalization",
    version=5,
    summary="How far a linear code carries to targets it was not trained on (CCGP, shattering)",
    spec=GeneralizationSpec,
    columns=columns_of(GeneralizationSpec),
    metrics=METRICS,
    figures={
        "scores": Figure("Generalization and decoding of each block with chance", draw_scores),
        "change": Figure(
            "How the change between fields generalizes over targets", draw_change, without("field")
        ),
        "null": Figure("CCGP among that of turned clouds", draw_null, without("nulls")),
    },
    references=(
        "S. Bernardi et al., The geometry of abstraction in the hippocampus and prefrontal "
        "cortex, Cell 183, 954-967 (2020)",
        "S. Israely et al., Cerebellar output shapes cortical preparatory activity during motor "
        "adaptation, Nature Communications 16:2574 (2025)",
        "O. Ledoit, M. Wolf, A well-conditioned estimator for large-dimensional covariance "
        "matrices, J. Multivariate Analysis 88, 365-411 (2004)",
    ),
    equations=(
        Equation(
            "Cross-condition generalization: a classifier trained without one condition of each "
            "side of a dichotomy is tested on them; the mean over all such pairs",
            r"\mathrm{CCGP} = \frac{1}{|\mathcal{P}|} \sum_{(c, d) \in \mathcal{P}} "
            r"\mathrm{accuracy}_{c,d}(f_{-c,-d})",
        ),
        Equation(
            "Generalization of the change from one label to another, against the angle between "
            "targets",
            r"g(\theta) = \frac{\langle D_c \cdot D_d \rangle_{\angle(c,d) = \theta}}{\langle D_c "
            r"\cdot D_d \rangle_{\angle(c,d) = 0}}, \qquad D_c = \mu_c^{\mathrm{FF}} - "
            r"\mu_c^{\mathrm{NF}}",
        ),
        Equation(
            "The target decoded from the activity x of a trial, with means, shares and pooled "
            "covariance of the training folds",
            r"\hat{c}(x) = \operatorname{arg\,max}_c \; \mu_c^{\top} S^{-1} x - \frac{1}{2} "
            r"\mu_c^{\top} S^{-1} \mu_c + \ln p_c",
        ),
    ),
    beware=(
        "Below chance is possible and means something: the left-out pair lies on the wrong sides.",
        "The null turns each condition's cloud about the grand mean: it asks for geometry, not "
        "for whether anything can be decoded.",
    ),
    run=run,
    rows=rows,
    estimate=estimate,
    example=example,
    datasets=lambda spec: (spec.dataset,),
    reading=reading,
)
