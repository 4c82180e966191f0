"""Request bodies that are packed or beyond their limit are refused before anybody reads them.

Their length counts as they declare it and as it really comes.
"""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import LONGEST_VALUE, problem
from store.settings import Settings

UPLOADS = ("/v1/datasets", "/v1/archives/import")
FORM_BYTES = 2**20  # what a multipart form may hold besides its file


class BodyLimit:
    """ASGI middleware: one limit for uploads, one for everything else."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting its body."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit, name = self._limit(scope["path"])
        headers = Headers(scope=scope)
        packed = headers.get("content-encoding", "").strip().lower()
        if packed not in ("", "identity"):
            detail = (
                f"Content-Encoding: {packed[:LONGEST_VALUE]} is not read; send the body as it is"
            )
            await problem(415, detail)(scope, receive, send)
            return
        declared = headers.get("content-length", "")
        if declared.isdigit() and int(declared) > limit:
            detail = f"the body has {declared} bytes; the limit is {limit} ({name})"
            await problem(413, detail)(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise HTTPException(413, f"the body is longer than {limit} bytes ({name})")
            return message

        await self.app(scope, counted, send)

    def _limit(self, path: str) -> tuple[int, str]:
        if path in UPLOADS:
            return self.settings.max_upload_bytes + FORM_BYTES, "SOLENOID_MAX_UPLOAD_BYTES"
        return self.settings.max_request_bytes, "SOLENOID_MAX_REQUEST_BYTES"
