"""One simulation from plain numbers to its curves: draw, learn from record to record, measure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

import numpy as np

from core.kernels import costs
from core.kernels.batches import Fresh, FullBatch, Shuffled, Source
from core.kernels.clock import Clock, pieces
from core.kernels.draws import Role, fill, generator
from core.kernels.given import Given
from core.kernels.learners import (
    BatchLearner,
    Learner,
    Networks,
    Samples,
    Schedule,
    State,
    covariance_learner,
    started_maps,
    started_state,
)
from core.kernels.measures import Extrema, order_parameter_q
from core.kernels.networks import (
    Draw,
    FlipCounts,
    Law,
    Layers,
    drawn_weights,
    plasticity_of,
    set_norms,
    shifted_weights,
)
from core.kernels.observation import Observation, observers_of, stops
from core.kernels.observers import Measured, Observer
from core.kernels.recording import Recording
from core.kernels.responses import add_squared_errors, answer
from core.kernels.retirement import at_rest, target_size
from core.kernels.snapshot import Keeper, captured, restore
from core.kernels.stack import (
    BLOCK,
    Array,
    Model,
    Scratch,
    Weights,
    padded,
    padded_columns,
    scratch_for,
)
from core.kernels.students import Students


@dataclass(frozen=True)
class Simulation:
    """All that determines the curves."""

    sizes: costs.Sizes
    model: Model
    rules: tuple[str, ...]
    seed: int
    first_replicate: int
    teacher: Law
    teacher_norms: tuple[float | None, float | None]
    student: Law
    perturbation: float | None  # of a student that starts at the teacher's weights
    perturbed_layer: Literal["W1", "W2"]
    flips: FlipCounts
    feedback_scale: float
    input_std: float
    learning_rate: float
    per_epoch: bool
    record: Array  # "record", epochs from 0 to the last
    retire: bool  # whether networks that have converged to rounding rest
    observation: Observation
    given: Given

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of weights and samples."""
        return np.dtype(f"f{self.sizes.bytes_per_number}")

    @property
    def replicates(self) -> range:
        """Their own numbers."""
        return range(self.first_replicate, self.first_replicate + self.sizes.replicates)

    @property
    def schedule(self) -> Schedule:
        """How many batches make an epoch, and how far each steps."""
        share = self.sizes.batch / self.sizes.train if self.per_epoch else 1.0
        return Schedule(
            batch=self.sizes.batch,
            batches=self.sizes.batches,
            eta=self.learning_rate * share,
            per_sample=self.per_epoch,
            segment=self.sizes.segment,
            seconds_per_update=costs.update_seconds(self.sizes),
        )


@dataclass(frozen=True)
class Curves:
    """What a simulation recorded; networks are ordered rule by rule."""

    train_error: Array  # "networks record"
    test_error: Array  # "networks record"
    order_parameter_q: Array  # "networks", nan where not traced or not finite
    extrema: Extrema  # over the records, or every epoch where exact
    retired_at: Array  # "networks", the record at which it was left, at rest or not finite, or -1
    measured: Mapping[str, Measured]  # by name, what else was observed


