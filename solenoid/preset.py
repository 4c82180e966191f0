"""A started preset: its experiments and sweeps by panel, and the pictures to look at."""

from collections.abc import Iterator, Mapping
from typing import Any

from solenoid.experiment import Experiment
from solenoid.figure import Figure
from solenoid.sweep import Sweep
from solenoid.transport import Transport


class StartedPreset(Mapping[str, Experiment | Sweep]):
    """What a preset became: an experiment or a sweep by the name of its panel."""

    def __init__(self, transport: Transport, data: Mapping[str, Any]) -> None:
        self._transport = transport
        self.data = data
        self._panels = {panel["name"]: _held(transport, panel) for panel in data["panels"]}

    def __getitem__(self, panel: str) -> Experiment | Sweep:
        return self._panels[panel]

    def __iter__(self) -> Iterator[str]:
        return iter(self._panels)

    def __len__(self) -> int:
        return len(self._panels)

    def wait(self, timeout: float | None = None) -> "StartedPreset":
        """Return when every panel has ended; each may take `timeout` seconds more."""
        for panel in self.values():
            panel.wait(timeout)
        return self

    def figures(self) -> dict[str, Figure]:
        """Its pictures, by panel and what they show; there once the panel has ended."""
        found = {}
        for panel in self.data["panels"]:
            for picture in panel["pictures"]:
                shows = picture["over"].get("metric", picture["figure"])
                found[f"{panel['name']}_{shows}"] = Figure(
                    self._transport,
                    f"{panel['href']}/figures",
                    picture["figure"],
                    f"{shows} of {self.data['preset']} / {panel['name']}",
                    picture["over"],
                )
        return found

    def __repr__(self) -> str:
        return f"<StartedPreset {self.data['preset']} {self.data['scale']}: {', '.join(self)}>"


def _held(transport: Transport, panel: Mapping[str, Any]) -> Experiment | Sweep:
    data = transport.get(panel["href"])
    return (Sweep if panel["type"] == "sweep" else Experiment)(transport, data)
