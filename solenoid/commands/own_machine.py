"""Commands on the machine of the service itself: processes of the service, not calls over HTTP."""

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

DataDir = Annotated[
    Path | None, typer.Option(help="The data directory of the service; the usual one if not given.")
]


def become(module: str, data_dir: Path | None, *arguments: str) -> NoReturn:
    """Become the process of the service that does it."""
    # -P: a folder named `core` or `store` where the user happens to be is not ours.
    command = [sys.executable, "-P", "-m", module, *arguments]
    given = {} if data_dir is None else {"SOLENOID_DATA_DIR": str(data_dir.absolute())}
    sys.stdout.flush()
    os.execve(sys.executable, command, {**os.environ, **given})
