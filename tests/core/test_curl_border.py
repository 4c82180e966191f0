"""The line that theory draws through a sweep's map."""

from typing import Any

import numpy as np
import pytest

from core.curl_descent_border import border
from core.kinds import KINDS

KIND = KINDS["curl_descent.simulation"]
RATIOS = np.geomspace(0.01, 100, 50)
NO_FLIPS = {"hidden": {"count": 0}, "readout": {"count": 0}}


def line(y: str, x: str = "compression_ratio", **spec: Any) -> Any:
    return border(KIND.spec.model_validate({"flips": NO_FLIPS, **spec}), x, y, RATIOS)


def test_the_border_of_hidden_flips_ends_at_a_quarter_and_at_two_thirds() -> None:
    critical = line("hidden_fraction")
    assert np.all(critical[RATIOS <= 0.25] == 1)
    assert np.all(critical[RATIOS >= 2 / 3] == 0)
    between = (RATIOS > 0.25) & (RATIOS < 2 / 3)
    assert np.all(np.diff(critical[between]) < 0)


def test_the_teachers_norms_of_figure_3b_are_those_of_equal_scales() -> None:
    teacher = {"norms": {"W1": "sqrt_hidden", "W2": 1.0}}
    student = {"start": "at_solution"}
    normed = line("hidden_fraction", teacher=teacher, student=student)
    assert normed == pytest.approx(line("hidden_fraction"))
    doubled = {"norms": {"W1": "sqrt_hidden", "W2": 2.0}}
    other = line("hidden_fraction", teacher=doubled, student=student)
    assert not np.array_equal(other, normed)


@pytest.mark.parametrize(
    ("x", "y", "spec"),
    [
        ("student_scale", "hidden_fraction", {}),
        ("compression_ratio", "student_scale", {}),
        ("compression_ratio", "hidden_fraction", {"outputs": 2}),
        ("compression_ratio", "hidden_fraction", {"flips": {"readout": {"count": 1}}}),
        ("compression_ratio", "readout_fraction", {"flips": {**NO_FLIPS, "site": "postsynaptic"}}),
    ],
)
def test_no_line_is_drawn_where_theory_has_none(x: str, y: str, spec: dict[str, Any]) -> None:
    assert line(y, x, **spec) is None
