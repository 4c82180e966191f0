"""What the pages load: our own scripts and styles, and Vega from the bundle that vl-convert has.

Every address holds a hash of the content, so that a browser keeps it for ever.
"""

import gzip
import hashlib
import mimetypes
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from importlib.metadata import version
from pathlib import Path
from threading import Lock

from fastapi import APIRouter, Request, Response

from api.context import Service
from store.experiments import NotFound
from store.settings import Settings

router = APIRouter()

FOLDER = Path(__file__).parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"

_bundling = ThreadPoolExecutor(1, "vega")
_bundles: dict[Path, Future[bytes]] = {}
_lock = Lock()


@cache
def files() -> dict[str, bytes]:
    """Our own files by name."""
    return {path.name: path.read_bytes() for path in sorted(FOLDER.iterdir()) if path.is_file()}


@cache
def digest() -> str:
    """One hash for all of them: modules import each other by their plain names."""
    content = b"\0".join(name.encode() + b"\0" + text for name, text in files().items())
    return hashlib.sha256(content).hexdigest()[:12]


def address(name: str) -> str:
    """Where a file of ours is."""
    return f"/static/{digest()}/{name}"


def vega_address() -> str:
    """Where Vega is."""
    return f"/static/vega-{version('vl-convert-python')}.js"


@router.get("/static/{digest}/{name}")
def own_file(digest: str, name: str) -> Response:
    """One of our own files."""
    if name not in files():
        raise NotFound(f"no file is named {name}")
    media = mimetypes.guess_type(name)[0] or "application/octet-stream"
    caching = FOR_EVER if digest == globals()["digest"]() else "no-cache"
    return Response(files()[name], media_type=media, headers={"Cache-Control": caching})


@router.get("/static/vega-{number}.js")
def vega(number: str, request: Request, service: Service) -> Response:
    """Vega, Vega-Lite and their embedding, with an interpreter that needs no `eval`."""
    packed = prepare_vega(service.settings).result()
    headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
    else:
        packed = gzip.decompress(packed)
    return Response(packed, media_type="text/javascript", headers=headers)


def prepare_vega(settings: Settings) -> Future[bytes]:
    """The compressed bundle: made once per installation, in seconds, and kept in a file."""
    path = settings.data_dir / f"vega-{version('vl-convert-python')}.js.gz"
    with _lock:
        if path not in _bundles:
            _bundles[path] = _bundling.submit(_bundle, path)
    return _bundles[path]


def _bundle(path: Path) -> bytes:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        writer = [sys.executable, "-P", "-m", "api.dashboard.vega", str(path)]
        subprocess.run(writer, check=True, cwd=path.parent)
    return path.read_bytes()
