"""Behaviour is read with its signs, and each problem has a message of its own."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.behaviour import Behaviour
from core.experiment import Refused
from core.session import NotASession
from core.summary import check_behaviour, check_session, summarise

NAN = float("nan")


def arrays(**changes: Any) -> dict[str, NDArray[Any]]:
    """Six trials: two without a field, four in it, one clamped, one missing."""
    good: dict[str, Any] = {
        "perturbation": np.array([0, 0, 30, 30, 30, 30]),
        "reach": np.array([1.0, -1.0, 30.0, NAN, 20.0, 18.0]),
        "clamp": np.array([False, False, False, False, True, False]),
        "field": np.array(["NF", "NF", "FF", "FF", "FF", "FF"]),
    }
    return {name: np.asarray(v) for name, v in (good | changes).items() if v is not None}


def test_compensation_is_what_the_perturbation_does_not_explain() -> None:
    behaviour = Behaviour.from_arrays(arrays())
    np.testing.assert_array_equal(behaviour.compensation, [-1.0, 1.0, 0.0, NAN, 10.0, 12.0])
    np.testing.assert_array_equal(behaviour.error, [1.0, -1.0, 30.0, NAN, 0.0, 18.0])
    assert behaviour.missing.tolist() == [False] * 3 + [True] + [False] * 2
    assert behaviour.condition.tolist() == [0] * 6


def test_an_error_is_the_same_deviation_but_for_clamp_trials() -> None:
    error = np.array([1.0, -1.0, 30.0, NAN, 0.0, 18.0])
    from_error = Behaviour.from_arrays(arrays(reach=None, error=error))
    np.testing.assert_array_equal(
        from_error.compensation, [-1.0, 1.0, 0.0, NAN, NAN, 12.0], strict=True
    )
    both = Behaviour.from_arrays(arrays(error=error))
    assert (both.measure, both.compensation[4]) == ("reach", 10.0)


def test_trials_keep_their_place_in_the_file() -> None:
    behaviour = Behaviour.from_arrays(arrays(target=np.array([9, 10] * 3)))
    assert behaviour.target_labels == ("9", "10")
    field = behaviour.with_trials(behaviour.factors["field"] == "FF")
    assert field.trials.tolist() == [2, 3, 4, 5]
    assert field.condition.tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"perturbation": None}, r"no `perturbation`: behaviour needs .* has `clamp` \(6,\)"),
        ({"reach": None}, r"neither `reach` nor `error`: .*upload the file again with a mapping"),
        ({"reach": np.zeros(5)}, r"`reach` has shape \(5,\), but there are 6 trials"),
        ({"reach": np.array(list("abcdef"))}, r"`reach` holds text such as 'a'; it must"),
        ({"reach": np.array(["1", "0", "2,5", "1", "2", "3"])}, r"holds text such as '2,5'; it"),
        ({"reach": np.full(6, np.inf)}, r"`reach` is inf at trial 0; the limit is 1e\+09"),
        ({"perturbation": np.full(6, NAN)}, r"`perturbation` is NaN at trial 0; where there is"),
        ({"perturbation": np.zeros(())}, r"there are no trials"),
        ({"clamp": np.arange(6)}, r"`clamp` is 2 at trial 2; it must be true or false"),
        ({"clamp": np.full(6, NAN)}, r"`clamp` is nan at trial 0"),
        ({"error": np.zeros(6)}, r"differ in 4 trials without clamp, the first trial 0 \(1 and 0"),
        ({"target": np.zeros(4)}, r"`target` has shape \(4,\), but there are 6 trials"),
        ({"counts": np.zeros((5, 2))}, r"`perturbation` has shape \(6,\), but there are 5 trials"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_in_words(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(NotASession, match=message):
        Behaviour.from_arrays(arrays(**changes))


def test_a_dataset_of_behaviour_alone_says_what_is_there() -> None:
    summary = summarise(arrays(), "csv")
    assert summary.behaviour is not None
    assert summary.behaviour.model_dump() == {
        "measure": "reach",
        "trials": 6,
        "missing": 1,
        "clamp": 1,
    }
    assert summary.factors == {"field": {"FF": 4, "NF": 2}}
    check_behaviour(summary, "dataset", "id")
    with pytest.raises(Refused, match=r"behaviour without activity: .* need `counts`"):
        check_session(summary, "dataset", "id")


def test_a_session_with_unusable_behaviour_is_still_a_session() -> None:
    counts = np.random.default_rng(0).poisson(4.0, (6, 3))
    activity = {"counts": counts, "target": np.arange(6) % 2, "perturbation": None}
    summary = summarise(arrays(**activity), "npz")
    assert (summary.trials, summary.behaviour) == (6, None)
    with pytest.raises(Refused, match="not usable as behaviour: no `perturbation`"):
        check_behaviour(summary, "dataset", "id")
    bare = summarise({"counts": counts}, "npz")
    with pytest.raises(Refused, match=r"holds no behaviour: .* it has `counts` \(6, 3\)"):
        check_behaviour(bare, "dataset", "id")
