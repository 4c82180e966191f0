"""Archives that were not written by an export, or not for us: refused by name, nothing left."""

import csv
import hashlib
import io
import json
import shutil
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.dataset import dataset_id
from core.examples import GOLUB_BCI
from store.archives import unzipping
from store.archives.importing import import_archive
from store.archives.manifest import ArchiveRefused, ArchiveTooLarge
from store.database import Database
from store.settings import Settings
from tests.store.archive_world import (
    CURL,
    RATIO,
    Members,
    archive_of,
    changed_line,
    content,
    files,
    made,
    members_of,
    npy,
    written,
)

Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def good(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Members, dict[str, str]]:
    """The files of a good archive, and the ids in it by name."""
    folder = tmp_path_factory.mktemp("good")
    shutil.copyfile(migrated_sqlite, folder / "solenoid.db")
    settings = Settings(data_dir=folder)
    database = Database(settings.resolved_database_url)
    ids = made(database, settings)
    path = written(database, settings, folder / "a.zip")
    database.close()
    return members_of(path), ids


@pytest.fixture
def here(migrated_sqlite: Path, tmp_path: Path) -> Iterator[tuple[Database, Settings]]:
    """An empty installation."""
    shutil.copyfile(migrated_sqlite, tmp_path / "solenoid.db")
    settings = Settings(data_dir=tmp_path)
    database = Database(settings.resolved_database_url)
    yield database, settings
    database.close()


def refusal(here: tuple[Database, Settings], path: Path) -> ArchiveRefused:
    """How an archive is refused; it leaves no row and no file behind."""
    database, settings = here
    before = content(database)
    with pytest.raises(ArchiveRefused) as refused:
        import_archive(database, settings, path)
    assert content(database) == before
    assert files(settings) == set()
    return refused.value


def test_the_archive_that_the_others_are_made_of_is_taken(
    good: tuple[Members, dict[str, str]], here: tuple[Database, Settings], tmp_path: Path
) -> None:
    assert import_archive(*here, archive_of(tmp_path / "a.zip", good[0]))["experiments"].added == 7


def entry(change: Change, path: str = "experiments.jsonl", line: int = 0) -> Callable[..., Members]:
    return lambda members, ids: changed_line(members, path, change, line)


def put(path: str, new: bytes) -> Callable[..., Members]:
    return lambda members, ids: {**members, path.format(**ids): new}


def without(path: str) -> Callable[..., Members]:
    return lambda members, ids: {n: c for n, c in members.items() if n != path.format(**ids)}


def replaced(path: str, old: bytes, new: bytes) -> Callable[..., Members]:
    return lambda members, ids: {**members, path: members[path].replace(old, new)}


def metric(name: str, value: str) -> Callable[..., Members]:
    """The first row with another value of one metric."""

    def change(members: Members, ids: Any) -> Members:
        table = list(csv.reader(io.StringIO(members[ROWS].decode())))
        table[1][table[0].index(name)] = value
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(table)
        return {**members, ROWS: text.getvalue().encode()}

    return change


def twice(path: str) -> Callable[..., Members]:
    return lambda members, ids: {
        **members,
        path: members[path] + members[path].splitlines(True)[-1],
    }


