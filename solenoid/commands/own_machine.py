"""Commands on the machine of the service itself: processes of the service, not calls over HTTP."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

DataDir = Annotated[
    Path | None, typer.Option(help="The data directory of the service; the usual one if not given.")
]


def become(module: str, data_dir: Path | None, *arguments: str) -> NoReturn:
    """Become the process of the service that does it."""
    sys.stdout.flush()
    os.execve(sys.executable, _command(module, *arguments), _variables(data_dir))


def prepare(data_dir: Path | None) -> None:
    """Make the tables of a database that has none: a first token is made before the first start."""
    done = subprocess.run(_command("migrations", "first"), env=_variables(data_dir), check=False)
    if done.returncode:
        raise SystemExit(done.returncode)


def _command(module: str, *arguments: str) -> list[str]:
    # -P: a folder named `core` or `store` where the user happens to be is not ours.
    return [sys.executable, "-P", "-m", module, *arguments]


def _variables(data_dir: Path | None) -> dict[str, str]:
    given = {} if data_dir is None else {"SOLENOID_DATA_DIR": str(data_dir.absolute())}
    return {**os.environ, **given}
