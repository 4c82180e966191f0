"""Crossnobis against a plain loop, scikit-learn's shrinkage, truth in simulation, null rates."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError
from sklearn.covariance import ledoit_wolf

from core.condition_distance import ConditionDistanceSpec
from core.examples import GOLUB_BCI
from core.experiment import ExperimentError, Refused, Result, silent
from core.figures import rendered, themed
from core.folded_units import in_folds
from core.kernels.crossnobis import (
    Labelled,
    constant_cells,
    distance_matrix,
    distances,
    left_out_distances,
    permuted_distances,
    shrunk_covariance,
    whitened,
)
from core.kernels.folds import stratified_folds
from core.kernels.participation_ratio import Floats
from core.kernels.resampling import LEFT_OUT, two_sided_p, upper_p
from core.kinds.condition_distance import KIND
from core.reading import read_arrays
from core.selection import selected
from core.session_spec import Comparison
from core.summary import summarise

RECORDING = read_arrays(GOLUB_BCI.path).arrays
UPLOADED = "00000000-0000-0000-0000-000000000000"
STATES = Comparison(factor="state", compare=("control", "HFS"))


def ignore(fraction: float) -> None:
    """A report that nobody reads."""


def labelled(
    seed: int,
    *,
    targets: int = 3,
    neurons: int = 6,
    least: int = 8,
    most: int = 9,
    effect: float = 0,
) -> Labelled:
    """Two states and two sides with correlated noise; `effect` moves side 1 of state 1 alone."""
    generator = np.random.default_rng(seed)
    cell = np.repeat(np.arange(4 * targets), generator.integers(least, most, 4 * targets))
    target, state, side = cell // 4, cell // 2 % 2, cell % 2
    mixing = np.eye(neurons) + 0.5 * generator.standard_normal((neurons, neurons))
    x = generator.standard_normal((len(cell), neurons)) @ mixing
    x += 3 * generator.standard_normal((targets, neurons))[target]
    x += effect * (side * state)[:, None]
    fold = stratified_folds(cell, 4, generator)
    return Labelled(x, target, state, side, np.ones(len(cell)), fold)


def plain(seen: Labelled, *, euclidean: bool) -> Floats:
    """The definition in a loop, with scikit-learn's shrinkage and numpy's inverse."""
    folds = range(int(seen.fold.max()) + 1)
    N = seen.activity.shape[1]
    found = np.zeros(seen.shape)
    for k in folds:
        train, test = seen.fold != k, seen.fold == k
        means = {c: seen.activity[train & (seen.cell == c)].mean(axis=0) for c in set(seen.cell)}
        residuals = seen.activity[train] - np.array([means[c] for c in seen.cell[train]])
        scale = np.sqrt(np.mean(residuals**2, axis=0))
        shrunk, _ = ledoit_wolf(residuals / scale, assume_centered=True)
        unbiased = len(residuals) / (len(residuals) - len(means))
        P = np.linalg.inv(shrunk * np.outer(scale, scale) * unbiased)
        for state, target in np.ndindex(seen.shape):
            d = []
            for part in (train, test):
                own = part & (seen.target == target) & (seen.state == state)
                sides = [seen.activity[own & (seen.side == side)].mean(axis=0) for side in (0, 1)]
                d.append(sides[1] - sides[0])
            found[state, target] += d[0] @ (np.eye(N) if euclidean else P) @ d[1] / N / len(folds)
    return found


def test_shrinkage_is_that_of_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    x = generator.standard_normal((40, 15)) @ generator.standard_normal((15, 15))
    x -= x.mean(axis=0)
    shrunk, scale, weight = shrunk_covariance(x)
    expected, expected_weight = ledoit_wolf(x / scale, assume_centered=True)
    np.testing.assert_allclose(shrunk, expected, rtol=1e-10)
    assert weight == pytest.approx(expected_weight)
    assert 0 < weight < 1


def test_distances_equal_the_definition_in_a_loop_with_unequal_cells() -> None:
    seen = labelled(1, least=5, most=14)
    views = whitened(seen, seen.cell)
    found = distances(seen, views, seen.part[None])[0]
    np.testing.assert_allclose(found, plain(seen, euclidean=False), rtol=1e-9)
    flat = distances(seen, [seen.activity] * len(views), seen.part[None])[0]
    np.testing.assert_allclose(flat, plain(seen, euclidean=True), rtol=1e-9)


def test_the_matrix_of_all_cells_holds_the_distances_of_targets() -> None:
    seen = labelled(2, least=5, most=14)
    views = whitened(seen, seen.cell)
    matrix = distance_matrix(seen, views)
    found = distances(seen, views, seen.part[None])[0]
    for state, target in np.ndindex(seen.shape):
        first = target * 4 + state * 2
        assert matrix[first, first + 1] == pytest.approx(found[state, target], rel=1e-9)
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-12)


def test_leaving_out_equals_recomputing_with_the_same_precision() -> None:
    seen = labelled(3, least=6, most=9)
    views = whitened(seen, seen.cell)
    found = left_out_distances(seen, views, ignore)
    for unit in (0, 31):
        parts = seen.part[None].copy()
        parts[0, unit] = LEFT_OUT
        np.testing.assert_allclose(found[unit], distances(seen, views, parts)[0], rtol=1e-9)


def test_distances_are_unbiased_with_and_without_an_effect() -> None:
    """200 sessions: 0 in one state, effect^2 (Euclidean) in the other, within 3.5 errors."""
    found = np.empty((200, 3))
    for seed, row in enumerate(found):
        seen = labelled(seed, neurons=4, least=6, most=9, effect=0.7)
        white = distances(seen, whitened(seen, seen.cell), seen.part[None])[0]
        flat = distances(seen, [seen.activity] * 4, seen.part[None])[0]
        row[:] = white[0].mean(), flat[0].mean(), flat[1].mean()
    error = found.std(axis=0) / np.sqrt(len(found))
    assert (np.abs(found.mean(axis=0) - [0.0, 0.0, 0.49]) < 3.5 * error).all()


def test_null_sessions_are_rejected_at_the_nominal_rate() -> None:
    """150 sessions with more neurons than a cell has trials, 39 shuffles: 3 errors of .05."""
    rejected = np.zeros(2)
    for seed in range(150):
        seen = labelled(seed, neurons=16)
        for states in (False, True):
            views = whitened(seen, constant_cells(seen, states=states))
            observed = distances(seen, views, seen.part[None])[0].mean(axis=1)
            null = permuted_distances(seen, views, ignore, seed=seed, draws=39, states=states)
            means = null.mean(axis=2)
            p = (
                two_sided_p(float(observed[0] - observed[1]), means[:, 0] - means[:, 1])
                if states
                else upper_p(float(observed.mean()), means.mean(axis=1))
            )
            rejected[int(states)] += p <= 0.05
    assert (np.abs(rejected / 150 - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 150)).all()


def test_each_target_has_the_p_of_its_own_distance_among_the_shuffles_of_the_mean() -> None:
    """By loop; a target that moves far is found, and one that stays is not."""
    rng = np.random.default_rng(8)
    target, later = np.tile(np.arange(4), 20), np.arange(80) >= 40
    counts = rng.standard_normal((80, 10)) + 2.0 * (later & (target == 1))[:, None]
    arrays = {"counts": counts, "target": target, "field": np.where(later, "FF", "NF")}
    spec = spec_of()
    result = run(spec, arrays)
    seen = in_folds(
        selected(arrays, spec.cells, neurons=None, transform="none").units, 2, 5, spec.seed
    )
    views = whitened(seen, constant_cells(seen, states=False))
    observed = distances(seen, views, seen.part[None])[0, 0]
    null = permuted_distances(seen, views, ignore, seed=spec.seed, draws=99, states=False)[:, 0]
    expected = [
        (1 + sum(drawn >= own for drawn in null[:, c])) / 100 for c, own in enumerate(observed)
    ]
    found = {row.arm: row.metrics for row in KIND.rows(spec, result)}
    assert [found[f"target:{c}"]["p_value"] for c in range(4)] == pytest.approx(expected)
    assert found["target:1"]["p_value"] == 0.01
    assert found["target:0"]["p_value"] != found["target:2"]["p_value"]
    moved = sum(p <= 0.05 for p in expected)
    assert f"Of its 4 targets {moved} move by themselves" in KIND.reading(spec, result)
    untested = spec_of(permutations=0)
    assert "move by themselves" not in KIND.reading(untested, run(untested, arrays))


def test_targets_that_stay_are_found_as_often_as_their_test_says() -> None:
    """4 targets of 75 sessions: within 3 standard errors of .05, that is .012 each."""
    p_values = []
    for seed in range(75):
        rng = np.random.default_rng(seed)
        arrays = {
            "counts": rng.standard_normal((64, 5)),
            "target": np.tile(np.arange(4), 16),
            "field": np.repeat(["NF", "FF"], 32),
        }
        p_values.append(run(spec_of(permutations=39, folds=4), arrays)["target_p_value"])
    rate = np.mean(np.array(p_values) <= 0.05)
    assert rate == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 300))


def spec_of(**changes: Any) -> ConditionDistanceSpec:
    plain: dict[str, Any] = {"dataset": UPLOADED, "between": ("NF", "FF"), "permutations": 99}
    return ConditionDistanceSpec(**(plain | changes))


def run(spec: ConditionDistanceSpec, arrays: Mapping[str, NDArray[Any]]) -> Result:
    return KIND.run(spec, {spec.dataset: arrays}, silent)


def session(least: int = 8) -> dict[str, NDArray[Any]]:
    """FF differs from NF under HFS only."""
    seen = labelled(5, targets=4, neurons=10, least=least, most=least + 5, effect=1.5)
    order = np.random.default_rng(6).permutation(len(seen.size))
    return {
        "counts": seen.activity[order],
        "target": seen.target[order],
        "state": np.where(seen.state, "HFS", "control")[order],
        "field": np.where(seen.side, "FF", "NF")[order],
    }


def test_a_change_under_block_only_is_found_there_and_in_the_comparison() -> None:
    spec, arrays = spec_of(block=STATES), session()
    result = run(spec, arrays)
    found = {row.arm: row.metrics for row in KIND.rows(spec, result)}
    assert float(found["HFS:mean"]["p_value"] or 1) == pytest.approx(0.01)
    assert float(found["comparison"]["p_value"] or 1) <= 0.02
    assert float(found["control:mean"]["p_value"] or 0) > 0.02
    difference = float(found["control:mean"]["distance"] or 0) - float(
        found["HFS:mean"]["distance"] or 0
    )
    assert found["comparison"]["distance"] == pytest.approx(difference)
    trials = [int(found[f"{state}:target:0"]["trials"] or 0) for state in ("HFS", "control")]
    assert sum(trials) == np.sum(arrays["target"] == 0)
    text = KIND.reading(spec, result)
    assert "not the same in control and HFS" in text
    for figure in KIND.figures.values():
        document = themed(figure.draw(spec, result))
        json.dumps(document, allow_nan=False)
        assert rendered(document, "svg").startswith(b"<svg")


def in_time(drift: float) -> dict[str, NDArray[Any]]:
    """Null, force and null field under control, then under block; the force field moves activity,
    and moves it more from trial to trial by `drift` over the recording."""
    rng = np.random.default_rng(3)
    field = np.tile(np.repeat(["NF", "FF", "NF"], (40, 80, 40)), 2)
    time, n = np.linspace(0, 1, len(field)), len(field)
    moved = (field == "FF") * (1 + drift * time)
    return {
        "counts": rng.standard_normal((n, 12)) + moved[:, None],
        "target": np.arange(n) % 4,
        "state": np.repeat(["control", "HFS"], n // 2),
        "field": field,
    }


def test_states_that_follow_each_other_have_a_null_between_early_and_late_trials() -> None:
    """Fields that return within a state have none. Its standard error is about .3."""
    spec = spec_of(block=STATES, permutations=0)
    for drift, size in ((0.0, 0.6), (3.0, np.inf)):
        result = run(spec, in_time(drift))
        found = {row.arm: row.metrics for row in KIND.rows(spec, result)}
        change, states = (found["comparison"][name] for name in ("distance_pseudo", "distance"))
        assert abs(float(change or 0)) < size
        assert "follow each other in time" in result.warnings[0]
        assert np.isnan(float(found["control:mean"]["distance_pseudo"] or 0))
        assert "drift and learning act but not the state" in KIND.reading(spec, result)
    assert float(states or 0) < float(change or 0) < -1


def test_the_null_of_a_state_is_the_comparison_of_its_early_and_late_trials() -> None:
    """The precision is that of all cells, here of one state: they agree to a tenth."""
    arrays, found = in_time(3.0), []
    whole = run(spec_of(block=STATES, permutations=0), arrays)["comparison_pseudo"]
    for state in ("control", "HFS"):
        own = {name: values[arrays["state"] == state] for name, values in arrays.items()}
        cells = list(zip(own["target"], own["field"], strict=True))
        order = np.array([cells[:k].count(cell) for k, cell in enumerate(cells)])
        sizes = np.array([cells.count(cell) for cell in cells])
        own["state"] = np.where(order < (sizes + 1) // 2, "control", "HFS")
        one = run(spec_of(block=STATES, permutations=0), own)["distance"].mean(axis=1)
        found.append(one[0] - one[1])
    np.testing.assert_allclose(whole, found, rtol=0.1)


def test_states_that_alternate_have_no_null_and_no_warning() -> None:
    arrays = in_time(0.0)
    arrays["state"] = np.where(np.arange(len(arrays["target"])) // 20 % 2, "control", "HFS")
    result = run(spec_of(block=STATES, permutations=0), arrays)
    assert np.isnan(result["comparison_pseudo"]).all()
    assert result.warnings == ()


def test_four_trials_in_a_cell_make_four_folds_and_fewer_are_refused() -> None:
    spec = spec_of(block=STATES, permutations=5)
    result = run(spec, session(4))
    assert result["folds"].tolist() == [4]
    assert "4 folds instead of 5" in result.warnings[-1]
    few = session(3)
    with pytest.raises(ExperimentError, match=r"has 3 trials; at least 4 are needed"):
        run(spec, few)
    with pytest.raises(Refused, match=r"has 3 trials; at least 4 are needed"):
        KIND.estimate(spec, {UPLOADED: summarise(few, "npz")})


def test_labels_that_do_not_fit_are_refused_with_what_there_is() -> None:
    summaries = {UPLOADED: summarise(session(), "npz")}
    with pytest.raises(Refused, match="no label 'VF'; it has FF, NF"):
        KIND.estimate(spec_of(between=("NF", "VF")), summaries)
    with pytest.raises(Refused, match="named twice"):
        KIND.estimate(spec_of(block=Comparison(factor="field", compare=("NF", "FF"))), summaries)
    with pytest.raises(ValidationError, match="between names 'NF' twice"):
        spec_of(between=("NF", "NF"))
    with pytest.raises(Refused, match="no factor 'field'; it has block"):
        KIND.estimate(spec_of(), {UPLOADED: summarise(RECORDING, "npz")})


def test_labels_of_which_no_arm_can_be_named_are_refused() -> None:
    long = session()
    long["target"] = np.array([f"{target}{'x' * 95}" for target in long["target"]])
    with pytest.raises(Refused, match="has 103 characters, the limit is 100"):
        KIND.estimate(spec_of(), {UPLOADED: summarise(long, "npz")})
