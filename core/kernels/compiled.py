"""How this house compiles its loops: one place for the floating-point licence it gives LLVM.

All forms are single-threaded and repeat their bits: a compiled loop adds in an order that depends
on the shapes alone, never on how many networks are stepped beside it.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])

_EXACT = {"contract"}  # a*b + c may become one rounding; nothing else changes
_SUMS = {"contract", "reassoc", "nsz"}  # sums may be split over vector lanes; inf and nan stay


def kernel(function: F) -> F:
    """Compiled loops that Python calls; the machine code is kept on disk."""
    return cast(F, numba.njit(cache=True, nogil=True, **_options(_EXACT))(function))


def inner(function: F) -> F:
    """Compiled loops that only kernels call, operations in the order written."""
    return cast(
        F,
        numba.njit(
            no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=True, **_options(_EXACT)
        )(function),
    )


def inner_sums(function: F) -> F:
    """As `inner`, for loops whose sums should run on vectors."""
    return cast(
        F,
        numba.njit(
            no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=True, **_options(_SUMS)
        )(function),
    )


def _options(licence: set[str]) -> dict[str, Any]:
    return {"error_model": "numpy", "fastmath": licence}
