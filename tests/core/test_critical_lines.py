"""The closed forms against published values, the parametric forms, and the spectrum's left edge."""

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.kernels.critical_lines import critical_hidden_fraction, critical_readout_fraction
from core.kernels.free_probability import Ensemble, critical_joint_fraction, left_edge
from tests.core.free_probability_twin import REFERENCE, hidden_line, readout_line

ratios = st.floats(-3, 3).map(lambda x: 10**x)
kappas = st.floats(-1, 1).map(lambda x: 10**x)


def case(row: dict[str, float]) -> str:
    return f"c={row['c']:g},kappa={row['kappa']:g}"


@pytest.mark.parametrize("row", REFERENCE["hidden"], ids=case)
def test_the_hidden_line_has_its_check_values(row: dict[str, float]) -> None:
    found = critical_hidden_fraction(row["c"], row["kappa"])
    assert found == pytest.approx(row["alpha_h"], abs=1e-9)


@pytest.mark.parametrize("row", REFERENCE["readout"], ids=case)
def test_the_readout_line_has_its_check_values(row: dict[str, float]) -> None:
    found = critical_readout_fraction(row["c"], row["kappa"])
    assert found == pytest.approx(row["alpha_r"], abs=1e-9)


@given(ratios, kappas)
def test_both_lines_are_their_parametric_forms(c: float, kappa: float) -> None:
    assert critical_hidden_fraction(c, kappa) == pytest.approx(hidden_line(c, kappa), abs=1e-9)
    assert critical_readout_fraction(c, kappa) == pytest.approx(readout_line(c, kappa), abs=1e-9)


def test_equal_scales_give_the_rational_curve_of_the_readout() -> None:
    t = np.linspace(0.01, 0.99, 99)
    c = t**2 / ((1 - t) * (1 + t + 2 * t**2))
    fraction = (1 - t) * (1 + t**2) / (2 * (1 + t + 2 * t**2))
    np.testing.assert_allclose(critical_readout_fraction(c, 1.0), fraction, rtol=1e-12)


@given(ratios, kappas)
def test_the_left_edge_is_zero_on_the_lines_and_changes_sign_across(c: float, kappa: float) -> None:
    def edge(alpha_h: Any, alpha_r: Any) -> float:
        return float(left_edge(Ensemble(c, alpha_h, alpha_r, kappa)))

    hidden, readout = (
        float(line(c, kappa)) for line in (critical_hidden_fraction, critical_readout_fraction)
    )
    scale = kappa + 1 / c
    if 0 < hidden < 1:
        assert edge(hidden, 0.0) == pytest.approx(0, abs=1e-9 * scale)
        assert edge(0.99 * hidden, 0.0) > 0 > edge(hidden + 0.01 * (1 - hidden), 0.0)
    if 0 < readout < 1:
        assert edge(0.0, readout) == pytest.approx(0, abs=1e-9 * scale)
        assert edge(0.0, 0.99 * readout) > 0 > edge(0.0, readout + 0.01 * (1 - readout))


@given(kappas)
def test_the_thresholds_are_where_the_specification_puts_them(kappa: float) -> None:
    robust, fragile = 1 / (1 + np.sqrt(kappa)) ** 2, 2 / (1 + 2 * kappa)
    assert critical_hidden_fraction(robust * 0.999999, kappa) == 1
    assert critical_hidden_fraction(robust * 1.001, kappa) < 1
    assert critical_hidden_fraction(fragile * 1.000001, kappa) == 0
    assert critical_hidden_fraction(fragile * 0.999, kappa) > 0
    if kappa < 0.99:
        assert critical_readout_fraction(1.000001 / (2 * (1 - kappa)), kappa) == 0
        assert critical_readout_fraction(0.999 / (2 * (1 - kappa)), kappa) > 0
    if kappa > 1.01:
        assert critical_readout_fraction(1.000001 / (np.sqrt(kappa) - 1) ** 2, kappa) == 1
        assert critical_readout_fraction(0.999 / (np.sqrt(kappa) - 1) ** 2, kappa) < 1


@settings(max_examples=25)
@example(c=0.1**0.5, alpha_h=1e-45, kappa=1.0)  # too small a share to be seen beside the others
@given(ratios, st.floats(0, 1), kappas)
def test_the_joint_line_is_where_bisection_of_the_left_edge_finds_it(
    c: float, alpha_h: float, kappa: float
) -> None:
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        stable = left_edge(Ensemble(c, alpha_h, middle, kappa)) > 0
        low, high = (middle, high) if stable else (low, middle)
    # Where the edge only touches zero, rounding moves the bisection and not the closed form.
    assert critical_joint_fraction(c, alpha_h, kappa) == pytest.approx(low, abs=1e-6)


@given(ratios, kappas)
def test_without_flipped_inputs_the_joint_line_is_the_readout_line(c: float, kappa: float) -> None:
    joint = critical_joint_fraction(c, 0.0, kappa)
    assert joint == pytest.approx(critical_readout_fraction(c, kappa), abs=1e-9)
