"""What a simulation promises: sameness, pairing, divergence as a result, prompt cancellation."""

import time
import tracemalloc
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from core.curl_descent import SimulationSpec
from core.experiment import Cancelled, Result, silent
from core.figures import rendered, themed
from core.kernels.costs import COMPILED_BYTES
from core.kinds.curl_descent_simulation import KIND
from tests.core.test_curl_twin import RULES, spec_of

CHAOTIC: dict[str, dict[str, Any]] = {
    "minibatch": {"activation": "tanh", "training": {"epochs": 600, "batch_size": 10}},
    "full": {"activation": "tanh", "training": {"epochs": 2000, "batch_size": "full"}},
    "covariance": {"activation": "linear", "training": {"epochs": 5000, "batch_size": "full"}},
    "tall": {
        "inputs": 20,
        "hidden": 16,
        "activation": "linear",
        "training": {"epochs": 2000, "batch_size": 10},
    },
    "online": {
        "activation": "tanh",
        "data": {"train_size": 33, "test_size": 12, "online": True},
        "training": {"epochs": 600, "batch_size": 10},
    },
}


def run(spec: SimulationSpec) -> Result:
    return KIND.run(spec, {}, silent)


def chaotic(mode: str, **changes: Any) -> SimulationSpec:
    """Half of the inputs flipped in a compressive network: weights that never settle."""
    base = {
        "inputs": 12,
        "hidden": 4,
        "flips": {"hidden": {"fraction": 0.5}, "readout": {"count": 0}},
        **CHAOTIC[mode],
        **changes,
    }
    training = {"learning_rate": 0.5, "norm_constraint": "layer", **base["training"]}
    return spec_of(**{**base, "training": training})


@pytest.mark.parametrize("mode", CHAOTIC)
def test_a_replicate_alone_has_the_bits_it_has_among_others(mode: str) -> None:
    among = run(chaotic(mode, replicates=5, replicate_offset=0))
    alone = run(chaotic(mode, replicates=1, replicate_offset=3))
    for name in ("train_error", "test_error"):
        assert among[name][:, 3:4].tobytes() == alone[name].tobytes()
    assert among["train_error"][1].std() > 0


def test_replicates_are_told_apart() -> None:
    error = run(spec_of(replicates=50))["test_error"][0, :, 0]
    assert len(set(error.tolist())) == 50


@pytest.mark.parametrize("mode", CHAOTIC)
def test_a_network_does_not_notice_that_its_neighbours_diverge(mode: str) -> None:
    rules = ["curl_descent", "gradient_descent"]
    ascent = {"hidden": {"fraction": 1.0}, "readout": {"fraction": 1.0}}
    training = {**CHAOTIC[mode]["training"], "norm_constraint": "none", "learning_rate": 1.0}
    changes = {"activation": "linear", "flips": ascent, "training": training, "replicates": 3}
    both = run(chaotic(mode, rules=rules, **changes))
    alone = run(chaotic(mode, rules=rules[1:], **changes))
    assert not np.isfinite(both["test_error"][0, :, -1]).any()
    assert np.isfinite(both["test_error"][1]).all()
    assert both["test_error"][1:].tobytes() == alone["test_error"].tobytes()


@pytest.mark.parametrize("mode", CHAOTIC)
def test_no_flips_make_curl_descent_gradient_descent_bit_for_bit(mode: str) -> None:
    none = {"hidden": {"fraction": 0.0}, "readout": {"count": 0}}
    error = run(chaotic(mode, flips=none))["train_error"]
    assert error[0].tobytes() == error[1].tobytes()
    assert error[2].tobytes() == error[3].tobytes()
    assert error[0].tobytes() != error[2].tobytes()


