"""Who is let in: tokens, roles, owners, limits, and what other sites make a browser do."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from api.access import Door, host_of
from core.presets import PRESETS
from store import tokens
from store.database import Database
from store.settings import Settings
from store.tables import tokens as table
from tests.api.server import served
from tests.api.test_datasets import SMALL
from tests.stack import unset_solenoid
from workers.addresses import is_loopback

SPEC = {"kind": "curl_descent.simulation", "spec": {"training": {"epochs": 2}, "replicates": 1}}
SWEEP = {"kind": "curl_descent.simulation", "axes": {"seed": [1, 2, 3]}}
LOCKED = Door(needs_token=True)
Opened = Callable[..., httpx.Client]


@pytest.fixture
def opened(settings: Settings) -> Iterator[Opened]:
    """Starts an API on the test's database; its broker is away."""
    with ExitStack() as stack:

        def start(door: Door = LOCKED, **limits: float) -> httpx.Client:
            away = {"redis_url": "unix:///nowhere", **limits}
            return stack.enter_context(served(settings.model_copy(update=away), door))

        yield start


@pytest.fixture
def bearer(database: Database) -> Callable[[str, str], dict[str, str]]:
    """Makes a token; the header that carries it."""

    def made(name: str, role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {tokens.create(database, name, role)[1]}"}

    return made


Bearer = Callable[[str, str], dict[str, str]]


def test_without_a_token_nobody_is_let_in(opened: Opened) -> None:
    api = opened()
    for method, path in [("GET", "/v1/experiments"), ("POST", "/v1/sweeps"), ("GET", "/v1/kinds")]:
        refused = api.request(method, path)
        assert refused.status_code == 401, path
        assert refused.headers["WWW-Authenticate"] == "Bearer"
        assert refused.headers["content-type"] == "application/problem+json"
    assert api.get("/healthz").status_code == 200


@pytest.mark.parametrize("value", ["Bearer nonsense", "bearer", "Basic dTpw", "Bearer \xff"])
def test_an_unknown_token_is_refused(value: str, opened: Opened) -> None:
    headers = httpx.Headers([(b"Authorization", value.encode("latin-1"))])
    assert opened().get("/v1/experiments", headers=headers).status_code == 401


def test_each_role_may_do_what_those_before_it_may(opened: Opened, bearer: Bearer) -> None:
    api = opened()
    allowed = {}
    for role in ("read", "submit", "admin"):
        headers = bearer(role, role)
        answers = (
            api.get("/v1/experiments", headers=headers),
            api.post("/v1/experiments/estimate", headers=headers, json=SPEC),
            api.post("/v1/experiments", headers=headers, json=SPEC),
            api.get("/v1/tokens", headers=headers),
        )
        allowed[role] = [answer.status_code for answer in answers]
    assert allowed == {
        "read": [200, 200, 403, 403],
        "submit": [200, 200, 202, 403],
        "admin": [200, 200, 202, 200],
    }


def test_what_is_made_with_a_token_is_its_owners(opened: Opened, bearer: Bearer) -> None:
    api, headers = opened(), bearer("ann", "submit")
    assert api.post("/v1/experiments", headers=headers, json=SPEC).json()["owner"] == "ann"
    sweep = api.post("/v1/sweeps", headers=headers, json=SWEEP).json()
    assert sweep["owner"] == "ann"
    children = api.get("/v1/experiments", headers=headers).json()["items"]
    assert {child["owner"] for child in children} == {"ann"}


def test_what_an_archive_brings_is_the_importers_and_what_is_here_keeps_its_owner(
    opened: Opened, bearer: Bearer
) -> None:
    api, ann, bea = opened(), bearer("ann", "submit"), bearer("bea", "submit")
    staying, going = ([_made(api, ann, path, seed) for path in MADE] for seed in (1, 2))
    for path in (path for path in (*staying, *going) if "datasets" not in path):
        assert api.post(f"{path}/cancel", headers=ann).is_success
    ids: dict[str, list[str]] = {"ids": [], "sweeps": [], "datasets": []}
    for name, *paths in zip(ids, staying, going, strict=True):
        ids[name] = [path.rpartition("/")[2] for path in paths]
    archive = api.post("/v1/archives", headers=ann, json=ids).content
    for path in going:
        assert api.delete(path, headers=ann).is_success, path
    imported = api.post("/v1/archives/import", headers=bea, files={"file": archive})
    assert imported.status_code == 200, imported.text
    owners = [api.get(path, headers=bea).json()["owner"] for path in (*staying, *going)]
    assert owners == ["ann"] * 3 + ["bea"] * 3
    children = api.get("/v1/experiments", headers=bea).json()["items"]
    assert sorted(child["owner"] for child in children) == ["ann"] * 4 + ["bea"] * 4


MADE = ("/v1/experiments", "/v1/sweeps", "/v1/datasets/synthetic")


def _made(api: httpx.Client, headers: dict[str, str], path: str, seed: int) -> str:
    bodies = SPEC, {**SWEEP, "base": {"replicates": seed}}, {**SMALL, "seed": seed}
    answer = api.post(path, headers=headers, json=dict(zip(MADE, bodies, strict=True))[path])
    assert answer.json()["owner"] == "ann", answer.text
    return answer.headers["Location"]


def test_every_stream_ends_when_its_token_is_deleted(
    opened: Opened, database: Database, bearer: Bearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.access.AGAIN_S", 0.0)
    api, owner = opened(), bearer("root", "submit")
    experiment = api.post("/v1/experiments", headers=owner, json=SPEC).json()["id"]
    sweep = api.post("/v1/sweeps", headers=owner, json=SWEEP).json()["id"]
    for of in ("", f"/experiments/{experiment}", f"/sweeps/{sweep}"):
        token, secret = tokens.create(database, "ann", "read")
        headers = {"Authorization": f"Bearer {secret}"}
        with api.stream("GET", f"/v1{of}/events", headers=headers) as stream:
            assert stream.status_code == 200
            tokens.delete(database, token.id)
            # A stream that goes on says so every 15 s.
            assert not any(line.startswith(": ping") for line in stream.iter_lines()), of


def test_tokens_are_made_and_deleted_over_http(opened: Opened, bearer: Bearer) -> None:
    api, admin = opened(), bearer("root", "admin")
    made = api.post("/v1/tokens", headers=admin, json={"name": "bea", "role": "read"}).json()
    mine = {"Authorization": f"Bearer {made['token']}"}
    assert api.get("/v1/experiments", headers=mine).status_code == 200
    again = api.post("/v1/tokens", headers=admin, json={"name": "bea"})
    assert again.status_code == 409
    listed = api.get("/v1/tokens", headers=admin).json()["items"]
    assert [token["name"] for token in listed] == ["bea", "root"]
    assert "token" not in listed[0]
    assert api.delete(f"/v1/tokens/{made['id']}", headers=admin).status_code == 204
    assert api.delete(f"/v1/tokens/{made['id']}", headers=admin).status_code == 404
    assert api.get("/v1/experiments", headers=mine).status_code == 401


@pytest.mark.parametrize("name", ["", "a b", "a\n", "n" * 101])
def test_a_token_made_on_the_machine_has_a_name_as_over_http(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["solenoid token", "create", name])
    with pytest.raises(SystemExit) as refused:
        tokens.main()
    assert refused.value.code == 2
    assert "1 to 100 letters, digits" in capsys.readouterr().err


def test_the_log_says_who_was_refused(
    opened: Opened, bearer: Bearer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "solenoid.requests")
    api, headers = opened(), bearer("ann", "read")
    for _ in range(2):  # the line of the first is there when the second is answered
        assert api.get("/v1/tokens", headers=headers).status_code == 403
    assert vars(caplog.records[0])["caller"] == "ann"


def test_only_the_hash_of_a_token_is_stored(database: Database, bearer: Bearer) -> None:
    secret = bearer("ann", "read")["Authorization"].removeprefix("Bearer ")
    with database.read() as connection:
        (row,) = connection.execute(table.select()).all()
    assert re.fullmatch("[0-9a-f]{64}", row.sha256)
    assert secret not in map(str, row)


def test_an_owner_may_queue_only_so_many(opened: Opened, bearer: Bearer) -> None:
    api, ann, bea = opened(max_queued=4), bearer("ann", "submit"), bearer("bea", "submit")
    assert api.post("/v1/sweeps", headers=ann, json=SWEEP).status_code == 202
    assert api.post("/v1/experiments", headers=ann, json=SPEC).status_code == 202
    for path, body in (("/v1/experiments", SPEC), ("/v1/sweeps", SWEEP)):
        refused = api.post(path, headers=ann, json=body)
        assert refused.status_code == 429
        assert "SOLENOID_MAX_QUEUED" in refused.json()["detail"]
    never = api.post("/v1/sweeps", headers=ann, json={**SWEEP, "axes": {"seed": [1, 2, 3, 4, 5]}})
    assert "ask for fewer at once" in never.json()["detail"]
    assert api.post("/v1/experiments", headers=bea, json=SPEC).status_code == 202


def test_a_repeat_of_what_was_accepted_is_answered_when_the_queue_is_full(
    opened: Opened, bearer: Bearer
) -> None:
    for path, body, most in (
        ("/v1/experiments", SPEC, 1),
        ("/v1/sweeps", SWEEP, 3),
        ("/v1/presets/toy/run", {"scale": "quick"}, len(PRESETS["toy"].panels["quick"])),
    ):
        api = opened(max_queued=most)
        headers = {**bearer(path, "submit"), "Idempotency-Key": "k"}
        first, repeated = (api.post(path, headers=headers, json=body) for _ in range(2))
        assert (first.status_code, repeated.status_code) == (202, 202), repeated.text
        assert _ids(first) == _ids(repeated)
        another = api.post(path, headers={**headers, "Idempotency-Key": "l"}, json=body)
        assert another.status_code == 429


def test_the_same_key_of_two_owners_stands_for_two_requests(opened: Opened, bearer: Bearer) -> None:
    api, ann, bea = opened(), bearer("ann", "submit"), bearer("bea", "submit")
    for path, body in (("/v1/experiments", SPEC), ("/v1/sweeps", SWEEP)):
        anns, beas = (
            api.post(path, headers={**who, "Idempotency-Key": "k"}, json=body).json()
            for who in (ann, bea)
        )
        assert anns["id"] != beas["id"]
        assert (anns["owner"], beas["owner"]) == ("ann", "bea")


def _ids(answer: httpx.Response) -> list[str]:
    document = answer.json()
    return [made["id"] for made in document.get("panels", [document])]


def test_nothing_is_queued_beyond_the_limit_by_another_way(opened: Opened, bearer: Bearer) -> None:
    api, ann = opened(max_queued=4), bearer("ann", "submit")
    sweep = api.post("/v1/sweeps", headers=ann, json=SWEEP).json()["links"]["self"]
    single = api.post("/v1/experiments", headers=ann, json=SPEC).json()["links"]["self"]
    api.post(f"{sweep}/cancel", headers=ann)
    api.post(f"{single}/cancel", headers=ann)
    others = api.post("/v1/sweeps", headers=ann, json={**SWEEP, "axes": {"seed": [4, 5, 6, 7]}})
    other = others.json()["links"]["self"]
    for path, body in (
        (f"{sweep}/retry", {"statuses": ["cancelled"]}),
        (f"{single}/retry", {}),
        ("/v1/experiments/bulk", {"where": "status = 'cancelled'", "action": "retry"}),
        (f"{other}/extend", {"axes": {"seed": [8]}}),
    ):
        refused = api.post(path, headers=ann, json=body)
        assert refused.status_code == 429, path
        assert "SOLENOID_MAX_QUEUED" in refused.json()["detail"]
    nothing_new = api.post(f"{other}/extend", headers=ann, json={"axes": {"seed": [7]}})
    assert nothing_new.json() == {"changed": 0}
    assert api.get(other, headers=ann).json()["counts"]["queued"] == 4


def test_a_preset_is_queued_whole_or_not_at_all(opened: Opened, bearer: Bearer) -> None:
    api, ann = opened(max_queued=1), bearer("ann", "submit")  # each of its panels alone has room
    refused = api.post("/v1/presets/toy/run", headers=ann, json={"scale": "quick"})
    assert refused.status_code == 429
    assert api.get("/v1/experiments", headers=ann).json()["items"] == []


def test_a_sweep_and_a_body_beyond_their_limits_are_refused_by_name(opened: Opened) -> None:
    api = opened(Door(), max_sweep_points=2, max_request_bytes=2000)
    sweep = api.post("/v1/sweeps", json=SWEEP)
    assert sweep.status_code == 422
    assert "SOLENOID_MAX_SWEEP_POINTS" in sweep.json()["detail"]
    large = api.post("/v1/experiments", json={**SPEC, "name": "n" * 3000})
    assert large.status_code == 413
    assert "SOLENOID_MAX_REQUEST_BYTES" in large.json()["detail"]


def test_a_spec_longer_than_the_time_limit_is_refused_by_name(opened: Opened) -> None:
    api = opened(Door(), time_limit_s=1e-6)
    assert api.post("/v1/experiments/estimate", json=SPEC).json()["fits"] is False
    refused = api.post("/v1/experiments", json=SPEC)
    assert refused.status_code == 422
    assert "SOLENOID_TIME_LIMIT_S" in refused.json()["detail"]


def test_nobody_asks_for_more_time_than_the_installation_gives(opened: Opened) -> None:
    api = opened(Door(), time_limit_s=100.0)
    assert api.post("/v1/experiments", json={**SPEC, "time_limit_s": 100.0}).status_code == 202
    refused = api.post("/v1/experiments", json={**SPEC, "time_limit_s": 101.0})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "time_limit_s"
    assert "SOLENOID_TIME_LIMIT_S" in refused.json()["detail"]


def test_other_sites_change_nothing_through_a_browser(opened: Opened) -> None:
    api = opened(Door(own_names_only=True))
    local = {"Host": "127.0.0.1:8000"}
    assert api.post("/v1/experiments", headers=local, json=SPEC).status_code == 202
    cross = {**local, "Sec-Fetch-Site": "cross-site"}
    assert api.post("/v1/experiments", headers=cross, json=SPEC).status_code == 403
    for origin, status in (
        ("http://127.0.0.1:8000", 202),
        ("http://evil.example", 403),
        ("null", 403),
    ):
        sent = api.post("/v1/experiments", headers={**local, "Origin": origin}, json=SPEC)
        assert sent.status_code == status, origin
    rebound = {"Host": "attacker.example:8000"}
    assert api.get("/v1/experiments", headers=rebound).status_code == 403


@pytest.mark.parametrize(
    ("authority", "own"),
    [
        ("localhost:8000", True),
        ("Localhost:8000", True),
        ("127.0.0.1", True),
        ("[::1]:8000", True),
        ("[::1]", True),
        ("127.0.0.1.nip.io", False),
        ("10.0.0.1:8000", False),
        ("", False),
    ],
)
def test_only_loopback_names_are_this_machines_own(authority: str, own: bool) -> None:
    assert is_loopback(host_of(authority)) is own


def test_every_answer_keeps_browsers_in_check(opened: Opened) -> None:
    headers = opened().get("/v1/experiments").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "default-src 'self'" in headers["Content-Security-Policy"]


def test_a_browser_signs_in_with_a_token_once(opened: Opened, bearer: Bearer) -> None:
    api, secret = opened(), bearer("ann", "read")["Authorization"].removeprefix("Bearer ")
    page = api.get("/experiments?status=queued", headers={"Accept": "text/html"})
    wanted = "%2Fexperiments%3Fstatus%3Dqueued"
    assert (page.status_code, page.headers["location"]) == (303, f"/sign-in?to={wanted}")
    form = api.get(page.headers["location"]).text
    assert 'name="to" value="/experiments?status=queued"' in form
    style = form.partition('rel="stylesheet" href="')[2].partition('"')[0]
    assert api.get(style).status_code == 200, "the page looks as it should before one is let in"
    assert api.post("/sign-in", data={"token": "wrong"}).status_code == 401
    signed_in = api.post("/sign-in", data={"token": secret, "to": "/experiments?status=queued"})
    assert signed_in.status_code == 303
    assert signed_in.headers["location"] == "/experiments?status=queued"
    cookie = signed_in.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert api.get("/v1/kinds").status_code == 200
    api.post("/sign-out")
    assert api.get("/v1/kinds").status_code == 401


@pytest.mark.parametrize(
    "to", ["//evil.example", "/\\evil.example", "https://evil.example", "", "/\t/x"]
)
def test_signing_in_leads_to_no_other_host(to: str, opened: Opened, bearer: Bearer) -> None:
    secret = bearer("ann", "read")["Authorization"].removeprefix("Bearer ")
    signed_in = opened().post("/sign-in", data={"token": secret, "to": to})
    assert signed_in.headers["location"] == "/"


def test_the_cookie_of_another_service_bars_nobody_where_no_token_is_needed(
    opened: Opened,
) -> None:
    cookie = {"Cookie": "solenoid_token=solenoid_elsewhere"}
    assert opened(Door()).get("/v1/experiments", headers=cookie).status_code == 200
    assert opened().get("/v1/experiments", headers=cookie).status_code == 401


def test_the_first_token_is_made_on_the_machine_itself(
    opened: Opened, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOLENOID_DATABASE_URL", database_url)

    def token(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-m", "solenoid.cli", "token", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    made = token("create", "root", "--role", "admin", "--data-dir", str(tmp_path))
    headers = {"Authorization": f"Bearer {made.stdout.strip()}"}
    assert opened().get("/v1/tokens", headers=headers).status_code == 200
    twice = token("create", "root")
    assert twice.returncode == 1
    assert "there is a token named root" in twice.stderr
    assert "admin   root" in token("list").stdout


def test_the_first_token_is_made_before_the_first_start(tmp_path: Path) -> None:
    command = ["solenoid.cli", "token", "create", "ann", "--data-dir", str(tmp_path / "new")]
    made = subprocess.run(
        [sys.executable, "-P", "-m", *command],
        env=unset_solenoid(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout.startswith(tokens.PREFIX)
    assert made.stdout.count("\n") == 1
    assert made.stderr == f"made a new database: sqlite:///{tmp_path / 'new'}/solenoid.db\n"
