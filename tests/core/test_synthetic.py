"""Synthetic sessions are what their specs say, and carry the truth."""

import hashlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError
from scipy.stats import pearsonr

from core.behaviour import Behaviour
from core.kernels.adapting_hand import compensation, generalization
from core.kernels.noisy_counts import noisy_counts
from core.kernels.ring_tuning import SHARPNESS, further_harmonics, tuned, tuning_coefficients
from core.kernels.true_means import true_participation_ratio, true_parts, true_squared_distance
from core.npz import written_npz
from core.session import Session
from core.summary import summarise
from core.synthetic import cell_rates, synthesised, truth
from core.synthetic_spec import SyntheticSpec

RING: NDArray[np.float64] = np.arange(8.0) * 45.0


def made(**spec: Any) -> SyntheticSpec:
    return SyntheticSpec.model_validate(spec)


def test_a_synthetic_session_is_a_session_with_behaviour() -> None:
    arrays = synthesised(made())
    summary = summarise(arrays, "npz")
    assert (summary.trials, summary.neurons) == (640, 60)
    assert summary.factors == {
        "field": {"FF": 320, "NF": 320},
        "state": {"control": 320, "hfs": 320},
    }
    assert {cell.trials for cell in summary.cells} == {20}
    assert summary.behaviour is not None
    assert summary.warnings == ()
    assert Session.from_arrays(arrays).target_angle_deg is not None


def test_the_same_spec_gives_the_same_bytes() -> None:
    first, again = (written_npz(synthesised(made(seed=5))) for _ in range(2))
    assert hashlib.sha256(first).digest() == hashlib.sha256(again).digest()
    assert first != written_npz(synthesised(made(seed=6)))


def test_an_effect_changes_no_other_draw() -> None:
    plain = synthesised(made())
    turned = synthesised(made(hfs={"reaiming_deg": 45}))
    np.testing.assert_array_equal(plain["target"], turned["target"])
    np.testing.assert_array_equal(plain["reach"], turned["reach"])
    np.testing.assert_array_equal(plain["truth_rates"][:3], turned["truth_rates"][:3])


def test_re_aiming_by_one_target_is_the_neighbours_activity() -> None:
    """A turn by the angle between targets, with nothing else, moves the means on by one target."""
    nothing = {"shift": 0, "target_change": 0, "field_change": 0}
    spec = made(hfs={**nothing, "reaiming_deg": 45}, modulation=0.1)
    rates = cell_rates(spec, RING)
    np.testing.assert_allclose(rates[3], np.roll(rates[2], -1, axis=0), rtol=1e-12)


def test_further_harmonics_lift_the_participation_ratio_as_stated() -> None:
    """4000 neurons: the standard error of a ratio near 3 is about 3 sqrt(2 / 4000) = .07."""
    rng = np.random.default_rng(0)
    cosine = tuning_coefficients(rng, "cosine", 4000)
    further = further_harmonics(rng, 4000)
    assert true_participation_ratio(tuned(cosine, RING)) == pytest.approx(2.0, abs=0.05)
    for h in (0.5, 1.0):
        both = np.add(tuned(cosine, RING), h * tuned(further, RING))
        stated = (1 + h**2) ** 2 / (0.5 + h**4 / 4)
        assert true_participation_ratio(both) == pytest.approx(stated, abs=0.2)


def test_sharp_tuning_is_a_von_mises_bump_of_unit_variance() -> None:
    coefficients = tuning_coefficients(np.random.default_rng(1), "sharp", 1)
    angle = np.arange(360.0)
    values = tuned(coefficients, angle)[:, 0]
    preferred = np.deg2rad(np.rad2deg(np.angle(coefficients[0, 0])))
    bump = np.exp(SHARPNESS * np.cos(np.deg2rad(angle) - preferred))
    np.testing.assert_allclose(values, (bump - bump.mean()) / bump.std(), atol=1e-3)
    random = tuned(tuning_coefficients(np.random.default_rng(2), "random", 4000), angle)
    assert np.square(random).mean() == pytest.approx(1.0, abs=0.05)


def test_noise_moves_no_mean_and_widens_as_stated() -> None:
    """40 000 trials of rate 5: the standard errors are .03 for the mean, about .5 for variances."""
    rates = np.full((40_000, 2), 5.0)
    counts = noisy_counts(np.random.default_rng(3), rates, shared=0.0, private=0.4)
    np.testing.assert_allclose(counts.mean(axis=0), 5.0, atol=0.06)
    stated = 5 + 25 * (np.exp(0.4**2) - 1)
    np.testing.assert_allclose(counts.var(axis=0), stated, rtol=0.08)
    shared = noisy_counts(np.random.default_rng(4), rates, shared=0.6, private=0.0)
    np.testing.assert_allclose(shared.mean(axis=0), 5.0, atol=0.12)
    correlations = [abs(pearsonr(*both.T).statistic) for both in (counts, shared)]
    assert correlations[0] < 0.02 < correlations[1]


