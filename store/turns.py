"""Whose turn it is: the owner of the highest priority waiting, and among equals, of least running.

If that is a tie too, who was served longest ago. One owner's ten thousand experiments then do not
keep another's single one waiting, not even where others fill all slots. The cost is a few index
look-ups per owner with something in the queue, however long the queue is.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from store.tables import experiments, turns

_OTHER = experiments.alias("other")
_QUEUED: sa.ColumnElement[str] = sa.literal_column("'queued'")
"""In the statement itself: a partial index answers only to a condition known before its values."""


class usual(FunctionElement[Any]):  # noqa: N801, reads as an SQL function
    """A condition that most rows meet, for SQLite, which has no statistics and thinks it rare.

    It would then look all queued rows up by their status to find the first owner among them.
    """

    type = sa.types.NULLTYPE  # a truth value would be compared with 1, which hides the condition
    inherit_cache = True


@compiles(usual, "sqlite")
def _sqlite_usual(element: usual, compiler: SQLCompiler, **options: Any) -> str:
    return f"likelihood({compiler.process(element.clauses, **options)}, 0.999)"


@compiles(usual, "postgresql")
def _postgresql_usual(element: usual, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


def next_owner(connection: sa.Connection) -> str | None:
    """The owner to be served next; None if nobody waits."""
    owners = _owners()
    queued = (_OTHER.c.status == "queued", _OTHER.c.owner == owners.c.owner)
    highest = sa.select(sa.func.max(_OTHER.c.priority)).where(*queued).scalar_subquery()
    running = (
        sa.select(sa.func.count())
        .select_from(_OTHER)
        .where(_OTHER.c.status == "running", _OTHER.c.owner == owners.c.owner)
        .scalar_subquery()
    )
    first = (
        sa.select(_OTHER.c.id)
        .where(*queued)
        .order_by(_OTHER.c.priority.desc(), _OTHER.c.id)
        .limit(1)
        .scalar_subquery()
    )
    last = sa.select(turns.c.last).where(turns.c.owner == owners.c.owner).scalar_subquery()
    query = (
        sa.select(owners.c.owner)
        .where(owners.c.owner.is_not(None))
        .order_by(highest.desc(), running, sa.func.coalesce(last, 0), first)
        .limit(1)
    )
    return connection.execute(query).scalar()


def take(connection: sa.Connection, owner: str) -> int:
    """Write that an owner is served now; the number of the turn.

    It grows from turn to turn of any owner, and of any process. Only workers that take turns of
    different owners at the same moment may get the same number.
    """
    last = connection.execute(
        sa.select(sa.func.coalesce(sa.func.max(turns.c.last), 0))
    ).scalar_one()
    number: int = connection.execute(_SERVED, {"owner": owner, "next": last + 1}).scalar_one()
    return number


_SERVED = sa.text(
    "INSERT INTO turns (owner, last) VALUES (:owner, :next) ON CONFLICT (owner) DO UPDATE "
    "SET last = CASE WHEN excluded.last > turns.last THEN excluded.last ELSE turns.last + 1 END "
    "RETURNING last"
)
"""Nobody else's turn is overwritten: another of this owner may have been taken since we looked."""


def _owners() -> sa.CTE:
    """The distinct owners of what is queued, each found from the one before by the index."""
    first = sa.select(sa.func.min(experiments.c.owner).label("owner")).where(
        usual(experiments.c.status == _QUEUED)
    )
    owners = first.cte("owners", recursive=True)
    after = (
        sa.select(sa.func.min(_OTHER.c.owner))
        .where(usual(_OTHER.c.status == _QUEUED), _OTHER.c.owner > owners.c.owner)
        .scalar_subquery()
    )
    return owners.union_all(sa.select(after).where(owners.c.owner.is_not(None)))
