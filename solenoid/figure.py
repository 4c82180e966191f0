"""A figure: one Vega-Lite document, drawn by a notebook or saved as a picture."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solenoid.errors import BadArgument
from solenoid.transport import Transport, part

FORMATS = ("svg", "png", "pdf", "json")


@dataclass(frozen=True)
class Figure:
    """One figure of an experiment; it is drawn by the service when it is asked for."""

    transport: Transport
    experiment_id: str
    name: str
    description: str = ""

    def spec(self) -> dict[str, Any]:
        """The Vega-Lite document, data included."""
        document: dict[str, Any] = self.transport.get(self._path("json"))
        return document

    def content(self, form: str) -> bytes:
        """The figure as a file: svg, png, pdf or json."""
        if form not in FORMATS:
            raise BadArgument(f"a figure can be {', '.join(FORMATS)}; not {form!r}")
        return self.transport.content(self._path(form))

    def save(self, path: str | Path) -> Path:
        """Write the figure in the format that the name's ending says."""
        target = Path(path)
        content = self.content(target.suffix.removeprefix(".").lower())
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return target

    def _path(self, form: str) -> str:
        return f"/v1/experiments/{part(self.experiment_id)}/figures/{part(self.name)}.{form}"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        # Front ends draw the newest form they know, and the picture where they know none.
        document = self.spec()
        return {
            "application/vnd.vegalite.v6+json": document,
            "application/vnd.vegalite.v5+json": document,
            "image/png": base64.b64encode(self.content("png")).decode(),
            "text/plain": f"Figure {self.name} of experiment {self.experiment_id}",
        }
