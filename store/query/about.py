"""The kind of a question that names its sweep or its experiments, but no kind."""

from collections.abc import Iterator
from dataclasses import replace

import sqlalchemy as sa

from core.kinds import KINDS
from store.database import Database
from store.query.logic import kinds_in_question
from store.query.parts import parsed_conditions
from store.query.plans import Question
from store.query.syntax import Condition, Expression
from store.tables import experiments, sweeps

_TABLES = {"sweep": sweeps, "experiment": experiments, "id": experiments}


def with_kind(database: Database, question: Question) -> Question:
    """The same question of the one kind that what it names has, where that can be told."""
    parts = parsed_conditions(question.where)
    named = next(_named(parts), None)
    if question.kind or named is None or len(kinds_in_question(parts)) < len(KINDS):
        return question
    with database.read() as connection:
        kinds = connection.scalars(named).all()
    return replace(question, kind=kinds[0]) if len(kinds) == 1 else question


def _named(parts: tuple[Expression, ...]) -> Iterator[sa.Select[str]]:
    """The kinds of what each condition names by its id."""
    for part in parts:
        if isinstance(part, Condition) and part.operator in ("=", "in"):
            table = _TABLES.get(part.name.text)
            ids = [value.value for value in part.values if isinstance(value.value, str)]
            if table is not None:
                yield sa.select(table.c.kind).where(table.c.id.in_(ids)).distinct()
