"""The ZIP writer against the standard library's reader, with records of 32 and of 64 bits."""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from tempfile import TemporaryFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.archives import zip_stream
from store.archives.manifest import Member
from store.archives.zip_stream import ZipStream

PATHS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40)
CONTENTS = st.dictionaries(PATHS, st.lists(st.binary(max_size=500), max_size=4), max_size=8)


def zipped(contents: Mapping[str, list[bytes]]) -> tuple[bytes, list[Member]]:
    sent, members = io.BytesIO(), []
    with TemporaryFile() as directory:
        archive = ZipStream(directory)

        def one(path: str) -> None:
            pieces = archive.member(path, contents[path])
            while True:
                try:
                    sent.write(next(pieces))
                except StopIteration as ended:
                    members.append(ended.value)
                    return

        for path in contents:
            one(path)
        sent.writelines(archive.end())
    return sent.getvalue(), members


@pytest.fixture(params=[zip_stream.LARGE, 10], ids=["32 bits", "64 bits"])
def records(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a small archive, and as for one beyond four gigabytes."""
    monkeypatch.setattr(zip_stream, "LARGE", request.param)


@pytest.mark.usefixtures("records")
def test_what_goes_in_comes_out() -> None:
    @given(CONTENTS)
    def check(contents: Mapping[str, list[bytes]]) -> None:
        content, members = zipped(contents)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert archive.testzip() is None
            found = [archive.read(info) for info in archive.infolist()]
            paths = [info.orig_filename for info in archive.infolist()]
        assert paths == list(contents)
        assert found == [b"".join(pieces) for pieces in contents.values()]
        assert members == [
            Member(path=path, size=len(whole), sha256=hashlib.sha256(whole).hexdigest())
            for path, whole in zip(paths, found, strict=True)
        ]

    check()


def test_more_members_than_sixteen_bits_count_are_all_found() -> None:
    content, members = zipped({str(number): [] for number in range(70_000)})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == [member.path for member in members]


def test_a_member_larger_than_memory_is_kept_in_a_file() -> None:
    pieces = [bytes([number]) * 2**18 for number in range(20)]
    content, _ = zipped({"large": [hashlib.sha256(p).digest() * 2**13 for p in pieces]})
    assert len(content) < 20 * 2**18
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
