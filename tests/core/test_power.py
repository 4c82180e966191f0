"""A power analysis counts what reports on the same synthetic sessions find."""

from typing import Any, get_args

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

from core.experiment import Result, silent
from core.findings.answer import FINDINGS, Asked
from core.findings.cost import QUESTION_SECONDS
from core.findings.power_spec import Finding, PowerSpec
from core.findings.sessions import QUESTIONS
from core.findings.verdicts import supported
from core.kernels.holm import holm
from core.kernels.wilson import wilson_interval
from core.kinds.power_analysis import KIND
from core.synthetic import synthesised
from tests.core.test_resume import resumed_as_whole

SMALL = {"targets": 3, "mean_count": 30.0}
ALIKE = {**SMALL, "scenario": "null"}
SHIFT = ["b_target_independent"]


def spec_of(**given: Any) -> PowerSpec:
    base = {"session": SMALL, "trials_per_target": [4], "neurons": [6], "permutations": 39}
    return PowerSpec.model_validate({**base, "verdict": {"correction": "none"}, **given})


def run(**given: Any) -> tuple[PowerSpec, Result]:
    spec = spec_of(**given)
    return spec, KIND.run(spec, {}, silent)


def test_the_answers_and_verdicts_are_those_of_a_loop_over_the_same_seeds() -> None:
    """Bit for bit, with Holm over the three findings that are asked for."""
    asked = ["e_dimensionality", "b_target_dependent", "b_target_independent"]
    given = {"trials_per_target": [8, 12], "neurons": [20, 30], "repetitions": 2, "seed": 7}
    spec, result = run(findings=asked, verdict={"alpha": 0.2, "correction": "holm"}, **given)
    names = result["finding_names"].tolist()
    assert names == ["b_target_dependent", "b_target_independent", "e_dimensionality"]
    for place in np.ndindex(2, 2, 2):
        trials, neurons = spec.trials_per_target[place[0]], spec.neurons[place[1]]
        key = (trials, neurons, place[2])
        seeds = np.random.SeedSequence(7, spawn_key=key).generate_state(2).tolist()
        session = synthesised(spec.session_of(trials, neurons, seeds[0]))
        asked_now = Asked(spec.report, session, seeds[1])
        found = QUESTIONS["b_target_dependent", "b_target_independent"](asked_now, silent)
        found = {**found, **QUESTIONS[("e_dimensionality",)](asked_now, silent)}
        p_values = np.array([found[name].p_value for name in names])
        assert result["p_value"][place].tobytes() == p_values.tobytes()
        assert result["p_corrected"][place].tobytes() == holm(p_values).tobytes()
        differences = [found[name].difference.value for name in names]
        assert result["difference"][place].tobytes() == np.array(differences).tobytes()
        verdicts = [
            supported(float(p), value, name, 0.2)
            for p, value, name in zip(holm(p_values), differences, names, strict=True)
        ]
        assert result["found"][place].tolist() == verdicts


def test_a_session_has_its_trials_per_target_in_every_state_and_field() -> None:
    session = synthesised(spec_of().session_of(5, 6, 0))
    cells = np.stack([session[name] for name in ("state", "field", "target")], axis=1)
    assert set(np.unique(cells, axis=0, return_counts=True)[1].tolist()) == {5}


def test_without_an_effect_the_power_is_alpha() -> None:
    """200 sessions, one-sided p in steps of .05: .2 within three standard errors (.028 each)."""
    _, result = run(
        session=ALIKE,
        findings=SHIFT,
        repetitions=200,
        permutations=19,
        verdict={"alpha": 0.2, "correction": "none"},
    )
    rate = float(result["power"].item())
    assert abs(rate - 0.2) < 3 * np.sqrt(0.2 * 0.8 / 200)


def test_power_grows_with_trials_and_neurons() -> None:
    """40 sessions each: by more than three standard errors of a difference (.11 at most)."""
    given = {"session": {**ALIKE, "hfs": {"shift": 0.2}}, "repetitions": 40}
    _, result = run(findings=SHIFT, trials_per_target=[4, 16], neurons=[6, 24], **given)
    power = result["power"][..., 0]
    assert power[1, 1] > power[0, 0] + 3 * np.sqrt(0.5 / 40)
    assert (np.diff(power, axis=0) >= 0).all()
    assert (np.diff(power, axis=1) >= 0).all()
    assert result["power_low"][1, 1, 0] > result["power_high"][0, 0, 0]


