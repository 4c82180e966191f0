"""Dimensionality of recorded activity and paths, against brute force; and what pins the input."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.experiment import Dataset, Refused, Result, silent
from core.kernels.effective_dimension import path_spectra
from core.kernels.intrinsic_dimension import gride
from core.kinds.curl_descent_representation import EXAMPLE, KIND, SIMULATION, RepresentationSpec
from core.kinds.curl_descent_simulation import KIND as SIMULATED
from core.summary import summarise
from store.inputs import as_input
from tests.core.test_curl_twin import spec_of

BOTH = {"weights": "snapshots", "probe_size": 12, "points": 8}


def recorded(**record: Any) -> Dataset:
    spec = spec_of(rules=["gradient_descent", "curl_descent"], record=record)
    result = SIMULATED.run(spec, {}, silent)
    return as_input(result, SIMULATED.rows(spec, result))


def measured(source: Dataset, **changes: Any) -> Result:
    spec = RepresentationSpec(experiment=EXAMPLE, **changes)
    KIND.estimate(spec, {EXAMPLE: summarise(source, SIMULATION)})
    return KIND.run(spec, {EXAMPLE: source}, silent)


def dimensions(points: NDArray[Any]) -> list[float]:
    """By numpy's covariance, of points that vary."""
    eigenvalues = np.linalg.eigvalsh(np.cov(points.T))[::-1]
    shares = np.maximum(eigenvalues, 0) / eigenvalues.sum()
    used = shares[shares > 1e-15]
    return [
        1 / (shares**2).sum(),
        np.exp(-(used * np.log(used)).sum()),
        float(np.argmax(np.cumsum(shares) >= 0.9) + 1),
        float(np.argmax(np.cumsum(shares) >= 0.95) + 1),
    ]


def test_every_cloud_is_measured_at_every_record() -> None:
    source = recorded(**BOTH)
    names = ["participation_ratio", "entropy_dimension", "n90", "n95"]
    result = measured(source, estimators=names)
    for place in np.ndindex(2, 2, 8):
        found = [result[f"hidden_{name}"][place] for name in names]
        assert found == pytest.approx(dimensions(source["hidden_activity"][place]), rel=1e-8)
        *network, r = place
        weights = [source[name][tuple(network)].reshape(8, -1) for name in ("W1", "W2")]
        path = np.concatenate(weights, axis=1)[: r + 1]
        found = [result[f"trajectory_{name}"][place] for name in names]
        if r == 0:
            assert np.isnan(found).all()
        else:
            assert found == pytest.approx(dimensions(path), rel=1e-6)


def test_rows_carry_the_rules_and_replicates_of_the_simulation() -> None:
    result = measured(recorded(**BOTH), estimators=["n90"])
    rows = KIND.rows(RepresentationSpec(experiment=EXAMPLE), result)
    assert [(row.arm, row.replicate) for row in rows] == [
        (arm, replicate) for arm in ("gradient_descent", "curl_descent") for replicate in (4, 5)
    ]
    assert rows[2].metrics["hidden_n90"] == result["hidden_n90"][1, 0, -1]
    assert rows[2].metrics["hidden_entropy_dimension"] is None


@pytest.mark.parametrize(
    ("record", "present", "absent"),
    [
        ({"probe_size": 12}, "hidden_n90", "trajectory_n90"),
        ({"weights": "snapshots"}, "trajectory_n90", "hidden_n90"),
    ],
)
def test_what_was_not_recorded_is_not_measured(
    record: dict[str, Any], present: str, absent: str
) -> None:
    result = measured(recorded(**record))
    assert present in result.arrays
    assert absent not in result.arrays


