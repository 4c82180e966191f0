"""The dashboard in a real browser, on a real service."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from axe_core_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from api.dashboard.home import LATEST
from api.dashboard.words import coded
from tests.conftest import WORKERS
from tests.dashboard.browser import PHONE, drawn, opened
from tests.dashboard.conftest import KIND, SMALL, Seeded
from tests.stack import RunningStack

JUMPS = """
window.jumps = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.jumps += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
DROPPED = """(files) => {
  const dropped = new DataTransfer();
  for (const [name, bytes] of Object.entries(files))
    dropped.items.add(new File([new Uint8Array(bytes)], name));
  return dropped;
}"""
STEADY = """async () => {
  const { Curves } = await import("/static/any/curves.js");
  const curves = new Curves(document.querySelector("main"));
  for (const epoch of [10, 500, 1000]) curves.add({ epoch, error: 6e-4 });
}"""
LETTER = "(one) => parseFloat(getComputedStyle(one).fontSize)"
HEIGHT = "(one) => one.getBoundingClientRect().height"
PRINTED = "window.printed = 0; window.print = () => { window.printed += 1; };"
ENDLESS: dict[str, Any] = {"training": {"epochs": 1_000_000}, "replicates": 4}


def test_an_experiment_is_started_from_its_form_watched_and_cancelled(
    page: Page, seeded: Seeded
) -> None:
    page.goto(f"/new?kind={KIND}")
    page.get_by_label("epochs", exact=True).fill(str(ENDLESS["training"]["epochs"]))
    page.get_by_label("replicates", exact=True).fill(str(ENDLESS["replicates"]))
    page.get_by_label("Name", exact=True).fill("from the form")
    expect(page.locator("[data-seconds]")).to_contain_text("on one core")
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url("**/experiments/*")
    expect(page.get_by_role("heading", name="from the form")).to_be_visible()
    expect(page.locator(".curves path").first).to_be_visible()
    expect(page.locator(".legend")).to_contain_text("curl descent test error")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".lede [data-status]")).to_have_text("cancelled")
    expect(page.get_by_role("button", name="Run again", exact=True)).to_be_visible()


def test_a_value_that_does_not_change_is_a_line_all_the_same(page: Page) -> None:
    page.goto("/new")
    page.evaluate(STEADY)
    shape = page.locator(".curves path").bounding_box()
    assert shape is not None
    assert shape["width"] > PHONE["width"]
    assert page.locator(".curves text").count() > 4


def test_a_value_that_is_refused_is_marked_with_the_servers_sentence(page: Page) -> None:
    page.goto(f"/new?kind={KIND}")
    field = page.get_by_label("hidden", exact=True).first
    field.fill("0")
    expect(page.locator("[data-field=hidden] [data-wrong]")).to_contain_text(
        "greater than or equal"
    )
    expect(field).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("hidden")
    expect(field).to_be_focused()
    assert "/new" in page.url


def test_names_in_help_are_code_and_nothing_else_is_markup() -> None:
    assert coded("`counts` <b> `a<b`") == "<code>counts</code> &lt;b&gt; <code>a&lt;b</code>"


def test_a_field_that_takes_a_number_or_a_word_is_marked_too(page: Page) -> None:
    page.goto(f"/new?kind={KIND}")
    page.get_by_label("batch size", exact=True).fill("half")
    refused = page.locator("[data-field='training.batch_size'] [data-wrong]")
    expect(refused).to_have_text("Input should be a valid integer or 'full'")


def test_a_sweep_is_found_by_its_name(page: Page, seeded: Seeded) -> None:
    page.goto("/sweeps")
    name = page.get_by_role("searchbox", name="Name")
    name.fill("SCALE")
    name.press("Enter")
    expect(page.locator(f'a[href="/sweeps/{seeded.sweep}"]')).to_be_visible()
    name.fill("no such name")
    name.press("Enter")
    expect(page.get_by_text("No sweep has “no such name” in its name.")).to_be_visible()


