"""Activation functions and their slopes, written so that the compiler can run them on vectors.

The C library's tanh takes one number at a time and was half of a simulation step; the exponential
below is arithmetic alone. Its error against the exact value stays under three units in the last
place. Float32 values are widened, computed and rounded once.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.kernels.compiled import inner

ACTIVATIONS = ("linear", "tanh", "relu", "sigmoid")
"""The order gives the codes that compiled functions take."""
LINEAR, TANH, RELU, SIGMOID = range(4)

_ROUND = 1.5 * 2.0**52  # adding it leaves the nearest integer in the low bits of the mantissa
_LOG2_E = 1.0 / math.log(2.0)
_LN2_HIGH = 6.93147180369123816490e-01  # log 2 in two parts, so that k log 2 loses nothing
_LN2_LOW = 1.90821492927058770002e-10
_ONE_BITS = 1023 << 52
_LARGEST = 700.0
_C2, _C3, _C4, _C5, _C6, _C7 = (1.0 / math.factorial(n) for n in range(2, 8))
_C8, _C9, _C10, _C11, _C12, _C13 = (1.0 / math.factorial(n) for n in range(8, 14))


@inner
def activate(code: int, a: NDArray[Any], size: int) -> None:
    """Replace the first `size` numbers a by phi(a); `a` is one-dimensional and contiguous."""
    if code == TANH:
        for i in range(size):
            t = _expm1(2.0 * a[i])
            a[i] = t / (t + 2.0)
    elif code == SIGMOID:
        for i in range(size):
            a[i] = 1.0 / (2.0 + _expm1(-a[i]))
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


@inner
def _expm1(x: float) -> float:
    """e^x - 1 = 2^k (e^r - 1) + (2^k - 1) with x = k log 2 + r, |r| <= log(2) / 2.

    e^r - 1 is its Taylor series to r^13. Beyond +-700 the argument is cut, which keeps nan.
    """
    y = -_LARGEST if x < -_LARGEST else (_LARGEST if x > _LARGEST else x)
    shifted = y * _LOG2_E + _ROUND
    k = shifted - _ROUND
    r = (y - k * _LN2_HIGH) - k * _LN2_LOW
    p = ((((_C13 * r + _C12) * r + _C11) * r + _C10) * r + _C9) * r + _C8
    p = (((((p * r + _C7) * r + _C6) * r + _C5) * r + _C4) * r + _C3) * r + _C2
    bits = (np.float64(shifted).view(np.int64) << 52) + _ONE_BITS
    two_to_k = np.int64(bits).view(np.float64)
    return float(two_to_k * (r + r * r * p) + (two_to_k - 1.0))
