"""Re-aiming: published values on the bundled recording, known turns, refusals."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.examples import GOLUB_BCI
from core.experiment import Refused, silent
from core.kernels.reaiming import decoder_turns, rings, split_half, target_means
from core.kinds.population_reaiming import KIND
from core.reading import read_arrays
from core.summary import summarise

RECORDING = read_arrays(GOLUB_BCI.path).arrays
UPLOADED = "00000000-0000-0000-0000-000000000000"
COUNTS, TARGET = RECORDING["counts"].astype(np.float64), RECORDING["target"].astype(np.int64)
BEFORE, ANGLES = RECORDING["block"] == "before", RECORDING["target_angle_deg"].astype(np.float64)
PER_TARGET = [-27.4, -13.7, -12.2, -26.8, -25.7, -15.0, 0.9, -8.0]
DECODED = [-4.9552875, -14.38080016, -29.30164611, -41.79998317, -36.01319155, 9.68586262,
           25.09521383, 10.35207992]  # fmt: skip


def means(chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    return target_means(COUNTS[chosen], TARGET[chosen], np.ones(int(chosen.sum())))


def turned_session(shift_deg: float, seed: int, trials: int = 20) -> dict[str, NDArray[Any]]:
    """Cosine tuning, the second block aiming `shift_deg` beyond the target."""
    rng = np.random.default_rng(seed)
    target = np.tile(np.arange(8), 2 * trials)
    later = np.arange(len(target)) >= 8 * trials
    preferred, base = rng.uniform(0, 360, 80), rng.uniform(4, 8, 80)
    aim = target * 45.0 + later * shift_deg
    rate = base + 3.0 * np.cos(np.deg2rad(aim[:, None] - preferred))
    return {
        "counts": rng.poisson(rate),
        "target": target,
        "target_angle_deg": np.arange(8) * 45.0,
        "block": np.where(later, "FF", "NF"),
    }


def spec_of(**changes: Any) -> Any:
    plain = {"dataset": UPLOADED, "reference": "NF", "compare": "FF"}
    return KIND.spec.model_validate(plain | changes)


def test_the_recording_turns_as_published() -> None:
    found = rings(means(BEFORE), means(BEFORE), means(~BEFORE), ANGLES)
    assert np.degrees(np.angle(found.overlap)) == pytest.approx(-17.40311965551984, abs=1e-8)
    assert abs(found.overlap) == pytest.approx(0.968300291875426, abs=1e-8)
    assert found.gain == pytest.approx(0.9364832713136662, abs=1e-8)
    np.testing.assert_allclose(np.degrees(np.angle(found.turns)), PER_TARGET, atol=0.051)


def test_the_decoder_gives_the_published_shift_of_each_target() -> None:
    activity = np.sqrt(COUNTS)
    turns = decoder_turns(
        activity[BEFORE], ANGLES[TARGET[BEFORE]], activity[~BEFORE], TARGET[~BEFORE], ANGLES, 100.0
    )
    np.testing.assert_allclose(np.degrees(np.angle(turns)), DECODED, atol=1e-6)
    assert np.degrees(np.angle(turns.sum())) == pytest.approx(-13.535605934645424, abs=1e-6)


def test_the_split_half_estimate_averages_to_the_same() -> None:
    """Single splits have a standard deviation of 2.6 degrees; the mean of 2 x 20 of them, .6."""
    found = split_half(COUNTS, TARGET, BEFORE, ANGLES, seeds=np.random.SeedSequence(0), n_splits=20)
    assert found.shift_deg == pytest.approx(-17.4, abs=1.8)


def test_a_turned_copy_is_recovered_exactly_and_grows_with_its_gain() -> None:
    aim = np.deg2rad(np.arange(8) * 45.0)
    basis = np.linalg.qr(np.random.default_rng(1).standard_normal((12, 2)))[0]

    def ring(turn_deg: float, size: float) -> NDArray[np.float64]:
        at = aim + np.deg2rad(turn_deg)
        return np.asarray(size * np.stack([np.cos(at), np.sin(at)], axis=1) @ basis.T + 5.0)

    found = rings(ring(0, 1), ring(0, 1), ring(33, 2), ANGLES)
    assert np.degrees(np.angle(found.overlap)) == pytest.approx(33.0)
    assert abs(found.overlap) == pytest.approx(1.0)
    assert found.gain == pytest.approx(2.0)


@pytest.mark.parametrize("shift", [10.0, 25.0, 45.0])
def test_known_shifts_are_recovered(shift: float) -> None:
    """The mean over 6 sessions has a standard error of about .4 degrees."""
    found = []
    for seed in range(6):
        arrays = turned_session(shift, seed)
        found.append(
            split_half(
                arrays["counts"].astype(np.float64),
                arrays["target"],
                arrays["block"] == "NF",
                arrays["target_angle_deg"],
                seeds=np.random.SeedSequence(seed),
                n_splits=6,
            ).shift_deg
        )
    assert np.mean(found) == pytest.approx(shift, abs=1.3)


def test_the_interval_holds_the_truth_and_the_test_finds_it_or_finds_nothing() -> None:
    for shift in (0.0, 20.0):
        spec = spec_of(resamples=60, permutations=60, splits=1)
        result = KIND.run(spec, {UPLOADED: turned_session(shift, 5)}, silent)
        found = KIND.rows(spec, result)[0].metrics
        assert float(found["ci_low"] or 0) < shift < float(found["ci_high"] or 0)
        assert (float(found["p_value"] or 1) < 0.05) == (shift > 0)
        assert ("no re-aiming was found" in KIND.reading(spec, result)) == (shift == 0)


def test_targets_without_angles_are_refused_with_what_to_do() -> None:
    arrays = turned_session(10.0, 0)
    del arrays["target_angle_deg"]
    with pytest.raises(Refused, match="upload the dataset again with `target_angle_deg`"):
        KIND.estimate(spec_of(), {UPLOADED: summarise(arrays, "npz")})
    with pytest.raises(Refused, match="target_angle_deg"):
        KIND.run(spec_of(), {UPLOADED: arrays}, silent)


def test_a_label_that_the_block_does_not_have_is_refused() -> None:
    with pytest.raises(Refused, match="no label 'FF2'"):
        KIND.estimate(spec_of(compare="FF2"), {UPLOADED: summarise(turned_session(0.0, 0), "npz")})
