"""Lists that the service gives page by page."""

from collections.abc import Iterator, Mapping
from typing import Any

from solenoid.errors import BadArgument
from solenoid.transport import Transport

PAGE = 100


def pages(
    transport: Transport, path: str, limit: int | None = None, **params: Any
) -> Iterator[Mapping[str, Any]]:
    """The items of a list in its order; all of them without a limit."""
    if limit is not None and limit < 1:
        raise BadArgument(f"limit = {limit}: must be at least 1")
    left, cursor = limit, None
    while True:
        size = PAGE if left is None else min(PAGE, left)
        page = transport.get(path, limit=size, cursor=cursor, **params)
        yield from page["items"]
        cursor = page["next_cursor"]
        left = None if left is None else left - len(page["items"])
        if cursor is None or left == 0:
            return