def simulated(simulation: Simulation, clock: Clock, keeper: Keeper) -> Curves:
    """The curves of every rule and replicate, from the beginning or from what was kept."""
    sizes, schedule = simulation.sizes, simulation.schedule
    draw = Draw(simulation.seed, simulation.replicates, simulation.dtype, clock.tick)
    layers = Layers(sizes.inputs, sizes.teacher_hidden, sizes.outputs)
    teachers = drawn_weights(draw, Role.TEACHER, layers, simulation.teacher)
    simulation.given.copy_teacher(teachers, clock.tick)
    set_norms(draw, teachers, *simulation.teacher_norms)
    networks = _networks(simulation, draw, teachers)
    train, test = (
        _samples(simulation, teachers, role, count, clock)
        for role, count in ((Role.TRAIN_INPUTS, sizes.train), (Role.TEST_INPUTS, sizes.test))
    )
    state = started_state(networks, schedule, traced=sizes.window > 0)
    learner: Learner
    if sizes.by_covariance:
        learner = covariance_learner(
            networks, teachers, train, sizes.inputs, schedule, state, clock
        )
    else:
        source = _source(simulation, teachers, train, clock)
        maps = started_maps(networks, sizes.inputs, clock) if sizes.by_map else None
        learner = BatchLearner(networks, source, schedule, state, clock, maps)
    sets = train, test
    recording = Recording(sizes.networks, len(simulation.record))
    observers = _observers(simulation, networks, sets, clock)
    changing = (learner, recording, *observers)
    constant = (teachers, train, test, state.scratch, clock)
    if keeper.kept is not None:
        restore(changing, keeper.kept, constant)
    clock.whole = lambda: keeper.keep(lambda: captured(changing, constant))
    _record(simulation, networks, learner, sets, state, clock, recording, observers)
    q = np.full(sizes.networks, np.nan)
    if sizes.window:
        q = order_parameter_q(state.trace, sizes.hidden, sizes.inputs, state.alive, clock.tick)
    measured = {name: m for each in observers for name, m in each.measured().items()}
    train_error, test_error = recording.errors
    return Curves(train_error, test_error, q, recording.extrema, state.retired_at, measured)


def _networks(simulation: Simulation, draw: Draw, teachers: Weights) -> Networks:
    """The students, once for every rule, and how each rule changes them."""
    sizes, copies = simulation.sizes, len(simulation.rules)
    layers = Layers(sizes.inputs, sizes.hidden, sizes.outputs)
    if simulation.perturbation is None:
        stack = drawn_weights(draw, Role.STUDENT, layers, simulation.student, copies)
    else:
        layer, by = simulation.perturbed_layer, simulation.perturbation
        stack = shifted_weights(draw, teachers, layers, by=by, layer=layer, copies=copies)
    rules = plasticity_of(
        draw, stack, layers, simulation.rules, simulation.flips, simulation.feedback_scale
    )
    return Networks(simulation.model, stack, rules)


def _samples(
    simulation: Simulation, teachers: Weights, role: Role, count: int, clock: Clock
) -> Samples:
    """Inputs, the same for all, and every teacher's answers to them; then zeros as padding."""
    sizes, dtype = simulation.sizes, simulation.dtype
    x = np.zeros((padded(count + 1, BLOCK), padded_columns(sizes.inputs, dtype)), dtype)
    used, given = x[:count, : sizes.inputs], simulation.given
    if given.inputs is not None:
        first = sizes.train if role is Role.TEST_INPUTS else 0
        used[:] = given.inputs[first : first + count]
    else:
        std = simulation.input_std if given.covariance_root is None else 1.0
        fill(generator(simulation.seed, role), used, "normal", std, clock.tick)
        given.mix(used, clock.tick)
    return Samples(x, _answers(simulation, teachers, x, clock), count)


def _answers(simulation: Simulation, teachers: Weights, x: Array, clock: Clock) -> Array:
    """What every teacher answers, "replicates padded_samples outputs"."""
    sizes = simulation.sizes
    y = np.zeros((sizes.replicates, len(x), sizes.outputs), x.dtype)
    scratch = scratch_for(teachers, BLOCK)
    seconds = costs.forward_seconds(sizes, sizes.teacher_hidden, len(x))
    for networks, blocks in pieces(sizes.replicates, len(x), seconds):
        answer(simulation.model, teachers, networks, x, y, blocks, scratch)
        clock.tick()
    return y


