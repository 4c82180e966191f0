"""The pictures of docs/dimensionality.md.

    python -m benchmarks.population_pictures

Made of the bundled recordings; that of power takes seven minutes, which `--quick` leaves out.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.examples import EXAMPLES
from core.experiment import silent
from core.figures import rendered, themed
from core.kinds import KINDS
from core.reading import load_arrays

FOLDER = Path(__file__).parents[1] / "docs" / "images" / "dimensionality"
OF_EXAMPLES = {
    "report": ("cerebellar_block.report", "states"),
    "change": ("population.generalization", "change"),
}
POWER: Mapping[str, Any] = {
    "trials_per_target": [6, 12, 24],
    "neurons": [20, 60],
    "repetitions": 24,
    "permutations": 199,
    "simulations": 20,
}


def main() -> None:
    """Write them all."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="leave out the picture of power")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, (kind, figure) in OF_EXAMPLES.items():
        draw(name, kind, figure, KINDS[kind].example())
    if not options.parse_args().quick:
        spec = KINDS["power.analysis"].spec.model_validate(POWER)
        draw("power", "power.analysis", "power", spec)


def draw(name: str, kind: str, figure: str, spec: Any) -> None:
    """Run a spec and write one of its pictures."""
    known = {example.dataset_id: example.path for example in EXAMPLES}
    inputs = {dataset: load_arrays(known[dataset]) for dataset in KINDS[kind].datasets(spec)}
    result = KINDS[kind].run(spec, inputs, silent)
    document = themed(KINDS[kind].figures[figure].draw(spec, result))
    (FOLDER / f"{name}.png").write_bytes(rendered(document, "png"))
    print(FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
