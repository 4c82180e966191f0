"""By how much the population's ring of targets turns from one block to another."""

from collections.abc import Mapping
from math import isfinite, nan

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from core.charts.reaiming import draw_null, draw_rings, draw_shifts
from core.checkpoints import ledger
from core.columns import columns_of
from core.dataset import DatasetSummary
from core.directions import check_ring, distinct_directions
from core.examples import REACHING_UNDER_BLOCK
from core.experiment import (
    Array,
    Dataset,
    Equation,
    Estimate,
    Figure,
    Kind,
    Metric,
    Progress,
    Refused,
    Result,
    Row,
    without,
)
from core.kernels.folds import early_half, makes_pseudo_blocks
from core.kernels.ledger import Stage
from core.kernels.reaiming import (
    Reaiming,
    averaged_together,
    decoder_turns,
    halved,
    split_half,
)
from core.kernels.resampling import (
    bootstrap_weights,
    percentile_interval,
    permuted_within,
    two_sided_p,
)
from core.selection import Selection, selected
from core.sentences import OPTIMISTIC, number, paragraph, tested, verdict, with_interval
from core.session_spec import COMPARISON, Label, SessionSpec, checked_session

POOR_SIMILARITY = 0.7
NO_ANGLES = (
    "re-aiming needs the direction of each target: upload the dataset again with "
    "`target_angle_deg`, one angle in degrees per target"
)
SECONDS_PER_FIT, SECONDS_PER_SPLIT, SECONDS_PER_NUMBER = 6e-4, 5e-5, 4.5e-10


class ReaimingSpec(SessionSpec):
    """By how many degrees activity turns, as if another target were aimed at.

    The means of the targets form a ring in the plane of the two largest components of the reference
    block. The shift is the turn of the compared block's ring in that plane, counter-clockwise
    positive, as target angles are: the population behaves as if it aimed at target + shift. Plane
    and reference ring come from different halves of the trials, averaged over random halves.
    """

    factor: Label = Field(
        default="block", description="Name of the block factor, such as `block` or `field`."
    )
    reference: Label = Field(description="The block that defines plane and ring, such as `NF`.")
    compare: Label = Field(description="The block whose turn is measured, such as `FF`.")
    resamples: int = Field(
        default=200, ge=20, le=20_000, description="Stratified resamples behind the interval."
    )
    permutations: int = Field(
        default=200,
        ge=0,
        le=20_000,
        description="Relabellings of trials within target behind the p-value; 0: no test.",
    )
    splits: int = Field(
        default=20,
        ge=1,
        le=50,
        description="Random halves averaged in the estimate, in each resample and relabelling.",
    )
    decoder_ridge: float = Field(
        default=100.0,
        gt=0,
        le=1e12,
        description="Ridge of the decoder of target direction, in squared units of activity. On "
        "the bundled recording the decoder's shift is -13.5 degrees with `transform` sqrt, as "
        "published, and -12.1 with raw counts.",
    )

    @model_validator(mode="after")
    def _blocks_differ(self) -> "ReaimingSpec":
        if self.reference == self.compare:
            raise ValueError(f"compare is {self.compare!r}, which is the reference; name another")
        if self.factor in self.within:
            raise ValueError(f"within: {self.factor!r} is the factor whose blocks are compared")
        return self

    @property
    def pair(self) -> tuple[dict[str, str], dict[str, str]]:
        """The labels of the reference and of the compared block."""
        return (
            {**self.within, self.factor: self.reference},
            {**self.within, self.factor: self.compare},
        )


METRICS = {
    "shift_deg": Metric("Turn of the ring, counter-clockwise positive; per target: its own", "deg"),
    "ci_low": Metric("Lower end of the 95 % bootstrap interval of the shift", "deg"),
    "ci_high": Metric("Upper end of the 95 % bootstrap interval of the shift", "deg"),
    "similarity": Metric("How well one turn and one gain make one ring of the other; at most 1"),
    "gain": Metric("Size of the compared ring over that of the reference"),
    "p_value": Metric("Two-sided permutation p of the shift, labels shuffled within target"),
    "shift_pseudo_deg": Metric(
        "Turn from early to late trials of one block, mean over the two blocks: what drift alone "
        "would show. Null unless each target has eight trials in each block",
        "deg",
    ),
    "decoder_shift_deg": Metric("Shift by a ridge decoder of target direction, a check", "deg"),
}


