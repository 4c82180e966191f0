"""What a fit of trial-by-trial adaptation says in plain words, and what makes one doubt it."""

from math import isfinite, nan, sqrt

import numpy as np

from core.adaptation import AdaptationSpec
from core.experiment import Result
from core.kernels.adaptation_models import RETENTION, SENSITIVITY
from core.sentences import number, paragraph, tested, verdict, with_interval

PARTS = ("slow", "fast")
WIDEST_FACTOR = 4.0  # between the ends of an interval of an identifiable error sensitivity,
NARROW = 0.1  # unless it is as narrow as this, about 0 say
HASTY = 0.5  # of a change of the perturbation, compensated before it was felt
SHORT = (
    "In a few hundred trials intervals of the slow part are too short: of 164 simulated trials "
    "they hold the truth in seven of ten runs."
)
WHITE = 0.01  # a whiteness p below this is worth a warning


def reading(spec: AdaptationSpec, result: Result) -> str:
    """The estimates in words, the tests, and what cannot be told."""
    each = [_arm_sentence(spec, result, arm) for arm in range(len(spec.arms))]
    gain = float(result["log_likelihood_gain"][0]) if spec.model == "two_state" else nan
    more = 2 * len(spec.arms)
    two = (
        f"A second state raises the log likelihood by {number(max(gain, 0.0))} for {more} more "
        f"parameters, which {'is worth' if gain > more else 'is not worth'} them by Akaike's "
        "criterion."
    )
    return paragraph(
        *each,
        _tests_sentence(spec, result),
        two if isfinite(gain) else "",
        SHORT if spec.model == "two_state" and result["parts_told_apart"].any() else "",
        "Planning variance is weakly identified: trust it least.",
        *(f"{warning[0].upper()}{warning[1:]}." for warning in result.warnings),
    )


def doubts_of(spec: AdaptationSpec, result: Result) -> tuple[str, ...]:
    """What makes one doubt the fit of each arm."""
    doubts = [
        f"{name}: {doubt}"
        for arm, name in enumerate(spec.arms)
        for doubt in (_onset(result, arm), _fitted(result, arm), _residuals(result, arm))
        if doubt
    ]
    return tuple(doubts)


def _onset(result: Result, arm: int) -> str:
    share, error = change_at_onset(result, arm)
    if not abs(share) - 3 * error > HASTY:
        return ""
    return (
        f"where the perturbation changes, the compensation changes by {100 * share:.0f} % of it in "
        "the same trial, before any error was felt: check the sign and the scale of "
        "`perturbation` against those of `reach`"
    )


def change_at_onset(result: Result, arm: int) -> tuple[float, float]:
    """How much of a change of the perturbation is compensated in the same trial; standard error.

    Zero for a hand that learns from errors. NaN where the perturbation does not change.
    """
    own = result["trial_arm"] == arm
    y, p = result["compensation"], result["perturbation"]
    follows = own[1:] & own[:-1] & ~result["start"][1:]
    follows &= ~result["clamp"][1:] & ~result["clamp"][:-1]
    dy, dp = np.diff(y)[follows], np.diff(p)[follows]
    dy, dp = dy[np.isfinite(dy)], dp[np.isfinite(dy)]
    changes = float(dp @ dp)
    if changes == 0 or np.count_nonzero(dp == 0) < 2:
        return nan, nan
    return float(dy @ dp) / changes, float(np.std(dy[dp == 0])) / sqrt(changes)


def _fitted(result: Result, arm: int) -> str:
    if result["clamp"][result["trial_arm"] == arm].all():
        return "all its trials are error clamps, so that nothing tells its error sensitivity"
    retention, learned = result["retention"][arm], result["error_sensitivity"][arm]
    if (retention >= RETENTION[1]).any() or np.isin(learned, SENSITIVITY).any():
        # What two parts learn is not known where they are not told apart.
        known = "" if np.isnan(learned).any() else f", error sensitivity {learned.max():.3g}"
        return (
            f"the fit ends at the border of what is searched (retention {retention.max():.3g}"
            f"{known}): the model does not describe these movements"
        )
    if identifiable(result, arm):
        return ""
    largest = float(np.abs(result["perturbation"][result["trial_arm"] == arm]).max())
    noise = float(np.sqrt(result["motor_variance"][arm]))
    return (
        "error sensitivity is not identifiable from these trials (its interval spans more than a "
        f"factor of {WIDEST_FACTOR:g}); the perturbation reaches {largest:.3g} where motor noise "
        f"has a standard deviation of {noise:.3g}, and a larger one, or more trials, would help"
    )


