"""How this house compiles its loops: one place for the floating-point licence it gives LLVM.

Both forms are single-threaded and repeat their bits: a compiled loop adds in an order that depends
on the shapes alone, never on how many networks are stepped beside it.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Machine code that keeps the order of operations; only a*b + c may become one rounding."""
    return cast(F, numba.njit(**_options({"contract"}))(function))


def compiled_sums(function: F) -> F:
    """As `compiled`, but sums may be split over vector lanes; inf and nan keep their meaning."""
    return cast(F, numba.njit(**_options({"contract", "reassoc", "nsz"}))(function))


def _options(licence: set[str]) -> dict[str, Any]:
    return {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": licence}
