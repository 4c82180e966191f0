"""The kind on the bundled session, whose truth is known, and what it refuses and warns of."""

from math import isfinite
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.adaptation import AdaptationSpec
from core.examples import REACHING_UNDER_BLOCK
from core.experiment import ExperimentError, Refused, Result, silent
from core.kinds.behaviour_adaptation import KIND
from core.reading import read_arrays
from core.session_spec import Comparison
from core.summary import summarise
from tests.core.adaptation_twin import SCHEDULE, simulated
from tests.core.reaching_session import TRUTH, reaching_session

SESSION = dict(read_arrays(REACHING_UNDER_BLOCK.path).arrays)
UPLOADED = "00000000-0000-0000-0000-000000000000"
Arrays = dict[str, NDArray[Any]]


def plain(scale: float = 1.0, seed: int = 0) -> Arrays:
    p = SCHEDULE * scale
    return {"perturbation": p, "reach": p - simulated(p, np.random.default_rng(seed))}


def run(arrays: Arrays, **changes: Any) -> tuple[AdaptationSpec, Result]:
    spec = AdaptationSpec(dataset=UPLOADED, **changes)
    KIND.estimate(spec, {UPLOADED: summarise(arrays, "npz")})
    return spec, KIND.run(spec, {UPLOADED: arrays}, silent)


def metrics(spec: AdaptationSpec, result: Result) -> dict[str, Any]:
    return {row.arm: row.metrics for row in KIND.rows(spec, result)}


def test_the_bundled_session_is_what_its_recipe_makes() -> None:
    made = reaching_session()
    assert set(made) == set(SESSION)
    for name, values in made.items():
        np.testing.assert_array_equal(SESSION[name], values)


def test_the_intervals_of_the_bundled_session_hold_its_truth_and_the_tests_find_the_block() -> None:
    spec, result = run(SESSION, block=Comparison(factor="state", compare=("control", "HFS")))
    found = metrics(spec, result)
    for state, truth in TRUTH.items():
        for name, value in (("error_sensitivity", truth["b"]), ("motor_variance", truth["r"])):
            assert found[state][f"{name}_low"] < value < found[state][f"{name}_high"]
    assert found["comparison"]["p_error_sensitivity"] < 0.05
    assert found["comparison"]["p_motor_variance"] < 0.01
    assert "differ in error sensitivity" in KIND.reading(spec, result)


def test_a_weak_perturbation_is_reported_as_not_identifiable() -> None:
    spec, result = run(plain(4 / 30))
    assert metrics(spec, result)["all"]["identifiable"] is False
    assert "not identifiable" in KIND.reading(spec, result)
    assert "in the end" not in KIND.reading(spec, result)  # a ratio of two unknowns
    strong = run(plain())
    assert metrics(*strong)["all"]["identifiable"] is True
    assert "% in the end" in KIND.reading(*strong)


def test_the_sign_of_the_perturbation_changes_nothing() -> None:
    arrays = plain()
    turned = {name: -values for name, values in arrays.items()}
    one, other = metrics(*run(arrays))["all"], metrics(*run(turned))["all"]
    assert other["error_sensitivity"] == pytest.approx(one["error_sensitivity"], rel=1e-6)


def test_targets_without_angles_have_no_generalization_function() -> None:
    arrays = plain() | {"target": np.arange(164) % 4}
    with pytest.raises(Refused, match="target_angle_deg"):
        run(arrays, model="generalization")


def test_blocks_that_alternate_need_a_state_that_is_carried_over() -> None:
    arrays = plain() | {"state": np.where(np.arange(164) % 2, "HFS", "control")}
    block = Comparison(factor="state", compare=("control", "HFS"))
    with pytest.raises(ExperimentError, match="carried_over"):
        run(arrays, block=block)
    spec, result = run(arrays, block=block, state_at_blocks="carried_over")
    assert result["start"].sum() == 1
    assert metrics(spec, result)["comparison"]["p_error_sensitivity"] > 0.01


def test_too_few_movements_are_refused_with_their_number() -> None:
    arrays = plain()
    arrays["reach"] = np.where(np.arange(164) < 12, arrays["reach"], np.nan)
    with pytest.raises(ExperimentError, match="12 movements; at least 20"):
        run(arrays)


def test_a_dataset_without_behaviour_is_refused_at_submission() -> None:
    arrays = {"counts": np.ones((8, 2)), "target": np.arange(8) % 2}
    with pytest.raises(Refused, match="no behaviour"):
        run(arrays)


@pytest.mark.parametrize(("sign", "wrong"), [(1.0, False), (-1.0, True)])
def test_a_reach_against_its_perturbation_is_noticed(sign: float, wrong: bool) -> None:
    arrays = plain()
    spec, result = run({**arrays, "perturbation": sign * arrays["perturbation"]})
    assert any("check the sign and the scale" in doubt for doubt in result.warnings) is wrong
    assert ("check the sign" in KIND.reading(spec, result)) is wrong


@pytest.mark.parametrize("model", ["one_state", "two_state"])
def test_a_block_of_clamps_alone_tells_no_error_sensitivity(model: str) -> None:
    """Any value fits as well as any other, and the fit ends at the one it began with."""
    arrays = plain()
    block = np.where(np.arange(len(arrays["reach"])) < 82, "open", "clamped")
    arrays |= {"block": block, "clamp": block == "clamped"}
    spec, result = run(
        arrays, model=model, block=Comparison(factor="block", compare=("open", "clamped"))
    )
    found = metrics(spec, result)
    assert isfinite(found["open"]["error_sensitivity"])
    assert not isfinite(found["clamped"]["error_sensitivity"])
    assert not isfinite(found["comparison"]["p_error_sensitivity"])
    assert "nothing tells its error sensitivity" in KIND.reading(spec, result)


