"""Pages of a full database, and many open streams beside them.

`python -m benchmarks.pages` fills a database with 100 000 experiments, starts the service on it and
asks for its pages. The goal is a first load under 500 ms. An installation with that many has been
started before: it has compiled its kernels and made Vega's bundle. Then as many streams as there
may be open pages listen while experiments run, and the same pages are asked for again: the ratio
says what the streams cost everybody else, the delay what their listeners wait for the news.
"""

import json
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import httpx

import migrations
from api.dashboard.assets import vega_address
from benchmarks.query_rows import KIND, experiment_id, fill_experiments, sweep_id
from benchmarks.service import TRIVIAL
from store.database import Database
from tests.stack import RunningStack

EXPERIMENTS = 100_000
STREAMS = 200
LOADS = 7
GOAL_S = 0.5
PATHS = {
    "home": "/",
    "experiments": "/experiments",
    "experiments of a kind, filtered": f"/experiments?kind={KIND}"
    "&where=metric.final_test_error+%3C+1e-3&order_by=metric.final_test_error",
    "an experiment": f"/experiments/{experiment_id(7)}",
    "two compared": f"/compare?ids={experiment_id(7)},{experiment_id(8)}",
    "a sweep": f"/sweeps/{sweep_id(7)}",
    "sweeps": "/sweeps",
    "new": "/new",
    "the form of a kind": f"/new?kind={KIND}",
    "datasets": "/datasets",
    "science": "/science",
}


def main() -> None:
    """Print the loading times, and what the streams change."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _fill(folder / "solenoid.db")
        _start_once(folder)
        with RunningStack(folder, workers=1) as stack:
            quiet = {page: _times(stack, path) for page, path in PATHS.items()}
            with _streams(stack) as delays:
                busy = {page: _times(stack, path) for page, path in PATHS.items()}
                told = _told(stack, delays)
    print(f"{EXPERIMENTS} experiments; goal {GOAL_S * 1e3:.0f} ms for the first load")
    print(f"{'page':34}{'first':>9}{'median':>9}{f'with {STREAMS} streams':>20}")
    for page in PATHS:
        first, usual, loaded = quiet[page][0], median(quiet[page]), median(busy[page])
        ratio = f"{loaded * 1e3:.0f} ms ({loaded / usual:.1f} x)"
        print(f"{page:34}{first * 1e3:6.0f} ms{usual * 1e3:6.0f} ms{ratio:>20}")
    print(
        f"news reached {len(told)} streams after {median(told):.2f} s, the last {max(told):.2f} s"
    )


def _fill(path: Path) -> None:
    url = f"sqlite:///{path}"
    migrations.upgrade(url)
    database = Database(url)
    fill_experiments(database, EXPERIMENTS)
    database.close()


def _start_once(folder: Path) -> None:
    with RunningStack(folder, workers=1) as stack:
        stack.http.get(vega_address()).raise_for_status()
        while stack.descendants("workers.warm"):
            time.sleep(1)


def _times(stack: RunningStack, path: str) -> list[float]:
    return [_loaded(stack, path) for _ in range(LOADS)]


def _loaded(stack: RunningStack, path: str) -> float:
    start = time.perf_counter()
    stack.http.get(path).raise_for_status()
    return time.perf_counter() - start


Delays = dict[int, float]


@contextmanager
def _streams(stack: RunningStack) -> Iterator[Delays]:
    """Open streams, each noting when it first hears of an experiment that has succeeded."""
    heard: Delays = {}
    limits = httpx.Limits(max_connections=STREAMS)
    with httpx.Client(base_url=stack.url, timeout=60, limits=limits) as client, ExitStack() as open:
        for number in range(STREAMS):
            lines = open.enter_context(client.stream("GET", "/v1/events"))
            reader = threading.Thread(target=_listen, args=(lines, heard, number), daemon=True)
            reader.start()
        yield heard


def _listen(answer: httpx.Response, heard: Delays, number: int) -> None:
    try:
        for line in answer.iter_lines():
            told = json.loads(line[5:]) if line.startswith("data:") else []
            if any(report["status"] == "succeeded" for report in told):
                heard[number] = time.perf_counter()
                return
    except httpx.HTTPError:
        return  # the stream was closed at the end


def _told(stack: RunningStack, heard: Delays) -> Sequence[float]:
    """Run one experiment; how long after its end every stream had heard of it."""
    identifier = stack.submit(KIND, TRIVIAL)["id"]
    stack.ended(identifier)
    end = time.perf_counter()
    while len(heard) < STREAMS and time.perf_counter() < end + 10:
        time.sleep(0.02)
    return [max(moment - end, 0.0) for moment in heard.values()]


if __name__ == "__main__":
    main()