def run(spec: ReaimingSpec, inputs: Mapping[str, Dataset], progress: Progress) -> Result:
    """The estimate over many halves, then resamples, then relabellings."""
    chosen = selected(
        inputs[spec.dataset], spec.pair, neurons=spec.neurons, transform=spec.transform
    )
    angles = chosen.session.target_angle_deg
    if angles is None:
        raise Refused("dataset", spec.dataset, NO_ANGLES)
    check_ring(spec.dataset, distinct_directions(angles))
    seeds = np.random.SeedSequence(spec.seed).spawn(3)
    units, kept, targets = chosen.units, ledger(progress), len(angles)
    half = halved(units.condition, units.block == 0, seeds[0], spec.splits)
    whole = split_half(units.activity, units.condition, half, angles)
    boots = kept.stage("resamples", 1 + targets, spec.resamples)
    _resample(chosen, angles, half, seeds[1], boots, progress)
    null = kept.stage("null", spec.permutations)
    _permute(spec, chosen, angles, half, null, progress)
    arrays = _estimated(whole, boots.values) | _decoder(spec, chosen, angles)
    arrays |= {
        "target_angle_deg": Array(angles, ("target",), "deg"),
        "resampled_shift_deg": Array(boots.values[0], ("resample",), "deg"),
        "permuted_shift_deg": Array(null.values, ("permutation",), "deg"),
        "shift_pseudo_deg": Array(
            _pseudo_shifts(spec, chosen, angles, seeds[2]), ("block",), "deg"
        ),
        "rows_correlated": Array(np.array([chosen.optimistic]), ("session",)),
        "target_label": Array(np.array(chosen.session.target_labels), ("target",)),
    }
    progress(1.0)
    result = Result(arrays, chosen.warnings)
    return Result(arrays, chosen.warnings + _doubts(result))


def rows(spec: ReaimingSpec, result: Result) -> tuple[Row, ...]:
    """The turn of the whole ring, and that of each target."""
    shift = float(result["shift_deg"][0])
    null = result["permuted_shift_deg"]
    low, high = result["shift_interval_deg"].tolist()
    whole = {
        "shift_deg": shift,
        "ci_low": low,
        "ci_high": high,
        "similarity": float(result["similarity"][0]),
        "gain": float(result["gain"][0]),
        "shift_pseudo_deg": float(result["shift_pseudo_deg"].mean()),
        "p_value": two_sided_p(shift, null) if len(null) else nan,
        "decoder_shift_deg": float(result["decoder_shift_deg"][0]),
    }
    return (
        Row(COMPARISON, 0, whole),
        *(
            Row(
                f"target:{label}",
                0,
                {
                    name: float(result[array][k])
                    for name, array in {
                        "shift_deg": "shift_per_target_deg",
                        "ci_low": "shift_per_target_low_deg",
                        "ci_high": "shift_per_target_high_deg",
                        "decoder_shift_deg": "decoder_shift_per_target_deg",
                    }.items()
                },
            )
            for k, label in enumerate(result["target_label"].tolist())
        ),
    )


def reading(spec: ReaimingSpec, result: Result) -> str:
    """The turn in words, whether it is one, and what the decoder says."""
    found = rows(spec, result)[0].metrics
    shift, low, high, p_value = (
        float(found[name] or 0.0) for name in ("shift_deg", "ci_low", "ci_high", "p_value")
    )
    way = "counter-clockwise" if shift > 0 else "clockwise"
    own, pseudo = result["shift_per_target_deg"], float(result["shift_pseudo_deg"].mean())
    return paragraph(
        f"From {spec.reference} to {spec.compare} the ring of targets turns by "
        f"{with_interval(shift, low, high)} degrees ({way}; similarity "
        f"{number(float(result['similarity'][0]))}, gain {number(float(result['gain'][0]))}).",
        verdict(
            float(rows(spec, result)[0].metrics["p_value"] or nan) if spec.permutations else nan,
            found=f"That is more than relabelled trials give ({tested(p_value)}).",
            nothing=f"Relabelled trials turn as far ({tested(p_value)}): no re-aiming was found.",
        ),
        f"Single targets turn by {number(float(own.min()))} to {number(float(own.max()))} degrees, "
        f"and a decoder says {number(float(result['decoder_shift_deg'][0]))} overall and "
        f"{number(float(result['decoder_shift_per_target_deg'].min()))} to "
        f"{number(float(result['decoder_shift_per_target_deg'].max()))} by target: the wider these "
        "ranges, the less the change is one turn. A shift common to all targets enters the "
        "decoder.",
        "From early to late trials of one block, where only drift and learning can act, it turns "
        f"by {number(pseudo)} degrees."
        if isfinite(pseudo)
        else "",
        OPTIMISTIC if bool(result["rows_correlated"][0]) else "",
        *(f"{each[0].upper()}{each[1:]}." for each in _doubts(result)),
    )


