"""A figure: one Vega-Lite document, drawn by a notebook or saved as a picture."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from solenoid.errors import BadArgument
from solenoid.transport import Transport, part

FORMATS = ("svg", "png", "pdf", "json")


@dataclass(frozen=True)
class Figure:
    """One figure of an experiment or a sweep; the service draws it when it is asked for."""

    transport: Transport
    folder: str
    name: str
    description: str = ""
    params: Mapping[str, str] = field(default_factory=dict)

    def spec(self) -> dict[str, Any]:
        """The Vega-Lite document, data included."""
        document: dict[str, Any] = self.transport.get(self._path("json"), **self.params)
        return document

    def content(self, form: str) -> bytes:
        """The figure as a file: svg, png, pdf or json."""
        if form not in FORMATS:
            raise BadArgument(f"a figure can be {', '.join(FORMATS)}; not {form!r}")
        return self.transport.content(self._path(form), **self.params)

    def save(self, path: str | Path) -> Path:
        """Write the figure in the format that the name's ending says."""
        target = Path(path)
        content = self.content(target.suffix.removeprefix(".").lower())
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return target

    def _path(self, form: str) -> str:
        return f"{self.folder}/{part(self.name)}.{form}"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        # Front ends draw the newest form they know, and the picture where they know none.
        document = self.spec()
        return {
            "application/vnd.vegalite.v6+json": document,
            "application/vnd.vegalite.v5+json": document,
            "image/png": base64.b64encode(self.content("png")).decode(),
            "text/plain": f"Figure {self.name}: {self.description}",
        }
