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
KIND = "CurlDescentToy"
RECORDING = ("scenario", "baseline_trials", "seed")


@pytest.mark.timeout(700)
def test_every_answer_is_a_declared_one(tmp_path_factory: pytest.TempPathFactory) -> None:
    """On a service of its own, because it also starts the papers' experiments in full size.

    Event streams are left out: they end only when their experiment does.
    """
    with RunningStack(tmp_path_factory.mktemp("fuzzed")) as stack:
        for worker in stack.descendants("spawn_main"):
            worker.suspend()  # what is asked for in full size would take half of the machine
        fuzz(stack, shortened(document(stack)), "examples,coverage")


@pytest.mark.timeout(700)
def test_with_tokens_too_every_answer_is_a_declared_one(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Once as an administrator and once as nobody, who is refused everywhere but never unheard."""
    limits: dict[str, Any] = {"require_tokens": True, "max_requests_per_minute": 1_000_000}
    folder = tmp_path_factory.mktemp("locked")
    secret = admin_token(folder)
    with RunningStack(folder, **limits) as stack:
        described = document(stack)
        fuzz(stack, described, "fuzzing", "--header", f"Authorization: Bearer {secret}")
        strangers = stack.http.get("/v1/experiments")
        assert strangers.status_code == 401
        fuzz(stack, described, "fuzzing")


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


def document(stack: RunningStack) -> dict[str, Any]:
    """The OpenAPI document: where tokens are needed, strangers cannot read it."""
    return create_app(Settings(data_dir=stack.folder)).openapi()


def shortened(described: dict[str, Any]) -> dict[str, Any]:
    """The same document with one kind of experiment, few properties of a recording, axes once.

    The borders of every kind's fields are tested with the kinds; here they would be 8000 cases of
    the same two calls, those of a recording 400 that each make one, and those of axes, which a new
    sweep is asked for, 500 of its preview and its extension.
    """
    for path in ("/v1/experiments", "/v1/experiments/estimate"):
        body = described["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        (found,) = [choice for choice in body["schema"]["oneOf"] if KIND in choice["$ref"]]
        body["schema"] = found
    schemas = described["components"]["schemas"]
    recording = schemas["SyntheticSpec"]
    recording["properties"] = {name: recording["properties"][name] for name in RECORDING}
    axes = {"axes": {"type": "object"}}
    schemas["Extension"]["properties"] |= axes
    sweep = schemas["SweepRequest"]
    body = described["paths"]["/v1/sweeps/preview"]["post"]["requestBody"]["content"]
    body["application/json"]["schema"] = {**sweep, "properties": sweep["properties"] | axes}
    return described


def fuzz(stack: RunningStack, described: dict[str, Any], phases: str, *options: str) -> None:
    """Ask everything that a document describes, and believe no answer that it does not."""
    path = stack.folder / "openapi.json"
    path.write_text(json.dumps(described))
    fuzzer = Path(sys.executable).with_name("st")
    run = subprocess.run(
        [
            *(fuzzer, "run", path, "--url", stack.url, "--no-color"),
            *("--phases", phases, "--max-examples", "1", *options),
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
