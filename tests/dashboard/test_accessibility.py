"""Every page by the rules of axe-core for WCAG 2.1 AA, in both themes; and on a phone."""

from typing import Literal

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.dashboard.browser import PHONE, opened
from tests.dashboard.conftest import KIND, Seeded
from tests.stack import RunningStack

Theme = Literal["light", "dark"]

PATHS = {
    "home": "/",
    "experiments": f"/experiments?kind={KIND}",
    "experiment": "/experiments/{first}",
    "report": "/experiments/{first}/report",
    "kinds": "/new",
    "form": f"/new?kind={KIND}",
    "compare": "/compare?ids={first},{second}",
    "sweeps": "/sweeps",
    "sweep": "/sweeps/{sweep}",
    "datasets": "/datasets",
    "dataset": "/datasets/{dataset}",
    "science": "/science",
}
RULES: dict[Theme, list[str]] = {
    "light": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
    "dark": ["color-contrast"],  # all else is the same in both
}


@pytest.mark.parametrize("name", PATHS)
def test_a_page_is_accessible_and_fits_a_phone(
    name: str, page: Page, seeded: Seeded, stack: RunningStack, browser: Browser
) -> None:
    path = PATHS[name].format(**vars(seeded))
    page.emulate_media(reduced_motion="reduce")
    page.goto(path)
    for theme, rules in RULES.items():
        page.emulate_media(color_scheme=theme)
        found = Axe().run(page, options={"runOnly": rules})["violations"]
        assert not found, [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found]
    with opened(browser, stack.url, viewport=PHONE) as phone:
        phone.goto(path)
        width = phone.evaluate("() => document.documentElement.scrollWidth")
        assert width <= PHONE["width"]
