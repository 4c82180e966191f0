"""The six answers against scikit-learn, brute force, known factors and published values."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA, FactorAnalysis

from core.examples import GOLUB_BCI
from core.experiment import ExperimentError, silent
from core.kernels.component_numbers import (
    components_for,
    cross_validated_spectra,
    entropy_dimension,
    factor_likelihoods,
    fitted_factors,
    leading,
    shuffled_spectra,
)
from core.kernels.participation_ratio import covariance_spectrum
from core.kinds.components import KIND, ComponentsSpec
from core.reading import read_arrays

RECORDING = read_arrays(GOLUB_BCI.path).arrays
CHECKS = json.loads((Path(__file__).parents[1] / "data" / "dimensionality_checks.json").read_text())
SEED = np.random.SeedSequence(0)
UPLOADED = "00000000-0000-0000-0000-000000000000"


def ignore(fraction: float) -> None:
    """A report that nobody reads."""


def two_factors(trials: int, neurons: int = 12) -> np.ndarray:
    generator = np.random.default_rng(1)
    loadings = 2 * generator.standard_normal((neurons, 2))
    shared = generator.standard_normal((trials, 2)) @ loadings.T
    return shared + (0.5 + np.arange(neurons) / 6) * generator.standard_normal((trials, neurons))


def test_the_recording_gives_the_published_values() -> None:
    example = KIND.example()
    spec = example.model_copy(update={"factors": 1, "shuffles": 20, "splits": 2})
    result = KIND.run(spec, {spec.dataset: RECORDING}, silent)
    for row in KIND.rows(spec, result):
        for name in ("n90", "n95", "entropy_dimension"):
            assert row.metrics[name] == pytest.approx(CHECKS["components"][name][row.arm], rel=1e-8)


def test_spectrum_numbers_are_those_of_scikit_learn() -> None:
    x = two_factors(60)
    shares = PCA(svd_solver="full").fit(x).explained_variance_ratio_
    spectrum = covariance_spectrum(x)
    for share in (0.5, 0.9, 0.95):
        assert components_for(spectrum, share) == int(np.argmax(np.cumsum(shares) >= share)) + 1
    entropy = -np.sum(shares * np.log(shares))
    assert entropy_dimension(spectrum) == pytest.approx(np.exp(entropy))
    assert entropy_dimension(np.ones(7)) == pytest.approx(7)


def test_parallel_analysis_finds_the_factors_and_nothing_in_noise() -> None:
    for x, expected in (
        (two_factors(300), 2),
        (np.random.default_rng(2).standard_normal((300, 12)), 0),
    ):
        threshold = np.percentile(shuffled_spectra(x, SEED, 100, ignore), 95, axis=0)
        assert abs(leading(covariance_spectrum(x), threshold) - expected) <= (expected == 0)


def test_a_shuffle_keeps_each_neuron_and_so_the_total_variance() -> None:
    x = two_factors(40)
    spectra = shuffled_spectra(x, SEED, 3, ignore)
    np.testing.assert_allclose(spectra.sum(axis=1), x.var(axis=0, ddof=1).sum(), rtol=1e-10)


def test_factors_fit_as_well_as_those_of_scikit_learn() -> None:
    x = two_factors(200)
    centred = x - x.mean(axis=0)
    L, noise = fitted_factors(centred.T @ centred / 200, 2)
    theirs = FactorAnalysis(2, svd_method="lapack", tol=1e-8, max_iter=5000).fit(x)
    covariance = L @ L.T + np.diag(noise)
    _, log_det = np.linalg.slogdet(2 * np.pi * covariance)
    distance = np.sum(np.linalg.inv(covariance) * (centred.T @ centred / 200))
    assert -0.5 * (log_det + distance) == pytest.approx(theirs.score(x), abs=2e-3)
    np.testing.assert_allclose(covariance, theirs.get_covariance(), atol=0.05 * covariance.max())


def test_left_out_trials_tell_the_number_of_factors() -> None:
    x, numbers = two_factors(300), np.arange(6)
    found = factor_likelihoods(
        x, np.zeros(300, dtype=np.int64), numbers, SEED, folds=4, report=ignore
    )
    gained = np.diff(found.mean(axis=0))
    assert gained[:2].min() > 1
    assert np.abs(gained[2:]).max() < 0.05


def test_cross_validated_variance_of_noise_is_zero_and_of_means_unbiased() -> None:
    """400 sessions: 0 without tuning, and all of the means' variance in total with it."""
    generator = np.random.default_rng(3)
    condition = np.repeat(np.arange(4), 6)
    means = generator.standard_normal((4, 5))
    true = covariance_spectrum(means).sum()
    found = np.empty((400, 2))
    for row in found:
        noise = generator.standard_normal((24, 5))
        for place, x in enumerate((noise, noise + means[condition])):
            row[place] = cross_validated_spectra(
                x, condition, np.ones(24), SEED, splits=1, report=ignore
            ).sum()
    error = found.std(axis=0) / 20
    assert (np.abs(found.mean(axis=0) - [0, true]) < [3.5 * error[0], 4.5 * error[1]]).all()


def test_means_without_noise_repeat_wholly() -> None:
    condition = np.tile(np.arange(5), 4)
    x = np.random.default_rng(4).standard_normal((5, 8))[condition]
    found = cross_validated_spectra(x, condition, np.ones(20), SEED, splits=3, report=ignore)
    np.testing.assert_allclose(found, [covariance_spectrum(x[:5])] * 3, rtol=1e-9)


def test_silent_neurons_are_left_out_and_a_small_cell_is_refused() -> None:
    counts = np.random.default_rng(5).poisson(4.0, (40, 5))
    counts[:, 2] = 0
    arrays = {"counts": counts, "target": np.arange(40) % 4}
    spec = ComponentsSpec(dataset="0" * 8 + "-0000" * 3 + "-" + "0" * 12, shuffles=20, splits=2)
    result = KIND.run(spec, {spec.dataset: arrays}, silent)
    assert result["neurons"].tolist() == [0, 1, 3, 4]
    assert "left out: [2]" in result.warnings[0]
    assert result["factor_numbers"].tolist() == [0, 1, 2, 3]
    with pytest.raises(ExperimentError, match="3 trials; at least 4 are needed"):
        KIND.run(spec, {spec.dataset: {k: v[25:] for k, v in arrays.items()}}, silent)


def test_of_untuned_means_no_component_repeats_and_of_tuned_ones_the_plane() -> None:
    rng, target = np.random.default_rng(3), np.arange(160) % 8
    spec = ComponentsSpec(dataset=UPLOADED, splits=20, shuffles=20, factors=1)
    ring = np.stack([np.cos(target * np.pi / 4), np.sin(target * np.pi / 4)], axis=1)
    found = []
    for size in (0.0, 0.0, 0.0, 1.0):
        counts = 5 + size * ring @ rng.standard_normal((2, 20)) + rng.standard_normal((160, 20))
        result = KIND.run(spec, {UPLOADED: {"counts": counts, "target": target}}, silent)
        found.append(KIND.rows(spec, result)[0].metrics["cvpca"])
    assert found == [None, None, None, 2]
    assert "within its noise" not in KIND.reading(spec, result)
