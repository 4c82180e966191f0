"""Archives: the service's experiments as one file, and such a file taken in."""

import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from solenoid.errors import BadArgument
from solenoid.question import whole
from solenoid.transport import Transport

PATH = "/v1/archives"
TAKEN_IN_S = 3600.0  # a large archive is unpacked, checked and stored before the answer


def exported(
    transport: Transport,
    path: Path,
    *,
    where: str | None,
    experiments: Iterable[str],
    sweeps: Iterable[str],
    datasets: Iterable[str],
) -> list[str]:
    """Write an archive, whole or not at all; the ids it lacks because they have not ended."""
    body: dict[str, Any] = {
        "ids": list(experiments),
        "sweeps": list(sweeps),
        "datasets": list(datasets),
    }
    if where is not None:
        body["where"] = where
    try:
        with whole(path) as file:
            file.writelines(transport.posted_pieces(PATH, body))
    except OSError as failure:
        raise BadArgument(f"cannot write {path}: {failure.strerror}") from None
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    return [each["id"] for each in manifest["skipped"]]


def imported(transport: Transport, path: Path) -> dict[str, dict[str, int]]:
    """Send an archive; how many experiments, sweeps and datasets it added, or found there."""
    try:
        with path.open("rb") as file:
            counts: dict[str, dict[str, int]] = transport.upload(
                f"{PATH}/import", [(path.name, file)], {}, TAKEN_IN_S
            )
    except OSError as failure:
        raise BadArgument(f"cannot read {path}: {failure.strerror}") from None
    return counts
