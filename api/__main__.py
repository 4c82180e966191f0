"""`python -P -m api [--host H] [--port N]`: the API server in this process."""

import argparse
import ipaddress

import uvicorn

from api.app import create_app
from store.settings import settings

GRACE_S = 3


def main() -> None:
    """Serve until told to stop."""
    arguments = argparse.ArgumentParser(prog="python -P -m api", description=__doc__)
    arguments.add_argument("--host", default="127.0.0.1")
    arguments.add_argument("--port", type=int, default=8000)
    given = arguments.parse_args()
    configured = settings()
    if not (_is_loopback(given.host) or configured.open_access):
        arguments.error(
            f"--host {given.host}: anybody who reaches this address could submit and delete; "
            "set SOLENOID_OPEN_ACCESS=true if that is meant"
        )
    server: uvicorn.Server
    app = create_app(configured, stopping=lambda: server.should_exit)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=given.host,
            port=given.port,
            log_level="info",
            access_log=False,
            timeout_graceful_shutdown=GRACE_S,
        )
    )
    server.run()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


if __name__ == "__main__":
    main()
