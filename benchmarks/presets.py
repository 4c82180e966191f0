"""Run every preset at its quick scale and write the page about them: `make presets`.

    python -m benchmarks.presets [NAME ...]

Pictures go to docs/images/presets, the page to docs/presets.md, after every preset; names leave the
sections of the others as they are. About ten minutes on two cores. What a preset took is told in
processor time of all processes of the service, which other work on the machine does not lengthen.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

import psutil
from PIL import Image

from benchmarks.one_core import one_core
from benchmarks.simulation import baseline
from core.curl_descent import SimulationSpec
from core.kinds import KINDS
from core.presets import PRESETS
from core.presets.preset import Panel, Preset
from core.sweeps import SweepDefinition, points
from solenoid import Client
from solenoid.facts import about
from solenoid.stack import local_stack

PAGE = Path("docs/presets.md")
PICTURES = Path("docs/images/presets")
COLOURS = 255
SHAPES = 5  # of a full panel, on which the usual loop is timed
OTHER_MACHINES = 2.0

INTRODUCTION = """# Presets

A preset is a figure of a paper as data: named panels, each one experiment or one sweep, with the
pictures to look at.

```sh
solenoid presets                                        # what there is
solenoid preset chaos-transition --output pictures      # run it, wait, save its pictures
```

Pictures are PNG, or with `--format` PDF or SVG.

`--scale quick` (the default) reduces grids, replicates and epochs so that a preset ends within two
minutes on two cores and still shows the effect; `--scale full` is the paper's size. Costs are what
`GET /v1/presets` states beforehand, for one core at 53 GFLOP/s in float64 matrix products. Beside a
quick one of which that was taken stands the processor time of the whole service on the machine that
made this page, shared by two cores; beside a full one what the usual loop over networks in numpy
(`benchmarks/baselines.py`) would take, per update as timed on some of the preset's shapes.

Networks that converge to rounding rest, so that runs that learn well cost less than stated. The
line in a map is the critical line of theory (`curl_descent.phase_diagram`). `make presets` makes
this page and its pictures.
"""


def main(names: Sequence[str]) -> None:
    """Run, draw, write."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    sections = _present()
    with (
        tempfile.TemporaryDirectory() as folder,
        local_stack(Path(folder), workers=os.cpu_count() or 1) as url,
        Client(url) as client,
    ):
        _wait_for_kernels()
        for name in names or PRESETS:
            sections[name] = _section(client, PRESETS[name])
            _write(sections)


def _wait_for_kernels() -> None:
    """Until the service has compiled them, which is no part of what a preset takes."""
    while any("workers.warm" in each.cmdline() for each in _service()):
        time.sleep(0.5)


def _present() -> dict[str, str]:
    """The sections that the page has already, by the name of their preset."""
    text = PAGE.read_text() if PAGE.exists() else ""
    sections = (f"## {section}" for section in text.split("\n## ")[1:])
    return {section.split("\n")[0].removeprefix("## "): section for section in sections}


def _write(sections: Mapping[str, str]) -> None:
    parts = [sections[name].strip() + "\n" for name in PRESETS if name in sections]
    PAGE.write_text("\n".join((INTRODUCTION, *parts)))


def _section(client: Client, preset: Preset) -> str:
    begun, busy = time.monotonic(), _processor_seconds()
    started = client.run_preset(preset.name, "quick").wait(timeout=1800)
    if not all(panel.succeeded for panel in started.values()):
        raise SystemExit(f"{preset.name} failed")
    took = _processor_seconds() - busy
    _check_usual_loop(preset)
    print(
        f"{preset.name}: {time.monotonic() - begun:.0f} s, {took:.0f} s of processor time",
        flush=True,
    )
    pictures = [
        _small(figure.save(PICTURES / f"{preset.name}_{shows}.png"))
        for shows, figure in started.figures().items()
    ]
    return "\n".join(
        (
            f"## {preset.name}\n",
            f"{preset.summary}\n",
            f"*{preset.reference}.* {preset.found}\n",
            f"Quick: {preset.quick} {_costs(preset, took)}\n",
            *(f"![{preset.name}: {p.stem}](images/presets/{p.name})\n" for p in pictures),
        )
    )


def _small(picture: Path) -> Path:
    """The same picture in few colours, a sixth of the bytes."""
    with Image.open(picture) as full:
        few = full.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(picture, optimize=True)
    return picture


def _processor_seconds() -> float:
    """Of all processes of the service, those that have ended too."""
    return sum(sum(each.cpu_times()[:4]) for each in _service())


def _service() -> list[psutil.Process]:
    """Its processes that have not ended."""
    own = psutil.Process().children(recursive=True)
    return [each for each in own if each.status() != psutil.STATUS_ZOMBIE]


def _costs(preset: Preset, took: float) -> str:
    """What both scales take, and the usual loop at full scale."""
    quick = 3600 * sum(_hours(panel) for panel in preset.panels["quick"])
    full = sum(_hours(panel) for panel in preset.panels["full"])
    usual = preset.usual_loop_hours
    beside = f"; the usual loop would take {about(usual)}" if usual is not None else ""
    return (
        f"About {about(quick)} s on one core; took {about(took)} s of processor time. "
        f"Full: about {about(full)} core-hours{beside}."
    )


def _check_usual_loop(preset: Preset) -> None:
    """Other machines and versions are some tens of per cent off what is declared, and no more."""
    declared = preset.usual_loop_hours or 0.0
    timed = sum(_usual_hours(panel) for panel in preset.panels["full"])
    if not declared / OTHER_MACHINES <= timed <= declared * OTHER_MACHINES:
        raise SystemExit(f"{preset.name}: usual_loop_hours is {declared:g}, timed {timed:.2g}")


def _hours(panel: Panel) -> float:
    """Of one core, estimated."""
    kind = KINDS[panel.kind]
    return sum(kind.estimate(spec, {}).seconds for spec in _specs(panel)) / 3600


def _usual_hours(panel: Panel) -> float:
    specs = [spec for spec in _specs(panel) if isinstance(spec, SimulationSpec)]
    return _usual_seconds(specs) / 3600


def _usual_seconds(specs: Sequence[SimulationSpec]) -> float:
    if not specs:
        return 0.0
    with one_core():
        timed = specs[:: -(-len(specs) // SHAPES)]
        per_update = median(baseline(spec, "as_usually_written") for spec in timed)
    return sum(_updates(spec) for spec in specs) * per_update * 1e-6


def _updates(spec: SimulationSpec) -> int:
    per_epoch = -(-spec.data.train_size // spec.batch)
    return spec.training.epochs * per_epoch * spec.replicates * len(spec.rules)


def _specs(panel: Panel) -> Iterator[object]:
    kind = KINDS[panel.kind]
    if panel.type == "experiment":
        yield kind.spec.model_validate(panel.spec)
        return
    document = {"base": panel.spec, "axes": panel.axes, "derive": panel.derive}
    for point in points(kind, SweepDefinition.model_validate(document)):
        yield point.spec


if __name__ == "__main__":
    main(sys.argv[1:])