def test_rules_share_everything_they_start_from() -> None:
    spec = spec_of()
    result = run(spec)
    for name in ("train_error", "test_error"):
        assert (result[name][:, :, 0] == result[name][0, :, 0]).all()
    for arm, rule in enumerate(RULES):
        alone = run(spec_of(rules=[rule]))
        assert alone["test_error"].tobytes() == result["test_error"][arm : arm + 1].tobytes()


def test_divergence_is_a_result() -> None:
    training = {"epochs": 60, "batch_size": 10, "learning_rate": 1000.0}
    spec = spec_of(activation="relu", training=training, record={"order_parameter_window": 10})
    result = run(spec)
    assert not np.isfinite(result["train_error"][..., -1]).any()
    for row in KIND.rows(spec, result):
        assert row.metrics["diverged"] is True
        assert row.metrics["converged"] is False
        for name in ("final_train_error", "max_test_error", "loss_ascent", "order_parameter_q"):
            assert row.metrics[name] is None
    assert result.warnings[0] == "8 of 8 networks diverged"


def test_flipping_the_only_output_is_explained() -> None:
    flips = {"readout": {"fraction": 1.0}, "site": "postsynaptic"}
    words = "the only output is flipped: all of W2 climbs the gradient under the curl rules"
    assert words in run(spec_of(outputs=1, flips=flips, training={"epochs": 2})).warnings
    assert words not in run(spec_of(outputs=2, flips=flips, training={"epochs": 2})).warnings


def test_rows_carry_the_replicates_own_numbers() -> None:
    spec = spec_of(rules=["curl_descent"], replicate_offset=7, replicates=2)
    assert [(row.arm, row.replicate) for row in KIND.rows(spec, run(spec))] == [
        ("curl_descent", 7),
        ("curl_descent", 8),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"training": {"epochs": 10**7, "batch_size": 10}},
        {"training": {"epochs": 10**7, "batch_size": "full"}},
        {"training": {"epochs": 10**9, "batch_size": "full"}, "activation": "linear"},
        {
            "training": {"epochs": 10**7, "batch_size": 10},
            "data": {"train_size": 33, "test_size": 12, "online": True},
        },
        {
            "inputs": 400,
            "hidden": 400,
            "data": {"train_size": 20_000, "test_size": 12},
            "training": {"epochs": 3, "batch_size": "full"},
        },
        {
            "inputs": 400,
            "hidden": 400,
            "replicates": 40,
            "data": {"train_size": 2000, "test_size": 12},
            "training": {"epochs": 3, "batch_size": 1000},
        },
        {
            "replicates": 10_000,
            "training": {"epochs": 10**4},
            "record": {"order_parameter_window": 3},
        },
        {"rules": ["feedback_alignment"], "inputs": 9000, "hidden": 3000, "outputs": 100},
        {
            "rules": ["curl_descent"],
            "inputs": 6000,
            "hidden": 3000,
            "student": {"start": "at_solution"},
            "teacher": {"norms": {"W1": "sqrt_hidden", "W2": 1.0}},
        },
    ],
    ids=[
        "minibatch",
        "full",
        "covariance",
        "online",
        "huge_update",
        "many_large",
        "many_replicates",
        "wide_layers",
        "wide_at_the_solution",
    ],
)
def test_a_run_looks_up_often_and_stops_when_told(changes: dict[str, Any]) -> None:
    run(spec_of(rules=["gradient_descent"]))  # compiled beforehand, as in a warm worker
    run(spec_of(rules=["gradient_descent"], activation="linear", training={"batch_size": "full"}))
    calls = [time.process_time()]  # not the time that other tests take from it meanwhile

    def report(fraction: float, /, **values: float) -> None:
        assert 0 <= fraction <= 1
        assert all(np.isfinite(value) for value in values.values())
        calls.append(time.process_time())
        if len(calls) > 20:
            raise Cancelled

    with pytest.raises(Cancelled):
        KIND.run(spec_of(**changes), {}, report)
    assert max(np.diff(calls)) < 0.5
    assert time.process_time() - calls[-1] < 0.2


