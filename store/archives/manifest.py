"""What an archive is: its name, its version, its members, and the words that explain them."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from importlib.metadata import version
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, FailFast, Field, StringConstraints

MANIFEST = "manifest.json"
README = "README.txt"
EXPERIMENTS = "experiments.jsonl"
SWEEPS = "sweeps.jsonl"

MOST_MEMBERS = 500_000  # whoever opens a ZIP file holds its whole directory in memory
WHOLE = "archive"

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
SHA256 = r"[0-9a-f]{64}"

_PARTS = re.compile(
    "|".join(
        (
            *map(re.escape, (README, EXPERIMENTS, SWEEPS)),
            r"results/[a-z0-9_]+(?:\.[a-z0-9_]+)*\.csv",
            f"arrays/{UUID}/[A-Za-z0-9_]{{1,100}}\\.npy",
            f"datasets/{UUID}\\.json",
            f"datasets/files/{SHA256}",
        )
    )
)


class ArchiveRefused(Exception):
    """An archive that is not imported: names the member, or `archive` as a whole."""

    def __init__(self, member: str, message: str) -> None:
        super().__init__(f"{member}: {message}")
        self.member = member
        self.message = message


class ArchiveTooLarge(ArchiveRefused):
    """An archive beyond a limit, which the message names."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Member(_Model):
    """One file of an archive."""

    path: str
    size: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, StringConstraints(pattern=f"^{SHA256}$")]


class Skipped(_Model):
    """An experiment that was asked for but had not ended."""

    id: str
    status: str


class Manifest(_Model):
    """The archive's own description: every other member by its path, size and SHA-256."""

    format: Literal["solenoid-archive"]
    version: Literal[1]
    solenoid: str
    created_at: datetime
    skipped: Annotated[tuple[Skipped, ...], FailFast()]
    members: Annotated[tuple[Member, ...], FailFast()]


def is_part(path: str) -> bool:
    """Whether an archive may hold a file of this path."""
    return _PARTS.fullmatch(path) is not None


def results_path(kind: str) -> str:
    """The metric rows of one kind."""
    return f"results/{kind}.csv"


def array_path(experiment: str, name: str) -> str:
    """One array of one experiment."""
    return f"arrays/{experiment}/{name}.npy"


def dataset_path(identifier: str) -> str:
    """The description of one dataset."""
    return f"datasets/{identifier}.json"


def file_path(sha256: str) -> str:
    """An uploaded file."""
    return f"datasets/files/{sha256}"


def manifest_pieces(
    created_at: datetime, skipped: Iterable[bytes], members: Iterable[bytes]
) -> Iterator[bytes]:
    """The manifest, one entry on a line; written as it comes, because it can be long."""
    empty = Manifest(
        format="solenoid-archive",
        version=1,
        solenoid=version("solenoid"),
        created_at=created_at,
        skipped=(),
        members=(),
    )
    yield empty.model_dump_json(exclude={"skipped", "members"}).encode().removesuffix(b"}")
    for name, entries in (("skipped", skipped), ("members", members)):
        yield f',\n"{name}": ['.encode()
        separator = b"\n"
        for entry in entries:
            yield separator + entry.rstrip(b"\n")
            separator = b",\n"
        yield b"]"
    yield b"}\n"


README_TEXT = """\
This is an archive of Solenoid, a service that runs experiments on neural networks and neural
recordings. It is a ZIP file of plain text, CSV and NumPy arrays, and can be read without Solenoid.

manifest.json            what is in here: format and version, when and by which version of Solenoid
                         it was written, size and SHA-256 of every other file. `skipped` lists
                         experiments that were asked for but had not ended.
experiments.jsonl        one experiment on a line, as JSON: its kind, the spec that determines its
                         result, labels, times (UTC), how it ended, the versions of the software
                         that computed it, the medians of its metrics over replicates (`summary`),
                         and the names, axes and units of its arrays.
sweeps.jsonl             one sweep on a line, as JSON: many experiments made from one base spec and
                         axes. An experiment names its sweep; `point` is its place on the axes.
results/<kind>.csv       the metrics: one line per experiment, arm and replicate, with the
                         parameters of the spec repeated beside them. UTF-8; an empty field means
                         that there is no value (it was not finite, or never came to be). Numbers
                         are written with as many digits as it takes to read the same double back.
arrays/<id>/<name>.npy   every array of an experiment, in NumPy's format: numpy.load(path). It is
                         described at
                         https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
datasets/<id>.json       a recording that experiments were run on: its name, which arrays of its
                         file are meant (`mapping`), what was found in it. Specs name it by its id.
datasets/files/<sha256>  the recording's file, byte for byte as it was uploaded.

To load all of it into a Solenoid service: solenoid import ARCHIVE.zip
"""
