"""A real browser on the pages of a running service, and what must never happen in it."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first without windows, of which each page costs the others a second of a core."""
MISSING = f"no browser ({', '.join(PROGRAMS)}) is installed: the pages are not tested"
PATIENCE_MS = 30_000
PHONE: ViewportSize = {"width": 375, "height": 720}
REFUSAL = re.compile(r"Failed to load resource: .* status of 4\d\d")


def executable() -> Path | None:
    """The browser of this machine, if it has one."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    return None if found is None else Path(found)


@contextmanager
def launched(program: Path) -> Iterator[Browser]:
    """The browser without a window; containers and root need it without its sandbox."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, url: str, **options: object) -> Iterator[Page]:
    """A page; at its end the console must be clean and no other host may have been asked.

    The browser also reports every refusal of the service on the console, which is no error of ours.
    """
    context = browser.new_context(base_url=url, **options)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    said: list[str] = []
    asked: set[str] = set()

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    yield page
    context.close()
    wrong = [line for line in said if not REFUSAL.search(line)]
    assert not wrong, wrong
    assert asked <= {urlsplit(url).netloc}, asked


def drawn(page: Page) -> None:
    """Return once every figure that has come into sight is there."""
    page.locator("[data-drawn]").first.wait_for()
    page.wait_for_timeout(50)
    page.locator(".canvas:has-text('Drawing')").first.wait_for(state="detached")
