"""The whole state of a computation as named arrays, and back into the same objects.

A computation that is to be resumed is set up as at its beginning and then put into the state that
was captured. Whatever changes is found by walking the objects: arrays, numbers and random
generators in the attributes of this package's classes, in tuples, mappings and lists. So a
computation that gains another part needs no list of what that part keeps.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Kept = Mapping[str, Array]

_OWN = __name__.rpartition(".")[0]


def keep_nothing(state: Callable[[], Kept]) -> None:
    """For computations that nobody resumes."""


@dataclass(frozen=True)
class Keeper:
    """Where a computation keeps its state, and what it has to begin from."""

    kept: Kept | None = None
    keep: Callable[[Callable[[], Kept]], None] = keep_nothing


@dataclass(frozen=True)
class Leaf:
    """One thing that changes: how to read it, and how to put it back."""

    path: str
    take: Callable[[], Mapping[str, Array]]
    put: Callable[[Kept], None]


def captured(root: object, constant: Sequence[object] = ()) -> dict[str, Array]:
    """Copies of everything that can change below `root`, without what is below `constant`."""
    return {name: array for leaf in _all(root, constant) for name, array in leaf.take().items()}


def restore(root: object, kept: Kept, constant: Sequence[object] = ()) -> None:
    """Put everything below `root` into the state that was captured of an equal one."""
    for leaf in _all(root, constant):
        leaf.put(kept)


def _all(root: object, constant: Sequence[object]) -> Iterator[Leaf]:
    seen: set[int] = set()
    for each in constant:
        for _ in _leaves(each, "", seen, None):
            pass  # only to have seen all that is below it
    return _leaves(root, "", seen, None)


def _leaves(
    value: object, path: str, seen: set[int], assign: Callable[[Any], None] | None
) -> Iterator[Leaf]:
    """The leaves of a value, which `assign` puts into its place where it can be replaced."""
    if isinstance(value, bool | int | float):
        if assign is not None:
            yield _number(value, path, assign)
        return
    if value is None or id(value) in seen or id(getattr(value, "base", value)) in seen:
        return  # nothing, seen before, or a view of what was
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        yield _array(value, path, assign)
    elif isinstance(value, np.random.Generator):
        yield _generator(value, path)
    elif isinstance(value, list) and not any(map(_is_own, value)):
        yield _list(value, path)
    else:
        for name, part, put in _parts(value):
            yield from _leaves(part, f"{path}.{name}" if path else name, seen, put)


def _parts(value: object) -> Iterator[tuple[str, Any, Callable[[Any], None] | None]]:
    """Names, values and replacements of what a container or an object of ours holds."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield str(key), part, partial(value.__setitem__, key)
    elif isinstance(value, tuple | list):
        for place, part in enumerate(value):
            yield str(place), part, None
    elif _is_own(value):
        frozen = getattr(type(value), "__dataclass_params__", None)
        fixed = frozen is not None and frozen.frozen
        for name, part in vars(value).items():
            yield name, part, None if fixed else partial(setattr, value, name)


def _is_own(value: object) -> bool:
    return type(value).__module__.startswith(_OWN) and hasattr(value, "__dict__")


def _number(value: float, path: str, assign: Callable[[Any], None]) -> Leaf:
    return Leaf(
        path, lambda: {path: np.array(value)}, lambda kept: assign(type(value)(kept[path].item()))
    )


def _array(value: Array, path: str, assign: Callable[[Any], None] | None) -> Leaf:
    """An array that may have been replaced by another is replaced; others are filled."""

    def put(kept: Kept) -> None:
        if assign is not None and kept[path].shape != value.shape:
            assign(kept[path].copy())
        elif value.flags.writeable:
            value[...] = kept[path]

    return Leaf(path, lambda: {path: value.copy()}, put)


def _generator(value: np.random.Generator, path: str) -> Leaf:
    def take() -> dict[str, Array]:
        state = json.dumps(value.bit_generator.state, default=np.ndarray.tolist)
        return {path: np.frombuffer(state.encode(), np.uint8)}

    def put(kept: Kept) -> None:
        value.bit_generator.state = json.loads(kept[path].tobytes())

    return Leaf(path, take, put)


def _list(value: list[Any], path: str) -> Leaf:
    """A list of arrays or numbers, which may have grown since."""

    def put(kept: Kept) -> None:
        arrays = (kept[f"{path}.{place}"] for place in range(int(kept[f"{path}.length"])))
        value[:] = [array.item() if array.ndim == 0 else array.copy() for array in arrays]

    def take() -> dict[str, Array]:
        items = {f"{path}.{place}": np.array(item) for place, item in enumerate(value)}
        return {f"{path}.length": np.array(len(value)), **items}

    return Leaf(path, take, put)