def _source(simulation: Simulation, teachers: Weights, train: Samples, clock: Clock) -> Source:
    sizes = simulation.sizes
    if sizes.online:
        return Fresh(
            inputs=sizes.inputs,
            columns=train.x.shape[1],
            std=simulation.input_std,
            samples=sizes.train,
            batch=sizes.batch,
            rng=generator(simulation.seed, Role.FRESH_INPUTS),
            answers=lambda x: _answers(simulation, teachers, x, clock),
            dtype=train.x.dtype,
            tick=clock.tick,
        )
    if sizes.batch == sizes.train:
        return FullBatch(train.x, train.y, train.count, clock.tick)
    rng = generator(simulation.seed, Role.SAMPLE_ORDER)
    return Shuffled(train.x, train.y, train.count, sizes.batch, rng, clock.tick)


def _record(
    simulation: Simulation,
    networks: Networks,
    learner: Learner,
    sets: tuple[Samples, Samples],
    state: State,
    clock: Clock,
    recording: Recording,
    observers: Sequence[Observer],
) -> None:
    """Training and test errors while learning from look to look, from where the recording is."""
    sizes, record = simulation.sizes, simulation.record.tolist()
    opening = sizes.epochs - sizes.window
    targets = np.tile(target_size(sets[0].y, sizes.train), len(simulation.rules))
    epsilon = float(np.finfo(simulation.dtype).eps)
    looks = range(sizes.epochs + 1) if sizes.every_epoch else record
    for epoch, looked, watching in islice(stops(looks, observers), recording.stops, None):
        learner.advance_to(min(opening, epoch), traced=False)
        if sizes.window and epoch > opening:
            state.wake()
        learner.advance_to(epoch, traced=sizes.window > 0)
        recording.stops += 1
        for observer in watching:
            observer.look(epoch)
        if not looked:
            continue
        now = np.stack(
            [_mean_errors(sizes, networks, samples, state.scratch, clock) for samples in sets]
        )
        recorded = epoch == record[recording.records]
        recording.add(now, recorded=recorded)
        if recorded:
            clock.values = _medians(simulation.rules, now[1])
            seen = recording.records
            train_error = recording.errors[0, :, :seen]
            resting = at_rest(simulation.record[:seen], train_error, targets, epsilon)
            worthwhile = simulation.retire and epoch < opening
            state.retire(resting & worthwhile, epoch)


def _observers(
    simulation: Simulation,
    networks: Networks,
    sets: tuple[Samples, Samples],
    clock: Clock,
) -> list[Observer]:
    """Everybody who looks at the networks while they learn."""
    sizes = simulation.sizes
    students = Students(
        networks=networks,
        layers=Layers(sizes.inputs, sizes.hidden, sizes.outputs),
        train=sets[0],
        test=sets[1],
        postsynaptic=simulation.flips.postsynaptic,
        tick=clock.tick,
    )
    eta, record = simulation.schedule.eta, tuple(simulation.record.tolist())
    return observers_of(simulation.observation, students, record, eta=eta, seed=simulation.seed)


def _mean_errors(
    sizes: costs.Sizes, networks: Networks, samples: Samples, scratch: Scratch, clock: Clock
) -> Array:
    """1/(2P) sum over samples of ||e||^2, for every network."""
    totals = np.zeros(networks.count)
    seconds = costs.forward_seconds(sizes, sizes.hidden, samples.count)
    for which, blocks in pieces(networks.count, samples.count, seconds):
        add_squared_errors(
            networks.model,
            networks.weights,
            which,
            samples.x,
            samples.y,
            (blocks[0] * BLOCK, min(blocks[1] * BLOCK, samples.count)),
            totals,
            scratch,
        )
        clock.tick()
    return totals / (2 * samples.count)


def _medians(rules: tuple[str, ...], errors: Array) -> dict[str, float]:
    """The median test error of every rule, of those networks that have one."""
    medians = {}
    for rule, of_rule in zip(rules, errors.reshape(len(rules), -1), strict=True):
        known = of_rule[np.isfinite(of_rule)]
        if known.size:
            medians[f"{rule}_test_error"] = float(np.median(known))
    return medians
