"""Measures on curves and weights, against brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernels.draws import draw_signs, draw_weights
from core.kernels.measures import (
    Extrema,
    diverged,
    epochs_to_threshold,
    finite,
    largest,
    loss_ascent,
    order_parameter_q,
    record_epochs,
    smallest,
)
from core.kernels.stack import Trace

curves = st.lists(st.floats(0, 1e3), min_size=1, max_size=30).map(np.array)


@given(epochs=st.integers(1, 10**9), points=st.integers(2, 300))
def test_records_are_unique_and_run_from_zero_to_the_last_epoch(epochs: int, points: int) -> None:
    record = record_epochs(epochs, points)
    assert record[0] == 0
    assert record[-1] == epochs
    assert np.all(np.diff(record) > 0)
    assert len(record) <= points


def test_records_are_rounded_geometric_epochs() -> None:
    assert record_epochs(1000, 5).tolist() == [0, 1, 10, 100, 1000]


@given(curves)
def test_loss_ascent_is_the_largest_climb_between_any_two_records(error: np.ndarray) -> None:
    brute = max(late - early for i, early in enumerate(error) for late in error[i:])
    assert loss_ascent(error) == pytest.approx(brute, abs=1e-12)


@given(curves, st.floats(1e-3, 1e3))
def test_the_threshold_epoch_is_the_first_below(error: np.ndarray, threshold: float) -> None:
    epoch = 3 * np.arange(len(error))
    brute = next((3 * i for i, value in enumerate(error) if value < threshold), -1)
    assert epochs_to_threshold(epoch, error, threshold) == brute


def test_an_error_that_is_not_finite_or_enormous_is_divergence() -> None:
    error = np.array([[1.0, 1e11, 1.0], *([1.0, value, 1.0] for value in (2e12, np.inf, np.nan))])
    assert diverged(error).tolist() == [False, True, True, True]
    for measure in (smallest, largest, loss_ascent):
        assert [value is None for value in finite(measure(error))] == [False, False, True, True]


@given(st.lists(st.lists(st.floats(0, 1e3), min_size=6, max_size=6), min_size=1, max_size=30))
def test_running_extrema_are_those_of_the_whole_curve(epochs: list[list[float]]) -> None:
    errors, running = np.array(epochs).reshape(-1, 2, 3), Extrema(3)
    for now in errors:
        running.add(now)
    np.testing.assert_array_equal(running.lowest, errors.min(axis=0))
    np.testing.assert_array_equal(running.highest, errors.max(axis=0))
    np.testing.assert_array_equal(running.ascent, loss_ascent(errors[:, 0].T))


def test_running_extrema_do_not_forget_an_error_that_is_not_finite() -> None:
    running = Extrema(1)
    for value in (1.0, np.inf, 1.0):
        running.add(np.full((2, 1), value))
    assert np.isnan([*running.lowest, *running.highest]).all()
    assert np.isnan(running.ascent).all()


def test_the_order_parameter_is_the_ratio_of_the_two_variances() -> None:
    rng = np.random.default_rng(1)
    w1, w2 = rng.standard_normal((9, 2, 4, 8)), rng.standard_normal((9, 2, 1, 3))
    trace = Trace(
        np.array([9, 9]),
        *(part for w in (w1, w2) for part in (w.mean(axis=0), 9 * w.var(axis=0))),
    )
    pooled = np.concatenate([w1[..., :3, :6].reshape(9, 2, -1), w2.reshape(9, 2, -1)], axis=2)
    expected = pooled.var(axis=0).mean(axis=1) / pooled.mean(axis=0).var(axis=1)
    got = order_parameter_q(trace, 3, 6, np.array([True, True]))
    np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_the_order_parameter_of_weights_that_never_move_is_zero() -> None:
    rng = np.random.default_rng(0)
    mean1, mean2 = rng.standard_normal((2, 4, 8)), rng.standard_normal((2, 1, 3))
    still = Trace(np.array([5, 5]), mean1, np.zeros_like(mean1), mean2, np.zeros_like(mean2))
    q = order_parameter_q(still, 3, 6, np.array([True, False]))
    assert q[0] == 0
    assert np.isnan(q[1])


@pytest.mark.parametrize(
    ("distribution", "variance", "kurtosis"), [("uniform", 1 / 3, 1.8), ("normal", 1.0, 3.0)]
)
def test_weights_have_the_variance_of_their_law(
    distribution: str, variance: float, kurtosis: float
) -> None:
    """Within 4 standard errors; that of a variance is sqrt((kurtosis - 1) / n) of itself."""
    g, M, N, K = 1.7, 300, 200, 100
    W1, W2 = draw_weights(
        np.random.default_rng(0),
        inputs=M,
        hidden=N,
        outputs=K,
        distribution="uniform" if distribution == "uniform" else "normal",
        scale=g,
    )
    for W, before in ((W1, M), (W2, N)):
        expected = variance * g**2 / before
        standard_error = expected * np.sqrt((kurtosis - 1) / W.size)
        assert abs(np.mean(W**2) - expected) < 4 * standard_error


@given(size=st.integers(1, 40), data=st.data())
def test_more_flips_keep_those_of_fewer(size: int, data: st.DataObject) -> None:
    fewer = data.draw(st.integers(0, size))
    more = data.draw(st.integers(fewer, size))
    few, many = (draw_signs(np.random.default_rng(3), size=size, flipped=n) for n in (fewer, more))
    assert (few < 0).sum() == fewer
    assert (many < 0).sum() == more
    assert np.all(many[few < 0] < 0)
