"""Whose turn it is: the owner of the highest priority waiting, and among equals, of least running.

One owner's ten thousand experiments then do not keep another's single one waiting. The cost is a
few index look-ups per owner with something in the queue, however long the queue is.
"""

import sqlalchemy as sa

from store.tables import experiments

_OTHER = experiments.alias("other")


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
    query = (
        sa.select(owners.c.owner)
        .where(owners.c.owner.is_not(None))
        .order_by(highest.desc(), running, first)
        .limit(1)
    )
    return connection.execute(query).scalar()


def _owners() -> sa.CTE:
    """The distinct owners of what is queued, each found from the one before by the index."""
    first = sa.select(sa.func.min(experiments.c.owner).label("owner")).where(
        experiments.c.status == "queued"
    )
    owners = first.cte("owners", recursive=True)
    after = (
        sa.select(sa.func.min(_OTHER.c.owner))
        .where(_OTHER.c.status == "queued", _OTHER.c.owner > owners.c.owner)
        .scalar_subquery()
    )
    return owners.union_all(sa.select(after).where(owners.c.owner.is_not(None)))
