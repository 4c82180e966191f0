"""Every kind the service runs: this list is the only registration."""

from collections.abc import Mapping
from typing import Any

from core.experiment import Kind
from core.kinds import curl_descent_simulation, participation_ratio

KINDS: Mapping[str, Kind[Any]] = {
    kind.name: kind for kind in (curl_descent_simulation.KIND, participation_ratio.KIND)
}
