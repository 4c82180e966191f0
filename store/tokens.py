"""Tokens: who may come in, and what for. Only their hashes are stored.

`python -P -m store.tokens create NAME --role admin` makes the first one, on the machine itself. A
token is 256 random bits, so that its plain SHA-256 is as good as any slow hash of a password.
"""

import argparse
import hashlib
import re
import secrets
import sys
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
import uuid_utils

from store.database import Database
from store.experiments import Conflict, NotFound
from store.settings import settings
from store.tables import ANONYMOUS, ROLES, tokens, utc_now
from store.unusable import ending_if_unusable

PREFIX = "solenoid_"
NAME = r"^[A-Za-z0-9_.@-]+$"
LONGEST_NAME = 100
SECRET_BYTES = 32


@dataclass(frozen=True)
class Token:
    """One token as the database has it, which is without its secret."""

    id: str
    name: str
    role: str
    created_at: datetime

    def allows(self, role: str) -> bool:
        """Whether what needs this role may be done with it."""
        return ROLES.index(self.role) >= ROLES.index(role)


_COLUMNS = [tokens.c[name] for name in Token.__dataclass_fields__]


def create(database: Database, name: str, role: str) -> tuple[Token, str]:
    """A new token and its secret, which nobody can be told again."""
    if name == ANONYMOUS:
        raise Conflict(f"{ANONYMOUS} is the name of those who have no token")
    secret = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    token = Token(str(uuid_utils.uuid7()), name, role, utc_now())
    row = {**vars(token), "sha256": _hash(secret)}
    try:
        database.write(lambda connection: connection.execute(tokens.insert().values(row)))
    except sa.exc.IntegrityError:
        raise Conflict(f"there is a token named {name}; delete it first") from None
    return token, secret


def of_secret(database: Database, secret: str) -> Token | None:
    """The token of a secret; None if there is none."""
    query = sa.select(*_COLUMNS).where(tokens.c.sha256 == _hash(secret))
    with database.read() as connection:
        row = connection.execute(query).first()
    return None if row is None else Token(**row._mapping)


def is_known(database: Database, token: Token) -> bool:
    """Whether the token has not been deleted since."""
    query = sa.select(tokens.c.id).where(tokens.c.id == token.id)
    with database.read() as connection:
        return connection.execute(query).first() is not None


def known(database: Database) -> list[Token]:
    """All tokens, by name; none before the database was first brought up to date."""
    with database.read() as connection:
        if not sa.inspect(connection).has_table(tokens.name):
            return []
        rows = connection.execute(sa.select(*_COLUMNS).order_by(tokens.c.name)).all()
    return [Token(**row._mapping) for row in rows]


def delete(database: Database, identifier: str) -> None:
    """Let nobody in with this token any more; raises `NotFound`."""
    change = tokens.delete().where(tokens.c.id == identifier)
    if not database.write(lambda connection: connection.execute(change).rowcount):
        raise NotFound(f"no token has the id {identifier}")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def main() -> None:
    """Create, list or delete tokens of the database that the settings name."""
    parser = argparse.ArgumentParser(prog="solenoid token", description=main.__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    creating = commands.add_parser("create")
    creating.add_argument("name", type=_name)
    creating.add_argument("--role", choices=ROLES, default="submit")
    commands.add_parser("list")
    commands.add_parser("delete").add_argument("id")
    given = parser.parse_args()
    url = settings().resolved_database_url
    database = Database(url)
    try:
        with ending_if_unusable(url):
            sys.stdout.write(_done(database, given))
    except (Conflict, NotFound) as refused:
        raise SystemExit(str(refused)) from None
    finally:
        database.close()


def _name(given: str) -> str:
    """A name as over HTTP: it stands in logs and in keys of the broker."""
    if re.fullmatch(NAME, given) is None or len(given) > LONGEST_NAME:
        raise argparse.ArgumentTypeError(
            f"{given[:LONGEST_NAME]!r}: a name is 1 to {LONGEST_NAME} letters, digits and _ . @ -"
        )
    return given


def _done(database: Database, given: argparse.Namespace) -> str:
    """Do what was asked for; what there is to say."""
    if given.command == "create":
        return create(database, given.name, given.role)[1] + "\n"
    if given.command == "delete":
        delete(database, given.id)
        return ""
    return "".join(f"{token.id}  {token.role:6}  {token.name}\n" for token in known(database))


if __name__ == "__main__":
    main()
