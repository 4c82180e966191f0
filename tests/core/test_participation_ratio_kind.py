"""The kind on the bundled recording: published values, refusals, and what it says of doubts."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from core.dataset import DatasetSummary
from core.examples import GOLUB_BCI
from core.experiment import Cancelled, ExperimentError, Refused, Result, Row, silent
from core.figures import rendered, themed
from core.kinds.participation_ratio import KIND
from core.participation_ratio import ParticipationRatioSpec
from core.reading import read_arrays
from core.session_spec import Comparison
from core.summary import summarise

RECORDING = read_arrays(GOLUB_BCI.path).arrays
CHECKS = json.loads((Path(__file__).parents[1] / "data" / "dimensionality_checks.json").read_text())
UPLOADED = "00000000-0000-0000-0000-000000000000"
BLOCKS = Comparison(factor="block", compare=("before", "after"))
Metrics = Mapping[str, float | int | bool | None]


def spec_of(**changes: Any) -> ParticipationRatioSpec:
    plain: dict[str, Any] = {"dataset": UPLOADED, "block": BLOCKS, "permutations": 20}
    return ParticipationRatioSpec(**(plain | changes))


def run(spec: ParticipationRatioSpec, arrays: Mapping[str, NDArray[Any]]) -> Result:
    return KIND.run(spec, {spec.dataset: arrays}, silent)


def metrics(spec: ParticipationRatioSpec, result: Result) -> dict[str, Metrics]:
    return {row.arm: row.metrics for row in KIND.rows(spec, result)}


def summaries(arrays: Mapping[str, NDArray[Any]]) -> dict[str, DatasetSummary]:
    return {UPLOADED: summarise(arrays, "npz")}


@pytest.fixture(scope="module")
def example() -> tuple[ParticipationRatioSpec, Result]:
    spec = KIND.example()
    return spec, run(spec, RECORDING)


@pytest.fixture(scope="module")
def weak() -> dict[str, NDArray[Any]]:
    """Forty trials of pure noise, in two blocks."""
    return {
        "counts": np.random.default_rng(0).poisson(5.0, (80, 10)),
        "target": np.arange(80) % 4,
        "block": np.where(np.arange(80) // 4 % 2, "after", "before"),
    }


@pytest.mark.parametrize("block", ["before", "after"])
def test_the_recording_gives_the_published_values(
    example: tuple[ParticipationRatioSpec, Result], block: str
) -> None:
    spec, result = example
    found = metrics(spec, result)[block]
    named = {**CHECKS["peer"], "participation_ratio": CHECKS["formula"]["participation_ratio"]}
    for name, values in named.items():
        assert found[name] == pytest.approx(values[block], rel=1e-8), name
    for name in ("numerator", "denominator"):
        values = result[name][spec.arms.index(block)]
        assert values == pytest.approx(CHECKS["formula"][name][block], rel=1e-8)


def test_the_neuron_correction_gives_the_published_values() -> None:
    spec = spec_of(neuron_correction=True)
    found = metrics(spec, run(spec, RECORDING))
    for block, value in CHECKS["formula"]["participation_ratio_neuron_corrected"].items():
        assert found[block]["participation_ratio"] == pytest.approx(value, rel=1e-8)


def test_blocks_are_rows_beside_their_comparison(
    example: tuple[ParticipationRatioSpec, Result],
) -> None:
    spec, result = example
    rows = KIND.rows(spec, result)
    assert [(row.arm, row.replicate) for row in rows] == [
        ("before", 0),
        ("after", 0),
        ("comparison", 0),
    ]
    before = rows[0].metrics
    assert (before["trials"], before["neurons"]) == (552, 86)
    assert set().union(*(row.metrics for row in rows)) == set(KIND.metrics)
    ratios = [float(row.metrics["participation_ratio"] or 0) for row in rows[:2]]
    assert rows[2].metrics["log_ratio"] == pytest.approx(np.log(ratios[0] / ratios[1]))


def test_the_recording_warns_that_its_bins_are_not_independent_and_its_blocks_not_mixed(
    example: tuple[ParticipationRatioSpec, Result],
) -> None:
    optimistic, confounded = example[1].warnings
    assert "p-values, computed row by row, are optimistic" in optimistic
    assert "follow each other in time" in confounded


def test_the_same_spec_gives_the_same_bits(example: tuple[ParticipationRatioSpec, Result]) -> None:
    spec, first = example
    second = run(spec, RECORDING)
    for name, array in first.arrays.items():
        assert array.values.tobytes() == second[name].tobytes(), name


def test_the_block_order_turns_the_sign_of_the_log_ratio_and_nothing_else() -> None:
    turned = Comparison(factor="block", compare=("after", "before"))
    forth, back = spec_of(), spec_of(block=turned)
    one, two = metrics(forth, run(forth, RECORDING)), metrics(back, run(back, RECORDING))
    assert one["before"] == two["before"]
    assert one["comparison"]["log_ratio"] == -float(two["comparison"]["log_ratio"] or 0)


def test_without_blocks_all_trials_are_one_arm() -> None:
    spec = spec_of(block=None, transform="sqrt", neurons=(0, 5, 7, 30))
    result = run(spec, RECORDING)
    (row,) = KIND.rows(spec, result)
    assert (row.arm, row.metrics["trials"], row.metrics["neurons"]) == ("all", 1104, 4)
    assert result["neurons"].tolist() == [0, 5, 7, 30]
    assert "permutation_log_ratio" not in result.arrays


def test_trials_in_groups_count_as_one_observation_each() -> None:
    """A trial cut into two equal bins is that trial: same estimate, same error, same p."""
    generator = np.random.default_rng(1)
    target, block = np.arange(64) % 4, np.where(np.arange(64) // 4 % 2, "after", "before")
    counts = generator.poisson(2 + 14 * generator.random((4, 12))[target])
    whole = {"counts": counts, "target": target, "block": block}
    bins = {name: np.repeat(values, 2, axis=0) for name, values in whole.items()}
    spec = spec_of(permutations=50)
    alone = run(spec, whole)
    grouped = run(spec, bins | {"group": np.repeat(np.arange(64), 2)})
    left, right = metrics(spec, alone), metrics(spec, grouped)
    for arm, name in [("before", "participation_ratio"), ("after", "log_se")]:
        assert left[arm][name] == pytest.approx(right[arm][name], rel=1e-9)
    assert right["before"]["trials"] == 64


def test_noise_gives_null_with_the_reason_and_figures_all_the_same(
    weak: dict[str, NDArray[Any]],
) -> None:
    spec = spec_of()
    result = run(spec, weak)
    found = metrics(spec, result)
    assert all(np.isnan(float(found[arm]["participation_ratio"] or 0)) for arm in spec.arms)
    assert np.isnan(float(found["comparison"]["p_value"] or 0))
    assert "before: no participation ratio, because the condition means are lost" in str(
        result.warnings
    )
    for figure in KIND.figures.values():
        assert rendered(themed(figure.draw(spec, result)), "svg").startswith(b"<svg")


@pytest.mark.parametrize("changes", [{}, {"block": None}, {"permutations": 0}])
def test_every_figure_is_strict_json_and_renders(changes: dict[str, Any]) -> None:
    spec = spec_of(**changes)
    result = run(spec, RECORDING)
    for figure in KIND.figures.values():
        document = themed(figure.draw(spec, result))
        json.dumps(document, allow_nan=False)
        assert rendered(document, "png").startswith(b"\x89PNG")


def test_figures_carry_the_caveat_beside_p(example: tuple[ParticipationRatioSpec, Result]) -> None:
    spec, result = example
    for name in ("participation_ratio", "permutation_null"):
        subtitle = themed(KIND.figures[name].draw(spec, result))["title"]["subtitle"]
        assert "permutation p = " in subtitle[0]
        assert "Optimistic" in subtitle[1]


def test_progress_rises_to_one_and_can_cancel() -> None:
    seen: list[float] = []
    spec = spec_of(permutations=300)

    def note(fraction: float, /, **values: float) -> None:
        seen.append(fraction)

    KIND.run(spec, {UPLOADED: RECORDING}, note)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1.0)

    def cancel(fraction: float, /, **values: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        KIND.run(spec, {UPLOADED: RECORDING}, cancel)


def test_shuffles_without_a_ratio_are_counted_in_a_warning() -> None:
    """Two blocks of opposite tuning leave little of it in a shuffled one."""
    generator = np.random.default_rng(2)
    target, second = np.arange(40) % 4, np.arange(40) // 4 % 2
    tuning = np.array([6.0, -6.0])[second, None] * generator.standard_normal((4, 3))[target]
    arrays = {
        "counts": tuning + generator.standard_normal((40, 3)),
        "target": target,
        "block": np.where(second, "after", "before"),
    }
    result = run(spec_of(permutations=400), arrays)
    undefined = int(np.isnan(result["permutation_log_ratio"]).sum())
    assert undefined > 0
    assert f"{undefined} of 400 shuffles have no defined ratio" in result.warnings[-1]


def test_halves_of_one_block_show_what_drift_alone_does() -> None:
    """Tuning that fades inside `after` differs between its halves; `before` is steady."""
    generator = np.random.default_rng(3)
    target, late = np.arange(160) % 4, np.arange(160) >= 120
    tuning = 4 * generator.standard_normal((4, 3))
    means = tuning[target]
    means[late, 1:] *= 0.1
    arrays = {
        "counts": means + 0.3 * generator.standard_normal((160, 3)),
        "target": target,
        "block": np.where(np.arange(160) < 80, "before", "after"),
    }
    spec = spec_of()
    result = run(spec, arrays)
    steady, drifting = result["pseudo_log_ratio"] / result["pseudo_log_se"]
    assert abs(steady) < 4
    assert drifting > 4
    assert "follow each other in time" in KIND.reading(spec, result)
    mixed = run(spec, arrays | {"block": np.where(np.arange(160) // 4 % 2, "before", "after")})
    assert np.isnan(mixed["pseudo_log_ratio"]).all()


def test_a_spec_reads_the_same_from_json_and_from_python() -> None:
    written = {
        "dataset": UPLOADED,
        "neurons": [1, 2],
        "block": {"factor": "block", "compare": ["before", "after"]},
    }
    spec = ParticipationRatioSpec.model_validate(written)
    assert ParticipationRatioSpec.model_validate_json(json.dumps(written)) == spec
    assert ParticipationRatioSpec.model_validate(spec.model_dump(mode="json")) == spec


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "golub"}, "String should match pattern"),
        ({"transform": "log"}, "Input should be 'none' or 'sqrt'"),
        ({"neurons": [1]}, "at least 2 items"),
        ({"neurons": [1, 1]}, "neurons names a neuron twice"),
        ({"neurons": [1, -1]}, "greater than or equal to 0"),
        ({"neurons": [1, 2.0]}, "valid integer"),
        ({"seed": True}, "valid integer"),
        ({"seed": -1}, "greater than or equal to 0"),
        ({"permutations": 100_001}, "less than or equal to 100000"),
        ({"block": {"factor": "block", "compare": ["before"]}}, "Field required"),
        ({"block": {"factor": "block", "compare": ["a", "a"]}}, "compare names 'a' twice"),
        ({"block": {"factor": "b", "compare": ["a", "comparison"]}}, "the name of an arm"),
        ({"neuron_correction": 1}, "valid boolean"),
        ({"blocks": None}, "Extra inputs are not permitted"),
    ],
)
def test_a_spec_out_of_bounds_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ParticipationRatioSpec.model_validate({"dataset": UPLOADED, **changes})


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"dataset": GOLUB_BCI.dataset_id}, "dataset", "there is no such dataset"),
        ({"neurons": (3, 86)}, "neurons", "86 is not a neuron of this dataset, which has 86"),
        (
            {"block": Comparison(factor="field", compare=("NF", "FF"))},
            "block.factor",
            "the dataset has no factor 'field'; it has block",
        ),
        (
            {"block": Comparison(factor="block", compare=("before", "during"))},
            "block.compare",
            "`block` has no label 'during'; it has after, before",
        ),
    ],
)
def test_a_spec_that_its_dataset_cannot_satisfy_is_refused_before_it_runs(
    changes: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(Refused, match=message) as refusal:
        KIND.estimate(spec_of(**changes), summaries(RECORDING))
    assert refusal.value.field == field


def test_a_cell_of_three_trials_is_refused_before_it_runs_and_by_the_run() -> None:
    kept = np.ones(1104, dtype=bool)
    kept[3:69] = False
    short = {"target_angle_deg": RECORDING["target_angle_deg"]}
    short |= {name: RECORDING[name][kept] for name in ("counts", "target", "block")}
    message = r"the cell \(target 0, block before\) has 3 trials; at least 4 are needed"
    with pytest.raises(Refused, match=message):
        KIND.estimate(spec_of(), summaries(short))
    with pytest.raises(ExperimentError, match=message):
        run(spec_of(), short)
    assert KIND.estimate(spec_of(block=None), summaries(short)).operations > 0


def test_a_dataset_that_is_no_session_is_refused_with_what_it_lacks() -> None:
    with pytest.raises(Refused, match="dataset: not usable as a session: no `target`"):
        KIND.estimate(spec_of(), summaries({"counts": np.ones((4, 4))}))


def test_the_estimate_of_an_absurd_session_needs_no_memory_and_is_absurd() -> None:
    plain = summaries(RECORDING)[UPLOADED]
    cells = tuple(cell.model_copy(update={"trials": 10**7}) for cell in plain.cells)
    huge = plain.model_copy(update={"cells": cells, "trials": 16 * 10**7})
    cost = KIND.estimate(spec_of(permutations=100_000), {UPLOADED: huge})
    assert cost.memory_bytes > 10**17
    assert cost.seconds > 10**10
    assert all(isinstance(number, int) for number in (cost.memory_bytes, cost.operations))


def test_rows_need_only_the_arrays(example: tuple[ParticipationRatioSpec, Result]) -> None:
    spec, result = example
    copied = Result(dict(result.arrays))
    assert KIND.rows(spec, copied) == KIND.rows(spec, result)
    assert all(isinstance(row, Row) for row in KIND.rows(spec, copied))
