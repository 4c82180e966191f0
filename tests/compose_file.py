"""docker-compose.yml as Compose reads it, and as this machine can run it without containers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from tests.pages import ROOT

FILE = ROOT / "docker-compose.yml"
EXAMPLE = ROOT / ".env.example"
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


@dataclass(frozen=True)
class Unset(Exception):
    """A variable that must have a value, and what is said where it has none."""

    name: str
    message: str


def variables(text: str) -> dict[str, str]:
    """What a .env file sets."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def mentioned() -> set[str]:
    """The variables that the file asks for."""
    return {found[0] for found in _VARIABLE.findall(_without_comments())}


def interpolated(values: Mapping[str, str]) -> str:
    """The file with its variables filled in; raises `Unset`."""

    def value(found: re.Match[str]) -> str:
        name, sign, rest = found.groups()
        if values.get(name):
            return values[name]
        if sign == "-":
            return str(rest)
        raise Unset(name, str(rest))

    return _VARIABLE.sub(value, _without_comments())


def services(values: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The services by name, with anchors and merge keys resolved."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(interpolated(values))["services"]
    return found


def _without_comments() -> str:
    lines = FILE.read_text().splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))
