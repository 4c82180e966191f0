"""What a client may submit: one closed model per kind, told apart by `kind`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Union, cast

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, create_model

from api.access import caller
from api.context import Context
from api.hooks import OnEnd, receiver
from api.problems import BadRequest, TooMany
from api.texts import Name, TagKey, TagValue
from core.dataset import DatasetSummary
from core.experiment import Estimate, Kind, Refused, Spec
from core.kinds import KINDS
from store import datasets, inputs, transitions
from store.accepting import Submission
from store.changes import MOST_TAGS
from store.experiments import NotFound


class SpecOfKind(BaseModel):
    """A spec and its kind."""

    model_config = ConfigDict(extra="forbid")

    kind: str
    spec: Spec


class Labels(BaseModel):
    """What a submission carries besides its spec."""

    name: Name | None = None
    tags: dict[TagKey, TagValue] = Field(default={}, max_length=MOST_TAGS)
    priority: StrictInt = Field(
        default=0, ge=-10, le=10, description="Higher runs first; 0 is usual."
    )
    reuse: StrictBool = Field(
        default=False,
        description="Answer with a finished experiment of an identical spec where there is one.",
    )
    time_limit_s: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        strict=True,
        description="Seconds after which an attempt fails; null: the limit of the installation.",
    )
    on_end: OnEnd | None = Field(default=None, description="Whom to tell when it has ended.")


def _of_kind(
    kind: Kind[Any], base: type[BaseModel] | tuple[type[BaseModel], ...], suffix: str
) -> Any:
    return create_model(
        "".join(part.title() for part in kind.name.replace("_", ".").split(".")) + suffix,
        __base__=base,
        __doc__=kind.summary,
        kind=(cast("type[str]", Literal[kind.name]), ...),
        spec=(kind.spec, ...),
    )


def _any_kind(base: type[BaseModel] | tuple[type[BaseModel], ...], suffix: str) -> Any:
    models = tuple(_of_kind(kind, base, suffix) for kind in KINDS.values())
    return Annotated[Union[models], Field(discriminator="kind")]  # noqa: UP007, made at run time


AnySpec: Any = _any_kind(SpecOfKind, "Spec")
AnySubmission: Any = _any_kind((SpecOfKind, Labels), "Submission")


def estimates(context: Context, kind: Kind[Any], specs: Sequence[Spec]) -> list[Estimate]:
    """What each spec will cost; raises `Refused` when its inputs do not satisfy it."""
    named = tuple(dict.fromkeys(name for spec in specs for name in kind.datasets(spec)))
    known = datasets.summaries(context.database, named) if named else {}
    for identifier in named:
        if identifier not in known:
            raise Refused(_field(specs, identifier), identifier, _why_not(context, identifier))
    for identifier in dict.fromkeys(name for spec in specs for name in kind.experiments(spec)):
        known |= _result(context, specs, identifier)
    return [kind.estimate(spec, known) for spec in specs]


def _result(context: Context, specs: Sequence[Spec], identifier: str) -> dict[str, DatasetSummary]:
    """What is in the result of an experiment that a spec names; refuses one that has none."""
    status = inputs.status(context.database, identifier)
    if status != "succeeded":
        why = "no experiment has this id" if status is None else f"the experiment is {status}"
        raise Refused(_field(specs, identifier), identifier, f"{why}; it has no result")
    return {identifier: inputs.summary(context.database, identifier)}


def _field(specs: Sequence[Spec], identifier: str) -> str:
    """The path of the field that names this id."""
    for spec in specs:
        for path, value in _texts(spec.model_dump(mode="json"), ()):
            if value == identifier:
                return ".".join(path)
    return "dataset"


def _texts(
    document: Mapping[str, Any], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from _texts(value, (*above, name))
        elif isinstance(value, str):
            yield (*above, name), value
        elif isinstance(value, list):
            yield from (((*above, name), each) for each in value if isinstance(each, str))


def _why_not(context: Context, identifier: str) -> str:
    if "\0" in identifier:
        return "no dataset has this id"
    try:
        status = datasets.get(context.database, identifier).status
    except NotFound:
        return "no dataset has this id; upload the file first"
    return f"the dataset is not ready: {status}"


def fitting(context: Context, estimate: Estimate) -> Estimate:
    """The estimate, if this installation has the memory and the time for it."""
    why_not = unfit(context, estimate)
    if why_not is not None:
        raise why_not
    return estimate


def unfit(context: Context, estimate: Estimate) -> BadRequest | None:
    """The refusal of a spec that takes more memory or time than this installation gives."""
    limit, longest_s = context.settings.memory_limit_bytes, context.settings.time_limit_s
    if estimate.seconds > longest_s:
        return BadRequest(
            "spec",
            estimate.seconds,
            f"the spec takes about {estimate.seconds:.3g} s on one core; the limit of this "
            f"installation is {longest_s:g} s (SOLENOID_TIME_LIMIT_S)",
        )
    if estimate.memory_bytes > limit:
        return BadRequest(
            "spec",
            estimate.memory_bytes,
            f"the spec needs about {_gib(estimate.memory_bytes)} of memory; "
            f"the limit of this installation is {_gib(limit)}",
        )
    return None


def check_room(context: Context, count: int) -> None:
    """Refuse to queue more than one owner may have queued."""
    limit, owner = context.settings.max_queued, caller()
    queued = transitions.waiting(context.database, limit, owner)
    if queued + count > limit:
        hint = "wait until some have ended" if count <= limit else "ask for fewer at once"
        raise TooMany(
            f"{owner} has {queued} experiments queued and {count} more would be over the limit "
            f"of {limit} (SOLENOID_MAX_QUEUED); {hint}"
        )


def accepted(context: Context, body: Any, idempotency_key: str | None) -> Submission:
    """A validated body as a submission; raises when it cannot run here."""
    kind = KINDS[body.kind]
    (estimate,) = estimates(context, kind, [body.spec])
    (spec,) = inputs.pinned(context.database, kind, [body.spec])
    return Submission(
        kind=kind,
        spec=spec,
        estimate=fitting(context, estimate),
        name=body.name,
        tags=body.tags,
        priority=body.priority,
        idempotency_key=idempotency_key,
        on_end=receiver(context.settings, body.on_end),
        owner=caller(),
        time_limit_s=_time_limit(context, body.time_limit_s),
    )


def _time_limit(context: Context, asked_s: float | None) -> float | None:
    """The seconds that a submission allows an attempt: no more than the installation does."""
    longest_s = context.settings.time_limit_s
    if asked_s is not None and asked_s > longest_s:
        raise BadRequest(
            "time_limit_s",
            asked_s,
            f"the limit of this installation is {longest_s:g} s (SOLENOID_TIME_LIMIT_S)",
        )
    return asked_s


def _gib(size: int) -> str:
    return f"{size / 2**30:.3g} GiB"
