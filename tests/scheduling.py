"""Which tests go to the same process: what some make, a compiled loop or a service, others use.

With pytest 9.2 the groups of pytest-xdist 3.8 have no effect: ids of tests are kept elsewhere.
"""

from typing import Any

from xdist.scheduler import LoadScopeScheduling

TOGETHER = (
    ("tests/test_every_kind.py",),
    ("tests/dashboard/", "tests/solenoid/", "tests/test_"),
    ("tests/api/",),
    tuple(f"tests/core/test_{name}" for name in ("curl_", "lyapunov", "resume", "retirement")),
)
"""Beginnings of paths: what looks at one service; the loops of the simulation."""

ALONE = (
    "tests/system/test_chaos.py",
    "tests/system/test_deployment.py",
    "tests/system/test_stack.py",
    "tests/solenoid/test_interruption.py",
    "tests/api/test_contract.py",
    "tests/test_adding_a_kind.py",
    "tests/test_installing.py",
)
"""Files whose tests take long and share nothing."""

FIRST = ("tests/dashboard/", "tests/solenoid/", "tests/test_", "tests/system/", "tests/api/")
"""Beginnings of paths, in the order in which they are begun, before all others."""


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # it is untyped
    """A file's tests go to one process, those of some neighbours too, and some each to any."""

    def __init__(self, config: Any, log: Any) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        if path in ALONE:
            return nodeid
        return next((group[0] for group in TOGETHER if path.startswith(group)), path)


def long_ones_first(nodeid: str) -> int:
    """A sort key: what takes longest in one process is begun before all else."""
    found = (place for place, start in enumerate(FIRST) if nodeid.startswith(start))
    return next(found, len(FIRST))
