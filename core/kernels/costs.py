"""What a simulation costs, from its sizes alone: exact integers, then seconds by measured rates.

The rates are those of one core at 53 GFLOP/s in float64 matrix products; `benchmarks.simulation`
shows how near they are on another machine.
"""

from dataclasses import dataclass

from core.kernels.clock import PIECE_S
from core.kernels.sideways import is_tall
from core.kernels.stack import BLOCK, padded

MULTIPLY_ADD_S = 6.0e-11
ACTIVATION_S = 1.5e-9
ROW_S = 1.6e-8
UPDATE_S = 3.5e-7
COVARIANCE_EPOCH_S = 1.5e-7
COVARIANCE_TERM_S = 1.3e-10
COVARIANCE_ROW_S = 1.5e-8
TALL_TERM_S = 1.7e-10
TALL_ROW_S = 3.0e-9
DRAW_S = 1.2e-8
REPLICATE_S = 4.0e-5
"""Drawing a teacher and a student, beside their numbers; half as much for each layer of signs."""
COVARIANCE_DATA_S = 4.0e-11
LOOK_S = 1.0e-4
"""To stop at an epoch and measure errors, beside the networks' answers."""
NETWORK_S = 3.0e-7
RESULT_ROW_S = 1.0e-5
RESULT_ROW_BYTES = 1500
"""One row of metrics while it is being written."""
MOVE_S = 1.0e-9
TRACE_S = 8e-10
SEGMENT_BYTES = 2**19
"""Of inputs fetched at a time: they stay in the second-level cache while networks take turns."""
ANSWER_BYTES = 2**24
COMPILED_BYTES = 230_000_000
"""Of a worker that has loaded the libraries and the compiled kernels."""

_LARGEST_COVARIANCE = 2048  # inputs; beyond, X^T X and its memory cost more than they save
_LONGEST_COVARIANCE_UPDATE = 2**31  # multiply-adds, of a loop that cannot look up


