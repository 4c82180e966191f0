"""What computes here: enough to tell whether another machine would give the same bits."""

import sys
from functools import cache
from importlib.metadata import version

from core.kinds import KINDS


@cache
def versions() -> dict[str, str]:
    """The versions of everything that a result depends on."""
    packages = ("solenoid", "numpy", "scipy", "numba")
    return {"python": sys.version.split()[0], **{name: version(name) for name in packages}}


def versions_of(kind: str) -> dict[str, str]:
    """The same with the version of a kind: whoever has all of them may go on with its state."""
    return {**versions(), "kind": str(KINDS[kind].version)}
