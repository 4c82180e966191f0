"""Every error as `application/problem+json` (RFC 9457), naming field, value and limit."""

import errno
import logging
import math
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, BeforeValidator, Field
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from api.texts import SAYS
from core.alternatives import errors_by_field
from core.experiment import Kind, Refused
from core.kinds import KINDS
from core.spelling import nearest, unknown
from core.sweeps import SweepRefused
from store.accepting import KeyReused
from store.changes import TooManyTags
from store.dataset_files import Away
from store.experiments import Conflict, NotFound
from store.query.errors import CursorRefused, QueryError

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
LONGEST_VALUE = 200
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class BadRequest(Refused):
    """A request that cannot be answered; the field is one of the request, not of a spec."""


class TooMany(Exception):
    """More than one caller may ask for at a time; the message names the limit."""


def encodable(text: str) -> str:
    """The text with halves of characters, which JSON may carry and UTF-8 may not, spelled out."""
    return text.encode("utf-8", "backslashreplace").decode()


Encodable = Annotated[str, BeforeValidator(encodable)]
"""Messages quote what was sent."""


class FieldError(BaseModel):
    """What is wrong with one field of the request."""

    field: Encodable
    value: Any = None
    message: Encodable
    position: Annotated[
        int | None,
        Field(
            exclude_if=lambda position: position is None,
            description="In a query: the character, counted from 0, where the trouble begins.",
        ),
    ] = None


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: Encodable
    errors: list[FieldError] = []


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries for the problems a route may answer with."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def problem(
    status: int,
    detail: str,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """A problem document as a response."""
    content = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        errors=list(errors),
    )
    return JSONResponse(
        content.model_dump(mode="json"), status, headers=headers, media_type=MEDIA_TYPE
    )


def refusal(field: str, value: object, message: str, status: int = 422) -> JSONResponse:
    """A problem with one field."""
    error = FieldError(field=field, value=shown(value), message=message)
    return problem(status, f"{field}: {message}", [error])


