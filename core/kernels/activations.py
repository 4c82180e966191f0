"""Activation functions and their slopes, written so that the compiler can run them on vectors.

The C library's tanh takes one number at a time and was half of a simulation step; the exponentials
below, one for each precision, are arithmetic alone. The error of an activation against the exact
value stays under three units in the last place.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.kernels.compiled import inner, inner_by_precision

ACTIVATIONS = ("linear", "tanh", "relu", "sigmoid")
"""The order gives the codes that compiled functions take."""
LINEAR, TANH, RELU, SIGMOID = range(4)

_LOG2_E = 1.0 / math.log(2.0)
_C2, _C3, _C4, _C5, _C6, _C7 = (1.0 / math.factorial(n) for n in range(2, 8))
_C8, _C9, _C10, _C11, _C12, _C13 = (1.0 / math.factorial(n) for n in range(8, 14))

_ROUND = 1.5 * 2.0**52  # adding it leaves the nearest integer in the low bits of the mantissa
_LN2_HIGH = 6.93147180369123816490e-01  # log 2 in two parts, so that k log 2 loses nothing
_LN2_LOW = 1.90821492927058770002e-10
_ONE_BITS = 1023 << 52
_LARGEST = 700.0

_f = np.float32
_ROUND_SINGLE = _f(1.5 * 2.0**23)
_LN2_HIGH_SINGLE = _f(0.693359375)
_LN2_LOW_SINGLE = _f(math.log(2.0) - 0.693359375)
_ONE_BITS_SINGLE = np.int32(127 << 23)
_LARGEST_SINGLE = _f(80.0)
_LOG2_E_SINGLE, _ONE, _TWO = _f(_LOG2_E), _f(1.0), _f(2.0)
_S2, _S3, _S4, _S5, _S6, _S7, _S8 = (_f(c) for c in (_C2, _C3, _C4, _C5, _C6, _C7, _C8))


@inner
def activate(code: int, a: NDArray[Any], size: int) -> None:
    """Replace the first `size` numbers a by phi(a); `a` is one-dimensional and contiguous."""
    one, two = a.dtype.type(1), a.dtype.type(2)
    if code == TANH:
        for i in range(size):
            t = _expm1(two * a[i])
            a[i] = t / (t + two)
    elif code == SIGMOID:
        for i in range(size):
            a[i] = one / (two + _expm1(-a[i]))
    elif code == RELU:
        for i in range(size):
            a[i] = 0.0 if a[i] < 0.0 else a[i]


@inner
def multiply_by_slope(code: int, h: NDArray[Any], d: NDArray[Any], size: int) -> None:
    """d <- d phi'(a), where the slope is read off h = phi(a); the slope of ReLU at 0 is 0."""
    if code == TANH:
        for i in range(size):
            d[i] -= d[i] * h[i] * h[i]
    elif code == SIGMOID:
        for i in range(size):
            d[i] *= h[i] - h[i] * h[i]
    elif code == RELU:
        for i in range(size):
            d[i] = 0.0 if h[i] <= 0.0 else d[i]


def _expm1_double(x: float) -> float:
    """e^x - 1 = 2^k (e^r - 1) + (2^k - 1) with x = k log 2 + r, |r| <= log(2) / 2.

    e^r - 1 is its Taylor series to r^13, in pairs of terms (Estrin) that do not wait for each
    other. Beyond +-700 the argument is cut, which keeps nan.
    """
    y = -_LARGEST if x < -_LARGEST else (_LARGEST if x > _LARGEST else x)
    shifted = y * _LOG2_E + _ROUND
    k = shifted - _ROUND
    r = (y - k * _LN2_HIGH) - k * _LN2_LOW
    r2 = r * r
    low = (_C3 * r + _C2) + r2 * (_C5 * r + _C4)
    middle = (_C7 * r + _C6) + r2 * (_C9 * r + _C8)
    high = (_C11 * r + _C10) + r2 * (_C13 * r + _C12)
    r4 = r2 * r2
    p = low + r4 * (middle + r4 * high)
    bits = (np.float64(shifted).view(np.int64) << 52) + _ONE_BITS
    two_to_k = np.int64(bits).view(np.float64)
    return float(two_to_k * (r + r2 * p) + (two_to_k - 1.0))


def _expm1_single(x: Any) -> Any:
    """The same in float32: the series to r^8, the argument cut beyond +-80."""
    largest = _LARGEST_SINGLE
    y = -largest if x < -largest else (largest if x > largest else x)
    shifted = y * _LOG2_E_SINGLE + _ROUND_SINGLE
    k = shifted - _ROUND_SINGLE
    r = (y - k * _LN2_HIGH_SINGLE) - k * _LN2_LOW_SINGLE
    r2 = r * r
    low = (_S3 * r + _S2) + r2 * (_S5 * r + _S4)
    p = low + r2 * r2 * ((_S7 * r + _S6) + r2 * _S8)
    bits = (_f(shifted).view(np.int32) << np.int32(23)) + _ONE_BITS_SINGLE
    two_to_k = np.int32(bits).view(_f)
    return two_to_k * (r + r2 * p) + (two_to_k - _ONE)


_expm1 = inner_by_precision(_expm1_double, _expm1_single)
