"""The tables behind a question: one typed table for one kind, a union of what several share."""

from collections.abc import Mapping

import sqlalchemy as sa

from store.query.fields import Kinds, Place, Subject, vocabulary


def typed_source(
    tables: Mapping[str, sa.Table],
    kinds: Kinds,
    subject: Subject,
    place: Place,
    keys: tuple[str, ...],
) -> sa.FromClause:
    """The rows of these kinds with their key columns, shared columns, and `kind`."""
    if len(kinds) == 1:
        return tables[kinds[0]].alias(f"{place}_of_kind")
    names = [field.column for field in vocabulary(subject, kinds).values() if field.place == place]
    columns = list(dict.fromkeys([*keys, *names]))
    selects = (
        sa.select(*(tables[kind].c[name] for name in columns), sa.literal(kind).label("kind"))
        for kind in kinds
    )
    return sa.union_all(*selects).subquery()
