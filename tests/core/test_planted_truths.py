"""The truths of synthetic sessions agree with closed forms where there are any."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.planted_truths import truths
from benchmarks.simulated_kinds import UNEVEN, session_of, two_states
from core.synthetic import FIELDS, STATES, synthesised, truth
from core.synthetic_spec import SyntheticSpec


def session(**changes: Any) -> dict[str, NDArray[Any]]:
    return synthesised(SyntheticSpec.model_validate({"neurons": 20, "seed": 3, **changes}))


def test_a_ring_that_turns_along_itself_turns_less_the_flatter_it_is() -> None:
    """With axes s_1 and s_2, tan(turn) = tan(planted) 2 s_1 s_2 / (s_1^2 + s_2^2)."""
    arrays = session(scenario="null", modulation=0.2, hfs={"reaiming_deg": 25.0})
    ring = arrays["truth_rates"][2]
    s = np.linalg.svd(ring - ring.mean(axis=0), compute_uv=False)
    flatness = 2 * s[0] * s[1] / (s[0] ** 2 + s[1] ** 2)
    turn = np.degrees(np.arctan(np.tan(np.deg2rad(25.0)) * flatness))
    assert turn < 24.0
    np.testing.assert_allclose(truths(arrays)["d_reaiming"], [0.0, turn, turn], atol=1e-9)


def test_a_target_dependent_change_that_stays_holds_the_turn_back() -> None:
    _, turned, _ = truths(session())["d_reaiming"]
    assert 15.0 < turned < 20.0


def test_the_distance_under_poisson_noise_is_that_over_the_mean_rates() -> None:
    """With independent counts the noise variance of a neuron is its mean rate over cells; that of
    12,800 trials is known to 1 %."""
    arrays = session(shared_noise=0.0)
    rates = arrays["truth_rates"]
    change = np.square(rates[1::2] - rates[::2]) / rates.mean(axis=(0, 1))
    expected = change.mean(axis=(1, 2))
    found = truths(arrays)["c_field_distance"]
    np.testing.assert_allclose(found, [*expected, expected[1] - expected[0]], rtol=0.03)


def test_the_share_of_a_neighbour_and_the_behaviour_are_what_was_planted() -> None:
    found = truths(session(control={"generalization_width_deg": 45.0}))
    assert found["f_behavioural_generalization"][0] == pytest.approx(np.exp(-0.5))
    assert found["a_motor_noise"] == (16.0, 36.0, 20.0)
    assert truth(session())["spec"]["hfs"]["motor_variance"] == 36.0


def test_the_validated_movements_of_two_states_tell_them_apart_and_those_of_one_do_not() -> None:
    found = two_states(0)
    assert (found["one"][0], found["two"][0]) == (0.0, 1.0)
    value, low, high = np.reshape(found["two"][1:], (6, 3)).T
    assert ((low < value) & (value < high)).all()


def test_the_validated_sessions_have_unequal_counts_and_enough_of_each_target() -> None:
    arrays = session_of("null", 0, **UNEVEN)
    counts = [
        np.bincount(arrays["target"][(arrays["state"] == state) & (arrays["field"] == field)])
        for state in STATES
        for field in FIELDS
    ]
    assert np.min(counts) >= 4
    assert (np.max(counts, axis=1) > 2 * np.min(counts, axis=1)).all()
