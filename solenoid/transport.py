"""HTTP to one service: retries what may be repeated, turns every failure into a `SolenoidError`."""

import ipaddress
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any
from urllib.parse import quote

import httpx

from solenoid.errors import BadArgument, SolenoidError, Unreachable, service_error

CONNECT_S = 5.0
ANSWER_S = 120.0
# Shorter than what proxies and servers allow an idle connection before they hang up.
IDLE_S = 3.0
PAUSES_S = (0.2, 1.0, 3.0)


class Broken(Exception):
    """A stream of events that ended before it was over, or was silent for too long."""


class Transport:
    """The connection of one client."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url.rstrip("/")
        self._http = httpx.Client(
            headers={} if token is None else {"Authorization": f"Bearer {_plain_token(token)}"},
            base_url=_checked(self.url),
            timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S),
            limits=httpx.Limits(max_connections=None, keepalive_expiry=IDLE_S),
            # A proxy for the outer world cannot reach this machine's own address.
            trust_env=not _is_loopback(self.url),
            follow_redirects=True,
        )

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def get(self, path: str, **params: Any) -> Any:
        """A resource as JSON."""
        return self._sent("GET", path, repeatable=True, params=_given(params)).json()

    def content(self, path: str, **params: Any) -> bytes:
        """A resource as bytes."""
        return self._sent("GET", path, repeatable=True, params=_given(params)).content

    def pieces(self, path: str, **params: Any) -> Iterator[bytes]:
        """A resource of any size as bytes, piece by piece; one that breaks off is not repeated."""
        return self._streamed("GET", path, params=_given(params))

    def posted_pieces(self, path: str, body: Mapping[str, Any]) -> Iterator[bytes]:
        """The answer of any size to a document, piece by piece."""
        return self._streamed("POST", path, json=body)

    def post(self, path: str, body: Mapping[str, Any], key: str | None = None) -> Any:
        """Send a document. With an idempotency key a broken connection is no reason to give up."""
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers["Idempotency-Key"] = key
        content = json.dumps(body, default=_plain)
        repeatable = key is not None
        sent = self._sent("POST", path, repeatable=repeatable, content=content, headers=headers)
        return sent.json()

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """Change parts of a resource to what the document says; saying it twice changes nothing."""
        headers = {"Content-Type": "application/json"}
        content = json.dumps(body, default=_plain)
        return self._sent("PATCH", path, repeatable=True, content=content, headers=headers).json()

    def upload(
        self,
        path: str,
        files: Sequence[tuple[str, IO[bytes]]],
        fields: Mapping[str, str],
        answer_s: float = ANSWER_S,
    ) -> Any:
        """Send files as a form."""
        form = {"files": [("file", file) for file in files], "data": fields}
        timeout = httpx.Timeout(answer_s, connect=CONNECT_S)
        return self._sent("POST", path, repeatable=False, timeout=timeout, **form).json()

    def delete(self, path: str) -> None:
        """Delete a resource."""
        self._sent("DELETE", path, repeatable=False)

    @contextmanager
    def stream(
        self, path: str, headers: Mapping[str, str], silence_s: float
    ) -> Iterator[Iterator[str]]:
        """The lines of a stream of events; raises `Broken` when it breaks off or says nothing."""
        self._check_open()
        timeout = httpx.Timeout(silence_s, connect=CONNECT_S)
        try:
            with self._http.stream("GET", path, headers=headers, timeout=timeout) as response:
                if response.is_client_error:
                    response.read()
                    raise _error(response)
                if not response.headers.get("content-type", "").startswith("text/event-stream"):
                    raise Broken(f"HTTP status {response.status_code} and no events")
                yield response.iter_lines()
        except httpx.TransportError as broken:
            raise Broken(str(broken)) from broken

    def _streamed(self, method: str, path: str, **request: Any) -> Iterator[bytes]:
        self._check_open()
        try:
            with self._http.stream(method, path, **request) as response:
                if response.is_error:
                    response.read()
                    raise _error(response)
                yield from response.iter_bytes()
        except UnicodeEncodeError as halved:
            raise _unwritable(halved) from None
        except httpx.TransportError as failure:
            raise self._unreachable(failure) from failure

    def _sent(self, method: str, path: str, *, repeatable: bool, **request: Any) -> httpx.Response:
        pauses = iter(PAUSES_S)
        broke = False
        while True:
            self._check_open()
            try:
                response = self._http.request(method, path, **request)
            except UnicodeEncodeError as halved:
                raise _unwritable(halved) from None
            except httpx.TransportError as failure:
                # Nobody at all: say so at once. Somebody who left: a restart takes a moment.
                broke = broke or not isinstance(failure, httpx.ConnectError)
                pause_s = next(pauses, None) if repeatable and broke else None
                if pause_s is None:
                    raise self._unreachable(failure) from failure
                time.sleep(pause_s)
                continue
            if response.is_error:
                raise _error(response)
            return response

    def _check_open(self) -> None:
        if self._http.is_closed:
            raise SolenoidError(f"this client of {self.url} was closed")

    def _unreachable(self, failure: httpx.TransportError) -> Unreachable:
        if isinstance(failure, httpx.ConnectError | httpx.ConnectTimeout):
            return Unreachable(
                f"no Solenoid service answers at {self.url}; start one with `solenoid up`, "
                "or give the address of another: Client(url), --url, SOLENOID_URL"
            )
        reason = str(failure) or type(failure).__name__
        return Unreachable(f"the connection to {self.url} broke: {reason}")


def part(text: str) -> str:
    """An id or a name as one part of a path, whatever is in it."""
    return quote(text, safe="")


def _error(response: httpx.Response) -> Exception:
    try:
        problem = response.json()
    except ValueError:
        problem = None
    said = problem.get("detail") if isinstance(problem, dict) else None
    if said in (None, response.reason_phrase):
        # From a proxy, or from the router: only the address tells what was asked for.
        problem = {"detail": f"{response.url}: {response.status_code} {response.reason_phrase}"}
    return service_error(response.status_code, problem)


def _unwritable(halved: UnicodeEncodeError) -> BadArgument:
    text = halved.object[max(halved.start - 20, 0) : halved.end + 20]
    return BadArgument(f"{text!a} holds half a character, which no request can carry")


def _given(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}


def _plain(value: Any) -> Any:
    """Ranges, NumPy numbers and arrays as JSON has them."""
    if isinstance(value, range):
        return list(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise BadArgument(f"{value!r} of type {type(value).__name__} cannot be written as JSON")


def _plain_token(token: str) -> str:
    """The token, if it can be one: nothing else may get into a header, nor into a message."""
    if not token.isascii() or not token.isprintable() or " " in token.strip() or not token.strip():
        raise BadArgument("the token is not one line of letters, digits and signs")
    return token.strip()


def _checked(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as invalid:
        raise BadArgument(f"{url!r} is not a URL: {invalid}") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise BadArgument(f"{url!r} is not a URL such as http://127.0.0.1:8000")
    return parsed


def _is_loopback(url: str) -> bool:
    host = httpx.URL(url).host
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
