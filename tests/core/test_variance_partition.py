"""The partition against published values, a classical analysis of variance, truth, symmetries."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from statsmodels.formula.api import ols

from core.dataset import DatasetSummary
from core.examples import GOLUB_BCI
from core.experiment import ExperimentError, Refused, Result, silent
from core.figures import rendered, themed
from core.kernels.resampling import upper_p
from core.kernels.variance_partition import (
    EFFECTS,
    Observations,
    left_out_partitions,
    partitions,
    permuted_partitions,
)
from core.kinds.variance_partition import KIND, VariancePartitionSpec
from core.reading import read_arrays
from core.session_spec import Comparison
from core.summary import summarise

RECORDING = read_arrays(GOLUB_BCI.path).arrays
CHECKS = json.loads((Path(__file__).parents[1] / "data" / "dimensionality_checks.json").read_text())
UPLOADED = "00000000-0000-0000-0000-000000000000"
Metrics = Mapping[str, float | int | bool | None]


def ignore(fraction: float) -> None:
    """A report that nobody reads."""


def spec_of(**changes: Any) -> VariancePartitionSpec:
    block = Comparison(factor="block", compare=("before", "after"))
    plain: dict[str, Any] = {"dataset": UPLOADED, "block": block, "permutations": 20}
    return VariancePartitionSpec(**(plain | changes))


def run(spec: VariancePartitionSpec, arrays: Mapping[str, NDArray[Any]]) -> Result:
    return KIND.run(spec, {spec.dataset: arrays}, silent)


def metrics(spec: VariancePartitionSpec, result: Result) -> dict[str, Metrics]:
    return {row.arm: row.metrics for row in KIND.rows(spec, result)}


def summaries(arrays: Mapping[str, NDArray[Any]]) -> dict[str, DatasetSummary]:
    return {UPLOADED: summarise(arrays, "npz")}


def observed(seed: int, sizes: tuple[int, ...] = (4, 6, 5, 9, 4, 7), n: int = 5) -> Observations:
    """Three targets in two blocks with unequal cells, in shuffled order."""
    generator = np.random.default_rng(seed)
    cell = generator.permutation(np.repeat(np.arange(6), sizes))
    means = generator.standard_normal((6, n))
    x = means[cell] + generator.standard_normal((len(cell), n))
    return Observations(x, cell // 2, cell % 2, np.ones(len(cell)))


def test_the_recording_gives_the_published_fractions() -> None:
    spec = spec_of()
    found = metrics(spec, run(spec, RECORDING))
    for name in ("fraction", "fraction_naive"):
        for effect, value in CHECKS["variance_partition"][name].items():
            assert found[effect][name] == pytest.approx(value, rel=1e-8), (name, effect)


def test_balanced_sums_of_squares_are_those_of_statsmodels() -> None:
    """Each neuron's two-way analysis of variance: SS / T, and less df MS_within / T corrected."""
    generator = np.random.default_rng(0)
    cell = np.repeat(np.arange(6), 7)
    x = generator.standard_normal((6, 2))[cell] + generator.standard_normal((42, 2))
    seen = Observations(x, cell // 2, cell % 2, np.ones(42))
    corrected, naive = (each[0] for each in partitions(seen, seen.cell[None]))
    frames = [pd.DataFrame({"x": y, "s": cell // 2, "l": cell % 2}) for y in x.T]
    tables = [sm.stats.anova_lm(ols("x ~ C(s) * C(l)", frame).fit()) for frame in frames]
    terms = ["C(s)", "C(l)", "C(s):C(l)"]
    plain = sum(table.loc[terms, "sum_sq"].to_numpy() / 7 for table in tables)
    noise = sum(
        table.loc[terms, "df"].to_numpy() * table.loc["Residual", "mean_sq"] / 7 for table in tables
    )
    np.testing.assert_allclose(naive, plain, rtol=1e-10)
    np.testing.assert_allclose(corrected, plain - noise, rtol=1e-10)


def test_unequal_cells_equal_projectors_written_out() -> None:
    seen = observed(1)
    J3, J2 = np.full((3, 3), 1 / 3), np.full((2, 2), 1 / 2)
    A3, A2 = np.eye(3) - J3, np.eye(2) - J2
    projectors = [np.kron(A3, J2), np.kron(J3, A2), np.kron(A3, A2)]
    cells = [seen.activity[seen.cell == c] for c in range(6)]
    means = np.stack([x.mean(axis=0) for x in cells])
    noise = np.array([x.var(axis=0, ddof=1).sum() / len(x) for x in cells])
    corrected, naive = partitions(seen, seen.cell[None])
    plain = np.array([np.trace(P @ means @ means.T) for P in projectors])
    np.testing.assert_allclose(naive[0], plain, rtol=1e-10)
    taken = np.array([np.diag(P) @ noise for P in projectors])
    np.testing.assert_allclose(corrected[0], plain - taken, rtol=1e-9)


def test_corrected_sums_of_squares_are_unbiased() -> None:
    """2000 sessions with unequal cells and unequal noise: within 3.5 standard errors."""
    generator = np.random.default_rng(2)
    cell = np.repeat(np.arange(6), (4, 6, 5, 9, 4, 7))
    means = generator.standard_normal((6, 4))
    scale = 0.5 + generator.random((6, 4))
    found = np.empty((2000, 3))
    for row in found:
        x = means[cell] + scale[cell] * generator.standard_normal((len(cell), 4))
        seen = Observations(x, cell // 2, cell % 2, np.ones(len(cell)))
        row[:] = partitions(seen, seen.cell[None])[0]
    exact = Observations(
        np.repeat(means, 2, 0), *np.divmod(np.repeat(np.arange(6), 2), 2), np.ones(12)
    )
    truth = partitions(exact, exact.cell[None])[0][0]
    error = found.std(axis=0) / np.sqrt(len(found))
    assert (np.abs(found.mean(axis=0) - truth) < 3.5 * error).all()


def test_the_jackknife_equals_deleting_each_unit_in_turn() -> None:
    seen = observed(3)
    found = left_out_partitions(seen, ignore)
    for unit in (0, 7, 34):
        kept = np.arange(len(seen.size)) != unit
        shorter = Observations(
            seen.activity[kept], seen.target[kept], seen.block[kept], seen.size[kept]
        )
        expected = partitions(shorter, shorter.cell[None])[0][0]
        np.testing.assert_allclose(found[unit], expected, rtol=1e-9)


def test_the_sums_depend_on_no_origin_rotation_or_order() -> None:
    seen, generator = observed(4), np.random.default_rng(4)
    rotation = np.linalg.qr(generator.standard_normal((5, 5)))[0]
    order = generator.permutation(len(seen.size))
    turned = Observations(
        (seen.activity @ rotation + 30)[order], seen.target[order], seen.block[order], seen.size
    )
    expected = partitions(seen, seen.cell[None])[0]
    np.testing.assert_allclose(partitions(turned, turned.cell[None])[0], expected, rtol=1e-8)


def test_effects_that_are_absent_are_found_at_the_nominal_rate() -> None:
    """300 null sessions, 39 shuffles: .05 within 3 binomial errors (.038), each test."""
    generator = np.random.default_rng(5)
    cell = np.repeat(np.arange(6), 6)
    rejected = np.zeros(3)
    for session in range(300):
        x = generator.standard_normal((36, 4))
        seen = Observations(x, cell // 2, cell % 2, np.ones(36))
        null = permuted_partitions(seen, ignore, seed=session, draws=39)
        squares = partitions(seen, seen.cell[None])[0][0]
        rejected += [upper_p(float(squares[e]), null[:, e]) <= 0.05 for e in range(3)]
    assert (np.abs(rejected / 300 - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 300)).all()


def test_a_shift_of_all_targets_is_no_interaction_and_does_not_hide_one() -> None:
    generator = np.random.default_rng(6)
    cell = np.repeat(np.arange(8), 10)
    x = generator.standard_normal((80, 6)) + 20 * (cell % 2)[:, None]
    x[cell == 1] += 1.2 * generator.standard_normal(6)
    seen = Observations(x, cell // 2, cell % 2, np.ones(80))
    null = permuted_partitions(seen, ignore, seed=0, draws=199)
    squares = partitions(seen, seen.cell[None])[0][0]
    p = [upper_p(float(squares[e]), null[:, e]) for e in range(3)]
    assert max(p[1:]) <= 0.01


def test_groups_of_bins_count_as_one_observation_each() -> None:
    generator = np.random.default_rng(7)
    target, block = np.arange(64) % 4, np.where(np.arange(64) // 4 % 2, "after", "before")
    whole = {"counts": generator.poisson(9, (64, 6)), "target": target, "block": block}
    bins = {name: np.repeat(values, 2, axis=0) for name, values in whole.items()}
    spec = spec_of()
    alone, grouped = run(spec, whole), run(spec, bins | {"group": np.repeat(np.arange(64), 2)})
    for name in ("sum_of_squares", "fraction_naive"):
        np.testing.assert_allclose(alone[name], grouped[name], rtol=1e-9)


def test_pure_noise_has_no_fractions_but_says_why() -> None:
    arrays = {
        "counts": np.random.default_rng(8).poisson(5.0, (64, 6)),
        "target": np.arange(64) % 4,
        "block": np.where(np.arange(64) // 4 % 2, "after", "before"),
    }
    spec = spec_of()
    result = run(spec, arrays)
    assert np.isnan(result["fraction"]).all()
    assert "within 3 standard errors of zero" in result.warnings[-1]
    assert "nothing to divide" in KIND.reading(spec, result)
    for figure in KIND.figures.values():
        document = themed(figure.draw(spec, result))
        json.dumps(document, allow_nan=False)
        assert rendered(document, "svg").startswith(b"<svg")


def test_what_the_dataset_cannot_give_is_refused_with_what_to_do() -> None:
    field = Comparison(factor="field", compare=("NF", "FF"))
    with pytest.raises(Refused, match="no factor 'field'; it has block"):
        KIND.estimate(spec_of(block=field), summaries(RECORDING))
    broken = {**RECORDING, "counts": RECORDING["counts"].astype(float)}
    broken["counts"][3, 2] = np.nan
    with pytest.raises(ExperimentError, match="trial 3, neuron 2"):
        run(spec_of(), broken)
    one = {**RECORDING, "target": np.zeros(1104), "target_angle_deg": np.zeros(1)}
    with pytest.raises(ExperimentError, match="every trial has the target '0'; 2 to 64"):
        run(spec_of(), one)
    assert tuple(metrics(spec_of(), run(spec_of(neurons=(1, 4, 9)), RECORDING))) == EFFECTS
