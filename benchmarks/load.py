"""What a large sweep does to everybody else: ten thousand queued, and the API still answers.

`python -m benchmarks.load` submits them in one request while 200 event streams are open, asks for
single experiments all the while, and cancels what is left.
"""

import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import httpx

from tests.stack import RunningStack

POINTS = 10_000
STREAMS = 200
REQUESTS = 500
ACCEPT_S = 10.0
ANSWER_S = 0.05
SWEEP = {
    "kind": "curl_descent.simulation",
    "base": {"inputs": 2, "hidden": 2, "training": {"epochs": 1}, "replicates": 1},
    "axes": {"seed": list(range(POINTS))},
}


def main() -> None:
    """Print how long accepting, answering and cancelling took."""
    with ExitStack() as context:
        folder = Path(context.enter_context(tempfile.TemporaryDirectory()))
        stack = context.enter_context(RunningStack(folder, workers=1))
        start = time.perf_counter()
        sweep = stack.http.post("/v1/sweeps", json=SWEEP, timeout=120.0).raise_for_status().json()
        accepted_s = time.perf_counter() - start
        print(f"{POINTS} experiments accepted in {accepted_s:.1f} s (goal {ACCEPT_S:g} s)")
        page = stack.http.get("/v1/experiments", params={"limit": 100}).json()
        identifiers = [each["id"] for each in page["items"]]
        before = _median_s(stack, identifiers)
        streams = _Streams(stack.url, identifiers[0])
        context.callback(streams.close)
        during = _median_s(stack, identifiers)
        print(
            f"GET: median {before * 1e3:.1f} ms, with {streams.open} event streams "
            f"{during * 1e3:.1f} ms (goal {ANSWER_S * 1e3:g} ms)"
        )
        start = time.perf_counter()
        changed = stack.http.post(f"/v1/sweeps/{sweep['id']}/cancel").json()["changed"]
        print(f"{changed} cancelled in {time.perf_counter() - start:.1f} s")


def _median_s(stack: RunningStack, identifiers: list[str]) -> float:
    times = []
    for number in range(REQUESTS):
        start = time.perf_counter()
        path = f"/v1/experiments/{identifiers[number % len(identifiers)]}"
        stack.http.get(path).raise_for_status()
        times.append(time.perf_counter() - start)
    return median(times)


class _Streams:
    """Many open event streams of one experiment."""

    def __init__(self, url: str, identifier: str) -> None:
        self.open = 0
        self._closing = threading.Event()
        self._client = httpx.Client(
            base_url=url, timeout=60.0, limits=httpx.Limits(max_connections=None)
        )
        path = f"/v1/experiments/{identifier}/events"
        self._threads = [
            threading.Thread(target=self._follow, args=(path,)) for _ in range(STREAMS)
        ]
        for thread in self._threads:
            thread.start()
        deadline = time.monotonic() + 60.0
        while self.open < STREAMS and time.monotonic() < deadline:
            time.sleep(0.05)

    def close(self) -> None:
        """Leave all of them."""
        self._closing.set()
        for thread in self._threads:
            thread.join()
        self._client.close()

    def _follow(self, path: str) -> None:
        with self._client.stream("GET", path) as events:
            self.open += 1
            for _ in events.iter_bytes():
                if self._closing.is_set():
                    return


if __name__ == "__main__":
    main()
