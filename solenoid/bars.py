"""Following experiments and sweeps: a bar each on a terminal, a line per change elsewhere."""

import queue
import threading
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Column

from solenoid.errors import SolenoidError
from solenoid.events import Event
from solenoid.experiment import Experiment
from solenoid.sweep import Sweep
from solenoid.table import cell
from solenoid.terminal import shown

# A wait without end on Linux would not hear Ctrl-C on every Python.
LOOK_S = 0.5
BAR_WIDTH = 24

Watched = Experiment | Sweep


def follow(watched: Mapping[str, Watched], console: Console) -> None:
    """Show the progress of what is labelled until all of it has ended."""
    labels = {one.id: label for label, one in watched.items()}
    events = _events(list(watched.values()))
    if console.is_terminal:
        _draw_bars(labels, events, console)
    else:
        _write_lines(labels, events, console)
    for one in watched.values():
        one.refresh()


def labelled(watched: Sequence[Watched]) -> dict[str, Watched]:
    """Each by a short label: the name, or the kind, and the id's end to tell them apart."""
    return {f"{one.name or one.kind} ({one.id[-6:]})": one for one in watched}


def _draw_bars(
    labels: Mapping[str, str], events: Iterator[tuple[str, Event]], console: Console
) -> None:
    # A terminal that is too narrow cuts the live values, not the bars.
    live = Column(no_wrap=True, overflow="ellipsis", ratio=1)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(BAR_WIDTH, table_column=Column(min_width=BAR_WIDTH)),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[state]}", style="dim", markup=False, table_column=live),
    )
    with Progress(*columns, console=console, expand=True) as progress:
        tasks = {
            id: progress.add_task(str(shown(label)), total=1.0, state="queued")
            for id, label in labels.items()
        }
        for id, event in events:
            progress.update(tasks[id], completed=event.progress, state=_state(event))
            if event.ended:
                progress.stop_task(tasks[id])


def _write_lines(
    labels: Mapping[str, str], events: Iterator[tuple[str, Event]], console: Console
) -> None:
    known: dict[str, str] = {}
    for id, event in events:
        if known.get(id) != event.status:
            console.print(shown(f"{labels[id]}: {event.status}"))
        known[id] = event.status


def _state(event: Event) -> str:
    live = ", ".join(f"{name} {cell(value)}" for name, value in event.values.items())
    return live if live and not event.ended else event.status


def _events(watched: Sequence[Watched]) -> Iterator[tuple[str, Event]]:
    """The events of all as they come; each is watched in a thread of its own."""
    arrived: queue.SimpleQueue[tuple[str, Event | SolenoidError | None]] = queue.SimpleQueue()
    for one in watched:
        threading.Thread(target=_watch, args=(one, arrived), daemon=True).start()
    left = len(watched)
    while left:
        try:
            id, event = arrived.get(timeout=LOOK_S)
        except queue.Empty:
            continue
        if isinstance(event, SolenoidError):
            raise event
        if event is None:
            left -= 1
        else:
            yield id, event


def _watch(
    one: Watched,
    arrived: "queue.SimpleQueue[tuple[str, Event | SolenoidError | None]]",
) -> None:
    try:
        for event in one.watch():
            arrived.put((one.id, event))
        arrived.put((one.id, None))
    except SolenoidError as failure:
        arrived.put((one.id, failure))
