"""The report finds what was planted, finds nothing where nothing is, and says why it cannot ask."""

from functools import cache
from itertools import chain, product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm, t
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.multitest import multipletests

from core.charts.report import draw_differences
from core.examples import GOLUB_BCI, REACHING_UNDER_BLOCK
from core.experiment import Array, ExperimentError, Refused, Result, silent
from core.findings.activity import null_field
from core.findings.answer import FINDINGS, Asked
from core.findings.direction import direction_decoding
from core.findings.drift import HALVES, pseudo_sessions
from core.findings.movement import adaptation, learned_elsewhere, series_and_model
from core.findings.report_spec import ReportSpec
from core.findings.sessions import summarised
from core.findings.verdicts import sessions_needed
from core.kernels.generalization import clouds, held_out_direction_errors
from core.kernels.resampling import permuted_within, two_sided_p
from core.kinds.cerebellar_block_report import KIND
from core.labels import meant
from core.reading import read_arrays
from core.summary import summarise
from core.synthetic import synthesised
from core.synthetic_spec import SyntheticSpec

ONE, TWO, THREE = (f"00000000-0000-0000-0000-00000000000{k}" for k in range(3))
STATE = {"factor": "state", "compare": ["control", "hfs"]}
STATES = ("control", "hfs")
Arrays = dict[str, NDArray[Any]]


@cache
def session(scenario: str, seed: int = 1) -> Arrays:
    sizes = {"neurons": 30, "baseline_trials": 48, "washout_trials": 48, "field_trials": 96}
    alike = {"generalization_width_deg": None} if scenario == "null" else {}
    states = {"control": alike, "hfs": alike}
    return synthesised(
        SyntheticSpec.model_validate({"scenario": scenario, "seed": seed, **sizes, **states})
    )


def run(*sessions: Arrays, **changes: Any) -> tuple[ReportSpec, Result]:
    names = (ONE, TWO, THREE)[: len(sessions)]
    document = {"dataset": names[0], "state": STATE, "permutations": 59, "simulations": 10}
    document |= {"more_sessions": list(names[1:]), "resamples": 20, **changes}
    spec = ReportSpec.model_validate(document)
    inputs = dict(zip(names, sessions, strict=True))
    KIND.estimate(spec, {name: summarise(arrays, "npz") for name, arrays in inputs.items()})
    return spec, KIND.run(spec, inputs, silent)


def metrics(spec: ReportSpec, result: Result) -> dict[str, Any]:
    return {row.arm: row.metrics for row in KIND.rows(spec, result)}


def without(arrays: Arrays, *names: str) -> Arrays:
    return {name: values for name, values in arrays.items() if name not in names}


def test_planted_findings_are_found_with_the_sign_and_size_of_their_truth() -> None:
    """Weak ones in one session this small (both of f) are left to `make validate`."""
    found = metrics(*run(session("cerebellar_block"), permutations=199))
    for name in FINDINGS:
        if not name.startswith("f_"):
            assert found[name]["p_value"] <= 0.05, name
    for name in ("a_motor_noise", "b_target_dependent", "c_field_distance", "d_reaiming"):
        assert found[name]["supported"] is True, name
    assert found["d_reaiming"]["ci_low"] < 20 < found["d_reaiming"]["ci_high"]
    assert found["a_motor_noise"]["ci_low"] < 20 < found["a_motor_noise"]["ci_high"]


def test_learning_that_reaches_fewer_neighbours_does_not_pass_for_less_learning() -> None:
    """Over six sessions; a model in which all targets learn alike finds .08 and .04."""
    found = []
    for seed in range(6):
        hfs = {"error_sensitivity": 0.2}
        arrays = synthesised(SyntheticSpec.model_validate({"seed": seed, "hfs": hfs}))
        spec = ReportSpec.model_validate({"dataset": ONE, "state": STATE, "simulations": 10})
        answer = adaptation(Asked(spec, arrays, seed), silent)["a_error_sensitivity"]
        found.append((answer.control.value, answer.hfs.value))
    assert np.mean(found, axis=0) == pytest.approx([0.2, 0.2], abs=0.04)


