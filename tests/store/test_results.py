"""Arrays and numbers survive the database bit for bit; numbers that are not finite become null."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from core.experiment import Result, Row
from core.kinds import KINDS
from store.results import PACKED_AT_ONCE, finite, packed, prepare, unpacked


@given(
    arrays.arrays(
        dtype=st.sampled_from(["float64", "float32", "int64", "bool"]),
        shape=arrays.array_shapes(min_dims=0, max_dims=3, min_side=0),
    )
)
def test_arrays_survive_packing_bit_for_bit(values: NDArray[Any]) -> None:
    again = unpacked(packed(values))
    assert again.dtype == values.dtype
    assert again.shape == values.shape
    assert again.tobytes() == values.tobytes()


def test_packing_one_large_array_pauses_often_enough_to_renew_a_lease() -> None:
    pauses: list[int] = []
    values = np.arange(5 * PACKED_AT_ONCE // 8)
    content = packed(values.reshape(5, -1).T, lambda: pauses.append(1))
    assert len(pauses) >= 5
    assert np.array_equal(unpacked(content).T.ravel(), values)


def test_an_array_of_objects_is_not_stored() -> None:
    with pytest.raises(ValueError, match="Object arrays"):
        packed(np.array([{}], dtype=object))


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (1.5, 1.5),
        (np.float64(2.0), 2.0),
        (np.float32("inf"), None),
        (float("nan"), None),
        (None, None),
        (np.bool_(True), True),
        (np.int64(2**40), 2**40),
    ],
)
def test_numbers_are_plain_and_finite_or_null(value: object, stored: object) -> None:
    assert finite(value) == stored
    assert type(finite(value)) is type(stored)


@pytest.mark.parametrize(
    ("epochs", "median"),
    [
        ((5, 7, 9), 7),
        ((5, 7, None), 7),
        ((5, None, None), None),
        ((5, 7, 9, None), 8),
        ((5, 7, None, None), None),
    ],
)
def test_a_replicate_that_never_arrives_counts_as_later_than_any(
    epochs: tuple[int | None, ...], median: float | None
) -> None:
    kind = replace(
        KINDS["curl_descent.simulation"],
        rows=lambda spec, result: tuple(
            Row("curl_descent", i, {"epochs_to_threshold": e, "converged": e is not None})
            for i, e in enumerate(epochs)
        ),
    )
    outcome = prepare("id", kind, kind.example(), Result({}), {})
    summary = outcome.summary["curl_descent"]
    assert summary["epochs_to_threshold"] == {"median": median, "missing": epochs.count(None)}
    share = 1 - epochs.count(None) / len(epochs)
    assert summary["converged"] == {"median": pytest.approx(share), "missing": 0}
    assert outcome.medians[0]["epochs_to_threshold"] == median