def _residuals(result: Result, arm: int) -> str:
    p = result["whiteness_p"][arm]
    if not p < WHITE:
        return ""
    return (
        f"the residuals are not white (p = {p:.2g}), so the model misses some structure of these "
        "movements"
    )


def identifiable(result: Result, arm: int) -> bool:
    """By what both parts learn together, or the largest error sensitivity of the arm."""
    if "total_sensitivity" in result.arrays:
        low, high = result["total_sensitivity_interval"][arm].tolist()
    else:
        largest = int(np.argmax(result["error_sensitivity"][arm]))
        low, high = result["error_sensitivity_interval"][arm, largest].tolist()
    return bool(high <= WIDEST_FACTOR * low or high - low <= NARROW)


def interval_of(result: Result, name: str, *place: int) -> dict[str, float]:
    """A value of the arm with the ends of its interval, by their names as metrics."""
    low, high = result[f"{name}_interval"][place].tolist()
    return {name: float(result[name][place]), f"{name}_low": low, f"{name}_high": high}


def learned_of(spec: AdaptationSpec, result: Result, arm: int) -> dict[str, float]:
    """The error sensitivity of the arm, at the target of the error; of two states in all."""
    if spec.model != "two_state":
        return interval_of(result, "error_sensitivity", arm, 0)
    names = ("error_sensitivity", "error_sensitivity_low", "error_sensitivity_high")
    total = interval_of(result, "total_sensitivity", arm).values()
    return dict(zip(names, total, strict=True))


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
        "From the early to the late half of each block, where only drift and learning can act, "
        f"error sensitivity changes by {b} and motor variance by {r}."
    )


def _arm_sentence(spec: AdaptationSpec, result: Result, arm: int) -> str:
    r = interval_of(result, "motor_variance", arm)
    noise = with_interval(*(float(np.sqrt(value)) for value in r.values()))
    return (
        f"{spec.arms[arm]}: {_learned(spec, result, arm)}; {_end(spec, result, arm)}motor noise "
        f"has a standard deviation of {noise}."
    )


def _end(spec: AdaptationSpec, result: Result, arm: int) -> str:
    """What a lasting perturbation comes to, where that is known: not as the ratio of two unknowns,
    nor as the sum of sensitivities at all distances, whose errors add up."""
    if spec.model == "generalization" or not identifiable(result, arm):
        return ""
    share = number(100 * float(result["asymptote"][arm]))
    return f"a lasting perturbation is compensated to {share} % in the end, and "


def _learned(spec: AdaptationSpec, result: Result, arm: int) -> str:
    if spec.model == "two_state":
        return _parts_sentence(result, arm)
    a = with_interval(*interval_of(result, "retention", arm, 0).values())
    b = with_interval(*interval_of(result, "error_sensitivity", arm, 0).values())
    near = ""
    if spec.model == "generalization":
        apart = float(result["separation_deg"][1])
        other = with_interval(*interval_of(result, "error_sensitivity", arm, 1).values())
        near = f" at the same target and {other} at one {apart:g} degrees away"
    if not isfinite(float(result["error_sensitivity"][arm, 0])):
        return f"{a} is kept from trial to trial"
    return f"{a} is kept from trial to trial and {b} of an error is learned{near}"


def _parts_sentence(result: Result, arm: int) -> str:
    if result["parts_told_apart"][arm]:
        return "; ".join(_part_sentence(result, arm, part) for part in range(len(PARTS)))
    total = with_interval(*interval_of(result, "total_sensitivity", arm).values())
    return (
        f"a slow and a fast part together learn {total} of an error, and these movements do not "
        "tell how much of it either learns"
    )


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
