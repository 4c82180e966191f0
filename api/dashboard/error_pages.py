"""What goes wrong with a page is shown as a page, whichever part of the service says so."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import SAFE
from api.dashboard.rendering import page
from api.problems import MEDIA_TYPE

FOR_PROGRAMS = "/v1/"
KEPT = ("retry-after", "www-authenticate", "allow")
TITLES: Mapping[int, str] = {
    404: "Nothing is here",
    429: "Too many requests",
    500: "Something went wrong here",
    503: "Not just now",
}


class ErrorPages:
    """ASGI middleware: turns problem documents into pages where a browser asks for a page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back unless it is a problem."""
        if not _wants_page(scope):
            await self.app(scope, receive, send)
            return
        problem: Message | None = None
        body = b""

        async def shown(message: Message) -> None:
            nonlocal problem, body
            if message["type"] == "http.response.start" and _is_problem(message):
                problem = message
            elif problem is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body"):
                    await _page(scope, problem, body)(scope, receive, send)

        await self.app(scope, receive, shown)


def _wants_page(scope: Scope) -> bool:
    return (
        scope["type"] == "http"
        and scope["method"] in SAFE
        and not scope["path"].startswith(FOR_PROGRAMS)
        and Headers(scope=scope).get("accept", "").startswith("text/html")
    )


def _is_problem(start: Message) -> bool:
    return Headers(raw=start["headers"]).get("content-type", "").startswith(MEDIA_TYPE)


def _page(scope: Scope, start: Message, body: bytes) -> ASGIApp:
    status, headers = start["status"], Headers(raw=start["headers"])
    told: dict[str, Any] = json.loads(body) if body else {"detail": "", "errors": []}
    message = told["detail"]
    answer = page(
        Request(scope),
        "error.html",
        status=status,
        title=TITLES.get(status, "This cannot be shown"),
        message=message if told["errors"] else message[:1].upper() + message[1:],
        wait_s=headers.get("retry-after"),
    )
    answer.headers.update({name: headers[name] for name in KEPT if name in headers})
    return answer
