"""What a report on one session costs, from the sizes of its parts."""

from dataclasses import dataclass

from core.dataset import DatasetSummary
from core.findings.direction import GROUPS, SPLITS, SUBSAMPLES, TESTED_SUBSAMPLES
from core.findings.report_spec import ReportSpec
from core.kernels.crossnobis import distance_cost
from core.kernels.resampling import draw_cost
from core.kernels.variance_partition import partition_cost

OPERATIONS_PER_S = 12_000_000_000
SECONDS_PER_FILTERED = 3e-9  # per trial, point and pair of states
FITS = 40  # expansions of a fit from several starts


@dataclass(frozen=True)
class Cost:
    """Of one session."""

    seconds: float
    memory_bytes: int


def report_cost(spec: ReportSpec, summary: DatasetSummary) -> Cost:
    """Activity where there is any, behaviour where there is any."""
    seconds, numbers = 0.0, 0
    if summary.trials is not None:
        neurons = len(spec.neurons or ()) or summary.neurons or 0
        seconds += _activity(spec, summary.trials, neurons, len(summary.targets))
        numbers += 8 * summary.trials * (summary.trials + 20 * neurons) + 20 * neurons**2
    if summary.behaviour is not None:
        seconds += _behaviour(spec, summary.behaviour.trials, max(len(summary.targets), 1))
        numbers += 400 * summary.behaviour.trials
    return Cost(seconds, 200_000_000 + 8 * numbers)


def _activity(spec: ReportSpec, trials: int, neurons: int, targets: int) -> float:
    draws = spec.permutations + trials
    operations = draws * (
        3 * partition_cost(trials, neurons, 2 * targets)
        + distance_cost(trials, neurons, 2, 5)
        + 2 * draw_cost(trials, targets, 0)
    )
    ring = 1.2e-3 + SPLITS * (1e-4 + 4.5e-10 * trials * neurons)
    decoder = targets * (1.5e-4 + 2e-10 * neurons**3) + 5e-10 * trials * neurons**2
    turned = (spec.permutations + spec.resamples) * ring
    decodings = 2 * TESTED_SUBSAMPLES * spec.permutations + 2 * (SUBSAMPLES + GROUPS)
    return operations / OPERATIONS_PER_S + turned + decodings * decoder


def _behaviour(spec: ReportSpec, trials: int, targets: int) -> float:
    one = FITS * (1e-3 + 16 * trials * SECONDS_PER_FILTERED * 10)
    many = FITS * (2e-3 + 18 * trials * SECONDS_PER_FILTERED * (10 + targets**2))
    return one * (2 + spec.simulations / 6) + many * (2 + spec.simulations / 12)
