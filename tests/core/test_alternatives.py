"""Errors about fields that may be one thing or another name the field, once, and no alternative."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from core.alternatives import errors_by_field
from core.kinds import KINDS
from core.sweeps import SweepDefinition


def _errors(kind: str, document: Mapping[str, Any]) -> list[tuple[str, object, str]]:
    with pytest.raises(ValidationError) as refused:
        KINDS[kind].spec.model_validate(document)
    told = errors_by_field(refused.value.errors())
    return [(".".join(map(str, error["loc"])), error["input"], error["msg"]) for error in told]


@pytest.mark.parametrize(
    ("starts", "field", "message"),
    [
        ([], "starts", "List should have at least 1 item after validation, not 0"),
        ("here", "starts", "Input should be a valid list or an object"),
        ({"random": 0}, "starts.random", "Input should be greater than or equal to 1"),
        ({"randm": 3}, "starts.randm", "Extra inputs are not permitted"),
        ({"ran-dom": 3}, "starts.ran-dom", "Extra inputs are not permitted"),
    ],
)
def test_only_the_alternative_that_was_meant_is_told(starts: Any, field: str, message: str) -> None:
    """A list was given, so nothing is said about random starts, and the other way round."""
    [(named, _, told)] = _errors("curl_descent.toy", {"starts": starts})
    assert (named, told) == (field, message)


def test_each_field_within_an_alternative_has_its_own_error() -> None:
    """Two wrong weights and a start that is none are three errors."""
    told = _errors("curl_descent.toy", {"starts": [[1, "a"], [2, 3000], 3]})
    found = [(field, value) for field, value, _ in told]
    assert found == [("starts.0.1", "a"), ("starts.1.1", 3000), ("starts.2", 3)]


def test_alternatives_that_both_may_be_meant_are_one_sentence() -> None:
    """A batch size is a number or a word."""
    told = _errors("curl_descent.simulation", {"training": {"batch_size": "half"}})
    message = "Input should be a valid integer or 'full'"
    assert told == [("training.batch_size", "half", message)]


def test_the_name_of_a_form_is_told_once() -> None:
    """A distribution is told apart by the name of its one field."""
    axis = {"random": {"count": 3, "draw": {"student_scale": {"loguniform": [0, 1]}}}}
    with pytest.raises(ValidationError) as refused:
        SweepDefinition.model_validate({"axes": {"scales": axis}})
    [error] = errors_by_field(refused.value.errors())
    path = ("axes", "scales", "random", "draw", "student_scale", "loguniform", 0)
    assert (error["loc"], error["msg"]) == (path, "Input should be greater than 0")
    with pytest.raises(ValidationError) as refused:
        SweepDefinition.model_validate({"axes": {"seed": []}})
    [error] = errors_by_field(refused.value.errors())
    assert error["loc"] == ("axes", "seed")


def test_a_limit_from_another_field_is_about_the_field_it_names() -> None:
    """Nothing given is called null, as in JSON."""
    spec = {"site": "postsynaptic", "empirical": None}
    [(field, value, message)] = _errors("curl_descent.stability", spec)
    assert (field, value) == ("empirical", None)
    assert message.startswith("null leaves nothing to compute")
