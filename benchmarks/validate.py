"""`make validate`: whether the findings' tests and intervals are what they say, by simulation.

    python -m benchmarks.validate --null 200 --planted 100 --runs 60

Seeded; with these numbers about half an hour on one core. Writes docs/validation.md.
"""

import argparse
from collections.abc import Iterator
from math import exp, nan, sqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.findings.answer import FINDINGS, Answer, Asked
from core.findings.report_spec import ReportSpec
from core.findings.sessions import QUESTIONS
from core.kernels.adaptation import fit_adaptation
from core.kernels.adaptation_filter import Movements
from core.kernels.adaptation_models import one_state
from core.kernels.adapting_hand import compensation
from core.kernels.holm import holm
from core.synthetic import synthesised, truth
from core.synthetic_spec import SyntheticSpec

Floats = NDArray[np.float64]
PAGE = Path(__file__).parents[1] / "docs" / "validation.md"
LEVEL, LOWEST, HIGHEST = 0.05, 0.02, 0.09
UPLOADED = "00000000-0000-0000-0000-000000000000"
SPEC = ReportSpec.model_validate(
    {
        "dataset": UPLOADED,
        "state": {"factor": "state", "compare": ["control", "hfs"]},
        "permutations": 99,
        "resamples": 60,
        "simulations": 40,
    }
)
ALIKE = {"generalization_width_deg": None}
TUNED = {"generalization_width_deg": 60.0}
SCHEDULE = np.r_[np.zeros(40), np.full(84, 30.0), np.zeros(40)]


def main() -> None:
    """Run everything and write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--null", type=int, default=200)
    options.add_argument("--planted", type=int, default=100)
    options.add_argument("--runs", type=int, default=60)
    given = options.parse_args()
    parts = [
        INTRODUCTION,
        null_table(given.null),
        planted_table(given.planted),
        adaptation_table(given.runs),
    ]
    PAGE.write_text("\n".join(parts))
    print(PAGE.read_text())


INTRODUCTION = """# Validation

