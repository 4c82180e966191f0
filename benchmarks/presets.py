"""Run every preset at its quick scale and write the page about them: `make presets`.

    python -m benchmarks.presets

Pictures go to docs/images/presets, the page to docs/presets.md. About fifteen minutes on two cores.
"""

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from benchmarks.one_core import one_core
from benchmarks.simulation import baseline
from core.curl_descent import SimulationSpec
from core.kinds import KINDS
from core.presets import PRESETS
from core.presets.preset import Panel, Preset
from core.sweeps import SweepDefinition, points
from solenoid import Client
from solenoid.stack import local_stack

PAGE = Path("docs/presets.md")
PICTURES = Path("docs/images/presets")
SHAPES = 5  # of a full panel, on which the usual loop is timed

INTRODUCTION = """# Presets

A preset is a figure of a paper as data: named panels, each one experiment or one sweep, with the
pictures to look at.

```sh
solenoid presets                                        # what there is
solenoid preset chaos-transition --output pictures      # run it, wait, save its pictures
```

`--scale quick` (the default) reduces grids, replicates and epochs so that a preset ends within two
minutes on two cores and still shows the effect; `--scale full` is the paper's size. The cost of a
full run is what `GET /v1/presets` states beforehand, in hours on one core; beside it stands what
the usual loop over networks in numpy (`benchmarks/baselines.py`) would take, timed on the same
machine. This page and its pictures are made by `make presets`; the dashed or coloured line in a map
is the critical line of [the theory](science.md).
"""


def main() -> None:
    """Run, draw, write."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        local_stack(Path(folder), workers=os.cpu_count() or 1) as url,
        Client(url) as client,
    ):
        parts = [INTRODUCTION, *(_section(client, preset) for preset in PRESETS.values())]
    PAGE.write_text("\n".join(parts))


def _section(client: Client, preset: Preset) -> str:
    begun = time.monotonic()
    started = client.run_preset(preset.name, "quick").wait(timeout=1800)
    took = time.monotonic() - begun
    if not all(panel.succeeded for panel in started.values()):
        raise SystemExit(f"{preset.name} failed")
    print(f"{preset.name}: {took:.0f} s", flush=True)
    pictures = [
        figure.save(PICTURES / f"{preset.name}_{shows}.png")
        for shows, figure in started.figures().items()
    ]
    return "\n".join(
        (
            f"## {preset.name}\n",
            f"{preset.summary}\n",
            f"*{preset.reference}.* {preset.found}\n",
            f"Quick: {preset.quick} It took {took:.0f} s.{_full(preset)}\n",
            *(f"![{preset.name}: {p.stem}](images/presets/{p.name})\n" for p in pictures),
        )
    )


def _full(preset: Preset) -> str:
    costs = [_hours(panel) for panel in preset.panels["full"]]
    ours, usual = (sum(hours) for hours in zip(*costs, strict=True))
    if not usual:
        return ""
    return f" Full: about {ours:.2g} hours on one core; the usual loop would take {usual:.2g}."


def _hours(panel: Panel) -> tuple[float, float]:
    """Of a full panel on one core: estimated, and by the usual loop."""
    kind = KINDS[panel.kind]
    specs = list(_specs(panel))
    ours = sum(kind.estimate(spec, {}).seconds for spec in specs)
    simulations = [spec for spec in specs if isinstance(spec, SimulationSpec)]
    return ours / 3600, _usual_seconds(simulations) / 3600


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
    main()