def test_an_axis_turns_the_form_into_a_sweep(page: Page) -> None:
    page.goto(f"/new?kind={KIND}")
    page.locator("#vary summary").click()
    page.get_by_role("button", name="Add an axis").click()
    page.locator("[data-axis-name]").fill("student_scale")
    page.locator("[data-axis-values]").fill("0.1 to 10 in 5 log")
    expect(page.locator("[data-experiments]")).to_have_text("5")
    expect(page.get_by_role("button", name="Start the sweep")).to_be_enabled()


def test_a_form_that_was_changed_is_at_its_address(page: Page) -> None:
    page.goto(f"/new?kind={KIND}")
    page.get_by_label("epochs", exact=True).fill("987")
    page.get_by_label("Name", exact=True).fill('a "name" & more')
    page.locator("#vary summary").click()
    page.get_by_role("button", name="Add an axis").click()
    page.get_by_label("what varies").fill("student_scale")
    page.get_by_label("values", exact=True).fill("0.1 to 10 in 5 log")
    expect(page).to_have_url(re.compile("vary=student_scale.*log"))
    page.goto("/")
    page.go_back()
    expect(page.get_by_label("epochs", exact=True)).to_have_value("987")
    expect(page.get_by_label("Name", exact=True)).to_have_value('a "name" & more')
    expect(page.get_by_label("what varies")).to_have_value("student_scale")
    expect(page.locator("[data-experiments]")).to_have_text("5")


def test_the_table_shows_what_the_completed_filter_finds(page: Page, seeded: Seeded) -> None:
    page.goto("/experiments")
    where = page.get_by_label("Filter")
    where.press_sequentially("metric.final_test")
    expect(page.locator(".options li").first).to_have_text("metric.final_test_errornumber")
    where.press("ArrowDown")
    where.press("Enter")
    expect(where).to_have_value("metric.final_test_error ")
    where.press_sequentially("< 1e6 and tag.test = 'pages'")
    where.press("Escape")
    where.press("Enter")
    page.wait_for_url("**/experiments?*where=*")
    expect(page.locator("#rows th a")).to_have_text(["two flips", "one flip"])
    page.get_by_role("link", name="Name", exact=True).click()
    expect(page.locator("th[aria-sort=descending]")).to_have_text("Name ↓")
    page.get_by_role("link", name="Name ↓").click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Name ↑")
    expect(page.locator("#rows th a")).to_have_text(["one flip", "two flips"])
    status = page.get_by_label("Status")
    status.select_option("running")
    expect(page.get_by_text("No experiment fits this filter")).to_be_visible()
    page.go_back()
    expect(page.locator("#rows th a")).to_have_text(["one flip", "two flips"])
    expect(status).to_have_value("")


def test_a_mistake_in_the_filter_is_explained_beside_it(page: Page) -> None:
    page.goto("/experiments?where=metric.final_test_eror+%3C+1")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("where, position 0")
    expect(alert).to_contain_text("did you mean metric.final_test_error")
    expect(page.get_by_label("Filter")).to_have_attribute("aria-invalid", "true")


def test_two_selected_experiments_are_compared_in_one_frame(page: Page, seeded: Seeded) -> None:
    page.goto("/experiments?where=tag.test+%3D+'pages'")
    compare = page.get_by_role("button", name="Compare")
    expect(compare).to_be_disabled()
    page.get_by_label("Select one flip").check()
    page.get_by_label("Select two flips").check()
    compare.click()
    page.wait_for_url("**/compare?ids=*")
    expect(page.get_by_role("row", name="flips › readout › count 2 1")).to_be_visible()
    drawn(page)
    page.get_by_label("Rank by").select_option("final_test_error")
    page.get_by_role("button", name="Rank").click()
    expect(page.get_by_role("row", name="Rank by final test error")).to_contain_text("1")


