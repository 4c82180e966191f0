"""Routes that answer with pages, also where they fail."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from api.dashboard.rendering import page
from api.problems import BadRequest
from store.experiments import Conflict, NotFound
from store.query.errors import CursorRefused, QueryError

_STATUS = {NotFound: 404, Conflict: 409}
_KNOWN = (NotFound, Conflict, BadRequest, QueryError, CursorRefused, RequestValidationError)


class PageRoute(APIRoute):
    """A route whose errors are pages too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The usual handler, with its errors caught."""
        plain = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await plain(request)
            except _KNOWN as error:
                status = _STATUS.get(type(error), 400)
                return page(request, "error.html", status=status, code=status, message=_said(error))

        return handler


def pages() -> APIRouter:
    """A router for pages, which are no part of the documented API."""
    return APIRouter(route_class=PageRoute, include_in_schema=False)


def _said(error: Exception) -> str:
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        return f"{first['loc'][-1]}: {first['msg']}"
    return str(error)
