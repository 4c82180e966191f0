"""How many trials and neurons a study of cerebellar block would need, by simulation."""

from collections.abc import Mapping

import numpy as np

from core.charts.power import draw_estimates, draw_power
from core.columns import columns_of
from core.dataset import DatasetSummary
from core.experiment import Dataset, Equation, Estimate, Figure, Kind, Metric, Progress, Result, Row
from core.findings.answer import FINDINGS
from core.findings.power import answers, cost
from core.findings.power_rates import arrays, smallest
from core.findings.power_reading import reading
from core.findings.power_spec import PowerSpec, Verdict
from core.synthetic_spec import PlantedSpec

METRICS = {
    **{
        f"power_{name}{end}": Metric(f"{what}: {measured}")
        for name, measured in FINDINGS.items()
        for end, what in (
            ("", "Share of sessions in which this is found"),
            ("_low", "Lower end of the 95 % interval (Wilson) of the power"),
            ("_high", "Upper end of the 95 % interval (Wilson) of the power"),
        )
    },
    "trials_per_target": Metric(
        "Trials of each target in each state and field", unit="trial", type="integer"
    ),
    "neurons": Metric("Neurons", unit="neuron", type="integer"),
    "trials_needed": Metric(
        "Fewest trials per target of the grid from which on the finding has the wished power; "
        "null: none of the grid has it",
        unit="trial",
        type="integer",
    ),
    "neurons_needed": Metric(
        "Fewest neurons of the grid with which so few trials suffice", unit="neuron", type="integer"
    ),
}
Values = Mapping[str, float | int | bool | None]


def run(spec: PowerSpec, inputs: Mapping[str, Dataset], progress: Progress) -> Result:
    """Ask every session, then count."""
    del inputs
    found = answers(spec, progress)
    progress(1.0)
    return Result(arrays(spec, found))


def rows(spec: PowerSpec, result: Result) -> tuple[Row, ...]:
    """One row per point of the grid, then what each finding needs, at best and by neurons."""
    points = [
        Row(f"trials {trials}:neurons {neurons}", 0, _point(spec, result, i, j))
        for i, trials in enumerate(spec.trials_per_target)
        for j, neurons in enumerate(spec.neurons)
    ]
    needed = [row for k, name in enumerate(spec.asked) for row in _needed(spec, result, k, name)]
    return (*points, *needed)


def estimate(spec: PowerSpec, summaries: Mapping[str, DatasetSummary]) -> Estimate:
    """What all sessions together cost."""
    del summaries
    return cost(spec)


def example() -> PowerSpec:
    """A glance: two sessions of each of two sizes, each finding alone, with few shuffles."""
    return PowerSpec(
        session=PlantedSpec(targets=4),
        trials_per_target=(6, 12),
        neurons=(20,),
        repetitions=2,
        verdict=Verdict(correction="none"),
        permutations=19,
        simulations=10,
    )


def _point(spec: PowerSpec, result: Result, i: int, j: int) -> Values:
    rates = {
        f"power_{name}{end}": float(result[f"power{end}"][i, j, k])
        for k, name in enumerate(spec.asked)
        for end in ("", "_low", "_high")
    }
    return {"trials_per_target": spec.trials_per_target[i], "neurons": spec.neurons[j], **rates}


def _needed(spec: PowerSpec, result: Result, k: int, name: str) -> list[Row]:
    trials = result["trials_needed"][:, k]
    best = smallest(spec, trials) or (None, None)
    by_neurons = [
        Row(
            f"{name}:neurons {neurons}",
            0,
            {"neurons": neurons, "trials_needed": None if np.isnan(own) else int(own)},
        )
        for neurons, own in zip(spec.neurons, trials.tolist(), strict=True)
    ]
    return [
        Row(name, 0, dict(zip(("trials_needed", "neurons_needed"), best, strict=True))),
        *by_neurons,
    ]


KIND: Kind[PowerSpec] = Kind(
    name="power.analysis",
    version=2,
    summary="How many trials and neurons each finding of cerebellar block would need",
    spec=PowerSpec,
    columns=columns_of(PowerSpec),
    metrics=METRICS,
    figures={
        "power": Figure(
            "Power against trials per target with 95 % intervals, finding by finding, one curve "
            "for each number of neurons",
            draw_power,
        ),
        "estimates": Figure(
            "What the sessions estimate: all of them, and those alone that find something",
            draw_estimates,
        ),
    },
    references=(
        "S. Israely et al., Cerebellar output shapes cortical preparatory activity during motor "
        "adaptation, Nature Communications 16:2574 (2025)",
        "E. B. Wilson, Probable inference, the law of succession, and statistical inference, "
        "Journal of the American Statistical Association 22:209 (1927)",
        "A. Gelman and J. Carlin, Beyond power calculations: assessing type S (sign) and type M "
        "(magnitude) errors, Perspectives on Psychological Science 9:641 (2014)",
    ),
    equations=(
        Equation(
            "Wilson's interval of a power, k of n simulated sessions in which a finding was made, "
            "at z = 1.96",
            r"\frac{k + z^2 / 2}{n + z^2} \pm \frac{z}{n + z^2} "
            r"\sqrt{\frac{k (n - k)}{n} + \frac{z^2}{4}}",
        ),
    ),
    beware=(
        "The simulated animal is not yours: power is that of the planted effects and noise.",
        "A few dozen repetitions leave a power uncertain by .1 and more; look at the interval.",
    ),
    run=run,
    rows=rows,
    estimate=estimate,
    example=example,
    reading=reading,
)
