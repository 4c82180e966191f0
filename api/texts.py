"""Texts that people give: names, notes, tags, what they may hold, and how a refusal says it."""

from typing import Annotated

from pydantic import Field

from core.experiment import IDENTIFIER

# Any alphabet, but no control characters: PostgreSQL refuses NUL, and the others are invisible.
_PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
_PROSE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
_KEY = r"^[A-Za-z0-9_.-]+$"

SAYS = {
    _PRINTABLE: "no line breaks, tabs or other control characters",
    _PROSE: "no control characters but line breaks and tabs",
    _KEY: "letters, digits, _ . and - only",
    IDENTIFIER: "not an id; `solenoid datasets` and `solenoid list` tell those there are",
}
"""What is said of a text that does not match a pattern."""

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=_PRINTABLE)]
PartOfName = Annotated[str, Field(max_length=200, pattern=_PRINTABLE)]
Notes = Annotated[str, Field(max_length=20_000, pattern=_PROSE)]
TagKey = Annotated[str, Field(min_length=1, max_length=100, pattern=_KEY)]
TagValue = Annotated[str, Field(max_length=500, pattern=_PRINTABLE)]
