"""What a fit of trial-by-trial adaptation says in plain words, and what makes one doubt it."""

from math import isfinite, nan

import numpy as np

from core.adaptation import AdaptationSpec
from core.experiment import Result
from core.sentences import number, paragraph, tested, verdict, with_interval

PARTS = ("slow", "fast")
WIDEST_FACTOR = 4.0  # between the ends of an interval of an identifiable error sensitivity,
NARROW = 0.1  # unless it is as narrow as this, about 0 say
WHITE = 0.01  # a whiteness p below this is worth a warning


def reading(spec: AdaptationSpec, result: Result) -> str:
    """The estimates in words, the tests, and what cannot be told."""
    each = [_arm_sentence(spec, result, arm) for arm in range(len(spec.arms))]
    gain = float(result["log_likelihood_gain"][0]) if spec.model == "two_state" else nan
    more = 2 * len(spec.arms)
    two = (
        f"A second state raises the log likelihood by {number(gain)} for {more} more parameters, "
        f"which {'is worth' if gain > more else 'is not worth'} them by Akaike's criterion."
    )
    return paragraph(
        *each,
        _tests_sentence(spec, result),
        two if isfinite(gain) else "",
        "Planning variance is weakly identified: trust it least.",
        *(f"{warning[0].upper()}{warning[1:]}." for warning in result.warnings),
    )


def doubts_of(spec: AdaptationSpec, result: Result) -> tuple[str, ...]:
    doubts = []
    for arm, name in enumerate(spec.arms):
        if not identifiable(result, arm):
            own = result["trial_arm"] == arm
            largest = float(np.abs(result["perturbation"][own]).max())
            noise = float(np.sqrt(result["motor_variance"][arm]))
            doubts.append(
                f"{name}: error sensitivity is not identifiable from these trials (its interval "
                f"spans more than a factor of {WIDEST_FACTOR:g}); the perturbation reaches "
                f"{largest:.3g} where motor noise has a standard deviation of {noise:.3g}, and a "
                "larger one, or more trials, would help"
            )
        if result["whiteness_p"][arm] < WHITE:
            doubts.append(
                f"{name}: the residuals are not white (p = {result['whiteness_p'][arm]:.2g}), so "
                "the model misses some structure of these movements"
            )
    return tuple(doubts)


def identifiable(result: Result, arm: int) -> bool:
    """By the largest error sensitivity of the arm."""
    largest = int(np.argmax(result["error_sensitivity"][arm]))
    low, high = result["error_sensitivity_interval"][arm, largest].tolist()
    return bool(high <= WIDEST_FACTOR * low or high - low <= NARROW)


def interval_of(result: Result, name: str, *place: int) -> dict[str, float]:
    low, high = result[f"{name}_interval"][place].tolist()
    return {name: float(result[name][place]), f"{name}_low": low, f"{name}_high": high}


def pseudo_of(result: Result, arm: int) -> dict[str, float]:
    """Late less early half of an arm, where blocks are compared."""
    if "late_less_early" not in result.arrays:
        return {}
    b, r = result["late_less_early"][arm].tolist()
    return {"error_sensitivity_pseudo": b, "motor_variance_pseudo": r}


def _pseudo_sentence(result: Result) -> str:
    pseudo = result["late_less_early"]
    if not np.isfinite(pseudo).all():
        return ""
    b, r = (" and ".join(number(each) for each in column) for column in pseudo.T.tolist())
    return (
        "From the early to the late half of each block, where only drift can act, error "
        f"sensitivity changes by {b} and motor variance by {r}."
    )


def _arm_sentence(spec: AdaptationSpec, result: Result, arm: int) -> str:
    r = interval_of(result, "motor_variance", arm)
    noise = with_interval(*(float(np.sqrt(value)) for value in r.values()))
    share = number(100 * float(result["asymptote"][arm]))
    return (
        f"{spec.arms[arm]}: {_learned(spec, result, arm)}; a lasting perturbation is compensated "
        f"to {share} % in the end, and motor noise has a standard deviation of {noise}."
    )


def _learned(spec: AdaptationSpec, result: Result, arm: int) -> str:
    if spec.model == "two_state":
        return "; ".join(_part_sentence(result, arm, k) for k in range(len(PARTS)))
    a = with_interval(*interval_of(result, "retention", arm, 0).values())
    b = with_interval(*interval_of(result, "error_sensitivity", arm, 0).values())
    near = ""
    if spec.model == "generalization":
        apart = float(result["separation_deg"][1])
        other = with_interval(*interval_of(result, "error_sensitivity", arm, 1).values())
        near = f" at the same target and {other} at one {apart:g} degrees away"
    return f"{a} is kept from trial to trial and {b} of an error is learned{near}"


def _part_sentence(result: Result, arm: int, part: int) -> str:
    kept = with_interval(*interval_of(result, "retention", arm, part).values())
    learnt = with_interval(*interval_of(result, "error_sensitivity", arm, part).values())
    return (
        f"the {PARTS[part]} part keeps {kept} from trial to trial and learns {learnt} of an error"
    )


def _tests_sentence(spec: AdaptationSpec, result: Result) -> str:
    if spec.block is None:
        return ""
    first, second = spec.block.compare
    p_b, p_r = result["likelihood_ratio_p"].tolist()
    return paragraph(
        verdict(
            p_b,
            found=f"{first} and {second} differ in error sensitivity ({tested(p_b)}).",
            nothing=f"No difference in error sensitivity was found ({tested(p_b)}).",
        ),
        verdict(
            p_r,
            found=f"They differ in motor variance ({tested(p_r)}).",
            nothing=f"No difference in motor variance was found ({tested(p_r)}).",
        ),
        _pseudo_sentence(result),
        "The tests are likelihood ratios, corrected for the number of trials by simulated series."
        if spec.model == "one_state"
        else "The tests are likelihood ratios with chi-square limits, a little liberal for few "
        "trials.",
    )