def test_progress_names_epoch_and_median_error_of_every_rule() -> None:
    seen: list[dict[str, float]] = []
    spec = spec_of(record={"points": 12})

    def report(fraction: float, /, **values: float) -> None:
        seen.append({"fraction": fraction, **values})

    KIND.run(spec, {}, report)
    assert seen[-1]["fraction"] == 1.0
    assert set(seen[-1]) == {"fraction", "epoch", *(f"{rule}_test_error" for rule in RULES)}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"flips": {"hidden": {"count": 8}}}, r"8 is more than the 7 neurons"),
    ({"flips": {"readout": {"count": 10}}}, r"10 is more than the 9 neurons"),
    (
        {"flips": {"readout": {"count": 3}, "site": "postsynaptic"}},
        r"3 is more than the 2 neurons that postsynaptic",
    ),
    (
        {"flips": {"readout": {"count": 1, "fraction": 0.5}}},
        r"a fraction or a count, not both 0.5 and 1",
    ),
    ({"flips": {"readout": {}}}, r"give a fraction or a count \["),
    ({"flips": {"readout": {"fraction": 1.5}}}, r"1.5 is no fraction of a layer's neurons"),
    ({"flips": {"hidden": {"fraction": -0.1}}}, r"-0.1 is no fraction of a layer's neurons"),
    ({"flips": {"hidden": {"fraction": float("nan")}}}, r"flips.hidden.fraction"),
    ({"training": {"batch_size": 34}}, r"34 is more than the 33 samples"),
    ({"training": {"batch_size": 0}}, r"training.batch_size"),
    ({"training": {"learning_rate": float("nan")}}, r"learning_rate"),
    ({"rules": []}, r"rules"),
    ({"rules": ["curl_descent", "curl_descent"]}, r"\['curl_descent', .*names a rule twice"),
    ({"rules": ["hebb"]}, r"rules"),
    (
        {"student": {"start": "at_solution"}, "teacher": {"hidden": 8}},
        r"8 must equal hidden, 9",
    ),
    (
        {"student": {"start": "at_solution"}, "precision": "float32"},
        r"1e-15 is lost in rounding: in float32 it must be at least 2.6e-07",
    ),
    (
        {"record": {"order_parameter_window": 41}},
        r"41 must be 0, or from 2 to the 40 epochs",
    ),
    ({"record": {"order_parameter_window": 1}}, r"1 must be 0"),
    ({"inputs": 10**6}, r"inputs"),
    ({"seed": 2**53}, r"seed"),
    ({"hidden": 10.5}, r"hidden"),
    ({"replicates": True}, r"replicates"),
    ({"replicates": 10_001}, r"10001 is more than the 10000 replicates .*replicate_offset"),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED, ids=[text for _, text in REFUSED])