What the tests and intervals of `cerebellar_block.report` do on sessions whose truth is known:
eight targets, 60 neurons, 640 trials (20 per target, state and field), the defaults of the
synthetic sessions. Written by `make validate`, which is seeded; `make validate NULL=20 PLANTED=10
RUNS=10` is quick. Behavioural findings (a) use sessions in which all targets learn alike, as their
model has it; (f) uses sessions in which learning falls off with distance between targets.
"""


def null_table(sessions: int) -> str:
    """How often each test rejects where the two states do not differ."""
    p_values = np.array([_p_values("null", seed) for seed in range(sessions)])
    rates = (p_values <= LEVEL).mean(axis=0)
    error = sqrt(LEVEL * (1 - LEVEL) / sessions)
    family = np.mean([(holm(each) <= LEVEL).any() for each in p_values])
    bonferroni = np.mean([(each * len(each) <= LEVEL).any() for each in p_values])
    # The bounds hold all tests at once: Bonferroni over the tests, normal approximation.
    reach = 2.8 * error
    lines = [
        f"\n## {sessions} null sessions\n",
        f"Share of sessions with p at most {LEVEL:g}; one standard error at the nominal rate is "
        f"{error:.3f}. With 200 sessions a rate must lie between {LOWEST:g} and {HIGHEST:g}; with "
        f"{sessions}, {len(FINDINGS)} tests together (Bonferroni) allow "
        f"{max(LEVEL - reach, 0):.3f} to {LEVEL + reach:.3f}.\n",
        "| finding | rejected | within |",
        "| --- | --- | --- |",
        *(
            f"| {name} | {rate:.3f} | {'yes' if abs(rate - LEVEL) <= reach else 'no'} |"
            for name, rate in zip(FINDINGS, rates, strict=True)
        ),
        f"\nAny finding after Holm: {family:.3f}; after Bonferroni: {bonferroni:.3f}.\n",
    ]
    return "\n".join(lines)


def planted_table(sessions: int) -> str:
    """What is found of the truth of `cerebellar_block` sessions."""
    errors: dict[str, list[float]] = {name: [] for name in FINDINGS}
    held: dict[str, list[bool]] = {name: [] for name in FINDINGS}
    found: dict[str, list[float]] = {name: [] for name in FINDINGS}
    rejected: dict[str, list[bool]] = {name: [] for name in FINDINGS}
    truths: dict[str, float] = {}
    for seed in range(sessions):
        for name, answer, true in _planted(seed):
            value, truths[name] = answer.difference, true
            errors[name].append(value.value - true)
            held[name].append(value.low <= true <= value.high)
            found[name].append(value.value)
            rejected[name].append(answer.p_value <= LEVEL)
    lines = [
        f"\n## {sessions} sessions with every finding planted\n",
        "Difference of block and control (of b the share of variance): its truth (of the last "
        "session where it differs between them), bias with standard error, coverage of the 95 % "
        "interval, and how often p is at most .05. A distance in noise variances and a decoding "
        "error have no closed form, so that there is no truth to compare with.\n",
        "| finding | truth | mean | bias | coverage | detected |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name in FINDINGS:
        off, scatter = np.mean(errors[name]), np.std(errors[name]) / sqrt(sessions)
        known = np.isfinite(truths[name])
        bias = f"{off:.3g} ± {scatter:.2g}" if known else "-"
        cover = f"{np.mean(held[name]):.2f}" if known else "-"
        known_truth = f"{truths[name]:.3g}" if known else "-"
        lines.append(
            f"| {name} | {known_truth} | {np.mean(found[name]):.3g} | {bias} | {cover} | "
            f"{np.mean(rejected[name]):.2f} |"
        )
    return "\n".join(lines)


def adaptation_table(runs: int) -> str:
    """Recovery of b from one block of 164 trials, with more noise and with missing trials."""
    lines = [
        f"\n\n## Adaptation: {runs} runs of 164 trials (a .95, b .15, q 2)\n",
        "| motor variance r | missing trials | mean b | standard error | mean r |",
        "| --- | --- | --- | --- | --- |",
    ]
    for r in (16.0, 36.0):
        for missing in (0.0, 0.15):
            fits = np.array([_fitted(seed, r, missing) for seed in range(runs)])
            b, noise = fits.T
            lines.append(
                f"| {r:g} | {100 * missing:g} % | {b.mean():.3f} | "
                f"{b.std(ddof=1) / sqrt(runs):.3f} | {noise.mean():.1f} |"
            )
    return "\n".join(lines) + "\n"


def _p_values(scenario: str, seed: int) -> Floats:
    found = {name: answer.p_value for name, answer, _ in _answers(scenario, seed)}
    return np.array([found[name] for name in FINDINGS])


def _answers(scenario: str, seed: int) -> Iterator[tuple[str, Answer, dict[str, Any]]]:
    """Every finding with the session that it was found in."""
    for names, question in QUESTIONS.items():
        of_states = "a_motor_noise" in names
        session = _session(scenario, seed, alike=of_states)
        for name, answer in question(Asked(SPEC, session, seed), lambda share: None).items():
            yield name, answer, session


def _session(scenario: str, seed: int, *, alike: bool) -> dict[str, Any]:
    width = ALIKE if alike else TUNED
    states = {"control": width, "hfs": width} if alike or scenario == "null" else {}
    spec = SyntheticSpec.model_validate({"scenario": scenario, "seed": 1000 + seed, **states})
    return synthesised(spec)


def _planted(seed: int) -> Iterator[tuple[str, Answer, float]]:
    for name, answer, session in _answers("cerebellar_block", seed):
        yield name, answer, _truths(session)[name]


def _truths(session: dict[str, Any]) -> dict[str, float]:
    known = truth(session)
    control, hfs = known["spec"]["control"], known["spec"]["hfs"]
    parts, ratio = known["variance_fractions"]["NF"], known["participation_ratio"]
    share = [
        exp(-((45.0 / width) ** 2) / 2)
        for width in (each["generalization_width_deg"] or 1e9 for each in (control, hfs))
    ]
    return {
        "a_motor_noise": hfs["motor_variance"] - control["motor_variance"],
        "a_error_sensitivity": hfs["error_sensitivity"] - control["error_sensitivity"],
        "b_target_dependent": parts["interaction"],
        "b_target_independent": parts["block"],
        "c_field_distance": nan,
        "d_reaiming": hfs["reaiming_deg"] - control["reaiming_deg"],
        "e_dimensionality": ratio["hfs NF"] - ratio["control NF"],
        "f_neural_generalization": nan,
        "f_behavioural_generalization": share[1] - share[0],
    }


def _fitted(seed: int, r: float, missing: float) -> tuple[float, float]:
    """b and r of one block."""
    rng, n = np.random.default_rng(seed), len(SCHEDULE)
    never = np.zeros(n, dtype=np.bool_)
    own = np.zeros(n, dtype=np.int64)
    y = compensation(
        rng, SCHEDULE, clamp=never, target=own, G=np.ones((1, 1)), a=0.95, b=0.15, q=2.0, r=r
    )
    y[rng.random(n) < missing] = np.nan
    fit = fit_adaptation(Movements(y, SCHEDULE, never, np.arange(n) == 0, own), one_state(), 1)
    return float(fit.local[0, 1]), float(fit.variances[0, 1])


if __name__ == "__main__":
    main()
