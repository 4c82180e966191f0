"""Every kind the service runs: this list is the only registration."""

from collections.abc import Mapping
from typing import Any

from core.experiment import Kind
from core.kinds import (
    curl_descent_phase_diagram,
    curl_descent_representation,
    curl_descent_simulation,
    curl_descent_stability,
    curl_descent_toy,
    participation_ratio,
    plasticity_curl,
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
    )
}
