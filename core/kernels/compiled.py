"""How this house compiles its loops: one place for the floating-point licence it gives LLVM.

All forms are single-threaded and repeat their bits: a compiled loop adds in an order that depends
on the shapes alone, never on how many networks are stepped beside it.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar, cast

import numba
from numba import extending
from numba.core import event

from core.kernels.cache import CACHE

F = TypeVar("F", bound=Callable[..., Any])

_EXACT = {"contract"}  # a*b + c may become one rounding; nothing else changes
_SUMS = {"contract", "reassoc", "nsz"}  # sums may be split over vector lanes; inf and nan stay


_config: Any = numba.config
_config.CACHE_DIR = str(CACHE)

_event: Any = event
_overload: Any = extending.overload
_njit: Any = numba.njit  # its published types do not know the two switches of `_inner`


def kernel(function: F) -> F:
    """Compiled loops that Python calls; the machine code is kept on disk."""
    options = {"error_model": "numpy", "fastmath": _EXACT}
    return cast(F, _njit(cache=True, nogil=True, **options)(function))


def inner(function: F) -> F:
    """Compiled loops that only kernels call, operations in the order written."""
    return _inner(function, _EXACT)


def inner_sums(function: F) -> F:
    """As `inner`, for loops whose sums should run on vectors."""
    return _inner(function, _SUMS)


def inner_by_precision(double: F, single: F) -> F:
    """As `inner`: one of two functions, by the precision of their only argument."""

    def chosen(x: Any) -> Any:
        raise NotImplementedError("only compiled loops call it")

    options = {"forceinline": True, "error_model": "numpy", "fastmath": _EXACT}
    _overload(chosen, jit_options=options, strict=False)(
        lambda x: single if x == numba.float32 else double
    )
    return cast(F, chosen)


def while_compiling(pause: Callable[[], None]) -> AbstractContextManager[None]:
    """Meanwhile `pause` is called between the passes of the compiler, and may raise.

    A cold cache costs the first run tens of seconds, and one pass at most a few.
    """
    installed: AbstractContextManager[None] = _event.install_listener(
        "numba:run_pass", _Pass(pause)
    )
    return installed


class _Pass(_event.Listener):  # type: ignore[misc]
    """Hears of every pass of the compiler."""

    def __init__(self, pause: Callable[[], None]) -> None:
        self._pause = pause

    def on_start(self, _: object) -> None:
        """Before a pass; what came of one that ended is not thrown away."""
        self._pause()

    def on_end(self, _: object) -> None:
        """After a pass."""


def _inner(function: F, licence: set[str]) -> F:
    """Always inlined: passing the arrays of a network took as long as stepping a small one."""
    return cast(
        F,
        _njit(
            no_cpython_wrapper=True,
            no_cfunc_wrapper=True,
            forceinline=True,
            error_model="numpy",
            fastmath=licence,
        )(function),
    )
