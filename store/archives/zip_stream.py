"""A ZIP file written as a stream, whose memory does not grow with what goes into it.

The standard library's writer keeps every member's record until the end, a kilobyte for each; here
they wait in a file. A member is packed into a temporary file before its header is sent, so that the
header tells its true size: readers of any age understand that, where sizes that follow the content
confuse some. Records of 64 bits (APPNOTE 4.3.14, 4.5.3) appear only where 32 do not suffice.
"""

import hashlib
import struct
import zlib
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import IO

from store.archives.manifest import Member

CHUNK_BYTES = 2**18
KEPT_IN_MEMORY = 2**20
LARGE = 2**32 - 1  # what does not fit below this needs a record of 64 bits
MANY = 2**16 - 1

_MIDNIGHT, _FIRST_DAY = 0, 0x21  # 1980-01-01, a fixed time stamp: equal members are equal bytes
_UTF8, _DEFLATED, _UNIX = 0x800, 8, 3
_PLAIN_FILE = 0o100644 << 16

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END_64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR = struct.Struct("<4sIQI")
_END = struct.Struct("<4s4H2IH")


@dataclass(frozen=True)
class _Packed:
    member: Member
    crc: int
    size: int


class ZipStream:
    """Members go in one after the other; what every call yields is to be sent on.

    `directory` is an empty file, in which the records of the members wait for the end.
    """

    def __init__(self, directory: IO[bytes]) -> None:
        self._directory = directory
        self._offset = 0
        self._count = 0

    def member(self, path: str, content: Iterable[bytes]) -> Generator[bytes, None, Member]:
        """The bytes of one member; returns what the manifest says of it."""
        with SpooledTemporaryFile(KEPT_IN_MEMORY) as packed:
            about = _pack(packed, path, content)
            self._directory.write(_central(about, self._offset))
            self._count += 1
            header = _local(about)
            self._offset += len(header) + about.size
            yield header
            packed.seek(0)
            yield from iter(partial(packed.read, CHUNK_BYTES), b"")
        return about.member

    def end(self) -> Iterator[bytes]:
        """The directory, which ends the file."""
        size = self._directory.tell()
        self._directory.seek(0)
        yield from iter(partial(self._directory.read, CHUNK_BYTES), b"")
        yield _end(self._count, size, self._offset)


def _pack(packed: IO[bytes], path: str, content: Iterable[bytes]) -> _Packed:
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    digest, crc, size = hashlib.sha256(), 0, 0
    for piece in content:
        digest.update(piece)
        crc = zlib.crc32(piece, crc)
        size += len(piece)
        packed.write(deflate.compress(piece))
    packed.write(deflate.flush())
    return _Packed(Member(path=path, size=size, sha256=digest.hexdigest()), crc, packed.tell())


def _local(about: _Packed) -> bytes:
    name = about.member.path.encode()
    sizes = (about.size, about.member.size)
    extra = b""
    if max(sizes) >= LARGE:
        extra = struct.pack("<2H2Q", 1, 16, about.member.size, about.size)
        sizes = (2**32 - 1, 2**32 - 1)
    version = 45 if extra else 20
    start = (b"PK\3\4", version, _UTF8, _DEFLATED, _MIDNIGHT, _FIRST_DAY, about.crc)
    return _LOCAL.pack(*start, *sizes, len(name), len(extra)) + name + extra


def _central(about: _Packed, offset: int) -> bytes:
    name = about.member.path.encode()
    places = (about.size, about.member.size, offset)
    extra = b""
    if max(places) >= LARGE:
        extra = struct.pack("<2H3Q", 1, 24, about.member.size, about.size, offset)
        places = (2**32 - 1,) * 3
    *sizes, start = places
    version = 45 if extra else 20
    first = (b"PK\1\2", _UNIX << 8 | version, version, _UTF8, _DEFLATED, _MIDNIGHT, _FIRST_DAY)
    lengths = (len(name), len(extra), 0, 0, 0)
    return _CENTRAL.pack(*first, about.crc, *sizes, *lengths, _PLAIN_FILE, start) + name + extra


def _end(count: int, size: int, offset: int) -> bytes:
    large = b""
    if count >= MANY or max(size, offset) >= LARGE:
        start = (b"PK\6\6", _END_64.size - 12, _UNIX << 8 | 45, 45, 0, 0)
        large = _END_64.pack(*start, count, count, size, offset)
        large += _LOCATOR.pack(b"PK\6\7", 0, offset + size, 1)
        count, size, offset = min(count, MANY), 2**32 - 1, 2**32 - 1
    return large + _END.pack(b"PK\5\6", 0, 0, count, count, size, offset, 0)