def test_a_bad_spec_is_refused_by_field_value_and_limit(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        spec_of(**changes)


def test_a_limit_between_fields_names_its_field_for_programs_and_not_in_its_text() -> None:
    with pytest.raises(ValidationError) as refused:
        spec_of(training={"batch_size": 34})
    error = refused.value.errors()[0]
    assert (error["ctx"]["field"], error["ctx"]["given"]) == ("training.batch_size", 34)
    assert error["msg"] == "34 is more than the 33 samples of data.train_size"


def test_the_papers_perturbations_are_accepted() -> None:
    for inputs, hidden in ((2, 217), (110, 110), (199, 20)):
        spec = spec_of(inputs=inputs, hidden=hidden, student={"start": "at_solution"})
        assert spec.student.perturbation == 1e-15


def test_columns_use_the_fields_own_names_and_real_fractions() -> None:
    flips = {"hidden": {"fraction": 0.3}, "readout": {"count": 3}}
    values = KIND.parameters(spec_of(flips=flips))
    assert values["compression_ratio"] == 7 / 9
    assert values["hidden_fraction"] == 2 / 7
    assert values["readout_fraction"] == 3 / 9
    assert values["activation"] == "tanh"
    assert values["train_size"] == 33
    assert values["batch_size"] == 10
    assert values["epochs"] == 40
    assert values["learning_rate"] == 0.02
    assert values["teacher_hidden"] == 9
    assert {"teacher_scale", "student_scale", "training_norm_constraint"} <= set(values)
    full = KIND.parameters(spec_of(training={"batch_size": "full"}))
    assert full["batch_size"] == 33
    other_side = KIND.parameters(
        spec_of(flips={"hidden": {"count": 3}, "readout": {"count": 1}, "site": "postsynaptic"})
    )
    assert (other_side["hidden_fraction"], other_side["readout_fraction"]) == (3 / 9, 1 / 2)


def test_the_estimate_of_an_absurd_spec_comes_at_once() -> None:
    spec = spec_of(
        inputs=100_000,
        hidden=100_000,
        replicates=10_000,
        data={"train_size": 10_000_000},
        training={"epochs": 10**9, "batch_size": 1},
    )
    start = time.monotonic()
    estimate = KIND.estimate(spec, {})
    assert time.monotonic() - start < 0.05
    assert estimate.memory_bytes > 10**15
    assert estimate.operations > 10**30
    assert np.isfinite(estimate.seconds)


@pytest.mark.parametrize(
    "changes",
    [
        {"inputs": 300, "hidden": 200, "replicates": 6},
        {"inputs": 50, "data": {"train_size": 20_000}, "training": {"epochs": 1}},
        {"inputs": 50, "data": {"train_size": 20_000}, "training": {"batch_size": "full"}},
        {"hidden": 300, "inputs": 300, "record": {"order_parameter_window": 2}},
        {
            "inputs": 900,
            "hidden": 90,
            "activation": "linear",
            "data": {"train_size": 3000},
            "training": {"epochs": 2, "batch_size": "full"},
        },
        {
            "outputs": 20,
            "replicates": 50,
            "data": {"train_size": 500, "online": True},
            "training": {"epochs": 20},
            "record": {"points": 2},
        },
    ],
    ids=["weights", "data", "full", "traced", "covariance", "online"],
)
def test_memory_stays_within_a_fifth_of_the_estimate(changes: dict[str, Any]) -> None:
    spec = spec_of(**{"training": {"epochs": 2}, **changes})
    run(spec)  # what compiling takes is not the arrays'
    tracemalloc.start()
    try:
        run(spec)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    arrays = KIND.estimate(spec, {}).memory_bytes - COMPILED_BYTES
    assert peak == pytest.approx(arrays, rel=0.2)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"rules": ["curl_descent"], "replicates": 1},
        {"training": {"epochs": 1}},
        {"activation": "linear", "training": {"learning_rate": 1e5}},
        {"record": {"threshold": 1e-30}},
        {"record": {"threshold": 1e5}},
    ],
    ids=["plain", "single", "one_epoch", "diverged", "never", "from_the_start"],
)
def test_figures_render_whatever_happened(changes: dict[str, Any]) -> None:
    spec = spec_of(**changes)
    result = run(spec)
    for figure in KIND.figures.values():
        document = themed(figure.draw(spec, result))
        assert rendered(document, "svg").startswith(b"<svg")


def test_figures_stay_small_however_many_replicates_and_records() -> None:
    many = spec_of(replicates=1000, training={"epochs": 2}, record={"points": 2})
    long = spec_of(training={"epochs": 5000, "batch_size": "full"}, record={"points": 10_000})
    for spec in (many, long):
        result = run(spec)
        for figure in KIND.figures.values():
            assert len(figure.draw(spec, result).to_json(indent=None)) < 300_000
    subtitle = KIND.figures["epochs_to_threshold"].draw(many, run(many)).to_dict()["title"]
    assert "the first 200 of 1000 replicates" in subtitle["subtitle"]
