"""All findings of the cerebellar-block study on one's own session, or on several together."""

from collections.abc import Mapping
from math import isfinite

import numpy as np

from core.charts.report import draw_differences, draw_page, draw_states, draw_tests
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
    Refused,
    Result,
    Row,
)
from core.findings.answer import FINDINGS, NUMBERS
from core.findings.cost import report_cost
from core.findings.reading import few_sessions, reading
from core.findings.report_spec import ReportSpec
from core.findings.sessions import all_sessions, pseudo_summarised, summarised
from core.findings.verdicts import DIFFERENCE, Floats, corrected, supported, supported_alone
from core.labels import as_asked, meant
from core.session_spec import Comparison
from core.summary import check_factor, check_label, check_neurons

METRICS = {
    "control": Metric("The measure in the intact state; null where only a difference is defined"),
    "control_low": Metric("Lower end of its 95 % interval"),
    "control_high": Metric("Upper end of its 95 % interval"),
    "hfs": Metric("The measure in the blocked state"),
    "hfs_low": Metric("Lower end of its 95 % interval"),
    "hfs_high": Metric("Upper end of its 95 % interval"),
    "difference": Metric("Blocked less intact; of (b) the share of variance that the block makes"),
    "ci_low": Metric("Lower end of the 95 % interval of the difference"),
    "ci_high": Metric("Upper end of the 95 % interval of the difference"),
    "difference_pseudo": Metric(
        "The same of late less early trials of one state, mean over both states: what drift and "
        "learning do without the block. Null unless each state is one stretch of the recording "
        "whose halves can answer"
    ),
    "pseudo_low": Metric("Lower end of the 95 % interval of `difference_pseudo`"),
    "pseudo_high": Metric("Upper end of the 95 % interval of `difference_pseudo`"),
    "p_value": Metric("p of no difference: by permutation, or likelihood ratio for behaviour"),
    "p_holm": Metric(
        "The same after Holm's correction over all tests of the report, or of the one session"
    ),
    "supported": Metric(
        "Whether p_holm is at most .05 and the difference has the sign of the study (re-aiming: "
        "either sign)",
        type="boolean",
    ),
    "sessions": Metric("Sessions that answered", unit="session", type="integer"),
    "sessions_supported": Metric(
        "Sessions in which the finding is supported alone: by p of that session, after Holm over "
        "its own tests, and the sign of the study. Null where no session was tested",
        unit="session",
        type="integer",
    ),
}
PSEUDO = ("difference_pseudo", "pseudo_low", "pseudo_high")


def run(spec: ReportSpec, inputs: Mapping[str, Dataset], progress: Progress) -> Result:
    """Ask every session, then summarise and correct."""
    labels = _labels(spec)
    found = all_sessions(spec, {n: as_asked(a, labels) for n, a in inputs.items()}, progress)
    numbers = np.array([each.numbers for each in found])
    pseudo = np.array([each.pseudo for each in found])
    summary, between = summarised(numbers)
    progress(1.0)
    alone = np.array([corrected(each) for each in numbers])
    arrays = {
        "numbers": Array(numbers, ("session", "finding", "number")),
        "summary": Array(summary, ("finding", "number")),
        "between_session_sd": Array(between, ("finding",)),
        "p_holm": Array(corrected(summary), ("finding",)),
        "session_p_holm": Array(alone, ("session", "finding")),
        "pseudo_numbers": Array(pseudo, ("session", "finding", "end")),
        "pseudo_summary": Array(pseudo_summarised(pseudo), ("finding", "end")),
        "reasons": Array(np.array([each.reasons for each in found]), ("session", "finding")),
        "rows_correlated": Array(np.array([each.optimistic for each in found]), ("session",)),
        "finding_names": Array(np.array(list(FINDINGS)), ("finding",)),
        "number_names": Array(np.array(NUMBERS), ("number",)),
    }
    warnings = dict.fromkeys(warning for each in found for warning in each.warnings)
    return Result(arrays, (*warnings, *few_sessions(Result(arrays))))


def rows(spec: ReportSpec, result: Result) -> tuple[Row, ...]:
    """One row per finding and, of several sessions, one for each session too."""
    found = [Row(name, 0, _summary(result, k, name)) for k, name in enumerate(FINDINGS)]
    if spec.more_sessions:
        found += [
            Row(f"session {session + 1}:{name}", 0, _of_session(result, session, k, name))
            for session in range(len(spec.sessions))
            for k, name in enumerate(FINDINGS)
        ]
    return tuple(found)


def estimate(spec: ReportSpec, summaries: Mapping[str, DatasetSummary]) -> Estimate:
    """Check the spec against its datasets and cost it."""
    costs = []
    for place, dataset in enumerate(spec.sessions):
        field = "more_sessions" if place else "dataset"
        if dataset not in summaries:
            raise Refused(field, dataset, "there is no such dataset, or it is not ready")
        summary = summaries[dataset]
        _check(spec, summary, field, dataset)
        costs.append(report_cost(spec, summary))
    seconds = 0.1 + sum(cost.seconds for cost in costs)
    return Estimate(
        memory_bytes=max(cost.memory_bytes for cost in costs),
        operations=int(seconds * 1e9),
        seconds=seconds,
    )


