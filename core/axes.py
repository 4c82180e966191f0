"""The axes of a sweep: lists, spaced values, fields that move together, random settings.

[0.05, 0.1]    {"linspace": [0, 1, 11]}    {"logspace": [-2, 1, 20]}
{"zip": {"seed": [1, 2], "hidden": [4, 8]}}
{"random": {"count": 50, "seed": 3, "draw": {"student_scale": {"loguniform": [0.01, 10]}}}}
"""

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, Discriminator, Field, JsonValue, Strict, Tag, model_validator

from core.experiment import MAX_INTEGER, Declared, Kind

MAX_POINTS_ON_AXIS = 100_000

Number = Annotated[float, Field(ge=-1e15, le=1e15)]
Count = Annotated[int, Field(ge=1, le=MAX_POINTS_ON_AXIS)]
Values = Annotated[list[JsonValue], Field(min_length=1, max_length=MAX_POINTS_ON_AXIS)]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_.]+$")]
Spaced = Annotated[tuple[Number, Number, Count], Strict(False)]
Exponent = Annotated[float, Field(ge=-308, le=308)]
"""Of ten, so that its power is a number and not zero."""

Together = Mapping[str, Any]
"""Values by axis name, set together."""


def _ascending(ends: tuple[Any, Any]) -> tuple[Any, Any]:
    low, high = ends
    if low > high:
        raise ValueError(f"the lower end {low:g} is above the upper end {high:g}")
    return ends


class Linspace(Declared):
    """Evenly spaced values, both ends included."""

    linspace: Spaced = Field(description="First value, last value, number of values.")


class Logspace(Declared):
    """Values evenly spaced in the exponent of ten, both ends included."""

    logspace: Annotated[tuple[Exponent, Exponent, Count], Strict(False)] = Field(
        description="First exponent, last exponent, number of values."
    )


class Zip(Declared):
    """Several fields that move together."""

    zip: dict[Name, Values] = Field(min_length=1, description="Lists of one length, by field.")

    @model_validator(mode="after")
    def _lengths_agree(self) -> "Zip":
        lengths = {name: len(values) for name, values in self.zip.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"zipped lists must have one length, but they have {lengths}")
        return self


class Uniform(Declared):
    """A number drawn evenly between two."""

    uniform: Annotated[tuple[Number, Number], Strict(False), AfterValidator(_ascending)]


class LogUniform(Declared):
    """A positive number whose logarithm is drawn evenly."""

    loguniform: Annotated[
        tuple[Annotated[Number, Field(gt=0)], Annotated[Number, Field(gt=0)]],
        Strict(False),
        AfterValidator(_ascending),
    ]


class Integers(Declared):
    """An integer drawn evenly between two, both included."""

    integers: Annotated[
        tuple[
            Annotated[int, Field(ge=-MAX_INTEGER, le=MAX_INTEGER)],
            Annotated[int, Field(ge=-MAX_INTEGER, le=MAX_INTEGER)],
        ],
        Strict(False),
        AfterValidator(_ascending),
    ]


class Choice(Declared):
    """One of a list."""

    choice: Values


def _named(forms: tuple[str, ...], given: object) -> str | None:
    """Which of the forms a mapping names."""
    keys = given.model_fields_set if isinstance(given, Declared) else given
    return next((f for f in forms if f in keys), None) if isinstance(keys, dict | set) else None


_DISTRIBUTIONS = ("uniform", "loguniform", "integers", "choice")

Distribution = Annotated[
    Annotated[Uniform, Tag("uniform")]
    | Annotated[LogUniform, Tag("loguniform")]
    | Annotated[Integers, Tag("integers")]
    | Annotated[Choice, Tag("choice")],
    Discriminator(
        lambda given: _named(_DISTRIBUTIONS, given),
        custom_error_type="distribution",
        custom_error_message=f"a distribution is a mapping with one of {', '.join(_DISTRIBUTIONS)}",
    ),
]


class Draws(Declared):
    """Random settings of several fields, the same for the same seed."""

    count: Count
    seed: int = Field(default=0, ge=0, le=MAX_INTEGER)
    draw: dict[Name, Distribution] = Field(min_length=1)


