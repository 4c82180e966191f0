"""Looking after an installation, on its own machine: backups, and space given back."""

from pathlib import Path
from typing import Annotated

import typer

from solenoid.commands.own_machine import DataDir, become


def backup(
    folder: Annotated[Path, typer.Argument(help="An empty folder, or one to be made.")],
    data_dir: DataDir = None,
) -> None:
    """Copy database and datasets while the service runs; `up --data-dir FOLDER` starts the copy."""
    become("store.upkeep", data_dir, "backup", str(folder.absolute()))


def vacuum(data_dir: DataDir = None) -> None:
    """Remove dataset files that belong to nothing, and shrink the database to its content."""
    become("store.upkeep", data_dir, "vacuum")
