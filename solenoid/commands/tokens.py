"""Tokens, made on the machine of the service itself: they go into its database, not over HTTP."""

import os
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

app = typer.Typer(no_args_is_help=True, help="Make, list and delete the service's tokens.")

DataDir = Annotated[
    Path | None, typer.Option(help="The data directory of the service; the usual one if not given.")
]


class Role(StrEnum):
    """What a token allows."""

    READ = "read"
    SUBMIT = "submit"
    ADMIN = "admin"


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Whose it is: the owner of what is made with it.")],
    role: Annotated[Role, typer.Option(help="What it allows.")] = Role.SUBMIT,
    data_dir: DataDir = None,
) -> None:
    """Make a token and print it, this once."""
    _run(data_dir, "create", name, "--role", role.value)


@app.command("list")
def list_tokens(data_dir: DataDir = None) -> None:
    """All tokens: id, role, name."""
    _run(data_dir, "list")


@app.command("delete")
def delete(
    id: Annotated[str, typer.Argument(metavar="ID", help="The token's id.")],
    data_dir: DataDir = None,
) -> None:
    """Let nobody in with this token any more."""
    _run(data_dir, "delete", id)


def _run(data_dir: Path | None, *arguments: str) -> NoReturn:
    """Become the process of the service that does it."""
    command = [sys.executable, "-P", "-m", "store.tokens", *arguments]
    given: Mapping[str, str] = (
        {} if data_dir is None else {"SOLENOID_DATA_DIR": str(data_dir.absolute())}
    )
    sys.stdout.flush()
    os.execve(sys.executable, command, {**os.environ, **given})
