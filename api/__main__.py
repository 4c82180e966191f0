"""`python -P -m api [--host H] [--port N]`: the API server in this process."""

import argparse
import gc

gc.disable()  # what is imported stays: to look for garbage among it takes a sixth of the start

import sqlalchemy as sa  # noqa: E402
import uvicorn  # noqa: E402

from api.access import Door  # noqa: E402
from api.app import create_app  # noqa: E402
from store import tokens  # noqa: E402
from store.database import Database  # noqa: E402
from store.settings import Settings, settings  # noqa: E402
from store.tables import experiments  # noqa: E402
from store.unusable import address, ending_if_unusable  # noqa: E402
from workers.addresses import is_loopback, needs_token, open_to_all  # noqa: E402
from workers.broker import broker_url  # noqa: E402
from workers.logs import log_json_lines  # noqa: E402

GRACE_S = 3
# Longer than clients keep a connection idle (5 s is usual): whoever hangs up first, it must not be
# the server, just when a request is on its way.
KEEP_ALIVE_S = 75


def main() -> None:
    """Serve until told to stop."""
    arguments = argparse.ArgumentParser(prog="python -P -m api", description=__doc__)
    arguments.add_argument("--host", default="127.0.0.1")
    arguments.add_argument("--port", type=int, default=8000)
    given = arguments.parse_args()
    configured = settings()
    door = _door(configured, given.host)
    url = configured.resolved_database_url
    with ending_if_unusable(url):
        has_tables, has_tokens = _looked_into(url)
    if door.needs_token and not has_tokens:
        arguments.error(open_to_all(given.host))
    broker_url(configured)  # ends here, with a sentence, if there is none
    if not has_tables:
        raise SystemExit(f"{address(url)} has no tables yet: `python -P -m migrations` makes them")
    log_json_lines()
    server: uvicorn.Server
    app = create_app(configured, lambda: server.should_exit, door)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=given.host,
            port=given.port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE_S,
            timeout_keep_alive=KEEP_ALIVE_S,
        )
    )
    gc.freeze()
    gc.enable()
    server.run()


def _door(configured: Settings, host: str) -> Door:
    """Whom this address lets in."""
    locked = needs_token(configured, host)
    own_names_only = is_loopback(host) and not (locked or configured.open_access)
    return Door(needs_token=locked, own_names_only=own_names_only)


def _looked_into(url: str) -> tuple[bool, bool]:
    """Whether the database has our tables, and whether there is a token."""
    database = Database(url)
    try:
        return sa.inspect(database.engine).has_table(experiments.name), bool(tokens.known(database))
    finally:
        database.close()


if __name__ == "__main__":
    main()