@dataclass(frozen=True)
class Sizes:
    """The sizes that fix the cost of a simulation."""

    inputs: int
    hidden: int
    outputs: int
    train: int
    test: int
    batch: int
    epochs: int
    records: int
    rules: int
    replicates: int
    window: int
    teacher_hidden: int
    bytes_per_number: int
    linear: bool
    online: bool
    feedback: bool = False  # whether any rule has fixed weights
    flipped_layers: int = 0  # whose signs are drawn
    every_epoch: bool = False  # whether errors are measured after each

    @property
    def networks(self) -> int:
        """Stepped side by side."""
        return self.rules * self.replicates

    @property
    def batches(self) -> int:
        """Per epoch."""
        return -(-self.train // self.batch)

    @property
    def segment(self) -> int:
        """Batches fetched at a time."""
        samples = padded(self.batch, BLOCK) * self.bytes_per_number
        inputs, answers = samples * self.columns, samples * self.replicates * self.outputs
        return max(1, min(SEGMENT_BYTES // inputs, ANSWER_BYTES // answers))

    @property
    def by_covariance(self) -> bool:
        """Whether the whole training set enters through its covariance (linear, full batch)."""
        if not self.linear or self.online or self.batch < self.train:
            return False
        M, N, K = self.inputs, self.hidden, self.outputs
        direct, by_covariance = 2 * self.train * N * M, K * (3 * N * M + M * M)
        short = K * self.columns * (3 * N + self.columns) <= _LONGEST_COVARIANCE_UPDATE
        return M <= _LARGEST_COVARIANCE and short and by_covariance <= direct

    @property
    def by_map(self) -> bool:
        """Whether a batch enters through the errors of the map W2 W1 (linear)."""
        if not self.linear or self.by_covariance:
            return False
        N, K, B = self.hidden, self.outputs, padded(self.batch, BLOCK)
        short = K * self.columns * (3 * N + 2 * B) <= _LONGEST_COVARIANCE_UPDATE
        return short and K * (3 * N + 2 * B) <= 2 * B * N

    @property
    def looks(self) -> int:
        """How often errors are measured."""
        return self.epochs + 1 if self.every_epoch else self.records

    @property
    def fresh(self) -> int:
        """Samples drawn while learning."""
        return self.epochs * self.train if self.online else 0

    @property
    def columns(self) -> int:
        """Inputs with their padding."""
        return padded(self.inputs, 64 // self.bytes_per_number)

    @property
    def weights(self) -> int:
        """Numbers in one network, padding included."""
        return padded(self.hidden, 2) * self.columns + self.outputs * self.hidden


def forward_operations(sizes: Sizes, hidden: int, samples: int) -> int:
    """Multiply-adds of the answers to so many samples."""
    rows = padded(hidden, 2)
    return padded(samples, BLOCK) * rows * (sizes.columns + sizes.outputs)


def update_operations(sizes: Sizes) -> int:
    """Multiply-adds of one update of one network."""
    N, K = sizes.hidden, sizes.outputs
    if sizes.by_covariance:
        return K * sizes.columns * (3 * N + sizes.columns)
    if sizes.by_map:
        return K * sizes.columns * (3 * N + 2 * padded(sizes.batch, BLOCK))
    forward = forward_operations(sizes, N, sizes.batch)
    return 2 * forward + padded(sizes.batch, BLOCK) * N * K


def update_seconds(sizes: Sizes) -> float:
    """One update of one network."""
    if sizes.by_covariance or sizes.by_map:
        rate, row = COVARIANCE_TERM_S, COVARIANCE_ROW_S
        if is_tall(sizes.inputs, sizes.hidden):
            rate, row = TALL_TERM_S, TALL_ROW_S
        rows = row * sizes.hidden * sizes.outputs
        return COVARIANCE_EPOCH_S + rows + rate * update_operations(sizes)
    blocks = -(-sizes.batch // BLOCK)
    units = blocks * BLOCK * (sizes.hidden + sizes.outputs)
    rows = blocks * sizes.hidden * (1 + sizes.outputs)
    arithmetic = _multiply_add_seconds(sizes) * update_operations(sizes)
    return UPDATE_S + arithmetic + ROW_S * rows + (0 if sizes.linear else ACTIVATION_S * units)


def _look_operations(sizes: Sizes) -> int:
    return forward_operations(sizes, sizes.hidden, sizes.train + sizes.test)


def operations(sizes: Sizes) -> int:
    """Scalar operations of the whole simulation, two to a multiply-add."""
    updates = sizes.epochs * sizes.batches
    learning = sizes.networks * updates * update_operations(sizes)
    looking = sizes.looks * sizes.networks * _look_operations(sizes)
    taught = sizes.train + sizes.test + sizes.fresh
    teaching = forward_operations(sizes, sizes.teacher_hidden, taught)
    tracing = 3 * sizes.networks * sizes.window * sizes.weights
    return 2 * (learning + looking + sizes.replicates * teaching + tracing)


def forward_seconds(sizes: Sizes, hidden: int, samples: int) -> float:
    """The answers of one network of that width to so many samples."""
    units = padded(samples, BLOCK) * (hidden + sizes.outputs)
    arithmetic = _multiply_add_seconds(sizes) * forward_operations(sizes, hidden, samples)
    return NETWORK_S + arithmetic + (0 if sizes.linear else ACTIVATION_S * units)


def _multiply_add_seconds(sizes: Sizes) -> float:
    """Float32 has twice the lanes but the same overhead."""
    return MULTIPLY_ADD_S * (4 + sizes.bytes_per_number) / 12


def seconds(sizes: Sizes) -> float:
    """The whole simulation on one core, compiled loops already at hand."""
    updates = sizes.epochs * sizes.batches
    looked = sizes.train + sizes.test
    shuffled = 0 if sizes.online or sizes.batch == sizes.train else updates * sizes.batch
    moved = shuffled * (sizes.columns + sizes.replicates * sizes.outputs)
    looking = LOOK_S + sizes.networks * forward_seconds(sizes, sizes.hidden, looked)
    teaching = forward_seconds(sizes, sizes.teacher_hidden, looked + sizes.fresh)
    return (
        sizes.networks * updates * update_seconds(sizes)
        + sizes.looks * looking
        + sizes.replicates * teaching
        + _drawing_seconds(sizes)
        + MOVE_S * moved
        + TRACE_S * sizes.networks * sizes.window * sizes.weights
        + RESULT_ROW_S * sizes.networks
    )


def _drawing_seconds(sizes: Sizes) -> float:
    """Inputs, networks and their rules; X^T X."""
    samples = (sizes.train + sizes.test + sizes.fresh) * sizes.inputs
    networks = sizes.replicates * sizes.weights * (2 + sizes.feedback)
    copied = sizes.networks * (2 * sizes.weights + sizes.columns)
    extras = 1 + (sizes.flipped_layers + sizes.feedback) / 2
    covariance = sizes.train * sizes.columns**2 if sizes.by_covariance else 0
    return (
        REPLICATE_S * sizes.replicates * extras
        + DRAW_S * (samples + networks)
        + MOVE_S * copied
        + COVARIANCE_DATA_S * covariance
    )


def memory_bytes(sizes: Sizes) -> int:
    """The largest set of arrays alive at one time, beside what the compiler leaves."""
    S, columns = sizes.bytes_per_number, sizes.columns
    teacher = padded(sizes.teacher_hidden, 2) * (columns + sizes.outputs)
    networks = sizes.networks * (sizes.weights + columns + 4 * sizes.hidden)
    networks += sizes.networks * sizes.outputs * (sizes.feedback * sizes.hidden + 4)
    drawn = sizes.replicates * teacher
    samples = sizes.train + sizes.test + 2 * BLOCK
    data = samples * (columns + sizes.replicates * sizes.outputs)
    batch = padded(sizes.batch, BLOCK) * sizes.replicates * sizes.outputs
    if sizes.batch < sizes.train or sizes.online:
        piece = max(1, int(PIECE_S / (sizes.networks * update_seconds(sizes))))
        fetched = min(sizes.segment, sizes.epochs * sizes.batches, piece)
        batch = fetched * (batch + padded(sizes.batch, BLOCK) * columns)
    order = 0 if sizes.batch == sizes.train else 24 * sizes.train
    covariance = 3 * columns * columns if sizes.by_covariance else 0
    maps = sizes.networks * sizes.outputs * columns
    trace = 2 * sizes.networks * sizes.weights if sizes.window else 0
    curves = 6 * sizes.networks * sizes.records
    numbers = networks + drawn + data + batch + sizes.weights
    numbers += covariance + (maps if sizes.by_covariance or sizes.by_map else 0)
    learning = S * numbers + 8 * (trace + curves) + order
    reporting = 8 * curves + RESULT_ROW_BYTES * sizes.networks
    return COMPILED_BYTES + max(learning, reporting)