def example() -> ReportSpec:
    """The bundled session, control against stimulation."""
    return ReportSpec(
        dataset=REACHING_UNDER_BLOCK.dataset_id,
        state=Comparison(factor="state", compare=("control", "HFS")),
        permutations=189,
        resamples=20,
        simulations=10,
    )


def _check(spec: ReportSpec, summary: DatasetSummary, field: str, dataset: str) -> None:
    """A session, behaviour or both, with two states; fields only where there are any."""
    if summary.trials is None and summary.behaviour is None:
        said = "; ".join(summary.warnings)
        raise Refused(field, dataset, said or "the dataset is neither session nor behaviour")
    if summary.trials is not None:
        check_neurons(summary, spec.neurons)
    wanted = [("state", spec.state.factor, spec.state.compare)]
    if spec.field.factor in summary.factors:
        wanted.append(("field", spec.field.factor, spec.field.compare))
    for name, factor, labels in wanted:
        check_factor(summary, f"{name}.factor", factor)
        _check_labels(summary, f"{name}.compare", factor, labels)
    for factor, label in spec.within.items():
        check_factor(summary, "within", factor)
        _check_labels(summary, "within", factor, (label,))


def _labels(spec: ReportSpec) -> dict[str, tuple[str, ...]]:
    """The labels of each block factor that are asked for."""
    compared = {each.factor: each.compare for each in (spec.state, spec.field)}
    return compared | {factor: (label,) for factor, label in spec.within.items()}


def _check_labels(
    summary: DatasetSummary, field: str, factor: str, labels: tuple[str, ...]
) -> None:
    known = meant(labels, summary.factors[factor])
    for label in labels:
        check_label(summary, field, factor, known.get(label, label))


def _summary(result: Result, k: int, name: str) -> dict[str, float | int | bool | None]:
    alone = supported_alone(result["numbers"], result["session_p_holm"])
    tested_in = np.isfinite(result["session_p_holm"]).any(axis=0)
    return {
        **_judged(result["summary"][k], float(result["p_holm"][k]), name),
        **_finite(PSEUDO, result["pseudo_summary"][k]),
        "sessions": int(np.isfinite(result["numbers"][:, k, DIFFERENCE]).sum()),
        "sessions_supported": int(alone[k]) if tested_in[k] else None,
    }


def _of_session(
    result: Result, session: int, k: int, name: str
) -> dict[str, float | int | bool | None]:
    numbers, p_holm = result["numbers"][session, k], float(result["session_p_holm"][session, k])
    pseudo = _finite(PSEUDO, result["pseudo_numbers"][session, k])
    return {**_judged(numbers, p_holm, name), **pseudo}


def _judged(numbers: Floats, p_holm: float, name: str) -> dict[str, float | int | bool | None]:
    """The numbers of a finding by their names, and its verdict."""
    difference = float(numbers[DIFFERENCE])
    return {
        **_finite(NUMBERS, numbers),
        "p_holm": p_holm if isfinite(p_holm) else None,
        "supported": supported(p_holm, difference, name) if isfinite(p_holm) else None,
    }


def _finite(names: tuple[str, ...], numbers: Floats) -> dict[str, float | None]:
    values = zip(names, numbers.tolist(), strict=True)
    return {name: value if isfinite(value) else None for name, value in values}


KIND: Kind[ReportSpec] = Kind(
    name="cerebellar_block.report",
    version=5,
    summary="All findings of the cerebellar-block study on your session, each with its verdict",
    spec=ReportSpec,
    columns=columns_of(ReportSpec),
    metrics=METRICS,
    figures={
        "page": Figure("All findings on one page", draw_page, wide=True),
        "states": Figure("Each measure in both states with 95 % intervals", draw_states, wide=True),
        "differences": Figure("Differences in standard errors, with verdicts", draw_differences),
        "tests": Figure("p of each finding, alone and after Holm's correction", draw_tests),
    },
    references=(
        "S. Israely et al., Cerebellar output shapes cortical preparatory activity during motor "
        "adaptation, Nature Communications 16:2574 (2025)",
        "S. Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal "
        "of Statistics 6:65 (1979)",
        "J. Hartung and G. Knapp, A refined method for the meta-analysis of controlled clinical "
        "trials with binary outcome, Statistics in Medicine 20:3875 (2001)",
    ),
    beware=(
        "A verdict counts all findings of the report: p-values are corrected by Holm's method "
        "over them.",
        "Control and block are stretches of time: a difference may be drift. Counterbalance the "
        "order, and look at `difference_pseudo` beside each difference: late less early trials of "
        "one state.",
    ),
    run=run,
    rows=rows,
    estimate=estimate,
    example=example,
    datasets=lambda spec: spec.sessions,
    reading=reading,
)
