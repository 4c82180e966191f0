"""`python -P -m workers.alive`: whether a worker on this machine gave a sign of life lately.

A worker that hangs still has its process, so what asks whether it is well (a container's health
check, a timer) asks the broker, where each worker leaves its name every few seconds.
"""

import socket

import redis

from store.settings import settings
from workers.broker import PATIENT_S, connect, live_workers


def main() -> None:
    """End with 0 if there is one, else say what is missing."""
    host = socket.gethostname()
    try:
        names = live_workers(connect(settings(), PATIENT_S))
    except redis.RedisError as away:
        raise SystemExit(f"the broker does not answer: {away}") from None
    if not any(name.endswith(f"@{host}") for name in names):
        raise SystemExit(f"no worker of {host} gave a sign of life")


if __name__ == "__main__":
    main()
