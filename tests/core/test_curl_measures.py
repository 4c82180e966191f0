"""Measures on curves and weights, against brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernels.draws import draw_signs, draw_weights
from core.kernels.measures import (
    diverged,
    epochs_to_threshold,
    finite,
    loss_ascent,
    order_parameter_q,
    record_epochs,
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
    brute = next((3 * i for i, value in enumerate(error) if value < threshold), None)
    assert epochs_to_threshold(epoch, error, threshold) == brute


def test_an_error_that_is_not_finite_or_enormous_is_divergence() -> None:
    assert not diverged(np.array([1.0, 1e11]))
    for value in (2e12, np.inf, np.nan):
        assert diverged(np.array([1.0, value, 1.0]))
    assert finite(np.nan) is None
    assert finite(np.float64(2)) == 2.0


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
