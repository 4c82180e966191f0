"""The kind of the two-synapse network: its counts, its units and what it refuses."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from core.curl_toy import ToySpec
from core.experiment import Result, silent
from core.figures import themed
from core.kernels.toy_flow import FLIPPED_SIGNS, field, flow
from core.kinds.curl_descent_toy import KIND, rows, run

ARMS = ["gradient_descent", "curl_descent"]


def spec(**fields: Any) -> ToySpec:
    return ToySpec.model_validate({"grid_points": 11, **fields})


def ran(asked: ToySpec) -> Result:
    return run(asked, {}, silent)


def metrics(asked: ToySpec) -> dict[str, dict[str, Any]]:
    return {row.arm: dict(row.metrics) for row in rows(asked, ran(asked))}


def test_starts_that_never_converge_are_counted_and_not_averaged() -> None:
    found = metrics(spec(starts=[[0.1, 1.9], [0.5, 0.5], [-0.2, 0.3]]))["curl_descent"]
    assert found["starts_never"] == 2
    assert found["starts_converged"] == 1
    assert found["fraction_converged"] == pytest.approx(1 / 3)
    assert found["convergence_time"] is None
    alone = metrics(spec(starts=[[0.1, 1.9], [0.5, 0.5], [-0.2, 1.8]]))["curl_descent"]
    assert alone["convergence_time"] > 0


def test_each_start_is_won_by_one_rule_at_most() -> None:
    found = metrics(spec(starts={"random": 500}))
    won = [found[arm]["fraction_faster"] for arm in ARMS]
    assert 0 < won[1] < won[0]
    assert sum(won) <= 1
    same = metrics(spec(starts={"random": 50}, flipped="none"))
    assert [same[arm]["fraction_faster"] for arm in ARMS] == [0, 0]


def test_what_never_converges_has_its_exact_period_in_the_specs_time() -> None:
    result = ran(spec(starts=[[1.0, 0.0], [2.0, 1.0]], input_variance=4.0))
    period = result["period"][1]
    assert period[0] == pytest.approx(2 * np.pi / np.sqrt(1 - 1 / 4) / 4)
    assert np.isnan(period[1])
    assert np.isnan(result["period"][0]).all()


def test_a_larger_input_variance_only_speeds_up_and_scales_the_loss() -> None:
    slow = ran(spec(duration=8.0))
    fast = ran(spec(duration=2.0, input_variance=4.0))
    np.testing.assert_allclose(fast["trajectories"], slow["trajectories"], rtol=1e-12)
    np.testing.assert_allclose(4 * fast["convergence_time"], slow["convergence_time"], rtol=1e-12)
    np.testing.assert_allclose(fast["loss"], 4 * slow["loss"], rtol=1e-9, atol=1e-25)
    np.testing.assert_allclose(fast["loss_ascent"], 4 * slow["loss_ascent"], rtol=1e-12)


def test_half_of_the_solutions_lose_their_stability() -> None:
    result = ran(spec())
    small_readout = np.abs(result["solutions"][:, 1]) < np.abs(result["solutions"][:, 0])
    unstable = result["solution_eigenvalue"] > 0
    assert not unstable[0].any()
    np.testing.assert_array_equal(unstable[1], small_readout)
    assert np.count_nonzero(result["solution_eigenvalue"][1] == 0) == 2  # (1, 1) and (-1, -1)


@pytest.mark.parametrize("flipped", FLIPPED_SIGNS)
def test_eigenvalues_are_those_of_the_numerical_jacobian(flipped: str) -> None:
    result = ran(spec(flipped=flipped, input_variance=3.0))

    def spectrum(point: Any) -> Any:
        step = 1e-6 * np.eye(2)
        signs = FLIPPED_SIGNS[flipped]
        columns = (field(signs, point + step) - field(signs, point - step)) / 2e-6
        return np.linalg.eigvals(3.0 * columns.T)

    for point, rate in zip(result["solutions"], result["solution_eigenvalue"][1], strict=True):
        # Both eigenvalues vanish at (1, 1), where halves of the digits are lost.
        assert np.abs(spectrum(point) - rate).min() < 1e-5 * (1 + abs(rate)) + 1e-3 * (rate == 0)
    parts = result["origin_eigenvalues"][1]
    told = np.sort_complex(parts[:, 0] + 1j * parts[:, 1])
    np.testing.assert_allclose(np.sort_complex(spectrum(np.zeros(2))), told, atol=1e-8)


@pytest.mark.parametrize("flipped", FLIPPED_SIGNS)
def test_the_types_of_fixed_points_are_those_of_their_eigenvalues(flipped: str) -> None:
    toy = spec(flipped=flipped)
    result = ran(toy)
    hidden_larger = np.abs(result["solutions"][:, 0]) > np.abs(result["solutions"][:, 1])
    half_stable = result["solution_eigenvalue"] == 0
    for arm, row in enumerate(KIND.rows(toy, result)):
        grows = result["origin_eigenvalues"][arm, :, 0].max() > 0
        assert row.metrics["origin_saddle"] is bool(grows)
        for larger, name in ((hidden_larger, "hidden"), (~hidden_larger, "readout")):
            stable = result["solution_eigenvalue"][arm, larger & ~half_stable[arm]] < 0
            assert stable.all() == stable.any() == row.metrics[f"stable_where_{name}_larger"]


@pytest.mark.parametrize("flipped", ["readout", "hidden", "none"])
def test_basins_are_where_long_trajectories_end(flipped: str) -> None:
    result = ran(spec(flipped=flipped, extent=2.3, grid_points=14))
    grid = np.stack(np.meshgrid(result["grid_w1"], result["grid_w2"]), axis=-1).reshape(-1, 2)
    for arm, rule in enumerate(("none", flipped)):
        late = flow(FLIPPED_SIGNS[rule], grid, np.array([200.0]))[:, 0]
        solved = np.abs(late[:, 0] * late[:, 1] - 1) < 1e-6
        ends = np.where(solved, np.sign(late[:, 0]), 0)
        np.testing.assert_array_equal(result["basin"][arm].ravel(), ends)


def test_more_random_starts_keep_those_of_fewer() -> None:
    few, many = (ran(spec(starts={"random": n, "radius": 1.5}))["starts"] for n in (5, 50))
    np.testing.assert_array_equal(few, many[:5])
    assert np.hypot(*many.T).max() < 1.5
    other = ran(spec(starts={"random": 5, "radius": 1.5}, seed=1))["starts"]
    assert not np.any(other == few)


def test_gradient_ascent_has_no_largest_climb() -> None:
    found = metrics(spec(flipped="both", starts={"random": 5}))["curl_descent"]
    assert found["max_loss_ascent"] is None
    assert found["starts_never"] == 5


@pytest.mark.parametrize(
    "fields",
    [
        {"starts": []},
        {"starts": [[1.0]]},
        {"starts": [[1.0, 2.0, 3.0]]},
        {"starts": [[1.0, float("nan")]]},
        {"starts": {"random": 0}},
        {"starts": {"random": 5, "radius": 0.0}},
        {"flipped": "everything"},
        {"duration": 0.0},
        {"tolerance": 0.0},
        {"tolerance": 1.0},
        {"input_variance": 0.0},
        {"points": 1},
    ],
)
def test_what_makes_no_sense_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        spec(**fields)


def test_the_estimate_covers_what_the_arrays_hold() -> None:
    asked = spec(starts={"random": 3000}, points=201)
    held = sum(array.values.nbytes for array in ran(asked).arrays.values())
    assert KIND.estimate(asked, {}).memory_bytes > 1.2 * held


@pytest.mark.parametrize(
    "fields",
    [
        {"starts": [[2.0, 0.5]], "extent": 1.0, "grid_points": 2},  # outside the picture, at rest
        {"starts": [[0.0, 0.0]], "points": 2},
        {"starts": [[1000.0, -999.0]], "flipped": "both", "duration": 1e6},
    ],
)
def test_pictures_are_drawn_where_there_is_little_to_draw(fields: dict[str, Any]) -> None:
    asked = spec(**fields)
    for figure in KIND.figures.values():
        assert themed(figure.draw(asked, ran(asked)))["hconcat"]
