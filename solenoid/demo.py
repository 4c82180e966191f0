"""`solenoid demo`: the whole service, once, on a real recording and on a paper's experiment."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console

from solenoid.bars import follow
from solenoid.client import Client
from solenoid.commands.options import make_folder
from solenoid.dataset import Dataset
from solenoid.demo_report import dimensions, speedups
from solenoid.errors import SolenoidError
from solenoid.experiment import Experiment
from solenoid.interruption import Interrupted, interruptible, undisturbed
from solenoid.stack import local_stack
from solenoid.sweep import Sweep
from solenoid.terminal import console, shown

RECORDING = "golub_bci_sessions.npz"
PRESET = "speedup-training-size"
DIMENSIONS = "participation ratio"


class DemoFailed(SolenoidError):
    """An experiment of the demo did not succeed."""


def run(output: Path, *, keep: bool) -> int:
    """Run the demo; its exit code."""
    begun = time.monotonic()
    screen = console()
    make_folder(output)
    try:
        with interruptible(), _data_dir(output, keep) as folder:
            _run(folder, output, screen)
    except Interrupted as interrupted:
        screen.print("interrupted; everything was stopped")
        return interrupted.exit_code
    if keep:
        screen.print(shown(f"kept: solenoid up --data-dir {output / 'data'}"))
    screen.print(f"everything was stopped; {time.monotonic() - begun:.0f} s in all")
    return 0


def _run(folder: Path, output: Path, screen: Console) -> None:
    screen.print("starting the service: broker, workers, database, API")
    with local_stack(folder, workers=os.cpu_count() or 1) as url, Client(url) as client:
        screen.print(f"it answers at {url}")
        recording = client.upload(_recording())
        _introduce(recording, screen)
        experiments = _submitted(client, recording)
        follow(experiments, screen)
        _check(experiments)
        panels = {name: each for name, each in experiments.items() if name != DIMENSIONS}
        speedups(panels, screen)
        dimensions(experiments[DIMENSIONS], screen)
        _draw(experiments[DIMENSIONS], panels, output, screen)
        screen.print("stopping the service")


def _introduce(recording: Dataset, screen: Console) -> None:
    summary = recording.summary
    screen.print(
        shown(
            f"uploaded {recording.name}: {summary['neurons']} units of motor cortex, "
            f"{summary['trials']} rows, {len(summary['targets'])} targets"
        )
    )


def _submitted(client: Client, recording: Dataset) -> dict[str, Experiment]:
    spec = {
        "dataset": recording.id,
        "block": {"factor": "block", "compare": ["before", "after"]},
    }
    ratio = client.submit("dimensionality.participation_ratio", spec, name="demo: learning")
    (panel,) = client.run_preset(PRESET, "quick").values()
    assert isinstance(panel, Sweep)
    sizes = {
        f"train_size_{experiment.spec['data']['train_size']}": experiment
        for experiment in panel.experiments()
    }
    return {DIMENSIONS: ratio, **sizes}


def _check(experiments: dict[str, Experiment]) -> None:
    for name, experiment in experiments.items():
        if experiment.status != "succeeded":
            why = f": {experiment.error}" if experiment.error else ""
            raise DemoFailed(f"{name} {experiment.status}{why}")


def _draw(ratio: Experiment, panels: dict[str, Experiment], output: Path, screen: Console) -> None:
    longest = next(iter(panels))
    pictures = {
        output / f"learning_curves_{longest}.png": panels[longest].figure("learning_curves"),
        output / "participation_ratio.png": ratio.figure("participation_ratio"),
    }
    screen.print("\ntwo pictures:")
    for path, figure in pictures.items():
        screen.print(shown(f"  {figure.save(path).resolve()}"))


def _recording() -> Path:
    """The bundled recording, found without importing the science."""
    package = find_spec("core.examples")
    if package is None or package.origin is None:
        raise DemoFailed("the bundled recordings are missing from this installation")
    return Path(package.origin).parent / RECORDING


@contextmanager
def _data_dir(output: Path, keep: bool) -> Iterator[Path]:
    """Where the service keeps its things: in the output folder, or gone afterwards."""
    if keep:
        yield output.absolute() / "data"
        return
    folder: Path | None = None
    try:
        with undisturbed():
            folder = Path(tempfile.mkdtemp(prefix="solenoid-demo-"))
        yield folder
    finally:
        with undisturbed():
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
