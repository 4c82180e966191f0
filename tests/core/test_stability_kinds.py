"""What both kinds about stability promise: check values, refusals in words, honest estimates."""

import math
import time
import tracemalloc
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from core.curl_stability import StabilitySpec, flips_of, layers_of
from core.experiment import Cancelled, ExperimentError, Kind, Refused, Result, silent
from core.figures import rendered, themed
from core.kernels.critical_lines import critical_hidden_fraction, critical_readout_fraction
from core.kernels.stability_sampling import Sampled, sampled_eigenvalues
from core.kinds import curl_descent_phase_diagram, curl_descent_stability
from core.summary import summarise
from tests.core.free_probability_twin import REFERENCE

STABILITY, DIAGRAM = curl_descent_stability.KIND, curl_descent_phase_diagram.KIND


def run(kind: Kind[Any], **fields: Any) -> tuple[Any, Result]:
    spec = kind.spec.model_validate(fields)
    return spec, kind.run(spec, {}, silent)


def metrics(kind: Kind[Any], **fields: Any) -> Any:
    return metrics_of(kind, *run(kind, **fields))


def metrics_of(kind: Kind[Any], spec: Any, result: Result) -> Any:
    (row,) = kind.rows(spec, result)
    assert (row.arm, row.replicate) == ("all", 0)
    return row.metrics


def named(cases: list[tuple[Kind[Any], dict[str, Any]]]) -> pytest.MarkDecorator:
    """Cases by kind and fields, under names that can be read."""
    return pytest.mark.parametrize(
        ("kind", "fields"), cases, ids=[f"{kind.name} {fields}" for kind, fields in cases]
    )


@pytest.mark.parametrize("row", REFERENCE["left_edge"], ids=str)
def test_metrics_have_the_check_values(row: dict[str, float]) -> None:
    found = metrics(
        STABILITY,
        compression_ratio=float(row["c"]),
        hidden_fraction=float(row["alpha_h"]),
        readout_fraction=float(row["alpha_r"]),
        kappa=float(row["kappa"]),
        empirical=None,
    )
    assert found["left_edge"] == pytest.approx(row["edge"], abs=1e-9)
    assert found["stable"] is (row["edge"] > 0)
    assert np.sign(found["margin"]) == np.sign(row["edge"])
    assert found["probability_stable"] is None


def test_the_lines_have_the_check_values_at_the_ends_of_a_diagram() -> None:
    for layer, rows in (("hidden", REFERENCE["hidden"]), ("readout", REFERENCE["readout"])):
        for row in rows:
            ratios = {"from": row["c"], "to": 2 * row["c"], "points": 2}
            _, result = run(DIAGRAM, compression_ratio=ratios, kappa=float(row["kappa"]))
            found = result[f"critical_{layer}_fraction"][0]
            assert found == pytest.approx(row[f"alpha_{layer[0]}"], abs=1e-9)


def test_a_diagram_of_the_papers_size_has_ratios_even_in_the_logarithm() -> None:
    _, result = run(DIAGRAM)
    c = result["compression_ratio"]
    assert (c[0], c[-1], len(c)) == (0.001, 100.0, 500)
    np.testing.assert_allclose(np.diff(np.log(c)), np.log(1e5) / 499, rtol=1e-9)


def test_the_joint_surface_is_positive_just_below_its_line() -> None:
    _, result = run(DIAGRAM, joint={"compression_ratio": 0.1, "points": 60})
    edge, line = result["joint_left_edge"], result["joint_critical_readout_fraction"]
    below = result["joint_fraction"] < line[:, None]
    assert (below == (edge > 0)).all()
    assert 0 < below.mean() < 1
    share = metrics(DIAGRAM, joint={"compression_ratio": 0.1, "points": 60})["joint_stable_share"]
    assert share == below.mean()


def test_sampled_networks_agree_with_the_lines_but_beside_them() -> None:
    spec, result = run(DIAGRAM, simulated={"ratios": 5, "fractions": 6, "neurons": 40, "draws": 4})
    c = result["simulated_compression_ratio"][:, None]
    for layer, line in (
        ("hidden", critical_hidden_fraction(c, 1.0)),
        ("readout", critical_readout_fraction(c, 1.0)),
    ):
        fraction, stable = (result[f"simulated_{layer}_{what}"] for what in ("fraction", "stable"))
        assert (stable[:, 0] == 1).all()
        assert (stable[fraction < line - 0.1] == 1).all()
        assert (stable[fraction > line + 0.15] == 0).all()
    assert metrics_of(DIAGRAM, spec, result)["simulated_agreement"] > 0.9


