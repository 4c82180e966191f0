"""Subspaces: published values on the bundled recording, scipy beside, ceiling and floor."""

from typing import Any

import numpy as np
import pytest
from scipy.linalg import subspace_angles
from scipy.spatial import procrustes

from core.examples import GOLUB_BCI
from core.experiment import Refused, silent
from core.kernels.reaiming import target_means
from core.kernels.subspaces import (
    alignment,
    comparison,
    principal_angles,
    principal_axes,
    procrustes_distance,
)
from core.kinds.population_subspaces import KIND
from core.reading import read_arrays
from core.summary import summarise

RECORDING = read_arrays(GOLUB_BCI.path).arrays
COUNTS, TARGET = RECORDING["counts"].astype(np.float64), RECORDING["target"].astype(np.int64)
MEANS = [
    target_means(COUNTS[own], TARGET[own], np.ones(int(own.sum())))
    for own in (RECORDING["block"] == "before", RECORDING["block"] == "after")
]
UPLOADED = "00000000-0000-0000-0000-000000000000"


def spec_of(**changes: Any) -> Any:
    block = {"factor": "block", "compare": ["before", "after"]}
    return KIND.spec.model_validate({"dataset": UPLOADED, "block": block} | changes)


def test_the_recording_gives_the_published_angles_alignment_and_distance() -> None:
    """Where these values were published, the names of the two alignments are exchanged; which is
    which follows from the definition, by eigenvectors of the covariance of the means."""
    found = comparison(MEANS[0], MEANS[1], 2)
    by_definition = []
    for own, other in (MEANS, MEANS[::-1]):
        variances, _ = np.linalg.eigh(np.cov(own.T))
        axes = np.linalg.eigh(np.cov(other.T))[1][:, -2:]
        held = np.trace(axes.T @ np.cov(own.T) @ axes)
        by_definition.append(held / variances[-2:].sum())
    np.testing.assert_allclose(found[2:4], by_definition, atol=1e-10)
    expected = [38.935393310084145, 36.45689288716862, 0.6360273543399003, 0.6420116298110692]
    np.testing.assert_allclose(found[:4], expected, atol=1e-8)
    assert found[4] == pytest.approx(0.05539412846998999, abs=1e-8)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_angles_and_distance_agree_with_scipy(k: int) -> None:
    rng = np.random.default_rng(k)
    one, other = rng.standard_normal((2, 8, 30))
    axes, others = principal_axes(one, k), principal_axes(other, k)
    expected = np.degrees(subspace_angles(axes, others))
    np.testing.assert_allclose(principal_angles(axes, others), expected, atol=1e-8)
    assert procrustes_distance(one, other) == pytest.approx(procrustes(one, other)[2], abs=1e-10)


def test_a_subspace_is_aligned_with_itself_and_not_with_its_complement() -> None:
    axes = principal_axes(MEANS[0], 3)
    assert alignment(MEANS[0], axes) == pytest.approx(1.0)
    np.testing.assert_allclose(principal_angles(axes, axes), 0.0, atol=1e-6)
    complement = np.linalg.svd(axes.T)[2][7:].T
    assert alignment(MEANS[0] @ axes @ axes.T, complement[:, :3]) == pytest.approx(0.0, abs=1e-12)


def test_halves_of_a_block_differ_as_published() -> None:
    """Single splits have standard deviations of 2.3 and 1.6 degrees about 26.9 and 22.3."""
    result = KIND.run(spec_of(splits=30), {UPLOADED: RECORDING}, silent)
    mean = result["half_first_block"][:, :2].mean(axis=0)
    np.testing.assert_allclose(mean, [26.898, 22.305], atol=3 * 2.3 / np.sqrt(30))


def test_two_blocks_alike_reach_the_ceiling_and_stay_off_the_floor() -> None:
    """Differences of means over 30 splits of one session, about .02 each."""
    rng = np.random.default_rng(2)
    target, tuning = np.tile(np.arange(8), 40), rng.standard_normal((8, 40))
    block = np.where(np.arange(320) % 2 < 1, "before", "after")
    arrays = {
        "counts": tuning[target] * 2 + rng.standard_normal((320, 40)) * 2,
        "target": target // 1,
        "block": block[rng.permutation(320)],
    }
    spec = spec_of(splits=30)
    found = KIND.rows(spec, KIND.run(spec, {UPLOADED: arrays}, silent))[0].metrics
    half, ceiling, floor = (
        float(found[f"{name}_alignment_ab"] or 0) for name in ("half", "ceiling", "floor")
    )
    assert half == pytest.approx(ceiling, abs=0.06)
    assert half > floor + 0.2


def test_a_code_that_drifts_within_blocks_is_less_aligned_early_to_late_than_by_random_halves() -> (
    None
):
    """A plane that turns through 60 degrees in each block: cos^2 30 = .75 from half to half."""
    rng, trial = np.random.default_rng(4), np.arange(320)
    target, basis = rng.permutation(np.tile(np.arange(8), 40)), np.linalg.qr(np.eye(30))[0]
    aim, drift = target * np.pi / 4, np.deg2rad(60.0) * (trial % 160) / 160
    ring = np.stack([np.cos(aim), np.sin(aim)], axis=1)
    turning = [np.cos(drift)[:, None] * ring, np.sin(drift)[:, None] * ring]
    arrays = {
        "counts": 6 * np.hstack(turning) @ basis[:4] + rng.standard_normal((320, 30)),
        "target": target,
        "block": np.where(trial < 160, "before", "after"),
    }
    result = KIND.run(spec_of(splits=20), {UPLOADED: arrays}, silent)
    found = KIND.rows(spec_of(splits=20), result)[0].metrics
    assert float(found["ceiling_alignment_ab"] or 0) > 0.95
    assert found["pseudo_alignment_ab"] == pytest.approx(0.75, abs=0.05)
    order = rng.permutation(320)
    mixed = {name: values[order] for name, values in arrays.items()}
    result = KIND.run(spec_of(splits=20), {UPLOADED: mixed}, silent)
    found = KIND.rows(spec_of(splits=20), result)[0].metrics
    assert float(found["pseudo_alignment_ab"] or 0) > 0.95


def test_more_components_than_the_targets_span_are_refused() -> None:
    arrays = {
        "counts": np.random.default_rng(0).poisson(4, (48, 9)),
        "target": np.arange(48) % 3,
        "block": np.where(np.arange(48) < 24, "before", "after"),
    }
    with pytest.raises(Refused, match="at most 2 components"):
        KIND.estimate(spec_of(components=3), {UPLOADED: summarise(arrays, "npz")})


def test_of_untuned_activity_nothing_is_said_between_floor_and_ceiling() -> None:
    """Halves of one block are as far apart as random subspaces: the way from one to the other is
    of no length, and may be negative."""
    arrays = {
        "counts": np.random.default_rng(1).poisson(4, (200, 30)),
        "target": np.arange(200) % 8,
        "block": np.where(np.arange(200) < 100, "before", "after"),
    }
    result = KIND.run(spec_of(splits=10), {UPLOADED: arrays}, silent)
    assert "nothing can be said" in KIND.reading(spec_of(splits=10), result)
    assert "% of the way" not in KIND.reading(spec_of(splits=10), result)
