"""Sweeps: axes become specs, in order, and whatever is wrong is named."""

import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from core.experiment import Refused
from core.kinds import KINDS
from core.sweeps import SweepDefinition, points, size, widened

KIND = KINDS["curl_descent.simulation"]
RATIO = {"total_neurons": 44}


def made(**definition: Any) -> list[Any]:
    return list(points(KIND, SweepDefinition.model_validate(definition)))


def test_the_specs_are_the_product_of_the_axes_the_first_slowest() -> None:
    found = made(axes={"training.learning_rate": [0.1, 0.2], "seed": [0, 1, 2]})
    assert [(p.spec.training.learning_rate, p.spec.seed) for p in found] == [
        (rate, seed) for rate in (0.1, 0.2) for seed in (0, 1, 2)
    ]
    assert found[4].place == {"training.learning_rate": 0.2, "seed": 1}


def test_the_base_is_shared_and_left_as_it_is() -> None:
    base = {"training": {"epochs": 7}, "replicates": 2}
    found = made(base=base, axes={"training.learning_rate": [0.1, 0.2]})
    assert all(p.spec.training.epochs == 7 for p in found)
    assert base == {"training": {"epochs": 7}, "replicates": 2}


def test_spaced_axes_have_both_ends_and_count_fields_whole_numbers() -> None:
    found = made(axes={"student_scale": {"linspace": [1, 3, 5]}})
    assert [p.spec.student.scale for p in found] == [1.0, 1.5, 2.0, 2.5, 3.0]
    found = made(axes={"train_size": {"logspace": [2, 3, 3]}})
    assert [p.spec.data.train_size for p in found] == [100, 316, 1000]


def test_a_compression_ratio_sets_both_layers_as_the_paper_does() -> None:
    found = made(
        axes={"compression_ratio": {"logspace": [-1, 2, 20]}},
        derive={"total_neurons": 220},
        base={"flips": {"readout": {"count": 0}}},
    )
    ratios = np.logspace(-1, 2, 20)
    expected = [(int(220 / (1 + 1 / c)), int(220 / (1 + c))) for c in ratios]
    assert [(p.spec.inputs, p.spec.hidden) for p in found] == expected
    assert found[0].place["compression_ratio"] == pytest.approx(0.1)


def test_a_fraction_axis_replaces_a_count_in_the_base() -> None:
    found = made(
        base={"hidden": 20, "flips": {"readout": {"count": 3}}},
        axes={"readout_fraction": [0.0, 0.5]},
    )
    assert [KIND.parameters(p.spec)["readout_fraction"] for p in found] == [0.0, 0.5]


def test_zipped_fields_move_together() -> None:
    found = made(axes={"scales": {"zip": {"teacher.scale": [1.0, 2.0], "seed": [5, 6]}}})
    assert [(p.spec.teacher.scale, p.spec.seed) for p in found] == [(1.0, 5), (2.0, 6)]
    with pytest.raises(ValidationError, match="one length"):
        made(axes={"scales": {"zip": {"teacher.scale": [1.0], "seed": [5, 6]}}})


def test_random_settings_repeat_with_their_seed_and_keep_to_their_range() -> None:
    draws = {
        "student.scale": {"loguniform": [0.01, 10.0]},
        "hidden": {"integers": [2, 20]},
        "activation": {"choice": ["tanh", "relu"]},
    }
    axis = {"random": {"count": 50, "seed": 3, "draw": draws}}
    first, again = (made(axes={"random": axis}) for _ in range(2))
    assert [p.spec for p in first] == [p.spec for p in again]
    assert all(0.01 <= p.spec.student.scale <= 10 for p in first)
    assert {p.spec.hidden for p in first} <= set(range(2, 21))
    assert {p.spec.activation for p in first} == {"tanh", "relu"}
    fewer = {"random": {"count": 50, "seed": 3, "draw": {"hidden": draws["hidden"]}}}
    assert [p.spec.hidden for p in made(axes={"r": fewer})] == [p.spec.hidden for p in first]