def test_one_flipped_input_destabilises_a_network_above_two_thirds() -> None:
    one = {"inputs": 300, "draws": 6, "hidden_count": 1}
    shares = [
        metrics(STABILITY, compression_ratio=c, hidden_fraction=0.0, empirical=one)
        for c in (0.4, 1.0)
    ]
    assert [each["probability_stable"] for each in shares] == [1.0, 0.0]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"outputs": 2}, "several outputs"),
        ({"site": "postsynaptic", "outputs": 2}, "postsynaptic flips"),
        ({"site": "postsynaptic"}, "postsynaptic flips"),
    ],
    ids=str,
)
def test_without_a_theory_samples_stand_alone_and_a_warning_says_so(
    fields: dict[str, Any], words: str
) -> None:
    spec, result = run(STABILITY, empirical={"inputs": 40, "draws": 3}, **fields)
    assert words in result.warnings[0]
    assert "density" not in result.arrays
    assert result["eigenvalues"].shape == (3, 40 * spec.outputs)
    found = metrics_of(STABILITY, spec, result)
    for name in ("left_edge", "right_edge", "stable", "margin", "atom_mass"):
        assert found[name] is None
    assert found["probability_stable"] is not None


def test_correlated_inputs_keep_the_verdict_and_lose_the_density() -> None:
    spec, result = run(STABILITY, input_covariance={"exponent": 1.0})
    found = metrics_of(STABILITY, spec, result)
    assert found["stable"] is True
    assert found["probability_stable"] == 1.0
    assert found["left_edge"] is None
    assert "correlated inputs" in result.warnings[0]
    assert 0 < found["empirical_left_edge"] < metrics(STABILITY)["empirical_left_edge"]


def test_a_sample_that_is_not_what_was_asked_for_says_what_it_is() -> None:
    _, result = run(
        STABILITY, compression_ratio=0.3, empirical={"inputs": 7, "draws": 1, "hidden_count": 1}
    )
    assert "7 inputs and 23 hidden neurons, 1 and 0 neurons flipped" in result.warnings[0]
    _, exact = run(STABILITY, compression_ratio=0.5, empirical={"inputs": 8, "draws": 1})
    assert exact.warnings == ()


REFUSED: list[tuple[Kind[Any], dict[str, Any], str]] = [
    (STABILITY, {"compression_ratio": 0.0}, "0 is no compression ratio: inputs / hidden neurons"),
    (STABILITY, {"compression_ratio": -1.0}, "-1 is no compression ratio"),
    (STABILITY, {"compression_ratio": 1e9}, r"1e\+09 must be from 0.0001 to 10000"),
    (STABILITY, {"hidden_fraction": 1.2}, "1.2 is no fraction of a layer's neurons"),
    (STABILITY, {"readout_fraction": -0.1}, "-0.1 is no fraction of a layer's neurons"),
    (STABILITY, {"kappa": 0.0}, r"0 is no ratio of squared norms, \|\|W2\|\|\^2"),
    (STABILITY, {"kappa": -2.0}, "-2 is no ratio of squared norms"),
    (STABILITY, {"kappa": float("nan")}, "kappa"),
    (STABILITY, {"empirical": {"hidden_count": 401}}, "401 is more than the 400 neurons"),
    (STABILITY, {"empirical": {"readout_count": 1334}}, "1334 is more than the 1333 neurons"),
    (
        STABILITY,
        {"site": "postsynaptic", "outputs": 3, "empirical": {"readout_count": 4}},
        "4 is more than the 3 neurons that postsynaptic readout flips act on",
    ),
    (
        STABILITY,
        {"site": "postsynaptic", "readout_fraction": 1.0},
        "1.0 cannot flip a part of one output, and flipping the only output sends all of W2",
    ),
    (
        STABILITY,
        {"site": "postsynaptic", "empirical": {"readout_count": 1}},
        "1 cannot flip a part of one output",
    ),
    (STABILITY, {"outputs": 2, "empirical": None}, "leaves nothing to compute"),
    (
        STABILITY,
        {"compression_ratio": 100.0, "empirical": {"inputs": 40}},
        "40 leave no hidden neuron at a compression ratio of 100; sample at least 51",
    ),
    (
        STABILITY,
        {"compression_ratio": 100.0, "outputs": 5},
        "5 is more than the 4 hidden neurons of the sampled networks",
    ),
    (
        STABILITY,
        {"site": "postsynaptic", "outputs": 9, "input_covariance": {}},
        "9 makes one matrix of 3600 rows",
    ),
    (DIAGRAM, {"kappa": 0.0}, "0 is no ratio of squared norms"),
    (DIAGRAM, {"compression_ratio": {"from": 0.0}}, "0 is no compression ratio"),
    (DIAGRAM, {"compression_ratio": {"from": 2.0, "to": 2.0}}, "2.0 must be below"),
    (DIAGRAM, {"compression_ratio": {"from_": 2.0}}, "from_"),
    (DIAGRAM, {"joint": {"compression_ratio": 0.0}}, "0 is no compression ratio"),
]


