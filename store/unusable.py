"""A database that cannot be used, told in a sentence to whoever runs a command of the service."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa


def address(url: str) -> str:
    """Where a database is, without its password."""
    return sa.make_url(url).render_as_string(hide_password=True)


@contextmanager
def ending_if_unusable(url: str) -> Iterator[None]:
    """End the process where the database is away or full."""
    try:
        yield
    except sa.exc.OperationalError as away:
        raise SystemExit(f"the database {address(url)} cannot be used: {away.orig}") from None
