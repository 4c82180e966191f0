"""The dashboard where tokens are needed: signing in, what each role may do, and signing out."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

import migrations
from api.rates import MINUTE_S
from store import tokens
from store.database import Database
from store.settings import Settings
from tests.dashboard.browser import opened
from tests.dashboard.conftest import KIND, SMALL
from tests.stack import RunningStack
from workers.broker import connect

NAMES = {"submit": "ann", "read": "bea"}


@dataclass(frozen=True)
class Locked:
    """A service that asks for tokens, two of them by role, and an experiment that ann has made."""

    stack: RunningStack
    secrets: dict[str, str]
    experiment: str

    def delete(self, name: str) -> None:
        """Let nobody in with this token any more, as its administrator does."""
        database = _database(self.stack.folder)
        (found,) = (token for token in tokens.known(database) if token.name == name)
        tokens.delete(database, found.id)
        database.close()

    def let_ask_no_more(self, name: str) -> None:
        """Fill this minute of a token, and the next."""
        process = self.stack.descendants("-m api")[0]
        broker = connect(Settings(redis_url=process.environ()["SOLENOID_REDIS_URL"]))
        now = int(time.time() // MINUTE_S)
        for minute in (now, now + 1):
            broker.set(f"solenoid:requests:{name}:{minute}", Settings().max_requests_per_minute)
        broker.close()


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Locked]:
    folder = tmp_path_factory.mktemp("locked")
    migrations.upgrade(_url(folder))
    secrets = {role: _made(folder, name, role) for role, name in NAMES.items()}
    with RunningStack(folder, require_tokens=True) as stack:
        stack.http.headers["Authorization"] = f"Bearer {secrets['submit']}"
        experiment = stack.submit(KIND, SMALL, name="of ann")["id"]
        stack.ended(experiment, patience_s=150)
        yield Locked(stack, secrets, experiment)


@pytest.fixture
def page(browser: Browser, locked: Locked) -> Iterator[Page]:
    """A browser that nobody has signed in with yet."""
    with opened(browser, locked.stack.url) as fresh:
        yield fresh


def test_the_page_that_was_asked_for_comes_after_signing_in(page: Page, locked: Locked) -> None:
    wanted = "/experiments?where=tag.x+is+null&order_by=name"
    page.goto(wanted)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_label("Token")).to_be_focused()
    _sign_in(page, locked.secrets["read"])
    expect(page.locator("#rows th a")).to_have_text(["of ann"])
    assert page.url.endswith(wanted)
    expect(page.get_by_role("banner")).to_contain_text("bea, read")


def test_a_wrong_token_is_refused_in_words_and_another_may_be_tried(
    page: Page, locked: Locked
) -> None:
    page.goto("/datasets")
    _sign_in(page, "solenoid_wrong")
    expect(page.get_by_role("alert")).to_have_text("This token is not known here, or was deleted.")
    expect(page.get_by_label("Token")).to_have_attribute("aria-invalid", "true")
    page.goto("/experiments")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    _sign_in(page, "solenoid_wrong")
    expect(page.get_by_role("alert")).to_be_visible()
    _sign_in(page, locked.secrets["read"])
    page.wait_for_url("**/experiments")


def test_whoever_may_submit_starts_an_experiment_that_is_theirs(page: Page, locked: Locked) -> None:
    page.goto(f"/new?kind={KIND}")
    _sign_in(page, locked.secrets["submit"])
    page.get_by_label("epochs", exact=True).fill("500")
    page.get_by_label("Name", exact=True).fill("from ann's browser")
    expect(page.locator("[data-seconds]")).to_contain_text("on one core")
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url("**/experiments/*")
    expect(page.locator(".lede [data-status]")).to_have_text("succeeded")
    assert locked.stack.show(page.url.rpartition("/")[2])["owner"] == "ann"
    page.get_by_text("Repeat it with curl").click()
    expect(page.get_by_label("curl command", exact=True)).to_contain_text("Bearer $SOLENOID_TOKEN")


def test_whoever_may_only_look_is_told_before_and_after_trying(
    page: Page, locked: Locked, tmp_path: Path
) -> None:
    refusal = "the token bea has the role read; this needs submit"
    page.goto(f"/new?kind={KIND}")
    _sign_in(page, locked.secrets["read"])
    expect(page.get_by_text("to start an experiment needs the role submit")).to_be_visible()
    expect(page.locator("[data-seconds]")).to_contain_text("on one core")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("#toasts")).to_have_text(refusal)

    page.goto("/experiments")
    page.on("dialog", lambda asked: asked.accept())
    page.get_by_label("Select of ann").check()
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("#toasts")).to_have_text(refusal)

    page.goto(f"/experiments/{locked.experiment}")
    page.get_by_role("button", name="Save labels").click()
    expect(page.locator("#toasts")).to_have_text(refusal)

    page.goto("/datasets")
    expect(page.get_by_text("to upload needs the role submit")).to_be_visible()
    file = tmp_path / "mine.npz"
    file.write_bytes(bytes(1_000_000))
    page.set_input_files("#file", file)
    expect(page.get_by_role("alert")).to_have_text(refusal)
    assert locked.stack.show(locked.experiment)["name"] == "of ann"


def test_signing_out_leaves_nothing_to_see(page: Page, locked: Locked) -> None:
    page.goto("/science")
    _sign_in(page, locked.secrets["read"])
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    page.goto(f"/experiments/{locked.experiment}")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)


def test_a_deleted_token_leads_back_to_where_one_signs_in(page: Page, locked: Locked) -> None:
    secret = _made(locked.stack.folder, "gone", "submit")
    page.goto(f"/experiments/{locked.experiment}")
    _sign_in(page, secret)
    save = page.get_by_role("button", name="Save labels")
    expect(save).to_be_visible()
    locked.delete("gone")
    save.click()
    expect(page.locator("#toasts")).to_contain_text("You are no longer signed in")
    page.goto("/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_token_that_asks_too_often_is_told_so_on_a_page(page: Page, locked: Locked) -> None:
    page.goto("/sweeps")
    _sign_in(page, _made(locked.stack.folder, "dan", "read"))
    expect(page.get_by_role("heading", name="Sweeps")).to_be_visible()
    locked.let_ask_no_more("dan")
    page.reload()
    expect(page.get_by_role("heading", name="Too many requests")).to_be_visible()
    expect(
        page.get_by_text("the token dan has made 3000 requests within this minute")
    ).to_be_visible()
    expect(page.get_by_role("link", name="Try again")).to_be_visible()


def _sign_in(page: Page, secret: str) -> None:
    page.get_by_label("Token").fill(secret)
    page.get_by_role("button", name="Sign in").click()


def _made(folder: Path, name: str, role: str) -> str:
    database = _database(folder)
    secret = tokens.create(database, name, role)[1]
    database.close()
    return secret


def _database(folder: Path) -> Database:
    return Database(_url(folder))


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'solenoid.db'}"