@pytest.mark.parametrize(("kind", "fields", "message"), REFUSED, ids=[r[2] for r in REFUSED])
def test_a_bad_spec_is_refused_in_words_of_the_field(
    kind: Kind[Any], fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        kind.spec.model_validate(fields)


@named(
    [
        (STABILITY, {"compression_ratio": 0.002}),
        (STABILITY, {"empirical": {"inputs": 300, "draws": 100}}),
        (DIAGRAM, {"joint": {"points": 2000}}),
        (DIAGRAM, {"simulated": {"neurons": 200, "draws": 100}}),
    ]
)
def test_a_run_looks_up_often_and_stops_when_told(kind: Kind[Any], fields: dict[str, Any]) -> None:
    calls = [time.process_time()]  # its own seconds, not those of whatever else runs

    def report(fraction: float, /, **values: float) -> None:
        assert 0 <= fraction <= 1
        calls.append(time.process_time())
        if len(calls) > 40:
            raise Cancelled

    with pytest.raises(Cancelled):
        kind.run(kind.spec.model_validate(fields), {}, report)
    assert max(np.diff(calls)) < 1.0


@named(
    [
        (STABILITY, {"empirical": {"inputs": 600, "draws": 1}}),
        (STABILITY, {"compression_ratio": 0.01, "empirical": {"inputs": 200, "draws": 2}}),
        (STABILITY, {"outputs": 6, "empirical": {"inputs": 500, "draws": 1}}),
        (
            STABILITY,
            {
                "site": "postsynaptic",
                "outputs": 4,
                "input_covariance": {},
                "empirical": {"inputs": 200, "draws": 1},
            },
        ),
        (DIAGRAM, {"joint": {"points": 400}}),
        (DIAGRAM, {"simulated": {"ratios": 2, "neurons": 100, "draws": 1}}),
    ]
)
def test_memory_stays_below_the_estimate_and_near_it(
    kind: Kind[Any], fields: dict[str, Any]
) -> None:
    spec = kind.spec.model_validate(fields)
    tracemalloc.start()
    try:
        kind.run(spec, {}, silent)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < kind.estimate(spec, {}).memory_bytes < 3 * peak + 12_000_000


@pytest.mark.parametrize(
    "fields",
    [
        {"empirical": None},
        {"compression_ratio": 1.0, "hidden_fraction": 0.0},
        {"compression_ratio": 9.0, "hidden_fraction": 1.0, "readout_fraction": 1.0},
        {"compression_ratio": 3.0, "site": "postsynaptic", "outputs": 2},
        {"input_covariance": {"exponent": 2.0}},
    ],
    ids=str,
)
def test_a_spectrum_renders_whatever_it_is_of(fields: dict[str, Any]) -> None:
    spec, result = run(STABILITY, **{"empirical": {"inputs": 60, "draws": 2}, **fields})
    for figure in STABILITY.figures.values():
        assert rendered(themed(figure.draw(spec, result)), "svg").startswith(b"<svg")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"kappa": 3.0, "compression_ratio": {"from": 0.5, "to": 0.9, "points": 100_000}},
        {"kappa": 0.01, "compression_ratio": {"from": 10.0, "to": 2000.0, "points": 2}},
        {"joint": {"points": 2}, "simulated": {"ratios": 2, "fractions": 2, "neurons": 2}},
    ],
    ids=str,
)
def test_diagrams_render_and_stay_small(fields: dict[str, Any]) -> None:
    spec, result = run(DIAGRAM, **fields)
    for figure in DIAGRAM.figures.values():
        chart = figure.draw(spec, result)
        assert rendered(themed(chart), "svg").startswith(b"<svg")
        assert len(chart.to_json(indent=None)) < 300_000


