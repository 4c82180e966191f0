"""Which tests go to the same process: what some make, a compiled loop or a service, others use.

With pytest 9.2 the groups of pytest-xdist 3.8 have no effect: ids of tests are kept elsewhere.
"""

from typing import Any

from xdist.scheduler import LoadScopeScheduling

TOGETHER = (
    ("tests/dashboard/",),
    tuple(f"tests/core/test_{name}" for name in ("curl_", "lyapunov", "resume", "retirement")),
)
"""Beginnings of paths: one browser and what it looks at; the loops of the simulation."""

ALONE = (
    "tests/system/test_chaos.py",
    "tests/system/test_deployment.py",
    "tests/system/test_stack.py",
    "tests/solenoid/test_interruption.py",
)
"""Files whose tests take long and share nothing."""


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


def long_ones_first(nodeid: str) -> bool:
    """A sort key: what takes longest in one process is begun before all else."""
    return not nodeid.startswith(("tests/system/", "tests/test_every_kind.py"))