def install(app: FastAPI) -> None:
    """Make every error of an application a problem document."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(BadRequest, _bad_request)
    app.add_exception_handler(TooMany, _too_many)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(SweepRefused, _bad_request)
    app.add_exception_handler(QueryError, _query_error)
    app.add_exception_handler(CursorRefused, _cursor_refused)
    app.add_exception_handler(TooManyTags, _too_many_tags)
    app.add_exception_handler(NotFound, _not_found)
    app.add_exception_handler(Conflict, _conflict)
    app.add_exception_handler(KeyReused, _key_reused)
    app.add_exception_handler(OperationalError, _database_away)
    app.add_exception_handler(Away, _files_away)
    app.add_exception_handler(OSError, _disk_full)
    app.add_exception_handler(Exception, _bug)


def shown(value: object) -> Any:
    """A refused value as JSON can carry it: numbers that are not finite and long texts as text."""
    if value is None or isinstance(value, bool | int):
        return (
            value
            if not isinstance(value, int) or abs(value) < 2**63
            else str(value)[:LONGEST_VALUE]
        )
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    text = encodable(value if isinstance(value, str) else repr(value))
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "..."


def _invalid(request: Request, exception: Exception) -> JSONResponse:
    assert isinstance(exception, RequestValidationError)
    body = getattr(request.scope.get("route"), "body_field", None)
    model = None if body is None else body.field_info.annotation
    errors = [_field_error(error, model) for error in errors_by_field(exception.errors())]
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return problem(422, f"{first.field}: {first.message}{more}", errors)


def _field_error(error: Mapping[str, Any], body: Any) -> FieldError:
    """One error, in a request with a body of this type if it has one."""
    # The union of submissions puts the kind's name into the path of every field of its spec.
    source, *path = error["loc"]
    parts = [str(part) for part in path if part not in KINDS]
    kind = next((KINDS[part] for part in path if part in KINDS), None)
    value, message = error.get("input"), error["msg"].removeprefix("Value error, ")
    context = error.get("ctx", {})
    match error["type"]:
        case "missing":
            value = None
        case _ if isinstance(value, bytes):
            value = value.decode(errors="replace")
            message = "did not come as JSON; send the header Content-Type: application/json"
        case "extra_forbidden" if kind is not None and parts[:1] == ["spec"]:
            message = _no_such_field(kind, parts[1:])
        case "extra_forbidden" if source == "body" and parts:
            message = unknown(body, parts)
        case "extra_forbidden":
            message = "there is no such parameter"
        case "json_invalid" if source == "body":
            parts, value = [], None
            message = f"not JSON: {context['error']} (character {path[0]})"
        case "union_tag_invalid":
            # Blamed on everything around the one field that tells the alternatives apart.
            parts.append(context["discriminator"].strip("'"))
            value = context["tag"]
            hint = nearest(str(value), re.findall(r"'([^']+)'", context["expected_tags"]))
            message = hint.removeprefix("; ") or f"there are {context['expected_tags']}"
        case "value_error" if isinstance(value, Mapping) and _first_word(message) in value:
            # A check of several fields is blamed on all of them; its message begins with the one.
            parts.append(_first_word(message))
            value = value[parts[-1]]
        case "string_pattern_mismatch" if context["pattern"] in SAYS:
            message = SAYS[context["pattern"]]
    field = ".".join(parts) or str(source)
    return FieldError(field=field, value=shown(value), message=message)


def _no_such_field(kind: Kind[Any], path: Sequence[str]) -> str:
    """An unknown field is one of a group that was left out, or was meant to be one of its place."""
    paths = [column.dotted for column in kind.columns if column.dotted is not None]
    below = [each for each in paths if each.rpartition(".")[2] == path[0]]
    if len(path) == 1 and below:
        return f"there is no such field; did you mean {' or '.join(below)}?"
    return unknown(kind.spec, path)


def _first_word(message: str) -> str:
    return message.partition(" ")[0].rstrip(",:")


def _http(request: Request, exception: Exception) -> JSONResponse:
    assert isinstance(exception, HTTPException)
    if exception.status_code == 404:
        return problem(404, f"nothing is at {request.url.path}")
    if exception.status_code != 405:
        return problem(exception.status_code, str(exception.detail), headers=exception.headers)
    allowed = _allowed_methods(request)
    return problem(
        405,
        f"{request.method} is not allowed here; allowed: {allowed}",
        headers={"Allow": allowed},
    )


def _allowed_methods(request: Request) -> str:
    """All methods of a path, where Starlette would name those of the first route only."""
    paths, path = request.app.openapi()["paths"], request.url.path
    fitting = [path] if path in paths else [template for template in paths if _fits(template, path)]
    return ", ".join(sorted({name.upper() for template in fitting for name in paths[template]}))


def _fits(template: str, path: str) -> bool:
    fixed = (re.escape(part) for part in re.split(r"\{[^}]+\}", template))
    return re.fullmatch("[^/]+".join(fixed), path) is not None


def _too_many(_: Request, exception: Exception) -> JSONResponse:
    return problem(429, str(exception), headers={"Retry-After": "60"})


def _too_many_tags(_: Request, exception: Exception) -> JSONResponse:
    assert isinstance(exception, TooManyTags)
    return refusal("tags", exception.count, str(exception))


def _refused(_: Request, exception: Exception) -> JSONResponse:
    assert isinstance(exception, Refused)
    return refusal(f"spec.{exception.field}", exception.value, exception.message)


def _bad_request(_: Request, exception: Exception) -> JSONResponse:
    assert isinstance(exception, BadRequest | SweepRefused)
    return refusal(exception.field, exception.value, exception.message)


def _query_error(_: Request, exception: Exception) -> JSONResponse:
    assert isinstance(exception, QueryError)
    error = FieldError(
        field=exception.part,
        value=shown(exception.text),
        message=exception.message,
        position=exception.position,
    )
    return problem(400, str(exception), [error])


def _cursor_refused(request: Request, exception: Exception) -> JSONResponse:
    return refusal("cursor", request.query_params.get("cursor"), str(exception))


def _not_found(_: Request, exception: Exception) -> JSONResponse:
    return problem(404, str(exception))


def _conflict(_: Request, exception: Exception) -> JSONResponse:
    return problem(409, str(exception))


def _key_reused(request: Request, exception: Exception) -> JSONResponse:
    return refusal("Idempotency-Key", request.headers.get("Idempotency-Key"), str(exception))


def _database_away(_: Request, exception: Exception) -> JSONResponse:
    log.warning("the database did not do it: %s", exception)
    detail = "the database cannot be used at present; nothing was changed, try again"
    return problem(503, detail, headers={"Retry-After": "2"})


def _files_away(_: Request, exception: Exception) -> JSONResponse:
    log.warning("the object store did not do it: %s", exception)
    detail = "the dataset files cannot be reached at present; try again"
    return problem(503, detail, headers={"Retry-After": "10"})


def _disk_full(request: Request, exception: Exception) -> JSONResponse:
    if not isinstance(exception, OSError) or exception.errno not in FULL:
        return _bug(request, exception)
    log.warning("no room for a file: %s", exception)
    detail = "the disk is full; nothing was kept, try again when there is room"
    return problem(503, detail, headers={"Retry-After": "60"})


def _bug(_: Request, exception: Exception) -> JSONResponse:
    log.error("an internal error", exc_info=exception)
    return problem(500, "an internal error; the server's log has its traceback")
