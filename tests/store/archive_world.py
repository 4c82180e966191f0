"""What the tests of archives share: a small world, what a database holds, archives to order."""

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from core.examples import GOLUB_BCI
from core.experiment import Array, Result, silent
from core.kinds import KINDS
from core.reading import read_arrays
from store import accepting, accepting_sweeps, datasets, results, samples
from store.accepting import Submission
from store.accepting_sweeps import Child
from store.archives.writing import Selection, export
from store.changes import Labels, relabel
from store.database import Database
from store.kind_tables import all_tables
from store.settings import Settings
from store.transitions import Claim, cancelled, claim, fail, request_cancel

CURL, RATIO = "curl_descent.simulation", "dimensionality.participation_ratio"
TINY: dict[str, Any] = {
    "inputs": 8,
    "hidden": 4,
    "data": {"train_size": 20, "test_size": 10},
    "training": {"epochs": 10, "batch_size": 5},
    "student": {"scale": 1e-7, "perturbation": 1e-15},
    "replicates": 2,
}
EVERYTHING = Selection(where="created_at is not null")
LOCAL = {
    "experiments": {
        *("priority", "attempt", "worker", "request_hash", "idempotency_key"),
        *("owner", "time_limit_s"),
    },
    "sweeps": {"request_hash", "idempotency_key", "owner"},
    "datasets": {"owner"},
}
STAYS = {"completion_hooks", "attempts", "checkpoints", "tokens", "turns", "deleted_attempts"}

EXTREME = {
    "numbers": Array(np.array([0.0, -0.0, np.nan, np.inf, 5e-324, 1e308]), ("value",), "mV"),
    "integers": Array(np.array([[2**63 - 1], [-(2**63)]]), ("row", "column")),
    "flags": Array(np.array([True, False]), ("value",)),
    "labels": Array(np.array(["a", "ß", ""]), ("value",)),
    "nothing": Array(np.empty((0, 3)), ("row", "column")),
    "one": Array(np.array(0.1, np.float32), ()),
    "columns_first": Array(np.asfortranarray(np.arange(6.0).reshape(2, 3)), ("row", "column")),
}


def made(database: Database, settings: Settings) -> dict[str, str]:
    """Experiments of every end, a sweep that still runs, a recording; their ids by name."""
    samples.install_one(database, settings, GOLUB_BCI)
    ids = {}
    for name in ("succeeded", "failed", "cancelled"):
        ids[name] = submitted(database, CURL, {**TINY, "seed": 2**53 - 1}, tags={"end": name})
        _end(database, claimed(database), name)
    ids["recorded"] = submitted(database, RATIO, recorded_spec(), name="on a recording")
    _end(database, claimed(database), "succeeded")
    ids["sweep"] = _sweep(database)
    for _ in range(2):
        _end(database, claimed(database), "succeeded")
    ids["queued"] = submitted(database, CURL, TINY, priority=-5)
    ids["withdrawn"] = submitted(database, CURL, TINY, name='never "began", ß\n日本')
    request_cancel(database, ids["withdrawn"])
    notes = Labels({"notes": "a note,\nin two lines"}, tags={"project": "fig4", "tab": "a\tb"})
    relabel(database, ids["succeeded"], notes)
    return ids


def recorded_spec() -> dict[str, Any]:
    block = {"factor": "block", "compare": ["before", "after"]}
    return {"dataset": GOLUB_BCI.dataset_id, "block": block, "permutations": 19}


def submitted(database: Database, kind: str, spec: Mapping[str, Any], **labels: Any) -> str:
    return accepting.accept(database, submission(database, kind, spec, **labels)).id


def submission(database: Database, kind: str, spec: Mapping[str, Any], **labels: Any) -> Submission:
    found = KINDS[kind].spec.model_validate(spec)
    known = datasets.summaries(database, KINDS[kind].datasets(found))
    return Submission(KINDS[kind], found, KINDS[kind].estimate(found, known), **labels)