def test_twonn_is_the_slope_of_the_ratios_of_two_distances() -> None:
    source = recorded(probe_size=12, points=4)
    result = measured(source, estimators=["twonn"])
    about = {"arm", "replicate", "epoch", "hidden_size", "hidden_distinct_probes"}
    assert set(result.arrays) == {*about, "hidden_twonn"}
    for place in np.ndindex(result["hidden_twonn"].shape):
        x = source["hidden_activity"][place]
        distances = np.sort(np.linalg.norm(x[:, None] - x, axis=2), axis=1)
        ratios = np.sort(np.log(distances[:, 2] / distances[:, 1]))[:10]  # nine tenths of twelve
        below = -np.log(1 - np.arange(1, 11) / 12)
        (slope, *_), *_ = np.linalg.lstsq(ratios[:, None], below, rcond=None)
        assert result["hidden_twonn"][place] == pytest.approx(slope, rel=1e-9)


def test_a_curved_sheet_has_two_local_dimensions_in_many_variables() -> None:
    rng = np.random.default_rng(3)
    u, v = rng.uniform(size=(2, 1, 2000))
    waves = np.sin(3 * (rng.standard_normal((8, 2)) @ np.concatenate([u, v]))).T
    sheet = waves.reshape(1, 1, 1, 2000, 8)
    source = {
        "arm": np.array(["curl_descent"]),
        "replicate": np.zeros(1, int),
        "epoch": np.zeros(1),
        "hidden_activity": sheet,
    }
    result = measured(source, estimators=["twonn", "participation_ratio"])
    found, spread = result["hidden_twonn"].item(), 2 / np.sqrt(0.9 * 2000)  # its standard error
    assert abs(found - 2) < 4 * spread
    assert result["hidden_participation_ratio"].item() > 2.5


def of_activity(activity: NDArray[Any], **changes: Any) -> Result:
    """Of one network at one record, "probes hidden"."""
    source = {
        "arm": np.array(["curl_descent"]),
        "replicate": np.zeros(1, int),
        "epoch": np.zeros(1),
        "hidden_activity": activity[None, None, None],
    }
    return measured(source, **changes)


def test_maximum_likelihood_and_sweep_look_at_the_distances_of_their_neighbours() -> None:
    """Against sorted distances of 60 probes, two of which repeat others."""
    rng = np.random.default_rng(4)
    x = np.tanh(rng.standard_normal((58, 3)) @ rng.standard_normal((3, 9)))
    result = of_activity(np.concatenate([x, x[:2]]), estimators=["mle", "gride"])
    distances = np.sort(np.linalg.norm(x[:, None] - x, axis=2), axis=1)[:, 1:]
    logs = np.log(distances[:, 19:20] / distances[:, :19])
    assert result["hidden_mle"].item() == pytest.approx(1 / logs.mean(), rel=1e-9)
    assert result["hidden_gride_2"].item() == pytest.approx(
        1 / np.log(distances[:, 1] / distances[:, 0]).mean(), rel=1e-9
    )
    for rank in (2, 4, 8, 16):
        expected = gride(distances, rank)
        assert result[f"hidden_gride_{2 * rank}"].item() == pytest.approx(expected, rel=1e-9)
    assert np.isnan(result["hidden_gride_64"].item())
    assert result["hidden_distinct_probes"].item() == 58
    spec = RepresentationSpec(experiment=EXAMPLE, estimators=["mle", "gride"])
    assert "as few as 58 of 60 differ" in KIND.reading(spec, result)


def test_parallel_analysis_counts_what_neurons_share() -> None:
    """Three factors of 40 neurons; neurons of their own exceed their shuffles 5 times in 100."""
    rng = np.random.default_rng(5)
    shared = rng.standard_normal((200, 3)) @ rng.standard_normal((3, 40))
    own = rng.standard_normal((200, 40))
    asked: dict[str, Any] = {"estimators": ["parallel_analysis"], "shuffles": 40}
    name = "hidden_parallel_analysis"
    assert of_activity(shared + own, **asked)[name].item() == 3
    found = [of_activity(rng.standard_normal((60, 8)), **asked)[name].item() for _ in range(40)]
    assert np.mean(np.array(found) > 0) == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 40))


