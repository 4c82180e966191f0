"""Specs, metrics and ranks of several experiments beside each other."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.comparison import Difference, Medians, Ranked, differences, labels, measured, ranking

MEDIANS: dict[str, Medians] = {
    "x": {"fast": {"error": 3.0, "steps": None}, "slow": {"error": 1.0}},
    "y": {"fast": {"error": 2.0, "steps": 7.0}},
    "z": {},
}
VALUES = st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(0, 3)
GROUPS = st.recursive(VALUES, lambda inner: st.dictionaries(st.sampled_from("abc"), inner))
SPECS = st.dictionaries(st.sampled_from("abc"), GROUPS)


def test_only_fields_that_differ_are_told_by_their_dotted_paths() -> None:
    found = differences(
        {
            "x": {"seed": 1, "data": {"size": 5, "noise": 0.5}, "rules": ["a", "b"]},
            "y": {"seed": 1, "data": {"size": 7, "noise": 0.5}, "rules": ["a"]},
        }
    )
    assert found.fields == (
        Difference("data.size", {"x": 5, "y": 7}),
        Difference("rules", {"x": ["a", "b"], "y": ["a"]}),
    )
    assert found.same == 2


def test_a_field_that_is_null_is_told_from_one_that_is_absent() -> None:
    found = differences({"x": {"norms": None}, "y": {"norms": {"W1": None}}, "z": {}})
    assert found.fields == (
        Difference("norms", {"x": None}),
        Difference("norms.W1", {"y": None}),
    )
    assert found.same == 0


@given(st.lists(SPECS, min_size=2, max_size=4))
def test_the_specs_are_the_same_where_nothing_differs_and_only_there(
    specs: list[dict[str, Any]],
) -> None:
    named = {str(place): spec for place, spec in enumerate(specs)}
    found = differences(named)
    assert (not found.fields) == all(spec == specs[0] for spec in specs)
    for field in found.fields:
        present = [named[name] for name in field.values]
        assert [read(spec, field.path) for spec in present] == list(field.values.values())


def read(spec: dict[str, Any], path: str) -> Any:
    value: Any = spec
    for name in path.split("."):
        value = value[name]
    return value


def test_a_name_is_a_label_only_where_no_other_has_it() -> None:
    names = {"0-11111111": "base", "0-22222222": "twin", "0-33333333": "twin", "0-44444444": None}
    assert list(labels(names).values()) == ["base", "22222222", "33333333", "44444444"]


def test_metrics_stand_side_by_side_and_those_nobody_has_are_left_out() -> None:
    rows = {(row.arm, row.metric): row.values for row in measured(MEDIANS)}
    assert rows == {
        ("fast", "error"): {"x": 3.0, "y": 2.0},
        ("fast", "steps"): {"x": None, "y": 7.0},
        ("slow", "error"): {"x": 1.0},
    }
    assert list(rows) == [("fast", "error"), ("fast", "steps"), ("slow", "error")]
    assert measured({"x": {"fast": {"steps": None}}, "z": {}}) == ()


def test_an_experiment_ranks_by_its_best_arm() -> None:
    ascending = ranking(MEDIANS, "error", arm=None, descending=False)
    assert [(r.experiment, r.rank, r.arm, r.value) for r in ascending] == [
        ("x", 1, "slow", 1.0),
        ("y", 2, "fast", 2.0),
        ("z", None, None, None),
    ]
    descending = ranking(MEDIANS, "error", arm=None, descending=True)
    assert [(r.experiment, r.value) for r in descending] == [("x", 3.0), ("y", 2.0), ("z", None)]


def test_a_rank_by_one_arm_knows_no_other() -> None:
    assert ranking(MEDIANS, "error", arm="slow", descending=False) == (
        Ranked("x", 1, "slow", 1.0),
        Ranked("y", None, None, None),
        Ranked("z", None, None, None),
    )


@pytest.mark.parametrize("descending", [False, True])
def test_equal_values_share_a_rank_and_the_next_leaves_their_places_free(descending: bool) -> None:
    values = {"p": 1.0, "q": 2.0, "r": 1.0, "s": None, "t": 2.0, "u": 3.0}
    medians = {name: {"arm": {"error": value}} for name, value in values.items()}
    ranks = {
        r.experiment: r.rank for r in ranking(medians, "error", arm=None, descending=descending)
    }
    ascending = {"p": 1, "r": 1, "q": 3, "t": 3, "u": 5, "s": None}
    assert ranks == (
        {"u": 1, "q": 2, "t": 2, "p": 4, "r": 4, "s": None} if descending else ascending
    )
