"""The service answers as its own OpenAPI document says, whatever it is asked."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.stack import RunningStack

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "unsupported_method",
)


def test_every_answer_is_a_declared_one(tmp_path_factory: pytest.TempPathFactory) -> None:
    """On a service of its own, because it also starts the papers' experiments in full size.

    Event streams are left out: they end only when their experiment does.
    """
    with RunningStack(tmp_path_factory.mktemp("fuzzed"), workers=1) as stack:
        fuzz(stack)


def fuzz(stack: RunningStack) -> None:
    fuzzer = Path(sys.executable).with_name("st")
    run = subprocess.run(
        [
            *(fuzzer, "run", f"{stack.url}/openapi.json", "--no-color"),
            *("--phases", "examples,coverage,fuzzing", "--max-examples", "8"),
            *("--checks", ",".join(CHECKS), "--exclude-path-regex", "/events$"),
            *("--generation-deterministic", "--continue-on-failure"),
        ],
        capture_output=True,
        text=True,
        timeout=170,
        cwd=stack.folder,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-8000:]
