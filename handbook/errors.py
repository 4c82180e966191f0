"""The page about errors: statuses of the API, and the exceptions that the client makes of them."""

import asyncio
import inspect
import tempfile
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx

import migrations
from api.app import create_app
from handbook.markdown import as_json, block, code, sentence, table
from solenoid import errors
from store.settings import Settings

TOP = """# Errors

A request that cannot be answered is answered by a problem document (RFC 9457,
`application/problem+json`). `detail` is a sentence; `errors` has an entry for each field of the
request that needs mending, with the value that came and what is wrong with it. Nothing is stored of
a request that was refused. Asked for

"""
ASKED: Mapping[str, Any] = {
    "kind": "curl_descent.simulation",
    "spec": {"hidden": 0, "flips": {"readout": {"fraction": 1.5}}},
}
STATUSES: Mapping[int, str] = {
    400: "A query that cannot be read, or a parameter of the address; with a position where there "
    "is one.",
    401: "A token is needed and none was given, or it is not known.",
    403: "The token does not allow this, or the thing is somebody else's.",
    404: "There is no such thing.",
    405: "The address exists, the method does not; `Allow` names those that do.",
    409: "The state of the thing forbids it: an experiment that runs cannot be deleted.",
    413: "The body is larger than the limit that it names.",
    422: "The request does not fit its schema, or the spec cannot be run here.",
    429: "More than one caller may ask for at a time; `Retry-After` says when to try again.",
    500: "A mistake of ours; the server's log has its traceback.",
    503: "The database cannot be reached; nothing was changed, try again.",
}


def page() -> str:
    """One example, and both tables."""
    statuses = (
        (code(status), HTTPStatus(status).phrase, said) for status, said in STATUSES.items()
    )
    exceptions = (
        (code(name), sentence(inspect.getdoc(error) or ""))
        for name, error in vars(errors).items()
        if inspect.isclass(error) and issubclass(error, errors.SolenoidError)
    )
    return (
        f"{TOP}{block('text', 'POST /v1/experiments')}{as_json(ASKED)}it says\n\n"
        f"{as_json(asyncio.run(_refusal()))}"
        f"## Statuses\n\n{table(('status', '', 'when'), statuses)}"
        f"## Exceptions of the client\n\n{table(('exception', 'when'), exceptions)}"
    )


async def _refusal() -> Any:
    """What the service says to a bad request; nobody listens where its queue would be."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), redis_url=f"unix://{folder}/nobody.sock")
        migrations.upgrade(settings.resolved_database_url)
        app = create_app(settings)
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
        ):
            return (await client.post("/v1/experiments", json=ASKED)).json()