def test_nothing_is_supported_in_null_sessions() -> None:
    """Two sessions; Holm leaves one of them a chance of .05 at most to show anything."""
    for seed in range(2):
        found = metrics(*run(session("null", seed)))
        assert not any(found[name]["supported"] for name in FINDINGS), seed


def test_several_sessions_are_summarised_and_listed() -> None:
    spec, result = run(*(session("cerebellar_block", seed) for seed in range(3)), permutations=0)
    found = metrics(spec, result)
    each = [found[f"session {k}:d_reaiming"]["difference"] for k in (1, 2, 3)]
    assert min(each) < found["d_reaiming"]["difference"] < max(each)
    assert found["d_reaiming"]["sessions"] == 3
    assert found["d_reaiming"]["p_value"] < 0.05
    said = KIND.reading(spec, result)
    assert "random-effects" in said
    assert f"{found['d_reaiming']['difference']:.3g} degrees (95 % interval" in said
    assert found["e_dimensionality"]["sessions_supported"] is None
    assert "Without an interval" not in said
    drawn = chain.from_iterable(draw_differences(spec, result).to_dict()["datasets"].values())
    row = next(each for each in drawn if each.get("finding", "").startswith("d:"))
    assert row["high"] - row["z"] == pytest.approx(t.ppf(0.975, 2))
    numbers = result["numbers"].copy()
    numbers[:2, list(FINDINGS).index("d_reaiming"), 7:9] = np.nan
    less = Result({**result.arrays, "numbers": Array(numbers, ("session", "finding", "number"))})
    assert "Without an interval are re-aiming in 2 of 3 sessions" in KIND.reading(spec, less)
    for name, state in product(FINDINGS, ("control", "hfs")):
        mean, low, high = (found[name][f"{state}{end}"] for end in ("", "_low", "_high"))
        assert name.startswith("b_") or low < mean < high, (name, state)


def test_states_and_difference_over_sessions_are_those_of_statsmodels() -> None:
    """Errors of states: the wider halves of intervals over 1.96; of differences: both states'."""
    rng = np.random.default_rng(0)
    control, hfs = (intervals(rng.normal(0, 4, 6), rng.uniform(0.5, 2, (6, 2))) for _ in range(2))
    difference = intervals(hfs[:, 0] - control[:, 0], np.full((6, 2), 0.1))
    rows = np.hstack([control, hfs, difference, np.full((6, 1), 0.5)])
    summary, between = summarised(rows[:, None])
    errors = [
        np.abs(each[:, 1:] - each[:, :1]).max(axis=1) / 1.959963984540054 for each in (control, hfs)
    ]
    errors.append(np.sqrt(errors[0] ** 2 + errors[1] ** 2))
    for k, error in enumerate(errors):
        other = combine_effects(rows[:, 3 * k], error**2, method_re="chi2", use_t=True)
        reach = t.ppf(0.975, 5) * max(
            other.sd_eff_w_re_hksj, (1 / (error**2 + other.tau2)).sum() ** -0.5
        )
        expected = [other.mean_effect_re + sign * reach for sign in (0, -1, 1)]
        np.testing.assert_allclose(summary[0, 3 * k : 3 * k + 3], expected)
    assert between[0] ** 2 == pytest.approx(other.tau2)


def test_a_session_whose_interval_is_cut_does_not_dominate_the_others() -> None:
    """Shares of 1 in both states, known within .9 of the bound, against five of 0.2 and 0.6."""
    clear = [0.2, 0.1, 0.3, 0.6, 0.5, 0.7, 0.4, 0.26, 0.54, 0.01]
    cut = [1.0, 0.1, 1.0, 1.0, 0.1, 1.0, 0.0, -0.9, 0.9, 1.0]
    summary, _ = summarised(np.array([cut, *[clear] * 5])[:, None])
    assert summary[0, 0] == pytest.approx(0.2, abs=0.01)
    assert summary[0, 3] == pytest.approx(0.6, abs=0.01)
    assert summary[0, 6] == pytest.approx(0.4, abs=0.01)