FILE = f"datasets/files/{hashlib.sha256(GOLUB_BCI.path.read_bytes()).hexdigest()}"
RECORDING = f"datasets/{GOLUB_BCI.dataset_id}.json"
ROWS = f"results/{CURL}.csv"
NUMBERS = "arrays/{succeeded}/numbers.npy"
CHANGED: dict[str, tuple[Callable[..., Members], str, str]] = {
    "a path that leaves the folder": (put("../x.npy", b""), "../x.npy", "no file of this name"),
    "an absolute path": (put("/etc/passwd", b""), "/etc/passwd", "no file of this name"),
    "a path of Windows": (put("arrays\\x.npy", b""), "arrays", "no file of this name"),
    "a folder": (put("arrays/", b""), "arrays/", "no file of this name"),
    "a file of its own": (put("setup.py", b""), "setup.py", "no file of this name"),
    "an unknown kind": (entry(lambda e: e.update(kind="no.kind")), "jsonl", "has no kind no.kind"),
    "a newer version": (entry(lambda e: e.update(kind_version=99)), "jsonl", "version 99"),
    "an invalid spec": (entry(lambda e: e["spec"].update(inputs=-1)), "jsonl", "spec.inputs"),
    "an unknown field of a spec": (entry(lambda e: e["spec"].update(new=1)), "jsonl", "spec.new"),
    "an unknown field": (entry(lambda e: e.update(owner="me")), "jsonl", "line 1: owner"),
    "a status that is not final": (entry(lambda e: e.update(status="queued")), "jsonl", "status"),
    "an id that is none": (entry(lambda e: e.update(id="../x")), "jsonl", "line 1: id"),
    "a result of what failed": (entry(lambda e: e.update(status="failed")), "jsonl", "succeeded"),
    "an unknown metric": (
        entry(lambda e: e["summary"]["curl_descent"].update(best={"median": 1, "missing": 0})),
        "jsonl",
        "no metric best",
    ),
    "NUL in a text": (entry(lambda e: e.update(name="a\0b")), "jsonl", "NUL"),
    "half a character": (replaced("experiments.jsonl", b"take care", b"\\ud800"), "jsonl", "line"),
    "not a number": (entry(lambda e: e.update(point={"x": float("nan")})), "jsonl", "not finite"),
    "a moment before time": (
        entry(lambda e: e.update(created_at="0001-01-01T00:00:00+14:00")),
        "jsonl",
        "created_at",
    ),
    "no JSON": (put("experiments.jsonl", b"{\n"), "jsonl", "line 1"),
    "no UTF-8": (put("experiments.jsonl", b"\xff\n"), "jsonl", "not UTF-8"),
    "deep nesting": (put("experiments.jsonl", b"[" * 10**6), "jsonl", "line 1"),
    "very many mistakes": (
        put("sweeps.jsonl", b"{%s}" % b",".join(b'"%d":0' % n for n in range(1000))),
        "sweeps.jsonl",
        "fields are wrong",
    ),
    "an experiment twice": (twice("experiments.jsonl"), "experiments.jsonl", "twice"),
    "a sweep twice": (twice("sweeps.jsonl"), "sweeps.jsonl", "twice"),
    "no sweep": (put("sweeps.jsonl", b""), "experiments.jsonl", "its sweep"),
    "another kind's sweep": (
        entry(lambda e: e.update(kind=RATIO), "sweeps.jsonl"),
        "experiments.jsonl",
        "of another kind",
    ),
    "no dataset": (
        lambda members, ids: without(FILE)(without(RECORDING)(members, ids), ids),
        "experiments.jsonl",
        "its dataset",
    ),
    "no file of a dataset": (without(FILE), RECORDING, "absent"),
    "a file of no dataset": (put("datasets/files/" + "0" * 64, b""), "0" * 64, "no dataset"),
    "another file of a dataset": (put(FILE, b"other"), RECORDING, "is another"),
    "another id of a dataset": (
        replaced(RECORDING, b'"mapping":null', b'"mapping":{"counts":"x"}'),
        RECORDING,
        "has the id",
    ),
    "no experiments": (without("experiments.jsonl"), "experiments.jsonl", "not there"),
    "no metric rows": (without(ROWS), ROWS, "not there"),
    "metric rows of no kind": (put("results/no.kind.csv", b""), "no.kind", "of this kind"),
    "a metric row twice": (twice(ROWS), ROWS, "twice"),
    "a metric row of nobody": (replaced(ROWS, b"\n01", b"\n11"), ROWS, "no experiment 11"),
    "a metric row of another arm": (
        replaced(ROWS, b",curl_descent,", b",other,"),
        ROWS,
        "has a result for 'other'",
    ),
    "a metric that is none": (metric("diverged", "no"), ROWS, "line 2: diverged"),
    "an unknown column": (replaced(ROWS, b",diverged,", b",best,"), ROWS, "no column best"),
    "metric rows less": (
        lambda members, ids: {**members, ROWS: members[ROWS].splitlines(True)[0]},
        ROWS,
        "has no row for",
    ),
    "an empty table": (put(ROWS, b""), ROWS, "not all there"),
    "an open quote": (put(ROWS, b'experiment_id,arm,replicate\n"'), ROWS, "line 2"),
    "an array of objects": (
        put(NUMBERS, npy(np.array([{}] * 6, dtype=object), pickled=True)),
        "numbers.npy",
        "pickled",
    ),
    "an array of complex numbers": (put(NUMBERS, npy(np.zeros(6, complex))), "npy", "complex"),
    "an array of other dimensions": (put(NUMBERS, npy(np.zeros((2, 3)))), "npy", "its axes"),
    "an array cut short": (put(NUMBERS, npy(np.zeros(6))[:-1]), "npy", "are there"),
    "no array": (put(NUMBERS, b"plain"), "npy", "magic"),
    "an array with an endless header": (
        put(NUMBERS, b"\x93NUMPY\1\0\xff\xff" + b" " * 65535),
        "npy",
        "header",
    ),
    "an array of nobody": (put("arrays/{failed}/x.npy", npy(np.zeros(6))), "npy", "no experiment"),
    "an array less": (without(NUMBERS), "numbers.npy", "not there"),
    "an array without its axes": (
        entry(lambda e: e.update(arrays=e["arrays"][1:])),
        "arrays/",
        "no experiment",
    ),
}