def test_a_point_of_the_grid_does_not_depend_on_the_others() -> None:
    _, alone = run(findings=SHIFT, trials_per_target=[6], neurons=[9], repetitions=2)
    _, among = run(findings=SHIFT, trials_per_target=[4, 6], neurons=[6, 9], repetitions=3)
    assert alone["p_value"][0, 0].tobytes() == among["p_value"][1, 1, :2].tobytes()


@pytest.mark.parametrize("interruptions", [(1,), (4, 3)])
def test_an_interrupted_analysis_ends_with_the_same_bits(interruptions: tuple[int, ...]) -> None:
    findings = ["b_target_dependent", "e_dimensionality"]
    spec = spec_of(findings=findings, trials_per_target=[5, 6], repetitions=3)
    resumed_as_whole(KIND, spec, {}, interruptions)


def test_what_is_needed_is_where_power_stays_and_the_fewest_trials_first() -> None:
    given = {"session": {**ALIKE, "hfs": {"shift": 0.7}}, "repetitions": 8}
    grid = {"trials_per_target": [4, 24], "neurons": [2, 30]}
    spec, result = run(findings=SHIFT, **grid, **given)
    rows = {row.arm: row.metrics for row in KIND.rows(spec, result)}
    assert rows["trials 24:neurons 30"]["power_b_target_independent"] == 1.0
    assert rows["b_target_independent"] == {"trials_needed": 4, "neurons_needed": 30}
    assert rows["b_target_independent:neurons 30"]["trials_needed"] == 4
    assert "from 4 trials per target on" in KIND.reading(spec, result)


def test_a_finding_that_cannot_be_asked_is_not_found_and_the_reading_says_so() -> None:
    """One target cannot be decoded by the two others."""
    spec, result = run(findings=["f_neural_generalization"], repetitions=2)
    assert result["power"].tolist() == [[[0.0]]]
    assert np.isnan(result["p_value"]).all()
    rows = {row.arm: row.metrics for row in KIND.rows(spec, result)}
    needed = {"trials_needed": None, "neurons_needed": None}
    assert rows["f_neural_generalization"] == needed
    said = KIND.reading(spec, result)
    assert "Of 2 sessions some could not be asked: error of decoding unseen targets 2." in said
    assert "does not reach a power of 0.8 anywhere" in said


def test_states_that_are_alike_are_told_apart_from_effects_in_the_reading() -> None:
    for session, alike in ((ALIKE, True), (SMALL, False)):
        spec, result = run(session=session, findings=SHIFT, repetitions=2)
        assert ("rates are those of false findings" in KIND.reading(spec, result)) is alike


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"trials_per_target": [8, 4]}, r"trials_per_target is \[8, 4\]; the numbers must ascend"),
        ({"findings": [*SHIFT, *SHIFT]}, "findings names one twice"),
        ({"permutations": 9}, "9 permutations give no p below 0.1"),
        ({"verdict": {"alpha": 0.05}}, "9 tests may take to 0.225, above alpha 0.05: ask for 180"),
        ({"session": {"targets": 64}, "trials_per_target": [200]}, "at most 10000 are made"),
        ({"trials_per_target": [300], "neurons": [2000]}, "at most 2000000 are made"),
        ({"repetitions": 1000, "trials_per_target": list(range(4, 16))}, "at most 10000 are made"),
    ],
)
def test_what_cannot_be_simulated_or_found_is_refused(given: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        spec_of(**given)


def test_findings_by_likelihood_alone_need_no_permutations() -> None:
    assert spec_of(findings=["a_motor_noise"], permutations=1).asked == ("a_motor_noise",)


def test_every_question_has_a_cost() -> None:
    assert tuple(QUESTION_SECONDS) == tuple(QUESTIONS)
    assert {name for names in QUESTIONS for name in names} == set(FINDINGS)
    assert get_args(Finding) == tuple(FINDINGS)


@pytest.mark.parametrize("tries", [2, 40, 400])
def test_wilsons_interval_is_that_of_the_score_test_and_of_statsmodels(tries: int) -> None:
    found = np.array([0, 1, tries // 2, tries], dtype=np.float64)
    low, high = wilson_interval(found, tries)
    other = proportion_confint(found, tries, alpha=0.05, method="wilson")
    assert np.allclose([low, high], other, rtol=0, atol=1e-12)
    for end in (low[1], high[1], low[2], high[2]):
        inside = 1 / tries if end in (low[1], high[1]) else (tries // 2) / tries
        z = (inside - end) / np.sqrt(end * (1 - end) / tries)
        assert abs(abs(z) - norm.ppf(0.975)) < 1e-9
