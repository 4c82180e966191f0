"""Errors about a field that may be one thing or another, told as one error about that field."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.experiment import Declared

# What pydantic puts into the path of an error for the alternative that it tried: constrained-int,
# literal['full'], list[int], or the name of a model.
_ALTERNATIVE = re.compile(r"int|float|str|bool|list|constrained-\w+|(literal|list|tuple)\[.*\]")
Path = tuple[int | str, ...]

_OTHER_THING = {"model_type", "model_attributes_type", "dict_type", "list_type", "tuple_type"}
_OPENING = "Input should be "


def errors_by_field(errors: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The errors of a pydantic ValidationError, each about the field and value that it names.

    Paths lose the names of alternatives, and limits that come from another field are about the one
    they name. Of the alternatives those are left out which are another kind of thing altogether, as
    a list where an object was given; what is wrong with the others is said in one sentence.
    """
    told: list[dict[str, Any]] = []
    for choice, tried in _by_choice(errors):
        fitting = [error for error in tried if not _is_other_thing(error, choice)] or tried
        by_path: dict[Path, list[dict[str, Any]]] = {}
        for error in map(_plain, fitting):
            by_path.setdefault(error["loc"], []).append(error)
        told += [_joined(same) for path, same in by_path.items() if not _leads_on(path, by_path)]
    return told


def _by_choice(
    errors: Iterable[Mapping[str, Any]],
) -> Iterable[tuple[Path, list[Mapping[str, Any]]]]:
    """Together what concerns one choice between alternatives, or one field, by its path."""
    groups: dict[Path, list[Mapping[str, Any]]] = {}
    for error in errors:
        path = error["loc"]
        at = next((n for n, part in enumerate(path) if _is_alternative(part)), len(path))
        groups.setdefault(path[:at], []).append(error)
    return groups.items()


def _is_other_thing(error: Mapping[str, Any], choice: Path) -> bool:
    """Whether what was given at a choice is no such kind of thing at all."""
    return error["type"] in _OTHER_THING and len(error["loc"]) == len(choice) + 1


def _is_alternative(part: object) -> bool:
    if not isinstance(part, str):
        return False
    return _ALTERNATIVE.fullmatch(part) is not None or part in _models()


def _models() -> set[str]:
    return {model.__name__ for model in Declared.__subclasses__()}


def _plain(error: Mapping[str, Any]) -> dict[str, Any]:
    path = [part for part in error["loc"] if not _is_alternative(part)]
    # The name of a form that a mapping takes is told for the form and for its one field.
    told = zip(path, [None, *path], strict=False)
    once = tuple(part for part, last in told if isinstance(part, int) or part != last)
    plain = {**error, "loc": once}
    match error["type"]:
        case "out_of_limits":
            about = error["ctx"]
            plain |= {"loc": (*plain["loc"], *about["field"].split(".")), "input": about["given"]}
        case "model_type" | "model_attributes_type":
            plain["msg"] = f"{_OPENING}an object"
    return plain


def _leads_on(path: Path, others: Iterable[Path]) -> bool:
    """Whether another path goes further in from here."""
    return any(len(path) < len(other) and other[: len(path)] == path for other in others)


def _joined(errors: Sequence[dict[str, Any]]) -> dict[str, Any]:
    first, *others = (error["msg"] for error in errors)
    message = " or ".join((first, *(other.removeprefix(_OPENING) for other in others)))
    return {**errors[0], "msg": message}
