"""What the command line writes: tables for people, JSON for machines, no colours in a pipe."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from solenoid.experiment import Experiment
from solenoid.sweep import Sweep
from solenoid.table import cell

# A pipe has no width; cutting columns there would lose data.
PIPE_WIDTH = 10_000

STATUS_STYLES = {"succeeded": "green", "failed": "red", "cancelled": "yellow", "running": "cyan"}


def console(*, stderr: bool = False) -> Console:
    """Standard output (or error) as it is now."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, width=None if stream.isatty() else PIPE_WIDTH, highlight=False)


def print_json(document: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    title: str | None = None,
    right: bool = False,
    stderr: bool = False,
) -> None:
    """A table; `right` aligns all but the first column as numbers."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for number, name in enumerate(columns):
        head = Text(_printable(name))
        table.add_column(head, justify="right" if right and number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(shown(value) for value in row))
    console(stderr=stderr).print(table)


def print_facts(facts: Mapping[str, Any]) -> None:
    """Names and values, one per line."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in facts.items():
        if value is not None and value != "":
            table.add_row(name, shown(value))
    console().print(table)


def shown(value: Any) -> Text:
    """A value as text that cannot pretend to be markup or control the terminal."""
    text = "-" if value is None else cell(value)
    return Text(_printable(text), style=STATUS_STYLES.get(text, ""))


def print_summary(experiment: Experiment, *, stderr: bool = False) -> None:
    """How an experiment ended, and the median of each metric by arm."""
    notes = [f"note: {warning}" for warning in experiment.warnings]
    for told in (experiment.error, experiment.reading, *notes):
        if told:
            console(stderr=stderr).print(shown(told))
    arms = experiment.summary
    if not arms:
        return
    metrics = dict.fromkeys(metric for found in arms.values() for metric in found)
    rows = ([m, *(_median(arms[arm].get(m)) for arm in arms)] for m in metrics)
    print_table(["median over replicates", *arms], rows, right=True, stderr=stderr)


def print_counts(sweep: Sweep, *, stderr: bool = False) -> None:
    """How the experiments of a sweep ended, or how far they are."""
    counts = {status: count for status, count in sweep.counts.items() if count}
    told = ", ".join(f"{count} {status}" for status, count in counts.items())
    console(stderr=stderr).print(shown(told))


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)


def _median(found: Mapping[str, Any] | None) -> str | None:
    if found is None or found["median"] is None:
        return None
    missing = f" ({found['missing']} missing)" if found["missing"] else ""
    return cell(found["median"]) + missing
