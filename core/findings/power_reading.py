"""A power analysis in plain words: what each finding needs, and what the numbers depend on."""

import numpy as np

from core.experiment import Result
from core.findings.answer import FINDINGS
from core.findings.power_rates import smallest
from core.findings.power_spec import PowerSpec
from core.sentences import paragraph

CAVEATS = (
    "These are rates among simulated sessions, not promises about an animal: the size of each "
    "effect is the one that you gave, tuning and effects are drawn anew for every session, trials "
    "scatter independently about means that do not drift, and neurons share no more noise than two "
    "gains. Drift, unstable units, correlated trials, a smaller effect or another kind of tuning "
    "cost power. Where an effect is often missed, the sessions that find it overstate it."
)
ALIKE = (
    "The two states do not differ in these sessions, so the rates are those of false findings; of "
    "findings that have a sign only one half of them counts."
)


def reading(spec: PowerSpec, result: Result) -> str:
    """One sentence per finding, then how sure the rates are and what they hide."""
    return paragraph(
        f"In {spec.repetitions} simulated sessions of each size, with {_sizes(spec)}, a finding "
        f"counts as found if {_rule(spec)}.",
        *(_sentence(spec, result, k, name) for k, name in enumerate(spec.asked)),
        _unanswered(spec, result),
        ALIKE if spec.session.control == spec.session.hfs else "",
        CAVEATS,
    )


def _sizes(spec: PowerSpec) -> str:
    trials, neurons = (
        " or ".join(map(str, values)) for values in (spec.trials_per_target, spec.neurons)
    )
    return f"{trials} trials per target, state and field and {neurons} neurons"


def _rule(spec: PowerSpec) -> str:
    after = ""
    if spec.verdict.correction == "holm" and len(spec.asked) > 1:
        after = f" after Holm over {len(spec.asked)} findings"
    return f"its p{after} is at most {spec.verdict.alpha:g} and its sign is that of the study"


def _sentence(spec: PowerSpec, result: Result, k: int, name: str) -> str:
    about = f"({name[0]}, {FINDINGS[name]})"
    needed = smallest(spec, result["trials_needed"][:, k])
    if needed is None:
        best = divmod(int(result["power"][..., k].argmax()), len(spec.neurons))
        return (
            f"{about} does not reach a power of {spec.wished_power:g} anywhere in the grid; its "
            f"best is {_rate(spec, result, (*best, k))}."
        )
    trials, neurons = needed
    place = (spec.trials_per_target.index(trials), spec.neurons.index(neurons), k)
    sure = float(result["power_low"][place]) >= spec.wished_power
    doubt = "" if sure else "; its interval reaches below that, which more repetitions would mend"
    return (
        f"{about} has a power of {spec.wished_power:g} or more from {trials} trials per target on: "
        f"{_rate(spec, result, place)}{doubt}."
    )


def _rate(spec: PowerSpec, result: Result, place: tuple[int, ...]) -> str:
    """0.85 (95 % interval 0.71 to 0.93) with 20 trials and 60 neurons."""
    value, low, high = (float(result[n][place]) for n in ("power", "power_low", "power_high"))
    size = f"{spec.trials_per_target[place[0]]} trials and {spec.neurons[place[1]]} neurons"
    return f"{value:.2f} (95 % interval {low:.2f} to {high:.2f}) with {size}"


def _unanswered(spec: PowerSpec, result: Result) -> str:
    """How often a session could not be asked, which counts as not found."""
    missing = np.isnan(result["p_value"]).sum(axis=(0, 1, 2))
    told = [f"{FINDINGS[n]} {int(k)}" for n, k in zip(spec.asked, missing, strict=True) if k]
    of = len(spec.points) * spec.repetitions
    return f"Of {of} sessions some could not be asked: {', '.join(told)}." if told else ""
