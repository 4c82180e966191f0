"""Each problem of a session has a message of its own."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.experiment import Refused
from core.independence import independent_units, serial_correlation
from core.kinds import KINDS
from core.selection import selected
from core.session import NotASession, Session
from core.session_spec import naming
from core.summary import summarise

DATASET = "00000000-0000-5000-8000-000000000000"
BLOCKS = {"factor": "block", "compare": ["NF", "FF"]}
NF_AND_FF = ({"block": "NF"}, {"block": "FF"})


def arrays(**changes: Any) -> dict[str, NDArray[Any]]:
    """Four targets, two interleaved blocks of six trials each, five neurons; None takes one out."""
    generator = np.random.default_rng(0)
    good: dict[str, Any] = {
        "counts": generator.poisson(4.0, (48, 5)),
        "target": np.repeat([0, 90, 180, 270], 12),
        "target_angle_deg": np.array([0.0, 90.0, 180.0, 270.0]),
        "block": np.tile(np.array(["NF", "FF"]), 24),
    }
    return {name: np.asarray(v) for name, v in (good | changes).items() if v is not None}


def test_a_session_keeps_trials_in_the_order_of_the_file() -> None:
    session = Session.from_arrays(arrays())
    assert session.counts.dtype == np.float64
    assert session.target_labels == ("0", "90", "180", "270")
    assert session.condition.tolist() == np.repeat([0, 1, 2, 3], 12).tolist()
    assert session.factors["block"][:2].tolist() == ["NF", "FF"]
    assert session.group is None


def test_whole_numbers_stored_as_floats_are_the_same_labels() -> None:
    session = Session.from_arrays(arrays(target=np.repeat([0.0, 10.0, 2.0, 0.5], 12)))
    assert session.target_labels == ("0.0", "0.5", "2.0", "10.0")
    whole = Session.from_arrays(arrays(target=np.repeat([0.0, 10.0, 2.0, 1.0], 12)))
    assert whole.target_labels == ("0", "1", "2", "10")


with_nan = np.full((48, 5), 2.0)
with_nan[3, 2] = np.nan


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target": None}, r"no `target`: a session needs .* the dataset has `block` \(48,\)"),
        ({"counts": None, "target": None}, r"no `counts` and no `target`"),
        (
            {"counts": None},
            r"no `counts`: .*, behaviour `perturbation` and `reach` or `error`; the",
        ),
        ({"counts": np.ones((5, 48))}, r'there are 48 targets; .*: "axes": \["neuron", "trial"\]'),
        ({"counts": np.ones(48)}, r"`counts` has shape \(48,\); it must be \(trial, neuron\)"),
        ({"counts": np.ones((4, 3, 2))}, r"shape \(4, 3, 2\); it must be \(trial, neuron\)"),
        (
            {"counts": np.ones((4, 3, 2))},
            r"third axis is time bins, .* a window of bins to",
        ),
        ({"counts": np.ones((0, 3))}, r"shape \(0, 3\); it must be \(trial, neuron\)"),
        ({"counts": np.full((48, 5), "a")}, r"`counts` holds text such as 'a'; it must hold"),
        ({"counts": np.ones((48, 5), complex)}, r"`counts` holds complex128"),
        (
            {"counts": with_nan},
            r"1 values that are NaN or infinite, the first at trial 3, neuron 2",
        ),
        ({"counts": np.full((48, 5), 1e13)}, r"`counts` goes to 1e\+13; the limit is 1e\+12"),
        ({"target": np.arange(47)}, r"`target` has shape \(47,\), but there are 48 trials"),
        ({"target": np.zeros(48)}, r"every trial has the target '0'; 2 to 64 .* or map `target`"),
        ({"target": np.arange(48) + 0.5, "counts": np.ones((48, 5))}, r"`target_angle_deg` has sh"),
        ({"target": np.full(48, np.nan)}, r"`target` has labels that are NaN or infinite"),
        ({"target": np.ones(48, complex)}, r"`target` holds complex128; labels must be text"),
        ({"block": np.full(48, "a\0b")}, r"`block` has the label 'a\\x00b'; labels must be 1 to"),
        ({"block": np.full(48, "")}, r"`block` has the label ''"),
        ({"block": np.array(["a", "b"])}, r"`block` has shape \(2,\), but there are 48 trials"),
        (
            {name: np.tile(["x", "y"], 24) for name in "abcd"},
            r"5 text arrays have one label per trial \(block, a, b, c, d\); at most 4",
        ),
        ({"group": np.arange(3)}, r"`group` has shape \(3,\), but there are 48 trials"),
        ({"target_angle_deg": np.arange(3.0)}, r"shape \(3,\).* 4 targets 0, 90, 180, 270"),
        ({"target_angle_deg": np.full(4, np.inf)}, r"`target_angle_deg` has angles that are NaN"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_in_words(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(NotASession, match=message):
        Session.from_arrays(arrays(**changes))


def test_square_roots_of_negative_activity_are_refused() -> None:
    session = Session.from_arrays(arrays(counts=np.random.default_rng(1).standard_normal((48, 5))))
    assert session.transformed("none") is session
    with pytest.raises(Refused, match=r"transform: the lowest .* -\d\.\d+, below zero.* \"none\""):
        session.transformed("sqrt")


def test_a_neuron_that_is_not_there_is_refused() -> None:
    message = r"neurons: 5 is not a neuron of this dataset, which has 5, counted from 0"
    with pytest.raises(Refused, match=message):
        Session.from_arrays(arrays()).with_neurons((1, 5))


def test_silent_neurons_are_left_out_and_named_by_their_place_in_the_file() -> None:
    counts = np.random.default_rng(2).poisson(4.0, (48, 6))
    counts[:, [1, 4]] = 3
    chosen = selected(arrays(counts=counts), ({},), neurons=(5, 4, 1, 0), transform="none")
    assert chosen.session.neurons.tolist() == [5, 0]
    assert chosen.warnings[0] == "neurons without any variance were left out: [4, 1]"


def test_a_session_of_silent_neurons_is_refused() -> None:
    with pytest.raises(NotASession, match=r"only 1 of 1 neurons varies over these trials; 2 are"):
        selected(arrays(counts=np.eye(48)[:, :1]), ({},), neurons=None, transform="none")


SUBSPACES = KINDS["population.subspaces"]


def refusal(uploaded: dict[str, NDArray[Any]], **changes: Any) -> Refused:
    spec = SUBSPACES.spec.model_validate({"dataset": DATASET, "block": BLOCKS, **changes})
    with pytest.raises(Refused) as refused:
        SUBSPACES.estimate(spec, {DATASET: summarise(uploaded, "npz")})
    return refused.value


def test_silent_neurons_are_refused_on_submission_by_name() -> None:
    counts = np.random.default_rng(2).poisson(4.0, (48, 6))
    counts[:, 3] = 0
    refused = refusal(arrays(counts=counts), neurons=[3, 4])
    assert (refused.field, refused.value) == ("neurons", (3, 4))
    assert refused.message.startswith("only 1 of 2 neurons varies over these trials (silent: 3);")
    none = refusal(arrays(counts=np.ones((48, 12))))
    assert "none of 12 neurons varies over these trials (silent: 0, 1, 2" in none.message
    assert "9 and 2 more)" in none.message


def test_roots_of_negative_activity_are_refused_on_submission_where_all_of_it_is_used() -> None:
    counts = np.random.default_rng(2).poisson(4.0, (48, 6)) - 0.5
    counts[:, :5] += 1
    refused = refusal(arrays(counts=counts), transform="sqrt")
    assert refused.field == "transform"
    assert 'use the transform "none"' in refused.message
    some = {"dataset": DATASET, "block": BLOCKS, "transform": "sqrt", "neurons": [0, 1, 2]}
    spec = SUBSPACES.spec.model_validate(some)
    SUBSPACES.estimate(spec, {DATASET: summarise(arrays(counts=counts), "npz")})


def test_a_group_of_several_targets_is_told_in_the_summary_and_refused_on_submission() -> None:
    uploaded = arrays(group=np.arange(48) % 6)
    message = "group 0 has trials of several targets or blocks"
    assert summarise(uploaded, "npz").warnings[-1].startswith(message)
    assert refusal(uploaded).message.startswith(message)


def test_a_cell_with_three_trials_is_named() -> None:
    block = arrays()["block"].copy()
    block[12:18:2] = "FF"
    with pytest.raises(NotASession, match=r"the cell \(target 90, block NF\) has 3 trials; at lea"):
        selected(arrays(block=block), NF_AND_FF, neurons=None, transform="none")


def test_blocks_that_follow_each_other_come_with_a_warning_about_time() -> None:
    mixed = selected(arrays(), NF_AND_FF, neurons=None, transform="none")
    assert mixed.warnings == ()
    after = np.repeat(np.array(["NF", "FF"]), 24)
    targets = np.tile([0, 90, 180, 270], 12)
    parted = selected(
        arrays(block=after, target=targets), NF_AND_FF, neurons=None, transform="sqrt"
    )
    assert "follow each other in time" in parted.warnings[0]


def test_groups_are_replaced_by_their_means_and_sizes() -> None:
    group = np.arange(48) // 4 * 2 + np.arange(48) % 2
    session = Session.from_arrays(arrays(group=group))
    units = independent_units(session, (np.arange(48) % 2).astype(np.int64))
    assert units.size.tolist() == [2.0] * 24
    first = units.activity[sorted(set(group.astype(str).tolist())).index("0")]
    np.testing.assert_allclose(first, session.counts[[0, 2]].mean(axis=0))


def test_a_group_that_crosses_cells_is_refused_by_name() -> None:
    session = Session.from_arrays(arrays(group=np.arange(48) // 4))
    with pytest.raises(Exception, match=r"group 0 has trials of several targets or blocks"):
        independent_units(session, (np.arange(48) % 2).astype(np.int64))


def test_independent_rows_pass_and_lasting_ones_are_noticed() -> None:
    """The z of independent rows is standard normal: over 200 sessions its sd is 1 within .15."""
    generator = np.random.default_rng(3)
    cell = np.repeat(np.arange(6), 15)
    noise = generator.standard_normal((200, 90, 12))
    z = np.array([serial_correlation(each, cell).z for each in noise])
    assert abs(z.mean()) < 3 / np.sqrt(200)
    assert z.std() == pytest.approx(1.0, abs=0.15)
    lasting = noise[0] + 0.7 * np.roll(noise[0], 1, axis=0)
    assert serial_correlation(lasting, cell).notable


def test_a_summary_counts_cells_and_names_what_is_odd() -> None:
    counts = np.random.default_rng(4).poisson(4.0, (48, 6))
    counts[:, 2] = 0
    target = np.repeat([0, 90, 180, 270], [21, 12, 12, 3])
    summary = summarise(arrays(counts=counts, target=target), "npz")
    assert (summary.trials, summary.neurons, summary.silent_neurons) == (48, 6, (2,))
    assert summary.factors == {"block": {"FF": 24, "NF": 24}}
    assert sum(cell.trials for cell in summary.cells) == 48
    assert "left out: [2]" in summary.warnings[0]
    assert "(target 270, block FF): 2; (target 270, block NF): 1" in summary.warnings[1]


def test_arrays_that_are_no_session_are_still_summarised() -> None:
    summary = summarise({"weights": np.zeros((3, 4))}, "npz")
    assert summary.arrays["weights"].shape == (3, 4)
    assert summary.trials is None
    assert summary.warnings[0].startswith("not usable as a session: no `counts` and no `target`")


WITHIN = ("within", "within")
BLOCK = {"factor": "field", "compare": ["a", "b"]}


@pytest.mark.parametrize(
    ("kind", "changes", "label", "fields"),
    [
        ("reaiming", {"reference": "a", "compare": "b"}, "b", ("factor", "compare")),
        ("reaiming", {"reference": "a", "compare": "none"}, "none", ("factor", "compare")),
        ("reaiming", {"reference": "a", "compare": "b", "within": {"field": "c"}}, "c", WITHIN),
        ("condition_distance", {"between": ["a", "b"]}, "a", ("factor", "between")),
        ("generalization", {"field": BLOCK}, "b", ("field.factor", "field.compare")),
        ("subspaces", {"block": BLOCK}, "b", ("block.factor", "block.compare")),
    ],
)
def test_a_spec_knows_which_of_its_fields_name_a_factor_and_its_label(
    kind: str, changes: dict[str, Any], label: str, fields: tuple[str, str]
) -> None:
    spec = KINDS[f"population.{kind}"].spec.model_validate({"dataset": DATASET, **changes})
    assert naming(spec, "field", label) == fields