@pytest.mark.parametrize("name", sorted(CHANGED))
def test_what_does_not_fit_together_is_refused_by_name(
    good: tuple[Members, dict[str, str]],
    here: tuple[Database, Settings],
    tmp_path: Path,
    name: str,
) -> None:
    members, ids = good
    change, member, words = CHANGED[name]
    refused = refusal(here, archive_of(tmp_path / "a.zip", change(members, ids)))
    assert member in refused.member
    assert words in refused.message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "tar"}, "format"),
        ({"version": 2}, "version"),
        ({"members": [{"path": "x", "size": -1, "sha256": ""}]}, "members.0"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_manifest_of_another_format_is_refused(
    good: tuple[Members, dict[str, str]],
    here: tuple[Database, Settings],
    tmp_path: Path,
    change: dict[str, Any],
    words: str,
) -> None:
    refused = refusal(here, archive_of(tmp_path / "a.zip", good[0], **change))
    assert refused.member == "manifest.json"
    assert words in refused.message


def listed(members: Members, **changes: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The manifest's list with entries changed, or left out."""
    entries = json.loads(members["manifest.json"])["members"]
    kept = [each for each in entries if changes.get(each["path"], {}) is not None]
    return [{**each, **(changes.get(each["path"]) or {})} for each in kept]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sweeps.jsonl": {"sha256": "0" * 64}}, "SHA-256"),
        ({"README.txt": {"sha256": "0" * 64}}, "SHA-256"),
        ({FILE: {"sha256": "0" * 64}}, "is another"),
        ({"sweeps.jsonl": {"size": 1}}, "in the manifest"),
        ({"sweeps.jsonl": None}, "not in the manifest"),
        ({"README.txt": {"path": "other.txt"}}, "not in the manifest"),
    ],
)
def test_what_is_not_as_the_manifest_says_is_refused(
    good: tuple[Members, dict[str, str]],
    here: tuple[Database, Settings],
    tmp_path: Path,
    change: dict[str, Any],
    words: str,
) -> None:
    members = listed(good[0], **change)
    path = archive_of(tmp_path / "a.zip", good[0], members=members)
    assert words in refusal(here, path).message


def test_a_member_that_is_only_in_the_manifest_is_refused(
    good: tuple[Members, dict[str, str]], here: tuple[Database, Settings], tmp_path: Path
) -> None:
    ghost = {"path": "results/x.csv", "size": 0, "sha256": "0" * 64}
    path = archive_of(tmp_path / "a.zip", good[0], members=[*listed(good[0]), ghost])
    refused = refusal(here, path)
    assert (refused.member, "not in the archive" in refused.message) == ("results/x.csv", True)


