"""The metric rows that a question is about, before anything is selected from them."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from core.kinds import KINDS
from core.spelling import nearest_or_all
from store.kind_tables import results as tables
from store.query.compiling import Scope, compiled
from store.query.errors import QueryError, blamed
from store.query.fields import Field, Kinds, reach
from store.query.logic import kinds_in_question, names
from store.query.ordering import Key
from store.query.parts import parsed
from store.query.patterns import bytewise
from store.query.plans import Question
from store.query.sources import typed_source
from store.tables import experiments

_KEYS = ("experiment_id", "sweep_id", "arm", "replicate")
_NEVER_NULL = {"experiment", "id", "kind", "arm", "replicate", "status", "priority", "created_at"}


class RowSource:
    """The rows of a filter; names of experiments join their table, and nothing else does."""

    def __init__(self, question: Question) -> None:
        self.parts = parsed(question)
        where = self.parts.where
        open_to = _kinds(question, kinds_in_question(where))
        reached = reach("results", open_to, self.parts.names)
        self.kinds = reached.kinds
        self._rows = typed_source(tables, self.kinds, "results", "row", _KEYS)
        self.scope = Scope(reached, self._rows.c.experiment_id, self._column)
        with blamed("where", question.where):
            self._conditions = [compiled(part, self.scope) for part in where]
            self._fields = [self.scope.field(name) for part in where for name in names(part)]

    def query(self, fields: Iterable[Field], columns: Iterable[Any]) -> sa.Select[Any]:
        """A SELECT of columns that are made from these fields."""
        query = sa.select(*columns).select_from(self._rows)
        if any(map(_is_of_experiment, [*self._fields, *fields])):
            query = query.join(experiments, experiments.c.id == self._rows.c.experiment_id)
        return query.where(*self._conditions)

    def key(self, field: Field, *, descending: bool) -> Key:
        """A sort key over the rows."""
        column = self.scope.column(field)
        if field.type == "text" and field.name not in ("id", "experiment"):
            column = bytewise(column)
        return Key(column, field.type, descending, nullable=field.name not in _NEVER_NULL)

    def ties(self, *, descending: bool) -> tuple[Key, ...]:
        """The keys that tell any two rows apart, in the order of their index."""
        rows = self._rows.c
        return (
            Key(rows.experiment_id, "text", descending),
            Key(rows.arm, "text", descending),
            Key(rows.replicate, "integer", descending),
        )

    @property
    def row_id(self) -> sa.ColumnElement[int] | None:
        """SQLite's own number of a row; rows of several tables have none."""
        alias = self._rows
        return sa.literal_column(f"{alias.name}.rowid") if isinstance(alias, sa.Alias) else None

    def _column(self, field: Field) -> sa.ColumnElement[Any]:
        if field.name == "kind":
            only = sa.literal(self.kinds[0], sa.String())
            return only if len(self.kinds) == 1 else self._rows.c.kind
        if field.name == "id":
            return self._rows.c.experiment_id
        return (experiments if _is_of_experiment(field) else self._rows).c[field.column]


def _is_of_experiment(field: Field) -> bool:
    return field.place == "experiment" and field.name not in ("kind", "id")


def _kinds(question: Question, found: Kinds) -> Kinds:
    if question.kind is None:
        return found
    if question.kind not in KINDS:
        hint = nearest_or_all(question.kind, tuple(KINDS))
        raise QueryError("kind", question.kind, f"no kind is named {question.kind!r}{hint}")
    return (question.kind,)
