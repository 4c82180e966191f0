"""Everything that can go wrong between a user and the service, each with a message to act on."""

from collections.abc import Mapping, Sequence
from typing import Any

LONGEST_VALUE = 80


class SolenoidError(Exception):
    """Any error of this package."""


class Unreachable(SolenoidError):
    """No service answers at the client's URL."""


class BadArgument(SolenoidError, ValueError):
    """Something that was refused before it reached the service."""


class NoResult(SolenoidError):
    """The experiment has no result: it is not over, or it did not succeed."""


class TimedOut(SolenoidError, TimeoutError):
    """The time given to wait was over before the experiment was."""


class MissingPackage(SolenoidError, ImportError):
    """An optional package that this call needs is not installed."""


class ServiceError(SolenoidError):
    """The service said no. `errors` names each field, its value and what is wrong with it."""

    def __init__(self, status: int, detail: str, errors: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__("\n".join(_sentence(error) for error in errors) or detail)
        self.status = status
        self.detail = detail
        self.errors = tuple(errors)


class BadInput(ServiceError):
    """The request itself cannot be served as it is (400, 413, 422)."""


class NotFound(ServiceError):
    """There is no such thing (404)."""


class NotAllowed(ServiceError):
    """A token is needed, or the one given does not allow this (401, 403)."""


class TooMany(ServiceError):
    """More was asked for than the service takes at a time (429)."""


class Conflict(ServiceError):
    """The thing exists, but its present state forbids what was asked (409)."""


_BY_STATUS: Mapping[int, type[ServiceError]] = {
    400: BadInput,
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    413: BadInput,
    422: BadInput,
    429: TooMany,
}


def service_error(status: int, problem: Mapping[str, Any]) -> ServiceError:
    """The error for a problem document (RFC 9457)."""
    detail = str(problem.get("detail") or problem.get("title") or f"HTTP status {status}")
    errors = problem.get("errors")
    return _BY_STATUS.get(status, ServiceError)(
        status, detail, errors if isinstance(errors, list) else ()
    )


def _sentence(error: Mapping[str, Any]) -> str:
    field, value, message = error.get("field"), error.get("value"), error.get("message")
    if error.get("position") is not None:
        return f"{field}, position {error['position']}: {message}"
    # Of a field that is missing, the value shown would be everything around it.
    if value is None or message == "Field required":
        return f"{field}: {message}"
    text = str(value)
    short = text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "..."
    return f"{field} = {short}: {message}"