def test_a_cell_of_the_map_opens_its_experiment(page: Page, seeded: Seeded) -> None:
    with _late(page, "sweep.js"):
        page.goto(f"/sweeps/{seeded.sweep}", wait_until="commit")
        cells = page.locator(".clickable .mark-rect.role-mark path")
        cells.last.wait_for()
    page.locator("#lines .mark-line path").first.wait_for(state="attached")
    cells.last.click()
    page.wait_for_url("**/experiments/*")
    expect(page.get_by_role("link", name="its sweep")).to_be_visible()


def test_a_sweep_opened_before_its_first_result_fills(page: Page, stack: RunningStack) -> None:
    base = {**SMALL, "training": {"epochs": 20}, "replicates": 1}
    axes = {"student_scale": [0.5, 2.0], "teacher_scale": [1.0, 2.0]}
    before = [stack.submit(KIND, ENDLESS)["id"] for _ in range(WORKERS)]
    for identifier in before:
        stack.until(identifier, "running")
    sweep = stack.http.post("/v1/sweeps", json={"kind": KIND, "base": base, "axes": axes}).json()
    with page.expect_response("**/v1/events"):
        page.goto(f"/sweeps/{sweep['id']}")
    expect(page.get_by_label("Arm", exact=True)).to_have_value("all")
    expect(page.get_by_text("There are not yet two results")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    for identifier in before:
        stack.http.post(f"/v1/experiments/{identifier}/cancel").raise_for_status()
    expect(page.get_by_role("button", name="Delete")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    expect(page.get_by_label("Arm", exact=True)).to_have_value("curl_descent")
    expect(page.locator(".clickable")).to_contain_text("curl descent, median over replicates")
    expect(page.locator("#lines .mark-line path")).to_have_count(4)
    expect(page.get_by_role("columnheader", name="curl descent")).to_be_visible()


def test_a_file_is_dropped_and_shown(page: Page) -> None:
    page.goto("/datasets")
    _drop(page, {"mine.npz": _session(0)})
    page.wait_for_url("**/datasets/*")
    expect(page.get_by_role("heading", name="mine.npz")).to_be_visible()
    expect(page.get_by_role("row", name="3 10")).to_be_visible()


def test_of_several_dropped_files_each_is_a_dataset_or_a_part_of_one(page: Page) -> None:
    files = {"monday.npz": _session(1), "tuesday.npz": _session(2)}
    page.goto("/datasets")
    _drop(page, {**files, "letter.npz": b"Dear reader"})
    expect(page.get_by_role("group", name="3 files")).to_be_visible()
    expect(page.get_by_role("button", name="A dataset each")).to_be_focused()
    page.keyboard.press("Enter")
    uploads = page.locator("#uploads li")
    expect(uploads).to_have_count(3)
    expect(uploads.get_by_role("alert")).to_contain_text("file")
    expect(uploads.get_by_text("Ready", exact=True)).to_have_count(2)
    for name in files:
        expect(page.locator("#listed").get_by_role("link", name=name)).to_be_visible()
    uploads.get_by_role("link", name="tuesday.npz").click()
    expect(page.get_by_role("heading", name="tuesday.npz")).to_be_visible()

    page.goto("/datasets")
    _drop(page, files, "h1")
    page.get_by_role("button", name="Parts of one recording").click()
    page.wait_for_url("**/datasets/*")
    expect(page.get_by_role("heading", name="monday.npz and 1 more")).to_be_visible()


def test_a_recording_is_drawn_at_first_sight(page: Page, tmp_path: Path) -> None:
    file, random = tmp_path / "reaching.npz", np.random.default_rng(1)
    trials, neurons, targets = 48, 7, 4
    np.savez(
        file,
        counts=random.poisson(3, (trials, neurons)),
        target=np.tile(np.arange(targets), trials // targets),
        block=np.repeat(["baseline", "adaptation"], trials // 2),
        perturbation=np.repeat([0.0, 30.0], trials // 2),
        reach=random.normal(0, 1, trials),
    )
    page.goto("/datasets")
    page.set_input_files("#file", file)
    page.wait_for_url("**/datasets/*")
    expect(page.get_by_role("row", name="3 6 6")).to_be_visible()
    look = page.get_by_role("region", name="A first look")
    means, activity, behaviour = (
        look.get_by_role("img", name=name)
        for name in ("Mean activity of every neuron", "Activity in the order", "Behaviour over")
    )
    expect(means.locator(".mark-rect.role-mark path")).to_have_count(2 * targets * neurons)
    expect(activity.locator(".mark-rect.role-mark path")).to_have_count(trials * neurons)
    expect(behaviour.locator(".mark-line path")).to_have_count(3)
    for line in behaviour.locator(".mark-line path").all():
        assert (line.get_attribute("d") or "").count("L") == trials - 1
    expect(means).to_contain_text("baseline")
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(means.locator(".mark-rect.role-mark path")).to_have_count(2 * targets * neurons)


def test_a_file_that_is_no_recording_is_refused_in_words(page: Page, tmp_path: Path) -> None:
    wrong = tmp_path / "letter.npz"
    wrong.write_text("Dear reader")
    with _late(page, "upload.js"):
        page.goto("/datasets", wait_until="commit")
        page.set_input_files("#file", wrong)
    expect(page.get_by_role("alert")).to_contain_text("file")
    assert page.url.endswith("/datasets")


def test_the_front_page_follows_what_runs(page: Page, stack: RunningStack) -> None:
    with page.expect_response("**/v1/events"):
        page.goto("/")
    identifier = stack.submit(KIND, ENDLESS, name="seen from afar")["id"]
    card = page.locator(f"[data-experiment='{identifier}']")
    expect(card.locator("[data-status]")).to_have_text("running")
    stack.http.post(f"/v1/experiments/{identifier}/cancel")
    expect(card).to_have_count(0)


def test_a_table_without_a_row_fills_with_the_first_experiment(
    page: Page, stack: RunningStack
) -> None:
    with page.expect_response("**/v1/events"):
        page.goto("/experiments?where=tag.first+%3D+'of all'")
    expect(page.get_by_text("No experiment fits this filter")).to_be_visible()
    identifier = stack.submit(KIND, SMALL, name="the first", tags={"first": "of all"})["id"]
    page.get_by_label("Select the first").check()
    expect(page.locator("#selection")).to_contain_text("1 selected")
    expect(page.locator(f"[data-experiment='{identifier}'] .headline")).to_contain_text("error")
    expect(page.get_by_label("Select the first")).to_be_checked()


def test_a_page_that_hears_no_news_says_so_until_they_come_again(page: Page) -> None:
    page.route("**/v1/events", lambda route: route.fulfill(status=429))
    page.goto("/")
    lost = page.get_by_text("what is shown may be out of date")
    expect(lost).to_be_visible()
    page.unroute("**/v1/events")
    expect(lost).to_have_count(0)


def test_a_large_sweep_does_not_hide_other_latest_results(page: Page, stack: RunningStack) -> None:
    single = stack.submit(KIND, SMALL, name="beside a large sweep")["id"]
    base = {**SMALL, "training": {"epochs": 2}, "replicates": 1, "record": {"trajectory_window": 0}}
    definition = {"kind": KIND, "base": base, "axes": {"seed": list(range(2 * LATEST))}}
    sweep = stack.http.post("/v1/sweeps", json=definition).json()["links"]["self"]
    stack.ended(single)
    for child in stack.http.get(f"{sweep}/results?limit=100").json()["items"]:
        stack.ended(child["id"])
    page.goto("/")
    latest = page.get_by_role("region", name="Latest results")
    expect(latest.get_by_role("link", name="beside a large sweep")).to_be_visible()


def test_everything_is_reached_without_a_mouse(page: Page) -> None:
    page.goto("/new")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name=KIND)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/new?kind=*")
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("typed")
    expect(page.locator("[data-seconds]")).to_contain_text("on one core")
    page.keyboard.press("Enter")
    page.wait_for_url("**/experiments/*")
    expect(page.get_by_role("heading", name="typed")).to_be_visible()
    expect(page.get_by_role("heading", name="Numbers")).to_be_visible()
    drawn(page)
    expect(page.locator(".lede [data-status]")).to_have_text("succeeded")


def test_the_toy_moves_by_keys_and_tells_what_becomes_of_a_start(page: Page) -> None:
    page.goto("/science")
    fate = page.locator("[data-fate=curl_descent]")
    expect(fate).to_contain_text("converges")
    handle = page.get_by_role("slider", name="Start of curl descent")
    handle.focus()
    for _ in range(6):
        page.keyboard.press("Shift+ArrowRight")
    expect(handle).to_have_attribute("aria-valuetext", "w1 -0.40, w2 1.30")
    expect(fate).to_contain_text("it turns")
    expect(page.locator("[data-fate=gradient_descent]")).to_contain_text("converges")


def test_the_theme_stays_as_it_was_switched(page: Page) -> None:
    page.goto("/experiments")
    page.get_by_role("button", name="Switch between light and dark").click()
    page.goto("/datasets")
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_a_figure_drawn_for_a_dark_screen_is_dark_on_white_paper(
    page: Page, seeded: Seeded
) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(f"/experiments/{seeded.first}")
    drawn(page)
    page.emulate_media(media="print")
    with Image.open(BytesIO(page.locator("[data-drawn]").first.screenshot())) as shown:
        histogram = shown.convert("L").histogram()
    paper = histogram.index(max(histogram))
    darkest = next(level for level, pixels in enumerate(histogram) if pixels)
    assert paper > 250
    assert darkest < 60


def test_printing_waits_until_the_figures_are_drawn(page: Page, seeded: Seeded) -> None:
    page.add_init_script(PRINTED)
    page.route("**/figures/*.json", lambda _: None)  # no answer as long as this stands
    page.goto(f"/experiments/{seeded.first}/report")
    expect(page.get_by_role("button", name="Drawing")).to_be_disabled()
    page.keyboard.press("Control+p")
    expect(page.locator("#toasts")).to_contain_text("once all figures are drawn")
    assert page.evaluate("() => window.printed") == 0
    page.unroute("**/figures/*.json")
    button = page.get_by_role("button", name="Print")
    expect(button).to_be_enabled()
    expect(page.get_by_text("curl fraction (here record.curl_fraction is")).to_be_visible()
    assert page.evaluate("() => window.printed") == 1
    button.click()
    assert page.evaluate("() => window.printed") == 2


def test_a_wide_figure_stays_readable_on_a_phone_and_is_moved_by_keys(
    browser: Browser, stack: RunningStack, seeded: Seeded
) -> None:
    with opened(browser, stack.url, viewport=PHONE) as phone:
        phone.goto(f"/experiments/{seeded.first}/report")
        drawn(phone)
        figure = phone.locator("[data-drawn][tabindex]").first
        assert figure.locator("text").first.evaluate(HEIGHT) > 8
        figure.focus()
        phone.keyboard.press("ArrowRight")
        phone.wait_for_function("(one) => one.scrollLeft > 0", arg=figure.element_handle())
        assert phone.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
        assert not Axe().run(phone, options={"runOnly": ["wcag2a"]})["violations"]


def test_the_page_does_not_jump_while_it_fills(page: Page, seeded: Seeded) -> None:
    page.add_init_script(JUMPS)
    page.goto(f"/experiments/{seeded.first}")
    drawn(page)
    assert page.evaluate("() => window.jumps") < 0.1


def test_what_is_not_there_is_said_on_a_page(page: Page) -> None:
    answer = page.goto("/experiments/0199f5f0-0000-7000-8000-000000000000")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", name="Nothing is here")).to_be_visible()


def test_labels_are_saved(page: Page, stack: RunningStack, seeded: Seeded) -> None:
    identifier = stack.submit(KIND, SMALL, name="to label", tags={"old": "1"})["id"]
    stack.ended(identifier)
    page.goto(f"/experiments/{identifier}")
    page.get_by_label("Tags").fill("new=2")
    page.get_by_label("Notes").fill("worth a look")
    with page.expect_response("**/v1/experiments/*"):
        page.get_by_role("button", name="Save labels").click()
    after = stack.show(identifier)
    assert (after["tags"], after["notes"]) == ({"new": "2"}, "worth a look")


def test_a_form_whose_script_is_still_loading_sends_nothing(page: Page, seeded: Seeded) -> None:
    here = f"/experiments/{seeded.first}"
    with _late(page, "experiment.js"):
        page.goto(here, wait_until="commit")
        expect(page.get_by_role("button", name="Save labels")).to_be_disabled()
        page.get_by_label("Notes").fill("quick")
        page.get_by_label("Name", exact=True).press("Enter")
    expect(page.get_by_role("button", name="Save labels")).to_be_enabled()
    expect(page.get_by_label("Notes")).to_have_value("quick")
    assert page.url.endswith(here)


def test_a_name_of_one_long_word_leaves_the_table_its_width(
    page: Page, stack: RunningStack
) -> None:
    long = {"name": "<b>" + "long" * 49, "tags": {f"t{n}": "v" * 200 for n in range(3)}}
    stack.submit(KIND, SMALL, **long)
    page.goto("/experiments")
    table = page.get_by_role("region", name="Experiments")
    name = table.get_by_role("link", name="<b>longlong").first
    expect(name).to_be_visible()
    assert table.evaluate("one => one.scrollWidth <= one.clientWidth")
    page.set_viewport_size(PHONE)
    assert name.evaluate("one => one.closest('tr').clientHeight") < 5 * name.evaluate(LETTER)


def test_a_median_is_missing_where_most_replicates_have_no_value(
    page: Page, stack: RunningStack, seeded: Seeded
) -> None:
    rows = stack.http.get(f"/v1/experiments/{seeded.first}/results").json()["items"]
    rule = "curl_descent"
    least, next, _ = sorted(r["metrics"]["min_test_error"] for r in rows if r["arm"] == rule)
    threshold = {"record": {"threshold": (least + next) / 2}}
    identifier = stack.submit(KIND, {**SMALL, **threshold, "rules": [rule]})["id"]
    assert stack.ended(identifier)["summary"][rule]["epochs_to_threshold"]["median"] is None
    page.goto(f"/experiments/{identifier}")
    row = page.get_by_role("row", name="epochs to threshold")
    expect(row.get_by_role("cell")).to_have_text(re.compile("^\\s*–\\s*2 without a value\\s*$"))


def test_one_stream_tells_of_several_experiments(stack: RunningStack) -> None:
    with stack.http.stream("GET", "/v1/events") as events:
        submitted = {stack.submit(KIND, SMALL)["id"] for _ in range(2)}
        waiting = set(submitted)
        for line in events.iter_lines():
            if line.startswith("data:"):
                told = json.loads(line[5:])
                waiting -= {report["id"] for report in told if report["status"] == "succeeded"}
            if not waiting:
                break


def test_pages_allow_nothing_but_their_own(stack: RunningStack) -> None:
    policy = stack.http.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


@contextmanager
def _late(page: Page, script: str) -> Iterator[None]:
    """A network on which a script comes only after this."""
    held: list[Route] = []
    page.route(f"**/{script}", lambda route: held.append(route))
    yield
    while not held:
        page.wait_for_timeout(20)
    held.pop().continue_()


def _session(seed: int) -> bytes:
    """A file of 40 trials."""
    counts = np.random.default_rng(seed).poisson(3, (40, 5))
    file = BytesIO()
    np.savez(file, counts=counts, target=np.repeat(np.arange(4), 10))
    return file.getvalue()


def _drop(page: Page, files: dict[str, bytes], place: str = "#drop") -> None:
    expect(page.locator("#drop")).to_be_visible()
    named = {name: list(content) for name, content in files.items()}
    dropped = page.evaluate_handle(DROPPED, named)
    page.dispatch_event(place, "drop", {"dataTransfer": dropped})