def test_a_hand_without_noise_follows_the_closed_form() -> None:
    """z_t = b p (1 - (a - b)^t) / (1 - a + b) for one state and a constant perturbation."""
    a, b, p = 0.95, 0.15, np.full(30, 30.0)
    t = np.arange(30)
    free, rng = np.zeros(30, dtype=np.bool_), np.random.default_rng(0)
    G = generalization(RING, None)
    y = compensation(rng, p, clamp=free, target=t % 8, G=G, a=a, b=b, q=0.0, r=0.0)
    np.testing.assert_allclose(y, b * 30 * (1 - (a - b) ** t) / (1 - a + b), atol=1e-12)


def test_an_error_at_one_target_teaches_its_neighbours_by_their_distance() -> None:
    G = generalization(RING, 60.0)
    assert G[0, 7] == pytest.approx(np.exp(-((45 / 60) ** 2) / 2))
    y = compensation(
        np.random.default_rng(0),
        np.array([10.0, 0.0]),
        clamp=np.array([False, True]),
        target=np.array([0, 2]),
        G=G,
        a=1.0,
        b=0.5,
        q=0.0,
        r=0.0,
    )
    assert y[1] == pytest.approx(5 * G[2, 0])


def test_parts_and_distances_of_known_means_are_those_of_brute_force() -> None:
    rng = np.random.default_rng(5)
    first, second = rng.standard_normal((2, 4, 3))
    box = np.stack([first, second])
    total = np.square(box - box.mean(axis=(0, 1))).sum()
    assert sum(true_parts(first, second)) == pytest.approx(1.0)
    between = 4 * np.square(box.mean(axis=1) - box.mean(axis=(0, 1))).sum() / total
    assert true_parts(first, second)[1] == pytest.approx(between)
    assert true_parts(first, first + 1)[2] == pytest.approx(0.0, abs=1e-12)
    assert true_squared_distance(first, first + 2) == pytest.approx(4.0)


def test_the_truth_of_a_null_session_is_that_nothing_differs() -> None:
    known = truth(synthesised(made(scenario="null")))
    ratio = known["participation_ratio"]
    assert ratio["control NF"] == ratio["hfs NF"]
    assert known["variance_fractions"]["NF"]["interaction"] < 1e-20
    distances = known["field_squared_distance"]
    assert distances["control"] == distances["hfs"] > 0


def test_the_truth_of_a_blocked_cerebellum_is_all_six_findings() -> None:
    known = truth(synthesised(made()))
    assert known["participation_ratio"]["hfs NF"] > 1.2 * known["participation_ratio"]["control NF"]
    assert min(known["variance_fractions"]["NF"].values()) > 0.02
    assert known["field_squared_distance"]["hfs"] > 2 * known["field_squared_distance"]["control"]
    control, hfs = known["spec"]["control"], known["spec"]["hfs"]
    assert hfs["error_sensitivity"] < control["error_sensitivity"]
    assert hfs["motor_variance"] > control["motor_variance"]
    assert hfs["generalization_width_deg"] < control["generalization_width_deg"]
    assert hfs["reaiming_deg"] > control["reaiming_deg"] == 0


def test_what_is_given_replaces_one_field_of_the_scenario() -> None:
    spec = made(hfs={"reaiming_deg": -10}, control={"shift": 1})
    assert (spec.hfs.reaiming_deg, spec.hfs.complexity, spec.control.shift) == (-10, 0.5, 1)
    assert made(**spec.model_dump()) == spec


def test_unequal_trials_keep_four_in_every_cell() -> None:
    arrays = synthesised(made(unequal=2.0, clamp_fraction=0.2, missing_fraction=0.1))
    sizes = [cell.trials for cell in summarise(arrays, "npz").cells]
    assert min(sizes) >= 4
    assert max(sizes) > 3 * min(sizes)
    behaviour = Behaviour.from_arrays(arrays)
    assert 0.1 < behaviour.clamp[arrays["field"] == "FF"].mean() < 0.3
    assert 0.05 < behaviour.missing.mean() < 0.15


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"field_trials": 20}, r"field_trials is 20; 8 targets with 4 trials each need 32"),
        ({"neurons": 2000, "field_trials": 9000}, r"are 36640000; at most 2000000 are made"),
        ({"scenario": "other"}, r"scenario"),
        ({"scenario": []}, r"scenario"),
        ({"hfs": {"gain": 1}}, r"hfs.gain"),
        ({"hfs": 3}, r"hfs"),
    ],
)
def test_impossible_sessions_are_refused_in_words(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        made(**spec)
