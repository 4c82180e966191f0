"""Several experiments beside each other: where their specs differ, their metrics, their order."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Medians = Mapping[str, Mapping[str, float | None]]
"""The medians of one experiment, by arm and metric; empty where it has no result."""

SHORT_ID = 8


@dataclass(frozen=True)
class Difference:
    """A field that is not the same in all specs; a spec without it has no entry in `values`."""

    path: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Differences:
    """The fields in which specs differ, by their dotted paths, and how many are the same."""

    fields: tuple[Difference, ...]
    same: int


@dataclass(frozen=True)
class Measured:
    """One metric of one arm in all experiments that have it; null: for most replicates none."""

    arm: str
    metric: str
    values: Mapping[str, float | None]


@dataclass(frozen=True)
class Ranked:
    """The place of one experiment; it shares the rank with those of the same value."""

    experiment: str
    rank: int | None
    arm: str | None
    value: float | None


def labels(names: Mapping[str, str | None]) -> dict[str, str]:
    """What to call each experiment, by id: its name if no other has it, else the end of its id."""
    bearers = Counter(names.values())
    return {
        identifier: name if name and bearers[name] == 1 else identifier[-SHORT_ID:]
        for identifier, name in names.items()
    }


def differences(specs: Mapping[str, Mapping[str, Any]]) -> Differences:
    """Compare the specs of experiments, field by field; a list of values is one field."""
    flat = {identifier: dict(_leaves(spec, "")) for identifier, spec in specs.items()}
    paths = sorted({path for fields in flat.values() for path in fields})
    rows = [{i: fields[path] for i, fields in flat.items() if path in fields} for path in paths]
    found = tuple(
        Difference(path, values)
        for path, values in zip(paths, rows, strict=True)
        if len(values) < len(specs) or not _all_equal(list(values.values()))
    )
    return Differences(found, len(paths) - len(found))


def measured(medians: Mapping[str, Medians]) -> tuple[Measured, ...]:
    """Every metric that at least one experiment has a value of, by arm."""
    pairs = dict.fromkeys(
        (arm, metric)
        for arms in medians.values()
        for arm, metrics in arms.items()
        for metric, value in metrics.items()
        if value is not None
    )
    order = {arm: place for place, arm in enumerate(dict.fromkeys(arm for arm, _ in pairs))}
    return tuple(
        Measured(arm, metric, _values(medians, arm, metric))
        for arm, metric in sorted(pairs, key=lambda pair: order[pair[0]])
    )


def ranking(
    medians: Mapping[str, Medians], metric: str, *, arm: str | None, descending: bool
) -> tuple[Ranked, ...]:
    """The experiments in the order of a metric, those without a value last and without a rank.

    Without an arm each experiment has the value of its best one: of its smallest median, or of its
    largest where that comes first.
    """
    bests = {
        identifier: _best(arms, metric, arm, descending) for identifier, arms in medians.items()
    }
    known = sorted(
        ((identifier, best) for identifier, best in bests.items() if best is not None),
        key=lambda each: each[1][1],
        reverse=descending,
    )
    values = [value for _, (_, value) in known]
    found = [
        Ranked(identifier, values.index(value) + 1, of_arm, value)
        for identifier, (of_arm, value) in known
    ]
    missing = [Ranked(i, None, None, None) for i, best in bests.items() if best is None]
    return (*found, *missing)


def _best(
    arms: Medians, metric: str, arm: str | None, descending: bool
) -> tuple[str, float] | None:
    found = [
        (name, value)
        for name, metrics in arms.items()
        if arm in (None, name) and (value := metrics.get(metric)) is not None
    ]
    choose = max if descending else min
    return choose(found, key=lambda each: each[1]) if found else None


def _values(medians: Mapping[str, Medians], arm: str, metric: str) -> dict[str, float | None]:
    return {
        identifier: arms[arm][metric]
        for identifier, arms in medians.items()
        if metric in arms.get(arm, {})
    }


def _all_equal(values: Sequence[Any]) -> bool:
    return all(value == values[0] for value in values)


def _leaves(spec: Mapping[str, Any], above: str) -> Iterator[tuple[str, Any]]:
    """Every value that is no group of fields, under its dotted path."""
    for name, value in spec.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{above}{name}.")
        else:
            yield above + name, value