def intervals(values: NDArray[np.float64], reach: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.c_[values, values - reach[:, 0], values + reach[:, 1]])


def test_by_default_a_shuffle_that_is_as_extreme_does_not_decide_nine_tests() -> None:
    least = 1 / (1 + ReportSpec(dataset=ONE).permutations)
    assert len(FINDINGS) * 2 * least <= 0.05


def test_two_sessions_say_that_they_are_too_few_and_what_each_shows_alone() -> None:
    spec, result = run(*(session("cerebellar_block", seed) for seed in (1, 2)), permutations=199)
    found, said = metrics(spec, result), KIND.reading(spec, result)
    for name in FINDINGS:
        alone = [found[f"session {k}:{name}"] for k in (1, 2)]
        assert found[name]["sessions_supported"] == sum(each["supported"] for each in alone)
    assert found["c_field_distance"]["sessions_supported"] == 2
    assert f"{FINDINGS['c_field_distance']}) is not supported" in said
    assert "alone it is supported in 2 of 2 sessions" in said
    reach = t.ppf(1 - 0.05 / 18, 1)
    assert round(reach) == 115
    (few,) = (each for each in result.warnings if "too few for a verdict over sessions" in each)
    assert few in said
    assert f"{reach:.3g} standard errors" in few
    assert "Use 5 or more" in few


def test_a_session_alone_is_judged_as_in_its_own_report() -> None:
    one, two = session("cerebellar_block", 1), session("null", 2)
    together, single = metrics(*run(one, two)), metrics(*run(two))
    own = np.array([[single[name]["p_value"], single[name]["p_holm"]] for name in FINDINGS])
    again = np.array([together[f"session 2:{name}"]["p_value"] for name in FINDINGS])
    expected = multipletests(again, method="holm")[1]
    found = [together[f"session 2:{name}"]["p_holm"] for name in FINDINGS]
    np.testing.assert_array_equal(again, own[:, 0])
    np.testing.assert_allclose(found, expected)
    np.testing.assert_allclose(own[:, 1], multipletests(own[:, 0], method="holm")[1])


def test_five_sessions_are_enough_for_nine_tests_and_four_for_one() -> None:
    """A mean of K sessions has 1 / sqrt(K) of their error."""
    for tests, expected in ((9, 5), (1, 4)):
        level = 1 - 0.05 / (2 * tests)
        reach = [t.ppf(level, k - 1) / np.sqrt(k) <= norm.ppf(level) for k in range(2, 12)]
        assert sessions_needed(tests) == expected == 2 + reach.index(True)


def test_too_few_permutations_are_named_for_several_sessions_too() -> None:
    spec, result = run(session("null", 1), session("null", 2), permutations=19)
    assert "19 permutations give no p below 0.05" in KIND.reading(spec, result)
    assert "9 tests of one session" in KIND.reading(spec, result)


def test_the_null_of_time_is_what_a_report_says_of_early_and_late_trials_of_one_state() -> None:
    arrays = session("null")
    found = metrics(*run(arrays, permutations=0, resamples=40))
    halves = [
        metrics(*run(early_and_late(arrays, s), permutations=0, resamples=40)) for s in STATES
    ]
    for name in FINDINGS:
        if not name.startswith(("a_", "f_behavioural")):
            changes = [each[name]["difference"] for each in halves]
            assert found[name]["difference_pseudo"] == pytest.approx(np.mean(changes)), name
            reach = [each[name]["ci_high"] - each[name]["difference"] for each in halves]
            high = np.mean(changes) + np.hypot(*reach) / 2
            assert found[name]["pseudo_high"] == pytest.approx(high), name
    assert found["f_behavioural_generalization"]["difference_pseudo"] is None


