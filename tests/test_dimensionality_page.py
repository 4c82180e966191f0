"""The page on analyses of a population has every one of them, and names files that are there."""

import re
from pathlib import Path

from core.kinds import KINDS
from tests.pages import DOCS, table

PAGE = DOCS / "dimensionality.md"
KERNELS = Path(__file__).parents[1] / "core" / "kernels"
FAMILIES = ("dimensionality.", "population.", "behaviour.", "cerebellar_block.", "power.")


def test_every_analysis_has_a_row_whose_metrics_it_declares() -> None:
    rows = {row[0].strip("` "): row for row in table(PAGE, "kind")}
    assert set(rows) == {name for name in KINDS if name.startswith(FAMILIES)}
    for name, row in rows.items():
        metrics = " ".join(KINDS[name].metrics)
        for shown in re.findall(r"`([a-z_0-9]+)(?:\.\.\.)?`", row[3]):
            if shown not in ("comparison", "block", "interaction"):  # arms
                assert shown in metrics, (name, shown)


def test_every_kernel_that_is_named_is_there() -> None:
    named = re.findall(r"`([a-z_]+\.py)`", PAGE.read_text())
    assert named
    assert all((KERNELS / name).exists() for name in named)
