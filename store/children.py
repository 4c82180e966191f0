"""Questions to short-lived child processes: a module of ours, a JSON request, a JSON answer.

A child for which the disk is full answers `{"no_room": errno}`.
"""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

FULL = (errno.ENOSPC, errno.EDQUOT)  # and not EFBIG, which is our own limit of a file's size


class NoRoom(OSError):
    """The disk is full: no fault of what was asked."""


class TookTooLong(Exception):
    """A child that was stopped at its time limit."""


class Died(Exception):
    """A child that ended without an answer; `status` is its exit status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"exit status {status}")
        self.status = status


def answer_of(module: str, request: Mapping[str, Any], seconds: float) -> Any:
    """What `python -P -m module` answers; raises `TookTooLong`, `Died` or `NoRoom`."""
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
        answer = json.loads(child.stdout)
    except json.JSONDecodeError:
        raise Died(child.returncode) from None
    if "no_room" in answer:
        raise NoRoom(answer["no_room"], os.strerror(answer["no_room"]))
    return answer
