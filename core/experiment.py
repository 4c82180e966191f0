"""What an experiment is: the words that every kind, the store, the queue and the API share.

A kind is declared once, as one `Kind` in one module of `core.kinds`; everything else
(validation, estimate, worker, typed results table, figures, documentation) is read from it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    import altair as alt
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from core.columns import Column, Scalar
from core.dataset import DatasetSummary

MAX_INTEGER = 2**53 - 1  # the largest integer that JSON readers everywhere keep exact
IDENTIFIER = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
"""What the id of an experiment or a dataset looks like."""

Dataset = Mapping[str, NDArray[Any]]
"""The named arrays of one dataset, as `core.reading` left them."""


class Declared(BaseModel):
    """A part of a spec: frozen, finite, strict about types, and closed to unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Spec(Declared):
    """All that determines a result. Its docstring and field descriptions are user documentation."""


class ExperimentError(Exception):
    """Something the user can mend; the message is shown on the experiment."""


class Refused(ExperimentError):
    """A spec that cannot be run here: names the field, the value and the limit."""

    def __init__(self, field: str, value: object, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.value = value
        self.message = message


def degenerate(broken: np.linalg.LinAlgError) -> str:
    """What to say of numbers that linear algebra cannot work with."""
    return (
        f"{broken}: the numbers are degenerate, as those of activity that does not vary from trial "
        "to trial, or varies alike in all neurons"
    )


class Cancelled(Exception):
    """Raised by the progress callback when nobody wants the result any more."""


class Progress(Protocol):
    """Called by a run between chunks of about 100 ms of work."""

    def __call__(self, fraction: float, /, **values: float) -> None:
        """Report the fraction done (0 to 1) and a few live values; may raise `Cancelled`."""


def silent(fraction: float, /, **values: float) -> None:
    """A progress callback that listens to nothing."""


@dataclass(frozen=True)
class Array:
    """A named result array: one axis name per dimension, and the unit of its values."""

    values: NDArray[Any]
    axes: tuple[str, ...]
    unit: str = "1"

    def __post_init__(self) -> None:
        if self.values.ndim != len(self.axes):
            raise ValueError(f"{self.values.ndim} dimensions but axes {self.axes}")
        self.values.setflags(write=False)


@dataclass(frozen=True)
class Result:
    """What a run returns; metrics and figures are functions of the spec and this alone."""

    arrays: Mapping[str, Array]
    warnings: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.arrays[name].values


@dataclass(frozen=True)
class Metric:
    """The declaration of one number per arm and replicate. Integers and flags may be null too."""

    description: str
    unit: str = "1"
    type: Literal["number", "integer", "boolean"] = "number"


@dataclass(frozen=True)
class Row:
    """The metrics of one arm and replicate; a number that is not finite is stored as null."""

    arm: str
    replicate: int
    metrics: Mapping[str, float | int | bool | None]


S = TypeVar("S", bound="Spec")
S_co = TypeVar("S_co", covariant=True)


@dataclass(frozen=True)
class Figure(Generic[S]):
    """The declaration of one picture of a result.

    `missing` says why a spec leaves it nothing to draw, such as what was not asked for; None: it
    can be drawn. One that is `wide` has so many panels side by side that a page gives it all its
    width.
    """

    description: str
    draw: Callable[[S, Result], "alt.TopLevelMixin"]
    missing: Callable[[S], str | None] = lambda spec: None
    wide: bool = False


def without(field: str) -> Callable[[Any], str | None]:
    """The `missing` of a figure of what a field asks for, where that is 0 or null."""

    def reason(spec: Any) -> str | None:
        asked = getattr(spec, field)
        return None if asked else f"{field} is {'null' if asked is None else asked}"

    return reason


@dataclass(frozen=True)
class Compared(Generic[S_co]):
    """One of several experiments in one picture, and what the picture calls it."""

    label: str
    spec: S_co
    result: Result


@dataclass(frozen=True)
class Overlay(Generic[S]):
    """The declaration of one picture of several results of the same kind.

    They come one at a time and are kept by nobody: a hundred results may be larger than memory.
    """

    description: str
    draw: Callable[[Iterable[Compared[S]]], "alt.TopLevelMixin"]


@dataclass(frozen=True)
class Equation:
    """What is computed: a sentence about a formula, and the formula in TeX."""

    says: str
    tex: str


@dataclass(frozen=True)
class Estimate:
    """What a spec costs: bytes beyond the idle worker, scalar operations, seconds on one core."""

    memory_bytes: int
    operations: int
    seconds: float


@dataclass(frozen=True)
class Setting:
    """A sweep's axis that is no field itself: what a value sets, given the numbers it needs.

    A compression ratio, for one, sets two layer sizes, given their sum as `total_neurons`.
    """

    sets: Callable[[Any, Mapping[str, float]], Mapping[str, Any]]
    needs: tuple[str, ...] = ()


def no_datasets(spec: Spec) -> tuple[str, ...]:
    """For kinds whose specs name no dataset."""
    return ()


def no_experiments(spec: Spec) -> tuple[str, ...]:
    """For kinds whose specs name no other experiment."""
    return ()


def as_it_is(spec: S, hashes: Mapping[str, str]) -> S:
    """For kinds whose specs pin no result."""
    return spec


def no_reading(spec: Spec, result: Result) -> str:
    """For kinds whose numbers need no words."""
    return ""


def no_border(spec: Spec, x: str, y: str, at: NDArray[Any]) -> None:
    """For kinds whose maps have no line that theory knows."""


@dataclass(frozen=True)
class Kind(Generic[S]):
    """A declared type of experiment.

    `run` is pure: the same spec, version and datasets give the same bits. `rows`, `figures` and
    `reading` read nothing but the spec and the arrays of the result. `estimate` sees only the
    summaries of the datasets and raises `Refused` for a spec that they cannot satisfy.
    """

    name: str
    version: int
    summary: str
    spec: type[S]
    columns: tuple[Column, ...]
    metrics: Mapping[str, Metric]
    figures: Mapping[str, Figure[S]]
    references: tuple[str, ...]
    run: Callable[[S, Mapping[str, Dataset], Progress], Result]
    rows: Callable[[S, Result], tuple[Row, ...]]
    estimate: Callable[[S, Mapping[str, DatasetSummary]], Estimate]
    example: Callable[[], S]
    datasets: Callable[[S], tuple[str, ...]] = no_datasets
    experiments: Callable[[S], tuple[str, ...]] = no_experiments
    """Experiments whose results are inputs: their arrays, and the labels `arm` and `replicate`."""
    pinned: Callable[[S, Mapping[str, str]], S] = as_it_is
    """The spec with the hashes of those results in it; refuses to contradict one that it has."""
    example_sources: Mapping[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    """Kind and spec of the experiments that the example names."""
    settings: Mapping[str, Setting] = field(default_factory=dict)
    border: Callable[[S, str, str, NDArray[Any]], NDArray[Any] | None] = no_border
    """Where theory expects a map over two parameters to change: y at given x, or None."""
    reading: Callable[[S, Result], str] = no_reading
    """What the result says in plain words, with its caveats; every analysis of data has one."""
    overlays: Mapping[str, Overlay[S]] = field(default_factory=dict)
    """Pictures that put several experiments into one frame, for comparisons."""
    equations: tuple[Equation, ...] = ()
    beware: tuple[str, ...] = ()
    """What its numbers do not say, and where they mislead; a sentence each."""
    indexes: tuple[tuple[str, ...], ...] = ()
    """Columns of the results table to search by, each group by its measured worth."""

    def __post_init__(self) -> None:
        shared = {column.name for column in self.columns} & set(self.metrics)
        if shared:
            raise ValueError(f"{self.name}: {sorted(shared)} name a parameter and a metric")

    @property
    def table(self) -> str:
        """The name of the typed results table of this kind."""
        return "results_" + self.name.replace(".", "_")

    def parameters(self, spec: S) -> dict[str, Scalar]:
        """The scalar parameters of a spec by column name."""
        return {column.name: column.value(spec) for column in self.columns}