@pytest.mark.parametrize(
    ("definition", "field", "words"),
    [
        ({"axes": {"hiden": [3]}}, "hiden", "there is no such field; did you mean hidden"),
        ({"axes": {"student_scael": [3]}}, "student_scael", "did you mean student_scale"),
        ({"axes": {"training.epocs": [3]}}, "training.epocs", "did you mean epochs"),
        ({"axes": {"student.scale": [1], "student_scale": [2]}}, "axes.student_scale", "both set"),
        (
            {"axes": {"a": {"zip": {"hidden": [2]}}, "compression_ratio": [1]}, "derive": RATIO},
            "axes.compression_ratio",
            "hidden and compression_ratio both set hidden",
        ),
        ({"axes": {"a": {"zip": {"seed": [2]}}, "seed": [1]}}, "axes.seed", "twice"),
        ({"axes": {"hidden": [10, -3]}}, "hidden", "point 1 of the sweep: hidden = -3"),
        ({"axes": {"compression_ratio": [1.0]}}, "derive.total_neurons", "--derive total"),
        (
            {"axes": {"compression_ratio": [1.0, 0.0]}, "derive": {"total_neurons": 20}},
            "compression_ratio",
            "must be above 0",
        ),
        ({"axes": {"hidden": [3]}, "derive": {"total_neurons": 3}}, "derive.total_neurons", "no"),
        ({"base": {"training": 3}, "axes": {"epochs": [3]}}, "training.epochs", "not a group"),
    ],
)
def test_a_wrong_sweep_names_the_field(definition: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(Refused, match=words) as refused:
        made(**definition)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("axis", "field", "words"),
    [
        ([], "axes.seed.list", "at least 1 item"),
        ([1, math.nan], "axes.seed.list.1", "finite"),
        ({"zip": {"seed": [1, 2], "hidden": [3]}}, "axes.seed.zip", "one length"),
        ({"linspace": [0, 1]}, "axes.seed.linspace.linspace.2", "required"),
        ({"logspace": [300, 309, 2]}, "axes.seed.logspace.logspace.1", "equal to 308"),
        ({"linspase": [0, 1, 2]}, "axes.seed", "linspace, logspace, zip, random"),
        (7, "axes.seed", "a list of values"),
    ],
)
def test_what_is_no_axis_is_told_once(axis: Any, field: str, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        SweepDefinition.model_validate({"axes": {"seed": axis}})
    (error,) = refused.value.errors()
    assert ".".join(map(str, error["loc"])).startswith(field)
    assert words in error["msg"]


def test_the_size_is_known_without_making_the_specs() -> None:
    definition = SweepDefinition.model_validate(
        {
            "axes": {
                "seed": list(range(1000)),
                "student_scale": {"linspace": [1, 2, 1000]},
                "r": {"random": {"count": 1000, "draw": {"hidden": {"integers": [1, 2]}}}},
            }
        }
    )
    assert size(definition) == 10**9


def test_more_replicates_continue_where_the_ones_before_end() -> None:
    definition = SweepDefinition.model_validate(
        {"base": {"replicates": 4}, "axes": {"seed": [0, 1]}}
    )
    more = widened(KIND, widened(KIND, definition, {}, 3), {}, 2)
    found: list[Any] = list(points(KIND, more))
    assert len(found) == size(more) == 6
    spans = [(p.spec.seed, p.spec.replicate_offset, p.spec.replicates) for p in found]
    assert spans == [(s, o, n) for s in (0, 1) for o, n in ((0, 4), (4, 3), (7, 2))]


def test_replicates_are_added_no_more_often_than_a_definition_may_say() -> None:
    definition = SweepDefinition.model_validate(
        {"axes": {"seed": [0]}, "more_replicates": [1] * 99}
    )
    last = widened(KIND, definition, {}, 1)
    with pytest.raises(Refused, match="at most 100") as refused:
        widened(KIND, last, {}, 1)
    assert refused.value.field.startswith("more_replicates")


def test_more_replicates_than_one_experiment_may_have_are_refused_naming_the_limit() -> None:
    definition = SweepDefinition.model_validate({"axes": {"seed": [0]}})
    with pytest.raises(Refused, match="20000 is more than the 10000 replicates of one experiment"):
        list(points(KIND, widened(KIND, definition, {}, 20_000)))


def test_widening_adds_values_and_keeps_the_old_ones() -> None:
    definition = SweepDefinition.model_validate({"axes": {"seed": [0, 1]}})
    assert widened(KIND, definition, {"seed": [1, 2]}, 0).axes["seed"] == [0, 1, 2]
    with pytest.raises(Refused, match="no such axis"):
        widened(KIND, definition, {"sed": [2]}, 0)


ZIPPED = {"zip": {"seed": [1, 2], "hidden": [4, 8]}}
DRAWN = {"seed": {"integers": [0, 1000]}, "student_scale": {"loguniform": [0.1, 10]}}


@pytest.mark.parametrize(
    ("axis", "added", "count"),
    [
        ({"linspace": [0.5, 1.5, 3]}, [3.0], 4),
        ({"linspace": [0.5, 1.5, 3]}, {"linspace": [0.5, 2.5, 5]}, 5),
        ([0.5, 1.0], {"logspace": [0, 1, 2]}, 3),
    ],
)
def test_points_are_never_lost_by_adding_to_an_axis(axis: Any, added: Any, count: int) -> None:
    definition = SweepDefinition.model_validate({"axes": {"student_scale": axis}})
    more = SweepDefinition.model_validate({"axes": {"student_scale": added}}).axes
    for named in ("student_scale", "student.scale"):
        wider = widened(KIND, definition, {named: more["student_scale"]}, 1)
        scales = {p.spec.student.scale for p in points(KIND, wider)}  # type: ignore[attr-defined]
        before = {p.spec.student.scale for p in points(KIND, definition)}  # type: ignore[attr-defined]
        assert before < scales
        assert len(scales) == count


@pytest.mark.parametrize(
    ("axis", "added", "count"),
    [
        (ZIPPED, {"zip": {"seed": [3], "hidden": [16]}}, 3),
        (ZIPPED, {"zip": {"hidden": [4, 16], "seed": [1, 3]}}, 3),
        (
            {"random": {"count": 3, "draw": DRAWN}},
            {"random": {"count": 2, "seed": 1, "draw": DRAWN}},
            5,
        ),
        ({"random": {"count": 3, "draw": DRAWN}}, {"random": {"count": 7, "draw": DRAWN}}, 7),
    ],
)
def test_fields_that_move_together_go_on_doing_so(axis: Any, added: Any, count: int) -> None:
    definition = SweepDefinition.model_validate({"axes": {"both": axis}})
    more = SweepDefinition.model_validate({"axes": {"both": added}}).axes
    wider = widened(KIND, definition, more, 0)
    specs = [p.spec for p in points(KIND, wider)]
    assert len(specs) == count
    assert all(p.spec in specs for p in points(KIND, definition))


def test_what_sets_other_fields_is_not_added_to_an_axis() -> None:
    definition = SweepDefinition.model_validate({"axes": {"both": ZIPPED}})
    other = SweepDefinition.model_validate({"axes": {"both": {"zip": {"seed": [3]}}}}).axes
    with pytest.raises(Refused, match="sets seed, hidden, and so must what is added"):
        widened(KIND, definition, other, 0)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        ({"integers": [10, 1]}, "the lower end 10 is above the upper end 1"),
        ({"uniform": [2.0, 1.0]}, "the lower end 2 is above the upper end 1"),
        ({"loguniform": [10, 1]}, "the lower end 10 is above the upper end 1"),
        ({"loguniform": [0, 1]}, "greater than 0"),
        ({"normal": [0, 1]}, "one of uniform, loguniform, integers, choice"),
    ],
)
def test_a_range_that_cannot_be_drawn_from_is_refused(draw: Any, message: str) -> None:
    axis = {"random": {"count": 3, "draw": {"student_scale": draw}}}
    with pytest.raises(ValidationError, match=message) as refused:
        SweepDefinition.model_validate({"axes": {"scales": axis}})
    assert refused.value.error_count() == 1


@pytest.mark.parametrize("order", [1, -1])
def test_a_group_and_a_field_in_it_are_not_both_varied(order: int) -> None:
    axes: dict[str, Any] = {"student.scale": [1.0], "student": [{"scale": 5.0}]}
    with pytest.raises(Refused, match=r"both set student\.scale"):
        made(axes=dict(list(axes.items())[::order]))


def test_replicates_do_not_follow_where_an_axis_numbers_them() -> None:
    for axes in ({"replicate_offset": [0, 2]}, {"replicates": [2, 4]}):
        with pytest.raises(Refused, match=f"an axis sets {next(iter(axes))}"):
            made(axes=axes, more_replicates=[2])


def test_an_axis_is_added_to_once_by_whichever_name() -> None:
    definition = SweepDefinition.model_validate({"axes": {"student_scale": [1.0]}})
    with pytest.raises(Refused, match="added to twice"):
        widened(KIND, definition, {"student_scale": [3.0], "student.scale": [4.0]}, 0)