@pytest.mark.parametrize("ends", [(0.001, 1000.0), (0.2, 5.0), (0.5, 30.0), (0.01, 2.0)])
def test_no_region_of_a_diagram_is_named_across_the_line_of_equal_layers(
    ends: tuple[float, float],
) -> None:
    low, high = ends
    spec, result = run(DIAGRAM, compression_ratio={"from": low, "to": high, "points": 200})
    chart = themed(DIAGRAM.figures["critical_lines"].draw(spec, result))
    labels = [row for rows in chart["datasets"].values() for row in rows if "name" in row]
    assert "unstable" in {row["name"] for row in labels}
    for row in labels:
        pixels = abs(math.log(row["c"])) / math.log(high / low) * 300
        assert pixels > 3.6 * len(row["name"])  # half of it, in bold letters of 7 pixels


def test_the_papers_sizes_take_no_time_to_estimate_and_fit_in_their_estimate() -> None:
    spec = DIAGRAM.spec.model_validate({"joint": {"compression_ratio": 0.3, "points": 500}})
    estimate = DIAGRAM.estimate(spec, {})
    start = time.process_time()
    DIAGRAM.run(spec, {}, silent)
    spent = time.process_time() - start
    assert spent < 2.0
    assert estimate.seconds / 4 < spent < 6 * estimate.seconds


def test_columns_use_the_specs_own_names() -> None:
    values = STABILITY.parameters(StabilitySpec())
    assert (values["compression_ratio"], values["hidden_fraction"]) == (0.3, 0.5)
    assert values["empirical_inputs"] == 400
    assert values["input_covariance_exponent"] is None
    assert values["input_covariance_dataset"] is None
    ratios = DIAGRAM.parameters(DIAGRAM.spec())
    assert ratios["compression_ratio_from"] == 0.001
    paths = {column.name: column.dotted for column in DIAGRAM.columns}
    assert paths["compression_ratio_from"] == "compression_ratio.from"


ID = "01234567-89ab-cdef-0123-456789abcdef"
OWN = {"compression_ratio": 0.4, "empirical": {"inputs": 20, "draws": 3}}


def with_covariance(S: NDArray[np.float64], **fields: Any) -> NDArray[np.float64]:
    """The rates of networks whose inputs have a covariance that was uploaded."""
    arrays = {"covariance": S}
    spec = StabilitySpec.model_validate({**OWN, "input_covariance": {"dataset": ID}, **fields})
    assert STABILITY.datasets(spec) == (ID,)
    assert STABILITY.estimate(spec, {ID: summarise(arrays, "npz")}).memory_bytes > S.nbytes
    return np.asarray(STABILITY.run(spec, {ID: arrays}, silent)["eigenvalues"])


@pytest.mark.parametrize("fields", [{}, {"outputs": 2}, {"site": "postsynaptic", "outputs": 2}])
def test_inputs_have_the_covariance_that_is_given(fields: dict[str, Any]) -> None:
    mixing = np.random.default_rng(1).standard_normal((20, 20))
    S = mixing @ mixing.T
    spec = StabilitySpec.model_validate({**OWN, **fields})
    assert spec.empirical is not None
    layers, flips = layers_of(spec, spec.empirical), flips_of(spec, spec.empirical)
    root = np.linalg.cholesky(S / np.trace(S) * 20)  # another root of the same covariance
    expected = [
        sampled_eigenvalues(Sampled(layers, 1.0, 0), flips, draw, covariance=root)
        for draw in range(3)
    ]
    np.testing.assert_allclose(with_covariance(S, **fields), expected, atol=1e-12)


def test_a_white_covariance_of_any_size_is_no_covariance() -> None:
    _, white = run(STABILITY, **OWN)
    np.testing.assert_allclose(with_covariance(7 * np.eye(20)), white["eigenvalues"], atol=1e-12)


@pytest.mark.parametrize("S", [np.eye(20) - 2 * np.eye(20)[0], np.zeros((20, 20))])
def test_a_matrix_that_is_no_covariance_is_refused(S: NDArray[np.float64]) -> None:
    with pytest.raises(ExperimentError, match=f"^input_covariance.dataset: the matrix of .*{ID}"):
        with_covariance(S)


def test_a_covariance_of_other_inputs_is_refused_at_submission() -> None:
    with pytest.raises(Refused, match=r"^input_covariance.dataset: .*\(19, 19\).*\(20, 20\)"):
        with_covariance(np.eye(19))
