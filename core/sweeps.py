"""Many specs from one: a base spec and axes.

    {"base": {...}, "axes": {"training.learning_rate": [0.05, 0.1],
                             "student_scale": {"logspace": [-2, 1, 20]},
                             "compression_ratio": {"logspace": [-1, 2, 20]}},
     "derive": {"total_neurons": 220}}

An axis is named by a spec path (`student.scale`), by the column of one (`student_scale`), or by a
derived setting of the kind (`compression_ratio`). The specs are the product of the axes, the first
axis slowest.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Annotated, Any

from pydantic import Field, JsonValue, ValidationError

from core.alternatives import errors_by_field
from core.axes import Axis, Name, Number, Together, joined, length, names, settings
from core.experiment import Declared, Kind, Refused, Spec
from core.spelling import nearest, unknown


class SweepDefinition(Declared):
    """A base spec and the axes along which it varies."""

    base: dict[str, JsonValue] = Field(default={}, description="Fields that all specs share.")
    axes: dict[Name, Axis] = Field(
        min_length=1, max_length=20, description="What varies; the first axis slowest."
    )
    derive: dict[Name, Number] = Field(
        default={}, description="What derived axes need, such as `total_neurons`."
    )
    more_replicates: list[Annotated[int, Field(ge=1, le=1_000_000)]] = Field(
        default=[],
        max_length=100,
        description="Further replicates of every point, each entry as experiments of their own: "
        "they continue where the ones before end.",
    )


class SweepRefused(Refused):
    """A definition that makes no sweep; the field is one of the definition, not of a spec."""


@dataclass(frozen=True)
class Point:
    """One spec of a sweep and where it lies: the value of each axis, as named."""

    place: Mapping[str, Any]
    spec: Spec


def size(definition: SweepDefinition) -> int:
    """The number of specs, without making them."""
    grid = prod(length(axis) for axis in definition.axes.values())
    return grid * (1 + len(definition.more_replicates))


def points(kind: Kind[Any], definition: SweepDefinition) -> Iterator[Point]:
    """The specs of a sweep in order; raises `Refused` naming the first that is not valid."""
    _check_names(definition)
    _check_derive(kind, definition)
    _check_replicates(kind, definition)
    axes = [list(settings(kind, name, axis)) for name, axis in definition.axes.items()]
    for number, combination in enumerate(product(*axes)):
        place = {name: value for setting in combination for name, value in setting.items()}
        document = _document(kind, definition, place)
        spec = _valid(kind, document, number, place)
        yield Point(place, spec)
        for replicates in _replicated(kind, definition, spec, document):
            yield Point(place, _valid(kind, replicates, number, place))


def widened(
    kind: Kind[Any], definition: SweepDefinition, axes: Mapping[str, Axis], more: int
) -> SweepDefinition:
    """The definition with more values on its axes and `more` further replicates of every point.

    Every point of before stays one. Raises `Refused` for what no definition may have.
    """
    wider = definition.model_copy(
        update={
            "axes": {**definition.axes, **_joined(kind, definition, axes)},
            "more_replicates": [*definition.more_replicates, *([more] if more else [])],
        }
    )
    try:
        return SweepDefinition.model_validate(wider.model_dump())
    except ValidationError as invalid:  # a copy is not checked, and would be refused when read
        error = invalid.errors()[0]
        raise SweepRefused(".".join(map(str, error["loc"][:2])), None, error["msg"]) from None


def _joined(
    kind: Kind[Any], definition: SweepDefinition, axes: Mapping[str, Axis]
) -> dict[str, Axis]:
    """The axes that have more values now, whether by the name of a column or of its field."""
    wider: dict[str, Axis] = {}
    for given, added in axes.items():
        asked = _field(kind, given)
        name = next((own for own in definition.axes if _field(kind, own) == asked), None)
        if name is None:
            known = ", ".join(definition.axes)
            raise SweepRefused(f"axes.{given}", None, f"the sweep has no such axis; it has {known}")
        if name in wider:
            raise SweepRefused(f"axes.{given}", None, "added to twice, by its column and its field")
        try:
            wider[name] = joined(kind, name, definition.axes[name], added)
        except ValueError as other:
            raise SweepRefused(f"axes.{given}", None, str(other)) from None
    return wider


def _replicated(
    kind: Kind[Any], definition: SweepDefinition, spec: Spec, document: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """The point again, with the replicates that follow those it has."""
    if not definition.more_replicates:
        return
    first: int = getattr(spec, "replicate_offset") + getattr(spec, "replicates")  # noqa: B009
    for count in definition.more_replicates:
        yield {**document, "replicate_offset": first, "replicates": count}
        first += count


def _set_names(definition: SweepDefinition) -> Iterator[str]:
    """Every name that the axes set."""
    for name, axis in definition.axes.items():
        yield from names(name, axis)


def _check_names(definition: SweepDefinition) -> None:
    known: set[str] = set()
    for name in _set_names(definition):
        if name in known:
            raise SweepRefused(f"axes.{name}", None, f"two axes set {name}, so it is set twice")
        known.add(name)


def _check_derive(kind: Kind[Any], definition: SweepDefinition) -> None:
    """Every number an axis needs is given, and none that no axis needs."""
    needed = {
        need: name
        for name in _set_names(definition)
        if name in kind.settings
        for need in kind.settings[name].needs
    }
    for need, name in needed.items():
        if need not in definition.derive:
            message = f"the axis {name} needs it; on the command line: --derive {need}=NUMBER"
            raise SweepRefused(f"derive.{need}", None, message)
    for name, value in definition.derive.items():
        if name not in needed:
            raise SweepRefused(f"derive.{name}", value, "no axis of this sweep needs it")


def _check_replicates(kind: Kind[Any], definition: SweepDefinition) -> None:
    """Further replicates follow those of a point, which must have some and say itself which."""
    if not definition.more_replicates:
        return
    if "replicate_offset" not in kind.spec.model_fields:
        raise SweepRefused("more_replicates", None, f"{kind.name} has no replicates")
    for name in _set_names(definition):
        if name in ("replicate_offset", "replicates"):
            message = f"an axis sets {name}, so some of these replicates are there already"
            raise SweepRefused("more_replicates", None, message)


def _document(kind: Kind[Any], definition: SweepDefinition, place: Together) -> dict[str, Any]:
    document: dict[str, Any] = _copied(definition.base)
    setters: dict[str, str] = {}
    for name, value in place.items():
        for path, part in _assignments(kind, name, value, definition.derive).items():
            for set_before, setter in setters.items():
                if _overlap(set_before, path):
                    message = f"{setter} and {name} both set {max(set_before, path, key=len)}"
                    raise SweepRefused(f"axes.{name}", None, message)
            setters[path] = name
            _assign(document, path, part)
    return document


def _overlap(one: str, other: str) -> bool:
    """Whether two paths are the same field, or one is a group with the other in it."""
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def _valid(kind: Kind[Any], document: Mapping[str, Any], number: int, place: Together) -> Spec:
    try:
        spec: Spec = kind.spec.model_validate(document)
    except ValidationError as invalid:
        error = errors_by_field(invalid.errors())[0]
        field = ".".join(map(str, error["loc"])) or "spec"
        message = error["msg"].removeprefix("Value error, ")
        if error["type"] == "extra_forbidden":
            message = _unknown(kind, list(map(str, error["loc"])))
        where = ", ".join(f"{name} = {value}" for name, value in place.items())
        raise Refused(
            field, error["input"], f"{message} (point {number} of the sweep: {where})"
        ) from None
    return spec


def _unknown(kind: Kind[Any], path: Sequence[str]) -> str:
    """An unknown field was meant to be one of its place, or the short name of another."""
    if len(path) > 1:
        return unknown(kind.spec, path)
    known = [*kind.spec.model_fields, *kind.settings, *(column.name for column in kind.columns)]
    return f"there is no such field{nearest(path[0], known)}"


def _assignments(
    kind: Kind[Any], name: str, value: Any, derive: Mapping[str, float]
) -> Mapping[str, Any]:
    """What an axis sets: itself, the field behind a column, or a derived setting's fields."""
    if name in kind.settings:
        return kind.settings[name].sets(value, derive)
    return {_field(kind, name): value}


def _field(kind: Kind[Any], name: str) -> str:
    """The path in the spec of what an axis names by it or by its column."""
    for column in kind.columns:
        if column.name == name and column.dotted is not None:
            return column.dotted
    return name


def _assign(document: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    for name in above:
        inner = document.setdefault(name, {})
        if not isinstance(inner, dict):
            raise Refused(path, value, f"{name} is {inner!r} in the base, not a group of fields")
        document = inner
    document[last] = value


def _copied(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _copied(value) if isinstance(value, Mapping) else value
        for name, value in document.items()
    }
