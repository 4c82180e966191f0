"""The names that a misspelt one may have meant."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel

SUGGESTIONS = 3


def nearest(name: str, names: Sequence[str]) -> str:
    """`; did you mean ...?` with the closest names, or nothing. Capitals make no difference."""
    whole = {known.lower(): known for known in reversed(names)}
    bare = {known.rpartition(".")[2].lower(): known for known in reversed(names)}
    asked = name.lower()
    close = [whole[word] for word in get_close_matches(asked, whole, SUGGESTIONS)]
    last = asked.rpartition(".")[2]
    close += [bare[word] for word in get_close_matches(last, bare, SUGGESTIONS)]
    found = list(dict.fromkeys(close))[:SUGGESTIONS]
    return f"; did you mean {' or '.join(found)}?" if found else ""


def nearest_or_all(name: str, names: Sequence[str]) -> str:
    """`; did you mean ...?` with the closest names, or `; there are ...` with every one."""
    return nearest(name, names) or f"; there are {', '.join(names)}"


def unknown(model: Any, path: Sequence[str]) -> str:
    """What to say of a field that a document has and its model has not: the nearest it does.

    The model may be one of several, as in the type of a field.
    """
    *above, name = path
    models = list(_models(model))
    for step in above:
        fields = (each.model_fields.get(step) for each in models)
        models = [part for field in fields if field for part in _models(field.annotation)]
    names = list(dict.fromkeys(field for each in models for field in each.model_fields))
    return f"there is no such field{nearest(name, names)}"


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models in a type: itself, or the members of a union or a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
