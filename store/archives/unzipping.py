"""An archive opened for reading: nothing in it is believed before it is checked.

Everything about it is compared before anything is unpacked: the paths with those that an archive
may have, the ZIP's directory with the manifest, the sizes with the limit. What is read is hashed on
the way, and nothing is kept of an archive of which one member has another hash than the manifest's.
"""

import hashlib
import io
import stat
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from core.npz import BROKEN
from store.archives.manifest import (
    MANIFEST,
    MOST_MEMBERS,
    WHOLE,
    ArchiveRefused,
    ArchiveTooLarge,
    Manifest,
    Member,
    is_part,
)
from store.archives.zip_stream import CHUNK_BYTES
from store.settings import Settings

LONGEST_DIRECTORY = 200 * MOST_MEMBERS  # a member takes some 150 bytes of it
LONGEST_MANIFEST = 250 * MOST_MEMBERS  # and some 190 of the manifest
LONGEST_LINE = 2**24
TOLD_MISTAKES = 100

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Archive:
    """The members of an archive, by the paths of its manifest."""

    def __init__(self, archive: zipfile.ZipFile, members: Mapping[str, Member]) -> None:
        self.members = members
        self._zip = archive

    def pieces(self, path: str) -> Iterator[bytes]:
        """The bytes of a member; raises after the last of them unless they are the manifest's."""
        if path not in self.members:
            raise ArchiveRefused(path, "not there")
        digest, size = hashlib.sha256(), 0
        try:
            with self._zip.open(path) as member:
                while piece := member.read(CHUNK_BYTES):
                    digest.update(piece)
                    size += len(piece)
                    yield piece
        except BROKEN as broken:
            raise ArchiveRefused(path, f"damaged or incomplete: {broken}") from None
        if (size, digest.hexdigest()) != (self.members[path].size, self.members[path].sha256):
            raise ArchiveRefused(path, "its SHA-256 is not the one in the manifest")

    def lines(self, path: str) -> Iterator[str]:
        """The lines of a text, each with its end."""
        rest = b""
        for piece in self.pieces(path):
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                yield _text(path, line + b"\n")
            if len(rest) > LONGEST_LINE:
                raise ArchiveTooLarge(path, f"a line is longer than {LONGEST_LINE} bytes")
        if rest:
            yield _text(path, rest)


@contextmanager
def opened(path: Path, settings: Settings) -> Iterator[Archive]:
    """An uploaded file as an archive whose directory, manifest and sizes are in order."""
    with _Bounded(io.FileIO(path)) as file, _zip(file) as archive:
        infos = archive.infolist()
        for info in infos:
            _check(info)
        _check_together(infos, settings)
        manifest = _manifest(archive)
        yield Archive(archive, _compared(infos, manifest.members))


def mistake(invalid: ValidationError) -> str:
    """What is wrong with a document, in a sentence; of very many mistakes only how many."""
    if invalid.error_count() > TOLD_MISTAKES:
        return f"{invalid.error_count()} fields are wrong"
    first = invalid.errors(include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else first["msg"]


class _Bounded(io.BufferedReader):
    """A file that `zipfile` cannot be made to read whole into memory by a directory's size."""

    def read(self, size: int | None = -1) -> bytes:
        """At most `size` bytes."""
        wanted = LONGEST_DIRECTORY + 1
        content = super().read(wanted if size is None or size < 0 else min(size, wanted))
        if len(content) == wanted:
            raise ArchiveTooLarge(WHOLE, f"more than {MOST_MEMBERS} files")
        return content


def _zip(file: _Bounded) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except BROKEN as broken:
        raise ArchiveRefused(WHOLE, f"not a whole ZIP file: {broken}") from None


def _check(info: zipfile.ZipInfo) -> None:
    path = info.orig_filename
    if path != MANIFEST and not is_part(path):
        raise ArchiveRefused(ascii(path[:200])[1:-1], "an archive has no file of this name")
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        raise ArchiveRefused(path, "not a plain file")
    if info.flag_bits & 1:
        raise ArchiveRefused(path, "encrypted")
    if info.compress_type not in _METHODS:
        raise ArchiveRefused(path, f"packed by method {info.compress_type}; 0 and 8 are read")


def _check_together(infos: Sequence[zipfile.ZipInfo], settings: Settings) -> None:
    if len(infos) > MOST_MEMBERS:
        raise ArchiveTooLarge(WHOLE, f"more than {MOST_MEMBERS} files")
    for path, times in Counter(info.filename for info in infos).most_common(1):
        if times > 1:
            raise ArchiveRefused(path, f"is in the archive {times} times")
    size, limit = sum(info.file_size for info in infos), settings.max_array_bytes
    if size > limit:
        message = f"unpacks to {size} bytes; the limit is {limit} (SOLENOID_MAX_ARRAY_BYTES)"
        raise ArchiveTooLarge(WHOLE, message)


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    try:
        info = archive.getinfo(MANIFEST)
    except KeyError:
        raise ArchiveRefused(MANIFEST, "not there: this is no archive of Solenoid") from None
    if info.file_size > LONGEST_MANIFEST:
        raise ArchiveTooLarge(MANIFEST, f"longer than {LONGEST_MANIFEST} bytes")
    try:
        return Manifest.model_validate_json(archive.read(info))
    except ValidationError as invalid:
        raise ArchiveRefused(MANIFEST, mistake(invalid)) from None
    except BROKEN as broken:
        raise ArchiveRefused(MANIFEST, f"damaged or incomplete: {broken}") from None


def _compared(infos: Sequence[zipfile.ZipInfo], listed: Sequence[Member]) -> Mapping[str, Member]:
    members = {member.path: member for member in listed}
    sizes = {info.filename: info.file_size for info in infos if info.filename != MANIFEST}
    for path, size in sizes.items():
        if path not in members:
            raise ArchiveRefused(path, "not in the manifest")
        if members[path].size != size:
            raise ArchiveRefused(path, f"{size} bytes; {members[path].size} in the manifest")
    for path in members:
        if path not in sizes:
            raise ArchiveRefused(ascii(path[:200])[1:-1], "in the manifest, but not in the archive")
    return members


def _text(path: str, line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as broken:
        raise ArchiveRefused(path, f"not UTF-8: {broken}") from None
