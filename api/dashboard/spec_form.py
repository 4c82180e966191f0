"""A spec as a tree of labelled fields, read from the JSON Schema of its kind.

The form to write a spec and the words that describe one are both made from this tree.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from api.dashboard.words import number, spaced
from core.experiment import MAX_INTEGER

Schema = Mapping[str, Any]
Control = Literal["number", "either", "text", "select", "check", "checks", "json", "dataset"]


@dataclass(frozen=True)
class Field:
    """One field of a spec: where it is, what it means, how it is entered."""

    path: str
    label: str
    help: str
    control: Control
    value: Any
    default: Any
    choices: tuple[Any, ...]
    range: str
    nullable: bool
    required: bool

    @property
    def changed(self) -> bool:
        """Whether the value is another one than without saying anything."""
        return not self.required and self.value != self.default


@dataclass(frozen=True)
class Group:
    """Fields that belong together; an optional group may be absent as a whole."""

    path: str
    label: str
    help: str
    fields: tuple["Field | Group", ...]
    nullable: bool
    present: bool

    @property
    def leaves(self) -> Iterator[Field]:
        """Every field in it."""
        for part in self.fields:
            if isinstance(part, Group):
                yield from part.leaves if part.present else ()
            else:
                yield part

    @property
    def changed(self) -> list[Field]:
        """The fields that differ from their defaults."""
        return [field for field in self.leaves if field.changed]

    @property
    def own(self) -> list[Field]:
        """The fields that lie directly in it."""
        return [part for part in self.fields if isinstance(part, Field)]

    @property
    def groups(self) -> list["Group"]:
        """The groups in it."""
        return [part for part in self.fields if isinstance(part, Group)]


def tree(schema: Schema, spec: Mapping[str, Any]) -> Group:
    """The whole spec, with these values where given and defaults elsewhere."""
    return _group(schema, schema, spec, {}, path="", label="", help="", nullable=False)


def _group(
    root: Schema,
    schema: Schema,
    values: Any,
    defaults: Any,
    *,
    path: str,
    label: str,
    help: str,
    nullable: bool,
) -> Group:
    given = values if isinstance(values, Mapping) else {}
    fallback = defaults if isinstance(defaults, Mapping) else {}
    required = schema.get("required", ())
    parts = [
        _part(
            root, part, name, given, fallback, f"{path}.{name}" if path else name, name in required
        )
        for name, part in schema["properties"].items()
    ]
    return Group(path, label, help, tuple(parts), nullable, values is not None)


def _part(
    root: Schema,
    schema: Schema,
    name: str,
    given: Mapping[str, Any],
    fallback: Mapping[str, Any],
    path: str,
    required: bool,
) -> Field | Group:
    default = fallback.get(name, schema.get("default"))
    value = given.get(name, default)
    options = [_resolved(root, option) for option in schema.get("anyOf", [schema])]
    real = [option for option in options if option.get("type") != "null"]
    nullable = len(real) < len(options)
    help = schema.get("description") or real[0].get("description", "")
    label = spaced(name)
    if len(real) == 1 and "properties" in real[0]:
        return _group(
            root, real[0], value, default, path=path, label=label, help=help, nullable=nullable
        )
    return Field(
        path=path,
        label=label,
        help=help,
        control=_control(name, real),
        value=value,
        default=default,
        choices=tuple(choice for option in real for choice in _choices(option)),
        range=_range(schema, real),
        nullable=nullable,
        required=required,
    )


def _resolved(root: Schema, schema: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    found: Schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    return {**found, **{key: value for key, value in schema.items() if key != "$ref"}}


def _control(name: str, options: list[Schema]) -> Control:
    types = {option.get("type", "string") for option in options}
    if name == "dataset" and types == {"string"}:
        return "dataset"
    if types & {"object", "array"}:
        plain = len(options) == 1 and bool(_choices(options[0]))
        return "checks" if plain else "json"
    if types == {"boolean"}:
        return "check"
    if types <= {"number", "integer"}:
        return "number"
    if all(_choices(option) for option in options):
        return "select"
    return "text" if types == {"string"} else "either"


def _choices(schema: Schema) -> tuple[Any, ...]:
    if schema.get("type") == "array":
        items = schema.get("items", {})
        return _choices(items) if isinstance(items, Mapping) else ()
    if "const" in schema:
        return (schema["const"],)
    return tuple(schema.get("enum", ()))


def _range(schema: Schema, options: list[Schema]) -> str:
    """`1 to 1000`, `above 0`, as the schema has it."""
    for option in (schema, *options):
        limits = {**option, **{k: schema[k] for k in ("minimum", "maximum") if k in schema}}
        start = _end(limits, "minimum", "exclusiveMinimum", "above")
        end = _end(limits, "maximum", "exclusiveMaximum", "below")
        if start and end:
            return f"{start} to {end}" if "maximum" in limits else f"{start}, {end}"
        if start:
            return f"from {start}" if "minimum" in limits else start
        if end:
            return f"up to {end}" if "maximum" in limits else end
    return ""


def _end(limits: Schema, closed: str, open: str, word: str) -> str:
    """One end of a range; none where only what JSON can carry limits it."""
    if closed in limits:
        return number(limits[closed]) if limits[closed] < MAX_INTEGER else ""
    return f"{word} {number(limits[open])}" if open in limits else ""