def test_the_reading_has_the_medians_the_bounds_and_what_to_compare_with() -> None:
    spec = RepresentationSpec(
        experiment=EXAMPLE, estimators=["participation_ratio", "n95", "twonn"]
    )
    source = recorded(**BOTH)
    result = measured(source, estimators=spec.estimators)
    text = KIND.reading(spec, result)
    assert f"after {source['epoch'][-1]} epochs, medians of 2 networks" in text
    for arm, rule in enumerate(("gradient descent", "curl descent")):
        median = float(np.median(result["hidden_participation_ratio"][arm, :, -1]))
        started = f"Under {rule}, the hidden activity has these dimensions: {median:.3g} by the"
        assert started in text
    more = np.diff(result["trajectory_participation_ratio"][..., -1], axis=0) > 0
    told = f"the weights' path so far has more dimensions in {more.sum()} of 2 networks under curl"
    assert told in text
    hidden = min(11, source["hidden_activity"].shape[-1])
    assert f"{hidden} for the hidden activity (12 probes)" in text
    assert "7 for the weights' path so far (8 records)" in text
    assert "not with the participation ratio of its condition means" in text
    source = {**source, "hidden_activity": np.full_like(source["hidden_activity"], np.nan)}
    assert "In 2 of them something is undefined" in KIND.reading(
        spec, measured(source, estimators=spec.estimators)
    )


def test_probes_that_all_answer_alike_have_no_local_dimension() -> None:
    source = {**recorded(probe_size=12, points=3)}
    source["hidden_activity"] = np.zeros_like(source["hidden_activity"])
    result = measured(source, estimators=["twonn", "mle", "parallel_analysis"])
    for name in ("twonn", "mle", "parallel_analysis"):
        assert np.isnan(result[f"hidden_{name}"]).all()


def test_a_straight_path_has_one_dimension_and_a_circle_two() -> None:
    t = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    line = 5 + np.outer(t, [1.0, 2.0, 3.0])
    circle = np.stack([np.cos(t), np.sin(t), np.ones_like(t)], axis=1)
    for path, expected in ((line, 1.0), (circle, 2.0)):
        *_, last = path_spectra(path)
        assert last.sum() ** 2 / (last**2).sum() == pytest.approx(expected)


def test_a_path_that_does_not_move_has_no_spectrum() -> None:
    for eigenvalues in path_spectra(np.full((5, 3), 0.1)):
        assert (eigenvalues == 0).all()
    nowhere = np.full((3, 2), np.nan)
    assert all(np.isnan(eigenvalues).all() for eigenvalues in path_spectra(nowhere))


@pytest.mark.parametrize(
    ("record", "format", "changes", "sentence"),
    [
        ({"weights": "final"}, SIMULATION, {}, "recorded neither hidden activity"),
        (BOTH, "curl_descent.toy", {}, "is one of curl_descent.toy; it must be a curl_descent.sim"),
        (BOTH, SIMULATION, {"estimators": ["n90", "n90"]}, "names an estimator twice"),
        ({"weights": "snapshots"}, SIMULATION, {"estimators": ["twonn"]}, "hidden activity only"),
        (
            {"weights": "snapshots"},
            SIMULATION,
            {"estimators": ["mle", "parallel_analysis"]},
            "mle and parallel_analysis can be measured on hidden activity only",
        ),
    ],
)
def test_results_that_cannot_be_measured_are_refused_in_words(
    record: dict[str, Any], format: str, changes: dict[str, Any], sentence: str
) -> None:
    spec = RepresentationSpec(experiment=EXAMPLE, **changes)
    with pytest.raises(Refused, match=sentence):
        KIND.estimate(spec, {EXAMPLE: summarise(recorded(**record), format)})


def test_the_hash_of_the_input_is_pinned_and_another_refused() -> None:
    spec = KIND.pinned(RepresentationSpec(experiment=EXAMPLE), {EXAMPLE: "a" * 64})
    assert spec.result == "a" * 64
    assert KIND.pinned(spec, {EXAMPLE: "a" * 64}) == spec
    with pytest.raises(Refused, match="has a result with another hash, bbbb"):
        KIND.pinned(spec, {EXAMPLE: "b" * 64})