def test_one_state_for_several_targets_is_doubted() -> None:
    block = {"factor": "state", "compare": ["control", "HFS"]}
    for model, doubted in (("one_state", True), ("generalization", False)):
        spec, result = run(SESSION, block=block, model=model)
        assert any("8 targets" in doubt for doubt in result.warnings) is doubted
        assert ("in the end" in KIND.reading(spec, result)) is doubted  # of one sensitivity


def test_a_fit_at_the_border_of_its_box_is_not_blamed_on_the_schedule() -> None:
    """A hand that runs away from its perturbation: retention above what is searched."""
    y = 1.2 ** np.arange(60) + np.random.default_rng(0).standard_normal(60)
    p = np.full(60, 30.0)
    spec, result = run({"perturbation": p, "reach": p - y})
    assert any("border of what is searched" in doubt for doubt in result.warnings)
    assert "would help" not in KIND.reading(spec, result)


def test_noise_that_grows_within_a_block_shows_between_its_halves() -> None:
    """Motor variance 4 in early and 36 in late trials: a difference of 32 with an error of 5."""
    rng, p = np.random.default_rng(1), np.tile(np.r_[np.zeros(20), np.full(60, 30.0)], 4)
    late = np.arange(320) % 160 >= 80
    z, y = 0.0, np.empty(320)
    for t in range(320):
        y[t] = z + (6.0 if late[t] else 2.0) * rng.standard_normal()
        z = 0.95 * z + 0.15 * (p[t] - y[t])
    arrays = {
        "reach": p - y,
        "perturbation": p,
        "block": np.repeat(["first", "second"], 160),
    }
    spec, result = run(arrays, block={"factor": "block", "compare": ["first", "second"]})
    for block in ("first", "second"):
        found = metrics(spec, result)[block]
        assert found["motor_variance_pseudo"] == pytest.approx(32.0, abs=15.0)
        assert found["error_sensitivity_pseudo"] == pytest.approx(0.0, abs=0.1)
    assert "only drift and learning can act, error sensitivity changes by" in KIND.reading(
        spec, result
    )


@pytest.mark.parametrize("model", ["one_state", "two_state", "generalization"])
def test_a_fit_says_all_the_while_that_it_goes_on(model: str) -> None:
    told: list[float] = []
    block = Comparison(factor="state", compare=("control", "HFS"))
    spec = AdaptationSpec.model_validate({"dataset": UPLOADED, "block": block, "model": model})
    KIND.run(spec, {UPLOADED: SESSION}, lambda fraction, /, **_: told.append(fraction))
    assert told == sorted(told)
    assert told.count(0.0) > 20  # during the first fit, of which no share is known
    if model != "two_state":  # whose nested fits come first
        assert told.count(0.8) > 20


def test_a_second_state_that_one_state_s_movements_do_not_need_is_said_to_be_worth_nothing() -> (
    None
):
    spec, result = run(plain(), model="two_state")
    assert float(result["log_likelihood_gain"][0]) > -1e-3
    said = KIND.reading(spec, result)
    assert "log likelihood by -" not in said
    assert "is not worth them by Akaike's criterion" in said
    for name in ("retention", "error_sensitivity", "total_sensitivity"):
        low, high = np.moveaxis(result[f"{name}_interval"], -1, 0)
        assert not (result[name] < low).any()
        assert not (result[name] > high).any()
    assert (result["retention"] >= 0).all()


def test_what_parts_that_are_not_told_apart_learn_is_said_of_both_together() -> None:
    """The likeliest parts of this one state learn -1 and 1.2: any two of this sum would do."""
    arrays = plain(seed=48)
    (spec, result), (_, one) = run(arrays, model="two_state"), run(arrays)
    found = metrics(spec, result)
    assert "together learn 0.1" in KIND.reading(spec, result)
    assert "learns" not in KIND.reading(spec, result).replace("either learns", "")
    for part in ("slow", "fast"):
        assert np.isnan(found[f"all:{part}"]["error_sensitivity"])
    whole = found["all"]
    assert whole["error_sensitivity_low"] < 0.15 < whole["error_sensitivity_high"]
    expected = float(one["error_sensitivity"][0, 0])
    assert whole["error_sensitivity"] == pytest.approx(expected, abs=0.03)
    assert whole["identifiable"] is True


def test_parts_that_are_told_apart_are_said_one_by_one_and_together() -> None:
    rng = np.random.default_rng(7)
    a, b, z, y = np.array([0.992, 0.6]), np.array([0.03, 0.25]), np.zeros(2), np.empty(164)
    for t, p in enumerate(SCHEDULE):
        y[t] = z.sum() + rng.standard_normal()
        z = a * z + b * (p - y[t]) + 0.2 * rng.standard_normal(2)
    arrays = {"perturbation": SCHEDULE, "reach": SCHEDULE - y}
    spec, result = run(arrays, model="two_state")
    found = metrics(spec, result)
    parts = [found[f"all:{part}"]["error_sensitivity"] for part in ("slow", "fast")]
    assert found["all"]["error_sensitivity"] == pytest.approx(sum(parts), abs=1e-3)
    assert found["all"]["error_sensitivity_low"] < 0.28 < found["all"]["error_sensitivity_high"]
    assert "the fast part keeps" in KIND.reading(spec, result)
    assert "intervals of the slow part are too short" in KIND.reading(spec, result)
    assert "together" not in KIND.reading(spec, result)
