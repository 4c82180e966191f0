"""The service on this machine: start it in the foreground, or see it work once."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer


def up(
    data_dir: Annotated[
        Path | None, typer.Option(help="Where database, datasets and logs are kept.")
    ] = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 8000,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Experiments at once; one per core if not given.")
    ] = None,
) -> None:
    """Start the whole service on this machine; Ctrl-C stops it."""
    # -P: a folder named `core` or `api` where the user happens to be is not ours.
    command = [sys.executable, "-P", "-m", "workers.embedded", "--host", host, "--port", str(port)]
    if data_dir is not None:
        command += ["--data-dir", str(data_dir)]
    if workers is not None:
        command += ["--workers", str(workers)]
    sys.stdout.flush()
    os.execv(sys.executable, command)


def demo(
    output: Annotated[Path, typer.Option(help="The folder for the pictures.")] = Path(
        "demo-output"
    ),
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the database, in the output folder.")
    ] = False,
) -> None:
    """See the service work: a real recording and a paper's experiment, in about two minutes."""
    from solenoid.demo import run

    raise typer.Exit(run(output, keep=keep))
