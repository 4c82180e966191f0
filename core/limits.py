"""How a spec says that a value is outside of its limits, where one field alone cannot tell."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

MAX_SCALE = 1e6

Scale = Annotated[float, Field(gt=0, le=MAX_SCALE)]


def _fraction(fraction: float) -> float:
    if not 0 <= fraction <= 1:
        raise ValueError(f"{fraction:g} is no fraction of a layer's neurons: from 0 to 1")
    return fraction


Fraction = Annotated[
    float, AfterValidator(_fraction), Field(json_schema_extra={"minimum": 0, "maximum": 1})
]


def out_of_limits(field: str, value: object, message: str) -> PydanticCustomError:
    """A refusal that names value and limit in its text, and the field for programs to put first."""
    shown = "null" if value is None else str(value)
    context = {"field": field, "value": shown, "given": value, "message": message}
    return PydanticCustomError("out_of_limits", "{value} {message}", context)
