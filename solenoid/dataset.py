"""An uploaded recording, as the service has it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from solenoid.table import html_table


@dataclass(frozen=True)
class Dataset:
    """One dataset; `summary` is what the service found in the file."""

    data: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The id by which specs name it: the same for the same file everywhere."""
        return str(self.data["id"])

    @property
    def name(self) -> str:
        """The name of the file."""
        return str(self.data["name"])

    @property
    def status(self) -> str:
        """`inspecting`, `ready` or `refused`."""
        return str(self.data["status"])

    @property
    def summary(self) -> dict[str, Any]:
        """Trials, neurons, targets, block factors, cells; empty before inspection has ended."""
        return dict(self.data["summary"] or {})

    @property
    def warnings(self) -> list[str]:
        """What a reader of results on this dataset should know."""
        return list(self.summary.get("warnings", ()))

    @property
    def error(self) -> str | None:
        """Why it was refused."""
        error: str | None = self.data["error"]
        return error

    def facts(self) -> dict[str, str]:
        """The dataset in a few words."""
        summary = self.summary
        factors = summary.get("factors", {})
        facts = {
            "dataset": self.id,
            "name": self.name,
            "status": self.status,
            "arrays": ", ".join(_shaped(*each) for each in summary.get("arrays", {}).items()),
            "trials": summary.get("trials"),
            "neurons": summary.get("neurons"),
            "targets": len(summary.get("targets", ())) or None,
            "blocks": "; ".join(f"{name}: {_counted(n)}" for name, n in factors.items()),
            "behaviour": _behaviour(summary.get("behaviour")),
            "warnings": "; ".join(self.warnings),
            "error": self.error,
        }
        return {name: str(fact) for name, fact in facts.items() if fact}

    def __repr__(self) -> str:
        return f"<Dataset {self.id} {self.name} {self.status}>"

    def _repr_html_(self) -> str:
        return html_table(("", ""), iter(self.facts().items()))


def _shaped(name: str, array: Mapping[str, Any]) -> str:
    return f"{name} ({' x '.join(map(str, array['shape']))})" if array["shape"] else name


def _counted(labels: Mapping[str, int]) -> str:
    return ", ".join(f"{label} ({trials})" for label, trials in labels.items())


def _behaviour(found: Mapping[str, Any] | None) -> str:
    if not found:
        return ""
    return f"{found['trials']} trials, {found['missing']} missing, {found['clamp']} clamped"
