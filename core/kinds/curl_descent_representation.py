"""Dimensionality of what a simulation recorded: hidden activity, and the path of the weights.

The bridge between the two halves: what is measured on a population of neurons is measured on the
hidden neurons of a network while it learns. The input is the result of another experiment.
"""

from collections.abc import Iterator, Mapping
from functools import partial, reduce
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from core.charts.representation import draw_hidden, draw_sweep, draw_trajectory, without_sweep
from core.checkpoints import ledger
from core.columns import columns_of
from core.curl_clouds import (
    SPECTRAL,
    Shapes,
    Spectral,
    clouds,
    points,
    spectral_cost,
    spectral_dimensions,
)
from core.curl_hidden_activity import (
    LOCAL,
    Local,
    local_cost,
    local_dimensions,
    parallel_cost,
    parallel_numbers,
)
from core.curl_representation_reading import reading
from core.dataset import DatasetSummary
from core.experiment import (
    IDENTIFIER,
    MAX_INTEGER,
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
    Spec,
)
from core.kernels.intrinsic_dimension import RANKS, K
from core.kernels.ledger import Ledger
from core.kernels.measures import finite
from core.kernels.portions import Report
from core.stages import stages

Estimator = Spectral | Local | Literal["parallel_analysis"]
ExperimentId = Annotated[str, Field(pattern=IDENTIFIER)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

PARALLEL: Literal["parallel_analysis"] = "parallel_analysis"
AXES = ("arm", "replicate", "record")
SIMULATION = "curl_descent.simulation"
EXAMPLE = "00000000-0000-7000-8000-000000000000"

_MEANINGS: Mapping[Spectral, str] = {
    "participation_ratio": "(sum l)^2 / sum l^2 of the eigenvalues l of the covariance",
    "entropy_dimension": "exp of the entropy of the shares of variance",
    "n90": "the fewest components that carry 90 % of the variance",
    "n95": "the fewest components that carry 95 % of the variance",
}
_CLOUDS = {
    "hidden": "of the hidden activity over the probes at the last record",
    "trajectory": "of the weights' path through all recorded snapshots",
}
METRICS: Mapping[str, Metric] = {
    **{
        f"{cloud}_{estimator}": Metric(f"{meaning[0].upper()}{meaning[1:]}, {which}.")
        for cloud, which in _CLOUDS.items()
        for estimator, meaning in _MEANINGS.items()
    },
    "hidden_twonn": Metric(
        "Local dimension of the hidden activity at the last record, from the distances of every "
        "probe to its two nearest neighbours (TwoNN); null with fewer than three distinct ones."
    ),
    "hidden_mle": Metric(
        f"The same by maximum likelihood over {K} neighbours (Levina and Bickel); null with fewer."
    ),
    **{
        f"hidden_gride_{2 * rank}": Metric(
            f"The same from the ratio of distances to neighbours {2 * rank} and {rank}; null with "
            "fewer."
        )
        for rank in RANKS
    },
    "hidden_parallel_analysis": Metric(
        "Leading components of the hidden activity at the last record with more variance than the "
        "95th percentile when every neuron is shuffled over probes by itself."
    ),
}

MAX_SPECTRUM = 2000


class RepresentationSpec(Spec):
    """How many dimensions a network's hidden activity and weights fill while it learns.

    All probes count alike, without conditions, so this is the dimensionality of the total
    covariance: at most the number of probes less one, and of records so far less one for a path.
    TwoNN, maximum likelihood (mle) and the sweep over scales (gride) ask instead how many
    dimensions the hidden activity has in the neighbourhood of a probe, however curved it is; and
    parallel analysis how many components exceed those of neurons without any correlation. All four
    take probes as a random sample: of a path, whose records follow each other, they say nothing.
    """

    experiment: ExperimentId = Field(
        description="Id of a curl_descent.simulation that succeeded and recorded hidden activity "
        "(record.probe_size) or weights (record.weights snapshots), or both."
    )
    result: Sha256 | None = Field(
        default=None,
        description="SHA-256 of that experiment's arrays, which pins the input: null is filled in "
        "at submission, another hash than theirs is refused.",
    )
    estimators: Annotated[list[Estimator], Field(min_length=1, max_length=8)] = Field(
        default=["participation_ratio", "entropy_dimension", "n90"],
        description="What to measure: on the eigenvalues of a covariance; for twonn, mle and gride "
        "on the distances between the hidden activities of probes, at a cost that grows with the "
        "square of their number; for parallel_analysis on shuffles of them.",
    )
    shuffles: int = Field(
        default=20, ge=20, le=1000, description="Shuffles behind each parallel analysis."
    )
    seed: int = Field(default=0, ge=0, le=MAX_INTEGER, description="Seed of the shuffles.")

    @property
    def spectral(self) -> list[Spectral]:
        """Those of the estimators that take the eigenvalues of a covariance."""
        return [name for name in SPECTRAL if name in self.estimators]

    @property
    def local(self) -> list[str]:
        """The estimates from distances between probes that are asked for."""
        return [each for name, own in LOCAL.items() if name in self.estimators for each in own]


def run(spec: RepresentationSpec, inputs: Mapping[str, Dataset], progress: Progress) -> Result:
    """Every estimator on every network's activity and path, at every record."""
    source = inputs[spec.experiment]
    found = {
        "arm": Array(source["arm"].copy(), ("arm",)),
        "replicate": Array(source["replicate"].copy(), ("replicate",)),
        "epoch": Array(source["epoch"].copy(), ("record",), "epochs"),
    }
    shapes = {name: values.shape for name, values in source.items()}
    recorded = clouds(shapes)
    *reports, near, shuffled = stages(progress, [1] * (len(recorded) + 2))
    kept = ledger(progress)
    for cloud, report in zip(recorded, reports, strict=True):
        stage = partial(kept.stage, cloud)
        values = spectral_dimensions(source, cloud, spec.spectral, report, stage)
        found |= {f"{cloud}_{name}": Array(array, AXES) for name, array in values.items()}
        found[f"{cloud}_size"] = Array(np.array(points(shapes, cloud)), ("extent",))
    if "hidden" in recorded:
        found |= _of_hidden(spec, source["hidden_activity"], near, shuffled, kept)
    progress(1.0)
    return Result(found)


def rows(spec: RepresentationSpec, result: Result) -> tuple[Row, ...]:
    """One row per rule and replicate of the simulation, from the last record."""
    return tuple(_rows(result))


def estimate(spec: RepresentationSpec, datasets: Mapping[str, DatasetSummary]) -> Estimate:
    """What it costs; refuses an experiment that did not record what is needed."""
    summary = datasets[spec.experiment]
    shapes = {name: array.shape for name, array in summary.arrays.items()}
    _check(spec, summary.format, shapes)
    costs = [spectral_cost(shapes)]
    if "hidden" in clouds(shapes):
        costs += [local_cost(shapes, spec.local)] if spec.local else []
        costs += [parallel_cost(shapes, spec.shuffles)] if PARALLEL in spec.estimators else []
    return reduce(_sum, costs)


def example() -> RepresentationSpec:
    """What a small simulation recorded; its id stands for that of one of your own."""
    return RepresentationSpec(experiment=EXAMPLE, estimators=[*SPECTRAL, *LOCAL, PARALLEL])


EXAMPLE_SOURCES = {
    EXAMPLE: (
        SIMULATION,
        {
            "inputs": 20,
            "hidden": 8,
            "training": {"epochs": 500, "batch_size": 50},
            "data": {"train_size": 200, "test_size": 140},
            "replicates": 4,
            "record": {"points": 24, "weights": "snapshots", "probe_size": 140},
        },
    )
}


def pinned(spec: RepresentationSpec, hashes: Mapping[str, str]) -> RepresentationSpec:
    """The spec with the hash of its input; refuses another than the one it names."""
    known = hashes[spec.experiment]
    if spec.result not in (None, known):
        message = f"experiment {spec.experiment} has a result with another hash, {known}"
        raise Refused("result", spec.result, message)
    return spec.model_copy(update={"result": known})


def _of_hidden(
    spec: RepresentationSpec, activity: NDArray[Any], near: Report, shuffled: Report, kept: Ledger
) -> dict[str, Array]:
    """What distances and shuffles say, of those estimators that are asked for."""
    found = {}
    if spec.local:
        values, distinct = local_dimensions(
            activity, spec.local, near, partial(kept.stage, "local")
        )
        found = {
            f"hidden_{name}": Array(each, AXES)
            for name, each in zip(spec.local, values, strict=True)
        }
        found["hidden_distinct_probes"] = Array(distinct, AXES, "probe")
    if PARALLEL in spec.estimators:
        stage = partial(kept.stage, "shuffled")
        numbers = parallel_numbers(
            activity, shuffled, stage, shuffles=spec.shuffles, seed=spec.seed
        )
        found[f"hidden_{PARALLEL}"] = Array(numbers, AXES)
    return found


def _check(spec: RepresentationSpec, kind: str, shapes: Shapes) -> None:
    if len(set(spec.estimators)) < len(spec.estimators):
        raise Refused("estimators", spec.estimators, "names an estimator twice")
    if kind != SIMULATION:
        raise Refused("experiment", spec.experiment, f"is one of {kind}; it must be a {SIMULATION}")
    recorded = clouds(shapes)
    if not recorded:
        message = (
            "the experiment recorded neither hidden activity (record.probe_size above 0) nor "
            "snapshots of weights (record.weights snapshots)"
        )
        raise Refused("experiment", spec.experiment, message)
    if not spec.spectral and "hidden" not in recorded:
        message = (
            f"{' and '.join(spec.estimators)} can be measured on hidden activity only, and the "
            "experiment recorded none (record.probe_size)"
        )
        raise Refused("estimators", spec.estimators, message)
    for cloud in recorded:
        size = min(points(shapes, cloud))
        if size > MAX_SPECTRUM:
            message = (
                f"its {cloud} covariance has {size} eigenvalues; at most {MAX_SPECTRUM} are found: "
                "record fewer probes or points"
            )
            raise Refused("experiment", spec.experiment, message)


def _sum(a: Estimate, b: Estimate) -> Estimate:
    return Estimate(
        memory_bytes=a.memory_bytes + b.memory_bytes,
        operations=a.operations + b.operations,
        seconds=a.seconds + b.seconds,
    )


def _rows(result: Result) -> Iterator[Row]:
    last = {name: result[name][..., -1] for name in METRICS if name in result.arrays}
    for a, arm in enumerate(result["arm"].tolist()):
        for r, replicate in enumerate(result["replicate"].tolist()):
            values = {name: finite(of[a, r : r + 1])[0] for name, of in last.items()}
            yield Row(arm, replicate, {**dict.fromkeys(METRICS), **values})


KIND = Kind(
    name="curl_descent.representation",
    version=2,
    summary="Dimensionality of a simulation's hidden activity and of its weights' path, for every "
    "rule, replicate and record.",
    spec=RepresentationSpec,
    columns=columns_of(RepresentationSpec),
    metrics=METRICS,
    figures={
        "hidden": Figure(
            "Dimensionality of the hidden activity against epochs, one panel per estimator.",
            draw_hidden,
            wide=True,
        ),
        "trajectory": Figure(
            "Dimensionality of the weights' path so far against epochs, one panel per estimator.",
            draw_trajectory,
            wide=True,
        ),
        "sweep": Figure(
            "Local dimension of the hidden activity at the last record, by number of neighbours.",
            draw_sweep,
            without_sweep,
        ),
    },
    references=(
        "P. Gao et al. A theory of multineuronal dimensionality, dynamics and measurement. "
        "bioRxiv 214262 (2017).",
        "E. Facco et al. Estimating the intrinsic dimension of datasets by a minimal neighborhood "
        "information. Scientific Reports 7:12140 (2017).",
        "E. Levina, P. Bickel. Maximum likelihood estimation of intrinsic dimension. NIPS 17 "
        "(2004).",
        "F. Denti et al. The generalized ratios intrinsic dimension estimator. Scientific Reports "
        "12:20005 (2022).",
        "J. Horn. A rationale and test for the number of factors in factor analysis. Psychometrika "
        "30:179 (1965).",
        "H. Ninou, J. Kadmon, N. A. Cayco-Gajic. Curl Descent: Non-Gradient Learning Dynamics with "
        "Sign-Diverse Plasticity. NeurIPS 2025, arXiv:2510.02765.",
    ),
    equations=(
        Equation(
            "Participation ratio of the eigenvalues of the covariance of hidden activity over "
            "probes, or of the weights over records",
            r"\mathrm{PR} = \frac{\left(\sum_i \lambda_i\right)^2}{\sum_i \lambda_i^2}",
        ),
        Equation(
            "Entropy dimension",
            r"\exp\left(-\sum_i p_i \ln p_i\right), \qquad p_i = \lambda_i / \sum_j \lambda_j",
        ),
        Equation(
            "Maximum likelihood over the distances r of n probes to k neighbours",
            r"\frac{1}{\hat{d}} = \frac{1}{n (k-1)} \sum_i \sum_{j=1}^{k-1} \ln "
            r"\frac{r_{i,k}}{r_{i,j}}",
        ),
    ),
    beware=(
        "A covariance of n points has at most n - 1 dimensions: few probes or early records "
        "bound the answer from above.",
        "Probes are not trials of conditions: compare with the total covariance of a recording, "
        "never with the participation ratio of its condition means.",
        "Local dimensions above about ten come out too small with a few hundred probes.",
    ),
    run=run,
    rows=rows,
    estimate=estimate,
    example=example,
    experiments=lambda spec: (spec.experiment,),
    pinned=pinned,
    example_sources=EXAMPLE_SOURCES,
    reading=reading,
)