def test_drift_shows_in_the_null_of_time_and_is_said() -> None:
    """Every neuron gains 8 counts over the recording; without drift the interval holds 0."""
    arrays = session("null")
    drifting = arrays["counts"] + np.linspace(0, 8, len(arrays["target"]))[:, None]
    for counts, drift in ((arrays["counts"], False), (drifting, True)):
        spec, result = run(arrays | {"counts": counts}, permutations=0)
        found = metrics(spec, result)["b_target_independent"]
        assert (found["pseudo_low"] > 0) == drift
        said = f"{FINDINGS['b_target_independent']} changes by"
        assert (said in KIND.reading(spec, result)) == drift
        assert any("follow each other in time" in each for each in result.warnings)


def test_the_null_of_movements_halves_each_state_in_the_middle() -> None:
    """No noise changes in the course of a state, and a half tells it within a factor of two."""
    found = metrics(*run(without(session("null"), "counts"), permutations=0))["a_motor_noise"]
    assert found["pseudo_low"] < 0 < found["pseudo_high"]
    assert found["pseudo_high"] - found["pseudo_low"] < 2 * found["control"]


def test_movements_outside_the_two_fields_are_halved_with_the_rest_of_their_state() -> None:
    arrays = session("null")
    wash = np.where(np.arange(len(arrays["field"])) % 96 < 20, "WO", arrays["field"])
    spec = ReportSpec.model_validate({"dataset": ONE, "state": STATE})
    asked = Asked(spec, arrays | {"field": wash}, 0)
    for own, label in zip(pseudo_sessions(asked, movements=True), STATES, strict=True):
        trials = np.flatnonzero(arrays["state"] == label)
        early, late = (np.flatnonzero(own.arrays["state"] == half) for half in HALVES)
        np.testing.assert_array_equal(np.concatenate([early, late]), trials)
        assert len(early) == -(-len(trials) // 2)
    for own in pseudo_sessions(asked):
        assert not np.isin(own.arrays["state"][wash == "WO"], HALVES).any()


def test_targets_that_share_one_direction_learn_as_one_and_cannot_be_decoded() -> None:
    spec = ReportSpec.model_validate({"dataset": ONE, "state": STATE})
    angles = session("null")["target_angle_deg"]
    asked = Asked(spec, session("null") | {"target_angle_deg": np.full(len(angles), 90.0)}, 0)
    assert series_and_model(asked)[1].targets == 1
    with pytest.raises(ExperimentError, match="needs targets in 3 directions"):
        learned_elsewhere(asked, silent)
    with pytest.raises(ExperimentError, match="lie in 1 direction; 4 are needed"):
        direction_decoding(asked, silent)


def test_states_that_alternate_have_no_null_of_time_and_no_warning() -> None:
    arrays = session("null")
    mixed = np.where(np.arange(len(arrays["target"])) // 8 % 2, "control", "hfs")
    spec, result = run(arrays | {"state": mixed}, permutations=0)
    assert all(row["difference_pseudo"] is None for row in metrics(spec, result).values())
    assert not any("follow each other in time" in each for each in result.warnings)


def test_groups_stay_whole_when_a_state_is_halved() -> None:
    """Each trial twice with one label, as if cut into two bins: halves do not part the two."""
    arrays = without(session("null"), "perturbation", "reach")
    twice = {
        name: np.repeat(values, 2, axis=0) if values.shape[:1] == arrays["target"].shape else values
        for name, values in arrays.items()
    }
    twice["group"] = np.repeat(np.arange(len(arrays["target"])), 2)
    one, two = (metrics(*run(each, permutations=0)) for each in (arrays, twice))
    name = "b_target_independent"
    assert one[name]["difference_pseudo"] == pytest.approx(two[name]["difference_pseudo"])


def test_the_interval_of_decoding_hardly_depends_on_how_trials_are_parted() -> None:
    spec = ReportSpec.model_validate({"dataset": ONE, "state": STATE, "permutations": 0})
    widths = []
    for seed in range(8):
        answer = direction_decoding(Asked(spec, session("null"), seed), lambda share: None)
        found = answer["f_neural_generalization"].difference
        widths.append(found.high - found.low)
    assert np.std(widths) < 0.1 * np.mean(widths)


@pytest.mark.parametrize(
    ("numbers", "word"),
    [
        ((2.0, -1.0, 6.0, 0.2), "is not supported: "),
        ((2.0, 0.5, 6.0, 0.001), "is supported: "),
        ((2.0, -1.0, 6.0, 0.001), "is supported by its test, though its interval holds 0: "),
        ((-2.0, -6.0, -0.5, 0.001), "goes significantly the other way: "),
        ((-2.0, -6.0, 1.0, 0.001), "the other way by its test, though its interval holds 0: "),
    ],
)
def test_an_interval_and_a_test_that_disagree_are_said_to(
    numbers: tuple[float, ...], word: str
) -> None:
    spec, result = only_activity()
    k = list(FINDINGS).index("f_neural_generalization")
    summary, p_holm = np.full((9, 10), np.nan), np.full(9, np.nan)
    summary[k, 6:], p_holm[k] = numbers, numbers[-1]
    changed = {"summary": Array(summary, ("finding", "number")), "p_holm": Array(p_holm, ("f",))}
    said = KIND.reading(spec, Result({**result.arrays, **changed}))
    assert f"{word}block less control" in said
    assert ("Interval and p disagree about" in said) == ("though" in word)


@cache
def only_activity() -> tuple[ReportSpec, Result]:
    return run(without(session("null"), "perturbation", "reach"), permutations=0)


def early_and_late(arrays: Arrays, state: str) -> Arrays:
    """The trials of a state, those of each field and target halved into "control" and "hfs"."""
    n, used = len(arrays["target"]), arrays["state"] == state
    own = {k: v[used] if v.shape[:1] == (n,) else v for k, v in arrays.items()}
    cells = list(zip(own["target"].tolist(), own["field"].tolist(), strict=True))
    before = np.array([cells[:k].count(cell) for k, cell in enumerate(cells)])
    size = np.array([cells.count(cell) for cell in cells])
    return own | {"state": np.where(before < (size + 1) // 2, "control", "hfs")}


def test_a_session_without_behaviour_has_the_findings_of_activity() -> None:
    spec, result = run(without(session("null"), "perturbation", "reach"), permutations=19)
    found = metrics(spec, result)
    assert found["a_motor_noise"]["difference"] is None
    assert found["a_motor_noise"]["supported"] is None
    assert found["e_dimensionality"]["difference"] is not None
    assert "the session holds no behaviour" in KIND.reading(spec, result)


def test_a_session_without_fields_or_angles_says_which_findings_it_cannot_have() -> None:
    arrays = without(session("null"), "field", "target_angle_deg", "perturbation", "reach")
    spec, result = run(arrays, permutations=0)
    found = metrics(spec, result)
    missing = {name for name in FINDINGS if found[name]["difference"] is None}
    assert {"c_field_distance", "d_reaiming", "f_neural_generalization"} <= missing
    assert found["e_dimensionality"]["difference"] is not None
    assert "no factor 'field'" in KIND.reading(spec, result)
    assert "target_angle_deg" in KIND.reading(spec, result)


def test_a_question_whose_matrices_are_singular_leaves_the_others_their_answers() -> None:
    """Noise of one trial only, the same in all neurons, cannot be whitened."""
    arrays = without(session("null"), "reach", "perturbation", "error", "clamp")
    target = np.unique(arrays["target"], return_inverse=True)[1]
    tuned = np.random.default_rng(0).poisson(9, (8, arrays["counts"].shape[1]))[target]
    alike = (np.arange(len(target)) == 7)[:, None]
    _, result = run({**arrays, "counts": tuned + alike}, permutations=9)
    reasons = dict(zip(FINDINGS, result["reasons"][0].tolist(), strict=True))
    assert "varies alike in all neurons" in reasons["c_field_distance"]
    assert reasons["b_target_dependent"] == ""


def test_labels_that_differ_in_capitals_alone_are_the_same() -> None:
    arrays = session("cerebellar_block")
    capitals = {**arrays, "state": np.char.upper(arrays["state"])}
    asked, found = (run(each, permutations=0)[1] for each in (arrays, capitals))
    np.testing.assert_array_equal(found["numbers"], asked["numbers"])
    assert found.warnings == asked.warnings


@pytest.mark.parametrize(
    ("asked", "known", "expected"),
    [
        (("control", "hfs"), ("Control", "HFS"), {"control": "Control", "hfs": "HFS"}),
        (("hfs",), ("HFS", "hfs"), {"hfs": "hfs"}),
        (("Hfs",), ("HFS", "hfs"), {}),
        (("hfs", "HFS"), ("HFS",), {"HFS": "HFS"}),
        (("hfs", "Hfs"), ("HFS",), {}),
        (("hfs",), ("off",), {}),
    ],
)
def test_capitals_are_passed_over_only_where_one_label_can_be_meant(
    asked: tuple[str, ...], known: tuple[str, ...], expected: dict[str, str]
) -> None:
    assert meant(asked, known) == expected


def test_a_bundled_session_is_reported_on_with_the_defaults() -> None:
    spec = KIND.spec(dataset=REACHING_UNDER_BLOCK.dataset_id)
    arrays = read_arrays(REACHING_UNDER_BLOCK.path).arrays
    KIND.estimate(spec, {spec.dataset: summarise(arrays, "npz")})


def test_a_factor_or_label_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(Refused, match=r"state\.factor: the dataset has no factor 'state'"):
        run(dict(read_arrays(GOLUB_BCI.path).arrays))
    with pytest.raises(Refused, match=r"state\.compare: .* no label 'DBS'; it has control, hfs"):
        run(session("null"), state={"factor": "state", "compare": ["control", "DBS"]})
    with pytest.raises(Refused, match=r"field\.compare: .* no label 'CF'"):
        run(session("null"), field={"factor": "field", "compare": ["NF", "CF"]})


def test_a_session_that_answers_nothing_is_an_error_with_the_reason() -> None:
    arrays = without(session("null"), "perturbation", "reach")
    few = np.arange(0, len(arrays["target"]), 12)
    rows = {name: arrays[name][few] for name in ("counts", "target", "state", "field")}
    kept = rows["target"] < 2
    cut = {name: values[kept] for name, values in rows.items()}
    with pytest.raises(ExperimentError, match="no finding can be tested"):
        run(cut)


def test_a_state_of_clamps_alone_tells_no_learning() -> None:
    arrays = without(session("null"), "counts")
    with pytest.raises(ExperimentError, match="all trials of one state are error clamps"):
        run({**arrays, "clamp": arrays["state"] == "hfs"})


def test_decoded_directions_are_tested_with_all_trials_of_unequal_counts() -> None:
    """Whatever an analysis draws: a p of subsamples would hang on them."""
    given = {"neurons": 12, "unequal": 0.8, "seed": 3, "field_trials": 48}
    spec = ReportSpec.model_validate({"dataset": ONE, "state": STATE, "permutations": 19})
    arrays = synthesised(SyntheticSpec.model_validate(given))
    asked = Asked(spec, arrays, 0)
    angles, units = arrays["target_angle_deg"], null_field(asked).units

    def difference(state: NDArray[np.int64]) -> float:
        both = (
            clouds([units.activity[(units.condition == c) & (state == k)] for c in range(8)])
            for k in range(2)
        )
        one, other = (held_out_direction_errors(own, angles).mean() for own in both)
        return float(other - one)

    shuffles = permuted_within(units.block, units.condition, 0, 19, 1)
    null = np.array([difference(labels[0]) for _, labels in shuffles])
    answer = direction_decoding(asked, silent)["f_neural_generalization"]
    assert answer.p_value == two_sided_p(difference(units.block), null)
