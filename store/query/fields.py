"""What a name of the language means: its type, and the table that holds it."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from core.columns import ScalarType
from core.experiment import Kind
from core.kinds import KINDS
from core.spelling import nearest
from store.query.errors import Mistake
from store.query.syntax import TAG, Name

FieldType = Literal["number", "integer", "boolean", "text", "time"]
Place = Literal["experiment", "tag", "parameter", "arm", "row"]
Subject = Literal["experiments", "results"]
Kinds = tuple[str, ...]


@dataclass(frozen=True)
class Field:
    """One thing that can be asked about: where it lives, under which column name, as what type."""

    name: str
    type: FieldType
    place: Place
    column: str
    hint: str = ""


_EXPERIMENT: Mapping[str, tuple[FieldType, str]] = {
    "id": ("text", "id"),
    "kind": ("text", "kind"),
    "status": ("text", "status"),
    "name": ("text", "name"),
    "sweep": ("text", "sweep_id"),
    "priority": ("integer", "priority"),
    "created_at": ("time", "created_at"),
    "started_at": ("time", "started_at"),
    "finished_at": ("time", "finished_at"),
    "disk_bytes": ("integer", "disk_bytes"),
}
_ROW: Mapping[str, tuple[FieldType, str]] = {
    "experiment": ("text", "experiment_id"),
    "sweep": ("text", "sweep_id"),
    "arm": ("text", "arm"),
    "replicate": ("integer", "replicate"),
}


@dataclass(frozen=True)
class Reach:
    """The kinds that a question is open to, and those of them that have every name it uses."""

    subject: Subject
    open_to: Kinds
    suited: Kinds

    @property
    def kinds(self) -> Kinds:
        """The kinds that are asked: all it is open to, or the only one that can answer."""
        return self.suited if len(self.suited) == 1 else self.open_to


def reach(subject: Subject, open_to: Kinds, names: Iterable[Name]) -> Reach:
    """What kinds a question with these names reaches among those it is open to."""
    own = {name.text for name in names if name.text.startswith(("param.", "metric."))}
    return Reach(subject, open_to, _having(own, subject, open_to))


def field_of(name: Name, reach: Reach) -> Field:
    """The field of a name in a question; a mistake suggests the nearest names or the kinds."""
    if name.tag is not None:
        return Field(name.text, "text", "tag", name.tag)
    shared = vocabulary(reach.subject, reach.kinds)
    if name.text in shared:
        return shared[name.text]
    owners = _having({name.text}, reach.subject, KINDS)
    raise Mistake(
        _of_other_kinds(name.text, owners, reach) if owners else _unknown(name.text, reach),
        name.position,
    )


@cache
def vocabulary(subject: Subject, kinds: Kinds) -> Mapping[str, Field]:
    """Every name but tags that means the same in all of these kinds."""
    fixed = [Field(n, t, "experiment", column) for n, (t, column) in _EXPERIMENT.items()]
    if subject == "results":
        fixed += [Field(n, t, "row", column) for n, (t, column) in _ROW.items()]
    else:
        fixed.append(Field("arm", "text", "arm", "arm"))
    known = {field.name: field for field in fixed}
    of_kinds = [_of_kind(KINDS[kind], subject) for kind in kinds]
    for name in of_kinds[0] if of_kinds else ():
        common = _common([fields[name] for fields in of_kinds if name in fields])
        if common is not None and all(name in fields for fields in of_kinds):
            known[name] = common
    return known


def _of_kind(kind: Kind[Any], subject: Subject) -> dict[str, Field]:
    rows = subject == "results"
    parameters = [
        Field(f"param.{column.name}", column.type, "row" if rows else "parameter", column.name)
        for column in kind.columns
    ]
    metrics = [_metric(name, metric.type, rows=rows) for name, metric in kind.metrics.items()]
    return {field.name: field for field in parameters + metrics}


def _metric(name: str, kind_of: ScalarType, *, rows: bool) -> Field:
    if rows:
        return Field(f"metric.{name}", kind_of, "row", name)
    flag = kind_of == "boolean"
    hint = " (of an experiment it is a median over replicates, from 0 to 1)" if flag else ""
    return Field(f"metric.{name}", "number", "arm", name, hint)


def _common(fields: Sequence[Field]) -> Field | None:
    types = {field.type for field in fields}
    if len(types) == 1:
        return fields[0]
    first = fields[0]
    numeric = types <= {"number", "integer"}
    return Field(first.name, "number", first.place, first.column) if numeric else None


def _having(names: Set[str], subject: Subject, kinds: Iterable[str]) -> Kinds:
    return tuple(kind for kind in kinds if names <= vocabulary(subject, (kind,)).keys())


def _of_other_kinds(name: str, owners: Kinds, reach: Reach) -> str:
    these = " and ".join(owners)
    if set(owners).isdisjoint(reach.open_to):
        return f"{name} belongs to {these}, not to {' or '.join(reach.open_to)}"
    if not reach.suited:
        return f"{name} belongs to {these}, and no kind has every name of this question"
    ways = " or ".join(f"kind = '{kind}'" for kind in reach.suited)
    return f"{name} is not the same in all kinds; add {ways} to the filter"


def _unknown(name: str, reach: Reach) -> str:
    known = (vocabulary(reach.subject, k) for k in (reach.kinds, *((kind,) for kind in KINDS)))
    every = dict.fromkeys(name for names in known for name in names)
    plain = ", ".join(known for known in every if "." not in known)
    forms = f"; there are {plain}, param.NAME, metric.NAME and tag.KEY"
    return f"no field is named {name}{nearest(name, [*every, TAG + 'KEY']) or forms}"
