"""How a spec says that a value is outside of its limits, where one field alone cannot tell."""

from typing import Annotated

from pydantic import Field
from pydantic_core import PydanticCustomError

MAX_SCALE = 1e6

Scale = Annotated[float, Field(gt=0, le=MAX_SCALE)]


def out_of_limits(field: str, value: object, message: str) -> PydanticCustomError:
    """A refusal that names value and limit in its text, and the field for programs to put first."""
    context = {"field": field, "value": str(value), "given": value, "message": message}
    return PydanticCustomError("out_of_limits", "{value} {message}", context)