class Random(Declared):
    """An axis of random settings."""

    random: Draws


def _form(axis: object) -> str | None:
    """Which form an axis has: a list, or the one that a mapping names."""
    return "list" if isinstance(axis, list) else _named(_FORMS, axis)


_FORMS = ("linspace", "logspace", "zip", "random")

Axis = Annotated[
    Annotated[Values, Tag("list")]
    | Annotated[Linspace, Tag("linspace")]
    | Annotated[Logspace, Tag("logspace")]
    | Annotated[Zip, Tag("zip")]
    | Annotated[Random, Tag("random")],
    Discriminator(
        _form,
        custom_error_type="axis_form",
        custom_error_message="an axis is a list of values, or a mapping with one of "
        + ", ".join(_FORMS),
    ),
]


def names(name: str, axis: Axis) -> Iterator[str]:
    """Every name that an axis sets."""
    match axis:
        case Zip():
            yield from axis.zip
        case Random():
            yield from axis.random.draw
        case _:
            yield name


def length(axis: Axis) -> int:
    """How many values an axis has, without making them."""
    match axis:
        case Linspace(linspace=(_, _, count)) | Logspace(logspace=(_, _, count)):
            return count
        case Zip():
            return len(next(iter(axis.zip.values())))
        case Random():
            return axis.random.count
        case _:
            return len(axis)


def settings(kind: Kind[Any], name: str, axis: Axis) -> Iterator[Together]:
    """The values of an axis, each with everything that it sets."""
    match axis:
        case Linspace(linspace=(first, last, count)):
            yield from _spaced(kind, name, np.linspace(first, last, count))
        case Logspace(logspace=(first, last, count)):
            yield from _spaced(kind, name, np.logspace(first, last, count))
        case Zip():
            for together in zip(*axis.zip.values(), strict=True):
                yield dict(zip(axis.zip, together, strict=True))
        case Random():
            yield from _drawn(axis.random)
        case _:
            for value in axis:
                yield {name: value}


def joined(kind: Kind[Any], name: str, axis: Axis, added: Axis) -> Axis:
    """An axis with the values of both, each once; raises `ValueError` if they set other fields.

    Where all values are among the added ones it is the added axis, else a list, or lists zipped.
    """
    fields = list(names(name, axis))
    if set(fields) != set(names(name, added)):
        raise ValueError(f"it sets {', '.join(fields)}, and so must what is added to it")
    present, further = _once(settings(kind, name, axis)), _once(settings(kind, name, added))
    if present.keys() <= further.keys():
        return added
    together = list((present | further).values())
    if isinstance(axis, Zip | Random):
        return Zip(zip={field: [setting[field] for setting in together] for field in fields})
    return [setting[name] for setting in together]


def _once(found: Iterator[Together]) -> dict[str, Together]:
    return {json.dumps(setting, sort_keys=True): setting for setting in found}


def _spaced(kind: Kind[Any], name: str, values: Any) -> Iterator[Together]:
    """Spaced values; of a field that counts, the nearest integers."""
    whole = any(c.type == "integer" and name in (c.name, c.dotted) for c in kind.columns)
    for value in values.tolist():
        yield {name: round(value) if whole else value}


def _drawn(draws: Draws) -> Iterator[Together]:
    """Each field has a stream of its own, so that adding one leaves the others as they are."""
    columns = {
        name: _draw(distribution, draws.count, np.random.default_rng([draws.seed, *name.encode()]))
        for name, distribution in draws.draw.items()
    }
    for number in range(draws.count):
        yield {name: column[number] for name, column in columns.items()}


def _draw(distribution: Distribution, count: int, rng: np.random.Generator) -> list[Any]:
    drawn: Any
    match distribution:
        case Uniform(uniform=(low, high)):
            drawn = rng.uniform(low, high, count)
        case LogUniform(loguniform=(low, high)):
            drawn = np.exp(rng.uniform(np.log(low), np.log(high), count)).clip(low, high)
        case Integers(integers=(low, high)):
            drawn = rng.integers(low, high, count, endpoint=True)
        case Choice(choice=choices):
            return [choices[index] for index in rng.integers(len(choices), size=count)]
    return list(drawn.tolist())
