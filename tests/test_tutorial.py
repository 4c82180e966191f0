"""The tutorial runs as it stands, cell by cell."""

import re
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tests.stack import RunningStack

TUTORIAL = Path(__file__).parents[1] / "docs" / "tutorial.py"
_, *_PARTS = re.split(r"^# %%(.*)\n", TUTORIAL.read_text(), flags=re.MULTILINE)
CELLS = list(zip(_PARTS[::2], _PARTS[1::2], strict=True))


PICTURES = ("learning_curves", "heat_map", "phase_diagram", "participation_ratio", "report")


@dataclass(frozen=True)
class Reading:
    """What the cells defined and printed, and the folder they ran in."""

    defined: dict[str, Any]
    printed: str
    folder: Path


@pytest.fixture(scope="module")
def reading(stack: RunningStack, tmp_path_factory: pytest.TempPathFactory) -> Reading:
    """The tutorial after all of its cells ran, one after the other, in an empty folder."""
    folder, printed = tmp_path_factory.mktemp("tutorial"), StringIO()
    defined: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as environment, redirect_stdout(printed):
        environment.setenv("SOLENOID_URL", stack.url)
        environment.chdir(folder)
        for number, (title, body) in enumerate(CELLS):
            if "[markdown]" not in title:
                exec(compile(body, f"{TUTORIAL.name}, cell {number}", "exec"), defined)
    return Reading(defined, printed.getvalue(), folder)


def test_the_tutorial_makes_what_it_promises(reading: Reading) -> None:
    defined, printed = reading.defined, reading.printed
    for picture in PICTURES:
        content = (reading.folder / f"{picture}.png").read_bytes()
        assert content.startswith(b"\x89PNG"), picture
    assert len(defined["table"]) == 2 * 5
    assert defined["sweep"].counts["succeeded"] == 12
    assert len(defined["grouped"]) == 12
    assert len(defined["robust"]) > 0
    assert defined["per_shape"]["networks"].tolist() == [4 * 3] * 3
    assert "9 experiments" in printed
    assert "3 new experiments" in printed


def test_what_the_tutorial_says_of_its_numbers_is_so(reading: Reading) -> None:
    ratio = reading.defined["ratio"]
    assert ratio[0.0].tolist() == [1.0, 1.0, 1.0]
    assert ratio[0.3, 0.25] < 1.5, "the expanding network hardly notices"
    assert ratio[0.3, 4.0] > 3, "the compressing network pays"
    limits = reading.defined["limits"]
    assert limits["hidden_robust_below"] == 1 / 4, "an expansion of fourfold or more"
    assert limits["hidden_fragile_above"] == 2 / 3
    assert len(reading.defined["findings"]) == 9
    assert reading.defined["findings"]["supported"].sum() > 5
