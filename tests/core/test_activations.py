"""Activations against numpy, and their slopes against finite differences."""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

from core.kernels.activations import (
    ACTIVATIONS,
    RELU,
    SIGMOID,
    TANH,
    activate,
    multiply_by_slope,
)
from tests.core.curl_twin import phi, slope

Array = NDArray[Any]
_compiled: Callable[[Any], Any] = numba.njit


@_compiled
def _activated(code: int, a: Array) -> Array:
    activate(code, a, a.size)
    return a


@_compiled
def _sloped(code: int, h: Array, d: Array) -> Array:
    multiply_by_slope(code, h, d, d.size)
    return d


def arguments() -> Array:
    rng = np.random.default_rng(0)
    parts = [np.linspace(-40, 40, 400_001), 10.0 ** rng.uniform(-300, 2, 100_000)]
    return np.concatenate([*parts, -parts[1], [0.0]])


def errors_in_ulp(got: Array, expected: Array) -> Array:
    return np.asarray(np.abs(got - expected) / np.spacing(np.abs(expected)))


def test_tanh_is_within_three_units_in_the_last_place_of_numpy() -> None:
    a = arguments()
    assert errors_in_ulp(_activated(TANH, a.copy()), np.tanh(a)).max() <= 3


def test_sigmoid_is_within_three_units_in_the_last_place_of_the_exact_value() -> None:
    a = arguments()
    a = a[np.abs(a) < 600]
    exact = 1 / (1 + np.exp(-a.astype(np.longdouble)))
    assert errors_in_ulp(_activated(SIGMOID, a.copy()), exact.astype(float)).max() <= 3


@pytest.mark.parametrize("code", [TANH, SIGMOID])
def test_float32_activations_are_within_three_units_in_their_last_place(code: int) -> None:
    chance = np.random.default_rng(0)
    a = np.append(np.linspace(-60, 60, 300_001), 10.0 ** chance.uniform(-30, 1, 100_000))
    a = np.concatenate([a, -a]).astype(np.float32)
    exact = phi(ACTIVATIONS[code], a.astype(float)).astype(np.float32)
    assert errors_in_ulp(_activated(code, a.copy()), exact).max() <= 3


@pytest.mark.parametrize("code", range(len(ACTIVATIONS)))
@pytest.mark.parametrize(("dtype", "large"), [(np.float64, 1e300), (np.float32, 1e30)])
def test_infinite_and_missing_arguments_keep_their_meaning(
    code: int, dtype: type, large: float
) -> None:
    a: Array = np.array([np.inf, -np.inf, np.nan, large, -large], dtype)
    with np.errstate(over="ignore"):
        expected = phi(ACTIVATIONS[code], a.copy())
    got = _activated(code, a.copy())
    assert np.isnan(got[2])
    np.testing.assert_allclose(np.delete(got, 2), np.delete(expected, 2), atol=1 / large)


@pytest.mark.parametrize("code", range(len(ACTIVATIONS)))
def test_slopes_are_those_of_finite_differences(code: int) -> None:
    a = np.linspace(-3, 3, 602)  # no zero: the slope of relu jumps there
    step = 1e-6
    centred = (_activated(code, a + step) - _activated(code, a - step)) / (2 * step)
    got = _sloped(code, _activated(code, a.copy()), np.ones_like(a))
    np.testing.assert_allclose(got, centred, atol=1e-9)
    np.testing.assert_allclose(got, slope(ACTIVATIONS[code], a), rtol=1e-12, atol=1e-15)


def test_the_slope_of_relu_at_zero_is_zero() -> None:
    assert _sloped(RELU, np.zeros(3), np.ones(3)).tolist() == [0, 0, 0]
