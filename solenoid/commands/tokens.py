"""Tokens, made on the machine of the service itself: they go into its database, not over HTTP."""

from enum import StrEnum
from typing import Annotated

import typer

from solenoid.commands.own_machine import DataDir, become, prepare

app = typer.Typer(no_args_is_help=True, help="Make, list and delete the service's tokens.")


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
    prepare(data_dir)
    become("store.tokens", data_dir, "create", name, "--role", role.value)


@app.command("list")
def list_tokens(data_dir: DataDir = None) -> None:
    """All tokens: id, role, name."""
    become("store.tokens", data_dir, "list")


@app.command("delete")
def delete(
    id: Annotated[str, typer.Argument(metavar="ID", help="The token's id.")],
    data_dir: DataDir = None,
) -> None:
    """Let nobody in with this token any more."""
    become("store.tokens", data_dir, "delete", id)
