"""Every kind the service runs: this list is the only registration."""

from collections.abc import Mapping
from typing import Any

from core.experiment import Kind
from core.kinds import (
    behaviour_adaptation,
    cerebellar_block_report,
    components,
    condition_distance,
    curl_descent_phase_diagram,
    curl_descent_representation,
    curl_descent_simulation,
    curl_descent_stability,
    curl_descent_toy,
    intrinsic,
    participation_ratio,
    plasticity_curl,
    population_generalization,
    population_reaiming,
    population_subspaces,
    power_analysis,
    variance_partition,
)

KINDS: Mapping[str, Kind[Any]] = {
    kind.name: kind
    for kind in (
        curl_descent_simulation.KIND,
        curl_descent_representation.KIND,
        curl_descent_stability.KIND,
        curl_descent_phase_diagram.KIND,
        curl_descent_toy.KIND,
        plasticity_curl.KIND,
        participation_ratio.KIND,
        components.KIND,
        intrinsic.KIND,
        variance_partition.KIND,
        condition_distance.KIND,
        population_generalization.KIND,
        population_reaiming.KIND,
        population_subspaces.KIND,
        behaviour_adaptation.KIND,
        cerebellar_block_report.KIND,
        power_analysis.KIND,
    )
}
