"""Altair, imported when the first picture is drawn.

Of a stack's dozen processes few ever draw, and every one of them imports the kinds, which declare
their pictures.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt
else:

    class _Altair:
        def __getattr__(self, name: str) -> Any:
            return getattr(import_module("altair"), name)

    alt = _Altair()

__all__ = ["alt"]
