"""A figure of what was not asked for says so instead of being drawn empty."""

import pytest

from core.kinds import KINDS


@pytest.mark.parametrize(
    ("kind", "figure", "field", "nothing"),
    [
        ("dimensionality.participation_ratio", "permutation_null", "permutations", 0),
        ("population.reaiming", "permutation_null", "permutations", 0),
        ("population.condition_distance", "permutation_null", "permutations", 0),
        ("population.variance_partition", "permutation_null", "permutations", 0),
        ("population.generalization", "null", "nulls", 0),
        ("population.generalization", "change", "field", None),
        ("curl_descent.phase_diagram", "joint_surface", "joint", None),
    ],
)
def test_what_was_not_asked_for_is_missing(
    kind: str, figure: str, field: str, nothing: int | None
) -> None:
    declared, example = KINDS[kind].figures[figure], KINDS[kind].example()
    assert declared.missing(example) is None
    reason = declared.missing(example.model_copy(update={field: nothing}))
    assert reason == f"{field} is {'null' if nothing is None else nothing}"
