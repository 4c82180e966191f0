"""Facts about experiments and sweeps in the words of the command line."""

import json
from typing import Any

from solenoid.experiment import Experiment
from solenoid.sweep import Sweep


def about(number: float) -> str:
    """Two figures of it: 0.0013, 140, 3200."""
    return f"{float(f'{number:.2g}'):g}"


def moment(one: Experiment | Sweep) -> str:
    """When it was accepted, by the clock on the wall here."""
    return one.created_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def stored(one: Experiment | Sweep) -> str | None:
    """What its arrays take in the database; None while there are none."""
    return f"{one.disk_bytes / 2**20:.3g} MiB" if one.disk_bytes else None


def hook(one: Experiment | Sweep) -> str | None:
    """Whom its end is told, and how far that has come; None if nobody."""
    if one.on_end is None:
        return None
    receiver = one.on_end["webhook"] or f"command {one.on_end['command']}"
    error = f": {one.on_end['error']}" if one.on_end["error"] else ""
    return f"{receiver} ({one.on_end['state']}, attempts: {one.on_end['attempts']}{error})"


def flat(spec: dict[str, Any]) -> str:
    """A spec as the assignments that `submit` takes, one on a line."""
    return "\n".join(f"{path}={json.dumps(value)}" for path, value in _leaves(spec, ""))


def _leaves(spec: dict[str, Any], above: str) -> list[tuple[str, Any]]:
    lines: list[tuple[str, Any]] = []
    for name, value in spec.items():
        inner = _leaves(value, f"{above}{name}.") if isinstance(value, dict) else ()
        lines.extend(inner or [(above + name, value)])
    return lines
