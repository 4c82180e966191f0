"""Re-aiming: published values on the bundled recording, known turns, refusals."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.examples import GOLUB_BCI
from core.experiment import Refused, silent
from core.kernels.reaiming import (
    averaged_together,
    decoder_turns,
    halved,
    rings,
    split_half,
    target_means,
)
from core.kernels.resampling import bootstrap_weights, percentile_interval
from core.kinds.population_reaiming import KIND
from core.reading import read_arrays
from core.summary import summarise

RECORDING = read_arrays(GOLUB_BCI.path).arrays
UPLOADED = "00000000-0000-0000-0000-000000000000"
COUNTS, TARGET = RECORDING["counts"].astype(np.float64), RECORDING["target"].astype(np.int64)
BEFORE, ANGLES = RECORDING["block"] == "before", RECORDING["target_angle_deg"].astype(np.float64)
PER_TARGET = [-27.4, -13.7, -12.2, -26.8, -25.7, -15.0, 0.9, -8.0]
DECODED = [
    -4.955287506398137,
    -14.380800162581346,
    -29.30164610359826,
    -41.79998317290716,
    -36.0131915546422,
    9.68586261967604,
    25.095213829767,
    10.352079917105243,
]
INTERVAL, PERMUTED_P = (-21.640815459001644, -13.223420051568063), 0.001996007984031936


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
    np.testing.assert_allclose(np.degrees(np.angle(turns)), DECODED, atol=1e-8)
    assert np.degrees(np.angle(turns.sum())) == pytest.approx(-13.535605934645424, abs=1e-8)


@pytest.fixture(scope="module")
def recorded() -> dict[str, Any]:
    """What the kind says of the recording, raw counts and their square roots."""
    found = {}
    for transform, draws in (("none", 500), ("sqrt", 20)):
        spec = KIND.spec.model_validate(
            {
                "dataset": GOLUB_BCI.dataset_id,
                "reference": "before",
                "compare": "after",
                "transform": transform,
                "resamples": draws,
                "permutations": draws,
                "splits": 5,
            }
        )
        result = KIND.run(spec, {GOLUB_BCI.dataset_id: RECORDING}, silent)
        found[transform] = KIND.rows(spec, result)[0].metrics
    return found


def test_interval_and_p_of_the_recording_are_those_published(recorded: dict[str, Any]) -> None:
    """Shifts of resamples scatter by 2.15 degrees, so that a 2.5 % quantile of 500 has an error of
    .26, and two of them differ by .36. No relabelling of 500 turns as far: p = 1 / 501."""
    ends = [recorded["none"][name] for name in ("ci_low", "ci_high")]
    np.testing.assert_allclose(ends, INTERVAL, atol=3 * 0.36)
    assert recorded["none"]["p_value"] == pytest.approx(PERMUTED_P, abs=1e-12)


def test_the_published_shift_of_the_decoder_is_that_of_square_roots(
    recorded: dict[str, Any],
) -> None:
    assert recorded["sqrt"]["decoder_shift_deg"] == pytest.approx(-13.535605934645424, abs=1e-8)
    assert recorded["none"]["decoder_shift_deg"] == pytest.approx(-12.140556819650211, abs=1e-8)


def test_the_split_half_estimate_averages_to_the_same() -> None:
    """Single splits have a standard deviation of 2.6 degrees; the mean of 2 x 20 of them, .6."""
    found = split_half(
        COUNTS, TARGET, halved(TARGET, BEFORE, np.random.SeedSequence(0), 20), ANGLES
    )
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
                halved(arrays["target"], arrays["block"] == "NF", np.random.SeedSequence(seed), 6),
                arrays["target_angle_deg"],
            ).shift_deg
        )
    assert np.mean(found) == pytest.approx(shift, abs=1.3)


def test_intervals_hold_the_truth_as_often_as_they_say_and_the_shift_has_no_bias() -> None:
    """40 sessions of six trials per cell: coverage has a standard error of .034 at .95, and the
    mean error of a shift that scatters by 4 degrees one of .6."""
    target, later = np.tile(np.arange(8), 12), np.arange(96) >= 48
    covered, errors = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        preferred, aim = rng.uniform(0, 360, 30), target * 45.0 + later * 20.0
        counts = rng.poisson(6 + 3 * np.cos(np.deg2rad(aim[:, None] - preferred))).astype(float)
        half = halved(target, ~later, np.random.SeedSequence(seed), 2)
        found = split_half(counts, target, half, ANGLES).shift_deg
        together = averaged_together(target, ~later)
        draws = [
            split_half(counts, target, half, ANGLES, bootstrap_weights(together, rng)).shift_deg
            for _ in range(39)
        ]
        low, high = percentile_interval(np.array(draws) - found)
        covered.append(low <= 20.0 - found <= high)
        errors.append(found - 20.0)
    assert np.mean(covered) >= 0.84
    assert np.mean(errors) == pytest.approx(0.0, abs=3 * np.std(errors) / np.sqrt(40))
    assert np.std(errors) < 5.0


def test_bootstrap_weights_scatter_a_mean_as_new_trials_would() -> None:
    """Variance of a mean of 10, averaged over 500 samples: a standard error of 2 %."""
    rng = np.random.default_rng(0)
    samples, together = rng.standard_normal((500, 10)), np.full(10, 10)
    weights = np.array([bootstrap_weights(together, rng) for _ in range(300)])
    means = samples @ (weights / weights.sum(axis=1, keepdims=True)).T
    assert means.var(axis=1).mean() == pytest.approx(0.1, rel=0.08)


def test_an_interval_of_few_draws_holds_a_further_draw_as_often_as_one_of_many() -> None:
    """20,000 times: a standard error of .0015."""
    draws = np.random.default_rng(1).standard_normal((60, 20_000))
    low, high = percentile_interval(draws[:-1])
    assert np.mean((low <= draws[-1]) & (draws[-1] <= high)) == pytest.approx(0.95, abs=0.006)


def test_a_ring_that_keeps_turning_turns_within_its_blocks_too() -> None:
    """30 degrees in each block: 15 from early to late, with an error of about 2."""
    arrays = turned_session(0.0, 6)
    rng, trial = np.random.default_rng(2), np.arange(320)
    preferred = rng.uniform(0, 360, 80)
    aim = arrays["target"] * 45.0 + 30.0 * trial / 160
    arrays["counts"] = rng.poisson(6 + 4 * np.cos(np.deg2rad(aim[:, None] - preferred)))
    spec = spec_of(permutations=0, resamples=20, splits=4)
    result = KIND.run(spec, {UPLOADED: arrays}, silent)
    assert KIND.rows(spec, result)[0].metrics["shift_pseudo_deg"] == pytest.approx(15.0, abs=6.0)
    assert "where only drift and learning can act, it turns by" in KIND.reading(spec, result)
    order = rng.permutation(320)
    mixed = {name: arrays[name][order] for name in ("counts", "target", "block")}
    result = KIND.run(spec, {UPLOADED: arrays | mixed}, silent)
    np.testing.assert_allclose(result["shift_pseudo_deg"], 0.0, atol=6.0)


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


@pytest.mark.parametrize("angles", [[0, 180], [0, 180, 180, 360], [90, 90, 90]])
def test_targets_on_a_line_are_refused(angles: list[float]) -> None:
    target = np.tile(np.arange(len(angles)), 20)
    arrays = {
        "counts": np.random.default_rng(0).poisson(4.0, (len(target), 6)),
        "target": target,
        "target_angle_deg": np.array(angles, dtype=float),
        "block": np.repeat(["before", "after"], len(target) // 2),
    }
    spec = spec_of(reference="before", compare="after")
    message = r"its targets lie in \d directions?, and a ring that turns needs 3; with fewer"
    with pytest.raises(Refused, match=message):
        KIND.estimate(spec, {UPLOADED: summarise(arrays, "npz")})
    with pytest.raises(Refused, match=message):
        KIND.run(spec, {UPLOADED: arrays}, silent)