def claimed(database: Database) -> Claim:
    taken = claim(database, worker="w", lease_s=30.0)
    assert taken is not None
    return taken


def _sweep(database: Database) -> str:
    definition = {"base": TINY, "axes": {"student.scale": [0.5, 1e-9, 2.0]}, "derive": {}}
    children = [
        Child(
            submission(database, CURL, {**TINY, "student": {"scale": scale}}, tags={"in": "sweep"}),
            {"student.scale": scale},
        )
        for scale in (0.5, 1e-9, 2.0)
    ]
    return accepting_sweeps.accept(
        database,
        KINDS[CURL],
        {**definition, "more_replicates": []},
        children,
        name="scales",
        idempotency_key="once",
        request_hash="",
    )


def _end(database: Database, taken: Claim, how: str) -> None:
    if how == "failed":
        fail(database, taken, "it went wrong: ß")
    elif how == "cancelled":
        request_cancel(database, taken.id)
        cancelled(database, taken)
    else:
        kind = KINDS[taken.kind]
        spec = kind.spec.model_validate(taken.spec)
        result = _result(taken.kind, spec.model_dump_json())
        whole = Result({**result.arrays, **EXTREME}, (*result.warnings, "take care"))
        versions = {"solenoid": "0.1.0", "numpy": "2"}
        outcome = results.prepare(taken.id, kind, spec, whole, versions)
        results.commit(database, taken, outcome)


@cache
def _result(kind: str, spec: str) -> Result:
    """What a spec gives, computed once for all tests."""
    found = KINDS[kind].spec.model_validate_json(spec)
    recording = read_arrays(GOLUB_BCI.path).arrays
    return KINDS[kind].run(found, dict.fromkeys(KINDS[kind].datasets(found), recording), silent)


def content(database: Database, *, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """All rows of a database that an archive carries, by table."""
    with database.read() as connection:
        return {
            table.name: _rows(connection, table, without)
            for table in all_tables.sorted_tables
            if table.name not in STAYS
        }


def _rows(
    connection: sa.Connection, table: sa.Table, without: frozenset[str]
) -> list[dict[str, Any]]:
    local = LOCAL.get(table.name, set())
    rows = [dict(row) for row in connection.execute(sa.select(table)).mappings()]
    kept = [
        {name: _plain(name, value) for name, value in row.items() if name not in local}
        for row in rows
        if not without & {row.get("id"), row.get("experiment_id")}
    ]
    return sorted(kept, key=lambda row: [str(row[column.name]) for column in table.primary_key])


def _plain(name: str, value: Any) -> Any:
    return zlib.decompress(value) if name == "content" else value


def files(settings: Settings) -> set[str]:
    """Every file below the folder of datasets."""
    folder = settings.datasets_dir
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def written(
    database: Database, settings: Settings, path: Path, selection: Selection = EVERYTHING
) -> Path:
    """An archive in a file."""
    path.write_bytes(b"".join(export(database, settings, selection)))
    return path


Members = dict[str, bytes]


def members_of(path: Path) -> Members:
    """The files in an archive."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive_of(path: Path, contents: Members, **manifest: Any) -> Path:
    """An archive of these files, with a manifest that is right unless parts of it are given."""
    old = json.loads(contents["manifest.json"])
    rest = {name: content for name, content in contents.items() if name != "manifest.json"}
    listed = [
        {"path": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in rest.items()
    ]
    new = json.dumps({**old, "members": listed, **manifest}).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**rest, "manifest.json": new}.items():
            archive.writestr(name, content)
    return path


def changed_line(
    members: Members, path: str, change: Callable[[dict[str, Any]], None], line: int = 0
) -> Members:
    """The files with one line of one of them changed."""
    lines = members[path].splitlines()
    entry = json.loads(lines[line])
    change(entry)
    lines[line] = json.dumps(entry).encode()
    return {**members, path: b"\n".join(lines) + b"\n"}


def npy(values: Any, *, pickled: bool = False) -> bytes:
    """The bytes of a `.npy` file."""
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=pickled)
    return buffer.getvalue()