def estimate(spec: ReaimingSpec, summaries: Mapping[str, DatasetSummary]) -> Estimate:
    """Check the spec against its dataset and cost it."""
    if spec.dataset in summaries and "target_angle_deg" not in summaries[spec.dataset].arrays:
        raise Refused("dataset", spec.dataset, NO_ANGLES)
    summary, trials = checked_session(spec, summaries, spec.pair)
    check_ring(spec.dataset, summary.directions)
    neurons, targets = len(spec.neurons or ()) or summary.neurons or 0, len(summary.targets)
    fit = spec.splits * (sum(trials) * neurons * SECONDS_PER_NUMBER + SECONDS_PER_SPLIT)
    seconds = 0.05 + (spec.resamples + spec.permutations + 3) * (fit + SECONDS_PER_FIT)
    return Estimate(
        memory_bytes=60_000_000 + 8 * sum(trials) * (6 * neurons + 4 * targets) + 8 * neurons**2,
        operations=int(seconds * 1e9),
        seconds=seconds,
    )


def example() -> ReaimingSpec:
    """The bundled session under stimulation: null field against force field."""
    return ReaimingSpec(
        dataset=REACHING_UNDER_BLOCK.dataset_id,
        within={"state": "HFS"},
        factor="field",
        reference="NF",
        compare="FF",
    )


def _resample(
    chosen: Selection,
    angles: NDArray[np.float64],
    half: NDArray[np.int64],
    seed: np.random.SeedSequence,
    shifts: Stage,
    progress: Progress,
) -> None:
    """The shift of every resample, whole and per target."""
    units, generator = chosen.units, np.random.default_rng(seed)
    together = averaged_together(units.condition, units.block == 0)
    draws = range(shifts.values.shape[-1])
    drawn = ((slice(at, at + 1), bootstrap_weights(together, generator)) for at in draws)
    for draw, weights in shifts.missing(drawn):
        each = split_half(units.activity, units.condition, half, angles, weights)
        own = np.degrees(np.angle(each.turns))
        shifts.add(draw, np.array([each.shift_deg, *own])[:, None])
        progress(0.5 * draw.stop / len(draws))


def _permute(
    spec: ReaimingSpec,
    chosen: Selection,
    angles: NDArray[np.float64],
    half: NDArray[np.int64],
    null: Stage,
    progress: Progress,
) -> None:
    """The shift with trials shuffled within target, over blocks and halves."""
    units = chosen.units
    places = np.arange(len(units.block))
    shuffled = permuted_within(places, units.condition, spec.seed, spec.permutations, 1)
    for draw, trials in null.missing(shuffled):
        activity = units.activity[trials[0]]
        shift = split_half(activity, units.condition, half, angles).shift_deg
        null.add(draw, np.array([shift]))
        progress(0.5 + 0.5 * draw.stop / spec.permutations)


def _pseudo_shifts(
    spec: ReaimingSpec,
    chosen: Selection,
    angles: NDArray[np.float64],
    seed: np.random.SeedSequence,
) -> NDArray[np.float64]:
    """From the early to the late half of each block; NaN with too few trials."""
    units, found = chosen.units, np.full(2, nan)
    for block in range(2):
        own = units.block == block
        activity, condition = units.activity[own], units.condition[own]
        if makes_pseudo_blocks(condition):
            early = early_half(condition, units.first[own])
            half = halved(condition, early, seed, spec.splits)
            found[block] = split_half(activity, condition, half, angles).shift_deg
    return found