def rewritten(path: Path, members: Members, change: Callable[[zipfile.ZipInfo], None]) -> Path:
    """An archive of these files, with what the ZIP says of `sweeps.jsonl` changed."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, whole in members.items():
            info = zipfile.ZipInfo(name)
            if name == "sweeps.jsonl":
                change(info)
            archive.writestr(info, whole)
    return path


def symbolic_link(info: zipfile.ZipInfo) -> None:
    info.external_attr = (stat.S_IFLNK | 0o777) << 16


def packed_otherwise(info: zipfile.ZipInfo) -> None:
    info.compress_type = zipfile.ZIP_BZIP2


@pytest.mark.parametrize(
    ("change", "words"), [(symbolic_link, "not a plain file"), (packed_otherwise, "method 12")]
)
def test_a_member_that_is_no_plain_file_is_refused(
    good: tuple[Members, dict[str, str]],
    here: tuple[Database, Settings],
    tmp_path: Path,
    change: Callable[[zipfile.ZipInfo], None],
    words: str,
) -> None:
    refused = refusal(here, rewritten(tmp_path / "a.zip", good[0], change))
    assert (refused.member, words in refused.message) == ("sweeps.jsonl", True)


def test_an_encrypted_member_is_refused(
    good: tuple[Members, dict[str, str]], here: tuple[Database, Settings], tmp_path: Path
) -> None:
    path = archive_of(tmp_path / "a.zip", good[0])
    with zipfile.ZipFile(path) as archive:
        start = archive.start_dir
    content = bytearray(path.read_bytes())
    content[start + 8] |= 1
    path.write_bytes(content)
    assert refusal(here, path).message == "encrypted"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_is_refused(
    good: tuple[Members, dict[str, str]], here: tuple[Database, Settings], tmp_path: Path
) -> None:
    path = archive_of(tmp_path / "a.zip", good[0])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("sweeps.jsonl", b"")
    refused = refusal(here, path)
    assert (refused.member, "2 times" in refused.message) == ("sweeps.jsonl", True)


@pytest.mark.parametrize(
    "content", [b"", b"PK\5\6", b"id,arm\n1,2\n", b"\x80\x04\x95", b"PK\3\4" + bytes(100)]
)
def test_what_is_no_zip_file_is_refused(
    here: tuple[Database, Settings], tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    assert "not a whole ZIP file" in refusal(here, path).message


def test_a_zip_file_of_something_else_is_refused(
    here: tuple[Database, Settings], tmp_path: Path
) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w"):
        pass
    assert refusal(here, path).member == "manifest.json"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99, 0.9999])
def test_an_archive_cut_short_is_refused(
    good: tuple[Members, dict[str, str]],
    here: tuple[Database, Settings],
    tmp_path: Path,
    share: float,
) -> None:
    path = archive_of(tmp_path / "a.zip", good[0])
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    refusal(here, path)


def test_damage_anywhere_is_noticed(
    good: tuple[Members, dict[str, str]], here: tuple[Database, Settings], tmp_path: Path
) -> None:
    path = archive_of(tmp_path / "a.zip", good[0])
    whole = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        starts = [info.header_offset + 30 + len(info.filename) for info in archive.infolist()]
    for place in starts[:: len(starts) // 12]:
        damaged = bytearray(whole)
        damaged[place + 2] ^= 0x55
        path.write_bytes(damaged)
        refusal(here, path)


def test_a_bomb_is_refused_with_the_limit_before_it_is_unpacked(
    good: tuple[Members, dict[str, str]], here: tuple[Database, Settings], tmp_path: Path
) -> None:
    database, settings = here
    small = settings.model_copy(update={"max_array_bytes": 2**20})
    members = {**good[0], "sweeps.jsonl": bytes(2**20)}
    refused = refusal((database, small), archive_of(tmp_path / "a.zip", members))
    assert isinstance(refused, ArchiveTooLarge)
    assert f"{2**20} (SOLENOID_MAX_ARRAY_BYTES)" in refused.message


def test_a_bomb_that_hides_its_size_is_refused(
    good: tuple[Members, dict[str, str]], here: tuple[Database, Settings], tmp_path: Path
) -> None:
    members = {**good[0], "sweeps.jsonl": bytes(2**20)}
    path = archive_of(
        tmp_path / "a.zip",
        members,
        members=listed(
            members,
            **{"sweeps.jsonl": {"size": 10, "sha256": hashlib.sha256(bytes(10)).hexdigest()}},
        ),
    )
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("sweeps.jsonl")
        record = struct.pack("<3I", info.CRC, info.compress_size, info.file_size)
    lie = struct.pack("<3I", info.CRC, info.compress_size, 10)
    path.write_bytes(path.read_bytes().replace(record, lie))
    refused = refusal(here, path)
    assert (refused.member, "damaged" in refused.message) == ("sweeps.jsonl", True)


def test_a_directory_too_large_for_memory_is_refused(
    good: tuple[Members, dict[str, str]],
    here: tuple[Database, Settings],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unzipping, "LONGEST_DIRECTORY", 5000)
    refused = refusal(here, archive_of(tmp_path / "a.zip", good[0]))
    assert isinstance(refused, ArchiveTooLarge)
    assert refused.member == "archive"


def test_a_line_too_long_for_memory_is_refused(
    good: tuple[Members, dict[str, str]], here: tuple[Database, Settings], tmp_path: Path
) -> None:
    members = {**good[0], "sweeps.jsonl": b" " * (unzipping.LONGEST_LINE + 2**20)}
    refused = refusal(here, archive_of(tmp_path / "a.zip", members))
    assert isinstance(refused, ArchiveTooLarge)
    assert refused.member == "sweeps.jsonl"


def test_a_recording_that_cannot_be_read_is_refused(
    good: tuple[Members, dict[str, str]], here: tuple[Database, Settings], tmp_path: Path
) -> None:
    broken = b"PK\3\4 and no more"
    sha256 = hashlib.sha256(broken).hexdigest()
    identifier = dataset_id(sha256, None)
    recording = json.loads(good[0][RECORDING])
    recording.update(id=identifier, blob_sha256=sha256, size_bytes=len(broken))
    members = {
        **good[0],
        f"datasets/{identifier}.json": json.dumps(recording).encode(),
        f"datasets/files/{sha256}": broken,
    }
    refused = refusal(here, archive_of(tmp_path / "a.zip", members))
    assert sha256 in refused.member
