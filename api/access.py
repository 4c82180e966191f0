"""Who comes in: tokens, their roles, and what a browser may be tricked into.

Without a token one is `anonymous`, who may do everything where no token is needed: on the
machine's own address. There, pages of other sites must not act through the user's browser, neither
by a form (`Sec-Fetch-Site`) nor under a name that was made to point here (`Host`).
"""

import asyncio
import time
from contextvars import ContextVar
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.datastructures import URL, Headers
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import problem
from api.rates import within_rate
from store import tokens
from store.database import Database
from store.tables import ANONYMOUS
from workers.addresses import is_loopback

COOKIE = "solenoid_token"
SIGN_IN, SIGN_OUT = "/sign-in", "/sign-out"
OPEN = ("/healthz", "/readyz", SIGN_IN, SIGN_OUT)
STYLE = "/static/"  # what pages look like, and nothing that anybody made here
SAFE = ("GET", "HEAD", "OPTIONS")
ONLY_READING = ("/v1/experiments/estimate", "/v1/sweeps/preview", "/v1/archives")

AGAIN_S = 10.0  # between two looks at who holds a stream open

_TOKEN: ContextVar[tokens.Token | None] = ContextVar("token", default=None)


def present_token() -> tokens.Token | None:
    """The token with which the present request came; None where none is needed and none came."""
    return _TOKEN.get()


def caller() -> str:
    """The name of that token, or `anonymous`."""
    token = present_token()
    return ANONYMOUS if token is None else token.name


class Guest:
    """Who holds a stream open: looked at again now and then, since a token may be deleted."""

    def __init__(self, database: Database) -> None:
        self._database, self._token = database, present_token()
        self._looked = time.monotonic()

    async def welcome(self) -> bool:
        """Whether the stream may go on."""
        if self._token is None or time.monotonic() < self._looked + AGAIN_S:
            return True
        self._looked = time.monotonic()
        return await asyncio.to_thread(tokens.is_known, self._database, self._token)


@dataclass(frozen=True)
class Door:
    """Whom an address lets in."""

    needs_token: bool = False
    own_names_only: bool = False
    """Whether requests must be addressed to this machine by a name of its own."""


@dataclass
class Access:
    """ASGI middleware: refuses with 401, 403 or 429, or passes on with the caller known."""

    app: ASGIApp
    door: Door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or pass on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refused = self._tricked(scope["method"], headers)
        token = None
        if refused is None and not _is_open(scope["path"]):
            token, refused = await self._identified(scope, headers)
        if token is not None:
            scope["solenoid_caller"] = token.name  # also of what is refused
        if refused is not None:
            await refused(scope, receive, send)
            return
        before = _TOKEN.set(token)
        scope["solenoid_caller"] = caller()
        try:
            await self.app(scope, receive, send)
        finally:
            _TOKEN.reset(before)

    def _tricked(self, method: str, headers: Headers) -> ASGIApp | None:
        """A refusal of what another site makes a browser do."""
        if self.door.own_names_only and not is_loopback(host_of(headers.get("host", ""))):
            return problem(403, "Host: this address answers only to this machine's own names")
        if method in SAFE:
            return None
        if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            return problem(403, "Sec-Fetch-Site: pages of other sites may not change anything here")
        origin = headers.get("origin")  # all that older browsers say
        if self.door.own_names_only and origin and not is_loopback(_host_of_origin(origin)):
            return problem(403, "Origin: pages of other sites may not change anything here")
        return None

    async def _identified(
        self, scope: Scope, headers: Headers
    ) -> tuple[tokens.Token | None, ASGIApp | None]:
        """The caller's token, if there is one, or a refusal."""
        secret, context = _secret(headers), scope["app"].state.context
        if secret is None:
            needed = "a token is needed: Authorization: Bearer TOKEN"
            return None, _stranger(scope, headers, needed) if self.door.needs_token else None
        token = await asyncio.to_thread(tokens.of_secret, context.database, secret)
        if token is None:
            if not self.door.needs_token and "authorization" not in headers:
                return None, None  # a cookie of another service, or of earlier, on this host
            return None, _stranger(scope, headers, "this token is not known here, or was deleted")
        role = role_for(scope["method"], scope["path"])
        if not token.allows(role):
            detail = f"the token {token.name} has the role {token.role}; this needs {role}"
            return token, problem(403, detail)
        return token, await within_rate(context, token.name)


def role_for(method: str, path: str) -> str:
    """The least role that a request needs."""
    if path == "/v1/tokens" or path.startswith("/v1/tokens/"):
        return "admin"
    return "read" if method in SAFE or path in ONLY_READING else "submit"


def _is_open(path: str) -> bool:
    return path in OPEN or path.startswith(STYLE)


def host_of(authority: str) -> str:
    """The host of a Host header, without the port and an IPv6 address's brackets."""
    host, colon, port = authority.rpartition(":")
    return (host if colon and port.isdigit() else authority).strip("[]")


def _host_of_origin(origin: str) -> str:
    """The host of an Origin header; nothing for `null`."""
    return host_of(origin.partition("://")[2])


def _secret(headers: Headers) -> str | None:
    """What came as a token: in the header, or as the cookie of whoever signed in."""
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and secret:
        return secret.strip()
    return cookie_parser(headers.get("cookie", "")).get(COOKIE)


def _stranger(scope: Scope, headers: Headers, detail: str) -> ASGIApp:
    """Pages lead to where one signs in, and from there back; everything else is told why not."""
    if scope["method"] in SAFE and headers.get("accept", "").startswith("text/html"):
        wanted = URL(scope=scope)
        back = wanted.path + (f"?{wanted.query}" if wanted.query else "")
        return RedirectResponse(f"{SIGN_IN}?{urlencode({'to': back})}", 303)
    return problem(401, detail, headers={"WWW-Authenticate": "Bearer"})