def _estimated(whole: Reaiming, boots: NDArray[np.float64]) -> dict[str, Array]:
    """boots: "1 + targets, draws", the whole shift first."""
    per_target = np.degrees(np.angle(whole.turns))
    low, high = _interval(per_target, boots[1:].T)
    interval = np.array(_interval(np.array(whole.shift_deg), boots[0]))
    similarity = np.array([abs(whole.overlap)])
    return {
        "shift_deg": Array(np.array([whole.shift_deg]), ("session",), "deg"),
        "shift_interval_deg": Array(interval, ("end",), "deg"),
        "similarity": Array(similarity, ("session",)),
        "gain": Array(np.array([whole.gain]), ("session",)),
        "shift_per_target_deg": Array(per_target, ("target",), "deg"),
        "shift_per_target_low_deg": Array(low, ("target",), "deg"),
        "shift_per_target_high_deg": Array(high, ("target",), "deg"),
        "ring_reference": Array(_plane(whole.reference), ("target", "axis")),
        "ring_compare": Array(_plane(whole.compare), ("target", "axis")),
    }


def _interval(
    estimate: NDArray[np.float64], draws: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Estimate plus the quantiles of the draws' distance from it on the circle."""
    low, high = percentile_interval((draws - estimate + 180.0) % 360.0 - 180.0)
    return np.asarray(estimate + low), np.asarray(estimate + high)


def _decoder(
    spec: ReaimingSpec, chosen: Selection, angles: NDArray[np.float64]
) -> dict[str, Array]:
    units, first = chosen.units, chosen.units.block == 0
    turns = decoder_turns(
        units.activity[first],
        angles[units.condition[first]],
        units.activity[~first],
        units.condition[~first],
        angles,
        spec.decoder_ridge,
    )
    sizes = np.bincount(units.condition[~first])
    overall = np.degrees(np.angle(np.array([(sizes * turns).sum()])))
    return {
        "decoder_shift_deg": Array(overall, ("session",), "deg"),
        "decoder_shift_per_target_deg": Array(np.degrees(np.angle(turns)), ("target",), "deg"),
    }


def _plane(ring: NDArray[np.complex128]) -> NDArray[np.float64]:
    return np.stack([ring.real, ring.imag], axis=1)


def _doubts(result: Result) -> tuple[str, ...]:
    similarity = float(result["similarity"][0])
    if similarity >= POOR_SIMILARITY:
        return ()
    return (
        f"the rings are not alike (similarity {similarity:.2f}): a single turn describes the "
        "change poorly, or there are too few trials to see the ring",
    )


KIND: Kind[ReaimingSpec] = Kind(
    name="population.reaiming",
    version=2,
    summary="By how many degrees the population's ring of targets turns between two blocks",
    spec=ReaimingSpec,
    columns=columns_of(ReaimingSpec),
    metrics=METRICS,
    figures={
        "ring": Figure("The ring of target means before and after, with its turn", draw_rings),
        "shift_per_target": Figure("Shift of each target with 95 % intervals", draw_shifts),
        "permutation_null": Figure(
            "The shift among those of relabelled trials", draw_null, without("permutations")
        ),
    },
    references=(
        "S. Israely et al., Cerebellar output shapes cortical preparatory activity during motor "
        "adaptation, Nature Communications 16:2574 (2025)",
    ),
    equations=(
        Equation(
            "With ring means as complex numbers in the plane of the reference, the shift, "
            "similarity and gain of the compared ring",
            r"s = \sum_c \bar{z}_{\mathrm{ref},c}\, z_c, \qquad "
            r"\mathrm{shift} = \operatorname{arg} s, \qquad "
            r"\mathrm{similarity} = \frac{|s|}{\lVert z_{\mathrm{ref}} \rVert \lVert z \rVert}, "
            r"\qquad \mathrm{gain} = \frac{\lVert z \rVert}{\lVert z_{\mathrm{ref}} \rVert}",
        ),
    ),
    beware=(
        "One number says little where targets turn by different angles: look at the shifts per "
        "target and at the similarity.",
        "A change that leaves the plane of the reference is not seen here: see "
        "population.subspaces.",
    ),
    run=run,
    rows=rows,
    estimate=estimate,
    example=example,
    datasets=lambda spec: (spec.dataset,),
    reading=reading,
)
