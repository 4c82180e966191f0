"""The service answers as its own OpenAPI document says, whatever it is asked."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import migrations
from api.app import create_app
from store.settings import Settings
from tests.stack import RunningStack

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "unsupported_method",
)


@pytest.mark.timeout(700)
def test_every_answer_is_a_declared_one(tmp_path_factory: pytest.TempPathFactory) -> None:
    """On a service of its own, because it also starts the papers' experiments in full size.

    Event streams are left out: they end only when their experiment does.
    """
    with RunningStack(tmp_path_factory.mktemp("fuzzed"), workers=1) as stack:
        fuzz(stack, "examples,coverage,fuzzing", 2)


@pytest.mark.timeout(700)
def test_with_tokens_too_every_answer_is_a_declared_one(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Once as an administrator and once as nobody, who is refused everywhere but never unheard."""
    limits: dict[str, Any] = {"require_tokens": True, "max_requests_per_minute": 1_000_000}
    folder = tmp_path_factory.mktemp("locked")
    secret = admin_token(folder)
    with RunningStack(folder, workers=1, **limits) as stack:
        fuzz(stack, "fuzzing", 2, "--header", f"Authorization: Bearer {secret}")
        strangers = stack.http.get("/v1/experiments")
        assert strangers.status_code == 401
        fuzz(stack, "fuzzing", 1)


def admin_token(folder: Path) -> str:
    """The first token, made before the service starts: without one it refuses to."""
    migrations.upgrade(f"sqlite:///{folder / 'solenoid.db'}")
    made = subprocess.run(
        [sys.executable, "-P", "-m", "store.tokens", "create", "root", "--role", "admin"],
        env={**os.environ, "SOLENOID_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return made.stdout.strip()


def schema_of(stack: RunningStack) -> Path:
    """The document as a file: where tokens are needed, strangers cannot read it."""
    path = stack.folder / "openapi.json"
    path.write_text(json.dumps(create_app(Settings(data_dir=stack.folder)).openapi()))
    return path


def fuzz(stack: RunningStack, phases: str, examples: int, *options: str) -> None:
    fuzzer = Path(sys.executable).with_name("st")
    run = subprocess.run(
        [
            *(fuzzer, "run", schema_of(stack), "--url", stack.url, "--no-color"),
            *("--phases", phases, "--max-examples", str(examples), *options),
            *("--checks", ",".join(CHECKS), "--exclude-path-regex", "/events$"),
            *("--generation-deterministic", "--continue-on-failure", "--request-timeout", "60"),
        ],
        capture_output=True,
        text=True,
        timeout=600,
        cwd=stack.folder,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-8000:]
