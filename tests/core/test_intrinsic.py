"""Intrinsic dimension against scikit-dimension, brute force, known manifolds, published values."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skdim
from scipy.optimize import minimize_scalar
from scipy.spatial import cKDTree
from scipy.special import betaln

from core.examples import GOLUB_BCI
from core.experiment import ExperimentError, Result, silent
from core.kernels.intrinsic_dimension import gride, levina_bickel, twonn
from core.kernels.neighbours import distinct_points, neighbour_distances
from core.kernels.participation_ratio import Floats
from core.kinds.intrinsic import KIND, IntrinsicSpec
from core.reading import read_arrays

RECORDING = read_arrays(GOLUB_BCI.path).arrays
CHECKS = json.loads((Path(__file__).parents[1] / "data" / "dimensionality_checks.json").read_text())
UPLOADED = "00000000-0000-0000-0000-000000000000"


def ignore(fraction: float) -> None:
    """A report that nobody reads."""


def cloud(points: int, dimensions: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).standard_normal((points, dimensions))


def ring(points: int, neurons: int, noise: float) -> Floats:
    """A circle of radius 1 in a random plane, with noise in all dimensions."""
    generator = np.random.default_rng(1)
    angle = generator.uniform(0, 2 * np.pi, points)
    plane = np.linalg.qr(generator.standard_normal((neurons, 2)))[0]
    circle = np.column_stack([np.cos(angle), np.sin(angle)]) @ plane.T
    noisy: Floats = circle + noise * generator.standard_normal((points, neurons))
    return noisy


def run(arrays: dict[str, Any], **changes: Any) -> tuple[IntrinsicSpec, Result]:
    plain: dict[str, Any] = {"dataset": UPLOADED, "surrogates": 2}
    spec = IntrinsicSpec(**(plain | changes))
    return spec, KIND.run(spec, {UPLOADED: arrays}, silent)


def test_the_recording_gives_the_published_values() -> None:
    spec = KIND.example()
    result = KIND.run(spec, {spec.dataset: RECORDING}, silent)
    found = {row.arm: row.metrics for row in KIND.rows(spec, result) if row.replicate == 0}
    for block in ("before", "after"):
        for name in ("twonn", "mle"):
            assert found[block][name] == pytest.approx(CHECKS["intrinsic"][name][block], rel=1e-8)


@pytest.mark.parametrize(("points", "dimensions"), [(400, 3), (250, 60)])
def test_distances_are_those_of_a_tree(points: int, dimensions: int) -> None:
    x = 5 + cloud(points, dimensions)
    found = neighbour_distances(x, 30, ignore)
    expected = cKDTree(x).query(x, k=31)[0][:, 1:]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_far_origin_and_close_pairs_do_not_spoil_distances() -> None:
    x = cloud(100, 5)
    x = np.concatenate([x, x + 1e-7 * cloud(100, 5, 2)]) + 1e4
    found = neighbour_distances(x, 2, ignore)
    np.testing.assert_allclose(found, cKDTree(x).query(x, k=3)[0][:, 1:], rtol=1e-9)


@pytest.mark.parametrize("dimensions", [2, 8, 30])
def test_estimates_are_those_of_scikit_dimension(dimensions: int) -> None:
    x = cloud(300, dimensions)
    distances = neighbour_distances(x, 20, ignore)
    assert twonn(distances) == pytest.approx(skdim.id.TwoNN().fit(x).dimension_, rel=1e-8)
    theirs = skdim.id.MLE().fit(x, n_neighbors=20).dimension_
    assert levina_bickel(distances) == pytest.approx(theirs, rel=1e-8)


@pytest.mark.parametrize("rank", [1, 4, 16])
def test_the_sweep_maximises_its_likelihood(rank: int) -> None:
    distances = neighbour_distances(cloud(300, 5), 2 * rank, ignore)
    mu = distances[:, 2 * rank - 1] / distances[:, rank - 1]

    def loss(d: float) -> float:
        log_density = np.log(d) + (rank - 1) * np.log(mu**d - 1) - betaln(rank, rank)
        return -float(np.sum(log_density - (d * (2 * rank - 1) + 1) * np.log(mu)))

    best = minimize_scalar(loss, bounds=(0.5, 20), method="bounded", options={"xatol": 1e-9}).x
    assert gride(distances, rank) == pytest.approx(best, rel=1e-6)


def test_a_flat_patch_has_its_dimension_at_every_scale() -> None:
    """3000 points of a 2-D torus: relative errors of the estimates are about 1 / sqrt(3000)."""
    angle = np.random.default_rng(3).uniform(0, 2 * np.pi, (3000, 2))
    torus = np.concatenate([np.cos(angle), np.sin(angle)], axis=1)
    distances = neighbour_distances(torus, 64, ignore)
    for found in (twonn(distances), *(gride(distances, rank) for rank in (1, 4, 16))):
        assert found == pytest.approx(2, rel=4 / np.sqrt(3000) + 0.02)


def test_a_noisy_ring_looks_like_noise_nearby_and_like_a_line_from_afar() -> None:
    distances = neighbour_distances(ring(2000, 50, 0.02), 512, ignore)
    assert twonn(distances) > 10
    assert gride(distances, 256) < 1.6


def test_copies_are_dropped_and_counted() -> None:
    x = cloud(80, 4)
    points, copies = distinct_points(np.concatenate([x, x[:7]]))
    assert (len(points), copies) == (80, 7)
    np.testing.assert_array_equal(points, x)
    counts = np.concatenate([x, x[:7]])
    spec, result = run({"counts": counts, "target": np.arange(87) % 3})
    rows = KIND.rows(spec, result)
    assert (rows[0].metrics["points"], rows[0].metrics["zero_distances"]) == (80, 7)
    assert "7 trials with zero distance" in result.warnings[-1]
    assert [(row.arm, row.replicate) for row in rows] == [
        ("all", 0),
        ("all:surrogate", 0),
        ("all:surrogate", 1),
    ]
    assert float(rows[0].metrics["gride_64"] or 0) > 0
    assert np.isnan(float(rows[0].metrics["gride_128"] or 0))


def test_every_nth_trial_leaves_too_few_and_says_what_to_do() -> None:
    arrays = {"counts": cloud(90, 4), "target": np.arange(90) % 3}
    assert run(arrays, every=3)[1]["points"].tolist() == [[30, 0]]
    with pytest.raises(ExperimentError, match="Use a smaller `every`, or more trials"):
        run(arrays, every=5)
