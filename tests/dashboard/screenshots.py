"""`make screenshots`: pictures of every page, wide and narrow, light and dark, after real work.

Those in `CHOSEN` are for the README and the documentation; all of them are for whoever changes the
pages to look at.
"""

import sys
import tempfile
from itertools import product
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, ViewportSize

from tests.dashboard.browser import MISSING, PATIENCE_MS, executable, launched, opened
from tests.stack import RunningStack

TARGET = Path("docs/images/pages")
CHOSEN = {
    ("experiment", "wide", "light"),
    ("home", "wide", "dark"),
    ("sweep", "wide", "light"),
    ("experiments", "narrow", "dark"),
}
WIDTHS = {"wide": 1240, "narrow": 390}
THEMES = ("light", "dark")
TALLEST = 1500
SIMULATION = "curl_descent.simulation"
LONG = {"training": {"epochs": 400_000}, "replicates": 2}
RUNS: dict[str, dict[str, Any]] = {
    "one flipped neuron": {"training": {"epochs": 3000, "norm_constraint": "layer"}},
    "two flipped neurons": {
        "training": {"epochs": 3000, "norm_constraint": "layer"},
        "flips": {"readout": {"count": 2}},
    },
}
ANALYSIS = "dimensionality.participation_ratio"
MAP = "hidden-flips-linear-short"


def main() -> None:
    """Run something of everything and take its pictures."""
    program = executable()
    if program is None:
        sys.exit(MISSING)
    with tempfile.TemporaryDirectory() as folder, RunningStack(Path(folder)) as stack:
        paths = _paths(stack)
        with launched(program) as browser:
            for (name, path), width, theme in product(paths.items(), WIDTHS, THEMES):
                _take(browser, stack.url + path, (name, width, theme))


def _paths(stack: RunningStack) -> dict[str, str]:
    runs = [
        stack.submit(SIMULATION, {**spec, "replicates": 5}, name=name, tags={"project": "tour"})
        for name, spec in RUNS.items()
    ]
    example = stack.http.get(f"/v1/kinds/{ANALYSIS}").json()["example"]
    runs.append(stack.submit(ANALYSIS, example, name="monkey J, before and after learning"))
    for preset in ("toy", "phase-diagram-theory", MAP):
        stack.http.post(f"/v1/presets/{preset}/run", json={"scale": "quick"}).raise_for_status()
    (sweep,) = stack.http.get("/v1/sweeps").json()["items"]
    for run in runs:
        stack.ended(run["id"], patience_s=300)
    for child in stack.http.get(f"/v1/sweeps/{sweep['id']}/results?limit=500").json()["items"]:
        stack.ended(child["id"], patience_s=300)
    live = stack.submit(SIMULATION, LONG, name="a long run", priority=5)["id"]
    stack.until(live, "running")
    dataset = stack.http.get("/v1/datasets").json()["items"][0]["id"]
    first, second, analysis = (run["id"] for run in runs)
    return {
        "home": "/",
        "experiments": "/experiments?where=sweep+is+null+or+status+%3D+'running'",
        "experiment": f"/experiments/{first}",
        "running": f"/experiments/{live}",
        "report": f"/experiments/{analysis}/report",
        "choose": "/new",
        "form": f"/new?kind={SIMULATION}",
        "sweeps": "/sweeps",
        "sweep": f"/sweeps/{sweep['id']}",
        "compare": f"/compare?ids={first},{second}&rank_by=final_test_error",
        "datasets": "/datasets",
        "dataset": f"/datasets/{dataset}",
        "science": "/science",
        "nothing": "/experiments/0199f5f0-0000-7000-8000-000000000000",
    }


def _take(browser: Browser, url: str, what: tuple[str, str, str]) -> None:
    name, width, theme = what
    size: ViewportSize = {"width": WIDTHS[width], "height": 900}
    with opened(browser, url, viewport=size, color_scheme=theme) as page:
        page.goto(url)
        _settle(page)  # parts that are asked for later make the page longer
        height = min(page.evaluate("() => document.documentElement.scrollHeight"), TALLEST)
        page.set_viewport_size({"width": WIDTHS[width], "height": height})
        _settle(page)
        folder = TARGET if what in CHOSEN else TARGET / "all"
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{name}-{width}-{theme}.png")


def _settle(page: Page) -> None:
    """Figures are drawn when they come into sight; one without any needs a moment for the rest."""
    page.wait_for_timeout(300)
    if page.locator("[data-preview]").count():
        page.locator("[data-drawn]").last.wait_for()
    waiting = page.locator(".canvas:has-text('Drawing')")
    if waiting.count():
        waiting.first.wait_for(state="detached", timeout=PATIENCE_MS)
    page.wait_for_timeout(300)


if __name__ == "__main__":
    main()
