"""Questions to short-lived child processes: a module of ours, a JSON request, a JSON answer."""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any


class TookTooLong(Exception):
    """A child that was stopped at its time limit."""


class Died(Exception):
    """A child that ended without an answer; `status` is its exit status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"exit status {status}")
        self.status = status


def answer_of(module: str, request: Mapping[str, Any], seconds: float) -> Any:
    """What `python -P -m module` answers on its standard output."""
    try:
        child = subprocess.run(
            [sys.executable, "-P", "-m", module],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TookTooLong from None
    try:
        return json.loads(child.stdout)
    except json.JSONDecodeError:
        raise Died(child.returncode) from None
