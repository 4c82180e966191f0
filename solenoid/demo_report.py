"""What the demo prints: the speed-up of curl descent, and the dimensions of a recording."""

import math
from collections.abc import Mapping
from statistics import median
from typing import Any

from rich.console import Console

from solenoid.experiment import Experiment
from solenoid.table import Table
from solenoid.terminal import print_table, shown

METRIC = "epochs_to_threshold"
GRADIENT, CURL = "gradient_descent", "curl_descent"


def speedups(panels: Mapping[str, Experiment], screen: Console) -> None:
    """Epochs to the error threshold for both rules, panel by panel."""
    screen.print("\nEpochs to a test error of 1e-3 (median; how many networks never got there)")
    print_table(
        ("panel", "gradient descent", "curl descent", "speed-up", "pairs"),
        (_panel_line(name, panel) for name, panel in panels.items()),
        right=True,
    )
    screen.print(
        "Curl descent: one readout neuron learns with the opposite sign. The speed-up is the\n"
        "geometric mean over pairs of networks that both got there from the same start."
    )


def speedup_line(table: Table, epochs: int) -> tuple[str, str, str, str]:
    """One panel of so many epochs as text."""
    gradient, curl = (_epochs(table, arm) for arm in (GRADIENT, CURL))
    logs = [
        math.log(slow / fast)
        for slow, fast in zip(gradient, curl, strict=True)
        if math.isfinite(slow) and math.isfinite(fast) and min(slow, fast) > 0
    ]
    ratio = f"{math.exp(sum(logs) / len(logs)):.2f} x" if logs else "-"
    pairs = f"{len(logs)} of {len(curl)}"
    return _described(gradient, epochs), _described(curl, epochs), ratio, pairs


def dimensions(experiment: Experiment, screen: Console) -> None:
    """Participation ratios of the two blocks, corrected and naive."""
    rows = {row["arm"]: row for row in experiment.results()}
    comparison = rows["comparison"]
    screen.print("\nParticipation ratio of the condition means, before and after learning")
    print_table(
        ("block", "rows", "corrected", "95 % interval", "naive"),
        (_block_line(arm, rows[arm]) for arm in experiment.spec["block"]["compare"]),
        right=True,
    )
    screen.print(
        f"log ratio {_number(comparison['log_ratio'])}, "
        f"permutation p = {_number(comparison['p_value'])}"
    )
    screen.print(
        "Several bins of this recording come from one movement, so bins are not independent\n"
        "trials: intervals and p-value are optimistic."
    )
    for warning in experiment.warnings:
        screen.print(shown(f"note: {warning}"))


def _panel_line(name: str, panel: Experiment) -> tuple[str, ...]:
    return name, *speedup_line(panel.results(), panel.spec["training"]["epochs"])


def _epochs(table: Table, arm: str) -> list[float]:
    """Epochs by replicate; infinity where the threshold was never reached."""
    rows = sorted((row for row in table if row["arm"] == arm), key=lambda row: row["replicate"])
    return [math.inf if row[METRIC] is None else float(row[METRIC]) for row in rows]


def _described(reached: list[float], epochs: int) -> str:
    never = sum(math.isinf(each) for each in reached)
    middle = median(reached)
    text = f"{middle:.0f}" if math.isfinite(middle) else f"> {epochs}"
    return f"{text} ({never} of {len(reached)} never)"


def _block_line(arm: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    interval = f"{_number(row['ci_low'])} to {_number(row['ci_high'])}"
    corrected, naive = row["participation_ratio"], row["participation_ratio_naive"]
    return arm, str(row["trials"]), _number(corrected), interval, _number(naive)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
